"""Names of rules come and go; what was found under one is found under the next."""

from __future__ import annotations

import hashlib

import pytest

from oakum.errors import NOWHERE
from oakum.exposure.checks import CHECKS, OVER_BLOCK, RULES, rules_of_item
from oakum.finding import Finding
from oakum.rules import FORMER, OWASP, Rule, current, fingerprint_id, item


def test_the_table_is_that_of_the_checks_in_their_order() -> None:
    assert list(RULES.values()) == [*(check.RULE for check in CHECKS), OVER_BLOCK]


def test_no_name_was_ever_that_of_two_rules() -> None:
    names = [name for rule in RULES.values() for name in (rule.id, *FORMER.get(rule.id, ()))]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_each_name_that_a_rule_had_leads_to_it_and_to_one_mark(rule: Rule) -> None:
    for name in (rule.id, *FORMER.get(rule.id, ())):
        assert current(name) == rule.id
        assert fingerprint_id(name) == (*FORMER.get(rule.id, ()), rule.id)[0]


FORMERLY = [(old, rule.id) for rule in RULES.values() for old in FORMER.get(rule.id, ())]


@pytest.mark.parametrize(("old", "new"), FORMERLY)
def test_a_finding_keeps_its_fingerprint_when_its_rule_is_called_otherwise(
    old: str, new: str
) -> None:
    def marked_as(rule: str) -> str:
        return Finding(
            rule, "proven", "Member", "email", "member", (), (), "", (), "high", "t", "a", NOWHERE
        ).fingerprint

    parts = (old, "Member", "email", "member", "()")
    first = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
    assert marked_as(new) == marked_as(old) == first


def test_what_is_no_rule_stays_as_it_is() -> None:
    assert (current("no-such-rule"), fingerprint_id("no-such-rule")) == ("no-such-rule",) * 2


@pytest.mark.parametrize(
    "name",
    ["API1:2023", "api1", "BOLA", "bola", "Broken Object Level Authorization",
     "broken-object-level-authorization "],
)  # fmt: skip
def test_an_item_has_the_names_that_people_call_it(name: str) -> None:
    assert item(name) is OWASP["API1:2023"]


def test_an_item_is_no_other() -> None:
    assert [each and each.id for each in map(item, ("API10", "BOPLA", "BFLA", "", "API11"))] == [
        "API10:2023", "API3:2023", "API5:2023", None, None,
    ]  # fmt: skip


def test_every_rule_but_the_one_that_is_no_leak_is_filed_under_one_item() -> None:
    together = [rule.id for each in OWASP.values() for rule in rules_of_item(each)]
    assert sorted(together) == sorted(RULES.keys() - {OVER_BLOCK.id})
