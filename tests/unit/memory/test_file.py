"""The file of a memory: read back whole, refused when it is not what was written."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings

from oakum.errors import InputError
from oakum.exposure.checks import RULES
from oakum.finding import Report
from oakum.memory import Memory, learn, read, render
from oakum.openapi.model import Json
from oakum.report.json_document import document
from oakum.rules import FORMER
from tests.unit.memory.test_report_merge import histories
from tests.unit.memory.world import FIXED, STAGE_1, STAGE_2, report

STORY = learn(Memory(), [report(1, STAGE_1), report(2, STAGE_2)])


@settings(max_examples=60, deadline=None)
@given(histories())
def test_reading_back_gives_the_same_memory_and_the_same_bytes(reports: list[Report]) -> None:
    memory = learn(Memory(), reports)
    back = read(render(memory).encode(), "findings.json")
    assert back == memory
    assert render(back) == render(memory)


def test_a_change_reads_as_the_lines_that_changed() -> None:
    before, after = (
        [line.strip().rstrip(",") for line in render(each).splitlines()]
        for each in (STORY, learn(STORY, [report(3, STAGE_2)]))
    )
    new = {line for line in after if line not in before}
    stamp = '{"run": "run3", "on": "2026-01-03T12:00:00Z"}'
    assert new == {stamp, f'"last_seen": {stamp}', f'"last_tested": {stamp}'}
    endpoint = '{"method": "GET", "path": "/members/{id}", "operation": "getMember", "now": "open"}'
    assert endpoint in before


def test_nothing_of_the_evidence_is_kept() -> None:
    whole = json.dumps(document(report(1, STAGE_1)))
    assert "127.0.0.1" in whole
    assert "127.0.0.1" not in render(STORY)
    one = json.loads(render(STORY))["findings"][0]
    assert set(one) == {
        "fingerprint", "also", "standing", "rule", "verdict", "severity", "resource", "field",
        "viewer", "state", "endpoints", "first_seen", "last_seen", "last_tested", "history",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"), [(old, rule.id) for rule in RULES.values() for old in FORMER.get(rule.id, ())]
)
def test_a_memory_with_ids_that_rules_had_goes_on_with_those_of_today(old: str, new: str) -> None:
    content = json.loads(render(STORY))
    for one in content["findings"]:
        one["rule"] = old
    memory = read(json.dumps(content).encode(), "findings.json")
    assert {one.rule for one in memory.findings} == {new}
    assert [one.fingerprint for one in memory.findings] == [e.fingerprint for e in STORY.findings]


def test_a_memory_of_version_1_is_read_as_what_it_says() -> None:
    old = render(STORY).replace('"endpoints": ', '"doors": ')
    old = old.replace('"oakum.memory/2"', '"oakum.memory/1"')
    assert '"doors": ' in old
    assert read(old.encode(), "findings.json") == STORY


def broken(change: Callable[[Json], object]) -> str:
    content = json.loads(render(STORY))
    change(content)
    with pytest.raises(InputError) as caught:
        read(json.dumps(content, indent=1).encode(), "findings.json")
    return str(caught.value)


def test_whoever_writes_fixed_by_hand_is_told() -> None:
    said = broken(lambda c: c["findings"][0].update(standing="fixed"))
    assert "says `fixed`, but its endpoints add up to `partly_fixed`" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.update(schema="oakum.memory/3"), "`oakum.memory/3` is none of"),
        (lambda c: c.pop("reports"), "`reports` is missing"),
        (lambda c: c["findings"].append(c["findings"][0]), "is there twice"),
        (lambda c: c["findings"][0]["endpoints"][0].update(now="shut"), "`shut` is none of"),
        (lambda c: c["reports"][0].update(on="monday"), "a time such as"),
        (lambda c: c["disclosures"].append({"findings": [], "days": 9, "events": []}), "one"),
    ],
)
def test_what_does_not_fit_is_told_at_its_place(
    change: Callable[[Json], object], said: str
) -> None:
    words = broken(change)
    assert said in words
    assert words.startswith("findings.json:")


def test_an_empty_file_of_another_kind_is_refused() -> None:
    with pytest.raises(InputError, match="not valid JSON"):
        read(b"", "findings.json")
    with pytest.raises(InputError, match="not a memory of"):
        read(b"{}", "findings.json")


def test_what_is_fixed_stands_in_the_file() -> None:
    text = render(learn(STORY, [report(3, FIXED)]))
    assert text.count('"standing": "fixed"') == 2
