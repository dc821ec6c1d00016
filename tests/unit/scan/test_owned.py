"""Own fields: what an owner may write of theirs, and changes neither who sees it nor who they are."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.contract import load
from oakum.contract.lexicon import FieldClass, classify_field
from oakum.contract.model import Shape, Switch
from oakum.scan.owned import own_fields
from oakum.semantics import compile_contract
from tests.unit.scan.studio import model

PLAIN = ("bio", "city", "height", "listed", "weightKg")
NEVER = ("apiToken", "email", "id", "memberKey", "password", "phone", "pin", "userName")
"""Fields that are keys, handles, secrets or contacts."""
KINDS = {"height": "integer", "weightKg": "number", "listed": "boolean"}


@st.composite
def contracts(draw: st.DrawFn) -> dict[str, object]:
    """What is drawn of one contract: who sets which field, which are read only, what a switch does."""
    names = draw(st.sets(st.sampled_from(PLAIN + NEVER)))
    return {
        "fields": sorted(names),
        "set": {each: draw(st.sampled_from(["owner", "member", "staff", ""])) for each in names},
        "read_only": draw(st.sets(st.sampled_from(sorted(names)))) if names else set(),
        "methods": draw(st.sets(st.sampled_from(["PATCH", "PUT", "POST"]))),
        "switch": draw(st.sampled_from(["", "listed", "bio"])),
        "nested": draw(st.booleans()),
    }


def found(drawn: Mapping[str, object]) -> dict[str, Switch]:
    """Own fields of the contract that was drawn."""
    fields, nested = drawn["fields"], drawn["nested"]
    members = {
        name: {"type": KINDS.get(name, "string"), "readOnly": name in drawn["read_only"]}  # type: ignore[operator]
        for name in fields  # type: ignore[attr-defined]
    }
    person = {"$ref": "#/components/schemas/Person"}
    body = {"type": "object", "properties": {"person": person}} if nested else person
    answer = {"description": "ok", "content": {"application/json": {"schema": person}}}
    doors = {
        method.lower(): {
            "operationId": f"{method.lower()}Me",
            "requestBody": {"content": {"application/json": {"schema": body}}},
            "responses": {"200": answer},
        }
        for method in sorted(drawn["methods"])  # type: ignore[call-overload]
    }
    document = {
        "openapi": "3.0.3",
        "info": {"title": "gym", "version": "1"},
        "paths": {
            "/me": {"get": {"operationId": "getMe", "responses": {"200": answer}}, **doors}
        },
        "components": {
            "schemas": {
                "Person": {
                    "type": "object",
                    "properties": {"key": {"type": "string"}, "shown": {"type": "boolean"}, **members},
                }
            }
        },
    }  # fmt: skip
    switched = drawn["switch"] if drawn["switch"] in fields and "PATCH" in drawn["methods"] else ""  # type: ignore[operator]
    at = f"/person/{switched}" if nested else f"/{switched}"
    state = {"field": "shown"} | (
        {"switch": {"operation": "patchMe", "set": at}} if switched else {}
    )
    lines: dict[str, object] = {"key, shown": [{"see": ["member"]}]}
    for name in fields:  # type: ignore[attr-defined]
        who = drawn["set"][name]  # type: ignore[index]
        lines[name] = [{"see": ["owner"], **({"set": [who]} if who else {})}]
    policy = {
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
            f"{m.lower()}Me": {"sets": {"Person": "/person"}}
            for m in (drawn["methods"] if nested else ())  # type: ignore[attr-defined]
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "openapi.yaml").write_bytes(orjson.dumps(document))
        (Path(folder) / "exposure.yaml").write_bytes(orjson.dumps(policy))
        read = load(Path(folder) / "exposure.yaml")
    assert read.policy is not None
    return own_fields(compile_contract(read.document, read.policy))


@settings(max_examples=60, deadline=None)
@given(contracts())
def test_own_fields_are_those_that_the_contract_lets_an_owner_set_and_no_other(
    drawn: dict[str, object],
) -> None:
    switched = drawn["switch"] if "PATCH" in drawn["methods"] else ""  # type: ignore[operator]
    wanted = {
        f"Person.{name}"
        for name in drawn["fields"]  # type: ignore[attr-defined]
        if name in PLAIN and drawn["methods"]
        if drawn["set"][name] in ("owner", "member")  # type: ignore[index]
        if name not in drawn["read_only"] and name != switched  # type: ignore[operator]
    }
    assert found(drawn).keys() == wanted


@settings(max_examples=60, deadline=None)
@given(contracts())
def test_each_is_written_where_it_stands_by_the_gentlest_method(drawn: dict[str, object]) -> None:
    methods = [each for each in ("PATCH", "PUT", "POST") if each in drawn["methods"]]  # type: ignore[operator]
    for path, switch in found(drawn).items():
        name = path.removeprefix("Person.")
        assert switch.operation == f"{methods[0].lower()}Me"
        assert switch.pointer == (f"/person/{name}" if drawn["nested"] else f"/{name}")


@pytest.mark.parametrize("name", NEVER)
def test_keys_handles_secrets_and_contacts_are_what_they_are_called(name: str) -> None:
    never = {FieldClass.KEY, FieldClass.HANDLE, FieldClass.SECRET, FieldClass.CONTACT}
    assert classify_field(name, Shape(kinds=frozenset({"string"}))) in never


def test_a_setting_that_decides_who_sees_is_no_own_field() -> None:
    """The studio's PUT writes a theme and what is private; nobody is said to set the theme."""
    assert own_fields(model()) == {}
