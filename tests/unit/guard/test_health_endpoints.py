"""Health and metrics of a guard: at a port that is its own before anybody is told of it."""

from __future__ import annotations

from http.client import HTTPConnection
from socket import create_connection

import pytest

from oakum.errors import InputError
from oakum.guard.health_endpoints import HealthServer, answers
from tests.patience import patient


class Still:
    """A guard whose engine answers, or not."""

    def __init__(self, up: bool) -> None:
        self.up = up

    def text(self) -> str:
        return "oakum_guard_up 1\n"


def status(where: str, path: str) -> int:
    connection = HTTPConnection(where, timeout=patient(5))
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_free_port_is_taken_when_it_is_chosen() -> None:
    with HealthServer("127.0.0.1:0") as server:
        host, port = server.where.split(":")
        create_connection((host, int(port)), timeout=patient(5)).close()
        with pytest.raises(InputError, match=f"--admin `{server.where}`: address already in use"):
            HealthServer(server.where)


def test_an_address_without_a_port_is_refused() -> None:
    with pytest.raises(InputError, match="--admin"):
        HealthServer("127.0.0.1")


def test_it_says_whether_the_engine_answers() -> None:
    guard = Still(up=False)
    with HealthServer("127.0.0.1:0") as server, answers(server, guard):
        assert [status(server.where, each) for each in ("/healthz", "/readyz")] == [200, 503]
        guard.up = True
        assert status(server.where, "/readyz") == 200
        assert status(server.where, "/else") == 404
