"""Concealed objects in the plan."""

from __future__ import annotations

import json
from pathlib import Path

from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.guard.plan.concealed_objects import plan_hidden
from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

DIFFS = quick_yaml.load((FOLDER / "contracts" / "diffs.yaml").read_text())


def test_each_object_of_a_path_stands_where_its_reader_and_resource_do(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text(json.dumps(DIFFS["document"]))
    (tmp_path / "exposure.yaml").write_text(json.dumps({**DIFFS["policy"], "api": "openapi.yaml"}))
    endpoints = compile_for_gateway(load(tmp_path / "exposure.yaml")).lookups.endpoints
    at = {id: index for index, id in enumerate(endpoints)}
    plan = plan_hidden(endpoints["withNote"], at, {"User": 0, "Page": 1, "Note": 2})
    note = {"resources": [2], "whose": "", "reader": at["getNote"], "at": ("nid",), "within": ()}
    note["alone"] = False
    inner, outer = {"above": False, "around": True}, {"above": True, "around": False}
    assert plan["hidden"] == {**note, "key": "b", "renamed": {"nid": "b"}, **inner}
    assert plan["others"] == [{**note, "key": "a", "renamed": {"nid": "a"}, **outer}]
    assert (plan["asked"], plan["named"]) == (None, {})
