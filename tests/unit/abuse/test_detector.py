"""Who abuses an API: a made day with abusers in it, and laws that hold of any calls."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.abuse.baseline import FEWEST
from oakum.abuse.counters import ShownIds
from oakum.abuse.detections import SERIES, AbuseEvent, AbuseReport
from oakum.abuse.detector import ASIDE_LATE, AbuseDetector
from oakum.traffic.call import RecordedCall
from tests.observe.day import START, made_day, mark

MINUTE = 60_000


def watched(calls: Iterable[RecordedCall]) -> tuple[list[AbuseEvent], AbuseReport]:
    watch = AbuseDetector(shown=1 << 20)
    events = [event for call in calls for event in watch.take(call)]
    last, report = watch.finish()
    return [*events, *last], report


def call(at: int, who: int, path: str = "/members/{id}", **more: object) -> RecordedCall:
    made = RecordedCall(
        at, "api.example", "GET", path, "", 200, "bearer", mark("who", who), mark("home", who),
        (), (), 1, 100,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


# ---------------------------------------------------------------- the made day


def test_the_abusers_of_a_made_day_are_told_and_nobody_else() -> None:
    day = made_day(23, 50_000)
    events, report = watched(day.calls())
    planted = {each.actor: each for each in day.planted}
    told = {each.who for each in report.told}
    odd = {who: what for what, whom in day.honest.items() for who in whom}
    assert len(day) > 50_000
    assert [odd.get(who, "ordinary") for who in told - planted.keys()] == []
    assert len(told) >= 11  # of 12; a slow one may be told too late for a day
    assert {each.kind for each in events} == {"walk", "guess", "scrape", "probe", "share", "stuff"}
    assert not report.blind


# ---------------------------------------------------------------- what each kind is


def crowd(minutes: int = 30, callers: int = FEWEST + 5) -> Iterator[RecordedCall]:
    """People who look at a list now and then, and at some of what it shows."""
    for minute in range(minutes):
        for who in range(callers):
            at = START + minute * MINUTE + who
            handed = tuple(mark("m", (who * 7 + i) % 500) for i in range(5))
            yield call(at, who, "/members", asked=(mark("page", 0),), handed=handed, count=5)
            yield call(at + 100, who, asked=handed[:1], handed=handed[:1])


def among(crowd: Iterable[RecordedCall], others: Iterable[RecordedCall]) -> list[RecordedCall]:
    return sorted([*crowd, *others], key=lambda each: each.at)


def walker(
    many: int, *, step: int = 1, shown: bool = False, status: int = 200
) -> Iterator[RecordedCall]:
    for i in range(many):
        at, id = START + i * 20 * MINUTE // many, mark("m", 10_000 + i)
        if shown:
            yield call(at, 999, "/members/{id}/friends", asked=(id,), handed=(id,), count=1)
        good = status < 300
        yield call(
            at, 999, asked=(id,), status=status, step=step, handed=(id,) if good else (),
            count=1 if good else 0,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("others", "kinds"),
    [
        (walker(300), {"walk"}),
        (walker(300, step=64), {"guess"}),
        (walker(300, status=404, step=0), {"guess"}),
        ([], set()),
        (walker(10), set()),
    ],
    ids=["in order", "in no order", "of ids that do not exist", "nobody", "a little"],
)
def test_who_asks_for_what_nobody_showed_is_told(
    others: Iterable[RecordedCall], kinds: set[str]
) -> None:
    events, report = watched(among(crowd(), others))
    assert {each.kind for each in events} == kinds
    assert {each.who for each in report.told} == ({mark("who", 999)} if kinds else set())


@pytest.mark.parametrize("shown", [False, True])
def test_ids_in_the_body_of_a_request_are_asked_for_as_well(shown: bool) -> None:
    def batches(who: int, first: int) -> Iterator[RecordedCall]:
        for i in range(10):
            at, ids = START + i * 90_000, tuple(mark("m", first + i * 30 + n) for n in range(30))
            if shown:
                yield call(at, who, "/classes/{id}", asked=(i,), handed=ids, count=30)
            yield call(at + 1, who, "/details", method="POST", asked=ids, handed=ids, count=30)

    usual = [each for who in range(FEWEST) for each in list(batches(who, 0))[:1]]
    events, _ = watched(among(crowd(), [*usual, *batches(999, 1_000)]))
    seen = {(each.kind, each.who) for each in events if each.kind != "scrape"}
    assert seen == (set() if shown else {("guess", mark("who", 999))})


def test_who_asks_for_much_that_was_shown_to_it_is_not_told() -> None:
    def partner() -> Iterator[RecordedCall]:
        for page in range(60):
            ids = tuple(mark("m", 10_000 + page * 50 + i) for i in range(50))
            at = START + page * 20_000
            yield call(at, 999, "/partners/{id}/members", asked=(1, page), handed=ids, count=50)
            yield from (call(at + i, 999, asked=(id,), handed=(id,), step=1) for i, id in
                        enumerate(ids, 1))  # fmt: skip

    events, _ = watched(among(crowd(), partner()))
    assert events == []


def test_a_client_that_retries_is_not_told() -> None:
    again = [call(START + i * 500, 999, asked=(77,), status=404, count=0) for i in range(2_000)]
    assert watched(among(crowd(), again))[0] == []


def test_who_tries_endpoints_that_are_not_for_it_is_told_from_statuses_alone() -> None:
    tries = [call(START + i * MINUTE, 999, f"/admin/{i}", status=403, count=-1) for i in range(20)]
    events, _report = watched(among(crowd(), tries))
    assert [(each.kind, each.who, each.certain) for each in events] == [
        ("scan", mark("who", 999), True)
    ]
    one_endpoint = [replace(each, path="/admin/1") for each in tries]
    assert watched(among(crowd(), one_endpoint))[0] == []


def test_one_token_from_many_addresses_is_told_and_one_behind_shared_ones_is_not() -> None:
    def at(who: int, addresses: list[int]) -> Iterator[RecordedCall]:
        for i, each in enumerate(addresses * 3):
            yield call(START + i * MINUTE // 4, who, "/feed", address=mark("network", each))

    own, pool = list(range(40)), list(range(100, 140))
    shared = [call(START + who * 9 + i, who, "/feed", address=mark("network", each))
              for who in range(30) for i, each in enumerate(pool)]  # fmt: skip
    events, _ = watched(among(crowd(), [*at(998, own), *at(999, pool), *shared]))
    assert [(each.kind, each.who) for each in events] == [("share", mark("who", 998))]


def test_an_office_that_logs_in_is_not_told_and_who_tries_passwords_is() -> None:
    def logins(address: int, many: int, failed: int) -> Iterator[RecordedCall]:
        for i in range(many):
            yield call(
                START + i * 3_000, 0, "/login", method="POST", caller=0, address=address,
                asked=(mark("name", address * 1_000 + i),), status=401 if i < failed else 200,
            )  # fmt: skip

    homes = [each for home in range(100, 160) for each in logins(home, 1, 0)]
    last = call(START + 20 * MINUTE, 0, "/health", caller=0, address=9)
    events, report = watched(among(homes, [*logins(7, 200, 40), *logins(8, 200, 190), last]))
    assert {(each.kind, each.by, each.who) for each in events} == {("stuff", "address", 8)}
    assert report.told[0].by == "address"


def test_an_event_says_what_a_person_can_act_on() -> None:
    events, report = watched(among(crowd(), walker(300)))
    says = report.told[0].latest["walk"].says
    assert "within an hour at GET /members/{id}, requested " in says
    assert "objects that no response had shown it" in says
    assert f"of {FEWEST + 6} callers: none" in says
    assert "100 % were sequential ids" in says
    assert events[0].at - START < 20 * MINUTE


def test_a_log_without_answers_is_told_with_its_doubt() -> None:
    def bare(calls: Iterable[RecordedCall]) -> list[RecordedCall]:
        return [replace(each, handed=(), count=-1) for each in calls]

    _, report = watched(bare(among(crowd(), walker(300))))
    assert [each.certain for each in report.told] == [False]
    assert report.blind.keys() == {"probe", "stuff"}
    _, report = watched(bare(among(crowd(), walker(300, status=404))))
    assert [each.certain for each in report.told] == [True]


# ---------------------------------------------------------------- laws

SOME = st.lists(
    st.tuples(st.integers(0, 2 * FEWEST), st.integers(0, 39), st.integers(0, 60), st.booleans()),
    max_size=200,
)


def drawn(some: list[tuple[int, int, int, bool]]) -> list[RecordedCall]:
    return [
        call(
            START + minute * MINUTE, who, asked=(mark("m", thing),), step=thing % 5,
            status=404 if missed else 200, count=0 if missed else 1,
        )
        for who, minute, thing, missed in some
    ]  # fmt: skip


def said(found: tuple[list[AbuseEvent], AbuseReport]) -> object:
    events, report = found
    return sorted(map(repr, events)), sorted(repr(asdict(each)) for each in report.told)


@given(SOME, st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_the_order_of_callers_does_not_matter(
    some: list[tuple[int, int, int, bool]], order: random.Random
) -> None:
    calls = among(crowd(20), [*drawn(some), *walker(60)])
    # Within one instant callers come in any order, and each keeps its own.
    ranks = {who: order.random() for who in {each.caller for each in calls}}
    shuffled = sorted(calls, key=lambda each: (each.at, ranks[each.caller]))
    plain = sorted(calls, key=lambda each: (each.at, each.caller))
    assert said(watched(shuffled)) == said(watched(plain))


@given(st.lists(st.integers(0, 120), min_size=2, max_size=6))
@settings(max_examples=10, deadline=None)
def test_who_did_less_is_never_told_where_who_did_more_is_not(many: list[int]) -> None:
    others = [
        replace(each, caller=mark("who", 5_000 + i))
        for i, number in enumerate(many)
        for each in walker(number)
    ]
    _, report = watched(among(crowd(), others))
    told = {each.who for each in report.told}
    does = [(number, mark("who", 5_000 + i) in told) for i, number in enumerate(many)]
    for less, is_told in does:
        assert not is_told or all(other for more, other in does if more >= less)


@given(SOME)
@settings(max_examples=20, deadline=None)
def test_too_few_callers_accuse_nobody(some: list[tuple[int, int, int, bool]]) -> None:
    few = [(who % (FEWEST - 2), minute, thing, missed) for who, minute, thing, missed in some]
    events, report = watched(among(drawn(few), walker(300)))
    assert events == []
    assert report.blind
    assert report.distrust


def test_a_cold_start_accuses_nobody() -> None:
    _, report = watched(each for each in among(crowd(14), walker(300)) if
                        each.at < START + 14 * MINUTE)  # fmt: skip
    assert report.told == ()
    assert any("less than 15 minutes" in each for each in report.distrust)


def test_memory_is_bounded_whoever_comes() -> None:
    watch = AbuseDetector(callers=200, shown=1 << 16)
    for i in range(6_000):
        watch.take(call(START + i * 3_000, i, asked=(mark("m", i),), address=mark("home", i)))
    for i in range(6_000):  # one who tries every endpoint there is
        watch.take(call(START + 18_000_000 + i, 7, f"/endpoint{i}"))
    assert len(watch._actors["caller"]) <= 200
    tallies = [len(place.tallies) for pair in watch._pairs() for place in pair]
    assert max(tallies) <= 200
    assert len(tallies) <= 2 * 2_000 + 4
    assert watch.finish()[1].let_go >= 5_700


def test_who_was_told_is_kept_when_others_are_let_go_and_its_series_is_short() -> None:
    watch = AbuseDetector(callers=200, shown=1 << 20)
    calls = among(crowd(), walker(300))
    for each in calls:
        watch.take(each)
    for i in range(3_000):
        watch.take(call(START + (31 + i) * MINUTE, 10_000 + i))
        watch.take(call(START + (31 + i) * MINUTE, 999, "/feed"))
    (told,) = [each for each in watch.finish()[1].told if each.who == mark("who", 999)]
    assert 100 < len(told.series) <= SERIES
    assert sum(requests for _, requests, _, _ in told.series) == 3_300


def test_calls_out_of_order_are_set_aside() -> None:
    calls = [call(START + 180 * MINUTE, 1), call(START, 2), call(START + 179 * MINUTE, 3)]
    _, report = watched(calls)
    assert report.aside == {ASIDE_LATE: 1}
    assert report.calls == 2


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1)),
                min_size=1, max_size=50))  # fmt: skip
def test_what_was_handed_is_known_today_and_tomorrow(pairs: list[tuple[int, int]]) -> None:
    shown = ShownIds(1 << 16)
    shown.day(20_000)
    for caller, id in pairs:
        shown.hand(caller, [id])
    assert all(pair in shown for pair in pairs)
    shown.day(20_001)
    assert all(pair in shown for pair in pairs)
    shown.day(20_002)
    assert not any(pair in shown for pair in pairs)
