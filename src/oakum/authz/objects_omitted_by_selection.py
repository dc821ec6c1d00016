"""Objects that a response lacks because the caller selected its fields, such as by `?fields=`.

An object that is missing for this reason is unknown, and not permitted. A row that lacks one is
judged as if it contained an object whose owner is unknown, since the rest of the row may be about a
hidden object. A field of GraphQL that is asked for with arguments may lack any: `first: 0` and a
filter empty it as well as leaving it out does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from oakum.authz.compiled_model import Model, outermost
from oakum.authz.decision_inputs import Principal, Subject
from oakum.authz.relations import held_relations
from oakum.authz.unexpected_types import matches
from oakum.http.json_pointer import Pointer, path_of
from oakum.openapi.model import Shape
from oakum.openapi.shape_queries import member_by_name, member_names
from oakum.policy.model import OperationRule

_SOMEBODY = "\0"
"""The id of an owner of whom nothing is known; no id contains it."""

Ahead = Iterable[tuple[tuple[str, ...], str]]
"""(pointer pattern, resource) pairs of `shows`, relative to the value."""


def members_with_objects(
    shape: Shape | None, ahead: Ahead, bound: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Members of an object outside every resource that may hold objects → names of their
    resources."""
    found = dict[str, dict[str, None]]()
    for name in member_names(shape) if shape is not None else ():
        inner = member_by_name(shape, name) if shape is not None else None
        if inner is not None and (led := dict.fromkeys(outermost(inner, bound))):
            found[name] = led
    for segments, resource in ahead:
        if segments and segments[0] != "*" and resource in bound.values():
            found.setdefault(segments[0], {})[resource] = None
    return {name: tuple(sorted(led)) for name, led in found.items()}


@dataclass
class LeftOut:
    """Finds members missing from a response that may hold objects hidden from one caller."""

    model: Model
    principal: Principal
    rule: OperationRule
    argued: frozenset[str] = frozenset()
    """Fields of GraphQL that the query has with arguments."""
    _led: dict[Shape | None, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    _open: dict[str, bool] = field(default_factory=dict)

    def hidden_objects(
        self, shape: Shape | None, ahead: Ahead, there: Collection[str], at: Pointer
    ) -> list[Pointer]:
        """Pointers of members that are missing from the object at `at` and may hold a hidden
        object. `there`: its members."""
        ahead = [*ahead]
        led = None if ahead else self._led.get(shape)
        if led is None:
            led = members_with_objects(shape, ahead, self.model.bound)
            if not ahead:
                self._led[shape] = led
        return [
            (*at, name)
            for name, resources in led.items()
            if (name not in there or name in self.argued) and not all(map(self.shows, resources))
        ]

    def counts_below(self, at: Pointer, *, deep: bool = False) -> bool:
        """Whether the value at `at` directly contains a count that the contract names; `deep`: only
        counts further below."""
        if not self._counts:
            return False
        return any(
            (len(path) > len(at) if deep else len(path) == len(at) + 1) and matches(path, at)
            for path in self._counts
        )

    @cached_property
    def _counts(self) -> tuple[Pointer, ...]:
        """Pointers of the `counts` of the contract."""
        return tuple(filter(None, map(path_of, self.rule.counts)))

    def shows(self, resource: str) -> bool:
        """Whether the caller sees something of every object of a resource, whoever owns it and in
        any state."""
        if resource not in self._open:
            subject = Subject(resource, (_SOMEBODY,))
            relations = held_relations(self.model.policy, self.principal, subject)
            self._open[resource] = self.model.tables[resource].always_shows(relations)
        return self._open[resource]
