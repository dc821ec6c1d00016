"""Which operation a path is for, in a plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.guard.plan.ambiguous_paths import rivals, shut, turn
from oakum.guard.plan.deduplicated_automata import Automata
from oakum.policy.contract import load

DONE = {"responses": {"204": {"description": "done"}}}


def of(name: str, schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": schema}]


def test_paths_that_differ_in_their_parameters_alone(tmp_path: Path) -> None:
    number, text = {"type": "integer"}, {"type": "string"}
    get: dict[str, dict[str, Any]] = {
        "/things/{id}": {"operationId": "byId", "parameters": of("id", number)},
        "/things/{name}": {"operationId": "byName", "parameters": of("name", text)},
        "/things/all": {"operationId": "all"},
        "/me": {"operationId": "me"},
    }
    quoted = {path: {"get": {**each, **DONE}} for path, each in get.items()}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": quoted}
    granted: dict[str, Any] = {"byId": {}, "byName": {}, "me": {}, "all": {"call": []}}
    policy = {
        "exposure": 1,
        "api": "openapi.yaml",
        "relations": {"anyone": {}},
        "resources": {},
        "operations": granted,
    }
    (tmp_path / "openapi.yaml").write_text(json.dumps(document))
    (tmp_path / "exposure.yaml").write_text(json.dumps(policy))
    compiled = compile_for_gateway(load(tmp_path / "exposure.yaml"))
    operations = compiled.model.operations
    turns = [turn(compiled.lookups, operations[each]) for each in ("byId", "byName", "me")]
    assert turns[0] < turns[1]
    assert turns[2] == 0
    assert ["things", "all"] in shut(compiled.model, compiled.lookups, compiled.document.closed)
    automata = Automata()
    nobodys = [*rivals(compiled.lookups, automata)]
    # What not all routers read as an integer, and what none of the two takes.
    assert {tuple(each["segments"]) for each in nobodys} == {("things", "{id}")}
    assert all(at < len(automata.rows) for each in nobodys for at in each["texts"].values())
