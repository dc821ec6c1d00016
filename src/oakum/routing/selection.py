"""Parameters by which requests select what they are about, such as a tenant, and which of them a
look-up is sent.

The law of this module: a look-up is asked under the conditions of the request that it decides. Any
header or cookie parameter may be one of them, unless it only shapes a response. A query parameter
may as well filter a list, and a caller could shorten a look-up by it, so it is one only if most
operations of the document have it; one that is called like a tenant, and that few have, leaves a
look-up unasked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from oakum.errors import Location, Problem
from oakum.openapi.document import Document
from oakum.openapi.model import Json, Operation, Parameter
from oakum.policy.model import Guarding
from oakum.routing.headers import is_standard
from oakum.routing.paging import PAGING

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_SHAPES = frozenset(
    (
        *("cursor", "expand", "expansion", "field", "fields", "filter", "filters", "lang"),
        *("language", "limit", "locale", "mask", "offset", "page", "pages", "pagesize", "paging"),
        *("pagination", "projection", "range", "search", "select", "sort", "timezone"),
    )
)
"""Words that make a parameter one of the response's form, whatever other words its name has."""
_MAY_SHAPE = _SHAPES | {
    *("x", "by", "count", "depth", "embed", "exclude", "format", "include", "indent", "order"),
    *("per", "populate", "pretty", "print", "results", "size", "skip", "take", "top"),
}
"""A name that consists of these is one of the form, too."""
_FILTERS = _MAY_SHAPE | {
    *("alt", "callback", "columns", "context", "orderby", "ordering", "prettyprint", "q", "query"),
    *("since", "status", "type", "until", "view"),
}
"""The same for names in a query."""

_TENANTS = frozenset(
    (
        *("tenant", "tenants", "org", "organization", "organisation", "workspace", "realm"),
        *("namespace", "company", "shop", "site"),
    )
)

Place = tuple[str, str]
"""`header`, `cookie` or `query`, and a name."""


@dataclass(frozen=True)
class Supplied:
    """A required parameter that has a value without any request: the only one that the document
    allows, or else its default."""

    where: str
    name: str
    value: str
    only: bool

    @property
    def plan(self) -> dict[str, Json]:
        """As plan data."""
        return {"where": self.where, "name": self.name, "value": self.value, "only": self.only}


@dataclass(frozen=True)
class Selection:
    """The selecting parameters of an operation, in their order by name."""

    headers: tuple[str, ...] = ()
    """In lower case."""
    cookies: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    """Those of `query` that may filter as well: no look-up of this operation is asked for a request
    that has one."""
    supplied: tuple[Supplied, ...] = ()
    """Headers and cookies that a look-up of this operation is sent where the request has none."""
    needed: tuple[Place, ...] = ()
    """Required parameters that only a request can fill: without them a look-up of this operation
    is not asked."""

    @property
    def plan(self) -> dict[str, Json]:
        """As plan data."""
        return {
            "headers": list(self.headers),
            "cookies": list(self.cookies),
            "query": list(self.query),
            "unclear": list(self.unclear),
            "supplied": [each.plan for each in self.supplied],
            "needed": [list(each) for each in self.needed],
        }

    def has(self, place: Place) -> bool:
        """Whether requests of this operation may say it."""
        where, name = place
        return name in {"header": self.headers, "cookie": self.cookies}.get(where, self.query)


def selections(
    document: Document, guard: Guarding, credentials: Collection[Place]
) -> Mapping[str, Selection]:
    """The selection of each operation, by its id; credentials are none of it."""
    count = Counter(
        name
        for each in document.operations
        for name in {one.name for one in each.parameters if one.where == "query"}
    )
    common = {name for name, times in count.items() if 2 * times > len(document.operations)}
    none = {*credentials, *((("header", guard.service.header),) if guard.service else ())}
    more = {("header", name) for name in guard.request_headers if not _is_form("header", name)}
    return {each.id: _selection(each, common, none, more - none) for each in document.operations}


def _selection(
    operation: Operation, common: Collection[str], none: Collection[Place], more: Collection[Place]
) -> Selection:
    places, supplied, needed = set(more), list[Supplied](), list[Place]()
    unclear = set[str]()
    for each in operation.parameters:
        place = (each.where, each.name.lower() if each.where == "header" else each.name)
        if each.where == "path" or place in none or _is_form(*place, called=each.name):
            continue
        value = _value(each)
        if each.where != "query" or (each.name in common and len(each.shape.enum) != 1):
            places.add(place)
        elif not _TENANTS.isdisjoint(_words(each.name)):
            places.add(place)
            unclear.add(each.name)
        if each.required and value is None:
            needed.append(place)
        elif each.required and value is not None and each.where != "query":
            supplied.append(Supplied(*place, value, len(each.shape.enum) == 1))
    named = {where: tuple(sorted(n for w, n in places if w == where)) for where, _ in places}
    return Selection(
        named.get("header", ()),
        named.get("cookie", ()),
        named.get("query", ()),
        tuple(sorted(unclear)),
        tuple(supplied),
        tuple(needed),
    )


def _is_form(where: str, name: str, called: str = "") -> bool:
    """Whether a parameter shapes a response and does not select what it is about. `called`: the
    name as the document has it, whose capital letters begin words."""
    if where == "header" and is_standard(name):
        return True
    words = _words(called or name)
    if where == "query" and name.lower() in PAGING:
        return True
    shapes = _FILTERS if where == "query" else _MAY_SHAPE
    return not words.isdisjoint(_SHAPES) or (bool(words) and words <= shapes)


def _words(name: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(name)}


def _value(each: Parameter) -> str | None:
    """As `Operation.owed` has it."""
    only = each.shape.enum[0] if len(each.shape.enum) == 1 else each.default
    if not isinstance(only, str | int | float):
        return None
    return str(only).lower() if isinstance(only, bool) else str(only)


def unasked(
    document: Document, made: Mapping[str, Selection], asked: Collection[str], granted: list[str]
) -> Iterator[Problem]:
    """Warns about look-ups that some operations cannot be decided by, since nothing fills a
    required parameter of theirs."""
    for id in asked:
        operation = document.operation(id)
        if operation is not None:
            where = document.locate(operation.pointer)
            yield from (replace(each, location=where) for each in _about(operation, made, granted))


def _about(
    operation: Operation, made: Mapping[str, Selection], granted: list[str]
) -> Iterator[Problem]:
    id, nowhere = operation.id, Location("")
    own, others = made[id], [made[each] for each in granted if each != id]
    for name in own.unclear:
        if any(name in each.unclear for each in others):
            yield Problem(
                nowhere,
                f"the query parameter `{name}` may say what a request is about or filter what"
                f" `{id}` lists, so `{id}` is not asked for requests with one",
                f"declare `{{name: {name}, in: query}}` for most operations if it is what they are"
                f" about, or else rename it",
            )
    for place in own.needed:
        without = [each for each in granted if each != id and not made[each].has(place)]
        if without:
            where, name = place
            some = ", ".join(f"`{each}`" for each in without[:3])
            more = f" and {len(without) - 3} more" if len(without) > 3 else ""
            there = "most operations" if where == "query" else "them"
            yield Problem(
                nowhere,
                f"`{id}` requires the {where} parameter `{name}`, and is not asked for requests of"
                f" {some}{more}, which have none: what it tells is unknown there",
                f"give it a `default` in `{id}`, or declare"
                f" `{{name: {name}, in: {where}, required: true}}` for {there}",
            )
