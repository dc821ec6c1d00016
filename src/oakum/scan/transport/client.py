"""Sends requests to the target and nowhere else. Feeds, which stay open, are in `feeds`."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import oakum
from oakum.errors import InputError, Location, Problem, TargetError
from oakum.exchange import Request, Response
from oakum.exposure.json_depth import not_too_deep
from oakum.http.methods import READS
from oakum.http.origin import PORTS, origin_of
from oakum.scan.transport.certificates import (
    Certificate,
    CertificateRefused,
    load_certificate,
    refusal,
)
from oakum.scan.transport.connection_errors import (
    NoAnswerError,
    Unreachable,
    asks_for_credentials,
    ended_early,
    no_connection,
    no_tunnel,
    not_passed,
)
from oakum.scan.transport.connection_options import Connection
from oakum.scan.transport.set_cookie import cookie_paths_of, cookies_of

if TYPE_CHECKING:
    import httpx2

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes of a body that are read; what follows is cut off."""
TIMEOUT = 10.0
"""Seconds that an answer may take, where nothing else is said."""
_PATIENCE = 2.0
"""Times `timeout` after which an answer that does not end is given up, however much of it comes."""


class HttpTransport:
    """HTTP to one origin, and to the login services named in `also`.

    Follows no redirect, keeps no cookie, uses no proxy and no `.netrc` of the environment; a proxy
    only if `connection` names one.
    Bodies are cut at `BODY_LIMIT` bytes, and when they have not ended after `timeout` seconds, as
    a stream of events never does; `Response.truncated` says so.
    """

    def __init__(
        self,
        origin: str,
        *,
        also: Collection[str] = (),
        timeout: float | None = None,
        run_id: str = "",
        certificates: Mapping[str, Certificate] | None = None,
        connection: Connection | None = None,
        twins: Collection[str] = (),
    ) -> None:
        """`certificates`: those of identities, by their names. `twins`: further addresses of the
        target, to which its headers are sent too."""
        self.origin = _check_target(origin)
        self._scope = {self.origin, *map(origin_of, also)}
        self._marks = {"user-agent": f"oakum/{oakum.__version__} (+security scan; run {run_id})"}
        if run_id:
            self._marks["oakum-run"] = run_id
        self.timeout = TIMEOUT if timeout is None else timeout
        self.connection = connection or Connection()
        self._own = {self.origin, *map(origin_of, twins)}
        self._tls: dict[str, ssl.SSLContext] = {}
        self._certificates = dict(certificates or {})
        self._clients = {
            (safe, name): self._build_client(safe, name)
            for name in ("", *self._certificates)
            for safe in (True, False)
        }
        """Whether a request is safe (RFC 9110, 9.2.1), and whose certificate it shows → what sends
        it. Connections are of one certificate each."""
        self._turn = threading.Lock()
        self._flying: dict[object, tuple[float, httpx2.Client]] = {}
        """Requests that are not answered yet → until when they are waited for, on what."""
        self._is_watched = False
        self._closed = threading.Event()

    def context(self, certificate: str) -> ssl.SSLContext:
        """TLS with the certificate of an identity; empty: with none."""
        if certificate not in self._tls:  # created once: it loads all CA certificates
            secure = any(each.startswith("https:") for each in self._scope)
            # Without https there is nothing to verify: a context that trusts nobody will do.
            none = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            made = _trust(self.connection) if secure or self.connection.ca is not None else none
            own = self._certificates.get(certificate)
            self._tls[certificate] = load_certificate(made, own) if own is not None else made
        return self._tls[certificate]

    def _build_client(self, safe: bool, certificate: str) -> httpx2.Client:
        import httpx2  # a slow import that `--help` does not need

        # Below the idle timeout of common servers, so that none closes a connection that is being
        # used. A server may still close one silently, as uvicorn does after an application error. A
        # safe request is then repeated; for others it is unknown whether they took effect, so each
        # gets its own connection.
        limits = httpx2.Limits(keepalive_expiry=2.0, max_keepalive_connections=None if safe else 0)
        return httpx2.Client(
            timeout=self.timeout,
            http2=find_spec("h2") is not None,
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # accepts no cookies
            limits=limits,
            verify=self.context(certificate),
            proxy=self.connection.proxy or None,
        )

    def _give_up(self, client: httpx2.Client) -> None:
        """Closes the connection to a target that sends a response head or body framing
        without end."""
        with self._turn:
            for (safe, name), used in self._clients.items():
                if used is client:
                    self._clients[safe, name] = self._build_client(safe, name)
        client.close()

    @contextmanager
    def _enforce_timeout(self, client: httpx2.Client) -> Iterator[None]:
        """Gives a request up that is not answered in time. One thread watches all of them, as long
        as there are any: to start one for each takes longer than many an answer."""
        mark = object()
        with self._turn:
            self._flying[mark] = (time.monotonic() + self.timeout * _PATIENCE, client)
            if not self._is_watched:
                self._is_watched = True
                threading.Thread(target=self._watch, daemon=True).start()
        try:
            yield
        finally:
            with self._turn:
                self._flying.pop(mark, None)

    def _watch(self) -> None:
        # A request that starts during this pause still has at least that much time left.
        pause = self.timeout * _PATIENCE
        while not self._closed.wait(pause):
            now = time.monotonic()
            with self._turn:
                late = [mark for mark, (until, _) in self._flying.items() if until <= now]
                clients = [self._flying.pop(mark)[1] for mark in late]
                self._is_watched = bool(self._flying) or bool(clients)
                if not self._is_watched:
                    return
                until = min((each for each, _ in self._flying.values()), default=now + pause)
            for client in clients:
                self._give_up(client)
            pause = max(until - time.monotonic(), 0.0)

    def send(self, request: Request) -> Response:
        """Sends a request. Raises `TargetError` for a URL out of scope or an unreadable body,
        `CertificateRefused`, and `Unreachable`, which says whether another try may succeed."""
        import httpx2

        origin, headers = origin_of(request.url), self.headers(request)
        safe = request.method in READS
        which = (safe, request.certificate)
        client = self._clients[which]
        try:
            with self._enforce_timeout(client):
                return self._exchange(client, request, headers)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            if words := refusal(str(error)):
                raise CertificateRefused(f"`{origin}` {words}") from None
            raise no_connection(origin, str(error), self.connection) from None
        except httpx2.ProxyError as error:
            raise no_tunnel(request, str(error)) from None
        except httpx2.TimeoutException:
            words = f"`{origin}` did not answer a {request.method} within {self.timeout:g} s"
            raise NoAnswerError(words) from None
        except (httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
            if words := refusal(str(error)):  # TLS 1.3 refuses after the handshake
                raise CertificateRefused(f"`{origin}` {words}") from None
            if client is self._clients[which]:
                raise ended_early(request, self.connection, again=safe) from None
            # the client was replaced after a timeout
            words = f"`{origin}` did not finish its response to a {request.method}"
            raise Unreachable(words, again=False) from None
        except RuntimeError:
            if client is self._clients[which]:
                raise
            # The connection was closed because of another late request that shared it.
            words = f"a {request.method} to `{origin}` was aborted: its connection was closed"
            raise Unreachable(words, again=safe) from None
        except httpx2.DecodingError:
            raise TargetError(f"`{origin}` sent a body that cannot be decompressed") from None
        except (httpx2.LocalProtocolError, httpx2.InvalidURL, httpx2.UnsupportedProtocol):
            words = f"a {request.method} to `{origin}` cannot be written as HTTP"
            raise TargetError(words) from None

    def headers(self, request: Request) -> dict[str, str]:
        """Headers to send, including those that mark the run; rejects URLs out of scope."""
        origin = origin_of(request.url)
        if origin not in self._scope:
            scope = " and ".join(f"`{known}`" for known in sorted(self._scope))
            raise TargetError(
                f"`{origin}` was not requested: it is neither the target, nor a login of the"
                " identities file, nor given by `--twin` or `--front-end`; only"
                f" {scope} may be requested"
            )
        # A login service elsewhere is not told what is meant for the target.
        own = self.connection.headers if origin in self._own else {}
        headers = {**own, **request.headers}
        # a deliberate replacement of the run's own header
        as_asked = {"user-agent"} & headers.keys()
        marks = {name: text for name, text in self._marks.items() if name not in as_asked}
        return {**headers, **marks}

    def _exchange(
        self, client: httpx2.Client, request: Request, headers: dict[str, str]
    ) -> Response:
        with client.stream(
            request.method,
            request.url,
            # As bytes, since a cookie may contain other characters than ASCII.
            headers=[(name.encode(), value.encode()) for name, value in headers.items()],
            content=request.body or None,
        ) as answer:
            if asks_for_credentials(request, answer.status_code, self.connection.proxy):
                raise not_passed(request)
            body, truncated = _read(answer, time.monotonic() + self.timeout)
        whole = not_too_deep(body)
        cookies = answer.headers.get_list("set-cookie")
        return Response(
            answer.status_code,
            {name.lower(): value for name, value in answer.headers.items()},
            whole,
            cookies_of(cookies),
            truncated or len(whole) < len(body),
            cookie_paths_of(cookies),
        )

    def close(self) -> None:
        """Close the connections."""
        self._closed.set()
        for client in self._clients.values():
            client.close()

    def __enter__(self) -> HttpTransport:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _trust(connection: Connection) -> ssl.SSLContext:
    """What verifies a certificate of the target."""
    import httpx2  # a slow import that `--help` does not need

    context = httpx2.create_ssl_context(trust_env=True)  # SSL_CERT_FILE and SSL_CERT_DIR
    if connection.ca is not None:
        try:
            context.load_verify_locations(connection.ca)
        except (OSError, ssl.SSLError) as error:
            why = "contains no certificate in PEM form"
            if not isinstance(error, ssl.SSLError):
                why = (error.strerror or "cannot be read").lower()
            raise InputError([Problem(Location(str(connection.ca)), why)]) from None
    return context


def _check_target(url: str) -> str:
    if "@" in url:
        words = "a target must not contain a user name or a password"
        hint = "write them into the identities file"
        raise InputError([Problem(Location("target"), words, hint)])
    try:
        origin, parts = origin_of(url), urlsplit(url)
    except ValueError:  # an invalid port
        origin, parts = "", urlsplit("")
    if parts.scheme not in PORTS or not parts.hostname:
        hint = "write it with its scheme, such as `https://api.example.com`"
        raise InputError([Problem(Location("target"), f"`{url}` is not the URL of an API", hint)])
    return origin


def _read(answer: httpx2.Response, until: float) -> tuple[bytes, bool]:
    import httpx2

    body = bytearray()
    try:
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > BODY_LIMIT or time.monotonic() > until:
                return bytes(body[:BODY_LIMIT]), True
    except httpx2.ReadTimeout:
        return bytes(body), True
    return bytes(body), False
