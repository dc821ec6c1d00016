"""Relations and settings that a document suggests, for traffic to confirm or not.

A suggestion grants nothing. Lists of accounts below an account are relations (*followers*,
*blocked*), and the settings of an account may decide about what it owns; traffic shows whether they
do. Suggestions that no grant needs are removed again (`without_unneeded`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from oakum.inference.lexicon import singular, word_set, words
from oakum.inference.path_nouns import ACCOUNTS, nouns
from oakum.inference.schema_groups import Thing, world_of
from oakum.openapi.document import Document
from oakum.openapi.model import Operation, Shape
from oakum.openapi.schema import children, elements
from oakum.policy.resource_schemas import success

_SHUTS_OUT = word_set(
    "ban banned bans block blocked blocking blocklist blocks denied ignored mute muted mutes"
)
"""Names of lists of accounts that are shown less than others."""
_ALIKE = 0.6
"""Share of members in common with accounts from which a list's objects count as accounts."""


def with_suggestions(document: Document, base: dict[str, Any]) -> dict[str, Any]:
    """The draft policy as plain values, with relations and settings that the document suggests."""
    world = world_of(document)
    if world.account is None or not world.account.key:
        return base
    relations = {**base["relations"]}
    shut: list[str] = []
    for operation in document.operations:
        for name, pointer in _lists(world.account, operation):
            if name not in relations:
                relations[name] = {"in": operation.id, "id": f"{pointer}/*/{world.account.key}"}
                shut += [name] if not _SHUTS_OUT.isdisjoint(words(name)) else []
    for name, relation in relations.items() if shut else ():
        if name not in shut and (relation.get("authenticated") or "in" in relation):
            relations[name] = {**relation, "unless": shut}
    resources = {name: {**each} for name, each in base["resources"].items()}
    operations = {**base.get("operations", {})}
    for operation in document.operations:
        rule = dict(_account_rules(world.account, operation, operations.get(operation.id) or {}))
        if rule:
            operations[operation.id] = rule
    resources = dict(_with_owner_settings(resources))
    return {**base, "relations": relations, "resources": resources, "operations": operations}


def _account_rules(
    account: Thing, operation: Operation, rule: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """The rule of an operation, with accounts that stand in a list inside something else: each is
    judged as its own, and not as whose page it is."""
    shows = {**rule.get("shows", {})}
    said = [at for each in shows.values() for at in (each if isinstance(each, list) else [each])]
    for pointer, element in _accounts(account, operation):
        if not element.names and f"{pointer}/*" not in said:
            before = shows.get(account.name, [])
            listed_so = before if isinstance(before, list) else [before]
            shows[account.name] = [*listed_so, f"{pointer}/*"]
    if rule or shows:
        yield from {**rule, **({"shows": shows} if shows else {})}.items()


def _lists(account: Thing, operation: Operation) -> Iterator[tuple[str, str]]:
    """Name and place of a list of accounts that belongs to one account."""
    params = [each.name for each in operation.parameters if each.where == "path"]
    people = ACCOUNTS | {account.noun}
    last = operation.path.rstrip("/").rpartition("/")[2]
    if operation.method != "GET" or len(params) != 1 or "{" in last:
        return
    if people.isdisjoint(nouns(operation.path, params[0])):
        return
    for pointer, _ in _accounts(account, operation):
        parts = words(last)
        yield "_".join((*parts[:-1], singular(parts[-1]))), pointer
        return


def _accounts(account: Thing, operation: Operation) -> Iterator[tuple[str, Shape]]:
    """Lists of accounts in an answer: the answer itself, or a member of it."""
    for whole in success(operation):
        for pointer, place in [("", whole), *((f"/{n}", s) for n, s in children(whole).items())]:
            element = elements(place)
            if element is not None and _is_account(account, element):
                yield pointer, element


def _is_account(account: Thing, element: Shape) -> bool:
    names = children(element).keys()
    alike = names & account.members()
    return account.key in names and len(alike) >= max(2, _ALIKE * len(names))


def _with_owner_settings(
    resources: Mapping[str, dict[str, Any]],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each resource that is somebody's, with the settings of its owner's account."""
    having = {name: each["states"] for name, each in resources.items() if each.get("states")}
    lender = max(having, key=lambda name: (len(having[name]), name), default="")
    for name, resource in resources.items():
        if lender in ("", name) or resource.get("owner") == "none":
            yield name, resource
            continue
        own = {**resource.get("states", {})}
        for state, said in having[lender].items():
            own.setdefault(state, {"of": f"{lender}.{state}", "missing": said["missing"]})
        yield name, {**_before(resource, "fields"), "states": own, **_from(resource, "fields")}


def _before(resource: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in (key, "states")}


def _from(resource: dict[str, Any], key: str) -> dict[str, Any]:
    return {key: resource[key]} if key in resource else {}


def without_unneeded(
    base: dict[str, Any], before: dict[str, Any], used: Mapping[str, Collection[str]],
    relations: Collection[str],
) -> dict[str, Any]:  # fmt: skip
    """The policy without suggestions that no grant needs. `before`: the policy before suggestions;
    `used`: resource → settings in its grants; `relations`: those that some line grants."""
    taking = {n for name in relations for n in base["relations"][name].get("unless", ())}
    kept = {
        name: each
        for name, each in base["relations"].items()
        if name in before["relations"] or name in relations or name in taking
    }
    bare = {
        name: {k: v for k, v in each.items() if k != "unless" or set(v) <= kept.keys()}
        for name, each in kept.items()
    }
    resources = {}
    for name, resource in base["resources"].items():
        own = before["resources"][name].get("states", {})
        states = resource.get("states", {})
        kept_states = {n: s for n, s in states.items() if n in own or n in used.get(name, ())}
        resources[name] = {k: v for k, v in resource.items() if k != "states" or kept_states}
        if kept_states:
            resources[name]["states"] = kept_states
    return {**base, "relations": bare, "resources": resources}
