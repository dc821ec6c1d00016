"""Bodies that say little and weigh much: what a sender may choose so that reading them costs most.

Each is of the endpoint `list` of a small contract (notes in an envelope, whose friends are another
resource), of a list of anything, of a union, or of comma-separated values; each is about `size`
bytes long. The cheapest body of a size is one long text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from oakum.authz import Model
from oakum.openapi.document import Document
from oakum.openapi.model import Media, Shape
from oakum.policy.model import Grant
from tests.properties.worlds import array, record, scalar
from tests.unit.authz.small import FIELDS, FRIEND, NOTE, PERSON, TEXT, contract, endpoint, note, see

_ANY_NESTED = Shape(
    kinds=frozenset(("object", "array", "string", "integer", "number", "boolean", "null")),
    items=lambda: _ANY_NESTED,
    extra=lambda: _ANY_NESTED,
    pointer="/anything",
)
_BY_NAME = Document.parse(
    b'{"openapi":"3.1.0","paths":{},"components":{"schemas":{"It":{"patternProperties":'
    b'{"^[0-9a-f]+$":{},"k{5}.*x":{"type":"string"}}}}}}',
    "api.json",
).schemas["It"]
UNION = Shape(branches=(lambda: NOTE, lambda: FRIEND, lambda: record("Tag", tag=TEXT)))
ENVELOPE = record(
    data=array(NOTE),
    anything=_ANY_NESTED,
    either=array(UNION),
    texts=array(TEXT),
    named=_BY_NAME(),
    next=TEXT,
    total=scalar("integer"),
)
_LINES = {**FIELDS, "extras.**": (see("member"),), "tags.*": (see("member"),)}


_SET = Grant(("member",), set=("member",))


def model() -> Model:
    """The contract: `list` answers in JSON, `table` in comma-separated values; what `list` answers
    may be sent to `write`."""
    media = Media("application/json", ENVELOPE)
    write = replace(endpoint("write", "/all"), method="POST", body=(media,))
    table = replace(
        endpoint("table", "/table"), responses={"200": (Media("text/csv", array(NOTE)),)}
    )
    lines = {**_LINES, "place": (see("owner"), Grant(("owner",), set=("owner",))), "text": (_SET,)}
    return contract(note(lines), PERSON, endpoints=(endpoint(shape=ENVELOPE), table, write))


def _filled(one: str, size: int, before: str, after: str) -> bytes:
    turns = max(1, (size - len(before) - len(after)) // (len(one) + 1))
    return (before + ",".join([one] * turns) + after).encode()


def _counted(one: Callable[[int], str], size: int, before: str, after: str) -> bytes:
    parts, length, n = [], len(before) + len(after), 0
    while length < size:
        parts.append(one(n))
        length += len(parts[-1]) + 1
        n += 1
    return (before + ",".join(parts) + after).encode()


def _nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def _members(one: Callable[[int], str], before: str, after: str) -> Callable[[int], bytes]:
    return lambda size: _counted(one, size, before, after)


def _places() -> dict[str, tuple[str, str]]:
    """Where a body puts what weighs: outside of every resource, in a list of objects of one, in a
    member of one that is granted, in one that is not, in a union."""
    return {
        "outside": ('{"anything":[', "]}"),
        "undeclared": ('{"nobody":[', "]}"),
        "objects": ('{"data":[', "]}"),
        "granted": ('{"data":[{"owner_id":"ann","is_private":false,"extras":[', "]}]}"),
        "withheld": ('{"data":[{"owner_id":"ann","is_private":false,"place":[', "]}]}"),
        "union": ('{"either":[', "]}"),
        "texts": ('{"texts":[', "]}"),
        "by patterns": ('{"named":{"a":[', "]}}"),
    }


_FILLERS = {
    "empty objects": "{}",
    "empty lists": "[]",
    "digits": "1",
    "empty texts": '""',
    "escapes": r'"\n\u00e9"',
    "fractions": "1e9",
    "lists nested 50 deep": _nested(50),
    "objects nested 50 deep": '{"a":' * 50 + "1" + "}" * 50,
    "pairs nested 45 deep": "[1," * 45 + "1" + "]" * 45,
    "owned objects": '{"owner_id":"a"}',
    "small objects": '{"id":"1"}',
    "friends": '{"friend":{"id":"a","name":"b"}}',
    "guests": '{"guests":["a","b","c"],"owner_id":7}',
    "long names": '{"' + "k" * 3000 + '":1}',
    "numbered owners": "",
}


def bodies(size: int) -> dict[str, bytes]:
    """JSON bodies by name; `long text` is the cheapest."""
    made = {"long text": b'{"next":"' + b"x" * (size - 11) + b'"}'}
    for where, (before, after) in _places().items():
        for what, one in _FILLERS.items():
            made[f"{what} {where}"] = (
                _filled(one, size, before, after)
                if one
                else _counted(lambda n: f'{{"owner_id":"{n}"}}', size, before, after)
            )
    for where, before, after in (
        ("outside", '{"anything":{', "}}"),
        ("of an object", '{"data":[{', "}]}"),
        ("of a member", '{"data":[{"owner_id":"ann","is_private":false,"extras":{', "}}]}"),
        ("of the envelope", "{", "}"),
        ("of a union", '{"either":[{', "}]}"),
        ("by patterns", '{"named":{', "}}"),
    ):
        made[f"many members {where}"] = _counted(lambda n: f'"{n:x}":1', size, before, after)
        escaped = _counted(lambda n: rf'"\u0041{n:x}":1', size, before, after)
        made[f"escaped members {where}"] = escaped
        long = _counted(lambda n: f'"{"k" * 40}{n:x}":1', size, before, after)
        made[f"members with long names {where}"] = long
    return made


def tables(size: int) -> dict[str, bytes]:
    """Bodies of comma-separated values by name."""

    def rows(head: str, row: Callable[[int], str]) -> bytes:
        parts, length, n = [head], len(head), 0
        while length < size:
            parts.append(row(n))
            length += len(parts[-1]) + 1
            n += 1
        return "\n".join(parts).encode()

    wide = ",".join(f"c{n}" for n in range(100))
    return {
        "long cell": rows("id,owner_id", lambda n: "1," + "x" * (size - 20)),
        "narrow": rows("id", lambda n: "1"),
        "narrow, numbered owners": rows("owner_id", str),
        "numbered": rows("owner_id,text,audience", lambda n: f"{n},t,all"),
        "few owners": rows("owner_id,text,audience", lambda n: f"{n % 7},t,all"),
        "quoted": rows("owner_id,text,audience", lambda n: '"","",""'),
        "wide": rows(wide, lambda n: "," * 99),
        "wide, numbered owners": rows("owner_id," + wide, lambda n: str(n) + "," * 100),
        "long name": rows("c" * 200, lambda n: "1"),
        "line breaks": rows("id,text", lambda n: '1,"\n"'),
    }
