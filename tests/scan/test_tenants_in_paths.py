"""Objects below a tenant in the path, which none of them names: `/events/{event}/talks/{id}`."""

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
info: {title: Talks, version: "1"}
security: [{bearer: []}]
paths:
  /me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Account"}}}}
  /events:
    get:
      operationId: events
      responses:
        "200": {description: all, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Event"}}}}}
  /events/{event}/talks:
    parameters: [{name: event, in: path, required: true, schema: {type: string}}]
    get:
      operationId: talks
      parameters: [{name: expand, in: query, schema: {type: string, enum: [notes, slides]}}]
      responses:
        "200": {description: own, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Talk"}}}}}
  /events/{event}/talks/{id}:
    parameters:
      - {name: event, in: path, required: true, schema: {type: string}}
      - {name: id, in: path, required: true, schema: {type: integer}}
    get:
      operationId: talk
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Talk"}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Account: {type: object, properties: {id: {type: string}}}
    Event: {type: object, properties: {slug: {type: string}}}
    Talk: {type: object, properties: {id: {type: integer}, speaker: {type: string}, notes: {type: string}}}
"""  # noqa: E501
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
params: {event: Event.slug}
resources:
  Account: {key: id, owner: id, main: me, fields: {id: [{see: [owner]}]}}
  Event: {key: slug, owner: none, fields: {slug: [{see: [member]}]}}
  Talk:
    key: id
    owner: speaker
    main: talk
    fields: {"id, speaker, notes": [{see: [owner]}]}
operations:
  events: {call: [member]}
  talk: {params: {id: Talk.id}}
"""
EVENTS = ("spring", "summer", "autumn")
TALKS = {"ann": {"summer": [4111]}, "bob": {"autumn": [4122]}}


def entry(leaks: str = "") -> Entry:
    """`leaky`: a talk is shown to whoever is logged in, else to its speaker alone. `expand`: all of
    an event are, in a list that is asked for notes."""

    def app(given: str, seed: int) -> Starlette:
        mode = leaks or given

        def caller(request: Request) -> str:
            name = sender(request)
            return f"u-{name}" if name in TALKS else ""

        def rows(event: str) -> list[dict[str, object]]:
            return [
                {"id": id, "speaker": f"u-{who}", "notes": f"{who} brings prop no. {id * 7}"}
                for who, there in TALKS.items()
                for id in there.get(event, ())
            ]

        async def me(request: Request) -> Response:
            who = caller(request)
            return JSONResponse({"id": who}) if who else Response(status_code=401)

        async def events(request: Request) -> Response:
            found = [{"slug": each} for each in EVENTS]
            return JSONResponse(found) if caller(request) else Response(status_code=401)

        async def talks(request: Request) -> Response:
            who = caller(request)
            found = [each for each in rows(request.path_params["event"]) if each["speaker"] == who]
            if mode == "expand" and request.query_params.get("expand") == "notes":
                found = rows(request.path_params["event"])
            return JSONResponse(found) if who else Response(status_code=401)

        async def talk(request: Request) -> Response:
            who, event = caller(request), request.path_params["event"]
            row = next((r for r in rows(event) if r["id"] == request.path_params["id"]), None)
            if not who:
                return Response(status_code=401)
            if row is None or not (mode == "leaky" or row["speaker"] == who):
                return Response(status_code=404)
            return JSONResponse(row)

        made = Starlette(
            routes=[
                Route("/me", me), Route("/events", events), Route("/events/{event}/talks", talks),
                Route("/events/{event}/talks/{id:int}", talk),
            ]
        )  # fmt: skip
        made.state.db = TALKS
        return made

    lines = identities(("ann", "bob"))
    return Entry(
        name="talks", pattern="P1", title="talks of events", convention="", document=DOCUMENT,
        exposure=EXPOSURE, identities=lambda seed: lines, app=app, truth=(), decoys=(), options=(),
    )  # fmt: skip


def test_a_leak_below_a_tenant_that_objects_do_not_name_is_found(tmp_path: Path) -> None:
    played = play(entry(), "leaky", 1, tmp_path)
    assert ("notes", "member", "proven") in told(played)


def test_an_option_is_tried_in_a_tenant_that_shows_something(tmp_path: Path) -> None:
    played = play(entry("expand"), "leaky", 1, tmp_path)
    assert ("notes", "member", "proven") in told(played)


def test_without_a_leak_everything_is_tested(tmp_path: Path) -> None:
    played = play(entry(), "fixed", 1, tmp_path)
    assert (told(played), played.report.distrust) == (set(), ())
