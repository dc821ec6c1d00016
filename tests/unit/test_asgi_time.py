"""How long the guard in an ASGI application waits for that application, and what it believes."""

from __future__ import annotations

import asyncio
import contextvars
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from oakum.asgi import OakumMiddleware
from oakum.guard.loading import open_gate
from tests.patience import patient
from tests.unit.guard.club import FRIENDS, PEOPLE, POLICY, gate

Handler = Callable[[str, Any], Awaitable[None]]
LIMIT = patient(0.25)
"""Of a look-up: what does not hang must answer by then, however busy the machine is."""
HUNG = 60 * LIMIT


def club(
    folder: Path, before: Handler, after: Handler | None = None, seconds: float = LIMIT
) -> OakumMiddleware:
    """The club, which does something before and after it answers at a path."""
    gate(folder)  # for its document
    said = POLICY.replace("timeout: 60s", f"timeout: {int(seconds * 1000)}ms")
    (folder / "exposure.yaml").write_text(said, encoding="utf-8")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        await before(path, scope)
        who = dict(scope["headers"]).get(b"x-session", b"").decode()
        owner = path.split("/")[2] if path.startswith("/members/") else who
        said: Any = FRIENDS[owner] if path.endswith("/friends") else PEOPLE[owner]
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"private")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})
        if after:
            await after(path, scope)

    return OakumMiddleware(app, open_gate(folder / "exposure.yaml", environ={}))


async def ask(app: Any, path: str, who: str) -> tuple[int, Any]:
    sent: list[Any] = []

    async def receive() -> Any:
        if receive.__dict__.setdefault("told", False):
            await asyncio.sleep(HUNG)
        receive.__dict__["told"] = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [(b"x-session", who.encode())],
    }
    await app(scope, receive, send)
    body = json.loads(b"".join(each.get("body", b"") for each in sent))
    return sent[0]["status"], body


async def nothing(path: str, scope: Any) -> None:
    return None


def test_a_look_up_that_hangs_is_no_answer_after_the_timeout(tmp_path: Path) -> None:
    ended: list[str] = []

    async def hang(path: str, scope: Any) -> None:
        if path.endswith("/friends"):
            try:
                await asyncio.sleep(HUNG)
            finally:
                ended.append(path)

    async def talk() -> None:
        began = time.monotonic()
        status, body = await ask(club(tmp_path, hang), "/members/ann", "bob")
        assert (status, body.keys()) == (200, {"id", "name"})
        assert time.monotonic() - began < HUNG / 3
        await asyncio.sleep(0)
        assert ended == ["/members/ann/friends"]

    asyncio.run(talk())


def test_who_am_i_that_hangs_is_nobody_to_wait_for(tmp_path: Path) -> None:
    async def hang(path: str, scope: Any) -> None:
        if path == "/me":
            await asyncio.sleep(HUNG)

    assert asyncio.run(ask(club(tmp_path, hang), "/members/ann", "bob"))[0] == 503


def test_an_application_that_does_not_end_when_told_to_holds_nobody(tmp_path: Path) -> None:
    go_on = True

    async def stubborn(path: str, scope: Any) -> None:
        while go_on and path.endswith("/friends"):
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue

    async def talk() -> tuple[int, Any]:
        nonlocal go_on
        answer = await asyncio.wait_for(ask(club(tmp_path, stubborn), "/members/ann", "bob"), HUNG)
        go_on = False
        return answer

    status, body = asyncio.run(talk())
    assert (status, body.keys()) == (200, {"id", "name"})


@pytest.mark.parametrize("path", ["/me", "/members/ann/friends"])
def test_an_answer_that_came_late_is_not_believed(tmp_path: Path, path: str) -> None:
    """Nothing can end a handler that blocks the loop, and what it says is of another time."""

    async def block(at: str, scope: Any) -> None:
        if at == path:
            time.sleep(2 * LIMIT)

    status, body = asyncio.run(ask(club(tmp_path, block), "/members/ann", "bob"))
    assert status == (503 if path == "/me" else 200)
    assert "city" not in body


def test_what_an_application_does_after_its_answer_is_neither_waited_for_nor_ended(
    tmp_path: Path,
) -> None:
    done = asyncio.Event()

    async def background(path: str, scope: Any) -> None:
        if path.endswith("/friends"):
            await asyncio.sleep(2 * LIMIT)
            done.set()

    async def talk() -> None:
        status, body = await ask(club(tmp_path, nothing, background), "/members/ann", "bob")
        assert (status, body.keys()) == (200, {"id", "name", "city"})
        await asyncio.wait_for(done.wait(), HUNG)

    asyncio.run(talk())


def test_what_an_application_notes_of_a_caller_is_of_one_request(tmp_path: Path) -> None:
    noted: contextvars.ContextVar[str] = contextvars.ContextVar("noted", default="")
    seen: list[str] = []

    async def note(path: str, scope: Any) -> None:
        seen.append(noted.get())
        noted.set(path)

    assert asyncio.run(ask(club(tmp_path, note), "/members/ann", "bob"))[0] == 200
    assert len(seen) == 3 and set(seen) == {""}


def test_who_goes_away_takes_the_look_up_along(tmp_path: Path) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def hang(path: str, scope: Any) -> None:
        if path.endswith("/friends"):
            begun.set()
            try:
                await asyncio.sleep(HUNG)
            finally:
                ended.set()

    async def talk() -> None:
        app = club(tmp_path, hang, seconds=60.0)
        request = asyncio.ensure_future(ask(app, "/members/ann", "bob"))
        await begun.wait()
        request.cancel()
        await asyncio.wait_for(ended.wait(), HUNG)

    asyncio.run(talk())
