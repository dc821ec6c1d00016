"""A value of another kind than the document declares never shows more: Python and Lua.

APIs send one object where a list is declared, a list where an object is, a map, a wrapped object or
JSON as a text. Each word of an object is unlike all others, so what is shown of the wrong kind
can be held against what is shown of the declared one: words of objects, of what stands beside them
in a row, and counts.
"""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from itertools import count
from random import Random
from typing import Any

from hypothesis import example, given

from oakum.authz import Call, Principal, project
from tests.conformance.lua import Lua, runtime
from tests.properties.pool import SEEDED, SEEDS
from tests.properties.wild import Wild, read

Said = dict[str, Any]
PEOPLE = ("ann", "bob")
_WORD = re.compile(r"[a-z]+:[a-z]*:\d+|77\d{6}")
_MEMBERS = ("data", "items", "m", "x")
_TEXT: Said = {"type": "string"}
_NUMBER: Said = {"type": "integer"}
_CONTRACTS = 60


def place(random: Random, depth: int = 0) -> Said:
    """What may stand anywhere: resources, and lists, maps and plain objects of them."""
    kinds = ["Note", "Note", "Post", "Ride"]
    if depth < 3:
        kinds += ["list", "list", "list", "map", "row", "row"]
    match kind := random.choice(kinds):
        case "list":
            return {"type": "array", "items": place(random, depth + 1)}
        case "map":
            return {"type": "object", "additionalProperties": place(random, depth + 1)}
        case "row":
            names = random.sample(_MEMBERS, random.choice((1, 1, 2)))
            members = {name: place(random, depth + 1) for name in names}
            told = {"points": _NUMBER, "snippet": _TEXT, "words": {"type": "array", "items": _TEXT}}
            return {"type": "object", "properties": told | members}
    return {"$ref": f"#/components/schemas/{kind}"}


@cache
def contract(number: int) -> tuple[Wild, Said, Said, Any]:
    """A contract, its document's schemas, the schema of the answer, and the guard in Lua."""
    random = Random(number)
    members = {name: place(random, 2) for name in random.sample(_MEMBERS, 2)}
    note = {"id": _TEXT, "ownerId": _TEXT, "title": _TEXT, "score": _NUMBER}
    note |= {"deep": {"type": "object", "properties": {"y": _TEXT}}}
    post = {"id": _TEXT, "ownerId": _TEXT, "title": _TEXT, "blurb": _TEXT, **members}
    ride = {"rideId": _TEXT, "label": _TEXT, "tags": {"type": "array", "items": _TEXT}}
    ride |= {name: place(random, 2) for name in random.sample(_MEMBERS, 2)}
    parts = {
        name: {"type": "object", "properties": properties}
        for name, properties in (("Note", note), ("Post", post), ("Ride", ride))
    }
    answer: Said = place(random)
    if random.random() < 0.7:
        within = {name: place(random, 1) for name in random.sample(_MEMBERS, random.choice((1, 2)))}
        answer = {"type": "object", "properties": {"total": _NUMBER, "next": _TEXT, **within}}
    anyone, owner = [{"see": ["anyone"]}], [{"see": ["owner"]}]
    owned = {"key": "id", "owner": "ownerId"}
    policy = {
        "exposure": 1,
        "api": "o",
        "relations": {"anyone": {}, "owner": {"is": "owner"}},
        "resources": {
            "Note": owned | {"fields": dict.fromkeys((*note, "deep.y"), owner)},
            "Post": owned
            | {"fields": {name: anyone if name in (*members, "blurb") else owner for name in post}},
            "Ride": {"key": "rideId", "owner": "none", "fields": dict.fromkeys(ride, anyone)},
        },
        "operations": {"list": {"call": ["anyone"], "counts": ["/total"]}},
    }
    body = {"200": {"description": "d", "content": {"application/json": {"schema": answer}}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "kinds", "version": "1"},
        "paths": {"/list": {"get": {"operationId": "list", "responses": body}}},
        "components": {"schemas": parts},
    }
    made = read(document, policy)
    return made, parts, answer, Lua(made.model, _runtime())


@cache
def _runtime() -> Any:
    return runtime()


class Teller:
    """Values of a schema, each word of which is its own: `secret:bob:7` is of bob's alone."""

    def __init__(self, random: Random, parts: Said) -> None:
        self.random, self.parts, self.numbers = random, parts, count(1)

    def value(self, schema: Said, of: str = "beside:", depth: int = 0) -> Any:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return self._object(name, self.parts[name]["properties"], depth + 1)
        match schema.get("type"):
            case "array":
                size = self.random.choice((0, 1, 1, 2)) if depth < 3 else 0
                return [self.value(schema["items"], of, depth) for _ in range(size)]
            case "string":
                return f"{of}:{next(self.numbers)}"
            case "integer":
                return 77_000_000 + next(self.numbers)
        inner = schema.get("additionalProperties")
        if inner:
            keys = self.random.sample("abc", self.random.choice((0, 1, 2)) if depth < 3 else 0)
            return {key: self.value(inner, of, depth) for key in keys}
        return self._members(schema["properties"], of, depth)

    def _members(self, members: Said, of: str, depth: int) -> Said:
        if depth > 2:
            members = {name: each for name, each in members.items() if name not in _MEMBERS}
        said = {name: "plain:" if name in _MEMBERS and of != "beside:" else of for name in members}
        return {name: self.value(each, said[name], depth) for name, each in members.items()}

    def _object(self, name: str, members: Said, depth: int) -> Said:
        owner = self.random.choice(PEOPLE)
        of = f"secret:{owner}" if name != "Ride" else "plain:"
        kept = {key: each for key, each in members.items() if self.random.random() < 0.85}
        made = self._members(kept, of, depth)
        if "blurb" in made:
            made["blurb"] = f"plain::{next(self.numbers)}"
        if "ownerId" in made:
            made["ownerId"] = owner
        return made


def other_kind(random: Random, value: Any, *, wraps: bool) -> Any:
    """The same words in another kind of value; `wraps`: perhaps below a name of its own."""
    if isinstance(value, list):
        ways = [
            value[0] if value else {},
            {"data": value},
            {"items": value, "total": len(value)},
            dict(zip("abcdef", value, strict=False)),
            [value],
            [[each] for each in value],
            json.dumps(value),
        ]
    elif not isinstance(value, dict):
        return [value]
    else:
        ways = [
            [value],
            list(value.values()),
            [[key, each] for key, each in value.items()],
            next(iter(value.values()), {}),
            [[value]],
            json.dumps(value),
        ]
        named = random.choice((*_MEMBERS, "title", "deep", "id", "a"))
        ways += [{named: value}, {named: [value]}] * 3 if wraps else []
    return random.choice(ways)


def containers(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if not isinstance(value, dict | list):
        return []
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return [path, *(found for key, each in pairs for found in containers(each, (*path, key)))]


def changed(random: Random, body: Any, *, wraps: bool) -> Any:
    """The body with one to three of its containers of another kind."""
    made = copy.deepcopy(body)
    for _ in range(random.choice((1, 1, 2, 3))):
        path = random.choice(containers(made) or [()])
        if not path:
            made = other_kind(random, made, wraps=wraps)
            continue
        around = made
        for step in path[:-1]:
            around = around[step]
        around[path[-1]] = other_kind(random, around[path[-1]], wraps=wraps)
    return made


def words(body: bytes | None) -> set[str]:
    return set(_WORD.findall((body or b"").decode()))


@SEEDED
@given(drawn=SEEDS)
@example(drawn=b"8\xd8\x824\xe4\xa5\xd7L")  # an empty list in the wrong place: nothing else stays
def test_a_value_of_another_kind_never_shows_more(drawn: bytes) -> None:
    """An object below a name that the document does not declare is not known to be one: it is
    removed, and a count beside it stays."""
    random = Random(drawn)
    number, wraps = random.randrange(_CONTRACTS), random.random() < 0.5
    made, parts, schema, lua = contract(number)
    body = Teller(random, parts).value(schema)
    wrong = changed(random, body, wraps=wraps)
    who = random.choice((Principal(frozenset({"ann"})), Principal(frozenset({"eve"})), Principal()))
    texts = [json.dumps(each).encode() for each in (body, wrong)]
    found = [project(made.model, who, Call("list"), text) for text in texts]
    right, less = (words(each.body) for each in found)
    others = "secret:bob:" if "ann" in who.ids else "secret:"
    assert not any(word.startswith(others) for word in right | less), (number, who, *texts)
    total = {f"{body.get('total')}"} if wraps and isinstance(body, dict) else set[str]()
    assert less <= right | total, (less - right, number, who, *texts)
    for text, each in zip(texts, found, strict=True):
        assert lua.project(who, Call("list"), text) == each.body, (number, who, text)


def test_most_of_the_bodies_show_ann_something() -> None:
    """Else the law holds of bodies of which nobody is shown anything."""
    random, ann = Random(1), Principal(frozenset({"ann"}))
    every = [contract(number) for number in range(_CONTRACTS)]
    bodies = [json.dumps(Teller(random, each[1]).value(each[2])).encode() for each in every]
    shown = [
        words(project(each[0].model, ann, Call("list"), body).body)
        for each, body in zip(every, bodies, strict=True)
    ]
    assert sum(bool(each) for each in shown) > len(shown) // 2
