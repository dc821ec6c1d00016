"""What may stand in the place of an object, in every union with one: Python and Lua.

A value of a kind that no alternative declares may be a hidden object, and so may a declared text or
number in the place of one. Neither shows what stands beside it in its row, nor how many there are.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import combinations
from typing import Any

import pytest

from oakum.authz import Call, Model, Principal, project
from tests.conformance.lua import Lua, runtime
from tests.properties.wild import read

Said = dict[str, Any]
HIDDEN = {"id": "n5", "ownerId": "bob", "title": "t"}
NOTE: Said = {"$ref": "#/components/schemas/Note"}
ALTERNATIVES: dict[str, Said] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "record": {"type": "object", "properties": {"zz": {"type": "string"}}},
    "any": {},
    "Note": NOTE,
    "Notes": {"type": "array", "items": NOTE},
    "around": {"type": "object", "properties": {"note": NOTE}},
    "map": {"type": "object", "additionalProperties": NOTE},
}
OF_NOTES = ("Note", "Notes", "around", "map")
UNIONS = [
    names
    for size in (1, 2, 3)
    for names in combinations(ALTERNATIVES, size)
    if not {*names}.isdisjoint(OF_NOTES)
]
VALUES: tuple[Any, ...] = (
    "n5", 5, 0, -1, 1.5, 1e30, True, HIDDEN, {"zz": "n5"}, {"n5": HIDDEN}, {"note": HIDDEN},
    ["n5"], [5], [HIDDEN], [[HIDDEN]], [True],
)  # fmt: skip
NOTHING: tuple[Any, ...] = (None, False, "", [])


def _declares(names: tuple[str, ...], value: Any) -> bool:
    """Whether an alternative is of the value's kind."""
    kinds = {
        str: {"string"}, int: {"integer", "number"}, float: {"number"}, bool: {"boolean"},
        list: {"texts", "Notes"}, dict: {"record", "Note", "around", "map"},
    }[type(value)]  # fmt: skip
    anything = not isinstance(value, dict | list) and "any" in names
    return anything or not kinds.isdisjoint(names)


def _schema(names: tuple[str, ...]) -> Said:
    first, *rest = (ALTERNATIVES[name] for name in names)
    return {"anyOf": [first, {"oneOf": rest}]} if rest else first


PLACES = {
    "row": lambda schema: {"type": "array", "items": _row(schema)},
    "map": lambda schema: {"type": "object", "additionalProperties": _row(schema)},
    "edge": lambda schema: {"type": "array", "items": _row(_row(schema))},
    "counted": lambda schema: {
        "type": "object",
        "properties": {
            "total": {"type": "integer"},
            "note": schema,
            "pages": {"type": "array", "items": _row(schema)},
        },
    },
}


def _row(schema: Said) -> Said:
    return {"type": "object", "properties": {"note": schema, "snippet": {"type": "string"}}}


def _body(place: str, value: Any) -> Any:
    row = {"note": value, "snippet": "SNIPPET"}
    bodies: Said = {
        "row": [row],
        "map": {"a": row},
        "edge": [{"note": row, "snippet": "SNIPPET"}],
        "counted": {"total": 777, "note": value, "pages": [row]},
    }
    return bodies[place]


@cache
def _world() -> tuple[Model, Lua]:
    paths: Said = {}
    for place, around in PLACES.items():
        for names in UNIONS:
            schema = around(_schema(names))
            answer = {"description": "d", "content": {"application/json": {"schema": schema}}}
            called = _called(place, names)
            get = {"operationId": called, "responses": {"200": answer}}
            paths[f"/{called}"] = {"get": get}
    note = {name: {"type": "string"} for name in HIDDEN}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "kinds", "version": "1"},
        "paths": paths,
        "components": {"schemas": {"Note": {"type": "object", "properties": note}}},
    }
    counted = (_called("counted", names) for names in UNIONS)
    policy = {
        "exposure": 1,
        "api": "o",
        "relations": {"anyone": {}, "owner": {"is": "owner"}},
        "resources": {
            "Note": {
                "key": "id",
                "owner": "ownerId",
                "fields": {name: [{"see": ["owner"]}] for name in note},
            }
        },
        "operations": {
            path[1:]: {"call": ["anyone"]} for path in paths if not path.startswith("/counted")
        }
        | {name: {"call": ["anyone"], "counts": ["/total"]} for name in counted},
    }
    model = read(document, policy).model
    return model, Lua(model, runtime())


def _called(place: str, names: tuple[str, ...]) -> str:
    return "-".join((place, *names))


@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_declared_alternative_and_no_object_that_is_shown_shows_nothing_beside_it(
    place: str,
) -> None:
    model, lua = _world()
    ann = Principal(frozenset({"ann"}))
    for names in UNIONS:
        for value in VALUES:
            call = Call(_called(place, names))
            body = json.dumps(_body(place, value)).encode()
            found = project(model, ann, call, body).body
            assert lua.project(ann, call, body) == found, (names, value)
            itself = "Note" in names and (value == HIDDEN or not isinstance(value, dict | list))
            if itself or not _declares(names, value):
                assert b"SNIPPET" not in (found or b""), (names, value)
                assert b"777" not in (found or b""), (names, value)


def test_what_is_empty_shows_what_stands_beside_it() -> None:
    """Else the law holds of contracts that show nothing."""
    model, lua = _world()
    ann = Principal(frozenset({"ann"}))
    for names in UNIONS:
        for value in NOTHING:
            call = Call(_called("row", names))
            body = json.dumps(_body("row", value)).encode()
            found = project(model, ann, call, body).body
            assert lua.project(ann, call, body) == found, (names, value)
            assert found is not None and b"SNIPPET" in found, (names, value)
