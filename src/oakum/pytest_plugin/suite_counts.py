"""What a test run has tested, in bounded memory: no values, at most two examples a cell.

Counts can be sent to another process and added to its own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from oakum.exposure.cells.matrix import Key
from oakum.finding import Evidence, Result

NamedField = tuple[str, str, str]
"""(resource, owner's id, field): in memory only, and forgotten by `settle`."""
_ENOUGH = 2
"""Number of responses after which a leak counts as confirmed."""


@dataclass
class SuiteCounts:
    """Counts of tested cells, and of what could not be judged."""

    shown: dict[tuple[Key, Result], tuple[str, ...]] = field(default_factory=dict)
    """(cell, result) → keys of the requests that showed it, at most two."""
    nobody: set[Key] = field(default_factory=set)
    """Cells that leaked to an anonymous caller; a logged-in stranger may have the same label."""
    stood: dict[str, frozenset[str]] = field(default_factory=dict)
    """Label of a viewer → relations that such callers had to some object."""
    evidence: dict[Key, Evidence] = field(default_factory=dict)
    """Cell without its endpoint → evidence of a leak."""
    sighted: set[tuple[str, str, bool]] = field(default_factory=set)
    """(endpoint, resource, whether the object was inside another one)."""
    witnessed: set[tuple[str, str, str]] = field(default_factory=set)
    """(endpoint, resource, field) received by a caller who may see it."""
    viewers: set[tuple[str, str, str]] = field(default_factory=set)
    """(endpoint, resource, viewer) for which some test received an object."""
    withheld: dict[Key, set[NamedField]] = field(default_factory=dict)
    """Denied cell → fields missing from its objects, until it is known whether their owner received
    them."""
    owned: set[NamedField] = field(default_factory=set)
    """Fields that their owner received."""
    bare: set[Key] = field(default_factory=set)
    """Denied cells whose field was missing from the response and that no owner received."""
    answers: Counter[str] = field(default_factory=Counter)
    """Endpoint → number of responses captured."""
    unjudged: Counter[str] = field(default_factory=Counter)
    """Reason → number of responses, or objects in them, that were not judged."""
    places: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(reason, endpoint) → the same number, if the endpoint is known."""
    unheard: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(endpoint, reason) → number of responses whose body could not be captured."""
    apps: set[str] = field(default_factory=set)
    """Packages of the applications that responded; empty string: over a network."""
    elsewhere: Counter[str] = field(default_factory=Counter)
    """Method and path of requests that match no operation → their number."""
    faults: Counter[str] = field(default_factory=Counter)
    """Type of an internal error → how often it occurred."""
    known: int = 0
    """Number of responses whose caller was known."""
    asked: int = 0
    """Number of look-ups sent."""

    def show(self, key: Key, result: Result, request_key: str) -> None:
        """Records the result of a cell in one response."""
        request_keys = self.shown.get((key, result), ())
        if len(request_keys) < _ENOUGH and request_key not in request_keys:
            self.shown[key, result] = (*request_keys, request_key)

    def unjudge(self, why: str, endpoint: str) -> None:
        """Counts a part of a response that could not be judged."""
        self.unjudged[why] += 1
        self.places[why, endpoint] += 1

    def unclose(self, endpoint: str, resource: str, path: str, viewer: str) -> None:
        """Drops an endpoint's closed cells of a field, because a response had the field in another
        place."""
        cell = (endpoint, resource, path, viewer)
        for key in [each for each in self.withheld if each[:4] == cell]:
            del self.withheld[key]
        for key, result in [*self.shown]:
            if result is Result.CLOSED and key[:4] == cell:
                del self.shown[key, result]

    def settle(self) -> None:
        """Counts fields as closed if the response lacked them and their owner has received them."""
        for key, about in self.withheld.items():
            if self.owned.isdisjoint(about):
                self.bare.add(key)
            else:
                self.show(key, Result.CLOSED, "")
        self.withheld, self.owned = {}, set()

    def add(self, other: SuiteCounts) -> None:
        """Adds the counts of another process."""
        for (key, result), request_keys in other.shown.items():
            for request_key in request_keys:
                self.show(key, result, request_key)
        self.stood |= other.stood
        self.nobody |= other.nobody
        self.evidence = {**other.evidence, **self.evidence}
        self.sighted |= other.sighted
        self.witnessed |= other.witnessed
        self.viewers |= other.viewers
        self.owned |= other.owned
        self.bare |= other.bare
        for key, about in other.withheld.items():
            self.withheld.setdefault(key, set()).update(about)
        for mine, theirs in (
            (self.answers, other.answers), (self.unjudged, other.unjudged),
            (self.elsewhere, other.elsewhere), (self.faults, other.faults),
        ):  # fmt: skip
            mine.update(theirs)
        self.places.update(other.places)
        self.unheard.update(other.unheard)
        self.apps |= other.apps
        self.known += other.known
        self.asked += other.asked


def without_endpoint(key: Key) -> Key:
    """The key without its endpoint, so that the same defect at several endpoints counts once."""
    return key._replace(endpoint="")
