"""The origin of a URL (RFC 6454, 6.1)."""

from __future__ import annotations

from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}
"""Scheme → the port that an origin leaves out."""


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, the default port left out: `https://api.example`."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = parts.port if parts.port != PORTS.get(parts.scheme) else None
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")
