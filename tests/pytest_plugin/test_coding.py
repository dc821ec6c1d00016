"""A body is read, or it is said truly why it was not."""

from __future__ import annotations

import gzip
import os
import zlib

import pytest
import zstandard

from oakum.pytest_plugin import content_coding
from oakum.pytest_plugin.content_coding import LONG, MOST, decode

TEXT = b'{"email": "ann@club.test"}'


def bare(data: bytes) -> bytes:
    """Deflate without the wrapper of zlib, as many servers send it."""
    made = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return made.compress(data) + made.flush()


CODED = {
    "gzip": ("gzip", gzip.compress(TEXT)),
    "by its former name, in capitals": ("X-GZIP", gzip.compress(TEXT)),
    "two members": ("gzip", gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:])),
    "deflate": ("deflate", zlib.compress(TEXT)),
    "deflate without a wrapper": ("deflate", bare(TEXT)),
    "zstd": ("zstd", zstandard.compress(TEXT)),
    "one after another": ("deflate, gzip", gzip.compress(zlib.compress(TEXT))),
    "identity": ("identity", TEXT),
    "none": ("", TEXT),
    "not as it says": ("gzip", TEXT),
    "not as it says, in a coding without marks": ("deflate", TEXT),
}


@pytest.mark.parametrize("how", CODED)
def test_a_coding_is_taken_off(how: str) -> None:
    said, body = CODED[how]
    assert decode(body, said, raw=True) == (TEXT, "")


@pytest.mark.parametrize("said", ["gzip", "deflate", "br", "x-own"])
def test_what_the_client_has_decoded_is_taken_as_it_stands(said: str) -> None:
    assert decode(TEXT, said, raw=False) == (TEXT, "")


def test_a_client_that_left_it_coded_is_read_all_the_same() -> None:
    assert decode(gzip.compress(TEXT), "gzip", raw=False) == (TEXT, "")


def test_what_cannot_be_decoded_is_said_not_to_have_been_read() -> None:
    body, why = decode(os.urandom(64), "x-own", raw=True)
    assert (body, why) == (b"", content_coding.NO_DECODER.format("x-own"))
    body, why = decode(b"\x1f\x8b" + os.urandom(64), "gzip", raw=True)
    assert (body, why) == (b"", content_coding.DAMAGED.format("gzip"))


@pytest.mark.parametrize("said", ["gzip", "zstd"])
def test_a_body_that_grows_is_read_up_to_the_limit_and_said_to_be(said: str) -> None:
    large = bytes(MOST + 1)
    packed = gzip.compress(large) if said == "gzip" else zstandard.compress(large)
    body, why = decode(packed, said, raw=True)
    assert (len(body), why) == (MOST, LONG)
