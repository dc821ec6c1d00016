"""The result of a settings write: refused, visible, late or lost.

Only a refusal, or a response that shows the value, is a result. A write that was accepted and is
not visible may take effect later (RFC 9110, 15.3.3), and so may one that got a server error or no
response. The old value is always sent again, whatever is visible. After the first write that is not
visible, no further write of this kind is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from oakum.errors import OakumError
from oakum.openapi.model import Json
from oakum.scan.undo.setting_change import SettingChange
from oakum.scan.undo.visibility_wait import VisibilityWait

Setting = tuple[str, str]
"""(identity, `Resource.state` or `Resource.field`)."""


@dataclass(frozen=True)
class SettingOutcome:
    """What came of changing settings; true if any was changed."""

    done: frozenset[str] = frozenset()
    """`Resource.state` or `Resource.field` of those that were changed."""
    why: str = ""
    """Why another was not; empty: all were."""

    def __bool__(self) -> bool:
        return bool(self.done)


@dataclass
class Reception:
    """Records each settings write before it is sent, at its response, and when it is read back."""

    late: set[Setting] = field(default_factory=set)
    """Sent and not refused, but not visible."""
    lost: set[Setting] = field(default_factory=set)
    """Those of `late` without a response, or with a server error."""
    unanswered: dict[Setting, list[Json]] = field(default_factory=dict)
    """Setting → values that were sent without receiving a response."""
    written: set[Setting] = field(default_factory=set)
    """Sent, with a response other than a refusal."""
    _open: set[Setting] = field(default_factory=set)
    """Sent last, with no response yet."""
    _made: set[Setting] = field(default_factory=set)
    """Possibly changed since they were last as before."""
    _silent: set[str] = field(default_factory=set)
    """Settings whose change was not visible, and operations that never showed one."""
    _answering: set[str] = field(default_factory=set)
    """Operations of which a change was visible."""

    def record_sent(self, flips: Iterable[SettingChange]) -> set[Setting]:
        """Records changes that are about to be sent, and returns their settings."""
        sent = {(flip.identity, flip.state): flip.after for flip in flips}
        self.late |= sent.keys()
        self.lost |= sent.keys()
        self._open |= sent.keys()
        for name, value in sent.items():
            self.unanswered.setdefault(name, []).append(value)
        return {*sent}

    def record_answered(self, settings: Iterable[Setting], status: int, *, shown: bool) -> None:
        """Records a response. `status`: 0 if there was none; `shown`: whether a read shows what was
        sent."""
        about = {*settings}
        if status and not 300 <= status < 500:
            self.written |= about & self.late
        if status and not shown:  # otherwise it is about what was read, or about a restoration
            for name in about & self._open:
                self.unanswered[name].pop()
            self._open -= about
        if 0 < status < 500:
            self.lost -= about
        if shown or 300 <= status < 500:
            self.late -= about
        if shown or not 300 <= status < 500:
            self.record_made(about)

    def record_landed(self, setting: Setting, shown: Json) -> None:
        """Records what a response shows: a change with this value was carried out."""
        values = self.unanswered.get(setting, [])
        values[:] = [each for each in values if each != shown]

    def may_come(self, flip: SettingChange) -> bool:
        """Whether a change away from the old value was not answered, so that it may still come."""
        values = self.unanswered.get((flip.identity, flip.state), ())
        return any(value != flip.before for value in values)

    def wait(
        self,
        patience: VisibilityWait,
        flips: Iterable[SettingChange],
        is_changed: Callable[[SettingChange], bool],
    ) -> list[SettingChange]:
        """Waits for changes without an answer to show, and returns those that do not. A server may
        still be at work on a request that nobody waits for any more, and would then change what
        was restored meanwhile."""
        hidden = []
        for flip in flips:
            if self.may_come(flip):
                shown = False
                with suppress(OakumError):
                    shown = patience.until(lambda flip=flip: is_changed(flip))  # type: ignore[misc]
                hidden += [] if shown else [flip]
        return hidden

    def record_made(self, settings: Iterable[Setting]) -> None:
        """Records that settings may be changed by now."""
        self._made |= {*settings}

    def all_refused(self, setting: Setting) -> bool:
        """Whether all that was sent of a setting since it was as before was refused."""
        return setting not in self._made

    def record_put_back(self, setting: Setting) -> None:
        """Records that a setting is as before."""
        self._made.discard(setting)

    def record_shown(self, operation: str) -> None:
        """Records that an operation's settings are visible in a read."""
        self._answering.add(operation)

    def record_silent(self, path: str, operation: str) -> None:
        """Records a setting that was accepted but is not visible."""
        self._silent.add(path if operation in self._answering else operation)

    def why_not(self, path: str, operation: str) -> str:
        """Why a setting is not changed any more; empty if it may be."""
        told = self._silent & {path, operation}
        return (
            "no response showed the earlier value there, so it is not changed again" if told else ""
        )
