"""No write that a guard lets through reaches an object that its caller may not write.

Documents with unions, envelopes, maps and nested objects are drawn, and what stands in the API. It
does what a body says in every way: to the object with a key that the body has anywhere, also as a
name in a map, to the object that stands in the same place, and to all that stands at the path.
Python and Lua have to agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.policy.contract import load
from tests.conformance.exchange_lua import WORKERS, LuaGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Clock, Request, Response, Setup, Upstream
from tests.properties.both import Both
from tests.properties.pool import LAW

_CONTRACTS = 10
_CAT = {"$ref": "#/components/schemas/Cat"}
_DOG = {"$ref": "#/components/schemas/Dog"}
_ROCK = {"$ref": "#/components/schemas/Rock"}
_ONE_OR_MANY = {"oneOf": [_CAT, {"type": "array", "items": _CAT}]}
_OWNERS = {"p1": "bob", "p2": "ann", "p3": "bob", "p4": "ann", "h1": "ann"}
_PETS = ("p1", "p2", "p3", "p4")


def _alternatives(random: Random) -> Any:
    """A cat, or a cat among others."""
    return random.choice(
        [
            _CAT,
            {"oneOf": [_CAT, _ROCK]},
            {"oneOf": [_CAT, _DOG], "discriminator": {"propertyName": "kind"}},
            {"anyOf": [_CAT, {"type": "string"}]},
            _ONE_OR_MANY,
            {"anyOf": [_CAT, {"type": "null"}]},
        ]
    )


def _shape(random: Random, depth: int = 2) -> Any:
    """What may hold cats: alternatives, an envelope, a list, a map."""
    if depth == 0:
        return _alternatives(random)
    below = _shape(random, depth - 1)
    return random.choice(
        [
            _alternatives(random),
            {"type": "object", "properties": {"data": below, "note": {"type": "string"}}},
            {"type": "array", "items": below},
            {"type": "object", "additionalProperties": below},
        ]
    )


def _get(name: str, schema: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"operationId": name, "responses": {"200": {"description": "d", "content": content}}}


def _document(number: int) -> dict[str, Any]:
    random, word, inner = Random(number), _shape(Random(number)), _shape(Random(number + 99))
    content = {"application/json": {"schema": word}}
    done = {"204": {"description": "done"}}
    id_ = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    text = {"type": "string"}
    own = {"id": text, "owner": text, "kind": text, "name": text, "mark": text}
    home = {"type": "object", "properties": {"id": text, "owner": text, "in": inner}}
    paths: dict[str, Any] = {
        "/me": {"get": _get("getMe", {"type": "object", "properties": {"id": text}})},
        "/cats/{id}": {"parameters": id_, "get": _get("getCat", _CAT)},
        "/dogs/{id}": {"parameters": id_, "get": _get("getDog", _DOG)},
        "/homes/{id}/word": {
            "parameters": id_,
            "put": {
                "operationId": "putWord", "requestBody": {"content": content}, "responses": done,
            },
            "patch": {
                "operationId": "patchWord", "requestBody": {"content": content}, "responses": done,
            },
        },
        "/all": {
            "patch": {
                "operationId": "patchAll", "requestBody": {"content": content}, "responses": done,
            },
        },
        "/homes/{id}": {
            "parameters": id_,
            "get": _get("getHome", {"$ref": "#/components/schemas/Home"}),
            "patch": {
                "operationId": "patchHome", "responses": done, "requestBody": {"content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Home"}}}},
            },
        },
    }  # fmt: skip
    if random.random() < 0.8:
        paths["/homes/{id}/word"]["get"] = _get("getWord", word)
    if random.random() < 0.5:
        paths["/cats/{id}"]["get"] = _get("getCat", _ONE_OR_MANY)
    schemas = {
        "Home": home,
        "Cat": {"type": "object", "properties": {**own, "purr": text}},
        "Dog": {"type": "object", "properties": {**own, "bark": text}},
        "Rock": {"type": "object", "properties": {**own, "weight": text}},
    }
    scheme = {"session": {"type": "apiKey", "in": "header", "name": "x-session"}}
    return {
        "openapi": "3.1.0", "info": {"title": "Homes", "version": "1"},
        "security": [{"session": []}], "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": scheme},
    }  # fmt: skip


def _keyed(value: Any) -> Any:
    """Where no GET shows what stands in a map, a name is the key of what stands there."""
    if isinstance(value, list):
        return [_keyed(each) for each in value]
    if not isinstance(value, dict) or "owner" in value:
        return value
    return {
        name: {**each, "id": name, "owner": _OWNERS[name]}
        if isinstance(each, dict) and "owner" in each and name in _OWNERS
        else _keyed(each)
        for name, each in value.items()
    }


def _values(schema: Any, leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of a schema, and what else may come in their place; `leaf`: objects."""
    other: st.SearchStrategy[Any] = st.sampled_from([None, [], {}, "p1"])
    if "$ref" in schema:
        return st.one_of(leaf, leaf, leaf, other)
    if "oneOf" in schema or "anyOf" in schema:
        several = schema.get("oneOf") or schema["anyOf"]
        return st.one_of(*(_values(each, leaf) for each in several))
    if "additionalProperties" in schema:
        below = _values(schema["additionalProperties"], leaf)
        return st.dictionaries(st.sampled_from(_PETS), below, max_size=2)
    if "properties" in schema:
        made = {"data": _values(schema["properties"]["data"], leaf)}
        return st.fixed_dictionaries({}, optional={**made, "note": st.just("x")})
    if "items" in schema:
        return st.lists(_values(schema["items"], leaf), max_size=2)
    return other


_SENT = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(_PETS), "kind": st.sampled_from(["Cat", "Dog", "Rock"]),
        "name": st.just("X"), "mark": st.just("X"), "purr": st.just("X"), "weight": st.just("X"),
    },
)  # fmt: skip
_STORED = st.sampled_from(_PETS).map(
    lambda key: {
        "id": key, "owner": _OWNERS[key], "kind": "Cat", "name": "n", "mark": "m", "purr": "p",
    }
)  # fmt: skip


@dataclass
class Api(Upstream):
    stored: dict[str, Any] = field(default_factory=dict)

    def answer(self, request: Request) -> Response | None:
        if request.method != "GET":
            return Response(204, (), b"")
        if request.target == "/me":
            return super().answer(request)
        if request.target not in self.stored:
            return Response(404, (), b"")
        said = json.dumps(self.stored[request.target]).encode()
        return Response(200, (("content-type", "application/json"),), said)


@dataclass(repr=False)
class World(Both):
    api: Api
    document: dict[str, Any]

    def shown_at(self, path: str) -> Any:
        answer = self.document["paths"][path]["get"]["responses"]["200"]
        return answer["content"]["application/json"]["schema"]

    def schema(self, place: str) -> Any:
        if place == "home":
            return self.document["components"]["schemas"]["Home"]["properties"]["in"]
        body = self.document["paths"]["/all"]["patch"]["requestBody"]
        return body["content"]["application/json"]["schema"]


_POLICY = {
    "exposure": 1,
    "api": "openapi.yaml",
    "caller": {"operation": "getMe", "id": "/id"},
    "relations": {"owner": {"is": "owner"}, "member": {"authenticated": True}},
    "resources": {
        "Home": {"key": "id", "owner": "owner", "main": "getHome", "fields": {
            "id, owner": [{"see": ["member"]}],
            "in": [{"see": ["member"], "set": ["owner"]}],
        }},
        **{
            name: {"key": "id", "owner": "owner", "main": f"get{name}", "fields": {
                "id, owner": [{"see": ["member"]}],
                f"kind, name, mark, {own}": [{"see": ["member"], "set": ["owner"]}],
            }}
            for name, own in (("Cat", "purr"), ("Dog", "bark"))
        },
    },
    "operations": {"putWord": {}, "patchWord": {}, "patchAll": {}, "patchHome": {}},
}  # fmt: skip


def _world(folder: Path, number: int) -> World:
    document = _document(number)
    (folder / "openapi.yaml").write_text(json.dumps(document))
    (folder / "exposure.yaml").write_text(json.dumps(_POLICY))
    api = Api([{"request": {"target": "/me"}, "answer": {"body": '{"id":"ann"}'}}])
    setup = Setup(load(folder / "exposure.yaml"), folder, api, Clock(), {})
    guards = [PythonGuard(setup), LuaGuard(setup, str(folder / "state"), worker=WORKERS.next())]
    return World(setup, guards, api, document)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[World]]:
    yield [_world(tmp_path_factory.mktemp(f"written{n}"), n) for n in range(_CONTRACTS)]


def _writes(value: Any) -> bool:
    """Whether a body says more of an object than which one it is."""
    return not isinstance(value, dict) or not value.keys() <= {"id"}


def _may_be(schema: Any) -> bool:
    """Whether a cat may stand at a place itself."""
    return any("$ref" in each for each in (schema, *_several(schema)))


def _several(schema: Any) -> list[Any]:
    found: list[Any] = schema.get("oneOf") or schema.get("anyOf") or []
    return found


def _below(value: Any, schema: Any) -> Iterator[tuple[Any, Any]]:
    """What stands in a value, with what is declared there."""
    for way in (schema, *_several(schema)):
        if isinstance(value, list) and "items" in way:
            yield from ((each, way["items"]) for each in value)
        elif isinstance(value, dict) and "additionalProperties" in way:
            yield from ((each, way["additionalProperties"]) for each in value.values())
        elif isinstance(value, dict) and "data" in way.get("properties", {}) and "data" in value:
            yield value["data"], way["properties"]["data"]


def _by_key(value: Any, schema: Any) -> Iterator[str]:
    """Objects that a body names by a key, or by a name in a map."""
    if isinstance(value, dict):
        if value.get("id") in _PETS and _writes(value):
            yield value["id"]
        if _may_be(schema.get("additionalProperties", {})):
            yield from (name for name, each in value.items() if _writes(each))
    for each, declared in _below(value, schema):
        yield from _by_key(each, declared)


def _by_place(value: Any, stored: Any) -> Iterator[str]:
    """Objects that stand in the place of what a body holds."""
    if isinstance(value, list) and isinstance(stored, list):
        for each, there in zip(value, stored, strict=False):
            if not (isinstance(each, dict) and each.get("id")):  # an element with a key is found
                yield from _by_place(each, there)
    elif isinstance(value, dict) and isinstance(stored, dict):
        if stored.get("id") in _PETS:
            yield from [stored["id"]] if _writes(value) and value else []
        else:
            for name in value.keys() & stored.keys():
                yield from _by_place(value[name], stored[name])


def _at_path(stored: Any) -> Iterator[str]:
    """Objects that a path which ends with a word shows by themselves."""
    if isinstance(stored, dict):
        if stored.get("id") in _PETS:
            yield stored["id"]
        else:
            yield from _at_path(stored.get("data"))


def _reached(path: str, body: Any, stored: Any, schema: Any) -> set[str]:
    found = {*_by_key(body, schema), *_by_place(body, stored)}
    return found | ({*_at_path(stored)} if "word" in path else set())


_PLACES = (
    ("PUT", "/homes/h1/word"), ("PATCH", "/homes/h1/word"), ("PATCH", "/all"),
    ("PATCH", "/homes/h1"),
)  # fmt: skip


@LAW
@given(st.data(), st.integers(0, _CONTRACTS - 1), st.sampled_from(_PLACES))
def test_no_write_reaches_an_object_that_its_caller_may_not_write(
    worlds: list[World], data: st.DataObject, number: int, place: tuple[str, str]
) -> None:
    world, (method, path) = worlds[number], place
    kind = "home" if path == "/homes/h1" else "word"
    stored = data.draw(_values(world.schema(kind), _STORED))
    body = data.draw(_values(world.schema(kind), _SENT))
    pets: dict[str, Any] = {
        f"/cats/{key}": {"id": key, "owner": _OWNERS[key], "kind": "Cat"} for key in _PETS
    }
    if "oneOf" in world.shown_at("/cats/{id}") and data.draw(st.booleans()):
        pets = {target: [cat] for target, cat in pets.items()}
    home = {"id": "h1", "owner": "ann", **({"in": stored} if kind == "home" else {})}
    world.api.stored = {"/homes/h1": home, **pets}
    has_get = "get" in world.document["paths"]["/homes/{id}/word"]
    if kind == "word" and has_get:
        world.api.stored["/homes/h1/word"] = stored
    elif kind == "word":
        stored = _keyed(stored)
    onward = world.onward(method, path, {"in": body} if kind == "home" else body)
    if onward is None:
        return
    said = onward.get("in") if kind == "home" else onward
    here = stored if path != "/all" else None
    reached = _reached(path, said, here, world.schema(kind))
    assert {_OWNERS[key] for key in reached} <= {"ann"}, (stored, said, world.schema(kind))


def test_the_law_is_about_writes_of_ones_own(worlds: list[World]) -> None:
    passed = 0
    for world in worlds:
        cat = {"id": "p2", "owner": "ann", "kind": "Cat"}
        world.api.stored = {"/homes/h1": {"id": "h1", "owner": "ann"}, "/cats/p2": cat}
        world.api.stored["/homes/h1/word"] = cat
        sent = [{"name": "X"}, {"data": {"name": "X"}}, {"p2": {"name": "X"}}, {"p2": None}]
        passed += sum(
            world.onward(method, path, each) is not None
            for method, path in _PLACES[:3]
            for each in sent
        )
    assert passed >= len(worlds)
