"""Cells, findings and the report that holds them, as plain values.

They contain no personal data: evidence is shapes, keyed hashes and marks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from oakum.errors import Location
from oakum.openapi.typed_json import Value
from oakum.rules import fingerprint_id

State = tuple[tuple[str, str], ...]
"""State of the owner that decides a cell, as sorted (name, value as text) pairs; empty: any."""


class Result(StrEnum):
    """What a run knows of a cell, by whether the contract grants it and whether the API
    served it."""

    OPEN = "open"  # granted and served
    CLOSED = "closed"  # denied and not served, although its owner gets it
    LEAK = "leak"  # denied but served
    OVER_BLOCK = "over-block"  # granted but not served, although its owner gets it
    UNTESTED = "untested"  # never exercised: nothing is known


_VERDICTS = ("proven", "suspected", "over_blocked")
_SEVERITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True, order=True)
class Endpoint:
    """An operation, a GraphQL path or a feed through which the data of a resource leaves
    the API."""

    method: str
    path: str
    operation: str = ""

    def members(self) -> dict[str, str]:
        """The members `method`, `path` and `operation` of a JSON object; `read` is the inverse."""
        return {"method": self.method, "path": self.path, "operation": self.operation}

    @classmethod
    def read(cls, value: Value) -> Endpoint:
        """The endpoint that `members` wrote. Raises `InputError` with the place of a wrong
        member."""
        return cls(value["method"].text(), value["path"].text(), value["operation"].text())


@dataclass(frozen=True)
class Cell:
    """One cell of the exposure matrix, with its result in a run."""

    resource: str
    field: str
    """Field path in the resource, `*` for list elements and map values."""
    viewer: str
    """The viewer's relation to the owner: `anyone`, `member`, `follower`, `pending`, `owner` …"""
    state: State
    endpoint: Endpoint
    granted: bool
    result: Result
    reason: str = ""
    """Why a cell is untested, in words; else empty."""
    identity: str = ""
    """Who sent the request and who owns the object, `ann → pia`; names from the identities file."""


@dataclass(frozen=True)
class Line:
    """One line of a response in evidence: the pointer, and the shape of the value there."""

    pointer: str
    """JSON pointer, list positions kept, unknown map keys replaced."""
    shape: str
    """Such as `string(12)`, `number`, `true`, `null`, `array(3)`; never a value."""
    hash: str = ""
    """Keyed hash of the value; the key is discarded after the run. Equal hashes mean equal
    values."""
    mark: Literal["", "canary", "leak", "granted"] = ""
    """`leak`: this is what leaked; `canary`: the owner's own view of the same value."""


@dataclass(frozen=True)
class Answer:
    """One response in the evidence of a finding: the owner's or the viewer's."""

    identity: str
    relation: str
    status: int
    media_type: str
    lines: tuple[Line, ...] = ()
    truncated: int = 0
    """Number of lines of the response that the evidence leaves out."""


@dataclass(frozen=True)
class Evidence:
    """The same request by the owner and by the viewer, and how to repeat it."""

    owner: Answer | None
    viewer: Answer
    curl: str
    """A shell line with every secret and every id as a variable, such as `$ANN_TOKEN`."""
    confirmed: bool = False
    """Whether the viewer's request was sent a second time with the same result."""
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """A defect: one field shown to one kind of viewer in one state, through one or many
    endpoints."""

    rule: str
    verdict: Literal["proven", "suspected", "over_blocked"]
    resource: str
    field: str
    viewer: str
    state: State
    endpoints: tuple[Endpoint, ...]
    """The main endpoint first."""
    owasp: str
    cwe: tuple[str, ...]
    severity: Literal["critical", "high", "medium", "low"]
    title: str
    """One sentence: who sees what of whom."""
    advice: str
    contract_location: Location
    also: tuple[str, ...] = ()
    """Further rules that the same cell breaks."""
    promise: str = ""
    """What the settings page tells the user, where the contract quotes it."""
    evidence: Evidence | None = None
    doubts: tuple[str, ...] = ()
    """Why the finding is suspected and not proven, in words; empty if it is proven."""
    drafted: bool = False
    """Whether it contradicts only drafted lines of the contract that nobody has confirmed."""

    @property
    def rank(self) -> tuple[int, int]:
        """Sort key, the gravest finding first: proven before suspected, then by severity."""
        return _VERDICTS.index(self.verdict), _SEVERITIES.index(self.severity)

    @property
    def fingerprint(self) -> str:
        """16 hex digits of a SHA-256 over the former id of the rule, resource, field, viewer and
        state: endpoints and new names of rules do not change it."""
        parts = (
            fingerprint_id(self.rule),
            self.resource,
            self.field,
            self.viewer,
            repr(self.state),
        )
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SkippedOperation:
    """An operation to which the run sent no request, and the reason in words."""

    endpoint: Endpoint
    reason: str


@dataclass(frozen=True)
class IdentityState:
    """Whether an identity could log in, and what is wrong with it."""

    name: str
    ok: bool
    message: str = ""
    relations: tuple[str, ...] = ()
    """Such as `follower of pia`."""


@dataclass(frozen=True)
class Writes:
    """What a run wrote to its target, and what it undid."""

    sent: int = 0
    """Requests with a writing method, those that restored something included."""
    changes: int = 0
    """Things that were created or changed, or that a refused request may have changed."""
    undone: int = 0
    """How many of `changes` were verified to be as they were before."""
    left: tuple[str, ...] = ()
    """What could not be restored, in words, with how to restore it by hand."""
    operations: tuple[tuple[Endpoint, int], ...] = ()
    """(operation, number of write requests sent to it)."""
    untried: tuple[SkippedOperation, ...] = ()
    """Writing operations to which the run sent nothing although it was allowed to write,
    and why."""


@dataclass(frozen=True)
class TestedItem:
    """Which rules a run tested of one item of the OWASP API Security Top 10."""

    item: str
    """Such as `API1:2023`."""
    tested: tuple[str, ...]
    """Ids of the rules whose requests were sent."""
    untested: tuple[tuple[str, str], ...]
    """(rule, reason) of the others."""


@dataclass(frozen=True)
class Report:
    """The results of one run: its cells, its findings, and what it did not test."""

    target: str
    contract: str
    stated: bool
    run: str
    started: str
    """RFC 3339."""
    seconds: float
    requests: int
    budget: int
    findings: tuple[Finding, ...]
    cells: tuple[Cell, ...]
    skipped: tuple[SkippedOperation, ...]
    identities: tuple[IdentityState, ...]
    distrust: tuple[str, ...] = ()
    """Why the results of the run cannot be trusted, in words; empty if they can."""
    notes: tuple[str, ...] = ()
    version: str = ""
    field_lines: Mapping[str, Location] = field(default_factory=dict)
    """`Resource.field` → the line of the contract that rules the field."""
    allowed: tuple[str, ...] = ()
    """Options that let the run do more than read documented endpoints."""
    contract_digest: str = ""
    """Identifies the contract of the run; empty if it is not known."""
    writes: Writes = field(default_factory=Writes)
    items: tuple[TestedItem, ...] = ()
    """Every item of the OWASP API Security Top 10; empty if the report does not record them."""

    def count(self, result: Result) -> int:
        """Number of cells with this result."""
        return sum(cell.result is result for cell in self.cells)


def doubts(report: Report) -> Iterator[str]:
    """Why the closed cells of a report prove nothing, in words; nothing is yielded for a sound run.

    A run that could not log in, received no data or has no cells must not look like a success.
    """
    yield from report.distrust
    if not report.cells:
        yield "the run has no cells: nothing was tested"
    elif not any(cell.result in (Result.OPEN, Result.LEAK) for cell in report.cells):
        yield "no caller received any data, so closed cells prove nothing"
    if not report.requests:
        yield "the run has sent no request"
    if not report.stated:
        yield "the run used a drafted contract, which nobody has confirmed"
    if not report.distrust:  # otherwise a more specific reason is listed
        for identity in report.identities:
            if not identity.ok:
                yield f"`{identity.name}` was not logged in"
