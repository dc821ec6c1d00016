"""Credentials of a saved request as security schemes: their kind and their place, no value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from oakum.http.cookies import cookie_pairs
from oakum.openapi.collections.saved_request import Pair, Schemes
from oakum.openapi.model import Json

NAME = re.compile(r"(?!(?:.*[0-9]){5})[A-Za-z_$][A-Za-z0-9_$.\[\]-]{0,47}")
"""Matches a plausible name without long numbers; a value in place of a name is left out."""
_HTTP = frozenset(("basic", "bearer", "digest", "dpop", "hawk", "hoba", "mutual", "negotiate"))
_HEADER = re.compile(
    r"(?:^|[-_])(?:api[-_]?key|(?:authorization|authentication|access|session|private|user|id)"
    r"[-_]?token|auth[-_]?(?:token|key)|token|authorization|secret[-_]?key)$",
    re.I,
)
_QUERY = re.compile(r"(?:api[-_]?key|access[-_]?token|auth[-_]?token)", re.I)
_SESSION = re.compile(r"sess|sid|auth|token|jwt|login", re.I)
_NO_CREDENTIAL = re.compile(r"csrf|xsrf", re.I)
_SETS_A_HEADER = re.compile(
    r"headers?\s*\.\s*(?:add|upsert|append|set)\s*\(|\b(?:set|add)Header\s*\(", re.I
)
_BEARER: Schemes = {"bearer": {"type": "http", "scheme": "bearer"}}


def scheme_of(kind: str, said: Mapping[str, Json]) -> Schemes | None:
    """Security schemes of a tool's auth settings: a kind such as `bearer`, and its values by name.
    None: unset, or inherited from the folder."""
    kind = kind.lower().replace("-", "").replace("_", "")
    if kind in ("noauth", "none"):
        return {}
    if kind in ("", "inherit", "inherited"):
        return None
    if kind == "apikey":
        return _api_key(said)
    if kind in ("basic", "digest", "hawk"):
        return {kind: {"type": "http", "scheme": kind}}
    if kind == "oauth2" and str(said.get("addTokenTo")) == "queryParams":
        return {"access_token": {"type": "apiKey", "in": "query", "name": "access_token"}}
    if kind in ("bearer", "jwt", "oauth2"):
        return _BEARER
    return {kind: {"type": "apiKey", "in": "header", "name": "Authorization"}}


def _api_key(said: Mapping[str, Json]) -> Schemes:
    name, place = said.get("key"), str(said.get("in") or said.get("addTo") or said.get("placement"))
    named = name if isinstance(name, str) and NAME.fullmatch(name) else "api-key"
    where = "query" if place.startswith("query") else "cookie" if place == "cookie" else "header"
    return {named: {"type": "apiKey", "in": where, "name": named}}


def scheme_from_script(text: str) -> Schemes | None:
    """Security schemes that a pre-request script adds: a header with credentials. None: it adds
    none."""
    if "authorization" not in text.lower() or not _SETS_A_HEADER.search(text):
        return None
    return _BEARER


def in_headers(headers: Iterable[Pair]) -> dict[str, Json]:
    """Security schemes for the headers that carry credentials."""
    found: dict[str, Json] = {}
    for each in headers:
        name = each.name.strip()
        if each.disabled or not NAME.fullmatch(name) or _NO_CREDENTIAL.search(name):
            continue
        if name.lower() == "authorization":
            found |= _authorization(each.value)
        elif name.lower() == "cookie":
            found |= _cookies(each.value)
        elif _HEADER.search(name):
            found[name] = {"type": "apiKey", "in": "header", "name": name}
    return found


def in_query(query: Iterable[Pair]) -> dict[str, Json]:
    """Security schemes for the query parameters that carry credentials."""
    return {
        each.name: {"type": "apiKey", "in": "query", "name": each.name}
        for each in query
        if not each.disabled and _QUERY.fullmatch(each.name)
    }


def _authorization(value: str) -> Schemes:
    word, _, rest = value.strip().partition(" ")
    kind = word.lower()
    if rest and kind in _HTTP:
        return {kind: {"type": "http", "scheme": kind}}
    return {"Authorization": {"type": "apiKey", "in": "header", "name": "Authorization"}}


def _cookies(value: str) -> dict[str, Json]:
    return {
        name: {"type": "apiKey", "in": "cookie", "name": name}
        for name, _, _ in cookie_pairs(value)
        if NAME.fullmatch(name) and _SESSION.search(name) and not _NO_CREDENTIAL.search(name)
    }
