"""Warnings about request bodies that the document declares only in part.

A body is judged by what the document declares: undeclared parts are not forwarded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from oakum.authz import Model
from oakum.authz.compiled_model import outermost, resources_in, shapes_within
from oakum.authz.discriminators import objects_of, tag_of
from oakum.authz.table import ruling_leaves
from oakum.authz.unions import keeps_kind, mixes
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.warnings.contract_queries import resources_shown, resources_written
from oakum.http.json_pointer import escape
from oakum.http.media_type import is_json
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import member, member_names, read_only
from oakum.policy.resource_schemas import resource_of

_FEW = 3


def undeclared_bodies(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about writes without a declared body: the gateway forwards no body."""
    found = [
        endpoint.operation
        for endpoint in contract.endpoints
        if endpoint.write and not endpoint.operation.body and endpoint.operation.method != "DELETE"
    ]
    if found:
        some = few([each.id for each in found], 3)
        said = (
            f"the document declares no request body of {some}, so requests with a body are refused"
        )
        hint = "declare it in the document or an overlay if callers send one"
        yield Problem(contract.location(found[0]), f"{said} with 400", hint)


def unset_fields(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about a body of which nobody may set any field."""
    operation, model = endpoint.operation, contract.model
    shapes = [media.shape for media in operation.body if media.shape is not None]
    names = [name for shape in shapes for name in outermost(shape, model.bound)]
    names += [name for _, name in model.sets.get(operation.id, ())]
    written = [contract.policy.resources[name] for name in names]
    grants = [grant for each in written for rule in each.fields for grant in rule.grants]
    if written and not any(each.set for each in grants):
        yield Problem(
            contract.location(operation),
            f"no line says who may set the body fields of `{operation.id}`, so every body is"
            " refused",
            "write `set: […]` beside `see:` for the fields that callers send",
        )


def unset_members(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about members without which a body is no object of its schema, and that nobody may
    set: what tells the alternatives of a union apart, and what the schema of a body requires."""
    model = contract.model
    answered = {
        name
        for operation in contract.document.operations
        for answers in operation.responses.values()
        for media in answers
        for at in (shapes_within(media.shape) if media.shape is not None else ())
        for name in at.names
    }
    for endpoint in contract.endpoints:
        operation = endpoint.operation
        lacking: dict[str, dict[str, None]] = {}
        for media in operation.body if endpoint.write else ():
            if media.shape is not None and not model.rule(operation.id).graphql:
                for name, at in resources_in(media.shape, model.bound):
                    lacking.setdefault(name, {}).update(_unset_members(model, name, at, answered))
        for name, members in lacking.items():
            if members:
                some = few([*members], _FEW)
                yield Problem(
                    contract.location(operation),
                    f"a `{name}` in a body of `{operation.id}` has to have {some}, which nobody"
                    " may set, so it is refused with 422",
                    f"write `set: […]` at {some} of `{name}`, or mark what clients do not send as"
                    " `readOnly`",
                )


def _unset_members(model: Model, name: str, shape: Shape, answered: Set[str]) -> Mapping[str, None]:
    """Members that an object in a body has to have and nobody may set; none if nobody may set any.
    A schema of responses often requires what no client sends, such as a key."""
    table = model.settable[name]
    if not any(grant.set for rule in table.rules for grant in rule.grants):
        return {}
    needed = dict.fromkeys(sorted(shape.required) if answered.isdisjoint(shape.names) else ())
    if told := tag_of(shape):
        needed[told[0]] = None
    sent = ((each, member(shape, each)) for each in needed)
    return {
        each: None
        for each, at in sent
        if at is not None and not read_only(at)
        if not any(
            grant.set for leaf in ruling_leaves(table, each) for grant in table.rules[leaf].grants
        )
    }


def unbound_bodies(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about a body that writes an object of a resource whose `set` lines do not hold for it,
    as its schema is another: `NoteUpdate` for a `Note`."""
    operation = endpoint.operation
    whole = operation.method in ("PUT", "PATCH") and operation.path.endswith("}")
    names = [endpoint.checks.target.resource] if whole else []
    if operation.method == "POST" and not operation.path.endswith("}"):
        names = resources_shown(contract, operation)
    if contract.model.rule(operation.id).graphql or resources_written(contract, operation):
        return
    for name in filter(None, names):
        rules = contract.policy.resources[name].fields
        fields = {rule.path.partition(".")[0] for rule in rules}
        found = [each for each in _members_sent(operation) if each in fields]
        if found and any(grant.set for rule in rules for grant in rule.grants):
            yield Problem(
                contract.location(operation),
                f"`{operation.id}` writes a `{name}`, and no `set` line holds for its body:"
                f" {few(found, _FEW)} pass, whoever may set them",
                f"name the schema of the body among the `schemas` of `{name}`, or say where the"
                f' object is in it: `{operation.id}: {{sets: {{{name}: ""}}}}`',
            )
            return


def _members_sent(operation: Operation) -> list[str]:
    """Names of the members of a JSON body, and of the objects directly in it."""
    shapes = [each.shape for each in operation.body if each.shape is not None]
    inner = [at for shape in shapes for name in member_names(shape) if (at := member(shape, name))]
    return list(dict.fromkeys(name for each in (*shapes, *inner) for name in member_names(each)))


def undeclared_parts(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about places of a JSON body, outside of resources, whose members or elements the
    document does not declare."""
    model = contract.model
    for endpoint in contract.endpoints:
        operation = endpoint.operation
        free: dict[str, None] = {}
        for media in operation.body:
            if media.shape is not None and is_json(media.type):
                free |= dict.fromkeys(_free(model, media.shape))
        if free and not model.rule(operation.id).graphql:
            yield Problem(
                contract.location(operation),
                f"what an object or a list at {few([*free], _FEW)} of the body of"
                f" `{operation.id}` holds is not declared, so a call with it is refused with 422",
                "declare its members with `properties` or `additionalProperties`, and its elements"
                " with `items`",
            )


def other_kinds(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about bodies that may be either an object of a resource or an object of none."""
    model = contract.model
    for endpoint in contract.endpoints:
        operation = endpoint.operation
        shapes = [each.shape for each in operation.body if each.shape is not None]
        if not keeps_kind(model, operation) or model.rule(operation.id).graphql:
            continue
        met = dict.fromkeys(shapes)
        for shape in (todo := [*met]):
            if shape.read_only:
                continue
            if not resource_of(shape, model.bound) and mixes(shape, model.bound):
                found = {resource_of(each, model.bound) for each in objects_of(shape, model.bound)}
                one = next(name for name in sorted(found) if name)
                yield Problem(
                    contract.location(operation),
                    f"the body of `{operation.id}` may have an object of no resource in place of a"
                    f" `{one}`; a call with it is refused with 422, since no write changes what an"
                    " object is",
                    "name its schema in `resources`, or leave it out of the body with an overlay",
                )
                break
            below = [each for each in shape.below() if each not in met]
            todo += below
            met |= dict.fromkeys(below)


def _free(model: Model, shape: Shape) -> Iterator[str]:
    """Pointers, `*` for elements and values of a map, of objects and lists of which the document
    says nothing; the outermost of each way that leads there."""
    todo, seen = [("", shape)], {shape}
    for at, each in todo:
        if each.read_only or resource_of(each, model.bound):
            continue
        if _says_nothing(each):
            yield at or "/"
            continue
        below = [(f"{at}/{escape(name)}", inner()) for name, inner in each.properties.items()]
        below += [(f"{at}/*", inner()) for inner in (each.items, each.extra) if inner is not None]
        below += [(at, inner()) for inner in each.branches]
        todo += [(pointer, inner) for pointer, inner in below if inner not in seen]
        seen |= {inner for _, inner in below}


def _says_nothing(shape: Shape) -> bool:
    """Whether a value may be an object or a list, and nothing in it is declared."""
    if shape.branches or shape.properties or shape.extra is not None or shape.items is not None:
        return False
    return not shape.kinds or bool(shape.kinds & {"object", "array"})
