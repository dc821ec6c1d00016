"""A contract that can be read at a fast_walk, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

DOCUMENT = """
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /me:
    get:
      operationId: getMe
      responses:
        "200":
          description: ok
          content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}
components:
  schemas:
    Member: {type: object, properties: {id: {type: string}, email: {type: string}}}
"""
POLICY = """
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations: {anyone: {}, owner: {is: owner}}
resources:
  Member: {key: id, owner: id, fields: {id: [{see: [anyone]}], email: [{see: [owner]}]}}
"""
OTHER = POLICY.replace("email: [{see: [owner]}]", "email: []")
KEYED = POLICY + "guard: {service: {header: x-service, env: CLINIC_KEY}}\n"


def write(folder: Path) -> Path:
    """The policy's file, its document beside it."""
    (folder / "openapi.yaml").write_text(DOCUMENT, encoding="utf-8")
    file = folder / "exposure.yaml"
    file.write_text(POLICY, encoding="utf-8")
    return file
