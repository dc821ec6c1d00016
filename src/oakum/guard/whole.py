"""Whether an answer lists all ids there are, so that who is not on it is known to be elsewhere.

The law of this module: a list is whole by evidence, and not for want of a sign against it. It
stands at its pointer as the kind of container that the document declares, every id in it can be
read, and everything around it is understood: as silent, or as saying that this is the end. What
nobody understands may say that the list goes on, or that it could not be read, and then it tells of
those who are on it and of nobody else. `lua/whole.lua` says the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from oakum.contract.lexicon import GOES_ON
from oakum.contract.model import Json
from oakum.guard.dialogue import Answered
from oakum.guard.media import is_json
from oakum.semantics.principal import identifier

Said = Literal["on", "end", "silent", "unknown"]
"""What a part of an answer says of its list: it may go on, it ends, nothing, or nobody knows."""

USUAL = frozenset((10, 15, 20, 24, 25, 30, 40, 50, 60, 75, 100, 125, 150, 200, 250, 500))
"""Sizes of a page where nobody says one; so is each multiple of 100."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ON = _words("next more cursor continu truncat partial incomplete scroll remain")
_FAILED = _words(
    "error warn fail exception fault problem retry timedout degraded prev stale cached"
)
_NAMES = {
    "left": GOES_ON,
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
_PAGE = re.compile(r"(?:\A|[-_])pag")
_RANGE = re.compile(r"/([0-9]{1,9})\s*\Z")


@dataclass(frozen=True)
class Place:
    """Where the ids of a relation stand in an answer, and what the documents say around them."""

    pointer: tuple[str, ...] = ()
    maps: frozenset[int] = frozenset()
    """Positions of a `*` in the pointer at which the document declares a map and no list."""
    declared: frozenset[str] = frozenset()
    """Names of members that the document declares around the list, at any depth."""
    page: int = 0
    """As `wiring.Ask.page`."""
    counts: tuple[tuple[str, ...], ...] = ()


@dataclass
class _Look:
    """One walk: ids found, and what is said by everything beside them."""

    place: Place
    found: int = 0
    sound: bool = True
    around: list[tuple[tuple[str, ...], Json]] = field(default_factory=list)

    def walk(self, value: Json, at: int, path: tuple[str, ...]) -> None:
        pointer = self.place.pointer
        if at == len(pointer):
            self.found += 1
            self.sound &= identifier(value) is not None
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


def is_whole(place: Place, answered: Answered, value: Json) -> bool:
    """Whether the ids at a place of an answer are certainly all there are."""
    look = _Look(place)
    look.walk(value, 0, ())
    media = answered.media_type
    if not look.sound or not is_json(media) or media == "application/problem+json":
        return False
    said = {*_counted(place, value, look.found), *_headers(answered, look.found)}
    for path, each in look.around:
        said |= set(_around(place, path, each, look.found, 0))
    if "on" in said or "unknown" in said:
        return False
    if place.page > 0:
        return look.found < place.page
    usual = look.found in USUAL or (look.found > 0 and look.found % 100 == 0)
    return "end" in said or (place.page == 0 and not usual)


def is_stale(answered: Answered, ttl: float) -> bool:
    """Whether some cache gave an answer older than one may be believed (RFC 9111, 5.1, 5.5)."""
    age, warning = answered.header("age").strip(), answered.header("warning").strip()
    old = bool(age) and not (
        age.isdecimal() and age.isascii() and len(age) < 10 and int(age) <= ttl
    )
    return old or warning.startswith(("110", "111", "112", "113"))


def _counted(place: Place, value: Json, found: int) -> Iterator[Said]:
    """What the totals say that the contract names; one that is not there says that it goes on."""
    for path in place.counts:
        at = value
        for segment in path:
            at = at.get(segment) if isinstance(at, dict) else None
        yield "end" if type(at) is int and at == found else "on"


def _headers(answered: Answered, found: int) -> Iterator[Said]:
    for name in dict(answered.headers):
        text = answered.header(name).strip().lower()
        if name == "content-range":
            total = _RANGE.search(text)
            yield "end" if total and int(total[1]) == found else "on"
        elif name in ("warning", "retry-after") or (name == "link" and "next" in text):
            yield "on"
        elif (mark := _mark(name)) is not None:
            yield _marked(mark, text, found)
        elif _PAGE.search(name) and not any(word in name for word in (*_ON, "total", "count")):
            yield _paging(name, text, found)
        elif name == "link" or "rate" in name or "limit" in name:
            continue
        elif any(word in name for word in _ON):
            yield "silent" if text in _EMPTY else "on"
        elif ("total" in name or "count" in name) and text.isdecimal():
            most = 1 if "page" in name else found
            yield "on" if len(text) > 9 or int(text) > most else "silent"


_MARKS = {
    "well": _words("complete iscomplete done finished last islast lastpage islastpage final eof"),
    "status": _words("status statuscode code result success ok state"),
    "first": _words("offset skip start startindex from"),
    "left": _words("after marker older omitted skipped left lastkey lastevaluatedkey"),
    "count": _words("records recordcount items results hits length found numfound"),
}
"""Headers that say of a list what members around it do, without `x-` and but for letters."""


def _mark(name: str) -> str | None:
    """What a header speaks of: one of `_MARKS`, a failure or a range; None: of none of these."""
    plain = _ALNUM.sub("", name.removeprefix("x-"))
    if name.startswith("x-") or plain == "status":
        found = next((mark for mark, names in _MARKS.items() if plain in names), None)
        if found is not None:
            return found
    if plain.endswith("range"):
        return "range"
    counted = "rate" in name or "limit" in name
    return "failed" if not counted and any(word in name for word in _FAILED) else None


def _marked(mark: str, text: str, found: int) -> Said:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
    match mark:
        case "well":
            fine = text in ("true", "1", "yes", "")
        case "status":
            fine = text in ("", "true", "1", *(_WELL - {"0"})) or text.startswith("200 ")
        case "first":
            fine = text in _EMPTY or number == 1
        case "count":
            fine = text == "" or number == found
        case "range":
            total = _RANGE.search(text)
            fine = text == "" or bool(total and int(total[1]) == found)
        case _:
            fine = text in _EMPTY
    return "silent" if fine else "on"


def _paging(name: str, text: str, found: int) -> Said:
    """What a header about pages says; the first of one, or one that is not full, says nothing."""
    number = int(text) if text.isdecimal() and len(text) < 10 else None
    if any(word in name for word in ("size", "limit", "per")):
        return "silent" if number is not None and number > found else "on"
    small = number is not None and number <= 1
    return "silent" if small or text in (*_EMPTY, "{}", "[]") else "on"


def _around(
    place: Place, path: tuple[str, ...], value: Json, found: int, depth: int
) -> Iterator[Said]:
    """What one member beside the list says, and those inside it."""
    if path in place.counts:
        return
    said = member(path[-1], value, found, declared=path[-1] in place.declared)
    if said == "unknown" and isinstance(value, dict) and depth < 8 and _opens(place, path[-1]):
        for name, each in value.items():
            yield from _around(place, (*path, name), each, found, depth + 1)
    else:
        yield said


def _opens(place: Place, name: str) -> bool:
    """Whether a name explains an object, so that what is in it may say the rest."""
    plain = _ALNUM.sub("", name.lower())
    if plain in _NAMES["left"]:
        return False
    known = plain in _AROUND or any(plain in names for names in _NAMES.values())
    return known or name in place.declared


def member(name: str, value: Json, found: int, *, declared: bool = False) -> Said:
    """What a member around a list of `found` ids says of it; of an object, by its name alone."""
    plain = _ALNUM.sub("", name.lower())
    empty = value is None or value is False or value in ("", 0, [], {}) or value == "0"
    kind = next((kind for kind, names in _NAMES.items() if plain in names), "")
    if isinstance(value, dict) and value and kind not in ("words", "status", "well"):
        failed = any(word in plain for word in _FAILED)
        return "on" if failed or any(word in plain for word in _ON) else "unknown"
    said: Said | None = _named(kind, value, found, empty=empty)
    if said is not None:
        return said
    if any(word in plain for word in _ON):
        return "end" if empty else "on"
    if any(word in plain for word in _FAILED):
        return "silent" if empty else "on"
    if "total" in plain:
        return _number(value, found, "end")
    if declared and not isinstance(value, dict):
        return "silent"
    return "silent" if value is None or value in ("", [], {}) else "unknown"


def _named(kind: str, value: Json, found: int, *, empty: bool) -> Said | None:
    match kind:
        case "left":
            return "silent" if empty else "on"
        case "done":
            return "end" if value is True else "on"
        case "pages":
            return "end" if type(value) is int and value <= 1 else "on"
        case "first":
            return "silent" if value is None or (type(value) is int and value in (0, 1)) else "on"
        case "size":
            return "end" if type(value) is int and value > found else "on"
        case "count":
            return _number(value, found, "silent")
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
            return "silent" if not isinstance(value, list) else "unknown"
    return None


def _number(value: Json, found: int, good: Said) -> Said:
    return good if type(value) is int and value == found else "on"
