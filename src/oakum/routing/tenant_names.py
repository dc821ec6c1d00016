"""Whether a request names the tenant in its body or inside a query value.

No look-up can be sent with a tenant that is named there. Every text counts that some parser could
read as the name of a declared member, so names are searched in the text as it is and with its
escapes resolved. In a JSON body only the names of members count, in any other text each word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from oakum.http.media_type import is_json
from oakum.routing.media import read_media_type
from oakum.routing.messages import Asked
from oakum.routing.route import called
from oakum.routing.selection import TENANTS, Selection, plain

_WORD = re.compile(rb"[0-9A-Za-z_-]+")
_MEMBER = re.compile(rb"([0-9A-Za-z_-]+)\"[\x09\x0a\x0d\x20]*:")
_ESCAPED = re.compile(rb"\\u00([2-7][0-9A-Fa-f])")


def is_named(name: str, selection: Selection) -> bool:
    """Whether a member of this name says the tenant of a request of an operation."""
    spelt = plain(name)
    return spelt in selection.plain_names or (selection.free and spelt in TENANTS)


def names_tenant(asked: Asked, query: str, selection: Selection) -> bool:
    """Whether the body of a request names the tenant, or the value of a parameter of its query
    does; `query`: what is forwarded of it."""
    if not (selection.plain_names or selection.free):
        return False
    pieces = [
        each for each in query.split("&") if called(each).partition("[")[0] in selection.within
    ]
    found = [
        name
        for piece in pieces
        for text in _spellings(piece.encode())
        for name in _WORD.findall(text)
    ]
    if asked.body:
        kind = read_media_type(asked.values("content-type"))
        names = _MEMBER if kind is not None and is_json(kind.type) else _WORD
        found += [name for text in _spellings(asked.body) for name in names.findall(text)]
    return any(is_named(name.decode(), selection) for name in {*found})


def _spellings(text: bytes) -> Iterator[bytes]:
    """A text as it is, and with the escapes of a URL and of JSON resolved (RFC 3986, RFC 8259)."""
    yield text
    bare = unquote_to_bytes(text) if b"%" in text else text
    if b"\\u00" in bare:
        bare = _ESCAPED.sub(lambda found: bytes((int(found[1], 16),)), bare)
    if bare != text:
        yield bare
