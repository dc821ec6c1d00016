"""What the guard in an ASGI application makes of answers that no server would take, or that are not
the last thing an application does."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum.asgi import OakumMiddleware
from tests.patience import patient
from tests.unit.guard.club import PEOPLE, gate

Said = Callable[[Callable[[Any], Awaitable[None]]], Awaitable[None]]
BOB = json.dumps(PEOPLE["bob"]).encode()
START = {
    "type": "http.response.start", "status": 200,
    "headers": [(b"content-type", b"application/json")],
}  # fmt: skip
END = {"type": "http.response.body", "body": BOB}
SHOWN = b'{"id": "bob", "name": "Bob"}'


def saying(said: Said, scopes: list[Any] | None = None) -> Any:
    """An application that says who is calling as it should, and all else as it is told."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] != "/me":
            if scopes is not None:
                scopes.append(scope)
            await said(send)
            return
        who = dict(scope["headers"]).get(b"x-session", b"").decode()
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"private")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(PEOPLE[who]).encode()})

    return app


def in_order(*messages: Any) -> Said:
    async def said(send: Any) -> None:
        for message in messages:
            await send(message)

    return said


async def ask(app: Any, sent: list[Any], path: str = "/members/bob", **scope: Any) -> None:
    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    made = {"type": "http", "method": "GET", "path": path, "headers": [(b"x-session", b"ann")]}
    await app({**made, **scope}, receive, send)


def answer(folder: Path, said: Said, path: str = "/members/bob", **how: Any) -> tuple[int, bytes]:
    """Status and body of what is sent; whatever the application raises is for the server's log."""
    sent: list[Any] = []

    async def talk() -> None:
        with suppress(Exception):
            await ask(OakumMiddleware(saying(said), gate(folder), **how), sent, path)

    asyncio.run(talk())
    assert [each["type"] for each in sent] == [START["type"], END["type"]]
    return sent[0]["status"], sent[1]["body"]


# --------------------------------------------------------------------------- after the answer


def test_an_answer_does_not_wait_for_what_the_application_does_after_it(tmp_path: Path) -> None:
    done: list[str] = []
    sent: list[Any] = []

    async def talk() -> None:
        go_on = asyncio.Event()

        async def task() -> None:
            await go_on.wait()
            done.append("mail")

        async def member(request: Request) -> Response:
            return JSONResponse(PEOPLE["bob"], background=BackgroundTask(task))

        async def me(request: Request) -> Response:
            return JSONResponse(PEOPLE["ann"], headers={"cache-control": "private"})

        inner = Starlette(routes=[Route("/me", me), Route("/members/{id}", member)])
        asked = asyncio.create_task(ask(OakumMiddleware(inner, gate(tmp_path)), sent))
        while len(sent) < 2:
            await asyncio.sleep(0)
        assert (done, asked.done()) == ([], False)
        go_on.set()
        await asked
        assert done == ["mail"]

    asyncio.run(asyncio.wait_for(talk(), patient(30)))
    assert json.loads(sent[1]["body"]) == {"id": "bob", "name": "Bob"}


def test_what_fails_after_an_answer_is_written_to_the_log_and_takes_nothing_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[Any] = []

    async def said(send: Any) -> None:
        await in_order(START, END)(send)
        raise LookupError("secret")

    asyncio.run(ask(OakumMiddleware(saying(said), gate(tmp_path)), sent))
    assert [type(each.exc_info[1]) for each in caplog.records if each.exc_info] == [LookupError]
    assert [each.get("body") for each in sent] == [None, SHOWN]


def test_an_answer_that_is_too_long_leaves_no_error_for_the_log(tmp_path: Path) -> None:
    """Whoever may ask for a long list would fill it, with a traceback for each."""
    sent: list[Any] = []
    logged: list[Any] = []

    async def talk() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, said: logged.append(said))
        long = {**END, "body": b" " * 5_000_000}
        await ask(OakumMiddleware(saying(in_order(START, long)), gate(tmp_path)), sent)
        gc.collect()

    asyncio.run(talk())
    assert sent[0]["status"] == 502
    assert logged == []


def test_a_server_that_ends_a_request_ends_the_application_too(tmp_path: Path) -> None:
    ended: list[str] = []

    async def said(send: Any) -> None:
        await in_order(START, END)(send)
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("here")

    async def talk() -> None:
        sent: list[Any] = []
        asked = asyncio.create_task(ask(OakumMiddleware(saying(said), gate(tmp_path)), sent))
        while len(sent) < 2:
            await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert ended == ["here"]

    asyncio.run(asyncio.wait_for(talk(), patient(30)))


def test_what_a_write_made_of_the_caller_is_believed_when_it_is_done(tmp_path: Path) -> None:
    """What is looked up while an application still writes is not believed afterwards."""
    friends: dict[str, list[str]] = {"ann": ["bob"]}
    written = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        who = dict(scope["headers"]).get(b"x-session", b"").decode()
        private = (b"cache-control", b"private")
        start = {**START, "headers": [*START["headers"], private]}
        if path.endswith("/friends"):
            said: Any = friends["ann"]
        else:
            said = PEOPLE[who if path == "/me" else "ann"]
        await in_order(start, {"type": END["type"], "body": json.dumps(said).encode()})(send)
        if scope["method"] == "PUT":
            await written.wait()
            friends["ann"] = []  # commits after its answer

    async def talk() -> None:
        guarded = OakumMiddleware(app, gate(tmp_path))
        sent: list[Any] = []

        async def city(who: bytes) -> bool:
            sent.clear()
            await ask(guarded, sent, "/members/ann", headers=[(b"x-session", who)])
            return "city" in json.loads(sent[1]["body"])

        put: list[Any] = []
        headers = [(b"x-session", b"ann"), (b"content-type", b"application/json")]
        body = {"type": "http.request", "body": b'{"name":"A"}', "more_body": False}

        async def receive() -> Any:
            return body

        async def send(message: Any) -> None:
            put.append(message)

        scope = {"type": "http", "method": "PUT", "path": "/members/ann", "headers": headers}
        writing = asyncio.create_task(guarded(scope, receive, send))
        while len(put) < 2:
            await asyncio.sleep(0)
        assert await city(b"bob")  # not yet
        written.set()
        await writing
        assert not await city(b"bob")

    asyncio.run(asyncio.wait_for(talk(), patient(30)))


# --------------------------------------------------------------------------- no answer at all


OTHER = {**START, "status": 201, "headers": [(b"content-type", b"text/html")]}
NOT_YET = {**END, "body": BOB[:9], "more_body": True}
REST = {**END, "body": BOB[9:]}


@pytest.mark.parametrize(
    "messages",
    [
        (START, END, OTHER), (START, END, OTHER, END), (START, END, END),
        (START, NOT_YET, REST, OTHER, END),
    ],
)  # fmt: skip
def test_nothing_follows_the_end_of_an_answer(tmp_path: Path, messages: Any) -> None:
    assert answer(tmp_path, in_order(*messages)) == (200, SHOWN)


EXTENSIONS = (
    {"type": "http.response.pathsend", "path": __file__},
    {"type": "http.response.zerocopysend", "file": 0},
    {"type": "http.response.push", "path": "/members/ann", "headers": []},
    {"type": "http.response.early_hint", "links": [b"</members/ann>; rel=preload"]},
    {"type": "http.response.trailers", "headers": [(b"x-email", b"bob@x.test")]},
    {"type": "http.response.debug", "info": {"context": PEOPLE["bob"]}},
    {"type": "websocket.send", "text": "bob@x.test"},
)


@pytest.mark.parametrize("extra", EXTENSIONS, ids=lambda each: each["type"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_no_message_but_an_answers_own_gets_out(tmp_path: Path, extra: Any, place: int) -> None:
    messages: list[Any] = [START, END]
    messages.insert(place, extra)
    status, body = answer(tmp_path, in_order(*messages))
    assert (status == 200 and body == SHOWN) if place == 2 else status == 502
    assert b"x.test" not in body


@pytest.mark.parametrize(
    "messages",
    [
        (), (START,), (END,), (START, NOT_YET), (OTHER, START, END), (START, NOT_YET, OTHER, END),
        ({**START, "status": "200"}, {**END, "body": BOB.decode()}),
        ({**START, "headers": [("content-type", "application/json")]}, END),
        ({**START, "status": "OK"}, END), ({**START, "status": 99}, END),
    ],
)  # fmt: skip
def test_what_no_server_takes_for_an_answer_is_none(tmp_path: Path, messages: Any) -> None:
    status, body = answer(tmp_path, in_order(*messages))
    assert status == 502
    assert b"bob" not in body.lower()


def test_an_application_that_hears_no_error_gets_nothing_else_out(tmp_path: Path) -> None:
    async def deaf(send: Any) -> None:
        for message in (START, *EXTENSIONS, OTHER, END, OTHER, END):
            with suppress(RuntimeError):
                await send(message)

    assert answer(tmp_path, deaf) == (200, SHOWN)


@pytest.mark.parametrize("length", ["0", "11", "999", "-1", "9" * 5000, "x", "", "²", "+72"])
@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_body_of_another_length_than_it_says_is_cut_short(
    tmp_path: Path, length: str, kind: str
) -> None:
    body = BOB if kind == "json" else b"id,name\nbob,Bob\nann,Ann\n"
    path = "/members/bob" if kind == "json" else "/roster"
    media = (b"content-type", b"application/json" if kind == "json" else b"text/csv")
    audit: list[Any] = []
    for said in (length, str(len(body))):
        headers = [media, (b"content-length", said.encode("latin-1"))]
        messages = in_order({**START, "headers": headers}, {**END, "body": body})
        status, shown = answer(tmp_path, messages, path, audit=audit.append)
        told = (status, audit[-1]["denied"], b"bob" in shown)
        assert told == ((502, "truncated", False) if said == length else (200, None, True))


@pytest.mark.parametrize("at", ["/members/bob", "/me"])
@pytest.mark.parametrize(
    "error", [asyncio.CancelledError(), BaseExceptionGroup("bob@x.test", [GeneratorExit()])]
)
def test_what_is_no_exception_is_raised_on_after_the_answer(
    tmp_path: Path, at: str, error: BaseException
) -> None:
    sent: list[Any] = []

    raised: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == at:
            raise error
        await saying(in_order(START, END))(scope, receive, send)

    async def talk() -> None:
        try:
            await ask(OakumMiddleware(app, gate(tmp_path)), sent)
        except (asyncio.CancelledError, BaseExceptionGroup):
            raised.append(at)

    asyncio.run(talk())
    assert sent[0]["status"] == (502 if at == "/members/bob" else 503)
    assert b"bob" not in sent[1]["body"]
    assert raised == [at] * (at != "/me")


# --------------------------------------------------------------------------- the audit


def broken(_: Any) -> None:
    raise OSError("the disk is full of bob@x.test")


@pytest.mark.parametrize("path", ["/members/bob", "/nowhere", "/members/zzz", "/static/a.js"])
def test_an_audit_that_fails_takes_no_answer_away_and_opens_none(
    tmp_path: Path, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    said = in_order(START, END)
    assert answer(tmp_path, said, path, audit=broken) == answer(tmp_path, said, path)
    assert "the audit failed" in caplog.text
    assert "x.test" not in caplog.text


@pytest.mark.parametrize("path", ["/live", "/other"])
def test_an_audit_that_fails_leaves_a_websocket_as_it_was(tmp_path: Path, path: str) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])
        await send({"type": "websocket.accept"})

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        seen.append(message["type"])

    scope = {"type": "websocket", "path": path, "headers": [], "subprotocols": []}
    asyncio.run(OakumMiddleware(app, gate(tmp_path), audit=broken)(scope, receive, send))
    assert seen == (["websocket", "websocket.accept"] if path == "/live" else ["websocket.close"])


# --------------------------------------------------------------------------- what comes in


@pytest.mark.parametrize("kind", ["http3", "webtransport", "channel", "", "HTTP"])
def test_a_connection_of_another_type_reaches_nothing(tmp_path: Path, kind: str) -> None:
    seen: list[Any] = []
    guarded = OakumMiddleware(saying(in_order(START, END), seen), gate(tmp_path))
    with pytest.raises(NotImplementedError):
        asyncio.run(ask(guarded, seen, type=kind))
    assert seen == []


def test_an_application_is_offered_no_other_way_to_answer(tmp_path: Path) -> None:
    seen: list[Any] = []
    guarded = OakumMiddleware(saying(in_order(START, END), seen), gate(tmp_path))
    offered = {each["type"]: {} for each in EXTENSIONS}
    for path in ("/members/bob", "/static/a.js"):
        asyncio.run(ask(guarded, [], path, extensions=offered))
    assert {each["path"] for each in seen} >= {"/members/bob", "/static/a.js"}
    assert not any(each["extensions"] for each in seen)


@pytest.mark.parametrize("path", ["/members/\ud800", "/members/bob\ud800", "\udfff", ""])
@pytest.mark.parametrize("raw", [None, b"/members/bob", b"\xff", "/members/\u00e9".encode()])
def test_a_path_that_no_url_can_say_is_none(tmp_path: Path, path: str, raw: Any) -> None:
    sent: list[Any] = []
    seen: list[Any] = []
    guarded = OakumMiddleware(saying(in_order(START, END), seen), gate(tmp_path))
    asyncio.run(ask(guarded, sent, path, raw_path=raw))
    assert (sent[0]["status"], seen) == (404, [])


@pytest.mark.parametrize("path", ["/members/bob", "/\ud800", "/%zz"])
def test_observe_hands_on_what_came_and_what_is_answered(tmp_path: Path, path: str) -> None:
    seen: list[Any] = []
    sent: list[Any] = []
    audit: list[Any] = []
    extra = {"http.response.pathsend": {}}
    messages = ({**START, "status": 299}, {"type": "http.response.pathsend", "path": "/a"})
    keeper = gate(tmp_path, observe=True)
    guarded = OakumMiddleware(saying(in_order(*messages), seen), keeper, audit=audit.append)
    asyncio.run(ask(guarded, sent, path, raw_path=b"/\xe9", extensions=extra))
    assert tuple(sent) == messages
    assert (seen[0]["path"], seen[0]["raw_path"], seen[0]["extensions"]) == (path, b"/\xe9", extra)
    assert len(audit) == 1


@pytest.mark.parametrize("header", [(b"x-request-id", b"a\r\nx-more: 1"), (b"location\n", b"/")])
def test_a_line_end_in_a_header_is_no_answer(tmp_path: Path, header: tuple[bytes, bytes]) -> None:
    start = {**START, "headers": [(b"content-type", b"application/json"), header]}
    sent: list[Any] = []
    asyncio.run(ask(OakumMiddleware(saying(in_order(start, END)), gate(tmp_path)), sent))
    assert sent[0]["status"] == 502
    assert all(b"x-more" not in value for _, value in sent[0]["headers"])
