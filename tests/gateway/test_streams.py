"""Answers that do not end, behind the guard: each event is judged as if it were asked for now."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.guard.engines import is_installed
from oakum.guard.envoy import Envoy
from oakum.guard.nginx import Nginx
from oakum.guard.plan.render import render_plan
from oakum.policy.contract import load
from tests.gateway import client
from tests.gateway.client import ask
from tests.gateway.engine import Engine, start
from tests.gateway.upstream import (
    CHUNKED,
    WAYS,
    Hangup,
    Received,
    Upstream,
    answer,
    chunk,
    serving,
)
from tests.patience import patient, wait

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(
        not is_installed(Nginx()), reason="apt-get install nginx libnginx-mod-http-lua"
    ),
]

DOCUMENT = """
openapi: 3.2.0
info: {title: Feeds, version: "1"}
security: [{token: []}]
paths:
  /me:
    get:
      operationId: getMe
      responses: {"200": {description: ok, content: {application/json: {schema: {
        type: object, properties: {id: {type: string}}}}}}}
  /followers/{id}:
    get:
      operationId: listFollowers
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: ok, content: {application/json: {schema: {
        type: array, items: {type: string}}}}}}
  /feed:
    get:
      operationId: feed
      responses:
        "200":
          description: what happens, as it does
          content:
            text/event-stream:
              itemSchema:
                type: object
                properties:
                  event: {type: string}
                  data:
                    type: string
                    contentMediaType: application/json
                    contentSchema: {$ref: "#/components/schemas/Workout"}
            application/x-ndjson: {itemSchema: {$ref: "#/components/schemas/Workout"}}
            application/json: {schema: {$ref: "#/components/schemas/Workout"}}
  /feeds/{channel}:
    get:
      operationId: feedOf
      parameters: [{name: channel, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: what happens there
          content:
            text/event-stream: {schema: {$ref: "#/components/schemas/Workout"}}
            application/x-ndjson: {schema: {$ref: "#/components/schemas/Workout"}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Workout:
      type: object
      properties: {by: {type: string}, title: {type: string}, pulse: {type: integer},
                   note: {type: string}}
"""
POLICY = """
exposure: 1
api: openapi.yaml
caller: CALLER
relations:
  member: {authenticated: true}
  owner: {is: owner}
  follower: {in: listFollowers, id: "/*"}
resources:
  Workout:
    owner: by
    fields:
      by, title: [{see: [owner, follower]}]
      pulse: [{see: [owner, follower]}]
      note: [{see: [owner]}]
operations: {feed: {call: [member]}, feedOf: {call: [member]}}
limits:
  Workout: {distinct: 2, per: 1h}
guard: {ttl: 300ms, timeout: 60s, service: {header: x-service-key, env: FEED_KEY}GUARD}
"""
SECRET = b"a key for the tokens of tests: 32 bytes and more"
BY_ANSWER = "{operation: getMe, id: /id}", ""
BY_TOKEN = "{claim: sub}", ", jwt: {keys: keys.json, algorithms: [HS256]}"


def workout(by: str, **more: object) -> bytes:
    said = {"by": by, "title": "run", "pulse": 150, "note": f"{by}-secret", **more}
    return json.dumps(said, separators=(",", ":")).encode()


def event(data: bytes, name: str = "done") -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


@dataclass
class Feed:
    """Sends whatever a test tells it to, when it is told to."""

    followers: dict[str, list[str]] = field(
        default_factory=lambda: {"ann": ["bob"], "cat": ["bob"]}
    )
    known: set[str] = field(default_factory=lambda: {"ann", "bob", "cat", "dan", "eve", "fay"})
    kind: str = "text/event-stream"
    pieces: list[Callable[[], bytes]] = field(default_factory=list)
    heard: threading.Event = field(default_factory=threading.Event)
    """Whether the first event has come to whoever listens."""

    def me(self, connection: socket.socket, received: Received) -> None:
        who = (received.header("authorization") or "").removeprefix("Bearer ")
        if who in self.known:
            return connection.sendall(answer("200 OK", json.dumps({"id": who}).encode()))
        return connection.sendall(answer("401 Unauthorized", b"{}"))

    def listed(self, connection: socket.socket, received: Received) -> None:
        followers = self.followers.get(received.path.rpartition("/")[2], [])
        connection.sendall(answer("200 OK", json.dumps(followers).encode()))

    def feed(self, connection: socket.socket, received: Received) -> None:
        connection.sendall(answer("200 OK", b"", CHUNKED, kind=self.kind))
        for piece in self.pieces:
            connection.sendall(chunk(piece()))
        connection.sendall(b"0\r\n\r\n")
        raise Hangup


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with serving() as found:
        yield found


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Feed:
    made = Feed()
    ways = {"me": made.me, "followers": made.listed, "feed": made.feed, "feeds": made.feed}
    for name, way in ways.items():
        monkeypatch.setitem(WAYS, name, way)
    return made


@contextmanager
def guarded(
    target: Any, upstream: Upstream, folder: Path, caller: tuple[str, str] = BY_ANSWER, **more: Any
) -> Iterator[Engine]:
    (folder / "openapi.yaml").write_text(DOCUMENT)
    policy = POLICY.replace("CALLER", caller[0]).replace("GUARD", caller[1])
    (folder / "exposure.yaml").write_text(policy)
    key = base64.urlsafe_b64encode(SECRET).rstrip(b"=").decode()
    jwks = {"keys": [{"kty": "oct", "k": key, "alg": "HS256"}]}
    (folder / "keys.json").write_text(json.dumps(jwks))
    plan = render_plan(compile_for_gateway(load(folder / "exposure.yaml")), folder).text
    environ = {"FEED_KEY": "made-up"}
    with start(target, plan, upstream.url, environ, service_env="FEED_KEY", **more) as engine:
        yield engine


@pytest.fixture(scope="module")
def engine(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with guarded(Nginx(), upstream, tmp_path_factory.mktemp("feeds")) as found:
        yield found


def listen(engine: Engine, who: str, path: str = "/feed") -> client.Reply:
    return ask(engine.listen, "GET", path, f"authorization: Bearer {who}")


def listen_on(engine: Engine, who: str, feed: Feed) -> client.Reply:
    """As `listen`, and tells the feed when something has been heard."""
    with socket.create_connection(engine.listen, patient(10)) as connection:
        connection.sendall(client.request("GET", "/feed", f"authorization: Bearer {who}"))
        wait(lambda: b"data:" in connection.recv(65536, socket.MSG_PEEK))
        feed.heard.set()
        return client.read(connection)


def say(*pieces: bytes) -> list[Callable[[], bytes]]:
    return [lambda piece=piece: piece for piece in pieces]


SHOWN = b'{"by":"ann","title":"run","pulse":150}'


@pytest.mark.parametrize(
    ("who", "heard"), [("ann", event(workout("ann"))), ("bob", event(SHOWN)), ("dan", b"")]
)
def test_everybody_hears_of_an_event_what_they_may_see(
    engine: Engine, feed: Feed, who: str, heard: bytes
) -> None:
    feed.pieces = say(event(workout("ann")))
    reply = listen(engine, who)
    assert (reply.status, reply.body, reply.whole) == (200, heard, True)
    assert reply.header("content-type") == "text/event-stream"
    assert reply.header("cache-control") == "private, no-store"


def test_lines_are_judged_one_by_one(engine: Engine, feed: Feed) -> None:
    feed.kind = "application/x-ndjson"
    lines = [workout("ann"), workout("dan"), b"no json", workout("ann", odd=1), b""]
    feed.pieces = say(b"\n".join(lines))
    reply = listen(engine, "bob")
    assert (reply.status, reply.body) == (200, SHOWN + b"\n" + SHOWN + b"\n")


@pytest.mark.parametrize("kind", ["text/event-stream", "application/x-ndjson"])
@pytest.mark.parametrize(("who", "title"), [("ann", b"ann-secret"), ("bob", b"run"), ("dan", b"")])
def test_the_path_of_a_feed_names_none_of_the_objects_of_its_events(
    engine: Engine, feed: Feed, kind: str, who: str, title: bytes
) -> None:
    feed.kind = kind
    feed.pieces = say(event(workout("ann")) if "event" in kind else workout("ann") + b"\n")
    reply = listen(engine, who, "/feeds/news")
    assert reply.status == 200
    assert (title in reply.body) if title else not reply.body


def test_nobody_who_is_nobody_listens(engine: Engine, feed: Feed) -> None:
    feed.pieces = say(event(workout("ann")))
    assert ask(engine.listen, "GET", "/feed").status == 401
    assert listen(engine, "nobody").status == 401


def test_who_unfollows_while_listening_hears_no_more(engine: Engine, feed: Feed) -> None:
    def unfollowed() -> bytes:
        assert feed.heard.wait(patient(10))
        feed.followers["ann"] = []
        time.sleep(0.5)  # longer than anything is believed
        return event(workout("ann", title="after"))

    feed.pieces = [lambda: event(workout("ann")), unfollowed]
    assert listen_on(engine, "bob", feed).body == event(SHOWN)


def test_who_logs_out_while_listening_hears_no_more(engine: Engine, feed: Feed) -> None:
    def logged_out() -> bytes:
        assert feed.heard.wait(patient(10))
        feed.known.discard("eve")
        time.sleep(0.5)
        return event(workout("eve"))

    feed.pieces = [lambda: event(b'{"by": "eve"}'), logged_out, lambda: event(b'{"by": "eve"}')]
    reply = listen_on(engine, "eve", feed)
    assert reply.body == event(b'{"by": "eve"}')
    assert reply.whole, "the end of what they may hear is an end"


def test_a_token_that_ends_ends_what_is_heard(
    upstream: Upstream, feed: Feed, tmp_path: Path
) -> None:
    with guarded(Nginx(), upstream, tmp_path, BY_TOKEN) as engine:
        ends = int(time.time() + max(2, patient(0.5)))

        def later() -> bytes:
            time.sleep(max(0, ends + 0.2 - time.time()))
            return event(workout("ann"))

        feed.pieces = [lambda: event(b'{"by": "ann"}'), later]
        claims = {"sub": "ann", "exp": ends}
        token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))
        heard = listen(engine, token).body
        assert heard.replace(b":\n\n", b"") == event(b'{"by": "ann"}')  # and signs of life


def test_a_new_contract_ends_what_was_begun_by_the_old_one(
    upstream: Upstream, feed: Feed, tmp_path: Path
) -> None:
    with guarded(Nginx(), upstream, tmp_path) as engine:

        def later() -> bytes:
            policy = (
                (tmp_path / "exposure.yaml").read_text().replace("[owner, follower]", "[owner]")
            )
            (tmp_path / "exposure.yaml").write_text(policy)
            plan = render_plan(compile_for_gateway(load(tmp_path / "exposure.yaml")), tmp_path)
            assert feed.heard.wait(patient(10))
            engine.swap(replace(engine.deployment, plan=plan))
            time.sleep(patient(0.2))  # each worker looks for it now and then
            return event(workout("ann"))

        feed.pieces = [lambda: event(workout("ann")), later, lambda: event(workout("ann"))]
        assert listen_on(engine, "bob", feed).body.replace(b":\n\n", b"") == event(SHOWN)
        assert listen(engine, "bob").body.replace(b":\n\n", b"") == b""


def test_a_listener_hears_of_so_many_owners_and_not_of_more(engine: Engine, feed: Feed) -> None:
    feed.followers = {name: ["fay"] for name in ("gus", "hal", "ida")}  # nobody is believed yet
    names = ("gus", "hal", "gus", "ida", "gus")
    feed.pieces = say(*(event(json.dumps({"by": name}).encode()) for name in names))
    reply = listen(engine, "fay")
    heard = [event(json.dumps({"by": name}).encode()) for name in ("gus", "hal", "gus")]
    assert reply.body == b"".join(heard)

    def lengths() -> list[Any]:
        return [line["bytes_out"] for line in engine.audit(0) if line["denied"] == "budget"]

    wait(lambda: lengths() == [len(reply.body)], said=lambda: str(lengths()))


def test_the_head_of_a_feed_does_not_wait_for_an_event(engine: Engine, feed: Feed) -> None:
    heard = threading.Event()
    feed.pieces = [lambda: (heard.wait(patient(300)) and b": late\n\n") or b""]
    with socket.create_connection(engine.listen, patient(5)) as connection:
        connection.sendall(client.request("GET", "/feed", "authorization: Bearer ann"))
        assert connection.recv(12) == b"HTTP/1.1 200"
        heard.set()


@pytest.mark.parametrize("observe", [False, True])
def test_a_feed_ends_when_nobody_listens_any_more(
    upstream: Upstream, feed: Feed, tmp_path: Path, observe: bool
) -> None:
    """Also where nothing of it may be seen, so that nothing is ever written."""
    sent = 0

    def hidden() -> bytes:
        nonlocal sent
        sent += 1
        time.sleep(0.2)
        return event(workout("dan"))

    feed.pieces = [hidden] * 100
    with guarded(Nginx(), upstream, tmp_path, observe=observe) as engine:
        with socket.create_connection(engine.listen, patient(5)) as connection:
            connection.sendall(client.request("GET", "/feed", "authorization: Bearer bob"))
            assert connection.recv(12) == b"HTTP/1.1 200"
        line = engine.audit(2, 15)[1]
    assert (line["op"], line["removed"]) == ("feed", {"Workout": line["removed"]["Workout"]})
    assert 0 < sent < 90


def test_a_feed_that_breaks_off_is_written_down(
    upstream: Upstream, feed: Feed, tmp_path: Path
) -> None:
    feed.pieces = [lambda: event(workout("ann")), lambda: b"data: " + b"a" * (1 << 21)]
    with guarded(Nginx(), upstream, tmp_path) as engine:
        reply = listen(engine, "bob")
        line = engine.audit(2)[1]
    assert (reply.body, reply.whole) == (event(SHOWN), False)
    assert (line["op"], line["denied"], line["removed"]) == ("feed", "error", {"Workout.note": 1})
    assert line["who"] != "anonymous"


@pytest.mark.parametrize("kind", ["text/plain", "text/event-stream+x", "application/jsonl"])
def test_a_stream_that_nobody_declared_does_not_pass(engine: Engine, feed: Feed, kind: str) -> None:
    feed.kind, feed.pieces = kind, say(event(workout("ann")))
    reply = listen(engine, "ann")
    assert reply.status == 502
    assert b"secret" not in reply.body


def test_head_does_not_wait_for_events(engine: Engine, feed: Feed) -> None:
    heard = threading.Event()
    feed.pieces = [lambda: (heard.wait(patient(300)) and b"") or b""]
    reply = ask(engine.listen, "HEAD", "/feed", "authorization: Bearer ann")
    heard.set()
    assert (reply.status, reply.body) == (200, b"")


def test_what_was_taken_out_is_counted_over_all_events(
    upstream: Upstream, feed: Feed, tmp_path: Path
) -> None:
    feed.pieces = say(*[event(workout("ann"))] * 3)
    with guarded(Nginx(), upstream, tmp_path) as engine:
        body = listen(engine, "bob").body
        line = engine.audit(2)[1]
    assert line["removed"] == {"Workout.note": 3}
    assert (line["status"], line["op"], line["bytes_out"]) == (200, "feed", len(body))


def test_who_only_watches_lets_events_pass_and_counts(
    upstream: Upstream, feed: Feed, tmp_path: Path
) -> None:
    feed.pieces = say(*[event(workout("ann"))] * 3)
    with guarded(Nginx(), upstream, tmp_path, observe=True) as engine:
        assert listen(engine, "bob").body == event(workout("ann")) * 3
        line = engine.audit(2)[1]
    assert (line["removed"], line["denied"]) == ({"Workout.note": 3}, None)


def test_envoy_lets_no_event_pass(upstream: Upstream, feed: Feed, tmp_path: Path) -> None:
    feed.pieces = say(event(workout("ann")))
    with guarded(Envoy(), upstream, tmp_path) as engine:
        reply = listen(engine, "ann")
    assert reply.status == 502
    assert b"secret" not in reply.body
