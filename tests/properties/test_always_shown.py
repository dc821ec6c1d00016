"""Whoever sees something of every object is shown something of any that its schema allows.

A guard tells such a caller of an object without asking for it, so this must hold of the sparsest.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from oakum.authz import ANONYMOUS, Call, project
from tests.properties.wild import read

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
SEALED: Schema = {"$ref": "#/components/schemas/Sealed"}
MEMBERS = ("a", "b", "c")


@st.composite
def objects(draw: st.DrawFn, depth: int = 0) -> Schema:
    """Objects of texts, of objects, of a resource that shows nothing, and alternatives of these."""
    if not depth and draw(st.integers(0, 3)) == 0:
        return {"oneOf": [draw(objects(1)), draw(objects(1))]}
    inner = [st.just(each) for each in (TEXT, TEXT, SEALED, {"type": "array", "items": SEALED})]
    if depth < 2:
        inner += [objects(depth + 1)]
    found = draw(st.dictionaries(st.sampled_from(MEMBERS), st.one_of(inner), min_size=1))
    required = [name for name in sorted(found) if draw(st.booleans())]
    return {"type": "object", "properties": found, "required": required}


def sparsest(schema: Schema, took: int) -> Any:
    """A value that a schema allows and that has nothing but what it must."""
    if schema is TEXT:
        return "x"
    if schema is SEALED:
        return {"id": "s1"}
    if "oneOf" in schema:
        return sparsest(schema["oneOf"][took], took)
    if schema["type"] == "array":
        return []
    return {name: sparsest(schema["properties"][name], took) for name in schema["required"]}


def singles(schema: Schema) -> list[Any]:
    """Values that a schema allows with one member more than they must have."""
    if "oneOf" in schema:
        return [value for each in schema["oneOf"] for value in singles(each)]
    least = sparsest(schema, 0)
    return [
        {**least, name: inner}
        for name, each in schema["properties"].items()
        for inner in [sparsest(each, 0), *(singles(each) if "properties" in each else [])]
    ]


def paths(schema: Schema) -> set[str]:
    """Field paths of a schema as a contract names them."""
    if "oneOf" in schema:
        return {path for each in schema["oneOf"] for path in paths(each)}
    return {
        path
        for name, each in schema["properties"].items()
        for path in ({f"{name}.{rest}" for rest in paths(each)} if "properties" in each else {name})
    }


@given(objects(), st.data())
def test_whoever_sees_something_of_every_object_is_shown_something_of_the_sparsest(
    schema: Schema, data: st.DataObject
) -> None:
    every = sorted(paths(schema))
    every = [path for path in every if not any(each.startswith(f"{path}.") for each in every)]
    open_ = {path for path in every if data.draw(st.booleans())}
    fields = {path: [{"see": ["anyone" if path in open_ else "owner"]}] for path in every}
    for path in every[1:]:  # what has no line is withheld
        if data.draw(st.integers(0, 3)) == 0:
            del fields[path]
    one = {"schema": {"$ref": "#/components/schemas/Open"}}
    shown = {"description": "d", "content": {"application/json": one}}
    id_ = {"name": "who", "in": "path", "required": True, "schema": TEXT}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/of/{who}": {"get": {
            "operationId": "get", "parameters": [id_], "responses": {"200": shown},
        }}},
        "components": {"schemas": {
            "Open": schema,
            "Sealed": {"type": "object", "properties": {"id": TEXT}},
        }},
    }  # fmt: skip
    policy = {
        "exposure": 1,
        "api": "o",
        "relations": {"anyone": {}, "owner": {"is": "owner"}},
        "resources": {
            "Open": {"owner": {"path": "who"}, "fields": fields},
            "Sealed": {"owner": {"path": "who"}, "fields": {"id": [{"see": ["owner"]}]}},
        },
        "operations": {"get": {}},
    }
    model = read(document, policy).model
    always = model.tables["Open"].always_shows({"anyone"})
    event(f"always shown: {always}")
    for value in [*(sparsest(schema, took) for took in (0, 1)), *singles(schema)]:
        if always and value != {}:  # an object without a member has nothing to show to anybody
            text = json.dumps(value).encode()
            assert project(model, ANONYMOUS, Call("get", {"who": "v"}), text).body, value
