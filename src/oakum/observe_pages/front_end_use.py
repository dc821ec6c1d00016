"""The page of `oakum.use/2`: each response with the use of its fields."""

from __future__ import annotations

from typing import Final

import oakum
from oakum.errors import ExitCode, count_of
from oakum.frontend.page_comparison import VERDICTS
from oakum.frontend.usage import UNUSED, USES
from oakum.observe_pages.inventory import Lines, bar
from oakum.openapi.model import Json
from oakum.output.render import render as page

_SAYS: Final = {
    "rendered": ("the page shows its value", "◉"),
    "read": ("a script read it, but the page does not show it", "○"),
    "copied": (
        "the object that contains it was copied, and reads of a copy cannot be observed",
        "⊘",
    ),
    "untouched": ("nothing ever looked at it", "✕"),
    "unobserved": ("it went where it cannot be observed: nothing is known about it", "?"),
}
_MEANS: Final = {
    "leak": "sent, but not granted under any relation that this caller may have to the object",
    "narrow": "the pages use it, and would lose it if the contract were enforced",
    "excess": "granted and sent, but unused on the pages driven",
    "wide": "granted, but never used on the pages driven",
}


def render(use: Json, lines: Lines) -> str:
    """The page of a document of `oakum.use/2`; `lines`: of the contract, for its difference."""
    counts: dict[str, int] = {name: use["counts"].get(name, 0) for name in USES}
    rows = use.get("difference")
    leaks = None if rows is None else sum("leak" in each["verdicts"] for each in rows)
    distrust = [f"`{each['drive']}` {each['why']}" for each in use["discarded"]]
    if not use["endpoints"]:
        distrust.append("the target sent no response with fields")
    verdict, mood, code = _verdict(counts, distrust, leaks)
    words = {name: (word, *_SAYS[name]) for name, word in USES.items()}
    return page(
        "oakum.observe_pages",
        ("shared", "usage"),
        {
            "use": use,
            "lines": lines,
            "uses": {name: {"word": w, "glyph": g} for name, (w, _, g) in words.items()},
            "verdicts": {n: {"word": w, "says": _MEANS[n]} for n, w in VERDICTS.items()},
        },
        use=use,
        version=oakum.__version__,
        distrust=distrust,
        verdict=verdict,
        mood=mood,
        exit_code=code.value,
        leaks=leaks,
        told=any(each["verdicts"] and each["use"] != "unsent" for each in rows or ()),
        unsent=sum(each["use"] == "unsent" for each in rows or ()),
        total=sum(counts.values()),
        uses=[(name, *words[name], counts[name]) for name in USES],
        bar=[*bar(counts, USES)],
    )


def _verdict(
    counts: dict[str, int], distrust: list[str], leaks: int | None
) -> tuple[str, str, ExitCode]:
    """The headline, its kind, and the exit code."""
    total, unused = sum(counts.values()), sum(counts[use] for use in UNUSED)
    said = f"{unused:,} of {count_of(total, 'field')} are unused on the pages driven"
    if distrust:
        doubt = "Not trustworthy" if total else "Nothing was seen"
        return doubt, "doubt", ExitCode.NOT_TRUSTWORTHY
    if leaks:
        return said, "bad", ExitCode.FINDINGS
    return said, "" if unused else "good", ExitCode.CLEAN
