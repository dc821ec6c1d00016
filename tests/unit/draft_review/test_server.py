"""The server of a review: for one browser of this machine, and for no other site."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from oakum.draft_review.server import ReviewServer
from tests.patience import patient
from tests.unit.draft_review.world import CONTRACT, review

pytestmark = pytest.mark.server


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Client:
    server: ReviewServer
    cookie: str = ""

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=patient(60))
        data = (
            body
            if isinstance(body, bytes)
            else json.dumps(body).encode()
            if body is not None
            else None
        )
        sent = {"Cookie": self.cookie} if self.cookie else {}
        if method == "POST":
            sent |= {
                "Content-Type": "application/json",
                "Origin": f"http://127.0.0.1:{self.server.port}",
            }
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, data, {k: v for k, v in sent.items() if v})
            got = connection.getresponse()
            return Answer(got.status, got.headers, got.read().decode())
        finally:
            connection.close()

    def enter(self) -> Answer:
        address = urlsplit(self.server.url)
        got = self.ask("GET", f"{address.path}?{address.query}")
        self.cookie = got.headers["Set-Cookie"].partition(";")[0]
        return got


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    server = ReviewServer(review(tmp_path))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield Client(server)
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_address_is_of_this_machine_alone(client: Client) -> None:
    assert client.server.socket.getsockname()[0] == "127.0.0.1"


def test_the_token_works_once_and_gives_a_cookie_that_no_script_reads(client: Client) -> None:
    url = urlsplit(client.server.url)
    got = client.enter()
    assert (got.status, got.headers["Location"]) == (303, "/")
    attributes = got.headers["Set-Cookie"].split("; ")[1:]
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Strict"]
    assert client.ask("GET", "/").status == 200
    stranger = Client(client.server)
    assert stranger.ask("GET", f"/?{url.query}").status == 403
    assert stranger.ask("GET", "/?token=").status == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/state"), ("GET", "/page.js"), ("GET", "/diff"), ("POST", "/edit"),
     ("POST", "/save"), ("POST", "/done"), ("GET", "/?token=guess")],
)  # fmt: skip
def test_nothing_is_said_to_who_has_no_cookie(client: Client, method: str, path: str) -> None:
    got = client.ask(method, path, {} if method == "POST" else None, Cookie="oakum-review=x")
    assert got.status == 403 and "User" not in got.text
    assert client.server.session.text == CONTRACT


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example"]
)
def test_another_host_name_is_refused(client: Client, host: str) -> None:
    client.enter()
    for method, path in (("GET", "/state"), ("POST", "/save")):
        assert client.ask(method, path, {} if method == "POST" else None, Host=host).status == 421


@pytest.mark.parametrize(
    "origin", ["", "null", "https://evil.example", "http://localhost:1", "file://"]
)
def test_another_origin_may_not_write(client: Client, origin: str) -> None:
    client.enter()
    said = {"kind": "confirm", "resource": "User"}
    assert client.ask("POST", "/edit", said, Origin=origin).status == 403
    assert client.server.session.text == CONTRACT


def test_a_form_cannot_write(client: Client) -> None:
    client.enter()
    got = client.ask("POST", "/save", b"{}", Content_Type="text/plain")
    assert got.status == 415


def test_every_answer_forbids_scripts_of_others_and_frames(client: Client) -> None:
    client.enter()
    for path in ("/", "/page.js", "/state", "/nowhere"):
        got = client.ask("GET", path)
        policy = got.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy
        assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert got.headers["Cache-Control"] == "no-store"
        assert "Server" not in got.headers or "Python" not in got.headers["Server"]


def test_a_cell_is_granted_and_saved(client: Client) -> None:
    client.enter()
    said = {"kind": "grant", "resource": "Note", "paths": ["title"], "viewer": "member"}
    got = client.ask("POST", "/edit", said)
    assert got.status == 200 and got.json["unsaved"]
    lines = client.ask("GET", "/diff").json["lines"]
    assert "+      title: [{see: [member]}]" in lines
    assert client.server.session.path.read_text() == CONTRACT
    assert not client.ask("POST", "/save", {}).json["unsaved"]
    assert "title: [{see: [member]}]" in client.server.session.path.read_text()
    assert client.ask("POST", "/undo", {}).json["redo"] == 1
    assert client.ask("POST", "/redo", {}).json["redo"] == 0


def test_an_operation_that_is_none_is_not_confirmed(client: Client) -> None:
    client.enter()
    assert client.ask("POST", "/edit", {"kind": "call", "operation": "burn"}).status == 422


def test_a_question_is_answered(client: Client) -> None:
    client.enter()
    got = client.ask("POST", "/answer", {"resource": "Note", "field": "user_id"})
    assert [each["kind"] for each in got.json["questions"]] == ["wide", "confirm", "confirm"]


def test_a_changed_file_is_told(client: Client) -> None:
    client.enter()
    client.ask("POST", "/edit", {"kind": "confirm", "resource": "User"})
    client.server.session.path.write_text(f"{CONTRACT}\n")
    got = client.ask("POST", "/save", {})
    assert got.status == 409 and "has changed on the disk" in got.json["error"]


@pytest.mark.parametrize(
    "said",
    [{}, {"kind": "burn", "resource": "User"}, {"kind": "confirm", "resource": "Nobody"},
     {"kind": "grant", "resource": "User", "paths": 1, "viewer": "member"},
     {"kind": "grant", "resource": "User", "paths": ["id"], "viewer": "king"},
     {"kind": "grant", "resource": "X", "paths": ["id"], "viewer": "member"},
     {"kind": "owner", "resource": "User", "field": "a\n  b: 1"}, [], 1],
)  # fmt: skip
def test_what_is_no_edit_changes_nothing(client: Client, said: object) -> None:
    client.enter()
    assert client.ask("POST", "/edit", said).status in (400, 422)
    assert client.server.session.text == CONTRACT


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 5000, b"x" * 70_000])
def test_a_broken_body_is_no_edit(client: Client, body: bytes) -> None:
    client.enter()
    assert client.ask("POST", "/edit", body).status == 400


def test_a_body_of_any_length_is_not_read(client: Client) -> None:
    client.enter()
    said = {"kind": "confirm", "resource": "User", "more": "x" * 70_000}
    assert client.ask("POST", "/edit", said).status == 400
    assert client.server.session.text == CONTRACT


@pytest.mark.parametrize("query", ["", "?resource=User", "?resource=No&path=id&viewer=anyone"])
def test_a_cell_that_is_not_there(client: Client, query: str) -> None:
    client.enter()
    assert client.ask("GET", f"/cell{query}").status == 400


def test_done_ends_the_server(tmp_path: Path) -> None:
    server = ReviewServer(review(tmp_path))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    client = Client(server)
    client.enter()
    assert client.ask("POST", "/done", {}).json == {"unsaved": False}
    thread.join(patient(60))
    assert not thread.is_alive()
    server.server_close()
