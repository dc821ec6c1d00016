"""Tokens: Envoy verifies them, and decides nothing about them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from oakum.contract.model import Json

_CACHED_TOKENS = 1000
_KEYS_CACHED = "60s"
_KEYS_TIMEOUT = "5s"


def verifying(
    tokens: Mapping[str, Json], credentials: Sequence[Mapping[str, Json]]
) -> dict[str, Json]:
    """Verifies and decides nothing: a missing or bad token is the policy's to answer.

    One provider for each place where a token may stand, so that none speaks for another.
    """
    common: dict[str, Json] = {
        "issuer": tokens["issuer"],
        "audiences": tokens["audiences"],
        "forward": True,
        "require_expiration": True,
        "clock_skew_seconds": 1,  # 0 would mean 60; the policy compares exactly
        "jwt_cache_config": {"jwt_cache_size": _CACHED_TOKENS},
    }
    if tokens["jwks"] is None:
        common["remote_jwks"] = {
            "http_uri": {"uri": tokens["keys"], "cluster": "keys", "timeout": _KEYS_TIMEOUT},
            "cache_duration": _KEYS_CACHED,
            "async_fetch": {},
        }
    else:
        common["local_jwks"] = {"inline_string": json.dumps(tokens["jwks"])}
    providers = {
        f"place{number}": common | _token_in(place) | {"header_in_metadata": f"head{number}"}
        for number, place in enumerate(credentials, 1)
    }
    any_way = [
        {
            "requires_any": {
                "requirements": [{"provider_name": name}, {"allow_missing_or_failed": {}}]
            }
        }
        for name in providers
    ]
    requires = any_way[0] if len(any_way) == 1 else {"requires_all": {"requirements": any_way}}
    return {
        "providers": providers,
        "rules": [{"match": {"prefix": "/"}, "requires": requires}],
    }


def _token_in(place: Mapping[str, Json]) -> dict[str, Json]:
    name = place["name"]
    if place["where"] == "cookie":
        return {"from_cookies": [name]}
    if place["where"] == "query":
        return {"from_params": [name]}
    if name == "authorization":
        schemes = ("Bearer ", "bearer ", "BEARER ")
        return {"from_headers": [{"name": name, "value_prefix": each} for each in schemes]}
    return {"from_headers": [{"name": name}]}
