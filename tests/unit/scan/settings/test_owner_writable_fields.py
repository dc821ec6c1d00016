"""Own fields: an owner may write them, and they change neither who sees nor who somebody is."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.authz import Model, compile_contract
from oakum.inference.lexicon import FieldClass, classify_field
from oakum.openapi.model import Shape
from oakum.policy.contract import load
from oakum.policy.model import Switch
from oakum.scan.settings.owner_writable_fields import of_objects, own_fields
from tests.unit.scan.studio import model

PLAIN = ("bio", "city", "height", "listed", "weightKg")
NEVER = ("apiToken", "email", "id", "accountId", "password", "phone", "pin", "userName")
"""Fields that are keys, handles, secrets or contacts."""
KINDS = {"height": "integer", "weightKg": "number", "listed": "boolean"}


@dataclass
class Gym:
    """A contract, as far as it is drawn."""

    setters: dict[str, str]
    """Field of a person → the relation that may set it; empty: none."""
    read_only: set[str]
    methods: set[str]
    """Of the operations that write to `/me`."""
    switched: str
    """What a switch writes, if its method is there; empty: nothing."""
    by: str
    nested: bool
    """A person stands in a member of the body."""

    def pointer(self, name: str) -> str:
        return f"/person/{name}" if self.nested else f"/{name}"


WHO = st.sampled_from(["owner", "owner", "member", "staff", ""])
GYMS = st.builds(
    Gym,
    st.dictionaries(st.sampled_from(PLAIN + NEVER), WHO),
    st.sets(st.sampled_from(PLAIN), max_size=2),
    st.sets(st.sampled_from(["PATCH", "PUT", "POST"])),
    st.sampled_from(["", "listed", "bio"]),
    st.sampled_from(["PATCH", "PUT", "POST"]),
    st.booleans(),
)


def document(gym: Gym) -> dict[str, Any]:
    members = {
        name: {"type": KINDS.get(name, "string"), "readOnly": name in gym.read_only}
        for name in gym.setters
    } | {"key": {"type": "string"}, "shown": {"type": "boolean"}}
    person = {"$ref": "#/components/schemas/Person"}
    body = {"type": "object", "properties": {"person": person}} if gym.nested else person
    answer = {"description": "ok", "content": {"application/json": {"schema": person}}}
    endpoints = {
        method.lower(): {
            "operationId": f"{method.lower()}Me",
            "requestBody": {"content": {"application/json": {"schema": body}}},
            "responses": {"200": answer},
        }
        for method in sorted(gym.methods)
    }
    read = {"operationId": "getMe", "responses": {"200": answer}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "gym", "version": "1"},
        "paths": {"/me": {"get": read, **endpoints}},
        "components": {"schemas": {"Person": {"type": "object", "properties": members}}},
    }


def policy(gym: Gym) -> dict[str, Any]:
    lines: dict[str, Any] = {"key, shown": [{"see": ["member"]}]}
    for name, who in gym.setters.items():
        lines[name] = [{"see": ["owner"], **({"set": [who]} if who else {})}]
    state: dict[str, Any] = {"field": "shown"}
    if gym.switched in gym.setters and gym.by in gym.methods:
        state["switch"] = {"operation": f"{gym.by.lower()}Me", "set": gym.pointer(gym.switched)}
    return {
        "exposure": 1,
        "api": "openapi.yaml",
        "caller": {"operation": "getMe", "id": "/key"},
        "relations": {
            "member": {"authenticated": True},
            "staff": {"claim": "roles", "has": "staff"},
            "owner": {"is": "owner"},
        },
        "resources": {
            "Person": {"key": "key", "owner": "key", "states": {"shown": state}, "fields": lines}
        },
        "operations": {
            f"{method.lower()}Me": {"sets": {"Person": "/person"}}
            for method in (sorted(gym.methods) if gym.nested else ())
        },
    }


def found(gym: Gym) -> dict[str, Switch]:
    """Own fields of the contract."""
    return own_fields(compiled(document(gym), policy(gym)), {})


def compiled(document: dict[str, Any], policy: dict[str, Any]) -> Model:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "openapi.yaml").write_bytes(orjson.dumps(document))
        (Path(folder) / "exposure.yaml").write_bytes(orjson.dumps(policy))
        read = load(Path(folder) / "exposure.yaml")
    assert read.policy is not None
    return compile_contract(read.document, read.policy)


@settings(max_examples=60, deadline=None)
@given(GYMS)
def test_own_fields_are_those_that_the_contract_lets_an_owner_set_and_no_other(gym: Gym) -> None:
    switched = gym.switched if gym.by in gym.methods else ""
    own = [name for name, who in gym.setters.items() if who in ("owner", "member")]
    assert found(gym).keys() == {
        f"Person.{name}"
        for name in own
        if gym.methods and name in PLAIN and name not in gym.read_only and name != switched
    }


@settings(max_examples=20, deadline=None)
@given(GYMS)
def test_each_is_written_where_it_stands_by_the_gentlest_method(gym: Gym) -> None:
    methods = [each for each in ("PATCH", "PUT", "POST") if each in gym.methods]
    for path, switch in found(gym).items():
        pointer = gym.pointer(path.removeprefix("Person."))
        assert switch == Switch(f"{methods[0].lower()}Me", pointer)


@pytest.mark.parametrize("name", NEVER)
def test_keys_handles_secrets_and_contacts_are_what_they_are_called(name: str) -> None:
    never = {FieldClass.KEY, FieldClass.HANDLE, FieldClass.SECRET, FieldClass.CONTACT}
    assert classify_field(name, Shape(kinds=frozenset({"string"}))) in never


def test_a_setting_that_decides_who_sees_is_no_own_field() -> None:
    """The studio's PUT writes a theme and what is private; nobody is said to set the theme."""
    assert own_fields(model(), {}) == {}


def test_fields_of_objects_are_own_only_where_each_caller_has_one() -> None:
    """The club's members each have one card, and as many boats as they like."""
    known = club()
    assert own_fields(known, {}).keys() == {"Card.colour"}
    assert of_objects(known, {}).keys() == {"Boat.bio", "Card.motto"}


def club() -> Model:
    """`PUT /boats/{id}` writes a boat, and in it the motto of a card."""
    text = {"type": "string"}
    card = {"type": "object", "properties": {"colour": text}}
    boat = {
        "type": "object",
        "properties": {
            "id": text, "owner": text, "bio": text,
            "card": {"type": "object", "properties": {"motto": text}},
        },
    }  # fmt: skip

    def endpoint(name: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
        said = {"content": {"application/json": {"schema": schema}}}
        return {"operationId": name, "responses": {"200": {"description": "ok", **said}}, **more}

    def writes(name: str, schema: dict[str, Any]) -> dict[str, Any]:
        return endpoint(
            name, schema, requestBody={"content": {"application/json": {"schema": schema}}}
        )

    path = {"name": "id", "in": "path", "required": True, "schema": text}
    read = {
        "openapi": "3.0.3",
        "info": {"title": "club", "version": "1"},
        "paths": {
            "/card": {"get": endpoint("card", card), "patch": writes("setCard", card)},
            "/boats/{id}": {
                "parameters": [path],
                "get": endpoint("boat", boat),
                "put": writes("setBoat", boat),
            },
        },
    }
    owners = [{"see": ["owner"], "set": ["owner"]}]
    said = {
        "exposure": 1,
        "api": "openapi.yaml",
        "caller": {"claim": "sub"},
        "relations": {"owner": {"is": "owner"}},
        "resources": {
            "Card": {"owner": {"caller": True}, "fields": {"colour, motto": owners}},
            "Boat": {
                "key": "id",
                "owner": "owner",
                "fields": {"id, owner": [{"see": ["owner"]}], "bio": owners},
            },
        },
        "operations": {
            "card": {"shows": {"Card": ""}},
            "setCard": {"sets": {"Card": ""}},
            "boat": {"shows": {"Boat": "", "Card": "/card"}, "params": {"id": "Boat.id"}},
            "setBoat": {"sets": {"Boat": "", "Card": "/card"}, "params": {"id": "Boat.id"}},
        },
    }
    return compiled(read, said)
