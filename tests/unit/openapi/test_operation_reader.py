"""A mistake closes the operation that it belongs to, and no other."""

from __future__ import annotations

import pytest

from oakum.openapi.document import Document
from oakum.openapi.shape_queries import scalars

HEAD = "openapi: 3.1.0\npaths:\n"


def read(paths: str, rest: str = "") -> Document:
    return Document.parse(f"{HEAD}{paths}\n{rest}".encode(), "api.yaml")


def closed(document: Document) -> list[tuple[str, str, str]]:
    found = (each.operation for each in document.closed)
    return [(each.id, each.method, each.path) for each in found]


def test_a_name_of_two_operations_names_neither() -> None:
    document = read("  /a: {get: {operationId: x}}\n  /b: {get: {operationId: x}, put: {}}")
    assert [each.id for each in document.operations] == ["GET /a", "GET /b", "PUT /b"]
    assert document.operation("x") is None
    assert document.closed == ()
    (warning,) = document.warnings
    assert warning.message.startswith("the operationId `x` occurs twice; first at api.yaml:3:27")


def test_a_broken_reference_closes_what_needs_it() -> None:
    document = read(
        "  /a: {get: {responses: {200: {content: {a/json: {schema: {$ref: '#/x/A'}}}}}}}\n"
        "  /b:\n"
        "    parameters: [{$ref: '#/x/P'}]\n"
        "    put: {}\n"
        "  /c: {get: {}, post: {requestBody: {$ref: '#/x/No'}}}\n"
        "  /d: {get: {responses: {200: {$ref: '#/x/R'}}}}",
        "x:\n  A: {items: {$ref: '#/x/B'}}\n  B: {$ref: '#/x/No'}\n  P: {$ref: '#/x/No'}\n  R: {}",
    )
    assert closed(document) == [
        ("GET /a", "GET", "/a"),
        ("PUT /b", "PUT", "/b"),
        ("POST /c", "POST", "/c"),
    ]
    assert [each.id for each in document.operations] == ["GET /c", "GET /d"]
    assert {each.reason.partition("; ")[0].partition(": ")[2] for each in document.closed} == {
        "`#/x/No` points to nothing: there is no `No`"
    }


def test_a_path_that_cannot_be_read_is_closed_to_the_usual_methods() -> None:
    document = read("  /a: {$ref: '#/no'}\n  /b: []\n  /c: {get: {}}")
    assert [(method, path) for _, method, path in closed(document)] == [
        (method, path)
        for path in ("/a", "/b")
        for method in ("GET", "PUT", "POST", "DELETE", "PATCH")
    ]
    assert [each.id for each in document.operations] == ["GET /c"]


def test_a_path_without_a_slash_is_closed_where_it_is_meant() -> None:
    document = read("  users: {get: {operationId: a}, put: {}}\n  /users: {get: {operationId: b}}")
    assert closed(document) == [("a", "GET", "/users"), ("PUT /users", "PUT", "/users")]
    assert [each.id for each in document.operations] == ["b"]


def test_no_two_operations_go_by_one_name() -> None:
    document = read("  a: {get: {}}\n  /a: {get: {}}\n  /b: {get: {operationId: GET /a}}")
    names = [each.id for each in document.all_operations]
    assert len(set(names)) == 3


def test_a_shared_parameter_with_a_mistake_closes_each_operation_that_has_it() -> None:
    document = read(
        "  /a: {get: {parameters: [{$ref: '#/x'}]}, put: {parameters: [{$ref: '#/x'}]}, post: {}}",
        "x: {in: query}",
    )
    assert [id for id, _, _ in closed(document)] == ["GET /a", "PUT /a"]
    assert [str(each) for each in document.warnings] == [
        "api.yaml:4:4: a parameter must declare its `name`"
    ]


def test_a_method_in_capitals_is_closed() -> None:
    document = read("  /a: {GET: {operationId: x}, put: {}}")
    assert closed(document) == [("x", "GET", "/a")]
    assert [each.id for each in document.operations] == ["PUT /a"]


SHAPE = """\
x:
  Page:
    type: object
    required: [owner_id]
    properties:
      owner_id: {type: string}
      page: {type: integer, default: 1}
      tags: {type: array, items: {type: string}}
      filter: {type: object, properties: {owner_id: {type: string}}}
      made: {type: string, readOnly: true}
"""


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_body_of_a_read_is_its_query_as_well(method: str) -> None:
    """RFC 9110, 9.3.1: the content of a GET means nothing by itself. Many who declare one mean
    the query, and some the content."""
    declared = "parameters: [{name: page, in: query, schema: {type: string}}]"
    body = "requestBody: {content: {application/json: {schema: {$ref: '#/x/Page'}}}}"
    (called,) = read(f"  /a: {{{method}: {{{declared}, {body}}}}}", SHAPE).operations
    found = [(each.name, each.where, each.required) for each in called.parameters]
    assert found == [
        ("page", "query", False), ("owner_id", "query", True), ("tags", "query", False)
    ]  # fmt: skip
    assert [each.in_body for each in called.parameters] == [False, True, True]
    assert [each.type for each in called.body] == ["application/json"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "query"])
def test_a_body_of_what_is_no_read_by_its_url_is_a_body_alone(method: str) -> None:
    body = "requestBody: {content: {application/json: {schema: {$ref: '#/x/Page'}}}}"
    paths = f"  /a: {{{method}: {{{body}}}}}"
    for called in read(paths, SHAPE).operations:
        assert called.parameters == ()


def test_a_parameter_that_the_path_has_no_place_for_belongs_to_no_request() -> None:
    shared = "[{name: id, in: path, required: true}, {name: page, in: path, required: true}]"
    document = read(
        f"  /a/{{id}}: {{get: {{parameters: {shared}}}}}\n"
        f"  /a/{{id}}/{{page}}: {{get: {{parameters: {shared}}}}}"
    )
    assert [[each.name for each in one.parameters] for one in document.operations] == [
        ["id"],
        ["id", "page"],
    ]


@pytest.mark.parametrize("media", ["application/json", "application/hal+json", "'*/*'"])
@pytest.mark.parametrize("said", ["{}", "{example: {a: 1}}"])
def test_json_without_a_schema_may_be_anything(media: str, said: str) -> None:
    bare, schema = ({media: each} for each in (said, "{schema: {}}"))
    for content in (bare, schema):
        [[name, each]] = content.items()
        body = f"content: {{{name}: {each}}}"
        [one] = read(
            f"  /a: {{post: {{requestBody: {{{body}}}, responses: {{200: {{{body}}}}}}}}}"
        ).operations
        for shape in (one.body[0].shape, one.responses["200"][0].shape):
            assert shape is not None and not shape.kinds and scalars(shape)


def test_another_type_without_a_schema_is_not_described() -> None:
    [one] = read("  /a: {get: {responses: {200: {content: {image/png: {}}}}}}").operations
    assert one.responses["200"][0].shape is None
