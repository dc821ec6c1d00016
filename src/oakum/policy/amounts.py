"""Durations, sizes and counts with their units."""

from __future__ import annotations

import re
from collections.abc import Mapping

from oakum.openapi.source import Node
from oakum.policy.node_reader import Read, Reader

SECONDS: Mapping[str, float] = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
BYTES: Mapping[str, int] = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_AMOUNT = re.compile(r"([0-9]{1,9})([A-Za-z]+)")


def duration(r: Reader, node: Node, what: str) -> float | None:
    """Reads a positive duration in seconds: `500ms`, `30s`, `1m`, `1h`, `1d`. A number without a
    unit is a mistake."""
    hint = f"say the unit: `{node.scalar}s`" if _whole(node) else ""
    number, unit = _amount(node)
    if unit in SECONDS and number > 0:
        return number * SECONDS[unit]
    r.unlike(node, what, "a duration, such as `500ms`, `30s`, `1m`, `1h` or `1d`", hint)
    return None


def size(r: Reader, node: Node, what: str) -> int | None:
    """Reads a positive size in bytes: `64KiB`, `1MiB`, or a plain number."""
    if _whole(node) and node.scalar > 0:
        return int(node.scalar)
    number, unit = _amount(node)
    if unit in BYTES and number > 0:
        return number * BYTES[unit]
    near = next((known for known in BYTES if known[0].lower() == unit[:1].lower()), "")
    hint = f"write `{number}{near}`" if near and number else ""
    r.unlike(node, what, "a size, such as `64KiB`, `1MiB` or a number of bytes", hint)
    return None


def count(least: int) -> Read[int]:
    """A reader of whole numbers of at least `least`."""

    def read(r: Reader, node: Node, what: str) -> int | None:
        if _whole(node) and node.scalar >= least:
            return int(node.scalar)
        r.unlike(node, what, f"a whole number of at least {least}")
        return None

    return read


def _whole(node: Node) -> bool:
    return type(node.scalar) is int


def _amount(node: Node) -> tuple[int, str]:
    """The number and unit of a text; without a unit it is not an amount."""
    found = _AMOUNT.fullmatch(node.scalar) if isinstance(node.scalar, str) else None
    return (int(found[1]), found[2]) if found else (0, "")
