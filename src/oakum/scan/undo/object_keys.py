"""Keys of objects as segments of request paths."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from oakum.exchange import Request
from oakum.openapi.model import Json


def in_path(key: Json) -> str:
    """A key for use in a path; empty if it would name another one (`..`, or an empty one)."""
    text = str(key) if isinstance(key, str | int) and not isinstance(key, bool) else ""
    pieces = _pieces(text)
    return "" if {".", ".."} & pieces or pieces == {""} else text


def may_lose_a_piece(key: str) -> bool:
    """Whether a server that decodes a path before routing, and merges `/`, may read another key:
    `7` instead of `7/`."""
    return "" in _pieces(key)


def for_key(request: Request, key: str) -> Request:
    """A request for the object with this key, which becomes a single path segment."""
    return replace(request, url=request.url.replace("{key}", quote(key, safe="")))


def _pieces(key: str) -> set[str]:
    return {*key.replace("\\", "/").split("/")}
