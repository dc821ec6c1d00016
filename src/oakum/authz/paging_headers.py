"""What headers and links of a response say about its list: that it goes on, ends, or nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_plus

from oakum.authz.completeness_names import (
    COUNTED_CALLS,
    FAILED,
    NAMES,
    ON,
    SILENT_ENDS,
    SILENT_HEADERS,
    SILENT_STARTS,
    TAILS,
    has_part,
    kind_of,
    plain_name,
    words,
)

Said = Literal["on", "end", "short", "silent", "open", "unknown"]
"""What a part of a response says about its list: it goes on, it ends, it is shorter than a page,
nothing, unclear unless something says that it ends, or unclear whatever does."""
WELL = frozenset(("ok", "success", "successful", "200", "0"))
_EMPTY = ("", "false", "0", "null", "none")
_GOES_ON = NAMES["cursor"] | NAMES["left"]
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_REL = re.compile(r"rel\s*=\s*[\"']?([^\"';,]*)")
_PAGE = re.compile(r"(?:\A|[-_])pag")
_SPLIT = re.compile("[-_.]")
_BETWEEN = re.compile(r"[&;,\s]", re.ASCII)
_MARK_OF_KIND = {
    "cursor": "left", "left": "left", "done": "well", "size": "size", "count": "count",
    "first": "first", "pages": "pages", "until": "until",
}  # fmt: skip
"""The kind of a member's name → the mark of a header that says the same."""
_RANGE = re.compile(r"/([0-9]{1,9})\s*\Z")


@dataclass(frozen=True)
class Pages:
    """The progress of reading a paged list."""

    found: int
    """Ids on all pages."""
    last: int
    """Ids on the last page."""
    first: int
    """Ids on the first page."""
    number: int = 1
    """Number of pages."""


def header_says(headers: Mapping[str, str], pages: Pages) -> Iterator[Said]:
    """What each relevant header says about the list; `headers`: by lower-case name."""
    for name, said in headers.items():
        silent = name in SILENT_HEADERS or name.startswith(tuple(SILENT_STARTS))
        if not silent and not (pages.number > 1 and "prev" in name):
            yield from _header_says(name, said, pages)


def _header_says(name: str, said: str, pages: Pages) -> Iterator[Said]:
    found, text = pages.found, said.strip().lower()
    if name == "content-range":
        total = _RANGE.search(text)
        yield "end" if total and int(total[1]) == found else "on"
    elif name in ("warning", "retry-after") or (name == "link" and "next" in text):
        yield "on"
    elif name == "link":
        yield from _links(said, pages)
    elif (mark := mark_of(name)) is not None:
        yield mark_says(mark, text, pages)
    elif _PAGE.search(name) and not any(word in name for word in (*ON, "total", "count")):
        yield _read_paging(name, text, pages)
    elif (mark := _mark_by_member_name(name)) is not None:
        yield mark_says(mark, text, pages)
    elif "rate" in name or "limit" in name:
        return
    elif is_part(text):
        yield "on"
    elif any(word in name for word in ON):
        yield "silent" if text in _EMPTY else "on"
    elif ("total" in name or "count" in name) and text.isdecimal():
        most = pages.number if "page" in name else found
        yield "on" if len(text) > 9 or int(text) > most else "silent"
    else:
        yield from _unknown_says(name, said, pages)


def _segments(name: str) -> list[str]:
    """The words of a header's name, without `x`."""
    return [each for each in _SPLIT.split(name) if each not in ("", "x")]


def _mark_by_member_name(name: str) -> str | None:
    """The meaning of a header whose name, or the end of it, is that of a member that speaks of a
    list; a key of `_MARKS`."""
    parts = _segments(name)
    if not COUNTED_CALLS.isdisjoint(parts):
        return None
    for at in range(len(parts)):
        plain = plain_name("".join(parts[at:]))
        if at == 0 or plain in TAILS:
            kind = _MARK_OF_KIND.get(kind_of(plain))
            if kind is not None:
                return kind
    return None


def _unknown_says(name: str, said: str, pages: Pages) -> Iterator[Said]:
    """What a header of an unknown name says: `open` beside a larger number, a size of a page that
    was reached, or `false`, which may deny that the list ends."""
    parts, text = _segments(name), said.strip().lower()
    _, mark, query = said.partition("?")
    if mark or not (parts and parts[-1] in SILENT_ENDS):
        asked = query_says(query if mark else said, pages)
        if asked in ("on", "unknown"):
            yield "on" if asked == "on" else "open"
    if not parts or parts[-1] in SILENT_ENDS or not COUNTED_CALLS.isdisjoint(parts):
        return
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    if number > pages.found or text in ("false", "no"):
        yield "open"


_MARKS = {
    "well": words("complete iscomplete done finished last islast lastpage islastpage final eof"),
    "status": words("status statuscode code result success ok state"),
    "first": words("offset skip start startindex from"),
    "left": words("after marker older omitted skipped left lastkey lastevaluatedkey"),
    "count": words("records recordcount items results hits length found numfound"),
    "size": words("limit perpage pagelimit itemsperpage maxresults take batchsize"),
}
"""Plain header names, by the meaning of a list member with that name; letters only, without
`x-`."""


_BAD = re.compile(r"err|warn|fail|exception|fault|unavail|time|degrad|partial|stale|updating|down")
_DIGITS = re.compile(r"[0-9]+")
_SOME = re.compile(r"([0-9]{1,9}) ?/ ?([0-9]{1,9})")
_SOME_OF = re.compile(r"(?<![0-9])(?=([0-9]{1,9}) ?of ?([0-9]{1,9})(?![0-9]))")
_STALE = re.compile(r"(?<![a-z])(?:stale|degraded|partial|incomplete|truncated|throttled)(?![a-z])")


def is_part(text: str) -> bool:
    """Whether a lower-case text says `stale`, `3 of 4`, or is `1/2`, whatever its name."""
    some = _SOME.fullmatch(text)
    pairs = [some, *_SOME_OF.finditer(text)]
    return bool(_STALE.search(text)) or any(each and int(each[1]) != int(each[2]) for each in pairs)


def _links(text: str, pages: Pages) -> Iterator[Said]:
    """What a `Link` header says (RFC 8288) besides `next`."""
    links = [
        (url, rel)
        for url, told in _LINK.findall(text)
        for rels in _REL.findall(told.lower())
        for rel in rels.split()
    ]
    first = {url for url, rel in links if rel == "first"}
    for url, rel in links:
        yield link_says(rel, url, pages, first)


def link_says(rel: str, url: str, pages: Pages, first: Collection[str]) -> Said:
    """What a link says about the list; a `last` link must clearly be this page, unless it equals
    `first`."""
    if "next" in rel:
        return "on"
    if pages.number > 1:
        return "silent"
    if "prev" in rel:
        return "on"
    said = address_says(url, pages)
    if rel not in ("self", "first", "last"):
        goes = rel in _GOES_ON or any(word in rel for word in ON)
        return "on" if goes or said == "on" else "silent"
    if rel == "last" and said == "silent" and url not in first:
        return "unknown"
    return "silent" if said == "end" else said


_SIZES = NAMES["size"] | words("count top rows first last")
_STARTS = NAMES["first"] | words("p")
_TOKENS = words("before pagetoken skiptoken")


def address_says(url: str, pages: Pages) -> Said:
    """What the query of a link to this or the first page says: `on`: a later page; `unknown`: a
    page size that was reached; `end`: the first page."""
    return query_says(url.partition("?")[2].partition("#")[0], pages)


def query_says(query: str, pages: Pages) -> Said:
    """What `name=value` pairs say, as `address_says`: those of a query, or of a header."""
    if pages.number > 1:
        return "silent"
    said: Said = "silent"
    for pair in _BETWEEN.split(query):
        name, _, text = (unquote_plus(each).strip() for each in pair.partition("="))
        plain = plain_name(name.rpartition(".")[2])
        inner = plain.removeprefix("page") or plain
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
        if text == "":
            continue
        if plain in _STARTS or inner in _STARTS:
            if number not in (0, 1):
                return "on"
            said = "end" if said == "silent" else said
        elif plain in _SIZES or inner in _SIZES:
            said = said if number is not None and number > pages.last else "unknown"
        elif text.lower() not in _EMPTY and (
            {plain, inner} & (_GOES_ON | _TOKENS) or has_part(plain, ON)
        ):
            return "on"
    return said


def mark_of(name: str) -> str | None:
    """The meaning of a header: a key of `_MARKS`, a failure or a range; None: not relevant."""
    plain = plain_name(name.removeprefix("x-"))
    if name.startswith("x-") or plain in ("status", "limit", "offset"):
        found = next((mark for mark, names in _MARKS.items() if plain in names), None)
        if found is not None:
            return found
    if plain.endswith("range"):
        return "range"
    counted = "rate" in name or "limit" in name
    if plain.endswith(("status", "statuscode")) and not counted:
        return "upstream"
    if "circuit" in plain:
        return "circuit"
    return "failed" if not counted and any(word in name for word in FAILED) else None


def mark_says(mark: str, text: str, pages: Pages) -> Said:
    found = pages.found
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
    match mark:
        case "well":
            fine = text in ("true", "1", "yes", "")
        case "status":
            fine = text in ("", "true", "1", *(WELL - {"0"})) or text.startswith("200 ")
        case "upstream":
            fine = not _BAD.search(text) and all(
                len(each) > 3 or int(each) == 0 or (each[0] == "2" and len(each) == 3)
                for each in _DIGITS.findall(text)
            )
        case "circuit":
            fine = text in (*_EMPTY, "closed")
        case "size":
            fine = text == "" or (number is not None and number > pages.last)
        case "first":
            fine = text in _EMPTY or (number is not None and is_turned(number, pages))
        case "count":
            fine = text == "" or number in (found, pages.last)
        case "pages":
            fine = text == "" or (number is not None and number <= pages.number)
        case "until":
            fine = text in ("", "true") or number == found
        case "range":
            total = _RANGE.search(text)
            fine = text == "" or bool(total and int(total[1]) == found)
        case _:
            fine = text in _EMPTY
    return "silent" if fine else "on"


def _read_paging(name: str, text: str, pages: Pages) -> Said:
    """What a paging header says; a first page or an unfilled one says nothing."""
    number = int(text) if text.isdecimal() and len(text) < 10 else None
    if any(word in name for word in ("size", "limit", "per")):
        return "silent" if number is not None and number > pages.last else "on"
    small = number is not None and number <= pages.number
    return "silent" if small or text in (*_EMPTY, "{}", "[]") else "on"


def is_turned(number: int, pages: Pages) -> bool:
    """Whether a page number or offset is that of the last page read."""
    turned = (pages.number - 1, pages.number, pages.found - pages.last)
    return number in ((0, 1) if pages.number == 1 else turned)
