"""A list is whole by evidence; only of a whole one it is known who is not on it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.exchange import Request, Response
from oakum.scan.relation_lists import Listed, read_list
from tests.unit.scan.studio import reply

AT = ("data", "*", "id")
ONE = Request("GET", "http://127.0.0.1/list", {})


def rows(*ids: str) -> list[dict[str, str]]:
    return [{"id": each} for each in ids]


def read(*pages: Any, names: tuple[str, ...] = ("page",), **headers: str) -> Listed | None:
    """A list of so many pages, of which the last is given for each further number."""

    def ask(who: str | None, request: Request, /) -> Response:
        number = int(request.url.partition("page=")[2] or 1)
        made = reply(pages[min(number, len(pages)) - 1])
        return Response(made.status, {**made.headers, **headers}, made.body)

    return read_list(ask, "ann", ONE, names, AT)


@pytest.mark.parametrize(
    "around",
    [
        {}, {"total": 2}, {"next": None}, {"has_more": False}, {"meta": {"total_pages": 1}},
        {"paging": {"count": 2, "next": ""}}, {"error": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_list_that_says_nothing_else_is_whole(around: dict[str, Any]) -> None:
    assert read({"data": rows("a", "b"), **around}) == Listed(frozenset("ab"), True)


@pytest.mark.parametrize(
    "around",
    [
        {"total": 3}, {"next": "c2"}, {"has_more": True}, {"meta": {"total_pages": 2}},
        {"paging": {"cursor": "x"}}, {"links": {"next": {"href": "x"}}}, {"error": "busy"},
        {"page_info": {"hasNextPage": True}}, {"totalCount": 20}, {"truncated": True},
    ],
    ids=str,
)  # fmt: skip
def test_a_list_that_says_that_it_goes_on_is_not_whole(around: dict[str, Any]) -> None:
    found = read({"data": rows("a", "b"), **around}, names=())
    assert found is not None and found.ids == frozenset("ab") and not found.whole


@pytest.mark.parametrize("headers", [{"link": '<?page=2>; rel="next"'}, {"x-total-count": "9"}])
def test_headers_count_as_members_do(headers: dict[str, str]) -> None:
    found = read({"data": rows("a")}, names=(), **headers)
    assert found is not None and not found.whole


def test_as_many_as_a_page_are_not_all_unless_something_says_so() -> None:
    ten = rows(*"abcdefghij")
    silent, counted, more = (
        read({"data": ten}), read({"data": ten, "total": 10}), read({"data": ten}, {"data": []}),
    )  # fmt: skip
    assert silent is not None and not silent.whole
    assert counted is not None and counted.whole
    assert more is not None and more.whole  # the next page is empty


def test_all_pages_are_read() -> None:
    found = read({"data": rows(*"ab")}, {"data": rows(*"cd")}, {"data": rows("e")})
    assert found == Listed(frozenset("abcde"), True)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["data", "id", "next", "total"]), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_no_answer_without_the_list_is_whole(value: Any) -> None:
    found = read(value)
    has = isinstance(value, dict) and isinstance(value.get("data"), list | dict)
    assert found is None or not found.whole or has
