"""`params` of a GraphQL operation: members of a value that a schema declares no type of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import InputError
from oakum.policy.contract import load

SCHEMA = """
scalar JSON
type Note { id: ID, ownerId: ID }
type Query { note(id: ID!): Note }
type Mutation { js(data: JSON): Note, plain(target: ID!): Note }
"""


def _contract(folder: Path, params: dict[str, str]) -> None:
    body: dict[str, Any] = {"content": {"application/json": {"schema": {}}}}
    post = {"operationId": "mut", "requestBody": body}
    post["responses"] = {"200": {"description": "x", **body}}
    paths = {"/graphql": {"post": post}}
    document = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": paths}
    policy = {
        "exposure": 1, "api": "openapi.json", "relations": {"owner": {"is": "owner"}},
        "caller": {"claim": "sub"},
        "resources": {"Note": {"key": "id", "owner": "ownerId", "fields": {
            "id, ownerId": [{"see": ["owner"]}]}}},
        "operations": {"mut": {"graphql": "schema.graphql", "call": ["owner"], "params": params}},
    }  # fmt: skip
    (folder / "openapi.json").write_text(json.dumps(document))
    (folder / "schema.graphql").write_text(SCHEMA)
    (folder / "exposure.yaml").write_text(json.dumps(policy))
    load(folder / "exposure.yaml")


@pytest.mark.parametrize("name", ["js.ref", "js.data", "plain.target", "target"])
def test_a_member_is_named_alone(tmp_path: Path, name: str) -> None:
    _contract(tmp_path, {name: "Note.id"})


@pytest.mark.parametrize("name", ["js.data.ref", "js.data.nonsense.ref", "js.*.ref"])
def test_a_path_into_the_value_is_a_mistake_that_says_the_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        _contract(tmp_path, {name: "Note.id"})
    said = f"`mut` has no parameter or body member `{name}`; write `js.ref`: a member of this value"
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["plain.target.ref", "js."])
def test_nothing_stands_below_another_argument(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="has no parameter or body member"):
        _contract(tmp_path, {name: "Note.id"})
