"""GitLab Code Quality: one issue for each finding.

The format has five severities and no verdict, so a suspected finding has the next lower severity.
GitLab does not limit the number of issues, only the size of an artifact, which its administrator
sets.
"""

from __future__ import annotations

import orjson

from oakum.errors import Location
from oakum.finding import Finding, Report
from oakum.openapi.model import Json
from oakum.output.terminal_text import short
from oakum.report.grouping import findings_in_order
from oakum.report.pipeline_formats import (
    DISTRUST_RULE,
    NO_FACTS,
    FindingStates,
    RenderFacts,
    mark,
    message,
    place,
    top,
)

_SEVERITIES = ("blocker", "critical", "major", "minor", "info")
_GRAVE = ("critical", "high", "medium", "low")


def render(report: Report, facts: RenderFacts = NO_FACTS) -> bytes:
    """The report as JSON for `artifacts:reports:codequality`, the gravest first."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(document(report), option=options)


def document(report: Report) -> list[Json]:
    """The issues, each fingerprint once: GitLab shows only one issue of several with the same."""
    known = FindingStates(report)
    issues = [
        _issue(
            f"Not trustworthy: {reason}",
            DISTRUST_RULE,
            mark(DISTRUST_RULE, reason),
            "blocker",
            top(report),
        )
        for reason in report.distrust
    ]
    issues += [
        _issue(
            message(finding, known),
            finding.rule,
            finding.fingerprint,
            _severity(finding),
            place(finding, report),
        )
        for finding in findings_in_order(report)
    ]
    return list({issue["fingerprint"]: issue for issue in reversed(issues)}.values())[::-1]


def _issue(words: str, rule: str, fingerprint: str, severity: str, where: Location) -> Json:
    return {
        "description": short(words),
        "check_name": short(rule, 200),
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": where.file, "lines": {"begin": where.line}},
    }


def _severity(finding: Finding) -> str:
    if finding.verdict == "over_blocked":
        return "info"
    return _SEVERITIES[_GRAVE.index(finding.severity) + (finding.verdict == "suspected")]
