"""One document, which all stages keep to, and a policy and a kit that fit it."""

from __future__ import annotations

import copy
import stat
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema

import cadence
from cadence.document import SHIPPED, written
from cadence.truth import ENDPOINTS, served
from oakum.policy.contract import load
from tests import quick_yaml
from tests.cadence.play import VIEWERS, Play, body

OPERATIONS = (
    *("login", "checkSession", "getMe", "getUser", "updateUser", "getSettings", "updateSettings"),
    *("getOverview", "listWorkouts", "exportWorkouts", "getCalendar", "getAchievements"),
    *("listFollowers", "listFollowing", "listBlocked", "searchUsers", "searchUsersLegacy"),
    *("changeRelationship", "getWorkout", "getPerformanceGraph", "getWorkoutSummary"),
    *("getWorkoutDetails", "getRide", "listRecentFollowingWorkouts", "listArchivedRides"),
    *("getClass", "listParticipants", "listInstructors", "getInstructor"),
    *("getMyOverview", "getExportLink", "updateExportLink", "downloadSharedExport"),
    *("streamClass", "graphql", "browseUsers"),
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    parsed: dict[str, Any] = quick_yaml.load(SHIPPED.read_text(encoding="utf-8"))
    return parsed


def test_the_shipped_document_is_the_one_that_is_served(document: dict[str, Any]) -> None:
    assert SHIPPED.read_text(encoding="utf-8") == written()
    for stage in ("1", "2", "fixed"):
        assert Play(stage, members=0).get(None, "/openapi.json").json() == document


def test_the_document_is_valid_and_names_every_operation(document: dict[str, Any]) -> None:
    from openapi_spec_validator import validate  # builds dozens of parsers as it is imported

    validate(document)
    found = [each["operationId"] for path in document["paths"].values() for each in path.values()]
    assert sorted(found) == sorted(OPERATIONS)


def test_the_truth_speaks_of_what_the_document_declares(document: dict[str, Any]) -> None:
    declared = load(SHIPPED.with_name("exposure.yaml"))
    resources = declared.policy.resources if declared.policy else {}
    types = build_schema(SHIPPED.with_name("schema.graphql").read_text()).type_map
    members = {
        **{name: each.fields for name, each in types.items() if hasattr(each, "fields")},
        **{name: each["properties"] for name, each in document["components"]["schemas"].items()},
    }
    for endpoint in ENDPOINTS:
        assert endpoint.method.lower() in document["paths"][endpoint.path]
        for resource, path, _ in served(endpoint):
            schemas = resources[resource].schemas or (resource,)
            heads = {name for each in schemas for name in members[each]}
            assert path.split(".")[0] in heads


def closed(document: dict[str, Any]) -> dict[str, Any]:
    """The same schemas, with nothing allowed that is not declared."""
    schemas = copy.deepcopy(document["components"]["schemas"])
    for schema in schemas.values():
        schema["additionalProperties"] = False
    return {"components": {"schemas": schemas}}


@pytest.mark.parametrize("stage", ["1", "2", "fixed"])
def test_every_answer_is_as_documented(stage: str, document: dict[str, Any]) -> None:
    from openapi_schema_validator import OAS31Validator  # as above

    play = Play(stage)
    base = closed(document)
    answers = 0
    for viewer in VIEWERS.values():
        for endpoint, answer in (*play.ask(viewer, "pia"), play.hear(viewer)):
            method, template = endpoint.split()
            responses = document["paths"][template][method.lower()]["responses"]
            media = answer.headers["content-type"].split(";")[0]
            assert str(answer.status_code) in responses, endpoint
            schema = responses[str(answer.status_code)]["content"][media]["schema"]
            if media == "text/csv":
                assert set(body(answer)[0]) == set(
                    document["components"]["schemas"]["ExportRow"]["properties"]
                )
                continue
            for each in body(answer) if media == "text/event-stream" else [answer.json()]:
                OAS31Validator({**base, **schema}).validate(each)
            answers += 1
    assert answers > 100


def test_the_policy_fits_without_a_warning() -> None:
    contract = load(SHIPPED.with_name("exposure.yaml"))
    assert contract.warnings == ()
    assert contract.policy is not None
    names = set(contract.policy.resources)
    assert {"Member", "Settings", "Workout", "Graph", "Participant"} <= names


def test_the_kit_is_for_its_user_only(tmp_path: Path) -> None:
    (tmp_path / "identities.yaml").touch(mode=0o644)
    cadence.write_kit(tmp_path, seed=4)
    secret = tmp_path / "identities.yaml"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    kit = quick_yaml.load(secret.read_text(encoding="utf-8"))
    accounts = cadence.personas(4)
    assert {
        name: (each["username"], each["password"]) for name, each in kit["identities"].items()
    } == accounts
    assert kit["identities"]["sta"]["claims"] == {"roles": ["staff"]}
    assert load(tmp_path / "exposure.yaml").warnings == ()


def test_the_kit_tells_every_tie_between_personas(tmp_path: Path) -> None:
    cadence.write_kit(tmp_path, seed=1)
    told = set(quick_yaml.load((tmp_path / "identities.yaml").read_text())["between"])
    play = Play("fixed", members=30)
    names = {id: name for name, id in play.ids.items()}
    words = {"approved": "follower", "pending": "pending", "ended": "ex_follower"}
    ties = {
        f"{names[row['follower']]} is {words[row['status']]} of {names[row['followed']]}"
        for row in play.rows("SELECT * FROM follows")
        if row["follower"] in names and row["followed"] in names
    }
    ties |= {
        f"{names[row['blocked']]} is blocked of {names[row['owner']]}"
        for row in play.rows("SELECT * FROM blocks")
    }
    assert told == ties - {"blo is ex_follower of pia"}  # being blocked goes before it
