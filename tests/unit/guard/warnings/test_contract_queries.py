"""What several warnings ask of a contract."""

from __future__ import annotations

from pathlib import Path

from oakum.guard.contract_reader import read_contract
from oakum.guard.warnings import contract_queries
from tests.unit.guard.warnings.contracts import CLUB, DESK, said


def test_what_an_operation_shows_and_writes(tmp_path: Path) -> None:
    said(tmp_path, DESK)
    contract = read_contract(tmp_path / "exposure.yaml").compiled
    update = contract.model.operations["updateLabel"]
    assert contract_queries.resources_written(contract, update) == ["Label"]
    assert contract_queries.resources_shown(contract, contract.model.operations["renew"]) == [
        "Account"
    ]


def test_who_follows_somebody_is_logged_in_too(tmp_path: Path) -> None:
    said(tmp_path, CLUB)
    contract = read_contract(tmp_path / "exposure.yaml").compiled
    assert contract_queries.certain(contract, "follower") == {"anyone", "member", "follower"}
    assert contract_queries.certain(contract, "anyone") == {"anyone"}


def test_a_key_that_a_line_lets_somebody_set_may_be_set(tmp_path: Path) -> None:
    def settable(_: object, policy: dict[str, dict[str, dict[str, object]]]) -> None:
        policy["resources"]["Label"]["fields"] = {"id": [{"see": ["owner"], "set": ["owner"]}]}

    said(tmp_path, DESK)
    assert not contract_queries.may_set_key(
        read_contract(tmp_path / "exposure.yaml").compiled, "Label"
    )
    said(tmp_path, DESK, settable)
    assert contract_queries.may_set_key(read_contract(tmp_path / "exposure.yaml").compiled, "Label")
