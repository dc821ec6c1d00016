"""Injective encoding of texts as bytes, and a digest of several texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def octets(text: str) -> bytes:
    """UTF-8, also of a lone surrogate, which JSON may contain. No two texts share their bytes."""
    return text.encode("utf-8", "surrogatepass")


def sha256_of_texts(parts: Iterable[str]) -> str:
    """SHA-256 of several texts, to recognise them without storing them. Each is preceded by its
    length, so that different lists never have the same input."""
    raw = (octets(part) for part in parts)
    return hashlib.sha256(b"".join(len(each).to_bytes(4) + each for each in raw)).hexdigest()
