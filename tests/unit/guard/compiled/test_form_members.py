"""Declared members of a form body."""

from __future__ import annotations

import json
from pathlib import Path

from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

LEDGER = quick_yaml.load((FOLDER / "contracts" / "ledger.yaml").read_text())


def test_what_is_declared_as_an_integer_alone_is_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text(json.dumps(LEDGER["document"]))
    policy = {**LEDGER["policy"], "api": "openapi.yaml"}
    (tmp_path / "exposure.yaml").write_text(json.dumps(policy))
    compiled = compile_for_gateway(load(tmp_path / "exposure.yaml"))
    form = compiled.lookups.endpoints["close"].form
    assert form is not None and form.judged
    assert form.numbers == {"nums", "hard"}
