"""Settings that a write changed beside those it was sent for, and putting them back.

A write may change more than it was sent: a PUT stores a text otherwise, a PATCH resets what it
lacks. So the settings are read after each write. What has moved beside it is put back at once with
the setting itself; where that does not help, the operation changes nothing more, and what differs
is told by name, not by value.

What the settings were is in the journal, encrypted, before the write is sent, so that
`oakum scan --restore` compares as the whole run does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from oakum.errors import OakumError
from oakum.exposure.endpoints.request_bodies import body_shape
from oakum.exposure.values.masks import looks_masked
from oakum.openapi.model import Json
from oakum.scan.settings.settings_body import (
    DeclaredSettings,
    how_moved,
    names_of,
)
from oakum.scan.undo.own_writes import set_by_the_api
from oakum.scan.undo.settings_json import Before

Whose = tuple[str, str]
"""(identity, operation that writes the settings)."""
Settings = Mapping[str, Json]


@dataclass
class OtherSettings:
    """Settings of all identities, by the operation that writes them."""

    declared: Callable[[str], DeclaredSettings]
    keep: Callable[[str, str, Before | None], None]
    """Records (identity, operation) → the former settings; None: nothing has to be compared any
    more."""
    past: Mapping[Whose, Before] = field(default_factory=dict)
    """The record of a killed run."""
    whole: set[str] = field(default_factory=set)
    """Operations that reset members that are not sent."""
    stopped: dict[str, str] = field(default_factory=dict)
    """Operation with an unrestorable side effect → why it is no longer used."""
    _before: dict[Whose, Settings] = field(default_factory=dict)
    _owed: dict[Whose, dict[str, Json]] = field(default_factory=dict)
    """Side effects of a write, with the former values."""
    _known: dict[str, set[str]] = field(default_factory=dict)
    """Operation → members that it changes and that are restored with the setting itself."""
    full_writes: set[Whose] = field(default_factory=set)
    """Whose settings were all sent once more, to put back what a write has moved."""

    def __post_init__(self) -> None:
        self._before |= {each: b.settings for each, b in self.past.items() if b.settings}

    def knows(self, whose: Whose) -> bool:
        """Whether the former settings are known."""
        return whose in self._before

    def remember(self, whose: Whose, before: Before) -> None:
        """Takes down what is shown before the first change, and before this is sent."""
        if before.settings and whose not in self._before:
            self.keep(*whose, before)
            self._before[whose] = before.settings

    def heed(self, whose: Whose, last: Settings, now: Settings, but: Collection[str]) -> None:
        """Records the side effects of a write; `but`: what it was sent, and what else is
        changed."""
        for name in self._changed_members(whose, last, now, but) if last and now else ():
            self._owed.setdefault(whose, {}).setdefault(name, last.get(name))

    def _changed_members(
        self, whose: Whose, last: Settings, now: Settings, but: Collection[str]
    ) -> Iterator[str]:
        """Members that are neither as they were last nor as before the first change; none where
        this is not known."""
        first = self._before.get(whose, {})
        names = (last.keys() | now.keys()) - {*self.declared(whose[1]).read_only_members, *but}
        for name in names if first else ():
            olds = (last.get(name), first.get(name))
            if all(how_moved(name, old, now.get(name)) == "changed" for old in olds):
                yield name

    def strange(self, whose: Whose) -> set[str]:
        """Changed members that are not known to be restored with the setting itself."""
        return self._owed.get(whose, {}).keys() - self._known.get(whose[1], set())

    def changed_settings(self, identity: str | None = None) -> list[Whose]:
        """(identity, operation) of settings that a write changed beyond what it sent; of one
        identity or of all."""
        return [each for each in self._owed if identity in (None, each[0])]

    def take_changes(self, whose: Whose, now: Settings) -> dict[str, Json]:
        """Member → former value, for side effects of a write that still persist; from now on they
        count as tried."""
        return {
            name: value
            for name, value in self._owed.pop(whose, {}).items()
            if how_moved(name, value, now.get(name)) == "changed"
        }

    def differ(self, whose: Whose, last: Settings, now: Settings, but: Collection[str]) -> bool:
        """Whether settings differ from those before."""
        return not now or any(True for _ in self._changed_members(whose, last, now, but))

    def contents(
        self, operation: str, now: Settings, wrong: Settings, set_alone: Collection[str],
        *, closed: bool,
    ) -> Iterator[dict[str, Json]]:  # fmt: skip
        """Bodies that put back what is wrong: all settings, or those only that the contract says
        how to set."""
        every = self.sendable(operation, {**now, **wrong}, closed=closed)
        yield every
        few = {name: value for name, value in every.items() if name in set_alone}
        if few != every and few.keys() & wrong.keys():
            yield few

    def sendable(self, operation: str, now: Settings, *, closed: bool) -> dict[str, Json]:
        """All settings that a write takes and that are known; not masks."""
        said = self.declared(operation)
        found = said.sendable(now, closed)
        if said.writer.method != "PUT":
            shape = body_shape(said.writer)
            names = shape.properties if shape is not None and shape.properties else found
            found = {n: v for n, v in found.items() if n in names and not looks_masked(v)}
        return found

    def come_back(self, operation: str, names: Collection[str], *, alone: bool) -> None:
        """Learns that these come back; `alone`: with the setting that moved them, and else with all
        settings, which each further write sends."""
        self._known.setdefault(operation, set()).update(names)
        if not alone and self.declared(operation).writer.method != "PUT":
            self.whole.add(operation)

    def unshown(self, operation: str, now: Settings) -> list[str]:
        """Members that the operation takes, resets where it lacks them, and nothing shows."""
        shape = body_shape(self.declared(operation).writer)
        named = shape.properties.items() if shape is not None and operation in self.whole else ()
        return [name for name, member in named if name not in now and not member().read_only]

    def before(self, whose: Whose) -> Settings:
        """How they were before the first change; empty if that is not known."""
        return self._before.get(whose, {})

    def stop(self, operation: str) -> str:
        """Stops using an operation; returns why."""
        self.stopped[operation] = (
            f"`{operation}` changes other settings than it was sent, and they could not be restored"
        )
        return self.stopped[operation]

    # ------------------------------------------------------------ the comparison at the end

    def differences(
        self,
        read: Callable[[Whose], Settings | None],
        failed: Collection[tuple[str, str, str]],
    ) -> tuple[tuple[str, ...], list[str]]:
        """What differs from before the first change, and what the API alone has moved; by name, not
        by value. `failed`: (identity, operation, member) of what is known to be left."""
        said: list[str] = []
        moved: list[str] = []
        for whose in dict.fromkeys((*self._before, *self.past)):
            told = self._difference(whose, read, failed, moved)
            said += told
            if not told or whose not in self.past:
                self._settle(whose, failed)
        self._before.clear()
        self.past = {}
        return tuple(said), moved

    def _settle(self, whose: Whose, failed: Collection[tuple[str, str, str]]) -> None:
        if not any(each[:2] == whose for each in failed):
            with suppress(OakumError):  # what is still in a journal is only compared once more
                self.keep(*whose, None)

    def _difference(
        self,
        whose: Whose,
        read: Callable[[Whose], Settings | None],
        failed: Collection[tuple[str, str, str]],
        moved: list[str],
    ) -> list[str]:
        identity, operation = whose
        before = self._before.get(whose)
        now = read(whose) if before is not None else None
        if before is None or not now:
            why = "no response shows them" if before else "the journal does not show what they were"
            said = (
                f"other settings of {identity} were not compared with before `{operation}`: {why}"
            )
            return [said] if whose in self.past else []
        of = self.declared(operation)
        names = {
            name: how_moved(name, before.get(name), now.get(name))
            for name in sorted(before.keys() | now.keys())
            if (identity, operation, name) not in failed
        }
        other = [
            n for n, how in names.items() if how == "changed" and n not in of.read_only_members
        ]
        if alone := [n for n, how in names.items() if how and n not in other]:
            about = f"settings of {identity}: "
            moved.append(set_by_the_api(about, names_of(alone, of.names), f"`{operation}`"))
        if not other:
            return []
        return [
            f"other settings of {identity} differ from before `{operation}`:"
            f" {names_of(other, of.names)}; check them by hand"
        ]
