"""Members of tenants and their roles by look-up: `field` beside `in`, in a running API."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum.finding import Result
from oakum_catalogue.kit import Entry
from tests.catalogue.play import play
from tests.scan.keys import identities, sender, told

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
  /me/firms:
    get:
      operationId: listFirms
      responses:
        "200":
          description: the caller's
          content: {application/json: {schema: {$ref: "#/components/schemas/Firms"}}}
  /firms/{firm}/members:
    get:
      operationId: listMembers
      parameters: [{name: firm, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: its members
          content: {application/json: {schema: {$ref: "#/components/schemas/Members"}}}
  /firms/{firm}/members/{clerk}:
    get:
      operationId: getMember
      parameters:
        - {name: firm, in: path, required: true, schema: {type: string}}
        - {name: clerk, in: path, required: true, schema: {type: string}}
      responses:
        "200":
          description: one of its members
          content: {application/json: {schema: {$ref: "#/components/schemas/Membership"}}}
  /invoices:
    get:
      operationId: listInvoices
      responses:
        "200":
          description: those of the caller's firms
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Invoice"}}}}
  /invoices/{id}:
    get:
      operationId: getInvoice
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Invoice"}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Clerk:
      type: object
      properties: {id: {type: string}}
    Membership:
      type: object
      properties:
        user: {type: object, properties: {id: {type: string}}}
        role: {type: string}
    Firms:
      type: object
      properties:
        next: {type: string, nullable: true}
        more: {type: boolean}
        data: {type: array, items: {type: object, properties: {id: {type: string}, role: {type: string}}}}
    Members:
      type: object
      properties: {data: {type: array, items: {$ref: "#/components/schemas/Membership"}}}
    Invoice:
      type: object
      properties:
        id: {type: string}
        firm: {type: string}
        clerk: {type: string}
        total: {type: number}
        margin: {type: number}
"""  # noqa: E501
LISTED = "in: listMembers, id: /data/*/user/id"
ALONE = "in: getMember, id: /user/id"
OWN = "in: listFirms, of: caller, id: /data/*/id"
WAYS = pytest.mark.parametrize(
    "members", [LISTED, ALONE, OWN], ids=["a list", "one by one", "the caller's tenants"]
)
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
  colleague: {field: firm, %(members)s}
  lead: {field: firm, %(members)s, role: %(role)s, has: lead}
resources:
  Clerk:
    key: id
    owner: id
    main: me
    fields:
      id: [{see: [owner]}]
  Invoice:
    key: id
    owner: clerk
    main: getInvoice
    fields:
      id, firm, clerk, total: [{see: [owner, colleague, lead]}]
      margin: [{see: [owner, lead]}]
operations:
  listMembers: {call: [member]}
  getMember: {call: [member]}
  listFirms: {call: [member]}
"""
ROLES = {
    "ann": {"north": "lead"},
    "ben": {"north": "clerk"},
    "cas": {"south": "lead", "north": "clerk"},
    "dot": {"south": "clerk"},
    "eve": {},
}
PAGED = DOCUMENT.replace(
    "operationId: listFirms",
    "operationId: listFirms\n      parameters: [{name: page, in: query, schema: {type: integer}}]",
)
WHOLE = {(field, "member") for field in ("id", "firm", "clerk", "total", "margin")}
LEAKS = {
    "": set(),
    "firm": {*WHOLE, ("margin", "colleague")},
    "role": {("margin", "colleague")},
    "lead": {("margin", "colleague")},
}
"""`lead`: who leads any firm is taken for a lead of all of theirs."""


def entry(
    leak: str, members: str = LISTED, *, readable: bool = True, seed: int = 1,
    around: Mapping[str, Any] = MappingProxyType({}), owner: str = "clerk", lean: bool = False,
    document: str = DOCUMENT, sends: str = "",
) -> Entry:  # fmt: skip
    """`around`: what stands beside the caller's firms, of which there is one page; `lean`: the list
    of invoices does not tell their firms; `sends`: what else is in the line of each identity."""
    draw = random.Random(seed)
    ids = {name: f"{draw.getrandbits(64):016x}" for name in ROLES}
    firms = {name: f"{draw.getrandbits(64):016x}" for name in ("north", "south")}
    invoices = {
        key: {"id": key, "firm": firms[firm], "clerk": ids[name],
              "total": round(draw.uniform(1000, 9000), 2), "margin": round(draw.uniform(0, 1), 5)}
        for name, theirs in ROLES.items() for firm in theirs for _ in range(2)
        for key in [f"{draw.getrandbits(64):016x}"]
    }  # fmt: skip

    def role(name: str, firm: str) -> str:
        return next((each for at, each in ROLES[name].items() if firms[at] == firm), "")

    def view(name: str, row: dict[str, Any]) -> dict[str, Any] | None:
        here = role(name, row["firm"])
        if not here and leak != "firm":
            return None
        whole = here == "lead" or row["clerk"] == ids[name] or leak in ("role", "firm")
        whole |= leak == "lead" and "lead" in ROLES[name].values()
        return {at: value for at, value in row.items() if whole or at != "margin"}

    def member(name: str, firm: str) -> dict[str, Any]:
        return {"user": {"id": ids[name]}, "role": role(name, firm)}

    def answer(request: Request) -> Response:
        name, path = sender(request), request.path_params
        if name not in ids:
            return Response(status_code=401)
        if request.url.path == "/me/firms":
            own = [{"id": firms[at], "role": each} for at, each in ROLES[name].items()]
            there = readable and request.query_params.get("page", "1") == "1"
            return JSONResponse({**around, "data": own}) if there else Response(status_code=404)
        firm = path.get("firm", "")
        if firm and not (role(name, firm) and readable):
            return Response(status_code=404)
        if "clerk" in path:
            other = next((n for n, id in ids.items() if id == path["clerk"]), "")
            there = other and role(other, firm)
            return JSONResponse(member(other, firm)) if there else Response(status_code=404)
        if firm:
            return JSONResponse({"data": [member(n, firm) for n in ids if role(n, firm)]})
        if "id" in path:
            row = invoices.get(path["id"])
            shown = view(name, row) if row else None
            return JSONResponse(shown) if shown else Response(status_code=404)
        if request.url.path == "/me":
            return JSONResponse({"id": ids[name]})
        near = [row for row in invoices.values() if role(name, row["firm"])]
        rows = [view(name, row) or {} for row in near]
        left_out = {"firm", "margin"} if lean else set()
        return JSONResponse([{k: v for k, v in row.items() if k not in left_out} for row in rows])

    def app(mode: str, seed: int) -> Starlette:
        firms = ("/me/firms", "/firms/{firm}/members", "/firms/{firm}/members/{clerk}")
        paths = ("/me", *firms, "/invoices", "/invoices/{id}")
        made = Starlette(routes=[Route(path, answer) for path in paths])
        made.state.db = {}
        return made

    where = {"members": members, "role": "/role" if members == ALONE else "/data/*/role"}
    text = (EXPOSURE % where).replace("owner: clerk", f"owner: {owner}")
    return Entry(
        name="books", pattern="P2", title="books of two firms", convention="",
        document=PAGED if around else document, exposure=text,
        identities=lambda seed: identities(ids, dict.fromkeys(ids, sends)), app=app, truth=(),
        decoys=(),
    )  # fmt: skip


@WAYS
@pytest.mark.parametrize("leak", LEAKS)
def test_what_members_of_a_tenant_show_others_is_found(
    leak: str, members: str, tmp_path: Path
) -> None:
    played = play(entry(leak, members), "leaky", 1, tmp_path)
    assert told(played) == {(*each, "proven") for each in LEAKS[leak]}
    assert not played.report.distrust


@WAYS
@pytest.mark.parametrize("seed", range(2, 6))
def test_an_api_that_keeps_to_the_roles_is_clean(seed: int, members: str, tmp_path: Path) -> None:
    played = play(entry("", members, seed=seed), "fixed", seed, tmp_path)
    assert (told(played), played.report.distrust) == (set(), ())


@pytest.mark.parametrize("owner", ["clerk", "none"])
@pytest.mark.parametrize("members", [LISTED, OWN], ids=["the members", "their own tenants"])
@pytest.mark.parametrize("leak", ["", "firm"])
def test_nothing_is_proven_where_nobody_is_shown(
    leak: str, members: str, owner: str, tmp_path: Path
) -> None:
    played = play(entry(leak, members, readable=False, owner=owner), "leaky", 1, tmp_path)
    assert told(played) == set()
    assert any("who is `colleague`" in reason for reason in played.report.distrust)


def test_a_page_without_a_next_one_is_the_last(tmp_path: Path) -> None:
    played = play(entry("firm", OWN, around={"next": None}), "leaky", 1, tmp_path)
    assert told(played) == {(*each, "proven") for each in LEAKS["firm"]}
    assert not played.report.distrust


def test_what_colleagues_are_shown_closes_nothing_for_others(tmp_path: Path) -> None:
    """Who is no colleague cannot be told from a list that goes on; they are shown all the same."""
    played = play(entry("firm", OWN, around={"more": True}), "leaky", 1, tmp_path)
    cells = [each for each in played.report.cells if each.viewer == "member"]
    invoices = [each for each in cells if each.endpoint.operation == "getInvoice"]
    assert {each.result for each in invoices} == {Result.UNTESTED}
    assert {"the list of `listFirms` was not complete" in each.reason for each in invoices} == {
        True
    }


@pytest.mark.parametrize("owner", ["clerk", "none"])
def test_what_does_not_name_its_tenant_proves_nothing(owner: str, tmp_path: Path) -> None:
    played = play(entry("", owner=owner, lean=True), "fixed", 1, tmp_path)
    assert not [each for each in told(played) if each[1] == "member"]


@WAYS
def test_a_list_of_members_may_need_a_header_that_everybody_sends(
    members: str, tmp_path: Path
) -> None:
    header = "{name: X-Client, in: header, required: true, schema: {type: string}}"
    document = DOCUMENT.replace("parameters: [", f"parameters: [{header}, ")
    document = document.replace(
        "        - {name: firm", f"        - {header}\n        - {{name: firm"
    )
    listed = f"operationId: listFirms\n      parameters: [{header}]"
    document = document.replace("operationId: listFirms", listed)
    made = entry("firm", members, document=document, sends=', send: "X-Client: app"')
    played = play(made, "leaky", 1, tmp_path)
    assert {(*each, "proven") for each in WHOLE} <= set(told(played))
    assert not [reason for reason in played.report.distrust if "who is `colleague`" in reason]
