"""The only parser of `content-type` and `content-encoding`.

A body is forwarded with the media type that the guard judged it by, in the guard's own spelling. So
a value is parsed by the whole grammar (RFC 9110, 8.3.1 and 5.6.6) or not at all. A value that
another parser might read otherwise is refused: a repeated parameter, one that is continued or
encoded (RFC 2231), a quoted text that could be cut at a separator, a name that contains another
(CWE-436).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TYPE = re.compile(rf"[ \t]*({_TOKEN})/({_TOKEN})")
_PARAMETER = re.compile(rf'[ \t]*;[ \t]*(?:({_TOKEN})=(?:({_TOKEN})|"([^"\\]*)"))?')
_PLAIN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z/:?@()-]+")
"""Allowed characters of a parameter value: no parser splits at any of them."""
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_./:=?-]{1,70}")
"""Multipart boundary by RFC 2046, 5.1.1, without comma and space."""
_AT_HEART = ("charset", "boundary", "encoding")
"""Parameters that decide how a body is read; a name that merely contains one is rejected."""
UTF_8 = frozenset(("utf-8", "utf8"))
FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
FEEDS = {
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "text/event-stream": "sse",
}
"""Media types of streams → how they are split into events."""


@dataclass(frozen=True)
class MediaType:
    """A media type without ambiguity."""

    type: str
    """`type/subtype` in lower case."""
    params: tuple[tuple[str, str], ...] = ()
    """Parameters in order, each once; names and charset in lower case."""

    @property
    def charset(self) -> str:
        """The charset; empty when not given."""
        return dict(self.params).get("charset", "")

    @property
    def is_utf_8(self) -> bool:
        """Whether the charset is UTF-8 or not given."""
        return self.charset in ("", "utf-8")

    def __str__(self) -> str:
        """The canonical value that the guard writes."""
        return self.type + "".join(
            f"; {name}={value}" if re.fullmatch(_TOKEN, value) else f'; {name}="{value}"'
            for name, value in self.params
        )


def read_media_type(values: Sequence[str]) -> MediaType | None:
    """Parses the values of all `content-type` headers; None unless there is exactly one and it is
    unambiguous."""
    kind = _TYPE.match(values[0]) if len(values) == 1 else None
    if kind is None:
        return None
    text, at = values[0], kind.end()
    params: dict[str, str] = {}
    while (found := _PARAMETER.match(text, at)) is not None:
        at = found.end()
        if found[1] is None:
            continue  # an empty parameter between semicolons (RFC 9110, 5.6.6)
        name = found[1].lower()
        value = _value(name, found[2] if found[3] is None else found[3])
        if value is None or name in params:
            return None
        params[name] = value
    if text[at:].strip(" \t"):
        return None
    made = MediaType(f"{kind[1]}/{kind[2]}".lower(), tuple(params.items()))
    return made if made.type.startswith("multipart/") == ("boundary" in params) else None


def _value(name: str, value: str) -> str | None:
    """The canonical value of a parameter; None if it is ambiguous."""
    if "*" in name or any(word in name and word != name for word in _AT_HEART):
        return None
    if name == "boundary":
        return value if _BOUNDARY.fullmatch(value) else None
    if not _PLAIN.fullmatch(value):
        return None
    if name == "charset":
        return "utf-8" if value.lower() in UTF_8 else value.lower()
    return value


def is_plain_part(said: str) -> bool:
    """Whether a part's `content-type` makes it a single text or file in UTF-8."""
    read = read_media_type([said])
    return (
        read is not None and read.is_utf_8 and not read.type.startswith(("multipart/", "message/"))
    )


def is_plain(codings: Sequence[str]) -> bool:
    """Whether `content-encoding` leaves the bytes unchanged."""
    return not codings or (
        len(codings) == 1 and codings[0].strip(" \t").lower() in ("", "identity")
    )


def with_media_type(headers: Headers, media: str) -> Headers:
    """The headers with `content-type` replaced by this canonical value, or removed if it is empty.
    `content-encoding` is removed, as the body is not encoded at this point."""
    kept = tuple(e for e in headers if e[0] not in ("content-type", "content-encoding"))
    return (*kept, ("content-type", media)) if media else kept
