"""Caches that serve a response to the wrong reader (P14), distinguished from leaks of the API.

The scan requests each URL as the owner first and as others right after. A shared cache in between
gives the second reader the first one's response, which is a leak like any other. Here such a leak
is requested once more past the cache, with a query that nothing has used before (RFC 9111: the URL
is the key). If it is gone then, and still there without the query, a cache has leaked.

If there is no cache between scan and API, other clients may have one: see the rule
`cacheable-personal-data`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from oakum.exposure.cells.matrix import NOBODY, Key
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.evidence import media_name
from oakum.exposure.leak_signal import Signal
from oakum.finding import Answer, Endpoint, Evidence, Result
from oakum.scan.engine import Engine
from oakum.scan.identities.identity_verification import Examination
from oakum.scan.requests.builder import fill
from oakum.scan.technique import Line, Prospect

HOW = "cache"
RULES: frozenset[str] = frozenset({"cross-user-cache"})
OPENS_WAYS = False

_NUMBERS = count(1)


def run(engine: Engine) -> None:
    """Repeats leaks of endpoints about their caller with caches bypassed."""
    leaks: dict[tuple[str, str | None, str], list[Key]] = {}
    for key, entry in engine.matrix.leaks():
        probe = engine.matrix.probes.get(key.endpoint)
        personal = probe is None or probe.personal or probe.batch or probe.operation.method != "GET"
        if (
            entry.result is Result.LEAK
            and not personal
            and entry.owner not in (NOBODY, entry.viewer)
        ):
            leaks.setdefault((key.endpoint, entry.viewer, entry.owner), []).append(key)
    for (endpoint, viewer, owner), keys in leaks.items():
        probe = engine.matrix.probes[endpoint]
        if _is_ones_own(engine, probe) and _is_cached(engine, probe, viewer, owner):
            engine.matrix.confirmed.update(key.finding for key in keys)
            # Later leaks at this endpoint to the same viewer have the same cause.
            alike = {(key.endpoint, key.viewer) for key in keys}
            cells = (key for key in engine.matrix.entries if (key.endpoint, key.viewer) in alike)
            engine.matrix.causes.update(dict.fromkeys(cells, HOW))


def mixed_up(engine: Engine, operation: str, found: Examination) -> None:
    """Calls who-am-I as identities that got another's account from a shared cache, right after that
    other. If it no longer happens, the doctor's observation is reported as suspected."""
    probe = engine.matrix.probes.get(operation)
    for viewer, owner in found.mixed:
        if probe is not None and owner:
            engine.put(probe, owner, None, f"before {viewer} is mixed up")
            engine.put(probe, viewer, None, f"mixed up with {owner}")
            leaks = (entry for key, entry in engine.matrix.leaks() if key.endpoint == probe.id)
            if any((e.viewer, e.owner) == (viewer, owner) for e in leaks):
                continue
        held = engine.identities.relations(viewer, owner)
        label = engine.identities.label(held, viewer, owner)
        answer = found.answers[viewer]
        says = "who-am-I returned another account, but its own account for a unique URL"
        evidence = Evidence(
            None,
            Answer(viewer, label, answer.status, media_name(answer.media_type)),
            f'curl -s "$TARGET{probe.endpoint.path if probe else ""}"',
            note=says,
        )
        endpoint = probe.endpoint if probe is not None else Endpoint("GET", found.whoami)
        resource, path = next(
            (
                (name, fields[0])
                for name, fields in (probe.shows if probe else {}).items()
                if fields
            ),
            ("*", "*"),
        )
        engine.results.report(
            Signal(
                HOW, resource, path, label, endpoint, evidence, (), viewer, False, says,
                "it happened once, and not again",
            )
        )  # fmt: skip


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line; nothing is sent unless something leaked."""
    if any(not probe.personal and probe.shows for probe in prospect.probes):
        yield {
            "as": "who was shown another's answer",
            "request": "the same endpoint, with `?oakum=1`",
            "why": "a cache may have mixed up its users",
        }


def _is_ones_own(engine: Engine, probe: Probe) -> bool:
    """Whether each answer of the endpoint was about one person, whoever that is."""
    shown = engine.responses.seen.get((probe.id, ""), {}).values()
    about = [{name for name, _ in each} - {NOBODY} for each in shown]
    return any(about) and all(len(names) <= 1 for names in about)


def _is_cached(engine: Engine, probe: Probe, viewer: str | None, owner: str) -> bool:
    """Whether the leak is gone past the cache, and back when the owner reads first and the viewer
    second."""
    past = probe.otherwise(HOW, query=(("oakum", str(next(_NUMBERS))),))
    if _shows(engine, past, viewer, owner):
        return False
    fresh = probe.otherwise(HOW, query=(("oakum", str(next(_NUMBERS))),))
    _shows(engine, fresh, owner, owner)
    return _shows(engine, fresh, viewer, owner) or _shows(engine, probe, viewer, owner)


def _shows(engine: Engine, probe: Probe, viewer: str | None, owner: str) -> bool:
    """Whether this answer holds an object of the owner's, or a value that is only theirs."""
    filled = fill(probe, engine.target, engine.knowledge, None)
    if filled is None:
        return False
    answer = engine.send(probe, viewer, filled)
    judged = engine.judge_response(probe, viewer, (), filled, answer)
    ids = engine.identities.ids[owner]
    if any(ids & set(each.owners) for each in judged.instances):
        return True
    text = answer.body.decode("utf-8", "replace")
    return any(key[0] == owner and value in text for value, key in engine.knowledge.canaries())
