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

Keep = bool | dict[str, "Keep"] | Literal["null", "void", "refuse"]
"""What stays of a value: all (True), none (False), or a decision for each member or element; `null`
puts `null` in its place, `refuse` refuses the whole response. `void` is the `null` in place of a
hidden object, which counts as the `null` of an absent object does."""


class Values(dict[str, Keep]):
    """Decisions about the values of a map. If no value stays, an empty map stays, as an empty list
    does."""


class Hollow(dict[str, Keep]):
    """Decisions about the members of an object of which the caller sees nothing: all of it is
    removed, also members that would be replaced by `null`."""


@dataclass
class Rows:
    """Outermost objects in the order of the walk, and the rows around them."""

    gone: set[Pointer] = field(default_factory=set)
    """Rows that hold a hidden object, also in a row within, and none that is shown."""
    pointers: list[Pointer] = field(default_factory=list)
    """All rows that are an object or a list."""
    _met: list[tuple[Pointer, bool]] = field(default_factory=list)
    """Pointers of outermost objects, and whether the caller sees something of each."""
    _hidden: bool = False
    """Whether the current row, not counting rows within it, holds a hidden object."""

    def meet(self, at: Pointer, *, shown: bool) -> None:
        """Records an object, and whether the caller sees something of it."""
        self._met.append((at, shown))
        self._hidden = self._hidden or not shown

    def withhold(self, since: int, at: Pointer) -> None:
        """Records an object of unknown resource as hidden, in place of the objects inside it.
        `since`: the `count` before these."""
        del self._met[since:]
        self.meet(at, shown=False)

    def lose(self, at: Pointer) -> Keep:
        """Records a row that is a hidden object, or looks like one; nothing of it stays."""
        row = self.enter()
        self.meet(at, shown=False)
        return self.leave(row, None, False, at)

    @property
    def count(self) -> int:
        """How many objects were met."""
        return len(self._met)

    def enter(self) -> tuple[int, bool]:
        """Begins a row; the result is passed to `leave`."""
        around = (len(self._met), self._hidden)
        self._hidden = False
        return around

    def leave(self, around: tuple[int, bool], value: Json, keep: Keep, at: Pointer) -> Keep:
        """Ends the row that `enter` began (`around`), and returns what stays of it."""
        self.pointers.append(at)
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
    """Removes everything outside these objects. Empty lists and maps stay."""
    if at in objects:
        # `null` would be data beside other objects
        return False if keep in ("null", "void") else keep
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
    """Whether something of an object stays besides `null` in place of withheld values. An empty
    list or map counts: it shows that it exists."""
    if isinstance(keep, Values) or not isinstance(value, dict) or not value:
        return keep not in (False, "null")
    if not isinstance(keep, dict):
        return keep not in (False, "null")
    return any(is_left(each, keep[name]) for name, each in value.items())


def as_absent(keep: Keep, *, null: bool) -> Keep:
    """What stays of an object. With `null`, an object that is hidden or of which nothing stays is
    replaced by the `null` of an absent one."""
    return "void" if null and (keep is False or isinstance(keep, Hollow)) else keep


def without(keep: Keep, rows: Collection[Pointer]) -> Keep:
    """Removes the parts at these pointers, such as rows."""
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
    """Whether the value stays complete."""
    return keep is True or (isinstance(keep, dict) and all(map(whole, keep.values())))
