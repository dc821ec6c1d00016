"""How deep JSON in a body may nest before nobody reads it."""

from __future__ import annotations

import re

from oakum.authz.span import MAX_DEPTH

DEEPEST = MAX_DEPTH - 1
"""Lists and objects within one another that are judged to the last; a body that has more is cut off
there, and closes nothing."""
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.?)*+(?:"|\Z)|[\[{\]}]', re.DOTALL)
_NO_BRACKETS = bytes(sorted(set(range(256)) - set(b'"\\[]{}')))
_BEFORE_JSON = b"\xef\xbb\xbf \t\r\n"


def not_too_deep(body: bytes) -> bytes:
    """A body up to where JSON in it nests deeper than anybody reads it."""
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
    """Whether a body surely nests no deeper than anybody reads, told without a look at each of its
    brackets: all but them is cut out, and they are taken off from the inside, at most two levels at
    a time."""
    left = body.translate(None, _NO_BRACKETS).replace(b'""', b"")
    for _ in range(DEEPEST // 2):
        size = len(left)
        left = left.replace(b"[]", b"").replace(b"{}", b"")
        if len(left) == size:
            break
    return not left
