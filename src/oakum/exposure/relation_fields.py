"""The fields of an object from which relations and the object's own settings are read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from oakum.authz import Model
from oakum.policy.model import Resource


def may_have(paths: Iterable[str], member: str) -> bool:
    """Whether objects with these field paths may have a member."""
    first = member.partition(".")[0]
    return any(path.partition(".")[0] == first for path in paths)


def is_below(path: str, name: str) -> bool:
    """Whether a field path is a member or lies within it."""
    return path == name or path.startswith(f"{name}.")


def shows_setting(shows: Mapping[str, Collection[str]], resource: str, member: str) -> bool:
    """Whether an endpoint that shows these fields also shows a setting of the resource: as its
    field, or in an object within it that is a resource itself."""
    if member in shows.get(resource, ()):
        return True
    steps = member.split(".")
    inner = {".".join(steps[n:]) for n in range(1, len(steps))}
    others = (fields for name, fields in shows.items() if name != resource)
    return resource in shows and any(not inner.isdisjoint(fields) for fields in others)


def is_one_of_many(model: Model, resource: Resource) -> bool:
    """Whether an owner may have several such objects with states of their own: it has a key, is no
    account, and holds no state of other resources."""
    holds = resource.name in model.policy.holders_of_states
    return bool(resource.key) and not resource.is_account and not holds


def relations_by_member(model: Model) -> frozenset[str]:
    """Relations that are read from a member of the object."""
    relations = model.policy.relations.values()
    return frozenset(each.name for each in relations if each.kind == "field")


def relations_through_members(model: Model) -> frozenset[str]:
    """Relations that are read from a member of the object, and those that require one."""
    return model.policy.with_any("field")


def members_named(model: Model, relation: str) -> tuple[str, ...]:
    """The members of an object from which a relation, or one that it requires, is read."""
    policy = model.policy
    members = (policy.relations[name].member for name in policy.required_relations(relation))
    return tuple(member for member in members if member)
