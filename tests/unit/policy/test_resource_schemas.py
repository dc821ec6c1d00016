"""Policy and document laid over each other."""

from __future__ import annotations

import pytest

from oakum.http.json_pointer import path_of
from oakum.openapi.document import Document
from oakum.openapi.model import Shape
from oakum.policy.resource_schemas import declares, siblings, view
from tests.unit.policy.crew import document, written

DOCUMENT = b"""
openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  /a:
    get:
      operationId: getA
      responses:
        "200": {description: d, content: {application/json: {schema: {$ref: "#/components/schemas/A"}}}}
        default: {description: d, content: {application/json: {schema: {$ref: "#/components/schemas/Oops"}}}}
  /page:
    get:
      operationId: getPage
      responses:
        "200": {description: d, content: {application/json: {schema: {type: object, properties: {
          data: {type: array, items: {$ref: "#/components/schemas/B"}},
          more: {oneOf: [{$ref: "#/components/schemas/A"}, {$ref: "#/components/schemas/C"}]}}}}}}
components:
  schemas:
    A: {type: object, properties: {id: {type: string}, b: {$ref: "#/components/schemas/B"}, again: {$ref: "#/components/schemas/A"}}}
    B: {type: object, properties: {id: {type: string}}}
    C: {type: object, additionalProperties: {$ref: "#/components/schemas/B"}}
    Oops: {type: object, properties: {a: {$ref: "#/components/schemas/A"}, free: {}, list: {type: array, items: {type: string}}, map: {type: object, additionalProperties: {type: integer}}}}
"""  # noqa: E501


def api() -> Document:
    return Document.parse(DOCUMENT, "api.yaml")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a", True),
        ("a.id", True),
        ("a.again.again.b.id", True),
        ("a.nope", False),
        ("a.id.nope", False),
        ("free.anything.at.all", None),
        ("list", True),
        ("list.*", True),
        ("list.0", False),
        ("list.name", False),
        ("map.*", True),
        ("map.anything", True),
        ("map.anything.else", False),
        ("map.**", True),
        ("*", True),
        ("*.id", True),
        ("a.b.*.nope", False),
        ("nope", False),
    ],
)
def test_a_path_is_declared_or_not_or_nobody_can_tell(path: str, expected: bool | None) -> None:
    assert declares([api().schemas["Oops"]()], path.split(".")) is expected


def test_one_shape_that_declares_it_is_enough_and_none_says_nothing() -> None:
    schemas = api().schemas
    assert declares([schemas["B"](), schemas["A"]()], ["b", "id"]) is True
    assert declares([schemas["B"](), Shape()], ["b"]) is None
    assert declares([], ["b"]) is None


def test_what_may_be_meant_is_declared_itself() -> None:
    assert siblings([api().schemas["A"]()], ["bb", "id"]) == [
        "id",
        "b",
        "b.id",
        "again",
        "again.id",
    ]


def test_a_pointer_is_read_as_the_rfc_has_it() -> None:
    assert path_of("/a~1b/*/c~0d") == ("a/b", "*", "c~d")
    assert path_of("") == ()


def test_a_resource_leaves_by_every_answer_that_holds_it_however_deep() -> None:
    seen = view(api(), written("resources: {A: {owner: none}, B: {owner: none}}"))
    assert seen.endpoints == {"A": ["getA", "getPage"], "B": ["getA", "getPage"]}


def test_what_stands_inside_a_resource_is_no_stranger() -> None:
    seen = view(api(), written("resources: {A: {owner: none}}"))
    assert seen.strangers == {"Oops": ["getA"], "B": ["getPage"], "C": ["getPage"]}


def test_what_the_policy_shows_is_the_resource_there() -> None:
    part = """
        resources: {Person: {owner: none}}
        operations: {getPage: {shows: {Person: /data/*}}}
    """
    seen = view(api(), written(part))
    assert seen.endpoints == {"Person": ["getPage"]}
    assert [sorted(shape.properties) for shape in seen.shapes["Person"]] == [["id"]]
    assert seen.strangers["B"] == ["getA"]


def test_what_an_operation_shows_it_does_not_show_when_it_fails() -> None:
    part = """
        resources: {Person: {owner: none}}
        operations: {getA: {shows: {Person: ""}}}
    """
    seen = view(api(), written(part))
    assert [sorted(shape.properties) for shape in seen.shapes["Person"]] == [["again", "b", "id"]]
    assert seen.strangers["Oops"] == ["getA"]


@pytest.mark.parametrize("schema", ["B", "C"])
def test_an_embedded_resource_is_found_through_lists_maps_and_unions(schema: str) -> None:
    seen = view(api(), written(f"resources: {{{schema}: {{owner: none}}}}"))
    page = api().operation("getPage")
    assert page is not None
    body = page.success()
    assert body is not None
    assert body.shape is not None
    assert seen.embedded_resource(body.shape.properties["more"]()) == schema


def test_an_operation_is_met_by_any_of_its_names() -> None:
    part = """
        resources: {Person: {owner: none}}
        operations: {"GET /old/search/{q}": {shows: {Person: /results/*}}}
    """
    assert view(document(), written(part)).endpoints == {"Person": ["GET /old/search/{q}"]}
