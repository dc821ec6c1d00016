"""Declared members of a form body, as of a query.

Each member occurs once in a form, by its plain name. Every value in a form is a text; a member
outside every resource that is declared as an integer is read as one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from oakum.authz import Model
from oakum.guard.compiled.multipart_part_names import names_declared
from oakum.openapi.model import Json, Operation, Parameter, Shape
from oakum.openapi.shape_queries import containers, element, member_by_name, member_names, scalars
from oakum.policy.resource_schemas import resource_of
from oakum.routing.nested_parameters import NestedParameter, nested_members, plan_nested

_MARKS = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}
"""`collectionFormat` → separator of list elements (Swagger 2.0)."""


@dataclass(frozen=True)
class Form:
    """The members that a form body may have; names of nested members are spelled as in a form."""

    names: tuple[str, ...]
    lists: frozenset[str]
    nested: Mapping[str, NestedParameter]
    judged: bool = False
    """Whether the form is a resource and judged like the same members in JSON."""
    numbers: frozenset[str] = frozenset()
    """Members outside every resource that are declared as integers, and not as texts."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """List members that may be sent as one string → separator of the elements (Swagger 2.0)."""

    def holds(self, found: Collection[str]) -> bool:
        """Whether all names of a form are declared, each once unless it is a list."""
        return names_declared(found, self.names, self.lists, self.nested)

    @property
    def plan(self) -> dict[str, Json]:
        """The form as JSON values of the plan, for the Lua runtime."""
        lists, nested = sorted(self.lists), plan_nested(self.nested)
        return {
            "names": self.names,
            "lists": lists,
            "nested": nested,
            "judged": self.judged,
            "numbers": sorted(self.numbers),
            "marks": {**self.marks},
        }


def form_body(model: Model, operation: Operation, kind: str, *, judged: bool) -> Form | None:
    """The declared form of a request body of this media type. `judged`: some member is a key."""
    shape = next((each.shape for each in operation.body if each.type == kind), None)
    form = form_of(shape)
    if form is None or shape is None:
        return None
    said = any(not segments for segments, _ in model.sets.get(operation.id, ()))
    if said or resource_of(shape, model.bound):
        return replace(form, judged=True)
    below = {name: member_by_name(shape, name) or Shape() for name in form.names}
    numbers = {name for name, each in below.items() if _is_number(element(each) or each)}
    return replace(form, judged=judged, numbers=frozenset(numbers))


def _is_number(shape: Shape) -> bool:
    kinds = scalars(shape)
    return "string" not in kinds and not kinds.isdisjoint(("integer", "number"))


def form_of(shape: Shape | None) -> Form | None:
    """The declared form of a schema; None if it declares no member."""
    names = member_names(shape) if shape is not None else ()
    if shape is None or not names:
        return None
    below = {name: member_by_name(shape, name) or Shape() for name in names}
    return Form(
        names,
        frozenset(name for name, each in below.items() if "array" in containers(each)),
        {
            name: at
            for name, each in below.items()
            if (at := nested_members(Parameter(name, "query", shape=each))) is not None
        },
        marks={name: _MARKS[each.format] for name, each in below.items() if _is_joined(each)},
    )


def _is_joined(shape: Shape) -> bool:
    return "array" in containers(shape) and shape.format in _MARKS
