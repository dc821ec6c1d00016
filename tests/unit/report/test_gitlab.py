"""The shape is that of GitLab's documentation, "Code Quality report format"."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import jsonschema_rs
import pytest
from hypothesis import given, settings

from oakum.finding import Report
from oakum.openapi.model import Json
from oakum.report import gitlab
from tests.unit.report.sample import clean, hostile, many, sample, untrusted
from tests.unit.report.test_json_document import reports

VALIDATOR = jsonschema_rs.validator_for(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "additionalProperties": False,
            "properties": {
                "description": {"type": "string", "minLength": 1},
                "check_name": {"type": "string"},
                "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "additionalProperties": False,
                    "properties": {
                        "path": {"type": "string", "pattern": r"^(?!/)(?!\./)."},
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "properties": {"begin": {"type": "integer", "minimum": 1}},
                        },
                    },
                },
            },
        },
    }
)


def issues(report: Report) -> Json:
    found = json.loads(gitlab.render(report))
    assert [error.message for error in VALIDATOR.iter_errors(found)][:3] == []
    marks = [each["fingerprint"] for each in found]
    assert len(marks) == len(set(marks))  # GitLab shows one of two
    return found


@pytest.mark.parametrize("make", [sample, clean, untrusted, hostile])
def test_it_has_the_documented_shape(make: Callable[[], Report]) -> None:
    issues(make())


@settings(max_examples=60, deadline=None)
@given(reports)
def test_any_report_has_it(report: Report) -> None:
    found = issues(report)
    assert {f.fingerprint for f in report.findings} <= {each["fingerprint"] for each in found}


@pytest.mark.parametrize("count", [100, 30_000])
def test_every_finding_is_there(count: int) -> None:
    assert len(issues(many(count))) == count


def test_what_is_only_suspected_stands_one_step_lower() -> None:
    whole = sample()
    by_mark = {each["fingerprint"]: each for each in issues(whole)}
    guessed = tuple(replace(f, verdict="suspected") for f in whole.findings)
    lower = {each["fingerprint"]: each for each in issues(replace(whole, findings=guessed))}
    steps = ("blocker", "critical", "major", "minor", "info")
    for finding in whole.findings:
        if finding.verdict == "proven":
            proven = steps.index(by_mark[finding.fingerprint]["severity"])
            assert steps.index(lower[finding.fingerprint]["severity"]) == proven + 1
        elif finding.verdict == "over_blocked":
            assert by_mark[finding.fingerprint]["severity"] == "info"


def test_a_run_that_saw_nothing_is_an_issue_and_no_silence() -> None:
    assert [each["severity"] for each in issues(untrusted())] == ["blocker", "blocker"]
    assert issues(clean()) == []
