"""A request and its response as values that every layer above the core uses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from oakum.http.media_type import essence, is_json


@dataclass(frozen=True)
class Request:
    """A request. `url` is absolute; header names are lower case and unique."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    certificate: str = ""
    """Name of the identity whose TLS client certificate is used; empty: none."""

    @property
    def media_type(self) -> str:
        """The media type of the body without its parameters, in lower case; empty when not said."""
        return essence(self.headers.get("content-type", ""))


@dataclass(frozen=True)
class Response:
    """A response; header names are lower case, repeated values joined by a comma."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Cookies set by the response; a deleted cookie has the value ""."""
    truncated: bool = False
    """Whether the body was longer than the part that was read."""
    cookie_paths: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Cookie → its path, for cookies limited to a part of the host (RFC 6265, 5.2.4)."""

    @property
    def ok(self) -> bool:
        """Whether the request succeeded (RFC 9110, 15.3)."""
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case; empty when not said."""
        return essence(self.headers.get("content-type", ""))

    @property
    def is_json(self) -> bool:
        """True for `application/json` and any `+json`."""
        return is_json(self.media_type)


@dataclass(frozen=True)
class Exchange:
    """A request with its response."""

    request: Request
    response: Response


def json_bytes(value: Any, *, sort: bool = False) -> bytes:
    """A value as JSON text in UTF-8 (RFC 8259), including integers of any size and lone surrogates,
    which are escaped. `sort`: order members by name. Raises `ValueError` for values outside JSON,
    such as NaN, and `RecursionError` for too deep nesting."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if sort else None)
    except orjson.JSONEncodeError:
        text = json.dumps(
            value, allow_nan=False, separators=(",", ":"), default=list, sort_keys=sort
        )
        return text.encode()
