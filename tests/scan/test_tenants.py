"""Tenants and roles within them: `field` beside `claim`, and `requires`, in a running API."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry
from tests.catalogue.play import Played, play
from tests.scan.keys import sender

pytestmark = pytest.mark.server

DOCUMENT = """\
openapi: 3.0.3
info: {title: Books, version: "1"}
security: [{bearer: []}]
paths:
  /me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Clerk"}}}}
  /invoices:
    get:
      operationId: listInvoices
      responses:
        "200":
          description: those of the caller's firm
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Invoice"}}}}
  /invoices/{id}:
    get:
      operationId: getInvoice
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Invoice"}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Clerk:
      type: object
      properties: {id: {type: integer}, firm: {type: string}, role: {type: string}}
    Invoice:
      type: object
      properties:
        id: {type: integer}
        firm: {type: string}
        clerk: {type: integer}
        total: {type: number}
        margin: {type: number}
"""  # noqa: E501
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
  colleague: {field: firm, claim: firm}
  lead: {claim: role, has: lead, requires: [colleague]}
resources:
  Clerk:
    key: id
    owner: id
    main: me
    fields:
      id, firm, role: [{see: [owner]}]
  Invoice:
    key: id
    owner: clerk
    main: getInvoice
    fields:
      id, firm, clerk, total: [{see: [owner, colleague]}]
      margin: [{see: [owner, lead]}]
"""
CLERKS = {
    "ann": {"id": 1, "firm": "north", "role": "lead"},
    "ben": {"id": 2, "firm": "north", "role": "clerk"},
    "cas": {"id": 3, "firm": "south", "role": "lead"},
    "dot": {"id": 4, "firm": "south", "role": "clerk"},
}
IDENTITIES = "identities:\n" + "".join(
    f'  {name}: {{header: "Authorization: Bearer key-{name}"}}\n' for name in CLERKS
)
WHOLE = {(field, "member") for field in ("id", "firm", "clerk", "total", "margin")}
LEAKS = {
    "firm": {*WHOLE, ("margin", "colleague")},
    "role": {("margin", "colleague")},
    "lead": WHOLE,
}


def entry(leak: str, *, telling: bool = True) -> Entry:
    """`firm`: one of any firm is shown; `role`: clerks see the margin; `lead`: leads of any firm
    are shown whole invoices of another. `telling`: who-am-I says of which firm the caller is."""
    invoices = {
        100 + 7 * n: {
            "id": 100 + 7 * n, "firm": who["firm"], "clerk": who["id"],
            "total": 1000.25 + n, "margin": 0.17 + n / 97,
        }
        for n, who in enumerate([*CLERKS.values()] * 2)
    }  # fmt: skip

    def caller(request: Request) -> dict[str, Any]:
        return CLERKS.get(sender(request), {})

    def view(me: dict[str, Any], row: dict[str, Any]) -> dict[str, Any] | None:
        near = row["firm"] == me["firm"]
        leads = me["role"] == "lead" and (near or leak == "lead")
        if not near and leak != "firm" and not leads:
            return None
        whole = leads or row["clerk"] == me["id"] or leak in ("role", "firm")
        return {name: value for name, value in row.items() if whole or name != "margin"}

    async def me(request: Request) -> Response:
        who = caller(request)
        shown = {name: value for name, value in who.items() if telling or name != "firm"}
        return JSONResponse(shown, 200 if who else 401)

    async def listed(request: Request) -> Response:
        who = caller(request)
        if not who:
            return Response(status_code=401)
        near = [row for row in invoices.values() if row["firm"] == who["firm"]]
        return JSONResponse([view(who, row) for row in near])

    async def one(request: Request) -> Response:
        who, row = caller(request), invoices.get(request.path_params["id"])
        if not who:
            return Response(status_code=401)
        shown = view(who, row) if row else None
        return JSONResponse(shown) if shown else Response(status_code=404)

    def app(mode: str, seed: int) -> Starlette:
        routes = [Route("/me", me), Route("/invoices", listed), Route("/invoices/{id:int}", one)]
        made = Starlette(routes=routes)
        made.state.db = {}
        return made

    return Entry(
        name="books", pattern="P2", title="books of two firms", convention="", document=DOCUMENT,
        exposure=EXPOSURE, identities=lambda seed: IDENTITIES, app=app, truth=(), decoys=(),
    )  # fmt: skip


def told(played: Played) -> Collection[tuple[str, str]]:
    return {
        (each.field, each.viewer) for each in played.report.findings if each.verdict == "proven"
    }


@pytest.mark.parametrize("leak", LEAKS)
def test_what_a_tenant_shows_another_is_found(leak: str, tmp_path: Path) -> None:
    assert told(play(entry(leak), "leaky", 1, tmp_path)) == LEAKS[leak]


def test_an_api_that_keeps_its_tenants_apart_is_clean(tmp_path: Path) -> None:
    played = play(entry(""), "fixed", 1, tmp_path)
    assert [(each.title, each.verdict) for each in played.report.findings] == []
    assert not played.report.distrust


@pytest.mark.parametrize("leak", ["", "firm"])
def test_nothing_is_proven_of_callers_whose_tenant_is_not_known(leak: str, tmp_path: Path) -> None:
    played = play(entry(leak, telling=False), "leaky" if leak else "fixed", 1, tmp_path)
    assert told(played) == set()
    assert any("`colleague`" in reason for reason in played.report.distrust)
