"""What people are told of each value of a setting, quoted by what breaks it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry
from tests.catalogue.play import play
from tests.scan.keys import identities, sender, told

pytestmark = pytest.mark.server

DOCUMENT = """\
openapi: 3.0.3
info: {title: People, version: "1"}
security: [{bearer: []}]
paths:
  /me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}}
  /people/{id}:
    get:
      operationId: getPerson
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}}
  /people/{id}/friends:
    get:
      operationId: listFriends
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: theirs
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Ref"}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Ref:
      type: object
      properties: {id: {type: string}}
    Person:
      type: object
      properties:
        id: {type: string}
        audience: {type: string, enum: [public, friends, only_me]}
        city: {type: string}
        street: {type: string}
"""  # noqa: E501
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /id}
relations:
  member: {authenticated: true}
  friend: {in: listFriends, id: /*/id}
  owner: {is: owner}
resources:
  Person:
    key: id
    owner: id
    main: getPerson
    promise: "You decide who sees you"
    states:
      audience:
        field: audience
        levels: [public, friends, only_me]
        promise:
          public: "Everybody sees your city"
          friends: "Only your friends see your city"
          only_me: "Nobody but you sees your city"
    fields:
      id, audience: [{see: [owner, member]}]
      city:
        - see: [owner]
        - {see: [friend], when: {audience: [public, friends]}}
        - {see: [member], when: {audience: public}}
      street: [{see: [owner]}]
operations:
  listFriends: {call: [owner]}
"""
NAMES = {"ann": "friends", "bob": "only_me", "cas": "public", "dot": "friends"}
FRIENDS = {("ann", "bob"), ("bob", "cas"), ("cas", "dot"), ("dot", "ann")}
TIES = "between: [" + ", ".join(
    f"{one} is friend of {two}" for pair in sorted(FRIENDS) for one, two in (pair, pair[::-1])
) + "]\n"  # fmt: skip
FRIEND, NOBODY = "Only your friends see your city", "Nobody but you sees your city"
LEAKS: dict[str, set[tuple[str, str, str, str]]] = {
    "": set(),
    "friends": {("city", "member", "friends", FRIEND)},
    "me": {("city", "friend", "only_me", NOBODY)},
    "all": {
        ("city", "member", "friends", FRIEND),
        ("city", "member", "only_me", NOBODY),
        ("city", "friend", "only_me", NOBODY),
    },
}
"""`friends`: what is for friends is shown to everybody; `me`: what is for nobody, to friends."""


def entry(leak: str, seed: int = 1) -> Entry:
    draw = random.Random(seed)
    ids = {name: f"{draw.getrandbits(64):016x}" for name in NAMES}
    places = {name: f"{draw.choice('KLMN')}{draw.getrandbits(40):010x}by" for name in NAMES}

    def view(who: str, viewer: str) -> dict[str, Any]:
        row = {"id": ids[who], "audience": NAMES[who]}
        near = (who, viewer) in FRIENDS or (viewer, who) in FRIENDS
        level = {"public": 0, "friends": 1, "only_me": 2}[NAMES[who]]
        level -= leak == "all" or (leak, level) in (("friends", 1), ("me", 2))
        level = 0 if leak == "all" else level
        if who == viewer:
            row["street"] = f"{places[who]} Lane 7"
        if who == viewer or level <= near:
            row["city"] = places[who]
        return row

    async def answer(request: Request) -> Response:
        viewer = sender(request)
        if viewer not in ids:
            return Response(status_code=401)
        if request.url.path == "/me":
            return JSONResponse(view(viewer, viewer))
        who = next((n for n, id in ids.items() if id == request.path_params["id"]), "")
        if not who or (request.url.path.endswith("/friends") and who != viewer):
            return Response(status_code=404)
        if request.url.path.endswith("/friends"):
            pairs = [pair for pair in FRIENDS if who in pair]
            return JSONResponse([{"id": ids[n]} for pair in pairs for n in pair if n != who])
        return JSONResponse(view(who, viewer))

    def app(mode: str, seed: int) -> Starlette:
        paths = ("/me", "/people/{id}", "/people/{id}/friends")
        made = Starlette(routes=[Route(path, answer) for path in paths])
        made.state.db = {}
        return made

    return Entry(
        name="people", pattern="P3", title="three audiences", convention="", document=DOCUMENT,
        exposure=EXPOSURE, identities=lambda seed: identities(ids) + TIES, app=app, truth=(),
        decoys=(),
    )  # fmt: skip


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_quotes_what_people_are_told_of_the_value_that_they_have_set(
    leak: str, tmp_path: Path
) -> None:
    played = play(entry(leak), "leaky", 1, tmp_path)
    found = {
        (each.field, each.viewer, dict(each.state)["audience"], each.promise)
        for each in played.report.findings
    }
    assert found == LEAKS[leak]
    assert {each.verdict for each in played.report.findings} <= {"proven"}


@pytest.mark.parametrize("seed", range(2, 6))
def test_an_api_that_keeps_every_promise_is_clean(seed: int, tmp_path: Path) -> None:
    played = play(entry("", seed), "fixed", seed, tmp_path)
    assert (told(played), played.report.distrust) == (set(), ())
