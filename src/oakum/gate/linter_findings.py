"""Translates findings of other linters into flaws, one for each of their rules.

Only their OWASP rules are used, so that Oakum need not copy them. The JSON is that of Spectral,
which vacuum writes as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from oakum.errors import Location, count_of
from oakum.gate.api_design_flaws import Flaw
from oakum.openapi.model import Json

LINTERS: Mapping[str, tuple[str, ...]] = {
    "vacuum": (
        *("spectral-report", "--hard-mode", "--stdout", "--no-pretty", "--no-style"),
        "--no-update-check",
    ),
    "spectral": ("lint", "--format", "json", "--quiet"),
}
"""Linter → its command-line arguments, to which the document is appended."""
_FIRST = {"vacuum": 1, "spectral": 0}
"""Linter → the number with which its lines and columns start."""


@dataclass(frozen=True)
class LinterResult:
    """The result of one linter for one document: a flaw for each OWASP rule, with its number of
    places."""

    tool: str
    flaws: tuple[Flaw, ...] = ()
    places: int = 0
    failed: str = ""
    """Why the linter failed; empty if it did not."""


def read(tool: str, data: bytes, document: str) -> LinterResult:
    """Reads the findings of OWASP rules from a linter's JSON; other output counts as a failure."""
    try:
        found: Json = json.loads(data)
        if not isinstance(found, list):
            raise TypeError
        rules: dict[str, list[Json]] = {}
        for each in found:
            if "owasp" in each["code"]:
                rules.setdefault(each["code"], []).append(each)
        flaws = tuple(_flaws(tool, rules, document))
    except (ValueError, TypeError, KeyError, RecursionError):
        return LinterResult(tool, failed=f"what `{tool}` printed is not a list of findings")
    return LinterResult(tool, flaws, sum(map(len, rules.values())))


def _flaws(tool: str, rules: Mapping[str, list[Json]], document: str) -> Iterator[Flaw]:
    for code, those in rules.items():
        paths = sorted("/".join(map(str, each["path"])) for each in those)
        first, start = those[0], those[0]["range"]["start"]
        more = f", and at {count_of(len(those) - 1, 'more place')}" if those[1:] else ""
        yield Flaw(
            # The fingerprint includes every place, so that a waiver ends when a new place appears.
            "linter", "\x1f".join((tool, code, *paths)),
            f"{tool} `{code}`: {str(first['message']).rstrip('.')}{more}",
            "fix the document, or turn the rule off in the linter's configuration",
            Location(
                document, int(start["line"]) + 1 - _FIRST[tool],
                int(start["character"]) + 1 - _FIRST[tool],
            ),
        )  # fmt: skip
