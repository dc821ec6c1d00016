"""Collections of requests: a tool that is added to the list is read."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from oakum.errors import InputError
from oakum.openapi.collections import collection_reader, postman
from oakum.openapi.document import Document

REQUESTS = {
    "hoppscotch": True,
    "info": {"name": "club"},
    "item": [{"name": "me", "request": {"method": "GET", "url": "https://club.test/me"},
              "response": [{"code": 200, "body": "{\"id\": 1}"}]}],
}  # fmt: skip
TOOL = SimpleNamespace(
    NAME="a collection of Hoppscotch",
    tells=lambda root: "/hoppscotch" if "hoppscotch" in root else "",
    read=postman.read,
)


def test_a_tool_of_the_list_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.dumps(REQUESTS).encode()
    with pytest.raises(InputError, match="`openapi` is missing"):
        Document.parse(data, "club.json")
    monkeypatch.setattr(collection_reader, "COLLECTIONS", (*collection_reader.COLLECTIONS, TOOL))
    assert [each.path for each in Document.parse(data, "club.json").operations] == ["/me"]
    with pytest.raises(InputError, match="a collection of Hoppscotch"):
        Document.parse(json.dumps({**REQUESTS, "item": []}).encode(), "club.json")


def test_a_document_is_no_collection() -> None:
    both = {**REQUESTS, "info": {"_postman_id": "1"}, "openapi": "3.1.0", "paths": {}}
    assert Document.parse(json.dumps(both).encode(), "club.json").operations == ()
