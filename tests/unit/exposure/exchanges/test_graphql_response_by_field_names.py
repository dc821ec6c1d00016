"""A value of GraphQL is of the field that the query asks for, whatever the query calls it."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from oakum.exchange import Exchange, Request, Response
from oakum.exposure.exchanges.graphql_response_by_field_names import UNTOLD
from oakum.policy.contract import Contract, load
from oakum.pytest_plugin.response_capture import Capture
from oakum.pytest_plugin.suite_observer import SuiteObserver
from oakum.routing.judged_contract import compile_for_judging
from oakum.traffic.evaluation.traffic_judge import ContractJudge
from oakum.traffic.recorded_exchange import RecordedExchange
from tests.pytest_plugin.test_told_owners import BOTH, HOST, Leaks, me

SCHEMA = """\
interface Node { id: ID }
union Hit = Member | Note
type Query { member(id: ID): Member  note(id: ID): Note  node(id: ID): Node  search: [Hit]  blob: JSON }
type Mutation { rename(id: ID): Note }
scalar JSON
type Member implements Node { id: ID name: String email: String notes(first: Int): [Note] }
type Note implements Node { id: ID title: String body: String userId: ID author: Member }
"""  # noqa: E501
DOCUMENT = """\
openapi: 3.1.0
info: {title: Notes, version: "1"}
security: [{token: []}]
paths:
  /me:
    get:
      operationId: getMe
      responses: {"200": {description: me, content: {application/json: {schema: {
        type: object, properties: {id: {type: string}}}}}}}
  /graphql:
    post: {operationId: graph, responses: {"200": {description: it}}}
    get: {operationId: graphByUrl, responses: {"200": {description: it}}}
components: {securitySchemes: {token: {type: http, scheme: bearer}}}
"""
POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Member:
    key: id
    owner: id
    fields:
      __typename, id, name, notes: [{see: member}]
      email: [{see: owner}]
  Note:
    key: id
    owner: userId
    fields: {"__typename, id, title, body, userId, author": [{see: owner}]}
operations:
  getMe: {call: member}
  graph: {graphql: schema.graphql, reads: true, call: member}
  graphByUrl: {graphql: schema.graphql, call: member}
"""
BOB = "u-bob"
ANNS, BOBS = {"id": "u-ann", "name": "Ann"}, {"id": BOB, "name": "Bob"}
HIS = {"i": "n2", "t": "Bob's will", "o": BOB}
NOTE = {"id", "title", "userId"}


def contract(folder: Path) -> Contract:
    for name, text in (("schema.graphql", SCHEMA), ("openapi.yaml", DOCUMENT)):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "exposure.yaml").write_text(POLICY, encoding="utf-8")
    return load(folder / "exposure.yaml")


def asked(query: str, data: object, **more: object) -> Exchange:
    """What ann asks and is sent."""
    return raw({"query": query, **more}, {"data": data})


def raw(body: object, shown: object) -> Exchange:
    head = {"authorization": "Bearer ann", "content-type": "application/json"}
    answer = Response(200, {"content-type": "application/json"}, json.dumps(shown).encode())
    return Exchange(Request("POST", HOST + "/graphql", head, json.dumps(body).encode()), answer)


OF_FIELDS: dict[str, tuple[Exchange, set[str]]] = {
    "harmless value, hidden name": (
        asked("{member{id email:name}}", {"member": {"id": BOB, "email": "Bob"}}), set()),
    "hidden value, harmless name": (
        asked("{member{id name:email}}", {"member": {"id": BOB, "name": "bob@post.example"}}),
        {"email"}),
    "each renamed, the root too": (
        asked("{x:note(id:2){i:id t:title o:userId}}", {"x": HIS}), NOTE),
    "in a fragment": (
        asked("query($i:ID){node(id:$i){...F}}"
              " fragment F on Note{i:id t:title o:userId k:__typename}",
              {"node": {**HIS, "k": "Note"}}), NOTE),
    "one field twice at the root": (
        asked("{a:member{id name} b:member{id mail:email}}",
              {"a": ANNS, "b": {"id": BOB, "mail": "bob@post.example"}}), {"email"}),
    "one field twice in an object": (
        asked("{member{id name a:notes{id} b:notes{i:id t:title o:userId}}}",
              {"member": {**BOBS, "a": [], "b": [HIS]}}), NOTE),
    "in a list": (
        asked("{search{k:__typename ...on Member{id email:name}"
              " ...on Note{id email:title u:userId}}}",
              {"search": [{"k": "Member", "id": BOB, "email": "Bob"}]}), set()),
    "by what it has": (
        asked("{search{...on Member{id x:name} ...on Note{id x:title userId}}}",
              {"search": [{"id": "n2", "x": "Bob's will", "userId": BOB}]}), NOTE),
    "of one or the other": (
        asked("{search{...on Member{id x:name} ...on Note{id x:title}}}",
              {"search": [{"id": BOB, "x": "Bob"}]}), set()),
    "the operation that is named": (
        asked("query A{member{id name}} query B{member{id email:name}}",
              {"member": {"id": BOB, "email": "Bob"}}, operationName="B"), set()),
    "several requests in one": (
        raw([{"query": "{member{id email:name}}"}, {"query": "{n:note{id t:title userId}}"}],
            [{"data": {"member": {"id": BOB, "email": "Bob"}}},
             {"data": {"n": {"id": "n2", "t": "x", "userId": BOB}}}]), NOTE),
    "a stored query": (
        raw({"extensions": {"persistedQuery": {"sha256Hash": "a0"}}},
            {"data": {"member": {"id": BOB, "email": "Bob"}}}), set()),
    "a fragment in itself": (
        asked("{member{...F}} fragment F on Member{id name:email ...F}",
              {"member": {"id": BOB, "name": "bob@post.example"}}), {"email"}),
    "what a mutation answers": (
        asked("mutation{rename(id:2){id title userId}}",
              {"rename": {"id": "n2", "title": "x", "userId": BOB}}), NOTE),
    "what a mutation answers, renamed": (
        asked("mutation M{x:rename(id:2){i:id t:title o:userId}}", {"x": HIS}), NOTE),
    "what a mutation answers of one's own": (
        asked("mutation{rename(id:1){id title userId}}",
              {"rename": {"id": "n1", "title": "x", "userId": "u-ann"}}), set()),
    "a value without fields": (
        asked("{blob}", {"blob": {"id": BOB, "email": "x"}}), set()),
}  # fmt: skip


@BOTH
@pytest.mark.parametrize("case", OF_FIELDS)
def test_a_value_is_of_the_field_that_was_asked_for(
    case: str, leaks: Leaks, tmp_path: Path
) -> None:
    exchange, expected = OF_FIELDS[case]
    assert leaks(contract(tmp_path), [me("ann"), exchange]) == expected


def body(kind: str, text: str) -> Exchange:
    head = {"authorization": "Bearer ann", "content-type": kind}
    shown = {"data": {"member": {"id": BOB, "email": "Bob", "x": "bob@post.example"}}}
    answer = Response(200, {"content-type": "application/json"}, json.dumps(shown).encode())
    by_url = f"?{text}" if not kind else ""
    method, sent = ("GET", b"") if by_url else ("POST", text.encode())
    return Exchange(Request(method, f"{HOST}/graphql{by_url}", head, sent), answer)


QUERY = "{member{id email:name x:email}}"
FILES = (
    '--b\r\ncontent-disposition: form-data; name="operations"\r\n\r\n'
    + json.dumps({"query": QUERY})
    + '\r\n--b\r\ncontent-disposition: form-data; name="0"; filename="a.txt"\r\n\r\nx\r\n--b--\r\n'
)


@BOTH
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("application/graphql", QUERY),
        ("application/x-www-form-urlencoded", urlencode({"query": QUERY})),
        ("multipart/form-data; boundary=b", FILES),
        ("", urlencode({"query": QUERY})),
    ],
)
def test_a_query_is_read_in_each_form_that_servers_take(
    kind: str, text: str, leaks: Leaks, tmp_path: Path
) -> None:
    assert leaks(contract(tmp_path), [me("ann"), body(kind, text)]) == {"email"}


STORED = OF_FIELDS["a stored query"][0]


def test_a_response_to_an_unknown_query_is_not_judged_and_counted(tmp_path: Path) -> None:
    known = contract(tmp_path)
    watch = SuiteObserver(known, lambda request: None, key=b"k")
    judged = ContractJudge(compile_for_judging(known))
    for each in (me("ann"), STORED):
        assert [*watch.observe(Capture(each.request, each.response, app=watch))] == []
        judged.evaluate(
            RecordedExchange(each, "whole", headers=True), json.loads(each.response.body)
        )
    assert watch.tally.unjudged == {UNTOLD: 1}
    assert judged.unjudged_counts() == {UNTOLD: 1}


def test_a_field_that_stands_there_often_harms_nothing(tmp_path: Path) -> None:
    query = f"{{member{{id {' '.join(f'a{n}:name' for n in range(5000))}}}}}"
    shown = {"member": {"id": BOB, **{f"a{n}": f"Bob {n}" for n in range(5000)}}}
    watch = SuiteObserver(contract(tmp_path), lambda request: None, key=b"k")
    for each in (me("ann"), asked(query, shown)):
        assert [*watch.observe(Capture(each.request, each.response, app=watch))] == []
    assert not watch.leaks
