"""The result of `oakum observe` as plain values, which all outputs render."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from oakum.errors import Location

Standing = Literal["documented", "shadow", "zombie", "seen"]
"""Declared and seen; seen, not declared; declared, never seen; seen, and there is no document."""
Kind = Literal["new-endpoint", "new-field", "sent-wider"]


@dataclass(frozen=True)
class ObservedField:
    """A field in the responses of one endpoint."""

    path: str
    """`*` for elements of a list and for the keys of a map."""
    types: tuple[str, ...]
    form: str
    """The format of all its texts (`uuid`, `date-time`, `email`); empty: none in common."""
    label: str
    """Its class, by name, type and format: `contact`, `location`, `plain`."""
    present: int
    """In how many objects it stood."""
    of: int
    """In how many it could have stood."""


@dataclass(frozen=True)
class EndpointNote:
    """Something notable of an endpoint."""

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
    """Different credentials; about, where there are more than 1,024."""
    hosts: tuple[str, ...] = ()
    bodies: Mapping[str, int] = field(default_factory=dict)
    fields: tuple[ObservedField, ...] = ()
    removed: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[EndpointNote, ...] = ()
    parts: tuple[ObservedOperation, ...] = ()
    """What was asked of a GraphQL endpoint: a row for each operation, by kind, name and root
    fields."""


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
    """Something that was seen, and that the contract or the document does not have."""

    kind: Kind
    endpoint: str
    """Id of the operation; of one that is not declared its method and path."""
    method: str
    path: str
    resource: str = ""
    field: str = ""
    viewer: str = ""
    state: tuple[tuple[str, str], ...] = ()
    seen: int = 0
    certain: bool = True
    """False: it rests on what earlier answers of the traffic said of the owner's settings or of
    the caller's relations, which may have changed unseen."""
    says: str = ""
    """What the contract says of it instead."""
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
class TrafficObservation:
    """The complete result of `oakum observe traffic`."""

    sources: tuple[SourceCounts, ...]
    against: str
    """The contract or the document that it was held against; empty: none."""
    operations: tuple[ObservedOperation, ...]
    sent: tuple[SentField, ...] = ()
    drift: tuple[Drift, ...] = ()
    aside: Mapping[str, int] = field(default_factory=dict)
    """Exchanges that are no calls of an API, by reason."""
    unjudged: Mapping[str, int] = field(default_factory=dict)
    """Why answers, or objects in them, were not judged."""
    distrust: tuple[str, ...] = ()

    @property
    def read(self) -> int:
        """Exchanges of all sources."""
        return sum(each.read for each in self.sources)
