"""Of an answer only the members that count are compared, in whatever order it shows them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.exchange import Response
from oakum.openapi.model import Json
from oakum.scan.undo.compared_members import extract, is_same, moved_alone
from tests.unit.scan.studio import reply

LAW = settings(max_examples=50, deadline=None)
VALUES = st.sampled_from(["wool", "rope", "felt", 0, None, True, ["a"], {"b": 1}])


@pytest.mark.parametrize(("status", "text"), [(200, "200"), (404, "404")])
def test_without_members_the_status_is_what_counts(status: int, text: str) -> None:
    assert extract(reply({"sign": "wool"}, status), ()) == text


@LAW
@given(st.dictionaries(st.sampled_from(["sign", "price", "id"]), VALUES))
def test_of_an_answer_only_the_members_that_count_are_kept_in_whatever_order(
    stall: dict[str, Json],
) -> None:
    turned = dict(reversed(stall.items()))
    one, other = reply({"data": [stall], "at": "10:01"}), reply([{"x": turned}])
    assert extract(one, ("sign", "price")) == extract(other, ("price", "sign"))
    assert ("id" in extract(one, ("sign", "price"))) is False
    assert extract(Response(200, {}, b"<html>"), ("sign",)) == ""


@given(st.permutations([{"a": 1}, {"a": 2}, {"a": 2}]))
def test_the_order_of_a_list_is_no_difference(turned: list[Json]) -> None:
    assert is_same(json.dumps([{"a": 1}, {"a": 2}, {"a": 2}]), json.dumps(turned))
    assert not is_same(json.dumps([{"a": 1}, {"a": 2}]), json.dumps(turned))


@pytest.mark.parametrize(
    ("now", "moved"),
    [(5, ("lock_version",)), (9, ()), (4, ())],
)
def test_a_counter_moves_alone_unless_it_holds_what_was_sent(
    now: int, moved: tuple[str, ...]
) -> None:
    before, shown = ([{"lock_version": each}] for each in (4, now))
    sent = {"lock_version": 9}
    assert moved_alone(*map(json.dumps, (before, sent, shown))) == moved
