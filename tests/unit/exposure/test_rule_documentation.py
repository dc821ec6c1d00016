"""Every rule has its story, and what a story says can be relied on."""

from __future__ import annotations

import re

import pytest

from oakum.exposure.checks import CHECKS, OVER_BLOCK, STORIES
from oakum.exposure.checks import RULES as ALL
from oakum.exposure.rule_documentation import Story, references
from oakum.rules import Rule

RULES = [*(check.RULE for check in CHECKS), OVER_BLOCK]


NONE_PUBLISHED = {OVER_BLOCK.id, "untrusted-origin-allowed"}
"""Rules without an incident of which somebody has read a source."""


def test_every_rule_has_a_story_and_there_is_none_of_another() -> None:
    assert set(STORIES) == {rule.id for rule in RULES}
    assert list(ALL.values()) == RULES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_story_says_what_a_reader_needs(rule: Rule) -> None:
    story = STORIES[rule.id]
    for text in (story.what, story.why):
        assert text[0].isupper() and text.endswith(".")
    assert len(story.fix) >= 2
    for step in story.fix:  # they stand in a list
        assert step[0] == step[0].lower() and not step.endswith(".")
    assert story.guard.endswith(".")
    assert set(re.findall(r"\{(.*?)\}", story.guard)) <= {"field", "viewer"}
    incident = story.incident
    if incident is None:  # better none than one without a source
        assert rule.id in NONE_PUBLISHED
        return
    assert re.search(r"20\d\d", incident.when) and not incident.what.endswith(".")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_references_are_those_that_the_rule_is_filed_under(rule: Rule) -> None:
    found = references(rule)
    assert [name.split()[0] for name, _ in found] == [*([rule.owasp] * bool(rule.owasp)), *rule.cwe]
    for name, address in found:
        assert len(name.split()) > 2, f"{name} has no title: give it as `titles` of the rule"
        assert address.startswith("https://")
    for name, address in found:
        if name.startswith("CWE-"):
            assert address.endswith(f"/{name.split()[0].removeprefix('CWE-')}.html")


@pytest.mark.parametrize("name", STORIES)
def test_what_the_guard_cannot_fix_is_not_said_to_be_removed(name: str) -> None:
    story: Story = STORIES[name]
    assert ("{field}" in story.guard) is (story.does == "removes")
