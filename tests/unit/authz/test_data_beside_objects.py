"""Rows of lists: nothing stands beside an object that is hidden whole."""

from __future__ import annotations

from oakum.authz.data_beside_objects import Keep, Rows, is_left, without
from oakum.openapi.model import Json

ROW: Json = {"score": 1, "item": {"id": "a"}, "author": {"id": "b"}}
KEEP: Keep = {"score": True, "item": False, "author": {"id": True}}
AT = ("items", "0")


def _left(*met: tuple[str, bool]) -> tuple[Keep, set[tuple[str, ...]]]:
    rows = Rows()
    row = rows.enter()
    for name, shown in met:
        rows.meet((*AT, name), shown=shown)
    return rows.leave(row, ROW, KEEP, AT), rows.gone


def test_a_row_stays_where_nothing_is_hidden() -> None:
    assert _left(("author", True)) == (KEEP, set())


def test_of_a_row_with_a_hidden_object_the_others_stay() -> None:
    kept = {"score": False, "item": False, "author": {"id": True}}
    assert _left(("item", False), ("author", True)) == (kept, set())


def test_a_row_goes_where_no_object_is_shown() -> None:
    keep, gone = _left(("item", False))
    assert gone == {AT}
    assert without({"items": {"0": keep, "1": True}}, gone) == {"items": {"0": False, "1": True}}


def _around_a_hidden_row(*, shown: bool) -> tuple[Keep, set[tuple[str, ...]]]:
    rows = Rows()
    outer = rows.enter()
    inner = rows.enter()
    rows.meet(("items", "0", "more", "0"), shown=False)
    rows.leave(inner, {"id": "a"}, False, ("items", "0", "more", "0"))
    if shown:
        rows.meet((*AT, "author"), shown=True)
    return rows.leave(outer, ROW, KEEP, AT), rows.gone - {("items", "0", "more", "0")}


def test_what_is_hidden_in_a_row_within_is_its_own() -> None:
    assert _around_a_hidden_row(shown=True) == (KEEP, set())


def test_a_row_goes_where_all_objects_in_rows_within_are_hidden() -> None:
    assert _around_a_hidden_row(shown=False)[1] == {AT}


def test_of_a_list_it_is_left_that_there_is_one() -> None:
    assert is_left({"tags": ["a"]}, {"tags": {"0": False}})
    assert not is_left({"tags": {"a": 1}}, {"tags": {"a": False}})


def _list(value: list[Json], *met: tuple[str, bool]) -> tuple[Keep, bool]:
    rows = Rows()
    row = rows.enter()
    for index, shown in met:
        inner = rows.enter()
        rows.meet((*AT, index, "doc"), shown=shown)
        rows.leave(inner, value[int(index)], {"doc": shown}, (*AT, index))
    keep: Keep = {str(index): index != "0" for index in range(len(value))}
    return rows.leave(row, value, keep, AT), AT in rows.gone


def test_an_element_without_an_object_is_beside_those_of_the_others() -> None:
    pair: list[Json] = [{"doc": {}}, {"score": 1}, {"doc": {"id": "b"}}]
    assert _list(pair[:2], ("0", False))[1]
    kept, gone = _list(pair, ("0", False), ("2", True))
    assert isinstance(kept, dict)
    assert (kept["1"], gone) == (False, False)


def test_a_list_of_rows_alone_keeps_those_that_are_shown() -> None:
    rows: list[Json] = [{"doc": {}}, None, {"doc": {"id": "b"}}]
    kept, gone = _list(rows, ("0", False), ("2", True))
    assert isinstance(kept, dict)
    assert (kept["1"], kept["2"], gone) == (True, True, False)
    assert _list(rows[:1], ("0", False))[1]
