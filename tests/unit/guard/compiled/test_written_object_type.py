"""What shows of which resource an object is, and what is told where nothing does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import said

TYPES = quick_yaml.load((FOLDER / "contracts" / "types_shown.yaml").read_text())


@pytest.mark.parametrize(
    ("operation", "kind", "get", "pointer"),
    [
        ("putAct", "ask", "getAct", ()),
        ("patchAct", "ask", "getAct", ()),
        ("putWrapped", "ask", "getWrapped", ("data",)),
        ("patchUnseen", "none", "", ()),
    ],
)
def test_the_get_of_the_same_path_shows_the_type(
    tmp_path: Path, operation: str, kind: str, get: str, pointer: tuple[str, ...]
) -> None:
    said(tmp_path, TYPES)
    plan = compile_for_gateway(load(tmp_path / "exposure.yaml")).lookups
    found = plan.endpoints[operation].checks.typed
    assert found is not None
    assert (found.kind, found.operation, found.pointer) == (kind, get, pointer)
    assert found.kinds == ("Ride", "Swim")


def test_where_the_document_leaves_nothing_open_nothing_is_asked(tmp_path: Path) -> None:
    said(tmp_path, TYPES)
    plan = compile_for_gateway(load(tmp_path / "exposure.yaml")).lookups
    for operation in ("postAct", "patchLog", "putLog", "getAct"):
        assert plan.endpoints[operation].checks.typed is None


def test_a_body_of_several_types_without_a_get_is_told(tmp_path: Path) -> None:
    words = (
        "nothing shows whether the object that `patchUnseen` writes is a `Ride` or a `Swim`, so"
        " every body is refused; declare `GET /unseen/{actId}`"
    )

    def shown(document: dict[str, Any], _: dict[str, Any]) -> None:
        got = {**document["paths"]["/acts/{actId}"]["get"], "operationId": "getUnseen"}
        document["paths"]["/unseen/{actId}"]["get"] = got

    assert words in said(tmp_path, TYPES)
    assert "nothing shows whether" not in said(tmp_path, TYPES, shown)
