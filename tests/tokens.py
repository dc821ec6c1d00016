"""Tokens that readers of JWT decide differently, signed well: what all implementations say of each.

Envoy reads claims by protobuf, nginx and the reference by readers of their own, and what stands
behind them by others; the same text must be somebody's at all of them, or nobody's.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc.jws import JWSRegistry


@dataclass(frozen=True)
class Odd:
    """A token that is odd in one thing."""

    head: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    raw: str = ""
    """Further members of the claims, as JSON text."""

    def signed(self, key: Any, alg: str, claims: Mapping[str, Any], **head: Any) -> str:
        """By hand, since no library makes some of these."""
        said = json.dumps({**claims, **self.claims})[:-1] + self.raw + "}"
        text = f"{_part(json.dumps({'alg': alg, **head, **self.head}))}.{_part(said)}"
        made = JWSRegistry.algorithms[alg].sign(text.encode(), key)
        return f"{text}.{_part(made)}"


def _part(value: str | bytes) -> str:
    raw = value.encode() if isinstance(value, str) else value
    return urlsafe_b64encode(raw).decode().rstrip("=")


HELD = {
    "nothing": Odd(),
    "a header member that nobody knows": Odd(head={"nonce": "x", "signer": {"a": [1]}}),
    "a type": Odd(head={"typ": "at+jwt", "cty": "x"}),
    "a key in the header": Odd(head={"jwk": {}, "jku": 7, "x5c": "none"}),
    "a header of some length": Odd(head={"x5c": ["A" * 2000]}),
    "a date with a fraction": Odd(claims={"iat": 1_700_000_000.5, "nbf": 0.5}),
    "a date to come": Odd(claims={"iat": 99_999_999_999}),
    "an audience among others": Odd(claims={"aud": ["x", "api"]}),
    "large numbers": Odd(raw=',"x":1e308,"y":-123456789012345678901234567890,"z":1e-400'),
    "a zero character": Odd(raw=r',"x":"\u0000"'),
    "as deep as may be": Odd(raw=f',"x":{"[" * 99}{"]" * 99}'),
    "zeros and escapes": Odd(raw=r',"x":-0,"y":1E5,"z":"\ud83d\ude00","":{"":"\t"}'),
    "claims of the dialect of an issuer": Odd(
        raw=',"realm_access":{"roles":["a"]},"https://x.test/roles":[],"n":null,"auth_time":"x"'
    ),
}
REFUSED = {
    "b64 without crit": Odd(head={"b64": False}),
    "b64 as it is anyway": Odd(head={"b64": True}),
    "b64 that is no boolean": Odd(head={"b64": "false"}),
    "crit of nothing": Odd(head={"crit": []}),
    "zip": Odd(head={"zip": "DEF"}),
    "zip of nothing": Odd(head={"zip": None}),
    "an empty kid": Odd(head={"kid": ""}),
    "a kid that is a number": Odd(head={"kid": 1}),
    "an iat that is a text": Odd(claims={"iat": "x"}),
    "an iat that is a text of digits": Odd(claims={"iat": "1700000000"}),
    "an iat that is null": Odd(claims={"iat": None}),
    "an iat below 0": Odd(claims={"iat": -1}),
    "an iat of no year": Odd(claims={"iat": 1e18}),
    "an nbf that is null": Odd(claims={"nbf": None}),
    "an nbf that is a text": Odd(claims={"nbf": "0"}),
    "an exp that is a list": Odd(claims={"exp": [9_999_999_999]}),
    "an exp that is a boolean": Odd(claims={"exp": True}),
    "an issuer that is a list": Odd(claims={"iss": ["https://issuer.example"]}),
    "an audience that is null": Odd(claims={"aud": None}),
    "an audience beside a number": Odd(claims={"aud": ["api", 1]}),
    "an audience in a list of lists": Odd(claims={"aud": [["api"]]}),
    "a subject that is a list": Odd(claims={"sub": ["u7"]}),
    "a subject that is true": Odd(claims={"sub": True}),
    "a subject that is null": Odd(claims={"sub": None}),
    "a jti that is a number": Odd(claims={"jti": 7}),
    "a number beyond a double": Odd(raw=',"x":1e400'),
    "a number beyond a double below": Odd(raw=',"x":[{"y":-1e400}]'),
    "a whole number beyond a double": Odd(raw=f',"x":1{"0" * 400}'),
    "a number beyond a double in the header": Odd(head={"x": 10**400}),
    "no number": Odd(raw=',"x":NaN'),
    "a member twice": Odd(raw=',"x":1,"x":2'),
    "a member twice below": Odd(raw=',"x":{"y":1,"\\u0079":2}'),
    "a comma at the end": Odd(raw=","),
    "half a surrogate pair": Odd(raw=r',"x":"\ud800"'),
    "half a surrogate pair in a name": Odd(raw=r',"x":{"\udc00":1}'),
    "one level more than may be": Odd(raw=f',"x":{"[" * 100}{"]" * 100}'),
    "too deep": Odd(raw=f',"x":{"[" * 200}{"]" * 200}'),
}
