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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from oakum.authz.completeness_names import (
    AROUND,
    ENDED,
    FAILED,
    HARMLESS,
    NAMES,
    ON,
    USUAL,
    has_part,
    kind_of,
    plain_name,
    words,
)
from oakum.authz.id_spelling import identifier
from oakum.authz.paging_headers import (
    WELL,
    Pages,
    Said,
    address_says,
    header_says,
    is_part,
    is_turned,
    link_says,
    mark_of,
    mark_says,
    query_says,
)
from oakum.http.media_type import essence, is_json
from oakum.openapi.model import Json, Shape
from oakum.openapi.shape_queries import member as declared_member
from oakum.openapi.shape_queries import member_names, ways
from oakum.policy.resource_schemas import resource_of

Extent = Literal["whole", "cut off", "unknown"]
"""Whether a list is complete; `unknown` counts as no."""

_LISTS = frozenset(("list", "collection", "array", "page", "searchset", "bundle"))
_SEVERAL = re.compile(r"\s*[0-9]+([\s,;|]+[0-9]+)+\s*\Z", re.ASCII)
"""Several ids in one text."""
_PAIRS = re.compile(r"[^\s=&]+=[^\s=&]*(?:&[^\s=&]+=[^\s=&]*)*", re.ASCII)
"""The query of a request, as text."""
_PROBLEM = re.compile(r"error|problem|exception|failure")
_FAILURES = words(
    "error errors exception failure failed fault problem degraded unavailable stale timedout"
)
"""Members by which a response other than a list reports failure or staleness."""
_STATUS = words("status code statuscode")


@dataclass(frozen=True)
class ListPlace:
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
    harmless: frozenset[str] = frozenset()
    """Declared members that say nothing of the list: common ones, and those of an object of a
    resource that the list is in."""
    captions: frozenset[str] = frozenset()
    """Members whose text is what a person wrote about the object that the list is in, and no
    message of the API about the list."""


def place_of(
    pointer: tuple[str, ...],
    top: Shape | None,
    page: int = 0,
    counts: tuple[tuple[str, ...], ...] = (),
    *,
    bound: Mapping[str, str] | None = None,
) -> ListPlace:
    """The place at a pointer of a response declared as `top`. `bound`: schemas of resources."""
    shape, maps, fields = top, set[int](), set[str]()
    for at, segment in enumerate(pointer):
        if shape is not None and bound and resource_of(shape, bound):
            fields |= {name for name, _ in _declared_names(shape, 0)}
        if shape is not None and segment == "*" and _is_map(shape):
            maps.add(at)
        shape = declared_member(shape, segment) if shape is not None else None
    kinds: dict[str, frozenset[str]] = {}
    for name, own in _declared_names(top, 0) if top is not None else ():
        before = kinds.get(name, own)
        kinds[name] = before | own if before and own else frozenset()
    common = {name for name in kinds if plain_name(name) in HARMLESS}
    return ListPlace(pointer, frozenset(maps), kinds, page, counts, frozenset(fields | common))


def _is_map(shape: Shape) -> bool:
    listed = shape.items is not None or "array" in shape.kinds
    return shape.extra is not None and not listed


def _declared_names(shape: Shape, depth: int) -> Iterator[tuple[str, frozenset[str]]]:
    """Declared names outside lists and maps at any depth, with their JSON types."""
    for name in member_names(shape) if depth < 5 else ():
        below = declared_member(shape, name)
        yield name, _kinds(below) if below is not None else frozenset()
        if below is not None:
            yield from _declared_names(below, depth + 1)


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


def _fits(place: ListPlace, name: str, value: Json) -> bool:
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


@dataclass
class ListedIds:
    """Ids found, and all values around the list."""

    place: ListPlace
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


def look(place: ListPlace, value: Json) -> ListedIds:
    """The ids at a place of a response, and every value around the list."""
    made = ListedIds(place)
    made.walk(value, 0, ())
    return made


def extent(
    seen: ListedIds, value: Json, headers: Mapping[str, str], pages: Pages | None = None
) -> Extent:
    """Whether the ids in a response are complete; with `pages`, those of all pages so far.
    `headers`: lower-case names, repeated ones joined."""
    place = seen.place
    pages = pages or Pages(seen.found, seen.found, seen.found)
    media = essence(headers.get("content-type", ""))
    if not is_json(media) or is_problem(media):
        return "unknown"
    said = _answer_says(seen, value, headers, pages)
    if "on" in said:
        return "cut off"
    if "unknown" in said or not seen.sound or ("open" in said and "end" not in said):
        return "unknown"
    if place.page > 0:
        return "whole" if seen.found < place.page else "unknown"
    ended = not said.isdisjoint(("end", "short")) or (pages.number > 1 and pages.last < pages.first)
    usual = pages.first in USUAL or (pages.first > 0 and pages.first % 100 == 0)
    return "whole" if ended or (place.page == 0 and not usual) else "unknown"


def says_end(seen: ListedIds, value: Json, headers: Mapping[str, str], pages: Pages) -> bool:
    """Whether a response itself says that its list ends there (`next: null`) and contains nothing
    to the contrary, so that no further page has to be requested."""
    said = _answer_says(seen, value, headers, pages)
    return "end" in said and said.isdisjoint(("on", "unknown"))


def _answer_says(
    seen: ListedIds, value: Json, headers: Mapping[str, str], pages: Pages
) -> frozenset[Said]:
    around = (_around(seen.place, path, each, pages, 0) for path, each in seen.around)
    parts = (_totals_say(seen.place, value, pages.found), header_says(headers, pages), *around)
    return frozenset(each for part in parts for each in part)


def is_problem(media: str) -> bool:
    """Whether a lower-case media type denotes an error (`application/problem+json`, RFC 9457)."""
    return bool(_PROBLEM.search(media))


def reports_failure(value: Json, pointer: tuple[str, ...], headers: Mapping[str, str]) -> bool:
    """Whether a response reports failure or staleness in a header, or in a member in or around the
    object at a pointer. `headers`: lower-case names."""
    one = Pages(1, 1, 1)
    for name, said in headers.items():
        mark = mark_of(name)
        own = mark in ("status", "upstream", "circuit", "failed")
        if mark and own and mark_says(mark, said.strip().lower(), one) == "on":
            return True
    for step in (*pointer, None):
        if not isinstance(value, dict):
            return False
        signs = _FAILURES | NAMES["well"] | (_STATUS if step is not None else set())
        for name, each in value.items():
            plain = plain_name(name)
            if name != step and plain in signs and member(name, each, one) == "on":
                return True
        value = value.get(step) if step is not None else None
    return False


def _totals_say(place: ListPlace, value: Json, found: int) -> Iterator[Said]:
    """What the contract's totals say; a missing total means that the list may go on."""
    for path in place.counts:
        at = value
        for segment in path:
            at = at.get(segment) if isinstance(at, dict) else None
        yield "end" if type(at) is int and at == found else "on"


def _around(
    place: ListPlace,
    path: tuple[str, ...],
    value: Json,
    pages: Pages,
    depth: int,
    quiet: bool = False,
) -> Iterator[Said]:
    """What a member beside the list says, including members inside it. `quiet`: what nobody
    explains says nothing."""
    name = path[-1]
    if path in place.counts or (name in place.captions and isinstance(value, str)):
        return
    declared, quiet = _fits(place, name, value), quiet or name in place.harmless
    said = _of_hits(name, value, pages) or member(name, value, pages, declared=declared)
    if isinstance(value, list):
        links = [_element_says(each, pages) for each in value]
        yield from (each for each in links if each is not None)
        if links and None not in links and said in ("open", "unknown"):
            said = "silent" if declared or plain_name(name) in ("link", "links") else "unknown"
    inside = value if isinstance(value, dict) and _opens(place, name, value) else None
    if said == "unknown" and inside is not None and depth < 8:
        for key, each in inside.items():
            yield from _around(place, (*path, key), each, pages, depth + 1, quiet)
    else:
        quiet = quiet and not _speaks_of_pages(name, value, pages)
        yield "silent" if said == "open" and quiet else said


def _speaks_of_pages(name: str, value: Json, pages: Pages) -> bool:
    """Whether a member of a harmless name repeats what was asked for, a page of a size that was
    reached (`params: {limit: 3}`), or says how much of the list it is (`caption: 3 of 4`)."""
    if isinstance(value, str):
        asked = _PAIRS.fullmatch(value.strip()) is not None
        return is_part(value.lower()) or (asked and query_says(value, pages) in ("on", "unknown"))
    return kind_of(plain_name(name)) == "size"


def _element_says(value: Json, pages: Pages) -> Said | None:
    """What an element of a list says that is a link, as `{rel, href}` or `{relation, url}`, or the
    `{label, url}` of a page; None: it is none."""
    if not isinstance(value, dict):
        return None
    rel, url = value.get("rel", value.get("relation")), value.get("href", value.get("url"))
    if isinstance(rel, str) and (url is None or isinstance(url, str)):
        return link_says(rel.lower(), url, pages, ()) if url else "silent"
    if "url" in value and "label" in value and (url is None or isinstance(url, str)):
        return "on" if url and address_says(url, pages) == "on" else "silent"
    return None


def _of_hits(name: str, value: Json, pages: Pages) -> Said | None:
    """What a search says of its hits: how many there are and how exactly, and of its shards."""
    if not isinstance(value, dict):
        return None
    plain = plain_name(name)
    if plain == "shards" and type(value.get("total")) is int:
        well = value.get("failed") == 0 and value.get("successful") == value["total"]
        return "silent" if well else "on"
    if "total" in plain and type(value.get("value")) is int:
        exact = value.get("relation", "eq") == "eq"
        return _number(value["value"], (pages.found,), "end") if exact else "on"
    return None


def _opens(place: ListPlace, name: str, value: Json) -> bool:
    """Whether an object's name is understood, so that its members can be interpreted."""
    plain = plain_name(name)
    if kind_of(plain) in ("cursor", "left"):
        return False
    known = plain in AROUND or kind_of(plain) != ""
    return (known and name not in place.declared) or _fits(place, name, value)


def member(name: str, value: Json, pages: Pages, *, declared: bool = False) -> Said:
    """What a member around a list says about it; an object is judged by its name alone. `declared`:
    whether the document declares the member."""
    plain = plain_name(name)
    if pages.number > 1 and "prev" in plain:
        return "silent"
    empty = value is None or value is False or value in ("", 0, [], {}) or value == "0"
    kind = kind_of(plain)
    kind = "finish" if plain == "last" and isinstance(value, str) and value else kind
    kind = "done" if not kind and has_part(plain, ENDED) else kind
    if isinstance(value, dict) and value and kind not in ("words", "status", "well"):
        failed = has_part(plain, FAILED)
        return "on" if failed or has_part(plain, ON) else "unknown"
    if plain == "first" and type(value) is int and value == pages.last:
        return "open"  # it may be the size of a page
    said: Said | None = _kind_says(kind, value, pages, empty=empty)
    if said is not None:
        return said
    if has_part(plain, ON):
        return "end" if empty else "on"
    if has_part(plain, FAILED):
        return "silent" if empty else "on"
    if "total" in plain:
        return _number(value, (pages.found,), "end")
    # An unknown name may mean anything, also with an empty value, unless it is declared. `false`
    # may deny that the list ends.
    if not declared or (isinstance(value, dict) and value):
        return "unknown"
    return "silent" if value is None or value in ("", [], {}) else "open"


def _kind_says(kind: str, value: Json, pages: Pages, *, empty: bool) -> Said | None:
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
            begins = value is None or (type(value) is int and is_turned(value, pages))
            return "silent" if begins else "on"
        case "size":
            size = value if type(value) is int else 0
            return "short" if size > pages.last else "open" if size and size == pages.last else "on"
        case "count":
            return _number(value, (pages.found, pages.last), "silent")
        case "well":
            said = str(value).strip().lower()
            well = value is None or value is True or said in ("1", *(WELL - {"0"}))
            return "silent" if well else "on"
        case "words" | "status":
            well = value is True or value == 200 or str(value).strip().lower() in WELL
            good = (
                value is None or (empty and kind == "words") or (type(value) is int and not value)
            )
            return "silent" if well or good else "on"
        case "until":
            return _until(value, pages)
        case "finish":
            return link_says("last", value, pages, ()) if isinstance(value, str) else "silent"
        case "kind":
            return "silent" if value is None or str(value).lower() in _LISTS else "unknown"
        case "about":
            if isinstance(value, str):
                said = address_says(value, pages)
                return "silent" if said == "end" else said
            return "silent" if not isinstance(value, list) else "unknown"
    return None


def _until(value: Json, pages: Pages) -> Said:
    """What the last of a page says: where it stands, or whether it is the last of all."""
    if value is None or value is True:
        return "end" if value else "silent"
    if value is False or (type(value) is int and value > pages.found):
        return "on"
    return "silent" if value == "" or value == pages.found else "open"


def _number(value: Json, wanted: tuple[int, ...], good: Said) -> Said:
    return good if type(value) is int and value in wanted else "on"
