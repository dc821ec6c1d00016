"""Talk before the door: what is said of a person to whoever names them (P5, P13 of the catalogue).

A login, its first step, a forgotten password, a look-up by address: each is asked about somebody
who has an account and about somebody who has none, in the order 0110 1001 (Thue and Morse), so
that what changes by itself, or takes turns, is not taken for a difference. A stable difference
tells who has an account: CWE-204. The answers themselves are searched for fields of the person:
CWE-209, CWE-201. A wrong secret is given at most once for an identity in a run. Registering is
tried with what is taken already; with what is free only where the secret that is left out is seen
to be missed. Where the words are alike and the first times are not, times are compared: a hint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from oakum.errors import TargetError
from oakum.exchange import Response
from oakum.finding import Evidence, Result, State
from oakum.scan.asking import Filled, curl, variable
from oakum.scan.contacts import Talk, talks
from oakum.scan.contrast import (
    Feature,
    Features,
    differences,
    holds,
    is_echo,
    outline,
    take_apart,
    texts,
    told,
)
from oakum.scan.engine import Engine
from oakum.scan.matrix import Outcome, state_key
from oakum.scan.signals import Signal
from oakum.scan.technique import Line, Prospect
from oakum.scan.timing import ENOUGH, far_apart, hint
from oakum.scan.wording import Named, Strangers, Wording, own_value

HOW = "talk"
ORACLE = "oracle"
"""What signals call a difference that tells who has an account."""

_REFUSED = (401, 403)
_MOST_GROUPS = 4


def run(engine: Engine) -> None:
    """Ask every operation that talks about somebody; first as nobody."""
    engine.say("talking about people before the door")
    table = _Table(engine)
    for talk in talks(engine.model, engine.gates, HOW, writes=engine.may.writes):
        try:
            table.hear(talk)
        except TargetError as error:  # a login that brakes is no reason to end a run
            engine.notes.append(f"{_called(talk)} was left in the middle: {error}")


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each operation and each place in it that names a person."""
    why = {
        "read": "whether it tells who has an account, and what else it says of them",
        "mail": "whether it tells who has an account, and what else it says of them",
        "login": "the same, with a wrong secret, at most once for an identity",
        "register": "what it says of who has taken a name or an address",
    }
    for talk in talks(prospect.model, prospect.gates, HOW, writes=prospect.may.writes):
        unknown = ", and with some that are nobody's"
        if talk.kind == "register":
            unknown = f"{unknown} and no secret" if talk.secret else ""
        yield {
            "as": "nobody logged in" + ("" if talk.gate.operation.anonymous else ", and others"),
            "request": f"{_called(talk)}  with an identity's own `{talk.slot.at[-1]}`{unknown}",
            "why": why[talk.kind],
        }


def _called(talk: Talk) -> str:
    return f"{talk.gate.door.method} {talk.gate.door.path}"


@dataclass(frozen=True)
class _Group:
    """Owners who are the same to a viewer, and in the same state."""

    viewer: str | None
    label: str
    resource: str
    field: str
    """The field of theirs that names them."""
    state: State
    hidden: bool
    """The contract does not show the field to this viewer."""
    owners: Mapping[str, str]
    """Owner → the value that names them."""


@dataclass(frozen=True)
class _Heard:
    """One answer; `who`: whom the question named, empty for nobody."""

    who: str
    filled: Filled
    answer: Response
    took: float = 0.0
    """Seconds."""


@dataclass
class _Table:
    """All that is talked about in a run."""

    engine: Engine
    tried: set[str] = field(default_factory=set)
    """Identities for which a wrong secret was given."""

    def __post_init__(self) -> None:
        engine = self.engine
        self._wording = Wording(engine.model, engine.knowledge, engine.target)
        self._strangers = Strangers()
        self._numbers = count(1)
        self._registered: set[str] = set()

    def hear(self, talk: Talk) -> None:
        """Ask one operation as nobody; as others where it wants a login, or shows people."""
        if talk.kind == "register" and talk.gate.operation.id in self._registered:
            return  # one question holds all its places
        self._registered.add(talk.gate.operation.id)
        self.engine.matrix.open(talk.gate)
        groups = self._groups(talk)
        if talk.kind in ("login", "register"):
            groups = [each for each in groups if each.viewer is None][:1]
        public = talk.gate.operation.anonymous and not talk.gate.shows
        for group in groups:
            if group.viewer is not None and public:
                break
            heard = self._ask(talk, group)
            self._compare_words(talk, group, heard)
            refused = any(each.answer.status in _REFUSED for each in heard)
            public = public and not (refused and group.viewer is None)

    def _groups(self, talk: Talk) -> list[_Group]:
        """Every kind of viewer with owners of one kind, nobody logged in first."""
        engine = self.engine
        owners = engine.cast.subjects()
        if talk.kind != "read":
            owners.reverse()  # those on whom least depends
        named = {who: own_value(engine.knowledge, engine.model, talk.slot, who) for who in owners}
        found: dict[tuple[str, str, State, bool], dict[str | None, dict[str, str]]] = {}
        for viewer in (None, *engine.cast.names()):
            for who, (source, value) in named.items():
                if value and who != viewer:
                    key = self._kind(source, viewer, who)
                    found.setdefault(key, {}).setdefault(viewer, {})[who] = value
        groups: list[_Group] = []
        for (label, source, state, hidden), viewers in found.items():
            viewer = max(viewers, key=lambda each: (each is None, len(viewers[each])))
            resource, _, path = source.partition(".")
            groups.append(_Group(viewer, label, resource, path, state, hidden, viewers[viewer]))
        groups.sort(key=lambda each: (each.viewer is not None, not each.hidden))
        return groups[:_MOST_GROUPS]

    def _kind(self, source: str, viewer: str | None, who: str) -> tuple[str, str, State, bool]:
        """What makes one pair of viewer and owner like another."""
        cast, matrix = self.engine.cast, self.engine.matrix
        resource, _, path = source.partition(".")
        label = cast.label(cast.relations(viewer, who), viewer, who)
        return (
            label, source, self._state(resource, path, who),
            not matrix.sees(resource, path, viewer, who),
        )  # fmt: skip

    def _state(self, resource: str, path: str, who: str) -> State:
        engine = self.engine
        return state_key(engine.model.tables[resource], path, engine.matrix.state(resource, who))

    # ------------------------------------------------------------ asking

    def _ask(self, talk: Talk, group: _Group) -> list[_Heard]:
        """Every answer of one operation to one kind of viewer, looked at and compared."""
        names = [who for who in group.owners if not (talk.kind == "login" and who in self.tried)]
        if not names or (talk.kind == "read" and talk.gate.shows and not group.hidden):
            return []  # a door like any other: it was asked already
        if talk.kind == "register":
            heard = self._register(talk, group, names[:2])
        elif group.hidden:
            heard = _Comparison(self, talk, group, names[:2]).run()
        else:
            heard = self.ask(talk, group, names[0])
        about = [each for each in heard if each.who]
        found = [each.who for each in about if self._look(talk, group, each)]
        if len(found) == 1:  # seen once is not proven
            others = [who for who in names[:2] if who not in {each.who for each in about}]
            for who in (others or ([] if talk.kind == "login" else found))[:1]:
                again = self.ask(talk, group, who)
                heard = [*heard, *again]
                for each in again:
                    self._look(talk, group, each)
        return heard

    def _register(self, talk: Talk, group: _Group, names: Sequence[str]) -> list[_Heard]:
        """What is taken, all filled in; then without a secret, if that is refused for its own sake:
        so asked, what is free makes no account either."""
        heard = self.ask(talk, group, names[0])
        if any(each.answer.status < 400 for each in heard):
            self.engine.notes.append(f"{_called(talk)} did not refuse what is taken already")
        elif heard and talk.secret and group.hidden:
            bare = replace(talk, secret=False)
            without = self.ask(bare, group, names[0])
            for each in without:
                missed = outline(each.answer) != outline(heard[0].answer)
                if missed and 400 <= each.answer.status < 500:
                    heard += _Comparison(self, bare, group, names).run()
        return heard

    def ask(self, talk: Talk, group: _Group, who: str, nth: int = 0) -> list[_Heard]:
        """Send the question about `who`, or about the `nth` nobody where that is empty; an empty
        list when it cannot be worded."""
        like = who or next(iter(group.owners))
        symbol = variable(like, f"{group.resource}.{group.field}")
        value = group.owners[like]
        if not who:
            value = self._strangers.like(value, nth)
            symbol = "$NOBODYS_" + symbol[1:].partition("_")[2]
        filled = self._wording.ask(talk, Named(value, symbol, like))
        if filled is None or (not who and value in group.owners.values()):
            return []
        if who and talk.kind == "login":
            self.tried.add(who)
        answer, pace = self._send(talk, group, filled), self.engine.pace
        return [_Heard(who, filled, answer, pace.took if pace else 0.0)]

    def _send(self, talk: Talk, group: _Group, filled: Filled) -> Response:
        engine = self.engine
        if talk.kind == "register" and engine.newcomers is not None:
            return engine.newcomers.expect(
                filled.request, lambda: engine.send(talk.gate, group.viewer, filled)
            )
        return engine.send(talk.gate, group.viewer, filled)

    # ------------------------------------------------------------ what an answer holds

    def _look(self, talk: Talk, group: _Group, heard: _Heard) -> bool:
        """Take in what an answer shows of people, echoes left out; whether it may show any."""
        engine, gate = self.engine, talk.gate
        key = f"{gate.id}|{group.viewer or ''}|{heard.who}|{HOW} {next(self._numbers)}"
        targets = frozenset({heard.who})
        question = engine.question(gate, group.viewer, targets, heard.filled, key)
        outcome = engine.lookout.look(gate, question, heard.answer)
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
        engine.note(gate, Outcome(key, heard.answer.status, leaks))
        return bool(leaks) or any(True for _ in self._words(group, heard))

    def _words(
        self, group: _Group, heard: _Heard
    ) -> Iterator[tuple[tuple[str, ...], str, str, str]]:
        """(place, resource, field, value) of own values of the person named that the contract
        hides from this viewer, however short."""
        engine = self.engine
        hidden = [
            (resource, path, value)
            for (name, resource, path), values in engine.knowledge.own.items()
            if name == heard.who and not engine.matrix.sees(resource, path, group.viewer, name)
            for value in values
            if not is_echo(value, heard.filled.sent)
        ]
        for at, text in texts(heard.answer, heard.filled.sent):
            for resource, path, value in hidden:
                if holds(text, value):
                    yield at, resource, path, value

    def _compare_words(self, talk: Talk, group: _Group, heard: Sequence[_Heard]) -> None:
        """Values that say little by themselves: two people's own, each in the answer about them."""
        engine = self.engine
        said: dict[tuple[tuple[str, ...], str, str], dict[str, tuple[str, _Heard]]] = {}
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
            engine.signals.append(
                Signal(
                    HOW, resource, path, group.label, talk.gate.door, evidence,
                    self._state(resource, path, who), group.viewer,
                )
            )  # fmt: skip

    def tell(
        self, talk: Talk, group: _Group, heard: _Heard, features: frozenset[Feature], *, sure: bool
    ) -> None:
        """Whether somebody has an account is told here."""
        says = told(features)
        note = f"asked about somebody, and about nobodies of the same look: {says}"
        self.engine.signals.append(
            Signal(
                ORACLE, group.resource, group.field, group.label, talk.gate.door,
                self._evidence(group, heard, note), group.state, group.viewer, sure, says,
            )
        )  # fmt: skip

    def _evidence(self, group: _Group, heard: _Heard, note: str) -> Evidence:
        engine = self.engine
        side = engine.lookout.side(group.viewer, group.label, heard.answer)
        return Evidence(None, side, curl(heard.filled, engine.credentials(group.viewer)), note=note)


class _Comparison:
    """Answers about somebody and about nobody, until it is decided whether they differ."""

    def __init__(self, table: _Table, talk: Talk, group: _Group, names: Sequence[str]) -> None:
        self._table = table
        self._talk = talk
        self._group = group
        self._one, self._other = names[0], names[-1]
        self._once = talk.kind == "login"
        """A second answer about the same person would cost another wrong secret."""
        self._heard: list[_Heard] = []

    def run(self) -> list[_Heard]:
        """All answers heard; what they tell is told.

        Two questions are enough where the answers are alike, four where they differ by themselves,
        eight to be sure; six where a wrong secret goes with them.
        """
        self._ask(("", 0))
        if self._makes_accounts() or not self._ask((self._one, 0)):
            return self._heard
        if not self._differ():
            self._time()
            return self._heard
        alone = self._once and self._other == self._one
        self._ask(*([] if alone else [(self._other, 0)]), ("", 1))
        if not self._differ(doubtful=True):
            return self._heard
        first, begun = self._differ(), len(self._heard)
        if self._once:
            self._ask(("", 2), ("", 3))
            sure = self._differ()
        else:
            self._ask((self._one, 0), ("", 0), ("", 1), (self._other, 0))
            sure = (first & self._differ(begun)) | self._differ()
        if sure:
            heard = next(each for each in self._heard if each.who)
            self._table.tell(self._talk, self._group, heard, sure, sure=not alone)
        return self._heard

    def _time(self) -> None:
        """Compare times, where asking again costs nobody anything and the first two are apart."""
        if self._talk.kind != "read" or not far_apart(*self._times()):
            return
        for nth in range(1, ENOUGH):
            turn = [(self._one, 0), ("", nth)]
            self._ask(*(turn if nth % 3 else turn[::-1]))  # no turn-taking is told for them
            if not far_apart(*self._times()):
                return
        if told := hint(*self._times()):
            self._table.engine.notes.append(f"{_called(self._talk)}: {told}")

    def _times(self) -> tuple[list[float], list[float]]:
        """Seconds for answers about somebody, and about nobody."""
        known = [each.took for each in self._heard if each.who]
        return known, [each.took for each in self._heard if not each.who]

    def _makes_accounts(self) -> bool:
        made = self._talk.kind == "register" and any(e.answer.status < 400 for e in self._heard)
        if made:
            self._table.engine.notes.append(
                f"{_called(self._talk)} did not refuse to register without a secret: an account"
                " may have been made"
            )
        return made

    def _ask(self, *about: tuple[str, int]) -> bool:
        """Ask about each (who, which nobody) in turn; whether all could be asked."""
        asked = [self._table.ask(self._talk, self._group, who, nth) for who, nth in about]
        self._heard += [heard for each in asked for heard in each]
        return all(asked) and bool(self._heard)

    def _differ(self, begun: int = 0, *, doubtful: bool = False) -> frozenset[Feature]:
        """What tells the two sides apart in the answers from the `begun`th on."""
        sent = {value for each in self._heard for value in each.filled.sent}
        known: dict[str, list[Features]] = {}
        unknown: list[Features] = []
        for each in self._heard[begun:]:
            features = take_apart(each.answer, sent)
            if each.who:
                known.setdefault(each.who, []).append(features)
            else:
                unknown.append(features)
        return differences(known, unknown, doubtful=doubtful)
