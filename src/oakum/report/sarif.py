"""SARIF 2.1.0 (OASIS) for GitHub code scanning: one run, one result for each finding.

There is one SARIF rule for each severity of a rule's findings, as `rule/severity`: code scanning
reads `security-severity` only from the SARIF rule, and the severity of a finding is that of its
field.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import orjson

from oakum.errors import Location, count_of
from oakum.finding import Finding, Report
from oakum.openapi.model import Json
from oakum.output.terminal_text import short, visible
from oakum.report.grouping import exit_code, findings_in_order, verdict_words
from oakum.report.pipeline_formats import (
    DISTRUST_RULE,
    NO_FACTS,
    FindingStates,
    RenderFacts,
    RuleFacts,
    level,
    mark,
    message,
    place,
    top,
)

MOST_RESULTS = 25_000
MOST_BYTES = 10_000_000
"""The limit of code scanning is 10 MB after gzip; the file is kept below it unpacked."""
_SHOWN_RESULTS = 5_000  # code scanning shows only this many of the accepted results
_MOST_TAGS = 10
_MOST_ENDPOINTS = 10
_MOST_NOTES = 50

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"
_SECURITY_SEVERITY = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
"""The middle of each band that GitHub documents: over 9.0, 7.0 to 8.9, 4.0 to 6.9, 0.1 to 3.9."""


def render(report: Report, facts: RenderFacts = NO_FACTS) -> bytes:
    """The report as SARIF within the limits. The gravest findings are kept; a notification counts
    the rest."""
    findings = findings_in_order(report)
    kept = findings[: MOST_RESULTS - min(len(report.distrust), _MOST_NOTES)]
    while True:
        data = orjson.dumps(document(report, kept, facts), option=orjson.OPT_APPEND_NEWLINE)
        if len(data) <= MOST_BYTES or not kept:
            return data
        size = len(gzip.compress(data, compresslevel=6, mtime=0))
        if size <= MOST_BYTES:
            return data
        kept = kept[: int(len(kept) * 0.9 * MOST_BYTES / size)]


def document(report: Report, kept: Sequence[Finding], facts: RenderFacts = NO_FACTS) -> Json:
    """The report as plain values, with the findings in `kept`, in their order."""
    rules: dict[str, Json] = {}
    known = FindingStates(report)
    results = [_result(finding, report, known, rules, facts) for finding in kept]
    results += _distrust(report, rules)
    places = {name: at for at, name in enumerate(rules)}
    for result in results:
        result["ruleIndex"] = places[result["ruleId"]]
    contract = top(report).file
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Oakum",
                        "version": short(report.version) or "unknown",
                        "rules": list(rules.values()),
                    }
                },
                # The part up to the last slash is the category, which keeps scans of two contracts
                # apart.
                "automationDetails": {
                    "id": f"oakum/{contract}/{short(report.run, 99).replace('/', '-')}"
                },
                "invocations": [_invocation(report, len(kept))],
                "originalUriBaseIds": {
                    _ROOT: {"description": {"text": "The root of the repository."}}
                },
                "columnKind": "unicodeCodePoints",
                "results": results,
                "properties": {
                    "contract": contract,
                    "stated": report.stated,
                    "findings": len(report.findings),
                    "leftOut": len(report.findings) - len(kept),
                },
            }
        ],
    }


def _result(
    finding: Finding,
    report: Report,
    known: FindingStates,
    rules: dict[str, Json],
    facts: RenderFacts,
) -> Json:
    name = _rule_id(finding)
    if name not in rules:
        about = facts.rules.get(
            finding.rule, RuleFacts(finding.rule.replace("-", " ") or "unnamed")
        )
        rules[name] = _rule(name, finding, about)
    return {
        "ruleId": name,
        "level": level(finding),
        "message": {"text": _escape(message(finding, known))},
        "locations": [_location(place(finding, report), finding)],
        "partialFingerprints": _fingerprints(finding.fingerprint),
        "properties": {
            "verdict": finding.verdict,
            "severity": finding.severity,
            "resource": visible(finding.resource),
            "field": visible(finding.field),
            "viewer": visible(finding.viewer),
            "state": {visible(name): visible(value) for name, value in finding.state},
        },
    }


def _rule_id(finding: Finding) -> str:
    name = short(finding.rule, 200) or "unnamed"
    return name if finding.verdict == "over_blocked" else f"{name}/{finding.severity}"


def _rule(name: str, finding: Finding, about: RuleFacts) -> Json:
    secure = finding.verdict != "over_blocked"
    properties: dict[str, Json] = {
        "precision": "very-high" if finding.verdict == "proven" else "medium",
        "problem.severity": {"error": "error", "warning": "warning"}.get(
            level(finding), "recommendation"
        ),
        "tags": _tags(finding, secure),
    }
    if secure:
        properties["security-severity"] = _SECURITY_SEVERITY[finding.severity]
    rule: dict[str, Json] = {
        "id": name,
        "name": "".join(word.capitalize() for word in name.replace("/", "-").split("-")),
        "shortDescription": {"text": short(about.what.strip()) or name},
        "fullDescription": {"text": short(f"{about.what} {about.why}".strip()) or name},
        "defaultConfiguration": {"level": level(finding)},
        "help": _help(finding, about),
        "properties": properties,
    }
    if about.references:
        rule["helpUri"] = about.references[0][1]
    return rule


def _tags(finding: Finding, secure: bool) -> list[str]:
    tags = ["security", "privacy", "api"] if secure else ["api", "correctness"]
    tags += [f"external/cwe/{short(each, 60).lower()}" for each in finding.cwe]
    if finding.owasp:
        tags.append(f"external/owasp/{short(finding.owasp, 60).lower()}")
    return list(dict.fromkeys(tags))[:_MOST_TAGS]


def _help(finding: Finding, about: RuleFacts) -> Json:
    steps = about.fix or ((finding.advice,) if finding.advice else ())
    plain = [about.what, about.why, *(f"- {step}" for step in steps), about.guard]
    plain += [f"{title}: {address}" for title, address in about.references]
    marked = [f"{about.what} {about.why}".strip()]
    if steps:
        marked.append("**What to do**\n\n" + "\n".join(f"- {step}" for step in steps))
    if about.guard:
        marked.append(f"**What the guard does**\n\n{about.guard}")
    if about.references:
        lines = (f"- [{title}]({address})" for title, address in about.references)
        marked.append("**References**\n\n" + "\n".join(lines))
    if not about.why:  # an unknown rule: these words come from the report, and may be anything
        return {"text": short(" ".join(part for part in plain if part))}
    text = "\n".join(part for part in plain if part)
    return {"text": text, "markdown": "\n\n".join(marked)}


def _location(where: Location, finding: Finding | None = None) -> Json:
    location: dict[str, Json] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(where.file, safe="/"), "uriBaseId": _ROOT},
            "region": {"startLine": where.line, "startColumn": where.column},
        }
    }
    if finding is not None and finding.endpoints:
        names = [
            (short(each.operation, 300), short(f"{each.method} {each.path}", 300))
            for each in finding.endpoints[:_MOST_ENDPOINTS]
        ]
        location["logicalLocations"] = [
            {"name": name or path, "fullyQualifiedName": path, "kind": "resource"}
            for name, path in {(name or path, path): None for name, path in names}
        ]
    return location


def _fingerprints(digits: str) -> Json:
    """Code scanning compares `primaryLocationLineHash`.

    Without it, the upload action hashes the contract's line: all findings of that line would share
    one hash, and an edit of the line would change it.
    """
    return {"oakumFinding/v1": digits, "primaryLocationLineHash": f"{digits}:1"}


def _distrust(report: Report, rules: dict[str, Json]) -> list[Json]:
    if not report.distrust:
        return []
    words = "The run is incomplete: what it did not find proves nothing."
    rules[DISTRUST_RULE] = {
        "id": DISTRUST_RULE,
        "name": "RunNotTrustworthy",
        "shortDescription": {"text": words},
        "fullDescription": {"text": words},
        "defaultConfiguration": {"level": "error"},
        "help": {"text": f"{words} Fix the reason that is named, and scan again."},
        "properties": {"precision": "very-high", "problem.severity": "error", "tags": ["api"]},
    }
    return [
        {
            "ruleId": DISTRUST_RULE,
            "level": "error",
            "message": {"text": _escape(short(f"Not trustworthy: {reason}"))},
            "locations": [_location(top(report))],
            "partialFingerprints": _fingerprints(mark(DISTRUST_RULE, reason)),
        }
        for reason in report.distrust[:_MOST_NOTES]
    ]


def _invocation(report: Report, kept: int) -> Json:
    notes = [_note("error", f"not trustworthy: {each}") for each in report.distrust[:_MOST_NOTES]]
    left = len(report.findings) - kept
    if left:
        notes.append(
            _note(
                "warning",
                f"{count_of(left, 'finding')} of {len(report.findings):,} are omitted, the least"
                f" severe ones: code scanning accepts {MOST_RESULTS:,} results and"
                f" {MOST_BYTES // 1_000_000} MB; the JSON report has them all",
            )
        )
    if kept > _SHOWN_RESULTS:
        notes.append(_note("warning", f"code scanning shows the {_SHOWN_RESULTS:,} most severe"))
    notes.append(_note("note", verdict_words(report)))
    invocation: dict[str, Any] = {
        "executionSuccessful": not report.distrust,
        "exitCode": int(exit_code(report)),
        "toolExecutionNotifications": notes,
    }
    if started := _utc(report.started):
        invocation["startTimeUtc"] = started
    return invocation


def _note(grade: str, text: str) -> Json:
    return {"level": grade, "message": {"text": _escape(short(text))}}


def _utc(started: str) -> str:
    """The start of the run in UTC as SARIF 2.1.0 requires (3.9); empty if the report has no
    time."""
    try:
        datetime.fromisoformat(started)
    except ValueError:
        return ""
    return started if started.endswith("Z") and "T" in started else ""


def _escape(text: str) -> str:
    """Text of a `message`: braces would be placeholders (3.11.5) and `[…](…)` a link (3.11.6).

    A path parameter is written as `:name`, since not every consumer reads doubled braces.
    """
    plain = re.sub(r"\{(\w+)\}", r":\1", text).replace("](", "] (")
    return plain.replace("{", "{{").replace("}", "}}")
