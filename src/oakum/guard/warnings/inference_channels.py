"""Warnings about filters, sort orders and counts that use hidden fields or objects.

A gateway does not see how a response was computed. Which objects it contains, and in which order,
reveals values of a field that is removed from them, and a count on one page reveals hidden objects
on another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from oakum.authz import Model
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.request_places import RequestPlace, body_places, parameter_places
from oakum.guard.unexplained_request_names import in_flow
from oakum.guard.warnings.contract_queries import concealed_resources_shown, resources_shown
from oakum.openapi.model import Operation, Parameter, Shape
from oakum.openapi.shape_queries import element, ways
from oakum.routing.paging_parameters import PAGING

_Words = tuple[str, ...]
_MOST = 3
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_CHOOSING = frozenset(
    (
        *("sort", "sortby", "sorting", "order", "orderby", "ordering", "filter", "filters"),
        *("where", "q", "query", "search", "rsql", "criteria"),
    )
)
"""Words in names of parameters that sort or filter by an arbitrary field."""


def hidden_fields(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about reads by which callers can filter or sort objects by a field that some of them
    may not see."""
    model = contract.model
    for each in contract.endpoints:
        operation, rule = each.operation, model.rule(each.operation.id)
        hidden = {} if each.acts or each.graph else dict(_hidden_fields(contract, operation))
        found = [
            (place, field)
            for place, shape in _places(model, operation)
            if hidden
            and place.contract_name not in rule.params
            and place.contract_name not in rule.without
            if (field := _field(place, shape, hidden))
        ]
        if not found:
            continue
        names = [*dict.fromkeys(place.contract_name for place, _ in found)]
        query = [
            *dict.fromkeys(place.contract_name for place, _ in found if place.where == "query")
        ]
        some = ", ".join(map(in_flow, query))
        removed = f"write `{operation.id}: {{without: [{some}]}}`" if query else ""
        rest = "take it out of the body's schema, or say whom `call:` lets in" if not query else ""
        yield Problem(
            contract.location(operation),
            f"{few(names, _MOST)} of `{operation.id}` may filter or sort by"
            f" `{found[0][1]}`, which is hidden from some of its callers: which objects come, and"
            " in what order, reveals it",
            f"{removed or rest}; or `{operation.id}: {{params: {{{in_flow(names[0])}:"
            " RESOURCE.FIELD}}` with the field that it is about",
        )


def counts_of_pages(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about counts in paged lists: a page without a hidden object keeps its count."""
    model = contract.model
    for each in contract.endpoints:
        operation, rule = each.operation, model.rule(each.operation.id)
        paged = [
            e.name
            for e in operation.parameters
            if e.where == "query" and e.name.lower() in PAGING and e.name not in rule.without
        ]
        unseen = concealed_resources_shown(contract, operation)
        if rule.counts and paged and unseen and not rule.graphql:
            # Including embedded objects: it is unknown which objects a count includes.
            hidden = " or ".join(f"`{name}`" for name in unseen)
            yield Problem(
                contract.location(operation),
                f"`{rule.counts[0]}` of `{operation.id}` is withheld only from a page with a hidden"
                f" {hidden}: on any other page, it still counts the hidden ones",
                "let the API count what its caller may see, or send no number; or write"
                f" `{operation.id}: {{without: [{', '.join(paged)}]}}`",
            )


def _hidden_fields(
    contract: CompiledContract, operation: Operation
) -> Iterator[tuple[_Words, str]]:
    """Fields of what an operation shows that somebody who is shown another one is not: their words,
    and what the contract calls them."""
    model, policy = contract.model, contract.policy
    call = model.rule(operation.id).call
    # Relations that hold for every object; one to a single object does not hold for others.
    told = frozenset(("anyone", "authenticated", "claim"))
    base = {*policy.only("anyone", "authenticated")}
    callers = [{*base, each} if policy.kinds(each) <= told else base for each in call or ()]
    for name in resources_shown(contract, operation):
        table = model.tables[name]
        levels = [
            table.see({*who, *more}, {})
            for who in callers or [base]
            for more in (
                (),
                *((each, *policy.required_relations(each)) for each in table.relations),
            )
        ]
        for at, leaf in enumerate(table.leaves):
            field = leaf.rpartition(".")[2]
            if leaf != policy.resources[name].key and any(e and not e >> at & 1 for e in levels):
                yield _words(field), f"{name}.{leaf}"


def _places(model: Model, operation: Operation) -> Iterator[tuple[RequestPlace, Shape | None]]:
    """What a read is told by in the query and outside every resource in its body."""
    for each in operation.parameters:
        for place in parameter_places(each) if each.where == "query" else ():
            yield place, _of(each, place)
    for place, resource in body_places(operation, model.bound):
        if not resource and place.inside:
            yield place, None


def _of(parameter: Parameter, place: RequestPlace) -> Shape | None:
    return parameter.shape if not [each for each in place.inside if each != "*"] else None


def _field(place: RequestPlace, shape: Shape | None, hidden: Mapping[_Words, str]) -> str:
    """The hidden field by which a place finds or sorts, as far as its name or its choices tell."""
    said = _words(place.last)
    named = [said, _words(place.name)] if not place.inside else [said]
    for words, field in hidden.items():
        if words and any(e[: len(words)] == words or e[-len(words) :] == words for e in named):
            return field
    choices = [*_choices(shape)] if shape is not None else []
    for choice in choices:
        for words, field in hidden.items():
            if words and words == _words(choice)[: len(words)]:
                return field
    choosing = not choices and (not _CHOOSING.isdisjoint(said) or "".join(said) in _CHOOSING)
    return next(iter(hidden.values()), "") if choosing else ""


def _choices(shape: Shape) -> Iterator[str]:
    for way in ways(shape):
        inner = element(way)
        for each in (*way.enum, *(inner.enum if inner is not None else ())):
            if isinstance(each, str):
                yield each


def _words(name: str) -> _Words:
    """The words of a name in any spelling: `salary__gt` and `-salaryMin` begin with `salary`."""
    return tuple(each.lower() for each in _WORDS.findall(name))
