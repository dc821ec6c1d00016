"""Which writes discard a look-up for everybody, and which of them the contract does not name."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from oakum.guard.compiled.compiled_contract import CompiledContract, compile_for_gateway
from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

TENANTS = quick_yaml.load((FOLDER / "contracts" / "tenants.yaml").read_text())


def read(folder: Path, friend: dict[str, Any], **paths: str) -> CompiledContract:
    """`friend`: more of that relation; `paths`: deletes by their id."""
    made = copy.deepcopy(TENANTS)
    for id, path in paths.items():
        gone = {"operationId": id, "responses": {"204": {"description": "gone"}}}
        made["document"]["paths"][path] = {"delete": gone}
    relation = made["policy"]["relations"]["friend"]
    relation.pop("end")
    relation.update(friend)
    (folder / "openapi.yaml").write_text(json.dumps(made["document"]))
    policy = {**made["policy"], "api": "openapi.yaml"}
    (folder / "exposure.yaml").write_text(json.dumps(policy))
    return compile_for_gateway(load(folder / "exposure.yaml"))


def told(compiled: CompiledContract) -> list[str]:
    words = "may begin or end"
    return [each.message for each in compiled.lookups.warnings if words in each.message]


def test_a_write_that_the_relation_names_ends_its_look_up(tmp_path: Path) -> None:
    for named in ({"begin": ["unfriend"]}, {"end": ["unfriend"]}):
        compiled = read(tmp_path, named)
        assert compiled.lookups.ends == {"unfriend": ("listFriends",), "dropPeer": ("listPeers",)}
        assert told(compiled) == []


def test_a_write_that_is_only_called_like_a_relation_is_named_by_the_check(tmp_path: Path) -> None:
    compiled = read(tmp_path, {})
    assert compiled.lookups.ends == {"dropPeer": ("listPeers",)}
    [message] = told(compiled)
    assert message.startswith("`unfriend` may begin or end `friend`")


def test_a_path_of_accounts_says_whose_it_is(tmp_path: Path) -> None:
    compiled = read(tmp_path, {"end": ["drop"], "begin": ["unfriend"]}, drop="/drop/{uid}")
    assert set(compiled.lookups.ends) == {"unfriend", "dropPeer"}
    below = read(tmp_path, {"end": ["unfriend"]}, one="/users/{uid}/friends/{fid}")
    assert told(below) == []


PEERS = quick_yaml.load((FOLDER / "contracts" / "ended.yaml").read_text())
PRIVATE = {"private": {"field": "private", "missing": True}}


def settings(folder: Path, path: str, member: str, **resource: Any) -> dict[str, tuple[str, ...]]:
    """What a PATCH of a path discards, whose body has a member. `resource`: of its object."""
    made = copy.deepcopy(PEERS)
    document, policy = made["document"], made["policy"]
    schema = {"type": "object", "properties": {"id": {}, "who": {}, member: {"type": "boolean"}}}
    document["components"]["schemas"]["Thing"] = schema
    one = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
    gone = {"204": {"description": "done"}}
    shown = {"200": {"description": "one", **one}}
    document["paths"][path] = {
        "patch": {"operationId": "change", "requestBody": one, "responses": gone},
        **({"get": {"operationId": "getThing", "responses": shown}} if resource else {}),
    }
    policy["operations"]["change"] = {"call": ["member"]}
    policy["resources"]["User"]["states"] = PRIVATE
    policy["resources"]["Note"]["states"] = {"private": {"of": "User.private"}}
    lines = {"text": [{"see": "member", "when": {"private": False}}]}
    policy["resources"]["Note"]["fields"] = {"id, owner": [{"see": "member"}], **lines}
    if resource:
        fields = {each: [{"see": "member", "set": "member"}] for each in ("id", "who", member)}
        policy["resources"]["Thing"] = {"key": "id", "main": "getThing", **resource}
        policy["resources"]["Thing"]["fields"] = fields
    (folder / "openapi.yaml").write_text(json.dumps(document))
    policy["api"] = "openapi.yaml"
    (folder / "exposure.yaml").write_text(json.dumps(policy))
    found = compile_for_gateway(load(folder / "exposure.yaml")).lookups.ends
    return {id: looks for id, looks in found.items() if id == "change"}


def test_a_write_of_a_member_like_a_setting_discards_what_tells_the_setting(tmp_path: Path) -> None:
    assert settings(tmp_path, "/things/{tid}", "private") == {"change": ("getUser",)}


def test_one_whose_path_is_called_like_settings_does(tmp_path: Path) -> None:
    assert settings(tmp_path, "/settings/{tid}/reset", "hard") == {"change": ("getUser",)}
    assert settings(tmp_path, "/things/{tid}/private", "hard") == {"change": ("getUser",)}


def test_one_that_is_called_otherwise_does_not(tmp_path: Path) -> None:
    assert settings(tmp_path, "/things/{tid}", "hard") == {}


def test_one_whose_path_says_whose_it_is_does_not(tmp_path: Path) -> None:
    assert settings(tmp_path, "/users/{uid}/private", "private") == {}


def test_one_whose_object_tells_its_owner_does_not(tmp_path: Path) -> None:
    assert settings(tmp_path, "/things/{tid}", "private", owner="who") == {}
    assert settings(tmp_path, "/things/{tid}", "private", owner="none") == {"change": ("getUser",)}
