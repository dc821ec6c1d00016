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
    """What is sent. `url` is absolute; `headers` hold no duplicates, names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    certificate: str = ""
    """Identity whose client certificate the connection shows; empty: none."""

    @property
    def media_type(self) -> str:
        """The media type of the body without its parameters, in lower case; empty when not said."""
        return essence(self.headers.get("content-type", ""))


@dataclass(frozen=True)
class Response:
    """What came back; header names in lower case, repeated values joined by a comma."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Cookies set; one that is taken away has the value ""."""
    truncated: bool = False
    """The body was longer than what was read of it."""
    cookie_paths: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Cookies set for a part of the host → the path of it (RFC 6265, 5.2.4)."""

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
    """A value as JSON text in UTF-8 (RFC 8259), whatever an API may have put into it: integers
    of any size, and halves of surrogate pairs, which are escaped. `sort`: members by name. Raises
    `ValueError` for what JSON cannot say, and `RecursionError` for what is nested too deep."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if sort else None)
    except orjson.JSONEncodeError:
        text = json.dumps(
            value, allow_nan=False, separators=(",", ":"), default=list, sort_keys=sort
        )
        return text.encode()
