"""Which of several operations with matching paths a request is for, by the values of its
parameters.

Two operations may differ only in the names of their parameters (`/users/{id}`, `/users/{name}`).
Or one template is more general (`/users/{id}`, `/{folder}/{file}`): if the first does not take the
value, a router may try the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from oakum.openapi.model import ClosedOperation, Operation
from oakum.openapi.path_segments import nameless, parameter_names
from oakum.openapi.pattern_automaton import Automaton
from oakum.openapi.pattern_syntax import UnsupportedPattern
from oakum.routing.overlapping_paths import CrossedPath, overlaps
from oakum.routing.parameter_texts import is_integer, of_shape
from oakum.routing.path_values_accepted_by_routers import sure_texts, unclear_integers


def params_of(operation: Operation, segments: Mapping[str, str]) -> dict[str, str]:
    """Path parameters of an operation from decoded segments, without surrounding text."""
    found = dict(segments)
    for each in operation.parameters:
        if each.where == "path" and each.name in segments:
            found[each.name] = each.value_of(segments[each.name])
    return found


@dataclass(frozen=True)
class Rival:
    """One of several operations whose method and path are equal but for parameter names, such as
    `/users/{id}` and `/users/{name}`."""

    operation: Operation
    texts: Mapping[str, Automaton]
    """Allowed texts by path parameter, where the document's schema can be compiled."""
    shut: bool = False
    """Whether a request that this operation admits first is for no operation."""

    def admits(self, values: Sequence[str]) -> bool:
        """Whether these decoded values are allowed as its parameters."""
        params = self.parameters_by_name(values)
        return all(allowed.matches(params[name]) for name, allowed in self.texts.items())

    def parameters_by_name(self, values: Sequence[str]) -> dict[str, str]:
        """Values by the operation's own parameter names."""
        names = parameter_names(self.operation.path)
        return params_of(self.operation, dict(zip(names, values, strict=True)))

    @property
    def allowed_texts(self) -> tuple[Automaton | None, ...]:
        """Allowed texts of each parameter in order; None: anything, also where a pattern says only
        what the path has around its segment."""
        around, names = self.operation.around, parameter_names(self.operation.path)
        return tuple(None if name in around else self.texts.get(name) for name in names)


def rivals(operations: Iterable[Operation]) -> dict[tuple[str, str], tuple[Rival, ...]]:
    """Method and nameless path → its rival operations in matching order: more restricted ones
    first, as with Flask's converters, then in document order. Groups of one are left out. OpenAPI
    forbids rivals (3.1, 4.8.8.2), yet frameworks that route by type produce them."""
    groups: dict[tuple[str, str], list[Operation]] = {}
    for each in operations:
        groups.setdefault((each.method, nameless(each.path)), []).append(each)
    return {
        at: tuple(
            sorted((Rival(each, dict(_texts(each))) for each in group), key=lambda r: -len(r.texts))
        )
        for at, group in groups.items()
        if len(group) > 1
    }


@dataclass(frozen=True)
class PathChoices:
    """The choice between operations where several match a path."""

    rivals: Mapping[tuple[str, str], tuple[Rival, ...]]
    """(method, nameless path) → rivals, and operations whose paths are within another's and that do
    not take every value, in matching order. Values that routers read differently belong to no
    operation."""
    crossed: tuple[CrossedPath, ...]


def path_choices(
    operations: Sequence[Operation], closed: Sequence[ClosedOperation] = ()
) -> PathChoices:
    """Derives the choices. `closed`: operations that nobody may call, but that the API may have."""
    found = overlaps((*operations, *(each.operation for each in closed)))
    groups = rivals(operations)
    for each in operations:
        at = each.method, nameless(each.path)
        if each.id in found.within and at not in groups and _sure(each):
            groups[at] = (Rival(each, dict(_texts(each))),)
    ordered = {
        at: tuple(
            _order_rivals(group, inner=any(each.operation.id in found.within for each in group))
        )
        for at, group in groups.items()
    }
    return PathChoices(ordered, found.crossed)


def _order_rivals(group: Sequence[Rival], *, inner: bool) -> Iterator[Rival]:
    """A group with what is nobody's; `inner`: other operations match these paths as well."""
    yield from _unclear(group)
    unreachable = [each for each, _ in unreachable_rivals(group)]
    for each in group:
        if each not in unreachable:
            sure = _sure(each.operation) if inner or len(group) > 1 else {}
            yield replace(each, texts={**each.texts, **sure})
    yield Rival(group[0].operation, {}, shut=True)
    yield from unreachable


def unreachable_rivals(group: Sequence[Rival]) -> Iterator[tuple[Rival, Rival]]:
    """(rival, earlier rival) pairs that no automaton can distinguish."""
    first: dict[object, Rival] = {}
    for each in group:
        before = first.get((None,) * len(each.allowed_texts)) or first.setdefault(
            each.allowed_texts, each
        )
        if before is not each:
            yield each, before


def _sure(operation: Operation) -> dict[str, Automaton]:
    """Texts of path parameters that every router takes; without those that take any text."""
    found = ((e.name, sure_texts(e.shape)) for e in operation.parameters if e.where == "path")
    return {name: texts for name, texts in found if texts is not None}


def _unclear(alike: Sequence[Rival]) -> Iterator[Rival]:
    """Texts that not all routers read as an integer, where one of rivals takes integers."""
    for each in alike:
        for parameter in each.operation.parameters:
            if parameter.name in each.texts and is_integer(parameter.shape):
                texts = {**each.texts, parameter.name: unclear_integers()}
                yield Rival(each.operation, texts, shut=True)


def _texts(operation: Operation) -> Iterator[tuple[str, Automaton]]:
    for each in operation.parameters:
        with suppress(UnsupportedPattern):
            made = of_shape(each.shape) if each.where == "path" else None
            if made is not None:
                yield each.name, made
