"""What identities are to each other: begun and ended through the API, when allowed.

A relation of kind look-up says in the contract with which calls it begins and ends. One is begun
only between two who are nothing to one another, seen on a list that is certainly whole, and only
what this run has begun is ended: so what was there before the run stays, and what the run leaves is
as it was even where no beginning or no end works. The journal hears of a beginning before it is
sent, and of the end after it was looked up, like settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from oakum.contract.model import Policy, Relation, Step
from oakum.errors import OakumError
from oakum.scan.asking import fill
from oakum.scan.cast import Cast
from oakum.scan.doors import Gate
from oakum.scan.knowledge import Knowledge
from oakum.scan.relation_lists import Listed, Relations
from oakum.scan.switches import Ask, Flip

SIGN = " of "
"""Stands in the name of a tie, `follower of pia`, and in no name of a setting."""


@dataclass
class Ties:
    """Begins relations between identities, and remembers what to end."""

    policy: Policy
    gates: Mapping[str, Gate]
    """Operation id → gate of every operation that a step or a look-up names."""
    cast: Cast
    knowledge: Knowledge
    target: str
    ask: Ask
    log: Callable[[str, Flip], None]
    pending: list[Flip] = field(default_factory=list)
    why: str = ""
    """Why the last beginning or end that failed did."""
    begun: set[tuple[str, str, str]] = field(default_factory=set)
    """(viewer, relation, owner) of what this run has seen to begin, and not to end."""
    used: set[str] = field(default_factory=set)
    """Operations that something was sent to."""
    _unseen: set[str] = field(default_factory=set)
    """Relations of which a beginning was answered as done and not seen: no other is begun."""
    doubtful: list[str] = field(default_factory=list)
    """What may have been begun and is not ended, in words: it may have been there before."""

    def chances(self) -> list[tuple[str, str, str]]:
        """(viewer, relation, owner) of the cast that may be begun and ended: the one is nothing
        to the other, and where the relation takes others away, neither is to either."""
        takes = {word for each in self.policy.relations.values() for word in each.unless}
        names = self.cast.names()
        return [
            (viewer, word, owner)
            for word, known in self.policy.relations.items()
            if known.begin and known.end
            if all(step.operation in self.gates for step in (*known.begin, *known.end))
            for owner in names
            for viewer in names
            if viewer != owner and not self.cast.ties.get((viewer, owner))
            if word not in takes or not self.cast.ties.get((owner, viewer))
        ]

    def lacking(self) -> tuple[str, ...]:
        """Relations that could be begun and ended, and have no two identities to do it with."""
        able = {word for _, word, _ in self.chances()}
        return tuple(
            word
            for word, known in self.policy.relations.items()
            if known.begin and known.end and word not in able
        )

    def begin(self, viewer: str, relation: str, owner: str) -> bool:
        """Begin a relation that is not there, and see it; False when that was not seen: `why` has
        the words. Remembered until it is ended."""
        if relation in self._unseen:
            self.why = f"a beginning of `{relation}` was answered as done and not seen"
            return False
        known = self.policy.relations[relation]
        before = self._listed(known, viewer, owner)
        if self._says(before, known, viewer, owner) != "no":
            self.why = f"no look-up says that {viewer} is not {relation} of {owner} already"
            if before is not None and not before.whole:
                self.why += f": what `{known.operation}` lists may go on behind what it showed"
            return False
        change = Flip(viewer, f"{relation}{SIGN}{owner}", False, True)
        self.log("flip", change)
        self.pending.append(change)
        walked = self._walk(known.begin, viewer, owner)
        after = self._listed(known, viewer, owner)
        if before is not None and after is not None and before.ids - after.ids:
            self._leave(change)  # a list that lost a row may show no more than its newest
            return False
        if not walked or self._says(after, known, viewer, owner) != "yes":
            self.why = f"{viewer} was not seen to become {relation} of {owner}"
            if not walked:
                self.undo(change)
                return False
            # Answered as done and not shown: it may be shown late, or wait for a yes. It was not
            # there before, so it is ended unseen, and looked up once more when the run ends.
            self._unseen.add(relation)
            with suppress(OakumError):
                self._walk(known.end, viewer, owner)
            return False
        self.begun.add((viewer, relation, owner))
        self._tie(viewer, relation, owner, held=True)
        return True

    def _leave(self, change: Flip) -> None:
        """Neither end what was begun nor remember to: nobody knows that it was not there before."""
        self.why = (
            f"when {change.identity} became {change.state}, the list showed somebody else no more:"
            " it may hold its newest alone"
        )
        self.doubtful.append(f"{self.why}, so it was not ended; {self._left(change)}")
        self.pending = [each for each in self.pending if each != change]
        with suppress(OakumError):  # a resumed run is not to end it either
            self.log("restored", change)

    def end(self, viewer: str, relation: str, owner: str) -> bool:
        """End a relation that this run has begun; False when the API did not do it. Of any other
        nothing is sent: what was not seen to begin might not begin again."""
        if (viewer, relation, owner) not in self.begun:
            self.why = f"the run has not seen {viewer} become {relation} of {owner}"
            return False
        known = self.policy.relations[relation]
        done = self._walk(known.end, viewer, owner) and self._stands(known, viewer, owner) != "yes"
        if done:
            self._tie(viewer, relation, owner, held=False)
        else:
            self.why = f"the API did not end `{relation}` of {viewer} to {owner}"
        return done

    def take_back(self, viewer: str, relation: str, owner: str) -> bool:
        """Make two be to one another what they were before `begin`; a failure stays for the end."""
        state = f"{relation}{SIGN}{owner}"
        done = True
        for each in [e for e in self.pending if (e.identity, e.state) == (viewer, state)]:
            done = self.undo(each) and done
        return done

    def undo(self, change: Flip) -> bool:
        """End what was begun, or begin again what an older run had ended; False when it could not
        be, or was not seen to be."""
        relation, _, owner = change.state.partition(SIGN)
        viewer, known = change.identity, self.policy.relations.get(relation)
        if known is None or not {viewer, owner} <= self.cast.ids.keys():
            return False
        wanted, steps = ("yes", known.begin) if change.before else ("no", known.end)
        try:
            if self._stands(known, viewer, owner) != wanted:
                with suppress(OakumError):  # it may be done all the same
                    self._walk(steps, viewer, owner)
                if self._stands(known, viewer, owner) != wanted:
                    return False
            self._tie(viewer, relation, owner, held=bool(change.before))
        except OakumError:
            return False
        self.begun.discard((viewer, relation, owner))
        self.pending = [each for each in self.pending if each != change]
        with suppress(OakumError):  # what a journal still holds is taken back once more
            self.log("restored", change)
        return True

    def restore(self) -> tuple[str, ...]:
        """Take everything back, last first; says in words what could not be. Never raises."""
        failed = [each for each in reversed(self.pending) if not self.undo(each)]
        self.pending.clear()
        doubtful, self.doubtful = tuple(self.doubtful), []
        return (*map(self._left, failed), *doubtful)

    def _left(self, change: Flip) -> str:
        relation, _, owner = change.state.partition(SIGN)
        known = self.policy.relations.get(relation)
        steps = (known.begin if change.before else known.end) if known is not None else ()
        by_hand = "; then ".join(
            f"{gate.operation.method} {gate.operation.path} as"
            f" {change.identity if step.by == 'caller' else owner}"
            for step in steps
            if (gate := self.gates.get(step.operation))
        )
        was = "made {} again" if change.before else "seen to be no longer {}"
        return f"{change.identity} could not be {was.format(change.state)}: do it by hand" + (
            f" ({by_hand})" if by_hand else ""
        )

    def _walk(self, steps: tuple[Step, ...], viewer: str, owner: str) -> bool:
        for step in steps:
            asking, asked = (viewer, owner) if step.by == "caller" else (owner, viewer)
            filled = fill(self.gates[step.operation], self.target, self.knowledge, asked)
            self.used.add(step.operation)
            if filled is None or not 200 <= self.ask(asking, filled.request).status < 300:
                return False
        return True

    def _stands(self, relation: Relation, viewer: str, owner: str) -> str:
        """`yes` or `no` as the look-up says, asked by the one whose list it is; `unknown`."""
        return self._says(self._listed(relation, viewer, owner), relation, viewer, owner)

    def _listed(self, relation: Relation, viewer: str, owner: str) -> Listed | None:
        whose = owner if relation.of == "owner" else viewer
        lists = Relations(self.policy, self.gates, self.cast, self.knowledge, self.target, self.ask)
        return lists.of(relation.name, whose)

    def _says(self, found: Listed | None, relation: Relation, viewer: str, owner: str) -> str:
        other = viewer if relation.of == "owner" else owner
        if found is None:
            return "unknown"
        if found.ids & self.cast.ids[other]:
            return "yes"
        return "no" if found.whole else "unknown"

    def _tie(self, viewer: str, relation: str, owner: str, *, held: bool) -> None:
        known = self.cast.ties.get((viewer, owner), frozenset())
        self.cast.retie(viewer, owner, known | {relation} if held else known - {relation})
