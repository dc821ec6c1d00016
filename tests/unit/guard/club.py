"""A small club whose API is served by whatever framework a test wants, and its contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oakum.guard.enforcement import Gatekeeper
from oakum.guard.loading import open_gate

DOCUMENT = """
openapi: 3.1.0
info: {title: Club, version: "1"}
security: [{session: []}]
paths:
  /me:
    get:
      operationId: getMe
      responses: {"200": {$ref: "#/components/responses/Member"}}
  /members/{id}:
    get:
      operationId: getMember
      responses: {"200": {$ref: "#/components/responses/Member"}}
    put:
      operationId: updateMember
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}}
      responses: {"200": {$ref: "#/components/responses/Member"}}
  /members/{id}/friends:
    get:
      operationId: listFriends
      responses:
        "200":
          description: ids
          content: {application/json: {schema: {type: array, items: {type: string}}}}
  /roster:
    get:
      operationId: getRoster
      responses:
        "200":
          description: a table
          content: {text/csv: {schema: {type: array, items: {$ref: "#/components/schemas/Member"}}}}
  /crash:
    get:
      operationId: crash
      responses: {"200": {$ref: "#/components/responses/Member"}}
  /endless:
    get:
      operationId: endless
      responses: {"200": {$ref: "#/components/responses/Member"}}
components:
  securitySchemes: {session: {type: apiKey, in: header, name: x-session}}
  responses:
    Member:
      description: one
      content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}
  schemas:
    Member:
      type: object
      properties:
        {id: {type: string}, name: {type: string}, email: {type: string}, city: {type: string}}
"""
POLICY = """
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  member: {authenticated: true}
  friend: {in: listFriends, id: /*}
  owner: {is: owner}
resources:
  Member:
    key: id
    owner: id
    main: getMember
    fields:
      id, name: [{see: [member], set: [owner]}]
      city: [{see: [owner, friend]}]
      email: [{see: [owner]}]
operations:
  listFriends: {owner: id, call: [owner]}
guard: {timeout: 60s, max_body: 10000, pass: ["/static/**"], websockets: [/live]}
"""
PEOPLE: dict[str, dict[str, Any]] = {
    name: {"id": name, "name": name.title(), "email": f"{name}@x.test", "city": "Oslo", "hash": "h"}
    for name in ("ann", "bob", "cy")
}
FRIENDS = {"ann": ["bob"], "bob": [], "cy": []}
SEEN = {
    ("ann", "ann"): {"id", "name", "email", "city"},
    ("bob", "ann"): {"id", "name", "city"},
    ("cy", "ann"): {"id", "name"},
}
"""(viewer, owner) → the members of the answer that are left."""


def gate(folder: Path, *, observe: bool = False, below: str = "") -> Gatekeeper:
    """`below`: the prefix that the document says before its paths."""
    servers = f"servers: [{{url: {below}}}]\n" if below else ""
    (folder / "openapi.yaml").write_text(DOCUMENT + servers, encoding="utf-8")
    (folder / "exposure.yaml").write_text(POLICY, encoding="utf-8")
    return open_gate(folder / "exposure.yaml", observe=observe, environ={})
