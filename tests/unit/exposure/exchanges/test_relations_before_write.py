"""The answer to a write is judged by what its caller was to the object when they sent it, too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from oakum.exchange import Exchange
from oakum.policy.contract import Contract, load
from tests.gate.club import written
from tests.pytest_plugin.test_told_owners import BOTH, Leaks, me, sent

FILE = '{$ref: "#/components/schemas/File"}'
TEAM = '{$ref: "#/components/schemas/Team"}'
NOTE = '{$ref: "#/components/schemas/Note"}'
DOCUMENT = f"""\
openapi: 3.1.0
info: {{title: Files, version: "1"}}
security: [{{token: []}}]
paths:
  /me:
    get:
      operationId: getMe
      responses: {{"200": {{description: me, content: {{application/json: {{schema: {{type: object, properties: {{id: {{type: string}}}}}}}}}}}}}}
  /files/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    get:
      operationId: getFile
      responses: {{"200": {{description: one, content: {{application/json: {{schema: {FILE}}}}}}}}}
    patch:
      operationId: editFile
      requestBody: {{content: {{application/json: {{schema: {FILE}}}}}}}
      responses: {{"200": {{description: one, content: {{application/json: {{schema: {FILE}}}}}}}}}
  /files/{{id}}/owner:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    put:
      operationId: giveFile
      requestBody: {{content: {{application/json: {{schema: {FILE}}}}}}}
      responses: {{"200": {{description: one, content: {{application/json: {{schema: {FILE}}}}}}}}}
  /teams/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    get:
      operationId: getTeam
      responses: {{"200": {{description: one, content: {{application/json: {{schema: {TEAM}}}}}}}}}
  /teams/{{id}}/leave:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    post:
      operationId: leaveTeam
      responses: {{"201": {{description: one, content: {{application/json: {{schema: {TEAM}}}}}}}}}
  /teams/{{id}}/posts:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    post:
      operationId: post
      responses: {{"201": {{description: one, content: {{application/json: {{schema: {TEAM}}}}}}}}}
  /notes:
    post:
      operationId: addNote
      responses: {{"201": {{description: one, content: {{application/json: {{schema: {NOTE}}}}}}}}}
  /notes/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    get:
      operationId: getNote
      responses: {{"200": {{description: one, content: {{application/json: {{schema: {NOTE}}}}}}}}}
  /notes/{{id}}/owner:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    put:
      operationId: giveNote
      responses: {{"204": {{description: given}}}}
components:
  securitySchemes: {{token: {{type: http, scheme: bearer}}}}
  schemas:
    File:
      type: object
      properties: {{id: {{type: string}}, owner_id: {{type: string}}, title: {{type: string}}}}
    Note:
      type: object
      properties: {{id: {{type: string}}, text: {{type: string}}}}
    Team:
      type: object
      properties:
        id: {{type: string}}
        owner_id: {{type: string}}
        member_ids: {{type: array, items: {{type: string}}}}
        plan: {{type: string}}
"""  # noqa: E501
POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  owner: {is: owner}
  inside: {field: member_ids}
resources:
  File:
    key: id
    owner: owner_id
    main: getFile
    fields:
      id, owner_id, title: [{see: owner}]
  Team:
    key: id
    owner: owner_id
    main: getTeam
    fields:
      id, owner_id, member_ids, plan: [{see: [owner, inside]}]
  Note:
    key: id
    owner: {creator: true}
    main: getNote
    fields:
      id, text: [{see: owner}]
operations:
  addNote: {}
  giveFile: {call: [owner], sets: {File: ""}}
  editFile: {sets: {File: ""}}
"""
OF_ANN = {"id": "f-7", "owner_id": "u-ann", "title": "ann's will"}
OF_BOB = {**OF_ANN, "owner_id": "u-bob"}
SEEN = sent("ann", "GET", "/files/f-7", OF_ANN)
RECEIPT = {"id": "f-7", "owner_id": "u-bob"}
TO_BOB = {"owner_id": "u-bob"}
WHOLE = {"id", "owner_id", "title"}
GIVEN: list[tuple[list[Exchange], set[str]]] = [
    ([sent("ann", "PUT", "/files/f-7/owner", RECEIPT, TO_BOB)], set()),
    ([sent("ann", "PUT", "/files/f-7/owner", OF_BOB, TO_BOB)], set()),
    ([SEEN, sent("ann", "PUT", "/files/f-7/owner", OF_BOB, TO_BOB)], set()),
    ([SEEN, sent("ann", "PATCH", "/files/f-7", OF_BOB, TO_BOB)], set()),
    ([sent("ann", "PATCH", "/files/f-7", OF_BOB, {"title": "x"})], WHOLE),
    ([SEEN, sent("bob", "PUT", "/files/f-7/owner", OF_ANN, TO_BOB)], WHOLE),
    ([SEEN, sent("bob", "PATCH", "/files/f-7", OF_ANN, {"owner_id": "u-ann"})], WHOLE),
    ([SEEN, sent("ann", "PUT", "/files/f-7/owner", OF_BOB, TO_BOB),
      sent("bob", "GET", "/files/f-7", OF_BOB)], set()),
    ([SEEN, sent("ann", "PUT", "/files/f-7/owner", OF_BOB, TO_BOB),
      sent("ann", "GET", "/files/f-7", OF_BOB)], WHOLE),
    ([SEEN, sent("ann", "PUT", "/files/f-7/owner", OF_BOB, TO_BOB),
      sent("ann", "PATCH", "/files/f-7", OF_BOB, {"title": "mine"})], WHOLE),
]  # fmt: skip
"""The last answer to an owner who gives it away is theirs; those that follow are not."""
TEAM_OF_ANN = {
    "id": "t-3",
    "owner_id": "u-ann",
    "member_ids": ["u-cy", "u-bob"],
    "plan": "a merger",
}
LEFT = {**TEAM_OF_ANN, "member_ids": ["u-cy"]}
ALL = {"id", "owner_id", "member_ids.*", "plan"}
LEAVING: list[tuple[list[Exchange], set[str]]] = [
    ([sent("bob", "POST", "/teams/t-3/leave", LEFT)], set()),
    ([sent("bob", "GET", "/teams/t-3", TEAM_OF_ANN), sent("bob", "POST", "/teams/t-3/posts", LEFT)],
     set()),
    ([sent("ann", "GET", "/teams/t-3", LEFT), sent("bob", "POST", "/teams/t-3/leave", LEFT)], ALL),
    ([sent("bob", "POST", "/teams/t-3/posts", LEFT)], ALL),
]  # fmt: skip
NOTED = {"id": "n-1", "text": "a wish"}
MADE = sent("ann", "POST", "/notes", NOTED, {"text": "a wish"})
HANDED = sent("ann", "PUT", "/notes/n-1/owner", None, {"to": "u-bob"})
CREATED: list[tuple[list[Exchange], set[str]]] = [
    ([MADE, sent("bob", "GET", "/notes/n-1", NOTED)], {"id", "text"}),
    ([MADE, HANDED, sent("bob", "GET", "/notes/n-1", NOTED)], set()),
    ([MADE, sent("ann", "PUT", "/notes/n-2/owner", None, {"to": "u-bob"}),
      sent("bob", "GET", "/notes/n-1", NOTED)], {"id", "text"}),
]  # fmt: skip
"""Who created a note is no longer known to own it once a write has named it so."""


@BOTH
@pytest.mark.parametrize(("exchanges", "expected"), [*GIVEN, *LEAVING, *CREATED])
def test_a_write_is_answered_to_whom_its_caller_was(
    leaks: Leaks, exchanges: Sequence[Exchange], expected: set[str], tmp_path: Path
) -> None:
    contract: Contract = load(written(tmp_path, document=DOCUMENT, policy=POLICY))
    assert leaks(contract, [me("ann"), me("bob"), *exchanges]) == expected
