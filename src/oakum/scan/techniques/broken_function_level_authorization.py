"""Operations that run for callers outside their `call`.

The response of such an operation (a list of jobs, a report of all sales) holds no field of an
owner. So one caller of each kind requests it, and the API has to refuse those that the contract's
`call` leaves out (CWE-862). It is proven if they get the same response as callers who may call it.
A response that only has the same form may be a refusal in words, and is suspected.

An operation without a declared shape that names somebody's object, such as the export of a
conversation as text, is requested for an object that does not name the caller: of two owners, as
one caller of each kind. What others own with them tells nothing of strangers.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import Model
from oakum.authz.decide import through
from oakum.exchange import Response
from oakum.exposure.cells.matrix import NOBODY
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.leak_signal import Signal
from oakum.finding import Evidence
from oakum.scan.engine import Engine, Kind
from oakum.scan.limits import is_spent
from oakum.scan.requests.builder import FilledRequest, curl, fill
from oakum.scan.requests.consistent_parameter_values import known_objects
from oakum.scan.requests.unrelated_viewers import strangers
from oakum.scan.technique import Line, Prospect

HOW = "call"
RULES: frozenset[str] = frozenset({"broken-function-level-authorization"})
OPENS_WAYS = False

_BY_CALLER = ("anyone", "authenticated", "claim")
"""Kinds of relations that depend on the caller alone, not on the object."""
_UNSAID = "only the document's `security` says that callers have to log in there; write `call:`"
_OWNERS = 2
"""How many owners' objects strangers request if no response is declared."""
_OBJECTS = 8
"""Among how many objects of one owner one is searched for that does not name a viewer."""


def run(engine: Engine) -> None:
    """Tests reading endpoints without ids only: others are judged by what they show."""
    for probe in engine.state.probes:
        if _is_closed_to_some(engine.model, probe):
            _ask(engine, probe)
        elif _is_formless(probe):
            for who in _owners(engine, probe):
                _ask_strangers(engine, probe, who)


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One question for each kind of caller."""
    for probe in prospect.probes:
        if _is_closed_to_some(prospect.model, probe):
            yield {
                "as": "one caller of each kind",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}",
                "why": "the contract says who may call",
            }
        elif _is_formless(probe):
            yield {
                "as": "an owner, and one caller of each kind whom the object does not name",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}",
                "why": "the document does not say what its response shows",
            }


def _is_closed_to_some(model: Model, probe: Probe) -> bool:
    call = model.rule(probe.operation.id).call
    if call is None or probe.shows or probe.sources or probe.batch or probe.how:
        return False
    kinds = {model.policy.relations[name].kind for name in call}
    return kinds <= set(_BY_CALLER) and "anyone" not in kinds


def _is_formless(probe: Probe) -> bool:
    return bool(probe.personal) and not (probe.shows or probe.batch or probe.how or probe.query)


def _owners(engine: Engine, probe: Probe) -> list[str]:
    """Two identities with a known object."""
    subjects = engine.identities.subjects()
    return [who for who in subjects if known_objects(probe, engine.knowledge, who, probe.personal)][
        :_OWNERS
    ]


def _ask_strangers(engine: Engine, probe: Probe, who: str) -> None:
    """Requests the first object of an owner's that does not name a viewer, as one of each kind."""
    count = known_objects(probe, engine.knowledge, who, probe.personal)
    done = set[Kind]()
    for turn in range(min(count, _OBJECTS)):
        every = [None, *(each for each in engine.identities.names() if each != who)]
        for viewer in strangers(engine, probe, who, turn, every):
            kind = engine.kind(viewer, who)._replace(given=frozenset())
            if kind in done or is_spent(engine.context.pace):
                continue
            done.add(kind)
            engine.put(probe, who, who, turn=turn)
            engine.put(probe, viewer, who, turn=turn)
            if not _may(engine, probe, viewer, who):
                _compare(engine, probe, viewer, who, turn)


def _may(engine: Engine, probe: Probe, viewer: str | None, who: str) -> bool:
    """Whether `call`, or else the document's `security`, allows a viewer without a relation to the
    object."""
    if engine.model.rule(probe.operation.id).call is None:
        return viewer is not None or probe.operation.anonymous
    held = engine.identities.relations(viewer, who)
    return through(engine.model, probe.operation.id, held, logged_in=viewer is not None)


def _compare(engine: Engine, probe: Probe, viewer: str | None, who: str, turn: int) -> None:
    """Reports that a viewer outside `call` receives what the owner receives. Both request it again,
    since the first responses may have been about other objects. What only the document's `security`
    says is suspected: many documents say it once for all operations."""
    head = engine.responses.heads.get((probe.id, viewer, who))
    filled = fill(probe, engine.target, engine.knowledge, who, turn=turn)
    if filled is None or head is None or not head.shows:
        return
    own, other = (engine.send(probe, each, filled) for each in (who, viewer))
    if own.body and own.body == other.body and own.ok:
        label = engine.identities.label(engine.identities.relations(viewer, who), viewer, who)
        said = engine.model.rule(probe.operation.id).call is not None
        _report(
            engine, probe, viewer, label, filled, other, sure=True, doubt="" if said else _UNSAID
        )


def _ask(engine: Engine, probe: Probe) -> None:
    may: dict[str | None, bool] = {}
    for viewer in engine.watchers(None):
        held = engine.identities.relations(viewer, NOBODY)
        may[viewer] = through(engine.model, probe.operation.id, held, viewer is not None)
        engine.put(probe, viewer, None)
        if (probe.id, viewer, None) in engine.responses.heads:
            engine.form(probe, viewer, None)
    places = {viewer: (probe.id, viewer, None) for viewer in may}
    done = {
        viewer: engine.responses.heads[at].text
        for viewer, at in places.items()
        if at in engine.responses.heads
        and engine.responses.heads[at].shows
        and at in engine.responses.forms
        and engine.responses.forms[at][3]
    }
    entitled = [viewer for viewer in done if may[viewer]]
    for viewer in done.keys() - set(entitled):
        same = any(done[each] == done[viewer] for each in entitled)
        alike = any(
            engine.responses.forms[places[each]] == engine.responses.forms[places[viewer]]
            for each in entitled
        )
        if same or alike or not any(may.values()):
            _tell(engine, probe, viewer, sure=same)


def _tell(engine: Engine, probe: Probe, viewer: str | None, *, sure: bool) -> None:
    filled = fill(probe, engine.target, engine.knowledge, None)
    if filled is None:
        return
    answer = engine.send(probe, viewer, filled)
    if not answer.ok:
        return  # one failure may be chance
    label = engine.identities.label(engine.identities.relations(viewer, NOBODY), viewer, NOBODY)
    _report(engine, probe, viewer, label, filled, answer, sure=sure)


def _report(
    engine: Engine, probe: Probe, viewer: str | None, label: str, filled: FilledRequest,
    answer: Response, *, sure: bool, doubt: str = "",
) -> None:  # fmt: skip
    says = "gets the same response as callers who may call it" if sure else "is not refused"
    evidence = Evidence(
        None,
        engine.evaluator.side(viewer, label, answer),
        curl(filled, engine.context.credentials(viewer)),
        note=f"who may not call {says}",
    )
    engine.results.report(
        Signal(
            HOW, "*", "*", label, probe.endpoint, evidence, (), viewer, sure and not doubt, says,
            doubt or "no caller who may call it got the same response",
        )
    )  # fmt: skip
