"""Lets a person log in: shows a URL, and waits for the browser's redirect at a loopback port.

The page is opened in the person's own browser where there is a screen; the address is printed in
any case. Nothing of the redirect is written to a file or a log.
"""

from __future__ import annotations

import os
import sys
import time
import webbrowser
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from oakum.errors import TargetError, visible
from oakum.scan.identities.grant_steps import Show, Visit

PATIENCE = 300.0
"""Seconds in which a person has to log in."""
_TICK = 0.25
"""Seconds after which the time that is left is looked at."""
_PAGE = """<!doctype html><meta charset=utf-8><title>Oakum</title>
<p>{}</p>"""


class Person(Protocol):
    """The interface to the person who logs in; tests have their own."""

    def listen(self, redirect: str) -> str:
        """The redirect URI at which a browser is awaited."""
        ...

    def visit(self, step: Visit) -> Mapping[str, str]:
        """The parameters with which the browser came back."""
        ...

    def show(self, step: Show) -> None:
        """Shows an address and a code."""
        ...

    def leave(self) -> None:
        """Stops waiting for a browser."""
        ...


def _say(text: str) -> None:
    sys.stderr.write(f"{visible(text)}\n")
    sys.stderr.flush()


def _open(address: str) -> None:
    """Opens a page where there is a screen: elsewhere a browser in text would take the terminal."""
    screen = (
        sys.platform in ("darwin", "win32") or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
    )
    if screen:
        webbrowser.open(address)


class AtScreen:
    """The person at the screen of this machine."""

    def __init__(
        self,
        say: Callable[[str], None] = _say,
        open: Callable[[str], None] = _open,
        patience: float = PATIENCE,
    ) -> None:
        self._say = say
        self._open = open
        self._patience = patience
        self._visits = 0
        self._listener: _Listener | None = None

    def listen(self, redirect: str) -> str:
        parts = urlsplit(redirect)
        host = parts.hostname or "127.0.0.1"
        self.leave()
        try:
            # `localhost` may be ::1 or 127.0.0.1 to a browser, and most try both.
            self._listener = _Listener(
                ("127.0.0.1" if host == "localhost" else host), parts.port or 0
            )
        except OSError as error:
            why = (error.strerror or "no reason given").lower()
            hint = "free the port, or register another `redirect_uri`"
            raise TargetError(f"cannot listen on `{redirect}`: {why}; {hint}") from None
        self._listener.path = parts.path or "/"
        shown = f"[{host}]" if ":" in host else host
        return f"{parts.scheme}://{shown}:{self._listener.server_port}{parts.path}"

    def visit(self, step: Visit) -> Mapping[str, str]:
        assert self._listener is not None
        self._listener.state = step.state
        # `prompt=login` asks again, but some providers then take the account for granted.
        private = ", in a private window if it shows another account" if self._visits else ""
        self._visits += 1
        self._say(f"log in as `{step.name}` in your browser{private}: {step.address}")
        self._open(step.address)
        until = time.monotonic() + self._patience
        try:
            while self._listener.found is None:
                if time.monotonic() > until:
                    raise TargetError(self._describe_timeout())
                self._listener.handle_request()
            return self._listener.found
        finally:
            self.leave()

    def _describe_timeout(self) -> str:
        assert self._listener is not None
        words = f"no browser came back within {self._patience:g} s"
        if self._listener.strange:
            return (
                f"{words} with the `state` of this login; {self._listener.strange} had another one"
            )
        return f"{words}; if its page shows an error, is the redirect URI registered?"

    def show(self, step: Show) -> None:
        self._say(f"log in as `{step.name}`: open {step.address} and confirm the code {step.code}")

    def leave(self) -> None:
        if self._listener is not None:
            self._listener.server_close()
            self._listener = None


class _Listener(ThreadingHTTPServer):
    """Waits at a loopback port for a redirect with the right `state`; all else is turned away.
    Browsers open connections that they may never use, so each has a thread."""

    daemon_threads = True
    block_on_close = False
    path = "/"
    state = ""
    found: Mapping[str, str] | None = None
    strange = 0
    timeout = _TICK

    def __init__(self, host: str, port: int) -> None:
        if ":" in host:
            import socket

            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Redirect)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignores connections that a browser closes early."""


class _Redirect(BaseHTTPRequestHandler):
    timeout = 5
    server: _Listener

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        said = dict(parse_qsl(parts.query))
        if parts.path != self.server.path:
            self._answer(404, "There is nothing here.")
        elif not self.server.state or said.get("state") != self.server.state:
            self.server.strange += 1
            self._answer(400, "This is not the answer to the login that Oakum waits for.")
        else:
            failed = "error" in said
            words = "The login failed; Oakum says why." if failed else "Oakum is logged in."
            self._answer(200, f"{words} You can close this page.")
            self.server.found = said  # last, since the port is closed then

    def _answer(self, status: int, words: str) -> None:
        body = _PAGE.format(words).encode()
        self.send_response(status)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        self.send_header("referrer-policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """The request line holds the code, and is not logged."""
