"""The formats of API descriptions: one that is added to the list is read."""

from __future__ import annotations

import json

import pytest

from oakum.errors import InputError
from oakum.openapi import foreign_formats, formats
from oakum.openapi.document import Document
from oakum.openapi.formats import FORMATS, DocumentFormat, format_of, readable
from oakum.openapi.model import Json
from oakum.openapi.operation_reader import OperationReader

NEXT = DocumentFormat(
    "openapi4", "Moonwalk", ("4.0", "4.1"), OperationReader, ("shapes",), ("keys",),
    lambda raw: {"type": raw["kind"]},
)  # fmt: skip
DOCUMENT: dict[str, Json] = {
    "openapi4": "4.1.2",
    "paths": {"/me": {"get": {"operationId": "getMe", "responses": {}}}},
    "shapes": {"Member": {"type": "object"}},
    "keys": {"token": {"kind": "http"}},
}


def parsed(document: dict[str, Json]) -> Document:
    return Document.parse(json.dumps(document).encode(), "api.json")


def test_what_is_read_is_named_with_its_versions() -> None:
    assert readable() == "Oakum reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0"


def test_a_format_of_the_list_is_read_where_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="`openapi` is missing"):
        parsed(DOCUMENT)
    monkeypatch.setattr(formats, "FORMATS", (*FORMATS, NEXT))
    found = parsed(DOCUMENT)
    assert [each.id for each in found.operations] == ["getMe"]
    assert [*found.schemas] == ["Member"] and found.schemas_pointer == "/shapes"
    assert found.security_schemes == {"token": {"type": "http"}}
    monkeypatch.setattr(foreign_formats, "_READABLE", readable())
    with pytest.raises(InputError, match=r"Moonwalk `5` is not read; .*, and Moonwalk 4.0 and 4.1"):
        parsed({**DOCUMENT, "openapi4": 5})


@pytest.mark.parametrize(
    ("version", "read"), [("3.1", True), ("3.1.0", True), ("3.10", False), ("2.0", False)]
)
def test_a_version_is_read_whatever_its_patch(version: str, read: bool) -> None:
    assert FORMATS[0].reads(version) is read


def test_a_document_of_two_words_is_of_the_first_format() -> None:
    """It was checked as OpenAPI, and read as Swagger."""
    both = {**DOCUMENT, "openapi": "3.1.0", "swagger": "2.0", "components": {"schemas": {"A": {}}}}
    assert format_of(both) is FORMATS[0]
    assert [*parsed(both).schemas] == ["A"]
