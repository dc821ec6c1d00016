"""Contracts of the conformance cases, and what `guard check` says of one after a change."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from oakum.guard.contract_reader import read_contract
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

DESK = quick_yaml.load((FOLDER / "contracts" / "desk.yaml").read_text())
CLUB = quick_yaml.load((FOLDER / "contracts" / "club.yaml").read_text())
LEDGER = quick_yaml.load((FOLDER / "contracts" / "ledger.yaml").read_text())
PRINTS = quick_yaml.load((FOLDER / "contracts" / "prints.yaml").read_text())
HOUSES = quick_yaml.load((FOLDER / "contracts" / "houses.yaml").read_text())
REMARK, JSON = {"$ref": "#/components/schemas/Remark"}, "application/json"
Change = Callable[[dict[str, Any], dict[str, Any]], None]


def said(folder: Path, base: dict[str, Any], change: Change | None = None) -> str:
    """Warnings of a contract, each with its place, after a change of its document and policy."""
    document, policy = copy.deepcopy(base["document"]), copy.deepcopy(base["policy"])
    if change is not None:
        change(document, policy)
    (folder / "openapi.yaml").write_text(json.dumps(document))
    written = json.dumps({**policy, "api": "openapi.yaml"}, indent=2)
    (folder / "exposure.yaml").write_text(written)
    found = read_contract(folder / "exposure.yaml").warnings
    assert all(each.location.line > 0 and each.hint for each in found)
    return "\n".join(str(each) for each in found)


def answers(document: dict[str, Any], path: str, method: str, media: str) -> None:
    content = {media: {"schema": {"type": "string"}}}
    document["paths"][path][method]["responses"] = {"200": {"description": "x", "content": content}}


def small(folder: Path, paths: str, operations: str = "", security: str = "[{key: []}]") -> str:
    (folder / "openapi.yaml").write_text(
        f"""\
openapi: 3.0.3
info: {{title: x, version: "1"}}
security: {security}
paths:
  /me:
    get:
      operationId: me
      responses: {{200: {{$ref: "#/components/responses/One"}}}}
  /people:
    get:
      operationId: people
      responses: {{200: {{$ref: "#/components/responses/One"}}}}
  /people/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    get:
      operationId: person
      responses: {{200: {{$ref: "#/components/responses/One"}}}}
{paths}
components:
  securitySchemes: {{key: {{type: apiKey, in: header, name: x-key}}}}
  responses:
    One:
      description: ok
      content: {{application/json: {{schema: {{$ref: "#/components/schemas/Person"}}}}}}
  schemas:
    Person: {{type: object, properties: {{id: {{type: string}}, nick: {{type: string}}}}}}
"""
    )
    (folder / "exposure.yaml").write_text(
        f"""\
exposure: 1
api: openapi.yaml
caller: {{operation: me, id: /id}}
relations: {{anyone: {{}}, member: {{authenticated: true}}, owner: {{is: owner}}}}
resources:
  Person:
    key: id
    owner: id
    main: person
    fields: {{"id, nick": [{{see: [anyone]}}]}}
operations:
  person: {{params: {{id: Person.id}}}}
{operations}
"""
    )
    found = read_contract(folder / "exposure.yaml").warnings
    return "\n".join(str(each) for each in found)
