"""Reads calls in the order of time and reports callers that abuse the API.

Each caller is compared with the other callers of the same endpoint in the same time. Every five
minutes of the records' clock, what each caller has done within the last hour and the last day is
compared with what the others have done. So the result does not depend on the order in which callers
came, and a caller is never reported while one who did more is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from oakum.abuse.actor_activity import Actor
from oakum.abuse.baseline import FEW, FEWEST, Baseline, Numbers
from oakum.abuse.counters import DistinctCounts, ShownIds
from oakum.abuse.detections import AbuseEvent, AbuseReport, By, ReportedCaller
from oakum.abuse.endpoint_window import EndpointWindow
from oakum.abuse.signs import (
    FAILED,
    FIRST,
    FROM,
    HOURS,
    IDS,
    KINDS,
    LAST,
    MISSED,
    NAMES,
    OBJECTS,
    ORDERED,
    REFUSED,
    SAMPLE,
    SIGNS,
    UNKNOWN,
    UNSHOWN,
    WORKED,
    CountedEndpoint,
    Kind,
    endpoint,
)
from oakum.traffic.call import RecordedCall

SLOT: Final = 300_000
"""Milliseconds of a slot: callers are compared at the end of each."""
HOUR: Final = 12 * SLOT
_DAY: Final = 24 * HOUR
_LEARN = 3 * SLOT
"""Milliseconds of recorded time before anybody is reported."""
_SELDOM = 3 * SLOT
"""Milliseconds between two comparisons of day windows, which cost more."""
_METHODS = frozenset(("DELETE", "GET", "PATCH", "POST", "PUT", "QUERY"))
_OTHER = "OTHER"
"""Stands for every method outside `_METHODS`: a client may invent any number of them."""
_NEAR = 16
"""Largest difference between two consecutive ids that counts as sequential."""
_ENDPOINTS = 2_000
_BAD = frozenset((401, 403, 404, 410))
_BAD_LOGIN = _BAD | {400, 422}
_BYS: Final[tuple[By, ...]] = ("caller", "address")
_ALL = CountedEndpoint("", "", 0, "whole")
_EACH = 10
"""Counters for each watched caller, on average over all endpoints and windows; beyond that, memory
counts as full."""
_SHARED = 2
"""Most callers that may share an address that still counts as a caller's own."""
_ADDRESSES = 200_000
_TOLD = 10_000
_WANTED: Final[Mapping[Kind, str]] = {
    "walk": "no record names the requested object",
    "guess": "no record names the requested object",
    "scrape": "no record is a request for a list",
    "probe": "no record names what a search or look-up asked for",
    "share": "no record of a caller contains the network address",
    "stuff": "no record names the account of a login attempt",
    "scan": "no record names both the caller and the time",
}
"""Why each kind cannot be detected, when the records lack what it needs."""
ASIDE_TIME = "without an instant"
ASIDE_WHO = "names neither a caller nor an address"
ASIDE_ENDPOINT = "of an endpoint too many"
ASIDE_LATE = "more than an hour out of order"
ASIDE_AHEAD = "more than a day later than all others"
ASIDE_TOLD = "more abusers than are kept in memory"


class AbuseDetector:
    """Detects abuse in a stream of calls; keeps counters, and never the calls."""

    def __init__(self, *, callers: int = 50_000, shown: int = 1 << 26) -> None:
        """`callers`: most callers watched at a time, beyond which the longest idle are dropped;
        `shown`: bytes of the table of ids that callers received."""
        self._most = callers
        self._shown = ShownIds(shown)
        self._actors: dict[By, dict[int, Actor]] = {"caller": {}, "address": {}}
        self._places: dict[tuple[str, str, By], tuple[EndpointWindow, EndpointWindow]] = {}
        self._whole = {
            by: (EndpointWindow(_ALL, by, "hour"), EndpointWindow(_ALL, by, "day")) for by in _BYS
        }
        self._active: dict[By, set[int]] = {by: set() for by in _BYS}
        self._judged: set[Kind] = set()
        self._told: dict[tuple[By, int], ReportedCaller] = {}
        self._addresses: dict[int, set[int]] = {}
        self._older: dict[int, set[int]] = {}
        """The previous generation of `_addresses`."""
        self._aside: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        """Number of calls that allow the detection of each kind."""
        self._begins = self._ends = self._slot = self._ahead = 0
        self._let_go = 0

    def take(self, call: RecordedCall) -> list[AbuseEvent]:
        """Counts a call, and returns events detected at the end of earlier slots. A late call
        counts in the current slot; one that is later than an hour is set aside."""
        if not call.at:
            self._aside[ASIDE_TIME] += 1
            return []
        events: list[AbuseEvent] = []
        if self._slot and call.at >= self._slot + _DAY and abs(call.at - self._ahead) > HOUR:
            # A single record of a wrong clock would exclude all later ones, so a second must agree.
            self._ahead = call.at
            self._aside[ASIDE_AHEAD] += 1
            return []
        if call.at >= self._slot + SLOT:
            events = self._turn(call.at)
        if call.at < self._slot - HOUR:
            self._aside[ASIDE_LATE] += 1
            return events
        self._ends = max(self._ends, call.at)
        by: By = "caller" if call.caller else "address"
        who = call.caller or call.address
        if not who:
            self._aside[ASIDE_WHO] += 1
            return events
        places = self._at(call, by)
        if places is None:
            self._aside[ASIDE_ENDPOINT] += 1
            return events
        self._count(call, by, who, places)
        return events

    def _at(self, call: RecordedCall, by: By) -> tuple[EndpointWindow, EndpointWindow] | None:
        method = call.method if call.method in _METHODS else _OTHER
        key = (method, call.path, by)
        found = self._places.get(key)
        if found is None and len(self._places) < _ENDPOINTS:
            made = endpoint(method, call.path, call.operation)
            number = len(self._places)
            found = (
                EndpointWindow(made, by, "hour", number),
                EndpointWindow(made, by, "day", number),
            )
            self._places[key] = found
        return found

    def _count(
        self, call: RecordedCall, by: By, who: int, places: tuple[EndpointWindow, EndpointWindow]
    ) -> None:
        actor = self._actors[by].get(who)
        if actor is None:
            if len(self._actors[by]) >= self._most:
                self._release(by, self._slot, crowded=True)
            actor = self._actors[by][who] = Actor(call.at)
        actor.last = max(actor.last, call.at)
        self._active[by].add(who)
        self._seen.update(("calls", "scan"))
        missed = call.status in _BAD or (200 <= call.status < 300 and call.count == 0)
        actor.requests += 1
        actor.misses += missed
        signs, kinds = self._signs(call, who, places[0].endpoint, missed)
        for place in places:
            place.answered |= call.count >= 0
            place.kinds.update(kinds)
            tally = place.at(who)
            tally.requests += 1
            tally.misses += missed
            for sign, mark in signs:
                tally.see(sign, mark)
                place.signs.add(sign)
        if by == "caller" and call.address:
            self._seen["share"] += 1
            self._came(who, call.address)
        for place in self._whole[by]:
            tally = place.at(who)
            tally.requests += 1
            if by == "caller" and call.address:
                tally.come(call.address)
                place.signs.add(FROM)
                place.kinds.add("share")
            if call.status in _BAD:
                tally.see(REFUSED, places[0].number)
                place.signs.add(REFUSED)
            place.kinds.add("scan")
            for sign, mark in signs:
                if sign == IDS:
                    tally.see(IDS, mark)
        if call.handed:
            self._shown.hand(who, call.handed)

    def _came(self, caller: int, address: int) -> None:
        known = self._addresses.get(address)
        if known is None:
            if len(self._addresses) >= _ADDRESSES:
                self._older, self._addresses = self._addresses, {}
            known = self._addresses[address] = self._older.get(address, set())
        if len(known) <= _SHARED:
            known.add(caller)

    def _own(self, tally: DistinctCounts) -> int:
        """Number of addresses that at most `_SHARED` callers use. Offices and mobile networks share
        addresses, so a client behind one must not look like a shared token. An address dropped from
        memory counts as shared, so nobody is reported because somebody invents addresses."""
        known = (
            self._addresses.get(each) or self._older.get(each) for each in tally.addresses or ()
        )
        return sum(each is not None and len(each) <= _SHARED for each in known)

    def _signs(
        self, call: RecordedCall, who: int, at: CountedEndpoint, missed: bool
    ) -> tuple[list[tuple[int, int]], set[Kind]]:
        """(sign, hash) pairs that a call adds, and the kinds of abuse that it could be part of."""
        found: list[tuple[int, int]] = []
        kinds: set[Kind] = set()
        if at.use == "login":
            if call.asked:
                kinds.add("stuff")
                found += _login(call)
        elif at.use == "contact":
            if call.asked:
                kinds.add("probe")
                found += _contact(call, missed)
        elif at.ids and len(call.asked) >= at.ids:
            kinds.update(("walk", "guess"))
            shown = call.count >= 0 and (who, call.asked[at.ids - 1]) in self._shown
            found += _object(call, at, missed, shown)
        elif call.method == "POST" and call.status == 200 and call.asked and call.handed:
            kinds.update(("walk", "guess"))
            found += self._batch(call, who)
        if call.count > 1 or (call.count < 0 and at.lists):
            kinds.add("scrape")
            found += _list(call, at)
        self._seen.update(kinds)
        return found, kinds

    def _batch(self, call: RecordedCall, who: int) -> Iterator[tuple[int, int]]:
        """Objects that a request body names and the response contains: a batch of ids, or a query
        by id."""
        for mark in {*call.asked} & {*call.handed}:
            yield IDS, mark
            if (who, mark) not in self._shown:
                yield UNSHOWN, mark

    # ------------------------------------------------------------ looks

    def _turn(self, at: int) -> list[AbuseEvent]:
        """Ends the current slot, compares callers, and starts new windows where an hour or day has
        ended."""
        before, self._slot = self._slot, at - at % SLOT
        if not self._begins:
            self._begins = self._ends = at
            self._shown.day(at // _DAY)
            return []
        events = self._look(before, at // _SELDOM != before // _SELDOM)
        if at // HOUR != before // HOUR:
            for hour, _ in self._pairs():
                hour.empty(follows=at // HOUR == before // HOUR + 1)
        if at // _DAY != before // _DAY:
            self._shown.day(at // _DAY)
            for _, day in self._pairs():
                day.empty(follows=False)
        many = sum(len(place.tallies) for pair in self._pairs() for place in pair)
        for by in _BYS:
            self._release(by, at, crowded=many > _EACH * self._most)
        return events

    def _pairs(self) -> Iterator[tuple[EndpointWindow, EndpointWindow]]:
        yield from self._places.values()
        yield from self._whole.values()

    def _days(self, by: By) -> Iterator[EndpointWindow]:
        return (day for _, day in self._places.values() if day.by == by)

    def _look(self, slot: int, at_day: bool) -> list[AbuseEvent]:
        """Compares all callers; `slot`: the start of the slot that has ended."""
        for by in _BYS:
            day = self._whole[by][1]
            for who in self._active[by]:
                actor, tally = self._actors[by][who], day.at(who)
                before = tally.value(IDS)
                actor.ids = max(0, tally.settle()[IDS] - before)
                actor.close(slot // SLOT)
            self._active[by].clear()
        for place in self._whole["caller"]:
            for tally in place.tallies.values():
                tally.put(FROM, self._own(tally))
        if self._ends - self._begins < _LEARN:
            return []
        found: dict[tuple[By, int, Kind], AbuseEvent] = {}
        total = Counter({by: sum(day.callers for day in self._days(by)) for by in _BYS})
        for pair in self._pairs():
            day = pair[1]
            if day.callers >= FEWEST:
                self._judged |= day.kinds
            elif total[day.by] >= FEWEST:
                self._judged |= day.kinds - {"scrape"}
            for place in pair:
                place.settle()
            for place in pair[: 1 + at_day]:
                for sign in sorted(place.signs & SIGNS.keys()):
                    for event in self._beyond(place, pair[1], sign):
                        key = (event.by, event.who, event.kind)
                        if key not in found or found[key].weight < event.weight:
                            found[key] = event
        return [each for each in found.values() if self._tell(each)]

    def _beyond(
        self, place: EndpointWindow, day: EndpointWindow, sign: int
    ) -> Iterator[AbuseEvent]:
        """Events of callers above the limit of one sign at one endpoint; `day`: the day window of
        the same endpoint."""
        said = SIGNS[sign]
        if sign == NAMES and place.tells:
            return
        high = place.beyond(sign, said.least)
        rest = self._rest(place, day, sign) if high else None
        if rest is None:
            return
        for who, tally in high.items():
            if tally.value(sign) > rest.limit:
                yield self._event(place, sign, who, tally, rest)

    def _rest(self, place: EndpointWindow, day: EndpointWindow, sign: int) -> Baseline | None:
        """The baseline at an endpoint. Where an hour has too few callers, the day's. Where the day
        has too few, the higher of two: that of all endpoints, with five times the minimum, and that
        of the few callers here."""
        said = SIGNS[sign]
        rest = place.rest(sign) or day.rest(sign)
        if rest is not None or said.alone:
            return rest
        around = Numbers(place.window)
        for pair in self._pairs():
            each = pair[place.window == "day"]
            if each.by == place.by and sign in each.signs:
                around.take(each.numbers(sign))
        found = [around.rest(said, 5), day.numbers(sign).rest(said, 1, FEW)]
        if found[0] is None:
            return None
        return max(filter(None, found), key=lambda each: each.limit)

    def _event(
        self, place: EndpointWindow, sign: int, who: int, tally: DistinctCounts, rest: Baseline
    ) -> AbuseEvent:
        count, kind = tally.value(sign), SIGNS[sign].kind
        if kind == "guess" and tally.value(ORDERED) * 2 >= count:
            kind = "walk"
        return AbuseEvent(
            kind,
            min(self._ends, self._slot) if self._slot else self._ends,
            self._actors[place.by][who].first,
            who,
            place.by,
            str(place.endpoint) if place.endpoint is not _ALL else "",
            place.window,
            sign,
            count,
            rest,
            tally.requests,
            tally.misses,
            tally.value(IDS),
            tally.value(ORDERED),
            place.answered or sign not in (ORDERED, NAMES),
        )

    def _tell(self, event: AbuseEvent) -> bool:
        """Records an event; whether it is the first of its kind for this caller."""
        key = (event.by, event.who)
        told = self._told.get(key)
        if told is None:
            if len(self._told) >= _TOLD:
                self._aside[ASIDE_TOLD] += 1
                return False
            told = self._told[key] = ReportedCaller(event.who, event.by, event.since, event.at)
        latest = told.latest.get(event.kind)
        if latest is None or latest.weight < event.weight:
            told.latest[event.kind] = event
        if latest is None:
            told.events.append(event)
        return latest is None

    def _release(self, by: By, at: int, *, crowded: bool) -> None:
        """Drops callers idle for a day, or the longest idle eighth if there are too many."""
        actors = self._actors[by]
        free = {who: each.last for who, each in actors.items() if (by, who) not in self._told}
        idle = [who for who, last in free.items() if last < at - _DAY]
        if not idle and (crowded or len(actors) >= self._most):
            idle = sorted(free, key=free.__getitem__)[: len(free) // 8 + 1]
        if not idle:
            return
        self._let_go += len(idle)
        for pair in self._pairs():
            for place in pair:
                if place.by == by:
                    place.release(idle)
        for who in idle:
            del actors[who]
            self._active[by].discard(who)

    # ------------------------------------------------------------ the end

    def finish(
        self, aside: Mapping[str, int] | None = None
    ) -> tuple[list[AbuseEvent], AbuseReport]:
        """Events of the last slot, and the report of the whole stream. `aside`: calls that the
        reader excluded, by reason."""
        events = self._look(self._slot, at_day=True) if self._begins else []
        for (by, who), told in self._told.items():
            actor = self._actors[by][who]
            told.last, told.series = actor.last, actor.points(SLOT)
        callers = self._let_go + sum(len(each) for each in self._actors.values())
        return events, AbuseReport(
            tuple(sorted(self._told.values(), key=lambda each: (each.events[0].at, each.who))),
            self._seen["calls"],
            callers,
            self._begins,
            self._ends,
            dict(self._aside + Counter(aside or {})),
            {kind: why for kind in KINDS if (why := self._why_blind(kind))},
            self._aside[ASIDE_LATE] + self._aside[ASIDE_AHEAD] + self._aside[ASIDE_ENDPOINT],
            self._let_go,
        )

    def _why_blind(self, kind: Kind) -> str:
        if not self._seen[kind]:
            return _WANTED[kind]
        if self._ends - self._begins < _LEARN:
            return f"the records cover less than {_LEARN // 60_000} minutes"
        if kind not in self._judged:
            return f"no endpoint had {FEWEST} callers to compare"
        return ""


def _combined_hash(marks: Sequence[int]) -> int:
    """One hash of several."""
    return marks[0] if len(marks) == 1 else hash(tuple(marks))


def _login(call: RecordedCall) -> Iterator[tuple[int, int]]:
    if call.status in _BAD_LOGIN:
        yield FAILED, _combined_hash(call.asked)
    elif call.status < 400:
        yield WORKED, _combined_hash(call.asked)


def _contact(call: RecordedCall, missed: bool) -> Iterator[tuple[int, int]]:
    mark = _combined_hash(call.asked)
    yield NAMES, mark
    if missed:
        yield UNKNOWN, mark
        yield HOURS, call.at // HOUR


def _object(
    call: RecordedCall, at: CountedEndpoint, missed: bool, shown: bool
) -> Iterator[tuple[int, int]]:
    mark = _combined_hash(call.asked[: at.ids])
    yield IDS, mark
    if shown:
        return
    if call.count >= 0:
        yield UNSHOWN, mark
    if missed:
        yield MISSED, mark
    if call.step and abs(call.step) <= _NEAR:
        yield ORDERED, mark


def _list(call: RecordedCall, at: CountedEndpoint) -> Iterator[tuple[int, int]]:
    query = call.asked[at.ids :]
    if at.use == "item" and query:
        yield LAST, query[-1]
        if len(query) > 1:
            yield FIRST, query[0]
    for mark in call.handed:
        if mark % SAMPLE == 0:
            yield OBJECTS, mark
