"""Parses media types (RFC 9110, 8.3.1) of headers and documents."""

from __future__ import annotations

EVENTS = "text/event-stream"
LINES = frozenset(
    {
        "application/x-ndjson", "application/ndjson", "application/jsonl",
        "application/x-jsonlines", "application/json-seq", "application/stream+json",
    }
)  # fmt: skip
"""Media types of JSON texts one after the other."""


def essence(said: str) -> str:
    """`type/subtype` in lower case, without parameters; empty without a media type."""
    return said.partition(";")[0].strip().lower()


def is_json(said: str) -> bool:
    """Whether a media type, with or without parameters, is JSON (RFC 8259, RFC 6839)."""
    base = essence(said)
    return base == "application/json" or base.endswith("+json")


def is_feed(said: str) -> bool:
    """Whether a media type is a stream of events, each of which is read by itself."""
    return essence(said) in {EVENTS, *LINES}


def covers_json(said: str) -> bool:
    """Whether a declared media type is JSON, or a range that includes JSON (RFC 9110, 12.5.1)."""
    return is_json(said) or essence(said) in ("*/*", "application/*")
