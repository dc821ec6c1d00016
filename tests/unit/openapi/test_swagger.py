"""Swagger 2.0: the same values as the same API written in OpenAPI 3."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.openapi.document import Document
from oakum.openapi.model import Operation
from oakum.openapi.schema import children, flatten

PETS = """\
swagger: "2.0"
info: {title: Pets, version: "1"}
host: api.example.com
basePath: /v1/
schemes: [http, https]
consumes: [application/json]
produces: [application/json; charset=utf-8, application/xml]
security: [{key: []}]
paths:
  /pets:
    parameters: [{$ref: '#/parameters/Limit'}]
    get:
      operationId: listPets
      parameters:
        - {name: tags, in: query, type: array, items: {type: string}, collectionFormat: multi}
        - {name: ids, in: query, type: array, items: {type: integer}}
        - {name: X-Trace, in: header, type: string, x-example: t1, required: true}
      responses:
        200:
          description: ok
          schema: {type: array, items: {$ref: '#/definitions/Pet'}}
          headers: {X-Total: {type: integer}}
          examples: {application/xml: <pets/>}
        default: {$ref: '#/responses/Refused'}
    post:
      operationId: addPet
      parameters: [{$ref: '#/parameters/Body'}]
      responses: {201: {description: made}}
  /pets/{petId}/photo:
    post:
      operationId: addPhoto
      security: []
      consumes: [multipart/form-data, text/plain]
      parameters:
        - {name: petId, in: path, required: true, type: string, format: uuid}
        - {name: note, in: formData, type: string, required: true}
        - {name: file, in: formData, type: file}
      produces: [image/png]
      responses: {200: {description: ok, schema: {type: file}}}
    put:
      operationId: rename
      consumes: []
      parameters: [{name: name, in: formData, type: string}]
      responses: {200: {description: ok, schema: {$ref: '#/definitions/Pet'}}}
parameters:
  Limit: {name: limit, in: query, type: integer, default: 20, maximum: 100}
  Body: {name: body, in: body, required: true, schema: {$ref: '#/definitions/Pet'}}
responses:
  Refused: {description: no, schema: {$ref: '#/definitions/Error'}}
definitions:
  Pet:
    type: object
    discriminator: kind
    required: [kind]
    properties: {kind: {type: string}, id: {type: integer}, owner: {type: string, x-nullable: true}}
  Cat: {allOf: [{$ref: '#/definitions/Pet'}, {properties: {lives: {type: integer}}}]}
  Error: {properties: {message: {type: string}}}
securityDefinitions:
  key: {type: apiKey, in: header, name: X-Key}
  plain: {type: basic, description: d}
  oauth: {type: oauth2, flow: accessCode, authorizationUrl: /a, tokenUrl: /t, scopes: {read: r}}
"""


@pytest.fixture(scope="module")
def pets() -> Document:
    return Document.parse(PETS.encode(), "pets.yaml")


def called(document: Document, id: str) -> Operation:
    found = document.operation(id)
    assert found is not None
    return found


def test_paths_have_the_base_path(pets: Document) -> None:
    assert [(each.id, each.method, each.path) for each in pets.operations] == [
        ("listPets", "GET", "/v1/pets"),
        ("addPet", "POST", "/v1/pets"),
        ("addPhoto", "POST", "/v1/pets/{petId}/photo"),
        ("rename", "PUT", "/v1/pets/{petId}/photo"),
    ]
    assert (pets.closed, pets.warnings) == ((), ())


def test_parameters_carry_their_own_schema(pets: Document) -> None:
    found = {each.name: each for each in called(pets, "listPets").parameters}
    assert list(found) == ["limit", "tags", "ids", "X-Trace"]
    limit = found["limit"]
    assert (limit.where, limit.required, limit.default) == ("query", False, 20)
    assert (limit.shape.kinds, limit.shape.maximum) == ({"integer"}, 100)
    assert (found["X-Trace"].example, found["X-Trace"].required) == ("t1", True)
    assert called(pets, "addPhoto").parameters[0].shape.format == "uuid"


def test_a_list_of_values_is_written_as_its_collection_format_says(pets: Document) -> None:
    found = {each.name: (each.style, each.explode) for each in called(pets, "listPets").parameters}
    assert found["tags"] == ("form", True)
    assert found["ids"] == ("form", False)
    assert found["limit"] == ("", None)


def test_a_body_is_a_parameter(pets: Document) -> None:
    added = called(pets, "addPet")
    assert [each.where for each in added.parameters] == ["query"]
    assert [(each.type, each.shape and each.shape.names) for each in added.body] == [
        ("application/json", {"Pet"})
    ]
    assert added.needs_body


@pytest.mark.parametrize("said", ["body, schema: {$ref: '#/x'}", "formData, type: string"])
def test_a_body_of_a_get_is_its_query_as_well(said: str) -> None:
    text = (
        "swagger: '2.0'\nx: {type: object, properties: {page: {type: string}}}\n"
        f"paths: {{/a: {{get: {{parameters: [{{name: page, in: {said}}}]}}}}}}"
    )
    (called,) = Document.parse(text.encode(), "a.yaml").operations
    assert [(each.name, each.where) for each in called.parameters] == [("page", "query")]
    assert called.body


def test_a_form_is_several_parameters(pets: Document) -> None:
    photo, rename = called(pets, "addPhoto"), called(pets, "rename")
    (media,) = photo.body
    assert media.type == "multipart/form-data"
    assert media.shape is not None
    assert list(children(media.shape)) == ["note", "file"]
    assert (media.shape.required, photo.needs_body) == ({"note"}, True)
    assert [each.name for each in photo.parameters] == ["petId"]
    assert [each.type for each in rename.body] == ["application/x-www-form-urlencoded"]
    assert not rename.needs_body


def test_a_response_has_its_schema_in_every_type_that_is_produced(pets: Document) -> None:
    answers = called(pets, "listPets").responses
    assert [each.type for each in answers["200"]] == [
        "application/json; charset=utf-8",
        "application/xml",
    ]
    assert [each.example for each in answers["200"]] == [None, "<pets/>"]
    first = answers["200"][0].shape
    assert first is not None and first.items is not None
    assert first.items().names == {"Pet"}
    refused = answers["default"][0].shape
    assert refused is not None and refused.names == {"Error"}
    assert called(pets, "listPets").headers == {"X-Total"}
    assert called(pets, "addPet").responses["201"] == ()
    assert [(m.type, m.shape) for m in called(pets, "addPhoto").responses["200"]] == [
        ("image/png", None)
    ]


def test_without_produces_a_response_may_have_any_type() -> None:
    text = "swagger: '2.0'\npaths: {/a: {get: {responses: {200: {schema: {type: object}}}}}}"
    (only,) = Document.parse(text.encode(), "a.yaml").operations
    assert [each.type for each in only.responses["200"]] == ["*/*"]


def test_definitions_are_components(pets: Document) -> None:
    assert list(pets.schemas) == ["Pet", "Cat", "Error"]
    success = called(pets, "rename").success()
    assert success is not None
    assert success.shape is pets.schemas["Pet"]()
    assert str(pets.locate(success.shape.pointer)) == "pets.yaml:52:5"
    assert children(pets.schemas["Pet"]())["owner"].kinds == {"string", "null"}


def test_a_discriminator_chooses_the_definitions_that_extend_its_own(pets: Document) -> None:
    found = [path for path, _ in flatten(pets.schemas["Pet"]())]
    assert sorted(found) == ["id", "kind", "lives", "owner"]
    shape = pets.schemas["Pet"]()
    assert shape.discriminator == ("kind", {"Cat": "Cat"})


def test_security_definitions_are_written_as_in_openapi_3(pets: Document) -> None:
    assert pets.security_schemes == {
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "plain": {"type": "http", "scheme": "basic", "description": "d"},
        "oauth": {
            "type": "oauth2",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": "/a",
                    "tokenUrl": "/t",
                    "scopes": {"read": "r"},
                }
            },
        },
    }
    assert called(pets, "addPhoto").security == ()
    assert called(pets, "listPets").security == (frozenset({"key"}),)


@pytest.mark.parametrize(
    ("said", "base"),
    [
        ("basePath: /", ""),
        ("basePath: /a", "/a"),
        ("host: h", ""),
        ("host: '{host}'\nbasePath: 5", ""),
        ("host: 5\nschemes: https", ""),
    ],
)
def test_base_path(said: str, base: str) -> None:
    text = f"swagger: '2.0'\n{said}\npaths: {{/x: {{get: {{}}}}}}"
    document = Document.parse(text.encode(), "a.yaml")
    assert document.operations[0].path == f"{base}/x"


def test_a_mistake_closes_its_operation_only() -> None:
    text = PETS.replace("$ref: '#/parameters/Body'", "$ref: '#/parameters/No'")
    document = Document.parse(text.encode(), "pets.yaml")
    assert [each.operation.id for each in document.closed] == ["addPet"]
    assert [each.id for each in document.operations] == ["listPets", "addPhoto", "rename"]


@pytest.mark.parametrize(
    "odd",
    [
        {"parameters": {"name": "a"}},
        {"parameters": [{"in": "body", "name": "b"}]},
        {"parameters": [{"in": "formData", "name": "b", "type": ["x"]}]},
        {"parameters": [{"in": "query", "name": "q", "type": "array", "collectionFormat": []}]},
        {"produces": "application/json", "responses": {"200": {"schema": None}}},
        {"responses": {"200": {"schema": [], "examples": []}}},
        {"responses": []},
    ],
)
def test_sloppy_operations_are_read(odd: dict[str, Any]) -> None:
    import orjson

    root = {"swagger": "2.0", "paths": {"/a": {"get": odd}}, "definitions": [], "host": None}
    assert len(Document.parse(orjson.dumps(root), "a.json").operations) == 1


@pytest.mark.parametrize(
    ("parameters", "closes"),
    [
        ("[{name: a, in: body, schema: {}}, {name: b, in: body, schema: {}}]", True),
        ("[{name: a, in: body, schema: {}}, {name: b, in: formData, type: string}]", True),
        ("[{name: b, in: formData, type: string}, {name: c, in: formData, type: string}]", False),
        ("[{name: a, in: body, schema: {}}]", False),
    ],
)
def test_an_operation_with_two_bodies_is_closed(parameters: str, closes: bool) -> None:
    text = (
        "swagger: '2.0'\npaths: {/a: {post: {operationId: act, "
        f"parameters: {parameters}, responses: {{}}}}}}}}"
    )
    document = Document.parse(text.encode(), "a.yaml")
    assert [each.operation.id for each in document.closed] == (["act"] if closes else [])


def test_a_definition_that_cannot_be_read_closes_what_shows_the_one_it_extends() -> None:
    text = """\
swagger: '2.0'
paths:
  /a: {get: {operationId: bases, responses: {200: {schema: {$ref: '#/definitions/Base'}}}}}
  /b: {get: {operationId: plain, responses: {200: {schema: {$ref: '#/definitions/Plain'}}}}}
definitions:
  Base: {type: object, discriminator: kind, properties: {kind: {type: string}}}
  Sub: {allOf: [{$ref: '#/definitions/Base'}, {$ref: '#/definitions/Nope'}]}
  Plain: {type: object, properties: {id: {type: string}}}
  Other: {allOf: [{$ref: '#/definitions/Plain'}, {$ref: '#/definitions/Nope'}]}
"""
    document = Document.parse(text.encode(), "a.yaml")
    assert [each.operation.id for each in document.closed] == ["bases"]
    assert "Nope" in document.closed[0].reason
