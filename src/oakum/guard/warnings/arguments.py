"""Warnings about GraphQL arguments that name objects the gateway cannot look up."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.errors import Problem, few
from oakum.openapi.model import Operation
from oakum.routing.compiled_contract import CompiledContract
from oakum.routing.named_arguments import UNKNOWN, of_queries


def unknown_objects(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about arguments beside whose object nothing is shown."""
    resources = contract.policy.resources
    for each in contract.endpoints:
        operation = each.operation
        for place, name in of_queries(operation, each.asked.keys.arguments).items():
            what, hint = _called(operation, place)
            said = f"what a query at `{operation.id}` shows beside objects is withheld if it has"
            if name == UNKNOWN:
                yield Problem(
                    contract.location(operation),
                    f"{said} {what}: the contract does not say which object that names",
                    hint,
                )
            elif (
                _is_declared(operation, place)
                and not each.asked.by[name].reader
                and resources[name].owner.kind != "none"
            ):
                yield Problem(
                    contract.location(operation),
                    f"{said} {what}, from whoever may not see every `{name}`: no GET shows one by"
                    " its key",
                    f"name the GET that shows a `{name}` by its key in `main:`",
                )


def _is_declared(operation: Operation, place: str) -> bool:
    return any(f"{each.field}.{each.name}" == place for each in operation.arguments)


def _called(operation: Operation, place: str) -> tuple[str, str]:
    """An argument that names nobody knows what, and the line that says it."""
    hint = f"write `{operation.id}: {{params: {{{place}: RESOURCE.KEY}}}}`"
    field, _, name = place.partition(".")
    free = [each for each in operation.arguments if each.field == field and each.free]
    if not _is_declared(operation, place):
        values = few([f"{field}.{each.name}" for each in free], 2)
        return f"`{place}`, or another name of a key, in the value of {values}", hint
    if any(each.name == name and not each.names_id for each in free):
        other = ", or with another field of a resource if it holds no key"
        return f"a text or a number as `{place}`", hint + other
    return f"`{place}`", hint


def unexplained_errors(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about arguments with which nobody is told why a query failed, since nobody is known to
    see the object that they name."""
    resources = contract.policy.resources
    for each in contract.endpoints:
        found = [
            (place, name)
            for place, name in of_queries(each.operation, each.asked.keys.of_errors).items()
            if name == UNKNOWN
            or (not each.asked.by[name].reader and resources[name].owner.kind != "none")
        ]
        if not found:
            continue
        name = found[0][1]
        why = f"no GET shows a `{name}` by its key" if name else "it may be of several resources"
        yield Problem(
            contract.location(each.operation),
            f"the guard withholds the errors of a query at `{each.operation.id}` with"
            f" {few([place for place, _ in found], 3)}: {why}",
            f"name the GET that shows a `{name}` by its key in `main:`"
            if name
            else "let clients ask for such an object in a query of its own",
        )
