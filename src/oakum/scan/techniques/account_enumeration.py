"""Account enumeration: what endpoints tell about a named person before a login (P5, P13).

Login, its first step, password reset, look-up by address: each is requested for a person who has an
account and for one who has none (`scan.discovery.comparison`). The responses are also searched for
fields of the person: CWE-209, CWE-201. A wrong secret is sent at most once for an identity in a
run. No account is registered here: `accounts` does that. If the texts are alike and the first times
differ, times are compared, as a hint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from oakum.errors import TargetError
from oakum.exposure.cells.matrix import Outcome, state_key
from oakum.exposure.cells.withdrawn_findings import why_not_theirs_alone
from oakum.exposure.leak_signal import Signal
from oakum.finding import Evidence, Result, State
from oakum.scan.coverage.untested import Section
from oakum.scan.discovery.account_comparison import ComparedAnswer, Comparison
from oakum.scan.discovery.response_differences import (
    Feature,
    describe_differences,
    holds,
    is_echo,
    texts,
)
from oakum.scan.discovery.response_times import ENOUGH, far_apart, hint
from oakum.scan.engine import Engine, Kind
from oakum.scan.requests.builder import curl, variable
from oakum.scan.requests.person_operations import PersonOperation, person_operations
from oakum.scan.requests.person_requests import NamedPerson, Strangers, Wording, own_value
from oakum.scan.technique import Line, Prospect

HOW = "account-enumeration"
RULES: frozenset[str] = frozenset({"account-enumeration", "pre-login-disclosure"})
OPENS_WAYS = False
ORACLE = "oracle"
"""`Signal.how` of a difference that reveals who has an account."""

_REFUSED = (401, 403)
_UNTRIED = (400, 404, 409, 410, 415, 422, 423, 428, 429)
"""Statuses that reject the request itself, whoever it names."""
_MOST_GROUPS = 4


def run(engine: Engine) -> None:
    """Tests every operation that takes a person's name; anonymously first."""
    engine.say("comparing responses about existing and unknown accounts")
    table, asked = _Table(engine), False
    for operation in person_operations(
        engine.model, engine.state.probes, HOW, writes=engine.context.may.writes
    ):
        if operation.kind == "register":
            continue
        asked = True
        try:
            table.hear(operation)
        except TargetError as error:  # a login's rate limit must not end the run
            engine.results.remark(f"{_endpoint_name(operation)} was interrupted: {error}")
    if asked and not table.compared:
        why = (
            "the contract shows every caller the field that names a person"
            if table.is_public
            else "nothing was asked about somebody with an account and somebody without"
        )
        engine.results.note_gap(HOW, why, Section.RULES)


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each operation and each place in it that names a person."""
    why = {
        "read": "whether it reveals who has an account, and what else it reveals about them",
        "mail": "whether it reveals who has an account, and what else it reveals about them",
        "login": "the same with a wrong secret, at most once per identity",
    }
    for operation in person_operations(
        prospect.model, prospect.probes, HOW, writes=prospect.may.writes
    ):
        if operation.kind == "register":
            continue
        unknown = ", and with some that no account has"
        own = f"an identity's own `{operation.slot.at[-1]}`"
        yield {
            "as": "nobody logged in"
            + ("" if operation.probe.operation.anonymous else ", and others"),
            "request": f"{_endpoint_name(operation)}  with {own}{unknown}",
            "why": why[operation.kind],
        }


def _refuses(heard: Sequence[ComparedAnswer]) -> bool:
    return all(each.answer.status in _UNTRIED for each in heard)


def _endpoint_name(operation: PersonOperation) -> str:
    return f"{operation.probe.endpoint.method} {operation.probe.endpoint.path}"


@dataclass(frozen=True)
class _Group:
    """Owners with the same relation to a viewer, in the same state."""

    viewer: str | None
    label: str
    resource: str
    field: str
    """The owners' field whose value names them."""
    state: State
    hidden: bool
    """Whether the contract hides the field from this viewer."""
    owners: Mapping[str, str]
    """Owner → the value that names them."""


@dataclass
class _Table:
    """The tests of all operations that take a person's name."""

    engine: Engine
    tried: set[str] = field(default_factory=set)
    """Identities for which a wrong secret was sent."""

    def __post_init__(self) -> None:
        engine = self.engine
        self._wording = Wording(engine.model, engine.knowledge, engine.target)
        self._strangers = Strangers()
        self._shut: set[str] = set()
        """Operations after which somebody could not log in any more: not asked again."""
        self._let_in: dict[tuple[str, str], bool] = {}
        """(operation, identity) that may send mail → whether the login let them in before."""
        self._numbers = count(1)
        self.compared = False
        """Whether answers about somebody and about nobody were compared."""
        self.is_public = False
        """Whether an operation was asked by a name that the contract shows to its caller."""

    def hear(self, operation: PersonOperation) -> None:
        """Tests one operation anonymously, and as other viewers if it needs a login or shows
        people."""
        self.engine.matrix.open(operation.probe)
        groups = self._groups(operation)
        if operation.kind == "login":
            groups = [each for each in groups if each.viewer is None][:1]
        public = operation.probe.operation.anonymous and not operation.probe.shows
        for group in groups:
            if group.viewer is not None and public:
                break
            heard = self._ask(operation, group)
            self._compare_words(operation, group, heard)
            refused = any(each.answer.status in _REFUSED for each in heard)
            public = public and not (refused and group.viewer is None)

    def _groups(self, operation: PersonOperation) -> list[_Group]:
        """Every kind of viewer with owners of one kind, nobody logged in first."""
        engine = self.engine
        owners = engine.identities.subjects()
        if operation.kind != "read":
            owners.reverse()  # start with the owners that other tests depend on least
        named = {
            who: own_value(engine.knowledge, engine.model, operation.slot, who) for who in owners
        }
        found: dict[tuple[Kind, str, State, bool], dict[str | None, dict[str, str]]] = {}
        for viewer in (None, *engine.identities.names()):
            for who, (source, value) in named.items():
                if value and who != viewer:
                    key = self._kind(source, viewer, who)
                    found.setdefault(key, {}).setdefault(viewer, {})[who] = value
        groups: list[_Group] = []
        for (kind, source, state, hidden), viewers in found.items():
            viewer = max(viewers, key=lambda each: (each is None, len(viewers[each])))
            resource, _, path = source.partition(".")
            group = _Group(viewer, kind.label, resource, path, state, hidden, viewers[viewer])
            groups.append(group)
        groups.sort(key=lambda each: (each.viewer is not None, not each.hidden))
        return groups[:_MOST_GROUPS]

    def _kind(self, source: str, viewer: str | None, who: str) -> tuple[Kind, str, State, bool]:
        """A key that is equal for interchangeable pairs of viewer and owner."""
        resource, _, path = source.partition(".")
        return (
            self.engine.kind(viewer, who), source, self._state(resource, path, who),
            not self.engine.may_see(resource, path, viewer, who),
        )  # fmt: skip

    def _state(self, resource: str, path: str, who: str) -> State:
        engine = self.engine
        return state_key(engine.model.tables[resource], path, engine.matrix.state(resource, who))

    # ---------------------------------------------------------- requests

    def _ask(self, operation: PersonOperation, group: _Group) -> list[ComparedAnswer]:
        """All responses of one operation to one kind of viewer, judged and compared."""
        names = [
            who for who in group.owners if not (operation.kind == "login" and who in self.tried)
        ]
        if not names or (operation.kind == "read" and operation.probe.shows and not group.hidden):
            return []  # an ordinary endpoint, which the run has tested already
        if group.hidden:
            heard = self._compare(operation, group, names[:2])
        else:
            heard = self.ask(operation, group, names[0])
            self.is_public |= bool(heard)
        about = [each for each in heard if each.who]
        found = [each.who for each in about if self._look(operation, group, each)]
        if len(found) == 1:  # a single observation proves nothing
            others = [who for who in names[:2] if who not in {each.who for each in about}]
            for who in (others or ([] if operation.kind == "login" else found))[:1]:
                again = self.ask(operation, group, who)
                heard = [*heard, *again]
                for each in again:
                    self._look(operation, group, each)
        return heard

    def _compare(
        self, operation: PersonOperation, group: _Group, names: Sequence[str]
    ) -> list[ComparedAnswer]:
        """Compares responses, reports what differs, and returns all of them."""
        made = Comparison(
            lambda who, nth: self.ask(operation, group, who, nth),
            names,
            once=operation.kind == "login",
            halts=lambda heard: operation.probe.operation.id in self._shut,
        )
        found = made.run()
        self.compared |= len({bool(each.who) for each in made.heard}) > 1
        if found:
            heard = next(each for each in made.heard if each.who)
            self.tell(operation, group, heard, found, sure=not made.alone)
        elif why := made.why_unsettled:
            if not self.engine.model.rule(operation.probe.operation.id).untested:
                why += ", so it is unknown whether it reveals accounts"
                self.engine.results.note_gap(_endpoint_name(operation), why)
        elif made.alike and operation.kind == "mail" and _refuses(made.heard):
            why = "all requests are refused alike, so it is unknown whether it reveals accounts"
            self.engine.results.note_gap(operation.probe.endpoint, why, Section.WRITES)
        elif made.alike and operation.kind == "read":
            self._time(operation, made, names[0])
        return made.heard

    def _time(self, operation: PersonOperation, made: Comparison, one: str) -> None:
        """Compare times, where asking again costs nobody anything and the first two are apart."""
        if not far_apart(*made.times()):
            return
        for nth in range(1, ENOUGH):
            turn = [(one, 0), ("", nth)]
            # vary the order, so that it does not bias the times
            made.ask(*(turn if nth % 3 else turn[::-1]))
            if not far_apart(*made.times()):
                return
        if told := hint(*made.times()):
            self.engine.results.remark(f"{_endpoint_name(operation)}: {told}")

    def ask(
        self, operation: PersonOperation, group: _Group, who: str, nth: int = 0
    ) -> list[ComparedAnswer]:
        """Sends the request about `who`, or about the `nth` non-existing person if empty; returns
        an empty list if it cannot be built."""
        like = who or next(iter(group.owners))
        symbol = variable(like, f"{group.resource}.{group.field}")
        value = group.owners[like]
        if not who:
            value = self._strangers.like(value, nth)
            symbol = "$NOBODYS_" + symbol[1:].partition("_")[2]
        filled = self._wording.ask(operation, NamedPerson(value, symbol, like))
        if filled is None or (not who and value in group.owners.values()):
            return []
        if who and operation.kind == "login":
            self.tried.add(who)
        if operation.probe.operation.id in self._shut:
            return []
        checks = operation.kind == "mail" and bool(who) and self._is_first(operation, who)
        answer, pace = (
            self.engine.send(operation.probe, group.viewer, filled),
            self.engine.context.pace,
        )
        if checks:
            self._look_after(operation, who)
        return [ComparedAnswer(who, filled, answer, pace.took if pace else 0.0)]

    def _is_first(self, operation: PersonOperation, who: str) -> bool:
        """Whether an identity is named to an operation for the first time, and can log in
        so far."""
        provisioned, place = self.engine.context.provisioned, (operation.probe.operation.id, who)
        if provisioned is None or place in self._let_in:
            return False
        self._let_in[place] = provisioned.identity_is_let_in(who) is True
        return self._let_in[place]

    def _look_after(self, operation: PersonOperation, who: str) -> None:
        """Checks that an identity can still log in, since an operation that should send an e-mail
        may reset the password."""
        provisioned = self.engine.context.provisioned
        if provisioned is not None and provisioned.identity_is_let_in(who) is False:
            self._shut.add(operation.probe.operation.id)
            self.engine.results.doubt(
                f"`{who}` can no longer log in after {_endpoint_name(operation)}, which seems to"
                " set a new password instead of sending an email: set the old one by hand"
            )

    # --------------------------------------------------------------- reading responses

    def _look(self, operation: PersonOperation, group: _Group, heard: ComparedAnswer) -> bool:
        """Judges the personal data in a response, without echoes; returns whether it may
        have any."""
        engine, probe = self.engine, operation.probe
        key = f"{probe.id}|{group.viewer or ''}|{heard.who}|{HOW} {next(self._numbers)}"
        targets = frozenset({heard.who})
        question = engine.question(probe, group.viewer, targets, heard.filled, key)
        outcome = engine.evaluator.look(engine.evaluator.judge(probe, question, heard.answer))
        leaks = tuple(
            seen
            for seen in outcome.observations
            if seen.result is Result.LEAK
            and any(
                not is_echo(value, heard.filled.sent)
                for value in engine.knowledge.own.get(
                    (seen.owner, seen.key.resource, seen.key.field), ()
                )
            )
        )
        engine.record(probe, Outcome(key, heard.answer.status, leaks))
        return bool(leaks) or any(True for _ in self._words(group, heard))

    def _words(
        self, group: _Group, heard: ComparedAnswer
    ) -> Iterator[tuple[tuple[str, ...], str, str, str]]:
        """(place, resource, field, value) of own values of the person named that the contract
        hides from this viewer, however short, but for times of the last minutes and others that
        vary by themselves."""
        engine = self.engine
        varies = engine.knowledge.ambient.varies
        hidden = [
            (resource, path, value)
            for (name, resource, path), values in engine.knowledge.own.items()
            if name == heard.who and not engine.may_see(resource, path, group.viewer, name)
            if not varies((resource, path))
            for value in values
            if not is_echo(value, heard.filled.sent)
        ]
        for at, text in texts(heard.answer, heard.filled.sent):
            for resource, path, value in hidden:
                if holds(text, value):
                    yield at, resource, path, value

    def _compare_words(
        self, operation: PersonOperation, group: _Group, heard: Sequence[ComparedAnswer]
    ) -> None:
        """Compares values that prove little alone: two people's own values, each in the response
        about them."""
        engine = self.engine
        said: dict[tuple[tuple[str, ...], str, str], dict[str, tuple[str, ComparedAnswer]]] = {}
        for each in heard:
            for at, resource, path, value in self._words(group, each) if each.who else ():
                said.setdefault((at, resource, path), {}).setdefault(each.who, (value, each))
        known = {(key.resource, key.field, key.viewer) for key, _ in engine.matrix.leaks()}
        for (_, resource, path), by in said.items():
            values = {value for value, _ in by.values()}
            if len(values) < 2 or (resource, path, group.label) in known:
                continue
            known.add((resource, path, group.label))
            who, (_, first) = next(iter(by.items()))
            evidence = self._evidence(group, first, "two people's own values in the same place")
            theirs = (((name, resource, path), text) for name, (text, _) in by.items())
            doubts = (self._doubt(group, place, text) for place, text in theirs)
            doubt = next(filter(None, doubts), "")
            engine.results.report(
                Signal(
                    HOW, resource, path, group.label, operation.probe.endpoint, evidence,
                    self._state(resource, path, who), group.viewer, not doubt, doubt=doubt,
                )
            )  # fmt: skip

    def _doubt(self, group: _Group, place: tuple[str, str, str], value: str) -> str:
        """Why a value of somebody's may be there for another reason; empty if nothing says so."""
        held = self.engine.identities.relations(group.viewer, place[0])
        return why_not_theirs_alone(self.engine.knowledge, value, held, place)

    def tell(
        self,
        operation: PersonOperation,
        group: _Group,
        heard: ComparedAnswer,
        features: frozenset[Feature],
        *,
        sure: bool,
    ) -> None:
        """Reports that responses reveal whether an account exists."""
        says = describe_differences(features)
        note = f"compared for an existing and for made-up accounts of the same form: {says}"
        self.engine.results.report(
            Signal(
                ORACLE, group.resource, group.field, group.label, operation.probe.endpoint,
                self._evidence(group, heard, note), group.state, group.viewer, sure, says,
            )
        )  # fmt: skip

    def _evidence(self, group: _Group, heard: ComparedAnswer, note: str) -> Evidence:
        engine = self.engine
        side = engine.evaluator.side(group.viewer, group.label, heard.answer)
        return Evidence(
            None, side, curl(heard.filled, engine.context.credentials(group.viewer)), note=note
        )
