"""Whether a report is unaltered: its digest, its counts, its findings and cells.

A report decides about a release, and anybody can edit its text. The digest detects a mistake, a
cut, an edited line; whoever computes a new one still has to keep all counts consistent.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.errors import Problem
from oakum.finding import Endpoint, Report, Result
from oakum.openapi.model import Json
from oakum.openapi.source import JsonPlaces, parse_json
from oakum.openapi.typed_json import FORMERLY
from oakum.report.json_document import SCHEMA, document, report_digest

_HINT = "use the file as `oakum scan --json` wrote it, or scan again"


def faults(data: bytes, report: Report, file: str) -> list[Problem]:
    """Where the JSON text from which `report` was read contradicts itself, each with its place."""
    found = parse_json(data, file)
    again = document(report)
    if found.get("schema") != SCHEMA:
        again = _formerly(again)
    places = JsonPlaces(data.decode("utf-8", "replace"), file)
    made = [
        *_check_digest(found),
        *_check_counts(found, again),
        *_check_fingerprints(found, report),
    ]
    made += _check_cells(report)
    return [Problem(places.locate(pointer), said, _HINT) for pointer, said in made]


def _formerly(again: Json) -> Json:
    """The members that are compared, with the keys of version 1."""

    def name_counts(counts: dict[str, Json]) -> Json:
        return {FORMERLY.get(key, key): value for key, value in counts.items()}

    by_resource = again["coverage"]["by_resource"]
    named_so = {name: name_counts(counts) for name, counts in by_resource.items()}
    return {
        **again,
        "summary": name_counts(again["summary"]),
        "coverage": {"by_resource": named_so},
    }


def _check_digest(found: Json) -> Iterator[tuple[str, str]]:
    if "digest" not in found:
        yield "", "the report has no `digest`: it is incomplete, or an older Oakum wrote it"
    elif found["digest"] != report_digest(found):
        yield "/digest", "the report was changed after it was written: its `digest` does not match"


def _check_counts(found: Json, again: Json) -> Iterator[tuple[str, str]]:
    """(member, what is wrong) for computed members with a wrong value."""
    for key in ("trustworthy", "summary"):
        yield from _unlike(f"/{key}", found.get(key), again[key])
    coverage = found.get("coverage", {})
    wanted = again["coverage"]["by_resource"]
    yield from _unlike("/coverage/by_resource", coverage.get("by_resource"), wanted)


def _check_fingerprints(found: Json, report: Report) -> Iterator[tuple[str, str]]:
    """(member, what is wrong) for findings with another fingerprint or main endpoint than
    computed."""
    for index, (written, each) in enumerate(zip(found["findings"], report.findings, strict=True)):
        main = each.endpoints[0] if each.endpoints else Endpoint("", "")
        wanted = (each.fingerprint, main.method, main.path)
        if tuple(written.get(key) for key in ("fingerprint", "method", "path")) != wanted:
            said = "a finding does not agree with its own fingerprint or with its main endpoint"
            yield f"/findings/{index}", said


def _unlike(pointer: str, found: Json, wanted: Json) -> Iterator[tuple[str, str]]:
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in sorted({*found, *wanted}):
            yield from _unlike(f"{pointer}/{key}", found.get(key), wanted.get(key))
    elif found != wanted:
        name = pointer.strip("/").replace("/", ".")
        yield (
            pointer,
            f"`{name}` says {_format_value(found)},"
            f" but the report adds up to {_format_value(wanted)}",
        )


def _format_value(value: Json) -> str:
    return "nothing" if value is None else str(value).lower()


def _check_cells(report: Report) -> Iterator[tuple[str, str]]:
    """(member, what is wrong) for leaking cells without a finding; findings without a cell are
    allowed."""
    told = {
        (each.verdict == "over_blocked", each.resource, each.field, each.viewer, each.state)
        for each in report.findings
    }
    for cell in report.cells:
        blocked = cell.result is Result.OVER_BLOCK
        if not blocked and cell.result is not Result.LEAK:
            continue
        if blocked and not report.stated:
            continue  # a guessed grant is not a promise to serve
        if (blocked, cell.resource, cell.field, cell.viewer, cell.state) not in told:
            what = "over-blocked" if blocked else "a leak"
            name = f"`{cell.resource}.{cell.field}`"
            yield "/findings", f"{name} is {what} for `{cell.viewer}`, but no finding reports it"
