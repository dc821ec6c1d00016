"""Warnings about granted members that may hold more than the document declares there.

A line grants what the document declares below an object or a list, so the gateway removes objects
and lists of which it declares nothing, also in a member that a line names.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz.compiled_model import resources_in
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.openapi.model import Shape
from oakum.openapi.schema import children
from oakum.openapi.shape_queries import names_of
from oakum.openapi.shape_walk import elements
from oakum.policy.model import Resource
from oakum.policy.resource_schemas import at

_MOST = 3
_NESTED = frozenset(("object", "array"))


def members_that_hold_anything(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once for each resource about members that a line grants, and of which the document
    says only that they are there, or an object or a list."""
    model = contract.model
    for name, resource in contract.policy.resources.items():
        found = [
            path
            for path, rule in zip(model.tables[name].leaves, model.tables[name].rules, strict=True)
            if any(each.see for each in rule.every_grant)
            and (shape := at(model.merged[name], path.split("."))) is not None
            and _is_open(shape)
        ]
        if found:
            members = few(found, _MOST)
            yield Problem(
                resource.location,
                f"the document does not say what {members} of `{name}` holds, so the gateway"
                " removes objects and lists below it, although a line grants it",
                f"declare it in the document or an overlay, or write `{found[0]}.**` if whoever may"
                " see it may see everything there",
            )


def _is_open(shape: Shape) -> bool:
    said = (shape.names, shape.properties, shape.branches, shape.items, shape.extra)
    return not any(said) and (not shape.kinds or bool(shape.kinds & _NESTED))


def members_of_two_kinds(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about a member that one schema of a resource declares as an object and another as a
    plain value: where the second is declared, the gateway removes the object."""
    model = contract.model
    for name, resource in contract.policy.resources.items():
        seen: dict[str, tuple[Shape, GrantedEndpoint]] = {}
        for endpoint in contract.endpoints if len(resource.schemas) > 1 else ():
            media = endpoint.operation.success()
            for bound, shape in (
                resources_in(media.shape, model.bound) if media and media.shape else ()
            ):
                schema = next(
                    (each for each in names_of(shape) if model.bound.get(each) == name), ""
                )
                if bound == name and schema:
                    seen.setdefault(schema, (shape, endpoint))
        yield from _differing(contract, resource, seen)


def _differing(
    contract: CompiledContract, resource: Resource, seen: dict[str, tuple[Shape, GrantedEndpoint]]
) -> Iterator[Problem]:
    for plain, (shape, endpoint) in seen.items():
        for other, (fuller, _) in seen.items():
            found = list(_nested_in(shape, fuller))
            if found and other != plain:
                yield Problem(
                    contract.location(endpoint.operation),
                    f"`{endpoint.operation.id}` shows a `{resource.name}` as `{plain}`, which"
                    f" declares a plain value at {few(found, _MOST)}, where `{other}` declares an"
                    " object: the gateway removes such an object from its response",
                    f"declare `{other}` too (`oneOf`) if the API sends either",
                )
                return


def _nested_in(plain: Shape, fuller: Shape) -> Iterator[str]:
    """Members that are plain values, or lists of them, in one shape and objects in the other."""
    for name, shape in children(plain).items():
        other = children(fuller).get(name)
        if other is None:
            continue
        for path, one, two in (
            (name, shape, other),
            (f"{name}.*", elements(shape), elements(other)),
        ):
            if one is not None and two is not None and _is_plain(one) and "object" in two.kinds:
                yield path


def _is_plain(shape: Shape) -> bool:
    return bool(shape.kinds) and not shape.kinds & _NESTED and not shape.branches
