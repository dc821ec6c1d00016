"""Which writes discard a look-up for everybody, and which of them the contract does not name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from oakum.policy.contract import load
from oakum.routing.compiled_contract import CompiledContract, compile_for_gateway
from tests.conformance.exchanges import FOLDER

TENANTS = yaml.safe_load((FOLDER / "contracts" / "tenants.yaml").read_text())


def read(folder: Path, friend: dict[str, Any], **paths: str) -> CompiledContract:
    """`friend`: more of that relation; `paths`: deletes by their id."""
    made = yaml.safe_load(yaml.safe_dump(TENANTS))
    for id, path in paths.items():
        gone = {"operationId": id, "responses": {"204": {"description": "gone"}}}
        made["document"]["paths"][path] = {"delete": gone}
    relation = made["policy"]["relations"]["friend"]
    relation.pop("end")
    relation.update(friend)
    (folder / "openapi.yaml").write_text(yaml.safe_dump(made["document"]))
    policy = {**made["policy"], "api": "openapi.yaml"}
    (folder / "exposure.yaml").write_text(yaml.safe_dump(policy))
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
