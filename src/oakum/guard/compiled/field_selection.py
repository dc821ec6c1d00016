"""Requests whose caller selects the members of the response, such as by `?fields=`.

A parameter with such a name counts, whatever its value: in the query, the path, a header or a
cookie, and as a member of a body at any depth, unless the body is a resource. So does a preference
(RFC 7240), but for those that are known to choose nothing, and a parameter of `accept`.
`guard/lua/tenant_selection.lua` does the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from oakum.authz import Model
from oakum.authz.decide import holds_resource
from oakum.guard.compiled.tenants_in_bodies_and_queries import members_of
from oakum.http.cookies import cookie_names
from oakum.http.media_type import is_json
from oakum.openapi.model import Json, Operation
from oakum.routing.content_type import read_media_type
from oakum.routing.http_messages import HttpRequest
from oakum.routing.route import decoded_name

NAMES = frozenset(
    (
        *("fields", "field", "fl", "keys", "select", "only", "omit", "without", "with", "mask"),
        *("include", "includes", "includefields", "exclude", "excludes", "excludefields"),
        *("excludekeys", "expand", "extend", "embed", "populate", "relations", "joins", "depth"),
        *("attributes", "attrs", "props", "properties", "columns", "projection", "project"),
        *("lean", "compact", "partial", "minimal", "brief", "verbose", "summary", "detail"),
        *("details", "view", "representation", "shape"),
        # SCIM (RFC 7644), FHIR, AIP-157, Elasticsearch and the like
        *("attributestoget", "filterpath", "sourceincludes", "sourceexcludes", "readmask"),
        *("fieldnames", "cols", "pick", "except", "sparse", "parts", "expansions"),
    )
)
ENDS = ("fields", "fieldset", "fieldmask", "attributes", "elements", "columns")
"""Ends of names that choose too: `opt_fields`, `excludedAttributes`, `_elements`."""
PLAIN_PREFERENCES = frozenset(
    (
        *("respond-async", "wait", "handling", "return=representation", "resolution", "tx"),
        *(
            "maxpagesize",
            "odata.maxpagesize",
            "odata.track-changes",
            "odata.allow-entityreferences",
        ),
        *("continue-on-error", "odata.continue-on-error", "count", "missing", "timezone"),
        *("max-affected", "safe"),
    )
)
"""Values of `Prefer` that remove no member from a response: of RFC 7240 and 8144, OData and
PostgREST."""
_NOISE = re.compile(r"\[.*|[^a-z]")
_PARAMETER = re.compile(r";[ \t]*([A-Za-z0-9._-]+)[ \t]*=")
_PART = re.compile(rb'name="?([A-Za-z0-9_.\[\]-]+)')


@dataclass(frozen=True)
class Choices:
    """Where requests of an operation may choose the members of the response."""

    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    """Header names in lower case."""
    cookies: tuple[str, ...] = ()
    body: bool = False
    """Whether members of its request body may choose."""
    always: bool = False
    """Whether its path itself chooses, in every request."""

    @property
    def plan(self) -> dict[str, Json]:
        """The choices as JSON values of the plan, for the Lua runtime."""
        return {
            "query": [*self.query], "headers": [*self.headers], "cookies": [*self.cookies],
            "body": self.body, "always": self.always,
        }  # fmt: skip


def choices(model: Model, operation: Operation) -> Choices:
    """Where callers of an operation may choose the members of its response, among what is
    forwarded. Members of a resource in the body do not count."""
    guard, removed = model.policy.guard, model.rule(operation.id).without
    binds = holds_resource(model, operation.id)
    found: dict[str, list[str]] = {"query": [], "header": [], "cookie": [], "path": []}
    for each in operation.parameters:
        if is_choice(each.name) and not (each.where == "query" and each.name in removed):
            found[each.where].append(each.name)
    headers = {*map(str.lower, found["header"]), *filter(is_choice, guard.request_headers)}
    return Choices(
        tuple(found["query"]), tuple(sorted(headers)), tuple(found["cookie"]),
        bool(operation.body) and not binds, bool(found["path"]),
    )  # fmt: skip


def is_choice(parameter: str) -> bool:
    """Whether the name of a parameter indicates that it chooses members of the response."""
    bare = _NOISE.sub("", parameter.lower())
    return bare.endswith(ENDS) or bare in NAMES or (bare[:1] == "x" and bare[1:] in NAMES)


def chooses(found: Choices, asked: HttpRequest, target: str) -> bool:
    """Whether a request chooses the members of its response; `target`: what is forwarded."""
    return (
        found.always
        or _in_query(target, found.query)
        or any(asked.values(name) for name in found.headers)
        or not {*_cookies(asked)}.isdisjoint(found.cookies)
        or any(map(_prefers, asked.values("prefer")))
        or any(is_choice(e) for text in asked.values("accept") for e in _PARAMETER.findall(text))
        or (found.body and any(map(is_choice, _members(asked))))
    )


def _in_query(target: str, names: Collection[str]) -> bool:
    pieces = target.partition("?")[2].split("&") if names else ()
    found = {decoded_name(piece) for piece in pieces if piece}
    return not {*found, *(name.partition("[")[0] for name in found)}.isdisjoint(names)


def _cookies(asked: HttpRequest) -> Iterator[str]:
    for said in asked.values("cookie"):
        yield from cookie_names(said)


def _prefers(text: str) -> bool:
    """Whether a line of `prefer` has a preference that may take members away."""
    said = (re.sub(r"[ \t\"]", "", each.lower()) for each in re.split("[,;]", text))
    return any(
        each and PLAIN_PREFERENCES.isdisjoint((each, each.partition("=")[0])) for each in said
    )


def _members(asked: HttpRequest) -> Iterator[str]:
    """Names in a body: of JSON at any depth, of a form."""
    kind = read_media_type(asked.values("content-type"))
    if kind is not None and is_json(kind.type):
        yield from members_of(asked.body)
        return
    yield from (decoded_name(piece) for piece in asked.body.decode("latin-1").split("&"))
    yield from (name.decode() for name in _PART.findall(asked.body))
