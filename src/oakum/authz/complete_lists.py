"""Whether a list of ids is complete, so that an id missing from it is known to be absent.

A list is complete only if there is evidence, and not because nothing contradicts it. It is at its
pointer as the kind of container that the document declares, every id in it can be read, and
everything around it is understood: either it says nothing about the list, or it says that the list
ends here. A member that is not understood may mean that more pages follow, or that the list could
not be read: then the list proves who is on it, and nothing about others. The guard reads lists by
this rule, and the scan before it ends a relation; `guard/lua/whole.lua` has the same rule.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote_plus

from oakum.authz.id_spelling import identifier
from oakum.http.media_type import essence, is_json
from oakum.inference.lexicon import CURSORS, GOES_ON
from oakum.openapi.model import Json, Shape
from oakum.openapi.shape_queries import member as declared_member
from oakum.openapi.shape_queries import member_names, ways

Said = Literal["on", "end", "silent", "unknown"]
"""What a part of a response says about its list: it goes on, it ends, nothing, or unclear."""
Extent = Literal["whole", "cut off", "unknown"]
"""Whether a list is complete; `unknown` counts as no."""

USUAL = frozenset((10, 15, 20, 24, 25, 30, 40, 50, 60, 75, 100, 125, 150, 200, 250, 500))
"""Usual page sizes when none is declared; so is each multiple of 100."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ON = _words("next more cursor continu truncat partial incomplete scroll remain")
_FAILED = _words(
    "error warn fail exception fault problem retry timedout timeout degraded fallback unavailable"
    " prev stale cached"
)
_NAMES = {
    "cursor": CURSORS,
    "left": GOES_ON - CURSORS,
    "done": _words(
        "exhaustive complete iscomplete done isdone finished isfinished islast islastpage final"
        " exhausted eof last"
    ),
    "pages": _words("pages totalpages pagecount numpages numberofpages lastpage"),
    "first": _words(
        "page currentpage pagenumber pageindex pageno number offset skip start startindex from"
    ),
    "size": _words(
        "limit perpage pagesize size itemsperpage pagelimit maxresults max take batchsize"
    ),
    "count": _words(
        "count numfound found hits length resultcount resultscount itemcount itemscount"
        " rowcount rowscount numresults nbhits nbresults numhits recordcount recordscount"
    ),
    "words": _words("message messages msg detail details reason notice title description"),
    "well": _words("success successful ok"),
    "status": _words("status code statuscode result state"),
    "kind": _words("object type kind"),
    "about": _words(
        "self first href url uri link path timestamp time date requestid traceid correlationid id"
        " version apiversion took duration servertime generatedat etag lastmodified updatedat"
        " startcursor endcursor"
    ),
}
_AROUND = _words(
    "meta metadata links pagination paging pageinfo paginginfo pager info cursors response data"
    " payload envelope summary extensions headers"
)
"""Names of objects around a list whose members are interpreted one by one."""
_WELL = frozenset(("ok", "success", "successful", "200", "0"))
_LISTS = frozenset(("list", "collection", "array", "page"))
_ALNUM = re.compile(r"[^a-z0-9]")
_EMPTY = ("", "false", "0", "null", "none")
_SEVERAL = re.compile(r"\s*[0-9]+([\s,;|]+[0-9]+)+\s*\Z", re.ASCII)
"""Several ids in one text."""
_PROBLEM = re.compile(r"error|problem|exception|failure")
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_REL = re.compile(r"rel\s*=\s*[\"']?([^\"';,]*)")
_PAGE = re.compile(r"(?:\A|[-_])pag")
_RANGE = re.compile(r"/([0-9]{1,9})\s*\Z")


_FAILURES = _words(
    "error errors exception failure failed fault problem degraded unavailable stale timedout"
)
"""Members by which a response other than a list reports failure or staleness."""
_STATUS = _words("status code statuscode")


@dataclass(frozen=True)
class Place:
    """Where a relation's ids are in a response, and what is declared around them."""

    pointer: tuple[str, ...] = ()
    maps: frozenset[int] = frozenset()
    """Positions of `*` in the pointer that stand for a map instead of a list."""
    declared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Declared members around the list at any depth → their JSON types; empty: any."""
    page: int = 0
    """Ids in a full page, after which more may follow. 0: not paged. -1: paged, with an
    unrecognisable end."""
    counts: tuple[tuple[str, ...], ...] = ()
    """Pointers to the total in the response."""


def place_of(
    pointer: tuple[str, ...],
    top: Shape | None,
    page: int = 0,
    counts: tuple[tuple[str, ...], ...] = (),
) -> Place:
    """The place at a pointer of a response declared as `top`."""
    shape, maps = top, set[int]()
    for at, segment in enumerate(pointer):
        if shape is not None and segment == "*" and _is_map(shape):
            maps.add(at)
        shape = declared_member(shape, segment) if shape is not None else None
    kinds: dict[str, frozenset[str]] = {}
    for name, own in _declared(top, 0) if top is not None else ():
        before = kinds.get(name, own)
        kinds[name] = before | own if before and own else frozenset()
    return Place(pointer, frozenset(maps), kinds, page, counts)


def _is_map(shape: Shape) -> bool:
    listed = shape.items is not None or "array" in shape.kinds
    return shape.extra is not None and not listed


def _declared(shape: Shape, depth: int) -> Iterator[tuple[str, frozenset[str]]]:
    """Declared names outside lists and maps at any depth, with their JSON types."""
    for name in member_names(shape) if depth < 5 else ():
        below = declared_member(shape, name)
        yield name, _kinds(below) if below is not None else frozenset()
        if below is not None:
            yield from _declared(below, depth + 1)


def _kinds(shape: Shape) -> frozenset[str]:
    """JSON types that a schema states or implies; empty: any."""
    found: set[str] = set()
    for way in ways(shape):
        own = set(way.kinds)
        if not own and (way.properties or way.extra is not None):
            own.add("object")
        if not own and way.items is not None:
            own.add("array")
        if not own and not way.branches:
            return frozenset()
        found |= own
    return frozenset("number" if kind == "integer" else kind for kind in found)


def _fits(place: Place, name: str, value: Json) -> bool:
    """Whether a member is declared with this value's type; null and empty containers always fit."""
    kinds = place.declared.get(name)
    if not kinds or value is None:
        return kinds is not None
    if value in ([], {}) and kinds & {"array", "object"}:
        return True
    return next(kind for types, kind in _TYPES if isinstance(value, types)) in kinds


_TYPES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "boolean"), ((int, float), "number"), (str, "string"), (list, "array"), (dict, "object"),
)  # fmt: skip


@dataclass(frozen=True)
class Pages:
    """How much of a paged list was read so far."""

    found: int
    """Ids on all pages."""
    last: int
    """Ids on the last page."""
    first: int
    """Ids on the first page."""
    number: int = 1
    """Number of pages."""


@dataclass
class Look:
    """Ids found, and all values around the list."""

    place: Place
    ids: list[str] = field(default_factory=list)
    found: int = 0
    sound: bool = True
    around: list[tuple[tuple[str, ...], Json]] = field(default_factory=list)

    def walk(self, value: Json, at: int, path: tuple[str, ...]) -> None:
        pointer = self.place.pointer
        if at == len(pointer):
            self.found += 1
            id = identifier(value)
            if id is None or _SEVERAL.match(id):
                self.sound = False
            else:
                self.ids.append(id)
        elif pointer[at] == "*":
            if isinstance(value, dict) and at in self.place.maps:
                value = list(value.values())
            if not isinstance(value, list):
                self.sound = False
                return
            for each in value:
                self.walk(each, at + 1, (*path, "*"))
        elif not isinstance(value, dict) or pointer[at] not in value:
            self.sound = False
        else:
            if "*" in pointer[at:]:
                self.around += [((*path, k), v) for k, v in value.items() if k != pointer[at]]
            self.walk(value[pointer[at]], at + 1, (*path, pointer[at]))


def look(place: Place, value: Json) -> Look:
    """Collects the ids at a place of a response and what is around them."""
    made = Look(place)
    made.walk(value, 0, ())
    return made


def extent(
    seen: Look, value: Json, headers: Mapping[str, str], pages: Pages | None = None
) -> Extent:
    """Whether the ids in a response are complete; with `pages`, those of all pages so far.
    `headers`: lower-case names, repeated ones joined."""
    place = seen.place
    pages = pages or Pages(seen.found, seen.found, seen.found)
    media = essence(headers.get("content-type", ""))
    if not is_json(media) or is_problem(media):
        return "unknown"
    said = {*_counted(place, value, pages.found), *_headers(headers, pages)}
    for path, each in seen.around:
        said |= set(_around(place, path, each, pages, 0))
    if "on" in said:
        return "cut off"
    if "unknown" in said or not seen.sound:
        return "unknown"
    if place.page > 0:
        return "whole" if seen.found < place.page else "unknown"
    ended = "end" in said or (pages.number > 1 and pages.last < pages.first)
    usual = pages.first in USUAL or (pages.first > 0 and pages.first % 100 == 0)
    return "whole" if ended or (place.page == 0 and not usual) else "unknown"


def is_problem(media: str) -> bool:
    """Whether a lower-case media type denotes an error (`application/problem+json`, RFC 9457)."""
    return bool(_PROBLEM.search(media))


def failed(value: Json, pointer: tuple[str, ...], headers: Mapping[str, str]) -> bool:
    """Whether a response reports failure or staleness in a header, or in a member in or around the
    object at a pointer. `headers`: lower-case names."""
    one = Pages(1, 1, 1)
    for name, said in headers.items():
        mark = _mark(name)
        own = mark in ("status", "upstream", "circuit", "failed")
        if mark and own and _marked(mark, said.strip().lower(), one) == "on":
            return True
    for step in (*pointer, None):
        if not isinstance(value, dict):
            return False
        signs = _FAILURES | _NAMES["well"] | (_STATUS if step is not None else set())
        for name, each in value.items():
            plain = _ALNUM.sub("", name.lower())
            if name != step and plain in signs and member(name, each, one) == "on":
                return True
        value = value.get(step) if step is not None else None
    return False


def _counted(place: Place, value: Json, found: int) -> Iterator[Said]:
    """What the contract's totals say; a missing total means that the list may go on."""
    for path in place.counts:
        at = value
        for segment in path:
            at = at.get(segment) if isinstance(at, dict) else None
        yield "end" if type(at) is int and at == found else "on"


def _headers(headers: Mapping[str, str], pages: Pages) -> Iterator[Said]:
    found = pages.found
    for name, said in headers.items():
        text = said.strip().lower()
        if pages.number > 1 and "prev" in name:
            continue
        if name == "content-range":
            total = _RANGE.search(text)
            yield "end" if total and int(total[1]) == found else "on"
        elif name in ("warning", "retry-after") or (name == "link" and "next" in text):
            yield "on"
        elif name == "link":
            yield from _links(said, pages)
        elif (mark := _mark(name)) is not None:
            yield _marked(mark, text, pages)
        elif _PAGE.search(name) and not any(word in name for word in (*_ON, "total", "count")):
            yield _paging(name, text, pages)
        elif "rate" in name or "limit" in name:
            continue
        elif any(word in name for word in _ON):
            yield "silent" if text in _EMPTY else "on"
        elif ("total" in name or "count" in name) and text.isdecimal():
            most = pages.number if "page" in name else found
            yield "on" if len(text) > 9 or int(text) > most else "silent"


_MARKS = {
    "well": _words("complete iscomplete done finished last islast lastpage islastpage final eof"),
    "status": _words("status statuscode code result success ok state"),
    "first": _words("offset skip start startindex from"),
    "left": _words("after marker older omitted skipped left lastkey lastevaluatedkey"),
    "count": _words("records recordcount items results hits length found numfound"),
    "size": _words("limit perpage pagelimit itemsperpage maxresults take batchsize"),
}
"""Headers with the meaning of such members; letters only, without `x-`."""


_BAD = re.compile(r"err|warn|fail|exception|fault|unavail|time|degrad|partial|stale|updating|down")
_DIGITS = re.compile(r"[0-9]+")


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
        yield _linked(rel, url, pages, first)


def _linked(rel: str, url: str, pages: Pages, first: Collection[str]) -> Said:
    """What a link says about the list; a `last` link must clearly be this page, unless it equals
    `first`."""
    if "next" in rel:
        return "on"
    if pages.number > 1:
        return "silent"
    if "prev" in rel:
        return "on"
    if rel not in ("self", "first", "last"):
        return "silent"
    said = _address(url, pages)
    if rel == "last" and said == "silent" and url not in first:
        return "unknown"
    return "silent" if said == "end" else said


_SIZES = _NAMES["size"] | _words("count top rows first last")
_STARTS = _NAMES["first"] | _words("p")
_TOKENS = _words("before pagetoken skiptoken")


def _address(url: str, pages: Pages) -> Said:
    """What the query of a link to this or the first page says: `on`: a later page; `unknown`: a
    page size that was reached; `end`: the first page."""
    if pages.number > 1:
        return "silent"
    said: Said = "silent"
    for pair in re.split("[&;]", url.partition("?")[2].partition("#")[0]):
        name, _, text = (unquote_plus(each).strip() for each in pair.partition("="))
        plain = _ALNUM.sub("", name.lower())
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
            {plain, inner} & (GOES_ON | _TOKENS) or any(word in plain for word in _ON)
        ):
            return "on"
    return said


def _mark(name: str) -> str | None:
    """What a header is about: a key of `_MARKS`, a failure or a range; None: nothing relevant."""
    plain = _ALNUM.sub("", name.removeprefix("x-"))
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
    return "failed" if not counted and any(word in name for word in _FAILED) else None


def _marked(mark: str, text: str, pages: Pages) -> Said:
    found = pages.found
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
    match mark:
        case "well":
            fine = text in ("true", "1", "yes", "")
        case "status":
            fine = text in ("", "true", "1", *(_WELL - {"0"})) or text.startswith("200 ")
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
            fine = text in _EMPTY or (number is not None and _turned(number, pages))
        case "count":
            fine = text == "" or number in (found, pages.last)
        case "range":
            total = _RANGE.search(text)
            fine = text == "" or bool(total and int(total[1]) == found)
        case _:
            fine = text in _EMPTY
    return "silent" if fine else "on"


def _paging(name: str, text: str, pages: Pages) -> Said:
    """What a paging header says; a first page or an unfilled one says nothing."""
    number = int(text) if text.isdecimal() and len(text) < 10 else None
    if any(word in name for word in ("size", "limit", "per")):
        return "silent" if number is not None and number > pages.last else "on"
    small = number is not None and number <= pages.number
    return "silent" if small or text in (*_EMPTY, "{}", "[]") else "on"


def _around(
    place: Place, path: tuple[str, ...], value: Json, pages: Pages, depth: int
) -> Iterator[Said]:
    """What a member beside the list says, including members inside it."""
    if path in place.counts:
        return
    said = member(path[-1], value, pages, declared=_fits(place, path[-1], value))
    for each in value if isinstance(value, list) else ():
        if isinstance(each, dict) and isinstance(each.get("rel"), str) and each.get("href"):
            yield _linked(str(each["rel"]).lower(), str(each["href"]), pages, ())
    inside = value if isinstance(value, dict) and _opens(place, path[-1], value) else None
    if said == "unknown" and inside is not None and depth < 8:
        for name, each in inside.items():
            yield from _around(place, (*path, name), each, pages, depth + 1)
    else:
        yield said


def _opens(place: Place, name: str, value: Json) -> bool:
    """Whether an object's name is understood, so that its members can be interpreted."""
    plain = _ALNUM.sub("", name.lower())
    if plain in GOES_ON:
        return False
    known = plain in _AROUND or any(plain in names for names in _NAMES.values())
    return (known and name not in place.declared) or _fits(place, name, value)


def member(name: str, value: Json, pages: Pages, *, declared: bool = False) -> Said:
    """What a member around a list says; an object is judged by its name alone."""
    plain = _ALNUM.sub("", name.lower())
    if pages.number > 1 and "prev" in plain:
        return "silent"
    empty = value is None or value is False or value in ("", 0, [], {}) or value == "0"
    kind = next((kind for kind, names in _NAMES.items() if plain in names), "")
    if isinstance(value, dict) and value and kind not in ("words", "status", "well"):
        failed = any(word in plain for word in _FAILED)
        return "on" if failed or any(word in plain for word in _ON) else "unknown"
    said: Said | None = _named(kind, value, pages, empty=empty)
    if said is not None:
        return said
    if any(word in plain for word in _ON):
        return "end" if empty else "on"
    if any(word in plain for word in _FAILED):
        return "silent" if empty else "on"
    if "total" in plain:
        return _number(value, (pages.found,), "end")
    # An unknown name may mean anything, also with an empty value.
    return "silent" if declared and (not isinstance(value, dict) or not value) else "unknown"


def _named(kind: str, value: Json, pages: Pages, *, empty: bool) -> Said | None:
    match kind:
        case "cursor":
            none = value is None or value in ("", [], {})
            return "end" if none else "silent" if empty else "on"
        case "left":
            return "silent" if empty else "on"
        case "done":
            if pages.number > 1 and isinstance(value, str | dict):
                return "silent"  # the position of the last page
            return "end" if value is True else "on"
        case "pages":
            return "end" if type(value) is int and value <= pages.number else "on"
        case "first":
            begins = value is None or (type(value) is int and _turned(value, pages))
            return "silent" if begins else "on"
        case "size":
            return "end" if type(value) is int and value > pages.last else "on"
        case "count":
            return _number(value, (pages.found, pages.last), "silent")
        case "well":
            said = str(value).strip().lower()
            well = value is None or value is True or said in ("1", *(_WELL - {"0"}))
            return "silent" if well else "on"
        case "words" | "status":
            well = value is True or value == 200 or str(value).strip().lower() in _WELL
            good = (
                value is None or (empty and kind == "words") or (type(value) is int and not value)
            )
            return "silent" if well or good else "on"
        case "kind":
            return "silent" if value is None or str(value).lower() in _LISTS else "unknown"
        case "about":
            if isinstance(value, str):
                said = _address(value, pages)
                return "silent" if said == "end" else said
            return "silent" if not isinstance(value, list) else "unknown"
    return None


def _turned(number: int, pages: Pages) -> bool:
    """Whether a page number or offset is that of the last page read."""
    turned = (pages.number - 1, pages.number, pages.found - pages.last)
    return number in ((0, 1) if pages.number == 1 else turned)


def _number(value: Json, wanted: tuple[int, ...], good: Said) -> Said:
    return good if type(value) is int and value in wanted else "on"
