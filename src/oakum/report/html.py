"""The report as one file that a person opens, reads and sends on: no server, no network, no trust.

The page may run nothing but its own script and load nothing at all (Content-Security-Policy by
hash). What an API named reaches it in two ways only: through autoescaping, or as JSON in a data
block whose text its script sets as text, never as markup.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from importlib import resources
from itertools import groupby
from pathlib import PurePath

import orjson
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from oakum.errors import Location, counted
from oakum.finding import Cell, Report, Result
from oakum.report.grouping import (
    Defect,
    defects,
    exit_code,
    not_shown,
    skipped,
    tally,
    verdict_words,
    visible,
    weakest_first,
)
from oakum.report.json_v1 import document

_BAR = 1000


@dataclass(frozen=True)
class _Kind:
    """How a result looks and reads; the script learns it from the legend of the page."""

    result: Result
    key: str
    glyph: str
    word: str
    says: str


_KINDS = (
    _Kind(Result.LEAK, "leak", "✕", "leak", "the contract denies it, the API served it"),
    _Kind(
        Result.OVER_BLOCK,
        "over_block",
        "⊘",
        "over-block",
        "the contract grants it, the API kept it back",
    ),
    _Kind(Result.NOT_SHOWN, "not_shown", "?", "not shown", "never exercised: nothing is known"),
    _Kind(Result.OPEN, "open", "○", "open", "granted, and served"),
    _Kind(Result.CLOSED, "closed", "–", "closed", "denied, and kept back from this viewer"),
)
"""Worst first: where doors differ, the worst speaks for the square, and *open* before *closed*."""


def render(report: Report) -> str:
    """The report as one HTML document that loads nothing."""
    style, script = _asset("page.css"), _asset("page.js")
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["ticks"] = _ticks
    environment.filters["short"] = _short
    environment.globals["counted"] = counted
    page = environment.from_string(_asset("page.html.j2"))
    return page.render(
        report=report,
        policy=_policy(style, script),
        style=Markup(style),
        script=Markup(script),
        data=_data(report),
        exit_code=exit_code(report),
        verdict=verdict_words(report),
        tally=tally(report),
        kinds=[(kind, report.count(kind.result)) for kind in _KINDS],
        bar=_bar(report),
        defects=[(_anchor(defect), defect, _links(defect)) for defect in defects(report)],
        not_shown=[(reason, len(cells), _squares(cells)) for reason, cells in not_shown(report)],
        skipped=skipped(report),
    )


def _asset(name: str) -> str:
    return resources.files("oakum.report").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """A Content-Security-Policy that admits this style and this script, and nothing else."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _data(report: Report) -> Markup:
    """The report and the order of viewers as JSON that no HTML parser can take for markup."""
    data = {"viewers": weakest_first(report), "report": document(report)}
    text = orjson.dumps(data).decode()
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)


def _visible(value: object) -> str:
    return value if isinstance(value, Markup) else visible(str(value))


def _ticks(text: str) -> Markup:
    """Text whose `words` in backticks become code."""
    parts = visible(text).split("`")
    if len(parts) % 2 == 0:
        return escape(visible(text))
    pieces = (
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part)
        for at, part in enumerate(parts)
    )
    return Markup("").join(pieces)


def _short(place: Location) -> str:
    """A place without its folders, which the head of the page names."""
    return str(replace(place, file=PurePath(place.file).name))


def _anchor(defect: Defect) -> str:
    """Stable over runs as long as the defect is the same: verdict, rule, resource, first viewer."""
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
