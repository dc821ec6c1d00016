"""Keeps every identity logged in and adds its credentials to requests.

Credentials are kept in memory only, and sent to the target's own origin only. After a 401 who-am-I
is requested: if it answers, the 401 is a denial; if not, the session has ended, and the request is
repeated after another login.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_never
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from oakum.authz.claim_paths import merge_claims, with_claim
from oakum.errors import TargetError
from oakum.exchange import Exchange, Request, Response
from oakum.http.jwt import claims_of
from oakum.http.methods import READS
from oakum.http.origin import origin_of
from oakum.openapi.model import Json
from oakum.scan.identities.login import (
    LoginFailed,
    LoginPlaces,
    LoginResult,
    cookie_line,
    dialogue,
    one_time_code,
    sent_to_login,
)
from oakum.scan.identities.loopback_login import AtScreen, Person
from oakum.scan.identities.model import (
    Command,
    Identities,
    Identity,
    Login,
    OAuth,
    Secret,
    StorageState,
    shell_name,
)
from oakum.scan.identities.storage_state import is_sent_to, session_of
from oakum.scan.identities.tenant_inputs import sent_by_all
from oakum.scan.identities.token_grants import TokenGrants
from oakum.scan.requests.cache_bypass import past_cache
from oakum.scan.transport.certificates import CertificateRefused
from oakum.scan.transport.login_command import run_command
from oakum.scan.transport.rate_and_budget import Transport

if TYPE_CHECKING:
    from oakum.openapi.document import Document

__all__ = ["LoginFailed", "Proof", "Sessions"]

_WITHOUT_TOKEN = READS - {"QUERY"}
"""Methods at which frameworks check no token against forgery: they do not know QUERY."""


@dataclass(frozen=True)
class Proof:
    """How to tell that an identity is still logged in."""

    request: Request
    holds: Callable[[str, Response], bool]
    """True when this answer shows that the identity of this name is logged in."""
    refusals: Collection[int] = (401,)
    """Statuses with which the API turns away callers without a session."""
    cached: bool = False
    """Whether a shared cache mixes up callers, so that requests must bypass it."""
    others: Mapping[str, Request] = field(default_factory=dict)
    """Identity → the request in place of `request`, of callers that are no accounts."""


@dataclass
class _Session:
    """A live session. `fruitless` counts successive logins after which no request succeeded."""

    token: Secret | None = None
    cookies: dict[str, Secret] = field(default_factory=dict)
    csrf: Secret | None = None
    refresh: Secret | None = None
    fruitless: int = 0
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of a cookie → the paths to which alone it is sent."""

    def sent_to(self, url: str) -> dict[str, Secret]:
        """The cookies of a request."""
        path = urlsplit(url).path or "/"
        return {
            name: value
            for name, value in self.cookies.items()
            if any(is_sent_to(path, each) for each in self.paths.get(name, ("/",)))
        }


class Sessions:
    """One session for each identity, opened when it is first needed."""

    RELOGINS = 5
    """Logins in a row after which a session that keeps ending is given up."""

    def __init__(
        self,
        identities: Identities,
        transport: Transport,
        document: Document | None,
        target: str,
        run: Callable[[Sequence[str], Path], str] = run_command,
        also: Collection[str] = (),
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        person: Person | None = None,
    ) -> None:
        """`also`: further addresses of the same API, which get the credentials as well. `person`:
        who logs in where a person has to."""
        self.identities = identities
        self.places = LoginPlaces(target, document)
        self.logins = 0
        """Logins made, the failed ones included."""
        self.notes: list[str] = []
        self.entering = False
        """Whether a login is under way."""
        self.proof: Proof | None = None
        """Set once who-am-I is known to tell identities apart."""
        self._transport = transport
        self._choices = sent_by_all(identities)
        self._home = origin_of(target)
        self._origins = {origin_of(each) for each in (target, *also)}
        self._run = run
        self.clock = clock
        """Seconds since 1970."""
        self._sleep = sleep
        self._token_grants = TokenGrants(self.places, transport, person or AtScreen(), clock, sleep)
        self._renewal = threading.Lock()
        self._coded: dict[str, float] = {}
        """Identity → when it last logged in with a one-time code."""
        self._live: dict[str, _Session] = {}
        self._failed: dict[str, str] = {}
        self._seen: set[Secret] = set()
        self._answers: dict[str, Exchange] = {}

    @property
    def login_answers(self) -> Mapping[str, Exchange]:
        """The last login response of each identity; requests without headers and body."""
        return self._answers

    def login(self, name: str) -> Response | None:
        """Starts a session; returns the login's response, or None if no request was needed. Raises
        `LoginFailed`."""
        identity = self.identities.items[name]
        self.entering = True
        try:
            given, response = self._log_in(identity)
        except LoginFailed as error:
            self._failed[name] = str(error)
            raise
        finally:
            self.entering = False
        fixed = {
            send.name: Secret(identity.fill(send.value, self._extra(given.token)))
            for send in identity.sends
            if send.where == "cookie"
        }
        session = _Session(given.token, {**given.cookies, **fixed}, given.csrf, given.refresh)
        session.paths = given.cookie_paths
        self._live[name] = session
        self._failed.pop(name, None)
        self._see(session)
        return response

    def admit(self, identity: Identity) -> None:
        """Adds a provisioned account, or updates its secret."""
        self.identities = self.identities.with_one(identity)
        self._live.pop(identity.name, None)
        self._failed.pop(identity.name, None)

    def attempt(self, identity: Identity) -> tuple[Response, bool]:
        """The response to a login and whether it succeeded; starts no session."""
        if not isinstance(identity.login, Login):
            raise LoginFailed(f"`{identity.name}` has no login of its own")
        self.logins += 1
        steps = dialogue(identity, identity.login, self.places)
        request = next(steps)
        while True:
            response = self._transport.send(request)
            try:
                request = steps.send(response)
            except StopIteration:
                return response, True
            except LoginFailed:
                return response, False

    def send(self, name: str | None, request: Request, way: Transport | None = None) -> Response:
        """Sends a request as an identity; None: without credentials. `way` replaces the transport,
        for feeds.

        Raises `LoginFailed` when the session is lost and cannot be renewed.
        """
        if name is None:
            nobody = self.identities.anonymous
            if nobody is not None and origin_of(request.url) in self._origins:
                request = self._add_credentials(nobody, _Session(), request)
            try:
                return (way or self._transport).send(request)
            except CertificateRefused:  # a refusal of everybody who is not logged in
                return Response(401)
        self._open(name)
        used = self._live[name]
        response = self._ask(name, request, way)
        if not self._turned_away(name, response):
            self._live[name].fruitless = 0
            return response
        # Another request may have renewed the session by now; then the refusal is of the old one.
        if self.proof and self.alive(name) and self._live[name] is used:
            self._live[name].fruitless = 0
            return response
        with self._renewal:  # a refresh token may be used once, and requests run side by side
            if self._live[name] is used and not self._renew(name):
                return response
        again = self._ask(name, request, way)
        if not self._turned_away(name, again):
            self._live[name].fruitless = 0
        return again

    def alive(self, name: str) -> bool:
        """Whether who-am-I confirms the session; True if there is no who-am-I."""
        if self.proof is None:
            return True
        self._open(name)
        request = self.proof.others.get(name, self.proof.request)
        request = past_cache(request) if self.proof.cached else request
        return self.proof.holds(name, self._ask(name, request))

    def claims(self, name: str) -> Mapping[str, Json]:
        """Claims of its token (the payload of a JWT, RFC 7519) and of the identities file."""
        identity = self.identities.items[name]
        said: dict[str, Json] = {}
        for claim, value in identity.claims.items():
            said = with_claim(said, claim, value)
        for token in self._possible_tokens(identity, self._live.get(name, _Session())):
            if found := claims_of(token):
                return merge_claims(found, said)
        return said

    def tokens(self) -> list[tuple[str, str]]:
        """(identity, token) for every token in memory that could be a JWT (RFC 7519)."""
        return [
            (name, token)
            for name, session in self._live.items()
            for token in dict.fromkeys(self._possible_tokens(self.identities.items[name], session))
            if token.count(".") == 2
        ]

    def _possible_tokens(self, identity: Identity, session: _Session) -> Iterator[str]:
        """Texts that may be an identity's token, from its login and from its own lines."""
        for each in (session.token, *session.cookies.values()):
            if each:
                yield each.reveal().removeprefix("Bearer ")
        yield from identity.literal_tokens()

    def secrets(self) -> frozenset[str]:
        """All known secrets: the file's, and tokens and cookies from the target."""
        seen = frozenset(each.reveal() for each in self._seen)
        return self.identities.secrets() | {text for text in seen if len(text) >= 4}

    # -------------------------------------------------------------------------- curl output

    def curl_credentials(self, name: str | None) -> tuple[str, ...]:
        """Header lines, query parameters and options of curl, with variables for double quotes:
        `Authorization: Bearer $ANN_TOKEN`, `?api_key=$ANN_KEY`, `--cert "$ANN_CERTIFICATE"`."""
        identity = self.identities.items[name] if name else self.identities.anonymous
        if identity is None:
            return ()
        name, login = identity.name, identity.login
        lines = [
            f"{send.name}: {identity.shell(send.value)}"
            for send in identity.sends
            if send.where == "header"
        ]
        lines += [
            f"?{quote(send.name, safe='')}={identity.shell(send.value)}"
            for send in identity.sends
            if send.where == "query"
        ]
        jar = {
            send.name: identity.shell(send.value)
            for send in identity.sends
            if send.where == "cookie"
        }
        given = [cookie for cookie in self._login_cookies(identity) if cookie not in jar]
        for cookie in given:
            alone = len(given) == 1 or cookie == (login.cookie if login is not None else "")
            jar[cookie] = shell_name(name, "session" if alone else cookie)
        if identity.certificate is not None:
            lines.append(f'--cert "{shell_name(name, "certificate")}"')
            lines += [f'--key "{shell_name(name, "key")}"'] if identity.certificate.key else []
        return (*lines, f"Cookie: {cookie_line(jar)}") if jar else tuple(lines)

    def _login_cookies(self, identity: Identity) -> list[str]:
        """Names of the cookies that the login gives."""
        if identity.login is None:
            return []
        live = self._live.get(identity.name)
        if live is None:
            return identity.login.cookies_sent(None, ())
        return identity.login.cookies_sent(live.cookies, live.paths)

    # ------------------------------------------------------------------------ internals

    def _open(self, name: str) -> None:
        """Opens a session, unless the login failed before: repeated wrong passwords may lock the
        account."""
        if name in self._failed:
            raise LoginFailed(self._failed[name])
        if name not in self._live:
            self.login(name)

    def _log_in(self, identity: Identity) -> tuple[LoginResult, Response | None]:
        login = identity.login
        self.logins += login is not None
        match login:
            case None:
                return LoginResult(), None
            case Login():
                return self._play(identity, login)
            case StorageState():
                paths = self.places.paths()
                return session_of(
                    identity.name, login, self.places.target, self.clock(), paths
                ), None
            case OAuth():
                live = self._live.get(identity.name)
                refresh = live.refresh if live is not None else None
                return self._token_grants.obtain(identity, login, refresh), None
            case Command():
                return LoginResult(self._token_from_program(identity, login)), None
            case _:
                assert_never(login)

    def _token_from_program(self, identity: Identity, login: Command) -> Secret:
        """The token that a program prints."""
        try:
            return Secret(self._run(login.argv, login.directory))
        except TargetError as error:
            raise LoginFailed(f"`{identity.name}` could not log in: {error}") from None

    def _play(self, identity: Identity, login: Login) -> tuple[LoginResult, Response]:
        self._await_another_code(identity, login)
        steps = dialogue(identity, login, self.places, self.clock)
        request = next(steps)
        while True:
            response = self._send(identity, replace(request, certificate=identity.shows))
            try:
                request = steps.send(response)
            except StopIteration as done:
                asked = Request(request.method, request.url.split("?")[0])
                self._answers[identity.name] = Exchange(asked, response)
                return done.value, response

    def _await_another_code(self, identity: Identity, login: Login) -> None:
        """Waits until a code is another one: a server takes each once (RFC 6238, 5.2)."""
        codes = (one_time_code(identity, step) for step in (*login.before, login))
        code = next((each for each in codes if each is not None), None)
        if code is None:
            return
        period = code.totp.period
        last, now = self._coded.get(identity.name), self.clock()
        if last is not None and now // period == last // period:
            self._sleep(period - now % period)
        self._coded[identity.name] = self.clock()

    def _ask(self, name: str, request: Request, way: Transport | None = None) -> Response:
        identity, session = self.identities.items[name], self._live[name]
        if origin_of(request.url) not in self._origins:
            raise TargetError(
                f"the credentials of `{name}` are sent only to `{self.places.target}`"
            )
        response = self._send(identity, self._add_credentials(identity, session, request), way)
        if origin_of(request.url) == self._home:  # cookies of another origin are not stored
            self._absorb(identity, session, response)
        return response

    def _send(self, identity: Identity, request: Request, way: Transport | None = None) -> Response:
        """The response; a server that refuses the certificate of an identity refuses its login."""
        try:
            return (way or self._transport).send(request)
        except CertificateRefused as error:
            raise LoginFailed(f"`{identity.name}` could not log in: {error}") from None

    def _add_credentials(self, identity: Identity, session: _Session, request: Request) -> Request:
        headers, url = dict(request.headers), request.url
        query = urlsplit(url).query if self._choices else ""
        asked = {name.lower() for name, _ in parse_qsl(query, True)}
        for send in identity.sends:
            value = identity.fill(send.value, self._extra(session.token))
            place = (send.where, send.name.lower())
            if place in self._choices and send.name.lower() in (
                headers if send.where == "header" else asked
            ):
                continue  # the request says itself which tenant it is about
            if send.where == "header":
                headers[send.name.lower()] = value
            elif send.where == "query":
                mark = "&" if "?" in url else "?"
                url += f"{mark}{quote(send.name, safe='')}={quote(value, safe='')}"
        cookies = session.sent_to(url)
        if cookies:
            jar = {name: value.reveal() for name, value in cookies.items()}
            own = headers.get("cookie", "")
            headers["cookie"] = "; ".join(filter(None, (own, cookie_line(jar))))
        login = identity.login
        csrf = login.csrf if login is not None else None
        if csrf and csrf.header and request.method not in _WITHOUT_TOKEN:
            held = cookies.get(csrf.cookie)
            value = unquote(held.reveal()) if held else session.csrf and session.csrf.reveal()
            headers[csrf.header.lower()] = value or ""
            origin = origin_of(request.url)
            headers |= {"origin": origin, "referer": f"{origin}/"}
        return Request(request.method, url, headers, request.body, identity.shows)

    def _absorb(self, identity: Identity, session: _Session, response: Response) -> None:
        """Take over cookies that the target renews, and drop those it takes away."""
        login = identity.login
        for cookie, value in response.cookies.items():
            kept = login is not None and login.keeps(cookie)
            if not kept and cookie not in session.cookies:
                continue
            if not self._is_sessions(identity.name, session, response.cookie_paths.get(cookie)):
                continue
            if value:
                session.cookies[cookie] = Secret(value)
            else:
                session.cookies.pop(cookie, None)
        self._see(session)

    def _is_sessions(self, name: str, session: _Session, path: str | None) -> bool:
        """Whether a cookie that is set for a path is the session's own: one that who-am-I is not
        sent is another of the same name (RFC 6265, 5.3), for a part of the API."""
        if path is None or self.proof is None or path in set().union(*session.paths.values()):
            return True
        proven = self.proof.others.get(name, self.proof.request)
        return is_sent_to(urlsplit(proven.url).path, path)

    def _turned_away(self, name: str, response: Response) -> bool:
        login = self.identities.items[name].login
        refusals = self.proof.refusals if self.proof else (401,)
        page = sent_to_login(response, login if isinstance(login, Login) else None)
        return page or response.status in refusals or response.status == 401

    def _renew(self, name: str) -> bool:
        """Log in again; false when the answer must stand as it is."""
        session, proven = self._live[name], self.proof is not None
        tries = session.fruitless + 1
        login = self.identities.items[name].login
        if login is None or not login.renews:
            if proven:
                raise LoginFailed(f"the credentials of `{name}` no longer work; renew them")
            return False
        if tries > self.RELOGINS:
            if proven:
                words = f"{self.RELOGINS} logins in a row returned a session that ended at once"
                raise LoginFailed(f"`{name}` does not stay logged in: {words}")
            note = f"`{name}`: 401 after each of {self.RELOGINS} new logins; treated as a denial"
            if note not in self.notes:
                self.notes.append(note)
            return False
        self.login(name)
        self._live[name].fruitless = tries
        return True

    def _extra(self, token: Secret | None) -> dict[str, Secret]:
        return {"token": token} if token else {}

    def _see(self, session: _Session) -> None:
        held = [session.token, session.csrf, session.refresh, *session.cookies.values()]
        self._seen |= {each for each in held if each}
