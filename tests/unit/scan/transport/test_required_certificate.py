"""What tells that a target requires a client certificate."""

from __future__ import annotations

from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.scan.transport.required_certificate import required_certificate

TARGET = "https://api.example.test/v1"
BARE = Request("POST", f"{TARGET}/me?token=1", {"x-key": "made-up"}, b"{}")


class Server:
    """Answers who shows one of these certificates; counts what it is asked."""

    def __init__(self, *answered: str) -> None:
        self.answered = answered
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        if request.certificate not in self.answered:
            raise TargetError("closed")
        return Response(404)


def test_it_is_required_where_only_who_shows_one_is_answered() -> None:
    server, told = Server("ann"), required_certificate(TARGET, ["ann", "bob"])
    assert told.is_missing(BARE, server)
    assert [each.certificate for each in server.asked] == ["ann", ""]
    assert {(each.method, each.url, each.body) for each in server.asked} == {
        ("GET", f"{TARGET}/me", b"")
    }, "nothing is written, and nothing of the request is sent as somebody else"
    assert all("x-key" not in each.headers for each in server.asked)
    assert told.is_missing(BARE, server)
    assert len(server.asked) == 2


def test_an_answer_without_one_shows_that_it_is_not_required() -> None:
    told = required_certificate(TARGET, ["ann"])
    assert told.is_missing(BARE, Server("ann"))
    told.answers(BARE)
    assert not told.is_missing(BARE, Server("ann"))
    assert not required_certificate(TARGET, ["ann"]).is_missing(BARE, Server("ann", ""))
    assert not required_certificate(TARGET, ["ann"]).is_missing(BARE, Server())


def test_no_certificate_is_shown_to_another_server_or_in_the_clear() -> None:
    server = Server("ann")
    elsewhere = Request("GET", "https://login.example.test/token")
    assert not required_certificate(TARGET, ["ann"]).is_missing(elsewhere, server)
    plain = "http://api.example.test"
    assert not required_certificate(plain, ["ann"]).is_missing(Request("GET", plain), server)
    assert not required_certificate(TARGET, []).is_missing(BARE, server)
    shown = Request("GET", TARGET, certificate="bob")
    assert not required_certificate(TARGET, ["ann"]).is_missing(shown, server)
    assert not server.asked
