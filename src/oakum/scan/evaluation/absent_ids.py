"""Requests an id that nobody has, to learn what "not found" looks like.

An endpoint that answers it with the caller's own object ignores ids, so it shows nobody else's
data. One that answers it with an object of the caller that no response showed before may have made
that object: a GET can create what is not there yet. It is requested no more. The rest of the
response is judged like any other: a refusal may contain somebody's data, too (CWE-209).
"""

from __future__ import annotations

from dataclasses import replace

from oakum.exchange import Response
from oakum.exposure.cells.matrix import Outcome
from oakum.exposure.endpoints.probes import Probe
from oakum.finding import Result
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import FilledRequest, fill
from oakum.scan.state import AbsentControl

_TELLING = 4
"""A shorter id, in characters, appears in a text by chance."""
_KEPT = 1_000_000
"""A response below so many bytes is kept, to be judged again."""


def ask_for_nobodys(engine: Engine, probe: Probe, who: str) -> None:
    """Requests a non-existing object once at an endpoint that shows owners their own objects."""
    owners = engine.model.policy.owners_in_query
    named = {
        each.name
        for each in probe.operation.parameters
        if each.where == "path" or (each.where == "query" and each.name in owners)
    } & probe.sources.keys()
    if probe.id in engine.responses.absent or not named:
        return
    engine.responses.absent[probe.id] = None
    real = fill(probe, engine.target, engine.knowledge, who)
    other = fill(probe, engine.target, engine.knowledge, who, absent=True)
    if real is None or other is None or real.request.url == other.request.url:
        return
    before = {*_own_objects(engine, probe, who)}
    answer = engine.send(probe, who, other)
    if len(answer.body) < _KEPT:
        engine.responses.absent[probe.id] = AbsentControl(probe, who, other, answer)
    outcome = _look(engine, probe, who, other, answer, "absent")
    if any(owner == who for owner, _ in outcome.sighted):
        new = [
            resource
            for resource, key in _own_objects(engine, probe, who)
            if (resource, key) not in before and key not in other.params.values()
        ]
        engine.responses.ignoring.add(probe.id)
        if new:
            _leave_alone(engine, probe, new[0])
            return
        engine.results.remark(
            f"{probe.endpoint.method} {probe.endpoint.path} gives the same response for an id that"
            f" does not exist: it ignores its parameter, so only the caller's own view was judged"
        )
    if outcome.observations:
        _ask_again(engine, AbsentControl(probe, who, other, answer))


def _own_objects(engine: Engine, probe: Probe, who: str) -> list[tuple[str, str]]:
    """(resource, key) of the objects of an identity that responses showed so far, of the resources
    that the endpoint shows."""
    keys = [(each, engine.model.policy.resources[each].key) for each in probe.shows]
    return [
        (resource, row[key])
        for resource, key in keys
        for row in engine.knowledge.objects.get((who, resource), ())
        if key in row
    ]


def _leave_alone(engine: Engine, probe: Probe, resource: str) -> None:
    """Requests an operation no more that may create what it shows, and says so."""
    operation = probe.operation.id
    engine.state.probes = [each for each in engine.state.probes if each.operation.id != operation]
    endpoint = f"{probe.endpoint.method} {probe.endpoint.path}"
    engine.results.doubt(
        f"{endpoint} answered an id that does not exist with a `{resource}` of the caller that no"
        f" response had shown: each request there may create one, so no more were sent, and what"
        f" these created is left; if so, say `{operation}: {{reads: false}}`, and remove it by hand"
    )
    why = f"{endpoint} may create what it shows, so nobody else requested it"
    engine.results.note_gap(probe.id, why, Section.CELLS)


def look_again(engine: Engine) -> None:
    """Repeats these controls when all values are known, since earlier responses could not be
    interpreted fully."""
    for control in [*engine.responses.absent.values()]:
        if control is not None:
            _learn_named(engine, control)
            each = control.probe, control.who, control.filled
            if _look(engine, *each, control.answer, "absent").observations:
                _ask_again(engine, control)


def _learn_named(engine: Engine, control: AbsentControl) -> None:
    """Schedules requests for the objects of everybody whose id is in a response, to learn their
    values."""
    text = control.answer.body.decode("utf-8", "replace")
    for who, ids in engine.identities.ids.items():
        if who != control.who and any(len(id) >= _TELLING and id in text for id in ids):
            for probe in engine.state.probes:
                alike = probe.shows.keys() & control.probe.shows.keys()
                if alike and probe.personal and not probe.batch:
                    engine.put(probe, who, who)


def _ask_again(engine: Engine, control: AbsentControl) -> None:
    engine.responses.absent[control.probe.id] = None
    answer = engine.send(control.probe, control.who, control.filled)
    _look(engine, control.probe, control.who, control.filled, answer, "absent again")


def _look(
    engine: Engine, probe: Probe, who: str, filled: FilledRequest, answer: Response, how: str
) -> Outcome:
    """Judges the response to a non-existing id: leaks count, but missing fields close no cell."""
    question = engine.question(probe, who, frozenset(), filled, f"{probe.id}|{how}")
    outcome = engine.evaluator.look(engine.evaluator.judge(probe, question, answer))
    leaks = tuple(
        each
        for each in outcome.observations
        if each.result is Result.LEAK and each.owner not in ("", who)
    )
    if leaks:
        engine.record(probe, Outcome(outcome.request_key, outcome.status, leaks))
    return replace(outcome, observations=leaks)
