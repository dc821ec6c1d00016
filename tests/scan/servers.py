"""Small servers with one property each, on loopback, at a port of the system's choice.

An app is called with a `Call` and gives a `Reply`. By hand: `python -m tests.scan.servers NAME`.
Accounts of all of them: ann and bob, whose passwords are `<name>-hunter2`.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PASSWORDS = {"ann": "ann-hunter2", "bob": "bob-hunter2"}
IDS = {"ann": "m-4711", "bob": "m-4712"}


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    asked: str = ""
    """The query as it was sent: a name may stand there more than once."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))

    @property
    def cookies(self) -> dict[str, str]:
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: value for name, _, value in pairs if name}


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    drop: bool = False
    """Hang up without an answer."""


App = Callable[[Call], Reply]
NOT_FOUND = Reply(404, {"error": "not found"})
UNAUTHORIZED = Reply(401, {"error": "unauthorized"})


@dataclass
class Server:
    url: str
    calls: list[Call] = field(default_factory=list)

    def count(self, path: str) -> int:
        return sum(call.path == path for call in self.calls)


@contextmanager
def serve(app: App, port: int = 0) -> Iterator[Server]:
    """The app behind a real socket, until the block ends; port 0: any free one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else a body waits 40 ms for the client's delayed ACK

        def answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query))
            body = self.rfile.read(length)
            call = Call(self.command, parts.path, query, headers, body, parts.query)
            served.calls.append(call)
            reply = app(call)
            if reply.drop:
                self.close_connection = True
                self.connection.close()
                return
            raw = isinstance(reply.body, bytes)
            content = reply.body if raw else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            if not raw:
                self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Listener(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Clients that leave are no news, and standard error may be another test's by then."""
            if not isinstance(sys.exception(), ConnectionError):
                super().handle_error(request, client_address)  # type: ignore[arg-type]

    http = Listener(("127.0.0.1", port), Handler)
    http.daemon_threads = True
    served = Server(f"http://127.0.0.1:{http.server_port}")
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def _me(name: str) -> Reply:
    return Reply(200, {"id": IDS[name], "username": name})


def _checked(sent: dict[str, str]) -> str:
    """The name, when the password fits."""
    name = sent.get("username", "")
    return name if PASSWORDS.get(name) == sent.get("password") else ""


def _html(text: str, **headers: str) -> Reply:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(200, text.encode(), (("content-type", "text/html; charset=utf-8"), *named))


class JsonLogin:
    """JSON in, a bearer token out, good for `lasts` requests; the login refuses credentials.

    `denied`: this path answers 401 to everybody, however well logged in.
    """

    def __init__(self, lasts: int = 1_000_000) -> None:
        self.lasts = lasts
        self.tokens: dict[str, list[Any]] = {}

    def __call__(self, call: Call) -> Reply:
        if call.path == "/auth/login":
            if "authorization" in call.headers or "cookie" in call.headers:
                return Reply(400, {"error": "already logged in"})
            if not (name := _checked(call.json)):
                return UNAUTHORIZED
            token = f"tok-{name}-{len(self.tokens):08d}"
            self.tokens[token] = [name, self.lasts]
            return Reply(200, {"auth": {"token": token}, "expires_in": 60})
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        held = self.tokens.get(token)
        if scheme != "Bearer" or not held or held[1] == 0:
            return UNAUTHORIZED
        held[1] -= 1
        if call.path == "/denied":
            return UNAUTHORIZED
        return _me(held[0]) if call.path == "/me" else Reply(200, {"path": call.path})


class FormLogin:
    """A form, a redirect, and a `Secure` session cookie that every answer renews."""

    def __init__(self) -> None:
        self.sessions: dict[str, str] = {}
        self.made = 0

    def _session(self, name: str) -> tuple[str, str]:
        self.made += 1
        value = f"sess-{name}-{self.made:08d}"
        self.sessions = {k: v for k, v in self.sessions.items() if v != name} | {value: name}
        return ("set-cookie", f"sid={value}; Path=/; HttpOnly; Secure; Max-Age=900")

    def __call__(self, call: Call) -> Reply:
        if call.path == "/login" and call.method == "POST":
            name = _checked(call.form)
            if not name:
                return Reply(302, b"", (("location", "/login?error=1"),))
            noise = ("set-cookie", "theme=dark; Expires=Wed, 01 Jan 2098 00:00:00 GMT")
            return Reply(302, b"", (("location", "/home"), self._session(name), noise))
        name = self.sessions.get(call.cookies.get("sid", ""), "")
        if not name:
            return Reply(302, b"", (("location", "/login"),))
        reply = _me(name)
        return Reply(reply.status, reply.body, (self._session(name),))


class CsrfLogin(FormLogin):
    """The form wants its hidden input and its cookie; writes want the cookie in a header."""

    def __call__(self, call: Call) -> Reply:
        cookie = call.cookies.get("csrftoken", "")
        if call.path == "/login" and call.method == "GET":
            page = '<form><input type=hidden name="csrf" value="input-of-the-form&amp;1"></form>'
            return _html(page, set_cookie="csrftoken=double%2Fsubmit; Path=/")
        if call.method == "POST":
            echoed = call.headers.get("x-csrf-token") == "double/submit" == _plain(cookie)
            in_form = call.path == "/login" and call.form.get("csrf") == "input-of-the-form&1"
            if not (echoed or in_form) or not call.headers.get("referer"):
                return Reply(403, {"error": "csrf"})
        return super().__call__(call)


def _plain(cookie: str) -> str:
    return cookie.replace("%2F", "/")


def html_everywhere(call: Call) -> Reply:
    """A front end that answers every path with its page."""
    return _html("<!doctype html><div id=app></div>")


class Throttle:
    """429 with `Retry-After` for the first `first` requests."""

    def __init__(self, first: int, after: str = "7") -> None:
        self.left = first
        self.after = after

    def __call__(self, call: Call) -> Reply:
        if self.left:
            self.left -= 1
            return Reply(429, {"error": "slow down"}, (("retry-after", self.after),))
        return Reply(200, {})


class Dies:
    """Answers `lives` requests, then hangs up on everybody."""

    def __init__(self, lives: int) -> None:
        self.lives = lives

    def __call__(self, call: Call) -> Reply:
        self.lives -= 1
        return Reply(200, {"left": self.lives}) if self.lives >= 0 else Reply(drop=True)


class OAuth2:
    """A token endpoint of RFC 6749 that takes the client by Basic only."""

    def __call__(self, call: Call) -> Reply:
        if call.path == "/oauth/token":
            basic = base64.b64encode(b"cli:s%2Fecret").decode()
            if call.headers.get("authorization") != f"Basic {basic}":
                return Reply(401, {"error": "invalid_client"})
            token = "oauth-" + call.form["grant_type"]
            return Reply(200, {"access_token": token, "token_type": "Bearer"})
        known = call.headers.get("authorization") == "Bearer oauth-client_credentials"
        return _me("ann") if known else UNAUTHORIZED


SERVERS: dict[str, App] = {
    "json-login": JsonLogin(),
    "short-token": JsonLogin(lasts=3),
    "form-login": FormLogin(),
    "csrf-login": CsrfLogin(),
    "html-everywhere": html_everywhere,
    "throttle": Throttle(2),
    "dies": Dies(3),
    "oauth2": OAuth2(),
}


if __name__ == "__main__":
    with serve(SERVERS[sys.argv[1]]) as running:
        print(running.url)
        threading.Event().wait()
