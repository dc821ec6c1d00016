"""JSON scalars as an engine's plan has them: types as bits, values with their type."""

from __future__ import annotations

from oakum.authz.null_writes import taken_by_null
from oakum.authz.place_rules import replaceable
from oakum.authz.table import Table, Trie
from oakum.openapi.model import Json, Shape
from oakum.openapi.shape_queries import containers, scalars

_BITS = {"string": 1, "integer": 2, "number": 6, "boolean": 8}
_NULL = 16
_OPENING = {"array": ord("["), "object": ord("{")}


def bits_of(shape: Shape, *, nothing: bool = False) -> int:
    """Bits for the scalar types allowed outside every resource; `null` is always allowed.
    `nothing`: no other."""
    bits = _NULL
    for kind in scalars(shape) if not nothing else ():
        bits |= _BITS[kind]
    return bits


def removals(table: Table, trie: Trie | None, shape: Shape | None) -> dict[str, Json]:
    """`null`: for each field set, whether a request may send null in place of this container;
    `clears`: first byte of a container that, if empty, removes the same content as null does."""
    gone = taken_by_null(trie, shape)
    may = "".join("1" if gone and bits & gone == gone else "0" for bits in table.sets)
    kinds = containers(shape) if shape is not None else frozenset[str]()
    removing: dict[str, Json] = {"null": may}
    for kind in replaceable(kinds):
        removing["clears"] = _OPENING[kind]
    return removing


def scalar(value: Json) -> dict[str, Json]:
    """A scalar tagged with its JSON type, since `1`, `1.0`, `"1"` and `true` all differ."""
    match value:
        case bool():
            return {"b": value}
        case int():
            return {"i": str(value)}
        case float():
            return {"f": value}
        case _:
            return {"s": value}
