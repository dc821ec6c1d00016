"""How to find out who calls and in which relation: credentials, who-am-I, and lists of relations.

A gateway sends these look-ups to the API; a test suite and recorded traffic contain their
responses. What cannot be looked up is unknown, and `CallerPlan.warnings` says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from oakum.authz import Model
from oakum.authz.complete_lists import ListPlace, place_of
from oakum.authz.data_outside_objects import changes
from oakum.errors import Problem
from oakum.http.json_pointer import path_of
from oakum.openapi.document import Document
from oakum.openapi.model import Operation, Shape
from oakum.openapi.path_segments import parameter_names
from oakum.openapi.shape_queries import member, scalars
from oakum.policy.model import Relation
from oakum.routing.application_keys import application_keys
from oakum.routing.paging_parameters import page, required_query
from oakum.routing.route import escape_template

_NAME = re.compile(r"\{[^{}]+\}")


@dataclass(frozen=True)
class LookupRequest:
    """A look-up request to the API, about one owner or about the caller."""

    operation: str
    path: tuple[str, ...]
    """Path before and after the percent-encoded id; a single part if there is no id."""
    query: str = ""
    """Required parameters, and `limit=100` where the operation pages; empty: none."""
    page: int = 0
    """Ids in a full page, after which more may follow. 0: the operation does not page. -1: its end
    cannot be recognised."""
    counts: tuple[tuple[str, ...], ...] = ()
    """Pointers to the total in the response."""
    method: str = "GET"
    """HTTP method; POST for a who-am-I that the contract declares to be a read."""


@dataclass(frozen=True)
class Credential:
    """Where callers send a credential; `name` is lower-case for headers."""

    where: Literal["header", "cookie", "query"]
    name: str
    client: bool = False
    """Whether it is an application's key, which identifies no caller."""

    @property
    def header(self) -> str:
        """Lower-case name of its header; empty when it is in the query."""
        return {"header": self.name, "cookie": "cookie"}.get(self.where, "")


@dataclass(frozen=True)
class CallerPlan:
    """How a contract identifies callers, and the relations that responses of the API tell."""

    credentials: tuple[Credential, ...]
    whoami: LookupRequest | None
    """Who-am-I, sent with the caller's credentials; None: the credentials alone identify the
    caller."""
    relations: Mapping[str, tuple[LookupRequest, ListPlace]]
    """Looked-up relation → the request for its list, and where the ids are in the response. Absent:
    it cannot be looked up."""
    warnings: tuple[Problem, ...] = ()


def caller_plan(document: Document, model: Model) -> CallerPlan:
    """Derives the plan of a contract whose policy was checked against its document."""
    relations: dict[str, tuple[LookupRequest, ListPlace]] = {}
    warnings: list[Problem] = []
    for relation in model.policy.relations.values():
        operation = document.operation(relation.operation)
        if relation.kind != "lookup":
            continue
        if (
            operation is not None
            and is_asked(model, operation)
            and len(parameter_names(operation.path)) <= 1
        ):
            ask = request_of(model, operation)
            relations[relation.name] = ask, _place(model, relation, ask)
        else:
            warnings.append(
                Problem(
                    relation.location,
                    f"a gateway cannot look up `{relation.name}`, so it treats no caller as such",
                    "the operation must be a GET that changes nothing, with one path parameter at"
                    " most",
                )
            )
    caller = document.operation(model.policy.caller.operation)
    return CallerPlan(
        tuple(_credentials(document, application_keys(document, model.policy))),
        request_of(model, caller) if caller is not None and _asks(model, caller) else None,
        relations,
        tuple(warnings),
    )


def is_asked(model: Model, operation: Operation) -> bool:
    """Whether look-ups may call an operation: a GET that changes nothing."""
    return operation.method == "GET" and not changes(model, operation)


def request_of(model: Model, operation: Operation) -> LookupRequest:
    """The look-up of an operation, with the required parameters that have one value, and the
    largest page."""
    query, size = page(operation)
    return LookupRequest(
        operation.id,
        tuple(_NAME.split(escape_template(operation.path))),
        "&".join(filter(None, (required_query(operation), query))),
        size,
        _counts(model, operation),
        operation.method,
    )


def _counts(model: Model, operation: Operation) -> tuple[tuple[str, ...], ...]:
    """The totals. What else goes with a hidden object, such as a cursor, is read as any other
    member is."""
    media = operation.success()
    at = [media.shape] if media is not None and media.shape is not None else []
    paths = (path_of(pointer) for pointer in model.rule(operation.id).counts)
    return tuple(path for path in paths if not any(_is_no_number(top, path) for top in at))


def _place(model: Model, relation: Relation, ask: LookupRequest) -> ListPlace:
    """Where a relation's ids are in the response to its look-up."""
    media = model.operations[ask.operation].success()
    top = media.shape if media is not None else None
    return place_of(path_of(relation.pointer), top, ask.page, ask.counts, bound=model.bound)


def _is_no_number(top: Shape, path: tuple[str, ...]) -> bool:
    """Whether the document declares something else than a number at a place."""
    at: Shape | None = top
    for step in path:
        at = member(at, step) if at is not None else None
    return at is not None and scalars(at).isdisjoint(("integer", "number"))


def _asks(model: Model, caller: Operation) -> bool:
    """Whether an operation can serve as who-am-I: a GET without path parameters, or a POST that
    reads."""
    reads = caller.method == "GET" or (caller.method == "POST" and model.rule(caller.id).reads)
    return bool(reads) and not parameter_names(caller.path)


def _credentials(document: Document, clients: Collection[str]) -> Iterator[Credential]:
    """Credentials by the document's security schemes; without any, the two usual headers."""
    found: dict[Credential, None] = {}
    for called, scheme in document.security_schemes.items():
        if not isinstance(scheme, dict):
            continue
        name, where = scheme.get("name"), scheme.get("in")
        if scheme.get("type") != "apiKey":
            found[Credential("header", "authorization")] = None
        elif isinstance(name, str) and where == "cookie":
            found[Credential("cookie", name)] = None
        elif isinstance(name, str) and where == "query":
            found[Credential("query", name)] = None
        elif isinstance(name, str):
            found[Credential("header", name.lower(), called in clients)] = None
    yield from found or (Credential("header", "authorization"), Credential("header", "cookie"))
