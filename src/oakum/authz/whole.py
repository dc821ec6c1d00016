"""Whether a list of ids is complete, so that an id missing from it is known to be absent.

The law of this module: a list is whole by evidence, and not for want of a sign against it. It
stands at its pointer as the kind of container that the document declares, every id in it can be
read, and everything around it is understood: as silent, or as saying that this is the end. What
nobody understands may say that the list goes on, or that it could not be read, and then it tells of
those who are on it and of nobody else. The guard reads lists by it, and the scan before it ends a
relation; `guard/lua/whole.lua` says the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote_plus

from oakum.authz.principal import identifier
from oakum.authz.table import member as declared_member
from oakum.authz.table import member_names, ways
from oakum.http.media_type import essence, is_json
from oakum.inference.lexicon import CURSORS, GOES_ON
from oakum.openapi.model import Json, Shape

Said = Literal["on", "end", "silent", "unknown"]
"""What a part of an answer says of its list: it may go on, it ends, nothing, or nobody knows."""
Extent = Literal["whole", "cut off", "unknown"]
"""Whether a list has everybody: yes, no, or nobody can tell; to whom it matters, that is a no."""

USUAL = frozenset((10, 15, 20, 24, 25, 30, 40, 50, 60, 75, 100, 125, 150, 200, 250, 500))
"""Sizes of a page where nobody says one; so is each multiple of 100."""


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
"""Names of objects around a list, beside those above, of which each member is understood alone."""
_WELL = frozenset(("ok", "success", "successful", "200", "0"))
_LISTS = frozenset(("list", "collection", "array", "page"))
_ALNUM = re.compile(r"[^a-z0-9]")
_EMPTY = ("", "false", "0", "null", "none")
_SEVERAL = re.compile(r"\s*[0-9]+([\s,;|]+[0-9]+)+\s*\Z", re.ASCII)
"""Several ids in the place of one."""
_PROBLEM = re.compile(r"error|problem|exception|failure")
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_REL = re.compile(r"rel\s*=\s*[\"']?([^\"';,]*)")
_PAGE = re.compile(r"(?:\A|[-_])pag")
_RANGE = re.compile(r"/([0-9]{1,9})\s*\Z")


_FAILURES = _words(
    "error errors exception failure failed fault problem degraded unavailable stale timedout"
)
"""Members by which an answer that is no list says of itself that it failed, or is an old one."""
_STATUS = _words("status code statuscode")


@dataclass(frozen=True)
class Place:
    """Where the ids of a relation stand in an answer, and what the documents say around them."""

    pointer: tuple[str, ...] = ()
    maps: frozenset[int] = frozenset()
    """Positions of a `*` in the pointer at which the document declares a map and no list."""
    declared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Members that the document declares around the list, at any depth, and the JSON types they are
    declared with; empty: any."""
    page: int = 0
    """Ids in a full page: an answer with as many may go on. 0: nobody asked for pages. -1: they
    were, and nobody can tell when they end."""
    counts: tuple[tuple[str, ...], ...] = ()
    """Pointers of the total in the answer."""


def place_of(
    pointer: tuple[str, ...],
    top: Shape | None,
    page: int = 0,
    counts: tuple[tuple[str, ...], ...] = (),
) -> Place:
    """The place at a pointer of an answer that is declared as `top`."""
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
    """Names that a document declares outside of every list and map, at any depth, and JSON types
    that stand there."""
    for name in member_names(shape) if depth < 5 else ():
        below = declared_member(shape, name)
        yield name, _kinds(below) if below is not None else frozenset()
        if below is not None:
            yield from _declared(below, depth + 1)


def _kinds(shape: Shape) -> frozenset[str]:
    """JSON types that a schema says or, with members or elements, means; empty: any."""
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
    """Whether the document declares a member, and a value of this type; none at all, and an empty
    list or object for the other, say nothing that it does not."""
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
    """How much of a list was read up to and with one answer, for a reader that turns pages."""

    found: int
    """Ids, on all pages."""
    last: int
    """Ids on the last page."""
    first: int
    """Ids on the first page."""
    number: int = 1
    """Pages."""


@dataclass
class Look:
    """One walk: ids found, and what is said by everything beside them."""

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
    """What an answer holds at a place and around it."""
    made = Look(place)
    made.walk(value, 0, ())
    return made


def extent(
    seen: Look, value: Json, headers: Mapping[str, str], pages: Pages | None = None
) -> Extent:
    """Whether the ids that were seen in an answer are all there are; with `pages`, those of all
    pages up to this one. `headers`: by names in lower case, repeated ones joined."""
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
    """Whether a media type, in lower case, is one of errors (`application/problem+json`, RFC
    9457)."""
    return bool(_PROBLEM.search(media))


def failed(value: Json, pointer: tuple[str, ...], headers: Mapping[str, str]) -> bool:
    """Whether an answer says of itself that it failed or is an old one: in its headers, or by a
    member in or around the object at a pointer. `headers`: by names in lower case."""
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
    """What the totals say that the contract names; one that is not there says that it goes on."""
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
"""Headers that say of a list what members around it do, without `x-` and but for letters."""


_BAD = re.compile(r"err|warn|fail|exception|fault|unavail|time|degrad|partial|stale|updating|down")
_DIGITS = re.compile(r"[0-9]+")


def _links(text: str, pages: Pages) -> Iterator[Said]:
    """What a `Link` says (RFC 8288) beside `next`."""
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
    """What one link to another page, or to this one, says; of the last one, unless it is the first,
    it must be plain that it is this one."""
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
    """What an address of this page, or of the first, says in its query: `on`: it is a later one;
    `unknown`: one of so many, and so many came; `end`: it is the first."""
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
    """What a header speaks of: one of `_MARKS`, a failure or a range; None: of none of these."""
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
    """What a header about pages says; the first of one, or one that is not full, says nothing."""
    number = int(text) if text.isdecimal() and len(text) < 10 else None
    if any(word in name for word in ("size", "limit", "per")):
        return "silent" if number is not None and number > pages.last else "on"
    small = number is not None and number <= pages.number
    return "silent" if small or text in (*_EMPTY, "{}", "[]") else "on"


def _around(
    place: Place, path: tuple[str, ...], value: Json, pages: Pages, depth: int
) -> Iterator[Said]:
    """What one member beside the list says, and those inside it."""
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
    """Whether a name explains an object, so that what is in it may say the rest."""
    plain = _ALNUM.sub("", name.lower())
    if plain in GOES_ON:
        return False
    known = plain in _AROUND or any(plain in names for names in _NAMES.values())
    return (known and name not in place.declared) or _fits(place, name, value)


def member(name: str, value: Json, pages: Pages, *, declared: bool = False) -> Said:
    """What a member around a list says of it; of an object, by its name alone."""
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
    # A name that nobody explains may say anything, and an empty value of it too.
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
                return "silent"  # where the last page stands
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
    """Whether a page of this number, or with this offset, is the one that was read last."""
    turned = (pages.number - 1, pages.number, pages.found - pages.last)
    return number in ((0, 1) if pages.number == 1 else turned)


def _number(value: Json, wanted: tuple[int, ...], good: Said) -> Said:
    return good if type(value) is int and value in wanted else "on"
