"""Which requests may name their tenant where no look-up can be told so."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from oakum.guard.compiled import tenants_without_lookup
from oakum.guard.compiled.compiled_contract import CompiledContract, compile_for_gateway
from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

DESKS = quick_yaml.load((FOLDER / "contracts" / "desks.yaml").read_text())
TEXT = {"type": "string"}


def read(folder: Path, members: dict[str, Any]) -> CompiledContract:
    """The contract whose `closeTicket` takes these members."""
    made = copy.deepcopy(DESKS)
    close = made["document"]["paths"]["/tickets/{tid}/close"]["post"]
    close["requestBody"]["content"]["application/json"]["schema"]["properties"] = members
    (folder / "openapi.yaml").write_text(json.dumps(made["document"]))
    policy = {**made["policy"], "api": "openapi.yaml"}
    (folder / "exposure.yaml").write_text(json.dumps(policy))
    return compile_for_gateway(load(folder / "exposure.yaml"))


@pytest.mark.parametrize(
    ("member", "names"),
    [
        ("tenant", True),
        ("tenantId", True),
        ("workspace_slug", True),
        ("organization", True),
        ("org_id", False),  # the ticket shows it
        ("company", True),
        ("shop_id", True),
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


@pytest.mark.parametrize("member", ["context.tenant", "f[tenant]", "a/b:tenant"])
def test_a_member_whose_name_is_a_path_counts_by_its_last_step(member: str, tmp_path: Path) -> None:
    selection = read(tmp_path, {member: TEXT, "tenant.why": TEXT}).lookups.selections["closeTicket"]
    assert selection.body == ("tenant",)


def test_a_fact_about_the_object_is_no_condition(tmp_path: Path) -> None:
    compiled = read(tmp_path, {"why": TEXT})
    assert compiled.lookups.selections["putTicket"].body == ()


HALLS = quick_yaml.load((FOLDER / "contracts" / "halls.yaml").read_text())


@pytest.fixture(scope="module")
def halls(tmp_path_factory: pytest.TempPathFactory) -> CompiledContract:
    """The contract of halls, whose requests name tenants everywhere."""
    folder = tmp_path_factory.mktemp("halls")
    (folder / "openapi.yaml").write_text(json.dumps(HALLS["document"]))
    (folder / "schema.graphql").write_text(HALLS["files"]["schema.graphql"])
    (folder / "exposure.yaml").write_text(json.dumps({**HALLS["policy"], "api": "openapi.yaml"}))
    return compile_for_gateway(load(folder / "exposure.yaml"))


@pytest.mark.parametrize(
    ("operation", "body", "within"),
    [
        ("search", ("tenant_id",), {}),
        ("find", ("tenant",), {}),
        ("putMove", ("shop", "tenant"), {}),
        ("graph", ("company", "tenant"), {}),
        ("graphByUrl", (), {"variables": ("company", "tenant")}),
        ("getCard", (), {"f": ("tenant",), "q": ("tenant",)}),
    ],
)
def test_members_at_any_depth_name_a_tenant(
    operation: str, body: tuple[str, ...], within: dict[str, Any], halls: CompiledContract
) -> None:
    own = halls.lookups.selections[operation]
    assert (own.body, own.within) == (body, within)
    told = [each for each in halls.lookups.warnings if f"of `{operation}` names" in each.message]
    assert len(told) == 1
    assert told[0].location.line


def test_members_of_any_name_may_name_one(halls: CompiledContract) -> None:
    free = {id for id, each in halls.lookups.selections.items() if each.free}
    assert free == {"putTags", "putForm", "graph", "graphByUrl"}


def test_a_path_is_the_same_whatever_it_calls_its_tenant(halls: CompiledContract) -> None:
    made = halls.lookups.selections
    assert made["publish"].path == made["hallNote"].paths == ("/t/{}",)
    assert made["publishThere"].path == ("/w/{}",)


def test_a_parameter_that_names_an_object_is_no_tenant(halls: CompiledContract) -> None:
    assert halls.lookups.selections["orgUser"].path == ()


def test_a_look_up_without_the_path_is_named(halls: CompiledContract) -> None:
    [told] = [e for e in halls.lookups.warnings if "the path of `listFans` does not" in e.message]
    assert "`/t/{}`, `/w/{}`" in told.message
    assert told.location.line


def test_each_response_is_read_once_however_many_operations_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[object] = []
    below = tenants_without_lookup.resources_in
    monkeypatch.setattr(
        tenants_without_lookup, "resources_in", lambda at, bound: met.append(at) or below(at, bound)
    )
    operations = read(tmp_path, {}).model.operations.values()
    assert 0 < len(met) <= len([each for each in operations if each.method == "GET"])
