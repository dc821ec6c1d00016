"""One question to an API and its answer, as every layer above the core sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """What is sent. `url` is absolute; `headers` hold no duplicates, names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


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

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case; empty when not said."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """True for `application/json` and any `+json`."""
        return self.media_type == "application/json" or self.media_type.endswith("+json")


@dataclass(frozen=True)
class Exchange:
    """A request with its response."""

    request: Request
    response: Response
