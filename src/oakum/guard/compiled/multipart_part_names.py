"""Part names of `multipart/form-data` (RFC 7578) and of undeclared URL-encoded forms.

The grammar is so narrow that every parser finds the same parts in a body; any other body is
refused. The boundary occurs only where a part begins or ends; there is nothing before the first
part or after the last; each part has its name once, in quotes, without an escape.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from oakum.routing.content_type import is_plain_part
from oakum.routing.nested_parameters import NestedParameter

OVERRIDES = frozenset(
    ("_method", "x-http-method", "x-http-method-override", "x-method-override", "_httpmethod")
)
"""Form names with which frameworks override the method."""
_DISPOSITION = re.compile(
    rb'form-data;[ \t]*name="([^"\\\x00-\x1f\x7f]*)"'
    rb'(?:;[ \t]*filename="[^"\\\x00-\x1f\x7f]*")?'
)
_HEADER = re.compile(rb"([A-Za-z-]+):[ \t]*([^\x00-\x1f\x7f]*)")
_CODINGS = frozenset((b"7bit", b"8bit", b"binary"))
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")


def part_names(body: bytes, boundary: str) -> list[str] | None:
    """Names of all parts in order; None if parsers would disagree on them."""
    found = parts_of(body, boundary)
    return [name for name, _ in found] if found is not None else None


def parts_of(body: bytes, boundary: str) -> list[tuple[str, bytes]] | None:
    """(name, content) of all parts in order; None if parsers would disagree on them."""
    first, *parts = body.split(b"--" + boundary.encode())
    if first or len(parts) < 2 or parts.pop() not in (b"--", b"--\r\n"):
        return None
    found: list[tuple[str, bytes]] = []
    for part in parts:
        if not (part.startswith(b"\r\n") and part.endswith(b"\r\n")) or len(part) < 4:
            return None
        head, ends, content = part[2:-2].partition(b"\r\n\r\n")
        name = _name(head, len(content)) if ends else None
        if name is None:
            return None
        found.append((name, content))
    return found


def _name(head: bytes, length: int) -> str | None:
    said: dict[bytes, bytes] = {}
    for line in head.split(b"\r\n"):
        header = _HEADER.fullmatch(line)
        if header is None or header[1].lower() in said:
            return None
        said[header[1].lower()] = header[2]
    disposition = _DISPOSITION.fullmatch(said.pop(b"content-disposition", b""))
    kind = said.pop(b"content-type", b"text/plain")
    coding = said.pop(b"content-transfer-encoding", b"binary")
    size = said.pop(b"content-length", str(length).encode())
    if said or disposition is None or coding.lower() not in _CODINGS or not kind.isascii():
        return None
    if not is_plain_part(kind.decode()) or size != str(length).encode():
        return None
    try:
        return disposition[1].decode("utf-8")
    except UnicodeDecodeError:
        return None


def pair_names(body: bytes) -> list[str]:
    """Names of all pairs, as the most lenient parser reads them."""
    halves = (piece.partition(b"=")[0] for piece in re.split(b"[&;]", body))
    plain = (_ESCAPE.sub(lambda e: bytes((int(e[1], 16),)), e.replace(b"+", b" ")) for e in halves)
    return [name.decode("utf-8", "replace") for name in plain]


def overrides(names: Collection[str]) -> bool:
    """Whether a name may override the HTTP method in the most lenient parser: PHP ends a name at
    NUL and bracket, and reads a dot, space or leading bracket as `_`."""
    return any(_php_name(name) in OVERRIDES for name in names)


def _php_name(name: str) -> str:
    name = name.partition("\0")[0].strip(" \t").lower()
    first, rest = name[:1].replace("[", "_"), name[1:].partition("[")[0]
    return (first + rest).replace(".", "_").replace(" ", "_")


def names_declared(
    found: Collection[str],
    names: Collection[str],
    lists: Collection[str],
    nested: Mapping[str, NestedParameter],
) -> bool:
    """Whether all names of a form are declared, each once unless it is a list. `nested` may have
    brackets."""
    seen: set[str] = set()
    for name in found:
        called = name if name in names else name.partition("[")[0]
        if called not in names or (
            called != name and not _within(nested.get(called), name[len(called) :])
        ):
            return False
        if called in seen and called not in lists:
            return False
        seen.add(called)
    return True


def _within(nested: NestedParameter | None, part: str) -> bool:
    return nested is not None and nested.admits(part, "")[0]
