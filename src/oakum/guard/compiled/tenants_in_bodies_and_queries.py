"""Whether a request names the tenant in its body or inside a query value.

No look-up can be sent with a tenant that is named there. Every text counts that some parser could
read as the name of a declared member, so names are searched in the text as it is and with its
escapes resolved. In a JSON body only the names of members count, in any other text each word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from oakum.authz.declared_media import PATCH
from oakum.guard.compiled.lookup_selection import TENANTS, LookupSelection, plain
from oakum.http.media_type import is_json
from oakum.routing.content_type import read_media_type
from oakum.routing.http_messages import HttpRequest
from oakum.routing.route import decoded_name

_WORD = re.compile(rb"[0-9A-Za-z_-]+")
_MEMBER = re.compile(rb"(?<![0-9A-Za-z_-])([0-9A-Za-z_-]+)\"[\x09\x0a\x0d\x20]*:")
_INNER = re.compile(rb"(?<![0-9A-Za-z_-])([0-9A-Za-z_-]+)\\+\"[\x09\x0a\x0d\x20]*:")
"""Matches a member name in JSON that is inside a JSON string."""
_ESCAPED = re.compile(rb"\\u00([2-7][0-9A-Fa-f])")


def is_named(name: str, selection: LookupSelection) -> bool:
    """Whether a member with this name names the tenant in requests of an operation."""
    spelt = plain(name)
    return spelt in selection.plain_names or (selection.free and spelt in TENANTS)


def names_tenant(asked: HttpRequest, query: str, selection: LookupSelection) -> bool:
    """Whether the body, or a value in the query, names the tenant; `query`: the part that is
    forwarded. In JSON, an undeclared member counts if its name is that of a tenant."""
    named, inner = set[bytes](), set[bytes]()
    listens = bool(selection.plain_names) or selection.free
    for piece in query.split("&"):
        within = decoded_name(piece).partition("[")[0] in selection.within
        for text in _spellings(piece.encode()):
            named.update(_WORD.findall(text) if within else ())
            inner.update(_MEMBER.findall(text) if b'"' in text else ())
    if asked.body:
        kind = read_media_type(asked.values("content-type"))
        names = _MEMBER if kind is not None and is_json(kind.type) else _WORD
        patch = kind is not None and kind.type == PATCH
        for text in _spellings(asked.body):
            named.update(names.findall(text) if listens else ())
            inner.update(_INNER.findall(text) if b'\\"' in text else ())
            inner.update(_WORD.findall(text) if patch else ())
    spelt = {plain(each.decode()) for each in inner}
    return not spelt.isdisjoint(TENANTS) or any(is_named(e.decode(), selection) for e in named)


def words_of(body: bytes) -> set[str]:
    """Every word that a parser could read in a text."""
    return {word.decode() for text in _spellings(body) for word in _WORD.findall(text)}


def members_of(body: bytes) -> set[str]:
    """Every word that a parser could read in JSON as the name of a member."""
    return {name.decode() for text in _spellings(body) for name in _MEMBER.findall(text)}


def _spellings(text: bytes) -> Iterator[bytes]:
    """A text as it is, and with the escapes of a URL and of JSON resolved (RFC 3986, RFC 8259)."""
    yield text
    bare = unquote_to_bytes(text) if b"%" in text else text
    if b"\\u00" in bare:
        bare = _ESCAPED.sub(lambda found: bytes((int(found[1], 16),)), bare)
    if bare != text:
        yield bare
