"""Notes that people make and throw away. `Notebook({"review"})` lets its maker set what reviewers
set; `thrown` lets anybody with an account throw away another's. A note may not be written to."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry

LEAKS = {
    "review": ("mass-assignment", "review.state", "owner", "POST /notes"),
    "thrown": ("bola-write", "ref", "person", "DELETE /notes/{ref}"),
}
DOCUMENT = """\
openapi: 3.1.0
info: {title: Notebook, version: "1"}
security: [{token: []}]
paths:
  /whoami:
    get:
      operationId: whoami
      responses:
        "200":
          description: me
          content:
            application/json:
              schema: {type: object, properties: {person: {type: string}}}
  /notes:
    get:
      operationId: notes
      responses:
        "200":
          description: own ones
          content:
            application/json:
              schema:
                type: object
                properties: {data: {type: array, items: {$ref: "#/components/schemas/Note"}}}
    post:
      operationId: makeNote
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                note:
                  type: object
                  required: [title]
                  properties: {title: {type: string}, pages: {type: integer}}
      responses: {"201": {description: made}}
  /notes/{ref}:
    parameters: [{name: ref, in: path, required: true, schema: {type: string}}]
    get:
      operationId: note
      responses:
        "200":
          description: one
          content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}
    delete:
      operationId: throwAway
      responses: {"204": {description: gone}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Note:
      type: object
      properties:
        ref: {type: string}
        writer: {type: string}
        title: {type: string}
        made: {type: string, format: date-time}
        review:
          type: object
          properties: {state: {type: string, enum: [waiting, accepted]}, by: {type: string}}
"""
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: whoami, id: /person}
relations:
  owner: {is: owner}
  person: {authenticated: true}
resources:
  Note:
    key: ref
    owner: writer
    main: note
    fields:
      ref, writer, made, review.state, review.by: [{see: [owner]}]
      title: [{see: [owner]}, {set: [owner]}]
operations:
  whoami: {}
  makeNote: {sets: {Note: /note}}
"""
TOKENS = {"uta": "uta-key-0b7d1f", "ove": "ove-key-9c2e44"}


class Notebook:
    """All notes; `removed` counts those that were thrown away."""

    def __init__(self, leaks: Collection[str]) -> None:
        self.leaks = leaks
        self.removed = 0
        self.notes: dict[str, dict[str, Any]] = {}
        for who in TOKENS:
            self.keep(who, {"title": f"what {who} knows"})

    def keep(self, who: str, said: dict[str, Any]) -> str:
        ref = str(uuid.uuid4())
        state = said.get("review", {}).get("state") if "review" in self.leaks else None
        self.notes[ref] = {
            "ref": ref, "writer": who, "title": said["title"], "made": "2026-01-01T10:00:00Z",
            "review": {"state": state or "waiting", "by": "nobody yet"},
        }  # fmt: skip
        return ref

    def whose(self, request: Request) -> str:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return next((who for who, known in TOKENS.items() if known == token), "")

    def app(self) -> Starlette:
        async def whoami(request: Request) -> Response:
            me = self.whose(request)
            return JSONResponse({"person": me}) if me else Response(status_code=401)

        async def notes(request: Request) -> Response:
            me = self.whose(request)
            if not me:
                return Response(status_code=401)
            if request.method == "POST":
                ref = self.keep(me, (await request.json())["note"])
                return Response(status_code=201, headers={"location": f"/notes/{ref}"})
            return JSONResponse({"data": [n for n in self.notes.values() if n["writer"] == me]})

        async def note(request: Request) -> Response:
            me, found = self.whose(request), self.notes.get(request.path_params["ref"])
            mine = found is not None and found["writer"] == me
            if request.method == "DELETE" and found and (mine or (me and "thrown" in self.leaks)):
                del self.notes[found["ref"]]
                self.removed += 1
                return Response(status_code=204)
            if request.method == "DELETE" and not mine:
                return Response(status_code=204)  # says so whatever it did
            return JSONResponse(found) if mine else Response(status_code=404)

        made = Starlette(
            routes=[
                Route("/whoami", whoami),
                Route("/notes", notes, methods=["GET", "POST"]),
                Route("/notes/{ref}", note, methods=["GET", "DELETE"]),
            ]
        )
        made.state.db = self.notes
        return made


def entry(leaks: Collection[str]) -> tuple[Entry, Notebook]:
    """A notebook, with all that a scan of it needs."""
    book = Notebook(leaks)
    lines = "".join(f"  {w}: {{header: 'Authorization: Bearer {t}'}}\n" for w, t in TOKENS.items())
    made = Entry(
        "notebook", "P12", "notes", "bearer", DOCUMENT, EXPOSURE, lambda _: f"identities:\n{lines}",
        lambda mode, seed: book.app(), (), (), ("--allow-writes",),
    )  # fmt: skip
    return made, book
