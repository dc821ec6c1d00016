"""How deep JSON in a body may nest before nobody reads it."""

from __future__ import annotations

import re

from oakum.authz.span import MAX_DEPTH

DEEPEST = MAX_DEPTH - 1
"""Lists and objects within one another that are judged to the last; a body that has more is cut off
there, and closes nothing."""
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.?)*+(?:"|\Z)|[\[{\]}]', re.DOTALL)
_BEFORE_JSON = b"\xef\xbb\xbf \t\r\n"


def not_too_deep(body: bytes) -> bytes:
    """A body up to where JSON in it nests deeper than anybody reads it."""
    if body.lstrip(_BEFORE_JSON)[:1] not in (b"[", b"{") or len(body) <= DEEPEST:
        return body
    depth = 0
    for found in _BRACKETS.finditer(body):
        kind = found[0][:1]
        depth += (kind in b"[{") - (kind in b"]}")
        if depth > DEEPEST:
            return body[: found.start()]
    return body
