"""Decodes content codings (RFC 9110, 8.4) under a size limit.

Each body is either decoded, or the reason why it was not is reported. HTTP clients differ in which
codings they decode; a header may name a coding that the client has decoded already, or that no
server applied. So a body that is readable text and does not decode is used as it is.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any

MOST = 10 << 20
"""Most bytes of a decoded body that are evaluated."""
LONG = "it is longer than 10 MiB: only the first 10 MiB were evaluated"
NO_DECODER = "no decoder for `{}` is installed: only its headers were evaluated"
DAMAGED = "its headers say `{}`, but it is not: only its headers were evaluated"
_PIECE = 4 << 10
"""Bytes decoded at a time: the output of one piece may exceed the limit."""
_LIBRARIES = {
    "br": ("brotli", "brotlicffi"),
    "zstd": ("compression.zstd", "backports.zstd", "zstandard"),
}
_NAMES = {"x-gzip": "gzip", "x-deflate": "deflate", "zst": "zstd"}


class _Missing(Exception):
    """A content coding without an installed decoder."""


def decode(body: bytes, codings: str, *, raw: bool) -> tuple[bytes, str]:
    """(decoded body, reason why it is missing or incomplete; empty: it is complete).

    `codings`: value of `content-encoding`. `raw`: the body is as received; otherwise the client may
    have decoded it.
    """
    names = [each.strip().lower() for each in codings.split(",")]
    names = [_NAMES.get(each, each) for each in names if each not in ("", "identity")]
    whole = len(body) <= MOST
    if not names or not body or (not raw and _reads(body)):
        return body[:MOST], "" if whole else LONG
    try:
        found = body
        for name in reversed(names):
            found, cut = _decode_body(found, name)
            whole = whole and not cut
    except _Missing as missing:
        return b"", NO_DECODER.format(missing)
    except Exception:  # noqa: BLE001 - each library has errors of its own
        if _reads(body):
            return body[:MOST], "" if len(body) <= MOST else LONG
        return b"", DAMAGED.format(names[-1])
    return found, "" if whole else LONG


def _reads(body: bytes) -> bool:
    """Whether bytes look like text, by their beginning."""
    part = body[: 64 << 10]
    with suppress(UnicodeDecodeError):
        text = part.decode("utf-8") if len(part) == len(body) else part.decode("utf-8", "ignore")
        return text.isprintable() or not any(
            char < " " and char not in "\t\n\r\f\b" for char in text
        )
    return False


def _decode_body(body: bytes, name: str) -> tuple[bytes, bool]:
    """A body without one coding, and whether it was cut off."""
    if name == "gzip":
        return _read_limited(body, _members)
    if name == "deflate":
        try:
            return _read_limited(body, lambda piece: _zlib(piece, zlib.MAX_WBITS))
        except zlib.error:  # many servers omit the RFC 1950 wrapper
            return _read_limited(body, lambda piece: _zlib(piece, -zlib.MAX_WBITS))
    if name not in _LIBRARIES:
        raise _Missing(name)
    library = _library(name)
    return _read_limited(body, lambda whole: _pieces(whole, _decoder(library)))


def _read_limited(body: bytes, read: Callable[[bytes], Iterator[bytes]]) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size = 0
    for part in read(body):
        parts.append(part)
        size += len(part)
        if size > MOST:
            return b"".join(parts)[:MOST], True
    return b"".join(parts), False


def _members(body: bytes) -> Iterator[bytes]:
    """Decodes gzip, which may have several members (RFC 1952, 2.2)."""
    while body:
        reader = zlib.decompressobj(31)
        yield from _drain(reader, body)
        body = reader.unused_data.lstrip(b"\0")


def _zlib(body: bytes, bits: int) -> Iterator[bytes]:
    yield from _drain(zlib.decompressobj(bits), body)


def _drain(reader: Any, body: bytes) -> Iterator[bytes]:
    left = body
    while left:
        yield reader.decompress(left, 1 << 20)
        left = reader.unconsumed_tail
    yield reader.flush()


def _pieces(body: bytes, decode: Callable[[bytes], bytes]) -> Iterator[bytes]:
    for at in range(0, len(body), _PIECE):
        yield decode(body[at : at + _PIECE])


def _library(name: str) -> Any:
    for each in _LIBRARIES[name]:
        with suppress(ImportError):
            return import_module(each)
    raise _Missing(name)


def _decoder(library: Any) -> Callable[[bytes], bytes]:
    """How the library decodes one piece after another."""
    if hasattr(library, "Decompressor"):  # brotli
        reader = library.Decompressor()
        found: Callable[[bytes], bytes] = getattr(reader, "process", None) or reader.decompress
        return found
    if hasattr(library, "ZstdDecompressor") and hasattr(library, "ZstdCompressionParameters"):
        decode: Callable[[bytes], bytes] = library.ZstdDecompressor().decompressobj().decompress
        return decode
    plain: Callable[[bytes], bytes] = library.ZstdDecompressor().decompress
    return plain
