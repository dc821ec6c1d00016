"""Open feeds: server-sent events and lines over HTTP, and WebSockets (RFC 6455).

Besides `client` the only module of `scan` that sends to a target. A feed is opened like any
request, in the same scope, at the same rate, from the same budget, with the same sessions; then a
thread of its own collects what arrives, until the feed is closed.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from oakum.exchange import Request, Response
from oakum.http.origin import origin_of
from oakum.scan.identities.session import Sessions
from oakum.scan.transport.client import BODY_LIMIT, HttpTransport
from oakum.scan.transport.connection_errors import Unreachable, asks_for_credentials
from oakum.scan.transport.feed_frames import cutter
from oakum.scan.transport.feed_interface import Frame, Stream
from oakum.scan.transport.rate_and_budget import Governor
from oakum.scan.transport.set_cookie import cookie_paths_of, cookies_of

if TYPE_CHECKING:
    import ssl

HEAD_SECONDS = 3.0
"""Seconds to wait for the response head; some servers send it with the first event."""
_SILENCE = 60.0
"""Seconds without a byte after which a feed is given up."""
_SLICE = 0.1
_GOODBYE = 0.3
"""Seconds to wait for the closing handshake of a WebSocket."""
_MESSAGE = 1 << 20
"""Bytes of the longest message that is read."""
_OWN = frozenset(
    {
        "accept-encoding", "connection", "content-length", "content-type", "host", "origin",
        "upgrade", "user-agent",
    }
)  # fmt: skip
"""Headers of a handshake that the WebSocket library writes, or that have no meaning in one."""
_QUIET = logging.Logger("oakum.feeds")
_QUIET.addHandler(logging.NullHandler())


class Feeds:
    """Opens feeds as identities: what an engine listens with."""

    def __init__(self, transport: HttpTransport, governor: Governor, sessions: Sessions) -> None:
        self._transport = transport
        self._governor = governor
        self._sessions = sessions
        self._feeds: list[_Feed] = []
        self._late: set[str] = set()
        """Paths at which a head did not come in time: there it is not waited for again."""

    def __call__(
        self,
        viewer: str | None,
        request: Request,
        /,
        *,
        websocket: bool = False,
        first: bytes = b"",
    ) -> Stream:
        """Raises what any request raises: out of scope, budget spent, no session, nobody there."""
        opening = _Opening(self, websocket, first)
        self._sessions.send(viewer, request, _GovernedFeed(self._governor, opening))
        assert opening.feed is not None
        return opening.feed

    def close(self) -> None:
        """Closes all feeds and waits for them."""
        for feed in self._feeds:
            feed.close()
        until = time.monotonic() + 2.0
        for feed in self._feeds:
            feed.thread.join(max(0.0, until - time.monotonic()))
        self._feeds.clear()

    def wait(self, feed: _Feed, request: Request) -> Response:
        """The head of a feed's response; status 0 on timeout."""
        path = urlsplit(request.url).path
        head = feed.head(_SLICE if path in self._late else HEAD_SECONDS)
        if not head.status and not feed.over:
            self._late.add(path)
        return head

    def open(self, request: Request, *, websocket: bool, first: bytes) -> _Feed:
        """Opens a feed without waiting for its response."""
        headers = self._transport.headers(request)
        tls = request.url.startswith("https:")
        context = self._transport.context(request.certificate) if tls else None
        kind = _Socket if websocket else _Events
        proxy = self._transport.connection.proxy
        feed = kind(request, headers, context, self._transport.timeout, first, proxy)
        self._feeds.append(feed)
        feed.thread.start()
        return feed


class _Opening:
    """A transport for one feed: its response is the head, and the feed stays open."""

    def __init__(self, feeds: Feeds, websocket: bool, first: bytes) -> None:
        self._feeds = feeds
        self._websocket = websocket
        self._first = first
        self.feed: _Feed | None = None

    def send(self, request: Request) -> Response:
        """Opens the feed, closing an earlier one."""
        if self.feed is not None:
            self.feed.close()
        self.feed = self._feeds.open(request, websocket=self._websocket, first=self._first)
        return self._feeds.wait(self.feed, request)


class _GovernedFeed:
    """Opens a feed within rate and budget."""

    def __init__(self, governor: Governor, opening: _Opening) -> None:
        self._governor = governor
        self._opening = opening

    def send(self, request: Request) -> Response:
        return self._governor.send(request, self._opening)


class _Feed:
    """Base of all feeds: a thread that collects frames for a consumer."""

    def __init__(
        self,
        request: Request,
        headers: Mapping[str, str],
        context: ssl.SSLContext | None,
        timeout: float,
        first: bytes,
        proxy: str = "",
    ) -> None:
        self.status = 0
        self.over = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self._request = request
        self._headers = headers
        self._context = context
        self._timeout = timeout
        self._first = first
        self._proxy = proxy or None
        self._answer = Response(0)
        self._begun = threading.Event()
        self._news = threading.Condition()
        self._come: list[Frame] = []
        self._bytes = 0
        self._nobody = False
        self._shut = False

    def head(self, seconds: float) -> Response:
        """The head of the response, without a body; status 0 on timeout. Raises `Unreachable`
        without a connection."""
        self._begun.wait(min(seconds, self._timeout))
        if self._nobody:
            words = f"no connection to `{origin_of(self._request.url)}` for a feed"
            raise Unreachable(words, again=True)
        return self._answer

    def frames(self, seconds: float) -> list[Frame]:
        """Frames since the last call, after waiting up to so many seconds."""
        until = time.monotonic() + seconds
        with self._news:
            while not self.over and (left := until - time.monotonic()) > 0:
                self._news.wait(left)
            come, self._come = self._come, []
        return come

    def close(self) -> None:
        """Closes the connection without waiting."""
        self._shut = True
        self._hang_up()

    def _run(self) -> None:
        try:
            self._listen()
        finally:
            with self._news:
                self.over = True
                self._news.notify_all()
            self._begun.set()

    def _open(self, status: int, headers: Mapping[str, str], cookies: list[str]) -> None:
        self.status = status
        lower = {name.lower(): value for name, value in headers.items()}
        self._answer = Response(
            status, lower, b"", cookies_of(cookies), cookie_paths=cookie_paths_of(cookies)
        )
        self._begun.set()

    def _put(self, frames: list[Frame], size: int) -> bool:
        """Hand over frames; False when nobody wants more."""
        self._bytes += size
        with self._news:
            self._come += frames
            self._news.notify_all()
        return not self._shut and self._bytes < BODY_LIMIT

    @abstractmethod
    def _listen(self) -> None:
        """Open, and put what comes, until it is over."""

    def _hang_up(self) -> None:
        """Wake a thread that waits for bytes."""


class _Events(_Feed):
    """Events or lines in the body of an answer over HTTP/1.1."""

    _socket: socket.socket | None = None

    def _listen(self) -> None:
        import httpx2

        times = httpx2.Timeout(self._timeout, read=_SILENCE)
        # A client for each feed, so that feeds share neither cookies nor connections.
        with httpx2.Client(
            verify=self._context or False, timeout=times, trust_env=False, follow_redirects=False,
            proxy=self._proxy,
        ) as client:  # fmt: skip
            try:
                self._read(client)
            except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError):
                self._nobody = True
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError):
                pass  # the connection was closed by either side; frames received so far are kept

    def _read(self, client: Any) -> None:
        headers = {**self._headers, "accept-encoding": "identity", "cache-control": "no-cache"}
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        body = self._request.body or None
        with client.stream(
            self._request.method, self._request.url, headers=sent, content=body
        ) as answer:
            wire = answer.extensions.get("network_stream")
            self._socket = wire.get_extra_info("socket") if wire is not None else None
            if asks_for_credentials(self._request, answer.status_code, self._proxy):
                self._nobody = True
                return
            cookies = answer.headers.get_list("set-cookie")
            self._open(answer.status_code, answer.headers, cookies)
            if not 200 <= answer.status_code < 300 or self._shut:
                return
            cut = cutter(self._answer.media_type, self._headers.get("accept", ""))
            for piece in answer.iter_bytes():
                if not self._put(cut.take(piece), len(piece)):
                    return
            self._put(cut.end(), 0)

    def _hang_up(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                # The plain method: TLS would send its close message in the middle of a read.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Socket(_Feed):
    """Messages of a WebSocket."""

    def _listen(self) -> None:
        from websockets.exceptions import InvalidStatus, WebSocketException

        try:
            self._talk()
        except (WebSocketException, OSError, ValueError, EOFError) as error:
            refused = error if isinstance(error, InvalidStatus) else error.__cause__
            if isinstance(refused, InvalidStatus) and not self.status:
                heads = refused.response.headers
                self._open(refused.response.status_code, dict(heads.raw_items()), [])
            elif self._proxy is not None and not self.status:
                self._nobody = True

    def _talk(self) -> None:
        from websockets.exceptions import ConnectionClosed
        from websockets.sync.client import connect
        from websockets.typing import Origin

        url, parts = self._request.url, urlsplit(self._request.url)
        origin = self._request.headers.get("origin") or origin_of(url)
        headers = {name: each for name, each in self._headers.items() if name not in _OWN}
        port = parts.port or (443 if parts.scheme == "https" else 80)
        wire = None
        try:
            # A socket of its own, so that neither proxies of the environment nor redirects apply.
            if self._proxy is None:
                wire = socket.create_connection((parts.hostname or "", port), self._timeout)
                wire.settimeout(None)
        except OSError:
            self._nobody = True
            return
        with connect(
            "ws" + url.removeprefix("http"),
            sock=wire,
            proxy=self._proxy,
            ssl=self._context,
            origin=Origin(origin),
            additional_headers=headers,
            user_agent_header=self._headers.get("user-agent"),
            open_timeout=self._timeout,
            close_timeout=_GOODBYE,
            max_size=_MESSAGE,
            logger=_QUIET,
        ) as operation:
            self._open(101, {}, [])
            if self._first:
                operation.send(self._first.decode("utf-8", "replace"))
            more = not self._shut
            while more:
                try:
                    said = operation.recv(timeout=_SLICE)
                except TimeoutError:
                    more = not self._shut
                    continue
                except ConnectionClosed:
                    break
                data = said.encode() if isinstance(said, str) else said
                more = self._put([Frame(data)], len(data))
