"""Finds the next page of a list, in the ways that APIs offer.

A `Link` with `rel="next"` (RFC 8288), an address in a member called `next`, a cursor that the
document accepts as a parameter, a page number, or an offset.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import orjson

from oakum.exchange import Request, Response
from oakum.exposure.values.knowledge import leaves_of
from oakum.http.origin import origin_of
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Json

_CURSORS = word_set("cursor next after continuation token starting")
_PAGES = word_set("page pagenumber pageno")
_OFFSETS = word_set("offset skip start from")
_PAGE_IN_PATH = re.compile(r"(?:/(?:page|p))?/\d{1,9}")
_SIZES = word_set("size limit per count length total")


def next_page(request: Request, answer: Response, names: Collection[str]) -> Request | None:
    """The request for the next page; None if there is none. `names`: declared query parameters."""
    if (value := value_of(answer)) is None:
        return None
    address = _next_in_header(answer) or _next_in_body(value)
    if address:
        return _at(request, address)
    cursor, takes = _cursor(value), _first(names, _CURSORS)
    if takes:
        return _with(request, takes, cursor) if cursor else None
    asked = dict(parse_qsl(urlsplit(request.url).query))
    many = _longest(value)
    for known, step in ((_PAGES, 1), (_OFFSETS, many)):
        name = _first(names, known)
        if name and many:
            now = asked.get(name, "1" if known is _PAGES else "0")
            return _with(request, name, str(int(now) + step)) if now.isdigit() else None
    return None


def says_next(request: Request, answer: Response, names: Collection[str]) -> bool:
    """Whether a response itself leads to a next page, by link or by a declared cursor."""
    value = value_of(answer)
    address = _next_in_header(answer) or _next_in_body(value)
    if address:
        return _at(request, address) is not None
    return bool(_first(names, _CURSORS) and _cursor(value))


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
