"""A made day of an API of members: 2,000 honest callers with a day curve, and twelve abusers.

Written before the detectors were tuned, and not changed for them, but for how much the fast abusers
of a smaller day take. Planned as columns of numbers and
made into `Call`s one after the other, so that the plan of a million is some 40 MB and no call is
kept. Ids are hashes of made-up numbers; what an answer hands out follows from what was asked, so
that who was shown what needs no memory here.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from oakum.traffic.call import RecordedCall

START = 1_795_564_800_000
"""2026-11-25T00:00:00Z, in milliseconds."""
HOUR = 3_600_000
_DAY = 24 * HOUR
MEMBERS = 20_000
_CURVE = [2, 1, 1, 1, 1, 2, 4, 7, 9, 9, 8, 8, 9, 8, 8, 8, 8, 9, 10, 11, 11, 9, 6, 4]
"""How busy each hour is."""
_PAGE = 20

MEMBER, LIST, WORKOUTS, WORKOUT, SEARCH, LOGIN, RESET, ME, PARTNER, FEED, LOOKUP = range(11)
ENDPOINTS = [
    ("GET", "/members/{memberId}"),
    ("GET", "/members"),
    ("GET", "/members/{memberId}/workouts"),
    ("GET", "/workouts/{workoutId}"),
    ("GET", "/search"),
    ("POST", "/login"),
    ("POST", "/password/reset"),
    ("GET", "/me"),
    ("GET", "/partners/{partnerId}/members"),
    ("GET", "/feed"),
    ("GET", "/lookup"),
]


def mark(kind: str, number: int) -> int:
    """The hash of a made-up value: the finaliser of splitmix64, as a signed integer."""
    x = (number * 0x9E3779B97F4A7C15 + sum(map(ord, kind)) * 0xD1B54A32D192ED03) & (1 << 64) - 1
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & (1 << 64) - 1
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & (1 << 64) - 1
    x ^= x >> 31
    return x - (1 << 64) if x >> 63 else x


_MEMBER = [mark("member", n) for n in range(MEMBERS + 1)]


def _gone(member: int) -> bool:
    return member % 17 == 3 or member > MEMBERS or member < 1


def listed(seed: int, page: int) -> list[int]:
    """Members on a page of a list: by `seed` each list is in another order; those that are gone
    are on none."""
    step = 2 * (seed * 7919 % 9973) + 1
    numbers = ((seed * 131 + (page * _PAGE + i) * step) % MEMBERS + 1 for i in range(_PAGE))
    return [n for n in numbers if not _gone(n)]


def workouts_of(member: int) -> list[int]:
    return [member * 8 + i for i in range(member % 7)]


@dataclass
class Planted:
    """An abuser that stands in the day."""

    kind: str
    actor: int
    """The hash by which it is known: of a caller, or of an address."""
    slow: bool
    begins: int


@dataclass
class Day:
    """The plan of a day: one number in each column for each request."""

    seed: int
    planted: list[Planted] = field(default_factory=list)
    honest: dict[str, list[int]] = field(default_factory=dict)
    """Hashes of those who look odd and are not, by what they do."""
    _columns: dict[str, array[int]] = field(
        default_factory=lambda: {
            name: array("q") for name in ("at", "who", "from", "endpoint", "a", "b", "s")
        }
    )

    def ask(
        self, at: float, who: int, address: int, endpoint: int, a: int = 0, b: int = 0, s: int = 0
    ) -> None:
        """One request: `a` is what it asks for, `b` a page or a seed, `s` a status (0: its own)."""
        if not START <= at < START + _DAY:
            return
        for column, value in zip(
            self._columns.values(), (int(at), who, address, endpoint, a, b, s), strict=True
        ):
            column.append(value)

    def __len__(self) -> int:
        return len(self._columns["at"])

    def calls(self) -> Iterator[RecordedCall]:
        """The calls, in the order of time."""
        columns = self._columns
        ats = columns["at"]
        last: dict[tuple[int, int], int] = {}
        for i in sorted(range(len(ats)), key=ats.__getitem__):
            who, address, endpoint, a, b, s = (
                columns[name][i] for name in ("who", "from", "endpoint", "a", "b", "s")
            )
            step = 0
            if endpoint in (MEMBER, WORKOUTS):
                before = last.get((who, endpoint), a)
                last[who, endpoint] = a
                step = max(-64, min(64, a - before))
            yield _call(ats[i], who, address, endpoint, a, b, s, step)


def _call(
    at: int, who: int, address: int, endpoint: int, a: int, b: int, s: int, step: int
) -> RecordedCall:
    method, path = ENDPOINTS[endpoint]
    status, asked, handed, count = 200, (), (), 1
    if endpoint == MEMBER:
        asked = (_MEMBER[a] if a <= MEMBERS else mark("member", a),)
        status = 404 if _gone(a) else 200
        handed = asked if status == 200 else ()
    elif endpoint == WORKOUTS:
        asked = (_MEMBER[a] if a <= MEMBERS else mark("member", a),)
        status = 404 if _gone(a) else 200
        handed = tuple(mark("workout", w) for w in workouts_of(a)) if status == 200 else ()
        count = len(handed)
    elif endpoint == WORKOUT:
        asked = (mark("workout", a),)
        status = s or 200
        handed = asked if status == 200 else ()
    elif endpoint == LIST:
        asked = (mark("seed", a), mark("page", b))
        handed = tuple(_MEMBER[n] for n in listed(a, b))
        count = len(handed)
    elif endpoint == PARTNER:
        asked = (mark("partner", a), mark("page", b))
        handed = tuple(_MEMBER[n] for n in range(b * 50 + 1, b * 50 + 51) if not _gone(n))
        count = len(handed)
    elif endpoint == FEED:
        handed = tuple(m for n in listed(a, b)[:6] for m in (_MEMBER[n], mark("workout", n * 8)))
        asked, count = (mark("page", b),), 6
    elif endpoint == SEARCH:
        asked = (mark("text", a),)
        handed = tuple(_MEMBER[n] for n in listed(a, 0)[:8]) if s != 204 else ()
        count = len(handed)
    elif endpoint in (LOGIN, RESET, LOOKUP):
        asked = (mark("name", a),)
        status = s or 200
        handed, count = (), 1 if status == 200 else 0
    return RecordedCall(
        START if at < START else at, "api.example", method, path, "", status,
        "bearer" if who else "none", mark("who", who) if who else 0, mark("address", address),
        asked, handed, count if status == 200 else 0, 200, step,
    )  # fmt: skip


# ---------------------------------------------------------------- honest callers


class _Crowd:
    def __init__(self, day: Day, callers: int, requests: int) -> None:
        self.day, self.random = day, random.Random(day.seed)
        self.callers, self.requests = callers, requests
        r = self.random
        self.offices = [9_000_000 + i for i in range(max(2, callers // 200))]
        self.pool = [8_000_000 + i for i in range(max(20, callers // 10))]
        self.weights = [r.lognormvariate(0, 0.9) for _ in range(callers)]

    def plan(self) -> None:
        r, day = self.random, self.day
        total = sum(self.weights)
        heavy = min(self.requests // 16, 60_000)
        self.partner(1, heavy)
        for who in range(2, self.callers + 1):
            wanted = (self.requests - heavy) * self.weights[who - 1] / total
            power = r.random() < 0.015
            if power:
                day.honest.setdefault("power", []).append(mark("who", who))
                wanted *= 3
            self.member(who, wanted, power)
        for who in r.sample(range(2, self.callers), max(2, self.callers // 200)):
            day.honest.setdefault("retry", []).append(mark("who", who))
            self.retry(who)
        for who in r.sample(range(2, self.callers), max(3, self.callers // 33)):
            day.honest.setdefault("contacts", []).append(mark("who", who))
            self.contacts(who)
        for office in self.offices:
            day.honest.setdefault("office", []).append(mark("address", office))

    def when(self) -> float:
        hour = self.random.choices(range(24), _CURVE)[0]
        return START + (hour + self.random.random()) * HOUR

    def member(self, who: int, wanted: float, power: bool) -> None:
        """Sessions until there are as many requests as this one makes on a day."""
        r = self.random
        kind = r.random()
        office = r.choice(self.offices) if kind < 0.25 else 0
        mobile, roams = kind > 0.6, kind > 0.94
        home = 1_000_000 + who
        typing = r.random() < 0.3
        first, done = True, 0
        while done < wanted or first:
            at = self.when()
            if office and 8 <= (at - START) / HOUR % 24 < 18:
                places = [office]
            elif mobile:
                places = r.sample(self.pool, r.randint(2, 4) if roams else 1)
            else:
                places = [home]
            done += self.session(who, at, places, power, typing, first)
            first = False

    def session(
        self, who: int, at: float, places: list[int], power: bool, typing: bool, first: bool
    ) -> int:
        day, r = self.day, self.random
        before = len(day)

        def ask(endpoint: int, a: int = 0, b: int = 0, s: int = 0, anonymous: bool = False) -> None:
            nonlocal at
            at += r.expovariate(1 / 9_000)
            day.ask(at, 0 if anonymous else who, r.choice(places), endpoint, a, b, s)

        if first or r.random() < 0.03:
            for _ in range(r.choice((0, 0, 0, 0, 1, 2))):
                ask(LOGIN, who, 0, 401, anonymous=True)
            if r.random() < 0.02:
                ask(RESET, who, 0, 202, anonymous=True)
            ask(LOGIN, who, anonymous=True)
        ask(ME)
        seed = r.randrange(5_000)
        shown: list[int] = []
        for page in range(min(40, int(r.expovariate(1 / (2.5 if power else 0.7))))):
            ask(LIST, seed, page)
            shown += listed(seed, page)
        for page in range(1 + int(r.expovariate(1 / 0.6))):
            ask(FEED, seed + 7, page)
            shown += listed(seed + 7, page)[:6]
        if r.random() < (0.3 if typing else 0.15):
            text = r.randrange(400_000)
            for key in range(r.randint(3, 9) if typing else 1):
                empty = r.random() < 0.12
                ask(SEARCH, text * 16 + key, 0, 204 if empty else 0)
                shown += [] if empty else listed(text * 16 + key, 0)[:8]
        share = 0.5 if power else 0.12
        for member in r.sample(
            shown, min(len(shown), int(r.expovariate(1 / (1 + share * len(shown)))))
        ):
            ask(MEMBER, member)
            if r.random() < 0.5:
                ask(WORKOUTS, member)
                for workout in workouts_of(member):
                    if r.random() < 0.25:
                        ask(WORKOUT, workout)
        if r.random() < 0.06:  # a link in a mail, a push: no answer has shown it
            ask(MEMBER, r.randrange(1, MEMBERS))
        return len(day) - before

    def partner(self, who: int, heavy: int) -> None:
        """Syncs 3,000 members of its own, in the order of their ids, every few minutes some."""
        day, r = self.day, self.random
        day.honest["partner"] = [mark("who", who)]
        places = [7_000_001, 7_000_002, 7_000_003]
        rounds = 96
        for turn in range(rounds):
            at = START + turn * _DAY / rounds + r.random() * 60_000
            many = heavy // rounds
            pages = [(turn * 7 + i) % 60 for i in range(max(1, min(60, many // 40)))]
            for page in pages:
                day.ask(at := at + 150, who, r.choice(places), PARTNER, who, page)
            own = [
                n for page in pages for n in range(page * 50 + 1, page * 50 + 51) if not _gone(n)
            ]
            for member in own[: max(1, many - len(pages))]:
                day.ask(at := at + 150, who, r.choice(places), MEMBER, member)

    def retry(self, who: int) -> None:
        """A client that asks for a gone object, or logs in with an old password, on and on."""
        at, gone = self.when(), 17 * self.random.randrange(1_000) + 3
        for i in range(min(600, self.requests // 1_500)):
            if i % 2:
                self.day.ask(at + i * 5_000, who, 1_000_000 + who, MEMBER, gone)
            else:
                self.day.ask(at + i * 5_000, 0, 1_000_000 + who, LOGIN, who, 0, 401)

    def contacts(self, who: int) -> None:
        """Looks for friends by the addresses in its own book: most of them are no members."""
        at = self.when()
        for i in range(int(self.random.lognormvariate(math.log(25), 0.6))):
            hit = self.random.random() < 0.15
            friend = 50_000_000 + who * 1_000 + i
            self.day.ask(at + i * 400, who, 1_000_000 + who, LOOKUP, friend, 0, 200 if hit else 404)


# ---------------------------------------------------------------- abusers


def _plant(day: Day, who: int, size: float, pace: float) -> None:
    """Twelve of six kinds, five of them slow. `size` shrinks the fast ones for a smaller day;
    `pace`: of the slow ones."""
    r = random.Random(day.seed * 31 + 7)

    def planted(kind: str, slow: bool, actor: int, begins: float) -> None:
        day.planted.append(Planted(kind, actor, slow, int(begins)))

    def fast() -> float:
        return START + r.uniform(3, 20) * HOUR

    def many(number: int) -> int:
        return max(120, int(number * size))

    def spread(number: int) -> list[float]:
        return sorted(START + r.random() * _DAY for _ in range(int(number * pace)))

    # walking: in order, fast; in order with gaps, slow; all workouts lists, in no order
    at, first = fast(), r.randrange(1, MEMBERS // 2)
    planted("walk", False, mark("who", who), at)
    for i in range(many(5_000)):
        day.ask(at + i * 700, who, 5_000_001, MEMBER, first + i)
    first = r.randrange(1, MEMBERS // 2)
    planted("walk", True, mark("who", who + 1), START)
    for i, at in enumerate(spread(12 * 24)):
        day.ask(at, who + 1, 5_000_002, MEMBER, first + 3 * i + r.randrange(3))
    at = fast()
    planted("walk", False, mark("who", who + 2), at)
    for i, member in enumerate(r.sample(range(1, MEMBERS), many(3_000))):
        day.ask(at + i * 1_100, who + 2, 5_000_003, WORKOUTS, member)
    # scraping: page after page of a list
    at = fast()
    planted("scrape", False, mark("who", who + 3), at)
    for page in range(many(600)):
        day.ask(at + page * 4_000, who + 3, 5_000_004, LIST, 4_321, page)
    planted("scrape", True, mark("who", who + 4), START)
    for page, at in enumerate(spread(10 * 24)):
        day.ask(at, who + 4, 5_000_005, LIST, 1_234, page)
    # probing: e-mail addresses of a list that somebody has bought
    at = fast()
    planted("probe", False, mark("who", who + 5), at)
    for i in range(many(3_000)):
        hit = r.random() < 0.08
        day.ask(at + i * 900, who + 5, 5_000_006, LOOKUP, 60_000_000 + i, 0, 200 if hit else 404)
    planted("probe", True, mark("who", who + 6), START)
    for i, at in enumerate(spread(20 * 24)):
        hit = r.random() < 0.08
        day.ask(at, who + 6, 5_000_007, LOOKUP, 70_000_000 + i, 0, 200 if hit else 404)
    # one token from many addresses
    at = fast()
    planted("share", False, mark("who", who + 7), at)
    for i in range(many(1_000)):
        day.ask(at + i * 3_000, who + 7, 6_000_000 + r.randrange(120), FEED, r.randrange(99), 0)
    planted("share", True, mark("who", who + 8), START)
    for at in spread(8 * 24):
        day.ask(at, who + 8, 6_100_000 + r.randrange(60), FEED, r.randrange(99), 0)
    # ids that nobody has handed out
    at = fast()
    planted("guess", False, mark("who", who + 9), at)
    for i in range(many(1_500)):
        hit = r.random() < 0.3
        day.ask(
            at + i * 1_500,
            who + 9,
            5_000_008,
            WORKOUT,
            r.randrange(10**6, 10**9),
            0,
            200 if hit else 404,
        )
    planted("guess", True, mark("who", who + 10), START)
    for at in spread(6 * 24):
        day.ask(at, who + 10, 5_000_009, MEMBER, r.randrange(1, MEMBERS))
    # credentials of other leaks tried from one address
    at = fast()
    planted("stuff", False, mark("address", 5_000_010), at)
    for i in range(many(2_000)):
        hit = r.random() < 0.01
        day.ask(at + i * 1_200, 0, 5_000_010, LOGIN, 80_000_000 + i, 0, 200 if hit else 401)


def made_day(seed: int, requests: int = 1_000_000, callers: int = 2_000, pace: float = 1.0) -> Day:
    """A day of about so many requests; `pace`: of the slow abusers."""
    day = Day(seed)
    _Crowd(day, callers, requests - 20_000 if requests > 100_000 else requests).plan()
    _plant(day, callers + 1, min(1.0, requests / 200_000), pace)
    return day
