"""A question to an API and its answer."""

from __future__ import annotations

import pytest

from oakum.exchange import Exchange, Request, Response


@pytest.mark.parametrize(
    ("header", "media", "is_json"),
    [
        ("application/json", "application/json", True),
        ("Application/JSON; charset=utf-8", "application/json", True),
        ("application/problem+json", "application/problem+json", True),
        (" application/vnd.api+json ;q=1", "application/vnd.api+json", True),
        ("application/jsonp", "application/jsonp", False),
        ("application/x-ndjson", "application/x-ndjson", False),
        ("text/html", "text/html", False),
        ("", "", False),
    ],
)
def test_a_media_type_without_its_parameters(header: str, media: str, is_json: bool) -> None:
    response = Response(200, {"content-type": header})
    assert (response.media_type, response.is_json) == (media, is_json)


def test_an_answer_that_says_nothing_has_no_media_type() -> None:
    assert (Response(204).media_type, Response(204).is_json) == ("", False)


def test_no_secret_of_a_question_or_an_answer_shows_when_it_is_printed() -> None:
    asked = Request("POST", "http://x/login", {"authorization": "Bearer tok-1"}, b"hunter2")
    told = Response(200, {"set-cookie": "sid=tok-2"}, b"tok-3", {"sid": "tok-4"})
    said = repr(Exchange(asked, told))
    assert "http://x/login" in said and "200" in said
    assert not [each for each in ("tok-", "hunter2") if each in said]
