"""An API without `/me`: who-am-I is a path for each account."""

from __future__ import annotations

from pathlib import Path

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
  /people/{name}:
    parameters: [{name: name, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getPerson
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Person:
      type: object
      properties: {name: {type: string}, city: {type: string}, phone: {type: string}, email: {type: string}}
"""  # noqa: E501
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getPerson, id: /name}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Person:
    key: name
    owner: name
    main: getPerson
    fields:
      name, city: [{see: [member]}]
      phone, email: [{see: [owner]}]
"""
PEOPLE = {
    "ann": {"name": "ann", "city": "Brest", "phone": "555-0147-11", "email": "ann@people.test"},
    "bob": {"name": "bob", "city": "Quimper", "phone": "555-0147-12", "email": "bob@people.test"},
}


def entry(*, leaky: bool, whoami: str = "whoami: /people/$nick\n") -> Entry:
    async def one(request: Request) -> Response:
        who, row = sender(request), PEOPLE.get(request.path_params["name"])
        if who not in PEOPLE:
            return Response(status_code=401)
        if row is None:
            return Response(status_code=404)
        hidden = () if who == row["name"] else ("email",) if leaky else ("email", "phone")
        return JSONResponse({name: value for name, value in row.items() if name not in hidden})

    def app(mode: str, seed: int) -> Starlette:
        made = Starlette(routes=[Route("/people/{name}", one)])
        made.state.db = {}
        return made

    lines = identities(("ann", "bob"), {name: f", nick: {name}" for name in PEOPLE})
    return Entry(
        name="people", pattern="P1", title="people at paths of their own", convention="",
        document=DOCUMENT, exposure=EXPOSURE, identities=lambda seed: whoami + lines, app=app,
        truth=(), decoys=(), options=(),
    )  # fmt: skip


def test_a_leak_is_proven_by_what_only_the_caller_is_shown(tmp_path: Path) -> None:
    assert told(play(entry(leaky=True), "leaky", 1, tmp_path)) == {("phone", "member", "proven")}
    played = play(entry(leaky=False), "fixed", 1, tmp_path)
    assert told(played) == set()
    assert not played.report.distrust
