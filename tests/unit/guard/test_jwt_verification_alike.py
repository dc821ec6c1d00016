"""One token, one decision: by the reference, by the runtime, and by the runtime behind an engine
that verified the signature itself. `tests/gateway` says the same of Envoy and nginx."""

from __future__ import annotations

import json

import pytest
from joserfc.jwk import OctKey

from oakum.errors import Location
from oakum.guard.jwt_verification import verifier
from oakum.policy.model import Tokens
from tests.tokens import HELD, REFUSED, Odd
from tests.unit.guard.lua_state import lua_state
from tests.unit.guard.talk import Clock

CLOCK = Clock()
KEY = OctKey.import_key(b"k" * 32, {"kid": "k1"})
JWKS = {"keys": [KEY.as_dict(private=True)]}
SAID = Tokens("keys.json", ("HS256",), "https://issuer.example", ("api",), Location("e.yaml", 3, 1))
CLAIMS = {"sub": "u7", "iss": "https://issuer.example", "aud": "api", "exp": CLOCK.at + 60}
VERIFY = verifier(SAID, JWKS, CLOCK)
OPTIONS = {
    "issuer": SAID.issuer, "audiences": ["api"], "algorithms": ["HS256"], "jwks": JWKS,
}  # fmt: skip
LUA = lua_state("cache", "json", "jwt")
MAKE = b"""
local jwt, json = require "oakum.jwt", require "oakum.json"
local options = json.plain(...)
local own, other = jwt.new(options), jwt.trusting(options)
return function(token, now)
  return own:verify(token, now) ~= nil, other:verify(token, now) ~= nil
end
"""
RUNTIME = LUA.execute(MAKE, json.dumps(OPTIONS).encode())


def decided(odd: Odd) -> tuple[bool, bool, bool]:
    token = odd.signed(KEY, "HS256", CLAIMS, kid="k1")
    own, trusting = RUNTIME(token.encode(), CLOCK.at)
    return VERIFY(token) is not None, own, trusting


@pytest.mark.parametrize("odd", HELD.values(), ids=HELD.keys())
def test_a_token_that_is_odd_in_nothing_that_counts_is_its_bearers(odd: Odd) -> None:
    assert decided(odd) == (True, True, True)


@pytest.mark.parametrize("odd", REFUSED.values(), ids=REFUSED.keys())
def test_a_token_that_has_two_readings_is_nobodys(odd: Odd) -> None:
    assert decided(odd) == (False, False, False)


def test_bits_past_the_last_byte_make_another_token() -> None:
    head, body, sign = Odd().signed(KEY, "HS256", CLAIMS, kid="k1").split(".")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = f"{head}.{body}.{sign[:-1]}{letters[letters.index(sign[-1]) + 1]}"
    assert VERIFY(f"{head}.{body}.{sign}") is not None
    assert VERIFY(other) is None
    assert RUNTIME(other.encode(), CLOCK.at) == (False, False)
