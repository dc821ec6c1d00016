"""What viewers other than the owner, who may see a field, are shown of an object.

Some fields of an object are hidden from its owner: a reviewer's notes, a score that the staff sees.
Then the owner's view cannot prove that a field is closed to somebody else. The view of an entitled
viewer of the same object can, if all entitled viewers are shown one value. Responses come in any
order, so a missing field is kept here until the entitled view is known. In memory only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from oakum.exposure.cells.matrix import Key, Matrix, Observation
from oakum.exposure.values.spellings import holds
from oakum.finding import Result

_MIN_INSIDE = 5
"""Shortest value, in characters, that is looked for within another."""


class Object(NamedTuple):
    """An object by its owner, resource and key."""

    owner: str
    resource: str
    key: str


@dataclass(frozen=True)
class MissingField:
    """A denied field that did not come to a viewer, with nothing else known of it."""

    closed: Observation
    """What it says if an entitled viewer is shown the field."""
    of: Object
    beside: frozenset[str]
    """Texts of the answer that stand in no field that the viewer may see."""
    sent: frozenset[str]
    """Values of the request, which the answer may repeat."""
    absent: bool
    """The object itself did not come: its field must have come to an entitled viewer there."""


@dataclass
class EntitledViews:
    """Values that entitled viewers were shown, and cells that wait for them."""

    _shown: dict[tuple[Object, str], set[frozenset[str]]] = field(default_factory=dict)
    """(object, field) → the values in it, for each answer that had other ones."""
    _there: set[tuple[str, Object, str]] = field(default_factory=set)
    """(endpoint, object, field) shown to an entitled viewer."""
    _lacks: dict[tuple[Key, str, Object], MissingField] = field(default_factory=dict)
    """(cell, viewer, object) → what did not come."""
    _closed: dict[Key, tuple[Object, ...]] = field(default_factory=dict)
    """Cells that are closed by this, and the objects that tell so."""

    def show(self, endpoint: str, of: Object, path: str, values: frozenset[str]) -> None:
        """Records what somebody who may see a field was shown in it; no values: nothing."""
        self._shown.setdefault((of, path), set()).add(values)
        self._there.add((endpoint, of, path))

    def lack(self, lack: MissingField) -> None:
        """Records a denied field that did not come to its viewer; what stood beside it is joined
        over all responses."""
        viewer = lack.closed.viewer or ""
        known = self._lacks.get((lack.closed.key, viewer, lack.of))
        beside = lack.beside | known.beside if known is not None else lack.beside
        self._lacks[lack.closed.key, viewer, lack.of] = replace(lack, beside=beside)

    def value(self, of: Object, path: str) -> frozenset[str]:
        """What everybody who may see the field is shown in it; empty: nothing, or this and that."""
        shown = self._shown.get((of, path), set())
        return next(iter(shown)) if len(shown) == 1 else frozenset()

    def objects(self, owner: str, resource: str, path: str) -> tuple[Object, ...]:
        """An owner's objects of which entitled viewers are shown one value in this field."""
        return tuple(
            of
            for of, at in self._shown
            if (of.owner, of.resource, at) == (owner, resource, path) and self.value(of, path)
        )

    def tell(self) -> Iterator[Observation]:
        """The cells that are closed by what has been seen so far."""
        doubtful = self._told_beside()
        for (key, _, of), lack in self._lacks.items():
            there = not lack.absent or (key.endpoint, of, key.field) in self._there
            if there and key not in doubtful and self.value(of, key.field):
                self.close(key, (of,))
                yield lack.closed

    def _told_beside(self) -> set[Key]:
        """Cells of which a value came elsewhere in an answer to one of their viewers."""
        return {
            key
            for (key, _, of), lack in self._lacks.items()
            for value in self.value(of, key.field) - lack.sent
            if _stands(value, lack.beside)
        }

    def close(self, key: Key, by: tuple[Object, ...]) -> None:
        """Records that a cell is closed by what entitled viewers are shown of these objects."""
        self._closed[key] = tuple(dict.fromkeys((*self._closed.get(key, ()), *by)))

    def take_back(self, matrix: Matrix) -> None:
        """Opens cells again which later answers contradict."""
        doubtful = self._told_beside()
        for key, objects in list(self._closed.items()):
            known = any(self.value(of, key.field) for of in objects)
            if not known or key in doubtful or matrix.is_doubtful(key):
                del self._closed[key]
                entry = matrix.entries.get(key)
                if entry is not None and entry.result is Result.CLOSED:
                    matrix.take_back(entry)


def _stands(value: str, texts: Collection[str]) -> bool:
    if len(value) < _MIN_INSIDE:
        return value in texts
    return any(value == each or holds(each, value) for each in texts)
