"""Updates the live view from exchanges as they arrive.

Pure: exchanges and times in, frames out. A frame is made from the same survey that `observe
traffic` prints, so both agree. The survey, the evaluation and the detection of abuse bound their
memory; the names already reported as news are bounded here.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from oakum.abuse.detections import AbuseEvent
from oakum.abuse.detector import AbuseDetector
from oakum.abuse.signs import KINDS
from oakum.errors import count_of
from oakum.openapi.model import Operation as Declared
from oakum.traffic.call import Hasher
from oakum.traffic.calls_from_exchanges import Endpoints, Finds
from oakum.traffic.observation_model import Drift, ObservedOperation, SourceCounts, TrafficReport
from oakum.traffic.recorded_exchange import RecordedExchange
from oakum.traffic.survey import Against, Survey, Surveyor, observation

_SMOOTH: Final = 10.0
"""Time constant of the rates in seconds: after it, an exchange counts about a third."""
_NEWS: Final = 200
_KNOWN: Final = 200_000
"""How many names of each kind are remembered to recognise new ones."""
_FEW: Final = 4
"""How many fields of one line of news are named."""
_CALLERS: Final = 20_000
_SHOWN: Final = 1 << 24
"""Bytes of memory in which the abuse detector may keep which caller received which objects."""


class Holds(Against, Finds, Protocol):
    """What traffic is compared with: finds the operation of an exchange, and evaluates its
    response."""

    @property
    def operations(self) -> tuple[Declared, ...]:
        """Operations that the documents declare."""
        ...


@dataclass(frozen=True)
class News:
    """Something that the traffic showed for the first time."""

    at: float
    """Seconds since 1970, by the clock of this machine."""
    kind: str
    """`endpoint`, `field`, `drift`, `note`, `abuse`, or `learnt` for all that the first frame
    found."""
    says: str


@dataclass(frozen=True)
class Busy:
    """An operation with its present rate."""

    operation: ObservedOperation
    rate: float
    """Exchanges a second, smoothed."""
    drifted: bool


@dataclass(frozen=True)
class LiveFrame:
    """What the live view shows at one moment."""

    at: float
    since: float
    """Seconds since the first frame."""
    rate: float
    found: TrafficReport
    busy: tuple[Busy, ...]
    """The busiest first."""
    news: tuple[News, ...]
    """The latest news, the oldest first."""
    fresh: tuple[News, ...]
    """The part of `news` that the frame before did not have."""
    told: int
    """Number of callers that showed a sign of abuse so far."""


class Live:
    """Collects exchanges, and makes a frame of the live view from them on demand."""

    def __init__(
        self, key: bytes, against: Holds | None, title: str, hosts: Collection[str] = ()
    ) -> None:
        """`key`: hashes values of this run; `title`: names the document or contract in
        `against`."""
        self._surveyor = Surveyor(key, against, hosts)
        self._hashed = Hasher(key)
        self._against, self._title, self._hosts = against, title, hosts
        self._watch = AbuseDetector(callers=_CALLERS, shown=_SHOWN)
        self._endpoints = Endpoints(None, against, hosts)
        self._paths: frozenset[tuple[str, str]] = frozenset()
        self._events: list[AbuseEvent] = []
        self._told = set[int]()
        self._known: dict[str, set[object]] = {
            "endpoint": set(),
            "field": set(),
            "drift": set(),
            "note": set(),
        }
        self._news: deque[News] = deque(maxlen=_NEWS)
        self._rates: dict[str, float] = {}
        self._seen: dict[str, int] = {}
        self._read = 0
        self._rate = 0.0
        self._begun = self._last = math.nan

    def take(self, passed: RecordedExchange) -> None:
        """Counts one exchange and passes it to the abuse detector."""
        self._surveyor.take(passed)
        call = self._endpoints.call(passed, self._hashed)
        if call is not None:
            self._events += self._watch.take(call)

    def observation(self, reads: Sequence[SourceCounts]) -> TrafficReport:
        """What all exchanges so far add up to, as `observe traffic` would report it."""
        return self._observation(self._surveyor.finish(), reads)

    def look(self, now: float, reads: Sequence[SourceCounts]) -> LiveFrame:
        """The next frame. `now`: seconds since 1970; `reads`: how far each source has been read."""
        survey = self._surveyor.finish()
        self._learn(survey)
        found = self._observation(survey, reads)
        first = math.isnan(self._begun)
        if first:
            self._begun = self._last = now
        self._count(found, now - self._last)
        self._last = now
        fresh = [News(now, kind, says) for kind, says in self._fresh(found)]
        self._news.extend(fresh)
        drifted = {each.endpoint for each in found.drift}
        busy = [Busy(e, self._rates.get(e.id, 0.0), e.id in drifted) for e in found.operations]
        busy.sort(key=lambda each: (-round(each.rate, 3), -each.operation.seen, each.operation.id))
        return LiveFrame(
            now,
            now - self._begun,
            self._rate,
            found,
            tuple(busy),
            tuple(self._news),
            tuple(fresh[-_NEWS:]),
            len(self._told),
        )

    def _observation(self, survey: Survey, reads: Sequence[SourceCounts]) -> TrafficReport:
        return observation(survey, reads, self._against, self._title)

    def _learn(self, survey: Survey) -> None:
        """New paths may change the inferred path templates; calls are matched with the
        latest ones."""
        paths = frozenset((each.method, each.path) for each in survey.templates)
        if paths != self._paths:
            self._paths = paths
            self._endpoints = Endpoints(survey, self._against, self._hosts)

    def _count(self, found: TrafficReport, past: float) -> None:
        """Updates the rates. An operation has a rate from the second frame that shows it."""
        keep = math.exp(-past / _SMOOTH) if past > 0 else 1.0
        seen = {each.id: each.seen for each in found.operations}
        self._rates = {
            name: self._smooth_rate(self._rates.get(name, 0.0), many - self._seen[name], past, keep)
            for name, many in seen.items()
            if name in self._seen
        }
        self._rate = self._smooth_rate(self._rate, found.read - self._read, past, keep)
        self._seen, self._read = seen, found.read

    @staticmethod
    def _smooth_rate(rate: float, more: int, past: float, keep: float) -> float:
        return rate * keep + (1 - keep) * max(0, more) / past if past > 0 else rate

    def _fresh(self, found: TrafficReport) -> Iterator[tuple[str, str]]:
        learnt = not self._known["endpoint"]
        endpoints = [
            each for each in found.operations if each.seen and self._new("endpoint", each.id)
        ]
        fields = [
            (each, field)
            for each in found.operations
            for field in each.fields
            if self._new("field", (each.id, field.path))
        ]
        if learnt and endpoints:
            yield "learnt", f"{_many(endpoints)}, {count_of(len(fields), 'field')}"
        else:
            yield from (("endpoint", _endpoint(each)) for each in endpoints)
            for each, field in fields:
                if each not in endpoints:
                    yield "field", f"{each.method} {each.path}: {field.path}, {field.label}"
        for each in found.operations:
            for note in each.notes:
                if self._new("note", (each.id, note.kind)):
                    yield "note", f"{each.method} {each.path}: {note.says}"
        yield from (("drift", says) for says in self._describe_drift(found.drift))
        for event in self._events:
            self._told.add(event.who)
            yield (
                "abuse",
                f"{event.by} {Hasher.hash_text(event.who)} {KINDS[event.kind]}{_at(event)}",
            )
        self._events = []

    def _describe_drift(self, drift: Sequence[Drift]) -> Iterator[str]:
        """One line for the fields of an endpoint, viewer and contract line; each field is reported
        once."""
        groups: dict[tuple[object, ...], list[Drift]] = {}
        for each in drift:
            if self._new("drift", (each.kind, each.endpoint, each.resource, each.field)):
                groups.setdefault((each.endpoint, each.where, each.viewer, each.says), []).append(
                    each
                )
        for held in groups.values():
            first, endpoint = held[0], f"{held[0].method} {held[0].path}"
            place = f" ({first.where})" if first.where is not None else ""
            if not first.field:
                yield f"{endpoint}: {first.says}"
                continue
            names = [f"{each.resource}.{each.field}" for each in held]
            more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
            viewer = f" sent to {first.viewer}" if first.viewer else ""
            yield f"{', '.join(names[:_FEW])}{more}{viewer} by {endpoint}{place}: {first.says}"

    def _new(self, kind: str, name: object) -> bool:
        known = self._known[kind]
        if name in known or len(known) >= _KNOWN:
            return False
        known.add(name)
        return True


def _endpoint(each: ObservedOperation) -> str:
    said = f", {each.standing}" if each.standing == "shadow" else ""
    return f"{each.method} {each.path}{said}"


def _many(endpoints: Sequence[ObservedOperation]) -> str:
    return count_of(len(endpoints), "operation")


def _at(event: AbuseEvent) -> str:
    return f" at {event.endpoint}" if event.endpoint else ""
