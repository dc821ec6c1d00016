"""How a run reaches its target: through a proxy, with further certificates and headers.

Values of headers and the credentials of a proxy are secrets: no message, report or journal has
them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_LOGINS = frozenset({"authorization", "cookie"})
_FRAMING = frozenset(
    {
        "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization",
        "te", "trailer", "transfer-encoding", "upgrade", "oakum-run",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Connection:
    """What stands between a run and its target."""

    proxy: str = field(default="", repr=False)
    """URL of an HTTP proxy; empty: none, whatever the environment says."""
    ca: Path | None = None
    """Certificates (PEM) that are trusted in addition to the usual ones."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with each request to the target, with lower-case names."""

    def curl(self) -> tuple[str, ...]:
        """Header lines of a curl line, with a variable in place of each value."""
        return tuple(f"{name}: ${_variable(name)}" for name in self.headers)


def proxy_of(text: str) -> str:
    """The URL of a proxy; raises `ValueError`, whose message has nothing of the URL."""
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port is not None
    except ValueError:  # unbalanced brackets, a port that is not a number
        known = False
    if not known:
        raise ValueError("is not the URL of a proxy, such as http://127.0.0.1:8080")
    return text


def header_of(text: str) -> tuple[str, str]:
    """Name and value of `Name: value`; raises `ValueError`, whose message has no value."""
    name, colon, value = text.partition(":")
    name, value = name.strip().lower(), value.strip()
    if not colon or not _TOKEN.fullmatch(name):
        raise ValueError("is not a header such as `X-Environment: staging`")
    if not value or any(ord(each) < 32 or ord(each) == 127 for each in value):
        raise ValueError(f"the value of `{name}` is empty, or has a control character")
    if name in _LOGINS:
        raise ValueError(
            f"`{name}` would log everybody in; write it into the identities file, for each identity"
        )
    if name in _FRAMING:
        raise ValueError(f"only the scan may write `{name}`")
    return name, value


def _variable(name: str) -> str:
    return "HEADER_" + re.sub(r"\W", "_", name).upper()
