"""Which operation removes what a scan creates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.authz import compile_contract
from oakum.policy.contract import load
from oakum.scan.coverage.uncalled_operations import remover

POLICY = """\
exposure: 1
api: openapi.json
relations: {owner: {is: owner}}
resources:
  Post: {key: id, owner: by, fields: {"id, by, label": [{see: [owner]}]}}
  Tag: {key: id, owner: by, fields: {"id, by": [{see: [owner]}]}}
operations:
  make: {sets: {Post: ""}}
"""


def shown(name: str) -> Any:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}


@pytest.mark.parametrize(
    ("paths", "params", "removes"),
    [
        (["/posts/tags/{tag}", "/posts/{id}"], {"1": {"id": "Post.id"}}, "1"),
        (["/posts/{id}", "/posts/tags/{tag}"], {"0": {"id": "Post.id"}}, "0"),
        (
            ["/posts/tags/{tag}", "/posts/{id}"],
            {"0": {"tag": "Tag.id"}, "1": {"id": "Post.id"}},
            "1",
        ),
        (["/posts/tags/{tag}", "/posts/{what}"], {"0": {"tag": "Tag.id"}}, "1"),
        (
            ["/posts/{id}/tags/{tag}", "/posts/{id}"],
            {"0": {"id": "Post.id", "tag": "Tag.id"}, "1": {"id": "Post.id"}},
            "1",
        ),
        (["/me/cart/{id}", "/posts/{what}"], {"0": {"id": "Post.id"}}, "1"),
        (["/me/cart/{id}"], {"0": {"id": "Post.id"}}, "0"),
        (["/me/cart/{id}"], {}, ""),
        (["/posts/{id}/tags/{tag}"], {"0": {"id": "Post.id", "tag": "Tag.id"}}, ""),
        (["/posts/{id}/history/{version}"], {"0": {"id": "Post.id"}}, ""),
        (["/posts/{id}/related/{other}"], {"0": {"id": "Post.id", "other": "Post.id"}}, ""),
    ],
)
def test_what_is_created_is_removed_by_its_key_and_by_no_other_objects(
    paths: list[str], params: dict[str, dict[str, str]], removes: str, tmp_path: Path
) -> None:
    fields = {name: {"type": "string"} for name in ("id", "by", "label")}
    deletes = {
        path: {"delete": {"operationId": str(n), "responses": {"204": {"description": "done"}}}}
        for n, path in enumerate(paths)
    }
    make = {"operationId": "make", "responses": shown("Post")}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "x", "version": "1"},
        "paths": {
            "/posts": {"post": make},
            "/tags": {"get": {"operationId": "tags", "responses": shown("Tag")}},
            **deletes,
        },
        "components": {
            "schemas": {name: {"type": "object", "properties": fields} for name in ("Post", "Tag")}
        },
    }
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    (tmp_path / "exposure.yaml").write_text(POLICY)
    contract = load(tmp_path / "exposure.yaml")
    assert contract.policy is not None
    model = compile_contract(contract.document, contract.policy)
    found = remover(model, model.operations["make"], "Post", params)
    assert (found.endpoint.operation if found else "") == removes
