"""A new object without its mark is told by a key that nothing had before, and by no other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from oakum.exchange import Request, Response
from oakum.scan.requests.builder import FilledRequest
from oakum.scan.undo.entries import CreatedObject
from oakum.scan.undo.undo_log import UndoLog
from oakum.scan.write_tests.unmarked_objects import (
    SentCreation,
    key_in_answer,
    members_marked,
    named_elsewhere,
    told_by_key,
)
from tests.unit.scan.undo.test_undo_log import MADE, Market, undo_log

SENT = SentCreation(201, "s2", frozenset(), ("text",), None)
BEFORE = replace(
    MADE, older=frozenset({"s0", "s1"}), whole=True, turns=((),), how="DELETE /stalls/{id} as ann"
)


def told(market: Market, made: CreatedObject = BEFORE, **sent: Any) -> str:
    log, _ = undo_log(market)
    log.enter(made)
    found = told_by_key(log, made, replace(SENT, **sent))
    assert found is None or (found.unmarked and log.pending == [found])
    return found.known if found is not None else ""


def test_what_came_into_a_list_read_whole_is_new_whether_an_answer_names_it_or_not() -> None:
    assert told(Market(["wool", "rope", "felt"])) == "s2"
    assert told(Market(["wool", "rope", "felt"]), status=200) == "s2"
    assert told(Market(["wool", "rope", "felt"]), status=204, told="") == "s2"


@pytest.mark.parametrize("made", [BEFORE, replace(BEFORE, whole=False)])
def test_what_was_there_before_is_not_new(made: CreatedObject) -> None:
    for status in (200, 201, 204):
        assert told(Market(["wool", "rope", "felt"]), made, status=status, told="s1") == ""


@pytest.mark.parametrize("key", ["s0/", "/s0", "s//0", "s0\\"])
def test_a_key_whose_url_may_name_another_object_tells_nothing(key: str) -> None:
    market = Market(["wool", "rope"])
    market.stalls |= {"s2": {"id": key, "sign": "felt"}}
    for status in (201, 204):
        assert told(market, status=status, told=key if status == 201 else "") == ""


def test_of_two_that_came_none_is_taken_for_the_runs() -> None:
    market = Market(["wool", "rope"])
    market.stalls |= {"s3": {"id": "s3", "sign": "jute"}}
    assert told(market, replace(BEFORE, older=frozenset({"s0"})), status=204, told="") == ""


def test_a_list_that_was_not_read_whole_tells_nothing_without_a_201() -> None:
    market = Market(["wool", "rope", "felt"])
    part = replace(BEFORE, whole=False)
    assert told(market, part, status=204, told="") == ""
    assert told(market, part, status=200) == ""
    assert told(market, part) == "s2"


def test_a_201_that_repeats_what_was_sent_names_nothing_new() -> None:
    blind = replace(BEFORE, find=(), turns=(), whole=False)
    assert told(Market(["wool", "rope", "felt"]), blind, named=frozenset({"s2"})) == ""
    assert told(Market(["wool", "rope", "felt"]), blind) == "s2"


@pytest.mark.parametrize(("text", "key"), [("hers", ""), ("••••", "s2"), ("oakum 1a2b", "s2")])
def test_what_holds_another_text_where_the_mark_was_sent_is_anothers(text: str, key: str) -> None:
    market = Market(["wool", "rope", text])
    assert told(market, replace(BEFORE, find=(), turns=()), marked=("sign",)) == key
    assert told(market, status=204, told="", marked=("sign",)) == key


@pytest.mark.parametrize("deletes", [True, False])
@pytest.mark.parametrize("look", [MADE.look, None])
def test_what_is_told_by_its_key_is_removed_and_said_to_be_gone_only_if_it_is(
    look: Request | None, deletes: bool
) -> None:
    market = Market(["wool", "rope", "felt"], deletes=deletes)
    log, _ = undo_log(market)
    log.enter(made := replace(BEFORE, look=look))
    assert told_by_key(log, made, SENT) is not None
    said = log.restore()
    assert (said == ()) is ("s2" not in market.stalls) is deletes
    assert {"s0", "s1"} <= market.stalls.keys()
    assert deletes or "its `id` is `s2`" in said[0]


def test_what_was_changed_since_is_left() -> None:
    market = Market(["wool", "rope", "felt"])
    log, _ = undo_log(market)
    log.enter(BEFORE)
    assert told_by_key(log, BEFORE, SENT) is not None
    market.stalls["s2"]["sign"] = "hers, with the key of one that is gone"
    assert log.restore() and "s2" in market.stalls


@pytest.mark.parametrize("again", [404, 204])
def test_what_no_response_shows_is_gone_only_if_it_cannot_be_removed_twice(again: int) -> None:
    asked: list[str] = []

    def ask(viewer: str | None, request: Request) -> Response:
        asked.append(request.method)
        first = request.method == "DELETE" and asked.count("DELETE") == 1
        return Response(204 if first else again if request.method == "DELETE" else 404, {}, b"")

    log = UndoLog(ask, lambda kind, entry: None)
    log.enter(made := replace(BEFORE, find=(), turns=(), look=None))
    assert told_by_key(log, made, SENT) is not None
    assert (log.restore() == ()) is (again == 404)


def test_the_key_stands_in_the_address_or_in_what_shows_nothing_else() -> None:
    moved = Response(201, {"location": "https://a.test/notes/n%2D7?x=1"}, b"")
    assert key_in_answer(moved, "id", "") == "n-7"
    assert key_in_answer(moved, "id", "slug") == ""
    assert key_in_answer(Response(201, {}, b'{"note": {"id": 7}}'), "id", "") == "7"


def test_what_was_sent_and_who_asks_names_something_else() -> None:
    request = Request("POST", "https://a.test/rooms/r-1/notes")
    asked = FilledRequest(request, {}, frozenset(), "", content={"to": {"id": 7}})
    assert {"r-1", "7", "u-1"} <= named_elsewhere(asked, [frozenset({"u-1"})])


def test_only_members_of_the_object_itself_are_compared() -> None:
    body = {"note": {"text": "an oakum", "deep": {"text": "oakum"}}, "why": "oakum"}
    assert members_marked(body, "oakum", ("note",)) == ("text",)
