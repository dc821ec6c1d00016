"""Serves the page of a review to one browser on this machine.

It listens on the loopback address only. The printed URL contains a token that works once; then a
cookie replaces it that no script and no other site can use (HttpOnly, SameSite). A request with
another `Host` is refused, since an attacker's host name may resolve to this address (DNS
rebinding), and a request that writes needs the page's own `Origin`. The page loads nothing from
elsewhere.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from urllib.parse import parse_qs, urlsplit

import orjson

from oakum.draft_review import page_state
from oakum.draft_review.owner_edits import owner_edits
from oakum.draft_review.policy_edits import Confirm, ConfirmCall, Edit, SetOwner, Verb
from oakum.draft_review.session import FileChangedError, ReviewSession
from oakum.errors import InputError
from oakum.openapi.model import Json

_MOST = 1 << 16
"""Most bytes of a request body; an edit has some hundred."""
_FILES = {
    "/": ("oakum.draft_review", "page.html", "text/html"),
    "/page.css": ("oakum.draft_review", "page.css", "text/css"),
    "/page.js": ("oakum.draft_review", "page.js", "text/javascript"),
    "/grid.js": ("oakum.draft_review", "grid.js", "text/javascript"),
    "/base.css": ("oakum.output", "base.css", "text/css"),
    "/classes.css": ("oakum.observe_pages", "shared.css", "text/css"),
    "/base.js": ("oakum.output", "base.js", "text/javascript"),
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class ReviewServer(ThreadingHTTPServer):
    """An HTTP server on a free port for the page of one session."""

    daemon_threads = True

    def __init__(self, session: ReviewSession) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.session = session
        self.lock = threading.Lock()
        self.token = secrets.token_urlsafe(32)
        """Empty once it was used."""
        self.cookie = secrets.token_urlsafe(32)
        self.port = self.socket.getsockname()[1]
        # Cookies are sent to every port of a host.
        self.cookie_name = f"oakum-review-{self.port}"
        self.hosts = (f"127.0.0.1:{self.port}", f"localhost:{self.port}")

    @property
    def url(self) -> str:
        """The URL to open; it works once."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    def end(self) -> None:
        """Stops the server from another thread, so that a request handler can call it."""
        threading.Thread(target=self.shutdown, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignores clients that disconnect."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 30
    server_version = "oakum"
    sys_version = ""
    server: ReviewServer

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        if not self._is_here():
            return
        if address.path == "/" and "token" in asked:
            self._enter(asked["token"])
        elif not self._is_known():
            self._text(403, "open the address that `oakum init --review` has printed\n")
        elif address.path in _FILES:
            package, name, kind = _FILES[address.path]
            data = resources.files(package).joinpath(name).read_bytes()
            self._send(200, data, f"{kind}; charset=utf-8")
        elif address.path in _READS:
            self._answer(_READS[address.path], asked)
        else:
            self._text(404, "not found\n")

    def do_POST(self) -> None:
        if not self._is_here():
            return
        if not self._is_known():
            self._text(403, "open the address that `oakum init --review` has printed\n")
        elif self.headers.get("Origin") != f"http://{self.headers.get('Host')}":
            self._text(403, "another site may not write here\n")
        elif self.headers.get_content_type() != "application/json":
            self._text(415, "write JSON\n")
        elif self.path not in _WRITES:
            self._text(404, "not found\n")
        else:
            said = self._body()
            if said is None:
                self._text(400, "no JSON object of this page\n")
            else:
                self._answer(_WRITES[self.path], said)
                if self.path == "/done":
                    self.server.end()

    # ------------------------------------------------------------ who asks

    def _is_here(self) -> bool:
        """Whether the request names this server as its own page does."""
        if self.headers.get_all("Host", []) in [[host] for host in self.server.hosts]:
            return True
        self._text(421, "this is not a host of that name\n")
        return False

    def _is_known(self) -> bool:
        held = [each.strip() for each in self.headers.get("Cookie", "").split(";")]
        name = f"{self.server.cookie_name}="
        mine = [each.removeprefix(name) for each in held if each.startswith(name)]
        return any(
            secrets.compare_digest(each.encode(), self.server.cookie.encode()) for each in mine
        )

    def _enter(self, token: str) -> None:
        """Take the token for a cookie, once."""
        with self.server.lock:
            right = self.server.token and secrets.compare_digest(
                token.encode(), self.server.token.encode()
            )
            if right:
                self.server.token = ""
        if not right and not self._is_known():
            self._text(403, "this address was used already, or is of another review\n")
            return
        cookie = (
            f"{self.server.cookie_name}={self.server.cookie}; Path=/; HttpOnly; SameSite=Strict"
        )
        more = {"Location": "/", **({"Set-Cookie": cookie} if right else {})}
        self._send(303, b"", "text/plain", more)

    # ------------------------------------------------------------ answers

    def _body(self) -> Mapping[str, Json] | None:
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            return None
        if not 0 <= length <= _MOST:
            return None
        try:
            said = orjson.loads(self.rfile.read(length))
        except orjson.JSONDecodeError:
            return None
        return said if isinstance(said, dict) else None

    def _answer(
        self, action: Callable[[ReviewSession, Mapping[str, Json]], Json], said: Mapping[str, Json]
    ) -> None:
        with self.server.lock:
            try:
                status, content = 200, action(self.server.session, said)
            except FileChangedError as error:
                status, content = 409, {"error": _words(error)}
            except InputError as error:
                status, content = 422, {"error": _words(error)}
            except (KeyError, TypeError):
                status, content = 400, {"error": "the page asked for what is not there"}
        self._send(status, orjson.dumps(content), "application/json")

    def _text(self, status: int, text: str) -> None:
        self._send(status, text.encode(), "text/plain; charset=utf-8")

    def _send(
        self, status: int, data: bytes, kind: str, more: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, **(more or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Does not log: the first line has the token."""


def _words(error: InputError) -> str:
    return "; ".join(
        f"{each.message}{': ' if each.hint else ''}{each.hint}" for each in error.problems
    )


# --------------------------------------------------------------------------- what is asked


def _cell(session: ReviewSession, said: Mapping[str, Json]) -> Json:
    return page_state.cell(session, said["resource"], said["path"], said["viewer"])


def _edit(session: ReviewSession, said: Mapping[str, Json]) -> Json:
    edit = _read_edits(session, said)
    session.make(edit)
    return page_state.after(session, dict.fromkeys(each.resource for each in edit if each.resource))


def _read_edits(session: ReviewSession, said: Mapping[str, Json]) -> list[Edit]:
    name = str(said.get("resource", ""))
    verb: Verb = "set" if said.get("verb") == "set" else "see"
    match said["kind"]:
        case "grant":
            return session.grant(name, map(str, said["paths"]), str(said["viewer"]), verb)
        case "close":
            return session.close(name, map(str, said["paths"]), str(said["viewer"]), verb)
        case "confirm":
            return [Confirm(name)]
        case "call":
            return [ConfirmCall(str(said["operation"]))]
        case "owner":
            return [SetOwner(name, "field", (str(said["field"]),))]
    raise KeyError("kind")


def _answer(session: ReviewSession, said: Mapping[str, Json]) -> Json:
    name = str(said["resource"])
    field = str(said["field"]) if "field" in said else ""
    session.make(owner_edits(session, name, field=field, viewer=str(said.get("viewer", ""))))
    return page_state.after(session, (name,))


def _undo(session: ReviewSession, said: Mapping[str, Json]) -> Json:
    step = session.undo()
    return page_state.after(session, step.resources if step else ())


def _redo(session: ReviewSession, said: Mapping[str, Json]) -> Json:
    step = session.redo()
    return page_state.after(session, step.resources if step else ())


def _save(session: ReviewSession, said: Mapping[str, Json]) -> Json:
    session.save()
    return page_state.after(session, ())


_Action = Callable[[ReviewSession, Mapping[str, Json]], Json]
_READS: Mapping[str, _Action] = {
    "/state": lambda session, said: page_state.whole(session),
    "/cell": _cell,
    "/diff": lambda session, said: {"lines": session.lines()},
}
_WRITES: Mapping[str, _Action] = {
    "/edit": _edit,
    "/answer": _answer,
    "/undo": _undo,
    "/redo": _redo,
    "/save": _save,
    "/done": lambda session, said: {"unsaved": session.has_unsaved_edits},
}
