"""Optional parameters that name a person, as in `GET /usage?userId=`.

Without it the response is about the caller, so the plain request does not test the parameter. It is
sent with another's id, as at an endpoint of one object (CWE-639), also if the response declares
another resource or none. The meaning of the parameter follows from the same name elsewhere: a path
parameter, the key of a resource, a field with an owner's id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from oakum.authz import Model
from oakum.exposure.endpoints.offered_values import choices, members_with_choices, object_with
from oakum.exposure.endpoints.parameter_styles import text_of
from oakum.exposure.endpoints.probes import Probe
from oakum.openapi.model import Parameter
from oakum.scan.engine import Engine
from oakum.scan.limits import is_spent
from oakum.scan.requests.builder import FilledRequest, fill, variable
from oakum.scan.requests.parameter_meanings import free, whom

_SEEN = 2
"""Values tried of a parameter that nothing but its name in some answer explains."""


def named_others(model: Model, probes: Iterable[Probe]) -> dict[str, list[tuple[Parameter, str]]]:
    """Probe → optional parameters that name a person, each with its source; an empty source means a
    value seen under the same name."""
    known = list(probes)
    meant = whom(model, known)
    found: dict[str, list[tuple[Parameter, str]]] = {}
    for probe in known:
        if probe.how or probe.query or probe.batch or probe.asks is not None:
            continue
        for each in free(probe):
            named = meant.source(probe, each)
            sources = (named,) if named else meant.objects(probe, each)
            if sources or meant.may_choose(each):
                said = [(each, source) for source in sources or ("",)]
                found.setdefault(probe.id, []).extend(said)
    return found


def ask_for_others(engine: Engine) -> None:
    """Tries such parameters: the owner with their own id, then one viewer of each kind with the
    owner's id."""
    for id, named in named_others(engine.model, engine.state.probes).items():
        probe = next(each for each in engine.state.probes if each.id == id)
        for parameter, source in named:
            if source:
                _ask(engine, probe, parameter, source)
                for chosen in _other_choices(probe) if parameter.where == "body" else ():
                    _ask(engine, chosen, parameter, source)
            else:
                _ask_for_seen(engine, probe, parameter)


def _ask(engine: Engine, probe: Probe, parameter: Parameter, source: str) -> None:
    for who in engine.identities.subjects()[:1]:
        for viewer in (who, *engine.watchers(who)):
            way = _way(probe, parameter, source, viewer or who)
            filled = fill(way, engine.target, engine.knowledge, who)
            if filled is None or filled.bare or not _may(engine, filled):
                continue
            engine.matrix.open(way)
            if viewer == who:
                engine.put(way, who, who)
                continue
            plain = _plain(engine, probe, viewer)
            answer = engine.send(way, viewer, filled)
            # The same body as without the parameter means that the API has ignored the person's id.
            if plain is None or plain != hash(answer.body):
                engine.take_in(way, viewer, who, filled, answer)
            if viewer and answer.status >= _REFUSED:
                for each in twice(engine, way, parameter, source, viewer, who):
                    engine.matrix.open(each)
                    engine.put(each, viewer, who)


def _other_choices(probe: Probe) -> Iterator[Probe]:
    """The request with each other choice of a member that every body has: an API of one endpoint
    reads the other members by its `method`, `action` or `type`."""
    for at, member in members_with_choices(probe.operation, probe.sources):
        others = choices(member.name, member.shape)[1 : _MOST + 1]
        filled = not member.required or ".".join(at) in probe.sources
        for each in others if not filled else ():
            said = f"{probe.endpoint.path} with {'.'.join(at)}={text_of(each)}"
            yield probe.otherwise("option", endpoint=said, fixed=object_with(at, each, probe.fixed))


def _plain(engine: Engine, probe: Probe, viewer: str | None) -> int | None:
    """What tells the answer to the request without the parameter; None: it is not known."""
    who = viewer if probe.personal else None
    known = engine.responses.heads.get((probe.id, viewer, who))
    if known is not None or not probe.how:
        return known.text if known is not None else None
    filled = fill(probe, engine.target, engine.knowledge, who)
    if filled is None or not _may(engine, filled):
        return None
    return hash(engine.send(probe, viewer, filled).body)


_REFUSED = 400
_MOST = 6
"""Choices of one member that are tried."""


def _may(engine: Engine, filled: FilledRequest) -> bool:
    pace = engine.context.pace
    return not is_spent(pace) and not (pace and pace.spares(filled.request))


def _ask_for_seen(engine: Engine, probe: Probe, parameter: Parameter) -> None:
    """Ask with values that stood in answers under the same name, whoever they belong to: what comes
    is told by its own owner, and by values out of place."""
    if parameter.where != "query":
        return
    for nth, value in enumerate(engine.knowledge.values_by_name(parameter.name)[:_SEEN], 1):
        way = probe.otherwise(
            "option",
            endpoint=f"{probe.endpoint.path} with the {nth}. known `{parameter.name}`",
            query=((parameter.name, value),),
            veiled={parameter.name: variable("", parameter.name)},
        )
        who = (
            engine.identities.subjects()[0]
            if probe.personal and engine.identities.subjects()
            else None
        )
        for viewer in engine.watchers(who):
            filled = fill(way, engine.target, engine.knowledge, who)
            if filled is not None and _may(engine, filled):
                engine.matrix.open(way)
                engine.put(way, viewer, who)


def twice(
    engine: Engine, way: Probe, parameter: Parameter, source: str, viewer: str, who: str
) -> Iterator[Probe]:
    """The request with the parameter repeated, own and other value in both orders: some servers
    check one and use the other (CWE-235)."""
    if parameter.where != "query" or "array" in parameter.shape.kinds:
        return
    for first, second, said in ((viewer, who, "first"), (who, viewer, "last")):
        for value in engine.knowledge.values(source, second)[:1]:
            named = way.otherwise(
                way.how,
                endpoint=f"{way.endpoint.path} with `{parameter.name}` twice, the own one {said}",
                query=((parameter.name, value),),
                veiled={parameter.name: variable(second, source)},
            )
            yield replace(named, whose={**way.whose, parameter.name: (first, 0)})


def _way(probe: Probe, parameter: Parameter, source: str, viewer: str) -> Probe:
    """The same, with the parameter filled; what the path names is the viewer's own."""
    shown = f"?{parameter.name}={{{parameter.name}}}"
    said = shown if parameter.where == "query" else f" with another's `{parameter.name}`"
    of = f" with {', '.join(sorted(probe.personal))} of {viewer}" if probe.personal else ""
    way = probe.otherwise("option", endpoint=f"{probe.endpoint.path}{said}{of}")
    return replace(
        way,
        sources={**probe.sources, parameter.name: source},
        personal=probe.personal | {parameter.name},
        whose={**probe.whose, **dict.fromkeys(probe.personal, (viewer, 0))},
    )
