"""A member that no declared name and no pattern of the document matches never passes, and one that
matches does: schemas and names at random, by both implementations and by Python's `re`."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from oakum.authz import ANONYMOUS, project
from tests.conformance.lua import Lua, runtime
from tests.differential.test_bounds import CALL
from tests.properties import wild

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
STATE = runtime()
PATTERNS = ("^x", "^n-", "y$", "xy", "^[a-m]+$", "(x|y){2}", "^.?$", ".+", "")
NAMES = st.one_of(
    st.sampled_from(("a", "by", "x", "xy", "n-", "n-x", "yx", "am", "é", "Xé", "")),
    st.text("xyna-é", max_size=4),
)


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    """An object of texts that says by name which members it has."""
    said: Schema = {"type": "object"}
    kinds = st.sampled_from((TEXT, TEXT, True, False))
    said["patternProperties"] = draw(
        st.dictionaries(st.sampled_from(PATTERNS), kinds, min_size=1, max_size=3)
    )
    said |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "properties": st.just({"a": TEXT}),
                "additionalProperties": kinds,
                "propertyNames": st.sampled_from(
                    ({"pattern": "^[^x]*$"}, {"enum": ["a", "xy", "é"]}, {"pattern": "y"})
                ),
            },
        )
    )
    return said


@st.composite
def objects(draw: st.DrawFn) -> Schema:
    one = draw(schemas())
    return draw(
        st.sampled_from(
            ({"allOf": [one, draw(schemas())]}, {"anyOf": [one, draw(schemas())]}, one, one)
        )
    )


def forbids(schema: Schema, name: str) -> bool:
    names = schema.get("propertyNames", {})
    if "pattern" in names and not re.search(names["pattern"], name):
        return True
    if "enum" in names and name not in names["enum"]:
        return True
    patterns = schema["patternProperties"].items()
    return any(each is False and re.search(pattern, name) for pattern, each in patterns)


def allows(schema: Schema, name: str) -> bool:
    """Whether a schema declares a member that stands in no `properties`."""
    if any(re.search(each, name) for each in schema["patternProperties"]):
        return True
    return schema.get("additionalProperties", False) is not False


def declares(schema: Schema, name: str) -> bool:
    """Whether a schema has a member of this name."""
    if "anyOf" in schema:
        return any(declares(each, name) for each in schema["anyOf"])
    parts = schema.get("allOf", [schema])
    if any(name in each.get("properties", ()) for each in parts):
        return True
    if any(forbids(each, name) for each in parts):
        return False
    return any(allows(each, name) for each in parts)


def read(schema: Schema) -> wild.Wild:
    """An endpoint that answers such objects by themselves, in a list, and in a resource."""
    note = {
        "type": "object",
        "properties": {"by": TEXT, "extra": {"$ref": "#/components/schemas/It"}},
    }
    its = {"$ref": "#/components/schemas/It"}
    whole = {
        "type": "object",
        "properties": {
            "one": its,
            "many": {"type": "array", "items": its},
            "note": {"$ref": "#/components/schemas/Note"},
        },
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/things/{who}": {
                "get": {
                    "operationId": "list",
                    "parameters": [{"name": "who", "in": "path", "required": True, "schema": {}}],
                    "responses": {
                        "200": {
                            "description": "d",
                            "content": {"application/json": {"schema": whole}},
                        }
                    },
                }
            }
        },
        "components": {"schemas": {"It": schema, "Note": note}},
    }
    lines = {"by": [{"see": ["anyone"]}], "extra": [{"see": ["anyone"]}]}
    policy = {
        "relations": {"anyone": {}},
        "resources": {"Note": {"owner": "by", "fields": lines}},
        "operations": {"list": {}},
    }
    return wild.read(document, {"exposure": 1, "api": "o", **policy})


NONE_AT_ALL: Schema = {"type": "object", "patternProperties": {"": False}}
NONE_LIKE_IT: Schema = {"patternProperties": {"": False}, "additionalProperties": TEXT}


@given(objects(), st.lists(NAMES, min_size=1, unique=True))
@example({"type": "object", **NONE_LIKE_IT}, ["a"])
@example({"anyOf": [{"type": "object", "patternProperties": {"^x": TEXT}}, NONE_LIKE_IT]}, ["a"])
@example({"allOf": [{"type": "object", "patternProperties": {"^x": TEXT}}, NONE_AT_ALL]}, ["x"])
def test_a_member_passes_if_its_name_is_declared(schema: Schema, names: list[str]) -> None:
    its = dict.fromkeys(names, "v")
    body = {"one": its, "many": [its], "note": {"by": "u1", "extra": its}}
    model = read(schema).model
    shown = {name: "v" for name in names if declares(schema, name)}
    text = json.dumps(body).encode()
    passes = project(model, ANONYMOUS, CALL, text).body
    assert Lua(model, STATE).at(ANONYMOUS, CALL)(text) == passes
    found = json.loads(passes or b"{}")
    assert found.get("one", {}) == shown
    assert [each for each in found.get("many", ()) if each] == ([shown] if shown else [])
    assert found.get("note", {}).get("extra", {}) == shown
