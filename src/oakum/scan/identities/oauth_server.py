"""What an authorization server says of itself, and what it says when it refuses (RFC 6749, 8414).

No message holds a value of a response but the issuer's own name: an error is named by its code,
where the code is known.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from urllib.parse import urlsplit

import orjson

from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.http.origin import origin_of
from oakum.openapi.model import Json

_ERRORS = {
    "access_denied": "access was denied: is consent missing?",
    "account_selection_required": "the server wants an account to be chosen",
    "authorization_pending": "nobody has confirmed the code yet",
    "consent_required": "consent is missing: let the person or an administrator grant it",
    "expired_token": "nobody confirmed the code in time",
    "interaction_required": "the server wants the person to do more",
    "invalid_client": "the client's id or secret is wrong, or the secret was rotated",
    "invalid_grant": "the grant is not valid",
    "invalid_redirect_uri": "the redirect URI is not registered with the client",
    "invalid_request": "the request lacks something that this server requires",
    "invalid_scope": "the server does not grant this `scope` to the client",
    "login_required": "the person is not logged in",
    "redirect_uri_mismatch": "the redirect URI is not registered with the client",
    "server_error": "the server failed",
    "slow_down": "it was asked too often",
    "temporarily_unavailable": "the server is not available now",
    "unauthorized_client": "the client is not allowed to use this grant; enable it at the server",
    "unsupported_grant_type": "the server does not support this grant",
    "unsupported_response_type": "the server does not support authorization codes for the client",
}


class OAuthFailed(TargetError):
    """A step failed; the words say why, without a value. `error` is the code of the server."""

    def __init__(self, words: str, error: str = "") -> None:
        super().__init__(words)
        self.error = error


def error_of(said: Mapping[str, Json]) -> str:
    """The error code of a response or a redirect; empty for one that is not registered."""
    code = said.get("error")
    return code if isinstance(code, str) and code in _ERRORS else ""


def error_words(code: str, status: int = 400) -> str:
    """An error code of OAuth (RFC 6749, 5.2) with what it means."""
    if code == "unauthorized_client" and status == 401:  # some say this of a wrong secret
        return f"`{code}`: {_ERRORS['invalid_client']}, or the client may not use this grant"
    return f"`{code}`: {_ERRORS[code]}" if code else "an error that no standard names"


def members_of(response: Response) -> Mapping[str, Json]:
    """The members of a JSON object; empty for anything else."""
    try:
        found = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def metadata(issuer: str) -> Generator[Request, Response, Mapping[str, Json]]:
    """What an issuer publishes about itself (OpenID Connect Discovery 1.0, 4; RFC 8414, 3)."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    base = f"{parts.scheme}://{parts.netloc}"
    places = (
        f"{base}{path}/.well-known/openid-configuration",
        f"{base}/.well-known/oauth-authorization-server{path}",
    )
    status = 0
    for place in places:
        response = yield Request("GET", place, {"accept": "application/json"})
        said = members_of(response)
        if response.status == 200 and said:
            if said.get("issuer") != issuer:
                words = f"the issuer calls itself `{said.get('issuer')}`; write that as `issuer:`"
                raise OAuthFailed(words)
            return said
        status = status or response.status
    raise OAuthFailed(f"`GET {places[0]}` answered {status} without metadata; is `issuer:` right?")


def endpoint(said: Mapping[str, Json], key: str, allowed: Collection[str], option: str) -> str:
    """The URL of an endpoint as the metadata states it, if the file names its origin: an issuer's
    word alone does not send a secret to another host. `option` states the URL in the file."""
    found = said.get(key)
    if not isinstance(found, str) or "://" not in found:
        raise OAuthFailed(f"the issuer names no `{key}`; does it support this grant?")
    if origin_of(found) not in allowed:
        words = f"the issuer's `{key}` is at `{origin_of(found)}`; to allow that, write `{option}:`"
        raise OAuthFailed(words)
    return found
