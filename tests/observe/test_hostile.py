"""Records that somebody has written to mislead, to stop or to overhear whoever reads them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from click.testing import CliRunner

from oakum.abuse.detector import ASIDE_AHEAD, AbuseDetector
from oakum.cli.main import main
from oakum.errors import InputError
from oakum.frontend.usage import Load, ReceivedResponse, judge
from oakum.guard.denylist import MOST, read_list
from oakum.openapi.observed_shape import KEY, ObservedValues
from oakum.traffic.graphql_operation import graphql
from oakum.traffic.recorded_exchange import from_entry, from_log
from tests.observe.day import START, mark
from tests.unit.abuse.test_detector import MINUTE, among, call, crowd, walker
from tests.unit.cli.test_observe_abuse import _key, access, run

KEY_TEXT = b"a key of the audit in tests"


def observe(*arguments: object) -> tuple[int, str]:
    order = ["observe", *map(str, arguments)]
    done = CliRunner().invoke(main, order, standalone_mode=False)
    if isinstance(done.exception, InputError):
        return 2, str(done.exception)
    assert done.exception is None, done.exception
    return int(done.return_value or 0), done.output


def written(file: Path, *values: Any) -> Path:
    file.write_text("".join(json.dumps(value) + "\n" for value in values))
    return file


def entry(url: str, body: Any, **more: Any) -> dict[str, Any]:
    asked = {"method": "GET", "url": url, "headers": more.pop("headers", {})}
    came = {"status": 200, "headers": {"content-type": more.pop("media", "application/json")}}
    return {"request": asked, "response": {**came, "body": body}, **more}


def line(path: str, status: int = 200, **more: Any) -> dict[str, Any]:
    return {"method": "GET", "path": path, "status": status, **more}


# ---------------------------------------------------------------- never green by half


def test_a_zstandard_log_that_is_cut_off_is_not_to_be_trusted_by_any_engine(tmp_path: Path) -> None:
    lines = "".join(
        json.dumps(line(f"/members/{i}", user=f"u{i % 97}")) + "\n" for i in range(10_000)
    )
    packed = zstandard.compress(lines.encode())
    log = tmp_path / "log.json.zst"
    log.write_bytes(packed)
    assert observe("traffic", log)[0] == 0
    log.write_bytes(packed[: len(packed) // 2])
    code, said = observe("traffic", log)
    assert (code, "truncated" in said) == (3, True)


def test_to_keep_nothing_is_not_green(tmp_path: Path) -> None:
    log = written(tmp_path / "log", line("/members/1", host="a.example"))
    assert observe("keep", log, "-o", tmp_path / "kept")[0] == 0
    code, said = observe("keep", log, "-o", tmp_path / "none", "--host", "b.example")
    assert (code, "no exchange is an API call" in said) == (3, True)


@pytest.mark.parametrize("command", ["traffic", "abuse"])
@pytest.mark.parametrize("size", [100, -60])
def test_kept_calls_that_are_cut_off_are_said_to_be(
    tmp_path: Path, command: str, size: int
) -> None:
    kept = tmp_path / "kept"
    observe("keep", written(tmp_path / "log", line("/members/1")), "-o", kept)
    (part,) = kept.glob("calls/*/*.parquet")
    part.write_bytes(part.read_bytes()[:size])
    code, said = observe(command, kept)
    assert (code, "truncated or broken" in said) == (2, True)


# ---------------------------------------------------------------- one record stops nothing


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-23:59", 1e14, "99999999999999"])
def test_an_instant_that_no_calendar_has_is_none(tmp_path: Path, at: Any) -> None:
    said = from_log(line("/members/1", time=at)).at
    assert 0 <= said < 1e14
    log = written(tmp_path / "log", line("/members/1", time=at, user="u"))
    assert observe("keep", log, "-o", tmp_path / "kept")[0] == 0
    assert from_entry(entry("http://h/a", {}, at="9999-12-31T23:59:59-23:59")).at == 0


def test_what_a_guard_says_that_it_took_is_a_count_of_fields() -> None:
    removed = {"Member.email": 3, "a": 1 << 62, "b": -1, "c": True, "ann@club.test": 1}
    passed = from_log(line("", op="getMember", removed=removed))
    assert passed.removed == {"Member.email": 3}


def test_one_clock_that_is_wrong_sets_nothing_else_aside(tmp_path: Path) -> None:
    log = access(tmp_path)
    lines = log.read_text().splitlines(keepends=True)
    odd = json.dumps(line("/members/1", time="2099-01-01T00:00:00Z", user="user-1")) + "\n"
    log.write_text("".join((*lines[:100], odd, *lines[100:])))
    report = json.loads(run(log, "--format", "json").stdout)
    assert len(report["callers"]) == 1
    assert report["aside"] == {ASIDE_AHEAD: 1}


def test_methods_that_are_made_up_leave_room_for_the_endpoints(tmp_path: Path) -> None:
    log = access(tmp_path)
    letters = "ABCDEFGHIJKLM"
    names = (f"X{a}{b}{c}" for a in letters for b in letters for c in letters)
    flood = [line("/", 405, method=name, time=1_795_564_800, remote_addr="192.0.2.9")
             | {"method": name} for name in names]  # fmt: skip
    log.write_text("".join(json.dumps(each) + "\n" for each in flood) + log.read_text())
    report = json.loads(run(log, "--format", "json").stdout)
    assert len(report["callers"]) == 1
    assert report["aside"] == {}


def test_a_list_of_words_hides_no_endpoint(tmp_path: Path) -> None:
    words = [f"x{a}{b}" for a in "abcdefghijklmnop" for b in "abcdefghijklmnop"]
    guessed = [line(f"/{word}", 404) for word in words]
    there = [line("/checkout"), line("/internal/dump"), line("/members/1"), line("/members/2")]
    log = written(tmp_path / "log", *guessed, *there, *guessed)
    made = [
        json.loads(observe("traffic", log, "--engine", engine, "--format", "json")[1])
        for engine in ("python", "duckdb")
    ]
    for each in made:
        assert [endpoint["path"] for endpoint in each["operations"]] == [
            "/checkout", "/internal/dump", "/members/{memberId}",
        ]  # fmt: skip
    assert made[0] == made[1]


def test_memory_is_bounded_when_who_was_told_has_gone() -> None:
    watch = AbuseDetector(callers=200, shown=1 << 20)
    for each in among(crowd(), walker(300)):
        watch.take(each)
    assert watch._told
    for i in range(3_000):
        watch.take(call(START + 2_000 * MINUTE + i, 10_000 + i))
    assert len(watch._actors["caller"]) <= 200


@pytest.mark.parametrize("part", ['"a\\', '"""\\', '"""a\\"', '""a', "(", "{a ", "#\n", '"\n'])
def test_a_query_that_does_not_end_takes_no_time(part: str) -> None:
    begun = time.process_time()
    graphql({"query": ("{" + part * 20_000)[:20_000]})
    assert time.process_time() - begun < 0.5


def test_a_key_that_is_new_each_time_makes_nobody_somebody_else(tmp_path: Path) -> None:
    def asked(second: int, token: str, id: int, **more: str) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {token}", **more}
        at = f"2026-11-25T10:{second // 60:02}:{second % 60:02}Z"
        return entry(f"http://h/members/{id}", {"id": id}, headers=headers, at=at)

    people = [asked(n, f"t{n % 60}", n % 60) for n in range(1_200)]
    walk = [asked(2 * n, "one", 10_000 + n, **{"x-api-key": f"{n}"}) for n in range(600)]
    log = written(tmp_path / "log.ndjson", *sorted([*people, *walk], key=lambda each: each["at"]))
    done = run(log, "--format", "json")
    report = json.loads(done.stdout)
    assert (done.code, report["summary"]["watched"], len(report["callers"])) == (1, 61, 1)


# ---------------------------------------------------------------- who is denied


def test_a_name_that_was_refused_denies_nobody(tmp_path: Path) -> None:
    """Anybody may send the name of somebody else: a 401 says that it was not believed."""
    log, deny = access(tmp_path, walks=0), tmp_path / "deny"
    forged = [line(f"/members/{70_000 + i}", 401, time=1_795_564_800 + 600, user="user-1",
                   remote_addr="192.0.2.9") for i in range(400)]  # fmt: skip
    lines = log.read_text().splitlines(keepends=True)
    half = len(lines) // 2
    log.write_text("".join((*lines[:half], *(json.dumps(e) + "\n" for e in forged), *lines[half:])))
    assert run(log, "--key", _key(tmp_path), "--deny", deny).code == 0
    assert json.loads(deny.read_text())["callers"] == []


def test_addresses_that_are_made_up_have_nobody_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the way people share the addresses of a network; who floods it with others must not make
    these look like somebody's own."""
    monkeypatch.setattr("oakum.abuse.detector._ADDRESSES", 500)
    honest = [
        call(START + minute * MINUTE + who, who, address=mark("network", who % 20))
        for minute in range(40)
        for who in range(80)
    ]
    few = [call(START + m * MINUTE + 500, 5, address=mark("network", m % 20)) for m in range(40)]
    flood = [
        call(START + 41 * MINUTE + i, 777, address=mark("made up", i), status=404)
        for i in range(5_000)
    ]
    watch = AbuseDetector(shown=1 << 20)
    for each in among(few, [*(e for e in honest if e.caller != mark("who", 5)), *flood]):
        watch.take(each)
    _, report = watch.finish()
    assert mark("who", 5) not in {each.who for each in report.told}


def test_who_is_denied_for_longer_stays_so_and_a_full_list_can_be_loaded(tmp_path: Path) -> None:
    log, key, deny = access(tmp_path), _key(tmp_path), tmp_path / "deny"
    run(log, "--key", key, "--deny", deny)
    made = json.loads(deny.read_text())
    later = f"{datetime.now(UTC) + timedelta(days=80):%Y-%m-%dT%H:%M:%SZ}"
    (mine,) = made["callers"]
    rows = [{**mine, "who": f"{n:016x}", "until": later} for n in range(MOST - 1)]
    deny.write_text(json.dumps({**made, "callers": [{**mine, "until": later}, *rows]}))
    run(log, "--key", key, "--deny", deny)
    found = read_list(deny, KEY_TEXT)
    assert {each.who: each.until for each in found}[mine["who"]] == later
    deny.write_text(json.dumps({**made, "callers": [*rows, {**rows[0], "who": "f" * 16}]}))
    done = run(log, "--key", key, "--deny", deny)
    assert len(read_list(deny, KEY_TEXT)) == MOST
    assert "1 not on it: the list is full" in done.output


def test_calls_kept_under_a_key_make_a_list_under_it(tmp_path: Path) -> None:
    log, key, kept = access(tmp_path), tmp_path / "audit.key", tmp_path / "kept"
    assert observe("keep", log, "-o", kept, "--key", key)[0] == 0
    assert run(kept, "--key", key, "--deny", tmp_path / "deny").code == 1
    (direct,) = json.loads(run(log, "--key", key, "--format", "json").stdout)["callers"]
    (listed,) = read_list(tmp_path / "deny", key.read_bytes().strip())
    assert listed.who == direct["who"]


# ---------------------------------------------------------------- names of people


@pytest.mark.parametrize(
    "given",
    [
        entry("http://h/members/1", {"id": 1}, headers={"authorization": "Annabel secret"}),
        entry("http://Annabel Lee/members/1", {"id": 1}),
        entry("http://h/boards/1", {"at": {n: {"n": 1} for n in ("annabel", "bob", "eve")}}),
        entry("http://h/export", "Annabel,Lee\nAnne Marie,Poe\n", media="text/csv"),
    ],
)
def test_what_names_somebody_where_a_name_of_the_api_stands_is_not_told(
    tmp_path: Path, given: dict[str, Any]
) -> None:
    log, out = written(tmp_path / "log.ndjson", *[given] * 3), tmp_path / "out"
    out.mkdir()
    code, said = observe("traffic", log, "--json", out / "a", "--html", out / "b",
                         "--write-openapi", out / "c")  # fmt: skip
    assert code == 0
    assert observe("keep", log, "-o", tmp_path / "kept")[0] == 0
    kept = [*(tmp_path / "kept").rglob("*.*")]
    told = [
        said.encode(),
        *(each.read_bytes() for each in (*out.iterdir(), *kept) if each.is_file()),
    ]
    assert len(told) > 5
    assert not any(b"annabel" in each.lower() for each in told)


def test_objects_that_are_alike_stand_in_a_map_and_others_do_not() -> None:
    learnt = ObservedValues()
    learnt.learn({"ann": {"n": 1, "at": 2}, "bob": {"n": 1, "at": 3}, "eve": {"n": 0, "at": 3}})
    assert [name for name, _ in learnt.legible(frozenset())] == [KEY]
    learnt = ObservedValues()
    learnt.learn({"owner": {"id": 1}, "home": {"street": "…"}, "rides": {"id": 1, "km": 2}})
    assert [name for name, _ in learnt.legible(frozenset())] == ["home", "owner", "rides"]


@pytest.mark.parametrize("name", ["annabel.lee", "Annabel Lee", "annabel", "a1234567"])
def test_what_a_page_calls_its_questions_by_is_told_where_it_is_a_word(name: str) -> None:
    posted = json.dumps({"query": "query { a }", "operationName": name})
    body = json.dumps({"name": "annabel", "age": 4}).encode()
    load = Load((ReceivedResponse("POST", "http://h/graphql", 200, body, posted),), ())
    assert [endpoint.operation for endpoint in judge(load, "http://h").endpoints] == ["*"]
    fine = Load(
        (ReceivedResponse("POST", "http://h/graphql", 200, body, posted.replace(name, "Rider")),),
        (),
    )
    assert [endpoint.operation for endpoint in judge(fine, "http://h").endpoints] == ["Rider"]
