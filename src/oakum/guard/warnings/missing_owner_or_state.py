"""Warnings about schemas without the members that decide who may see the object.

A reference such as `{id, link}` shows neither the owner nor the state of its object, and a gateway
does not look them up. So fields that depend on either are hidden, even from the owner.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import Model
from oakum.authz.compiled_model import resources_in
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.openapi.model import Shape
from oakum.openapi.shape_queries import member, member_names, names_of
from oakum.policy.model import FieldRule, Grant, Resource


def missing_owner_or_state(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about each schema whose objects are hidden from callers to whom the contract
    grants them, at the first operation that shows it."""
    model = contract.model
    met: set[tuple[str, str]] = set()
    for endpoint in contract.endpoints:
        rule = model.rule(endpoint.operation.id)
        if rule.graphql or rule.owner:
            continue
        media = endpoint.operation.success()
        top = media.shape if media is not None else None
        for name, shape in resources_in(top, model.bound) if top is not None else ():
            schema = next((each for each in names_of(shape) if model.bound.get(each) == name), "")
            if (name, schema) in met:
                continue
            met.add((name, schema))
            if found := _hidden_fields(model, model.policy.resources[name], shape):
                yield Problem(
                    contract.location(endpoint.operation), *_words(endpoint, name, schema, *found)
                )


def _words(
    endpoint: GrantedEndpoint,
    name: str,
    schema: str,
    lacking: list[str],
    fields: list[str],
    who: str,
) -> tuple[str, str]:
    gone = " or ".join(f"`{each}`" for each in lacking)
    said = (
        f"`{endpoint.operation.id}` shows a `{name}` as `{schema}`, which declares no {gone}, so"
        f" who may see it is unknown there, and `{who}` does not receive {few(fields, 3)}"
    )
    return said, (
        f"declare it in `{schema}` if the API sends it, or make `{schema}` a resource of its own,"
        " with its own grants"
    )


def _hidden_fields(
    model: Model, resource: Resource, shape: Shape
) -> tuple[list[str], list[str], str] | None:
    """What such a schema lacks, the fields that it has and that are hidden for it, and a relation
    from which they are; None if nothing is."""
    if shape.branches or shape.extra is not None:
        return None
    lacks = _Lacks(model, resource, shape)
    table, shown = model.tables[resource.name], {*member_names(shape)}
    fields: list[str] = []
    who = ""
    for path, line in zip(table.leaves, table.rules, strict=True):
        if path.split(".", 1)[0] in shown and (late := lacks.late(line)):
            fields.append(path)
            who = who or late
    return (list(lacks.members), fields, who) if fields else None


class _Lacks:
    """What a schema does not declare of what a resource's grants depend on."""

    def __init__(self, model: Model, resource: Resource, shape: Shape) -> None:
        self.relations = model.policy.relations
        self.resource, self.shape = resource, shape
        self.unowned = resource.owner.kind == "field" and not any(
            self._has(each) for each in resource.owner.members
        )
        self.members: dict[str, None] = {}

    def late(self, line: FieldRule) -> str:
        """A relation that may see a field, and that is never known here; empty if there is none."""
        blocked: dict[str, str] = {}
        known: set[str] = set()
        for grant in line.grants:
            for name in grant.see:
                if lacking := self._missing_member(grant, name):
                    blocked.setdefault(name, lacking)
                else:
                    known.add(name)
        if any(self.relations[name].kind in ("anyone", "authenticated") for name in known):
            return ""
        late = [name for name in blocked if name not in known]
        self.members |= dict.fromkeys(blocked[name] for name in late)
        return next(iter(late), "")

    def _missing_member(self, grant: Grant, name: str) -> str:
        """The member without which a relation, or the state of a grant, is unknown."""
        relation = self.relations[name]
        owner = self.resource.owner.members[0] if self.unowned else ""
        if owner and relation.kind in ("owner", "lookup"):
            return owner
        if relation.kind == "field" and not self._has(relation.member):
            return relation.member
        for called, values in grant.when.items():
            state = self.resource.states[called]
            if state.member and not self._has(state.member) and state.missing not in values:
                return state.member
            if state.of and owner:
                return owner
        return ""

    def _has(self, path: str) -> bool:
        at: Shape | None = self.shape
        for step in path.split("."):
            at = member(at, step) if at is not None else None
        return at is not None
