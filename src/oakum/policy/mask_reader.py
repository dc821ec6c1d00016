"""Reads `masked`: the forms of a value that its viewers see in part."""

from __future__ import annotations

from oakum.openapi.source import Node
from oakum.policy.mask import Mask
from oakum.policy.node_reader import Reader, path, record

WORDS = ("empty", "stars")
KEYS = ("first", "last", "decimals", "beside")
_HINT = (
    "write `stars`, `empty`, `{first: 1}`, `{last: 4}`, `{decimals: 1}` or `{beside: city}`, or a"
    " list of them"
)
MOST = 64


def masks(r: Reader, node: Node, what: str) -> tuple[Mask, ...] | None:
    """Reads one mask, or a list of them; None if it is invalid, which is then recorded."""
    if node.kind == "list" and not node.elements:
        r.wrong(node, "`masked` lists no form, so this shows nothing", _HINT)
        return None
    found = [_mask(r, each, what) for each in (node.elements if node.kind == "list" else (node,))]
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _mask(r: Reader, node: Node, what: str) -> Mask | None:
    if node.kind != "map":
        if node.kind == "scalar" and node.scalar in WORDS:
            return Mask("empty" if node.scalar == "empty" else "stars")
        r.unlike(node, what, "the form of a masked value", _HINT)
        return None
    found = record(r, node, "a mask", KEYS)
    said = found.present(KEYS)
    if not said and node.items:
        return None  # `record` has reported its unknown keys
    if not said or (len(said) > 1 and said != ["first", "last"]):
        r.wrong(node, "a mask has one form", _HINT)
        return None
    if said == ["beside"]:
        member = found.read("beside", path, "")
        where = found["beside"].location
        return Mask("beside", member=member, location=where) if member else None
    least = 0 if said == ["decimals"] else 1
    counts = [_count(r, found[key], key, least) for key in said]
    if None in counts:
        return None
    known = dict(zip(said, (each or 0 for each in counts), strict=True))
    if "decimals" in known:
        return Mask("decimals", known["decimals"])
    return Mask("ends", known.get("first", 0), known.get("last", 0))


def _count(r: Reader, node: Node, key: str, least: int) -> int | None:
    value = node.scalar
    if node.kind == "scalar" and type(value) is int and least <= value <= MOST:
        return value
    r.unlike(node, f"`{key}`", f"a number from {least} to {MOST}", "")
    return None
