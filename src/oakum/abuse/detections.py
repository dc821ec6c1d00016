"""What a detection reports: an event when abuse is seen, and a summary of each caller's day.

Plain values. A caller is identified by a keyed hash, and no personal value is included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from oakum.abuse.baseline import Baseline, Window
from oakum.abuse.signs import KINDS, SIGNS, Kind

By = Literal["caller", "address"]

_FEW_UNHEARD: Final = 100
"""One in so many calls may be left uncounted in what is relied upon."""
_WITHIN = {"hour": "an hour", "day": "a day"}


@dataclass(frozen=True)
class AbuseEvent:
    """A caller does more of something than can be chance."""

    kind: Kind
    at: int
    """When it was seen, by the clock of the records: milliseconds since 1970 in UTC."""
    since: int
    """When this caller was first seen."""
    who: int
    by: By
    """What `who` is a hash of: credentials or a name, or the address of who is not logged in."""
    endpoint: str
    """Method and template; empty: all endpoints."""
    window: Window
    sign: int
    count: int
    """Different things that it requested."""
    rest: Baseline
    requests: int
    """At this endpoint, in this window, as `count`."""
    misses: int
    ids: int
    """Different objects that it requested at all."""
    ordered: int
    """Those that came one after the other."""
    certain: bool
    """Whether the records say all that it rests on: without answers nobody knows what was shown."""

    @property
    def weight(self) -> tuple[bool, int]:
        """Rank that decides which of two events of one kind is reported."""
        return self.certain, self.count

    @property
    def says(self) -> str:
        """A sentence that a person can act on."""
        endpoint = f" at {self.endpoint}" if self.endpoint else ""
        others = "addresses" if self.by == "address" else "callers"
        usual = f"at most {self.rest.high:,}" if self.rest.high else "none"
        whole = " within a whole day" if self.rest.window != self.window else ""
        does = SIGNS[self.sign].says.format(f"{self.count:,}")
        said = (
            f"within {_WITHIN[self.window]}{endpoint}, {does};"
            f" {_percent(self.rest.share)} of {self.rest.callers:,} {others}: {usual}{whole}"
        )
        return "; ".join((said, *self._more()))

    def _more(self) -> Iterator[str]:
        if self.ids and self.kind in ("walk", "guess"):
            if self.ids > self.count:
                yield f"it requested {self.ids:,} in all"
            if self.ordered * 4 > self.ids:
                yield f"{_percent(min(1, self.ordered / self.ids))} were sequential ids"
        if self.requests and self.misses and self.kind != "share":
            yield f"{_percent(self.misses / self.requests)} of its requests found nothing"
        if not self.certain:
            yield (
                "the records contain no response bodies, so an earlier response may have shown"
                " it these ids"
            )


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


@dataclass
class ReportedCaller:
    """All that is known about one reported caller."""

    who: int
    by: By
    first: int
    last: int
    events: list[AbuseEvent] = field(default_factory=list)
    """One of each kind, when it was first seen."""
    latest: dict[Kind, AbuseEvent] = field(default_factory=dict)
    """The same with the highest count."""
    series: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Instant, requests, ids that were new, requests that found nothing; each from its instant to
    the next."""

    @property
    def certain(self) -> bool:
        """Whether the records alone prove any of it."""
        return any(each.certain for each in self.latest.values())


@dataclass(frozen=True)
class AbuseReport:
    """The abuse that a stream of calls revealed."""

    told: tuple[ReportedCaller, ...]
    calls: int
    callers: int
    """Callers and addresses of nobody that were watched."""
    begins: int
    ends: int
    aside: Mapping[str, int]
    """Number of calls that could not be evaluated, by reason."""
    blind: Mapping[Kind, str]
    """Kinds of abuse that could not be detected, and why."""
    unheard: int
    """Calls of those set aside that another order, or fewer operations, would have counted."""
    let_go: int
    """Callers that had long been idle, or were the idlest when memory was full."""

    @property
    def distrust(self) -> tuple[str, ...]:
        """Why no caller could be judged; empty if some could."""
        if not self.calls:
            return ("no record names both the caller and the time",)
        if self.unheard * _FEW_UNHEARD > self.calls:
            return (
                f"{self.unheard:,} calls of {self.calls + self.unheard:,} could not be counted",
            )
        if self.blind.keys() == KINDS.keys():
            return tuple(dict.fromkeys(self.blind.values()))
        return ()


SERIES: Final = 288
"""Points of a series at most."""
