"""The owner of an object: from its own members, its surroundings, or the request.

Null and an empty text name no owner. Any other value that is not an id, such as an object, names an
owner who cannot be identified.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from oakum.authz.id_spelling import identifiers
from oakum.authz.member_paths import at_path, is_garbled, lacks, texts
from oakum.openapi.model import Json
from oakum.policy.model import OperationRule, Owner, Policy


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
    """Owner ids of an object. `rule`, `params`: of the operation, and of its path and query; `ids`:
    the caller's; `around`: owners of the enclosing object; `inside`: whether there is one. The path
    names the owner of the outermost object only."""
    match owner.kind:
        case "field":
            # A list holds several owners only if the contract says so with a `*`.
            found = [t for path in owner.members for t in texts(value, path, spread=False)]
            if not inside and not says(owner, value) and rule.owner in params:
                found = identifiers([params[rule.owner]])
        case "path":
            names = (rule.owner,) if rule.owner else owner.members
            found = identifiers(params[name] for name in names if name in params)
        case "query":
            found = identifiers(params[in_query(n)] for n in owner.members if in_query(n) in params)
        case "parent":
            found = list(around)
        case "caller":
            found = sorted(ids)
        case "creator" | "resource" | "none":
            found = []  # not shown by the response itself
    return tuple(dict.fromkeys(found))


def in_query(name: str) -> str:
    """The key of a query parameter among those of the path."""
    return f"?{name}"


def named_in_query(policy: Policy, query: str) -> dict[str, str]:
    """Query parameters that name an owner → value. A parameter given twice, in any spelling, names
    nobody: APIs read the first, the last or both."""
    if not policy.owners_in_query:
        return {}
    found: dict[str, list[tuple[str, str]]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found.setdefault(name.partition("[")[0].lower(), []).append((name, value))
    return {
        in_query(name): said[0][1]
        for name in policy.owners_in_query
        if len(said := found.get(name.partition("[")[0].lower(), [])) == 1 and said[0][0] == name
    }


def says(owner: Owner, value: Json) -> bool:
    """Whether an object has any value in an owner member, or on the path to one."""
    return any(
        is_garbled(value, path) or any(each is not None for each in at_path(value, path))
        for path in owner.members
    )


def unread(owner: Owner, value: Json) -> list[str]:
    """Owner members that may name further owners of an object with several: they are missing, or
    their value is no id."""
    several = len(owner.members) > 1 or any("*" in path.split(".") for path in owner.members)
    if owner.kind != "field" or not several or not says(owner, value):
        return []
    return [path for path in owner.members if lacks(value, path) or is_garbled(value, path)]


def partly(owner: Owner, value: Json) -> bool:
    """Whether an object may have owners that it does not name."""
    return bool(unread(owner, value))
