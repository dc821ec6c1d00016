"""Which names in a request neither contract nor document explains."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.guard.unexplained_request_names import find_unexplained
from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

REMARKS = quick_yaml.load((FOLDER / "contracts" / "remarks.yaml").read_text(encoding="utf-8"))


def found(folder: Path, document: dict[str, Any], policy: dict[str, Any]) -> list[str]:
    (folder / "openapi.yaml").write_text(json.dumps(document))
    (folder / "exposure.yaml").write_text(json.dumps({**policy, "api": "openapi.yaml"}))
    contract = compile_for_gateway(load(folder / "exposure.yaml"))
    operation = contract.model.operations["remark"]
    return [each.contract_name for each in find_unexplained(contract.model, operation)]


def names(folder: Path, rule: dict[str, Any]) -> list[str]:
    operations = {**REMARKS["policy"]["operations"], "remark": rule}
    return found(folder, REMARKS["document"], {**REMARKS["policy"], "operations": operations})


def test_what_is_called_like_a_key_or_stated_is_explained(tmp_path: Path) -> None:
    assert set(names(tmp_path, {"call": ["member"]})) == {"text", ""}
    assert set(names(tmp_path, {"call": ["member"], "params": {"text": "Note.title"}})) == {""}


def test_what_to_do_names_nothing_unless_a_resource_is_called_so(tmp_path: Path) -> None:
    document, policy = copy.deepcopy(REMARKS["document"]), copy.deepcopy(REMARKS["policy"])
    text = {"type": "object", "properties": {"action": {"type": "string"}}}
    body = {"content": {"application/json": {"schema": text}}}
    document["paths"]["/remarks"]["post"]["requestBody"] = body
    assert "action" not in found(tmp_path, document, policy)
    policy["resources"]["Action"] = {**policy["resources"]["Note"], "schemas": ["Action"]}
    document["components"]["schemas"]["Action"] = document["components"]["schemas"]["Note"]
    assert "action" in found(tmp_path, document, policy)
