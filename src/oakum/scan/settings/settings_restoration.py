"""Puts settings of accounts back as they were before a run changed them.

The restoration is recorded in the journal after it was read back, so that the next run can restore
what a killed run has left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from oakum.errors import OakumError
from oakum.exchange import Response
from oakum.http.json_pointer import member_at, path_of
from oakum.openapi.model import Json, Operation
from oakum.policy.model import Switch
from oakum.scan.settings.settings_body import (
    SettingsWrite,
    beside,
    how_moved,
    settings_in,
    why_not_whole,
    with_value,
)
from oakum.scan.settings.settings_reader import SettingsReader
from oakum.scan.settings.settings_verification import SettingElsewhere, places
from oakum.scan.settings.unintended_changes import OtherSettings, Whose
from oakum.scan.settings.write_outcomes import Reception, SettingOutcome
from oakum.scan.undo.encryption import is_sealed
from oakum.scan.undo.interrupt_delay import heard_afterwards
from oakum.scan.undo.setting_change import SettingChange, left_behind, still_to_come, why_left
from oakum.scan.undo.settings_json import Before
from oakum.scan.undo.visibility_wait import VisibilityWait


@dataclass
class SettingsRestoration(SettingsReader):
    """The changes of settings that are not restored yet, and how to restore them."""

    log: Callable[[str, SettingChange], None]
    closed: frozenset[str] = frozenset()
    """Writers whose body may hold no other members than the document declares."""
    fields: Mapping[str, Switch] = field(default_factory=dict)
    """`Resource.field` → how its owner writes it."""
    pending: list[SettingChange] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    """Operations that received a request."""
    moved: list[str] = field(default_factory=list)
    """What the API itself set at a write and cannot be restored, in words."""
    elsewhere: SettingElsewhere | None = None
    """Shows settings in the objects that they are of; None: nothing does."""
    harmed: list[str] = field(default_factory=list)
    """What was written to the wrong object, in words."""
    patience: VisibilityWait = field(default_factory=VisibilityWait.none)
    """How long to wait until settings show a change."""
    keep: Callable[[str, str, Before | None], None] = lambda identity, operation, before: None
    """Writes down how all settings were; see `OtherSettings`."""
    past: Mapping[Whose, Before] = field(default_factory=dict)
    """How they were before a killed run."""
    differing: tuple[str, ...] = ()
    """What else differs from before once all is put back, in words."""
    _base: dict[tuple[str, str], Json] = field(default_factory=dict)
    """(identity, `Resource.state`) → the value in its own object before the first change."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._stuck: set[str] = set()
        """Operations by which a setting could not be put back."""
        self.reception = Reception()
        self._past = {(flip.identity, flip.state) for flip in self.pending}
        self.reception.record_made(self._past)
        self._kept: dict[tuple[str, str], str] = {}
        for flip in self.pending:
            switch = self.switch(flip.state)
            if switch is not None and flip.at:
                self._pins.setdefault((flip.identity, switch.operation), flip.at)
        self.others = OtherSettings(self._declared_settings, self.keep, self.past)
        self._pins = {w: b.at for w, b in self.past.items() if b.at} | self._pins

    def switch(self, path: str) -> Switch | None:
        """How a state or field is set; None if the contract or document does not say."""
        if path in self.fields:
            return self.fields[path]
        resource, _, name = path.partition(".")
        # a journal may name a setting that the policy no longer has
        known = self.policy.resources.get(resource)
        state = known.states.get(name) if known else None
        switch = state.switch if state else None
        return switch if switch is not None and switch.operation in self.writers else None

    def _changed_members(self, identity: str) -> set[str]:
        """Members that are changed now."""
        switches = [self.switch(e.state) for e in self.pending if e.identity == identity]
        return {path_of(each.pointer)[0] for each in switches if each is not None}

    def _restore_others(self, identity: str | None = None) -> None:
        """Sends all settings as they were, where a write has moved more than it was sent, and this
        has not come back with what it was sent."""
        for whose in self.others.changed_settings(identity):
            open = [e for e in self.pending if e.identity == whose[0]]
            if any(s.operation == whose[1] for e in open if (s := self.switch(e.state))):
                continue
            with suppress(OakumError):
                self._send_all(*whose)

    def _send_all(self, identity: str, operation: str) -> None:
        whose, probe = (identity, operation), self.writers[operation]
        now = self._now.get(whose) or self._read(probe.operation, identity)
        wrong = self.others.take_changes(whose, now)
        filled = self._settings_request(probe, identity, operation) if wrong and now else None
        if filled is None:
            return
        self.others.full_writes.add(whose)
        set_alone = {at[0] for _, at in places(self.policy, operation)}
        closed = operation in self.closed
        for content in self.others.contents(operation, now, wrong, set_alone, closed=closed):
            self._send(identity, SettingsWrite(filled.request, probe.operation, content), content)
            self.patience.pause(self.patience.lag)
            now = self._read(probe.operation, identity)
            if not any(how_moved(name, v, now.get(name)) for name, v in wrong.items()):
                return
        self.others.stop(operation)

    def _is_changed(self, flip: SettingChange) -> bool:
        """Whether a fresh answer shows another value than before the change."""
        switch = self.switch(flip.state)
        if switch is None or flip.identity not in self.identities.ids:
            return True  # nothing tells
        shown = self._read(self.writers[switch.operation].operation, flip.identity)
        return member_at(shown, path_of(switch.pointer)) not in (None, flip.before)

    def _shows(self, flip: SettingChange) -> bool:
        switch = self.switch(flip.state)
        last = self._last(flip.identity, switch) if switch else {}
        shown = member_at(last, path_of(switch.pointer)) if switch else None
        return switch is not None and shown in (None, flip.before)

    def undo(self, identity: str, path: str) -> bool:
        """Restores a state or field; False if that failed or it was never changed. A failure is
        retried at the end."""
        changes = [each for each in self.pending if (each.identity, each.state) == (identity, path)]
        if not changes:
            return False
        status = self._put_back(changes[0])
        if status is None:
            switch = self.switch(path)
            self._stuck |= {switch.operation} if switch else set()
            return False
        if not self.reception.may_come(changes[0]):
            self.pending = [each for each in self.pending if each not in changes]
            self._record_back(changes[0], status)
        self._restore_others(identity)
        return True

    def restore(self) -> tuple[str, ...]:
        """Restores everything, last first; returns failures in words. Never raises."""
        self.patience.renew()
        failed: list[SettingChange] = []
        first: dict[tuple[str, str], SettingChange] = {}
        for flip in self.pending:
            first.setdefault((flip.identity, flip.state), flip)
        hidden = self.reception.wait(self.patience, first.values(), self._is_changed)
        for flip in reversed(first.values()):
            status = self._put_back(flip, first.values())
            if status is None:
                failed.append(flip)
            elif flip not in hidden:
                self._record_back(flip, status)
        self.pending.clear()
        with suppress(KeyboardInterrupt):  # a Ctrl-C must not skip the report of what differs
            self._restore_others()
        left = (left_behind(e, self._kept.get((e.identity, e.state), "")) for e in failed)
        known = {
            (flip.identity, switch.operation, path_of(switch.pointer)[0])
            for flip in failed
            if (switch := self.switch(flip.state)) is not None
        }
        self.differing, moved = self.others.differences(self._at_last, known)
        self.moved += moved
        may_come = (still_to_come(flip) for flip in hidden if flip not in failed)
        said = (*left, *may_come, *self.differing, *self.harmed)
        self.harmed.clear()
        return (*said, *self._otherwise(e for e in first.values() if e not in failed))

    def _why_left(self, flip: SettingChange, shown: Json, last: Json) -> str:
        """Why a setting stays as it is; empty: a run has set it so. `last`: shown after that."""
        name, switch = (flip.identity, flip.state), self.switch(flip.state)
        if shown is None and name in self._past and self.elsewhere and name[1] not in self.fields:
            at = self.writers[switch.operation].operation.path if switch else ""
            shown = self.elsewhere.shows(*name, at)
        return why_left(flip, (shown, last), self.pending, unseen=name not in self._past)

    def _otherwise(self, flips: Iterable[SettingChange]) -> Iterator[str]:
        """Settings that were restored at their endpoint, but differ in the owner's own object."""
        for flip in flips:
            switch = self.switch(flip.state)
            if switch is None or flip.state in self.fields or self.elsewhere is None:
                continue
            path = self.writers[switch.operation].operation.path
            wanted = self._base.get((flip.identity, flip.state), flip.before)
            shows = partial(self.elsewhere.agrees, flip.identity, flip.state, path, wanted)
            if wanted is not None and not self.patience.until(shows):
                yield f"{left_behind(flip)}; its own object does not show it"

    def _record_back(self, flip: SettingChange, status: int = 0) -> None:
        """`status`: of the answer to what put it back; 0: nothing more was sent."""
        name = flip.identity, flip.state
        refused = self.reception.all_refused(name)
        self.reception.record_put_back(name)
        self.reception.record_answered([name], status, shown=True)
        if flip.state not in self.fields:
            self.identities.set_as(*name, flip.before)
        with suppress(OakumError):  # settings that are still in a journal are restored again
            self.log("refused" if refused else "restored", flip)

    def _put_back(self, flip: SettingChange, others: Iterable[SettingChange] = ()) -> int | None:
        """Restores a setting and returns the status of the response, 0 if it was restored already,
        None if it failed. `others`: settings restored with it; a stale read may show them changed,
        and a write that repeats them would change them again."""
        if flip.secret and is_sealed(flip.before):
            return None
        for _ in range(2):
            try:
                switch = self.switch(flip.state)
                if switch is None or flip.identity not in self.identities.ids:
                    return None
                at, name = path_of(switch.pointer), (flip.identity, flip.state)
                last = member_at(self._last(flip.identity, switch), at)
                if others:  # somebody else may have set it since it was last read
                    self._now.pop((flip.identity, switch.operation), None)
                prepared = self._prepare(flip.identity, switch)
                if isinstance(prepared, SettingOutcome):
                    return None
                before = self._last(flip.identity, switch)
                self.reception.record_landed(name, shown := member_at(before, at))
                if shown is not None and shown == flip.before and name not in self.reception.late:
                    return 0
                if others and (why := self._why_left(flip, shown, last)):
                    self._kept[name] = why
                    return None
                prepared = beside(prepared, flip, others, self.switch)
                self.reception.record_made({name})
                return self._written_back(prepared, flip, at, before)
            except OakumError:
                return None
            except KeyboardInterrupt:  # even a second Ctrl-C must not leave changed settings behind
                continue
        return None

    def _written_back(
        self,
        write: SettingsWrite,
        flip: SettingChange,
        at: tuple[str, ...],
        before: Mapping[str, Json],
    ) -> int | None:
        content = with_value(write.content, at, flip.before)
        answer = self._send(flip.identity, replace(write, content=content), at[:1])
        if answer.ok:
            _, now = self._reread_settings(
                flip.identity, write.operation, before, {at: flip.before}
            )
            if member_at(now, at) in (None, flip.before):  # assumed if the API does not show it
                return answer.status
        lost = (flip.identity, flip.state) in self.reception.lost
        shown = member_at(self._read(write.operation, flip.identity), at)
        return answer.status if lost and shown == flip.before else None

    def _at_last(self, whose: Whose) -> Mapping[str, Json] | None:
        """The settings as they are when all is put back: what another operation sets may be shown
        there, and was put back after they were last read."""
        identity, operation = whose
        past, probe = self.others.past.get(whose), self.writers.get(operation)
        if probe is None or identity not in self.identities.ids:
            return None
        if past is not None and past.read is not None:
            try:
                return settings_in(self.ask(identity, past.read), probe.operation)
            except OakumError:
                return None
        last = self._now.get(whose)
        if last != self.others.before(whose):
            with suppress(OakumError):
                return self._read(probe.operation, identity) or last
        return last

    def _prepare(self, identity: str, switch: Switch) -> SettingsWrite | SettingOutcome:
        """The write of a switch with everything in it but the value, or why there is none."""
        probe = self.writers[switch.operation]
        writer, path = probe.operation, path_of(switch.pointer)
        filled = self._settings_request(probe, identity, switch.operation)
        named = f"`{writer.method} {writer.path}`"
        if filled is None:
            return SettingOutcome(
                why=f"no value is known for a parameter of {named}, so nothing was sent"
            )
        whole = writer.method == "PUT" or writer.id in self.others.whole
        # Read after the last write; other changes since then do not matter to a PATCH.
        known = None if whole else self._now.get((identity, writer.id))
        current = dict(known) if known else self._read(writer, identity)
        if (whole or len(path) > 1) and not current:
            what = "all settings" if whole else f"all of `{path[0]}`"
            shows = (
                "the GET of the same path did not show them"
                if writer.id in self.readers
                else "no GET of the same path shows them"
            )
            return SettingOutcome(why=f"{named} replaces {what} and {shows}, so nothing was sent")
        first = (identity, writer.id) not in self._pins  # otherwise it is being restored
        if why := whole and first and why_not_whole(writer, current, path[0]):
            return SettingOutcome(why=why)
        if not path or not all(
            isinstance(member_at(current, path[:n]), dict) for n in range(len(path))
        ):
            return SettingOutcome(
                why=f"`{switch.pointer}` is not in the settings that the API shows"
            )
        if whole:
            closed = writer.id in self.closed
            content = self.others.sendable(writer.id, current, closed=closed)
        else:
            content = {path[0]: current[path[0]]} if len(path) > 1 else {}
        if not isinstance(member_at(content, path[:-1]), dict):
            return SettingOutcome(
                why=f"`{switch.pointer}` is not in the settings that {named} accepts"
            )
        return SettingsWrite(filled.request, probe.operation, content)

    def _reread_settings(
        self, identity: str, writer: Operation, before: Mapping[str, Json],
        wanted: Mapping[tuple[str, ...], Json],
    ) -> tuple[Mapping[str, Json], Mapping[str, Json]]:  # fmt: skip
        """The settings that a write was based on, and those after it, read again with pauses while
        any is shown as it was before."""
        now: list[Mapping[str, Json]] = []

        def is_shown() -> bool:
            now.append(self._read(writer, identity))
            return not any(
                value != (old := member_at(before, at)) and old is not None
                and member_at(now[-1], at) == old
                for at, value in wanted.items()
            )  # fmt: skip

        self.patience.until(is_shown)
        if any(member_at(now[-1], at) != member_at(before, at) for at in wanted):
            self.reception.record_shown(writer.id)
        before = self._based_on or before
        self.others.heed((identity, writer.id), before, now[-1], self._changed_members(identity))
        return before, now[-1]

    def _send(self, identity: str, write: SettingsWrite, kept: Collection[str]) -> Response:
        """What was read before says nothing any more: what is refused or lost may be taken too, and
        another operation's settings may show it. `kept`: members that the write is about."""
        self._now = {whose: shown for whose, shown in self._now.items() if whose[0] != identity}
        self.used.add(write.operation.id)
        with heard_afterwards():
            return self._send_write(identity, write.operation, write.build_request(), kept)
