"""TOTP with the test vectors of RFC 6238, and what a person copies as a secret."""

from __future__ import annotations

import pytest

from oakum.scan.identities.one_time_code import OneTimeCode, Totp, totp_of

SHA1 = b"12345678901234567890"
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]
"""RFC 6238, appendix B: time, and the code with each hash, whose key is as long as the hash."""


@pytest.mark.parametrize(("at", "sha1", "sha256", "sha512"), VECTORS)
def test_codes_are_those_of_the_rfc(at: int, sha1: str, sha256: str, sha512: str) -> None:
    for hash, size, expected in (
        ("sha1", 20, sha1),
        ("sha256", 32, sha256),
        ("sha512", 64, sha512),
    ):
        assert Totp((SHA1 * 4)[:size], 8, 30, hash).code(at) == expected


@pytest.mark.parametrize(
    "text",
    [
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
        "otpauth://totp/made-up:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=made-up",
    ],
)
def test_a_secret_is_read_as_apps_show_it(text: str) -> None:
    assert totp_of(text) == Totp(SHA1)


def test_an_address_may_say_digits_period_and_hash() -> None:
    found = totp_of("otpauth://totp/x?secret=GEZDGNBV&digits=8&period=60&algorithm=SHA256")
    assert found == Totp(b"12345", 8, 60, "sha256")


@pytest.mark.parametrize(
    "text",
    [
        "", "no base32 0189", "otpauth://hotp/x?secret=GEZDGNBV&counter=1", "otpauth://totp/x",
        "otpauth://totp/x?secret=GEZDGNBV&period=0", "otpauth://totp/x?secret=GEZDGNBV&digits=99",
        "otpauth://totp/x?secret=GEZDGNBV&algorithm=MD5",
    ],
)  # fmt: skip
def test_other_text_is_no_secret(text: str) -> None:
    assert totp_of(text) is None


def test_a_variable_makes_the_code_of_the_moment_and_shows_nothing() -> None:
    now = [59.0]
    code = OneTimeCode("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", Totp(SHA1, 8), lambda: now[0])
    assert code.reveal() == "94287082"
    now[0] = 1111111109
    assert code.reveal() == "07081804"
    assert f"{code} {code!r}" == "<secret> <secret>"
