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
"""Answers by which a leak counts as confirmed."""


@dataclass
class SuiteCounts:
    """Cells as they were shown, and what could not be judged."""

    shown: dict[tuple[Key, Result], tuple[str, ...]] = field(default_factory=dict)
    """Cell and result → the answers that showed it, two at most."""
    nobody: set[Key] = field(default_factory=set)
    """Cells that leaked to a caller without a login: by its label alone a stranger who is logged in
    is nobody, where no relation says that."""
    stood: dict[str, frozenset[str]] = field(default_factory=dict)
    """What a viewer is called → relations in which they stood to some object."""
    evidence: dict[Key, Evidence] = field(default_factory=dict)
    """By a key without its endpoint."""
    sighted: set[tuple[str, str, bool]] = field(default_factory=set)
    """(endpoint, resource, whether it stood in an object of another)."""
    witnessed: set[tuple[str, str, str]] = field(default_factory=set)
    """(endpoint, resource, field) that somebody entitled was shown."""
    viewers: set[tuple[str, str, str]] = field(default_factory=set)
    """(endpoint, resource, viewer): as what some test asked, and was shown an object."""
    withheld: dict[Key, set[NamedField]] = field(default_factory=dict)
    """Denied cells of objects that came without the field, until it is known who saw it."""
    owned: set[NamedField] = field(default_factory=set)
    """Fields that their owner was shown."""
    bare: set[Key] = field(default_factory=set)
    """Denied cells of objects that came without the field, which no owner of theirs was shown."""
    answers: Counter[str] = field(default_factory=Counter)
    """Endpoint → answers heard."""
    unjudged: Counter[str] = field(default_factory=Counter)
    """Why answers, or objects in them, were not judged."""
    places: Counter[tuple[str, str]] = field(default_factory=Counter)
    """The same by reason and endpoint, where that is known."""
    unheard: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Endpoint and why → answers that came to the tests and were not heard."""
    apps: set[str] = field(default_factory=set)
    """Packages whose applications have answered; empty text: over a network."""
    elsewhere: Counter[str] = field(default_factory=Counter)
    """Method and path of answers that the document does not have."""
    faults: Counter[str] = field(default_factory=Counter)
    """What went wrong in here."""
    known: int = 0
    """Answers of which it was known who asked."""
    asked: int = 0
    """Questions of our own."""

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
