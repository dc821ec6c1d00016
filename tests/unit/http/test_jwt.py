from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest

from oakum.http.jwt import base64url_bytes, claims_of


def token(payload: bytes) -> str:
    return f"e30.{urlsafe_b64encode(payload).decode().rstrip('=')}.c2ln"


def test_base64url_is_read_padded_or_not() -> None:
    assert base64url_bytes("_-8") == base64url_bytes("_-8=") == b"\xff\xef"


def test_what_is_no_base64url_is_refused() -> None:
    for text in ("a", "a b0", "ä"):
        with pytest.raises(ValueError):
            base64url_bytes(text)


def test_the_claims_of_a_token_are_read_whoever_signed_it() -> None:
    assert claims_of(token(b'{"sub":123456789012345678901234567890}')) == {
        "sub": 123456789012345678901234567890
    }


@pytest.mark.parametrize(
    "text", ["", "opaque", "a.b", token(b"[1]"), token(b"{"), token(b"[" * 99999), "e30.*.c2ln"]
)
def test_what_is_no_token_has_no_claims(text: str) -> None:
    assert claims_of(text) == {}
