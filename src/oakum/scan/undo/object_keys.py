"""Keys of objects, as they stand in the paths of requests."""

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
    """Whether a server that decodes a path before it routes, and merges `/`, may take the key for
    another one: `7/` for `7`."""
    return "" in _pieces(key)


def for_key(request: Request, key: str) -> Request:
    """A request for the object with a key, which is sent in one piece."""
    return replace(request, url=request.url.replace("{key}", quote(key, safe="")))


def _pieces(key: str) -> set[str]:
    return {*key.replace("\\", "/").split("/")}
