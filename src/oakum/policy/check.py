"""Checks a policy against its document: unknown names are errors, gaps are warnings.

What decides about access (a key, an owner, a state, a looked-up operation) has to exist, otherwise
the contract would not mean what it says. A granted field may be missing, since that leaks
nothing. `review` reports what a reader of the contract should also know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from oakum.errors import Location, Problem, did_you_mean
from oakum.http.json_pointer import path_of
from oakum.openapi.document import Document
from oakum.openapi.model import Operation, Shape
from oakum.openapi.schema import children, elements
from oakum.openapi.shape_queries import containers, member, scalars
from oakum.policy.contract_warnings import review
from oakum.policy.model import OperationRule, Owner, Policy, Resource
from oakum.policy.node_reader import nearest
from oakum.policy.parser import place
from oakum.policy.resource_schemas import View, declares, request_shapes, siblings, success, view


def check(document: Document, policy: Policy) -> tuple[list[Problem], list[Problem]]:
    """(errors, warnings) of a policy that was parsed without problems; no warnings if there are
    errors."""
    seen = view(document, policy)
    errors = _errors(seen)
    return errors, [] if errors else list(review(seen))


def mistakes(document: Document, policy: Policy) -> list[Problem]:
    """Errors only; works on an incomplete policy too."""
    return _errors(view(document, policy))


def _errors(seen: View) -> list[Problem]:
    return [
        *_operations(seen),
        *_ambiguous(seen),
        *_reads(seen),
        *_bindings(seen),
        *_members(seen),
        *_beside(seen),
        *_parameters(seen),
        *_headers(seen),
        *_counts(seen),
    ]


def _operations(seen: View) -> Iterator[Problem]:
    policy = seen.policy
    names = [operation.id for operation in seen.document.operations]
    names += [f"{operation.method} {operation.path}" for operation in seen.document.operations]
    for name, where in _operation_references(policy):
        if name and (shut := seen.document.closed_operation(name)) is not None:
            if name in policy.operations and where == policy.operations[name].location:
                continue  # the document's warning already says that it is closed
            message = f"`{name}` cannot be read, because the document is wrong there"
            yield Problem(where, message, shut.reason)
        elif name and seen.document.operation(name) is None:
            message = f"`{seen.document.file}` has no operation `{name}`"
            yield Problem(where, message, did_you_mean(name, names))


def _ambiguous(seen: View) -> Iterator[Problem]:
    """Keys with a comma that are the name of an operation, and the names of several."""
    is_operation = seen.document.names_operation
    for name, rule in seen.policy.operations.items():
        parts = [part.strip() for part in name.split(",")]
        if len(parts) > 1 and is_operation(name) and all(map(is_operation, parts)):
            said = "two others" if len(parts) == 2 else f"{len(parts)} others"
            hint = "give it another `operationId`"
            yield Problem(rule.location, f"`{name}` is one operation, and {said}", hint)


def _operation_references(policy: Policy) -> Iterator[tuple[str, Location]]:
    """Every operation that the policy names, and where."""
    caller = ("caller", "operation" if ("caller", "operation") in policy.places else "session")
    yield policy.caller.operation, place(policy, *caller)
    for relation in policy.relations.values():
        at = ("relations", relation.name)
        yield relation.operation, place(policy, *at, "in")
        for word, steps in (("begin", relation.begin), ("end", relation.end)):
            for step in steps:
                yield step.operation, place(policy, *at, word)
    for resource in policy.resources.values():
        at = ("resources", resource.name)
        yield resource.main, place(policy, *at, "main")
        for state in resource.states.values():
            if state.switch:
                where = place(policy, *at, "states", state.name, "switch", "operation")
                yield state.switch.operation, where
    for name, rule in policy.operations.items():
        yield name, rule.location


def _reads(seen: View) -> Iterator[Problem]:
    """Operations of which one line says that they read and another that they change something: a
    gateway that believes the first keeps what a call has ended."""
    find = seen.document.operation
    changing = {
        found.id for name in seen.policy.changing_operations if (found := find(name)) is not None
    }
    for name, rule in seen.policy.operations.items():
        operation = find(name)
        if rule.reads and operation is not None and operation.id in changing:
            where = place(seen.policy, "operations", name, "reads")
            message = f"`{name}` reads here, and changes something in `begin`, `end` or `switch`"
            yield Problem(where, message, "leave one of them out")
        if rule.reading and not rule.graphql:
            where = place(seen.policy, "operations", name, "reads")
            message = f"`{name}` has no `graphql`, so none of its fields can be known to read"
            yield Problem(where, message, "write `reads: true`, or name the schema in `graphql`")


# --------------------------------------------------------------------------- schemas


def _bindings(seen: View) -> Iterator[Problem]:
    schemas = seen.document.schemas
    for resource in seen.policy.resources.values():
        where = place(seen.policy, "resources", resource.name, "schemas")
        if resource.schemas == {resource.name} and resource.name not in schemas:
            if not seen.endpoints[resource.name] and not seen.given[resource.name]:
                hint = did_you_mean(resource.name, schemas)
                message = (
                    f"there is no schema `{resource.name}`, and no operation shows or accepts it"
                )
                hint = hint or "write `schemas:`, `shows:` or `sets:`"
                yield Problem(resource.location, message, hint)
            continue
        for schema in sorted(resource.schemas):
            if schema not in schemas:
                message = f"`{seen.document.file}` has no schema `{schema}`"
                yield Problem(where, message, nearest(schema, schemas))
            elif seen.bound[schema] != resource.name:
                message = f"the schema `{schema}` is bound to two resources"
                yield Problem(where, message, f"`{seen.bound[schema]}` has it too")


def _members(seen: View) -> Iterator[Problem]:
    for resource in seen.policy.resources.values():
        for path, keys in _deciding_fields(resource):
            where = place(seen.policy, "resources", resource.name, *keys)
            yield from _member(seen, resource.name, path, where)
    for relation in seen.policy.relations.values():
        known = [declares(shapes, relation.member.split(".")) for shapes in seen.shapes.values()]
        if relation.member and known and not any(answer is not False for answer in known):
            where = place(seen.policy, "relations", relation.name, "field")
            yield Problem(where, f"no resource has a field `{relation.member}`")
    for name, rule in seen.policy.operations.items():
        for parameter, filled in rule.params.items():
            owner, _, path = filled.partition(".")
            if owner in seen.shapes and path:
                where = place(seen.policy, "operations", name, "params", parameter)
                yield from _member(seen, owner, path, where)
    for parameter, filled in seen.policy.params.items():
        owner, _, path = filled.partition(".")
        if owner in seen.shapes and path:
            yield from _member(seen, owner, path, place(seen.policy, "params", parameter))


def _beside(seen: View) -> Iterator[Problem]:
    """Masked forms that are the value of a member which does not stand beside the field."""
    for resource in seen.policy.resources.values():
        for rule in resource.fields:
            around = rule.path.split(".")[:-1]
            for mask in (each for grant in rule.masked for each in grant.masked):
                if mask.member and "**" not in rule.path:
                    path = ".".join((*around, mask.member))
                    yield from _member(seen, resource.name, path, mask.location)


def _deciding_fields(resource: Resource) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Fields that decide who may see an object, with the keys of their place."""
    if resource.key:
        yield resource.key, ("key",)
    if resource.owner.kind == "field":
        for index, member in enumerate(resource.owner.members):
            yield member, ("owner", str(index))
    for state in resource.states.values():
        if state.member:
            yield state.member, ("states", state.name, "field")


def _member(seen: View, resource: str, path: str, where: Location) -> Iterator[Problem]:
    shapes, parts = seen.shapes[resource], path.split(".")
    if declares(shapes, parts) is False:
        hint = did_you_mean(path, siblings(shapes, parts))
        lists = [star for each in shapes if "array" in each.kinds and (star := elements(each))]
        if lists and declares(lists, parts):
            hint = "its elements have it: end `shows` with `/*`"
        yield Problem(where, f"`{resource}` has no field `{path}`", hint)


def _parameters(seen: View) -> Iterator[Problem]:
    every = sorted({name for each in seen.document.operations for name in _path(each)})
    for resource in seen.policy.resources.values():
        if resource.owner.kind == "path":
            yield from _owner_parameters(seen, resource.name, resource.owner, every)
        elif resource.owner.kind == "query":
            yield from _owner_in_query(seen, resource)
        elif resource.owner.kind == "creator" and not resource.key:
            where = place(seen.policy, "resources", resource.name, "owner")
            message = f"`{resource.name}` has no key, so what was created cannot be found again"
            yield Problem(where, message, "write `key:`")
    yield from _members_of_tenants(seen)
    for name in seen.policy.params:
        if name not in every:
            where = place(seen.policy, "params", name)
            yield Problem(where, f"`{name}` is not a path parameter", did_you_mean(name, every))
    for name, rule in seen.policy.operations.items():
        operation = seen.document.operation(name)
        if operation is not None:
            yield from _rule_parameters(seen, name, rule, operation)
            yield from _taken_out(seen, name, rule, operation)
            yield from _check_at_most(seen, name, rule, operation)


def _members_of_tenants(seen: View) -> Iterator[Problem]:
    """Lists of a tenant's members whose path does not say of which tenant."""
    for relation in seen.policy.relations.values():
        operation = seen.document.operation(relation.operation)
        own = not relation.is_membership or relation.of == "caller"
        if not own and operation is not None and not _path(operation):
            where = place(seen.policy, "relations", relation.name, "in")
            message = f"the path of `{relation.operation}` has no parameter that names a tenant"
            yield Problem(where, message, "name one that lists the members of a tenant")


def _owner_in_query(seen: View, resource: Resource) -> Iterator[Problem]:
    (name,) = resource.owner.members
    shown = seen.endpoints[resource.name]
    every = {
        parameter.name
        for operation in seen.document.operations
        for parameter in operation.parameters
        if parameter.where == "query" and (operation.id in shown or not shown)
    }
    if name not in every:
        where = place(seen.policy, "resources", resource.name, "owner", "query")
        message = f"no operation that shows `{resource.name}` has a query parameter `{name}`"
        yield Problem(where, message, did_you_mean(name, sorted(every)))


def _owner_parameters(
    seen: View, resource: str, owner: Owner, every: Sequence[str]
) -> Iterator[Problem]:
    for name in owner.members:
        if name not in every:
            where = place(seen.policy, "resources", resource, "owner", "path")
            yield Problem(where, f"`{name}` is not a path parameter", did_you_mean(name, every))


def _rule_parameters(
    seen: View, name: str, rule: OperationRule, operation: Operation
) -> Iterator[Problem]:
    if rule.owner and rule.owner not in _path(operation):
        message = f"`{name}` has no path parameter `{rule.owner}`"
        where = place(seen.policy, "operations", name, "owner")
        yield Problem(where, message, nearest(rule.owner, _path(operation)))
    known = [parameter.name for parameter in operation.parameters]
    for each in operation.arguments:
        known += [each.name, f"{each.field}.{each.name}"]
    bodies = request_shapes(operation)
    for shape in bodies:
        known += children(shape)
    for parameter in (*rule.params, *rule.unfilled):
        inside = declares(bodies, parameter.split(".")) if bodies else False
        base, steps = _split_brackets(parameter)
        shapes = [each.shape for each in operation.parameters if each.name == base and steps]
        inside = inside if inside is not False else bool(shapes) and declares(shapes, steps)
        inside = inside or _may_hold(operation, parameter)
        if parameter not in known and inside is False:
            message = f"`{name}` has no parameter or body member `{parameter}`"
            where = place(seen.policy, "operations", name, "params", parameter)
            hint = _name_alone(operation, parameter) or nearest(parameter, known)
            yield Problem(where, message, hint)


def _may_hold(operation: Operation, name: str) -> bool:
    """Whether `FIELD.MEMBER` may stand in the value of a scalar that a GraphQL schema makes itself
    for objects: nothing declares its members, and each is found by its name alone."""
    field, _, inner = name.partition(".")
    return "." not in inner and bool(inner) and _has_free_value(operation, field)


def _has_free_value(operation: Operation, field: str) -> bool:
    return any(each.free and each.field == field for each in operation.arguments)


def _name_alone(operation: Operation, parameter: str) -> str:
    """The hint for a path into such a value, as one into a body is written; empty: it is none."""
    field, *inside = parameter.split(".")
    if len(inside) < 2 or not _has_free_value(operation, field):
        return ""
    return f"write `{field}.{inside[-1]}`: a member of this value is named alone, at any depth"


def _split_brackets(name: str) -> tuple[str, list[str]]:
    """A name before its brackets, and what is in them; `*` for elements of a list."""
    base, *inside = re.split(r"\]?\[", name.removesuffix("]"))
    return base, [each if each.strip("0123456789") else "*" for each in inside]


def _taken_out(
    seen: View, name: str, rule: OperationRule, operation: Operation
) -> Iterator[Problem]:
    """Query parameters in `without` that a gateway cannot remove."""
    query = {each.name: each for each in operation.parameters if each.where == "query"}
    for index, parameter in enumerate(rule.without):
        where = place(seen.policy, "operations", name, "without", str(index))
        base, inside = _split_brackets(parameter)
        if inside and parameter not in query and base in query:
            if declares([query[base].shape], inside) is False:
                message = f"`{base}` of `{name}` has no member `{parameter}`"
                yield Problem(where, message, "write it as in a query: `filter[name]`")
        elif parameter not in query:
            message = f"`{name}` has no query parameter `{parameter}`"
            yield Problem(where, message, nearest(parameter, query))
        elif query[parameter].required:
            message = f"`{name}` cannot be called without `{parameter}`, which it requires"
            yield Problem(where, message, "`call: []` closes the operation")


def _check_at_most(
    seen: View, name: str, rule: OperationRule, operation: Operation
) -> Iterator[Problem]:
    """Query parameters in `at_most` that have no highest value."""
    query = {each.name: each for each in operation.parameters if each.where == "query"}
    for parameter in rule.at_most:
        where = place(seen.policy, "operations", name, "at_most", parameter)
        if parameter not in query:
            message = f"`{name}` has no query parameter `{parameter}`"
            yield Problem(where, message, nearest(parameter, query))
        elif not query[parameter].shape.kinds - {"null"} <= {"integer", "number"}:
            message = f"`{parameter}` of `{name}` is not a number, so it has no highest value"
            yield Problem(
                where,
                message,
                "`at_most` limits the size of a page; declare the parameter as `type: integer`",
            )


def _counts(seen: View) -> Iterator[Problem]:
    """Counts that are lists: what is in one is not a number of objects."""
    for name, rule in seen.policy.operations.items():
        operation = seen.document.operation(name)
        shapes = success(operation) if operation is not None else []
        for index, pointer in enumerate(rule.counts):
            found = [_at(shape, path_of(pointer)) for shape in shapes]
            if any(at is not None and _is_list(at) for at in found):
                where = place(seen.policy, "operations", name, "counts", str(index))
                message = f"`{pointer}` is a list in the response of `{name}`, and no count"
                yield Problem(where, message, f"name the count beside it, or `{pointer}/*` of each")


def _at(shape: Shape, steps: tuple[str, ...]) -> Shape | None:
    at: Shape | None = shape
    for step in steps:
        at = member(at, step) if at is not None else None
    return at


def _is_list(shape: Shape) -> bool:
    return "array" in containers(shape) and not scalars(shape)


def _path(operation: Operation) -> list[str]:
    return [parameter.name for parameter in operation.parameters if parameter.where == "path"]


def _headers(seen: View) -> Iterator[Problem]:
    """Headers that a gateway takes from callers, although the API needs them from callers."""
    guard, needed = seen.policy.guard, _request_headers(seen.document)
    taken_away = [(name, ("strip", str(index))) for index, name in enumerate(guard.strip)]
    if guard.service is not None:
        taken_away.append((guard.service.header, ("service", "header")))
    for name, keys in taken_away:
        if name in needed:
            message = f"callers send `{name}`, according to `{seen.document.file}`"
            hint = "a gateway removes this header from their requests: choose another"
            yield Problem(place(seen.policy, "guard", *keys), message, hint)


def _request_headers(document: Document) -> set[str]:
    """Names, in lower case, of the headers that the document has callers send."""
    found = {
        parameter.name.lower()
        for operation in document.operations
        for parameter in operation.parameters
        if parameter.where == "header"
    }
    schemes = [each for each in document.security_schemes.values() if isinstance(each, dict)]
    for scheme in schemes:
        if scheme.get("type") != "apiKey":
            found.add("authorization")
        elif scheme.get("in") == "header":
            found.add(str(scheme.get("name")).lower())
        elif scheme.get("in") == "cookie":
            found.add("cookie")
    return found if schemes else found | {"authorization", "cookie"}
