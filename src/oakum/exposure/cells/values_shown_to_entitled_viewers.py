"""Values that entitled viewers other than the owner are shown, as evidence that a cell is closed or
leaks.

Some fields of an object are hidden from its owner: a reviewer's notes, a score for the staff. Then
the owner's view cannot prove that a field is closed to somebody else, nor that a value there is the
hidden one. The view of an entitled viewer of the same object can, if all entitled viewers are shown
one value. Responses arrive in any order, so a missing field, and a value that may be a placeholder,
are kept here until the entitled view is known. In memory only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from oakum.exposure.cells.matrix import Key, Matrix, Observation
from oakum.exposure.values.spellings import holds
from oakum.finding import Result

_MIN_INSIDE = 5
"""A shorter value, in characters, must equal a text; a longer one may be part of it."""


class Object(NamedTuple):
    """Identifies an object by its owner, resource and key."""

    owner: str
    resource: str
    key: str


@dataclass(frozen=True)
class MissingField:
    """A denied field that a response to a viewer lacks."""

    closed: Observation
    """The observation that holds once an entitled viewer is shown the field."""
    of: Object
    beside: frozenset[str]
    """Texts of the response outside the fields that the viewer may see."""
    sent: frozenset[str]
    """Values of the request, which the response may repeat."""
    absent: bool
    """Whether the whole object is missing: then an entitled viewer must have seen the field at this
    endpoint."""


class DoubtedValue(NamedTuple):
    """A value in a denied field of an object that its owner was not shown there."""

    text: str
    leak: Observation
    """The observation that holds once an entitled viewer is shown the value."""


@dataclass
class EntitledViews:
    """Values that entitled viewers were shown, and what waits for them."""

    _shown: dict[tuple[Object, str], set[frozenset[str]]] = field(default_factory=dict)
    """(object, field) → the distinct sets of values that responses showed in it."""
    _there: set[tuple[str, Object, str]] = field(default_factory=set)
    """(endpoint, object, field) shown to an entitled viewer."""
    _lacks: dict[tuple[Key, str, Object], MissingField] = field(default_factory=dict)
    """(cell, viewer, object) → the missing field."""
    _doubted: dict[tuple[str, Key, Object], DoubtedValue] = field(default_factory=dict)
    """(request key, cell, object) → the value that came there."""
    _closed: dict[Key, tuple[Object, ...]] = field(default_factory=dict)
    """Cells that these views close, with the objects that are the evidence."""

    def show(self, endpoint: str, of: Object, path: str, values: frozenset[str]) -> None:
        """Records the values that an entitled viewer was shown in a field; empty for an empty
        field."""
        self._shown.setdefault((of, path), set()).add(values)
        self._there.add((endpoint, of, path))

    def lack(self, lack: MissingField) -> None:
        """Records a denied field that a response to its viewer lacks; `beside` is united over all
        responses."""
        viewer = lack.closed.viewer or ""
        known = self._lacks.get((lack.closed.key, viewer, lack.of))
        beside = lack.beside | known.beside if known is not None else lack.beside
        self._lacks[lack.closed.key, viewer, lack.of] = replace(lack, beside=beside)

    def doubt(self, request_key: str, of: Object, value: DoubtedValue) -> None:
        """Records a value in a denied field that is not its owner's."""
        self._doubted[request_key, value.leak.key, of] = value

    def is_hidden(self, of: Object, path: str, text: str) -> bool:
        """Whether a value is the one that all entitled viewers are shown in this field of the
        object, and in no object of another owner: one that is in several is no proof."""
        return self.value(of, path) == {text} and not any(
            at == path
            and other.resource == of.resource
            and other.owner != of.owner
            and any(text in each for each in shown)
            for (other, at), shown in self._shown.items()
        )

    def leaks(self) -> Iterator[tuple[str, Observation]]:
        """(request key, the leak) for each doubted value that is the hidden one, given all
        responses so far."""
        for (request_key, key, of), each in self._doubted.items():
            if self.is_hidden(of, key.field, each.text):
                yield request_key, each.leak

    def value(self, of: Object, path: str) -> frozenset[str]:
        """The values that all entitled viewers are shown in the field; empty if none was, or if
        they differ."""
        shown = self._shown.get((of, path), set())
        return next(iter(shown)) if len(shown) == 1 else frozenset()

    def objects(self, owner: str, resource: str, path: str) -> tuple[Object, ...]:
        """The owner's objects in which all entitled viewers are shown the same value of
        this field."""
        return tuple(
            of
            for of, at in self._shown
            if (of.owner, of.resource, at) == (owner, resource, path) and self.value(of, path)
        )

    def tell(self) -> Iterator[Observation]:
        """The observations that close a cell, given all responses so far."""
        doubtful = self._told_beside()
        for (key, _, of), lack in self._lacks.items():
            there = not lack.absent or (key.endpoint, of, key.field) in self._there
            if there and key not in doubtful and self.value(of, key.field):
                self.close(key, (of,))
                yield lack.closed

    def _told_beside(self) -> set[Key]:
        """Cells whose value appeared elsewhere in a response to one of their viewers."""
        return {
            key
            for (key, _, of), lack in self._lacks.items()
            for value in self.value(of, key.field) - lack.sent
            if _stands(value, lack.beside)
        }

    def close(self, key: Key, by: tuple[Object, ...]) -> None:
        """Records that a cell is closed, with the objects that are the evidence."""
        self._closed[key] = tuple(dict.fromkeys((*self._closed.get(key, ()), *by)))

    def take_back(self, matrix: Matrix) -> None:
        """Makes closed cells untested again if later responses contradict the evidence."""
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
