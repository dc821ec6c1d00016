"""The result of `oakum observe` as plain values, which all outputs render."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from oakum.errors import Location

Standing = Literal["documented", "shadow", "zombie", "seen"]
"""`documented`: declared and seen; `shadow`: seen, not declared; `zombie`: declared, never seen;
`seen`: there is no document."""
Kind = Literal["new-endpoint", "new-field", "sent-wider"]


@dataclass(frozen=True)
class ObservedField:
    """A field in the responses of one endpoint."""

    path: str
    """Field path; `*` for list elements and map keys."""
    types: tuple[str, ...]
    form: str
    """The format common to all its strings (`uuid`, `date-time`, `email`); empty: none."""
    label: str
    """Its data class, by name, type and format: `contact`, `location`, `plain`."""
    present: int
    """Number of objects that had it."""
    of: int
    """Number of objects that could have had it."""


@dataclass(frozen=True)
class EndpointNote:
    """A remark on an endpoint."""

    kind: Literal["twin-host", "older-version", "no-credentials"]
    says: str


@dataclass(frozen=True)
class ObservedOperation:
    """An endpoint according to traffic and document."""

    id: str
    method: str
    path: str
    standing: Standing
    seen: int = 0
    statuses: Mapping[int, int] = field(default_factory=dict)
    auth: Mapping[str, int] = field(default_factory=dict)
    callers: int = 0
    """Number of distinct callers; an estimate above 1,024."""
    hosts: tuple[str, ...] = ()
    bodies: Mapping[str, int] = field(default_factory=dict)
    fields: tuple[ObservedField, ...] = ()
    removed: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[EndpointNote, ...] = ()
    parts: tuple[ObservedOperation, ...] = ()
    """For a GraphQL endpoint, one entry for each operation, by kind, name and root fields."""


@dataclass(frozen=True)
class SentField:
    """A field of a resource, as it was sent to one kind of viewer in one state of the owner."""

    endpoint: str
    resource: str
    field: str
    viewer: str
    state: tuple[tuple[str, str], ...]
    present: int
    of: int


@dataclass(frozen=True)
class Drift:
    """Something in the traffic that contradicts the contract or the document."""

    kind: Kind
    endpoint: str
    """Operation id; for an undeclared one, method and path."""
    method: str
    path: str
    resource: str = ""
    field: str = ""
    viewer: str = ""
    state: tuple[tuple[str, str], ...] = ()
    seen: int = 0
    certain: bool = True
    """Whether it is certain. False: it depends on settings or relations seen in earlier responses,
    which may have changed since."""
    says: str = ""
    """What the contract says instead."""
    where: Location | None = None
    """The contract's line."""


@dataclass(frozen=True)
class SourceCounts:
    """A source with its counts."""

    name: str
    kind: str
    read: int
    skipped: Mapping[str, int]
    broken: str

    @property
    def distrust(self) -> str:
        """Why this source proves nothing; empty: it can be relied upon."""
        if self.broken:
            return f"`{self.name}` {self.broken}"
        return "" if self.read else f"`{self.name}` gave no exchange"


@dataclass(frozen=True)
class TrafficReport:
    """The complete result of `oakum observe traffic`."""

    sources: tuple[SourceCounts, ...]
    against: str
    """The contract or document that it was compared with; empty: none."""
    operations: tuple[ObservedOperation, ...]
    sent: tuple[SentField, ...] = ()
    drift: tuple[Drift, ...] = ()
    aside: Mapping[str, int] = field(default_factory=dict)
    """Reason → number of exchanges that are no calls of this API."""
    unjudged: Mapping[str, int] = field(default_factory=dict)
    """Reason → number of responses, or objects in them, that were not judged."""
    distrust: tuple[str, ...] = ()

    @property
    def read(self) -> int:
        """Number of exchanges in all sources."""
        return sum(each.read for each in self.sources)
