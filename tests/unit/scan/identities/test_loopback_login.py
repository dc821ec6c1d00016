"""The loopback port at which a browser is awaited, asked by a client in its place."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from httpx2 import Client, ConnectError

from oakum.errors import TargetError
from oakum.scan.identities.grant_steps import Show, Visit
from oakum.scan.identities.loopback_login import AtScreen

PAGE = "http://127.0.0.1:1/authorize"
LOOPBACK = "http://127.0.0.1/callback"


@pytest.fixture
def browser() -> Iterator[Client]:
    with Client(trust_env=False) as client:
        yield client


class Desk:
    """A person whose browser goes to these addresses, in order."""

    def __init__(self, browser: Client, patience: float = 30.0) -> None:
        self.said: list[str] = []
        self.statuses: list[int] = []
        self.answers: list[str] = []
        self.goes: list[str] = []
        self.browser = browser
        self.person = AtScreen(self.said.append, self.open, patience)
        self.threads: list[threading.Thread] = []

    def open(self, address: str) -> None:
        assert address == PAGE
        thread = threading.Thread(target=self.go)
        self.threads.append(thread)
        thread.start()

    def go(self) -> None:
        for address in self.goes:
            answer = self.browser.get(address)
            self.statuses.append(answer.status_code)
            self.answers.append(answer.text)

    def visit(self) -> dict[str, str]:
        try:
            return dict(self.person.visit(Visit("ann", PAGE, "state-1")))
        finally:
            for thread in self.threads:
                thread.join()


def test_only_the_answer_with_the_right_state_ends_the_wait(browser: Client) -> None:
    desk = Desk(browser)
    uri = desk.person.listen(LOOPBACK)
    port = int(uri.removeprefix("http://127.0.0.1:").removesuffix("/callback"))
    assert port > 0
    desk.goes = [
        f"http://127.0.0.1:{port}/favicon.ico", f"{uri}?code=c&state=other", uri,
        f"{uri}?code=code-1&state=state-1",
    ]  # fmt: skip
    assert desk.visit() == {"code": "code-1", "state": "state-1"}
    assert desk.statuses == [404, 400, 400, 200]
    assert "code-1" not in "".join(desk.answers)
    assert desk.said == [f"log in as `ann` in your browser: {PAGE}"]


def test_the_port_is_closed_afterwards(browser: Client) -> None:
    desk = Desk(browser)
    uri = desk.person.listen(LOOPBACK)
    desk.goes = [f"{uri}?code=c&state=state-1"]
    desk.visit()
    with pytest.raises(ConnectError):
        browser.get(uri)


def test_a_person_who_does_not_come_is_not_awaited_for_ever(browser: Client) -> None:
    desk = Desk(browser, patience=0)
    desk.person.listen(LOOPBACK)
    with pytest.raises(
        TargetError, match=r"no browser came back .* is the redirect URI registered"
    ):
        desk.visit()


def test_two_logins_use_two_ports(browser: Client) -> None:
    first, second = AtScreen(), AtScreen()
    try:
        assert first.listen(LOOPBACK) != second.listen(LOOPBACK)
    finally:
        first.leave()
        second.leave()


def test_a_port_that_is_taken_is_named() -> None:
    first, second = AtScreen(), AtScreen()
    taken = first.listen(LOOPBACK)
    try:
        with pytest.raises(
            TargetError, match=r"cannot listen on .*: address already in use; free the port"
        ):
            second.listen(taken)
    finally:
        first.leave()


def test_a_code_is_shown_with_its_page_and_what_a_screen_obeys_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    AtScreen().show(Show("ann", "http://127.0.0.1/confirm", "AB\x1b[2J"))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "log in as `ann`: open http://127.0.0.1/confirm and confirm the code AB\\x1b[2J\n"
    )
