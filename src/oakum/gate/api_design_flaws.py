"""Flaws that the documents alone prove, without a running API.

Only names and types are examined, so each flaw says what it is based on. What a contract states
explicitly (`call: [anyone]`, `[]`, a claim that may set a role) is intended, and no flaw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from oakum.authz import Model, Table
from oakum.authz.compiled_model import resources_in
from oakum.errors import Location
from oakum.inference.lexicon import FieldClass, label_field
from oakum.openapi.document import Document
from oakum.openapi.model import Operation, Shape
from oakum.openapi.schema import flatten
from oakum.openapi.shape_walk import reachable
from oakum.policy.model import Grant, OperationRule, Policy, Resource, Stance
from oakum.policy.parser import place
from oakum.policy.resource_schemas import View, answers, at, request_shapes

_OF_A_PERSON = (
    FieldClass.SECRET, FieldClass.IDENTITY_DOCUMENT, FieldClass.CONTACT, FieldClass.PERSONAL,
)  # fmt: skip
_SENSITIVE = (*_OF_A_PERSON, FieldClass.LOCATION)
_BASIC = ("anyone", "authenticated")


@dataclass(frozen=True)
class Flaw:
    """A defect that the documents alone prove."""

    rule: str
    subject: str
    """What it is about, stable over runs: an operation, `Resource.field`, or a JSON pointer."""
    message: str
    hint: str
    location: Location

    @property
    def fingerprint(self) -> str:
        """Stable identifier of 16 hexadecimal digits, like a finding's."""
        return hashlib.sha256(f"{self.rule}\x1f{self.subject}".encode()).hexdigest()[:16]


def flaws(seen: View, model: Model, stances: Mapping[str, Stance]) -> tuple[Flaw, ...]:
    """All flaws of enabled rules, in the order of the rules, without duplicates. `stances`: rule →
    how the contract treats it."""
    found = (
        *_open_to_anybody(seen), *_without_owner(seen, model), *_for_anyone(seen, model),
        *_privileged_members(seen, model), *_without_missing(seen), *_open_to_extra(seen),
        *_countable(seen),
    )  # fmt: skip
    kept = [each for each in found if stances.get(each.rule, "fail") != "off"]
    return tuple({each.fingerprint: each for each in kept}.values())


def operation_name(operation: Operation) -> str:
    """An operation as messages name it: `GET /path`."""
    return f"{operation.method} {operation.path}"


def callers_said(policy: Policy, document: Document) -> Mapping[str, OperationRule]:
    """Operation id → the contract rule that names the operation."""
    found = ((document.operation(name), rule) for name, rule in policy.operations.items())
    return {operation.id: rule for operation, rule in found if operation is not None}


def find_unsecured(seen: View) -> tuple[Flaw, ...]:
    """Operations for which neither document nor contract says who may call them."""
    rules = callers_said(seen.policy, seen.document)
    return tuple(
        Flaw(
            "operation-without-security", operation_name(each),
            f"`{operation_name(each)}` does not say who may call it",
            "write `security` there (`[]` for everybody), or `call` in the contract",
            seen.document.locate(each.pointer),
        )
        for each in seen.document.operations
        if each.security is None and _call(rules, each) is None
    )  # fmt: skip


def _call(rules: Mapping[str, OperationRule], operation: Operation) -> tuple[str, ...] | None:
    rule = rules.get(operation.id)
    return rule.call if rule is not None else None


def _sent_resources(seen: View, operation: Operation) -> list[Resource]:
    """Resources with an owner that an operation sends."""
    return [
        resource
        for name, resource in seen.policy.resources.items()
        if operation.id in seen.endpoints[name] and resource.owner.kind != "none"
    ]


def _grants(resource: Resource) -> Iterator[Grant]:
    for rule in resource.fields:
        yield from rule.grants


def _kinds(seen: View, names: tuple[str, ...]) -> set[str]:
    return {seen.policy.relations[name].kind for name in names if name in seen.policy.relations}


def _open_to_anybody(seen: View) -> Iterator[Flaw]:
    rules = callers_said(seen.policy, seen.document)
    for operation in seen.document.operations:
        if operation.security is None or not operation.anonymous:
            continue
        if _call(rules, operation) is not None:
            continue
        for resource in _sent_resources(seen, operation):
            if not any("anyone" in _kinds(seen, grant.see) for grant in _grants(resource)):
                yield Flaw(
                    "open-to-anybody", f"{operation_name(operation)} {resource.name}",
                    f"`{operation_name(operation)}` requires no login, and sends"
                    f" `{resource.name}`, which strangers may not see",
                    "require a login there; or write `call: [anyone]` if this is intended",
                    seen.document.locate(operation.pointer),
                )  # fmt: skip


def _leaves(seen: View, table: Table) -> Iterator[tuple[str, FieldClass, str, Location, int]]:
    """(leaf, class, reason, contract line, index) for each field that a resource's lines grant."""
    name = table.resource.name
    for index, leaf in enumerate(table.leaves):
        parts = leaf.removesuffix(".**").split(".")
        shapes = (at(shape, parts) for shape in seen.shapes[name])
        shape = next((each for each in shapes if each is not None), None)
        if shape is not None and seen.embedded_resource(shape):
            continue  # judged as the embedded resource
        label = label_field(f"{name}.{leaf}", shape)
        yield leaf, label.kind, label.reason, table.rules[index].location, index


def _without_owner(seen: View, model: Model) -> Iterator[Flaw]:
    for name, table in model.tables.items():
        if table.resource.owner.kind != "none":
            continue
        for leaf, kind, reason, where, index in _leaves(seen, table):
            if kind in _OF_A_PERSON and any(grant.see for grant in table.rules[index].grants):
                yield Flaw(
                    "resource-without-owner", f"{name}.{leaf}",
                    f"`{name}` has no owner, and shows `{leaf}`: {reason}",
                    "name its owner with `owner`, or make the field `[]`", where,
                )  # fmt: skip


def _for_anyone(seen: View, model: Model) -> Iterator[Flaw]:
    for name, table in model.tables.items():
        if table.resource.owner.kind == "none":
            continue
        for leaf, kind, reason, where, index in _leaves(seen, table):
            grants = [grant for grant in table.rules[index].grants if not grant.when]
            if kind in _SENSITIVE and any("anyone" in _kinds(seen, each.see) for each in grants):
                yield Flaw(
                    "sensitive-field-for-anyone", f"{name}.{leaf}",
                    f"everybody may see `{name}.{leaf}`, logged in or not: {reason}",
                    "grant it to fewer viewers, or only in a state that its owner sets", where,
                )  # fmt: skip


# --------------------------------------------------------------------------- requests


def _privileged_members(seen: View, model: Model) -> Iterator[Flaw]:
    rules = callers_said(seen.policy, seen.document)
    for operation in seen.document.operations:
        call = _call(rules, operation)
        if call is not None and _is_assigned(seen, call):
            continue  # only callers who were given access may call it
        for path, leaf in (pair for shape in request_shapes(operation) for pair in flatten(shape)):
            label = label_field(path, leaf)
            if label.kind is not FieldClass.AUTHORITY or leaf.read_only:
                continue
            lines = _lines(model, operation, path)
            writers = tuple(name for line in lines for grant in line for name in grant.see)
            if writers and _is_assigned(seen, writers):
                continue
            denied = lines and not writers
            yield Flaw(
                "denied-member-in-request" if denied else "privileged-member-in-request",
                f"{operation_name(operation)} {path}",
                f"`{operation_name(operation)}` takes `{path}` from its caller"
                + (", and the contract lets nobody set it: " if denied else ": ")
                + label.reason,
                "remove it from the request's schema or make it `readOnly`; or let only a"
                " relation by `claim` set it or call the operation",
                seen.document.locate(leaf.pointer or operation.pointer),
            )


def _is_assigned(seen: View, names: tuple[str, ...]) -> bool:
    """Whether all these relations are given to somebody: no account has them by itself."""
    return _kinds(seen, names) <= {"claim"}


def _lines(model: Model, operation: Operation, path: str) -> list[tuple[Grant, ...]]:
    """The contract lines that say who may write a member of a request body."""
    names = {name for _, name in model.sets.get(operation.id, ())}
    for shape in request_shapes(operation):
        names |= {name for name, _ in resources_in(shape, model.bound)}
    return [
        table.rules[index].grants
        for table in (model.settable[name] for name in sorted(names))
        for index, leaf in enumerate(table.leaves)
        if path == leaf or path.endswith(f".{leaf}")
    ]


# --------------------------------------------------------------------------- what may be a slip


def _without_missing(seen: View) -> Iterator[Flaw]:
    for resource in seen.policy.resources.values():
        used = {name for grant in _grants(resource) for name in grant.when}
        for name, state in resource.states.items():
            if name in used and state.missing is None:
                yield Flaw(
                    "state-without-missing", f"{resource.name}.{name}",
                    f"`{resource.name}` does not say what a missing `{name}` means",
                    "write `missing` with its closed value",
                    place(seen.policy, "resources", resource.name, "states", name),
                )  # fmt: skip


def _open_to_extra(seen: View) -> Iterator[Flaw]:
    for operation in seen.document.operations:
        for shape in reachable(answers(operation)):
            extra = shape.extra() if shape.extra is not None else None
            if extra is not None and _says_nothing(extra) and shape.properties:
                yield Flaw(
                    "answer-open-to-extra", shape.pointer or operation_name(operation),
                    f"a response of `{operation_name(operation)}` may contain undeclared members",
                    "write `additionalProperties: false`, or declare them",
                    seen.document.locate(shape.pointer or operation.pointer),
                )  # fmt: skip


def _says_nothing(shape: Shape) -> bool:
    return not (shape.kinds or shape.properties or shape.branches or shape.items or shape.names)


def _countable(seen: View) -> Iterator[Flaw]:
    for operation in seen.document.operations:
        inside = [each for each in operation.parameters if each.where == "path"]
        numbers = [each for each in inside if each.shape.kinds == {"integer"}]
        numbers = [each for each in numbers if not each.shape.enum]
        for resource in _sent_resources(seen, operation) if numbers else ():
            if any(_kinds(seen, grant.see) & {*_BASIC} for grant in _grants(resource)):
                yield Flaw(
                    "countable-ids", f"{operation_name(operation)} {resource.name}",
                    f"`{operation_name(operation)}` has sequential ids in `{numbers[-1].name}`:"
                    f" callers can enumerate `{resource.name}`",
                    "use ids that cannot be guessed, or `limits: {distinct: …}`",
                    seen.document.locate(operation.pointer),
                )  # fmt: skip
                break
