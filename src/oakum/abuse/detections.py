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
"""A report is not trustworthy if more than one in so many calls was left uncounted."""
_WITHIN = {"hour": "an hour", "day": "a day"}


@dataclass(frozen=True)
class AbuseEvent:
    """A caller whose count of one sign exceeds what chance explains."""

    kind: Kind
    at: int
    """When it was detected, by the clock of the records: milliseconds since 1970, UTC."""
    since: int
    """When this caller was first seen."""
    who: int
    by: By
    """What `who` is a hash of: the credentials or id of a caller, or the address of anonymous
    requests."""
    endpoint: str
    """Method and path template; empty: all endpoints together."""
    window: Window
    sign: int
    count: int
    """Distinct values of `sign`, such as ids or pages."""
    rest: Baseline
    requests: int
    """Number of requests at this endpoint in this window."""
    misses: int
    ids: int
    """Distinct objects requested at this endpoint in this window."""
    ordered: int
    """How many of these ids were requested in sequence."""
    certain: bool
    """Whether the records prove it. Without response bodies, it is unknown which ids the caller was
    shown."""

    @property
    def weight(self) -> tuple[bool, int]:
        """Rank that decides which of two events of one kind is reported."""
        return self.certain, self.count

    @property
    def says(self) -> str:
        """What the caller did, compared with the others, as a phrase of a report."""
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
    """The first event of each kind."""
    latest: dict[Kind, AbuseEvent] = field(default_factory=dict)
    """The strongest event of each kind (`AbuseEvent.weight`)."""
    series: list[tuple[int, int, int, int]] = field(default_factory=list)
    """(start in milliseconds, requests, new ids, misses) of each point; a point lasts until the
    next."""

    @property
    def certain(self) -> bool:
        """Whether the records prove at least one of its events."""
        return any(each.certain for each in self.latest.values())


@dataclass(frozen=True)
class AbuseReport:
    """The abuse that a stream of calls revealed."""

    told: tuple[ReportedCaller, ...]
    calls: int
    callers: int
    """Number of callers and anonymous addresses that were watched."""
    begins: int
    ends: int
    aside: Mapping[str, int]
    """Number of calls that could not be evaluated, by reason."""
    blind: Mapping[Kind, str]
    """Kinds of abuse that could not be detected, and why."""
    unheard: int
    """Calls set aside only because they came out of order or there were too many endpoints."""
    let_go: int
    """Callers dropped from memory: idle for a day, or the longest idle when memory was full."""

    @property
    def distrust(self) -> tuple[str, ...]:
        """Reasons why the report is not trustworthy; empty if it is."""
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
"""Most points of a caller's time series."""
