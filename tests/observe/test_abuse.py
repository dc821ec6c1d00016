"""Who abuses an API: a made day with abusers in it, and laws that hold of any calls."""

from __future__ import annotations

import json
import random
import re
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.abuse.baseline import FEWEST
from oakum.abuse.counters import Shown
from oakum.abuse.detections import SERIES, Event, Report
from oakum.abuse.detector import ASIDE_LATE, Watch
from oakum.cli.main import main
from oakum.cli.observe_sources import key_of
from oakum.errors import InputError
from oakum.traffic.call import Call, Hasher
from tests.observe.day import START, made_day, mark
from tests.unit.guard.small import write

MINUTE = 60_000


def watched(calls: Iterable[Call]) -> tuple[list[Event], Report]:
    watch = Watch(shown=1 << 20)
    events = [event for call in calls for event in watch.take(call)]
    last, report = watch.done()
    return [*events, *last], report


def call(at: int, who: int, path: str = "/members/{id}", **more: object) -> Call:
    made = Call(
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


def crowd(minutes: int = 30, callers: int = FEWEST + 5) -> Iterator[Call]:
    """People who look at a list now and then, and at some of what it shows."""
    for minute in range(minutes):
        for who in range(callers):
            at = START + minute * MINUTE + who
            handed = tuple(mark("m", (who * 7 + i) % 500) for i in range(5))
            yield call(at, who, "/members", asked=(mark("page", 0),), handed=handed, count=5)
            yield call(at + 100, who, asked=handed[:1], handed=handed[:1])


def among(crowd: Iterable[Call], others: Iterable[Call]) -> list[Call]:
    return sorted([*crowd, *others], key=lambda each: each.at)


def walker(many: int, *, step: int = 1, shown: bool = False, status: int = 200) -> Iterator[Call]:
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
def test_who_asks_for_what_nobody_showed_is_told(others: Iterable[Call], kinds: set[str]) -> None:
    events, report = watched(among(crowd(), others))
    assert {each.kind for each in events} == kinds
    assert {each.who for each in report.told} == ({mark("who", 999)} if kinds else set())


@pytest.mark.parametrize("shown", [False, True])
def test_ids_in_the_body_of_a_request_are_asked_for_as_well(shown: bool) -> None:
    def batches(who: int, first: int) -> Iterator[Call]:
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
    def partner() -> Iterator[Call]:
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
    def at(who: int, addresses: list[int]) -> Iterator[Call]:
        for i, each in enumerate(addresses * 3):
            yield call(START + i * MINUTE // 4, who, "/feed", address=mark("network", each))

    own, pool = list(range(40)), list(range(100, 140))
    shared = [call(START + who * 9 + i, who, "/feed", address=mark("network", each))
              for who in range(30) for i, each in enumerate(pool)]  # fmt: skip
    events, _ = watched(among(crowd(), [*at(998, own), *at(999, pool), *shared]))
    assert [(each.kind, each.who) for each in events] == [("share", mark("who", 998))]


def test_an_office_that_logs_in_is_not_told_and_who_tries_passwords_is() -> None:
    def logins(address: int, many: int, failed: int) -> Iterator[Call]:
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
    def bare(calls: Iterable[Call]) -> list[Call]:
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


def drawn(some: list[tuple[int, int, int, bool]]) -> list[Call]:
    return [
        call(
            START + minute * MINUTE, who, asked=(mark("m", thing),), step=thing % 5,
            status=404 if missed else 200, count=0 if missed else 1,
        )
        for who, minute, thing, missed in some
    ]  # fmt: skip


def said(found: tuple[list[Event], Report]) -> object:
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
    watch = Watch(callers=200, shown=1 << 16)
    for i in range(6_000):
        watch.take(call(START + i * 3_000, i, asked=(mark("m", i),), address=mark("home", i)))
    for i in range(6_000):  # one who tries every endpoint there is
        watch.take(call(START + 18_000_000 + i, 7, f"/endpoint{i}"))
    assert len(watch._actors["caller"]) <= 200
    tallies = [len(place.tallies) for pair in watch._pairs() for place in pair]
    assert max(tallies) <= 200
    assert len(tallies) <= 2 * 2_000 + 4
    assert watch.done()[1].let_go >= 5_700


def test_who_was_told_is_kept_when_others_are_let_go_and_its_series_is_short() -> None:
    watch = Watch(callers=200, shown=1 << 20)
    calls = among(crowd(), walker(300))
    for each in calls:
        watch.take(each)
    for i in range(3_000):
        watch.take(call(START + (31 + i) * MINUTE, 10_000 + i))
        watch.take(call(START + (31 + i) * MINUTE, 999, "/feed"))
    (told,) = [each for each in watch.done()[1].told if each.who == mark("who", 999)]
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
    shown = Shown(1 << 16)
    shown.day(20_000)
    for caller, id in pairs:
        shown.hand(caller, [id])
    assert all(pair in shown for pair in pairs)
    shown.day(20_001)
    assert all(pair in shown for pair in pairs)
    shown.day(20_002)
    assert not any(pair in shown for pair in pairs)


# ---------------------------------------------------------------- the command


@dataclass(frozen=True)
class Done:
    code: int
    output: str
    stdout: str


def run(*args: object, given: str | None = None) -> Done:
    done = CliRunner().invoke(
        main, ["observe", "abuse", *map(str, args)], input=given, standalone_mode=False
    )
    if isinstance(done.exception, InputError):
        return Done(2, str(done.exception), "")
    assert done.exception is None, done.exception
    return Done(done.return_value, done.output, done.stdout)


def access(tmp_path: Path, *, walks: int = 300, callers: int = FEWEST + 5) -> Path:
    """An access log with names of callers, and without answers."""
    lines = []
    for minute in range(20):
        for who in range(callers):
            lines.append((minute * 60 + who / 100, f"user-{who}", f"/members/{who * 91 + 7}", 200))
    for i in range(walks):
        lines.append((i * 1_200 / walks, "secret-mallory", f"/members/{70_000 + i}", 404))
    file = tmp_path / "access.ndjson"
    rows = [
        {"time": 1_795_564_800 + at, "user": who, "remote_addr": "192.0.2.7", "status": status,
         "request": f"GET {path} HTTP/1.1"}
        for at, who, path, status in sorted(lines)
    ]  # fmt: skip
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_a_log_becomes_events_a_report_and_a_deny_list(tmp_path: Path) -> None:
    log, key = access(tmp_path), tmp_path / "key"
    key.write_text("a key of the audit in tests\n")
    files = {name: tmp_path / name for name in ("report", "events", "deny")}
    done = run(log, "--key", key, "--json", files["report"], "--events", files["events"], "--deny",
               files["deny"])  # fmt: skip
    assert done.code == 1, done.output
    who = Hasher.written(Hasher(b"a key of the audit in tests")("secret-mallory"))
    report = json.loads(files["report"].read_text())
    (event,) = map(json.loads, files["events"].read_text().splitlines())
    (listed,) = json.loads(files["deny"].read_text())["callers"]
    assert report["schema"] == event["schema"] == "oakum.abuse/2"
    assert [each["who"] for each in report["callers"]] == [event["who"]] == [listed["who"]] == [who]
    assert report["callers"][0]["events"][0]["kind"] == "walk"
    assert sum(point[1] for point in report["callers"][0]["series"]) == 300
    told = done.output + "".join(each.read_text() for each in files.values())
    for value in ("mallory", "user-1", "192.0.2.7", "70001"):
        assert value not in told


def test_who_the_guard_refuses_everywhere_is_told_from_its_audit_alone(tmp_path: Path) -> None:
    log, deny = tmp_path / "audit.jsonl", tmp_path / "deny"
    rows = [
        (minute * 60, f"{who:016x}", "getMember", 200)
        for minute in range(20)
        for who in range(1, FEWEST + 5)
    ]
    rows += [(i * 50, "f" * 16, f"operation{i}", 404) for i in range(20)]
    rows += [(i * 50, "anonymous", f"operation{i}", 401) for i in range(20)]
    log.write_text(
        "".join(
            json.dumps({"time": 1_795_564_800 + at, "who": who, "op": op, "method": "GET",
                        "status": status, "removed": {}}) + "\n"
            for at, who, op, status in sorted(rows)
        )
    )  # fmt: skip
    assert run(log, "--key", _key(tmp_path), "--deny", deny).code == 1
    assert [each["who"] for each in json.loads(deny.read_text())["callers"]] == ["f" * 16]


def test_a_contract_tells_whose_a_token_is_so_that_a_guard_knows_them(tmp_path: Path) -> None:
    lines = []
    for row in map(json.loads, access(tmp_path).read_text().splitlines()):
        claims = urlsafe_b64encode(json.dumps({"sub": row["user"]}).encode()).decode().strip("=")
        url = "https://club.example" + row["request"].split()[1]
        asked = {
            "method": "GET",
            "url": url,
            "headers": {"authorization": f"Bearer e30.{claims}.x"},
        }
        answer = {"status": row["status"], "headers": {}, "body": {"id": url.rpartition("/")[2]}}
        lines.append({"at": row["time"], "request": asked, "response": answer})
    log, deny = tmp_path / "log.ndjson", tmp_path / "deny"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    contract = write(tmp_path)
    said = contract.read_text().replace("{operation: getMe, id: /id}", "{jwt: sub}")
    contract.write_text(said + "guard: {jwt: {keys: keys.json}}\n")
    unnamed = run(log, "--key", _key(tmp_path), "--deny", deny)
    assert (unnamed.code, json.loads(deny.read_text())["callers"]) == (1, [])
    assert "known only by credentials" in unnamed.output
    run(log, "--key", _key(tmp_path), "--deny", deny, "--contract", contract)
    who = Hasher.written(Hasher(b"a key of the audit in tests")("secret-mallory"))
    assert [each["who"] for each in json.loads(deny.read_text())["callers"]] == [who]


def test_a_list_that_is_there_is_added_to_and_one_that_is_broken_is_not_lost(
    tmp_path: Path,
) -> None:
    log, key, deny = access(tmp_path), tmp_path / "key", tmp_path / "deny"
    key.write_text("a key of the audit in tests")
    run(log, "--key", key, "--deny", deny)
    made = json.loads(deny.read_text())
    stays = {"who": "0" * 16, "reason": "by hand", "since": "2026-01-01T00:00:00Z",
             "until": "2999-01-01T00:00:00Z"}  # fmt: skip
    ended = stays | {"who": "1" * 16, "until": "2026-01-02T00:00:00Z"}
    deny.write_text(json.dumps(made | {"callers": [*made["callers"], stays, ended]}))
    run(log, "--key", key, "--deny", deny)
    assert {each["who"] for each in json.loads(deny.read_text())["callers"]} == {
        "0" * 16, made["callers"][0]["who"],
    }  # fmt: skip
    deny.write_text("{")
    done = run(log, "--key", key, "--deny", deny)
    assert (done.code, deny.read_text()) == (2, "{")


def test_a_deny_list_needs_the_key_of_the_guard(tmp_path: Path) -> None:
    done = run(access(tmp_path), "--deny", tmp_path / "deny")
    assert done.code == 2
    assert "OAKUM_AUDIT_KEY" in done.output
    assert not (tmp_path / "deny").exists()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ('{"method":"GET","path":"/a","status":200,"user":"u"}\n' * 3, "no record names both"),
        (
            '{"method":"GET","path":"/a","status":200,"time":1795564800}\n' * 3,
            "no record names both",
        ),
        ("", "gave no exchange"),
        ('{"method":"GET","path":"/a/1","status":200,"user":"u","time":1795564800}\n', "minutes"),
    ],
)
def test_what_can_tell_nothing_is_never_green(given: str, why: str) -> None:
    done = run("-", given=given)
    assert done.code == 3
    assert why in done.output


def test_nobody_told_is_clean_and_events_may_go_to_a_pipe(tmp_path: Path) -> None:
    quiet = run(access(tmp_path, walks=0))
    assert quiet.code == 0
    assert "no caller does more than chance explains" in quiet.output
    piped = run("-", "--events", "-", given=access(tmp_path).read_text())
    assert [json.loads(line)["kind"] for line in piped.stdout.splitlines()] == ["walk"]


def test_several_logs_are_one_stream_in_the_order_of_time(tmp_path: Path) -> None:
    lines = access(tmp_path).read_text().splitlines(keepends=True)
    halves = tmp_path / "a.ndjson", tmp_path / "b.ndjson"
    halves[0].write_text("".join(lines[::2]))
    halves[1].write_text("".join(lines[1::2]))
    one = run(tmp_path / "access.ndjson", "--format", "json", "--key", _key(tmp_path))
    two = run(*halves, "--format", "json", "--key", _key(tmp_path))
    first, second = (json.loads(each.stdout) for each in (one, two))
    assert first["callers"] == second["callers"] != []


def _key(folder: Path) -> Path:
    file = folder / "key"
    file.write_text("a key of the audit in tests")
    return file


def test_kept_calls_are_a_source_too_and_never_make_a_list_under_another_key(
    tmp_path: Path,
) -> None:
    log, kept = access(tmp_path), tmp_path / "kept"
    keep = ["observe", "keep", str(log), "-o", str(kept)]
    assert CliRunner().invoke(main, keep, standalone_mode=False).return_value == 0
    report = json.loads(run(kept, "--format", "json").stdout)
    assert [each["events"][0]["what"] for each in report["callers"]] == ["missed"]
    assert report["sources"][0]["read"] == report["summary"]["calls"] == 20 * (FEWEST + 5) + 300
    refused = run(kept, "--deny", tmp_path / "deny", "--key", _key(tmp_path))
    assert (refused.code, "a different key" in refused.output) == (2, True)


def test_under_one_key_file_a_log_and_what_was_kept_of_it_name_the_same_caller(
    tmp_path: Path,
) -> None:
    log, kept, key = access(tmp_path), tmp_path / "kept", tmp_path / "made.key"
    keep = ["observe", "keep", str(log), "-o", str(kept), "--key", str(key)]
    done = CliRunner().invoke(main, keep, standalone_mode=False)
    assert done.return_value == 0
    listed = []
    for source in (log, kept):
        deny = tmp_path / f"{source.name}.deny"
        assert run(source, "--key", key, "--deny", deny).code == 1
        listed.append([each["who"] for each in json.loads(deny.read_text())["callers"]])
    assert listed[0] == listed[1] != []


def test_what_is_not_installed_is_said_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasketches", None)
    lacking = run(access(tmp_path))
    assert (lacking.code, "pip install '.[observe]'" in lacking.output) == (2, True)


def test_kept_calls_make_a_list_under_the_key_of_the_guard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, key, deny = access(tmp_path, walks=150), _key(tmp_path), tmp_path / "deny"
    keep = ["observe", "keep", str(log), "-o"]
    CliRunner().invoke(main, [*keep, str(tmp_path / "a"), "--key", str(key)], standalone_mode=False)
    monkeypatch.setenv("OAKUM_AUDIT_KEY", key.read_text())
    CliRunner().invoke(main, [*keep, str(tmp_path / "b")], standalone_mode=False)
    who = Hasher.written(Hasher(key.read_bytes())("secret-mallory"))
    for folder, said in (("a", ()), ("b", ("--key", key))):
        done = run(tmp_path / folder, "--deny", deny, *said)
        assert done.code == 1, done.output
        assert [each["who"] for each in json.loads(deny.read_text())["callers"]] == [who]
        deny.unlink()


def test_a_key_is_the_text_of_a_file_and_one_that_is_easily_had_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, weak, empty = tmp_path / "made", tmp_path / "weak", tmp_path / "empty"
    key = key_of(made, make=True)
    assert re.fullmatch(rb"[0-9a-f]{64}", key)
    assert made.stat().st_mode & 0o777 == 0o600
    assert key_of(made) == key_of(made, make=True) == made.read_bytes().strip() == key
    assert len(capsys.readouterr().err.splitlines()) == 1  # that it was made
    weak.write_text(" short\n")
    weak.chmod(0o644)
    assert key_of(weak) == key_of(weak, make=True) == b"short"
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == said[2:]
    assert ["fewer than 16 bytes" in said[0], "chmod 600" in said[1]] == [True, True]
    empty.touch()
    for make in (False, True):
        with pytest.raises(InputError, match="is empty"):
            key_of(empty, make=make)
    with pytest.raises(InputError):
        key_of(tmp_path / "never")
    with pytest.raises(InputError):
        key_of(tmp_path / "no folder" / "key", make=True)
