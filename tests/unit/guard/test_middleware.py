"""What both middlewares take of an answer, and what they add to one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.guard.middleware import ResponseCollector, with_length
from oakum.routing.http_messages import HttpResponse


@given(st.lists(st.binary(max_size=8), max_size=6), st.integers(0, 30))
def test_an_answer_is_collected_whole_or_not_at_all(parts: list[bytes], most: int) -> None:
    collected, body = ResponseCollector(most), b"".join(parts)
    for part in parts:
        collected.add(part)
    answered = collected.response()
    assert answered.truncated is collected.truncated is (len(body) > most)
    assert answered.body == (b"" if answered.truncated else body)


def test_an_application_that_began_no_answer_is_a_bad_gateway() -> None:
    assert ResponseCollector(9).response().status == 502


@pytest.mark.parametrize(
    ("status", "body", "method", "length"),
    [
        (200, b"abc", "GET", "3"),
        (200, b"", "GET", "0"),
        (200, b"", "HEAD", None),
        (204, b"", "GET", None),
        (304, b"", "GET", None),
    ],
)
def test_an_answer_says_its_length_where_it_may_have_a_body(
    status: int, body: bytes, method: str, length: str | None
) -> None:
    headers = with_length(HttpResponse(status, (("x-a", "1"),), body), method)
    assert dict(headers).get("content-length") == length
    assert headers[0] == ("x-a", "1")
