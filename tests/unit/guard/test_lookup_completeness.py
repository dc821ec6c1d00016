"""A list is whole by evidence: what stands around it, and how many are on it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from oakum.authz.complete_lists import ListPlace, extent, look, place_of
from oakum.authz.id_spelling import alike
from oakum.authz.paging_headers import Pages
from oakum.guard.lookup_completeness import is_whole
from oakum.openapi.model import Shape
from oakum.routing.http_messages import HttpResponse

PLACE = ListPlace(("data", "*", "id"))


def whole(found: int, around: dict[str, Any] | None = None, **headers: str) -> bool:
    value = {"data": [{"id": f"u{n}"} for n in range(found)], **(around or {})}
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    sent = (("content-type", "application/json"), *named)
    return is_whole(PLACE, HttpResponse(200, sent, json.dumps(value).encode()), value)


@pytest.mark.parametrize(
    ("found", "said"), [(0, True), (9, True), (10, False), (11, True), (20, False), (300, False)]
)
def test_as_many_as_a_page_usually_holds_may_go_on(found: int, said: bool) -> None:
    assert whole(found) is said


@pytest.mark.parametrize("found", [10, 300])
def test_a_full_page_that_says_that_it_is_all_is_whole(found: int) -> None:
    assert whole(found, {"has_more": False})


@pytest.mark.parametrize(
    ("around", "said"),
    [
        ({"object": "list"}, True), ({"object": "Collection"}, True), ({"object": "error"}, False),
        ({"page": 0}, True), ({"page": 1}, True), ({"page": 2}, False), ({"page": None}, True),
        ({"page": "1"}, False), ({"message": ""}, True), ({"message": "try again"}, False),
        ({"status": ""}, False), ({"status": "ok"}, True), ({"status": 200}, True),
        ({"status": 503}, False), ({"status": True}, True), ({"code": 0}, True),
        ({"lastKey": {"version": 3}}, False), ({"older": {"href": "/x"}}, False),
        ({"_links": {"self": {"href": "/x"}}}, True), ({"meta": {"x": {"id": 1}}}, False),
        ({"marker": "m"}, False), ({"marker": None}, True), ({"nb_hits": 9}, False),
        ({"exhaustive": False}, False), ({"range": "0-1/9"}, False), ({"num_results": 3}, True),
        ({"shards": 2}, False), ({"count": 3}, True), ({"count": 4}, False),
        ({"shards": {}}, False), ({"shards": None}, False), ({"LastEvaluatedKey": {}}, True),
    ],
)  # fmt: skip
def test_what_stands_around_a_list_is_understood_or_it_is_not_whole(
    around: dict[str, Any], said: bool
) -> None:
    assert whole(3, around) is said


@pytest.mark.parametrize("name", ["after", "marker", "rowCount", "omitted", "lastEvaluatedKey"])
def test_a_declared_member_that_speaks_of_more_is_heard_all_the_same(name: str) -> None:
    place = replace(PLACE, declared={name: frozenset()})
    answered = HttpResponse(200, (("content-type", "application/json"),), b"")
    assert not is_whole(place, answered, {"data": [{"id": "u1"}], name: 9})


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"x_total_count": "3"}, True), ({"x_total_count": "4"}, False), ({"x_count": "4"}, False),
        ({"link": '</p?page=3>; rel="last"'}, False), ({"link": "</p>; rel=last"}, False),
        ({"link": '</p?page=1>; rel="first", </p?page=1>; rel="last"'}, True),
        ({"link": '</p>; rel="first", </p>; rel="last"'}, True),
        ({"link": '</p?page=2>; rel="self"'}, False), ({"link": '</p>; rel="help"'}, True),
        ({"x_limit": "3"}, False), ({"x_limit": "4"}, True), ({"limit": "3"}, False),
        ({"offset": "9"}, False), ({"x_ratelimit_limit": "3"}, True),
        ({"grpc_status": "14"}, False), ({"grpc_status": "2"}, False), ({"grpc_status": "0"}, True),
        ({"x_response_status": "503"}, False), ({"x_upstream_status": "502, 200"}, False),
        ({"x_upstream_status": "200"}, True), ({"x_backend_status": "500"}, False),
        ({"x_backend_status": "unavailable"}, False), ({"x_cache_status": "STALE"}, False),
        ({"x_timeout": "1"}, False), ({"x_fallback": "true"}, False),
        ({"x_fallback": "false"}, True), ({"x_circuit": "open"}, False),
        ({"x_circuit": "closed"}, True),
        ({"x_total": "4"}, False), ({"x_total_pages": "1"}, True), ({"x_total_pages": "2"}, False),
        ({"content_range": "items 0-2/3"}, True), ({"content_range": "items 0-2/4"}, False),
        ({"link": '</p1>; rel="prev"'}, False), ({"link": '</p2>; rel="next"'}, False),
        ({"x_ratelimit_remaining": "4"}, True), ({"x_next_page": ""}, True),
        ({"x_next_page": "2"}, False), ({"retry_after": "5"}, False),
        ({"x_offset": "10"}, False), ({"x_offset": "0"}, True), ({"x_prev_page": "1"}, False),
        ({"x_prev_page": ""}, True), ({"x_range": "0-9/50"}, False), ({"x_range": "0-2/3"}, True),
        ({"x_content_range": "0-9/50"}, False), ({"x_records": "9"}, False),
        ({"x_records": "3"}, True), ({"x_last": "5"}, False), ({"x_is_last": "false"}, False),
        ({"x_is_last": "true"}, True), ({"x_complete": "false"}, False),
        ({"x_after": "t3"}, False), ({"x_after": ""}, True),
        ({"x_last_evaluated_key": "k7"}, False),
        ({"x_error": "1"}, False), ({"x_error": "0"}, True), ({"x_status": "error"}, False),
        ({"status": "500"}, False), ({"status": "200 OK"}, True), ({"x_cache_status": "HIT"}, True),
        ({"last_modified": "x"}, True), ({"accept_ranges": "bytes"}, True),
    ],
)  # fmt: skip
def test_headers_may_say_that_a_list_goes_on(headers: dict[str, str], said: bool) -> None:
    assert whole(3, None, **headers) is said


@pytest.mark.parametrize(
    ("around", "said"),
    [
        ({}, "whole"), ({"next": "c"}, "cut off"), ({"shards": 2}, "unknown"),
        ({"shards": 2, "next": "c"}, "cut off"), ({"data": [{"id": None}]}, "unknown"),
        ({"data": [{"id": str(n)} for n in range(10)]}, "unknown"), ({"data": "x"}, "unknown"),
    ],
    ids=str,
)  # fmt: skip
def test_a_list_is_whole_or_cut_off_or_nobody_can_tell(around: dict[str, Any], said: str) -> None:
    value = {"data": [{"id": "u1"}], **around}
    assert extent(look(PLACE, value), value, {"content-type": "application/json"}) == said
    assert extent(look(PLACE, value), value, {"content-type": "text/html"}) == "unknown"


@pytest.mark.parametrize(
    ("around", "said"),
    [
        ({"page": 3, "total": 7, "total_pages": 3, "next": None, "prev": "/p2"}, "whole"),
        ({"offset": 6, "count": 1}, "whole"), ({"page": 7}, "cut off"), ({"total": 8}, "cut off"),
        ({"links": {"first": "/p1", "last": "/p3", "prev": {"href": "/p2"}}}, "whole"),
        ({"total_pages": 4}, "cut off"), ({"shards": 2}, "unknown"),
    ],
    ids=str,
)  # fmt: skip
def test_the_last_of_several_pages_may_say_that_it_is(around: dict[str, Any], said: str) -> None:
    value, pages = {"data": [{"id": "u7"}], **around}, Pages(7, 1, 3, 3)
    headers = {"content-type": "application/json", "x-prev-page": "2", "x-page": "3"}
    assert extent(look(PLACE, value), value, headers, pages) == said


PEOPLE = Shape(
    kinds=frozenset(("object",)),
    properties={
        "data": lambda: Shape(kinds=frozenset(("array",)), items=Shape),
        "meta": lambda: Shape(kinds=frozenset(("object",))),
        "links": lambda: Shape(properties={"self": lambda: Shape(kinds=frozenset(("string",)))}),
        "shards": lambda: Shape(kinds=frozenset(("integer",))),
        "any": Shape,
        "endpoints": lambda: Shape(kinds=frozenset(("array",))),
    },
)


@pytest.mark.parametrize(
    ("around", "said"),
    [
        ({"meta": {"total": 1}}, "whole"), ({"meta": None}, "whole"), ({"meta": []}, "whole"),
        ({"meta": [{"total": 9}]}, "unknown"), ({"meta": "busy"}, "unknown"),
        ({"links": [{"rel": "next", "href": "/p2"}]}, "cut off"), ({"links": ["/p2"]}, "unknown"),
        ({"links": {"self": {"href": "/x"}}}, "unknown"), ({"shards": 2}, "unknown"),
        ({"shards": 2.0}, "unknown"), ({"shards": True}, "unknown"), ({"shards": "2"}, "unknown"),
        ({"shards": [2]}, "unknown"), ({"any": [2]}, "unknown"), ({"endpoints": [1]}, "unknown"),
        ({"endpoints": [{"rel": "next", "href": "/p2"}]}, "cut off"),
        ({"endpoints": [{"rel": "self", "href": "/p2"}, {"rel": "next", "href": None}]}, "whole"),
        ({"shards": 0}, "unknown"), ({"any": []}, "whole"), ({"any": None}, "whole"),
        ({"shards": 2, "meta": {"total": 1}}, "whole"),
        ({"shards": 2, "meta": {"total": 2}}, "cut off"),
    ],
    ids=str,
)  # fmt: skip
def test_a_declared_member_of_another_shape_explains_nothing(
    around: dict[str, Any], said: str
) -> None:
    value = {"data": [{"id": "u1"}], **around}
    place = place_of(("data", "*", "id"), PEOPLE)
    assert extent(look(place, value), value, {"content-type": "application/json"}) == said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/m", "whole"), ("/m?page=1", "whole"), ("/m?page[number]=2", "cut off"),
        ("/m?page%5Bnumber%5D=2&page[size]=9", "cut off"), ("/m?page[size]=3", "unknown"),
        ("/m?page[size]=4", "whole"), ("/m?limit=1&offset=0", "unknown"), ("/m?skip=3", "cut off"),
        ("/m?cursor=k", "cut off"), ("/m?cursor=", "whole"), ("/m?pageToken=k", "cut off"),
        ("/m?q=x&lang=de#page=2", "whole"), ("/m{?page,size}", "whole"), ("/m?page=z", "cut off"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", ["self", "first", "href"])
def test_the_address_of_a_page_says_which_it_is(url: str, said: str, at: str) -> None:
    value = {"data": [{"id": f"u{n}"} for n in range(3)]}
    headers = {"content-type": "application/json"}
    for links in ({at: url}, {at: {"href": url}}):
        assert extent(look(PLACE, value | {"links": links}), value, headers) == said
    later = Pages(9, 3, 3, 3)
    assert extent(look(PLACE, value | {"links": {at: url}}), value, headers, later) == "whole"


@pytest.mark.parametrize("media", ["vnd.error+json", "problem+json", "vnd.exception+json"])
def test_a_media_type_of_errors_is_no_list(media: str) -> None:
    value = {"data": [{"id": "u1"}]}
    assert extent(look(PLACE, value), value, {"content-type": f"application/{media}"}) == "unknown"
    assert extent(look(PLACE, value), value, {"content-type": "application/vnd.a+json"}) == "whole"


@pytest.mark.parametrize("id", ["5,7", "5;7", "5 7", "1|2|3"])
def test_several_ids_in_the_place_of_one_cannot_be_read(id: str) -> None:
    value = {"data": [{"id": id}]}
    assert extent(look(PLACE, value), value, {"content-type": "application/json"}) == "unknown"


@pytest.mark.parametrize("id", ["+5", "5e0", "0.5E1", "50e-1", "05", "5.0", " 5"])
def test_a_number_in_another_spelling_may_be_the_same_id(id: str) -> None:
    assert alike([id], ["5"])
    assert not alike([id], ["50"])
