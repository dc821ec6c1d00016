"""Another's object requested below a parent of the caller's own (P1).

`GET /users/{userId}/notes/{noteId}` is documented with both ids of one owner. An API that checks
whether the *first* is the caller's, and loads the second by its id alone, shows anybody's note
below the caller's own id (CWE-639). A caller who has no parent of their own takes one that is
shared with them: a project in which they are a member. An API that checks the first `userId` of a
query and answers about the second has the same flaw (CWE-235).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from oakum.authz import Model
from oakum.exposure.cells.matrix import Outcome
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.response_reader import is_success
from oakum.finding import Result
from oakum.openapi.model import Parameter
from oakum.scan.engine import Engine, Kind
from oakum.scan.limits import is_spent
from oakum.scan.requests.person_parameters import twice
from oakum.scan.technique import Line, Prospect

HOW = "parents"
RULES: frozenset[str] = frozenset()
OPENS_WAYS = True

_PLACE = re.compile(r"{([^{}]+)}")
_OWNERS = 2
"""Owners whose objects are asked for at one endpoint, and others whose parents one viewer takes."""
_SHARED = 3
"""Parents of one other owner that a viewer without own ones takes."""


def run(engine: Engine) -> None:
    """Requests other owners' objects below own parents."""
    engine.say("requesting others' objects under own parents")
    for probe in list(engine.state.probes):
        for above in _above(engine.model, probe):
            owners = [
                who for who in engine.identities.subjects() if engine.responses.has_page(probe, who)
            ]
            for who in owners[:_OWNERS]:
                for viewer in _viewers(engine, who, probe, above):
                    _show_own(engine, probe, above, viewer)
                    _ask_below(engine, probe, above, viewer, who)
        for parameter in _named_in_query(probe):
            for who in [
                who for who in engine.identities.subjects() if engine.responses.has_page(probe, who)
            ][:1]:
                for viewer in _viewers(engine, who, probe, ()):
                    if _leaks(engine, probe, viewer, who):
                        continue
                    source = probe.sources[parameter.name]
                    way = probe.otherwise(HOW, endpoint=probe.endpoint.path)
                    for each in twice(engine, way, parameter, source, viewer, who):
                        _ask(engine, each, viewer, who)


def _leaks(engine: Engine, probe: Probe, viewer: str, who: str) -> bool:
    """Whether the documented request already leaks to a viewer of this kind."""
    label = engine.identities.label(engine.identities.relations(viewer, who), viewer, who)
    return any(
        (key.endpoint, key.viewer, entry.result) == (probe.id, label, Result.LEAK)
        for key, entry in engine.matrix.leaks()
    )


def _named_in_query(probe: Probe) -> list[Parameter]:
    """Parameters of a query that name one person or object."""
    if probe.batch or probe.how or probe.query or probe.asks is not None or not probe.shows:
        return []
    found = [each for each in probe.operation.parameters if each.where == "query"]
    return [e for e in found if e.name in probe.personal and "array" not in e.shape.kinds]


def _viewers(engine: Engine, who: str, probe: Probe, above: tuple[str, ...]) -> list[str]:
    """One of each kind who is logged in: who is known to have such parents, else the first."""
    kinds: dict[Kind, list[str]] = {}
    for viewer in engine.identities.names():
        if viewer != who:
            kinds.setdefault(engine.kind(viewer, who), []).append(viewer)
    return [
        next((viewer for viewer in alike if _has(engine, probe, above, viewer)), alike[0])
        for alike in kinds.values()
    ]


def _has(engine: Engine, probe: Probe, above: tuple[str, ...], who: str) -> bool:
    return all(engine.knowledge.values(probe.sources[each], who) for each in above)


def _ask_below(engine: Engine, probe: Probe, above: tuple[str, ...], viewer: str, who: str) -> None:
    """Requests an object of `who` below a parent of the viewer, or below parents of others that the
    contract shows the viewer: until one answers, as not all of them need be shared."""
    own = _has(engine, probe, above, viewer)
    hosts = [viewer] if own else [*_hosts(engine, probe, above, viewer, who)][:_OWNERS]
    for host in hosts:
        for turn in range(1 if own else _SHARED):
            _show_below(engine, probe, host, turn)
            answered = _ask(
                engine,
                _way(probe, above, host, turn),
                viewer,
                who,
                f"parent {turn}" if turn else "",
            )
            if answered is not None and is_success(answered.status):
                return


def _hosts(
    engine: Engine, probe: Probe, above: tuple[str, ...], viewer: str, who: str
) -> Iterator[str]:
    """Others whose parents of these kinds a viewer may see, by the contract."""
    named = [probe.sources[each].partition(".")[::2] for each in above]
    for host in engine.identities.subjects():
        if host in (viewer, who) or not _has(engine, probe, above, host):
            continue
        if all(engine.may_see(resource, path, viewer, host) for resource, path in named):
            yield host


def _show_own(engine: Engine, probe: Probe, above: tuple[str, ...], viewer: str) -> None:
    """Requests the viewer's own parents of each kind if nobody has yet: one owner's objects
    sufficed so far, and the test needs a parent of the viewer."""
    for source in (probe.sources[each] for each in above):
        resource = source.partition(".")[0]
        for each in engine.state.probes:
            if engine.knowledge.values(source, viewer):
                break
            if resource in each.shows and each.id != probe.id and not each.batch:
                _ask(engine, each, viewer, viewer)


def _show_below(engine: Engine, probe: Probe, viewer: str, turn: int) -> None:
    """Let a viewer see what they have below one of their parents, where an object has the owner of
    its parent: it may stand below several, as a song does in two albums."""
    resources = engine.model.policy.resources
    for name in probe.shows:
        known = engine.knowledge.objects.get((viewer, name))
        if resources[name].owner.kind != "resource" or (known and not turn):
            continue
        for each in engine.state.probes:
            key = f"{name}.{resources[name].key}"
            if name in each.shows and each.personal and key not in each.sources.values():
                _ask(engine, each, viewer, viewer, turn=turn)


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each such endpoint."""
    for probe in prospect.probes:
        for above in _above(prospect.model, probe):
            named = " and ".join(f"`{each}`" for each in above)
            yield {
                "as": "one identity of each kind",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}"
                f"  with {named} of its own",
                "why": "somebody else's object under an own parent",
            }
        for parameter in _named_in_query(probe):
            yield {
                "as": "one identity of each kind",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}  with"
                f" `{parameter.name}` twice: its own, and another's",
                "why": "the API may check one value and use the other",
            }


def _above(model: Model, probe: Probe) -> Iterator[tuple[str, ...]]:
    """Which parameters are the viewer's own beside another's: of those that name what somebody has,
    the first, the first two, and so on; never the one that names the object itself: the key of what
    is shown, else the last of the path. Then all but each of the query, of which an API may check
    one and use the other."""
    if probe.batch or probe.how or probe.query or probe.asks is not None or not probe.shows:
        return
    in_path = [each for each in _PLACE.findall(probe.operation.path) if each in probe.personal]
    order = [*in_path, *sorted(probe.personal - {*in_path})]
    keys = {f"{name}.{model.policy.resources[name].key}" for name in probe.shows}
    named = [each for each in order if probe.sources[each] in keys] or (in_path or order)
    rest = (
        [each for each in order if probe.sources[each] != probe.sources[named[-1]]] if named else []
    )
    found = [tuple(rest[:many]) for many in range(1, len(rest) + 1)]
    for asked in (each for each in order if each not in in_path):
        found.append(tuple(each for each in order if each != asked))
    yield from dict.fromkeys(each for each in found if each)


def _way(probe: Probe, above: tuple[str, ...], host: str, turn: int) -> Probe:
    named = ", ".join(f"{{{each}}}" for each in above)
    way = probe.otherwise(HOW, endpoint=f"{probe.endpoint.path} with {named} of {host}")
    return replace(way, whose={**probe.whose, **dict.fromkeys(above, (host, turn))})


def _ask(
    engine: Engine, way: Probe, viewer: str, who: str, round: str = "", turn: int = 0
) -> Outcome | None:
    if is_spent(engine.context.pace):
        return None
    if way.how:
        engine.matrix.open(way)
    return engine.put(way, viewer, who, round, turn)
