"""Finds component names at or below shapes, visiting each shape once.

Schemas contain each other, so that walking from every response would visit the same ones again and
again: responses times schemas. Here each shape is entered once. Shapes that contain each other (a
strongly connected component of their graph) have the same names below them and share one result, so
the work is proportional to the shapes and their references, whatever the number of responses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from oakum.openapi.model import Shape


def _always(_: Shape) -> bool:
    return True


class NamesBelow:
    """Finds the names at or below shapes; `enters`: whether to descend into a shape."""

    def __init__(
        self,
        own: Callable[[Shape], Iterable[str]],
        enters: Callable[[Shape], bool] = _always,
    ) -> None:
        self._own = own
        self._enters = enters
        self._bits: dict[str, int] = {}
        self._found: dict[Shape, int] = {}
        """Each name is a bit: a thousand names at thirty thousand shapes are four megabytes."""

    def names(self, shapes: Iterable[Shape]) -> list[str]:
        """The names at or below any of the shapes, in no particular order."""
        found = 0
        for shape in shapes:
            found |= self._below(shape)
        return [name for name, bit in self._bits.items() if found & bit] if found else []

    def any(self, shape: Shape) -> bool:
        """Whether there is a name at or below a shape."""
        return bool(self._below(shape))

    def _below(self, shape: Shape) -> int:
        if shape not in self._found:
            self._search(shape)
        return self._found[shape]

    def _search(self, root: Shape) -> None:
        """Tarjan's algorithm without recursion: a component ends at the shape that was entered
        first, from which nothing leads back to an earlier one."""
        entered: dict[Shape, int] = {}
        back: dict[Shape, int] = {}
        found: dict[Shape, int] = {}
        open_: list[Shape] = []
        way: list[tuple[Shape, Iterator[Shape]]] = []
        fresh: Shape | None = root
        while fresh is not None or way:
            if fresh is not None:
                entered[fresh] = back[fresh] = len(entered)
                found[fresh] = self._mask(fresh)
                open_.append(fresh)
                way.append((fresh, iter(fresh.below() if self._enters(fresh) else ())))
            shape, rest = way[-1]
            fresh = None
            for child in rest:
                if child in self._found:
                    found[shape] |= self._found[child]
                elif child in entered:
                    back[shape] = min(back[shape], entered[child])
                else:
                    fresh = child
                    break
            if fresh is not None:
                continue
            way.pop()
            if way:
                above = way[-1][0]
                back[above] = min(back[above], back[shape])
                found[above] |= found[shape]
            if back[shape] == entered[shape]:
                end = _last(open_, shape)
                self._found |= dict.fromkeys(open_[end:], found[shape])
                del open_[end:]

    def _mask(self, shape: Shape) -> int:
        found = 0
        for name in self._own(shape):
            found |= self._bits.setdefault(name, 1 << len(self._bits))
        return found


def _last(shapes: list[Shape], one: Shape) -> int:
    at = len(shapes) - 1
    while shapes[at] is not one:
        at -= 1
    return at
