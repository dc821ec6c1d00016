"""What a contract says of each field and viewer, as cells that a person can answer.

A column is a relation. Whoever has it may have weaker ones with it for sure (an owner is
logged in), so a cell is also open when one of those sees the field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, product
from typing import Literal

from oakum.authz import Model, Table, compile_contract
from oakum.authz.table import grants
from oakum.draft_review.policy_edits import Verb
from oakum.inference.lexicon import FieldClass, Label, label_field
from oakum.openapi.model import Json
from oakum.policy.contract import Contract
from oakum.policy.contract_warnings import unmentioned_fields
from oakum.policy.model import FieldRule, Grant, Policy, Relation, Resource
from oakum.policy.resource_schemas import View, at, view

State = Literal["open", "implied", "when", "masked", "closed"]
_LOGGED = ("authenticated", "owner", "lookup", "field")


@dataclass(frozen=True)
class FieldRow:
    """A field of a resource, and what each viewer sees of it."""

    path: str
    line: str
    """The path of the contract line that rules it; empty: no line does, so nobody sees it."""
    label: Label
    cells: Mapping[str, State]
    at: int
    """Line number in the contract: of its rule, or else of its resource."""
    sets: Mapping[str, State]
    """Viewer → whether it may set the field, like `cells`."""


@dataclass(frozen=True)
class ContractReading:
    """A contract with its compiled model, and the viewers to show as columns."""

    contract: Contract
    policy: Policy
    model: Model
    seen: View
    columns: tuple[str, ...]
    weaker: Mapping[str, frozenset[str]]
    """Relation → the relations that certainly hold with it, itself included."""

    def rule(self, resource: str, path: str) -> FieldRule | None:
        """The rule of a field, or of the first field below it; None: no line covers it."""
        table = self.model.tables[resource]
        found = (i for i, leaf in enumerate(table.leaves) if leaf == path)
        below = (i for i, leaf in enumerate(table.leaves) if leaf.startswith(f"{path}."))
        at = next(chain(found, below), -1)
        return table.rules[at] if at >= 0 else None


def compile_reading(contract: Contract) -> ContractReading:
    """Compile a contract that has a policy."""
    policy = contract.policy
    assert policy is not None
    return ContractReading(
        contract,
        policy,
        compile_contract(contract.document, policy),
        view(contract.document, policy),
        columns(policy),
        {
            name: frozenset({name, *_weaker(policy, each)})
            for name, each in policy.relations.items()
        },
    )


def columns(policy: Policy) -> tuple[str, ...]:
    """Relations to show as viewers; those that are only used in `unless` are left out."""
    taking = {name for each in policy.relations.values() for name in each.unless}
    granted = {
        name
        for each in policy.resources.values()
        for rule in each.fields
        for grant in rule.every_grant
        for name in (*grant.see, *grant.set)
    }
    return tuple(name for name in policy.relations if name in granted or name not in taking)


def _weaker(policy: Policy, of: Relation) -> Iterator[str]:
    """Relations that hold for whoever has this one, by their kinds alone."""
    needs = {*policy.required_relations(of.name)}
    for name, each in policy.relations.items():
        base = (
            each.kind == "anyone"
            or name in needs
            or (each.kind == "authenticated" and of.kind in _LOGGED)
        )
        own = name in needs or ({*each.unless} <= {*of.unless} and {*each.requires} <= needs)
        if base and own and name != of.name:
            yield name


def implied_viewers(read: ContractReading, relation: str) -> tuple[str, ...]:
    """The weakest viewers that always have this relation too, so that they see what it sees."""
    more = [n for n in read.columns if relation in read.weaker[n] and n != relation]
    return tuple(
        n
        for n in more
        if not any(m != n and m in read.weaker[n] and n not in read.weaker[m] for m in more)
    )


def rows(read: ContractReading, resource: str) -> Iterator[FieldRow]:
    """The fields of a resource in the order of its lines, then declared fields that no line
    covers."""
    of = read.policy.resources[resource]
    table = read.model.tables[resource]
    for path, rule in zip(table.leaves, table.rules, strict=True):
        cells = {name: cell(read, rule, name) for name in read.columns}
        sets = {name: cell(read, rule, name, "set") for name in read.columns}
        yield FieldRow(path, rule.path, label(read, of, path), cells, rule.location.line, sets)
    closed: Mapping[str, State] = dict.fromkeys(read.columns, "closed")
    for path in unmentioned_fields(read.seen, of):
        if path not in table.leaves:
            yield FieldRow(path, "", label(read, of, path), closed, of.location.line, closed)


def grant_relations(grant: Grant, verb: Verb) -> tuple[str, ...]:
    """The relations to which a grant gives read (`see`) or write (`set`) access."""
    return grant.see if verb == "see" else grant.set


def cell(read: ContractReading, rule: FieldRule, relation: str, verb: Verb = "see") -> State:
    """What a line grants to one relation: `open`; `implied` by a relation that always holds with
    it; `when`, in some states; `masked`; or `closed`."""
    own = [grant for grant in rule.grants if relation in grant_relations(grant, verb)]
    if any(not grant.when for grant in own):
        return "open"
    held = read.weaker[relation]
    around = [grant for grant in rule.grants if not held.isdisjoint(grant_relations(grant, verb))]
    if any(not grant.when for grant in around):
        return "implied"
    if around:
        return "when"
    masked = verb == "see" and any(not held.isdisjoint(each.see) for each in rule.masked)
    return "masked" if masked else "closed"


def label(read: ContractReading, of: Resource, path: str) -> Label:
    """The data class of a field by its name and declaration, with the reason."""
    whose = "user" if of.is_account else of.name
    shapes = (at(each, path.split(".")) for each in read.seen.shapes[of.name])
    shape = next((each for each in shapes if each is not None), None)
    if shape is not None and (inner := read.seen.embedded_resource(shape)):
        return Label(FieldClass.PLAIN, f"`{path}` embeds `{inner}`")
    return label_field(f"{whose}.{path}", shape) if shape else label_field(f"{whose}.{path}")


# --------------------------------------------------------------------------- meaning


Seen = tuple[frozenset[str], frozenset[str]]
"""(combinations of settings in which a viewer sees a field, masked forms in which they see it)."""


def sight(read: ContractReading, resource: str, path: str, relation: str) -> Seen:
    """In which combinations of the resource's settings, and in which masked forms, a viewer sees a
    field."""
    rule = read.rule(resource, path)
    if rule is None:
        return frozenset(), frozenset()
    held = read.weaker[relation]
    found = frozenset(
        now
        for now, values in _settings(read, resource)
        if any(grants(grant, held, values) for grant in rule.grants)
    )
    masked = (repr(_bare(each)) for each in rule.masked if not held.isdisjoint(each.see))
    return found, frozenset(masked)


def may_set(read: ContractReading, resource: str, path: str, relation: str) -> Seen:
    """In which combinations of settings a viewer may set a field, in the form of `sight`."""
    rule = read.rule(resource, path)
    held = read.weaker[relation]
    grants_of = rule.grants if rule is not None else ()
    setting = [replace(each, see=each.set) for each in grants_of]
    return frozenset(
        now
        for now, values in _settings(read, resource)
        if any(grants(each, held, values) for each in setting)
    ), frozenset()


def every_setting(read: ContractReading, resource: str) -> frozenset[str]:
    """All combinations of settings of a resource: what `sight` returns for an unconditional
    grant."""
    return frozenset(now for now, _ in _settings(read, resource))


def _settings(read: ContractReading, resource: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Combinations of the values of states, as a text and as values; an unknown one has none."""
    states = read.policy.resources[resource].states
    for now in product(*((*each.values, None) for each in states.values())):
        named = zip(states, now, strict=True)
        yield repr(now), {name: value for name, value in named if value is not None}


def _bare(grant: Grant) -> tuple[object, ...]:
    return grant.masked, sorted(grant.when.items())


def line_contents(table: Table, *, draft: bool) -> dict[str, tuple[object, ...]]:
    """Field path → everything that its line says, independent of its position; `draft`: including
    whether it is a draft."""
    return {
        path: (
            tuple((e.see, tuple(e.when.items()), e.set, e.masked) for e in rule.every_grant),
            rule.instead,
            rule.severity,
            rule.draft and draft,
        )
        for path, rule in zip(table.leaves, table.rules, strict=True)
    }
