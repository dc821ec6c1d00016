"""Caches that hand an answer to the wrong reader (P14): told apart from leaks of the API itself.

The sweep asks owners first and others right after, at one address: a shared cache in between gives
the second reader what was made for the first, which is then a leak like any other. Here such a leak
is asked for once more past the cache, with a query that nothing has seen before (RFC 9111: the
address is the key). If it is gone then, and still there without, a cache has leaked.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from oakum.finding import Result
from oakum.scan.asking import fill
from oakum.scan.doors import Gate
from oakum.scan.engine import Engine
from oakum.scan.matrix import NOBODY, Key
from oakum.scan.technique import Line, Prospect

HOW = "cache"

_NUMBERS = count(1)


def run(engine: Engine) -> None:
    """Ask for what leaked at doors that answer about their caller, past any cache."""
    leaks: dict[tuple[str, str | None, str], list[Key]] = {}
    for key, entry in engine.matrix.leaks():
        gate = engine.matrix.gates.get(key.door)
        personal = gate is None or gate.personal or gate.batch or gate.operation.method != "GET"
        if (
            entry.result is Result.LEAK
            and not personal
            and entry.owner not in (NOBODY, entry.viewer)
        ):
            leaks.setdefault((key.door, entry.viewer, entry.owner), []).append(key)
    for (door, viewer, owner), keys in leaks.items():
        gate = engine.matrix.gates[door]
        if _only_own(engine, gate, owner) and _is_cached(engine, gate, viewer, owner):
            engine.matrix.causes.update(dict.fromkeys(keys, HOW))


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line: it asks nothing where nothing leaked."""
    if any(not gate.personal and gate.shows for gate in prospect.gates):
        yield {
            "as": "who was shown another's answer",
            "request": "the same door, with `?oakum=1`",
            "why": "a cache may have mixed up its readers",
        }


def _only_own(engine: Engine, gate: Gate, owner: str) -> bool:
    """Whether the door showed the owner nobody but themselves."""
    shown = engine.seen.get((gate.id, ""), {}).get(owner, set())
    return bool(shown) and {name for name, _ in shown} <= {owner, NOBODY}


def _is_cached(engine: Engine, gate: Gate, viewer: str | None, owner: str) -> bool:
    """Gone past the cache; and there again when the owner reads first and the viewer second."""
    past = gate.otherwise(HOW, query=(("oakum", str(next(_NUMBERS))),))
    if _shows(engine, past, viewer, owner):
        return False
    fresh = gate.otherwise(HOW, query=(("oakum", str(next(_NUMBERS))),))
    _shows(engine, fresh, owner, owner)
    return _shows(engine, fresh, viewer, owner) or _shows(engine, gate, viewer, owner)


def _shows(engine: Engine, gate: Gate, viewer: str | None, owner: str) -> bool:
    """Whether this answer holds an object of the owner's, or a value that is only theirs."""
    filled = fill(gate, engine.target, engine.knowledge, None)
    if filled is None:
        return False
    answer = engine.send(gate, viewer, filled)
    question = engine.question(gate, viewer, frozenset(), filled, gate.id)
    _, judged, _ = engine.lookout.walk(gate, question, answer)
    ids = engine.cast.ids[owner]
    if any(ids & set(each.owners) for each in judged.sightings):
        return True
    text = answer.body.decode("utf-8", "replace")
    return any(key[0] == owner and value in text for value, key in engine.knowledge.canaries())
