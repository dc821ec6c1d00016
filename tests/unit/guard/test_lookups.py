"""What an answer says of a relation, when it says nothing, and who is asked in whose name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.guard.request_outcome import GuardedRequest
from oakum.routing.http_messages import HttpRequest, HttpResponse
from tests.unit.guard.talk import Talk, answer, asked, body, contract

DOCUMENT = """
openapi: 3.1.0
info: {title: Notes, version: "1"}
security: [{session: []}]
paths:
  /me:
    get: {operationId: getMe, responses: {"200": {$ref: "#/components/responses/Any"}}}
  /me/friends:
    get: {operationId: myFriends, responses: {"200": {$ref: "#/components/responses/Any"}}}
  /users/{id}:
    get:
      operationId: getUser
      responses:
        "200":
          description: one
          content: {application/json: {schema: {$ref: "#/components/schemas/User"}}}
    put:
      operationId: putUser
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/User"}}}}
      responses: {"204": {description: done}}
  /users/{id}/blocked:
    get:
      operationId: blocked
      parameters: [PAGED]
      responses: {"200": {$ref: "#/components/responses/Any"}}
components:
  securitySchemes: {session: {type: apiKey, in: query, name: key}}
  responses:
    Any: {description: any, content: {application/json: {schema: {type: object}}}}
  schemas:
    User:
      type: object
      properties: {id: {type: string}, name: {type: string}, city: {type: string}}
"""
POLICY = """
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  blocked: {in: blocked, id: /data/*}
  member: {authenticated: true, unless: [blocked]}
  friend: {in: myFriends, id: /data/*, of: caller}
resources:
  User:
    owner: id
    fields:
      id, name: [{see: [member], set: [member]}]
      city: [{see: [friend]}]
operations:
  getMe: {call: [member]}
  blocked: {COUNTS}
  putUser: {call: [member]}
guard: {timeout: 2s, service: {header: x-service, env: KEY}}
"""
HOST = ("x-forwarded-host", "api.test")
ASKED = asked("GET", "/users/ann?key=k-cy")


def notes(folder: Path, paged: str = "", counts: str = "") -> Talk:
    document = DOCUMENT.replace("PAGED", paged)
    policy = POLICY.replace("{COUNTS}", "{call: [member]" + counts + "}")
    talk = contract(folder, policy, document, service="s3")
    talk.answers = {
        "GET /me?key=k-cy": answer(200, {"id": "cy"}),
        "GET /me/friends?key=k-cy": answer(200, {"data": ["ann"]}),
        "GET /users/ann": answer(200, {"id": "ann", "name": "Ann", "city": "Oslo"}),
        "GET /users/ann?key=k-cy": answer(200, {"id": "ann", "name": "Ann", "city": "Oslo"}),
        "GET /users/ann/blocked": answer(200, {"data": []}),
    }
    return talk


def test_what_is_about_whoever_asks_is_asked_in_their_name(tmp_path: Path) -> None:
    talk = notes(tmp_path)
    assert body(talk.say(ASKED)) == {"id": "ann", "name": "Ann", "city": "Oslo"}
    plain = ("accept", "accept-encoding", "content-type")
    credentials = {
        each.target: tuple(pair for pair in each.headers if pair[0] not in plain)
        for each in talk.asked
    }
    assert credentials == {
        "/me?key=k-cy": (HOST, ("cache-control", "no-cache, no-store")),
        "/me/friends?key=k-cy": (HOST,),
        "/users/ann/blocked": (("x-service", "s3"), HOST),
    }


LIMIT = "{name: limit, in: query, schema: {type: integer, maximum: 2}}"
PAGE = "{name: page, in: query, schema: {type: integer}}"


@pytest.mark.parametrize(
    ("paged", "counts", "told", "whole"),
    [
        ("", "", {"data": ["x", "y", "z"]}, True),
        ("", ", counts: [/total]", {"data": ["x"], "total": 1}, True),
        ("", ", counts: [/total]", {"data": ["x"], "total": 2}, False),
        (LIMIT, "", {"data": ["x"]}, True),
        (LIMIT, "", {"data": ["x", "y"]}, False),
        (LIMIT, ", counts: [/total]", {"data": ["x"], "total": 9}, False),
        (PAGE, "", {"data": []}, False),
        (PAGE, ", counts: [/total]", {"data": ["x"], "total": 1}, True),
        (PAGE, ", counts: [/total]", {"data": ["x"], "total": True}, False),
        (PAGE, ", counts: [/total]", {"data": ["x"]}, False),
    ],
)
def test_who_is_not_on_a_page_that_may_go_on_is_not_known_to_be_elsewhere(
    tmp_path: Path, paged: str, counts: str, told: Any, whole: bool
) -> None:
    talk = notes(tmp_path, paged, counts)
    query = "?limit=2" if paged == LIMIT else ""
    talk.answers[f"GET /users/ann/blocked{query}"] = answer(200, told)
    seen = body(talk.say(ASKED))
    assert ("name" in seen) is whole  # a member is who is certainly not blocked
    assert "city" in seen


def test_who_is_on_the_page_is_known_however_it_goes_on(tmp_path: Path) -> None:
    talk = notes(tmp_path, PAGE)
    talk.answers["GET /me/friends?key=k-cy"] = answer(200, {"data": ["bob", "ann"]})
    assert "city" in body(talk.say(ASKED))


@pytest.mark.parametrize(("seconds", "seen"), [(5.9, {"id", "name", "city"}), (6, {"id", "name"})])
def test_all_look_ups_together_take_three_times_as_long_as_one_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, seen: set[str]
) -> None:
    talk = notes(tmp_path)
    ordinary = talk.upstream

    def slow(question: HttpRequest) -> HttpResponse | None:
        talk.clock.at += seconds if question.target == "/users/ann/blocked" else 0
        return ordinary(question)

    monkeypatch.setattr(talk, "upstream", slow)
    assert body(talk.say(ASKED)).keys() == seen


@pytest.mark.parametrize("answered", [True, False])
def test_a_write_forgets_when_it_is_sent_and_again_when_it_is_done(
    tmp_path: Path, answered: bool
) -> None:
    talk = notes(tmp_path)
    talk.answers["GET /users/ann"] = answer(200, {"id": "ann"})
    talk.answers["PUT /users/ann?key=k-cy"] = answer(204)

    def questions() -> set[str]:
        talk.say(ASKED)
        return {each.target for each in talk.asked}

    write = asked("PUT", "/users/ann?key=k-cy", body={"name": "A"})
    assert "/users/ann/blocked" in questions()
    assert questions() == set()
    forwarded = talk._drive(talk.keeper.enter(write))
    assert isinstance(forwarded, GuardedRequest)
    assert "/users/ann/blocked" in questions()
    if answered:
        assert questions() == set()
        talk._drive(talk.keeper.leave(forwarded, answer(204)))
        assert "/users/ann/blocked" in questions()
