"""Renders a verdict: for a terminal, for a pull request, and as `oakum.gate/1`."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.errors import ExitCode, count_of
from oakum.gate.verdict import Criterion, Verdict, WaiverUse
from oakum.openapi.model import Json
from oakum.output.markdown import escape_title

SCHEMA = "oakum.gate/1"
_FEW = 5
"""Most details printed for one criterion; the JSON has all."""
_BEGIN_MARKS = {"met": "ok", "not met": "FAIL"}
_ICONS = {"met": "✅", "not met": "❌"}
_EXITS = {
    ExitCode.CLEAN: "clean",
    ExitCode.FINDINGS: "findings",
    ExitCode.NOT_TRUSTWORTHY: "not trustworthy",
}


def headline(verdict: Verdict) -> str:
    """The whole verdict in one sentence."""
    failed = len(verdict.failed_criteria)
    if failed:
        many = "criterion is" if failed == 1 else "criteria are"
        return f"This release must not ship: {failed} {many} not met"
    if not verdict.reports:
        return "No static findings; what the API sends was not checked"
    return "This release may ship"


def text(verdict: Verdict) -> Iterator[str]:
    """Lines for a terminal or a build log, without colours."""
    yield from (f"report {each}" for each in verdict.judged)
    unseen = [each for each in verdict.criteria if each.status == "not looked at"]
    for each in verdict.criteria:
        if each in unseen:
            continue
        mark = _BEGIN_MARKS.get(each.status, "--")
        yield f"{mark:<5} {each.name}: {each.title}{_measure(each)}"
        if each.status == "not met":
            yield from (f"        {detail}" for detail in each.details[:_FEW])
            if each.details[_FEW:]:
                yield f"        and {len(each.details) - _FEW:,} more (`--format json` has all)"
            yield f"        do: {each.advice}"
    if unseen:
        yield f"-- not checked: {', '.join(each.name for each in unseen)}"
        yield f"        do: {unseen[0].advice}"
    for waived in verdict.waived:
        yield f"waived: {_describe_waiver(waived)}"
    for problem in verdict.warnings:
        yield f"warning: {problem}"
    yield ""
    yield from closing_lines(verdict)


def closing_lines(verdict: Verdict) -> Iterator[str]:
    """The last lines: the verdict, the counts, the exit code."""
    yield headline(verdict)
    yield _sums(verdict)
    code = verdict.exit_code
    yield f"exit {int(code)}: {_EXITS[code]}"


def _measure(each: Criterion) -> str:
    if not each.figure:
        return f" ({each.status})"
    return f" ({each.figure}; {each.bound})" if each.bound else f" ({each.figure})"


def _describe_waiver(each: WaiverUse) -> str:
    waiver = each.waiver
    if waiver.cell is not None:
        name = f"{waiver.cell.resource}.{waiver.cell.field} for {waiver.cell.viewer}"
    else:
        name = waiver.finding
    until = "expired on" if each.expired else "until"
    return (
        f"{name}, {count_of(each.suppressed, 'finding')}, {until} {waiver.expires};"
        f" {waiver.owner}: {waiver.reason}"
    )


def _sums(verdict: Verdict) -> str:
    by = [each.status for each in verdict.criteria]
    said = [f"{by.count('met')} met", f"{by.count('not met')} not met"]
    other = len(by) - by.count("met") - by.count("not met")
    said += [f"{other} not judged"] if other else []
    known = f"{len(verdict.known)} known from the baseline"
    gone = f", {verdict.gone} of it gone" if verdict.gone else ""
    approved = f"; {count_of(verdict.approved, 'widening')} approved" if verdict.approved else ""
    waived = f"{verdict.suppressed_count} waived"
    return f"criteria: {', '.join(said)}; findings: {waived}, {known}{gone}{approved}"


def markdown(verdict: Verdict) -> Iterator[str]:
    """Lines of a pull-request comment in Markdown. Text from reports and contracts is escaped."""
    yield "<!-- oakum gate -->"  # a marker by which a pipeline finds its earlier comment
    yield f"## {'❌' if verdict.failed_criteria else '✅'} {escape_title(headline(verdict))}"
    yield ""
    yield from (f"Report {escape_title(each)}  " for each in verdict.judged)
    yield ""
    yield "| | criterion | found | required |"
    yield "|---|---|---|---|"
    for each in verdict.criteria:
        found = each.figure or each.status
        cells = (escape_title(part) for part in (each.title, found, each.bound))
        yield f"| {_ICONS.get(each.status, '➖')} | {' | '.join(cells)} |"
    for each in verdict.failed_criteria:
        yield ""
        yield f"**{escape_title(each.name)}**: {escape_title(each.advice)}"
        if each.details:
            yield ""
        yield from (f"- {escape_title(str(detail))}" for detail in each.details[:_FEW])
        if each.details[_FEW:]:
            yield f"- and {len(each.details) - _FEW:,} more"
    if verdict.waived or verdict.warnings:
        yield ""
    yield from (f"- waived: {escape_title(_describe_waiver(each))}" for each in verdict.waived)
    yield from (f"- warning: {escape_title(str(each))}" for each in verdict.warnings)
    yield ""
    yield escape_title(_sums(verdict))


# --------------------------------------------------------------------------- JSON


def document(verdict: Verdict, contract: str) -> Json:
    """The verdict as plain values, in the structure of `oakum.gate/1`."""
    code = verdict.exit_code
    return {
        "schema": SCHEMA,
        "contract": contract,
        "reports": list(verdict.judged),
        "passed": not verdict.failed_criteria,
        "exit": int(code),
        "verdict": headline(verdict),
        "criteria": [
            {
                "name": each.name,
                "title": each.title,
                "status": each.status.replace(" ", "_"),
                "figure": each.figure,
                "bound": each.bound,
                "advice": each.advice,
                "details": list(map(str, each.details)),
            }
            for each in verdict.criteria
        ],
        "suppressed": verdict.suppressed_count,
        "approved": verdict.approved,
        "waivers": [
            {
                "finding": each.waiver.finding,
                "cell": _cell(each),
                "reason": each.waiver.reason,
                "owner": each.waiver.owner,
                "expires": each.waiver.expires.isoformat(),
                "expired": each.expired,
                "suppressed": each.suppressed,
                "location": each.waiver.location.members(),
            }
            for each in verdict.waived
        ],
        "baseline": {
            "known": [each.fingerprint for each in verdict.known],
            "gone": verdict.gone,
        },
        "warnings": [each.members() for each in verdict.warnings],
    }


def _cell(each: WaiverUse) -> Json:
    cell = each.waiver.cell
    if cell is None:
        return None
    return {
        "resource": cell.resource,
        "field": cell.field,
        "viewer": cell.viewer,
        "state": dict(cell.state),
    }
