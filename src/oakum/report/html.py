"""The report as one self-contained HTML file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePath

from oakum.errors import Location
from oakum.finding import Cell, Report, Result
from oakum.output.render import render as page
from oakum.report.grouping import (
    Defect,
    by_item,
    defects,
    exit_code,
    items_said,
    skipped_by_reason,
    tally,
    untested_by_reason,
    verdict_words,
    weakest_first,
    writes_said,
)
from oakum.report.json_document import document

_BAR = 1000


@dataclass(frozen=True)
class _Kind:
    """How a result looks on the page; the script reads it from the legend."""

    result: Result
    key: str
    glyph: str
    word: str
    says: str


_KINDS = (
    _Kind(Result.LEAK, "leak", "✕", "leak", "the contract denies it, but the API served it"),
    _Kind(
        Result.OVER_BLOCK,
        "over_block",
        "⊘",
        "over-block",
        "the contract grants it, but the API withheld it",
    ),
    _Kind(Result.UNTESTED, "untested", "?", "untested", "never exercised: nothing is known"),
    _Kind(Result.OPEN, "open", "○", "open", "granted, and served"),
    _Kind(Result.CLOSED, "closed", "–", "closed", "denied, and withheld from this viewer"),
)
"""The worst first: a square that stands for several endpoints shows the worst of their results, and
*open* before *closed*."""


def render(report: Report) -> str:
    """The report as one HTML document that makes no request."""
    return page(
        "oakum.report",
        ("page",),
        {"viewers": weakest_first(report), "report": document(report)},
        report=report,
        writes=writes_said(report),
        tested=items_said(report),
        short=_short,
        distrust=report.distrust,
        exit_code=exit_code(report),
        verdict=verdict_words(report),
        tally=tally(report),
        kinds=[(kind, report.count(kind.result)) for kind in _KINDS],
        bar=_bar(report),
        items=[
            (item, [(_anchor(each), each, _links(each)) for each in group])
            for item, group in by_item(defects(report))
        ],
        untested=[
            (reason, len(cells), _squares(cells)) for reason, cells in untested_by_reason(report)
        ],
        skipped=skipped_by_reason(report),
    )


def _short(place: Location) -> str:
    """The place with the name of its file only; the head of the page has the folders."""
    return str(place._replace(file=PurePath(place.file).name))


def _anchor(defect: Defect) -> str:
    """An id that is the same in each run that finds this verdict, rule, resource and first
    viewer."""
    first = defect.first
    parts = (first.verdict, first.rule, first.resource, first.viewer)
    return f"defect-{hashlib.sha256(repr(parts).encode()).hexdigest()[:12]}"


def _links(defect: Defect) -> tuple[tuple[tuple[tuple[str, str], ...], str], ...]:
    """((field, fingerprint) pairs, when) of each occasion; a finding without field: `evidence`."""
    prints = {finding.field: finding.fingerprint for finding in reversed(defect.findings)}
    return tuple(
        (tuple((name or "evidence", prints[name]) for name in fields or ("",)), when)
        for fields, when in defect.occasions
    )


def _bar(report: Report) -> list[tuple[_Kind, float, float]]:
    """(kind, start, width) of each result's share of all cells, in thousandths."""
    total, start = max(len(report.cells), 1), 0.0
    parts = []
    for kind in reversed(_KINDS):
        width = report.count(kind.result) * _BAR / total
        parts.append((kind, round(start, 2), round(width, 2)))
        start += width
    return parts


def _squares(cells: tuple[Cell, ...]) -> list[tuple[str, str, list[str]]]:
    """(resource, viewer, fields) of cells that share a reason."""

    def key(cell: Cell) -> tuple[str, str]:
        return cell.resource, cell.viewer

    return [
        (resource, viewer, sorted({cell.field for cell in held}))
        for (resource, viewer), held in groupby(sorted(cells, key=key), key)
    ]
