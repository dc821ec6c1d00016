"""Schemas in whose place an object of another owner may stand."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from oakum.openapi.document import Document
from oakum.openapi.model import Shape
from oakum.openapi.shape_queries import names_of

OWNERS = {"Entry": "Entry", "Note": "Note", "Diary": "Diary"}
TEXT = {"type": "string"}


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def owner(shape: Shape) -> str:
    return next((OWNERS[name] for name in names_of(shape) if name in OWNERS), "")


def read(place: dict[str, Any], **schemas: Any) -> Document:
    """A document of which one answer has a schema."""
    content = {"application/json": {"schema": place}}
    get = {"operationId": "get", "responses": {"200": {"description": "d", "content": content}}}
    raw = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/it": {"get": get}},
        "components": {"schemas": schemas},
    }
    found = Document.parse(orjson.dumps(raw), "api.json")
    return found.told_apart((name for name in OWNERS if name in schemas), owner)


def ways(document: Document) -> list[str]:
    """The alternatives of the answer by the first of their names, and its own name."""
    media = document.operations[0].success()
    assert media is not None and media.shape is not None
    shape = media.shape
    return [*names_of(shape)] or [next(iter(names_of(each())), "") for each in shape.branches]


ENTRY: dict[str, Any] = {
    "properties": {"id": TEXT, "kind": TEXT},
    "discriminator": {"propertyName": "kind"},
}
NOTE = {"allOf": [ref("Entry"), {"properties": {"author": TEXT}}]}
DIARY = {"allOf": [ref("Note")]}


@pytest.mark.parametrize(
    "place",
    [
        ref("Entry"),
        {"allOf": [ref("Entry")]},
        {"allOf": [ref("Entry")], "nullable": True},
        {"oneOf": [ref("Entry"), {"type": "null"}]},
        {"$ref": "#/components/schemas/Entry", "description": "d"},
        ref("Alias"),
    ],
)
def test_a_place_of_a_schema_is_a_union_with_what_takes_it_in(place: dict[str, Any]) -> None:
    alias = ref("Entry")
    found = read(place, Entry=ENTRY, Note=NOTE, Diary=DIARY, Alias=alias)
    assert ways(found)[-2:] == ["Note", "Diary"] and len(ways(found)) <= 4
    assert found.alternatives["Entry"][-2:] == ("Note", "Diary")


def test_one_that_may_be_null_is_one() -> None:
    nullable = {"allOf": [ref("Entry")], "nullable": True}
    found = read(ref("Nullable"), Entry=ENTRY, Note=NOTE, Nullable=nullable)
    assert ways(found) == ["Nullable", "Note", "Nullable"]


def test_a_place_of_what_takes_it_in_is_none() -> None:
    assert ways(read(ref("Note"), Entry=ENTRY, Note=NOTE)) == ["Note", "Entry"]
    both = {"allOf": [ref("Entry"), ref("Note")]}
    assert ways(read(both, Entry=ENTRY, Note=NOTE)) == ["Note", "Entry"]


def test_without_a_discriminator_nothing_says_so() -> None:
    plain = {"properties": {"id": TEXT}}
    assert ways(read(ref("Entry"), Entry=plain, Note=NOTE)) == ["Entry"]


def test_of_one_owner_there_is_no_union() -> None:
    ride = {"allOf": [ref("Entry")]}
    found = read(ref("Entry"), Entry=ENTRY, Ride=ride)
    assert ways(found) == ["Entry"] and found.alternatives == {}


def test_a_mapping_that_names_all_that_have_an_owner_is_the_union_already() -> None:
    mapping = {"note": "#/components/schemas/Note"}
    base = ENTRY | {"discriminator": {"propertyName": "kind", "mapping": mapping}}
    note = {"allOf": [ref("Base")]}
    assert read(ref("Base"), Base=base, Note=note).alternatives == {}
    assert ways(read(ref("Base"), Base=ENTRY, Note=note)) == ["Base", "Note"]


@pytest.mark.parametrize("inline", [False, True])
def test_what_a_discriminator_names_is_in_place_of_the_schema_and_no_alternative_of_it(
    inline: bool,
) -> None:
    mapping = {"note": "#/components/schemas/Note", "ride": "#/components/schemas/Ride"}
    entry = ENTRY | {"discriminator": {"propertyName": "kind", "mapping": mapping}}
    ride = {"allOf": [ref("Entry")]}
    entry = {"allOf": [entry]} if inline else entry
    found = read(ref("Entry"), Entry=entry, Note=NOTE, Ride=ride)
    assert sorted(ways(found)) == ["Entry", "Note", "Ride"]
    assert not found.schemas["Entry"]().branches and not found.schemas["Note"]().branches


def test_a_listed_alternative_of_another_owner_is_told_apart_from_the_others() -> None:
    entry = {"oneOf": [ref("Stone"), {"anyOf": [ref("Note"), ref("Wood")]}]}
    note, plain = {"properties": {"author": TEXT}}, {"properties": {"id": TEXT}}
    found = read(ref("Entry"), Entry=entry, Note=note, Stone=plain, Wood=plain)
    assert ways(found) == ["Stone", "Note", "Wood"]
    media = found.operations[0].success()
    assert media is not None and media.shape is not None
    assert [owner(each()) for each in media.shape.branches] == ["Entry", "Note", "Entry"]


def test_a_schema_in_itself_is_read() -> None:
    entry = ENTRY | {"properties": {"id": TEXT, "kind": TEXT, "up": ref("Entry")}}
    note = {"allOf": [ref("Entry"), {"oneOf": [ref("Entry"), {"properties": {"x": TEXT}}]}]}
    found = read(ref("Entry"), Entry=entry, Note=note)
    assert ways(found) == ["Entry", "Note"]
    assert [*found.schemas["Entry"]().properties["up"]().branches] != []


def test_other_owners_are_told_apart_from_the_same_document() -> None:
    found = read(ref("Entry"), Entry=ENTRY, Note=NOTE)
    assert found.told_apart([], owner).alternatives == {}
    assert found.told_apart(["Note"], owner).alternatives == found.alternatives
