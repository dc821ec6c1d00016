"""The plan of a contract: one text wherever it is made, since its hash is the contract's id."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import cadence

UNION = """
openapi: 3.1.0
info: {title: Search, version: "1"}
security: [{token: []}]
paths:
  /me:
    get:
      operationId: getMe
      responses:
        "200":
          description: me
          content: {application/json: {schema: {$ref: "#/components/schemas/User"}}}
  /hits:
    get:
      operationId: getHits
      responses:
        "200":
          description: all
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Hit"}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Hit: {oneOf: [{$ref: "#/components/schemas/User"}, {$ref: "#/components/schemas/Post"}]}
    User:
      type: object
      properties:
        id: {type: string}
        email: {type: string}
        friend: {$ref: "#/components/schemas/User"}
        list: {type: array, items: {$ref: "#/components/schemas/Hit"}}
        posts: {type: array, items: {$ref: "#/components/schemas/Post"}}
    Post:
      type: object
      properties: {id: {type: string}, authorId: {type: string}, secret: {type: string}}
"""
POLICY = """
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations: {member: {authenticated: true}, owner: {is: owner}}
resources:
  User:
    key: id
    owner: id
    fields: {"id, friend, list, posts": [{see: [member]}], email: [{see: [owner]}]}
  Post:
    key: id
    owner: authorId
    fields: {"id, authorId": [{see: [member]}], secret: [{see: [owner]}]}
"""
PROGRAM = """
import hashlib, sys
from pathlib import Path
from oakum.guard.plan.render import render_plan
from oakum.policy.contract import load
from oakum.guard.compiled.compiled_contract import compile_for_gateway
for each in sys.argv[1:]:
    plan = render_plan(compile_for_gateway(load(Path(each))), Path(each).parent)
    print(hashlib.sha256(plan.text.encode()).hexdigest())
"""


@pytest.fixture
def contracts(tmp_path: Path) -> list[str]:
    (tmp_path / "openapi.yaml").write_text(UNION, encoding="utf-8")
    (tmp_path / "exposure.yaml").write_text(POLICY, encoding="utf-8")
    kit = tmp_path / "kit"
    kit.mkdir()
    cadence.write_kit(kit, 1)
    return [str(tmp_path / "exposure.yaml"), str(kit / "exposure.yaml")]


def test_the_same_contract_has_the_same_plan_in_every_process(contracts: list[str]) -> None:
    """Sets have another order in each process (`PYTHONHASHSEED`); a fleet compares the ids."""
    told = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, *contracts],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3", "4")
    }
    assert len(told) == 1
