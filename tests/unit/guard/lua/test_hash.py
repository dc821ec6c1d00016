"""Hashes of the runtime against published vectors and against Python's own."""

from __future__ import annotations

import hashlib
import hmac
import random
from typing import Any

import pytest

from tests.unit.guard.lua_state import lua_state


@pytest.fixture(scope="module")
def hashes() -> Any:
    return lua_state("hash").eval(b'require "oakum.hash"')


@pytest.mark.parametrize(  # FIPS 180-4 and the examples of NIST
    ("text", "digest"),
    [
        (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (b"a" * 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ],
)
def test_sha256_as_published(hashes: Any, text: bytes, digest: str) -> None:
    assert hashes[b"sha256_hex"](text) == digest.encode()
    assert hashes[b"sha256"](text).hex() == digest


@pytest.mark.parametrize(  # RFC 4231, 4.2 to 4.8 without the truncated one
    ("key", "text", "digest"),
    [
        (
            b"\x0b" * 20,
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            b"\xaa" * 20,
            b"\xdd" * 50,
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (
            bytes(range(1, 26)),
            b"\xcd" * 50,
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            b"\xaa" * 131,
            b"This is a test using a larger than block-size key and a larger than block-size data."
            b" The key needs to be hashed before being used by the HMAC algorithm.",
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    ],
)
def test_hmac_as_published(hashes: Any, key: bytes, text: bytes, digest: str) -> None:
    assert hashes[b"hmac_hex"](key, text) == digest.encode()
    assert hashes[b"hmac"](key, text).hex() == digest


def test_every_length_around_the_blocks_agrees_with_python(hashes: Any) -> None:
    chance = random.Random(4)
    for length in range(200):
        text, key = chance.randbytes(length), chance.randbytes(length)
        assert hashes[b"sha256"](text) == hashlib.sha256(text).digest(), length
        assert hashes[b"hmac"](key, text) == hmac.digest(key, text, "sha256"), length


def _half_sip(text: bytes, k0: int, k1: int) -> tuple[int, int]:
    """HalfSipHash-2-4 with 64 bits, after its description, on unsigned integers."""
    v = [k0, k1 ^ 0xEE, 0x6C796765 ^ k0, 0x74656462 ^ k1]

    def rotated(number: int, by: int) -> int:
        return (number << by | number >> (32 - by)) & 0xFFFFFFFF

    def rounds(count: int) -> None:
        for _ in range(count):
            for a, b, by, then in ((0, 1, 5, 16), (2, 3, 8, 0), (0, 3, 7, 0), (2, 1, 13, 16)):
                v[a] = (v[a] + v[b]) & 0xFFFFFFFF
                v[b] = rotated(v[b], by) ^ v[a]
                v[a] = rotated(v[a], then) if then else v[a]

    whole = len(text) // 4 * 4
    last = text[whole:].ljust(3, b"\0") + bytes([len(text) & 255])
    for at in range(0, whole, 4):
        word = int.from_bytes(text[at : at + 4], "little")
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    word = int.from_bytes(last, "little")
    v[3] ^= word
    rounds(2)
    v[0] ^= word
    v[2] ^= 0xEE
    rounds(4)
    first = v[1] ^ v[3]
    v[1] ^= 0xDD
    rounds(4)
    return first, v[1] ^ v[3]


def _signed(number: int) -> int:
    return number - (1 << 32) if number >> 31 else number


def test_the_hash_of_tables_is_the_published_one(hashes: Any) -> None:
    k0, k1 = 0x03020100, 0x07060504
    empty = bytes.fromhex("218d1f59b9b83cc8")  # the first vector of the reference
    assert _half_sip(b"", k0, k1) == tuple(
        int.from_bytes(empty[at : at + 4], "little") for at in (0, 4)
    )
    chance = random.Random(7)
    for length in range(70):
        text, k0, k1 = chance.randbytes(length), chance.getrandbits(32), chance.getrandbits(32)
        found = hashes[b"fast"](text, _signed(k0), _signed(k1))
        assert found == tuple(_signed(half) for half in _half_sip(text, k0, k1)), length


def test_random_bytes_are_as_many_as_asked_for_and_differ(hashes: Any) -> None:
    drawn = {hashes[b"random"](16) for _ in range(4)}
    assert len(drawn) == 4
    assert {len(each) for each in drawn} == {16}
