"""Which operations are tried with a changed member, before anything is sent."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from oakum.authz import compile_contract
from oakum.policy.contract import load
from oakum.scan.techniques.writes import _Endpoint
from oakum.scan.write_tests.addressed_object import OwnersView
from oakum.scan.write_tests.writing_endpoints import writing_endpoints
from tests.unit.scan import studio
from tests.unit.scan.evaluation.test_evaluator import NOTES, policy
from tests.unit.scan.studio import IDS, Run, Studio, known_identities, probe

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
    endpoints = [(probe.operation.id, resource) for probe, resource in writing_endpoints(model, {})]
    assert endpoints == ([("updatePrefs", "Prefs")] if tried else [])


@pytest.mark.parametrize("path", ["/members/{id}", "/members/{id}/"])
def test_a_post_to_one_object_with_the_body_of_another_is_not_tried_on_what_is_there(
    path: str, tmp_path: Path
) -> None:
    """`POST /boards/{id}/` with a card makes one more card, and nothing would remove it."""
    text = DOCUMENT.replace("METHOD", "post").replace("/members/{id}/prefs", path)
    head, rest = text.partition("  /members/{id}:\n    get:")[::2]
    components = rest[rest.index("components:") :]
    (tmp_path / "openapi.yaml").write_text(head + components)
    policy = tmp_path / "exposure.yaml"
    policy.write_text(POLICY.replace("    KEY\n", "    key: member\n"))
    found = load(policy)
    assert found.policy is not None
    model = compile_contract(found.document, found.policy)
    assert list(writing_endpoints(model, {})) == []


@pytest.mark.parametrize(
    ("guest", "may", "stranger"), [("cat", True, "bob"), ("bob", False, "cat")]
)
def test_whoever_an_object_names_among_those_who_may_set_a_member_is_no_stranger_to_it(
    guest: str, may: bool, stranger: str
) -> None:
    """And whoever it does not name is another kind of viewer, and tried as well."""
    shared = NOTES[1].replace(
        "course_id, guest_ids, notes, text, author:\n",
        """course_id, guest_ids, notes, author:
        - see: [owner, follower]
      text:
        - {see: [owner, guest], set: [owner, guest]}
""",
    )
    with patch.object(studio, "DOCUMENT", NOTES[0]), policy(shared):
        run = Run(Studio(), who=known_identities(relationships={}))
        nothing: Any = SimpleNamespace()
        endpoint = _Endpoint(run.engine, nothing, probe("getPost"), "Post", nothing, nothing)
        post = {"id": "post-1", "author_id": IDS["ann"], "guest_ids": [IDS[guest]], "text": "…"}
        view = OwnersView(probe("getPost"), nothing, post, nothing, nothing)
        assert endpoint._may_set("text", "cat", "ann", view) is may
        given = frozenset({"guest"})
        run.knowledge.learn_kin(("ann", "Post", "post-1"), guest, given, given)
        assert run.engine.watchers("ann") == [None, stranger, guest]
