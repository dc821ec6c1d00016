"""Objects that arguments of a GraphQL query name.

An argument that holds an id names an object. If the contract does not say which resource that is,
nobody is known to see the object. An argument named like the key of the object that its field
returns names this object, which is judged by itself; so is one that has an owner, whatever names
it. What an error says of these no judgement of an object covers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from oakum.authz import Model
from oakum.openapi.model import Argument, Operation
from oakum.policy.model import Resource
from oakum.routing.path_objects import PathObjects

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_KEYS = ("id", "ids", "ID", "_id", "uuid", "uuids", "guid")
UNKNOWN = ""
"""Stands for the resource of an object of which the contract does not say what it is."""
_OWNERS = frozenset(("field", "path", "query", "caller"))


def named_arguments(paths: PathObjects, operation: Operation) -> Mapping[str, str]:
    """`FIELD.ARGUMENT` → resource, of the arguments that name an object beside which a query shows
    something."""
    found = dict[str, str]()
    for each in operation.arguments:
        if _is_owned(paths.model, (each.on,)) or _is_owned(paths.model, each.types):
            continue
        for name in _resource(paths, operation, each):
            place = f"{each.field}.{each.name}"
            found[place] = name if found.get(place, name) == name else UNKNOWN
    for each in (each for each in operation.arguments if each.free):
        if not _is_owned(paths.model, (each.on,)) and not _is_owned(paths.model, each.types):
            for member, name in _members(paths.model, operation).items():
                found.setdefault(f"{each.field}.{member}", name)
    return found


def arguments_of_errors(paths: PathObjects, operation: Operation) -> Mapping[str, str]:
    """`FIELD.ARGUMENT` → resource, of the arguments that name an object which is judged by itself,
    so that only an error may tell of it."""
    model, found = paths.model, dict[str, str]()
    for each in operation.arguments:
        own = _is_own_key(model, each)
        if _is_owned(model, (each.on,)) or not (own or _is_owned(model, each.types)):
            continue
        kinds = {model.bound[type] for type in each.types} if own else set[str]()
        named = (
            kinds if len(kinds) == 1 else {UNKNOWN} if own else _resource(paths, operation, each)
        )
        for name in named:
            place = f"{each.field}.{each.name}"
            found[place] = name if found.get(place, name) == name else UNKNOWN
    return found


def _members(model: Model, operation: Operation) -> Mapping[str, str]:
    """Members that a value without a declared type may have, and what they name."""
    found = dict.fromkeys(_KEYS, UNKNOWN)
    for schema, name in model.bound.items():
        key = model.policy.resources[name].key
        for each in _spelt(schema, key) if key else ():
            found[each] = name if found.get(each, name) == name else UNKNOWN
    params = model.rule(operation.id).params
    return {member: name for member, name in found.items() if member not in params}


def _spelt(schema: str, key: str) -> Iterator[str]:
    """What is called like a type with its key: `noteId`, `note_id`, `NoteIDs`."""
    snake = _HUMP.sub("_", schema).lower()
    for many in ("", "s"):
        for last in (f"{key[:1].upper()}{key[1:]}{many}", f"{key.upper()}{many}"):
            yield from (f"{schema}{last}", f"{schema[:1].lower()}{schema[1:]}{last}")
        yield from (f"{snake}_{key}{many}", f"{schema}{key}{many}".lower())


def _resource(paths: PathObjects, operation: Operation, each: Argument) -> Iterator[str]:
    model = paths.model
    params = model.rule(operation.id).params
    said = params.get(f"{each.field}.{each.name}") or params.get(each.name)
    if said is not None:
        kind, _, key = said.partition(".")
        if (one := model.policy.resources.get(kind)) is not None and one.key == key:
            yield kind
        return
    if not each.names_id or _is_own_key(model, each):
        return
    one = _called(model, each.name) or paths.asked(operation, each.name)
    yield one.name if one is not None else UNKNOWN


def _called(model: Model, argument: str) -> Resource | None:
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
    """Whether an argument is called like the key of each object that its field may return."""
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
