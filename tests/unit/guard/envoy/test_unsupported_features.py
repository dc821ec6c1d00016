"""What Envoy cannot serve is named where Envoy is meant, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from oakum.guard.contract_reader import ContractFiles
from oakum.guard.engine_protocol import EngineTarget
from oakum.guard.envoy import Envoy
from oakum.guard.nginx import Nginx
from tests.unit.guard.small import DOCUMENT, POLICY
from tests.unit.guard.test_contract_reader import read


def said(found: ContractFiles, engine: EngineTarget) -> str:
    return "\n".join(map(str, found.warnings_for([engine])))


def test_a_method_that_envoy_does_not_know_is_told_of(tmp_path: Path) -> None:
    more = "    additionalOperations: {LABEL: {operationId: label, responses: {'204': {}}}}\n"
    path = DOCUMENT.index("    get:")
    found = read(tmp_path, DOCUMENT[:path] + more + DOCUMENT[path:], POLICY)
    assert "Envoy does not know the method `LABEL` of `label`" in said(found, Envoy())
    assert "LABEL" not in said(found, Nginx())


def test_a_feed_is_told_of_where_the_engine_lets_none_pass(tmp_path: Path) -> None:
    document = DOCUMENT.replace("application/json", "text/event-stream")
    found = read(tmp_path, document, POLICY.replace("caller: {operation: getMe, id: /id}\n", ""))
    assert "`getMe` is a feed" in said(found, Envoy())
    assert "`getMe` is a feed" not in said(found, Nginx())
    assert (
        list(Envoy().unserved_operations(read(tmp_path, DOCUMENT, POLICY).compiled.document)) == []
    )
