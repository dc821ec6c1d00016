"""The report as JSON: `oakum.report/2`.

Within version 2 a key may be added; none is removed, renamed, or given another meaning. Every list
is in a fixed order, so that two reports of the same run are the same bytes. The schema is
docs/reference/report-2.schema.json, and docs/reference/report.md explains the words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

import orjson

from oakum.errors import ExitCode, Location
from oakum.finding import (
    Answer,
    Cell,
    Endpoint,
    Evidence,
    Finding,
    IdentityState,
    Line,
    Report,
    Result,
    SkippedOperation,
    State,
    TestedItem,
    Writes,
)
from oakum.openapi.model import Json
from oakum.openapi.typed_json import Value, read_typed
from oakum.report.grouping import exit_code, findings_in_order, reasons, tally
from oakum.rules import OWASP, current

SCHEMA = "oakum.report/2"
EARLIER = ("oakum.report/1",)
"""Earlier versions that are still read; their keys have other names."""

_RESULTS = {
    Result.OPEN: "open",
    Result.CLOSED: "closed",
    Result.LEAK: "leak",
    Result.OVER_BLOCK: "over_block",
    Result.UNTESTED: "untested",
}
_Verdict = Literal["proven", "suspected", "over_blocked"]
_Severity = Literal["critical", "high", "medium", "low"]
_Mark = Literal["", "canary", "leak", "granted"]

_VERDICTS: Mapping[str, _Verdict] = {word: word for word in get_args(_Verdict)}
_SEVERITIES: Mapping[str, _Severity] = {word: word for word in get_args(_Severity)}
_MARKS: Mapping[str, _Mark] = {word: word for word in get_args(_Mark)}
_READ_RESULTS = {
    **{word: result for result, word in _RESULTS.items()},
    "not_shown": Result.UNTESTED,
}
"""`not_shown` is the word of version 1 for untested."""


# --------------------------------------------------------------------------- writing


def render(report: Report) -> bytes:
    """The report as UTF-8 JSON, indented, with a final newline."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(document(report), option=options)


def document(report: Report) -> Json:
    """The report as plain values, in the structure of `oakum.report/2`."""
    content = _content(report)
    return {**content, "digest": report_digest(content)}


def report_digest(content: Json) -> str:
    """The `digest` of a report: SHA-256 over all other members as JSON with sorted keys,
    unindented.

    It is no signature: it detects accidental and partial changes, not who made them.
    """
    rest = {key: value for key, value in content.items() if key != "digest"}
    return hashlib.sha256(orjson.dumps(rest, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _content(report: Report) -> Json:
    return {
        "schema": SCHEMA,
        "oakum": report.version,
        "target": report.target,
        "contract": report.contract,
        "contract_digest": report.contract_digest,
        "stated": report.stated,
        "run": report.run,
        "started": report.started,
        "seconds": report.seconds,
        "requests": report.requests,
        "budget": report.budget,
        "allowed": list(report.allowed),
        "trustworthy": exit_code(report) is not ExitCode.NOT_TRUSTWORTHY,
        "distrust": list(reasons(report)),
        "summary": {
            **tally(report),
            **_results(report.cells, ("untested", "open", "closed")),
            "cells": len(report.cells),
        },
        "findings": [_finding(finding) for finding in findings_in_order(report)],
        "coverage": _coverage(report.cells),
        "identities": [
            {
                "name": identity.name,
                "ok": identity.ok,
                "message": identity.message,
                "relations": list(identity.relations),
            }
            for identity in report.identities
        ],
        "skipped": [
            {**skipped.endpoint.members(), "reason": skipped.reason}
            for skipped in sorted(report.skipped, key=lambda item: (item.endpoint, item.reason))
        ],
        "notes": list(report.notes),
        "writes": _writes(report.writes),
        "owasp": [
            {
                "item": each.item,
                "title": OWASP[each.item].title if each.item in OWASP else "",
                "tested": list(each.tested),
                "untested": [{"rule": rule, "reason": why} for rule, why in each.untested],
            }
            for each in report.items
        ],
        "contract_lines": {
            field: report.field_lines[field].members() for field in sorted(report.field_lines)
        },
    }


def _writes(writes: Writes) -> Json:
    return {
        "sent": writes.sent,
        "changes": writes.changes,
        "undone": writes.undone,
        "left": list(writes.left),
        "operations": [
            {**endpoint.members(), "sent": number} for endpoint, number in writes.operations
        ],
        "untried": [{**each.endpoint.members(), "reason": each.reason} for each in writes.untried],
    }


def _finding(finding: Finding) -> Json:
    main = finding.endpoints[0] if finding.endpoints else Endpoint("", "")
    return {
        "rule": finding.rule,
        "verdict": finding.verdict,
        "severity": finding.severity,
        "title": finding.title,
        "method": main.method,
        "path": main.path,
        "resource": finding.resource,
        "field": finding.field,
        "viewer": finding.viewer,
        "state": dict(finding.state),
        "owasp": finding.owasp,
        "cwe": list(finding.cwe),
        "also": list(finding.also),
        "promise": finding.promise,
        "doubts": list(finding.doubts),
        "drafted": finding.drafted,
        "advice": finding.advice,
        "endpoints": [endpoint.members() for endpoint in finding.endpoints],
        "fingerprint": finding.fingerprint,
        "contract_location": finding.contract_location.members(),
        "evidence": _evidence(finding.evidence) if finding.evidence else None,
    }


def _evidence(evidence: Evidence) -> Json:
    return {
        "owner": _answer(evidence.owner) if evidence.owner else None,
        "viewer": _answer(evidence.viewer),
        "curl": evidence.curl,
        "confirmed": evidence.confirmed,
        "note": evidence.note,
    }


def _answer(answer: Answer) -> Json:
    return {
        "identity": answer.identity,
        "relation": answer.relation,
        "status": answer.status,
        "media_type": answer.media_type,
        "lines": [
            {"pointer": line.pointer, "shape": line.shape, "hash": line.hash, "mark": line.mark}
            for line in answer.lines
        ],
        "truncated": answer.truncated,
    }


def _coverage(cells: Iterable[Cell]) -> Json:
    ordered = sorted(
        cells,
        key=lambda c: (c.resource, c.field, c.viewer, c.state, c.endpoint, c.identity, c.reason),
    )
    resources: dict[str, list[Cell]] = {}
    for cell in ordered:
        resources.setdefault(cell.resource, []).append(cell)
    return {
        "by_resource": {
            name: {**_results(held, _RESULTS.values()), "cells": len(held)}
            for name, held in resources.items()
        },
        "cells": [
            {
                "resource": cell.resource,
                "field": cell.field,
                "viewer": cell.viewer,
                "state": dict(cell.state),
                **cell.endpoint.members(),
                "granted": cell.granted,
                "result": _RESULTS[cell.result],
                "reason": cell.reason,
                "identity": cell.identity,
            }
            for cell in ordered
        ],
    }


def _results(cells: Iterable[Cell], names: Iterable[str]) -> dict[str, int]:
    results = [_RESULTS[cell.result] for cell in cells]
    return {name: results.count(name) for name in names}


# --------------------------------------------------------------------------- reading back


def read(data: bytes, file: str = "report") -> Report:
    """The report that `render` wrote; unknown keys are ignored.

    Raises `InputError` with the place in `file` if it is not such a report.
    """
    return read_typed(data, file, SCHEMA, _report, EARLIER)


def _report(value: Value) -> Report:
    return Report(
        target=value["target"].text(),
        contract=value["contract"].text(),
        stated=value["stated"].flag(),
        run=value["run"].text(),
        started=value["started"].text(),
        seconds=value["seconds"].number(),
        requests=value["requests"].whole(),
        budget=value["budget"].whole(),
        findings=value["findings"].each(_read_finding),
        cells=value["coverage"]["cells"].each(_read_cell),
        skipped=value["skipped"].each(
            lambda item: SkippedOperation(Endpoint.read(item), item["reason"].text())
        ),
        identities=value["identities"].each(_read_identity),
        distrust=value["distrust"].each(Value.text),
        notes=value["notes"].each(Value.text),
        version=value["oakum"].text(),
        field_lines=value["contract_lines"].members(_read_location),
        allowed=value["allowed"].each(Value.text) if value.has("allowed") else (),
        contract_digest=(value["contract_digest"].text() if value.has("contract_digest") else ""),
        writes=_read_writes(value["writes"]) if value.has("writes") else Writes(),
        items=value["owasp"].each(_read_item) if value.has("owasp") else (),
    )


def _read_writes(value: Value) -> Writes:
    return Writes(
        sent=value["sent"].whole(),
        changes=value["changes"].whole(),
        undone=value["undone"].whole(),
        left=value["left"].each(Value.text),
        operations=value["operations"].each(
            lambda item: (Endpoint.read(item), item["sent"].whole())
        ),
        untried=value["untried"].each(_read_skipped),
    )


def _read_item(value: Value) -> TestedItem:
    return TestedItem(
        item=value["item"].text(),
        tested=value["tested"].each(lambda each: current(each.text())),
        untested=value["untested"].each(
            lambda each: (current(each["rule"].text()), each["reason"].text())
        ),
    )


def _read_finding(value: Value) -> Finding:
    return Finding(
        rule=current(value["rule"].text()),
        verdict=value["verdict"].one_of(_VERDICTS),
        resource=value["resource"].text(),
        field=value["field"].text(),
        viewer=value["viewer"].text(),
        state=_read_state(value["state"]),
        endpoints=value["endpoints"].each(Endpoint.read),
        owasp=value["owasp"].text(),
        cwe=value["cwe"].each(Value.text),
        severity=value["severity"].one_of(_SEVERITIES),
        title=value["title"].text(),
        advice=value["advice"].text(),
        contract_location=_read_location(value["contract_location"]),
        also=value["also"].each(lambda item: current(item.text())),
        promise=value["promise"].text(),
        evidence=value["evidence"].maybe(_read_evidence),
        doubts=value["doubts"].each(Value.text) if value.has("doubts") else (),
        drafted=value["drafted"].flag() if value.has("drafted") else False,
    )


def _read_evidence(value: Value) -> Evidence:
    return Evidence(
        owner=value["owner"].maybe(_read_answer),
        viewer=_read_answer(value["viewer"]),
        curl=value["curl"].text(),
        confirmed=value["confirmed"].flag(),
        note=value["note"].text(),
    )


def _read_answer(value: Value) -> Answer:
    return Answer(
        identity=value["identity"].text(),
        relation=value["relation"].text(),
        status=value["status"].whole(),
        media_type=value["media_type"].text(),
        lines=value["lines"].each(_read_line),
        truncated=value["truncated"].whole(),
    )


def _read_line(value: Value) -> Line:
    return Line(
        pointer=value["pointer"].text(),
        shape=value["shape"].text(),
        hash=value["hash"].text(),
        mark=value["mark"].one_of(_MARKS),
    )


def _read_cell(value: Value) -> Cell:
    return Cell(
        resource=value["resource"].text(),
        field=value["field"].text(),
        viewer=value["viewer"].text(),
        state=_read_state(value["state"]),
        endpoint=Endpoint.read(value),
        granted=value["granted"].flag(),
        result=value["result"].one_of(_READ_RESULTS),
        reason=value["reason"].text(),
        identity=value["identity"].text(),
    )


def _read_skipped(value: Value) -> SkippedOperation:
    return SkippedOperation(Endpoint.read(value), value["reason"].text())


def _read_identity(value: Value) -> IdentityState:
    return IdentityState(
        name=value["name"].text(),
        ok=value["ok"].flag(),
        message=value["message"].text(),
        relations=value["relations"].each(Value.text),
    )


def _read_state(value: Value) -> State:
    return tuple(sorted(value.members(Value.text).items()))


def _read_location(value: Value) -> Location:
    return Location(value["file"].text(), value["line"].whole(), value["column"].whole())
