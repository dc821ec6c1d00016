"""Tokens: every algorithm that the contract may name is verified, and nothing else is believed."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey

from tests.rsa_keys import rsa_key
from tests.unit.guard.lua_state import lua_state

NOW = 1_800_000_000
ISSUER, AUDIENCE = "https://issuer.example", "api"

RSA_ONE = rsa_key(1, kid="rsa-1")
RSA_TWO = rsa_key(2, kid="rsa-2")
STRANGER = rsa_key(3, kid="rsa-1")
P256 = ECKey.generate_key("P-256", {"kid": "p256"})
P384 = ECKey.generate_key("P-384", {"kid": "p384"})
P521 = ECKey.generate_key("P-521", {"kid": "p521"})
ED25519 = OKPKey.generate_key("Ed25519", {"kid": "ed"})
SECRET = OctKey.generate_key(512, {"kid": "secret"})
EVERY = (RSA_ONE, RSA_TWO, P256, P384, P521, ED25519, SECRET)
PUBLIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
CLAIMS: Mapping[str, object] = {
    "sub": "u7",
    "iss": ISSUER,
    "aud": AUDIENCE,
    "exp": NOW + 300,
    "roles": ["staff"],
}
SIGNERS = {
    **dict.fromkeys(("HS256", "HS384", "HS512"), SECRET),
    **dict.fromkeys(PUBLIC[:6], RSA_ONE),
    **dict(zip(PUBLIC[6:], (P256, P384, P521, ED25519), strict=True)),
}

_NEW = b"""
local jwt, json = require "oakum.jwt", require "oakum.json"
local v, why = jwt.new(json.plain(...))
return v, why
"""
_VERIFY = b"""
local json = require "oakum.json"
local v, token, now = ...
local claims, why = v:verify(token, now)
if not claims then return false, why end
return true, json.text(claims.sub) or "", claims
"""


class Verifier:
    """One worker's verifier; `said` is the subject, or why there is none."""

    def __init__(self, *keys: Any, algorithms: tuple[str, ...] = PUBLIC, **more: Any) -> None:
        self.lua = lua_state("cache", "json", "jwt")
        self.answer = self.lua.execute(_NEW, _options(keys, algorithms, more))
        self.state = self.answer if not isinstance(self.answer, tuple) else self.answer[0]
        assert self.state is not None, self.answer

    def said(self, token: str | bytes, now: float = NOW) -> str:
        text = token if isinstance(token, bytes) else token.encode()
        ok, said, *_ = self.lua.execute(_VERIFY, self.state, text, now)
        return str(said.decode()) if ok else f"no: {said.decode()}"

    def rotate(self, *keys: Any, **more: Any) -> Any:
        code = b"local v, s = ... return v:rotate(require('oakum.json').plain(s).jwks)"
        return self.lua.execute(code, self.state, _options(keys, PUBLIC, more))


def _options(keys: tuple[Any, ...], algorithms: tuple[str, ...], more: dict[str, Any]) -> bytes:
    listed = [key if isinstance(key, dict) else public(key) for key in keys]
    told = {"issuer": ISSUER, "audiences": [AUDIENCE], "algorithms": algorithms}
    return json.dumps(told | {"jwks": {"keys": listed}} | more).encode()


def public(key: Any, **more: Any) -> dict[str, Any]:
    return key.as_dict(private=key.key_type == "oct") | more


def refused(*keys: Any, algorithms: tuple[str, ...] = PUBLIC, **more: Any) -> str:
    answer = lua_state("cache", "json", "jwt").execute(_NEW, _options(keys, algorithms, more))
    assert isinstance(answer, tuple) and answer[0] is None
    return str(answer[1].decode())


def b64(raw: bytes | Mapping[str, object]) -> str:
    data = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(
    key: Any = RSA_ONE, alg: str = "RS256", header: Mapping[str, object] = {}, **claims: object
) -> str:
    """A token as an issuer makes it; a claim of `None` is left out."""
    body = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return raw_signed(json.dumps(body).encode(), key, alg, header)


def raw_signed(
    payload: bytes, key: Any = RSA_ONE, alg: str = "RS256", header: Mapping[str, object] = {}
) -> str:
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    head = {"alg": alg, "kid": key.kid} | header
    told = {name: value for name, value in head.items() if value is not None}
    return jws.serialize_compact(told, payload, key, registry=registry)


def forged(
    header: bytes | Mapping[str, object], sign: Callable[[bytes], bytes] = lambda _: b"x"
) -> str:
    text = f"{b64(header)}.{b64(CLAIMS)}"
    return f"{text}.{b64(sign(text.encode()))}"


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    return Verifier(*EVERY[:-1])


# --------------------------------------------------------------------------- what is valid


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("alg", SIGNERS)
def test_each_algorithm_verifies_what_its_key_signed(alg: str) -> None:
    verifier = Verifier(*EVERY, algorithms=(alg,))
    token = signed(SIGNERS[alg], alg)
    assert verifier.said(token) == "u7"
    head, body, signature = token.split(".")
    other = "A" if signature[5] != "A" else "B"
    assert verifier.said(f"{head}.{body}.{signature[:5]}{other}{signature[6:]}") == "no: signature"
    assert verifier.said(f"{head}.{b64(CLAIMS | {'sub': 'u8'})}.{signature}") == "no: signature"


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512"])
def test_numbers_of_any_leading_bits_are_read(alg: str) -> None:
    verifier = Verifier(*EVERY, algorithms=(alg,))
    for n in range(60):  # about one in two has a leading bit, one in 128 a leading zero byte
        assert verifier.said(signed(SIGNERS[alg], alg, jti=str(n))) == "u7"


def test_the_claims_come_as_they_were_signed(verifier: Verifier) -> None:
    _, _, claims = verifier.lua.execute(_VERIFY, verifier.state, signed().encode(), NOW)
    assert claims[b"iss"] == ISSUER.encode()
    assert dict(claims[b"roles"]) == {1: b"staff", b"n": 1}
    assert claims[b"exp"][b"text"] == str(NOW + 300).encode()


def test_a_token_without_kid_is_tried_with_the_keys_that_fit(verifier: Verifier) -> None:
    assert verifier.said(signed(RSA_TWO, header={"kid": None})) == "u7"
    assert verifier.said(signed(P256, "ES256", {"kid": None})) == "u7"
    assert verifier.said(signed(STRANGER, header={"kid": None})) == "no: signature"


def test_a_key_without_kid_verifies_a_token_that_names_one() -> None:
    bare = {name: value for name, value in public(RSA_ONE).items() if name != "kid"}
    assert Verifier(bare).said(signed(RSA_ONE)) == "u7"


def test_dates_are_kept_to_the_second() -> None:
    verifier = Verifier(RSA_ONE)
    token = signed(exp=NOW + 10, nbf=NOW - 10)
    assert verifier.said(token, NOW - 11) == "no: nbf"
    assert verifier.said(token, NOW - 10) == "u7"
    assert verifier.said(token, NOW + 9.9) == "u7"
    assert verifier.said(token, NOW + 10) == "no: exp", "known already, and expired since"
    lenient = Verifier(RSA_ONE, leeway=5)
    said = [lenient.said(token, NOW + at) for at in (-16, -15, 14, 15)]
    assert said == ["no: nbf", "u7", "u7", "no: exp"]
    assert Verifier(RSA_ONE, leeway=3600).said(token, NOW + 70) == "no: exp"


def test_issuer_and_audience_are_asked_for_only_when_the_contract_names_them() -> None:
    open_to_all = Verifier(RSA_ONE, issuer="", audiences=[])
    assert open_to_all.said(signed(iss="https://other.example", aud=None)) == "u7"


@pytest.mark.parametrize("aud", [AUDIENCE, [AUDIENCE], ["other", AUDIENCE]])
def test_an_audience_is_a_text_or_a_list(verifier: Verifier, aud: object) -> None:
    assert verifier.said(signed(aud=aud)) == "u7"


# --------------------------------------------------------------------------- what is not


def _confused(secret: bytes) -> str:
    return forged(
        {"alg": "HS256", "kid": "rsa-1"}, lambda text: hmac.digest(secret, text, "sha256")
    )


def _rs256(text: bytes) -> bytes:
    return bytes(RSA_ONE.private_key.sign(text, PKCS1v15(), SHA256()))


def _ps256(text: bytes, salt: int = 32) -> bytes:
    return bytes(RSA_ONE.private_key.sign(text, PSS(MGF1(SHA256()), salt), SHA256()))


def _es256(text: bytes, longer: int = 32) -> bytes:
    r, s = decode_dss_signature(P256.private_key.sign(text, ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(longer, "big")


def _der(key: Any) -> bytes:
    return bytes(key.as_der(private=False))


_PLAIN = {"alg": "RS256", "kid": "rsa-1"}
_GOOD = signed()
_HEAD, _BODY, _SIGN = _GOOD.split(".")
_LAST = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

FORGED: Mapping[str, tuple[str | bytes, str]] = {
    "no signature, none": (f"{b64({'alg': 'none'})}.{_BODY}.", "malformed"),
    "none with a signature": (forged({"alg": "none"}), "algorithm"),
    "NONE": (forged({"alg": "NONE"}), "algorithm"),
    "another case": (forged({"alg": "rs256", "kid": "rsa-1"}, _rs256), "algorithm"),
    "no alg": (forged({"kid": "rsa-1"}), "algorithm"),
    "alg is a list": (forged({"alg": ["RS256"]}), "algorithm"),
    "hmac with the public key as PEM": (_confused(RSA_ONE.as_pem(private=False)), "algorithm"),
    "hmac with the public key as DER": (_confused(_der(RSA_ONE)), "algorithm"),
    "hmac with nothing": (_confused(b""), "algorithm"),
    "an algorithm that was not allowed": (signed(SECRET, "HS512"), "algorithm"),
    "another key of the set": (signed(RSA_ONE, header={"kid": "rsa-2"}), "signature"),
    "a key of another kind": (signed(RSA_ONE, header={"kid": "p256"}), "signature"),
    "a stranger's key": (signed(STRANGER), "signature"),
    "kid is a path": (signed(STRANGER, header={"kid": "../../dev/null"}), "signature"),
    "kid is a query": (signed(STRANGER, header={"kid": "' or 1=1 --"}), "signature"),
    "kid is a number": (forged({"alg": "RS256", "kid": 7}), "malformed"),
    "kid is null": (forged({"alg": "RS256", "kid": None}), "malformed"),
    "brings its own key": (signed(STRANGER, header={"jwk": public(STRANGER)}), "signature"),
    "says where its key is": (
        signed(STRANGER, header={"jku": "https://evil.example/jwks"}), "signature"),
    "brings its own certificate": (
        signed(STRANGER, header={"x5u": "https://evil.example/x", "x5c": ["MIIB"]}), "signature"),
    "crit": (forged({"alg": "RS256", "kid": "rsa-1", "crit": ["exp"]}), "crit"),
    "crit of nothing": (forged({"alg": "RS256", "kid": "rsa-1", "crit": []}), "crit"),
    "expired": (signed(exp=NOW), "exp"),
    "no exp": (signed(exp=None), "exp"),
    "exp is a text": (signed(exp=str(NOW + 300)), "exp"),
    "exp is huge": (signed(exp=1e300), "exp"),
    "exp is infinite": (raw_signed(b'{"sub":"u7","exp":1e999}'), "malformed"),
    "exp is negative": (signed(exp=-1), "exp"),
    "exp is true": (signed(exp=True), "exp"),
    "exp is a list": (signed(exp=[NOW + 300]), "exp"),
    "exp is null": (raw_signed(b'{"sub":"u7","exp":null}'), "exp"),
    "not yet": (signed(nbf=NOW + 1), "nbf"),
    "nbf is negative": (signed(nbf=-1), "nbf"),
    "nbf is a text": (signed(nbf="0"), "nbf"),
    "another issuer": (signed(iss=ISSUER + "/"), "iss"),
    "no issuer": (signed(iss=None), "iss"),
    "issuer is a list": (signed(iss=[ISSUER]), "iss"),
    "another audience": (signed(aud="other"), "aud"),
    "no audience": (signed(aud=None), "aud"),
    "other audiences": (signed(aud=["other", "another"]), "aud"),
    "an audience that is no text": (signed(aud=[AUDIENCE, 1]), "aud"),
    "audience is an object": (signed(aud={AUDIENCE: AUDIENCE}), "aud"),
    "a signature cut short": (forged(_PLAIN, lambda text: _rs256(text)[:-1]), "signature"),
    "half a signature": (forged(_PLAIN, lambda text: _rs256(text)[:128]), "signature"),
    "a signature that goes on": (forged(_PLAIN, lambda text: _rs256(text) + b"\0"), "signature"),
    "no signature": (f"{_HEAD}.{_BODY}.", "malformed"),
    "two segments": (f"{_HEAD}.{_BODY}", "malformed"),
    "a fourth segment": (f"{_GOOD}.{_SIGN}", "malformed"),
    "a dot at the end": (f"{_GOOD}.", "malformed"),
    "nothing": ("", "malformed"),
    "dots": ("..", "malformed"),
    "padding": (f"{_GOOD}==", "malformed"),
    "the other alphabet": (_GOOD.replace("-", "+").replace("_", "/"), "malformed"),
    "bits past the last byte": (
        f"{_HEAD}.{_BODY}.{_SIGN[:-1]}{_LAST[_LAST.index(_SIGN[-1]) + 1]}", "malformed"),
    "a space in front": (f" {_GOOD}", "malformed"),
    "a line end behind": (f"{_GOOD}\n", "malformed"),
    "a NUL in the middle": (_GOOD.replace(".", ".\0", 1), "malformed"),
    "a NUL behind": (f"{_GOOD}\0", "malformed"),
    "too long": (f"{_GOOD}{'A' * 20_000}", "too long"),
    "zeros as a signature": (
        forged({"alg": "ES256", "kid": "p256"}, lambda _: bytes(64)), "signature"),
    "zero and one as a signature": (
        forged({"alg": "ES256", "kid": "p256"}, lambda _: bytes(63) + b"\1"), "signature"),
    "a signature as DER": (
        forged({"alg": "ES256", "kid": "p256"},
               lambda text: P256.private_key.sign(text, ECDSA(SHA256()))), "signature"),
    "a signature with a longer number": (
        forged({"alg": "ES256", "kid": "p256"}, lambda text: _es256(text, 33)), "signature"),
    "zeros for Ed25519": (
        forged({"alg": "EdDSA", "kid": "ed"}, lambda _: bytes(64)), "signature"),
    "PSS where PKCS 1 is named": (forged(_PLAIN, _ps256), "signature"),
    "PKCS 1 where PSS is named": (forged({"alg": "PS256", "kid": "rsa-1"}, _rs256), "signature"),
    "PSS with no salt": (
        forged({"alg": "PS256", "kid": "rsa-1"}, lambda text: _ps256(text, 0)), "signature"),
    "another digest than named": (
        forged({"alg": "RS512", "kid": "rsa-1"}, _rs256), "signature"),
    "alg twice": (forged(b'{"alg":"none","alg":"RS256","kid":"rsa-1"}', _rs256), "malformed"),
    "exp twice": (raw_signed(
        f'{{"sub":"u7","iss":"{ISSUER}","aud":"api","exp":1,"exp":{NOW + 300}}}'.encode()),
        "malformed"),
    "sub twice, once escaped": (raw_signed(
        f'{{"sub":"u7","s\\u0075b":"u8","iss":"{ISSUER}","aud":"api","exp":{NOW + 300}}}'.encode()),
        "malformed"),
    "a header that is no object": (f"{b64(b'[]')}.{_BODY}.{_SIGN}", "malformed"),
    "claims that are no object": (raw_signed(b'"u7"'), "malformed"),
    "claims that are no JSON": (raw_signed(b"{sub: u7}"), "malformed"),
    "claims that are no UTF-8": (raw_signed(b'{"sub":"\xff","exp":1}'), "malformed"),
    "a header with more behind it": (
        forged(b'{"alg":"RS256","kid":"rsa-1"}{}', _rs256), "malformed"),
    "a header after a byte order mark": (
        forged(b'\xef\xbb\xbf{"alg":"RS256","kid":"rsa-1"}', _rs256), "malformed"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FORGED)
def test_forged_and_invalid_tokens_are_refused(verifier: Verifier, kind: str) -> None:
    token, why = FORGED[kind]
    assert verifier.said(_GOOD) == "u7"
    assert verifier.said(forged(_PLAIN, _rs256)) == "u7"
    assert verifier.said(forged({"alg": "PS256"}, _ps256)) == "u7"
    assert verifier.said(forged({"alg": "ES256"}, _es256)) == "u7"
    assert verifier.said(token) == f"no: {why}"
    assert verifier.said(token) == f"no: {why}", "refused once, taken from memory then"


def test_a_weak_signature_scheme_is_not_taken_for_another_of_the_same_key() -> None:
    verifier = Verifier(public(RSA_ONE, alg="RS512"))
    assert verifier.said(signed(alg="RS512")) == "u7"
    assert verifier.said(signed(alg="RS256")) == "no: signature"


def test_hmac_takes_the_secret_and_never_the_public_key_beside_it() -> None:
    verifier = Verifier(SECRET, RSA_ONE, algorithms=("HS256",))
    assert verifier.said(signed(SECRET, "HS256")) == "u7"
    assert verifier.said(_confused(RSA_ONE.as_pem(private=False))) == "no: signature"
    assert verifier.said(_confused(_der(RSA_ONE))) == "no: signature"
    assert verifier.said(signed(RSA_ONE)) == "no: algorithm"


@pytest.mark.parametrize("length", [*range(1, 32), 33, 64])
def test_a_part_of_the_right_hmac_is_not_it(length: int) -> None:
    def cut(text: bytes) -> bytes:
        return (hmac.digest(SECRET.raw_value, text, "sha256") + bytes(32))[:length]

    verifier = Verifier(SECRET, algorithms=("HS256",))
    assert verifier.said(forged({"alg": "HS256"}, cut)) == "no: signature"


# --------------------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("key", "algorithms"),
    [
        (public(RSA_ONE, use="enc"), PUBLIC),
        (public(RSA_ONE, key_ops=["encrypt"]), PUBLIC),
        (public(RSA_ONE), ("ES256",)),
        (public(P256), ("ES384",)),
        (public(P256, crv="P-384"), PUBLIC),
        (public(P256, x=b64(bytes(32))), PUBLIC),
        (public(P256, y=public(P256)["y"][:-2]), PUBLIC),
        (public(ED25519, crv="X25519"), PUBLIC),
        (public(RSA_ONE, e=b64(b"\1")), PUBLIC),
        (public(RSA_ONE, n=b64(b"\xff" * 255)), PUBLIC),
        (public(RSA_ONE, n=b64(b"\x7f" + b"\xff" * 255)), PUBLIC),
        (public(RSA_ONE, n=public(RSA_ONE)["n"] + "=="), PUBLIC),
        (public(RSA_ONE, kty="oct"), PUBLIC),
        ({"kty": "oct", "k": b64(b"k" * 31)}, ("HS256",)),
        ({"kty": "oct", "k": ""}, ("HS256",)),
        ({}, PUBLIC),
    ],
)
def test_a_key_that_does_not_fit_is_not_used(key: Any, algorithms: tuple[str, ...]) -> None:
    why = refused(key, algorithms=algorithms)
    assert why == "no key of the set fits an allowed algorithm"


def test_a_secret_is_as_long_as_the_digest() -> None:
    verifier = Verifier(OctKey.import_key(b"k" * 32), algorithms=("HS256", "HS512"))
    key = OctKey.import_key(b"k" * 32)
    assert verifier.said(signed(key, "HS256", {"kid": None})) == "u7"
    assert verifier.said(signed(key, "HS512", {"kid": None})) == "no: signature"


def test_what_is_no_key_set_or_no_algorithm_is_said() -> None:
    assert refused(jwks={"key": []}) == "the key set has no `keys`"
    assert refused(RSA_ONE, algorithms=("none",)) == "the algorithm `none` is not known"


def test_new_keys_end_what_the_old_ones_signed() -> None:
    verifier = Verifier(RSA_ONE)
    token = signed(RSA_ONE)
    assert verifier.said(token) == "u7"
    for answer in ({"key": []}, {"keys": 5}, {"keys": None}, {"error": "unavailable"}, []):
        assert verifier.rotate(jwks=answer) == (None, b"the key set has no `keys`")
        assert verifier.said(token) == "u7", "what is no key set must not shut everybody out"
    assert verifier.rotate(RSA_TWO) is True
    assert verifier.said(token) == "no: signature"
    assert verifier.said(signed(RSA_TWO)) == "u7"


def test_a_set_without_a_usable_key_withdraws_all() -> None:
    for withdrawn in ({"keys": []}, {"keys": [{"kty": "unknown"}]}):
        verifier = Verifier(RSA_ONE)
        assert verifier.said(signed(RSA_ONE)) == "u7"
        assert verifier.rotate(jwks=withdrawn) is False
        assert verifier.said(signed(RSA_ONE)) == "no: signature"
        assert verifier.rotate(RSA_TWO) is True
        assert verifier.said(signed(RSA_TWO)) == "u7"


def test_a_known_token_costs_no_signature_and_memory_is_bounded() -> None:
    verifier = Verifier(RSA_ONE)
    many = [signed(RSA_ONE, jti=f"{n}{'x' * 6000}") for n in range(300)]
    for token in many:
        assert verifier.said(token) == "u7"
    held = verifier.lua.eval(
        b"function(v) local n = 0 for _, t in ipairs({v.known.young, v.known.old}) do"
        b" for k in pairs(t) do n = n + #k end end return n end"
    )(verifier.state)
    assert 0 < held < 2 * 2**21
    cold, warm = (_microseconds(verifier, many[:200], again) for again in (False, True))
    assert warm < cold / 3, (cold, warm)


def _microseconds(verifier: Verifier, tokens: list[str], again: bool) -> float:
    """Of one verification, of different tokens or of one."""
    verifier.rotate(RSA_ONE)
    texts = [(tokens[0] if again else token).encode() for token in tokens]
    listed = verifier.lua.table_from(texts)
    loop = verifier.lua.eval(
        b"function(v, list, now) for i = 1, #list do v:verify(list[i], now) end end"
    )
    start = time.perf_counter()
    loop(verifier.state, listed, NOW)
    return (time.perf_counter() - start) / len(tokens) * 1e6
