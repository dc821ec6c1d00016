"""Exports of Insomnia, v4 and v5, as documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from oakum.errors import InputError
from oakum.openapi.document import Document


def v4(*resources: Any) -> Document:
    found = {"_type": "export", "__export_format": 4, "resources": [*resources]}
    return Document.parse(json.dumps(found, indent=1).encode(), "i.json")


def request(url: str, **more: Any) -> dict[str, Any]:
    return {"_type": "request", "_id": url, "method": "GET", "url": url, "name": "n", **more}


def test_resources_inherit_from_their_folders_and_the_environment_tells_the_base() -> None:
    made = v4(
        {"_type": "workspace", "_id": "w", "name": "Notes"},
        {"_type": "environment", "_id": "e", "parentId": "w", "data": {"base": {"url": "https://a.example.com/v1"}}},
        {"_type": "request_group", "_id": "f", "parentId": "w", "name": "folder",
         "authentication": {"type": "bearer", "token": "x"}},
        request("{{ _.base.url }}/notes/:id", parentId="f", authentication={},
                pathParameters=[{"name": "id", "value": "1"}]),
        request("{{ _.base.url }}/open", parentId="f", authentication={"type": "none"}),
        request("{{ _.base.url }}/key", parentId="w",
                authentication={"type": "apikey", "key": "k", "addTo": "queryParams"}),
    )  # fmt: skip
    one, open_one, key = made.operations
    assert (one.path, one.tags, made.raw["servers"][0]["url"]) == (
        "/v1/notes/{id}", ("folder",), "https://a.example.com"
    )  # fmt: skip
    assert (one.security, open_one.security, key.security) == (
        (frozenset(["bearer"]),), (), (frozenset(["k"]),)
    )  # fmt: skip


def test_version_5_is_a_tree() -> None:
    text = yaml.safe_dump(
        {
            "type": "collection.insomnia.rest/5.0",
            "name": "Notes",
            "collection": [
                {"name": "folder", "authentication": {"type": "basic"}, "children": [
                    {"url": "{{ url }}/notes", "method": "POST", "name": "n",
                     "parameters": [{"name": "q", "value": "1"}],
                     "body": {"mimeType": "application/json", "text": '{"title": "{{ t }}"}'}},
                    {"url": "ws://a.example.com/feed"},
                    {"url": "a:1", "protoMethodName": "/a/B"},
                ]},
            ],
            "environments": {"data": {}, "subEnvironments": [{"data": {"url": "http://localhost:8"}}]},
        }
    )  # fmt: skip
    made = Document.parse(text.encode(), "i.yaml")
    (one,) = made.operations
    assert (one.method, one.path, made.raw["servers"][0]["url"]) == (
        "POST",
        "/notes",
        "http://localhost:8",
    )
    assert one.security == (frozenset(["basic"]),)
    assert set(one.body[0].shape.properties) == {"title"}  # type: ignore[union-attr]
    assert [str(each).split(": ")[1] for each in made.warnings][:2] == [
        "`ws` is not HTTP", "a request of gRPC is not HTTP with JSON",
    ] or len(made.warnings) == 3  # fmt: skip


def test_parents_that_go_round_end() -> None:
    made = v4(
        {"_type": "request_group", "_id": "a", "parentId": "b"},
        {"_type": "request_group", "_id": "b", "parentId": "a"},
        request("/x", parentId="a"),
        5,
    )
    assert [each.path for each in made.operations] == ["/x"]


def test_an_export_without_requests_is_refused_with_its_place() -> None:
    with pytest.raises(
        InputError, match=r"i\.json:\d+:\d+: this is an export of Insomnia; there is no"
    ):
        v4()
    with pytest.raises(InputError, match="an old export of Insomnia; export it as v4 or v5"):
        Document.parse(b'{"__export_format": 3, "resources": []}', "i.json")
