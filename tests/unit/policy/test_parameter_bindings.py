"""`params` at the top of a policy: what fills a parameter in every path that has it."""

from __future__ import annotations

import pytest

from oakum.authz.compiled_model import Model, compile_contract
from oakum.openapi.document import Document
from oakum.openapi.source import parse
from oakum.policy.check import check
from oakum.policy.parser import parse_policy
from tests.unit.policy.grammar import RELATIONS, RESOURCES, read

API = """\
openapi: 3.0.3
info: {title: x, version: "1"}
components: {schemas: {Member: {type: object, properties: {id: {type: string}, is_private: {type: boolean}}}}}
paths:
  /members/{m}: {get: {operationId: shown, parameters: [{name: m, in: path, required: true, schema: {}}], responses:
    {200: {description: "", content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}}}}}
  /members/{m}/named: {post: {operationId: named, parameters: [{name: m, in: path, required: true, schema: {}}],
    responses: {204: {description: ""}}}}
  /members/{m}/silent: {post: {operationId: silent, parameters: [{name: m, in: path, required: true, schema: {}}],
    responses: {204: {description: ""}}}}
  /found: {get: {operationId: found, parameters: [{name: m, in: query, schema: {}}], responses: {204: {description: ""}}}}
"""  # noqa: E501
HEAD = f"exposure: 1\n{RELATIONS}{RESOURCES}"
PARAMS = "params: {m: Member.id}\n"


def _errors(more: str) -> list[str]:
    document, problems = Document.parse(API.encode(), "api"), []
    policy = parse_policy(parse(HEAD + more, "p"), problems, document.names_operation)
    assert policy is not None
    errors = problems or check(document, policy)[0]
    lines = HEAD.count("\n")
    return [f"{e.location.line - lines}:{e.location.column}: {e.message}" for e in sorted(errors)]


def _model(more: str) -> Model:
    document = Document.parse(API.encode(), "api")
    policy = parse_policy(parse(HEAD + more, "p"), [], document.names_operation)
    assert policy is not None
    return compile_contract(document, policy)


def test_it_is_said_of_what_has_a_line_and_of_what_shows_a_resource() -> None:
    model = _model(PARAMS + "operations: {named: {}, found: {}}\n")
    said = {name: dict(model.rule(name).params) for name in ("shown", "named", "silent", "found")}
    assert said == {
        "shown": {"m": "Member.id"},
        "named": {"m": "Member.id"},
        "silent": {},
        "found": {},
    }


def test_the_line_of_an_operation_counts_in_its_place() -> None:
    said = "operations: {named: {params: {m: Member.is_private}}, shown: {params: {m: none}}}\n"
    model = _model(PARAMS + said)
    assert dict(model.rule("named").params) == {"m": "Member.is_private"}
    assert dict(model.rule("shown").params) == {}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("params: {k: Member.id}\n", ["1:13: `k` is not a path parameter"]),
        ("params: {m: Member.name}\n", ["1:13: `Member` has no field `name`"]),
        ("params: {m: Membr.id}\n", ["1:13: `Membr` is not a resource"]),
        ("params: {m: none}\n", ["1:13: `none` names no field"]),
        ("params: [m]\n", ["1:9: `params` must be a map of names, not a list"]),
        (
            "operations: {shown: {params: {m: none}}}\n",
            ["1:34: `params` of the policy does not name `m`, so there is nothing to except"],
        ),
        (
            PARAMS + "operations: {found: {params: {k: none}}}\n",
            ["2:34: `params` of the policy does not name `k`, so there is nothing to except"],
        ),
        ("params: {m: Member.id}\noperations: {shown: {params: {m: none}}}\n", []),
    ],
)
def test_a_mistake_has_its_place(more: str, told: list[str]) -> None:
    assert _errors(more) == told


def test_the_reader_keeps_both_apart() -> None:
    policy, told = read(
        HEAD
        + "params: {m: Member.id, n: Member.id}\n"
        + "operations: {a: {params: {m: none, o: Member.id}}}\n"
    )
    assert told == []
    assert policy is not None
    assert policy.params == {"m": "Member.id", "n": "Member.id"}
    rule = policy.operations["a"]
    assert (rule.params, rule.unfilled) == ({"o": "Member.id"}, frozenset("m"))
