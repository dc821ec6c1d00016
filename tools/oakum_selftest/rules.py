"""Contracts that are wider than the healthy one by one word, to be held against it.

Whether such a contract shows more is told here by walking through every caller and every state with
the meaning itself (`held`, and the rows of the table), not by the comparison that is on trial.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product

from oakum.authz import Model, Principal, Subject, Table
from oakum.authz.claim_paths import claim_value, with_claim
from oakum.authz.compiled_model import resources_in
from oakum.authz.decide import through
from oakum.authz.relations import held_relations
from oakum.finding import Endpoint
from oakum.openapi.model import Json
from oakum.policy.model import FieldRule, Grant, Policy, Relation, Resource
from oakum_selftest.mutant import Mutant, text

_MOST = 4096
"""Kinds of callers that are walked through."""


@dataclass(frozen=True)
class Wider:
    """A policy with one word more, or one condition less."""

    mutant: Mutant
    policy: Policy


def widened(policy: Policy) -> Iterator[Wider]:
    """Every policy that differs from this one by one step towards more."""
    for resource in policy.resources.values():
        for rule in resource.fields:
            for said, wider in _grants(policy, rule):
                fields = tuple(wider if each is rule else each for each in resource.fields)
                yield _made(policy, replace(resource, fields=fields), rule.path, said)
        for name, state in resource.states.items():
            if state.missing is not None and state.missing != state.values[0]:
                states = {**resource.states, name: replace(state, missing=state.values[0])}
                said = f"a missing `{name}` reads as {text(state.values[0])}"
                yield _made(policy, replace(resource, states=states), name, said)
    for name, relation in policy.relations.items():
        for other in relation.unless:
            unless = tuple(each for each in relation.unless if each != other)
            relations = {**policy.relations, name: replace(relation, unless=unless)}
            said = f"`{other}` does not take `{name}` away any more"
            yield Wider(_mutant(name, said), replace(policy, relations=relations))
    for name, endpoint in policy.operations.items():
        for word in policy.relations if endpoint.call is not None else ():
            if word not in (call := endpoint.call or ()):
                operations = {**policy.operations, name: replace(endpoint, call=(*call, word))}
                said = f"`{word}` may call `{name}`"
                yield Wider(_mutant(name, said), replace(policy, operations=operations))


def _made(policy: Policy, resource: Resource, path: str, said: str) -> Wider:
    resources = {**policy.resources, resource.name: resource}
    return Wider(_mutant(resource.name, f"`{resource.name}.{path}`: {said}"),
                 replace(policy, resources=resources))  # fmt: skip


def _mutant(about: str, said: str) -> Mutant:
    return Mutant("rule", Endpoint("", "the contract", about), field=said, resource=about)


def _grants(policy: Policy, rule: FieldRule) -> Iterator[tuple[str, FieldRule]]:
    for index, grant in enumerate(rule.grants):
        for word in policy.relations:
            if word not in grant.see:
                wider = replace(grant, see=(*grant.see, word))
                yield f"`{word}` may see it", _with(rule, index, wider)
            if grant.set and word not in grant.set:
                wider = replace(grant, set=(*grant.set, word))
                yield f"`{word}` may set it", _with(rule, index, wider)
        for name in grant.when:
            when = {key: value for key, value in grant.when.items() if key != name}
            said = f"`{', '.join(grant.see)}` whatever `{name}` is"
            yield said, _with(rule, index, replace(grant, when=when))
    if not rule.grants:
        for word in policy.relations:
            yield f"`{word}` may see it", replace(rule, grants=(Grant((word,)),))


def _with(rule: FieldRule, index: int, grant: Grant) -> FieldRule:
    return replace(rule, grants=(*rule.grants[:index], grant, *rule.grants[index + 1 :]))


# --------------------------------------------------------------------------- does it show more


def shows_more(before: Model, after: Model) -> bool:
    """Whether anybody may see, set or call more by the second contract than by the first.

    A field counts for those who get through an endpoint at which it leaves, or comes in.
    """
    out, into = _endpoints(after, answers=True), _endpoints(after, answers=False)
    nobodys = Subject("", owned=False)
    for caller, subject in _encounters(before.policy):
        pair = tuple(held_relations(each.policy, caller, subject) for each in (before, after))
        free = tuple(held_relations(each.policy, caller, nobodys) for each in (before, after))
        old, new = pair
        inside = bool(caller.ids)
        passed = {id for id in after.operations if through(after, id, new, inside)}
        if any(not through(before, id, old, inside) for id in passed):
            return True
        for name, table in before.tables.items():
            old, new = free if table.resource.owner.kind == "none" else pair
            if passed & out[name] and _wider(table, after.tables[name], old, new):
                return True
            first, second = before.settable[name], after.settable[name]
            if passed & into[name] and _wider(first, second, old, new):
                return True
    return False


def _wider(first: Table, second: Table, old: frozenset[str], new: frozenset[str]) -> bool:
    return any(
        second.names(second.see(new, now)) - first.names(first.see(old, was))
        for was, now in _states(first, second)
    )


def _endpoints(model: Model, *, answers: bool) -> dict[str, set[str]]:
    """Resource → operations whose answers, or request bodies, hold it."""
    found: dict[str, set[str]] = {name: set() for name in model.tables}
    for id, each in model.operations.items():
        said = (model.shown if answers else model.sets).get(id, ())
        names = {resource for _, resource in said}
        every = [m for medias in each.responses.values() for m in medias] if answers else each.body
        for media in every:
            if media.shape is not None:
                names |= {name for name, _ in resources_in(media.shape, model.bound)}
        for name in names:
            found[name].add(id)
    return found


def _encounters(policy: Policy) -> Iterator[tuple[Principal, Subject]]:
    """Every kind of caller before an object of somebody else's: what owners see of themselves
    is no exposure, and the gate does not count it."""
    lookups = [each for each in policy.relations.values() if each.kind == "lookup"]
    claims = [each for each in policy.relations.values() if each.kind == "claim"]
    members = [each for each in policy.relations.values() if each.kind == "field"]
    yield Principal(), Subject("", ("other",))
    choices: list[tuple[Json, ...]] = [(False, True)] * (len(claims) + len(members))
    choices += [(False, True, None)] * len(lookups)
    for on in islice(product(*choices), _MOST):
        inside = zip(members, on[len(claims) :], strict=False)
        named = {each.member: "me" for each, is_so in inside if is_so}
        known = zip(lookups, on[len(claims) + len(members) :], strict=True)
        related = {(each.name, "other"): is_so for each, is_so in known if is_so is not None}
        caller = Principal(frozenset({"me"}), _claims(claims, on), related)
        yield caller, Subject("", ("other",), named)


def _claims(claims: list[Relation], on: tuple[Json, ...]) -> Mapping[str, Json]:
    said: dict[str, Json] = {}
    for each, is_so in zip(claims, on, strict=False):
        if is_so:
            before = claim_value(said, each.claim) or []
            said = with_claim(said, each.claim, [*before, each.has])
    return said


def _states(first: Table, second: Table) -> Iterator[tuple[dict[str, Json], dict[str, Json]]]:
    """Every state as it reads by either table; what an object does not say, by `missing`."""
    names = {each.name: each for each in (*first.states, *second.states)}
    for values in product(*((*each.values, None) for each in names.values())):
        pair: list[dict[str, Json]] = []
        for table in (first, second):
            known = table.resource.states
            said = {
                name: value if value is not None else known[name].missing
                for name, value in zip(names, values, strict=True)
                if name in known
            }
            pair.append({name: value for name, value in said.items() if value is not None})
        yield pair[0], pair[1]
