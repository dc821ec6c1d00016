"""Which names in a request neither contract nor document explains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from oakum.policy.contract import load
from oakum.routing.compiled_contract import compile_for_gateway
from oakum.routing.unexplained_names import unexplained
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

REMARKS = quick_yaml.load((FOLDER / "contracts" / "remarks.yaml").read_text(encoding="utf-8"))


def names(folder: Path, rule: dict[str, Any]) -> list[str]:
    operations = {**REMARKS["policy"]["operations"], "remark": rule}
    policy = {**REMARKS["policy"], "operations": operations, "api": "openapi.yaml"}
    (folder / "openapi.yaml").write_text(json.dumps(REMARKS["document"]))
    (folder / "exposure.yaml").write_text(json.dumps(policy))
    contract = compile_for_gateway(load(folder / "exposure.yaml"))
    operation = contract.model.operations["remark"]
    return [each.called for each in unexplained(contract.model, operation)]


def test_what_is_called_like_a_key_or_stated_is_explained(tmp_path: Path) -> None:
    assert set(names(tmp_path, {"call": ["member"]})) == {"text", ""}
    assert set(names(tmp_path, {"call": ["member"], "params": {"text": "Note.title"}})) == {""}
