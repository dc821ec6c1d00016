"""Law: tests and recorded traffic judge the same exchanges alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.exchange import Exchange, Request, Response
from oakum.exposure.cells.matrix import Key
from oakum.policy.contract import Contract, load
from oakum.pytest_plugin.response_capture import Capture
from oakum.pytest_plugin.suite_observer import SuiteObserver
from oakum.routing.judged_contract import compile_for_judging
from oakum.traffic.evaluation.traffic_judge import ContractJudge
from oakum.traffic.recorded_exchange import RecordedExchange
from tests.gate.club import written

HOST = "http://127.0.0.1"
IDS = {"ann": "u-ann", "bob": "u-bob", "cy": "u-cy"}
ROLES = {"ann": "user", "bob": "user", "cy": "staff"}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "it", "content": {"application/json": {"schema": schema}}}


def _list(name: str) -> dict[str, Any]:
    return {"type": "array", "items": _ref(name)}


def _operation(name: str, status: str, schema: dict[str, Any], path: str) -> dict[str, Any]:
    named = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": {"type": "string"}}
        for part in path.split("/")
        if part.startswith("{")
    ]
    return {"operationId": name, "parameters": named, "responses": {status: _answer(schema)}}


TEXT = {"type": "string"}
SCHEMAS: dict[str, dict[str, Any]] = {
    "Member": {
        "id": TEXT, "nick": TEXT, "city": TEXT, "email": TEXT, "is_private": {"type": "boolean"},
        "role": TEXT,
    },
    "Post": {"id": TEXT, "owner_id": TEXT, "text": TEXT, "draft": TEXT, "author": _ref("Member")},
    "Note": {"id": TEXT, "text": TEXT},
    "Reply": {"id": TEXT, "post_id": TEXT, "text": TEXT},
    "Team": {"id": TEXT, "member_ids": {"type": "array", "items": TEXT}, "plan": TEXT},
}  # fmt: skip
OPERATIONS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("getMe", "GET", "/me", _ref("Member")),
    ("getMember", "GET", "/members/{id}", _ref("Member")),
    ("listMembers", "GET", "/members", _list("Member")),
    ("followers", "GET", "/members/{id}/followers", {"type": "array", "items": TEXT}),
    ("getPost", "GET", "/posts/{id}", _ref("Post")),
    ("listPosts", "GET", "/posts", _list("Post")),
    ("findPosts", "POST", "/posts/search", _list("Post")),
    ("addPost", "POST", "/posts", _ref("Post")),
    ("editPost", "PATCH", "/posts/{id}", _ref("Post")),
    ("replies", "GET", "/posts/{id}/replies", _list("Reply")),
    ("addNote", "POST", "/notes", _ref("Note")),
    ("getNote", "GET", "/notes/{id}", _ref("Note")),
    ("takeNote", "POST", "/notes/{id}/transfer", _ref("Note")),
    ("getTeam", "GET", "/teams/{id}", _ref("Team")),
    ("leaveTeam", "POST", "/teams/{id}/leave", _ref("Team")),
    ("register", "POST", "/register", _ref("Member")),
]
POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
  follower: {in: followers, id: /*}
  inside: {field: member_ids}
  staff: {claim: role, has: staff}
resources:
  Member:
    key: id
    owner: id
    main: getMember
    states: {private: {field: is_private, missing: true}}
    fields:
      id, nick, is_private: [{see: member}]
      city: [{see: [owner, follower]}, {see: member, when: {private: false}}]
      email: [{see: [owner, staff]}]
      role: [{see: owner}]
  Post:
    key: id
    owner: owner_id
    main: getPost
    states: {private: {of: Member.private}}
    fields:
      id, owner_id: [{see: anyone}]
      text: [{see: [owner, follower]}, {see: member, when: {private: false}}]
      draft: [{see: owner}]
  Note:
    key: id
    owner: {creator: true}
    main: getNote
    fields: {id: [{see: member}], text: [{see: owner}]}
  Reply:
    key: id
    owner: {parent: Post}
    fields: {"id, post_id": [{see: member}], text: [{see: [owner, follower]}]}
  Team:
    key: id
    owner: none
    main: getTeam
    fields: {id: [{see: member}], "member_ids, plan": [{see: [inside, staff]}]}
operations:
  findPosts: {reads: true}
  addPost: {sets: {Post: ""}}
  editPost: {sets: {Post: ""}}
  addNote: {}
  takeNote: {}
  register: {}
  replies: {params: {id: Post.id}}
"""


@cache
def contract() -> Contract:
    paths: dict[str, dict[str, Any]] = {}
    for name, method, path, schema in OPERATIONS:
        status = "200" if method == "GET" else "201"
        paths.setdefault(path, {})[method.lower()] = _operation(name, status, schema, path)
    paths["/register"]["post"]["security"] = []
    made = {
        "openapi": "3.1.0",
        "info": {"title": "Club", "version": "1"},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {n: {"type": "object", "properties": each} for n, each in SCHEMAS.items()},
        },
    }
    folder = Path(mkdtemp())
    return load(written(folder, document=json.dumps(made), policy=POLICY))


def sent(who: str, method: str, path: str, shown: object, body: object = None) -> Exchange:
    headers = {"authorization": f"Bearer {who}"} if who else {}
    return Exchange(
        Request(method, HOST + path, headers, json.dumps(body).encode() if body else b""),
        Response(200 if method == "GET" else 201, {"content-type": "application/json"},
                 json.dumps(shown).encode()),
    )  # fmt: skip


def me(who: str) -> Exchange:
    if not who:
        nobody = sent("", "GET", "/me", {})
        return Exchange(nobody.request, Response(401, {}, b""))
    return sent(who, "GET", "/me", {"id": IDS[who], "role": ROLES[who]})


def again(asked: Request, before: Sequence[Exchange]) -> Response:
    """What the API answers to the plugin: what it answered last, and who is asking."""
    credentials = asked.headers.get("authorization", "")
    if asked.url == f"{HOST}/me":
        return me(credentials[7:]).response
    return [
        each.response
        for each in before
        if (each.request.method, each.request.url) == ("GET", asked.url)
        and each.request.headers.get("authorization", "") == credentials
    ][-1]


def of_tests(exchanges: Sequence[Exchange]) -> set[Key]:
    watch = SuiteObserver(contract(), lambda request: None, key=b"k")
    for place, one in enumerate(exchanges):
        evaluation = watch.observe(Capture(one.request, one.response, app=watch))
        with suppress(StopIteration):
            asked = next(evaluation)
            while True:
                asked = evaluation.send(again(asked, exchanges[: place + 1]))
    return {each.key for each in watch.leaks}


def of_traffic(exchanges: Sequence[Exchange]) -> set[Key]:
    judged = ContractJudge(compile_for_judging(contract()))
    for one in exchanges:
        body = json.loads(one.response.body) if one.response.body else None
        judged.evaluate(RecordedExchange(one, "whole", headers=True), body)
    found = judged.drift()
    return {Key(e.endpoint, e.resource, e.field, e.viewer, e.state) for e in found}


PEOPLE = st.sampled_from(sorted(IDS.values()))
KEYS = st.sampled_from(["k-1", "k-2"])
WORDS = st.sampled_from(["a wish", "Brest", "secret", "x@club.test"])
VALUES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "Member": {
        "id": PEOPLE, "nick": WORDS, "city": WORDS, "email": WORDS,
        "is_private": st.booleans(), "role": st.sampled_from(["user", "staff"]),
    },
    "Note": {"id": KEYS, "text": WORDS},
    "Reply": {"id": KEYS, "post_id": KEYS, "text": WORDS},
    "Team": {"id": KEYS, "member_ids": st.lists(PEOPLE, unique=True, max_size=3), "plan": WORDS},
}  # fmt: skip
VALUES["Post"] = {
    "id": KEYS, "owner_id": PEOPLE, "text": WORDS, "draft": WORDS,
    "author": st.fixed_dictionaries({}, optional=VALUES["Member"]),
}  # fmt: skip


def objects(name: str) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional={**VALUES[name], "odd": WORDS})


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    name, method, path, schema = draw(st.sampled_from(OPERATIONS[1:]))
    who = "" if name == "register" else draw(st.sampled_from(["", *IDS]))
    params = PEOPLE if path.startswith("/members") else KEYS
    where = "/".join(draw(params) if each.startswith("{") else each for each in path.split("/"))
    kind = str(schema.get("$ref", schema.get("items", {}).get("$ref", ""))).rpartition("/")[2]
    if not kind:
        shown = draw(st.lists(PEOPLE, unique=True, max_size=3))
    else:
        shown = draw(objects(kind) if "$ref" in schema else st.lists(objects(kind), max_size=3))
    body = draw(st.none() | objects(kind)) if method != "GET" and kind else None
    return sent(who, method, where, shown, body)


def places(keys: set[Key]) -> set[tuple[str, ...]]:
    """Keys without the state: what only a write has told of it cannot be asked again."""
    return {key[:4] for key in keys}


@settings(deadline=None, max_examples=200)
@given(st.lists(exchanges(), min_size=1, max_size=5))
def test_tests_and_traffic_find_the_same(captured: list[Exchange]) -> None:
    known = [me(each) for each in ("ann", "bob", "cy")]
    assert places(of_tests([*known, *captured])) == places(of_traffic([*known, *captured]))


PRIVATE = {"id": "u-ann", "city": "Brest", "is_private": True}
OPEN = {"id": "u-ann", "city": "Brest", "is_private": False}
ONLY_CITY = {"id": "u-ann", "city": "Brest"}
FOLLOWERS = sent("ann", "GET", "/members/u-ann/followers", ["u-cy"])
SETTING = sent("ann", "GET", "/members/u-ann", PRIVATE)
READ = sent("bob", "GET", "/members/u-ann", ONLY_CITY)
NOTE = {"id": "k-1", "text": "a wish"}
MADE = sent("ann", "POST", "/notes", NOTE, {"text": "a wish"})
READ_BY_ANN = sent("ann", "GET", "/notes/k-1", NOTE)
TAKEN = sent("bob", "POST", "/notes/k-1/transfer", NOTE)
BY_CITY = {("getMember", "Member", "city", "member")}
TOLD: list[tuple[list[Exchange], set[tuple[str, ...]]]] = [
    ([FOLLOWERS, SETTING, READ], BY_CITY),
    ([FOLLOWERS, READ], set()),
    ([SETTING, READ], set()),
    ([FOLLOWERS, SETTING, sent("cy", "GET", "/members/u-ann", ONLY_CITY)], set()),
    ([FOLLOWERS, sent("ann", "GET", "/members/u-ann", OPEN), READ], set()),
    ([sent("bob", "POST", "/posts/search", [{"owner_id": "u-ann", "draft": "my will"}])],
     {("findPosts", "Post", "draft", "member")}),
    ([sent("", "POST", "/posts/search", [{"owner_id": "u-ann", "author": ONLY_CITY}])],
     {("findPosts", "Member", "id", "anyone"), ("findPosts", "Member", "city", "anyone")}),
    ([MADE, sent("bob", "GET", "/notes/k-1", NOTE)], {("getNote", "Note", "text", "member")}),
    ([MADE, READ_BY_ANN, TAKEN], set()),  # it may be his by now
    ([MADE, READ_BY_ANN, TAKEN, sent("bob", "GET", "/notes/k-1", NOTE)], set()),
]  # fmt: skip
"""What lists and settings told decides; each of them alone leaves a doubt."""


@pytest.mark.parametrize("reader", [of_tests, of_traffic])
@pytest.mark.parametrize(("captured", "expected"), TOLD)
def test_what_was_told_of_settings_and_relations_decides(
    reader: Callable[[Sequence[Exchange]], set[Key]],
    captured: list[Exchange],
    expected: set[tuple[str, ...]],
) -> None:
    known = [me(each) for each in ("ann", "bob", "cy")]
    assert places(reader([*known, *captured])) == expected


def test_what_a_test_has_changed_unseen_is_asked_again() -> None:
    """The list of followers is another when bob is sent the city: the test changed its database."""
    watch = SuiteObserver(contract(), lambda request: None, key=b"k")
    for one in (me("ann"), me("bob"), FOLLOWERS, SETTING):
        list(watch.observe(Capture(one.request, one.response, app=watch)))
    now = sent("ann", "GET", "/members/u-ann/followers", ["u-cy", "u-bob"])
    evaluation, asked = watch.observe(Capture(READ.request, READ.response, app=watch)), []
    question = next(evaluation)
    with suppress(StopIteration):
        while True:
            asked.append(question.url.removeprefix(HOST))
            answers = {now.request.url: now, SETTING.request.url: SETTING}
            question = evaluation.send(answers.get(question.url, me("bob")).response)
    assert {"/members/u-ann/followers", "/members/u-ann"} <= {*asked}
    assert not watch.leaks
