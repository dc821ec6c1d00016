"""Whether a contract tells who may state a member that only a creation may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.authz import Model, compile_contract
from oakum.policy.contract import load
from oakum.scan.write_tests.members_of_creations import WHY, why_undecided
from tests.scan.test_members_of_creations import (
    OWNERS,
    POLICY,
    SHAPES,
    STAFFS,
    UNSAID,
    WITH_STAFF,
    paths,
)
from tests.scan.verdicts import write


def homes(folder: Path, floor: str, new: str, edit: str) -> Model:
    policy = POLICY.replace("FLOOR", floor)
    write(folder, SHAPES, paths(new, edit), policy, relations=WITH_STAFF)
    found = load(folder / "exposure.yaml")
    assert found.policy is not None
    return compile_contract(found.document, found.policy)


@pytest.mark.parametrize(
    ("member", "floor", "new", "edit", "why"),
    [
        ("floor", UNSAID, "HomeNew", "HomeEdit", WHY),
        ("floor", UNSAID, "HomeNew", "HomeNew", ""),
        ("floor", UNSAID, "HomeEdit", "HomeEdit", ""),
        ("floor", STAFFS, "HomeNew", "HomeEdit", ""),
        ("floor", OWNERS, "HomeNew", "HomeEdit", ""),
        ("role", UNSAID, "HomeOfRole", "HomeEdit", ""),
        ("tier", UNSAID, "HomeNew", "HomeEdit", ""),
    ],
)
def test_only_what_a_creation_alone_declares_and_nobody_may_set_is_undecided(
    member: str, floor: str, new: str, edit: str, why: str, tmp_path: Path
) -> None:
    model = homes(tmp_path, floor, new, edit)
    creation = model.operations["createHome"]
    assert why_undecided(model, creation, "Home", (member,), {}) == why
