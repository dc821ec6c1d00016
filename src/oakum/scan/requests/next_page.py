"""Finds the next page of a list, in the ways that APIs offer.

A `Link` with `rel="next"` (RFC 8288), an address in a member called `next`, a cursor that the
document accepts as a parameter or in the body, a page number, or an offset.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import orjson

from oakum.exchange import Request, Response
from oakum.exposure.endpoints.offered_values import object_with
from oakum.exposure.endpoints.request_bodies import (
    JSON,
    Member,
    body_members,
    decode,
    encode,
    json_value,
    media_of,
)
from oakum.exposure.values.knowledge import leaves_of
from oakum.http.json_pointer import member_at
from oakum.http.origin import origin_of
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Json, Operation
from oakum.openapi.shape_queries import scalars

_CURSORS = word_set("cursor next after continuation token starting")
_PAGES = word_set("page pagenumber pageno")
_OFFSETS = word_set("offset skip start from")
_PAGE_IN_PATH = re.compile(r"(?:/(?:page|p))?/\d{1,9}")
_SIZES = word_set("size limit per count length total")


@dataclass(frozen=True)
class PageMembers:
    """Members of a request body that lead to other pages of a list that is read."""

    operation: Operation
    members: tuple[Member, ...]

    @property
    def numbered(self) -> PageMembers:
        """Those that are no cursors."""
        kept = (each for each in self.members if _CURSORS.isdisjoint(words(each.at[-1])))
        return replace(self, members=tuple(kept))

    def first(self, known: frozenset[str]) -> Member | None:
        """The first member with one of these words."""
        return next(
            (each for each in self.members if not known.isdisjoint(words(each.at[-1]))), None
        )


def page_members(operation: Operation) -> PageMembers | None:
    """The members of a body that lead on: texts or numbers for a cursor, numbers for others, never
    a date. None if the body has none, or if the query takes what a body says."""
    found: list[Member] = []
    for each in body_members(operation).values() if operation.method != "GET" else ():
        said, kinds = set(words(each.at[-1])), scalars(each.shape)
        plain = not said & _SIZES and not each.shape.format.startswith("date")
        numeric = bool(kinds) and kinds <= {"integer", "number"}
        cursor = bool(said & _CURSORS) and "boolean" not in kinds and bool(kinds)
        if plain and (cursor or (numeric and said & (_PAGES | _OFFSETS))):
            found.append(each)
    return PageMembers(operation, tuple(found)) if found else None


def next_page(
    request: Request, answer: Response, names: Collection[str], body: PageMembers | None = None
) -> Request | None:
    """The request for the next page; None if there is none. `names`: declared query parameters."""
    if (value := value_of(answer)) is None:
        return None
    address = _next_in_header(answer) or _next_in_body(value)
    if address:
        return _at(request, address)
    cursor, takes = _cursor(value), _first(names, _CURSORS)
    if takes:
        return _with(request, takes, cursor) if cursor else None
    if body is not None and (inside := body.first(_CURSORS)):
        return _with_member(request, body.operation, inside, cursor) if cursor else None
    asked = dict(parse_qsl(urlsplit(request.url).query))
    many = _longest(value)
    for known, step in ((_PAGES, 1), (_OFFSETS, many)):
        first = "1" if known is _PAGES else "0"
        name = _first(names, known)
        if name and many:
            now = asked.get(name, first)
            return _with(request, name, str(int(now) + step)) if now.isdigit() else None
        if body is not None and many and (inside := body.first(known)):
            sent = member_at(_content(request, body.operation), inside.at)
            now = first if sent is None else str(sent)
            following = str(int(now) + step) if now.isdigit() else ""
            return _with_member(request, body.operation, inside, following) if following else None
    return None


def says_next(
    request: Request, answer: Response, names: Collection[str], body: PageMembers | None = None
) -> bool:
    """Whether a response itself leads to a next page, by link or by a declared cursor."""
    value = value_of(answer)
    address = _next_in_header(answer) or _next_in_body(value)
    if address:
        return _at(request, address) is not None
    takes = _first(names, _CURSORS) or (body is not None and body.first(_CURSORS))
    return bool(takes and _cursor(value))


def added_members(before: Request, after: Request, body: PageMembers | None) -> dict[Member, Json]:
    """Members of the body that have another value in the second request, with this value."""
    if body is None or before.body == after.body:
        return {}
    old, new = _content(before, body.operation), _content(after, body.operation)
    values = {each: (member_at(old, each.at), member_at(new, each.at)) for each in body.members}
    return {each: now for each, (was, now) in values.items() if was != now}


def longest_list(value: Json) -> tuple[tuple[str, ...], list[Json]]:
    """The longest list of objects in a response, with its path; empty if none."""
    found: tuple[tuple[str, ...], list[Json]] = ((), [])
    if isinstance(value, list):
        return ((), value) if any(isinstance(each, dict) for each in value) else found
    for name, each in value.items() if isinstance(value, dict) else ():
        at, rows = longest_list(each)
        if len(rows) > len(found[1]):
            found = ((name, *at), rows)
    return found


def value_of(answer: Response) -> Json:
    """The JSON of a success response; None otherwise."""
    try:
        return orjson.loads(answer.body) if answer.ok else None
    except orjson.JSONDecodeError:
        return None


def _at(request: Request, address: str) -> Request | None:
    """The same list at another URL; None if it is invalid or another endpoint: a link in a response
    names may as well end a session."""
    try:
        url = urljoin(request.url, address)
        here, there = urlsplit(request.url), urlsplit(url)
        same = origin_of(url) == origin_of(request.url)
    except ValueError:
        return None
    paged = there.path.rstrip("/").startswith(here.path.rstrip("/"))
    rest = there.path.rstrip("/")[len(here.path.rstrip("/")) :]
    same = same and paged and (not rest or bool(_PAGE_IN_PATH.fullmatch(rest)))
    return replace(request, url=url) if same else None


def _next_in_header(answer: Response) -> str:
    for each in answer.headers.get("link", "").split(","):
        address, _, rest = each.partition(">")
        if 'rel="next"' in rest or "rel=next" in rest:
            return address.strip().lstrip("<")
    return ""


def _next_in_body(value: Json) -> str:
    """An address in a member called `next`, or in the `href` of one."""
    for at, leaf in leaves_of(value):
        path = [part for part in at if part != "href"]
        near = path and set(words(path[-1])) & {"next"}
        if near and isinstance(leaf, str) and leaf.startswith(("/", "http://", "https://", "?")):
            return leaf
    return ""


def _cursor(value: Json) -> str:
    for at, leaf in leaves_of(value):
        said = set(words(at[-1])) if at else set()
        # `next_check_at` of a list's element is no cursor
        inside = any(part.isdigit() for part in at)
        if (
            said & _CURSORS
            and (said <= _CURSORS or not inside)
            and isinstance(leaf, str | int)
            and leaf
        ):
            return "" if isinstance(leaf, bool) else str(leaf)
    return ""


def _first(names: Collection[str], known: frozenset[str]) -> str:
    return next(
        (name for name in names if (said := set(words(name))) & known and not said & _SIZES), ""
    )


def _longest(value: Json) -> int:
    """Elements of the longest list in an answer: how many the page has."""
    if isinstance(value, list):
        return max([len(value), *map(_longest, value)])
    return max(map(_longest, value.values()), default=0) if isinstance(value, dict) else 0


def _with(request: Request, name: str, value: str) -> Request:
    parts = urlsplit(request.url)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
    return replace(request, url=parts._replace(query=urlencode([*kept, (name, value)])).geturl())


def _content(request: Request, operation: Operation) -> Json:
    media = media_of(operation)
    kind = request.headers.get("content-type", media.type if media is not None else JSON)
    return decode(kind, request.body) if request.body else {}


def _with_member(request: Request, operation: Operation, member: Member, value: str) -> Request:
    content = object_with(member.at, json_value(value, member.shape), _content(request, operation))
    kind, body = encode(operation, content)
    return replace(request, headers={**request.headers, "content-type": kind}, body=body)
