"""Contracts in which what decides stands in every object, so that it can be lacking.

Those of `wild.py` are of every kind, and most of what they hold decides nothing. Here each object
names its owners, its people and its settings; two components are the alternatives of one union, or
one of them and an object that is no resource; and a third holds that union in a member and a list.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.properties.wild import RELATIONS

Said = dict[str, Any]
TEXT: Said = {"type": "string"}
_SHARED: Said = {
    "id": TEXT,
    "owner_id": TEXT,
    "hidden": {"type": "boolean"},
    "level": TEXT,
    "tags": {"type": "array", "items": TEXT},
}
_OWNERS: tuple[Any, ...] = (
    "id", "owner_id", ["id", "owner_id"], ["owner_id", "tags.*"], "tags.*",
    {"path": "who"}, {"parent": True}, "none",
)  # fmt: skip
_LINES = (("mate", "in"), ("mate.**", "in.**"), ("mate.id", "in.*.id"), ("mate.a", "in.*.b"))
_FEW = 4
"""Relations of a contract: each doubles the time that it is compiled in."""


def pointed(random: Random) -> tuple[Said, Said]:
    """A document and a policy, as values."""
    few = random.sample(sorted(RELATIONS), _FEW)
    parts = {name: _component(random) for name in ("Ann", "Bob", "Cat", "Dot")}
    named = [{"$ref": f"#/components/schemas/{name}"} for name in ("Ann", "Bob")]
    plain = random.random() < 0.4
    either: Said = {"oneOf": [named[0], parts["Bob"]] if plain else named}
    holding = {"mate": either, "in": {"type": "array", "items": either}}
    parts["Cat"]["properties"] = {**parts["Cat"]["properties"], **holding}
    whole = {"$ref": "#/components/schemas/Cat"} if random.random() < 0.7 else either
    answer = {"type": "array", "items": whole} if random.random() < 0.4 else whole
    found = {
        name: _resource(random, few, parts[name]["properties"])
        for name in (("Ann", "Cat") if plain else ("Ann", "Bob", "Cat"))
    }
    rule: Said = {"owner": "who"} if random.random() < 0.5 else {}
    body = {"content": {"application/json": {"schema": answer}}, "description": "d"}
    endpoint = {
        "operationId": "list",
        "parameters": [{"name": "who", "in": "path", "required": True, "schema": TEXT}],
        "responses": {"200": body},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "pointed", "version": "1"},
        "paths": {"/things/{who}": {"get": endpoint}},
        "components": {"schemas": parts},
    }
    policy = {"exposure": 1, "api": "o", "relations": RELATIONS, "resources": found}
    return document, {**policy, "operations": {"list": rule}}


def _component(random: Random) -> Said:
    own = random.sample(("a", "b", "map", "either", "*"), random.randrange(1, 4))
    return {"type": "object", "properties": {**_SHARED, **dict.fromkeys(own, TEXT)}}


def _resource(random: Random, few: list[str], members: Said) -> Said:
    lines = [name for name in members if name not in ("mate", "in")]
    if "mate" in members:
        lines += random.choice(_LINES)
    hidden: Said = {"field": "hidden"}
    if random.random() < 0.5:
        hidden["missing"] = random.random() < 0.5
    return {
        "key": "id",
        "owner": random.choice(_OWNERS),
        "states": {
            "hidden": hidden,
            "level": {"field": "level", "levels": ["all", "few", "me"]},
        },
        "fields": {line: _grants(random, few) for line in lines if random.random() < 0.8},
    }


def _grants(random: Random, few: list[str]) -> list[Said]:
    made = []
    for _ in range(random.choice((1, 1, 2))):
        grant: Said = {"see": random.sample(few, random.choice((1, 1, 2)))}
        if random.random() < 0.3:
            grant["when"] = {"hidden": random.random() < 0.2}
        elif random.random() < 0.2:
            grant["when"] = {"level": random.choice(("all", ["all", "few"]))}
        made.append(grant)
    return made
