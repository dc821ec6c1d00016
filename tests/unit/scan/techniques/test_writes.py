"""Which operations are tried with a changed member, before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.contract import load
from oakum.scan.techniques.writes import _endpoints
from oakum.semantics import compile_contract

DOCUMENT = """\
openapi: 3.1.0
info: {title: Club, version: "1"}
security: [{token: []}]
paths:
  /members/{id}/prefs:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getPrefs
      responses: {"200": {description: p, content: {application/json: {schema: {$ref: "#/components/schemas/Prefs"}}}}}
    METHOD:
      operationId: updatePrefs
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Prefs"}}}}
      responses: {"204": {description: ok}}
  /members/{id}:
    get:
      operationId: getMember
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: m, content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Member: {type: object, properties: {id: {type: string}}}
    Prefs: {type: object, properties: {member: {type: string}, colour: {type: string}}}
"""  # noqa: E501
POLICY = """\
exposure: 1
api: openapi.yaml
relations:
  anyone: {}
  owner: {is: owner}
resources:
  Member:
    key: id
    owner: id
    fields:
      id: [{see: anyone}]
  Prefs:
    KEY
    owner: member
    fields:
      member, colour: [{see: owner}]
operations:
  getPrefs: {params: {id: Member.id}}
  updatePrefs: {params: {id: Member.id}, sets: {Prefs: ""}}
"""


@pytest.mark.parametrize(
    ("method", "key", "tried"),
    [("post", "", False), ("post", "key: member", True), ("put", "", True)],
)
def test_a_post_is_tried_only_on_what_has_a_key(
    method: str, key: str, tried: bool, tmp_path: Path
) -> None:
    """Without one a new object that it made could not be told from the one that it changed."""
    (tmp_path / "openapi.yaml").write_text(DOCUMENT.replace("METHOD", method))
    policy = tmp_path / "exposure.yaml"
    policy.write_text(POLICY.replace("    KEY\n", f"    {key}\n" if key else ""))
    found = load(policy)
    assert found.policy is not None
    model = compile_contract(found.document, found.policy)
    endpoints = [(gate.operation.id, resource) for gate, resource in _endpoints(model, {})]
    assert endpoints == ([("updatePrefs", "Prefs")] if tried else [])
