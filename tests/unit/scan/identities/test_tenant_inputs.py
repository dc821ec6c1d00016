"""What the lines of identities say beside who is calling."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.authz import compile_contract
from oakum.policy.contract import load
from oakum.scan.identities.identities_file import load_identities
from oakum.scan.identities.tenant_inputs import choices_of
from tests.scan.verdicts import NAMES, write
from tests.unit.scan.techniques.test_tenant_isolation import POLICY, RELATIONS, SHAPES, paths


@pytest.mark.parametrize(
    ("lines", "chosen"),
    [
        ({"ann": ["X-Key: a", "X-Org: 1"], "bob": ["X-Key: b", "X-Org: 2"]}, {"X-Org"}),
        ({"ann": ["X-Key: a", "X-Org: 1"], "bob": ["X-Key: b"]}, set()),
        ({"ann": ["X-Key: a", "X-Api-Key: 1"], "bob": ["X-Key: b", "X-Api-Key: 2"]}, set()),
        ({"ann": ["X-Key: a", "X-Device: 1"], "bob": ["X-Key: b", "X-Device: 2"]}, set()),
        ({"ann": ["X-Key: a", "X-Branch: 1"], "bob": ["X-Key: b", "X-Branch: 1"]}, set()),
        ({"ann": ["X-Key: a", "X-Branch: 1"], "bob": ["X-Key: b", "X-Branch: 2"]}, {"X-Branch"}),
    ],
)
def test_what_lines_say_beside_who_is_calling(
    lines: dict[str, list[str]], chosen: set[str], tmp_path: Path
) -> None:
    names = sorted({each.partition(":")[0] for line in lines.values() for each in line} - {"X-Key"})
    said = "identities:\n" + "".join(
        f"  {who}: {{header: {each}}}\n" for who, each in lines.items()
    )
    write(tmp_path, SHAPES, paths(name=names[0]), POLICY, said, relations=RELATIONS)
    contract = load(tmp_path / "exposure.yaml")
    assert contract.policy is not None
    model = compile_contract(contract.document, contract.policy)
    found = load_identities(tmp_path / "identities.yaml", contract.policy.relations)
    assert {each.name for each in choices_of(model, found)} == chosen


def test_what_alone_tells_two_callers_apart_is_no_choice(tmp_path: Path) -> None:
    said = "identities:\n" + "".join(
        f'  {who}: {{header: ["X-Key: key-of-the-app-1", "X-Account: {NAMES[who]}"]}}\n'
        for who in ("ann", "bob")
    )
    write(tmp_path, SHAPES, paths(name="X-Account"), POLICY, said, relations=RELATIONS)
    contract = load(tmp_path / "exposure.yaml")
    assert contract.policy is not None
    model = compile_contract(contract.document, contract.policy)
    (one,) = choices_of(
        model, load_identities(tmp_path / "identities.yaml", contract.policy.relations)
    )
    assert one.others("ann") == []
