"""The next page of a list, in each of the ways that APIs have for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oakum.exchange import Request, Response
from oakum.openapi.model import Media, Operation, Shape
from oakum.scan.requests.next_page import added_members, next_page, page_members, says_next

LIST = "https://api.example.com/v1/stalls?q=x"


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    return Response(
        status, {"content-type": "application/json", **headers}, json.dumps(body).encode()
    )


@pytest.mark.parametrize(
    ("body", "names", "then"),
    [
        ({"data": [1], "next_cursor": "abc="}, ("cursor",), "q=x&cursor=abc%3D"),
        ({"items": [1], "next-cursor": "k"}, ("limit", "cursor"), "q=x&cursor=k"),
        ({"items": [1], "meta": {"nextPageToken": "t"}}, ("pageToken",), "q=x&pageToken=t"),
        ({"items": [1], "next-cursor": None}, ("cursor",), None),
        ({"items": [{"next_check_at": "2026-01-01"}]}, ("after", "offset"), None),
        ({"items": [{"cursor": "k"}]}, ("after",), "q=x&after=k"),
        ({"items": [1]}, ("page", "page_size"), "q=x&page=2"),
        ([1, 2, 3], ("offset", "limit"), "q=x&offset=3"),
        ({"items": []}, ("page",), None),
        ([1], (), None),
        ([1], ("sort",), None),
        ({"items": [1], "links": {"next": "/v1/stalls?after=9"}}, (), "after=9"),
        ({"_links": {"next": {"href": "?page=2"}}}, (), "page=2"),
        ({"next": "https://api.example.com/v1/stalls?p=2"}, (), "p=2"),
        ({"next": "https://elsewhere.example.com/v1/stalls?p=2"}, (), None),
    ],
)
def test_a_page_leads_to_the_next_one(body: Any, names: tuple[str, ...], then: str | None) -> None:
    found = next_page(Request("GET", LIST), answer(body), names)
    assert (found and found.url) == (then and f"https://api.example.com/v1/stalls?{then}")


def test_a_header_may_lead_there() -> None:
    link = '</v1/stalls?page=1>; rel="first", </v1/stalls?page=3>; rel="next"'
    found = next_page(Request("GET", LIST), answer([1], link=link), ())
    assert found and found.url == "https://api.example.com/v1/stalls?page=3"


def test_pages_and_offsets_go_on_from_where_they_are() -> None:
    page = Request("GET", "https://api.example.com/x?page=4")
    found = next_page(page, answer([1]), ("page",))
    assert found and found.url.endswith("?page=5")
    offset = Request("GET", "https://api.example.com/x?offset=20")
    found = next_page(offset, answer({"items": [1] * 10}), ("offset",))
    assert found and found.url.endswith("?offset=30")


def test_a_refusal_and_a_page_for_people_lead_nowhere() -> None:
    at = Request("GET", LIST)
    assert next_page(at, answer({"next": "/x"}, 403), ("page",)) is None
    assert next_page(at, Response(200, {"content-type": "text/html"}, b"<a>"), ("page",)) is None


def reads(name: str, kind: str, method: str = "POST", **more: str) -> Operation:
    """An operation whose body has a member `within.NAME` of this type, beside `q`."""
    inner = Shape(properties={name: lambda: Shape(kinds=frozenset({kind}), **more)})  # type: ignore[arg-type]
    text = Shape(kinds=frozenset({"string"}))
    shape = Shape(properties={"q": lambda: text, "within": lambda: inner})
    return Operation("op", method, "/stalls", body=(Media("application/json", shape),))


@pytest.mark.parametrize(
    ("name", "kind", "sent", "body", "then"),
    [
        ("cursor", "string", {}, {"items": [1], "next_cursor": "k"}, "k"),
        ("cursor", "string", {"cursor": "j"}, {"items": [1], "next_cursor": "k"}, "k"),
        ("cursor", "integer", {}, {"items": [1], "next_cursor": 7}, 7),
        ("cursor", "string", {}, {"items": [1], "next_cursor": None}, None),
        ("page", "integer", {}, {"items": [1]}, 2),
        ("page", "integer", {"page": 4}, {"items": [1]}, 5),
        ("offset", "integer", {"offset": 20}, {"items": [1] * 10}, 30),
        ("offset", "integer", {}, {"items": []}, None),
    ],
)
def test_a_member_of_the_body_leads_to_the_next_page(
    name: str, kind: str, sent: Any, body: Any, then: Any
) -> None:
    members = page_members(operation := reads(name, kind))
    first = Request("POST", LIST, {}, json.dumps({"q": "x", "within": sent}).encode())
    found = next_page(first, answer(body), (), members)
    assert (found and json.loads(found.body)) == (
        then and {"q": "x", "within": {**sent, name: then}}
    )
    assert says_next(first, answer(body), (), members) is bool(then and name == "cursor")
    if found:
        assert [*added_members(first, found, page_members(operation)).values()] == [then]


def test_dates_and_sizes_lead_nowhere_and_a_get_has_no_body() -> None:
    assert page_members(reads("from", "string")) is None
    assert page_members(reads("after", "string", format="date-time")) is None
    assert page_members(reads("page_size", "integer")) is None
    assert page_members(reads("cursor", "string", "GET")) is None
    assert page_members(Operation("op", "POST", "/stalls")) is None
