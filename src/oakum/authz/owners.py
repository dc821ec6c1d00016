"""The owner of an object: from its own members, its surroundings, or the path.

The law of this module: what can be no id names nobody.
"""

from __future__ import annotations

from collections.abc import Mapping

from oakum.authz.principal import at_path, identifiers, lacks, texts
from oakum.openapi.model import Json
from oakum.policy.model import OperationRule, Owner


def owners_of(
    owner: Owner,
    value: dict[str, Json],
    rule: OperationRule,
    params: Mapping[str, str],
    ids: frozenset[str],
    around: tuple[str, ...],
    *,
    inside: bool = False,
) -> tuple[str, ...]:
    """Owner ids of an object. `rule`, `params`: of the operation and its path; `ids`: the caller's;
    `around`: owners of the enclosing object; `inside`: whether there is one. The path names the
    owner of the outermost object only."""
    match owner.kind:
        case "field":
            # A list holds several owners only if the contract says so with a `*`.
            found = [t for path in owner.members for t in texts(value, path, spread=False)]
            if not inside and not says(owner, value) and rule.owner in params:
                found = identifiers([params[rule.owner]])
        case "path":
            names = (rule.owner,) if rule.owner else owner.members
            found = identifiers(params[name] for name in names if name in params)
        case "parent":
            found = list(around)
        case "caller":
            found = sorted(ids)
        case "none":
            found = []
    return tuple(dict.fromkeys(found))


def says(owner: Owner, value: Json) -> bool:
    """Whether an object has any value in an owner member."""
    return any(each is not None for path in owner.members for each in at_path(value, path))


def partly(owner: Owner, value: dict[str, Json]) -> bool:
    """Whether an object that names some of its owners lacks the members for others."""
    several = len(owner.members) > 1 or any("*" in path.split(".") for path in owner.members)
    if owner.kind != "field" or not several or not says(owner, value):
        return False
    return any(lacks(value, path) for path in owner.members)
