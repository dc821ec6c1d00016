"""The maximum depth to which JSON in a body is read."""

from __future__ import annotations

import re

from oakum.authz.strict_json import MAX_DEPTH

DEEPEST = MAX_DEPTH - 1
"""The deepest nesting that is judged; a deeper body is cut off there and closes no cell."""
_BRACKETS = re.compile(rb'"(?>[^"\\]|\\.?)*+(?:"|\Z)|[\[{\]}]', re.DOTALL)
_NO_BRACKETS = bytes(sorted(set(range(256)) - set(b'"\\[]{}')))
_BEFORE_JSON = b"\xef\xbb\xbf \t\r\n"


def not_too_deep(body: bytes) -> bytes:
    """The body up to the deepest nesting that is judged."""
    if body.lstrip(_BEFORE_JSON)[:1] not in (b"[", b"{") or len(body) <= DEEPEST or _is_flat(body):
        return body
    depth = 0
    for found in _BRACKETS.finditer(body):
        kind = found[0][:1]
        depth += (kind in b"[{") - (kind in b"]}")
        if depth > DEEPEST:
            return body[: found.start()]
    return body


def _is_flat(body: bytes) -> bool:
    """Quick check that a body is not too deep: strips all but brackets, then removes the innermost
    pairs level by level."""
    left = body.translate(None, _NO_BRACKETS).replace(b'""', b"")
    for _ in range(DEEPEST // 2):
        size = len(left)
        left = left.replace(b"[]", b"").replace(b"{}", b"")
        if len(left) == size:
            break
    return not left
