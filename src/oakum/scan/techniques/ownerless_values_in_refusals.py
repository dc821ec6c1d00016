"""Values of an object in the text of a refusal, for objects that have no owner.

`{"error": "forbidden: talk about the merger"}` tells a caller the topic of a room that they were
not let into (CWE-209). Objects with `owner: none` have no owner whose values could be looked for in
every answer. So one is requested as somebody who may see it, and as callers from whom the contract
hides it: their responses must not contain any of its values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from oakum.authz import Model
from oakum.authz.compiled_model import is_withheld
from oakum.exchange import Response
from oakum.exposure.cells.matrix import NOBODY, Key, Observation, Outcome, state_key
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.values.knowledge import canonical
from oakum.exposure.values.misplaced_values import is_unmistakable
from oakum.exposure.values.spellings import holds
from oakum.finding import Evidence, Result
from oakum.scan.engine import Engine
from oakum.scan.limits import is_spent
from oakum.scan.requests.builder import FilledRequest, curl, fill
from oakum.scan.technique import Line, Prospect

HOW = "option"
RULES: frozenset[str] = frozenset()
OPENS_WAYS = True

_OBJECTS = 2
"""How many objects are requested at each endpoint."""
_TURNS = 4
"""How many are tried until enough are shown to somebody."""


def run(engine: Engine) -> None:
    """Asks each endpoint for an object of nobody's as who is shown it, and as who is not."""
    engine.say("reading refusals")
    for probe in list(engine.state.probes):
        if not is_spent(engine.context.pace) and (names := _hidden_resources(engine.model, probe)):
            _Refusals(engine, probe, names).run()


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each endpoint that names such an object."""
    for probe in prospect.probes:
        if _hidden_resources(prospect.model, probe):
            yield {
                "as": "one identity that is shown the object, and one of each kind that is not",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}",
                "why": "a refusal may hold values of what it refuses",
            }


def _hidden_resources(model: Model, probe: Probe) -> list[str]:
    """Resources without an owner, hidden from some, of which a parameter names one."""
    if probe.how or probe.query or probe.batch or probe.personal:
        return []
    return [
        name
        for name in {source.partition(".")[0] for source in probe.sources.values()}
        if name in probe.shows
        and model.policy.resources[name].owner.kind == "none"
        and is_withheld(model, name)
        and f"{name}.{model.policy.resources[name].key}" in probe.sources.values()
    ]


@dataclass(frozen=True)
class _ObjectRequest:
    """A request for an object of nobody's, and what somebody is sent who is shown it."""

    filled: FilledRequest
    answer: Response
    who: str


class _Refusals:
    """An endpoint that names an object of nobody's."""

    def __init__(self, engine: Engine, probe: Probe, names: list[str]) -> None:
        self.engine, self.probe, self.names = engine, probe, names

    def run(self) -> None:
        """Asks for the first objects that somebody is shown."""
        shown = list(self._shown_objects())
        for each in shown:
            self._as_others(each, [other for other in shown if other is not each])

    def _shown_objects(self) -> Iterator[_ObjectRequest]:
        engine, count = self.engine, 0
        for turn in range(_TURNS):
            filled = fill(self.probe, engine.target, engine.knowledge, None, turn=turn)
            if filled is None or count == _OBJECTS or is_spent(engine.context.pace):
                return
            for who in engine.identities.names():
                answer = engine.send(self.probe, who, filled)
                if self._values(filled, answer, who, allowed=True):
                    yield _ObjectRequest(filled, answer, who)
                    count += 1
                    break

    def _as_others(self, shown: _ObjectRequest, others: list[_ObjectRequest]) -> None:
        engine, filled, done = self.engine, shown.filled, set[str]()
        for viewer in (None, *engine.identities.names()):
            hidden = self._values(filled, shown.answer, viewer, allowed=False)
            labels = {key.viewer for key in hidden.values()}
            if viewer == shown.who or not hidden or labels <= done:
                continue
            done |= labels
            answers = [engine.send(self.probe, viewer, filled) for _ in range(2)]
            for text, key in hidden.items():
                told = self._is_told(filled, answers, text, viewer)
                if told and not self._is_said_of_others(text, viewer, others):
                    self._report(key, shown, viewer, answers[0])

    def _is_said_of_others(
        self, text: str, viewer: str | None, others: list[_ObjectRequest]
    ) -> bool:
        """Whether the same stands where an object is refused that does not hold it, or that does
        not exist: it is part of every refusal, and tells of no object."""
        engine = self.engine
        asked = [
            each.filled
            for each in others
            if text not in self._values(each.filled, each.answer, viewer, allowed=False)
        ]
        absent = fill(self.probe, engine.target, engine.knowledge, None, absent=True)
        return any(
            self._is_told(each, [engine.send(self.probe, viewer, each)], text, viewer)
            for each in (*asked, *filter(None, [absent]))
        )

    def _values(
        self, filled: FilledRequest, answer: Response, viewer: str | None, *, allowed: bool
    ) -> Mapping[str, Key]:
        """Telling values of such objects in an answer, and the cells of a viewer that they are in:
        those that the viewer may see, or may not."""
        engine = self.engine
        if not answer.ok:
            return {}
        judged = engine.judge_response(self.probe, viewer, (), filled, answer)
        found: dict[str, Key] = {}
        for each in judged.instances:
            if each.resource not in self.names:
                continue
            table = engine.model.tables[each.resource]
            label = engine.identities.label(each.held, viewer, NOBODY)
            for leaf in each.leaves:
                text = canonical(leaf.value)
                telling = leaf.path in table.leaves and is_unmistakable(text)
                if telling and leaf.allowed is allowed and not leaf.masked:
                    state = state_key(table, leaf.path, each.state)
                    found[text] = Key(self.probe.id, each.resource, leaf.path, label, state)
        return found

    def _is_told(
        self, filled: FilledRequest, answers: list[Response], text: str, viewer: str | None
    ) -> bool:
        """Whether a value is in each response, none of which shows such an object."""
        return text not in filled.sent and all(
            holds(answer.body.decode("utf-8", "replace"), text)
            and not self._shows_any(filled, answer, viewer)
            for answer in answers
        )

    def _shows_any(self, filled: FilledRequest, answer: Response, viewer: str | None) -> bool:
        """Whether an answer shows such an object, which is judged where it stands."""
        judged = self.engine.judge_response(self.probe, viewer, (), filled, answer)
        return any(each.resource in self.names and each.leaves for each in judged.instances)

    def _report(
        self, key: Key, shown: _ObjectRequest, viewer: str | None, answer: Response
    ) -> None:
        engine, who = self.engine, shown.who
        own = engine.identities.label(engine.identities.relations(who, NOBODY), who, NOBODY)
        evidence = Evidence(
            engine.evaluator.side(who, own, shown.answer),
            engine.evaluator.side(viewer, key.viewer, answer),
            curl(shown.filled, engine.context.credentials(viewer)),
            note="the response that is sent instead of the object contains a value of it",
        )
        for again in ("refusal", "refusal again"):
            request_key = engine.key(self.probe, viewer, None, again)
            seen = Observation(key, False, Result.LEAK, viewer, NOBODY, evidence)
            engine.matrix.apply(self.probe.id, Outcome(request_key, answer.status, (seen,)))
