"""Changes privacy settings of the identities' own accounts when allowed.

The journal records a change before it is sent. It records the name of the setting and its value
(`true`, `only_me`), never the settings object. `settings_restoration` puts them back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from oakum.exposure.endpoints.probes import Probe
from oakum.http.json_pointer import member_at, path_of
from oakum.openapi.model import Json
from oakum.policy.model import Switch
from oakum.scan.settings.settings_body import (
    SettingsWrite,
)
from oakum.scan.settings.settings_restoration import SettingsRestoration
from oakum.scan.settings.settings_verification import SettingElsewhere, Vouching, places
from oakum.scan.settings.unintended_changes import Whose
from oakum.scan.settings.write_outcomes import SettingOutcome
from oakum.scan.undo.setting_change import SettingChange
from oakum.scan.undo.settings_json import Before


@dataclass
class AccountSettings(SettingsRestoration):
    """Changes settings and records what to restore."""

    flipped: list[SettingChange] = field(default_factory=list)
    """All changes of settings in this run, restored ones included."""
    refusals: list[str] = field(default_factory=list)
    """Why changes failed, in order."""
    taken: int = 0
    """Number of changes of settings and fields that were verified."""
    vouching: Vouching | None = None
    """Says whose settings may be written; None: everybody's."""

    def be_wary(self, probes: Sequence[Probe]) -> None:
        """Checks that settings are the identity's own before writing them. `probes`: endpoints with
        objects."""
        self.vouching = Vouching(self.identities, self.read_settings, partial(places, self.policy))
        self.elsewhere = SettingElsewhere(
            probes, self.identities, self.knowledge, self.target, self.ask
        )

    def _why_not_vouched(self, identity: str, paths: Collection[str], switch: Switch) -> str:
        """Why what is shown as the settings of an identity may not be theirs, or nothing is changed
        after a setting that stays as it was changed; empty if neither is seen."""
        if switch.operation in self._stuck:
            return "a setting could not be restored there, so no other is changed"
        named = self.writers[switch.operation].operation
        if self.vouching and (why := self.vouching.why_not(identity, switch.operation)):
            return f"`{named.method} {named.path}` was not sent for {identity}: {why}"
        for path in paths:
            if path in self.fields or (identity, path) in self._base or self.elsewhere is None:
                continue
            value = self.elsewhere.shows(identity, path, named.path)
            known = self.identities.set_by(identity, path)
            if None not in (value, known) and value != known:
                return "the owner's own object shows another value than the known one"
            self._base[identity, path] = value
        return ""

    def _is_late(self, flip: SettingChange, operation: str, shown: Json, status: int) -> None:
        """Records a change that was accepted although `shown` does not have it yet."""
        named = self.writers[operation].operation
        if shown == flip.before:
            self.reception.record_silent(flip.state, operation)
        said = (
            f"`{named.method} {named.path}` was answered with {status} for `{flip.state}` of"
            f" {flip.identity}, and no response shows its effect; the old value was sent again"
        )
        self.moved += [said] if said not in self.moved else []

    def _also_changed(self, identity: str, operation: str) -> str:
        """Whose settings a change was of, too: the written object was not the owner's alone. Empty:
        of nobody else's."""
        busy = {each.identity for each in self.pending}
        other = self.vouching.came_through(identity, operation, busy) if self.vouching else ""
        if other:
            named = self.writers[operation].operation
            self.harmed.append(
                f"`{named.method} {named.path}` was sent what its GET shows, but {other} gets"
                f" the same: it may not belong to {identity}; check their settings by hand"
            )
        return other

    def flip(self, identity: str, path: str, value: Json) -> SettingOutcome:
        """Sets a state or field and records it for restoring; says why if it could not.

        Sends nothing if the API shows too little to keep the other settings, or if an earlier
        change was not visible.
        """
        return self.flip_all(identity, {path: value})

    def flip_all(self, identity: str, changes: Mapping[str, Json]) -> SettingOutcome:
        """Sets several fields or states with one request for each operation. What was rejected
        together is not retried one by one."""
        refused = {path: why for path in changes if (why := self._why_not(path))}
        allowed = {path: value for path, value in changes.items() if path not in refused}
        found = self._set(identity, allowed)
        why = next(iter(refused.values()), found.why)
        self.refusals += [why] if why else []
        return SettingOutcome(found.done, why)

    def _why_not(self, path: str) -> str:
        """Why nothing is sent for a setting; empty: it may be."""
        if self.patience.is_spent:
            return "changes show so late that no time is left to see them restored"
        switch = self.switch(path)
        operation = switch.operation if switch else ""
        return self.others.stopped.get(operation) or self.reception.why_not(path, operation)

    def _set(self, identity: str, changes: Mapping[str, Json]) -> SettingOutcome:
        groups: dict[str, dict[str, Json]] = {}
        for path, value in changes.items():
            switch = self.switch(path)
            groups.setdefault(switch.operation if switch else "", {})[path] = value
        for operation in groups if len(groups) > 1 else ():
            if operation in self.writers and not self.others.knows((identity, operation)):
                # another operation's settings may affect this view, so read it before sending any
                shown = self._read(self.writers[operation].operation, identity)
                self._note(identity, operation, shown)
        found = [self._change(identity, operation, each) for operation, each in groups.items()]
        done = frozenset(path for each in found for path in each.done)
        return SettingOutcome(done, next((each.why for each in found if each.why), ""))

    def _change(self, identity: str, operation: str, changes: Mapping[str, Json]) -> SettingOutcome:
        """Sets what one operation sets, with one request."""
        known = {
            path: switch
            for path in changes
            if (switch := self.switch(path))
            and (path in self.fields or self.identities.set_by(identity, path) is not None)
        }
        if not known:
            return SettingOutcome(
                why="its current value is unknown" if operation else "no operation sets it"
            )
        switch = next(iter(known.values()))
        write = self._prepare(identity, switch)
        if isinstance(write, SettingOutcome):
            return write
        shown = self._last(identity, switch)
        before = {
            path: value
            for path, each in known.items()
            if (value := self._before(identity, path, each, shown)) is not None
        }
        if not before:
            return SettingOutcome(why="no response shows its current value")
        if why := self._why_not_vouched(identity, before, switch):
            return SettingOutcome(why=why)
        pin = self._pin(identity, switch, write)
        flips: list[tuple[tuple[str, ...], SettingChange]] = []
        for path, old in before.items():
            each, value, own = known[path], changes[path], path in self.fields
            if self._is_anothers(identity, path, each, old, shown):
                continue
            at = path_of(each.pointer)
            if (more := write.with_value(at, value, shown)) is not None:
                write = more
                flips.append((at, SettingChange(identity, path, old, value, own, pin)))
        if not flips:
            why = "the write would affect another object than the one whose setting is known"
            return SettingOutcome(why=why)
        self._note(identity, operation, shown)
        for _, flip in flips:
            self._remember(flip)
        return self._sent_changes(identity, write, flips)

    def _before(self, identity: str, path: str, switch: Switch, shown: Mapping[str, Json]) -> Json:
        """What a state or field is before a change: of a field as it is shown."""
        if path in self.fields:
            return member_at(shown, path_of(switch.pointer))
        return self.identities.set_by(identity, path)

    def _sent_changes(
        self,
        identity: str,
        write: SettingsWrite,
        flips: Sequence[tuple[tuple[str, ...], SettingChange]],
    ) -> SettingOutcome:
        """Sends changes, and reads what has become of them."""
        operation = write.operation.id
        whose = identity, operation
        before: Mapping[str, Json] = self._now.get(whose, {})
        sent = self.reception.record_sent(flip for _, flip in flips)
        answer = self._send(identity, write, {at[0] for at, _ in flips})
        self.reception.record_answered(sent, answer.status, shown=False)
        if not answer.ok:
            return SettingOutcome(why="the API did not accept the setting")
        wanted = {at: flip.after for at, flip in flips}
        before, now = self._reread_settings(identity, write.operation, before, wanted)
        done = {e.state for at, e in flips if member_at(now, at) in (None, e.after)}
        self.reception.record_answered(
            ((identity, each) for each in done), answer.status, shown=True
        )
        if other := self._also_changed(identity, operation):
            return SettingOutcome(why=f"{other} gets the settings of {identity} as well")
        if self.others.strange(whose):
            if why := self._why_not_back(whose, [flip.state for _, flip in flips], before):
                return SettingOutcome(why=why)
            return self._change(identity, operation, {e.state: e.after for _, e in flips})
        for at, flip in flips:
            if flip.state not in done:
                self._is_late(flip, operation, member_at(now, at), answer.status)
        self.taken += len(done)
        for _, e in flips:
            if e.state in done and e.state not in self.fields:
                self.identities.set_as(identity, e.state, e.after)
        late = len(done) < len(sent)
        return SettingOutcome(frozenset(done), "the API did not accept the setting" if late else "")

    def _remember(self, flip: SettingChange) -> None:
        self.log("flip", flip)
        self.pending.append(flip)
        self.flipped += [flip] if flip.state not in self.fields else []

    def undo_all(self, identity: str, paths: Collection[str]) -> None:
        """Restores several fields or states; failures are retried at the end."""
        first: dict[str, SettingChange] = {}
        for flip in self.pending:
            if flip.identity == identity and flip.state in paths:
                first.setdefault(flip.state, flip)
        older = list(self.pending)
        back = self._set(identity, {path: flip.before for path, flip in first.items()})
        over = (e for path in back.done if not self.reception.may_come(e := first[path]))
        done = {each.state for each in over if self._shows(each)}
        self.pending = [e for e in older if not (e.identity == identity and e.state in done)]
        for path in done:
            self._record_back(first[path])
        self._restore_others(identity)

    def _note(self, identity: str, operation: str, shown: Mapping[str, Json]) -> None:
        """Records all settings before the first change."""
        whose, reader = (identity, operation), self.readers.get(operation)
        filled = self._settings_request(reader, identity, operation) if reader else None
        read = filled.request if filled is not None else None
        self.others.remember(whose, Before(shown, self._pins.get(whose, ""), read))

    def _why_not_back(
        self, whose: Whose, paths: Collection[str], last: Mapping[str, Json]
    ) -> str:  # fmt: skip
        """Puts back a change that has moved other settings too; why these have not come back, so
        that it may not be sent again. `last`: shown before it."""
        (identity, operation), moved = whose, self.others.strange(whose)
        self.others.full_writes.discard(whose)
        back = [self.undo(identity, path) for path in paths]
        now = self._now.get(whose, {})
        left = not all(back) or self.others.differ(
            whose, last, now, self._changed_members(identity)
        )
        if not left:
            alone = whose not in self.others.full_writes
            self.others.come_back(operation, moved, alone=alone)
            if unshown := self.others.unshown(operation, now):
                left, of = True, f"settings of {identity} by `{operation}`"
                said = f"{of} may have been reset: `{unshown[0]}`, which no response shows"
                self.harmed.append(f"{said}; check them by hand")
        return self.others.stop(operation) if left else ""

    def _is_anothers(
        self, identity: str, path: str, switch: Switch, before: Json, shown: Mapping[str, Json]
    ) -> bool:  # fmt: skip
        """Whether a setting that differs from what the object `shown` has is another object's: it
        stands in each of several, and was not changed by this run."""
        here = member_at(shown, path_of(switch.pointer))
        if here == before or any((e.identity, e.state) == (identity, path) for e in self.pending):
            return False  # the API may have applied a change that it refused
        if here is not None:
            return True
        known = self.knowledge.objects.get((identity, path.partition(".")[0]), ())
        return len(known) > 1 and bool(self.writers[switch.operation].personal)
