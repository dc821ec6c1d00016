"""An owner that only the creation of an object tells: `owner: {creator: true}`."""

from __future__ import annotations

import itertools
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
info: {title: Papers, version: "1"}
security: [{bearer: []}]
paths:
  /me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Account"}}}}
  /papers:
    post:
      operationId: createPaper
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/NewPaper"}}}}
      responses:
        "201": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Paper"}}}}
  /papers/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getPaper
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Paper"}}}}
    delete:
      operationId: deletePaper
      responses: {"204": {description: gone}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Account:
      type: object
      properties: {id: {type: string}}
    NewPaper:
      type: object
      properties: {text: {type: string}}
    Paper:
      type: object
      properties: {id: {type: string}, text: {type: string}}
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
    key: id
    owner: id
    main: me
    fields: {id: [{see: [owner]}]}
  Paper:
    schemas: [Paper, NewPaper]
    key: id
    owner: {creator: true}
    main: getPaper
    fields:
      id: [{see: [owner]}]
      text: [{see: [owner], set: [owner]}]
operations:
  createPaper: {call: [member]}
  deletePaper: {call: [owner]}
"""


def entry(*, leaky: bool, writes: bool = True, owns: str = "") -> Entry:
    def app(mode: str, seed: int) -> Starlette:
        rows: dict[str, dict[str, str]] = {}
        if owns:
            rows["p-old-41"] = {"id": "p-old-41", "text": "ann's will, 2019", "writer": "u-ann"}
        numbers = itertools.count(100)

        def caller(request: Request) -> str:
            name = sender(request)
            return f"u-{name}" if name in ("ann", "bob") else ""

        async def me(request: Request) -> Response:
            who = caller(request)
            return JSONResponse({"id": who}) if who else Response(status_code=401)

        async def create(request: Request) -> Response:
            who, body = caller(request), await request.json()
            if not who:
                return Response(status_code=401)
            id = f"p-new-{next(numbers)}"
            rows[id] = {"id": id, "text": str(body.get("text", "")), "writer": who}
            return JSONResponse({"id": id, "text": rows[id]["text"]}, 201)

        async def one(request: Request) -> Response:
            who, row = caller(request), rows.get(request.path_params["id"])
            if not who:
                return Response(status_code=401)
            own = row is not None and row["writer"] == who
            if row is None or not (own or (leaky and request.method == "GET")):
                return Response(status_code=404)
            if request.method == "DELETE":
                del rows[row["id"]]
                return Response(status_code=204)
            return JSONResponse({"id": row["id"], "text": row["text"]})

        routes = [
            Route("/me", me), Route("/papers", create, methods=["POST"]),
            Route("/papers/{id}", one, methods=["GET", "DELETE"]),
        ]  # fmt: skip
        made = Starlette(routes=routes)
        made.state.db = rows
        return made

    lines = identities(("ann", "bob"), {"ann": f", owns: {{Paper: {owns}}}"} if owns else {})
    options: tuple[str, ...] = ("--allow-writes",) if writes else ()
    return Entry(
        name="papers", pattern="P1", title="papers of their creators", convention="",
        document=DOCUMENT, exposure=EXPOSURE, identities=lambda seed: lines, app=app, truth=(),
        decoys=(), options=options,
    )  # fmt: skip


def test_what_an_identity_creates_is_theirs_and_a_leak_of_it_is_found(tmp_path: Path) -> None:
    played = play(entry(leaky=True), "leaky", 1, tmp_path)
    assert told(played) >= {("text", "member", "proven")}
    assert {viewer for _, viewer, _ in told(played)} == {"member"}
    assert played.after == {}


def test_an_api_that_shows_creators_their_own_is_clean(tmp_path: Path) -> None:
    played = play(entry(leaky=False), "fixed", 1, tmp_path)
    assert (told(played), played.report.distrust) == (set(), ())


@pytest.mark.parametrize("leaky", [True, False])
def test_what_the_file_names_needs_no_creation(leaky: bool, tmp_path: Path) -> None:
    played = play(entry(leaky=leaky, writes=False, owns="p-old-41"), "leaky", 1, tmp_path)
    found = {("id", "member", "proven"), ("text", "member", "proven")}
    assert told(played) == (found if leaky else set())
    assert not played.report.distrust


@pytest.mark.parametrize("leaky", [True, False])
def test_without_creation_and_line_nothing_of_it_is_judged_and_the_run_says_so(
    leaky: bool, tmp_path: Path
) -> None:
    played = play(entry(leaky=leaky, writes=False), "leaky", 1, tmp_path)
    assert told(played) == set()
    (why,) = played.report.distrust
    assert (
        "name an object as `owns: {Paper: …}` in the identities file, or allow the scan to" in why
    )
