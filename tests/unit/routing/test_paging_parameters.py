"""Which parameters turn the pages of a look-up, and how all of it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.openapi.model import Operation, Parameter, Shape
from oakum.routing.paging_parameters import page, page_size, required_query


def operation(*names: str, kind: str = "integer", **more: Any) -> Operation:
    shape = Shape(kinds=frozenset((kind,)), **more)
    found = tuple(Parameter(name, "query", shape=shape) for name in names)
    return Operation("list", "GET", "/people", parameters=found)


@pytest.mark.parametrize(
    "name",
    [
        *("limit", "per_page", "perPage", "per-page", "pageSize", "take", "$top", "rows"),
        *("maxResults", "max_results", "itemsPerPage", "batchSize", "_limit", "page[size]"),
    ],
)
def test_a_size_is_recognised_in_each_style_and_the_largest_is_asked_for(name: str) -> None:
    assert page(operation(name, maximum=12))[1] == 12
    assert page_size(operation(name, maximum=12)) == name
    assert page(operation(name)) == ("", -1)


@pytest.mark.parametrize(
    "name",
    [
        *("page", "skip", "$skip", "pageToken", "nextToken", "continuationToken", "startingAfter"),
        *("since_id", "max_id", "marker", "pageNumber", "page[number]", "startIndex", "bookmark"),
    ],
)
def test_a_list_that_has_a_place_to_go_on_from_may_end_before_its_end(name: str) -> None:
    assert page(operation(name, kind="string")) == ("", -1)


@pytest.mark.parametrize(("kind", "found"), [("integer", -1), ("string", 0)])
def test_a_word_of_two_meanings_turns_pages_where_it_is_a_number(kind: str, found: int) -> None:
    assert page(operation("from", kind=kind)) == ("", found)


@pytest.mark.parametrize("name", ["q", "status", "maxPrice", "topic", "pageTitle", "takenBy"])
def test_what_selects_something_turns_no_pages(name: str) -> None:
    assert page(operation(name)) == ("", 0)


def test_the_size_is_not_asked_for_twice() -> None:
    listed = operation("page[size]", maximum=12)
    assert page(listed) == ("page%5Bsize%5D=12", 12)
    assert "page" not in required_query(listed)
