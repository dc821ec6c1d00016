"""How a response is cut down, by its media type, and where it may be `null` as a whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.guard.projection import is_null, may_be_null, nullable, projector
from oakum.openapi.model import Media, Shape
from oakum.routing.http_messages import HttpResponse
from tests.unit.authz.small import NOTE, endpoint

NULL = Shape(kinds=frozenset(("null",)))
MAY_BE = replace(NOTE, kinds=frozenset(("object", "null")))


def answered(content_type: str) -> HttpResponse:
    return HttpResponse(200, (("content-type", content_type),), b"{}")


def test_only_what_is_declared_and_can_be_read_is_cut() -> None:
    operation = endpoint(shape=NOTE)
    assert projector(operation, answered("application/json; charset=utf-8"))
    assert not projector(operation, answered("application/json; charset=utf-16"))
    assert not projector(operation, answered("text/csv"))


@pytest.mark.parametrize(
    ("media", "may_be"),
    [
        (Media("application/json", MAY_BE), True),
        (Media("application/json", NULL), True),
        (Media("application/json", NOTE), False),
        (Media("application/x-ndjson", MAY_BE), False),
        (Media("application/json", None), False),
    ],
)
def test_a_response_may_be_null_where_the_document_says_so(media: Media, may_be: bool) -> None:
    assert nullable(media) is may_be


def test_the_declared_response_that_applies_decides() -> None:
    assert may_be_null(endpoint(shape=MAY_BE), answered("application/json"))
    assert not may_be_null(endpoint(shape=NOTE), answered("application/json"))
    assert not may_be_null(endpoint(shape=MAY_BE), answered("text/plain"))


@pytest.mark.parametrize(
    ("body", "null"), [(b"null", True), (b" null\n", True), (b"[null]", False)]
)
def test_white_space_around_null_says_nothing(body: bytes, null: bool) -> None:
    assert is_null(body) is null
