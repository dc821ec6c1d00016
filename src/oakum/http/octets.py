"""Texts as bytes of which no two are the same, and a digest of several texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def octets(text: str) -> bytes:
    """UTF-8, also of a lone surrogate, which JSON may contain. No two texts share their bytes."""
    return text.encode("utf-8", "surrogatepass")


def sha256_of_texts(parts: Iterable[str]) -> str:
    """SHA-256 of several texts, by which they are recognised without being stored. Each has its
    length before it, so that no text runs into the next."""
    raw = (octets(part) for part in parts)
    return hashlib.sha256(b"".join(len(each).to_bytes(4) + each for each in raw)).hexdigest()
