"""Bounds of what is read: the Lua runtime draws them where the reference does."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.authz import ANONYMOUS, Call, project
from oakum.authz.strict_json import MAX_DEPTH, MAX_DIGITS
from tests.conformance.lua import Lua
from tests.properties import wild

ANY = {"type": "object", "properties": {"a": {}, "tags": {"type": "array", "items": {}}}}
DEEP = {"$ref": "#/components/schemas/Deep"}
RECURSIVE = {
    "anyOf": [
        {"type": "array", "items": DEEP},
        {"type": "object", "additionalProperties": DEEP},
        {"type": "integer"},
    ]
}


def contract(schema: dict[str, Any], **components: Any) -> wild.Wild:
    """One endpoint that answers what the schema says, granted to anybody."""
    answer = {"description": "d", "content": {"application/json": {"schema": schema}}}
    endpoint = {
        "operationId": "list",
        "parameters": [{"name": "who", "in": "path", "required": True, "schema": {}}],
        "responses": {"200": answer},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/things/{who}": {"get": endpoint}},
        "components": {"schemas": components},
    }
    said = {"relations": {"anyone": {}}, "resources": {}, "operations": {"list": {}}}
    return wild.read(document, {"exposure": 1, "api": "o", **said})


CALL = Call("list", {"who": "u1"})


def both(found: wild.Wild, body: bytes) -> bytes | None:
    """What passes, of both implementations."""
    passes = project(found.model, ANONYMOUS, CALL, body).body
    assert Lua(found.model).at(ANONYMOUS, CALL)(body) == passes, body[:80]
    return passes


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("sign", ["", "-"])
def test_an_integer_of_one_digit_too_many_is_unreadable_also_where_it_is_withheld(
    kept: bool, sign: str
) -> None:
    found, most = contract(ANY), sign + "9" * MAX_DIGITS
    name = "a" if kept else "x"
    fits = f'{{"tags":[1],"{name}":{most}}}'.encode()
    assert both(found, fits) == (fits if kept else b'{"tags":[1]}')
    assert both(found, fits[:-1] + b"9}") is None
    fraction = fits[:-1] + b"9.0}"
    assert both(found, fraction) == (fraction if kept else b'{"tags":[1]}')


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_body_nests_as_deep_as_the_reference_reads(opening: str) -> None:
    found = contract(DEEP, Deep=RECURSIVE)
    closing = "]" if opening == "[" else "}"
    for depth in (MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1, MAX_DEPTH + 2):
        body = f'{{"a":{opening * depth}1{closing * depth}}}'.encode()
        assert (both(found, body) is None) == (depth + 1 > MAX_DEPTH), depth


def forked(depth: int) -> dict[str, Any]:
    """Unions of two unions each: as many ways through them as two to the power of `depth`."""
    made: dict[str, Any] = {}
    for level in range(depth):
        below = [{"$ref": f"#/components/schemas/{side}{level + 1}"} for side in "AB"]
        made |= {f"{side}{level}": {"oneOf": below} for side in "AB"}
    for side in "AB":
        made[f"{side}{depth}"] = {
            "type": "object",
            "properties": {side.lower(): {"type": "integer"}},
        }
    return made


@pytest.mark.parametrize("body", [b'{"a":1,"x":2}', b"[1]", b'"x"', b'{"b":1,"c":{"d":1}}'])
def test_a_union_that_forks_takes_no_more_than_its_alternatives(body: bytes) -> None:
    """By way of every path through it this would not end before the sun does."""
    found = contract({"$ref": "#/components/schemas/A0"}, **forked(120))
    expected = {b'{"a":1,"x":2}': b'{"a":1}', b'{"b":1,"c":{"d":1}}': b'{"b":1}'}
    assert both(found, body) == expected.get(body)


def test_unions_that_are_alternatives_of_each_other_have_an_end() -> None:
    one = {"oneOf": [{"$ref": "#/components/schemas/Other"}, {"type": "integer"}]}
    other = {"oneOf": [{"$ref": "#/components/schemas/One"}, {"type": "string"}]}
    found = contract({"$ref": "#/components/schemas/One"}, One=one, Other=other)
    assert both(found, b"1") == b"1"
    assert both(found, b'"x"') == b'"x"'
    both(found, b"[1]")
    both(found, b'{"a":1}')
