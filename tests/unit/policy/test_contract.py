"""One entry for a policy file, a document with keys, and a bare document."""

# ruff: noqa: E501 - a message stands on one line, as its reader sees it

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from oakum.errors import InputError
from oakum.policy.contract import contract_digest, load
from tests.unit.policy.crew import FILE

POLICY = """\
exposure: 1
api: crew.yaml
caller: {operation: getMe, id: /id}
relations: {member: {authenticated: true}, owner: {is: owner}}
resources:
  Member:
    schemas: [Member, MemberMini]
    owner: id
    fields: {id: [{see: member}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "crew.yaml").write_text(FILE.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def write(folder: Path, text: str, name: str = "policy.yaml") -> Path:
    path = folder / name
    path.write_text(dedent(text), encoding="utf-8")
    return path


def problems(path: Path, *overlays: Path) -> list[str]:
    with pytest.raises(InputError) as raised:
        load(path, overlays)
    return [str(each).replace(f"{path.parent}/", "") for each in raised.value.problems]


def test_a_policy_file_brings_its_document(folder: Path) -> None:
    contract = load(write(folder, POLICY))
    assert contract.policy is not None
    assert contract.policy.file == str(folder / "policy.yaml")
    assert contract.document.file == str(folder / "crew.yaml")
    assert "`email`" in str(contract.warnings[0])


def test_the_digest_is_of_the_policy_that_was_read(folder: Path) -> None:
    path = write(folder, POLICY)
    contract = load(path)
    before = contract_digest(contract)
    write(folder, POLICY.replace("{see: member}", "{see: owner}"))
    assert contract_digest(contract) == before != contract_digest(load(path))
    commented = load(write(folder, f"# why\n{POLICY}exit_criteria: {{proven: high}}\n"))
    assert contract_digest(commented) == before


def test_the_digest_is_the_same_whether_operations_share_a_key(folder: Path) -> None:
    one = f"{POLICY}operations:\n  getMe, listFollowers: {{call: [member]}}\n"
    each = "".join(f"  {name}: {{call: [member]}}\n" for name in ("getMe", "listFollowers"))
    two = contract_digest(load(write(folder, f"{POLICY}operations:\n{each}")))
    assert contract_digest(load(write(folder, one))) == two
    other = one.replace("[member]", "[owner]")
    assert contract_digest(load(write(folder, other))) != two


def test_a_policy_may_be_json(folder: Path) -> None:
    text = """{"relations": {"owner": {"is": "owner"}}, "exposure": 1, "api": "crew.yaml",
               "resources": {"Member": {"owner": "id"}}}"""
    assert load(write(folder, text, "policy.json")).policy is not None


def test_a_bare_document_has_no_policy_yet(folder: Path) -> None:
    contract = load(folder / "crew.yaml")
    assert contract.policy is None
    assert contract.warnings == ()
    assert contract.document.operation("getMe") is not None


def test_a_document_that_speaks_of_resources_is_still_a_document(folder: Path) -> None:
    text = {"openapi": "3.1.0", "info": {}, "paths": {}, "components": {"resources": {}}}
    assert load(write(folder, json.dumps(text), "bare.json")).policy is None


def test_a_policy_without_a_version_is_known_as_a_policy(folder: Path) -> None:
    assert problems(write(folder, POLICY.replace("exposure: 1\n", ""))) == [
        "policy.yaml:1:1: the policy does not name its version; write `exposure: 1`"
    ]


def test_mistakes_of_policy_and_cross_check_come_together(folder: Path) -> None:
    text = POLICY.replace("see: member", "see: membr").replace("owner: id", "owner: idd")
    assert problems(write(folder, text)) == [
        "policy.yaml:8:12: `Member` has no field `idd`; did you mean `id`?",
        "policy.yaml:9:25: `membr` is not a relation; did you mean `member`?",
    ]


def test_mistakes_of_policy_and_document_come_together(folder: Path) -> None:
    write(folder, "openapi: 2.0.0\npaths: {}\n", "crew.yaml")
    assert problems(write(folder, POLICY.replace("see: member", "see: membr"))) == [
        "crew.yaml:1:10: OpenAPI `2.0.0` is not read; Oakum reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0",
        "policy.yaml:9:25: `membr` is not a relation; did you mean `member`?",
    ]


@pytest.mark.parametrize(
    ("api", "expected"),
    [
        ("", "policy.yaml:1:1: the policy does not name its document; write `api: openapi.yaml`, relative to this file"),
        ("api: [crew.yaml]\n", "policy.yaml:2:6: `api` must be a word, not a list"),
        ("api: crew.yml\n", "policy.yaml:2:6: `crew.yml` is not a readable file"),
        ("api: ''\n", "policy.yaml:2:6: `api` must be a word, not an empty text"),
    ],
)  # fmt: skip
def test_a_policy_must_lead_to_its_document(folder: Path, api: str, expected: str) -> None:
    assert problems(write(folder, POLICY.replace("api: crew.yaml\n", api))) == [expected]


def test_a_file_that_is_not_there_is_said(folder: Path) -> None:
    assert problems(folder / "none.yaml") == ["none.yaml: no such file or directory"]


def test_keys_beside_a_policy_file_are_not_read_and_that_is_said(folder: Path) -> None:
    text = FILE.read_text(encoding="utf-8") + "x-exposure: {exposure: 1}\n"
    write(folder, text, "crew.yaml")
    last = str(load(write(folder, POLICY)).warnings[-1]).replace(f"{folder}/", "")
    line = text.count("\n")
    assert last == (
        f"crew.yaml:{line}:13: `x-exposure` is ignored, since `policy.yaml` is the policy;"
        " keep one of the two"
    )


def test_keys_that_an_overlay_puts_beside_a_policy_file_are_not_read_and_that_is_said(
    folder: Path,
) -> None:
    action = """\
overlay: 1.0.0
info: {title: o, version: '1'}
actions: [{target: "$.components.schemas.Member", update: UPDATE}]
"""
    policy = write(folder, POLICY)

    def told(update: str) -> list[str]:
        overlay = write(folder, action.replace("UPDATE", update), "overlay.yaml")
        found = load(policy, [overlay]).warnings
        return [str(each) for each in found if "x-exposure" in str(each)]

    [said] = told("{x-exposure: {}}")
    assert f"`x-exposure` is ignored, since `{policy}` is the policy" in said
    assert told("{example: {x-exposure: []}}") == []
    assert told("{description: a crew}") == []


def test_an_overlay_changes_the_document_before_the_policy_is_checked(folder: Path) -> None:
    text = """\
        overlay: 1.0.0
        info: {title: t, version: "1"}
        actions:
          - target: $.components.schemas.Member.properties
            update: {member_id: {type: string}}
          - target: $.nowhere
            update: {a: b}
    """
    path = write(folder, POLICY.replace("owner: id", "owner: member_id"))
    contract = load(path, [write(folder, text, "overlay.yaml")])
    assert "`$.nowhere` matches nothing" in str(contract.warnings[0])
    assert problems(path) == ["policy.yaml:8:12: `Member` has no field `member_id`"]
