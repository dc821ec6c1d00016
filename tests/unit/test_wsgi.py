"""The guard in front of WSGI applications: Flask, Django, and bare ones."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import django
import flask
import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, JsonResponse
from django.urls import path

from oakum.routing.http_messages import Denial
from oakum.wsgi import App, Environ, OakumMiddleware, _read
from tests.unit.guard.club import FRIENDS, PEOPLE, POLICY, SEEN, gate

Answer = tuple[int, dict[str, str], bytes]


def call(
    app: Callable[..., Any],
    method: str,
    target: str,
    who: str = "",
    body: bytes | None = None,
    **environ: Any,
) -> Answer:
    """One request by hand (PEP 3333), as a server makes it."""
    target_path, _, query = target.partition("?")
    made: Environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": target_path,
        "QUERY_STRING": query,
        "SERVER_NAME": "api.test",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "api.test",
        "REMOTE_ADDR": "192.0.2.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body or b""),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.version": (1, 0),
    }
    if who:
        made["HTTP_X_SESSION"] = who
    if body is not None:
        made |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}
    started: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], problem: Any = None) -> Any:
        started[:] = [int(status.split(" ")[0]), {name.lower(): value for name, value in headers}]
        return pieces.append

    pieces: list[bytes] = []
    parts = app({**made, **environ}, start)
    pieces += parts
    if hasattr(parts, "close"):
        parts.close()
    return started[0], started[1], b"".join(pieces)


def with_flask() -> App:
    app = flask.Flask("club")

    @app.get("/me")
    def me() -> Any:
        known = PEOPLE.get(flask.request.headers.get("x-session", ""))
        return known or ({"message": "log in"}, 401)

    @app.get("/members/<id>")
    def member(id: str) -> Any:
        return PEOPLE.get(id) or ({"message": "no"}, 404)

    @app.put("/members/<id>")
    def change(id: str) -> Any:
        return {**PEOPLE[id], **flask.request.get_json()}

    @app.get("/members/<id>/friends")
    def friends(id: str) -> Any:
        return flask.jsonify(FRIENDS[id])

    @app.get("/crash")
    def crash() -> Any:
        raise RuntimeError("secret")

    return app.wsgi_app


def configured() -> None:
    """Django's settings, which a process has once: other tests may have made them."""
    if not settings.configured:
        settings.configure(
            ROOT_URLCONF=__name__, SECRET_KEY="made-up", ALLOWED_HOSTS=["*"], DEBUG=False,
            MIDDLEWARE=[], LOGGING_CONFIG=None,
        )  # fmt: skip
        django.setup()
    settings.ROOT_URLCONF = __name__


def with_django() -> App:
    configured()
    app: App = WSGIHandler()
    return app


def _me(request: HttpRequest) -> JsonResponse:
    known = PEOPLE.get(request.headers.get("x-session", ""))
    return JsonResponse(known or {"message": "log in"}, status=200 if known else 401)


def _member(request: HttpRequest, id: str) -> JsonResponse:
    if request.method == "PUT":
        return JsonResponse({**PEOPLE[id], **json.loads(request.body)})
    found = PEOPLE.get(id)
    return JsonResponse(found or {"message": "no"}, status=200 if found else 404)


def _friends(request: HttpRequest, id: str) -> JsonResponse:
    return JsonResponse(FRIENDS[id], safe=False)


def _crash(request: HttpRequest) -> JsonResponse:
    raise RuntimeError("secret")


urlpatterns = [
    path("me", _me),
    path("members/<str:id>", _member),
    path("members/<str:id>/friends", _friends),
    path("crash", _crash),
]

FRAMEWORKS = {"flask": with_flask, "django": with_django}


@pytest.fixture(params=FRAMEWORKS)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> OakumMiddleware:
    return OakumMiddleware(FRAMEWORKS[request.param](), gate(tmp_path))


@pytest.mark.parametrize(("viewer", "owner"), SEEN)
def test_everybody_sees_what_the_contract_grants(
    app: OakumMiddleware, viewer: str, owner: str
) -> None:
    status, headers, body = call(app, "GET", f"/members/{owner}", viewer)
    assert status == 200
    assert json.loads(body).keys() == SEEN[viewer, owner]
    assert headers["content-length"] == str(len(body))
    assert headers["cache-control"] == "private, no-store"


def test_without_a_login_nothing_is_shown(app: OakumMiddleware) -> None:
    assert call(app, "GET", "/members/ann")[0] == 401
    assert call(app, "GET", "/members/ann", "nobody")[0] == 401


def test_an_unknown_member_is_answered_as_a_path_that_is_none(app: OakumMiddleware) -> None:
    assert call(app, "GET", "/members/zoe", "ann") == call(app, "GET", "/nothing", "ann")


def test_a_write_reaches_the_owners_own_object_only(app: OakumMiddleware) -> None:
    said = b'{"name":"New"}'
    status, _, body = call(app, "PUT", "/members/ann", "ann", said)
    assert (status, json.loads(body)["name"]) == (200, "New")
    assert call(app, "PUT", "/members/ann", "bob", said)[0] == 404
    assert call(app, "PUT", "/members/ann", "ann", b'{"name":"N","email":"e"}')[0] == 422
    assert call(app, "PUT", "/members/ann", "ann", b"x" * 10_001)[0] == 413


def test_a_crash_tells_nothing(app: OakumMiddleware) -> None:
    status, _, body = call(app, "GET", "/crash", "ann")
    assert status == 500
    assert body == b'{"type":"about:blank","title":"Internal Server Error","status":500}'


def test_a_head_request_tells_neither_body_nor_length(app: OakumMiddleware) -> None:
    status, headers, body = call(app, "HEAD", "/members/ann", "cy")
    assert (status, body) == (200, b"")
    assert "content-length" not in headers


# --------------------------------------------------------------------------- bare applications


def bare(answer: Callable[[Environ], Any], seen: list[Environ] | None = None) -> App:
    """Answers `/me` by the session, all else as it is told: a body, or pieces of one."""

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        if seen is not None:
            seen.append(environ)
        if environ["PATH_INFO"] == "/me":
            known = PEOPLE.get(environ.get("HTTP_X_SESSION", ""))
            status = "200 OK" if known else "401 Unauthorized"
            start_response(status, [("Content-Type", "application/json")])
            return [json.dumps(known or {}).encode()]
        start_response("200 OK", [("Content-Type", "application/json"), ("ETag", '"1"')])
        made = answer(environ)
        return [made] if isinstance(made, bytes) else made

    return app


class Endless:
    """A body without end, that knows when it is no longer wanted."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield b" " * 1000

    def close(self) -> None:
        self.closed = True


def test_a_body_without_end_is_refused_and_closed(tmp_path: Path) -> None:
    body = Endless()
    app = OakumMiddleware(bare(lambda _: body), gate(tmp_path))
    assert call(app, "GET", "/endless", "ann")[0] == 502
    assert body.closed


def test_the_application_is_asked_only_what_was_judged(tmp_path: Path) -> None:
    seen: list[Environ] = []
    app = OakumMiddleware(bare(lambda _: b"{}", seen), gate(tmp_path))
    call(
        app, "GET", "/members/ann?debug=1", "ann", HTTP_X_OAKUM_WHO="bob", HTTP_RANGE="bytes=0-1",
        HTTP_IF_NONE_MATCH='"1"', HTTP_ACCEPT_ENCODING="gzip", RAW_URI="/members/ann?debug=1",
    )  # fmt: skip
    forwarded = seen[-1]
    assert forwarded["QUERY_STRING"] == ""
    assert forwarded["HTTP_ACCEPT_ENCODING"] == "identity"
    assert forwarded["HTTP_X_SESSION"] == "ann"
    assert not {"HTTP_X_OAKUM_WHO", "HTTP_RANGE", "HTTP_IF_NONE_MATCH", "RAW_URI"} & set(forwarded)


def test_no_way_to_answer_passes_but_the_one_that_is_judged(tmp_path: Path) -> None:
    """Interim answers of a server (`103 Early Hints`), its sockets and its WebSockets."""
    seen: list[Environ] = []
    app = OakumMiddleware(bare(lambda _: b"{}", seen), gate(tmp_path))
    ways = ("wsgi.early_hints", "wsgi.websocket", "gunicorn.socket", "werkzeug.socket")
    call(app, "GET", "/members/ann", "ann", **dict.fromkeys(ways, "way"), **{"beaker.session": "s"})
    assert len(seen) > 1  # the look-ups, and the request itself
    assert not any(set(ways) & set(each) for each in seen)
    assert seen[-1]["beaker.session"] == "s"
    assert {"wsgi.input", "wsgi.errors", "wsgi.url_scheme"} <= set(seen[-1])


def test_questions_carry_the_callers_credentials_and_nothing_of_an_outer_layer(
    tmp_path: Path,
) -> None:
    seen: list[Environ] = []
    app = OakumMiddleware(bare(lambda _: b"{}", seen), gate(tmp_path))
    call(app, "GET", "/members/ann", "bob", HTTP_COOKIE="a=b", REMOTE_USER="root")
    me = seen[0]
    assert me["PATH_INFO"] == "/me"
    assert me["HTTP_X_SESSION"] == "bob"
    assert not {"HTTP_COOKIE", "REMOTE_USER"} & set(me)


@pytest.mark.parametrize(
    "info", ["/members//ann", "/members/../me", "/members/a\\b", "/members/\0"]
)
def test_a_path_that_two_servers_could_read_differently_reaches_nothing(
    tmp_path: Path, info: str
) -> None:
    seen: list[Environ] = []
    app = OakumMiddleware(bare(lambda _: b"{}", seen), gate(tmp_path))
    assert call(app, "GET", info, "ann")[0] == 404
    assert seen == []


def test_an_application_below_a_prefix_keeps_it(tmp_path: Path) -> None:
    seen: list[Environ] = []
    app = OakumMiddleware(bare(lambda _: b"{}", seen), gate(tmp_path), root="/members/")
    assert call(app, "GET", "/ann", "ann", SCRIPT_NAME="/members")[0] == 200
    assert (seen[-1]["SCRIPT_NAME"], seen[-1]["PATH_INFO"]) == ("/members", "/ann")
    assert call(app, "GET", "/ann", "ann")[0] == 404


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("below", ["", "/api"], ids=["paths alone", "paths with the prefix"])
def test_below_a_prefix_everybody_sees_what_the_contract_grants(
    tmp_path: Path, framework: str, below: str
) -> None:
    app = OakumMiddleware(FRAMEWORKS[framework](), gate(tmp_path, below=below), root="/api")
    for (viewer, owner), seen in SEEN.items():
        status, _, body = call(app, "GET", f"/members/{owner}", viewer, SCRIPT_NAME="/api")
        assert (status, json.loads(body).keys()) == (200, seen), viewer
    assert call(app, "GET", "/members/ann", "ann")[0] == 404
    assert call(app, "GET", "members/ann", "ann", SCRIPT_NAME="/api")[0] == 404


@pytest.mark.parametrize("root", ["", "/members"])
def test_no_request_says_where_the_application_is_mounted(tmp_path: Path, root: str) -> None:
    """Servers take it from a header, and frameworks route by what comes after it (CWE-436)."""
    seen: list[Environ] = []
    app = OakumMiddleware(bare(lambda _: b"{}", seen), gate(tmp_path), root=root)
    for mounted, rest in (("/static", "/members/ann"), ("/members/", "ann"), ("/x", "/ann")):
        assert call(app, "GET", rest, "ann", SCRIPT_NAME=mounted)[0] == 404
    assert seen == []


def test_static_files_pass_unread_and_without_credentials(tmp_path: Path) -> None:
    seen: list[Environ] = []
    app = OakumMiddleware(bare(lambda _: [b"x" * 10_000] * 2, seen), gate(tmp_path))
    status, headers, body = call(app, "GET", "/static/a.js?v=1", "ann", HTTP_COOKIE="s=1")
    assert (status, headers["etag"], len(body)) == (200, '"1"', 20_000)
    assert seen[-1]["QUERY_STRING"] == "v=1"
    assert not {"HTTP_COOKIE", "HTTP_X_SESSION"} & set(seen[-1])


def test_pieces_that_are_written_are_part_of_the_answer(tmp_path: Path) -> None:
    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        kept = [("Content-Type", "application/json"), ("Cache-Control", "private")]
        write = start_response("200 OK", kept)
        write(b'{"id":"ann",')
        return [b'"email":"e"}']

    guarded = OakumMiddleware(app, gate(tmp_path))
    assert call(guarded, "GET", "/members/ann", "ann")[2] == b'{"id":"ann","email":"e"}'


def test_observe_changes_nothing_and_tells(tmp_path: Path) -> None:
    audit: list[Mapping[str, Any]] = []
    said = json.dumps(PEOPLE["ann"]).encode()
    bodies: list[bytes] = []

    def answer(environ: Environ) -> bytes:
        bodies.append(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        return said

    app = OakumMiddleware(bare(answer), gate(tmp_path, observe=True), audit=audit.append)
    status, headers, body = call(app, "GET", "/members/ann?debug=1", "bob")
    assert (status, headers["etag"], body) == (200, '"1"', said)
    assert audit[-1]["removed"]["Member.email"] == 1
    long = b"x" * 20_000
    assert call(app, "PUT", "/members/ann", "bob", long)[2] == said
    assert bodies[-1] == long
    assert audit[-1]["denied"] is not None


@pytest.mark.parametrize("late", [False, True])
def test_what_the_application_raises_is_told_to_nobody_outside(tmp_path: Path, late: bool) -> None:
    inner = bare(lambda _: b"{}", [])

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/members/ann":
            return inner(environ, start_response)
        if not late:
            raise ValueError("ann@club.test cannot be shown")

        def parts() -> Iterator[bytes]:
            start_response("200 OK", [("content-type", "application/json")])
            yield b"{"
            raise ValueError("ann@club.test cannot be shown")

        return parts()

    status, _, body = call(OakumMiddleware(app, gate(tmp_path)), "GET", "/members/ann", "bob")
    assert status >= 400
    assert b"ann@" not in body


@pytest.mark.parametrize("path", ["/me", "/members/ann/friends"])
def test_an_answer_that_came_late_is_not_believed(
    tmp_path: Path, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What it says is of another time, and nobody can end it: it is a call in this thread."""
    said = {"/members/ann": PEOPLE["ann"], "/members/ann/friends": ["bob"]}
    slow = [path]
    inner = bare(lambda environ: json.dumps(said[environ["PATH_INFO"]]).encode())

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] in slow:
            time.sleep(0.6)
        return inner(environ, start_response)

    gate(tmp_path)  # for its document
    policy = POLICY.replace("timeout: 60s", "timeout: 500ms, ttl: 1ms")
    (tmp_path / "exposure.yaml").write_text(policy, encoding="utf-8")
    guarded = OakumMiddleware(app, tmp_path / "exposure.yaml")
    status, _, body = call(guarded, "GET", "/members/ann", "bob")
    assert (status, b"Oslo" in body) == (503 if path == "/me" else 200, False)
    assert "longer than `timeout`" in caplog.text
    slow.clear()
    assert b"Oslo" in call(guarded, "GET", "/members/ann", "bob")[2]


def test_a_body_is_read_in_pieces_that_a_server_can_hold() -> None:
    class Source(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            assert size is not None and 0 < size <= 65_536
            return super().read(size)

    environ = {"CONTENT_LENGTH": "200000", "wsgi.input": Source(b"x" * 200_000)}
    assert _read(environ, 1_000_000, needed=True) == b"x" * 200_000
    environ["wsgi.input"] = Source(b"x" * 200_000)
    assert _read(environ, 70_000, needed=False) == b"x" * 70_000


class Shrunk(io.RawIOBase):
    """The chunked body of Werkzeug's server when its client goes: it counts what never came."""

    def readinto(self, buffer: Any) -> int:
        buffer[:] = b"abc"
        return 4


def test_a_body_that_ends_within_a_chunk_is_refused() -> None:
    environ = {"wsgi.input": Shrunk(), "wsgi.input_terminated": True}
    with pytest.raises(Denial):
        _read(environ, 1000, needed=True)


def test_a_raw_stream_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"x" * 200_000)
    with io.FileIO(tmp_path / "body") as stream:
        environ = {"wsgi.input": stream, "wsgi.input_terminated": True}
        assert _read(environ, 1_000_000, needed=True) == b"x" * 200_000
