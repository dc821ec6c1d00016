"""Tokens: what is believed, and everything else that looks like one."""

from __future__ import annotations

import hmac
import json
import sys
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from joserfc import jwk, jws

from oakum.errors import InputError, Location
from oakum.guard.jwt_verification import verifier
from oakum.policy.model import Tokens
from tests.rsa_keys import rsa_key
from tests.unit.guard.talk import Clock

RSA = rsa_key(1, kid="r1", use="sig")
EC = jwk.ECKey.generate_key("P-256", {"kid": "e1"})
ED = jwk.OKPKey.generate_key("Ed25519")
SECRET = jwk.OctKey.import_key(b"s" * 32, {"kid": "o1"})
CLOCK = Clock()
GOOD = {"sub": "ann", "exp": CLOCK.at + 60, "aud": "api", "iss": "https://id.test"}
SAID = Tokens("keys.json", ("RS256",), "https://id.test", ("api",), Location("e.yaml", 3, 1))


def jwks(*keys: Any) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=key.key_type == "oct") for key in keys]}


def token(claims: Any = GOOD, key: Any = RSA, alg: str = "RS256", **header: Any) -> str:
    raw = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return jws.serialize_compact({"alg": alg, **header}, raw, key, algorithms=[alg])


def part(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def unsigned(header: dict[str, Any]) -> str:
    return f"{part(json.dumps(header).encode())}.{part(json.dumps(GOOD).encode())}."


def confused() -> str:
    """Signed with the public key as if it were a shared secret (RFC 8725, 2.1)."""
    text = unsigned({"alg": "HS256"})[:-1]
    secret = RSA.as_pem(private=False)
    return f"{text}.{part(hmac.digest(secret, text.encode(), 'sha256'))}"


VERIFY = verifier(SAID, jwks(RSA), CLOCK)


def test_the_claims_of_a_valid_token_are_its_members() -> None:
    assert VERIFY(token(kid="r1")) == GOOD
    assert VERIFY(token()) == GOOD


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": None}, {"exp": CLOCK.at}, {"exp": "2999"}, {"exp": True}, {"exp": 1e18},
        {"nbf": CLOCK.at + 1}, {"nbf": "0"}, {"iss": "https://evil.test"}, {"iss": None},
        {"aud": "other"}, {"aud": None}, {"aud": ["api", 7]}, {"aud": []},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_for_another_time_or_place_is_none(changed: dict[str, Any]) -> None:
    claims = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    assert VERIFY(token(claims)) is None


def test_an_audience_may_stand_among_others() -> None:
    assert VERIFY(token({**GOOD, "aud": ["other", "api"]})) is not None


def test_a_token_ends_when_its_time_comes() -> None:
    clock = Clock()
    verify = verifier(SAID, jwks(RSA), clock)
    good = token()
    assert verify(good)
    clock.at += 60
    assert verify(good) is None


FORGED = {
    "no algorithm": unsigned({"alg": "none"}),
    "no algorithm, in capitals": unsigned({"alg": "NONE"}),
    "another key": token(key=rsa_key(2)),
    "another key of the set's name": token(key=rsa_key(2), kid="r1"),
    "a key that is not there": token(kid="other"),
    "the public key as a secret": confused(),
    "an algorithm that is not allowed": token(alg="PS256"),
    "one more part": token() + ".x",
    "another signature": token()[:-8] + "AAAAAAAA",
    "an empty signature": unsigned({"alg": "RS256"}),
    "a space": token() + " ",
    "no claims": token(b"[]"),
    "claims that can be read in two ways": token(b'{"sub":"ann","sub":"bob","exp":1e12}'),
    "too long": token({**GOOD, "x": "y" * 20_000}),
    "nothing": "",
    "words": "a.b.c",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_what_only_looks_like_a_token_is_none(forged: str) -> None:
    assert VERIFY(forged) is None


def test_crit_is_refused_whatever_it_names() -> None:
    header = {"alg": "RS256", "crit": ["b64"], "b64": True}
    made = jws.serialize_compact(
        header, json.dumps(GOOD).encode(), RSA, registry=jws.JWSRegistry(algorithms=["RS256"])
    )
    assert VERIFY(made) is None


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize(
    ("key", "alg"), [(EC, "ES256"), (ED, "EdDSA"), (SECRET, "HS256"), (RSA, "PS256")]
)
def test_each_kind_of_key_verifies_by_its_algorithms_only(key: Any, alg: str) -> None:
    said = Tokens("keys.json", (alg,), "https://id.test", ("api",))
    assert verifier(said, jwks(RSA, EC, ED, SECRET), CLOCK)(token(key=key, alg=alg)) == GOOD
    if key is not RSA:
        assert verifier(said, jwks(EC, ED, SECRET), CLOCK)(token()) is None


def test_a_key_that_fits_no_algorithm_is_told() -> None:
    short = jwk.OctKey.import_key(b"s" * 31)
    for alg, keys in (("RS256", (EC,)), ("HS256", (short,)), ("ES256", (RSA,))):
        with pytest.raises(InputError, match=r"e.yaml:3:1: no key of `keys.json` fits"):
            verifier(
                Tokens("keys.json", (alg,), location=Location("e.yaml", 3, 1)), jwks(*keys), CLOCK
            )


def test_without_joserfc_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sys.modules]:
        if name.partition(".")[0] == "joserfc":
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "joserfc", None)
    with pytest.raises(InputError, match=r"e.yaml:3:1: .*not installed; .*'\.\[jwt\]'"):
        verifier(SAID, {"keys": []}, CLOCK)
