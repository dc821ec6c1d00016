"""Which writes name their tenant in the body, where no look-up can be told so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from oakum.policy.contract import load
from oakum.routing.compiled_contract import CompiledContract, compile_for_gateway
from tests.conformance.exchanges import FOLDER

DESKS = yaml.safe_load((FOLDER / "contracts" / "desks.yaml").read_text())
TEXT = {"type": "string"}


def read(folder: Path, members: dict[str, Any]) -> CompiledContract:
    """The contract whose `closeTicket` takes these members."""
    made = yaml.safe_load(yaml.safe_dump(DESKS))
    close = made["document"]["paths"]["/tickets/{tid}/close"]["post"]
    close["requestBody"]["content"]["application/json"]["schema"]["properties"] = members
    (folder / "openapi.yaml").write_text(yaml.safe_dump(made["document"]))
    policy = {**made["policy"], "api": "openapi.yaml"}
    (folder / "exposure.yaml").write_text(yaml.safe_dump(policy))
    return compile_for_gateway(load(folder / "exposure.yaml"))


@pytest.mark.parametrize(
    ("member", "names"),
    [
        ("tenant", True),
        ("tenantId", True),
        ("workspace_slug", True),
        ("organization", True),
        ("org_id", False),  # the ticket shows it
        ("company", False),
        ("shop_id", False),
        ("org_chart", False),
        ("why", False),
    ],
)
def test_a_member_that_names_a_tenant_is_named(member: str, names: bool, tmp_path: Path) -> None:
    compiled = read(tmp_path, {member: TEXT, "why": TEXT})
    assert compiled.lookups.selections["closeTicket"].body == ((member,) if names else ())
    told = [each for each in compiled.lookups.warnings if "the body of" in each.message]
    assert len(told) == names
    for each in told:
        assert f"`closeTicket` names the tenant (`{member}`)" in each.message
        assert each.location.line


def test_a_fact_about_the_object_is_no_condition(tmp_path: Path) -> None:
    compiled = read(tmp_path, {"why": TEXT})
    assert compiled.lookups.selections["putTicket"].body == ()
