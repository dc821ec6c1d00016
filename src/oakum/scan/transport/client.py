"""Sends requests and runs login commands, under the rate limit.

Feeds, which stay open, are in `feeds`, with the same scope and budget.

`HttpTransport` sends to the target and nowhere else. `Governor` keeps to a rate and a budget, waits
when the target asks for it, and stops before an overloaded target fails.
"""

from __future__ import annotations

import email.utils
import ssl
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import oakum
from oakum.errors import InputError, Location, OakumError, Problem, TargetError
from oakum.exchange import Request, Response
from oakum.exposure.json_depth import not_too_deep
from oakum.http.methods import READS
from oakum.http.origin import PORTS, origin_of
from oakum.scan.limits import BudgetSpent
from oakum.scan.requests.called_operation import NOTHING
from oakum.scan.transport.certificates import Certificate, CertificateRefused, loaded, refusal
from oakum.scan.transport.connection_options import Connection
from oakum.scan.transport.health import Health, is_failure
from oakum.scan.transport.required_certificate import REFUSAL, RequiredCertificate
from oakum.scan.transport.set_cookie import cookie_paths_of, cookies_of
from oakum.scan.transport.unreachable import (
    Unanswered,
    Unreachable,
    asks_for_credentials,
    ended_early,
    no_connection,
    no_tunnel,
    not_passed,
)

if TYPE_CHECKING:
    import httpx2

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes of a body that are read; what follows is cut off."""
COMMAND_SECONDS = 30.0
TIMEOUT = 10.0
"""Seconds that an answer may take, where nothing else is said."""
_PATIENCE = 2.0
"""Times `timeout` after which an answer that does not end is given up, however much of it comes."""


class Transport(Protocol):
    """Sends one request and gives its answer, whatever its status."""

    def send(self, request: Request) -> Response:
        """The response. Raises `TargetError` if there is none."""
        ...


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
        self.origin = _checked(origin)
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
            (safe, name): self._connected(safe, name)
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
            self._tls[certificate] = loaded(made, own) if own is not None else made
        return self._tls[certificate]

    def _connected(self, safe: bool, certificate: str) -> httpx2.Client:
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
        """Hang up on a target that sends a head, or the frame of a body, without end."""
        with self._turn:
            for (safe, name), used in self._clients.items():
                if used is client:
                    self._clients[safe, name] = self._connected(safe, name)
        client.close()

    @contextmanager
    def _watched(self, client: httpx2.Client) -> Iterator[None]:
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
            with self._watched(client):
                return self._exchange(client, request, headers)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            if words := refusal(str(error)):
                raise CertificateRefused(f"`{origin}` {words}") from None
            raise no_connection(origin, str(error), self.connection) from None
        except httpx2.ProxyError as error:
            raise no_tunnel(request, str(error)) from None
        except httpx2.TimeoutException:
            words = f"`{origin}` did not answer a {request.method} within {self.timeout:g} s"
            raise Unanswered(words) from None
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


def _checked(url: str) -> str:
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


def run_command(argv: Sequence[str], directory: Path) -> str:
    """A program's output, stripped; raises `TargetError` without revealing output."""
    try:
        done = subprocess.run(
            argv,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        words = f"`{argv[0]}` did not end within {COMMAND_SECONDS:g} s"
        raise TargetError(words) from None
    except OSError as error:
        why = (error.strerror or "cannot be started").lower()
        raise TargetError(f"`{argv[0]}`: {why}") from None
    if done.returncode:
        raise TargetError(f"`{argv[0]}` failed with exit code {done.returncode}")
    printed = done.stdout.decode("utf-8", "replace").strip()
    if not printed:
        raise TargetError(f"`{argv[0]}` printed nothing, but a token was expected")
    return printed


_NO_ANSWER = Response(504)
"""Stands for an answer that did not come in time."""


class Governor:
    """Keeps a transport to `rate` requests a second and `budget` requests in all.

    Waits as `Retry-After` says (RFC 9110, 10.2.3), at most 30 s a time; halves the rate when
    throttled, down to one request in two seconds; asks again when a server restarts, for `ABSENT`
    seconds after its last answer and twice as long while things are put back; stops when
    half of the last 20 answers are server errors and what was answered before is not any more
    (`health`). An operation that alone goes on throttling, or whose reads alone get no answer, is
    left to itself. `rate` is more than 0.
    """

    WAIT = 30.0
    SLOWEST = 0.5
    TRIES = 3
    HANGING = 5
    """Operations that may give no answer before the target counts as hanging."""
    ABSENT = 7.0
    """Seconds that are waited in all, since its last answer, for a target that gives none."""

    def __init__(
        self,
        transport: Transport,
        rate: float,
        budget: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        name: Callable[[Request], str] = NOTHING,
        refusal: Callable[[Request], str] = lambda request: "",
        required: RequiredCertificate | None = None,
    ) -> None:
        """`name`: which operation a request is a call of. `refusal`: why the user lets nobody ask
        it; empty: it may be asked. `required`: whether a client certificate is."""
        self.sent = 0
        self.budget = budget
        self.rate = rate
        self._transport = transport
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self._health = Health(name)
        self._throttled: set[str] = set()
        self._unanswered: set[str] = set()
        self.name = name
        self._refusal = refusal
        self._required = required or RequiredCertificate()
        self._counted = 0
        self.written: Counter[str] = Counter()
        """Requests that are no reads, by operation."""
        self._held = 0
        self._restoring = False
        self._bare = False
        self._absent = 0.0
        """Seconds waited for the target since its last answer."""
        self._silent_until = 0.0
        """When a target that is gone, and slow to say so, is tried again."""
        self._turn = threading.Lock()
        self.took = 0.0
        """Seconds from the last request to its answer, pauses before it not counted."""

    @contextmanager
    def reserve(self, requests: int) -> Iterator[None]:
        """For restoring: adds requests to the budget and never gives up on the target."""
        self.budget += requests
        self._restoring = True
        try:
            yield
        finally:
            self.budget -= requests
            self._restoring = False

    @contextmanager
    def hold(self, requests: int) -> Iterator[None]:
        """Within this context some requests of the budget are kept for what comes after it."""
        self._held += requests
        try:
            yield
        finally:
            self._held -= requests

    @property
    def left(self) -> int:
        """Requests that may still be sent."""
        return max(self.budget - self._held - self.sent, 0)

    @contextmanager
    def bare(self) -> Iterator[None]:
        """For testing the target's own rate limit: returns 429 and 503 unchanged, and waits before
        the next request."""
        self._bare = True
        try:
            yield
        finally:
            self._bare = False

    def send(self, request: Request, way: Transport | None = None) -> Response:
        """The response; waits out 429 and 503 with `Retry-After` unless `bare`. `way` replaces the
        transport at the same rate and budget, for feeds."""
        way = way or self._transport
        if self.name(request) in self._unanswered and not self._restoring:
            return _NO_ANSWER
        for attempt in range(self.TRIES + 1):
            response = self._answered(request, way)
            throttled = response.status == 429
            if not throttled and not (response.status == 503 and "retry-after" in response.headers):
                break
            if self._bare:
                with self._turn:
                    self._next = max(self._next, self._clock() + self._wait(response, 0))
                return response
            if throttled and not attempt:
                self.rate = max(self.rate / 2, min(self.rate, self.SLOWEST))
            if attempt < self.TRIES:
                self._sleep(self._wait(response, attempt))
        if response.status == 429:
            if not self._answers_others(request):
                tries = self.TRIES + 1
                words = f"the target limits the rate: still 429 after {tries} tries; lower the rate"
                raise TargetError(words)
            self._throttled.add(self.name(request))
        self._judge(request, response)
        return response

    def spares(self, request: Request) -> str:
        """Why the operation of a request is not to be asked any more; empty: it may be."""
        if why := self.refuses(request):
            return why
        if self._health.is_broken(request):
            return "it returns only server errors, so it got no further requests"
        if self.name(request) in self._unanswered:
            return "it gave no answer in time, twice, so it got no further requests"
        if self.name(request) in self._throttled:
            return "it limits the rate for longer than a run waits, so it got no further requests"
        return ""

    def refuses(self, request: Request) -> str:
        """Why the user lets nobody send a request; what was changed is put back all the same."""
        return "" if self._restoring else self._refusal(request)

    def _answers_others(self, request: Request) -> bool:
        """Whether another operation is not throttled."""
        witness = self._health.witness(but=request)
        return witness is not None and self._once(witness, self._transport).status != 429

    def _answered(self, request: Request, way: Transport) -> Response:
        """The response. A read that gets none in time is sent once more; if that is in vain and
        another operation answers, its operation (a long poll, say) is left to itself, as after a
        gateway's 504 (RFC 9110, 15.6.5)."""
        try:
            return self._reach(request, way)
        except Unanswered as error:
            if request.method not in READS or way is not self._transport or not self._counted:
                raise
            self._sleep(1.0)
            with suppress(Unreachable):
                return self._once(request, self._transport)
            name = self.name(request)
            with suppress(Unreachable):
                if name and len(self._unanswered) < self.HANGING and self._answers_others(request):
                    self._unanswered.add(name)
                    return _NO_ANSWER
            raise error

    def _reach(self, request: Request, way: Transport) -> Response:
        """Waits for a server that restarts; one that was never there is a wrong address. One that
        was waited for in vain is tried once a request, so that it is used when it comes back."""
        if self._is_gone() and self._clock() < self._silent_until:
            raise Unreachable("the target no longer responds", again=True)
        for attempt in range(self.TRIES):
            try:
                return self._once(request, way)
            except Unreachable as error:
                if self._required.is_missing(request, lambda r: self._once(r, self._transport)):
                    raise CertificateRefused(f"`{origin_of(request.url)}` {REFUSAL}") from None
                if not error.again or not self._counted or self._is_gone():
                    raise
                self._absent += 2.0**attempt
                self._sleep(2.0**attempt)
        return self._once(request, way)

    def _is_gone(self) -> bool:
        return self._absent >= self.ABSENT * (2 if self._restoring else 1)

    def _once(self, request: Request, way: Transport) -> Response:
        with self._turn:  # concurrent requests wait for each other
            if not self.left:
                raise BudgetSpent(f"the budget of {self.budget} requests is spent")
            pause = self._next - self._clock()
            if pause > 0:
                self._sleep(pause)
            asked = self._clock()
            self._next = asked + 1 / self.rate
            self.sent += 1
            if request.method not in READS:
                self.written[self.name(request)] += 1
        try:
            response = way.send(request)
        except Unreachable:
            ended = self._clock()
            # limits the share of time that is spent waiting for a dead server
            self._silent_until = ended + 10 * (ended - asked)
            raise
        self._required.answers(request)
        self.took = self._clock() - asked
        self._absent = 0.0
        self._counted += 1
        return response

    def _wait(self, response: Response, attempt: int) -> float:
        said = response.headers.get("retry-after", "").strip()
        if said.isascii() and said.isdigit():
            return min(float(said), self.WAIT)
        try:
            date = email.utils.parsedate_to_datetime(said)
            here = email.utils.parsedate_to_datetime(response.headers["date"])
            return min(max((date - here).total_seconds(), 0.0), self.WAIT)
        except (KeyError, ValueError, TypeError, OverflowError):
            return min(2.0**attempt, self.WAIT)

    def _judge(self, request: Request, response: Response) -> None:
        if not self._health.take(request, response) or self._restoring:
            return
        witness = self._health.witness()
        if witness is not None and not is_failure(self._once(witness, self._transport).status):
            self._health.calm()
            return
        many = self._health.words()
        raise TargetError(
            f"the target is failing: {many} were server errors; the scan stopped to avoid harm"
        )


def together(jobs: Sequence[Callable[[], Response]], most: int = 4) -> list[Response | None]:
    """Runs jobs concurrently; responses in order, None for a failure."""

    def done(job: Callable[[], Response]) -> Response | None:
        try:
            return job()
        except OakumError:  # a later attempt reports the error
            return None

    if len(jobs) < 2:
        return [done(job) for job in jobs]
    with ThreadPoolExecutor(min(most, len(jobs))) as pool:
        return list(pool.map(done, jobs))
