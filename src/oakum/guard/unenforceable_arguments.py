"""Warnings of `guard check` about GraphQL arguments that name objects the gateway cannot look up.

Warnings change nothing. Each names what stays closed, why, and the line that opens it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from oakum.errors import Location, Problem, few
from oakum.openapi.model import Operation
from oakum.policy.model import Resource
from oakum.routing.lookup_plan import Endpoint
from oakum.routing.named_arguments import UNKNOWN


def arguments(
    resources: Mapping[str, Resource],
    endpoints: Iterable[Endpoint],
    where: Callable[[Operation], Location],
) -> Iterator[Problem]:
    """Warns about arguments beside whose object nothing is shown."""
    for each in endpoints:
        operation = each.operation
        declared = {f"{argument.field}.{argument.name}" for argument in operation.arguments}
        for place, name in each.asked.keys.arguments.items():
            # Of what a value without a declared type may have, one name stands for all.
            if place not in declared and not place.endswith(".id"):
                continue
            said = (
                f"what a query at `{operation.id}` shows beside objects is withheld if it has"
                f" `{place}`"
            )
            if name == UNKNOWN:
                yield Problem(
                    where(operation),
                    f"{said}: the contract does not say which object that names",
                    f"write `{operation.id}: {{params: {{{place}: RESOURCE.KEY}}}}`",
                )
            elif not each.asked.by[name].reader and resources[name].owner.kind != "none":
                yield Problem(
                    where(operation),
                    f"{said}, from whoever may not see every `{name}`: no GET shows one by its key",
                    f"name the GET that shows a `{name}` by its key in `main:`",
                )


def errors_of_arguments(
    resources: Mapping[str, Resource],
    endpoints: Iterable[Endpoint],
    where: Callable[[Operation], Location],
) -> Iterator[Problem]:
    """Warns about arguments with which nobody is told why a query failed, since nobody is known to
    see the object that they name."""
    for each in endpoints:
        found = [
            (place, name)
            for place, name in each.asked.keys.of_errors.items()
            if name == UNKNOWN
            or (not each.asked.by[name].reader and resources[name].owner.kind != "none")
        ]
        if not found:
            continue
        name = found[0][1]
        why = f"no GET shows a `{name}` by its key" if name else "it may be of several resources"
        yield Problem(
            where(each.operation),
            f"nobody is told why a query at `{each.operation.id}` failed that has"
            f" {few([place for place, _ in found], 3)}: {why}",
            f"name the GET that shows a `{name}` by its key in `main:`"
            if name
            else "let clients ask for such an object in a query of its own",
        )
