"""Every implementation of the meaning against the cases that each must pass, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oakum.authz import Call, Model, Principal, compile_contract, project
from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.lua import Lua

FILES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
CASES = [
    pytest.param(file, case, id=f"{file.stem}: {case['name']}")
    for file in FILES
    for case in quick_yaml.load(file.read_text())["cases"]
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Model]:
    made = {}
    for file in FILES:
        folder = tmp_path_factory.mktemp(file.stem)
        content = quick_yaml.load(file.read_text())
        (folder / "openapi.yaml").write_text(json.dumps(content["document"]))
        policy = {**content["policy"], "api": "openapi.yaml"}
        (folder / "exposure.yaml").write_text(json.dumps(policy))
        contract = load(folder / "exposure.yaml")
        assert contract.policy is not None
        made[file] = compile_contract(contract.document, contract.policy)
    return made


def caller(said: dict[str, Any]) -> Principal:
    pairs = {tuple(key.split(" ", 1)): held for key, held in said.get("related", {}).items()}
    states = {tuple(key.split(" ", 1)): value for key, value in said.get("states", {}).items()}
    ids = frozenset({said["id"]}) if "id" in said else frozenset[str]()
    return Principal(ids, said.get("claims", {}), pairs, states)


Project = Callable[[Principal, Call, bytes], bytes | None]


@pytest.fixture(scope="module", params=["python", "lua"])
def implementations(
    request: pytest.FixtureRequest, models: dict[Path, Model]
) -> dict[Path, Project]:
    if request.param == "lua":
        return {file: Lua(model).project for file, model in models.items()}
    return {
        file: lambda who, call, body, model=model: project(model, who, call, body).body
        for file, model in models.items()
    }


@pytest.mark.parametrize(("file", "case"), CASES)
def test_passes_what_the_case_says(
    implementations: dict[Path, Project], file: Path, case: dict[str, Any]
) -> None:
    who, call = caller(case["caller"]), Call(**case["call"])
    passed = implementations[file](who, call, case["body"].encode())
    assert passed == (None if case["passes"] is None else case["passes"].encode())
