"""The form of an answer: whether it is one at all."""

from __future__ import annotations

import pytest

from oakum.exchange import Response
from oakum.openapi.model import Media, Operation
from oakum.scan.evaluation.response_summary import is_broken

READ = Operation("read", "GET", "/x", responses={"200": (Media("application/json"),)})
PAGE = Operation("page", "GET", "/x", responses={"200": (Media("text/html"),)})
OPEN = Operation("open", "GET", "/x")


@pytest.mark.parametrize(
    ("operation", "status", "media_type", "body", "broken"),
    [
        (READ, 200, "application/json", b"{}", False),
        (READ, 200, "application/problem+json", b"{}", False),
        (READ, 200, "text/html; charset=utf-8", b"<html>", True),
        (READ, 200, "text/html", b"", False),
        (READ, 404, "text/html", b"<html>", False),
        (READ, 429, "application/json", b"{}", False),
        (READ, 503, "application/json", b"{}", True),
        (PAGE, 200, "text/html", b"<html>", False),
        (OPEN, 200, "text/html", b"<html>", False),
        (OPEN, 500, "", b"", True),
    ],
)
def test_a_servers_error_and_a_page_in_place_of_data_are_broken(
    operation: Operation, status: int, media_type: str, body: bytes, broken: bool
) -> None:
    assert is_broken(operation, Response(status, {"content-type": media_type}, body)) is broken
