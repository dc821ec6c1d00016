"""Values and texts made slightly or grossly wrong; the same `Random` makes the same wrong."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

Path = tuple[str | int, ...]

_WORDS = (
    "", " ", "\x00", "\u202e", "\x1b[2J", "::error::x", "a\nb", "~1", "a/b", "{id}", "}{", "*",
    "**", "$ref", "#/", "#/components/schemas/User", "../x", "%00", "\ud800", "é", "true", "null",
    "1e999", "9" * 400, "x" * 5000, "application/json; charset=\"", "//", "http://[", "(((((",
    "2XX", "-1",
)  # fmt: skip


def odd(random: Random, whole: Any) -> Any:
    """A value that is seldom expected; at times a part of the whole in another place."""
    deep: Any = 1
    for _ in range(random.choice([3, 60, 220])):
        deep = (
            [deep] if random.random() < 0.5 else {random.choice(["a", "properties", "items"]): deep}
        )
    return random.choice(
        [
            None, True, False, 0, -1, 2**63, 10**30, 0.5, 1e308, [], {}, [[]], {"": {}}, [None],
            random.choice(_WORDS), random.choice(_WORDS), {random.choice(_WORDS): 1}, deep,
            {"$ref": random.choice(_WORDS)}, {"$ref": ["x"]},
            {"$ref": "#" + _pointer(random, whole)},
            copy.deepcopy(_at(whole, random.choice(_places(whole)))),
        ]
    )  # fmt: skip


def mangled(random: Random, whole: Any) -> Any:
    """A copy of a JSON value with one to four places changed, dropped, doubled or renamed."""
    whole = copy.deepcopy(whole)
    for _ in range(random.choice([1, 1, 1, 2, 4])):
        place = random.choice(_places(whole))
        if not place:
            if random.random() < 0.02:
                return odd(random, whole)
            continue
        parent, last = _at(whole, place[:-1]), place[-1]
        does = random.random()
        if does < 0.6:
            parent[last] = odd(random, whole)
        elif does < 0.75:
            del parent[last]
        elif isinstance(parent, dict):
            name = random.choice(_WORDS) if does < 0.9 else str(random.choice([*parent]))
            parent[name] = parent.pop(last)
        else:
            parent.append(copy.deepcopy(parent[last]))
    return whole


def garbled(random: Random, data: bytes) -> bytes:
    """Bytes with some of them changed, doubled, dropped or cut off."""
    for _ in range(random.choice([1, 1, 2, 5])):
        at = random.randrange(len(data) + 1)
        to = min(len(data), at + random.choice([1, 2, 8, 200]))
        piece = random.choice([b"", data[at:to] * 2, bytes([random.randrange(256)]), *_PIECES])
        data = data[:at] + piece + data[to:]
        if random.random() < 0.05:
            data = data[: random.randrange(len(data) + 1)]
    return data


_PIECES = (b"\x00", b"\xff", b"\n", b'"', b"{", b"}", b": ", b"&a ", b"*a", b"- ", b"!!int ", b"\t")


def _places(whole: Any) -> list[Path]:
    found: list[Path] = []
    waiting: list[tuple[Path, Any]] = [((), whole)]
    while waiting and len(found) < 5000:
        path, value = waiting.pop()
        found.append(path)
        below = value.items() if isinstance(value, dict) else ()
        below = enumerate(value) if isinstance(value, list) else below
        waiting += [((*path, key), child) for key, child in below]
    return found


def _at(whole: Any, path: Path) -> Any:
    for key in path:
        whole = whole[key]
    return whole


def _pointer(random: Random, whole: Any) -> str:
    return "".join(f"/{key}" for key in random.choice(_places(whole)))
