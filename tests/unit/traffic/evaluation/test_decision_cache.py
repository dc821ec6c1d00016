"""What a recorded caller is to an object whose owners are not all known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.authz.compiled_model import Model
from oakum.exposure.exchanges.caller_identification import IdentifiedCaller
from oakum.exposure.exchanges.settings_and_relations import SettingsAndRelations
from oakum.policy.contract import load
from oakum.routing.judged_contract import compile_for_judging
from oakum.traffic.evaluation.cached_object_walk import FastWalk
from oakum.traffic.evaluation.decision_cache import Verdicts
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

HOUSES = quick_yaml.load((FOLDER / "contracts" / "houses.yaml").read_text())
ANN = IdentifiedCaller("said", frozenset(("ann",)))


@pytest.fixture
def model(tmp_path: Path) -> Model:
    (tmp_path / "openapi.yaml").write_text(json.dumps(HOUSES["document"]))
    (tmp_path / "exposure.yaml").write_text(json.dumps({**HOUSES["policy"], "api": "openapi.yaml"}))
    return compile_for_judging(load(tmp_path / "exposure.yaml")).model


@pytest.mark.parametrize(
    ("co", "held", "may"),
    [
        ({"co": "pia"}, {"follower"}, set()),
        ({"co": None}, {"follower"}, set()),
        ({}, set(), {"owner", "follower"}),
        ({"co": {"id": "rob"}}, set(), {"owner", "follower"}),
    ],
)
def test_an_owner_whom_nobody_can_read_leaves_relations_open(
    model: Model, co: dict[str, Any], held: set[str], may: set[str]
) -> None:
    verdicts, facts = Verdicts(model, lambda *_: "x"), SettingsAndRelations()
    facts.list("follower", "pia", frozenset(("ann",)), whole=True)
    facts.list("blocked", "pia", frozenset(), whole=True)
    facts.state("pia", "Member.private", False)
    value = {"id": "h1", "owner": "pia", **co}
    [seen] = FastWalk(model, "getHome").objects(
        value, model.operations["getHome"].success().shape, True, {"id": "h1"}, ANN.ids
    )
    found = verdicts.of("getHome", seen, ANN, facts, {"id": "h1"}, False)
    assert found.standing.held & {"owner", "follower"} == held
    assert may <= found.standing.possible
    assert ("private" in found.setting.untold) == bool(may)
