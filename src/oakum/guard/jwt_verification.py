"""Verifies JSON Web Tokens (RFC 7519) as RFC 8725 requires.

`joserfc` does the cryptography, with an algorithm that the contract allows and that fits the kind
of the key. What a token says of its own key is ignored. What another parser might read otherwise is
refused: `crit` and `b64` with any value (RFC 7515, 4.1.11; RFC 7797, 7), `zip`, which some parsers
inflate, base64url that is not the canonical one, a registered claim (RFC 7519, 4.1) of another
type, and JSON that parsers read in different ways (RFC 7493). Needs the extra `jwt`.
"""

from __future__ import annotations

import math
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeGuard

from oakum.authz.strict_json import UnreadableBody, read
from oakum.errors import InputError, Problem, install_hint
from oakum.http.jwt import base64url_bytes
from oakum.openapi.model import Json
from oakum.policy.model import Tokens
from oakum.routing.caller_credentials import Verifier

if TYPE_CHECKING:
    from joserfc.jwk import Key

_KINDS = {
    **{f"HS{bits}": ("oct", "") for bits in (256, 384, 512)},
    **{f"{name}{bits}": ("RSA", "") for name in ("RS", "PS") for bits in (256, 384, 512)},
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
}
"""Algorithm → key type and curve (RFC 7518, 3.1; RFC 8037, 3.1)."""
_PARTS = re.compile(r"([\w-]+)\.([\w-]+)\.([\w-]+)", re.ASCII)
_REFUSED = frozenset(("crit", "b64", "zip"))
"""Header parameters that change how the rest of a token is read."""
_LONGEST = 16_384
_LEVELS = 100
_MODULUS = 256
_LAST = 253_402_300_799
"""Unix time of the end of the year 9999."""


def verifier(tokens: Tokens, jwks: Mapping[str, Json], now: Callable[[], float]) -> Verifier:
    """A function that returns a token's claims if it is valid now, otherwise None.

    `jwks` is a key set (RFC 7517). Raises `InputError` when `joserfc` is not installed or no key of
    the set fits an allowed algorithm.
    """
    try:
        from joserfc.errors import JoseError
        from joserfc.jwk import JWKRegistry
        from joserfc.jws import JWSRegistry
    except ImportError:
        said = "verifying tokens needs `joserfc`, which is not installed"
        raise InputError([Problem(tokens.location, said, install_hint("jwt"))]) from None
    ring: list[tuple[str, str | None, Key]] = []
    for jwk in jwks["keys"]:
        for algorithm in tokens.algorithms:
            if fits(jwk, algorithm):
                try:
                    ring.append((algorithm, jwk.get("kid"), JWKRegistry.import_key(jwk)))
                except (JoseError, ValueError):
                    continue  # not a usable key
    if not ring:
        said = f"no key of `{tokens.keys}` fits an allowed algorithm"
        raise InputError([Problem(tokens.location, said)])

    def is_signed(text: str, signature: bytes, algorithm: str, key: Key) -> bool:
        try:
            return JWSRegistry.algorithms[algorithm].verify(text.encode(), signature, key)
        except (JoseError, ValueError):
            return False

    def verify(token: str) -> Mapping[str, Json] | None:
        parts = _PARTS.fullmatch(token)
        if len(token) > _LONGEST or parts is None:
            return None
        header, claims, signature = _object(parts[1]), _object(parts[2]), _bytes(parts[3])
        if not header or not claims or not signature or not _REFUSED.isdisjoint(header):
            return None
        algorithm, kid = header.get("alg"), header.get("kid")
        if "kid" in header and not (kid and isinstance(kid, str)):
            return None
        text = token.rpartition(".")[0]
        # A key without an id may have signed a token that has one.
        keys = [key for name, own, key in ring if name == algorithm and kid in (None, own or kid)]
        if not any(is_signed(text, signature, str(algorithm), key) for key in keys):
            return None
        return claims if _holds(claims, tokens, now()) else None

    return verify


def fits(jwk: Mapping[str, Json], algorithm: str) -> bool:
    """Whether a key fits an algorithm; short keys do not (RFC 7518, 3.2 and 3.3)."""
    kind, curve = _KINDS[algorithm]
    if jwk.get("kty") != kind or jwk.get("alg", algorithm) != algorithm:
        return False
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ["verify"]):
        return False
    if kind == "oct":
        return len(_decode(jwk.get("k"))) * 8 >= int(algorithm[2:])
    if kind == "RSA":
        return len(_decode(jwk.get("n")).lstrip(b"\0")) >= _MODULUS
    return jwk.get("crv") == curve


def _decode(text: Json) -> bytes:
    try:
        return base64url_bytes(text) if isinstance(text, str) else b""
    except ValueError:
        return b""


def _bytes(text: str) -> bytes:
    """Decodes unpadded base64url; empty for a non-canonical encoding (RFC 7515, 2)."""
    made = _decode(text)
    return made if urlsafe_b64encode(made).decode().rstrip("=") == text else b""


def _object(part: str) -> Mapping[str, Json]:
    try:
        value = read(_bytes(part))[0]
    except UnreadableBody:
        return {}
    return value if isinstance(value, dict) and _is_plain(value) else {}


def _is_plain(value: Json, depth: int = 0) -> bool:
    """Whether every JSON parser reads the same value: no number beyond a double, no lone surrogate
    (RFC 7493, 2), at most `_LEVELS` levels."""
    if isinstance(value, dict):
        names = all(_is_plain(name) for name in value)
        return depth < _LEVELS and names and all(_is_plain(v, depth + 1) for v in value.values())
    if isinstance(value, list):
        return depth < _LEVELS and all(_is_plain(each, depth + 1) for each in value)
    try:
        if isinstance(value, str):
            value.encode()
        return not isinstance(value, int | float) or math.isfinite(value)
    except (OverflowError, UnicodeEncodeError):
        return False


def _holds(claims: Mapping[str, Json], tokens: Tokens, now: float) -> bool:
    """Whether a token is meant for this API and valid now, without clock skew."""
    if not _has_valid_types(claims):
        return False
    if not claims.get("nbf", 0) <= now < claims["exp"]:
        return False
    if tokens.issuer and claims.get("iss") != tokens.issuer:
        return False
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    return not tokens.audiences or any(each in tokens.audiences for each in named)


def _has_valid_types(claims: Mapping[str, Json]) -> bool:
    """Whether the registered claims have the types of RFC 7519, 4.1, and `exp` is present. `sub`
    may be an integer."""
    audience, subject = claims.get("aud", ""), claims.get("sub", "")
    named = audience if isinstance(audience, list) else [audience]
    return (
        all(_date(claims.get(name, 0)) for name in ("nbf", "iat"))
        and _date(claims.get("exp"))
        and all(isinstance(claims.get(name, ""), str) for name in ("iss", "jti"))
        and all(isinstance(each, str) for each in named)
        and isinstance(subject, str | int)
        and type(subject) is not bool
    )


def _date(value: Json) -> TypeGuard[float]:
    return isinstance(value, int | float) and type(value) is not bool and 0 <= value <= _LAST
