"""Writes whose body names the tenant that they are about.

The law of this module: what a body alone says can be said to no look-up. So a write is decided by
no look-up if its body may name a tenant that is no fact about the object: one that the API shows
with it is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from oakum.authz import Model
from oakum.authz.model import resources_in
from oakum.authz.places import resource_of
from oakum.errors import Problem
from oakum.openapi.document import Document
from oakum.openapi.model import Operation
from oakum.openapi.shape import element, member_names, named
from oakum.routing.selection import Selection, in_body


def tenant_members(model: Model, operation: Operation, target: str) -> tuple[str, ...]:
    """Members of a write's body that name the tenant. `target`: the resource that it touches."""
    found = [each.shape for each in operation.body if each.shape is not None]
    shapes = [element(each) or each for each in found]
    kinds = {name for each in shapes if (name := resource_of(each, model.bound))}
    kinds |= {name for _, name in model.sets.get(operation.id, ())} | ({target} - {""})
    names = [name for shape in shapes for name in member_names(shape)]
    return in_body(names, {name for kind in kinds for name in _shown(model, kind)})


def _shown(model: Model, resource: str) -> Iterator[str]:
    """Members of an object that a line of the contract or a response has."""
    lines = model.policy.resources[resource].fields
    yield from (each.path.split(".")[0] for each in lines if any(g.see for g in each.grants))
    for operation in model.operations.values():
        media = operation.success() if operation.method == "GET" else None
        shape = media.shape if media is not None else None
        for name, each in resources_in(shape, model.bound) if shape is not None else ():
            for member in member_names(each) if name == resource else ():
                at = named(each, member)
                if at is not None and not at.write_only:
                    yield member


def unsaid(document: Document, made: Mapping[str, Selection]) -> Iterator[Problem]:
    """Warns about operations whose body names the tenant."""
    for operation in document.operations:
        said = made[operation.id].body
        if said:
            names = ", ".join(f"`{each}`" for each in said)
            yield Problem(
                document.locate(operation.pointer),
                f"the body of `{operation.id}` names the tenant ({names}), which no look-up can be"
                f" told, so nothing is looked up for it, and what depends on a look-up is refused",
                "let the API take the tenant from a header, the host or the path; or show it with"
                " the object, if it is one of its fields",
            )
