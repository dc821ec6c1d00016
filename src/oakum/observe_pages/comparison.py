"""The page of `oakum.comparison/2`: granted, sent and used, by field and viewer."""

from __future__ import annotations

from typing import Final

from oakum.errors import ExitCode, count_of
from oakum.frontend.compare.verdict import SAYS, VERDICTS
from oakum.frontend.usage import USES
from oakum.observe_pages.inventory import Lines, bar
from oakum.openapi.model import Json
from oakum.output.render import render as page

_GLYPHS: Final = {
    "leak": "✕",
    "narrow": "!",
    "excess": "⊘",
    "wide": "↔",
    "unknown": "?",
    "fine": "○",
}


def render(comparison: Json, lines: Lines) -> str:
    """The page of a document of `oakum.comparison/2`; `lines`: of the contract, around its rows."""
    counts: dict[str, int] = comparison["counts"]
    leaks = counts["leak"] + counts["narrow"]
    verdicts = [
        (name, word, SAYS[name], _GLYPHS[name], counts[name]) for name, word in VERDICTS.items()
    ]
    verdict, mood, code = _verdict(comparison, leaks)
    return page(
        "oakum.observe_pages",
        ("shared", "comparison"),
        {
            "comparison": comparison,
            "lines": lines,
            "verdicts": {n: {"word": w, "says": s, "glyph": g} for n, w, s, g, _ in verdicts},
            "uses": {**USES, "unsent": "did not come"},
        },
        comparison=comparison,
        distrust=comparison["distrust"],
        verdict=verdict,
        mood=mood,
        exit_code=code.value,
        verdicts=verdicts,
        bar=[*bar(counts, VERDICTS)],
        resources=len({each["resource"] for each in comparison["rows"]}),
    )


def _verdict(comparison: Json, leaks: int) -> tuple[str, str, ExitCode]:
    """The headline, its kind, and the exit code."""
    counts = comparison["counts"]
    if not comparison["trustworthy"]:
        return "Not trustworthy", "doubt", ExitCode.NOT_TRUSTWORTHY
    if leaks:
        return count_of(leaks, "leak"), "bad", ExitCode.FINDINGS
    if counts["excess"]:
        said = f"No leak found, {counts['excess']:,} excess on the pages driven"
        return said, "", ExitCode.CLEAN
    return "No difference found", "" if counts["unknown"] else "good", ExitCode.CLEAN
