"""What is concealed is answered as what is absent, to the byte, however the API fails over it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from oakum.guard.engines import ENGINES
from tests.conformance.exchanges import Case, cases
from tests.gateway.client import request, send
from tests.gateway.exchange_gateway import gateway

LONG = {"body": '{"id":"bob"}' + " " * 20, "times": 3000}
FAILURES: dict[str, Any] = {
    "500": {"status": 500},
    "nothing": {"raw": ""},
    "no HTTP": {"raw": "hello\r\n\r\n"},
    "two lengths": {"raw": "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} "},
    "cut off": {"body": '{"id":"bob"}', "truncated": True},
    "no end": {"raw": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n"},
    "too long": LONG,
    "unreadable": {"body": "{"},
    "a switch": {"status": 101},
    "too slow": "nothing",
}
ORIGIN = "https://app.club.test"


def _case() -> Case:
    found = next(case for case in cases() if case.file == "concealed")
    script = [
        {"request": {"target": f"/members/{name}"}, "answer": answer}
        for name, answer in zip(map(_name, FAILURES), FAILURES.values(), strict=True)
    ]
    said = {**found.said, "upstream": script}
    said["policy"] = {"guard": {"max_body": 16384, "origins": [ORIGIN]}}
    return Case("all failures", "concealed", said, found.shared)


def _name(failure: str) -> str:
    return failure.replace(" ", "-")


def _bytes(reply: Any) -> tuple[int, list[tuple[str, str]], bytes]:
    """All that the client got, but for the hour."""
    headers = [(name, "" if name == "date" else value) for name, value in reply.headers]
    return reply.status, headers, reply.body


@pytest.mark.server
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("origin", ["", ORIGIN])
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_a_failure_over_what_is_concealed_has_the_bytes_of_what_is_absent(
    engine: str, origin: str, method: str, tmp_path: Path
) -> None:
    fields = ["host: club.test", "cookie: sid=ann", *([f"origin: {origin}"] if origin else [])]
    with gateway(ENGINES[engine](), _case().setup(tmp_path), timeout=1.0) as guard:

        def ask(name: str) -> tuple[int, list[tuple[str, str]], bytes]:
            sent = request(method, f"/members/{name}", *fields)
            return _bytes(send(guard._engine.listen, sent, head=method == "HEAD", seconds=20))

        absent = ask("zoe")
        assert absent[0] == 404
        assert bool(origin) == ("access-control-allow-origin" in dict(absent[1]))
        assert {failure: ask(_name(failure)) for failure in FAILURES} == dict.fromkeys(
            FAILURES, absent
        )
        causes = [guard._engine.audit(2 + n)[1 + n]["denied"] for n in range(1, len(FAILURES) + 1)]
        assert "route" not in causes
        assert re.search("error|truncated", " ".join(causes))


@pytest.mark.server
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_an_api_that_takes_no_connection_is_out_for_everybody(engine: str, tmp_path: Path) -> None:
    setup = _case().setup(tmp_path)
    with gateway(ENGINES[engine](), setup) as guard:
        sent = request("GET", "/members/bob", "host: club.test", "cookie: sid=ann")
        assert send(guard._engine.listen, sent, seconds=20).status == 404
        guard._upstream.hang_up()
        assert send(guard._engine.listen, sent, seconds=20).status == 502
