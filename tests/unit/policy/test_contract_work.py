"""What a description costs is bounded by its length, whatever its author makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.properties import wild
from tests.work import calls

TEXT = {"type": "string"}


def ref(name: object) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/S{name}"}


def chain(size: int) -> dict[str, Any]:
    """References that lead to references."""
    return {f"S{n}": ref(n + 1) for n in range(size)} | {f"S{size}": {"type": "object"}}


def nested(size: int) -> dict[str, Any]:
    """Objects in objects, each a schema of its own."""
    made: dict[str, Any] = {
        f"S{n}": {"type": "object", "properties": {"a": ref(n + 1)}} for n in range(size)
    }
    return made | {f"S{size}": TEXT}


def all_of(size: int) -> dict[str, Any]:
    """One schema made of many."""
    parts = [{"type": "object", "properties": {f"m{n}": TEXT}} for n in range(size)]
    return {"S0": {"allOf": parts}}


def one_of(size: int) -> dict[str, Any]:
    """One of many alternatives."""
    parts = [{"type": "object", "properties": {f"m{n}": TEXT}} for n in range(size)]
    return {"S0": {"oneOf": parts}}


def forked(size: int) -> dict[str, Any]:
    """Unions of the same two unions, level by level: two to the power of `size` ways through."""
    made: dict[str, Any] = {}
    for n in range(0, 2 * size, 2):
        below = [ref(n + 2), ref(n + 3)]
        made |= {f"S{n}": {"oneOf": below}, f"S{n + 1}": {"anyOf": below}}
    return made | {f"S{2 * size}": TEXT, f"S{2 * size + 1}": {"type": "integer"}}


def members(size: int) -> dict[str, Any]:
    """One object of many members."""
    return {"S0": {"type": "object", "properties": {f"m{n}": TEXT for n in range(size)}}}


def many(size: int) -> dict[str, Any]:
    """Many schemas, each of which names the next two."""
    made: dict[str, Any] = {
        f"S{n}": {"type": "object", "properties": {"a": ref(n + 1), "b": ref(n + 2)}}
        for n in range(size)
    }
    return made | {f"S{size}": TEXT, f"S{size + 1}": TEXT}


def compiled(schemas: dict[str, Any]) -> tuple[int, int]:
    """Calls that reading and compiling takes, and the length of the description."""
    answer = {"description": "d", "content": {"application/json": {"schema": ref(0)}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/s": {"get": {"operationId": "list", "responses": {"200": answer}}}},
        "components": {"schemas": schemas},
    }
    resource = {"key": "id", "owner": "none", "fields": {"m0": [{"see": ["anyone"]}]}}
    said = {
        "exposure": 1, "api": "o", "relations": {"anyone": {}},
        "resources": {"S0": resource}, "operations": {"list": {}},
    }  # fmt: skip
    return calls(lambda: wild.read(document, said)), len(json.dumps(document))


@pytest.mark.parametrize(
    ("made", "size"),
    [(chain, 40), (nested, 20), (all_of, 50), (one_of, 50), (forked, 8), (members, 50), (many, 12)],
)
def test_twice_the_description_takes_at_most_twice_the_work(
    made: Callable[[int], dict[str, Any]], size: int
) -> None:
    base, empty = compiled({"S0": {"type": "object"}})
    (work, length), (grown, longer) = compiled(made(size)), compiled(made(2 * size))
    more = (grown - base) / (longer - empty)
    assert more <= 1.5 * (work - base) / (length - empty)
