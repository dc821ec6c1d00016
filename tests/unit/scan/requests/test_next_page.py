"""The next page of a list, in each of the ways that APIs have for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oakum.exchange import Request, Response
from oakum.scan.requests.next_page import next_page

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
