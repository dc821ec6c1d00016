"""Requests, as the caller, of objects that a list showed without saying whose they are.

A list of the caller's own objects often leaves out their owner, which each object itself states.
Until the owner is known, no other identity requests the object. An object in the lists of several
callers is not requested: it may be a real user's.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.scan.engine import Engine
from oakum.scan.questions.objects_of_identities_file import ways

_MOST = 3
"""Objects of a resource that are asked for as one identity."""


def ask_for_listed(engine: Engine) -> None:
    """For identities without a known object of a resource: requests the objects that only their own
    list showed."""
    found = [
        each for each in _exclusive_objects(engine) if not engine.knowledge.objects.get(each[:2])
    ]
    for who, name, key in found:
        asked = engine.responses.listed.setdefault((who, name), set())
        if key in asked or len(asked) >= _MOST:
            continue
        for probe, filled in ways(engine, who, name, key):
            asked.add(key)
            answer = engine.send(probe, who, filled)
            outcome = engine.judge(probe, who, None, filled, answer, f"{probe.id}|{who}|listed")
            if (who, name) in outcome.sighted:
                break


def _exclusive_objects(engine: Engine) -> Iterator[tuple[str, str, str]]:
    """(identity, resource, key) of what came to one identity only, without an owner."""
    viewers: dict[tuple[str, str], dict[str | None, None]] = {}
    for (_, viewer), found in engine.evaluator.nameless.items():
        for name, keys in found.items():
            for key in sorted(keys):
                viewers.setdefault((name, key), {})[viewer] = None
    for (name, key), those in viewers.items():
        who = next(iter(those))
        if len(those) == 1 and who is not None:
            yield who, name, key
