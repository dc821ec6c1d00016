"""The guard in front of ASGI applications in this process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from fastapi import Body, FastAPI, Header, HTTPException, WebSocket
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import cadence
from cadence import truth
from oakum.asgi import App, OakumMiddleware
from oakum.guard.loading import open_gate
from oakum.routing.problem_details import problem
from tests.cadence.client import Answer, Client
from tests.cadence.play import VIEWERS, Play
from tests.guard_patience import unhurried_gate
from tests.unit.guard.club import FRIENDS, PEOPLE, SEEN, gate
from tests.unit.test_wsgi import configured

CADENCE = Path(cadence.__file__).with_name("exposure.yaml")
KEY = "made-up-key"
GROUPS = {
    (resource, path): group
    for resource, groups in truth.FIELDS.items()
    for group, paths in groups.items()
    for path in paths.split()
}
CLOSED = {
    "private": True,
    "hide_age": True,
    "effort_zones_private": True,
    "workout_maps_private": True,
}
OPEN = dict.fromkeys(CLOSED, False)
MIXED = {**OPEN, "hide_age": True, "effort_zones_private": True}


class Guarded(Play):
    """A stage of cadence, and the same behind the middleware."""

    def __init__(self, stage: str) -> None:
        super().__init__(stage, members=30)
        self.app.state.world = type(self.app.state.world)(self.db, stage, KEY)
        self.audit: list[Mapping[str, Any]] = []
        keeper = unhurried_gate(open_gate(CADENCE, environ={"CADENCE_SERVICE_KEY": KEY}))
        self.guard = OakumMiddleware(self.app, keeper, audit=self.audit.append)
        self.bare = self.clients
        self.guarded: dict[str | None, Client] = {}
        for name, client in self.clients.items():
            self.guarded[name] = Client(self.guard)
            self.guarded[name]._cookies = client._cookies

    def set(self, owner: str, state: dict[str, bool]) -> None:
        """Through the guard, as its caches forget by what passes it."""
        self.clients = self.guarded
        super().set(owner, state)
        self.clients = self.bare

    def both(self, viewer: str | None, owner: str) -> Iterator[tuple[str, set[Any], set[Any]]]:
        """Endpoint, what it shows of an owner without the guard, and with it."""
        bare = list(self.ask(viewer, owner))
        self.clients = self.guarded
        for (endpoint, without), (_, within) in zip(bare, self.ask(viewer, owner), strict=True):
            yield (
                endpoint,
                self.shown(endpoint, without, owner),
                self.shown(endpoint, within, owner),
            )
        self.clients = self.bare


EMBEDDING = ("/api/workout/", "/stats/workouts/", "/api/ride/")
"""Endpoints at which a member stands within a workout: who may not see that sees neither."""


def granted_to(relation: str, leaf: tuple[str, str], state: dict[str, bool], endpoint: str) -> bool:
    group = GROUPS[leaf]
    embedded = leaf[0] == "Member" and endpoint.split(" ")[1].startswith(EMBEDDING)
    if embedded and not truth.may("history", relation, state):
        return False
    # Nobody is blocked by a class.
    held = "member" if (group, relation) == ("members", "blocked") else relation
    return truth.may(group, held, state)


@pytest.fixture(scope="module", params=("1", "2", "fixed"))
def play(request: pytest.FixtureRequest) -> Guarded:
    return Guarded(request.param)


@pytest.mark.parametrize("state", [CLOSED, OPEN, MIXED], ids=["closed", "open", "mixed"])
def test_of_what_cadence_shows_exactly_what_the_contract_grants_is_left(
    play: Guarded, state: dict[str, bool]
) -> None:
    play.set("pia", state)
    for relation, viewer in VIEWERS.items():
        for endpoint, without, within in play.both(viewer, "pia"):
            granted = {leaf for leaf in without if granted_to(relation, leaf, state, endpoint)}
            assert within == granted, (relation, endpoint)


# --------------------------------------------------------------------------- frameworks


def with_fastapi(lifespan: list[str]) -> App:
    @asynccontextmanager
    async def lives(_: FastAPI) -> AsyncIterator[None]:
        lifespan.append("begun")
        yield

    app = FastAPI(lifespan=lives)

    @app.get("/me")
    async def me(x_session: Annotated[str, Header()] = "") -> Any:
        if x_session not in PEOPLE:
            raise HTTPException(401)
        return PEOPLE[x_session]

    @app.get("/members/{id}")
    async def member(id: str) -> Any:
        if id not in PEOPLE:
            raise HTTPException(404)
        return PEOPLE[id]

    @app.put("/members/{id}")
    async def change(id: str, body: Annotated[dict[str, Any], Body()]) -> Any:
        return {**PEOPLE[id], **body}

    @app.get("/members/{id}/friends")
    async def friends(id: str) -> Any:
        return FRIENDS[id]

    @app.get("/crash")
    async def crash() -> Any:
        raise RuntimeError("secret")

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            while True:
                yield b" " * 1000

        return StreamingResponse(parts(), media_type="application/json")

    @app.get("/static/{name}")
    async def static(request: Request, name: str) -> PlainTextResponse:
        return PlainTextResponse(f"{name} {request.headers.get('x-session')}" + "x" * 20_000)

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(socket.headers.get("x-session", "nobody"))
        await socket.close()

    @app.websocket("/other")
    async def other(socket: WebSocket) -> None:
        await socket.accept()

    return app


def with_starlette(_: list[str]) -> App:
    async def me(request: Request) -> JSONResponse:
        known = PEOPLE.get(request.headers.get("x-session", ""))
        return JSONResponse(known or {"message": "log in"}, 200 if known else 401)

    async def member(request: Request) -> JSONResponse:
        id = request.path_params["id"]
        if request.method == "PUT":
            return JSONResponse({**PEOPLE[id], **await request.json()})
        return JSONResponse(PEOPLE.get(id) or {"message": "no"}, 200 if id in PEOPLE else 404)

    async def friends(request: Request) -> JSONResponse:
        return JSONResponse(FRIENDS[request.path_params["id"]])

    async def crash(_: Request) -> JSONResponse:
        raise RuntimeError("secret")

    return Starlette(
        routes=[
            Route("/me", me),
            Route("/members/{id}", member, methods=["GET", "PUT"]),
            Route("/members/{id}/friends", friends),
            Route("/crash", crash),
        ]
    )


def with_django(_: list[str]) -> App:
    configured()
    app: App = ASGIHandler()
    return app


FRAMEWORKS = {"fastapi": with_fastapi, "starlette": with_starlette, "django": with_django}


@pytest.fixture(params=FRAMEWORKS)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> OakumMiddleware:
    return OakumMiddleware(FRAMEWORKS[request.param]([]), gate(tmp_path))


def call(app: Any, method: str, target: str, who: str = "", body: Any = None) -> Answer:
    return Client(app, {"x-session": who} if who else {}).request(method, target, body)


@pytest.mark.parametrize(("viewer", "owner"), SEEN)
def test_everybody_sees_what_the_contract_grants(
    app: OakumMiddleware, viewer: str, owner: str
) -> None:
    answer = call(app, "GET", f"/members/{owner}", viewer)
    assert answer.status_code == 200
    assert answer.json().keys() == SEEN[viewer, owner]
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["cache-control"] == "private, no-store"


def test_without_a_login_nothing_is_shown(app: OakumMiddleware) -> None:
    assert call(app, "GET", "/members/ann").status_code == 401
    assert call(app, "GET", "/members/ann", "nobody").status_code == 401


def test_an_unknown_member_is_answered_as_a_path_that_is_none(app: OakumMiddleware) -> None:
    assert call(app, "GET", "/members/zoe", "ann") == call(app, "GET", "/nothing", "ann")


def test_a_write_reaches_the_owners_own_object_only(app: OakumMiddleware) -> None:
    said = {"name": "New"}
    assert call(app, "PUT", "/members/ann", "ann", said).json()["name"] == "New"
    assert call(app, "PUT", "/members/ann", "bob", said).status_code == 404
    both = {"name": "New", "email": "e"}
    assert call(app, "PUT", "/members/ann", "ann", both).status_code == 422
    assert call(app, "PUT", "/members/ann", "ann", {"name": "x" * 10_000}).status_code == 413


def test_of_several_lines_of_host_none_is_taken(club: OakumMiddleware) -> None:
    client = Client(club, {"x-session": "ann"})
    client._headers.append((b"host", b"a.test"))
    assert client.get("/members/ann").status_code == 200
    client._headers.append((b"host", b"b.test"))
    assert client.get("/members/ann").status_code == 400


def test_a_head_request_tells_neither_body_nor_length(app: OakumMiddleware) -> None:
    answer = call(app, "HEAD", "/members/ann", "cy")
    assert (answer.status_code, answer.content) == (200, b"")
    assert "content-length" not in answer.headers


# --------------------------------------------------------------------------- the protocol


@pytest.fixture
def club(tmp_path: Path) -> OakumMiddleware:
    return OakumMiddleware(with_fastapi([]), gate(tmp_path))


def test_a_crash_is_written_to_the_log_after_an_answer_that_tells_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Raised on, it would have the server close the connection."""
    sent: list[Any] = []

    async def talk() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/crash",
            "headers": [(b"x-session", b"ann")],
        }
        await OakumMiddleware(with_fastapi([]), gate(tmp_path))(scope, receive, send)

    asyncio.run(talk())
    assert [type(each.exc_info[1]) for each in caplog.records if each.exc_info] == [RuntimeError]
    assert sent[0]["status"] == 500
    assert sent[1]["body"] == b'{"type":"about:blank","title":"Internal Server Error","status":500}'


def test_a_crash_while_the_guard_asks_is_no_answer(tmp_path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError

    guarded = OakumMiddleware(app, gate(tmp_path))
    assert call(guarded, "GET", "/members/ann", "ann").status_code == 503


def test_a_body_without_end_is_refused(club: OakumMiddleware) -> None:
    assert call(club, "GET", "/endless", "ann").status_code == 502


def test_static_files_pass_unread_and_without_credentials(club: OakumMiddleware) -> None:
    answer = call(club, "GET", "/static/a.js", "ann")
    assert answer.text == "a.js None" + "x" * 20_000


def test_the_lifespan_is_the_applications_own(tmp_path: Path) -> None:
    begun: list[str] = []
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    said: list[str] = []

    async def receive() -> Any:
        return next(events)

    async def send(message: Any) -> None:
        said.append(message["type"])

    app = OakumMiddleware(with_fastapi(begun), gate(tmp_path))
    asyncio.run(app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send))
    assert begun == ["begun"]
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/live", ["websocket.accept", "websocket.send", "websocket.close"]),
        ("/other", ["websocket.close"]),
        ("/members/ann", ["websocket.close"]),
    ],
)
def test_a_websocket_passes_only_where_the_contract_says(
    club: OakumMiddleware, path: str, said: list[str]
) -> None:
    events = iter([{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(events)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"x-session", b"ann"), (b"x-oakum-who", b"bob")]
    scope = {"type": "websocket", "path": path, "headers": headers, "subprotocols": []}
    asyncio.run(club(scope, receive, send))
    assert [message["type"] for message in sent] == said
    if path == "/live":
        assert sent[1]["text"] == "ann"


def asked_to_upgrade(app: OakumMiddleware, path: str) -> list[Any]:
    """What an application sends to who asks for a WebSocket, and can be denied with a response."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "websocket", "path": path, "headers": [], "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return sent


def test_a_websocket_that_does_not_pass_is_answered_as_any_other_request(
    club: OakumMiddleware,
) -> None:
    sent = asked_to_upgrade(club, "/other")
    start, body = sent
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 404)
    assert (b"content-type", b"application/problem+json") in start["headers"]
    assert body["type"] == "websocket.http.response.body"
    assert body["body"] == problem(404).encode()


REFUSALS: tuple[Sequence[dict[str, Any]], ...] = (
    ({"type": "websocket.close", "code": 4001, "reason": "bob@x.test"},),
    (
        {"type": "websocket.http.response.start", "status": 403, "headers": []},
        {"type": "websocket.http.response.body", "body": b"bob@x.test"},
    ),
    (
        {"type": "http.response.start", "status": 200, "headers": []},
        {"type": "http.response.body", "body": b"bob@x.test"},
    ),
    ({"type": "http.response.debug", "info": {"template": "bob@x.test"}},),
    ({"type": "websocket.send", "text": "bob@x.test"}, {"type": "websocket.accept"}),
    (),
)


@pytest.mark.parametrize("said", REFUSALS)
@pytest.mark.parametrize("fails", [False, True])
def test_what_is_sent_in_place_of_a_websocket_is_one_refusal(
    said: Sequence[dict[str, Any]], fails: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def denies(scope: Any, receive: Any, send: Any) -> None:
        for message in said:
            await send(message)
        if fails:
            raise ValueError("bob@x.test")

    sent = asked_to_upgrade(OakumMiddleware(denies, gate(tmp_path)), "/live")
    start, body = sent
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 502)
    assert body["body"] == problem(502).encode()
    assert [each.message for each in caplog.records] == ["the application failed"] * fails


def test_an_application_that_fails_in_a_websocket_closes_it(tmp_path: Path) -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "http.response.body", "body": b"bob@x.test"})
        raise ValueError("bob@x.test")

    sent = asked_to_upgrade(OakumMiddleware(fails, gate(tmp_path)), "/live")
    assert sent == [{"type": "websocket.accept"}, {"type": "websocket.close", "code": 1011}]


def test_a_client_that_has_gone_is_not_told_that_the_application_failed(tmp_path: Path) -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        raise ValueError("the client has gone")

    async def send(message: Any) -> None:
        if message["type"] == "websocket.close":
            raise RuntimeError("the connection is closed")

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/live", "headers": [], "subprotocols": []}
    asyncio.run(OakumMiddleware(fails, gate(tmp_path))(scope, receive, send))


@pytest.mark.parametrize("raw", [None, b"/members/bob", b"/members/%61nn"])
def test_the_path_that_the_application_reads_is_the_one_that_is_judged(
    tmp_path: Path, raw: bytes | None
) -> None:
    """An outer layer may have changed the path, and left the raw one as it came."""
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])
        body = json.dumps(PEOPLE["ann"]).encode()
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"private")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/members/ann", "raw_path": raw}
    scope["headers"] = [(b"x-session", b"ann")]
    asyncio.run(OakumMiddleware(app, gate(tmp_path))(scope, receive, send))
    assert sent[0]["status"] == 200
    assert seen == ["/me", "/members/ann"]


def test_observe_changes_nothing_and_tells(tmp_path: Path) -> None:
    audit: list[Mapping[str, Any]] = []
    keeper = gate(tmp_path, observe=True)
    app = OakumMiddleware(with_starlette([]), keeper, audit=audit.append)
    assert call(app, "GET", "/members/ann", "bob").json() == PEOPLE["ann"]
    assert audit[-1]["removed"] == {"Member.email": 1, "Member.‹undeclared›": 1}
    long = {"name": "x" * 20_000}
    assert call(app, "PUT", "/members/ann", "bob", long).json() == {**PEOPLE["ann"], **long}
    assert audit[-1]["denied"] is not None


def test_the_audit_goes_to_the_log(club: OakumMiddleware, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "oakum.guard"):
        call(club, "GET", "/members/ann", "bob")
    line = json.loads(caplog.records[-1].message)
    assert (line["op"], line["method"], line["status"]) == ("getMember", "GET", 200)
    assert "bob" not in caplog.text


@pytest.mark.parametrize("root", ["", "/members"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_no_request_says_where_the_application_is_mounted(
    tmp_path: Path, root: str, kind: str
) -> None:
    """Servers take it from a header, and frameworks route by what comes after it (CWE-436)."""
    seen: list[str] = []
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    guarded = OakumMiddleware(app, gate(tmp_path), root=root)
    for mounted in ("/static", "/members/ann"):
        scope = {"type": kind, "path": f"{mounted}/members/ann", "root_path": mounted}
        scope |= {"headers": [(b"x-session", b"ann")], "subprotocols": []}
        scope |= {"method": "GET"} if kind == "http" else {}
        asyncio.run(guarded(scope, receive, send))
    assert seen == []
    assert {each.get("status", 404) for each in sent if "body" not in each} == {404}


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("below", ["", "/api"], ids=["paths alone", "paths with the prefix"])
@pytest.mark.parametrize("taken", [True, False], ids=["a proxy takes it away", "it comes along"])
def test_below_a_prefix_everybody_sees_what_the_contract_grants(
    tmp_path: Path, framework: str, below: str, taken: bool
) -> None:
    """Servers say the prefix in the path or beside it alone, documents in each path or in none."""
    inner = FRAMEWORKS[framework]([])
    guarded = OakumMiddleware(inner, gate(tmp_path, below=below), root="/api")

    async def server(scope: Any, receive: Any, send: Any) -> None:
        before = "" if taken else "/api"
        path = before + scope["path"]
        await guarded({**scope, "root_path": "/api", "path": path}, receive, send)

    for (viewer, owner), seen in SEEN.items():
        answer = call(server, "GET", f"/members/{owner}", viewer)
        assert (answer.status_code, answer.json().keys()) == (200, seen), viewer
    assert call(server, "GET", "/me", "ann").json().keys() == SEEN["ann", "ann"]
    assert call(server, "GET", "/apimembers/ann", "ann").status_code == 404
    assert call(server, "PUT", "/members/ann", "bob", {"name": "A"}).status_code in (403, 404)


def test_what_the_application_raises_is_told_to_nobody_outside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Starlette's own layer for errors stands outside of every middleware that is added."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/me":
            body = json.dumps(PEOPLE["bob"]).encode()
            headers = [(b"content-type", b"application/json"), (b"cache-control", b"private")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        raise ValueError("ann@club.test cannot be shown")

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/members/ann", "raw_path": None}
    scope["headers"] = [(b"x-session", b"bob")]
    asyncio.run(OakumMiddleware(app, gate(tmp_path))(scope, receive, send))
    assert "cannot be shown" in caplog.text  # for those who run it
    assert [each["type"] for each in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] >= 400 and b"ann@" not in sent[1]["body"]
