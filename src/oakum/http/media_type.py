"""Media types (RFC 9110, 8.3.1), as a header or a document says them."""

from __future__ import annotations


def essence(said: str) -> str:
    """`type/subtype` in lower case, without parameters; empty without a media type."""
    return said.partition(";")[0].strip().lower()


def is_json(said: str) -> bool:
    """Whether a media type, with or without parameters, is JSON (RFC 8259, RFC 6839)."""
    base = essence(said)
    return base == "application/json" or base.endswith("+json")


def covers_json(said: str) -> bool:
    """Whether a media type of a document is JSON, or a range that JSON is in (RFC 9110, 12.5.1)."""
    return is_json(said) or essence(said) in ("*/*", "application/*")
