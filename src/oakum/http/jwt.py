"""What a JSON Web Token (RFC 7519) says, read without verifying it; and base64url (RFC 4648, 5)."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping

from oakum.http.json_pointer import Json

_TOKEN = re.compile(r"[\w-]+\.([\w-]+)\.[\w-]*", re.ASCII)


def base64url_bytes(text: str) -> bytes:
    """Decodes base64url, padded or not. Raises `ValueError` for other text."""
    return b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def claims_of(token: str) -> Mapping[str, Json]:
    """The unverified claims of a token; empty if it cannot be read."""
    found = _TOKEN.fullmatch(token)
    try:
        value = json.loads(base64url_bytes(found[1])) if found else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
