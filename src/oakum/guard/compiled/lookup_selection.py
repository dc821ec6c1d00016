"""Parameters that select which data a request is about, such as a tenant.

A look-up is sent with the same selection as the request that it decides. Any header or cookie
parameter is part of it, unless it only shapes a response. A query parameter may instead filter a
list, and a caller could shorten a look-up's list with it, so it counts only if most operations of
the document have it, or if a look-up requires it and its name is that of a tenant. If a look-up
cannot be sent with the selection, it is not sent: for a query parameter that only few operations
share with it, one that is named like a tenant and that the look-up does not have, or a tenant in a
body, inside a value of a query, or in a path that the look-up does not share.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain

from oakum.errors import Location, Problem, few
from oakum.openapi.document import Document
from oakum.openapi.model import Json, Operation, Parameter
from oakum.policy.model import Policy
from oakum.routing.allowed_headers import is_against_forgery, is_named, is_standard
from oakum.routing.paging_parameters import PAGING
from oakum.routing.tenant_words import KEY_WORDS, TENANT_WORDS, is_tenants_key, name_words

_PARAMETER = re.compile(r"\{([^{}]+)\}")
_STEP = re.compile(r"[.:/\[\]]+")
_JOINTS = str.maketrans("", "", "_-")
_SHAPES = frozenset(
    (
        *("cursor", "expand", "expansion", "field", "fields", "filter", "filters", "lang"),
        *("language", "limit", "locale", "mask", "offset", "page", "pages", "pagesize", "paging"),
        *("pagination", "projection", "range", "search", "select", "sort", "timezone"),
    )
)
"""Words in the name of a parameter that only shapes the response, whatever else the name
contains."""
_MAY_SHAPE = _SHAPES | {
    *("x", "by", "count", "depth", "embed", "exclude", "format", "include", "indent", "order"),
    *("per", "populate", "pretty", "print", "results", "size", "skip", "take", "top"),
}
"""A name made only of these words shapes the response too."""
_FILTERS = _MAY_SHAPE | {
    *("alt", "callback", "columns", "context", "orderby", "ordering", "prettyprint", "q", "query"),
    *("since", "status", "type", "until", "view"),
}
"""The same for names of query parameters."""

TENANTS = frozenset(
    (
        *("tenant", "tenants", "org", "organization", "organisation", "workspace", "realm"),
        *("namespace", "company", "shop", "site"),
    )
)
TENANTS = frozenset(
    tenant + key
    for tenant in TENANT_WORDS - {"company", "shop", "site"}
    for key in ("", *KEY_WORDS)
)
"""Normalised names of a tenant, for places where any name may occur. Names that may also be a
property of a person or an object are left out."""
_NEUTRAL = frozenset(
    (
        *("api", "app", "apikey", "client", "debug", "key", "signature", "source", "timestamp"),
        *("token", "trace", "utm", "v", "ver", "version"),
    )
)
"""A query parameter made only of these words does not select data."""
_CLIENTS = frozenset(("api", "app", "client"))
_OF_CLIENTS = frozenset(("apikey", "signature", "token", "v", "ver", "version"))
"""Words that with `_CLIENTS` say which client sends a request, and in which version of the API."""
_OF_REQUESTS = frozenset(
    (
        *("agent", "build", "correlation", "device", "id", "idempotency", "key", "os", "platform"),
        *("request", "session", "span", "timestamp", "trace", "x"),
    )
)
"""More such words in the name of a header or a cookie. `user` is none: the list that `X-User-Id`
selects may be another's; and neither is `source`, by which a list may be filtered."""
_OPTIONS = frozenset(("include", "includes", "exclude", "with", "without", "show", "hide", "only"))
"""First words of options of a list: `include_stopped`, `withDetails`."""

Place = tuple[str, str]
"""(`header`, `cookie` or `query`; name)."""


@dataclass(frozen=True)
class SuppliedParameter:
    """A required parameter whose value is known without a request: the only allowed value, or the
    default."""

    where: str
    name: str
    value: str
    only: bool

    @property
    def plan(self) -> dict[str, Json]:
        """The parameter as JSON values of the plan, for the Lua runtime."""
        return {"where": self.where, "name": self.name, "value": self.value, "only": self.only}


@dataclass(frozen=True)
class LookupSelection:
    """The selecting parameters of an operation, sorted by name."""

    headers: tuple[str, ...] = ()
    """Header names in lower case."""
    cookies: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    """Query parameters that may be filters, or that this operation lacks. If a request has one, no
    look-up of this operation is sent for it."""
    supplied: tuple[SuppliedParameter, ...] = ()
    """Headers and cookies to send with a look-up of this operation if the request has none."""
    needed: tuple[Place, ...] = ()
    """Required parameters that only the request can supply. Without them no look-up of this
    operation is sent."""
    body: tuple[str, ...] = ()
    """Members of its request body that name the tenant. If a request has one, no look-up is sent,
    since no look-up can be limited to that tenant."""
    within: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Query parameter → members of its value that name the tenant, with the same effect."""
    free: bool = False
    """Whether undeclared members are possible there; then those named like a tenant count as
    well."""
    path: tuple[str, ...] = ()
    """Path parameters that name the tenant, as in `path_tenants`. Only look-ups with the same
    parameter are sent for its requests."""
    paths: tuple[str, ...] = ()
    """All such parameters of its path, including those that name an object of the contract."""
    caller: bool = False
    """Whether it is who-am-I, whose result is taken as independent of the tenant."""

    @property
    def plan(self) -> dict[str, Json]:
        """The parameters as JSON values of the plan, for the Lua runtime."""
        return {
            "headers": list(self.headers),
            "cookies": list(self.cookies),
            "query": list(self.query),
            "unclear": list(self.unclear),
            "supplied": [each.plan for each in self.supplied],
            "needed": [list(each) for each in self.needed],
            "body": sorted(self.plain_names),
            "within": sorted(self.within),
            "free": self.free,
            "path": list(self.path),
            "paths": list(self.paths),
            "caller": self.caller,
            "shaping": [list(each) for each in self.shaping],
        }

    @cached_property
    def shaping(self) -> tuple[Place, ...]:
        """Those that are called neither like a tenant nor like what every request says. Some may
        leave out of a response what it would show, so what a look-up lacks that was sent with one
        is unknown."""
        places = [("header", name) for name in self.headers]
        places += [("cookie", name) for name in self.cookies]
        places += [("query", name) for name in self.query]
        return tuple(each for each in places if _may_shape(*each))

    @cached_property
    def plain_names(self) -> frozenset[str]:
        """Normalised names in `body` and `within`."""
        return frozenset(map(plain, chain(self.body, *self.within.values())))

    def has(self, place: Place) -> bool:
        """Whether requests of this operation may have this parameter."""
        where, name = place
        return name in {"header": self.headers, "cookie": self.cookies}.get(where, self.query)


def selections(
    document: Document,
    policy: Policy,
    credentials: Collection[Place],
    looks: Collection[str] = (),
) -> Mapping[str, LookupSelection]:
    """Operation id → its selecting parameters. `looks`: operations called by look-ups."""
    guard, caller = policy.guard, policy.caller.operation
    keys = {place for place in credentials if _is_choice(place, policy)}
    none = {*credentials, *((("header", guard.service.header),) if guard.service else ())} - keys
    made = {each.id: _query_params(each, none) for each in document.operations}
    count = Counter(name for names in made.values() for name in names)
    common = {name for name, times in count.items() if 2 * times > len(document.operations)}
    asked = {name for id in looks for name in made.get(id, ()) if not _is_neutral(name)}
    tenants = {name for name in count if is_tenant(name)}
    selecting = tenants | asked | common
    more = {*(("header", name) for name in guard.request_headers), *keys}
    more |= {("cookie", name) for name in guard.cookies or () if is_tenant(name)}
    more = {(where, name) for where, name in more if not _is_form(where, name)}
    return {
        each.id: replace(
            _selection(each, none, more - none, selecting & made[each.id]),
            unclear=tuple(
                name
                for name in sorted(_unclear(each, made[each.id], common, tenants))
                if each.id != caller or name in made[each.id]
            ),
            caller=each.id == caller,
        )
        for each in document.operations
    }


def _is_choice(place: Place, policy: Policy) -> bool:
    """Whether a credential says what a request is about, and not who is calling: beside a token one
    that the contract names, as no other is forwarded there, else one named like a
    tenant."""
    where, name = place
    if policy.caller.claim and where != "query" and not is_against_forgery(where, name):
        return is_named(where, name, policy.guard)
    return not policy.caller.claim and is_tenants_key(where, name)


def _query_params(operation: Operation, none: Collection[Place]) -> set[str]:
    """Query parameters of an operation that may say what a request is about."""
    return {
        each.name
        for each in operation.parameters
        if each.where == "query" and ("query", each.name) not in none
        and not _is_form("query", each.name) and len(each.shape.enum) != 1
        and (each.required or not _is_option(each))
    }  # fmt: skip


def _is_option(each: Parameter) -> bool:
    """Whether a query parameter says how a list is made: no tenant is a boolean or a date."""
    first = next(iter(name_words(each.name)), "")
    return (
        each.shape.kinds == {"boolean"}
        or each.shape.format in ("date", "date-time")
        or (first in _OPTIONS and not is_tenant(each.name))
    )


def _unclear(
    operation: Operation, own: Collection[str], common: Collection[str], tenants: Collection[str]
) -> Iterator[str]:
    required = {each.name for each in operation.parameters if each.required}
    yield from (
        name
        for name in own
        if name not in common
        and not (name in tenants and name in required)
        and not _is_neutral(name)
    )
    said = {name for name in common if not _is_neutral(name)}
    yield from {*tenants, *said}.difference(own)


def _is_neutral(name: str) -> bool:
    return {*name_words(name)} <= _NEUTRAL


def _may_shape(where: str, name: str) -> bool:
    words = {*name_words(name)}
    if not TENANT_WORDS.isdisjoint(words):
        return False
    if where != "query":
        return not words <= _CLIENTS | _OF_CLIENTS | _OF_REQUESTS
    if not words <= _CLIENTS | _OF_CLIENTS | {"key"}:
        return True
    # `client` and `key` alone may filter a list; `client_version` and `app_key` do not.
    is_key = "key" in words and not words.isdisjoint(_CLIENTS)
    return not is_key and words.isdisjoint(_OF_CLIENTS)


def is_tenant(name: str) -> bool:
    """Whether the name of a query parameter is that of a tenant."""
    return not TENANT_WORDS.isdisjoint(name_words(name))


def plain(name: str) -> str:
    """A name independent of its style of spelling: `tenant_id` and `tenantId` are equal."""
    return name.translate(_JOINTS).lower()


def tenants_of(names: Collection[str], shown: Collection[str] = ()) -> tuple[str, ...]:
    """Those names that denote a tenant and are no member of an object that the API shows (`shown`).
    A name that is a path (`context.tenant`, `f[tenant]`) counts by its last step."""
    others = (_STEP.split(name.rstrip("]"))[-1] for name in names if name not in shown)
    return tuple(sorted({name for name in others if _is_tenants(name)}))


def _is_tenants(name: str) -> bool:
    words = {*name_words(name)}
    return words <= TENANT_WORDS | KEY_WORDS and not TENANT_WORDS.isdisjoint(words)


def path_tenants(path: str) -> Mapping[str, str]:
    """Path parameter named like a tenant → the path up to it with nameless parameters, by which the
    parameters of two paths are matched."""
    found = {each[1]: path[: each.end()] for each in _PARAMETER.finditer(path)}
    return {name: _PARAMETER.sub("{}", at) for name, at in found.items() if _is_tenants(name)}


def _selection(
    operation: Operation, none: Collection[Place], more: Collection[Place], query: Collection[str]
) -> LookupSelection:
    places, supplied, needed = set(more), list[SuppliedParameter](), list[Place]()
    places |= {("query", name) for name in query}
    for each in operation.parameters:
        place = (each.where, each.name.lower() if each.where == "header" else each.name)
        if each.where == "path" or place in none or _is_form(*place, called=each.name):
            continue
        value = _value(each)
        if each.where != "query":
            places.add(place)
        if each.required and value is None:
            needed.append(place)
        elif each.required and value is not None and each.where != "query":
            supplied.append(SuppliedParameter(*place, value, len(each.shape.enum) == 1))
    named = {where: tuple(sorted(n for w, n in places if w == where)) for where, _ in places}
    return LookupSelection(
        named.get("header", ()),
        named.get("cookie", ()),
        named.get("query", ()),
        supplied=tuple(supplied),
        needed=tuple(needed),
    )


def _is_form(where: str, name: str, called: str = "") -> bool:
    """Whether a parameter shapes a response and does not select what it is about. `called`: the
    name as the document has it, whose capital letters begin words."""
    if where == "header" and is_standard(name):
        return True
    words = {*name_words(called or name)}
    if where == "query" and name.lower() in PAGING:
        return True
    shapes = _FILTERS if where == "query" else _MAY_SHAPE
    return not words.isdisjoint(_SHAPES) or (bool(words) and words <= shapes)


def _value(each: Parameter) -> str | None:
    """As `Operation.owed` has it."""
    only = each.shape.enum[0] if len(each.shape.enum) == 1 else each.default
    if not isinstance(only, str | int | float):
        return None
    return str(only).lower() if isinstance(only, bool) else str(only)


def warn_of_unfilled(
    document: Document,
    made: Mapping[str, LookupSelection],
    asked: Collection[str],
    granted: list[str],
) -> Iterator[Problem]:
    """Warns about look-ups that cannot be sent for some operations, since nothing supplies a
    required parameter."""
    for id in asked:
        operation = document.operation(id)
        if operation is not None:
            where = document.locate(operation.pointer)
            yield from (replace(each, location=where) for each in _about(operation, made, granted))


def _about(
    operation: Operation, made: Mapping[str, LookupSelection], granted: list[str]
) -> Iterator[Problem]:
    id, nowhere, own = operation.id, Location(""), made[operation.id]
    yield from _warn_of_unclear(operation, made, granted)
    for place in own.needed:
        without = [each for each in granted if each != id and not made[each].has(place)]
        if without:
            where, name = place
            there = "most operations" if where == "query" else "them"
            yield Problem(
                nowhere,
                f"`{id}` requires the {where} parameter `{name}`, and is not asked for requests of"
                f" {few(without, 3)}, which have none: its result is unknown there",
                f"give it a `default` in `{id}`, or declare"
                f" `{{name: {name}, in: {where}, required: true}}` for {there}",
            )


def _warn_of_unclear(
    operation: Operation, made: Mapping[str, LookupSelection], granted: list[str]
) -> Iterator[Problem]:
    id, has = operation.id, {e.name for e in operation.parameters if e.where == "query"}
    lacking = dict[str, list[str]]()
    for name in made[id].unclear:
        those = [each for each in granted if each != id and made[each].has(("query", name))]
        if those and name not in has:
            lacking[name] = those
        elif those:
            yield Problem(
                Location(""),
                f"the query parameter `{name}` may say what a request is about or filter what"
                f" `{id}` lists, so `{id}` is not asked for requests with one",
                f"declare `{{name: {name}, in: query}}` for most operations if it is what they are"
                f" about, or else rename it",
            )
    if lacking:
        names = ", ".join(f"`{name}`" for name in lacking)
        some = few([*dict.fromkeys(chain.from_iterable(lacking.values()))], 3)
        yield Problem(
            Location(""),
            f"`{id}` has no query parameter {names}, which may select what requests of"
            f" {some} are about; requests with one are not looked up by it",
            f"declare `{{name: {next(iter(lacking))}, in: query, required: true}}` for `{id}`, if"
            f" the API reads it there, or else rename it",
        )
