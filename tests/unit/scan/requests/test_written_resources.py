"""The resource in a request body: by the contract, its schema, or what the same path returns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.authz import Model, compile_contract
from oakum.exposure.endpoints.request_bodies import body_shape
from oakum.policy.contract import load
from oakum.scan.coverage.uncalled_operations import why_not_called
from oakum.scan.requests.written_resources import written_resources
from tests.unit.scan.studio import model

ISSUES = """\
openapi: 3.1.0
info: {title: Tracker, version: "1"}
security: [{token: []}]
paths:
  /issues.json:
    get:
      operationId: listIssues
      responses:
        "200":
          description: all
          content:
            application/json:
              schema: {type: object, properties: {issues: {type: array, items: {$ref: "#/components/schemas/Issue"}}}}
    post:
      operationId: createIssue
      requestBody: {content: {application/json: {schema: BODY}}}
      responses: {"201": {description: made}}
  /issues/{id}.json:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: getIssue
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Issue"}}}}}
    delete: {operationId: deleteIssue, responses: {"204": {description: gone}}}
  /issues/{id}/share:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    post:
      operationId: shareIssue
      requestBody: {content: {application/json: {schema: {type: object, properties: {author: {type: string}}}}}}
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Issue"}}}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Issue:
      type: object
      properties: {id: {type: integer}, author: {type: string}, subject: {type: string}, notes: {type: string}}
"""  # noqa: E501
ISSUES_POLICY = """\
exposure: 1
api: openapi.yaml
relations: {anyone: {}, owner: {is: owner}}
resources:
  Issue:
    key: id
    owner: author
    fields:
      id, author, subject, notes: [{see: owner}]
operations:
  getIssue: {params: {id: Issue.id}}
  deleteIssue: {params: {id: Issue.id}}
"""
ISSUE = "type: object, properties: {subject: {type: string}, notes: {type: string}}"


def test_what_a_body_writes_is_told_by_its_schema() -> None:
    assert written_resources(model(), model().operations["putSettings"]) == [("Settings", ())]
    assert written_resources(model(), model().operations["getMe"]) == []
    assert body_shape(model().operations["getMe"]) is None


def tracker(folder: Path, body: str, policy: str = ISSUES_POLICY) -> Model:
    (folder / "openapi.yaml").write_text(ISSUES.replace("BODY", body))
    (folder / "exposure.yaml").write_text(policy)
    found = load(folder / "exposure.yaml")
    assert found.policy is not None
    return compile_contract(found.document, found.policy)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (f"{{{ISSUE}}}", [("Issue", ())]),
        (f"{{type: object, properties: {{issue: {{{ISSUE}}}}}}}", [("Issue", ("issue",))]),
        (f"{{type: object, properties: {{a: {{{ISSUE}}}, b: {{{ISSUE}}}}}}}", []),
        ("{type: object, properties: {since: {type: string}}}", []),
        ("{type: object, properties: {subject: {type: string, readOnly: true}}}", []),
        ("{type: array, items: {type: string}}", []),
    ],
)
def test_what_a_body_writes_is_told_by_what_is_read_at_the_same_address(
    body: str, where: list[Any], tmp_path: Path
) -> None:
    model = tracker(tmp_path, body)
    assert written_resources(model, model.operations["createIssue"]) == where


def test_what_shares_a_member_and_is_read_elsewhere_is_not_written(tmp_path: Path) -> None:
    """Sharing an issue with an author makes no issue."""
    model = tracker(tmp_path, f"{{{ISSUE}}}")
    assert written_resources(model, model.operations["shareIssue"]) == []


def test_the_reason_why_nothing_was_written_is_the_true_one_with_the_line_to_add(
    tmp_path: Path,
) -> None:
    model = tracker(tmp_path, "{type: object, properties: {since: {type: string}}}")
    why = why_not_called(model, "createIssue")
    assert "operations: {createIssue: {sets: {RESOURCE: /PLACE}}}" in why
    model = tracker(tmp_path, f"{{{ISSUE}}}")
    assert "it creates nothing" in why_not_called(model, "createIssue")
    unnamed = ISSUES_POLICY.replace("  deleteIssue: {params: {id: Issue.id}}\n", "")
    model = tracker(tmp_path, f"{{{ISSUE}}}", unnamed)
    assert "no DELETE is known that names a `Issue`" in why_not_called(model, "createIssue")
