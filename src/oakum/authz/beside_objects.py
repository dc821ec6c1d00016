"""Data beside objects and outside every resource: in a row of their list, or in an envelope.

Data beside an object may be about it (`score`, `snippet`, a cursor made of its key). A row is an
element of a list or a value of a map that contains objects. If all objects of a row are hidden, the
whole row is removed, also if its objects are in rows inside it. In a list that is itself a row,
such as a tuple, an element that contains an object is a row of its own, and the other elements
belong to all objects of the tuple.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Literal

from oakum.http.json_pointer import Pointer
from oakum.openapi.model import Json

Keep = bool | dict[str, "Keep"] | Literal["null", "refuse"]
"""What stays of a value: all, nothing, or per member or element; or a stand-in."""


class Values(dict[str, Keep]):
    """What stays of the values of a map: if nothing does, the map is empty, as a list is."""


class Hollow(dict[str, Keep]):
    """What stays of the members of an object of which nothing is shown: none, and not even the
    `null` in place of what is withheld."""


@dataclass
class Rows:
    """Objects that stand in no other one, as a walk comes upon them, and the rows around them."""

    gone: set[Pointer] = field(default_factory=set)
    """Rows in which no object is shown, and one is hidden, if only in a row within."""
    walked: list[Pointer] = field(default_factory=list)
    """All rows that are an object or a list."""
    _met: list[tuple[Pointer, bool]] = field(default_factory=list)
    """Objects, and whether something of each is shown."""
    _hidden: bool = False
    """One that is hidden stands in the row that is walked, and in no row within that."""

    def meet(self, at: Pointer, *, shown: bool) -> None:
        """Notes an object, and whether the caller is shown something of it."""
        self._met.append((at, shown))
        self._hidden = self._hidden or not shown

    def withhold(self, since: int, at: Pointer) -> None:
        """Notes an object whose resource is not known, in place of the objects inside it."""
        del self._met[since:]
        self.meet(at, shown=False)

    @property
    def count(self) -> int:
        """How many objects were met."""
        return len(self._met)

    def enter(self) -> tuple[int, bool]:
        """Begins a row; what it gives back ends it."""
        around = (len(self._met), self._hidden)
        self._hidden = False
        return around

    def leave(self, around: tuple[int, bool], value: Json, keep: Keep, at: Pointer) -> Keep:
        """What stays of the row that was begun."""
        self.walked.append(at)
        since, hidden = around
        hidden, self._hidden = self._hidden, hidden
        met = self._met[since:]
        if isinstance(value, list) and keep is not False and not all(shown for _, shown in met):
            hidden = _holds_more(value, [each for each, _ in met], at)
        # A member beside a list may count its objects, so it is hidden if all of them are.
        empty = bool(met) and not any(shown for _, shown in met)
        if keep is False or not (hidden or empty):
            return keep
        if empty:
            self.gone.add(at)
        return beside_nothing(value, keep, {each for each, _ in met}, at)


def _holds_more(value: list[Json], objects: Collection[Pointer], at: Pointer) -> bool:
    """Whether an element of a list holds none of its objects, as a note or a score in a tuple."""
    around = {each[len(at)] for each in objects}
    return any(index not in around and each is not None for index, each in _elements(value))


def beside_nothing(value: Json, keep: Keep, objects: Collection[Pointer], at: Pointer) -> Keep:
    """A value without everything outside these objects. Empty lists and maps stay."""
    if at in objects:
        return keep if keep != "null" else False  # the null is beside other objects, too
    if keep is False:
        return keep
    if not value and (isinstance(value, list) or isinstance(keep, Values)):
        return keep
    if not isinstance(value, dict | list) or not value or not isinstance(keep, dict):
        return False
    steps = value.items() if isinstance(value, dict) else _elements(value)
    return keep.__class__(
        (name, beside_nothing(each, keep[name], objects, (*at, name))) for name, each in steps
    )


def _elements(value: list[Json]) -> Iterable[tuple[str, Json]]:
    return ((str(index), each) for index, each in enumerate(value))


def is_left(value: Json, keep: Keep) -> bool:
    """Whether something stays of an object: of a list or a map that there is one, and more than
    the `null` that stands for what is withheld."""
    if isinstance(keep, Values) or not isinstance(value, dict) or not value:
        return keep not in (False, "null")
    if not isinstance(keep, dict):
        return keep not in (False, "null")
    return any(is_left(each, keep[name]) for name, each in value.items())


def voided(keep: Keep, *, null: bool) -> Keep:
    """What stays of an object. `null`: one that there is not is so, and of a hidden one that stays,
    too."""
    return "null" if null and (keep is False or isinstance(keep, Hollow)) else keep


def without(keep: Keep, rows: Collection[Pointer]) -> Keep:
    """A value without some of its parts, such as rows."""
    around = {row[:length] for row in rows for length in range(len(row))}

    def keep_objects(keep: Keep, at: Pointer) -> Keep:
        if at in rows:
            return False
        if at not in around or not isinstance(keep, dict):
            return keep
        return keep.__class__(
            (name, keep_objects(each, (*at, name))) for name, each in keep.items()
        )

    return keep_objects(keep, ())


def whole(keep: Keep) -> bool:
    """Whether nothing is removed."""
    return keep is True or (isinstance(keep, dict) and all(map(whole, keep.values())))
