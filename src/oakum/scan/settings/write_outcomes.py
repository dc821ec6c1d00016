"""The result of a settings write: refused, visible, late or lost.

Only a refusal, or a response that shows the value, is a result. A write that was accepted and is
not visible may take effect later (RFC 9110, 15.3.3), and so may one that got a server error or no
response. The old value is always sent again, whatever is visible. After the first write that is not
visible, no further write of this kind is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

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
    """Hears of each write before it is sent, when it is answered, and when it is read back."""

    late: set[Setting] = field(default_factory=set)
    """Sent, not refused, and not shown."""
    lost: set[Setting] = field(default_factory=set)
    """Those of them to which no answer came, or a server error."""
    written: set[Setting] = field(default_factory=set)
    """Sent, and answered with something else than a refusal."""
    _made: set[Setting] = field(default_factory=set)
    """Changed since they were as before, for all that is known."""
    _silent: set[str] = field(default_factory=set)
    """Settings, and operations that never showed one, of which a change was not shown."""
    _answering: set[str] = field(default_factory=set)
    """Operations of which a change was shown."""

    def record_sent(self, settings: Iterable[Setting]) -> None:
        """Records settings that are about to be sent."""
        self.late |= (sent := {*settings})
        self.lost |= sent

    def record_answered(self, settings: Iterable[Setting], status: int, *, shown: bool) -> None:
        """Records a response. `status`: 0 if there was none; `shown`: whether a read shows what was
        sent."""
        about = {*settings}
        if status and not 300 <= status < 500:
            self.written |= about & self.late
        if 0 < status < 500:
            self.lost -= about
        if shown or 300 <= status < 500:
            self.late -= about
        if shown or not 300 <= status < 500:
            self.record_made(about)

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
