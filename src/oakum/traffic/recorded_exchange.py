"""One recorded exchange, in any of the supported formats.

Three are read: entries of HAR 1.2, exchanges of Oakum's own line format, which are similar, and
lines of an access log, which have no bodies. All functions are pure; a record that cannot be used
raises `UnusableRecord` with a reason that quotes nothing of it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

import orjson

from oakum.exchange import Exchange, Request, Response
from oakum.openapi.model import Json

Body = Literal["whole", "cut", "absent"]
_MILLIS = 1e11
"""Larger numbers would, as seconds, be after the year 5000: they are milliseconds."""
_LATEST = 1e14
"""Milliseconds since 1970 from which a time is implausible."""
_MOST_REMOVED = 999_999_999
"""Largest plausible count of removals in one response."""
_REMOVED = re.compile(r'[^"@ ]{1,100}')
"""Matches a plausible field name in a count of removals."""
_METHOD = re.compile(r"[A-Z]{3,16}")
_REQUEST_LINE = re.compile(r"([A-Z]{3,16}) (\S+)(?: HTTP/[\d.]+)?")

NAMES: Mapping[str, tuple[str, ...]] = {
    "method": ("method", "request_method", ":method", "req_method", "http_method"),
    "path": ("path", "request_uri", "x-envoy-original-path", ":path", "uri", "url", "request_path"),
    "status": ("response_code", "status", "status_code", "code"),
    "host": ("authority", ":authority", "host", "http_host", "server_name"),
    "line": ("request",),
    "time": (
        "time", "timestamp", "@timestamp", "start_time", "ts", "time_iso8601", "msec", "time_local",
    ),
    "peer": (
        "remote_addr", "downstream_remote_address", "client_ip", "remote_ip", "x-forwarded-for",
        "x_forwarded_for", "http_x_forwarded_for",
    ),
    "who": (
        "user", "user_id", "sub", "subject", "jwt_sub", "remote_user", "x-user-id", "consumer",
    ),
}  # fmt: skip
"""Meaning → names of the log member in the usual formats of Envoy, nginx and others."""


NO_METHOD = "a record without a method"
NO_ADDRESS = "a record without an address"
NO_ANSWER = "a request without an answer"
NO_ENDPOINT = "a request that found no endpoint of the guard"


class UnusableRecord(Exception):
    """A record without a usable exchange; the text is the reason, without a value."""


@dataclass(frozen=True)
class RecordedExchange:
    """An exchange, and which parts of it the record contains."""

    exchange: Exchange = field(repr=False)
    body: Body = "absent"
    """What the record has of the response body; `absent`: it keeps none, so the fields are
    unknown."""
    headers: bool = False
    """Whether the record has request headers; otherwise the credentials are unknown."""
    operation: str = ""
    """Operation id, if the record names it (the guard's audit)."""
    who: str = field(default="", repr=False)
    """The caller as named in the record; kept in memory only."""
    removed: Mapping[str, int] = field(default_factory=dict)
    """Field of the contract → how often Oakum's guard removed it."""
    at: int = 0
    """Time of the request: milliseconds since 1970, UTC; 0: unknown."""
    peer: str = field(default="", repr=False)
    """Network address of the client; kept in memory only."""


def from_entry(entry: Json) -> RecordedExchange:
    """Reads an entry of a HAR, or an object of Oakum's line format (docs/reference/observation.md).
    Raises `UnusableRecord`."""
    asked, came = _map(entry, "request"), _map(entry, "response")
    method, url, status = asked.get("method"), asked.get("url"), came.get("status")
    if not isinstance(method, str) or not _METHOD.fullmatch(method.upper()):
        raise UnusableRecord(NO_METHOD)
    if not isinstance(url, str) or not url:
        raise UnusableRecord(NO_ADDRESS)
    if url.startswith(("ws:", "wss:", "data:", "blob:", "chrome-extension:", "about:")):
        raise UnusableRecord("no exchange of HTTP")
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        raise UnusableRecord(NO_ANSWER)
    body, kept = _response_body(came)
    headers = _headers(came.get("headers"))
    mime = _content(came).get("mimeType")
    if isinstance(mime, str) and mime:
        headers.setdefault("content-type", mime)
    request = Request(
        method.upper(), _address(url), _headers(asked.get("headers")), _request_body(asked)
    )
    return RecordedExchange(
        Exchange(request, Response(status, headers, body, truncated=kept == "cut")),
        kept,
        "headers" in asked,
        at=_time(entry.get("startedDateTime", entry.get("at"))) if isinstance(entry, dict) else 0,
        peer=_peer(asked.get("peer")),
    )


def from_log(line: Json) -> RecordedExchange:
    """Reads a line of a JSON access log: of Envoy, nginx, or the guard's audit. Raises
    `UnusableRecord`."""
    if not isinstance(line, dict):
        raise UnusableRecord("a line that is not a JSON object")
    if "op" in line and "removed" in line:
        return _from_audit(line)
    method, path = _member_value(line, "method"), _member_value(line, "path")
    whole = _REQUEST_LINE.fullmatch(str(_member_value(line, "line")))
    if whole:
        method, path = method or whole[1], path or whole[2]
    if not isinstance(method, str) or not _METHOD.fullmatch(method):
        raise UnusableRecord(NO_METHOD)
    if not isinstance(path, str) or not path.startswith(("/", "http://", "https://")):
        raise UnusableRecord(NO_ADDRESS)
    host = _member_value(line, "host")
    authority = host if isinstance(host, str) and host not in ("", "-", "_") else ""
    url = path if not path.startswith("/") else f"//{authority}{path}"
    request = Request(method, _address(url))
    who = _member_value(line, "who")
    return RecordedExchange(
        Exchange(request, Response(_status(_member_value(line, "status")))),
        who=str(who) if isinstance(who, str | int) and who not in ("", "-") else "",
        at=_time(_member_value(line, "time")),
        peer=_peer(_member_value(line, "peer")),
    )


def is_entry(value: Json) -> bool:
    """Whether a line is an exchange and not a log line: nginx's `request` is a text."""
    return isinstance(value, dict) and isinstance(value.get("request"), dict)


def _from_audit(line: dict[str, Json]) -> RecordedExchange:
    status, method, removed = line.get("status"), line.get("method"), line.get("removed")
    if not isinstance(method, str) or not _METHOD.fullmatch(method):
        raise UnusableRecord(NO_METHOD)
    counts = removed.items() if isinstance(removed, dict) else ()
    op, who = line.get("op"), line.get("who")
    if not isinstance(op, str) or not op:
        raise UnusableRecord(NO_ENDPOINT)
    return RecordedExchange(
        Exchange(Request(method, "//"), Response(_status(status))),
        operation=op,
        who=who if isinstance(who, str) and who not in ("", "-") else "",
        removed={
            name: many
            for name, many in counts
            if type(many) is int and 0 < many <= _MOST_REMOVED and _REMOVED.fullmatch(name)
        },
        at=_time(line.get("time")),
    )


def _time(said: Json) -> int:
    """Milliseconds since 1970 of an instant as logs write it: ISO 8601, nginx's `time_local`,
    seconds or milliseconds; 0: none that can be read."""
    if isinstance(said, str) and re.fullmatch(r"\d{9,14}(?:\.\d+)?", said):
        said = float(said)
    if isinstance(said, int | float) and not isinstance(said, bool):
        return int(said if said >= _MILLIS else said * 1000) if 0 < said < _LATEST else 0
    if not isinstance(said, str) or not 8 < len(said) < 40:
        return 0
    try:
        when = datetime.fromisoformat(said)
    except ValueError:
        try:
            when = datetime.strptime(said, "%d/%b/%Y:%H:%M:%S %z")
        except ValueError:
            return 0
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    at = int(when.timestamp() * 1000)
    return at if 0 < at < _LATEST else 0


def _peer(said: Json) -> str:
    """The address of the client without its port: the first of a chain of proxies."""
    first = said.split(",")[0].strip() if isinstance(said, str) else ""
    if first.startswith("["):
        return first[1:].partition("]")[0]
    return first.rpartition(":")[0] if first.count(":") == 1 else first.strip("-")


def _address(url: str) -> str:
    """A URL that can be taken apart (RFC 3986)."""
    try:
        urlsplit(url).hostname  # noqa: B018 - brackets that do not match
    except ValueError:
        raise UnusableRecord("an address that cannot be read") from None
    return url


def _status(said: Json) -> int:
    text = str(said) if isinstance(said, str | int) and not isinstance(said, bool) else ""
    if not re.fullmatch(r"[1-5]\d\d", text):
        raise UnusableRecord(NO_ANSWER)
    return int(text)


def _member_value(line: dict[str, Json], what: str) -> Json:
    return next((line[name] for name in NAMES[what] if line.get(name) not in (None, "")), None)


def _map(value: Json, name: str) -> dict[str, Json]:
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise UnusableRecord(f"a record without a {name}")
    return found


def _headers(said: Json) -> dict[str, str]:
    """Names in lower case, repeated values joined; from a map, or from HAR's list of pairs."""
    pairs: list[tuple[Json, Json]] = []
    if isinstance(said, dict):
        pairs = [*said.items()]
    elif isinstance(said, list):
        pairs = [(e.get("name"), e.get("value")) for e in said if isinstance(e, dict)]
    found: dict[str, str] = {}
    for name, value in pairs:
        if isinstance(name, str) and isinstance(value, str):
            key = name.lower()
            joint = "; " if key == "cookie" else ", "
            found[key] = f"{found[key]}{joint}{value}" if key in found else value
    return found


def _content(came: dict[str, Json]) -> dict[str, Json]:
    found = came.get("content")
    return found if isinstance(found, dict) else {}


def _response_body(came: dict[str, Json]) -> tuple[bytes, Body]:
    """The bytes of an answer. A browser that has thrown a body away writes its size without it."""
    content = _content(came)
    if "content" in came:
        text, coded, size = content.get("text"), content.get("encoding"), content.get("size")
        if text is None:
            nothing = not isinstance(size, int | float) or size <= 0
            return b"", "whole" if nothing and came.get("status") in (204, 304) else "absent"
    elif "body" in came:
        text, coded, size = came["body"], came.get("encoding"), None
    else:
        return b"", "absent"
    data = _bytes(text, coded)
    cut = came.get("truncated") is True
    return data, "cut" if cut else "whole"


def _request_body(asked: dict[str, Json]) -> bytes:
    data = asked.get("postData")
    if isinstance(data, dict):
        return _bytes(data.get("text"), data.get("encoding"))
    return _bytes(asked["body"], asked.get("encoding")) if "body" in asked else b""


def _bytes(text: Json, coded: Json) -> bytes:
    if text is None:
        return b""
    if not isinstance(text, str):
        try:
            return orjson.dumps(text)  # a body embedded in the line as JSON
        except TypeError:
            raise UnusableRecord("a body with a number longer than 64 bits") from None
    if coded == "base64":
        try:
            return base64.b64decode(text, validate=False)
        except binascii.Error:
            raise UnusableRecord("a body that is not valid base64") from None
    return text.encode("utf-8", "surrogatepass")
