"""Warnings about GraphQL arguments that name objects the gateway cannot look up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.objects_in_graphql_arguments import UNKNOWN, reachable_places
from oakum.guard.warnings.contract_queries import is_hidden
from oakum.openapi.model import Operation


def unknown_objects(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about arguments that withhold data because nobody is known to see the object they
    name."""
    for each in contract.endpoints:
        operation = each.operation
        for place, name in _hidden_arguments(contract, each, each.asked.keys.arguments):
            what, hint = _describe_argument(operation, place)
            kind = _kind(operation, place)
            said = f"what {kind} at `{operation.id}` shows beside objects is withheld if it has"
            if name == UNKNOWN:
                yield Problem(
                    contract.location(operation),
                    f"{said} {what}: the contract does not say which object that names",
                    hint,
                )
            elif _is_declared(operation, place):
                yield Problem(
                    contract.location(operation),
                    f"{said} {what}, for callers who may not see every `{name}`: no GET shows one"
                    " by its key",
                    f"name the GET that shows a `{name}` by its key in `main:`",
                )


def _hidden_arguments(
    contract: CompiledContract, endpoint: GrantedEndpoint, places: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Those of the arguments that name an object which nobody looks up, and the resource of it, if
    it may be hidden from a caller."""
    operation, by = endpoint.operation, endpoint.asked.by
    for place, name in reachable_places(operation, places, mutations=endpoint.acts).items():
        if not by[name].reader and is_hidden(contract, endpoint, by[name].resources):
            yield place, name


def _kind(operation: Operation, place: str) -> str:
    """What asks for the field of an argument."""
    field = place.partition(".")[0]
    queried = any(each.queried for each in operation.arguments if each.field == field)
    return "a query" if queried else "a mutation"


def _is_declared(operation: Operation, place: str) -> bool:
    return any(f"{each.field}.{each.name}" == place for each in operation.arguments)


def _describe_argument(operation: Operation, place: str) -> tuple[str, str]:
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
    """Warns about arguments that suppress error messages, since nobody is known to see the object
    that they name."""
    for each in contract.endpoints:
        found = dict[str, list[tuple[str, str]]]()
        for place, name in _hidden_arguments(contract, each, each.asked.keys.of_errors):
            found.setdefault(_kind(each.operation, place), []).append((place, name))
        for kind, withheld in found.items():
            name = withheld[0][1]
            why = (
                f"no GET shows a `{name}` by its key" if name else "it may be of several resources"
            )
            yield Problem(
                contract.location(each.operation),
                f"the guard withholds the errors of {kind} at `{each.operation.id}` with"
                f" {few([place for place, _ in withheld], 3)}: {why}",
                f"name the GET that shows a `{name}` by its key in `main:`"
                if name
                else "let clients ask for such an object in a query of its own",
            )


def revealed_by_mutations(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about arguments of mutations whose object nobody looks up: an object of the caller's
    own that the mutation returns, such as a new one, passes, and tells that it exists."""
    for each in contract.endpoints:
        keys, id = each.asked.keys, each.operation.id
        hidden = _hidden_arguments(contract, each, {**keys.arguments, **keys.of_errors})
        found = {
            place: name
            for place, name in hidden
            if _kind(each.operation, place) == "a mutation"
            and not _is_of_result(contract, each.operation, place, name)
        }
        if found:
            place, name = next(iter(found.items()))
            yield Problem(
                contract.location(each.operation),
                f"a mutation at `{id}` with {few([*found], 3)} tells by an object of its caller's"
                " own that it returns that the object named exists, also if that is hidden: "
                + (f"no GET shows a `{name}` by its key" if name else "nobody knows what it names"),
                f"name the GET that shows a `{name}` by its key in `main:`"
                if name
                else f"write `{id}: {{params: {{{place}: RESOURCE.KEY}}}}`, or with another field"
                " of a resource if it holds no key",
            )


def _is_of_result(contract: CompiledContract, operation: Operation, place: str, name: str) -> bool:
    """Whether an argument is the key of what its field returns, which is judged itself."""
    key = contract.policy.resources[name].key if name else ""
    return any(
        f"{each.field}.{each.name}" == place
        and each.name == key
        and all(contract.model.bound.get(type) == name for type in each.types)
        for each in operation.arguments
    )
