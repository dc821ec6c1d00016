"""Settings of an account that stand in an object within it, which is a resource of its own, and
that only the page of the account shows."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum.scan.run import Scan
from oakum_catalogue.kit import Entry
from tests.catalogue.play import hasty, options_of, play, serving
from tests.scan.keys import identities, sender, told

pytestmark = pytest.mark.server

DOCUMENT = """\
openapi: 3.0.3
info: {title: People, version: "1"}
security: [{bearer: []}]
paths:
  /people:
    get:
      operationId: listPeople
      responses:
        "200":
          description: all
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Person"}}}}
  /people/{personId}:
    get:
      operationId: getPerson
      parameters: [{name: personId, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}}
  /people/lookup:
    post:
      operationId: lookUp
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {ids: {type: array, items: {type: string}}}}
      responses:
        "200":
          description: these
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Person"}}}}
  /me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Account"}}}}
  /me/settings:
    get:
      operationId: getSettings
      responses:
        "200": {description: the caller's, content: {application/json: {schema: {$ref: "#/components/schemas/Settings"}}}}
  /partner/status:
    get:
      operationId: partnerStatus
      responses:
        "200": {description: ok, content: {application/json: {schema: {type: object, properties: {plan: {type: string}}}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Person:
      type: object
      properties: {id: {type: string}, city: {type: string}, seen: {type: string}}
    Settings:
      type: object
      properties: {profile: {type: string}, city: {type: string, nullable: true}, shown: {type: boolean}}
    Account:
      type: object
      properties:
        id: {type: string}
        city: {type: string}
        seen: {type: string}
        settings: {$ref: "#/components/schemas/Settings"}
"""  # noqa: E501
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Account:
    schemas: [Account, Person]
    key: id
    owner: id
    states:
      profile: {field: settings.profile, levels: [all, none], missing: none}
      town: {field: settings.city, of: Account.profile}
      shown: {field: settings.shown, open: true, missing: false}
    fields:
      id: [{see: [member, owner]}]
      city:
        - see: [owner]
        - {see: [member], when: {town: all}}
      seen:
        - see: [owner]
        - {see: [member], when: {shown: true}}
      settings: [{see: [owner]}]
  Settings:
    owner: {caller: true}
    fields: {"profile, city, shown": [{see: [owner]}]}
params: {personId: Account.id}
operations:
  lookUp: {reads: true, params: {ids: Account.id}}
"""
SETTINGS: dict[str, dict[str, Any]] = {
    "ann": {"profile": "all", "city": None, "shown": True},
    "bob": {"profile": "none", "city": None, "shown": False},
    "cas": {"profile": "all", "city": "none", "shown": True},
    "dan": {"profile": "none", "city": "all", "shown": False},
}
PARTNER = (
    '  lab: {header: "Authorization: Basic bGFiOmxhYg==", account: none, whoami: partnerStatus}\n'
)


def entry(leak: str, seed: int = 1) -> Entry:
    draw = random.Random(seed)
    order = draw.sample(list(SETTINGS), len(SETTINGS))
    people = {
        name: {
            "id": f"{draw.getrandbits(64):016x}",
            "city": f"{draw.getrandbits(40):010x}burg",
            "seen": f"2026-11-{draw.randrange(10, 29)}T10:0{number}:{draw.randrange(10, 59)}Z",
        }
        for number, name in enumerate(order)
    }

    def view(viewer: str, name: str) -> dict[str, Any]:
        row, settings = dict(people[name]), SETTINGS[name]
        town = settings["city"] or ("all" if leak == "null" else settings["profile"])
        if viewer != name and town == "none" and leak != "city":
            del row["city"]
        if viewer != name and not settings["shown"] and leak != "seen":
            del row["seen"]
        return row

    async def listed(request: Request) -> Response:
        who = sender(request)
        if who not in people:
            return Response(status_code=401)
        wanted = {row["id"] for row in people.values()}
        if request.method == "POST":
            wanted = set((await request.json()).get("ids", ()))
        return JSONResponse([view(who, n) for n in people if people[n]["id"] in wanted])

    async def one(request: Request) -> Response:
        who, id = sender(request), request.path_params["id"]
        if who not in people:
            return Response(status_code=401)
        found = next((name for name, row in people.items() if row["id"] == id), None)
        return JSONResponse(view(who, found)) if found else Response(status_code=404)

    async def me(request: Request) -> Response:
        who = sender(request)
        if who not in people:
            return Response(status_code=401)
        own = SETTINGS[who]
        is_page = request.url.path == "/me"
        return JSONResponse({**people[who], "settings": own} if is_page else own)

    async def status(request: Request) -> Response:
        if not request.headers.get("authorization", "").startswith("Basic "):
            return Response(status_code=401)
        return JSONResponse({"plan": "gold"})

    def app(mode: str, seed: int) -> Starlette:
        routes = [Route("/people", listed), Route("/people/lookup", listed, methods=["POST"])]
        routes.append(Route("/people/{id}", one))
        routes += [Route("/me", me), Route("/me/settings", me), Route("/partner/status", status)]
        made = Starlette(routes=routes)
        made.state.db = {}
        return made

    return Entry(
        name="people", pattern="P3", title="people with settings of their own", convention="",
        document=DOCUMENT, exposure=EXPOSURE, app=app,
        identities=lambda seed: identities(order) + PARTNER,
        truth=(), decoys=(),
    )  # fmt: skip


@pytest.mark.parametrize(("leak", "field"), [("city", "city"), ("null", "city"), ("seen", "seen")])
def test_a_setting_of_an_account_without_effect_is_found(
    leak: str, field: str, tmp_path: Path
) -> None:
    assert told(play(entry(leak), "leaky", 1, tmp_path)) == {(field, "member", "proven")}


@pytest.mark.parametrize("seed", range(1, 5))
def test_settings_that_hold_are_open_and_closed_as_each_account_says(
    seed: int, tmp_path: Path
) -> None:
    played = play(entry("", seed), "fixed", seed, tmp_path)
    assert (told(played), played.report.distrust) == (set(), ())
    shown = [
        e for e in played.report.cells if e.viewer == "member" and e.endpoint.path == "/people"
    ]
    for name in ("city", "seen"):
        assert {str(e.result) for e in shown if e.field == name} == {"open", "closed"}


def test_a_part_of_the_operations_is_scanned_where_params_are_said_of_all_paths(
    tmp_path: Path,
) -> None:
    made = entry("seen")
    with serving(made.app("leaky", 1)) as target:
        options = options_of(made, made.write(tmp_path, 1), target)
        options = replace(options, include=("listPeople", "me"))
        report = Scan(options, lambda event: None, sleep=hasty).report()
    assert {(e.field, e.verdict) for e in report.findings} == {("seen", "proven")}
