"""Which writes may change a looked-up relation without naming the accounts concerned.

After a write that may have ended a relation, it is looked up again. A write that names the relation
by a key of its own, such as `DELETE /follows/{id}`, discards what that look-up said about all
accounts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from oakum.authz.data_outside_objects import changes
from oakum.errors import Problem
from oakum.guard.compiled.path_objects import PathObjects, places
from oakum.openapi.model import Operation
from oakum.openapi.path_segments import nameless
from oakum.openapi.shape_walk import flatten
from oakum.policy.model import Relation, origin

_STEM = 4
"""Length of the common prefix by which two words count as the same relation: `follows` and
`followers`, `blocks` and `blocked`."""

_MEMBERS = ("membership", "employment", "assignment")
"""Names of relations between a caller and a group, as claims express them."""

_SETTINGS = ("settings", "preferences", "privacy", "visibility")


def mark(operation: str) -> str:
    """A pseudo-id that stands for a look-up; no real id begins with NUL."""
    return f"\0look {operation}"


def ends(
    paths: PathObjects,
    looked_up: Collection[str],
    settings: Mapping[str, str],
    owned: Collection[str],
) -> Mapping[str, tuple[str, ...]]:
    """Write operation id → look-ups to discard for all accounts. `looked_up`: names of relations;
    `settings`: `Resource.state` of an account → its look-up; `owned`: writes whose target
    identifies the owner, so that only that account's results are discarded."""
    found = dict[str, dict[str, None]]()
    for relation in (paths.model.policy.relations[name] for name in looked_up):
        for each in _writes(paths):
            if not _says_whose(paths, each) and _changes(paths, relation, each):
                found.setdefault(each.id, {})[relation.operation] = None
    asked = paths.model.policy.caller.operation
    for each in _writes(paths):
        if asked and any(_names_write(relation, each) for relation in _claim_relations(paths)):
            found.setdefault(each.id, {})[asked] = None
    for each in _writes(paths):
        # Without a parameter a path is about whoever calls it.
        for path, look in settings.items() if places(each) and not _says_whose(paths, each) else ():
            may = each.id not in owned and _may_set(paths, path, look, each)
            if may or each.id in _switches(paths, path):
                found.setdefault(each.id, {})[look] = None
    return {id: tuple(names) for id, names in found.items()}


def _switches(paths: PathObjects, path: str) -> Iterator[str]:
    """Operations that the contract names as switches of a setting, there or where it is used."""
    policy = paths.model.policy
    for name, resource in policy.resources.items():
        for state in resource.states.values():
            own = origin(policy, state) if state.of else f"{name}.{state.name}"
            write = paths.document.operation(state.switch.operation) if state.switch else None
            if own == path and write is not None:
                yield write.id


def _may_set(paths: PathObjects, path: str, look: str, write: Operation) -> bool:
    """Whether a write may change a setting: its body declares a member of that name, or its path
    is named like it, like what tells it, or like settings."""
    resource, _, name = path.partition(".")
    field = paths.model.policy.resources[resource].states[name].member
    if field.rpartition(".")[2] in _members(write):
        return True
    asked = paths.document.operation(look)
    own = [] if asked is None or asked.path.endswith("}") else _words(asked.path)[-1:]
    return _begin_alike((*_SETTINGS, *own, *_words(name), *_words(field)), _words(write.path))


def _members(write: Operation) -> set[str]:
    """Names of all that a body declares that may be a value."""
    shapes = [each.shape for each in write.body if each.shape is not None]
    return {at.rpartition(".")[2] for each in shapes for at, _ in flatten(each)}


def warn_of_unnamed(paths: PathObjects, looked_up: Collection[str]) -> Iterator[Problem]:
    """Warns about writes that seem to begin or end a relation that does not name them."""
    for relation in (paths.model.policy.relations[name] for name in looked_up):
        look = paths.document.operation(relation.operation)
        for each in _writes(paths) if look is not None else ():
            known = _says_whose(paths, each) or _changes(paths, relation, each)
            if look is None or known or not places(each) or not _alike(relation, look, each):
                continue
            yield Problem(
                relation.location,
                f"`{each.id}` may begin or end `{relation.name}`, and its path does not say whose"
                f" it is, so what `{look.id}` told about others than the caller and those whom the"
                f" request names stays in the cache for `ttl`",
                f"if it does, write `end: [{each.id}]` or `begin: [{each.id}]` there",
            )


def warn_of_claims(paths: PathObjects) -> Iterator[Problem]:
    """Warns about writes that seem to begin or end a relation by a claim, which who-am-I tells."""
    asked = paths.model.policy.caller.operation
    for relation in _claim_relations(paths) if asked else ():
        own = (relation.name, *_words(relation.claim))
        for each in _writes(paths):
            known = _says_whose(paths, each) or _names_write(relation, each)
            words = (*_MEMBERS, *(own if each.method == "DELETE" else ()))
            if known or each.method == "POST" or not places(each):
                continue
            if not _begin_alike(words, _words(each.path)[-1:]):
                continue
            yield Problem(
                relation.location,
                f"`{each.id}` may end `{relation.name}`, and its path does not say whose it is:"
                f" the result of `{asked}` stays in the cache for `ttl`",
                f"if it does, write `end: [{each.id}]` there",
            )


def _claim_relations(paths: PathObjects) -> Iterator[Relation]:
    return (each for each in paths.model.policy.relations.values() if each.claim)


def _names_write(relation: Relation, write: Operation) -> bool:
    return any(each.operation == write.id for each in (*relation.begin, *relation.end))


def _writes(paths: PathObjects) -> Iterator[Operation]:
    return (each for each in paths.document.operations if changes(paths.model, each))


def _says_whose(paths: PathObjects, write: Operation) -> bool:
    """Whether all that a path names is accounts: then it is about these."""
    steps = paths.steps(write)
    return bool(steps) and all(each.kind == "account" for each in steps)


def _changes(paths: PathObjects, relation: Relation, write: Operation) -> bool:
    """Whether a contract says so, or the path of the caller's own list does."""
    if _names_write(relation, write):
        return True
    look = paths.document.operation(relation.operation)
    if look is None or places(look):
        return False
    return f"{nameless(write.path)}/".startswith(f"{look.path.rstrip('/')}/")


def _alike(relation: Relation, look: Operation, write: Operation) -> bool:
    """Whether a write is named like a relation, and is not below its list, where it says whose."""
    if nameless(write.path).startswith(nameless(look.path)):
        return False
    return _begin_alike((*_words(look.path)[-1:], relation.name), _words(write.path))


def _begin_alike(own: Collection[str], others: Collection[str]) -> bool:
    begun = {each[:_STEM].lower() for each in own if len(each) >= _STEM}
    return any(each[:_STEM] in begun for each in others)


def _words(path: str) -> list[str]:
    return [each.lower() for each in re.findall(r"[A-Za-z]+", nameless(path))]
