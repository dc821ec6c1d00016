"""Fields that some viewers see in a masked form: the form is no leak, the whole value is one."""

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
  /people:
    get:
      operationId: listPeople
      responses:
        "200": {description: all, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Person"}}}}}
  /people/{id}:
    get:
      operationId: getPerson
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Person:
      type: object
      properties:
        id: {type: string}
        email: {type: string}
        iban: {type: string}
        phone: {type: string, nullable: true}
        city: {type: string}
        address: {type: string}
        place: {type: object, properties: {lat: {type: number}}}
"""  # noqa: E501
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Person:
    key: id
    owner: id
    main: getPerson
    fields:
      id, city: [{see: [owner, member]}]
      email:
        - see: [owner]
        - {see: [member], masked: stars}
      iban: [{see: [owner]}, {see: [member], masked: {first: 2, last: 4}}]
      phone: [{see: [owner]}, {see: [member], masked: [empty, {last: 3}]}]
      address: [{see: [owner]}, {see: [member], masked: {beside: city}}]
      place.lat: [{see: [owner]}, {see: [member], masked: {decimals: 1}}]
"""
NAMES = ("ann", "bob", "cas")
FIELDS = ("email", "iban", "phone", "address", "place.lat")


def entry(leak: str, seed: int = 1, gone: str = "") -> Entry:
    draw = random.Random(seed)
    ids = {name: f"{draw.getrandbits(64):016x}" for name in NAMES}
    rows: dict[str, dict[str, Any]] = {}
    for name, id in ids.items():
        city = f"{draw.choice('KLMN')}{draw.getrandbits(40):010x}by"
        rows[name] = {
            "id": id,
            "email": f"{name}{draw.getrandbits(32):08x}@mail.test",
            "iban": f"DE{draw.randint(10**19, 10**20 - 1)}",
            "phone": f"+4477{draw.randint(10**8, 10**9 - 1)}",
            "city": city,
            "address": f"{draw.randint(1, 99)} Long Road, {city}",
            "place": {"lat": round(draw.uniform(36, 60), 6)},
        }

    def view(who: str, viewer: str, one: bool) -> dict[str, Any]:
        row = rows[who]
        if who == viewer:
            return row
        masked: dict[str, Any] = {
            "email": f"{row['email'][0]}***@mail.test",
            "iban": f"DE** **** {row['iban'][-4:]}",
            "phone": None if who == "ann" else row["phone"][-3:],
            "address": row["city"],
            "place": {"lat": round(row["place"]["lat"], 1)},
        }
        top = leak.partition(".")[0]
        masked |= {top: row[top]} if leak and one else {}
        return {k: v for k, v in {**row, **masked}.items() if k != gone}

    async def answer(request: Request) -> Response:
        viewer = sender(request)
        if viewer not in ids:
            return Response(status_code=401)
        if request.url.path == "/me":
            return JSONResponse(view(viewer, viewer, True))
        if request.url.path == "/people":
            return JSONResponse([view(who, viewer, False) for who in ids])
        who = next((n for n, id in ids.items() if id == request.path_params["id"]), "")
        return JSONResponse(view(who, viewer, True)) if who else Response(status_code=404)

    def app(mode: str, seed: int) -> Starlette:
        made = Starlette(
            routes=[Route(path, answer) for path in ("/me", "/people", "/people/{id}")]
        )
        made.state.db = {}
        return made

    return Entry(
        name="people", pattern="P8", title="masked in a list", convention="", document=DOCUMENT,
        exposure=EXPOSURE, identities=lambda seed: identities(ids), app=app, truth=(), decoys=(),
    )  # fmt: skip


@pytest.mark.parametrize("leak", FIELDS)
def test_the_whole_value_in_place_of_a_mask_is_a_leak(leak: str, tmp_path: Path) -> None:
    played = play(entry(leak), "leaky", 1, tmp_path)
    assert told(played) == {(leak, "member", "proven")}
    (found,) = played.report.findings
    assert [each.path for each in found.endpoints] == ["/people/{id}"]


@pytest.mark.parametrize("seed", range(2, 6))
def test_an_api_that_masks_everywhere_is_clean(seed: int, tmp_path: Path) -> None:
    played = play(entry("", seed), "fixed", seed, tmp_path)
    assert (told(played), played.report.distrust) == (set(), ())


@pytest.mark.parametrize("gone", ["email", "iban"])
def test_an_api_that_omits_the_field_instead_keeps_the_contract(gone: str, tmp_path: Path) -> None:
    played = play(entry("", 7, gone), "fixed", 7, tmp_path)
    assert (told(played), played.report.distrust) == (set(), ())


def test_a_masked_field_is_tested_and_closed(tmp_path: Path) -> None:
    played = play(entry(""), "fixed", 1, tmp_path)
    cells = {
        each.field: each.result.value for each in played.report.cells
        if each.viewer == "member" and each.field in FIELDS and each.endpoint.path == "/people/{id}"
    }  # fmt: skip
    assert cells == dict.fromkeys(FIELDS, "closed")
