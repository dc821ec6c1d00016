"""What pipeline formats share: a finding's place, severity and wording.

More people read them than the report itself: in the comments of a pull request, in a widget, in the
log of a build. So none of them contains evidence, curl lines or names of identities: no shape, no
hash, only what the contract and the OpenAPI document say, and what was found about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Literal

from oakum.errors import Location, count_of
from oakum.finding import Endpoint, Finding, Report
from oakum.output.terminal_text import short, visible
from oakum.report.grouping import state_words, states_by_field, when_words

Level = Literal["error", "warning", "note"]

DISTRUST_RULE = "run-not-trustworthy"
"""The rule id of a result that says the run is not trustworthy: without it, a consumer would read
an empty list as a pass."""

_SOME_ENDPOINTS = 3
_SOMEWHERE = "exposure.yaml"


@dataclass(frozen=True)
class RuleFacts:
    """The description of a rule, independent of findings."""

    what: str
    why: str = ""
    fix: tuple[str, ...] = ()
    guard: str = ""
    """What `oakum guard` does about findings of this rule, as a whole sentence."""
    references: tuple[tuple[str, str], ...] = ()
    """(title, address) pairs."""


@dataclass(frozen=True)
class RenderFacts:
    """What a renderer may add to a report: by the id of a rule, the text of `oakum explain`."""

    rules: Mapping[str, RuleFacts] = field(default_factory=dict)


NO_FACTS = RenderFacts()


def place(finding: Finding, report: Report) -> Location:
    """The contract line of a finding, or the top of the contract if it has none."""
    where = finding.contract_location
    return repository_location(where if where.file else Location(report.contract))


def top(report: Report) -> Location:
    """The contract's first line, for messages about the whole run."""
    return repository_location(Location(report.contract))


def repository_location(where: Location) -> Location:
    """The place as a path within the repository, with `/` as separator, and a line number of at
    least 1.

    Of a path outside the repository only the file name remains: the folders of a checkout are
    private, and no consumer can open them.
    """
    path = PurePosixPath(visible(where.file).replace("\\", "/"))
    parts = path.parts
    if path.is_absolute() or ".." in parts or any(part.endswith(":") for part in parts[:1]):
        parts = (path.name,)
    name = "/".join(part for part in parts if part not in ("/", "..", ".", ""))
    return Location(name or _SOMEWHERE, max(where.line, 1), max(where.column, 1))


def level(finding: Finding) -> Level:
    """`error` for a proven finding of high or critical severity; a suspected one is at most a
    warning."""
    if finding.verdict == "over_blocked":
        return "note"
    if finding.severity in ("critical", "high"):
        return "error" if finding.verdict == "proven" else "warning"
    return "warning" if finding.verdict == "proven" and finding.severity == "medium" else "note"


def message(finding: Finding, known: FindingStates) -> str:
    """The finding in sentences: who sees what, when, through which endpoints, and what to do."""
    lead = {"proven": "", "suspected": "Suspected: ", "over_blocked": ""}[finding.verdict]
    parts = [f"{lead}{finding.title.rstrip('.')}."]
    if when := known.words(finding):
        parts.append(f"This holds {when}.")
    if finding.promise and finding.verdict != "over_blocked":
        parts.append(f'The user is told: "{finding.promise}".')
    if finding.endpoints:
        parts.append(f"Seen at {endpoints(finding.endpoints)}.")
    if finding.advice:
        parts.append(f"What to do: {finding.advice.rstrip('.')}.")
    return short(" ".join(parts))


class FindingStates:
    """The states of the owner in which a finding holds, in the fewest words."""

    def __init__(self, report: Report) -> None:
        self._known = states_by_field(report)

    def words(self, finding: Finding) -> str:
        if not finding.state:
            return ""
        known = self._known.get((finding.resource, finding.field), ())
        return when_words([finding.state], known) or f"when {state_words(finding.state)}"


def endpoints(found: Iterable[Endpoint]) -> str:
    """`GET /a, GET /b and 3 more endpoints`."""
    return first_words(
        [f"{endpoint.method} {endpoint.path}" for endpoint in found], _SOME_ENDPOINTS, "endpoint"
    )


def first_words(words: Sequence[str], limit: int, noun: str) -> str:
    """The first few of these words, and how many follow them."""
    rest = len(words) - limit
    shown = ", ".join(words[:limit])
    return f"{shown} and {count_of(rest, f'more {noun}')}" if rest > 0 else shown


def mark(*parts: str) -> str:
    """A fingerprint in the form of a finding's, for messages that are not findings."""
    return sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
