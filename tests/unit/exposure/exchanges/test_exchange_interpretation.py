"""What tests and recorded traffic take from an exchange alike: whether it changed anything, whether
it may be a login, and what it tells."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oakum.exchange import Request, Response
from oakum.exposure.exchanges.caller_identification import Callers, IdentifiedCaller
from oakum.exposure.exchanges.exchange_interpretation import EarlierExchanges, Exchanges
from oakum.exposure.exchanges.owners_by_creation_or_parent import ShownObject
from oakum.exposure.exchanges.settings_and_relations_learner import CallerRequest
from oakum.policy.contract import load
from oakum.policy.model import Owner, Resource
from oakum.routing.judged_contract import JudgedContract, compile_for_judging
from tests.gate.club import written

OPERATIONS = {
    "getMember": "GET /members/{id}", "teamOf": "GET /members/{id}/team",
    "getPost": "GET /posts", "findPosts": "POST /posts/search", "countPosts": "GET /posts/recount",
    "search": "POST /notes", "logIn": "GET /oauth/callback", "register": "POST /register",
    "graph": "POST /graphql",
}  # fmt: skip
POLICY = """\
exposure: 1
api: openapi.yaml
relations:
  anyone: {}
  owner: {is: owner}
  mate: {in: teamOf, id: /*}
resources:
  Member:
    key: id
    owner: id
    main: getMember
    states: {private: {field: is_private, missing: true}}
    fields: {"id, is_private": [{see: anyone}], city: [{see: [owner, mate]}]}
operations:
  findPosts: {reads: true}
  countPosts: {reads: false}
"""
SCHEMA = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "city": {}, "is_private": {"type": "boolean"}},
}
ANN = IdentifiedCaller("answer", frozenset({"u-ann"}))


@pytest.fixture
def compiled(tmp_path: Path) -> JudgedContract:
    paths: dict[str, dict[str, Any]] = {}
    for name, said in OPERATIONS.items():
        method, _, path = said.partition(" ")
        content = {"application/json": {"schema": {"$ref": "#/components/schemas/Member"}}}
        named = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        paths.setdefault(path, {})[method.lower()] = {
            "operationId": name,
            "parameters": [named] if "{" in path else [],
            "responses": {"200": {"description": "it", "content": content}},
        }
    document = {
        "openapi": "3.1.0", "info": {"title": "Club", "version": "1"}, "paths": paths,
        "components": {"schemas": {"Member": SCHEMA}},
    }  # fmt: skip
    folder = written(tmp_path, document=json.dumps(document), policy=POLICY)
    return compile_for_judging(load(folder))


def exchanges(compiled: JudgedContract) -> Exchanges:
    callers = Callers(compiled.policy, compiled.callers.credentials, lambda _: None)
    return Exchanges(compiled, callers)


def asked(
    compiled: JudgedContract, name: str, body: object = None, query: str = "", **headers: str
) -> Request:
    method, _, path = OPERATIONS[name].partition(" ")
    sent = json.dumps(body).encode() if body is not None else b""
    kind = {"content-type": "application/json"} if sent else {}
    return Request(method, f"http://127.0.0.1{path}{query}", {**kind, **headers}, sent)


QUERY, MUTATION = {"query": "{ me { id } }"}, {"query": "mutation { leave { id } }"}
CHANGES: list[tuple[str, object, bool]] = [
    ("getMember", None, False),
    ("register", {}, True),
    ("findPosts", {}, False),
    ("countPosts", None, True),  # the contract says that this GET changes something
    ("logIn", None, False),
    ("graph", QUERY, False),
    ("graph", MUTATION, True),
    ("graph", [QUERY, MUTATION], True),
    ("graph", {"id": "of a query that the server keeps"}, True),
    ("search", QUERY, True),  # at no endpoint of GraphQL a body says nothing
]


@pytest.mark.parametrize(("name", "body", "changes"), CHANGES)
def test_whether_a_request_may_have_changed_something(
    compiled: JudgedContract, name: str, body: object, changes: bool
) -> None:
    operation = compiled.document.operation(name)
    assert operation is not None
    assert exchanges(compiled).changes(operation, asked(compiled, name, body)) is changes


@pytest.mark.parametrize(
    ("name", "params", "headers", "begins"),
    [
        ("register", {}, {}, True),
        ("register", {"id": "u-ann"}, {}, False),
        ("register", {}, {"authorization": "Bearer ann"}, False),
        ("logIn", {}, {}, True),  # a GET that logs in, as the last step of OAuth does
        ("getPost", {}, {}, False),
        ("findPosts", {}, {}, False),
    ],
)
def test_what_may_be_a_registration_or_a_login(
    compiled: JudgedContract, name: str, params: dict[str, str], headers: dict[str, str],
    begins: bool,
) -> None:  # fmt: skip
    operation, known = compiled.document.operation(name), exchanges(compiled)
    assert operation is not None
    one = known.caller_request(
        operation, params, IdentifiedCaller("nobody"), asked(compiled, name, **headers)
    )
    assert one.begins is begins


def test_an_owner_in_the_query_is_named_like_one_in_the_path(compiled: JudgedContract) -> None:
    """Who asks for somebody does not register."""
    day = Resource("Day", frozenset(), owner=Owner("query", ("member_id",)))
    policy = replace(compiled.policy, resources={**compiled.policy.resources, "Day": day})
    operation = compiled.document.operation("register")
    known = exchanges(replace(compiled, model=replace(compiled.model, policy=policy)))
    assert operation is not None
    request = asked(compiled, "register", query="?member_id=u-ann&more=1")
    one = known.caller_request(operation, {}, IdentifiedCaller("nobody"), request)
    assert (one.params, one.changes, one.begins) == ({"?member_id": "u-ann"}, True, False)


def request_of(compiled: JudgedContract, name: str, **params: str) -> CallerRequest:
    operation = compiled.document.operation(name)
    assert operation is not None
    return CallerRequest(operation, params, ANN, asked(compiled, name))


@pytest.mark.parametrize(("status", "told"), [(200, True), (409, False)])
def test_only_a_success_tells_settings_and_lists(
    compiled: JudgedContract, status: int, told: bool
) -> None:
    earlier, response = EarlierExchanges(compiled, {}, keep=True), Response(status, {}, b"[]")
    shown = [ShownObject("Member", ("u-ann",), {"id": "u-ann", "is_private": False})]
    earlier.learn_settings(request_of(compiled, "getMember", id="u-ann"), response, shown)
    assert bool(earlier.told.sources(["u-ann"])) is told
    earlier.forget_facts()
    mates = request_of(compiled, "teamOf", id="u-ann")
    earlier.begin(mates, response, lambda: ["u-bob"])
    assert bool(earlier.told.sources(["u-ann"])) is told
    earlier.begin(replace(mates, changes=True), response, None)
    assert earlier.told.sources(["u-ann"]) == [mates] * told, "what told it may be asked again"


def test_a_head_tells_of_no_list(compiled: JudgedContract) -> None:
    earlier, mates = (
        EarlierExchanges(compiled, {}, keep=True),
        request_of(compiled, "teamOf", id="u-ann"),
    )
    earlier.begin(mates, Response(200, {}, b""), lambda: None)
    assert earlier.told.sources(["u-ann"]) == []
