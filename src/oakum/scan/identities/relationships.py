"""Begins and ends relationships between identities through the API, when allowed.

A relation of kind look-up says in the contract with which calls it begins and ends. One is begun
only between two identities that have no relation, as a list that is certainly complete shows, and
only what this run has begun is ended. So relations from before the run stay, even if the calls do
not work. The journal records a beginning before it is sent, and the end after it was looked up,
like settings.

An API may do more than it is asked: a follow that is mutual, an end that ends others too. So the
lists of all identities are read before a beginning, after it and after the end; any other change is
found at once and undone like the rest. After the first beginning or end that was accepted and is
not visible, no further one of its relation is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from oakum.errors import OakumError
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.values.knowledge import Knowledge
from oakum.openapi.model import Json
from oakum.policy.model import Policy, Relation, RelationStep
from oakum.scan.identities.relation_lists import (
    Bond,
    ListedAccounts,
    Lists,
    Relations,
    changed_bonds,
)
from oakum.scan.requests.builder import Ask, fill
from oakum.scan.undo.setting_change import SIGN, SettingChange
from oakum.scan.undo.visibility_wait import VisibilityWait

_ROUNDS = 3
"""How often the lists are read again for side effects of restoring."""


@dataclass
class Relationships:
    """Begins relations between identities, and remembers what to end."""

    policy: Policy
    probes: Mapping[str, Probe]
    """Operation id → probe of every operation that a step or a look-up names."""
    identities: KnownIdentities
    knowledge: Knowledge
    target: str
    ask: Ask
    log: Callable[[str, SettingChange], None]
    """Receives `flip` and `restored`, and `foreseen` for side effects that a call may have."""
    pending: list[SettingChange] = field(default_factory=list)
    why: str = ""
    """Why the last beginning or end failed."""
    begun: set[Bond] = field(default_factory=set)
    """(viewer, relation, owner) that this run has begun and not ended."""
    used: set[str] = field(default_factory=set)
    """Operations that received a request."""
    doubtful: list[str] = field(default_factory=list)
    """Relations, in words, that may have been begun and are not ended, since they may have existed
    before."""
    patience: VisibilityWait = field(default_factory=VisibilityWait.none)
    """How long is waited for a list to show what was done."""
    claims: Callable[[str], Mapping[str, Json]] = field(default=lambda who: {})
    """The claims that who-am-I tells of an identity now: an API may derive them from relations."""
    _ceased: dict[str, str] = field(default_factory=dict)
    """Relation → why the run begins no more of it."""
    _was: Lists | None = None
    """The lists before the first beginning; None: none was begun."""
    _sides: dict[Bond, SettingChange] = field(default_factory=dict)
    """Side effects: relations that differ from then without a request."""
    _foreseen: dict[Bond, SettingChange] = field(default_factory=dict)
    """Side effects that the journal announced, with the former state."""
    _spared: set[Bond] = field(default_factory=set)
    """Relations that are not ended, since they may have existed before."""
    _unsure: set[tuple[str, str]] = field(default_factory=set)
    """(viewer, `relation of owner`) that may have begun although no list shows it: it may wait for
    consent. For those of an older run it is unknown how far they came."""
    _status = 0
    """Status of the last response to a step; 0: none was sent."""
    _waiting: set[tuple[str, str]] = field(default_factory=set)
    """Those of `_unsure` that this run has seen waiting for consent."""
    _accepted = 0
    """Number of accepted steps of the last beginning."""
    _moving = False
    """Whether a step was sent since the lists were read."""

    def __post_init__(self) -> None:
        self._unsure |= {
            (each.identity, each.state)
            for each in self.pending
            if not each.before and not each.beside
        }

    def chances(self) -> list[tuple[str, str, str]]:
        """(viewer, relation, owner) that can be started and ended without affecting existing
        relations."""
        takes = {word for each in self.policy.relations.values() for word in each.unless}
        names = self.identities.names()
        return [
            (viewer, word, owner)
            for word, known in self.policy.relations.items()
            if self._can(known)
            for owner in names
            for viewer in names
            if viewer != owner and not self.identities.relationships.get((viewer, owner))
            if word not in takes or not self.identities.relationships.get((owner, viewer))
        ]

    def lacking_pairs(self) -> tuple[str, ...]:
        """Relations that could be started and ended but lack a suitable pair of identities."""
        able = {word for _, word, _ in self.chances()}
        return tuple(
            word
            for word, known in self.policy.relations.items()
            if known.kind == "lookup" and known.begin and known.end and word not in able
        )

    def begin(
        self,
        viewer: str,
        relation: str,
        owner: str,
        requested: Callable[[], None] | None = None,
    ) -> bool:
        """Starts a relation and verifies it; False if it was not seen, with the reason in `why`.
        Recorded until it is ended. `requested` is called while the viewer has asked for it and the
        owner has not said yes."""
        self.why = self._why_not(relation)
        if self.why:
            return False
        known = self.policy.relations[relation]
        before = self._read_list(known, viewer, owner)
        if self._says(before, known, viewer, owner) != "no":
            self.why = f"no look-up shows that {viewer} is not already {relation} of {owner}"
            if before is not None and not before.whole:
                self.why += f": the list of `{known.operation}` may continue after what it showed"
            return False
        if self._was is None:
            self._was = self._lists()
        change = SettingChange(viewer, f"{relation}{SIGN}{owner}", False, True)
        self._foresee(known, owner, viewer)
        self.log("flip", change)
        self.pending.append(change)
        self._unsure.add((viewer, change.state))
        self._accepted, claims = 0, self.claims(viewer)
        began = self._begin_relation(known, viewer, owner, requested)
        after = self._look(known, viewer, owner, "yes" if began else "")
        if before is not None and after is not None and before.ids - after.ids:
            self._spared.add((viewer, relation, owner))
            # the list may show the newest rows only, so a missing row proves nothing
            self._leave(change)
            return False
        if not began or self._says(after, known, viewer, owner) != "yes":
            self.why = f"no response shows that {viewer} became {relation} of {owner}"
            self._not_seen(change, known, owner, began)
            return False
        self._unsure.discard((viewer, change.state))
        self.begun.add((viewer, relation, owner))
        self._tie(viewer, relation, owner, held=True)
        self._compare()
        if self.claims(viewer) == claims:
            return True
        self.take_back(viewer, relation, owner)
        self.why = (
            f"while {viewer} is {relation} of {owner}, who-am-I returns other claims of {viewer},"
            " so it is not known what they may see then"
        )
        return False

    def _begin_relation(
        self, known: Relation, viewer: str, owner: str, requested: Callable[[], None] | None
    ) -> bool:
        """Whether all steps of the beginning were accepted."""
        asks = steps_before_consent(known)
        if requested is None or not asks:
            return self._walk(known.begin, viewer, owner)
        if not self._walk(known.begin[:asks], viewer, owner):
            return False
        if self._is_nothing_yet(viewer, owner):
            requested()
        return self._walk(known.begin[asks:], viewer, owner)

    def _is_nothing_yet(self, viewer: str, owner: str) -> bool:
        """Whether every list says that the viewer is in no relation to the owner: not accepted at
        once, and not in one of the contract's for those who wait."""
        lists = (each for each in self.policy.relations.values() if each.kind == "lookup")
        return all(self._stands(each, viewer, owner) == "no" for each in lists if each.operation)

    def _foresee(self, known: Relation, viewer: str, owner: str) -> None:
        """Announces side effects of a beginning or end in the journal, so that a killed run can
        restore them, too. Unknown states are left out."""
        bond = (viewer, known.name, owner)
        stood = self._says((self._was or {}).get(self._place(bond)), known, viewer, owner)
        if stood == "unknown" or bond in self._sides or bond in self._foreseen:
            return
        held = stood == "yes"
        change = SettingChange(viewer, f"{known.name}{SIGN}{owner}", held, not held, beside=True)
        self.log("foreseen", change)
        self._foreseen[bond] = change

    def _is_over(self) -> None:
        """Logs foreseen changes as restored if they did not happen or are undone."""
        open_ = {(each.identity, each.state) for each in self.pending}
        for bond, change in [*self._foreseen.items()]:
            if bond not in self._sides and (change.identity, change.state) not in open_:
                del self._foreseen[bond]
                with suppress(OakumError):
                    self.log("restored", change)

    def _why_not(self, relation: str) -> str:
        """Why a relation is not begun any more; empty if it may be."""
        if self.patience.is_spent:
            return "the beginning shows so late that no time is left to see the end"
        return self._ceased.get(relation, "")

    def _not_seen(self, change: SettingChange, known: Relation, owner: str, began: bool) -> None:
        """Handles a beginning that no list shows: it may be shown late or wait for consent. It did
        not exist before, so it is ended anyway, unless it was refused, and again at the end of the
        run."""
        if not began and self._status < 500:
            if self._accepted:  # a request waits, and no list of the relation shows it
                self._waiting.add((change.identity, change.state))
            else:
                self._unsure.discard((change.identity, change.state))
            self.undo(change)
            return
        self._ceased[known.name] = (
            f"the API reported that `{known.name}` began, but does not show it"
            if began
            else f"the request to begin `{known.name}` was answered with {self._status}"
        )
        self.identities.doubt(change.identity, owner, f"the run may have left them {change.state}")
        with suppress(OakumError):
            self._walk(known.end, change.identity, owner)

    def _leave(self, change: SettingChange) -> None:
        """Neither ends a relation nor records it, since it may have existed before."""
        self.why = (
            f"when {change.identity} became {change.state}, somebody else disappeared from the"
            f" list: it may contain only its newest entries"
        )
        self.doubtful.append(
            f"{self.why}, so it was not ended; {self._describe_manual_steps(change)}"
        )
        self.pending = [each for each in self.pending if each != change]
        with suppress(OakumError):  # a resumed run must not undo it either
            self.log("restored", change)

    def end(self, viewer: str, relation: str, owner: str) -> bool:
        """Ends a relation that this run started; False if the API did not. Other relations are
        never ended, since they might not be restorable."""
        if (viewer, relation, owner) not in self.begun:
            self.why = f"no response showed that {viewer} became {relation} of {owner}"
            return False
        known = self.policy.relations[relation]
        done = self._walk(known.end, viewer, owner)
        if done:
            after = self._look(known, viewer, owner, "no")
            done = self._says(after, known, viewer, owner) != "yes"
        if done:
            self._tie(viewer, relation, owner, held=False)
            self._compare()
        else:
            self.why = f"the API did not end `{relation}` of {viewer} to {owner}"
            self._ceased[relation] = self.why
        return done

    def take_back(self, viewer: str, relation: str, owner: str) -> bool:
        """Restores the relations before `begin`; a failure is retried at the end."""
        state = f"{relation}{SIGN}{owner}"
        done = True
        for each in [e for e in self.pending if (e.identity, e.state) == (viewer, state)]:
            done = self.undo(each) and done
        done = self._take_sides_back() and done
        if done:
            self._is_over()
        return done

    def _take_sides_back(self) -> bool:
        for _ in range(_ROUNDS):
            if self._moving:
                self._compare()
            if not self._sides:
                return True
            if [each for each in reversed(self._sides.values()) if not self.undo(each)]:
                return False
        return False

    def undo(self, change: SettingChange) -> bool:
        """Reverts a started or ended relation; False if it could not be, or was not seen to be."""
        relation, _, owner = change.state.partition(SIGN)
        viewer, known = change.identity, self.policy.relations.get(relation)
        if known is None or not {viewer, owner} <= self.identities.ids.keys():
            return False
        wanted, steps = ("yes", known.begin) if change.before else ("no", known.end)
        try:
            sure = (viewer, change.state) not in self._unsure
            if not sure or self._stands(known, viewer, owner) != wanted:
                ended = False
                with suppress(OakumError):  # it may have succeeded nevertheless
                    ended = self._walk(steps, viewer, owner)
                if not ended and (viewer, change.state) in self._waiting:
                    self.doubtful.append(
                        f"a request may wait still: {self._describe_manual_steps(change)}"
                    )
                    said = f"a request to become `{relation}` could not be taken back"
                    self._ceased.setdefault(relation, said)
                after = self._look(known, viewer, owner, wanted)
                if self._says(after, known, viewer, owner) != wanted:
                    self._stays(change, relation, owner)
                    return False
            self._tie(viewer, relation, owner, held=bool(change.before))
        except OakumError:
            return False
        self.begun.discard((viewer, relation, owner))
        self._record_back(change)
        return True

    def _stays(self, change: SettingChange, relation: str, owner: str) -> None:
        """Records a relation that could not be undone: findings about the pair are doubtful."""
        self.identities.doubt(change.identity, owner, f"the run has changed `{relation}` of them")
        self._ceased.setdefault(
            relation, f"`{relation}` of {change.identity} to {owner} could not be undone"
        )

    def _record_back(self, change: SettingChange) -> None:
        self._unsure.discard((change.identity, change.state))
        self._sides = {bond: each for bond, each in self._sides.items() if each != change}
        self.pending = [each for each in self.pending if each != change]
        with suppress(OakumError):  # a change left in the journal is only undone twice
            self.log("restored", change)

    def _compare(self) -> None:
        """Read all lists, and take note of what stands otherwise than before the first beginning
        and was not asked for."""
        now = self._lists()
        self._moving = False
        found = changed_bonds(self.policy, self.identities, self._was or {}, now)
        asked = {(each.identity, each.state) for each in self.pending}
        for bond, (held, sure) in found.items():
            viewer, relation, owner = bond
            if (viewer, f"{relation}{SIGN}{owner}") in asked and bond not in self._sides:
                continue
            if bond in self._spared:
                continue
            self._tie(viewer, relation, owner, held=held)
            known = self.policy.relations[relation]
            if not (sure and self._can(known)):
                self.identities.doubt(
                    viewer, owner, f"a change by the run has affected `{relation}`"
                )
            elif bond not in self._sides:
                change = SettingChange(viewer, f"{relation}{SIGN}{owner}", not held, held)
                self._sides[bond] = change
                self.pending.append(change)
                with suppress(OakumError):
                    self.log("flip", change)
        for bond, change in [*self._sides.items()]:
            if bond not in found and self._place(bond) in now:
                self._tie(*bond, held=bool(change.before))
                self._record_back(change)

    def _lists(self) -> Lists:
        """Whom every list of a look-up shows now."""
        lists = Relations(
            self.policy, self.probes, self.identities, self.knowledge, self.target, self.ask
        )
        return lists.all()

    def _place(self, bond: Bond) -> tuple[str, str]:
        viewer, relation, owner = bond
        return relation, owner if self.policy.relations[relation].of == "owner" else viewer

    def _can(self, known: Relation) -> bool:
        """Whether a relation may be begun and ended."""
        steps = (*known.begin, *known.end)
        return bool(known.begin and known.end) and all(e.operation in self.probes for e in steps)

    def restore(self) -> tuple[str, ...]:
        """Reverts everything, last first; returns failures in words. Never raises."""
        self.patience.renew()
        failed = [each for each in reversed(self.pending) if not self.undo(each)]
        if self._was is not None:
            with suppress(OakumError):
                self._take_sides_back()
            failed += [each for each in self._sides.values() if each not in failed]
        if not failed:
            self._is_over()
        self.pending.clear()
        doubtful, self.doubtful = tuple(self.doubtful), []
        return (*map(self._describe_manual_steps, failed), *doubtful)

    def _describe_manual_steps(self, change: SettingChange) -> str:
        relation, _, owner = change.state.partition(SIGN)
        known = self.policy.relations.get(relation)
        steps = (known.begin if change.before else known.end) if known is not None else ()
        by_hand = "; then ".join(
            f"{probe.operation.method} {probe.operation.path} as"
            f" {change.identity if step.by == 'caller' else owner}"
            for step in steps
            if (probe := self.probes.get(step.operation))
        )
        was = "made {} again" if change.before else "seen to be no longer {}"
        return f"{change.identity} could not be {was.format(change.state)}: do it by hand" + (
            f" ({by_hand})" if by_hand else ""
        )

    def _walk(self, steps: tuple[RelationStep, ...], viewer: str, owner: str) -> bool:
        self._status = 0
        for step in steps:
            asking, asked = (viewer, owner) if step.by == "caller" else (owner, viewer)
            filled = fill(self.probes[step.operation], self.target, self.knowledge, asked)
            if filled is None:
                return False
            self.used.add(step.operation)
            self._moving = True
            self._status = self.ask(asking, filled.request).status
            if not 200 <= self._status < 300:
                return False
            self._accepted += 1
        return True

    def _look(
        self, relation: Relation, viewer: str, owner: str, wanted: str
    ) -> ListedAccounts | None:
        """A list after a step, read again with pauses while it does not say what is `wanted`;
        empty: once."""
        found: list[ListedAccounts | None] = []

        def show() -> bool:
            found.append(self._read_list(relation, viewer, owner))
            return wanted in ("", self._says(found[-1], relation, viewer, owner))

        self.patience.until(show)
        return found[-1]

    def _stands(self, relation: Relation, viewer: str, owner: str) -> str:
        """`yes` or `no` as the look-up says, asked by the one whose list it is; `unknown`."""
        return self._says(self._read_list(relation, viewer, owner), relation, viewer, owner)

    def _read_list(self, relation: Relation, viewer: str, owner: str) -> ListedAccounts | None:
        whose = owner if relation.of == "owner" else viewer
        lists = Relations(
            self.policy, self.probes, self.identities, self.knowledge, self.target, self.ask
        )
        return lists.of(relation.name, whose)

    def _says(
        self, found: ListedAccounts | None, relation: Relation, viewer: str, owner: str
    ) -> str:
        other = viewer if relation.of == "owner" else owner
        if found is None:
            return "unknown"
        if found.ids & self.identities.ids[other]:
            return "yes"
        return "no" if found.whole else "unknown"

    def _tie(self, viewer: str, relation: str, owner: str, *, held: bool) -> None:
        known = self.identities.relationships.get((viewer, owner), frozenset())
        self.identities.retie(viewer, owner, known | {relation} if held else known - {relation})


def steps_before_consent(relation: Relation) -> int:
    """How many steps of a beginning are the viewer's alone before one is the owner's; 0: the owner
    is not asked."""
    return next((n for n, step in enumerate(relation.begin) if step.by != "caller"), 0)
