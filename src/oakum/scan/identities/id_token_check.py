"""Verifies an ID token (OpenID Connect Core 1.0, 3.1.3.7) with Authlib and joserfc."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from oakum.http.jwt import base64url_bytes, claims_of
from oakum.openapi.model import Json

LEEWAY = 60
"""Seconds that clocks may differ."""
_ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    "Ed25519",
)  # fmt: skip
"""Signatures with a public key; a token without one proves nothing."""
_CLAIMS = {
    "iss": "another issuer than the file names",
    "aud": "another client",
    "azp": "another client",
    "nonce": "another login (its `nonce` is not ours)",
    "at_hash": "another access token",
}


@dataclass(frozen=True)
class ExpectedClaims:
    """What the token must say."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str


def key_id(token: str) -> str:
    """The `kid` of a token's header; empty if there is none."""
    try:
        header = json.loads(base64url_bytes(token.partition(".")[0]))
    except (ValueError, RecursionError):
        return ""
    found = header.get("kid") if isinstance(header, dict) else None
    return found if isinstance(found, str) else ""


def has_key(token: str, keys: Mapping[str, Json]) -> bool:
    """Whether a key set has the key that a token names."""
    return not key_id(token) or key_id(token) in {key.get("kid") for key in _signing_keys(keys)}


def fault(token: str, keys: Mapping[str, Json], expected: ExpectedClaims, now: float) -> str:
    """Why an ID token proves nothing; empty when it does."""
    from authlib.oidc.core import CodeIDToken  # slow imports that few logins need
    from joserfc import jwt
    from joserfc.errors import ExpiredTokenError, JoseError
    from joserfc.jwk import KeySet

    if not has_key(token, keys):
        return (
            "the ID token is signed with a key that the issuer does not publish; were its keys"
            " rotated? if a cache keeps the old ones, wait until it has the new ones"
        )
    if words := _clock(token, now):
        return words
    try:
        known = KeySet.import_key_set({"keys": _signing_keys(keys)})
        read = jwt.decode(token, known, algorithms=list(_ALGORITHMS))
        options: dict[str, Json] = {
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client_id},
        }
        params = {
            "nonce": expected.nonce,
            "client_id": expected.client_id,
            "access_token": expected.access_token,
        }
        CodeIDToken(read.claims, read.header, options, params).validate(int(now), LEEWAY)
    except ExpiredTokenError:
        return "the ID token has expired; is this machine's clock right?"
    except JoseError as error:
        claim = getattr(error, "claim", "")
        if claim in _CLAIMS:
            return f"the ID token is for {_CLAIMS[claim]}"
        return "the ID token is not signed by the issuer's keys, or lacks a claim"
    except (ValueError, TypeError, KeyError):
        return "the ID token cannot be read"
    return ""


def _signing_keys(keys: Mapping[str, Json]) -> list[dict[str, Json]]:
    found = keys.get("keys")
    listed = found if isinstance(found, list) else []
    return [key for key in listed if isinstance(key, dict) and key.get("use", "sig") == "sig"]


def _clock(token: str, now: float) -> str:
    """What a fresh token says of the clock: it was issued a moment ago, by the issuer's."""
    issued = claims_of(token).get("iat")
    if not isinstance(issued, int | float) or abs(now - issued) <= LEEWAY:
        return ""
    where = "ahead of" if now > issued else "behind"
    off = f"this machine's clock is {abs(now - issued):.0f} s {where} the issuer's"
    return f"{off}, so its ID token cannot be verified; set the clock"
