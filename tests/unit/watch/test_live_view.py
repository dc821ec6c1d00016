"""Looking on: exchanges in, frames out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from oakum.openapi.document import Document
from oakum.traffic.evaluation.traffic_judge import DocumentJudge
from oakum.traffic.observation_model import SourceCounts
from oakum.traffic.recorded_exchange import RecordedExchange, from_entry
from oakum.watch import live_view as module
from oakum.watch.live_view import Live, News
from oakum.watch.screen_text import line, status, text

KEY = b"a made-up key"
NOON = 1_795_608_000.0


def passed(
    path: str, body: object = None, *, status: int = 200, token: str = "made-up"
) -> RecordedExchange:
    asked: Mapping[str, object] = {
        "method": "GET",
        "url": f"https://club.example{path}",
        "headers": {"authorization": f"Bearer {token}"},
    }
    headers = {"content-type": "application/json"}
    came = {"status": status, "headers": headers, "body": body if body is not None else {"id": 1}}
    return from_entry({"request": asked, "response": came})


def reads(number: int, **skipped: int) -> list[SourceCounts]:
    return [SourceCounts("access.ndjson", "lines", number, skipped, "")]


def fed(live: Live, many: Iterable[RecordedExchange]) -> int:
    return sum(live.take(each) is None for each in many)


@pytest.fixture
def live() -> Iterator[Live]:
    yield Live(KEY, None, "")


def test_the_first_look_learns_and_the_next_tell_what_is_new(live: Live) -> None:
    fed(live, [passed("/members/1", {"id": 1, "nick": "made up"})] * 3)
    first = live.look(NOON, reads(3))
    assert [(each.kind, each.says) for each in first.fresh] == [("learnt", "1 operation, 2 fields")]
    assert live.look(NOON + 1, reads(3)).fresh == ()
    fed(live, [passed("/members/1", {"id": 1, "nick": "made up", "email": "a@club.example"})] * 9)
    fed(live, [passed("/health", {"ok": True})])
    later = live.look(NOON + 2, reads(13))
    assert [(each.kind, each.says) for each in later.fresh] == [
        ("endpoint", "GET /health"),
        ("field", "GET /members/{memberId}: email, contact"),
    ]
    assert live.look(NOON + 3, reads(13)).fresh == ()


def test_rates_follow_what_comes_and_die_away(live: Live) -> None:
    fed(live, [passed("/a"), passed("/b")])
    live.look(NOON, reads(2))
    for second in range(1, 61):
        fed(live, [passed("/a")] * 5 + [passed("/b")])
        frame = live.look(NOON + second, reads(2 + 6 * second))
    rates = {each.operation.path: each.rate for each in frame.busy}
    assert rates["/a"] == pytest.approx(5, rel=0.01)
    assert rates["/b"] == pytest.approx(1, rel=0.01)
    assert frame.rate == pytest.approx(6, rel=0.01)
    assert [each.operation.path for each in frame.busy] == ["/a", "/b"]
    quiet = live.look(NOON + 160, reads(362))
    assert all(each.rate < 0.01 for each in quiet.busy) and quiet.rate < 0.01


def test_what_is_not_declared_is_drift_and_counts(tmp_path: Path) -> None:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "club", "version": "1"},
        "paths": {"/members/{id}": {"get": {"operationId": "getMember", "responses": {}}}},
    }
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    live = Live(KEY, DocumentJudge(Document.load(file)), "openapi.json")
    fed(live, [passed("/members/1"), passed("/debug")])
    frame = live.look(NOON, reads(2))
    assert [each.says for each in frame.fresh if each.kind == "drift"] == [
        "GET /debug: the document does not declare it"
    ]
    assert {each.operation.path: each.drifted for each in frame.busy} == {
        "/members/{id}": False,
        "/debug": True,
    }
    assert "drift in 1 place" in text(frame, "club")


def test_callers_that_take_too_much_are_told() -> None:
    live = Live(KEY, None, "")
    rows = [(minute * 60 + who, f"m-{who}", who) for minute in range(60) for who in range(40)]
    rows += [(1800 + step, "m-x", 5000 + step) for step in range(900)]
    for at, who, number in sorted(rows):
        made = {"request": {"method": "GET", "url": f"https://c.example/members/{number}",
                            "headers": {"authorization": f"Bearer {who}"}},
                "at": 1_795_564_800 + at,
                "response": {"status": 404 if number % 9 == 0 else 200}}  # fmt: skip
        live.take(from_entry(made))
        if at % 300 == 0:
            live.look(NOON + at, reads(1))
    frame = live.look(NOON + 4000, reads(len(rows)))
    assert frame.told == 1
    said = [each.says for each in frame.news if each.kind == "abuse"]
    assert said and "walks ids in order at GET /members/{memberId}" in " ".join(said)
    assert "m-x" not in " ".join(said)


def test_a_frame_fits_its_screen(live: Live) -> None:
    fed(live, [passed(f"/{'x' * 34}{chr(97 + n)}/things") for n in range(20)])
    frame = live.look(NOON, reads(20, **{"a line that is not JSON": 3}))
    for width, height in ((120, 40), (80, 24), (40, 12)):
        shown = text(frame, "access.ndjson", width, height).splitlines()
        assert len(shown) <= height
        assert max(map(len, shown)) <= width
        assert "3 skipped: a line that is not JSON" in "\n".join(shown)
    assert "and 14 more" in text(frame, "access.ndjson", 80, 18)
    assert status(frame).endswith("20 exchanges, 0.0 a second, 20 operations")


def test_names_of_an_api_reach_the_screen_as_text_alone(live: Live) -> None:
    news = News(NOON, "endpoint", "GET /[bold red]x[/]\x1b[2J\u202e")
    assert line(news).plain.endswith(r"GET /[bold red]x[/]\x1b[2J\u202e")
    fed(live, [passed("/things")])
    shown = text(live.look(NOON, reads(1)), "[bold]title[/bold]\x1b", 100)
    assert "[bold]title[/bold]\\x1b" in shown and "\x1b" not in shown


def test_what_is_remembered_of_the_news_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KNOWN", 5)
    live = Live(KEY, None, "")
    for n in range(10):
        fed(live, [passed(f"/{chr(97 + n)}/things")])
        frame = live.look(NOON + n, reads(n + 1))
    assert len(live._known["endpoint"]) == 5
    assert len(frame.busy) == 10  # they are counted all the same


def test_what_is_notable_of_an_endpoint_is_told_once(tmp_path: Path) -> None:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "club", "version": "1"},
        "security": [{"bearer": []}],
        "paths": {"/members/{id}": {"get": {"operationId": "getMember", "responses": {}}}},
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    live = Live(KEY, DocumentJudge(Document.load(file)), "openapi.json")
    bare = passed("/members/1")
    bare.exchange.request.headers.clear()  # type: ignore[attr-defined]
    fed(live, [bare, passed("/members/2")])
    frames = [live.look(NOON + n, reads(2)) for n in range(2)]
    said = [each.says for frame in frames for each in frame.fresh if each.kind == "note"]
    assert len(said) == 1 and said[0].startswith("GET /members/{id}: ")
