"""What tells equal answers to different requests apart."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from oakum.guard.request_outcome import GuardedRequest
from oakum.openapi.model import Operation, Parameter
from oakum.routing.http_messages import HttpRequest


def test_a_declared_header_and_a_declared_cookie_tell_requests_apart() -> None:
    page, jar = Parameter("X-Page", "header"), Parameter("page", "cookie")
    asked = HttpRequest("GET", "/a", (("x-page", "1"), ("cookie", "page=1"), ("x-other", "1")))

    def said(operation: Operation, *headers: tuple[str, str]) -> bytes:
        sent = replace(asked, headers=headers or asked.headers)
        endpoint = cast(Any, SimpleNamespace(operation=operation))
        return GuardedRequest(sent, asked, "", 0.0, endpoint=endpoint).tag

    operation = Operation("a", "GET", "/a", (page, jar))
    others = asked.headers[1:]
    assert said(operation) != said(operation, ("x-page", "2"), *others)
    assert said(operation) != said(operation, asked.headers[0], ("cookie", "page=2"))
    assert said(operation) == said(operation, *asked.headers[:2], ("x-other", "2"))
