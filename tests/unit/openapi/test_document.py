"""OpenAPI documents: the endpoints, what passes through them, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from oakum.errors import InputError
from oakum.openapi.document import Document
from oakum.openapi.model import Media, Operation
from oakum.openapi.schema import children, flatten
from oakum.openapi.source import parse

PELOTON = """\
openapi: 3.1.0
info: {title: Cadence, version: "1"}
x-exposure: {exposure: 1}
servers:
  - url: https://{host}/api/
    variables: {host: {default: api.example.com}}
security:
  - session: []
paths:
  /user/{userId}:
    summary: A member
    parameters:
      - {name: userId, in: path, required: true, schema: {type: string, example: u1}}
      - {name: expand, in: query, schema: {type: string, default: none}}
    get:
      operationId: getUser
      tags: [users]
      x-note: here
      parameters:
        - {name: expand, in: query, required: true, schema: {enum: [all]}}
        - $ref: '#/components/parameters/Trace'
      responses:
        200:
          description: ok
          content:
            application/json: {schema: {$ref: '#/components/schemas/User'}}
            text/csv: {}
        4xx:
          $ref: '#/components/responses/Refused'
    patch:
      security: []
      description: Changes it
      requestBody:
        $ref: '#/components/requestBodies/Change'
      responses:
        default: {description: done}
  /workouts:
    $ref: '#/components/pathItems/Workouts'
components:
  parameters:
    Trace: {name: X-Trace, in: header, schema: {type: string}, examples: {one: {value: t1}}}
  requestBodies:
    Change:
      content:
        application/x-www-form-urlencoded: {schema: {$ref: '#/components/schemas/User'}}
        multipart/form-data: {schema: {type: object}}
  responses:
    Refused:
      description: no
      content:
        application/problem+json: {schema: {type: object}}
  pathItems:
    Workouts:
      servers: [{url: /feed}]
      get:
        operationId: listWorkouts
        security: [{session: []}, {}]
        responses:
          200:
            description: ok
            content:
              application/vnd.cadence.v1+json:
                schema: {type: array, items: {$ref: '#/components/schemas/User'}}
  schemas:
    User:
      type: object
      properties: {id: {type: string}, age: {type: [integer, 'null']}}
  securitySchemes:
    session: {type: apiKey, in: cookie, name: sid}
    other: {$ref: '#/components/securitySchemes/session'}
"""


def parsed(text: str, base: Path | None = None) -> Document:
    return Document.parse(text.encode(), "api.yaml", base)


def operation(text: str, id: str) -> Operation:
    found = parsed(text).operation(id)
    assert found is not None
    return found


def problems(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        parsed(text)
    return [str(problem) for problem in caught.value.problems]


def mistakes(text: str, base: Path | None = None) -> list[str]:
    return [str(problem) for problem in parsed(text, base).warnings]


def with_paths(paths: str, rest: str = "") -> str:
    return f"openapi: 3.1.0\npaths:\n{paths}\n{rest}"


# ---------------------------------------------------------------------------- a whole document


def test_the_document_of_these_tests_is_valid() -> None:
    from openapi_spec_validator import validate  # builds dozens of parsers as it is imported

    validate(parse(PELOTON.replace("4xx", "4XX"), "api.yaml").plain())


def test_endpoints_in_the_order_written() -> None:
    found = [
        (endpoint.id, endpoint.method, endpoint.path) for endpoint in parsed(PELOTON).operations
    ]
    assert found == [
        ("getUser", "GET", "/api/user/{userId}"),
        ("PATCH /api/user/{userId}", "PATCH", "/api/user/{userId}"),
        ("listWorkouts", "GET", "/feed/workouts"),
    ]


def test_an_endpoint_by_its_names() -> None:
    document = parsed(PELOTON)
    endpoint = document.operation("getUser")
    assert endpoint is not None
    assert document.operation("GET /user/{userId}") is endpoint
    assert document.operation("get /api/user/{userId}") is endpoint
    assert document.operation("GET /api/user") is None
    assert document.operation("putUser") is None


def test_parameters_of_a_path_give_way_to_those_of_an_operation() -> None:
    endpoint = operation(PELOTON, "getUser")
    assert [(p.name, p.where, p.required, p.example, p.default) for p in endpoint.parameters] == [
        ("userId", "path", True, "u1", None),
        ("expand", "query", True, None, None),
        ("X-Trace", "header", False, "t1", None),
    ]
    other = operation(PELOTON, "PATCH /user/{userId}")
    assert other.parameters[1].default == "none"
    assert endpoint.parameters[1].shape.enum == ("all",)


def test_answers_and_bodies_by_media_type() -> None:
    endpoint = operation(PELOTON, "getUser")
    assert {s: [(m.type, m.is_json) for m in each] for s, each in endpoint.responses.items()} == {
        "200": [("application/json", True), ("text/csv", False)],
        "4XX": [("application/problem+json", True)],
    }
    shape = endpoint.responses["200"][0].shape
    assert shape is parsed_shape(endpoint)
    assert shape is not None
    assert shape.names == {"User"}
    assert endpoint.responses["200"][1].shape is None
    change = operation(PELOTON, "PATCH /user/{userId}")
    assert [media.type for media in change.body] == [
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ]
    assert change.responses == {"default": ()}
    (workouts,) = operation(PELOTON, "listWorkouts").responses["200"]
    assert workouts.is_json


def parsed_shape(endpoint: Operation) -> Any:
    media = endpoint.success()
    return media.shape if media else None


@pytest.mark.parametrize("types", ["text/csv application/json", "application/json text/csv"])
def test_the_order_of_media_types_says_nothing(types: str) -> None:
    answers = {"201": tuple(map(Media, types.split())), "2XX": (Media("application/json"),)}
    media = Operation("x", "GET", "/x", responses=answers).success()
    assert media is answers["201"][types.split().index("application/json")]


@pytest.mark.parametrize(
    ("types", "read"),
    [
        ("'*/*': {}", "*/*"),
        ("application/xml: {}, '*/*': {}", "*/*"),
        ("'*/*': {}, application/hal+json: {}", "application/hal+json"),
        ("text/plain: {}, text/json: {}", "text/json"),
        ("text/html: {}, Application/JSON; charset=UTF-8: {}", "Application/JSON; charset=UTF-8"),
    ],
)
def test_a_success_is_read_by_its_json(types: str, read: str) -> None:
    text = with_paths(f"  /a: {{get: {{responses: {{2XX: {{content: {{{types}}}}}}}}}}}")
    media = operation(text, "GET /a").success()
    assert media is not None
    assert (media.type, media.is_json) == (read, True)


def test_a_component_is_one_shape_wherever_it_is_used() -> None:
    document = parsed(PELOTON)
    endpoint = document.operation("getUser")
    assert endpoint is not None
    assert parsed_shape(endpoint) is document.schemas["User"]() is document.schemas["User"]()
    assert list(document.schemas) == ["User"]


def test_security_is_inherited_and_overridden() -> None:
    assert operation(PELOTON, "getUser").security == (frozenset({"session"}),)
    assert operation(PELOTON, "PATCH /user/{userId}").security == ()
    workouts = operation(PELOTON, "listWorkouts")
    assert workouts.security == (frozenset({"session"}), frozenset())
    assert workouts.anonymous
    silent = operation(with_paths("  /a: {get: {}}"), "GET /a")
    assert silent.security is None


def test_words_about_an_endpoint() -> None:
    endpoint = operation(PELOTON, "getUser")
    assert (endpoint.summary, endpoint.tags, endpoint.extensions) == (
        "A member",
        ("users",),
        {"x-note": "here"},
    )
    assert endpoint.pointer == "/paths/~1user~1{userId}/get"
    assert operation(PELOTON, "PATCH /user/{userId}").description == "Changes it"
    assert operation(PELOTON, "listWorkouts").pointer == "/components/pathItems/Workouts/get"


def test_the_rest_of_the_document() -> None:
    document = parsed(PELOTON)
    assert document.file == "api.yaml"
    assert document.extensions == {"x-exposure": {"exposure": 1}}
    scheme = {"type": "apiKey", "in": "cookie", "name": "sid"}
    assert document.security_schemes == {"session": scheme, "other": scheme}
    assert document.raw["info"]["title"] == "Cadence"
    assert document.warnings == ()


def test_places_in_yaml_and_in_json() -> None:
    pointer = "/paths/~1user~1{userId}/get"
    assert str(parsed(PELOTON).locate(pointer)) == "api.yaml:16:7"
    data = orjson.dumps(parse(PELOTON, "api.yaml").plain())
    document = Document.parse(data, "api.json")
    place = document.locate(pointer)
    assert data[place.column - 1 :].startswith(b'{"operationId":"getUser"')
    assert [endpoint.id for endpoint in document.operations] == [
        endpoint.id for endpoint in parsed(PELOTON).operations
    ]


# ------------------------------------------------------------------------------------ details


@pytest.mark.parametrize(
    ("servers", "path"),
    [
        ("[]", "/a"),
        ("[{url: /}]", "/a"),
        ("[{url: 'https://h.example'}]", "/a"),
        ("[{url: 'https://h.example:8443/v1/?x=1'}]", "/v1/a"),
        ("[{url: v1}, {url: 'https://h.example/v2'}]", "/v1/a"),
        ("[{url: ../v1/}]", "/v1/a"),
        ("[{url: //h.example/v1}]", "/v1/a"),
        ("[{url: 'https://{host}/{v}', variables: {v: {default: v1}}}]", "/v1/a"),
        ("[{description: sloppy}, 5]", "/a"),
        ("{}", "/a"),
    ],
)
def test_servers(servers: str, path: str) -> None:
    document = parsed(with_paths("  /a: {get: {}}", f"servers: {servers}"))
    assert [endpoint.path for endpoint in document.operations] == [path]


def test_servers_of_an_operation_come_first() -> None:
    paths = "  /a: {servers: [{url: /p}], get: {servers: [{url: /o}]}, put: {}}"
    document = parsed(with_paths(paths, "servers: [{url: /d}]"))
    assert [endpoint.path for endpoint in document.operations] == ["/o/a", "/p/a"]


def test_a_path_parameter_that_only_the_template_names() -> None:
    endpoint = operation(with_paths("  /a/{id}/{other}: {get: {}}"), "GET /a/{id}/{other}")
    assert [(p.name, p.where, p.required) for p in endpoint.parameters] == [
        ("id", "path", True),
        ("other", "path", True),
    ]


def test_a_parameter_described_by_content() -> None:
    text = "  /a: {get: {parameters: [{name: f, in: query, content: {application/json: {schema: "
    endpoint = operation(with_paths(text + "{type: object, example: {a: 1}}}}}]}}"), "GET /a")
    assert (endpoint.parameters[0].shape.kinds, endpoint.parameters[0].example) == (
        {"object"},
        {"a": 1},
    )


def test_an_example_of_the_parameter_comes_before_that_of_its_schema() -> None:
    text = "  /a: {get: {parameters: [{name: f, in: query, example: 0, schema: {example: 1}}]}}"
    assert operation(with_paths(text), "GET /a").parameters[0].example == 0


def test_openapi_3_2() -> None:
    text = """\
openapi: 3.2.0
$self: https://api.example.com/openapi.yaml
paths:
  /search:
    query:
      parameters:
        - in: querystring
          content:
            application/x-www-form-urlencoded:
              schema: {required: [q], properties: {q: {example: bike}, page: {type: integer}}}
      responses:
        200:
          content:
            application/jsonl: {itemSchema: {$ref: 'https://api.example.com/openapi.yaml#/components/schemas/Hit'}}
            text/plain: {$ref: '#/components/mediaTypes/Text'}
    additionalOperations:
      COPY: {operationId: copySearch}
components:
  mediaTypes: {Text: {schema: {type: string}}}
  schemas: {Hit: {properties: {id: {type: string}}}}
"""
    document = parsed(text)
    query, copy = document.operations
    assert (query.id, query.method, copy.id, copy.method) == (
        "QUERY /search",
        "QUERY",
        "copySearch",
        "COPY",
    )
    assert [(p.name, p.where, p.required, p.example) for p in query.parameters] == [
        ("q", "query", True, "bike"),
        ("page", "query", False, None),
    ]
    lines, plain = query.responses["200"]
    assert lines.shape is not None
    assert lines.shape.kinds == {"array"}
    assert [path for path, _ in flatten(lines.shape)] == ["*.id"]
    assert plain.shape is not None
    assert plain.shape.kinds == {"string"}


_HIT = "{properties: {data: {contentSchema: {$ref: '#/components/schemas/Hit'}}}}"


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (f"itemSchema: {_HIT}", ["*.id"]),
        ("itemSchema: {$ref: '#/components/schemas/Event'}", ["*.id"]),
        ("itemSchema: {$ref: '#/components/schemas/Hit'}", ["*.id"]),
        ("itemSchema: {properties: {data: {type: string}}}", ["*.data"]),
        ("itemSchema: {properties: {data: true}}", ["*.data"]),
        (f"schema: {_HIT}", ["*.id"]),
        ("schema: {$ref: '#/components/schemas/Event'}", ["*.id"]),
        ("schema: {type: array, items: {$ref: '#/components/schemas/Event'}}", ["*.id"]),
        ("schema: {type: array, items: {$ref: '#/components/schemas/Hit'}}", ["*.id"]),
        ("schema: {$ref: '#/components/schemas/Hit'}", ["id"]),
        (
            f"itemSchema: {{properties: {{data: {{type: string}}}}, oneOf: [{{}}, {_HIT}]}}",
            ["*.id"],
        ),
        (f"schema: {{allOf: [{{$ref: '#/components/schemas/Base'}}, {_HIT}]}}", ["*.id"]),
        (
            f"itemSchema: {{anyOf: [{_HIT}, {{properties: {{data: {{contentSchema: "
            "{properties: {n: {}}}}}}]}",
            ["*.id", "*.n"],
        ),
        ("itemSchema: {$ref: '#/components/schemas/Round'}", ["*.id"]),
    ],
)
def test_what_stands_in_the_data_of_an_event(event: str, found: list[str]) -> None:
    text = f"""\
openapi: 3.2.0
paths:
  /feed:
    get: {{responses: {{200: {{content: {{text/event-stream: {{{event}}}}}}}}}}}
components:
  schemas:
    Hit: {{properties: {{id: {{type: string}}}}}}
    Data: {{type: string, contentSchema: {{$ref: '#/components/schemas/Hit'}}}}
    Event: {{properties: {{data: {{$ref: '#/components/schemas/Data'}}}}}}
    Base: {{properties: {{id: {{type: string}}, data: {{type: string}}}}}}
    Round: {{oneOf: [{{$ref: '#/components/schemas/Round'}}, {{allOf: [{_HIT}]}}]}}
"""
    (events,) = parsed(text).operations[0].responses["200"]
    assert events.shape is not None
    assert sorted({path for path, _ in flatten(events.shape)}) == found


def test_a_path_with_a_reference_keeps_its_own_endpoints() -> None:
    text = with_paths(
        "  /a: {$ref: '#/components/pathItems/A', get: {operationId: own}}",
        "components: {pathItems: {A: {get: {operationId: theirs}, put: {operationId: put}}}}",
    )
    assert [endpoint.id for endpoint in parsed(text).operations] == ["own", "put"]


def test_sloppy_documents_are_read() -> None:
    text = """\
openapi: 3.0
unknown: true
paths:
  x-internal: {}
  /a:
    x-path: true
    trace: {tags: [1, a], summary: 5, security: nobody, parameters: {}, requestBody: none}
    get: {responses: {200: {}, x-more: 1, default: {content: {text/html: , a/b: {schema: }}}}}
    post: {operationId: 5, responses: [], security: [{a: []}, b]}
components: []
"""
    trace, get, post = sorted(
        parsed(text).operations, key=lambda endpoint: "TGP".find(endpoint.method[0])
    )
    assert (trace.tags, trace.summary, trace.security) == (("a",), "", None)
    assert [(status, len(media)) for status, media in get.responses.items()] == [
        ("200", 0),
        ("default", 2),
    ]
    assert (post.id, post.security) == ("POST /a", (frozenset({"a"}),))


# ----------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "- a",
            "api.yaml:1:1: this is not an OpenAPI document; "
            "Oakum reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0, written as JSON or YAML",
        ),
        (
            "info: {}\npaths: {}",
            "api.yaml:1:1: `openapi` is missing; "
            "write the version, `openapi: 3.1.0`; "
            "Oakum reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0",
        ),
        (
            "info: {}\nswagger: '1.2'",
            "api.yaml:2:10: Swagger `1.2` is not read; "
            "Oakum reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0",
        ),
        (
            "asyncapi: 3.0.0",
            "api.yaml:1:11: this is an AsyncAPI document; "
            "Oakum reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0; "
            "a WebSocket or a stream of events can be declared in OpenAPI",
        ),
        (
            "exposure: 1\napi: openapi.yaml",
            "api.yaml:1:11: this is a policy, not an OpenAPI document; "
            "its `api:` names the document; give that one",
        ),
        (
            "identities: {ann: {}}",
            "api.yaml:1:13: this looks like an identities file; "
            "it is for `--identities`; give the contract or the OpenAPI document here",
        ),
        (
            "openapi: 4.0.0",
            "api.yaml:1:10: OpenAPI `4.0.0` is not read; "
            "Oakum reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0",
        ),
        (
            "openapi: 3.0.3",
            "api.yaml:1:1: `paths` is missing; a document without paths has no endpoints to watch",
        ),
        ("openapi: 3.0.3\npaths: []", "api.yaml:2:8: `paths` must be a map of paths"),
        ('{"openapi": "3.0.0", "paths": 5}', "api.yaml:1:31: `paths` must be a map of paths"),
        ("{openapi: 3.0.0, paths: 5}", "api.yaml:1:25: `paths` must be a map of paths"),
        ("a: b: c", "api.yaml:1:5: not valid YAML: mapping values are not allowed in this context"),
    ],
)
def test_what_is_no_document(text: str, told: str) -> None:
    assert problems(text) == [told]


def test_what_is_no_json_is_not_read_as_yaml() -> None:
    assert problems('{"openapi": 3.0.0}')[0].startswith("api.yaml:1:16: not valid JSON: ")


MISTAKES = """\
openapi: 3.1.0
paths:
  users: {get: {operationId: a}}
  /a:
    get: {operationId: a}
    put: nothing
    POST: {}
  /b: []
  /c:
    get:
      parameters: [{in: query}, {name: x}, 5, {$ref: '#/components/parameters/No'}]
      responses:
        200: {$ref: '#/components/responses/No'}
        400: {content: {a/b: {schema: {$ref: '#/components/schemas/Used'}}}}
        500: {content: {a/b: {example: {$ref: '#/no'}}}}
  /d: {$ref: '#/components/pathItems/No'}
  /e: {$ref: other.yaml}
  /f: {$ref: 'https://example.com/f.yaml'}
  /g: {$ref: '#anchor'}
components:
  schemas:
    Used:
      properties:
        $ref: {type: string}
        a: {$ref: '#/components/schemas/Loop'}
        b: {items: {oneOf: [{}, {$ref: '#/components/schemas/No'}]}}
        properties: {properties: {example: {$ref: '#/components/schemas/Used/allOf/0'}}}
        headers: {example: {$ref: '#/no'}}
      x-more: {$ref: '#/no'}
    Loop: {$ref: '#/components/schemas/Back'}
    Back: {$ref: '#/components/schemas/Loop'}
    Unused: {$ref: '#/no'}
"""


def test_every_mistake_is_a_warning_at_its_place() -> None:
    assert mistakes(MISTAKES) == [
        "api.yaml:3:10: the path `users` must start with `/`",
        "api.yaml:5:24: the operationId `a` occurs twice; first at api.yaml:3:30;"
        " both are named by method and path",
        "api.yaml:6:10: `PUT /a` must be a map",
        "api.yaml:7:11: `POST` is not an HTTP method; write `post`",
        "api.yaml:8:7: `/b` must be a map of operations",
        "api.yaml:11:20: a parameter must declare its `name`",
        "api.yaml:11:33: a parameter must declare its `in`",
        "api.yaml:11:44: a parameter must declare its `name`",
        "api.yaml:11:54: `#/components/parameters/No` points to nothing: there is no `parameters`;"
        " closed: `GET /c`",
        "api.yaml:13:21: `#/components/responses/No` points to nothing: there is no `responses`;"
        " closed: `GET /c`",
        "api.yaml:16:14: `#/components/pathItems/No` points to nothing: there is no `pathItems`;"
        " closed: `GET /d`, `PUT /d`, `POST /d` and 2 more",
        "api.yaml:17:14: `other.yaml` is another file, and the document was not read from a file;"
        " closed: `GET /e`, `PUT /e`, `POST /e` and 2 more",
        "api.yaml:18:14: `https://example.com/f.yaml` is not fetched; save it, and name the file"
        " with `oakum init --ref` or in `refs` of the contract; closed: `GET /f`, `PUT /f`,"
        " `POST /f` and 2 more",
        "api.yaml:19:14: `#anchor` is an anchor, which is not supported; point to it as `#/…`;"
        " closed: `GET /g`, `PUT /g`, `POST /g` and 2 more",
        "api.yaml:25:19: `#/components/schemas/Loop` is part of a circle of references;"
        " closed: `GET /c`",
        "api.yaml:26:40: `#/components/schemas/No` points to nothing: there is no `No`;"
        " closed: `GET /c`",
        "api.yaml:27:51: `#/components/schemas/Used/allOf/0` points to nothing: there is no"
        " `allOf`; closed: `GET /c`",
        "api.yaml:30:18: `#/components/schemas/Back` is part of a circle of references;"
        " closed: `GET /c`",
        "api.yaml:31:18: `#/components/schemas/Loop` is part of a circle of references;"
        " closed: `GET /c`",
    ]


def test_mistakes_in_json_have_places_too() -> None:
    data = (
        b'{"openapi": "3.0.0", "paths": {\n"/a": {"get": {"responses": {"200": {"$ref": "#/x"}}}}}}'
    )
    (only,) = Document.parse(data, "api.json").warnings
    assert str(only) == "api.json:2:46: `#/x` points to nothing: there is no `x`; closed: `GET /a`"


def test_paths_that_stand_twice_in_json_are_no_document_as_in_yaml() -> None:
    said = "`paths` stands here twice; first at"
    assert problems('{"openapi": "3.0.0", "paths": {"/a": {}},\n"paths": {}}') == [
        f"api.yaml:2:1: {said} api.yaml:1:22"
    ]
    assert problems("openapi: 3.0.0\npaths: {/a: {}}\npaths: {}") == [
        f"api.yaml:3:1: {said} api.yaml:2:1"
    ]


def test_a_broken_reference_that_nobody_uses_is_forgiven() -> None:
    document = parsed(
        with_paths(
            "  /a: {get: {responses: {200: {$ref: '#/components/responses/R'}}}}",
            "components: {responses: {R: {}}, schemas: {Unused: {$ref: '#/no'}}}",
        )
    )
    assert document.schemas["Unused"]().kinds == frozenset()


# -------------------------------------------------------------------------------- many files


def test_references_to_files(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(
        with_paths("  /users: {$ref: 'paths/users.yaml'}", "components: {schemas: {Id: {}}}")
    )
    (tmp_path / "paths").mkdir()
    (tmp_path / "paths" / "users.yaml").write_text(
        "get:\n  operationId: getUsers\n  responses:\n    200:\n      content:\n"
        "        application/json: {schema: {$ref: '../models.json#/User'}}\n"
    )
    (tmp_path / "models.json").write_text(
        '{"User": {"properties": {\n"id": {"$ref": "api.yaml#/components/schemas/Id"},\n'
        '"pet": {"$ref": "pet%20one.yaml"}, "first": {"$ref": "#/all/0"}}}, "all": [{}]}'
    )
    (tmp_path / "pet one.yaml").write_text(
        "properties: {owner: {$ref: 'models.json#/User'}, name: {}}"
    )
    document = Document.load(tmp_path / "api.yaml")
    endpoint = document.operation("getUsers")
    assert endpoint is not None
    shape = parsed_shape(endpoint)
    assert shape.names == {"User"}
    assert [path for path, _ in flatten(shape)] == ["id", "pet.owner", "pet.name", "first"]
    assert children(shape)["id"] is document.schemas["Id"]()
    assert children(shape)["pet"].names == {"pet one"}
    assert str(document.locate(endpoint.pointer)) == f"{tmp_path}/paths/users.yaml:2:3"
    assert str(document.locate(shape.pointer)) == f"{tmp_path}/paths/../models.json:1:10"
    place = f"{tmp_path}/paths/../models.json:2:7"
    assert str(document.locate(f"{shape.pointer}/properties/id")) == place


def test_files_that_cannot_be_read_are_told_at_the_reference(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("a: b: c")
    text = with_paths("  /a: {$ref: none.yaml}\n  /b: {$ref: bad.yaml}\n  /c: {$ref: '/etc/x'}")
    text += "  /d: {$ref: '%00'}"
    told = [each.replace(str(tmp_path), "") for each in mistakes(text, tmp_path)]
    assert [each.partition("; closed: ")[0] for each in told] == [
        "api.yaml:3:14: there is no file `/none.yaml`",
        "api.yaml:4:14: /bad.yaml:1:5: not valid YAML: "
        "mapping values are not allowed in this context",
        "api.yaml:5:14: `/etc/x` is not fetched; save the file beside the document and point to it",
        "api.yaml:6:14: `%00` cannot be the name of a file",
    ]


def test_a_reference_leads_to_no_file_outside_of_the_tree(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "api").mkdir(parents=True)
    for place in ("secret.yaml", "tree/beside.yaml"):
        (tmp_path / place).write_text("get: {responses: {}}\n")
    (tree / "api" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    text = with_paths("  /a: {$ref: '../../secret.yaml'}\n  /b: {$ref: link.yaml}")
    (tree / "api" / "api.yaml").write_text(text + "  /c: {$ref: ../beside.yaml}\n")

    def told() -> list[str]:
        found = Document.load(tree / "api" / "api.yaml").warnings
        said = [each.message.replace(str(tmp_path), "") for each in found]
        return [each.removesuffix("; copy the file into it") for each in said]

    outside = [f"`{each}` is outside of `/tree/api`" for each in ("../../secret.yaml", "link.yaml")]
    assert told() == [*outside, "`../beside.yaml` is outside of `/tree/api`"]
    (tree / ".git").touch()
    assert told() == [each.replace("/api`", "`") for each in outside]


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml: no such file or directory$"):
        Document.load(tmp_path / "none.yaml")


# ---------------------------------------------------------------------------------- overlays


def test_overlays_are_applied_in_order_before_reading(tmp_path: Path) -> None:
    api = tmp_path / "api.json"
    api.write_bytes(b'{"openapi": "3.0.0", "paths": {"/a": {"get": {}}, "/b": {"get": {}}}}')
    first = tmp_path / "first.yaml"
    first.write_text(
        "overlay: 1.1.0\nactions:\n  - target: $.paths['/a'].get\n    update: {operationId: getA}\n"
        "  - target: $.paths['/z']\n    remove: true\n"
    )
    second = tmp_path / "second.yaml"
    second.write_text(
        "overlay: 1.0.0\nactions:\n  - target: $.paths[?@.get.operationId == 'getA']\n"
        "    update: {put: {responses: {'200': {$ref: '#/components/responses/Ok'}}}}\n"
        "  - target: $\n    update: {x-exposure: {}, components: {responses: {Ok: {}}}}\n"
    )
    document = Document.load(api, [first, second])
    assert [endpoint.id for endpoint in document.operations] == ["getA", "PUT /a", "GET /b"]
    assert document.extensions == {"x-exposure": {}}
    assert [str(problem).replace(str(tmp_path), "") for problem in document.warnings] == [
        "/first.yaml:5:13: the target `$.paths['/z']` matches nothing in the document; "
        "the action is skipped"
    ]
    second.write_text(second.read_text().split("  - target: $\n")[0])
    told = [each.message for each in Document.load(api, [first, second]).warnings]
    assert "`#/components/responses/Ok` points to nothing: there is no `components`" in told


# ------------------------------------------------------- files saved from an address

REMOTE = "https://schemas.example.com/v1"


def remote(tmp_path: Path, *names: str) -> Document:
    """A document whose answer stands at an address, with what was saved from there."""
    (tmp_path / "api.yaml").write_text(
        "openapi: 3.1.0\npaths:\n  /pet: {get: {responses: {'200': {description: '', content:\n"
        f"    {{application/json: {{schema: {{$ref: '{REMOTE}/pet.yaml#/Pet'}}}}}}}}}}}}}}\n"
    )
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "pet.yaml").write_text(
        "Pet: {type: object, properties: {id: {type: string}, owner: {$ref: 'user.yaml#/User'}}}"
    )
    (tmp_path / "saved" / "user.yaml").write_text(
        "User: {type: object, properties: {mail: {type: string}}}"
    )
    refs = {f"{REMOTE}/{name}.yaml": tmp_path / "saved" / f"{name}.yaml" for name in names}
    return Document.load(tmp_path / "api.yaml", refs=refs)


def test_a_reference_to_an_address_is_read_from_the_file_saved_from_it(tmp_path: Path) -> None:
    document = remote(tmp_path, "pet", "user")
    assert not document.warnings
    endpoint = document.operation("GET /pet")
    assert endpoint is not None
    shape = parsed_shape(endpoint)
    assert [path for path, _ in flatten(shape)] == ["id", "owner.mail"]
    assert str(document.locate(shape.pointer)) == f"{tmp_path}/saved/pet.yaml:1:6"


def test_a_relative_reference_in_a_saved_file_starts_from_its_address(tmp_path: Path) -> None:
    document = remote(tmp_path, "pet")
    [told] = document.warnings
    assert str(told) == (
        f"{tmp_path}/saved/pet.yaml:1:68: `{REMOTE}/user.yaml` is not fetched; save it, and name"
        " the file with `oakum init --ref` or in `refs` of the contract; closed: `GET /pet`"
    )
    assert [each.operation.id for each in document.closed] == ["GET /pet"]


def test_nothing_is_read_for_an_address_that_nobody_names(tmp_path: Path) -> None:
    assert not remote(tmp_path).operations
