"""What the guard in an ASGI application does with a body that does not come as one would wish."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import oakum.asgi
from tests.unit.test_asgi_time import club


def ask(folder: Path, receive: Any, told: list[Any] | None = None) -> tuple[list[Any], list[str]]:
    """What is sent for a body that `receive` brings, and the paths that the application saw."""
    sent: list[Any] = []
    reached: list[str] = []

    async def note(path: str, scope: Any) -> None:
        reached.append(path)

    async def send(message: Any) -> None:
        sent.append(message)

    app = club(folder, note)
    if told is not None:
        app._audit = told.append
    scope = {
        "type": "http", "method": "PUT", "path": "/me/settings",
        "headers": [(b"x-session", b"ann"), (b"content-type", b"application/json")],
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return sent, reached


def test_a_body_in_drops_is_not_waited_for_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oakum.asgi, "TAKEN", 0.3)
    told: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b" ", "more_body": True}

    sent, reached = ask(tmp_path, receive, told)
    assert sent[0]["status"] == 408
    assert reached == []
    [line] = told
    assert (line["status"], line["denied"], line["contract"]) == (408, "truncated", None)


def test_half_a_body_whose_sender_has_gone_goes_nowhere(tmp_path: Path) -> None:
    messages = [
        {"type": "http.request", "body": b'{"private": true}', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return messages.pop(0)

    assert ask(tmp_path, receive) == ([], [])


@pytest.mark.parametrize(("said", "told"), [("2.5", "2.3"), ("2.10", "2.3"), ("2.1", "2.1")])
def test_no_application_relies_on_a_send_that_fails_for_a_client_that_has_gone(
    tmp_path: Path, said: str, told: str
) -> None:
    seen: list[Any] = []

    async def note(path: str, scope: Any) -> None:
        seen.append(scope["asgi"])

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        pass

    scope = {
        "type": "http", "method": "GET", "path": "/members/ann", "query_string": b"",
        "headers": [(b"x-session", b"ann")], "asgi": {"version": "3.0", "spec_version": said},
    }  # fmt: skip
    asyncio.run(club(tmp_path, note)(scope, receive, send))
    assert seen
    assert all(each == {"version": "3.0", "spec_version": told} for each in seen)
