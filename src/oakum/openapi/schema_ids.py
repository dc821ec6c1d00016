"""References within schemas that have an `$id` of their own (JSON Schema 2020-12, 8.2.1).

`#/$defs/Email` in such a schema points into it, and not to the top of the file; its `$id` points to
it from anywhere. Both are written as pointers from the top, which everything else resolves. A
pointer that leads nowhere within the schema stays: generators write `#/components/schemas/User`
there, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, unquote

from oakum.http.json_pointer import escape, path_of
from oakum.openapi.model import Json

_PLAIN = "/~!$&'()*+,;=:@"
"""Characters allowed unescaped in a fragment (RFC 3986, 3.5)."""
_Base = tuple[str, Json]
"""A pointer to a schema with an `$id`, and the schema."""


def rebase(root: Json) -> bool:
    """Rewrites such references in place; returns whether there were any."""
    places = [*_places(root)]
    known: dict[str, _Base] = {}
    for at, value, _ in places:
        if type(said := value.get("$id")) is str and at:
            known.setdefault(said, (at, value))
    changed = False
    for _, value, base in places:
        ref = value.get("$ref")
        if type(ref) is str and (found := _target(ref, known, base)):
            value["$ref"] = found
            changed = True
    return changed


def _places(root: Json) -> Iterator[tuple[str, Json, _Base | None]]:
    """Every object with its pointer, and the innermost schema with an `$id` around it or that it
    is."""
    todo: list[tuple[str, Json, _Base | None]] = [("", root, None)]
    for at, value, base in todo:  # grows meanwhile
        if type(value) is dict:
            around = (at, value) if at and type(value.get("$id")) is str else base
            yield at, value, around
            below = [(f"{at}/{escape(name)}", each) for name, each in value.items()]
        else:
            around, below = base, [(f"{at}/{index}", each) for index, each in enumerate(value)]
        todo += ((place, e, around) for place, e in below if type(e) is dict or type(e) is list)


def _target(ref: str, known: dict[str, _Base], base: _Base | None) -> str:
    """The reference from the top of the file; empty: it is one already, or leads nowhere."""
    address, _, pointer = ref.partition("#")
    found = known.get(address) if address else base
    if found is None or (pointer and not pointer.startswith("/")):
        return ""
    at, value = found
    for part in path_of(unquote(pointer)):
        if type(value) is dict and part in value:
            value = value[part]
        elif type(value) is list and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return ""
    return f"#{quote(at, safe=_PLAIN)}{pointer}"
