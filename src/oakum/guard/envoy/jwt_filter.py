"""Envoy's JWT filter: it verifies tokens and decides nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files

from oakum.guard.lua import long_string, preload, required_modules
from oakum.openapi.model import Json

TOKEN = "x-oakum-token"
"""Internal request header with the token to verify; the router removes it."""
_READING = ("json", "headers", "route", "credentials")

_CACHED_TOKENS = 1000
_KEYS_CACHED = "60s"
_KEYS_TIMEOUT = "5s"


def verification_filter(tokens: Mapping[str, Json]) -> dict[str, Json]:
    """Verifies the token that the reader found and decides nothing: the policy responds to a
    missing or bad token. Envoy must not extract tokens itself, since it would read cookies and
    headers by rules of its own."""
    provider: dict[str, Json] = {
        "issuer": tokens["issuer"],
        "audiences": tokens["audiences"],
        "forward": True,
        "require_expiration": True,
        "clock_skew_seconds": 1,  # 0 would mean 60; the policy compares exactly
        "from_headers": [{"name": TOKEN}],
        "header_in_metadata": "head",
    }
    if tokens["jwks"] is None:
        provider["remote_jwks"] = {
            "http_uri": {"uri": tokens["keys"], "cluster": "keys", "timeout": _KEYS_TIMEOUT},
            "cache_duration": _KEYS_CACHED,
            "async_fetch": {},
        }
    else:  # a token once verified is not verified again, even if its key has been withdrawn since
        provider["jwt_cache_config"] = {"jwt_cache_size": _CACHED_TOKENS}
        provider["local_jwks"] = {"inline_string": json.dumps(tokens["jwks"])}
    either = [{"provider_name": "token"}, {"allow_missing_or_failed": {}}]
    requires = {"requires_any": {"requirements": either}}
    return {
        "providers": {"token": provider},
        "rules": [{"match": {"prefix": "/"}, "requires": requires}],
    }


def reader(places: Sequence[Mapping[str, Json]]) -> str:
    """Lua code of the preceding filter, which extracts the token with the runtime's own modules.
    `places`: where tokens may be."""
    said = f"local PLACES = {long_string(json.dumps(list(places)))}\nlocal TOKEN = {TOKEN!r}\n"
    code = (files(__package__) / "reader.lua").read_text(encoding="utf-8")
    return preload(required_modules(*_READING)) + said + code
