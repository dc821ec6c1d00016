"""Renders a comparison as text and as `oakum.comparison/2`. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

import orjson

import oakum
from oakum.errors import count_of
from oakum.frontend.compare.rows import ComparedField, FieldComparison
from oakum.frontend.compare.verdict import SAYS, VERDICTS
from oakum.frontend.usage import USES
from oakum.openapi.model import Json

SCHEMA = "oakum.comparison/2"
_WIDTH = 96


def lines(found: FieldComparison) -> Iterator[str]:
    """A line for each difference, in the order of the contract; what is fine or not known is only
    counted."""
    against = f"{found.contract}, {found.traffic} and {count_of(len(found.uses), 'run')} of pages"
    yield f"granted, sent and used, by {against}"
    groups = _groups(found)
    last = ""
    for held in groups:
        if held[0].verdict != last:
            last = held[0].verdict
            yield ""
            yield f"{VERDICTS[held[0].verdict]}: {SAYS[held[0].verdict]}"
        yield from _group(held)
    if not groups:
        yield "no difference found"
    yield ""
    yield ", ".join(_format_count(found.count(name), word) for name, word in VERDICTS.items())
    for why in found.distrust:
        yield f"not trustworthy: {why}"


def _format_count(many: int, word: str) -> str:
    return count_of(many, word) if word == "leak" else f"{many:,} {word}"


def _groups(found: FieldComparison) -> list[list[ComparedField]]:
    """Rows that one change fixes: the same fields of one contract line, for all viewers."""
    by_viewer: dict[tuple[object, ...], list[ComparedField]] = {}
    for row in found.rows:
        if row.verdict not in ("fine", "unknown"):
            key = row.verdict, row.line, row.resource, row.viewer, row.use, row.change.means
            by_viewer.setdefault(key, []).append(row)
    alike: dict[tuple[object, ...], list[ComparedField]] = {}
    for (verdict, line, resource, _, use, means), held in by_viewer.items():
        fields = tuple(row.field for row in held)
        alike.setdefault((verdict, line, resource, use, means, fields), []).extend(held)
    return [*alike.values()]


def _group(held: list[ComparedField]) -> Iterator[str]:
    first = held[0]
    names = ", ".join(dict.fromkeys(row.field for row in held))
    viewers = ", ".join(dict.fromkeys(row.viewer for row in held))
    whys = [*dict.fromkeys(row.why for row in held)]
    yield from _wrap_text(f"{first.resource} to {viewers}: {names}", 2)
    more = f"; and {len(whys) - 2} more" if len(whys) > 2 else ""
    yield from _wrap_text(f"{'; '.join(whys[:2])}{more}; use: {describe_use(first)}", 6)
    yield f"      {first.line}: {first.says}"
    texts = [*dict.fromkeys(row.change.text for row in held if row.change.text)]
    yield from (f"        {text}" for text in texts)
    if first.change.means:
        yield f"      {'^ ' if texts else ''}{first.change.means}"


def _wrap_text(text: str, indent: int) -> Iterator[str]:
    lead = " " * indent
    yield from wrap(
        text, _WIDTH, initial_indent=lead, subsequent_indent=f"{lead}    ", break_on_hyphens=False
    )


def describe_use(row: ComparedField) -> str:
    """What the driven pages did with a field, in words."""
    if row.use is None:
        return "not known"
    return "did not come" if row.use == "unsent" else USES[row.use]


def render(found: FieldComparison) -> bytes:
    """The document `oakum.comparison/2` as JSON bytes, in a fixed order."""
    return orjson.dumps(document(found), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def document(found: FieldComparison) -> Json:
    """The document as plain values; docs/reference/comparison.md describes it."""
    return {
        "schema": SCHEMA,
        "version": oakum.__version__,
        "meaning": "excess on the pages driven",
        "contract": found.contract,
        "traffic": found.traffic,
        "uses": list(found.uses),
        "trustworthy": not found.distrust,
        "distrust": list(found.distrust),
        "counts": {name: found.count(name) for name in VERDICTS},
        "rows": [_row(each) for each in found.rows],
    }


def _row(row: ComparedField) -> Json:
    return {
        "verdict": row.verdict,
        "resource": row.resource,
        "field": row.field,
        "viewer": row.viewer,
        "why": row.why,
        "granted": row.says,
        "sent": {"present": row.present, "of": row.of, "operations": list(row.endpoints)},
        "use": row.use,
        "contract": row.line.members(),
        "change": {"text": row.change.text, "means": row.change.means},
    }
