"""All files are read before the first request, and nothing is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import InputError
from oakum.scan.limits import Permissions
from oakum.scan.options import Options
from oakum.scan.preparation import Preparation, prepare
from tests.unit.scan.studio import DOCUMENT, POLICY, TARGET
from tests.unit.scan.test_run import IDENTITIES


def prepared(folder: Path, policy: str = POLICY, **more: object) -> Preparation:
    for name, text in (
        ("openapi.yaml", DOCUMENT), ("exposure.yaml", policy), ("identities.yaml", IDENTITIES),
    ):  # fmt: skip
        (folder / name).write_text(text)
    (folder / "identities.yaml").chmod(0o600)
    files = folder / "exposure.yaml", TARGET, folder / "identities.yaml"
    return prepare(Options(*files, **more))  # type: ignore[arg-type]


def test_an_operation_that_is_left_out_is_in_the_whole_and_not_in_the_model(tmp_path: Path) -> None:
    found = prepared(tmp_path, exclude=("getPerson",))
    assert "getPerson" in found.whole.operations
    assert "getPerson" not in found.model.operations
    assert "getPerson" not in {probe.operation.id for probe in found.probes}


def test_a_small_budget_leaves_endpoints_for_later(tmp_path: Path) -> None:
    assert prepared(tmp_path).spending.left == []
    found = prepared(tmp_path, budget=10)
    assert found.probes and found.spending.left
    assert tuple(found.probes) == found.prospect().probes


def test_what_techniques_foresee_with_more_leave_is_asked_for(tmp_path: Path) -> None:
    found = prepared(tmp_path)
    assert not found.prospect().may.writes
    assert found.prospect(Permissions(writes=True)).may.writes


def test_another_file_has_another_digest_and_a_comment_makes_no_other_contract(
    tmp_path: Path,
) -> None:
    first = prepared(tmp_path)
    digest = first.digest()
    assert prepared(tmp_path).digest() == digest
    other = prepared(tmp_path, POLICY + "\n# another\n")
    assert other.digest() != digest and other.contract_digest == first.contract_digest
    assert prepared(tmp_path, include=("getPerson",)).digest() != digest


def test_a_file_that_is_wrong_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        prepared(tmp_path, POLICY.replace("exposure: 1", "exposure: 9"))
