"""Why an API may refuse a token that a login has just returned, or that the file holds.

It reads what the token says of itself, unverified, the challenge of the response (RFC 9110, 11.6.1;
RFC 6750, 3), and the server's clock. Nothing of the token is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from oakum.exchange import Response
from oakum.http.jwt import claims_of
from oakum.openapi.model import Json
from oakum.scan.identities.clock_skew import CLOCK_SECONDS, clock_off, clock_words

_ERROR = re.compile(r"\berror\s*=\s*\"?([a-z_]+)")
_SCHEME = re.compile(r"\s*([A-Za-z-]+)(?:\s|$)")


def reason(response: Response, tokens: Iterable[str], now: float) -> str:
    """Why a 401 or 403 answers these tokens; empty when nothing tells."""
    off = clock_off(response, now)
    every = [claims for token in tokens if (claims := claims_of(token))]
    if words := next(filter(None, (_untimely(claims, now - off) for claims in every)), ""):
        return f"{words}; {clock_words(off)}" if abs(off) > CLOCK_SECONDS else words
    challenge = response.headers.get("www-authenticate", "")
    error = _ERROR.search(challenge)
    if error and error[1] == "insufficient_scope":
        return "the token lacks a scope that the API wants; add it to `scope:`"
    if every and response.status == 401:
        return (
            "the token is still valid by its times; does the API know its issuer and audience, and"
            " were the keys rotated since it was signed?"
        )
    if error and error[1] == "invalid_token":
        return "the API calls the token invalid: it has expired, was revoked, or is for another API"
    scheme = _SCHEME.match(challenge)
    if scheme and scheme[1].lower() == "basic":
        return "the API asks for HTTP Basic; write `basic:`"
    return ""


def _untimely(claims: Mapping[str, Json], now: float) -> str:
    """What the times of a token (RFC 7519, 4.1) say at the server's time."""
    expires, begins = _time(claims, "exp"), _time(claims, "nbf") or _time(claims, "iat")
    if expires is not None and expires <= now:
        return f"the token expired {now - expires:.0f} s ago; get a new one"
    if begins is not None and begins > now + CLOCK_SECONDS:
        ahead = f"the token is not valid for another {begins - now:.0f} s by the API's clock"
        return f"{ahead}; do the clocks of its issuer and of the API agree?"
    return ""


def _time(claims: Mapping[str, Json], name: str) -> float | None:
    found = claims.get(name)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
