"""Callers that are no accounts, such as a partner with a key, and accounts that the API calls by
several ids."""

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
from tests.scan.keys import sender, told

pytestmark = pytest.mark.server

DOCUMENT = """\
openapi: 3.0.3
info: {title: Clinics, version: "1"}
security: [{bearer: []}]
paths:
  /me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Login"}}}}
  /partner/status:
    get:
      operationId: partnerStatus
      responses:
        "200": {description: ok, content: {application/json: {schema: {type: object, properties: {plan: {type: string}}}}}}
  /letters:
    get:
      operationId: listLetters
      responses:
        "200":
          description: the caller's
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Letter"}}}}
  /letters/{id}:
    get:
      operationId: getLetter
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Letter"}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Login:
      type: object
      properties: {login: {type: string}}
    Letter:
      type: object
      properties: {id: {type: string}, patient: {type: integer}, subject: {type: string}, body: {type: string}}
"""  # noqa: E501
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /login}
relations:
  member: {authenticated: true}
  partner: {claim: client, has: partner}
  owner: {is: owner}
resources:
  Letter:
    key: id
    owner: patient
    main: getLetter
    fields:
      id, patient, subject: [{see: [owner, partner]}]
      body: [{see: [owner]}]
operations:
  partnerStatus: {call: [partner]}
"""
NUMBERS = {"ann": 27104, "bob": 38817}
PARTNER = (
    '  lab: {header: "Authorization: Bearer key-lab", account: none, whoami: partnerStatus,'
    " claims: {client: partner}}\n"
)
IDENTITIES = "identities:\n" + "".join(
    f'  {name}: {{header: "Authorization: Bearer key-{name}", facts: {{number: {number}}}}}\n'
    for name, number in NUMBERS.items()
)  # fmt: skip
WHOLE = {("id", "member"), ("patient", "member"), ("subject", "member"), ("body", "member")}
LEAKS: dict[str, set[tuple[str, str]]] = {
    "": set(),
    "partner": {("body", "partner")},
    "all": {*WHOLE, ("body", "partner")},
}


def entry(leak: str, *, seed: int = 1, dead: bool = False) -> Entry:
    """`dead`: the partner's key is not accepted any more."""
    draw = random.Random(seed)
    letters = {
        key: {"id": key, "patient": number, "subject": f"to {name} of {key[:4]}",
              "body": f"{name} has {key[::-1]}"}
        for name, number in NUMBERS.items() for _ in range(2)
        for key in [f"{draw.getrandbits(64):016x}"]
    }  # fmt: skip

    def view(who: str, row: dict[str, Any]) -> dict[str, Any] | None:
        if NUMBERS.get(who) == row["patient"] or leak == "all":
            return row
        if who == "lab":
            return {n: v for n, v in row.items() if n != "body" or leak == "partner"}
        return None

    async def answer(request: Request) -> Response:
        who, path = sender(request), request.url.path
        if who not in ("ann", "bob", "lab") or (who == "lab" and dead):
            return Response(status_code=401)
        if path == "/me":
            known = who in NUMBERS
            return JSONResponse({"login": who}) if known else Response(status_code=401)
        if path == "/partner/status":
            return JSONResponse({"plan": "gold"}) if who == "lab" else Response(status_code=403)
        if path == "/letters":
            mine = [row for row in letters.values() if row["patient"] == NUMBERS.get(who)]
            return JSONResponse(mine) if who in NUMBERS else Response(status_code=401)
        row = letters.get(request.path_params["id"])
        shown = view(who, row) if row is not None else None
        return JSONResponse(shown) if shown else Response(status_code=404)

    def app(mode: str, seed: int) -> Starlette:
        paths = ("/me", "/partner/status", "/letters", "/letters/{id}")
        made = Starlette(routes=[Route(path, answer) for path in paths])
        made.state.db = {}
        return made

    return Entry(
        name="clinics", pattern="P2", title="letters and a laboratory", convention="",
        document=DOCUMENT, exposure=EXPOSURE, identities=lambda seed: IDENTITIES + PARTNER,
        app=app, truth=(), decoys=(),
    )  # fmt: skip


@pytest.mark.parametrize("leak", LEAKS)
def test_what_a_partner_is_shown_too_much_is_found(leak: str, tmp_path: Path) -> None:
    played = play(entry(leak), "leaky", 1, tmp_path)
    assert told(played) == {(*each, "proven") for each in LEAKS[leak]}
    assert [each for each in played.report.identities if not each.ok or each.message] == []


@pytest.mark.parametrize("seed", range(2, 6))
def test_an_api_that_shows_a_partner_its_part_is_clean(seed: int, tmp_path: Path) -> None:
    played = play(entry("", seed=seed), "fixed", seed, tmp_path)
    assert (told(played), played.report.distrust) == (set(), ())
    shown = {(each.field, str(each.result)) for each in played.report.cells
             if each.viewer == "partner"}  # fmt: skip
    assert {("subject", "open"), ("body", "closed")} <= shown


def test_a_partner_whose_key_is_dead_is_told_and_closes_nothing(tmp_path: Path) -> None:
    played = play(entry("", dead=True), "fixed", 1, tmp_path)
    assert told(played) == set()
    assert any("`lab`" in each and "no longer work" in each for each in played.report.distrust)
    cells = {str(each.result) for each in played.report.cells if each.viewer == "partner"}
    assert cells <= {"untested"}
