"""Turns responses into evidence: shapes and keyed hashes, never a value.

The key is drawn for each run and never written, so hashes can be compared within a report and mean
nothing outside it. (An unkeyed hash of a birthday could be reversed by trying all dates.)
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from oakum.exposure.values.knowledge import canonical, leaves_of
from oakum.finding import Answer, Line
from oakum.http.json_pointer import pointer_of
from oakum.openapi.model import Json
from oakum.policy.model import Policy

_MOST_LINES = 20
Mark = Literal["", "canary", "leak", "granted"]
Leaves = list[tuple[tuple[str, ...], Json]]
_MEDIA_TYPES = frozenset(
    {
        "application/json", "application/problem+json", "application/x-ndjson",
        "application/xml", "application/octet-stream", "text/csv", "text/event-stream",
        "text/html", "text/plain", "text/xml",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Redactor:
    """Turns responses into evidence lines. `names`: member names that the documents declare."""

    key: bytes
    names: frozenset[str]
    _read: list[tuple[Json, Leaves]] = field(default_factory=list, compare=False, repr=False)
    """The leaves of the last two values, since a response may have many findings."""

    def answer(
        self,
        identity: str,
        relation: str,
        status: int,
        media_type: str,
        value: Json,
        marks: Mapping[tuple[str, ...], Mark],
        around: Collection[tuple[str, ...]] = (),
    ) -> Answer:
        """One side of the evidence: lines for the marked values and for those near them."""
        leaves = self._leaves(value)
        near = [
            (at, leaf)
            for at, leaf in leaves
            if at in marks or not around or any(at[: len(each)] == each for each in around)
        ]
        near.sort(key=lambda pair: not marks.get(pair[0]))
        kept = {at for at, _ in near[:_MOST_LINES]}
        lines = tuple(
            Line(self.pointer(at), shape(leaf), self.hash(leaf), marks.get(at, ""))
            for at, leaf in leaves
            if at in kept
        )
        known = media_name(media_type)
        return Answer(identity, relation, status, known, lines, len(leaves) - len(lines))

    def _leaves(self, value: Json) -> Leaves:
        for known, leaves in self._read:
            if known is value:
                return leaves
        found = list(leaves_of(value))
        self._read[:] = [(value, found), *self._read[:1]]
        return found

    def pointer(self, at: tuple[str, ...]) -> str:
        """A JSON pointer that keeps declared names and list positions and replaces all other
        keys."""
        return pointer_of(
            part if part in self.names or (part.isdigit() and len(part) < 5) else "‹key›"
            for part in at
        )

    def hash(self, value: Json) -> str:
        """Ten hex digits of HMAC-SHA256; empty for null and booleans."""
        if value is None or isinstance(value, bool):
            return ""
        text = canonical(value).encode("utf-8", "surrogatepass")  # a lone surrogate is possible
        return hmac.digest(self.key, text, "sha256").hex()[:10]


def media_name(media_type: str) -> str:
    """A media type reduced to well-known names, since a server may put anything into the header.

    Other JSON types become `application/…+json`, everything else `other`.
    """
    if not media_type or media_type in _MEDIA_TYPES:
        return media_type
    vendors = media_type.startswith("application/") and media_type.endswith("+json")
    return "application/…+json" if vendors else "other"


def shape(value: Json) -> str:
    """The type of a value, and the length of a text."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return f"string({len(value)})"
        case list():
            return f"array({len(value)})"
        case _:
            return f"object({len(value)})"


def declared_names(document: Json) -> Iterator[str]:
    """Member names that the document declares; only these may appear in evidence."""
    todo = [document]
    while todo:
        at = todo.pop()
        if isinstance(at, dict):
            declared = at.get("properties")
            if isinstance(declared, dict):
                yield from (str(name) for name in declared)
            todo += at.values()
        elif isinstance(at, list):
            todo += at


def policy_names(policy: Policy) -> frozenset[str]:
    return frozenset(
        part
        for resource in policy.resources.values()
        for rule in resource.fields
        for part in rule.path.split(".")
    )
