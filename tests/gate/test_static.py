"""What the documents alone prove: each rule with what it finds, and with what it must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.authz import compile_contract
from oakum.gate import flaws
from oakum.policy.contract import load
from oakum.policy.model import STATIC_RULES
from oakum.policy.resource_schemas import view
from tests.gate.club import DOCUMENT, POLICY, written
from tests.unit.cli.shell import oakum

ANYBODY = DOCUMENT.replace("operationId: getMember", "operationId: getMember\n      security: []")
WRITES = """\
  /join:
    post:
      operationId: join
      requestBody: {content: {application/json: {schema: {type: object, properties: {nick: {type: string}, role: {type: string}}}}}}
      responses: {"204": {description: done}}
"""  # noqa: E501
JOIN = DOCUMENT.replace("components:\n", f"{WRITES}components:\n", 1)
SETS = POLICY.replace("email: [{see: owner}]", "email: [{see: owner}]\n      role: []")
SETS += "operations: {join: {sets: {Member: ''}}}\n"
STAFF = POLICY.replace("  owner: {is", "  staff: {claim: roles, has: staff}\n  owner: {is")
CITY = "city: [{see: owner}, {see: member, when: {private: false}}]"
PLACE = """\
resources:
  Hall:
    schemas: [Member]
    owner: none
    fields:
      id, nick, is_private, city: [{see: member}]
      email: [%s]
"""
HALL = POLICY[: POLICY.index("resources:")] + PLACE
INTEGER = DOCUMENT.replace(
    "{name: id, in: path, required: true, schema: {type: string}}",
    "{name: id, in: path, required: true, schema: {type: integer}}",
)
EXTRA = DOCUMENT.replace(
    "type: object\n      prop", "type: object\n      additionalProperties: %s\n      prop"
)

FOUND = {
    "open-to-anybody": (ANYBODY, POLICY, "openapi.yaml:11:7"),
    "sensitive-field-for-anyone": (
        DOCUMENT, POLICY.replace("email: [{see: owner}]", "email: [{see: anyone}]"),
        "exposure.yaml:17:7",
    ),
    "resource-without-owner": (DOCUMENT, HALL % "{see: member}", "exposure.yaml:14:7"),
    "privileged-member-in-request": (JOIN, POLICY, "openapi.yaml:17:114"),
    "denied-member-in-request": (JOIN, SETS, "openapi.yaml:17:114"),
    "state-without-missing": (
        DOCUMENT, POLICY.replace(", missing: true", ""), "exposure.yaml:13:23",
    ),
    "answer-open-to-extra": (EXTRA % "true", POLICY, "openapi.yaml:"),
    "countable-ids": (INTEGER, POLICY, "openapi.yaml:11:7"),
}  # fmt: skip

QUIET = {
    "nothing": (DOCUMENT, POLICY),
    "the contract says that anybody may call it": (
        ANYBODY, POLICY + "operations: {getMember: {call: [anyone]}}\n",
    ),
    "strangers may see something of it": (
        ANYBODY, POLICY.replace("see: member}]", "see: anyone}]"),
    ),
    "everybody sees it when its owner says so": (
        DOCUMENT, POLICY.replace(CITY, CITY.replace("see: member", "see: anyone")),
    ),
    "nobody sees it of what is nobody's": (DOCUMENT, HALL % ""),
    "only staff may call it": (JOIN, STAFF + "operations: {join: {call: [staff]}}\n"),
    "only staff may set it": (
        JOIN,
        STAFF.replace("email: [{see: owner}]", "email: [{see: owner}]\n      role: [{set: staff}]")
        + "operations: {join: {sets: {Member: ''}}}\n",
    ),
    "it is read-only": (
        JOIN.replace("role: {type: string}", "role: {type: string, readOnly: true}"), POLICY,
    ),
    "what is sent to strangers is nobody's": (ANYBODY, HALL % ""),
    "nothing more is allowed": (EXTRA % "false", POLICY),
    "what more there may be is said": (EXTRA % "{type: string}", POLICY),
}  # fmt: skip


def rules(folder: Path, document: str, policy: str) -> list[tuple[str, str]]:
    path = written(folder, document=document, policy=policy)
    contract = load(path)
    assert contract.policy is not None
    model = compile_contract(contract.document, contract.policy)
    seen = view(contract.document, contract.policy)
    return [(each.rule, str(each.location)) for each in flaws(seen, model, {})]


def test_every_rule_has_an_example() -> None:
    elsewhere = {"linter", "graphql-path-forgotten"}  # test_linting.py, test_graphs.py
    assert set(FOUND) | elsewhere == set(STATIC_RULES)


@pytest.mark.parametrize("rule", FOUND)
def test_a_rule_finds_what_it_is_about_and_says_where(tmp_path: Path, rule: str) -> None:
    document, policy, place = FOUND[rule]
    found = rules(tmp_path, document, policy)
    assert {name for name, _ in found} == {rule}
    assert place in found[0][1]


@pytest.mark.parametrize("name", QUIET)
def test_what_is_meant_is_no_flaw(tmp_path: Path, name: str) -> None:
    assert rules(tmp_path, *QUIET[name]) == []


@pytest.mark.parametrize("rule", FOUND)
def test_what_becomes_of_a_flaw_is_the_contracts_to_say(tmp_path: Path, rule: str) -> None:
    document, policy, _ = FOUND[rule]
    codes, warned = {}, {}
    for stance in ("fail", "warn", "off"):
        said = f"exit_criteria: {{classified: false, static: {{{rule}: {stance}}}}}\n"
        done = oakum("gate", written(tmp_path, said, document, policy))
        codes[stance] = done.code
        warned[stance] = f"[{rule} " in done.out
    assert codes == {"fail": 1, "warn": 0, "off": 0}
    assert warned == {"fail": True, "warn": True, "off": False}


def test_a_flaw_can_be_waived_by_its_fingerprint(tmp_path: Path) -> None:
    contract = written(tmp_path, document=ANYBODY)
    said = oakum("gate", contract)
    assert said.code == 1
    mark = said.out.split("[open-to-anybody ")[1][:16]
    waived = f"""
exit_criteria:
  waivers: [{{finding: "{mark}", reason: public for a week, owner: ann, expires: 2999-01-01}}]
"""
    assert oakum("gate", written(tmp_path, waived, ANYBODY)).code == 0


def test_what_a_schema_says_of_a_field_tells_more_than_its_name(tmp_path: Path) -> None:
    """`nick` says nothing; that it is an e-mail address stands in the document alone."""
    policy = POLICY.replace(
        "id, nick, is_private: [{see: member}]", "id: [{see: member}]\n      nick: [{see: anyone}]"
    )
    assert rules(tmp_path, DOCUMENT, policy) == []
    told = DOCUMENT.replace("nick: {type: string}", "nick: {type: string, format: email}")
    assert [rule for rule, _ in rules(tmp_path, told, policy)] == ["sensitive-field-for-anyone"]
