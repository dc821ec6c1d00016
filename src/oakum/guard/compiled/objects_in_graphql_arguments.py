"""Objects that arguments of a GraphQL query name.

An argument that holds an id names an object. If the contract does not say of which resource, nobody
is known to see it. Two kinds need no such check of data, since the object is judged itself: an
argument named like the key of the object that its field returns, and arguments of fields that
return objects with an owner. For these only an error could reveal an object that is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from oakum.authz import Model
from oakum.guard.compiled.path_objects import PathObjects
from oakum.openapi.model import Argument, Operation
from oakum.policy.model import Resource

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_KEYS = ("id", "ids", "ID", "_id", "uuid", "uuids", "guid")
UNKNOWN = ""
"""Stands for an unknown resource."""
_OWNERS = frozenset(("field", "path", "query", "caller"))


def named_arguments(paths: PathObjects, operation: Operation) -> Mapping[str, str]:
    """`FIELD.ARGUMENT` → resource, for arguments whose object decides what else the query may
    show."""
    found, beside = dict[str, str](), list[Argument]()
    for each in operation.arguments:
        if _is_owned(paths.model, (each.on,)) or _is_owned(paths.model, each.types):
            continue
        beside.append(each)
        for name in _resource(paths, operation, each):
            _add(found, f"{each.field}.{each.name}", name)
    return _with_members(paths.model, operation, found, beside)


def arguments_of_errors(paths: PathObjects, operation: Operation) -> Mapping[str, str]:
    """`FIELD.ARGUMENT` → resource, for arguments whose object only an error could reveal, since the
    data is judged by its own objects."""
    model, found, owned = paths.model, dict[str, str](), list[Argument]()
    for each in operation.arguments:
        own, inside = _is_own_key(model, each), _is_owned(model, (each.on,))
        if not (own or inside or _is_owned(model, each.types)):
            continue
        owned.append(each)
        kinds = {model.bound[type] for type in each.types} if own else set[str]()
        named = (
            kinds if len(kinds) == 1 else {UNKNOWN} if own else _resource(paths, operation, each)
        )
        for name in named:
            _add(found, f"{each.field}.{each.name}", name)
    return _with_members(model, operation, found, owned)


def reachable_places(
    operation: Operation, places: Mapping[str, str], *, mutations: bool
) -> dict[str, str]:
    """The places whose field a query, or one of the `mutations`, can request. Members of a value
    without a declared type are merged: one name for each resource, and `id` for all unknown
    ones."""
    arguments = [each for each in operation.arguments if each.queried or mutations]
    declared = {f"{each.field}.{each.name}" for each in arguments}
    fields, met = {each.field for each in arguments}, set[tuple[str, str]]()
    found = dict[str, str]()
    for place, name in places.items():
        field, _, member = place.partition(".")
        if place not in declared:
            if field not in fields or (field, name) in met or (name == UNKNOWN and member != "id"):
                continue
            met.add((field, name))
        found[place] = name
    return found


def _add(found: dict[str, str], place: str, name: str) -> None:
    found[place] = name if found.get(place, name) == name else UNKNOWN


def _with_members(
    model: Model, operation: Operation, found: Mapping[str, str], arguments: Iterable[Argument]
) -> Mapping[str, str]:
    members = _members(model, operation, arguments)
    return {**found, **{at: name for at, name in members.items() if at not in found}}


def _members(
    model: Model, operation: Operation, arguments: Iterable[Argument]
) -> Mapping[str, str]:
    """`FIELD.MEMBER` → resource, of the members that a value without a declared type may have:
    those that `params` names, for one field or for all, and those named like a key."""
    params, found = model.rule(operation.id).params, dict[str, str]()
    called = _called_like_keys(model)
    for field in dict.fromkeys(each.field for each in arguments if each.free):
        own = {
            name.removeprefix(f"{field}."): said
            for name, said in params.items()
            if name.startswith(f"{field}.")
        }
        for member in dict.fromkeys((*called, *own, *(e for e in params if "." not in e))):
            said = own.get(member) or params.get(member)
            name = called.get(member) if said is None else _resource_of_key(model, said)
            if name is not None:
                found[f"{field}.{member}"] = name
    return found


def _called_like_keys(model: Model) -> Mapping[str, str]:
    found = dict.fromkeys(_KEYS, UNKNOWN)
    for schema, name in model.bound.items():
        key = model.policy.resources[name].key
        for each in _spelt(schema, key) if key else ():
            found[each] = name if found.get(each, name) == name else UNKNOWN
    return found


def _resource_of_key(model: Model, said: str) -> str | None:
    """The resource whose key `params` says that a place holds; None: it holds another field."""
    kind, _, key = said.partition(".")
    one = model.policy.resources.get(kind)
    return kind if one is not None and one.key == key else None


def _spelt(schema: str, key: str) -> Iterator[str]:
    """What is named like a type with its key: `noteId`, `note_id`, `NoteIDs`."""
    snake = _HUMP.sub("_", schema).lower()
    for many in ("", "s"):
        for last in (f"{key[:1].upper()}{key[1:]}{many}", f"{key.upper()}{many}"):
            yield from (f"{schema[:1].lower()}{schema[1:]}{last}", f"{schema}{last}")
        yield from (f"{snake}_{key}{many}", f"{schema}{key}{many}".lower())


def _resource(paths: PathObjects, operation: Operation, each: Argument) -> Iterator[str]:
    model = paths.model
    params = model.rule(operation.id).params
    said = params.get(f"{each.field}.{each.name}") or params.get(each.name)
    if said is not None:
        if (kind := _resource_of_key(model, said)) is not None:
            yield kind
        return
    # A free-form value may contain an id.
    if not (each.names_id or each.free) or _is_own_key(model, each):
        return
    one = _resource_by_name(model, each.name) or paths.resource_of_query(operation, each.name)
    yield one.name if one is not None else UNKNOWN


def _resource_by_name(model: Model, argument: str) -> Resource | None:
    """The resource of which an argument names the type: `noteId`, `note_id`, `noteIds`."""
    plain = argument.replace("_", "").lower()
    found = {
        name
        for schema, name in model.bound.items()
        for key in (model.policy.resources[name].key,)
        if key and plain in {f"{schema}{key}".lower(), f"{schema}{key}s".lower()}
    }
    return model.policy.resources[found.pop()] if len(found) == 1 else None


def _is_own_key(model: Model, each: Argument) -> bool:
    """Whether an argument is named like the key of each object that its field may return."""
    names = [model.bound.get(type, "") for type in each.types]
    return bool(names) and all(
        name and model.policy.resources[name].key == each.name for name in names
    )


def _is_owned(model: Model, types: tuple[str, ...]) -> bool:
    """Whether each object of these types has an owner of its own, by whom it is judged."""
    found = [model.policy.resources.get(model.bound.get(type, "")) for type in types]
    return bool(found) and all(
        one is not None and one.owner.kind in _OWNERS and not one.is_account for one in found
    )
