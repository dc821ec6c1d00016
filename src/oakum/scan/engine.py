"""Sends the scan's requests and evaluates the responses. A technique gets only this object.

`put` sends a request whose values are named by their sources, once, and has the response judged:
cells follow from it. `send` and `listen` return the response to the caller, who compares it and
reports what it shows by `results.report`, or has it judged by `judge` or `take_in`. The engine uses
no socket: requests go through the ports of the context, and progress is reported as events.

    def run(engine: Engine) -> None:
        engine.say("asking once more with another page size")
        for probe in engine.state.probes:
            way = probe.otherwise(HOW, query=(("limit", "1000"),))
            engine.matrix.open(way)
            for who in engine.identities.subjects():
                for viewer in (who, *engine.watchers(who)):
                    engine.put(way, viewer, who if way.personal else None)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from oakum.authz import Model
from oakum.authz.owners import named_in_query
from oakum.authz.table import may_allow
from oakum.errors import TargetError
from oakum.exchange import Response
from oakum.exposure.cells.matrix import Matrix, Outcome
from oakum.exposure.endpoints.probes import Probe, is_websocket
from oakum.exposure.finding_evidence import Question
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.leak_signal import Signal
from oakum.exposure.relation_fields import is_one_of_many
from oakum.exposure.response_reader import json_in
from oakum.exposure.values.knowledge import Knowledge
from oakum.finding import Evidence
from oakum.http.origin import origin_of
from oakum.scan.context import Event, RunContext
from oakum.scan.coverage.untested import Section
from oakum.scan.evaluation.evaluator import Evaluator
from oakum.scan.evaluation.judged_response import JudgedResponse
from oakum.scan.evaluation.links_after_access_ends import gather
from oakum.scan.evaluation.response_summary import (
    Form,
    Head,
    form_of,
    hash_governed,
    head_of,
    is_broken,
)
from oakum.scan.requests.builder import FilledRequest, curl, fill, parameters_in
from oakum.scan.state import Requests, Responses, Results, RunState
from oakum.scan.transport.feed_interface import Listen, Stream


class Kind(NamedTuple):
    """A group of viewers with the same relation to an owner."""

    label: str
    logged_in: bool
    given: frozenset[str]
    """Relations that the owner's known objects give them, or leave open."""


@dataclass(frozen=True)
class Engine:
    """One run: its context, its state, and methods that send requests."""

    context: RunContext
    state: RunState

    # --------------------------------------------------------------------------- lookups

    @property
    def model(self) -> Model:
        """The compiled contract."""
        return self.context.model

    @property
    def target(self) -> str:
        """Base URL of the API."""
        return self.context.target

    @property
    def identities(self) -> KnownIdentities:
        """The identities and their relationships."""
        return self.state.identities

    @property
    def knowledge(self) -> Knowledge:
        """Values of the identities' objects, used to fill parameters."""
        return self.state.knowledge

    @property
    def matrix(self) -> Matrix:
        """All cells with their result so far."""
        return self.state.matrix

    @property
    def varied(self) -> list[Probe]:
        """Endpoints of which techniques try further parameters: none by one name of an object
        alone, if the request with all its names shows the object too."""
        return [
            each
            for each in self.state.probes
            if not each.alone
            or not any((each.operation.id, name) in self.matrix.carried for name in each.shows)
        ]

    @property
    def requests(self) -> Requests:
        """Which requests were sent, to repeat none, and their number."""
        return self.state.requests

    @property
    def responses(self) -> Responses:
        """What responses showed: who received one, whose objects it had, its form and headers."""
        return self.state.responses

    @property
    def results(self) -> Results:
        """Results outside the cells: other leaks, gaps, remarks, doubts."""
        return self.state.results

    @property
    def evaluator(self) -> Evaluator:
        """Judges responses by the contract."""
        return self.state.evaluator

    def put(
        self, probe: Probe, viewer: str | None, who: str | None, round: str = "", turn: int = 0
    ) -> Outcome | None:
        """Sends one request as `viewer` with `who`'s values and judges the response. `round` names
        a repetition, `turn` is the index of the value. None if a parameter has no value yet or the
        endpoint is excluded; repeated requests are not sent."""
        state, pace = self.state, self.context.pace
        key = self.key(probe, viewer, who, round, turn)
        filled = fill(probe, self.target, self.knowledge, who, turn=turn)
        if filled is None:
            return None
        if filled.bare:  # sent again once a value for the parameter is known
            key += " bare"
        if key in state.requests.asked:
            return Outcome(key, 0)
        if pace is not None and (why := pace.spares(filled.request)):
            state.results.note_gap(probe.id, why, Section.CELLS)
            return None
        state.requests.begin(key, probe, viewer, who, turn)
        known = self.context.replay.get(key) if who and viewer != who and not probe.how else None
        if known is None:
            answer = state.requests.early.pop(key, None) or self.send(probe, viewer, filled)
            if is_broken(probe.operation, answer) and state.requests.may_repeat(probe):
                answer = self.send(probe, viewer, filled)
            if answer.status == 504 and pace and (why := pace.spares(filled.request)):
                state.results.note_gap(probe.id, why, Section.CELLS)
                return None
            known = self.judge(probe, viewer, who, filled, answer, key)
        else:
            self.record(probe, known)
        state.responses.took(probe, viewer, who, known, first=not round, turn=turn)
        return known

    def send(self, probe: Probe, viewer: str | None, filled: FilledRequest) -> Response:
        """Sends a request; the response is neither judged nor learnt from. An error names the
        request, since it may be what broke the target."""
        self.announce(probe, viewer, filled)
        try:
            return self.context.ask(viewer, filled.request)
        except TargetError as error:
            sent = f"{probe.endpoint.method} {filled.symbolic}"
            raise TargetError(f"{error}; the request was `{sent}`") from None

    def form(self, probe: Probe, viewer: str | None, who: str | None) -> Form | None:
        """The form of the response to a request that was already put. Sent again if it was answered
        before the run, like who-am-I. None if a parameter has no value."""
        forms, place = self.state.responses.forms, (probe.id, viewer, who)
        filled = fill(probe, self.target, self.knowledge, who)
        if place not in forms and filled is not None:
            answer = self.send(probe, viewer, filled)
            forms[place] = form_of(answer, json_in(answer))
        return forms.get(place)

    def listen(
        self,
        port: Listen,
        probe: Probe,
        viewer: str | None,
        filled: FilledRequest,
        first: bytes = b"",
    ) -> Stream:
        """Opens a feed as an identity. `first` is sent on a WebSocket."""
        self.announce(probe, viewer, filled)
        websocket = is_websocket(probe.operation)
        return port(viewer, filled.request, websocket=websocket, first=first)

    def announce(self, probe: Probe, viewer: str | None, filled: FilledRequest) -> None:
        """Emits an event before a request, with placeholders instead of values."""
        sent = self.state.requests.called.setdefault(probe.operation.id, set())
        sent.update(parameters_in(filled.request))
        self.context.emit(
            Event(
                "ask",
                {
                    "number": self.state.requests.next_number(),
                    "as": viewer or "",
                    "method": probe.endpoint.method,
                    "path": probe.endpoint.path,
                    "request": f"{probe.endpoint.method} {filled.symbolic}",
                },
            )
        )

    def say(self, phase: str) -> None:
        """Emits the current phase."""
        self.context.emit(Event("phase", {"name": phase}))

    def kind(self, viewer: str | None, owner: str) -> Kind:
        """The viewer's relation to an owner, as far as it is known before a response shows an
        object: the label, whether they are logged in, and the relations that known objects give
        them. The label alone does not distinguish a logged-in stranger from an anonymous caller if
        no relation says `authenticated`."""
        label = self.identities.label(self.identities.relations(viewer, owner), viewer, owner)
        if viewer in (None, owner):
            return Kind(label, viewer is not None, frozenset())
        return Kind(label, True, self.knowledge.given_by_objects(owner, viewer or ""))

    def held_relations(self, viewer: str | None, owner: str) -> frozenset[str]:
        """Relations of a viewer to an owner's objects in general, and those that some known objects
        give or leave open."""
        return self.identities.relations(viewer, owner) | self.kind(viewer, owner).given

    def may_see(self, resource: str, path: str, viewer: str | None, owner: str) -> bool:
        """Whether the contract shows a viewer a field of any of an owner's objects; also True if
        that depends on what is unknown."""
        table, state = self.model.tables[resource], self.matrix.state(resource, owner)
        # such objects each have a state of their own
        if is_one_of_many(self.model, table.resource):
            state = {n: value for n, value in state.items() if not table.resource.states[n].member}
        return self.matrix.sees(resource, path, viewer, owner) or may_allow(
            table, path, self.held_relations(viewer, owner), state
        )

    def most_private(self, endpoint: str, owner: str) -> tuple[str, str] | None:
        """(resource, field) of the owner's data at an endpoint that anonymous callers may not see
        and that the fewest kinds of viewers may. None if anonymous callers may see all of it."""
        kinds = self.watchers(owner)
        found = {
            (resource, path): sum(self.may_see(resource, path, each, owner) for each in kinds)
            for (at, who, resource), fields in self.matrix.own.items()
            for path in sorted(fields)
            if (at, who) == (endpoint, owner) and not self.may_see(resource, path, None, owner)
        }
        return min(found, key=found.__getitem__, default=None)

    def watchers(self, who: str | None) -> list[str | None]:
        """One viewer of each kind towards `who`, anonymous first, then those with the fewest
        relations through objects. None: towards anybody."""
        kinds: dict[Kind, str | None] = {}
        for owner in (who,) if who is not None else self.identities.names():
            for viewer in (None, *self.identities.names()):
                if viewer != owner:
                    kinds.setdefault(self.kind(viewer, owner), viewer)
        order = sorted(kinds, key=lambda kind: (kind.logged_in, len(kind.given)))
        return list(dict.fromkeys(kinds[each] for each in order))

    # ------------------------------------------------- processing responses

    def take_in(
        self,
        probe: Probe,
        viewer: str | None,
        who: str | None,
        filled: FilledRequest,
        answer: Response,
    ) -> Outcome:
        """Judges a response that a technique obtained itself; it is confirmed like any other."""
        key = self.key(probe, viewer, who)
        self.state.requests.begin(key, probe, viewer, who, 0)
        outcome = self.judge(probe, viewer, who, filled, answer, key)
        self.state.responses.answered.setdefault(probe.id, set()).add(viewer)
        return outcome

    def take_in_option(
        self,
        probe: Probe,
        viewer: str | None,
        who: str | None,
        filled: FilledRequest,
        answer: Response,
    ) -> Outcome:
        """Judges a response to a variant that a technique sent to compare it. What stands in it is
        sent, not inferred."""
        way = replace(probe, how="option")
        self.matrix.open(way)
        outcome = self.take_in(way, viewer, who, filled, answer)
        self.state.keep_way(way)
        return outcome

    def take_in_leaks(
        self,
        probe: Probe,
        viewer: str | None,
        who: str | None,
        filled: FilledRequest,
        answer: Response,
    ) -> None:
        """The same, if the response shows what is not known to leak at this operation: a technique
        that compares two responses finds nothing where both leak alike."""
        about = () if who is None else (who,)
        opened = probe.id in self.matrix.probes
        self.matrix.open(probe)  # so that it is judged by the rules of its operation
        seen = self.judge_response(probe, viewer, about, filled, answer)
        leaks = {each.key.finding for each in self.evaluator.hear(seen).observations}
        if not opened:
            del self.matrix.probes[probe.id]
        id, place = probe.operation.id, self.matrix.operation
        known = (key.finding for key, _ in self.matrix.leaks() if place(key.endpoint) == id)
        if leaks and not leaks.issubset(known):
            self.take_in_option(probe, viewer, who, filled, answer)

    def judge(
        self,
        probe: Probe,
        viewer: str | None,
        who: str | None,
        filled: FilledRequest,
        answer: Response,
        key: str,
    ) -> Outcome:
        """Judges a response and records the result. `key` identifies the request; `who`: owner of
        its values."""
        targets = (
            frozenset(self.identities.names()) if probe.batch else frozenset({who} if who else ())
        )
        place = (probe.id, viewer, who)
        question = self.question(probe, viewer, targets, filled, key)
        seen = self.evaluator.judge(probe, question, answer)
        self.state.responses.forms[place] = form_of(answer, seen.parsed)
        self.state.responses.heads[place] = self.head(seen)
        self.state.responses.gather(gather(seen, who, origin_of(self.target)))
        outcome = self.evaluator.look(self.ask_members(seen))
        self.record(probe, outcome)
        return outcome

    def judge_response(
        self, probe: Probe, viewer: str | None, about: Iterable[str], filled: FilledRequest,
        answer: Response,
    ) -> JudgedResponse:  # fmt: skip
        """Judges a response that a technique obtained itself, by current knowledge, and learns
        nothing. `about`: the owner of the values in the request."""
        question = self.question(probe, viewer, frozenset(about), filled, probe.id)
        return self.evaluator.judge(probe, question, answer)

    def ask_members(self, seen: JudgedResponse) -> JudgedResponse:
        """Looks up the members of the tenants that a response names, and judges the response with
        them."""
        memberships = self.context.memberships
        news = memberships is not None and memberships.meet(seen.instances)
        return self.evaluator.again(seen) if news else seen

    def record(self, probe: Probe, outcome: Outcome) -> None:
        """Enters a result into the matrix and emits it."""
        self.matrix.apply(probe.id, outcome)
        self.context.emit(Event("outcome", {"endpoint": probe.id, "outcome": outcome}))

    def tell(
        self,
        how: str,
        probe: Probe,
        viewer: str | None,
        label: str,
        answer: Response,
        says: str,
        *,
        filled: FilledRequest | None,
        about: tuple[str, str] = ("*", "*"),
        own: bool = False,
        doubt: str = "",
    ) -> None:
        """Reports a leak to viewers with this `label`; the response to `viewer` is the evidence.
        `about`: (resource, field), `"*"` for none; `own`: the response is the viewer's own and
        others may receive it; `doubt`: why it is not proven."""
        asked = curl(filled, self.context.credentials(viewer)) if filled is not None else ""
        side = self.evaluator.side(viewer, "owner" if own else label, answer)
        evidence = Evidence(None, side, asked, note=says)
        told = Signal(
            how, *about, label, probe.endpoint, evidence, (), viewer, not doubt, says, doubt
        )
        self.state.results.report(told)

    def question(
        self,
        probe: Probe,
        viewer: str | None,
        targets: frozenset[str],
        filled: FilledRequest,
        key: str,
    ) -> Question:
        """A request in the evaluator's form, with variables for secrets in its curl line."""
        line = curl(filled, self.context.credentials(viewer))
        query = urlsplit(filled.request.url).query
        params = {**filled.params, **named_in_query(self.model.policy, query)}
        return Question(key, probe.id, viewer, targets, params, filled.sent, line)

    def key(
        self, probe: Probe, viewer: str | None, who: str | None, round: str = "", turn: int = 0
    ) -> str:
        """Identifies a request in the current state of settings."""
        nth = f"{round} value {turn}".strip() if turn else round
        return f"{probe.id}|{viewer or ''}|{who or ''}|{self.state.world}|{nth}"

    def head(self, seen: JudgedResponse) -> Head:
        """The part of a response that is kept for techniques that read headers later."""
        return head_of(seen.response, partial(hash_governed, seen.instances, self.model.tables))
