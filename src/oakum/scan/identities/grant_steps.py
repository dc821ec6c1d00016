"""Grants that a person or a refresh token takes part in, as a state machine without I/O.

Authorization code with PKCE and a loopback redirect (RFC 6749, 4.1; RFC 7636; RFC 8252, 7.3),
device authorization (RFC 8628), and refresh tokens (RFC 6749, 6). Actions of a person are steps
like requests: `Listen`, `Visit`, `Show`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from oakum.exchange import Request, Response
from oakum.http.origin import origin_of
from oakum.openapi.model import Json
from oakum.scan.identities.id_token_check import ExpectedClaims, fault, has_key
from oakum.scan.identities.login import LoginPlaces, LoginResult
from oakum.scan.identities.model import Identity, OAuth, Secret
from oakum.scan.identities.oauth_server import (
    OAuthFailed,
    endpoint,
    error_of,
    error_words,
    members_of,
    metadata,
)

_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_SLOWER = 5.0
"""Seconds that `slow_down` adds to the pause between two requests (RFC 8628, 3.5)."""
_LONGEST = 900.0
"""Seconds to wait for a person to confirm a code, whatever the server allows."""


@dataclass(frozen=True)
class AwaitBrowser:
    """Wait for a browser at a loopback address; answered with the address and its port."""

    redirect: str


@dataclass(frozen=True)
class Visit:
    """Let a person log in at an address; answered with the parameters of the redirect."""

    name: str
    address: str = field(repr=False)
    state: str = field(repr=False)


@dataclass(frozen=True)
class Show:
    """Show a person an address and a code to type in there."""

    name: str
    address: str
    code: str


@dataclass(frozen=True)
class Pause:
    """A step of a grant: wait before the next request."""

    seconds: float


Step: TypeAlias = Request | AwaitBrowser | Visit | Show | Pause
Steps: TypeAlias = Generator[Step, Any, LoginResult]


def grant(
    identity: Identity,
    login: OAuth,
    places: LoginPlaces,
    refresh: Secret | None = None,
    clock: Callable[[], float] = time.time,
) -> Steps:
    """Gets tokens, with the refresh token if there is one. Raises `OAuthFailed`."""
    asked = _Grant(identity, login, places, clock)
    yield from asked.discover()
    if refresh is not None:
        try:
            return (yield from asked.refresh(refresh))
        except OAuthFailed as error:
            if login.grant == "refresh_token" or error.error != "invalid_grant":
                raise
    if login.grant == "authorization_code":
        return (yield from asked.code())
    if login.grant == "device_code":
        return (yield from asked.device())
    return (yield from asked.refresh(identity.variables["refresh_token"]))


class _Grant:
    def __init__(
        self, identity: Identity, login: OAuth, places: LoginPlaces, clock: Callable[[], float]
    ) -> None:
        self.identity = identity
        self.login = login
        self.places = places
        self.clock = clock
        self.said: Mapping[str, Json] = {}

    def discover(self) -> Generator[Step, Response, None]:
        if self.login.issuer:
            self.said = yield from metadata(self.login.issuer)

    def _endpoint(self, key: str, stated: str, option: str) -> str:
        if stated:
            return self.places.find(stated, "POST", self.login.location)[1]
        allowed: Collection[str] = {*self.login.origins(), origin_of(self.places.target)}
        return endpoint(self.said, key, allowed, option)

    def _post(self, url: str, fields: Mapping[str, str]) -> Request:
        headers = {
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
            **self.identity.fill(self.login.headers),
        }
        form = {**fields, **self.identity.fill(self.login.form)}
        return Request("POST", url, headers, urlencode(form).encode())

    def _token(self, fields: Mapping[str, str]) -> Generator[Step, Response, Mapping[str, Json]]:
        """The answer of the token endpoint; raises `OAuthFailed` with the code of the server."""
        url = self._endpoint("token_endpoint", self.login.token_url, "token_url")
        response = yield self._post(url, fields)
        said = members_of(response)
        if response.status == 200 and isinstance(said.get("access_token"), str):
            return said
        code = error_of(said)
        where = f"the token endpoint answered {response.status}"
        if not code and "error" not in said:
            raise OAuthFailed(f"{where} without a token; is `token_url` right?")
        raise OAuthFailed(f"{where} with {error_words(code, response.status)}", code)

    def refresh(self, token: Secret) -> Steps:
        """A new access token (RFC 6749, 6). A server may renew the refresh token with it."""
        fields = {"grant_type": "refresh_token", "refresh_token": token.reveal()}
        try:
            said = yield from self._token(fields)
        except OAuthFailed as error:
            if error.error != "invalid_grant":
                raise
            words = "the refresh token has expired, was revoked, or was used before; get a new one"
            raise OAuthFailed(words, error.error) from None
        return _login_result(said, token)

    # -------------------------------------------------------------- authorization code

    def code(self) -> Steps:
        """A login in a browser, whose redirect brings a code."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri

        page = self._endpoint(
            "authorization_endpoint", self.login.authorization_url, "authorization_url"
        )
        redirect = yield AwaitBrowser(self.login.redirect)
        verifier = secrets.token_urlsafe(48)
        state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        more = {
            **_challenge(verifier),
            "prompt": self.login.prompt or None,
            "nonce": nonce if self._is_openid() else None,
        }
        client = self.identity.variables["client_id"].reveal()
        scope = self.login.scope or None
        address = prepare_grant_uri(page, client, "code", redirect, scope, state, **more)
        yield from self._try(address, redirect)
        found: Mapping[str, str] = yield Visit(self.identity.name, address, state)
        code = self._authorization_code(found, state)
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        try:
            said = yield from self._token(fields)
        except OAuthFailed as error:
            if error.error != "invalid_grant":
                raise
            words = (
                "the token endpoint refused the code; does the server accept"
                f" `{_without_port(redirect)}` with any port (RFC 8252, 7.3), and PKCE with S256?"
            )
            raise OAuthFailed(words, error.error) from None
        if self._is_openid():
            yield from self._verify(said, nonce)
        return _login_result(said, None)

    def _scope(self) -> dict[str, str]:
        return {"scope": self.login.scope} if self.login.scope else {}

    def _is_openid(self) -> bool:
        return "openid" in self.login.scope.split()

    def _try(self, address: str, redirect: str) -> Generator[Step, Response, None]:
        """Requests the page without a browser first: what is wrong with the client shows at once,
        where a person would wait for a redirect that never comes."""
        if origin_of(address) not in {*self.login.origins(), origin_of(self.places.target)}:
            return
        response = yield Request("GET", address, {"accept": "text/html"})
        said = _query(response.headers.get("location", ""))
        if 300 <= response.status < 400 and (code := error_of(said)):
            if code not in ("login_required", "interaction_required", "consent_required"):
                raise OAuthFailed(f"the authorization endpoint answered {error_words(code)}", code)
        elif 400 <= response.status < 500:
            raise OAuthFailed(
                f"the authorization endpoint answered {response.status} before any login; is"
                f" `{_without_port(redirect)}` a redirect URI of the client, with any port, and is"
                " `client_id` right?"
            )

    def _authorization_code(self, found: Mapping[str, str], state: str) -> str:
        """The code of a redirect that answers our request (RFC 6749, 10.12; RFC 9207)."""
        if not secrets.compare_digest(found.get("state", ""), state):
            raise OAuthFailed("the redirect has another `state`; it answers another login")
        told = bool(self.said.get("authorization_response_iss_parameter_supported"))
        if self.login.issuer and found.get("iss", "" if told else self.login.issuer) != (
            self.login.issuer
        ):
            raise OAuthFailed("the redirect comes from another issuer than the file names")
        if "error" in found:
            code = error_of(found)
            raise OAuthFailed(f"the browser came back with {error_words(code)}", code)
        if not found.get("code"):
            raise OAuthFailed("the browser came back without a code")
        return found["code"]

    def _verify(self, said: Mapping[str, Json], nonce: str) -> Generator[Step, Response, None]:
        token = said.get("id_token")
        if not isinstance(token, str):
            raise OAuthFailed("the scope is `openid`, but no ID token came")
        if not self.login.issuer:
            raise OAuthFailed("an ID token can be verified only with `issuer:`; add it")
        allowed = {*self.login.origins(), origin_of(self.places.target)}
        url = endpoint(self.said, "jwks_uri", allowed, "jwks_url")
        keys: Mapping[str, Json] = {}
        for past in ({}, {"cache-control": "no-cache"}):
            keys = members_of((yield Request("GET", url, {"accept": "application/json", **past})))
            if has_key(token, keys):
                break
        client = self.identity.variables["client_id"].reveal()
        expected = ExpectedClaims(self.login.issuer, client, nonce, str(said["access_token"]))
        if words := fault(token, keys, expected, self.clock()):
            raise OAuthFailed(words)

    # ---------------------------------------------------------------- device authorization

    def device(self) -> Steps:
        """A code that a person confirms on any device."""
        url = self._endpoint("device_authorization_endpoint", self.login.device_url, "device_url")
        # Not of RFC 8628, but providers that require PKCE of a client require it here, too.
        verifier = secrets.token_urlsafe(48)
        response = yield self._post(url, {**self._scope(), **_challenge(verifier)})
        said = members_of(response)
        device, code = said.get("device_code"), said.get("user_code")
        page = said.get("verification_uri_complete") or said.get("verification_uri")
        if response.status != 200 or not all(isinstance(e, str) for e in (device, code, page)):
            why = error_words(error_of(said), response.status) if "error" in said else "no code"
            words = f"the device endpoint answered {response.status} with {why}"
            raise OAuthFailed(words, error_of(said))
        yield Show(self.identity.name, str(page), str(code))
        pause, left = _seconds(said, "interval", 5.0), _seconds(said, "expires_in", _LONGEST)
        left = min(left, _LONGEST)
        while left > 0:
            yield Pause(pause)
            left -= pause
            try:
                fields = {
                    "grant_type": _DEVICE,
                    "device_code": str(device),
                    "code_verifier": verifier,
                }
                return _login_result((yield from self._token(fields)), None)
            except OAuthFailed as error:
                if error.error == "slow_down":
                    pause += _SLOWER
                elif error.error != "authorization_pending":
                    raise
        raise OAuthFailed("nobody confirmed the code in time", "expired_token")


def _challenge(verifier: str) -> dict[str, str]:
    """The parameters of PKCE (RFC 7636, 4.3) for a verifier."""
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    challenge: str = create_s256_code_challenge(verifier)  # type: ignore[no-untyped-call]
    return {"code_challenge": challenge, "code_challenge_method": "S256"}


def _seconds(said: Mapping[str, Json], name: str, default: float) -> float:
    found = said.get(name)
    good = isinstance(found, int | float) and not isinstance(found, bool) and found > 0
    return float(found) if good else default  # type: ignore[arg-type]  # a number, as just seen


def _login_result(said: Mapping[str, Json], before: Secret | None) -> LoginResult:
    renewed = said.get("refresh_token")
    refresh = Secret(renewed) if isinstance(renewed, str) and renewed else before
    return LoginResult(Secret(str(said["access_token"])), refresh=refresh)


def _query(address: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(urlsplit(address).query))
    except ValueError:
        return {}


def _without_port(redirect: str) -> str:
    parts = urlsplit(redirect)
    return f"{parts.scheme}://{parts.hostname}{parts.path}"
