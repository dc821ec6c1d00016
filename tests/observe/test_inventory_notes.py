"""Twin hosts, older versions, credentials unasked, GraphQL operations and CSV as they are told."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from oakum.cli.main import main
from oakum.traffic.graphql_operation import graphql
from oakum.traffic.inventory import UNREAD, SeenEndpoint, rows

TOKEN = {"authorization": "Bearer made-up"}


def line(url: str, answer: Any = None, *, method: str = "GET", **more: Any) -> str:
    asked = {"method": method, "url": url, "headers": more.pop("headers", TOKEN), **more}
    kind = "text/csv" if isinstance(answer, str) else "application/json"
    came = {"status": 200, "headers": {"content-type": kind}, "body": answer or {"id": 7}}
    return json.dumps({"request": asked, "response": came}) + "\n"


def observed(folder: Path, lines: list[str], document: dict[str, Any] | None = None) -> Any:
    (folder / "a.ndjson").write_text("".join(lines))
    options: list[str] = []
    if document is not None:
        (folder / "api.json").write_text(json.dumps(document))
        options = ["--openapi", str(folder / "api.json")]
    arguments = ["observe", "traffic", str(folder / "a.ndjson"), *options, "--format", "json"]
    done = CliRunner().invoke(main, arguments, standalone_mode=False, catch_exceptions=False)
    return json.loads(done.stdout)["operations"]


def notes(operations: Any) -> list[tuple[str, str, str]]:
    return [(e["path"], note["kind"], note["says"]) for e in operations for note in e["notes"]]


def test_a_host_that_asks_for_less_and_one_that_tells_more(tmp_path: Path) -> None:
    told = {"id": 7, "nick": "made up", "email": "a@club.example"}
    lines = [line(f"https://api.example.com/members/{n}", {"id": n, "nick": "x"}) for n in range(4)]
    lines += [line(f"https://old.example.com/members/{n}", told, headers={}) for n in range(4)]
    says = "answers without credentials at `old.example.com`, but only with them at"
    more = "has fields at `old.example.com` that no other of its hosts has: `email`"
    assert notes(observed(tmp_path, lines)) == [
        ("/members/{memberId}", "twin-host", f"{says} `api.example.com`"),
        ("/members/{memberId}", "twin-host", more),
    ]
    alone = [each for each in lines if "old." in each]
    assert notes(observed(tmp_path, alone)) == []


def test_what_a_host_answered_before_there_was_a_second_one_is_counted(tmp_path: Path) -> None:
    both = [
        line(f"https://{host}.example/members/{n}", {"id": n, host: 1})
        for host in ("one", "two")
        for n in (1, 2, 3)
    ]
    assert [says for _, _, says in notes(observed(tmp_path, both))] == [
        f"has fields at `{h}.example` that no other of its hosts has: `{h}`" for h in ("one", "two")
    ]


def test_an_older_version_and_credentials_that_nobody_asked_for(tmp_path: Path) -> None:
    answers = {"200": {"description": "ok"}}
    member = {"operationId": "getMember", "responses": answers, "security": [{"token": []}]}
    document = {
        "openapi": "3.1.0", "info": {"title": "t", "version": "1"},
        "paths": {"/v2/members/{id}": {"get": member}},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }  # fmt: skip
    lines = [line("/v2/members/7"), line("/v2/members/8", headers={}), line("/v1/members/7")]
    says = "answered 1 × without credentials, but the document requires `token`"
    assert notes(observed(tmp_path, lines, document)) == [
        ("/v2/members/{id}", "no-credentials", says),
        ("/v1/members/{memberId}", "older-version", "an older version of GET `/v2/members/{id}`"),
    ]
    # Records from which somebody has cut all credentials say nothing of who had none.
    bare = [line("/v2/members/7", headers={}), line("/v2/members/8", headers={})]
    assert notes(observed(tmp_path, bare, document)) == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("query ($id: ID!) { user(id: $id) { ...m } } fragment m on User { id }", "query user"),
        ('mutation Wear { add(tag: "made } up {") { id } }', "mutation Wear add"),
        ("{ mine: user(id: 7) { id } tag @include(if: $x) { name } }", "query tag, user"),
        ("# nothing {\n{ ...f } fragment f on Query { x }", "query"),
        ("nothing", ""),
    ],
)
def test_what_a_graphql_request_asks_without_its_values(query: str, said: str) -> None:
    assert graphql({"query": query})[0] == said


def test_each_graphql_operation_is_an_endpoint_of_its_own(tmp_path: Path) -> None:
    asked = {"method": "POST", "headers": {**TOKEN, "content-type": "application/json"}}
    one = {"query": 'query { user(id: "made-up") { id } }'}
    two = {"query": "{ tag { name } }"}
    lines = [line("/graphql", {"data": {"user": {"id": 7}}}, body=one, **asked)] * 2
    lines += [line("/graphql", {"data": {"tag": {"name": "made up"}}}, body=two, **asked)]
    (endpoint,) = observed(tmp_path, lines)
    parts = [(p["path"], p["seen"], [f["path"] for f in p["fields"]]) for p in endpoint["parts"]]
    assert parts == [("query tag", 1, ["data.tag.name"]), ("query user", 2, ["data.user.id"])]


def test_the_columns_of_a_csv_are_fields(tmp_path: Path) -> None:
    (endpoint,) = observed(tmp_path, [line("/export", "id,email\r\n7,a@club.example\r\n8,\r\n")])
    fields = [(each["path"], each["types"]) for each in endpoint["fields"]]
    assert fields == [("*.email", ["string"]), ("*.id", ["integer"])]


def test_each_event_of_a_feed_is_an_answer(tmp_path: Path) -> None:
    feed = json.loads(line("/feed", 'id: 1\ndata: {"id": 7,\ndata: "nick": "x"}\n\n: none\n\n'))
    feed["response"]["headers"]["content-type"] = "text/event-stream"
    (endpoint,) = observed(tmp_path, [json.dumps(feed) + "\n"])
    assert [each["path"] for each in endpoint["fields"]] == ["id", "nick"]


@pytest.mark.parametrize(
    "text", ["Ann,Marlowe\nBob,Brandt\n", "7,a@club.example\n8,b@club.example\n", "made up\n"]
)
def test_a_csv_without_a_head_is_not_read_since_its_first_row_is_somebodys(text: str) -> None:
    assert rows(text.encode(), "text/csv") is UNREAD


def operations(*asked: tuple[str, int]) -> set[str]:
    """What is told of these queries, each by name and by who asked."""
    endpoint = SeenEndpoint()
    for name, who in asked:
        said, nameless = graphql({"query": f"query {name} {{ user(id: 1) {{ mail }} }}"})
        endpoint.parts.setdefault(said, SeenEndpoint(nameless=nameless)).callers.see(who)
    return set(endpoint.told_parts())


def test_a_name_of_a_query_that_each_caller_has_of_their_own_is_left_out() -> None:
    handles = ("quentin_a", "minaokafor", "bartnguyen", "xiomarad")
    assert operations(*((name, who) for who, name in enumerate(handles))) == {"query user"}
    assert operations(*((name, 7) for name in handles)) == {f"query {e} user" for e in handles}
    assert operations(("Profile", 1), ("Profile", 2)) == {"query Profile user"}


def jwt(**claims: Any) -> str:
    said = json.dumps(claims).encode()
    return f"e30.{urlsafe_b64encode(said).decode().rstrip('=')}.made-up"


@pytest.mark.parametrize(
    ("headers", "callers"),
    [
        ([{"authorization": f"Bearer {jwt(sub=s, jti=n)}"} for s in "ab" for n in range(3)], 2),
        ([{"cookie": f"session={jwt(sub='a', exp=n)}"} for n in range(3)], 1),
        ([{"x-access-token": jwt(user_id=u, exp=n)} for u in (1, 2) for n in range(3)], 2),
        # The same `sub` in every token, and an issuer of one's own.
        ([{"authorization": f"Bearer {jwt(sub='access', user_id=n)}"} for n in range(3)], 3),
        ([{"authorization": f"Bearer {jwt(sub='a', iss=n)}"} for n in "xy"], 2),
        # A token that names nobody, or is none that can be read.
        ([{"authorization": f"Bearer {jwt(exp=n)}"} for n in range(3)], 3),
        ([{"authorization": f"Bearer opaque-{n}"} for n in range(3)], 3),
    ],
)
def test_a_token_that_was_renewed_is_the_same_callers(
    tmp_path: Path, headers: list[dict[str, str]], callers: int
) -> None:
    lines = [line("https://api.example.com/me", headers=each) for each in headers]
    assert [each["callers"] for each in observed(tmp_path, lines)] == [callers]
