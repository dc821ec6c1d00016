"""A request that comes in drops ends: all of its body has so many seconds, not each piece of it."""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conformance.exchanges import cases
from tests.gateway.client import NOTHING, read
from tests.gateway.exchange_gateway import gateway
from tests.gateway.test_concealed import ENGINES
from tests.patience import patient

HEAD = (
    "PUT /members/ann HTTP/1.1\r\nhost: club.test\r\ncookie: sid=ann\r\n"
    "content-type: application/json\r\n"
)
LENGTH = "content-length: 200\r\n\r\n"
CHUNKED = "transfer-encoding: chunked\r\n\r\n"


@pytest.mark.server
@pytest.mark.parametrize("framing", [LENGTH, CHUNKED], ids=["length", "chunked"])
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_a_body_in_drops_is_not_waited_for_to_its_end(
    engine: str, framing: str, tmp_path: Path
) -> None:
    found = next(case for case in cases() if case.file == "concealed")
    drop = b" " if framing == LENGTH else b"1\r\n \r\n"
    with gateway(ENGINES[engine](), found.setup(tmp_path), taken=2.0) as guard:
        begun = time.monotonic()
        with socket.create_connection(guard._engine.listen, patient(30)) as connection:
            connection.sendall((HEAD + framing).encode())
            connection.settimeout(0.2)
            while time.monotonic() < begun + patient(20):
                with suppress(TimeoutError, ConnectionError):
                    if connection.recv(1, socket.MSG_PEEK) is not None:
                        break
                with suppress(ConnectionError):
                    connection.sendall(drop)
            connection.settimeout(patient(30))
            reply = NOTHING
            with suppress(ConnectionError):
                reply = read(connection)
        assert 1 < time.monotonic() - begun < patient(15)
        # nginx hangs up on who is late.
        assert reply.status == (0 if engine == "nginx" else 408)
        assert reply.status == 0 or json.loads(reply.body)["status"] == 408
        assert not [each for each in guard._upstream.seen if each.method == "PUT"]
