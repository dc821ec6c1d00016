"""Keys of tokens that are words: told without asking anybody."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from oakum.scan.techniques.jwt_secrets_and_unsafe_gets import algorithm_with, guesses

HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def bare(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def token(algorithm: str, key: bytes, claims: dict[str, str]) -> str:
    header = json.dumps({"alg": algorithm}).encode()
    text = f"{bare(header)}.{bare(json.dumps(claims).encode())}"
    made = hmac.new(key, text.encode(), HASHES[algorithm]).digest()
    return f"{text}.{bare(made)}"


@given(
    st.sampled_from(sorted(HASHES)),
    st.sampled_from(list(guesses(["acme"]))),
    st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=3),
)
def test_a_key_among_the_guesses_is_always_found(
    algorithm: str, key: str, claims: dict[str, str]
) -> None:
    assert algorithm_with(token(algorithm, key.encode(), claims), guesses(["acme"])) == algorithm


@given(st.sampled_from(sorted(HASHES)), st.binary(min_size=16, max_size=64))
def test_a_random_key_is_never_found(algorithm: str, key: bytes) -> None:
    assume(key.rstrip(b"\0") not in {each.encode() for each in guesses(["acme"])})  # HMAC pads
    assert algorithm_with(token(algorithm, key, {"sub": "1"}), guesses(["acme"])) == ""


@pytest.mark.parametrize(
    "text", ["", "..", "a.b.c", "e30.e30.", "bnVsbA.e30.AAAA", "W10.e30.AAAA", "é.é.é"]
)
def test_what_is_no_signed_token_is_none(text: str) -> None:
    assert algorithm_with(text, guesses([])) == ""
