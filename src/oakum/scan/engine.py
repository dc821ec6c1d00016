"""Decides what to request next, and when to stop.

Every question is asked for the cells it can decide, and is not asked once they are decided. The
engine knows no socket: it asks through a port and tells what happened as events, which progress
bar, journal and reports consume.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from oakum.authz import Model
from oakum.exchange import Exchange, Response
from oakum.finding import Skipped
from oakum.http.origin import origin_of
from oakum.openapi.model import Json
from oakum.policy.graphql import Graph
from oakum.scan.budget_plan import SHARE
from oakum.scan.evaluation.absence import close_lists, say_why, unread
from oakum.scan.evaluation.absent_ids import Control, ask_for_nobodys, look_again
from oakum.scan.evaluation.artefacts import Artefact, gather
from oakum.scan.evaluation.confirming import confirm, still_served
from oakum.scan.evaluation.evaluator import Evaluator
from oakum.scan.evaluation.exhibits import Question
from oakum.scan.evaluation.forms import Form, Keeping, form_of, governed, keeping_of
from oakum.scan.evaluation.knowledge import Knowledge
from oakum.scan.evaluation.matrix import NOBODY, Matrix, Outcome
from oakum.scan.evaluation.own_lists import own_ids
from oakum.scan.evaluation.signals import Signal
from oakum.scan.evaluation.write_answers import WriteAnswers
from oakum.scan.identities.cast import Cast
from oakum.scan.identities.provisioned_accounts import ProvisionedAccounts
from oakum.scan.identities.relationships import Relationships
from oakum.scan.requests.builder import Ask, Filled, curl, fill
from oakum.scan.requests.endpoints import Gate, is_websocket
from oakum.scan.requests.every_owner import ask_for_each
from oakum.scan.requests.unsent import parameters_in
from oakum.scan.scheduling import owners_by_viewer, reach_states
from oakum.scan.settings.account_settings import AccountSettings
from oakum.scan.settings.setting_change import Flip
from oakum.scan.technique import May, Pace, Technique
from oakum.scan.transport.streams import Listen, Stream
from oakum.scan.undo.undo_log import UndoLog

_MOST_ARTEFACTS = 400
_Pairs = set[tuple[str, str]]


@dataclass(frozen=True)
class Event:
    """Something that happened: `kind`, and plain values that hold nobody's data."""

    kind: str
    data: Mapping[str, Json]


@dataclass
class Engine:
    """One run over one target. `explore` does it all; `matrix` then holds what was learnt."""

    model: Model
    cast: Cast
    knowledge: Knowledge
    matrix: Matrix
    evaluator: Evaluator
    gates: list[Gate]
    target: str
    ask: Ask
    emit: Callable[[Event], None]
    credentials: Callable[[str | None], tuple[str, ...]]
    """Header lines of an identity for a curl line, secrets as variables."""
    may: May = field(default_factory=May)
    techniques: tuple[Technique, ...] = ()
    """What goes beyond the documented questions, in order."""
    signals: list[Signal] = field(default_factory=list)
    """Leaks that stand in no field of any answer."""
    listen: Listen | None = None
    """Opens a feed; None: no feed is listened to."""
    feeds: list[Gate] = field(default_factory=list)
    """Endpoints whose answers do not end: listened to, and never asked."""
    together: Callable[[Sequence[Callable[[], Response]]], list[Response | None]] | None = None
    """Does several things at the same time; None in place of an answer that did not come."""
    pace: Pace | None = None
    """None: nothing may be asked many times over."""
    later: list[Gate] = field(default_factory=list)
    """Endpoints that the budget may not be enough for, the riskiest first."""
    price: Callable[[Gate], int] = lambda gate: 1
    """What an endpoint costs at most, in requests."""
    answers: WriteAnswers | None = None
    """Judges the answers to what the run writes; None: nobody does."""
    account_settings: AccountSettings | None = None
    """None: nothing may be written, not even to an own account."""
    relationships: Relationships | None = None
    """Relations between identities that may be ended for a while; None: none."""
    undo_log: UndoLog | None = None
    """What was written and is to be undone; None: nothing may be written."""
    provisioned: ProvisionedAccounts | None = None
    """Accounts of the run's own; None: nothing may be written."""
    tokens: Callable[[], list[tuple[str, str]]] = list
    """(identity, token) of all that could be a JWT."""
    title: str = ""
    """What the document calls the API."""
    accounts: Mapping[str, str] = field(default_factory=dict)
    """Identity → its id, as who-am-I tells it."""
    params: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Operation id → parameter → `Resource.field`, inferred from names."""
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    """GraphQL schemas by the name that the contract has for them."""
    replay: Mapping[str, Outcome] = field(default_factory=dict)
    """Outcomes of an interrupted run by probe, used instead of asking again."""
    ways: list[Gate] = field(default_factory=list)
    """Undocumented ways through endpoints that were found to answer: asked again in every world."""
    forms: dict[tuple[str, str | None, str | None], Form] = field(default_factory=dict)
    """(endpoint, viewer, whose values) → the form of the last answer."""
    keeping: dict[tuple[str, str | None, str | None], Keeping] = field(default_factory=dict)
    """(endpoint, viewer, whose values) → what the last answer said to caches."""
    seen: dict[tuple[str, str], dict[str | None, _Pairs]] = field(default_factory=dict)
    """(endpoint, whose parameters) → viewer → (owner, resource) pairs in the answer; this world."""
    artefacts: list[Artefact] = field(default_factory=list)
    """Links and cursors of the answers so far; values in memory only."""
    giving: dict[tuple[str, str | None, str | None], None] = field(default_factory=dict)
    """(endpoint, viewer, whose values) of questions whose answers gave some."""
    called: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """Operations that were asked, in whatever way → (place, name) of the parameters sent."""
    why: dict[str, str] = field(default_factory=dict)
    """Endpoint → why it could not be asked."""
    notes: list[str] = field(default_factory=list)
    untried: list[Skipped] = field(default_factory=list)
    """What was not written, or not asked for fear of what it would do, and why."""
    at_start: Callable[[], Iterable[str]] = tuple
    """Done once everybody is known, before the first question; gives notes."""
    at_first: Callable[[], None] = lambda: None
    """Done once after the documented questions, before anything is written."""
    at_last: Callable[[], tuple[str, ...]] = tuple
    """Says what is not as it was then, once everything was put back."""
    distrust: list[str] = field(default_factory=list)
    """Why what was learnt is not to be trusted."""

    def __post_init__(self) -> None:
        self.world = ""
        """What the world is called in which is asked now; empty: as it was found."""
        self._changed = ""
        """In this world, whose account is not as before."""
        self._asked: set[str] = set()
        self.absent: dict[str, Control | None] = {}
        """Endpoints that were asked for an id that is nobody's."""
        self.probes: dict[str, tuple[Gate, str | None, str | None, int]] = {}
        """Question → how to put it again: endpoint, viewer, whose values, which of them."""
        self._answered: dict[str, set[str | None]] = {}
        self._pages: dict[tuple[str, str], _Pairs] = {}
        """(endpoint, whose parameters) → pairs like those that its owner was shown, ever."""
        self.fetched: dict[str, Response | None] = {}
        """Answers to questions that were asked at the same time, until `put` takes them."""
        self.ignoring: set[str] = set()
        """Endpoints that answer about their caller, whatever id is asked for."""
        self.braked: set[tuple[str, str | None]] = set()
        """(endpoint, viewer) of which so many questions were put that a limit answered."""
        self.good: dict[str, tuple[Gate, str | None]] = {}
        """Identity → a question that has shown it something of its own: endpoint, whose values."""
        self._numbers = count(1)

    # ------------------------------------------------------------ the run

    def explore(self, exchanges: Iterable[tuple[str, str, Exchange]]) -> None:
        """Everything: what is known already, one sweep, item by item, confirmed, in each world.

        `exchanges`: (operation, identity, exchange) of logins and who-am-I calls already made.
        """
        self.introduce(exchanges)
        self.notes += self.at_start()
        self.round()
        self._go_on()
        ask_for_each(self, 0.5)
        self.at_first()
        for technique in self.techniques:
            technique.run(self)
        ask_for_each(self, 1.0)
        look_again(self)
        self.confirm()
        if self.account_settings is not None:
            reach_states(self, self.account_settings)
        still_served(self)
        self.evaluator.take_back()
        say_why(self)

    def _go_on(self) -> None:
        """Endpoints that were left for the budget's sake, while something of it is left."""
        for _ in range(3):
            room = self.pace.left * SHARE if self.pace is not None else 0
            more: list[Gate] = []
            for gate in self.later:
                room -= self.price(gate)
                if room < 0:
                    break
                more.append(gate)
            if not more:
                return
            self.later = self.later[len(more) :]
            for gate in more:
                self.why.pop(gate.id, None)
            self.gates += more
            self.round()

    def introduce(
        self, exchanges: Iterable[tuple[str, str, Exchange]], left: Iterable[Flip] = ()
    ) -> None:
        """Take in who everybody is, and ask for their settings: all else depends on both. `left`:
        what a killed run has left changed; the objects that it stands in are found again."""
        for operation, identity, exchange in exchanges:
            if identity in self.cast.ids:
                self._take_in(operation, identity, exchange)
        for resource in self.model.policy.resources.values():
            if resource.is_account:  # one account, one object
                for who, id in self.accounts.items():
                    if who in self.cast.ids:
                        self.knowledge.suppose(who, resource.name, resource.key, id)
        self.learn_states()
        for who, name in dict.fromkeys((each.identity, each.state) for each in left):
            for gate in self.gates if who in self.cast.ids else ():
                if name.partition(".")[0] in gate.shows and gate.operation.method == "GET":
                    self.put(gate, who, who if gate.personal else None)

    def round(self) -> None:
        """All questions that still decide something in the world as it is."""
        self._sweep()
        if self._learn_ids():
            self._sweep()
        for _ in range(3):  # ids found in one answer open the next endpoint
            asked = len(self._asked)
            for who in self.cast.subjects():
                self._items(who)
            if len(self._asked) == asked:
                break
        self._batches()
        self._sweep()  # endpoints whose ids were first seen on the way
        self._other_ways()
        self.matrix.settle()
        close_lists(self)
        self.confirm()

    def _take_in(self, operation: str, identity: str, exchange: Exchange) -> None:
        each = self.model.operations.get(operation)
        if each is None:
            return
        bare = Gate(each, self.matrix.endpoint(operation), {}, {}, {})
        gate = self.matrix.gates.get(operation, bare)
        plain = Filled(exchange.request, {}, frozenset(), each.path)
        question = Question(
            f"{operation}|{identity}|given", operation, identity, frozenset({identity}),
            {}, frozenset(), curl(plain, self.credentials(identity)),
        )  # fmt: skip
        self._answered.setdefault(operation, set()).add(identity)
        outcome = self.evaluator.look(gate, question, exchange.response)
        if operation in self.matrix.gates:
            self._asked.add(self.key(gate, identity, None))
            self.keeping[operation, identity, None] = self._keeping(
                gate, question, exchange.response
            )
            self.seen.setdefault((operation, ""), {})[identity] = set(outcome.sighted)
        self.note(gate, outcome)

    # ------------------------------------------------------------ which questions

    def learn_states(self) -> None:
        """Ask each identity for the settings of its own account: every cell depends on them."""
        self.emit(Event("phase", {"name": "reading the identities' own settings"}))
        every = self.model.policy.resources
        followed = {s.of.partition(".")[0] for each in every.values() for s in each.states.values()}
        # First the settings that other objects follow: their answers hang on them.
        for name, resource in sorted(every.items(), key=lambda each: each[0] not in followed):
            members = {s.member for s in resource.states.values() if s.member}
            ways = [g for g in self.gates if members & set(g.shows.get(name, ())) and not g.batch]
            for who in self.cast.names() if members else ():
                for gate in sorted(ways, key=lambda g: (g.id != resource.main, len(g.sources))):
                    wanted = {(who, f"{name}.{state}") for state in resource.states}
                    if wanted <= self.cast.states.keys():
                        break
                    if gate.sources or not gate.operation.anonymous:
                        self.put(gate, who, who if gate.sources else None)
        self.cast.unread = unread(self.model, self.matrix.gates.values(), self.cast, self.seen)

    def _sweep(self) -> None:
        """Endpoints without a person in their parameters: one question per kind of viewer."""
        self.emit(Event("phase", {"name": "sweeping the endpoints that need no id"}))
        names, first = self.cast.subjects(), self.cast.subjects()[:2]
        for gate in self.gates:
            if gate.personal or gate.batch:
                continue
            if not gate.shows:
                # It shows nobody's settings: another world is the same to it.
                for viewer in (*first, None) if not self.world else ():
                    if self._decides(gate, viewer, ()):
                        self.put(gate, viewer, None)
                continue
            # owners first: they are what others are compared to
            for viewer in self._readers(gate, names):
                concerned = viewer is not None and any(
                    self._decides(gate, v, (viewer,)) for v in (*names, None)
                )
                if concerned or self._decides(gate, viewer, (*names, NOBODY)):
                    self.put(gate, viewer, None)
                    if gate.sources and self.matrix.doubts(gate.id, viewer):
                        self.put(gate, viewer, None, turn=1)  # another object may tell
            if gate.id in self._answered:
                self._give_up(gate, names)

    def _readers(self, gate: Gate, names: Sequence[str]) -> list[str | None]:
        """Who asks: of what is nobody's, one of each kind, for all of a kind are alike to it."""
        owners = [self.model.policy.resources[name].owner.kind for name in gate.shows]
        if any(kind != "none" for kind in owners):
            return [*names, None]
        kinds: dict[str, str | None] = {}
        for viewer in (*names, None):
            held = self.cast.relations(viewer, NOBODY)
            kinds.setdefault(self.cast.label(held, viewer, NOBODY), viewer)
        return [*kinds.values()]

    def _learn_ids(self) -> bool:
        """Take the owner id of each identity's own list for theirs."""
        learnt = list(own_ids(self.matrix))
        for name, id in learnt:
            self.cast.learn(name, id)
        if learnt:  # what came before is to be looked at again with these eyes
            outside = {endpoint for endpoint, _ in self.matrix.outsiders}
            self._asked = {key for key in self._asked if key.split("|")[0] not in outside}
            self.matrix.hopeless.clear()
            self.matrix.outsiders.clear()
        return bool(learnt)

    def _items(self, who: str) -> None:
        """Endpoints to one owner's objects: the owner first, then everybody else who matters."""
        viewers = [v for v in (None, *self.cast.names()) if v != who]
        for gate in self.gates:
            if not gate.personal or gate.batch or gate.id in self.ignoring:
                continue
            if not any(self._page_decides(gate, viewer, who) for viewer in (who, *viewers)):
                continue
            named = f"{gate.endpoint.method} {gate.endpoint.path} of {who}"
            self.emit(Event("phase", {"name": named}))
            for turn in self.evaluator.turns(gate, who):
                if self.put(gate, who, who, turn=turn) is None:
                    break
                ask_for_nobodys(self, gate, who)
                if gate.id in self.ignoring:
                    break  # it answers about its caller: nothing that `who` shows could come
                deciding = [v for v in viewers if self._page_decides(gate, v, who)]
                if not turn:
                    self._fetch(gate, deciding, who)
                for viewer in deciding:
                    if self._page_decides(gate, viewer, who):
                        self.put(gate, viewer, who, turn=turn)

    def _fetch(self, gate: Gate, viewers: list[str | None], who: str) -> None:
        """Ask as one of each kind of viewer at the same time; `put` then takes the answers."""
        kinds: dict[str, str | None] = {}
        for viewer in viewers if self.together is not None else ():
            label = self.cast.label(self.cast.relations(viewer, who), viewer, who)
            kinds.setdefault(label, viewer)
        jobs: dict[str, Callable[[], Response]] = {}
        filled = fill(gate, self.target, self.knowledge, who) if kinds else None
        if filled is None or filled.bare or (self.pace and self.pace.spares(filled.request)):
            return
        for viewer in kinds.values():
            key = self.key(gate, viewer, who)
            if key not in self._asked and key not in self.replay:
                self._tell(gate, viewer, filled)
                jobs[key] = partial(self.ask, viewer, filled.request)
        if self.together is not None and jobs:
            self.fetched.update(zip(jobs, self.together([*jobs.values()]), strict=True))

    def _page_decides(self, gate: Gate, viewer: str | None, who: str) -> bool:
        """Whether an answer about `who` can decide anything, of theirs or of others on it."""
        page = self._pages.get((gate.id, who))
        if not gate.shows:  # nothing is declared: others than the owner tell by value
            return who in self.cast.subjects()[:2] and viewer in (who, *self.watchers(who))
        if page is None:
            return self._decides(gate, viewer, (who,))
        return any(
            next(self.matrix.undecided(gate.id, viewer, owner, resource), None) is not None
            for owner, resource in page
        )

    def _batches(self) -> None:
        """Endpoints that take many ids at once: one question per viewer decides for all owners."""
        names = self.cast.names()
        for gate in self.gates:
            if not gate.batch:
                continue
            viewers = (*self.cast.subjects(), None)
            for owner in self.cast.subjects():  # their own view first: it is what others compare to
                if any(self._decides(gate, viewer, (owner,)) for viewer in viewers):
                    self.put(gate, owner, None)
            self._give_up(gate, names)
            for viewer in viewers:
                if self._decides(gate, viewer, names):
                    self.put(gate, viewer, None)

    def _other_ways(self) -> None:
        """Undocumented ways that have answered before, in this world too."""
        concerned = (self._changed,) if self._changed else self.cast.subjects()
        plain = {gate.id for gate in self.gates}
        leaking = {key.endpoint for key, _ in self.matrix.leaks()}
        for gate in self.ways:
            if self._changed and gate.operation.id in plain and gate.id not in leaking:
                continue  # it has shown nothing that the documented endpoint does not
            for who in concerned if gate.personal else (None,):
                owner = who or self._changed or None
                for viewer in (owner, *self.watchers(owner)):
                    self.put(gate, viewer, who)

    def _give_up(self, gate: Gate, owners: Iterable[str]) -> None:
        """What an endpoint does not show an owner who asked for it, it cannot tell of them."""
        endpoint = gate.id
        for resource in gate.shows:
            nobodys = self.model.policy.resources[resource].owner.kind == "none"
            for owner in (NOBODY,) if nobodys else owners:
                asked = nobodys or owner in self._answered.get(endpoint, ())
                place = (endpoint, owner, resource)
                shown = self.matrix.own.get(place)
                if asked and not shown and (*place, "") not in self.matrix.witnessed:
                    self.matrix.hopeless.add(place)

    def _decides(self, gate: Gate, viewer: str | None, owners: Iterable[str]) -> bool:
        endpoint = gate.id
        if not gate.shows:  # nothing declared: worth one look for values out of place
            return not self._answered.get(endpoint) or (
                len(self._answered[endpoint]) < 3 and viewer not in self._answered[endpoint]
            )
        return any(
            next(self.matrix.undecided(endpoint, viewer, owner), None) is not None
            for owner in owners
        )

    # ------------------------------------------------------------ asking

    def key(
        self, gate: Gate, viewer: str | None, who: str | None, round: str = "", turn: int = 0
    ) -> str:
        """What names a question in this world."""
        nth = f"{round} value {turn}".strip() if turn else round
        return f"{gate.id}|{viewer or ''}|{who or ''}|{self.world}|{nth}"

    def put(
        self, gate: Gate, viewer: str | None, who: str | None, round: str = "", turn: int = 0
    ) -> Outcome | None:
        """Ask once; None when a parameter has no value yet. Asked before: nothing is sent."""
        key = self.key(gate, viewer, who, round, turn)
        filled = fill(gate, self.target, self.knowledge, who, turn=turn)
        if filled is None:
            return None
        if filled.bare:  # asked again once there is something to fill in
            key += " bare"
        if key in self._asked:
            return Outcome(key, 0)
        if self.pace is not None and (why := self.pace.spares(filled.request)):
            self.why.setdefault(gate.id, why)
            return None
        self._asked.add(key)
        self.probes[key] = (gate, viewer, who, turn)
        known = self.replay.get(key) if who and viewer != who and not gate.how else None
        if known is None:
            answer = self.fetched.pop(key, None) or self.send(gate, viewer, filled)
            known = self.judge(gate, viewer, who, filled, answer, key)
        else:
            self.note(gate, known)
        self._answered.setdefault(gate.id, set()).add(viewer)
        if known.whole:
            self.seen.setdefault((gate.id, who or ""), {})[viewer] = set(known.sighted)
        own = viewer is not None and any(name == viewer for name, _ in known.sighted)
        if own and viewer and not (gate.how or gate.batch or round):
            self.good.setdefault(viewer, (gate, who))
        if viewer == who:
            self._pages.setdefault((gate.id, who or ""), set()).update(known.sighted)
        return known

    def took(
        self, gate: Gate, viewer: str | None, who: str | None, filled: Filled, answer: Response
    ) -> Outcome:
        """Take in an answer that a technique has got by itself, to be confirmed like any other."""
        key = self.key(gate, viewer, who)
        self._asked.add(key)
        self.probes[key] = (gate, viewer, who, 0)
        outcome = self.judge(gate, viewer, who, filled, answer, key)
        self._answered.setdefault(gate.id, set()).add(viewer)
        return outcome

    def judge(
        self,
        gate: Gate,
        viewer: str | None,
        who: str | None,
        filled: Filled,
        answer: Response,
        key: str,
    ) -> Outcome:
        """Take in what an answer shows. `key` names the question; `who`: whose values it held."""
        targets = frozenset(self.cast.names()) if gate.batch else frozenset({who} if who else ())
        place = (gate.id, viewer, who)
        question = self.question(gate, viewer, targets, filled, key)
        self.forms[place] = form_of(answer)
        self.keeping[place] = self._keeping(gate, question, answer)
        if len(self.artefacts) < _MOST_ARTEFACTS:
            found = list(gather(gate, viewer, who, answer, origin_of(self.target)))
            self.artefacts += found
            self.giving |= dict.fromkeys(each.source for each in found)
        outcome = self.evaluator.look(gate, question, answer)
        self.note(gate, outcome)
        return outcome

    def _keeping(self, gate: Gate, question: Question, answer: Response) -> Keeping:
        def values() -> int:
            return governed(self.evaluator.walk(gate, question, answer)[1], self.model.tables)

        return keeping_of(answer, values)

    def watchers(self, who: str | None) -> list[str | None]:
        """One viewer of each kind beside `who`, the least entitled first; for None: of all kinds
        to anybody."""
        kinds: dict[str, str | None] = {}
        for owner in (who,) if who is not None else self.cast.names():
            for viewer in (None, *self.cast.names()):
                if viewer != owner:
                    held = self.cast.relations(viewer, owner)
                    kinds.setdefault(self.cast.label(held, viewer, owner), viewer)
        return list(dict.fromkeys(kinds.values()))

    def say(self, phase: str) -> None:
        """Tell what is being done now."""
        self.emit(Event("phase", {"name": phase}))

    def send(self, gate: Gate, viewer: str | None, filled: Filled) -> Response:
        self._tell(gate, viewer, filled)
        return self.ask(viewer, filled.request)

    def tune(
        self, listen: Listen, gate: Gate, viewer: str | None, filled: Filled, first: bytes = b""
    ) -> Stream:
        """Open a feed as somebody. `first` is sent when it is a WebSocket."""
        self._tell(gate, viewer, filled)
        websocket = is_websocket(gate.operation)
        return listen(viewer, filled.request, websocket=websocket, first=first)

    def _tell(self, gate: Gate, viewer: str | None, filled: Filled) -> None:
        self.called.setdefault(gate.operation.id, set()).update(parameters_in(filled.request))
        self.emit(
            Event(
                "ask",
                {
                    "number": next(self._numbers),
                    "as": viewer or "",
                    "method": gate.endpoint.method,
                    "path": gate.endpoint.path,
                    "request": f"{gate.endpoint.method} {filled.symbolic}",
                },
            )
        )

    def question(
        self, gate: Gate, viewer: str | None, targets: frozenset[str], filled: Filled, key: str
    ) -> Question:
        line = curl(filled, self.credentials(viewer))
        return Question(key, gate.id, viewer, targets, filled.params, filled.sent, line)

    def note(self, gate: Gate, outcome: Outcome) -> None:
        self.matrix.apply(gate.id, outcome)
        self.emit(Event("outcome", {"endpoint": gate.id, "outcome": outcome}))

    # ------------------------------------------------------------ conclusions

    def confirm(self) -> None:
        """Ask again for what was found, as far as it is not confirmed."""
        self.evaluator.take_back()
        confirm(self)
        self.evaluator.take_back()

    # ------------------------------------------------------------ worlds

    def enter(self, world: str, who: str) -> None:
        """Another world, in which something of `who`'s is not as before: ask everything anew."""
        self.world, self._changed = world, who
        self._answered.clear()
        self.seen.clear()
        self.evaluator.forget(who)

    def was_asked(self, gate: Gate) -> bool:
        """Whether a question was put to an endpoint, in any world."""
        asked = (key.partition("|")[0] for key in self._asked)
        return gate.id in self._answered or gate.id in asked

    def has_page(self, gate: Gate, who: str) -> bool:
        """Whether an endpoint ever showed somebody something about their own objects."""
        return bool(self._pages.get((gate.id, who)))

    def reach(self) -> dict[tuple[str, str], bool]:
        """(resource, viewer label) → whether any pair of identities stands so."""
        found = owners_by_viewer(self.model, self.cast)
        return {key: bool(owners) for key, owners in found.items()}
