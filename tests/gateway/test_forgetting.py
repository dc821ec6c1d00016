"""What is looked up while a write is under way is not believed after it, however the write ends."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from threading import Event

import pytest

from oakum.guard.engines import ENGINES
from tests.conformance.exchanges import Case, Request, Response
from tests.gateway.client import request
from tests.gateway.exchange_gateway import Gateway, gateway
from tests.patience import patient, wait

PATIENCE = 1.0
"""Seconds of a quiet machine that the API has."""
SAID = {"upstream": [], "policy": {"guard": {"ttl": "120s", "timeout": "5s"}}}
NOTE = Request(
    "POST",
    "/me/inbox",
    (("cookie", "sid=bob"), ("content-type", "application/json")),
    b'{"text":"x"}',
)


class Api:
    """Whether Bob has blocked Ann; a note is answered when it is let go, or not at all."""

    breaks = True

    def __init__(self, end: str) -> None:
        self.end, self.blocked = end, False
        self.begun, self.go = Event(), Event()

    def answer(self, request: Request) -> Response | None:
        if request.method == "POST":
            self.begun.set()
            assert self.go.wait(patient(20))
            return Response(0, raw=b"") if self.end == "dropped" else Response(204)
        name = (request.header("cookie") or "").removeprefix("sid=")
        bodies = {
            "/me": f'{{"id":"{name}"}}',
            "/members/bob": '{"id":"bob","name":"Bob","city":"Bonn"}',
            "/members/bob/followers?limit=3": '{"data":[{"id":"ann"}],"total":1}',
            "/members/bob/blocked": '{"data":[%s]}' % ('{"id":"ann"}' if self.blocked else ""),
        }
        kind = (("content-type", "application/json"), ("cache-control", "no-store"))
        return Response(200, kind, bodies[request.target].encode())


def sees(guard: Gateway) -> bool:
    """Whether Bob's city is shown to Ann."""
    found = guard.exchange(Request("GET", "/members/bob", (("cookie", "sid=ann"),)))
    assert found.response.status == 200
    return b"Bonn" in found.response.body


@pytest.mark.server
@pytest.mark.parametrize("end", ["dropped", "too slow", "hung up"])
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_what_is_looked_up_while_a_write_is_under_way_is_not_believed_after_it(
    engine: str, end: str, tmp_path: Path
) -> None:
    setup = Case("any", "forgetting", SAID, {"contract": "club.yaml"}).setup(tmp_path)
    api = Api(end)
    object.__setattr__(setup, "upstream", api)
    with gateway(ENGINES[engine](), setup, timeout=round(patient(PATIENCE))) as guard:
        headers = [f"{name}: {value}" for name, value in NOTE.headers]
        sent = request("POST", NOTE.target, "host: club.test", *headers, body=NOTE.body)
        client = socket.create_connection(guard._engine.listen)
        client.sendall(sent)
        assert api.begun.wait(patient(10))
        assert sees(guard)
        api.blocked = True
        if end == "hung up":
            client.close()
            wait(lambda: not sees(guard))
        elif end == "dropped":
            api.go.set()
            assert b" 502 " in client.recv(100)
        else:
            assert b" 504 " in client.recv(100)
        assert not sees(guard)
        api.go.set()


@pytest.mark.server
def test_each_worker_of_nginx_has_a_number_of_its_own_in_what_they_share(tmp_path: Path) -> None:
    """Two with the same number write the same marks: what one discards, the other believes."""
    setup = Case("any", "forgetting", SAID, {"contract": "club.yaml"}).setup(tmp_path)
    with gateway(ENGINES["nginx"](), setup, workers=3) as guard:
        master = guard._engine.process.pid
        workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        state = Path(guard._engine.deployment.state)
        assert len(workers) == 3
        wait(lambda: _opened(state) == 1 + len(workers))


def _opened(state: Path) -> int:
    """How many have opened it: the last word of its head (`shared.lua`)."""
    return int.from_bytes(state.read_bytes()[128:132], sys.byteorder)
