"""Paired worlds: which differences between readings are told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oakum.exchange import Request, Response
from oakum.exposure.cells.side_channel_comparison import Place, ResponseReading
from oakum.scan.filters.hidden_values import HiddenValue
from oakum.scan.requests.builder import FilledRequest
from oakum.scan.techniques.paired_worlds import Seen, _steady, _telling_places
from tests.unit.scan.studio import probe

ORDER: Place = ("order", "data")
FIGURE: Place = ("figure", "Person", "distanceKm", "p-ann")
WORD: Place = ("word", "Person", "district", "p-ann")


def seen(order: object) -> Seen:
    """One reading of a list in an order."""
    read = ResponseReading({ORDER: order}, frozenset())
    asked = FilledRequest(Request("GET", ""), {}, frozenset(), "")
    return {"list": (read, probe("listPeople"), None, asked, Response(200, {}, b""))}


@given(st.lists(st.permutations(["ann", "bob"]).map(tuple), min_size=1, max_size=8))
def test_a_place_is_steady_only_where_every_reading_of_a_world_agrees(
    orders: list[tuple[str, ...]],
) -> None:
    first, *again = map(seen, orders)
    assert (ORDER in _steady("list", first, again)) is (len({*orders}) == 1)


def hidden(path: str) -> HiddenValue:
    return HiddenValue("Person", path, "ann", None, "anyone", "7")


def test_a_granted_figure_tells_a_position_alone_and_not_where_a_place_in_words_moves_too() -> None:
    places = frozenset({ORDER, FIGURE})
    assert _telling_places(places, [hidden("home_lat"), hidden("home_lon")]) == places
    assert _telling_places(places | {WORD}, [hidden("home_lat")]) == {ORDER}
    assert _telling_places(places, [hidden("birthday")]) == {ORDER}
