"""Checks that an edited contract differs from the old one in exactly its edits.

Compares what the text says, key by key, and what the compiled lines show, cell by cell. So no error
in an edit of the text can widen a contract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from oakum.draft_review.cells import (
    ContractReading,
    Seen,
    every_setting,
    line_contents,
    may_set,
    sight,
)
from oakum.draft_review.policy_edits import Close, Confirm, ConfirmCall, Edit, GrantEdit, SetOwner
from oakum.openapi.model import Json


@dataclass(frozen=True)
class Version:
    """A compiled contract, and its parsed keys and values."""

    read: ContractReading
    plain: Json


def beyond(old: Version, new: Version, edits: Sequence[Edit]) -> Iterator[str]:
    """Resources whose edits changed more than they should: another part of the resource, or,
    reported for the first edited resource, something outside all edited resources."""
    touched: dict[str, list[Edit]] = {}
    for each in edits:
        touched.setdefault(each.resource, []).append(each)
    first = edits[0].resource
    was, now = ({**side.plain} for side in (old, new))
    calls = [each.operation for each in edits if isinstance(each, ConfirmCall)]
    if calls:
        rules = new.read.policy.operations
        if any(name not in rules or rules[name].draft for name in calls):
            yield first
            return
        for side in (was, now):
            ops = side["operations"]
            undrafted = {name: dict(_without(ops[name], {"draft"})) for name in calls}
            side["operations"] = ops | undrafted
    before, after = was.pop("resources"), now.pop("resources")
    if was != now or list(before) != list(after):
        yield first
        return
    for name in before:
        own = touched.get(name, [])
        keys = {_key(each) for each in own}
        if _without(before[name], keys) != _without(after[name], keys):
            yield name if own else first
        elif own and not _as_asked(old.read, new.read, name, own):
            yield name


def _key(edit: Edit) -> str:
    """The key of a resource that an edit is about."""
    match edit:
        case Confirm():
            return "draft"
        case SetOwner():
            return "owner"
        case GrantEdit() | Close():
            return "fields"
        case ConfirmCall():
            return ""
        case _:
            assert_never(edit)


def _without(of: Json, keys: set[str]) -> Json:
    return [(key, value) for key, value in of.items() if key not in keys] if keys else of


def _as_asked(old: ContractReading, new: ContractReading, name: str, edits: Sequence[Edit]) -> bool:
    of = new.policy.resources[name]
    cells: list[GrantEdit | Close] = []
    for each in edits:
        if isinstance(each, Confirm) and of.draft:
            return False
        if isinstance(each, SetOwner) and (of.owner.kind, of.owner.members) != (
            each.kind, each.members,
        ):  # fmt: skip
            return False
        if isinstance(each, GrantEdit | Close):
            cells.append(each)
    # A resource's mark is on each of its lines, too.
    draft = any(isinstance(each, Confirm) for each in edits)
    was, now = (line_contents(read.model.tables[name], draft=not draft) for read in (old, new))
    leaves = {*was, *now}
    of_edits = {leaf: [e for e in cells if _is_at(leaf, e.paths)] for leaf in leaves}
    if any(was.get(leaf) != now.get(leaf) for leaf in leaves if not of_edits[leaf]):
        return False
    if any(leaf in was and was[leaf][1:] != now.get(leaf, ())[1:] for leaf in leaves):
        return False  # its replacement or severity changed
    written = [path for each in cells if each.verb == "set" for path in each.paths]
    sets = [
        {path: who for path, who in _set(read, name).items() if not _is_at(path, written)}
        for read in (old, new)
    ]
    if sets[0] != sets[1]:
        return False
    return all(
        does(new, name, leaf, viewer) == _expected_view(old, name, leaf, viewer, mine, does)
        for leaf, mine in of_edits.items()
        if mine
        for viewer in old.columns
        for does in (sight, may_set)
    )


def _is_at(leaf: str, paths: Sequence[str]) -> bool:
    return f"{leaf}.".startswith(tuple(f"{path}." for path in paths))


def _expected_view(
    old: ContractReading, name: str, leaf: str, viewer: str, edits: Sequence[GrantEdit | Close],
    does: Callable[[ContractReading, str, str, str], Seen],
) -> Seen:  # fmt: skip
    """What a viewer is to see of a field after edits, or where to set it, one after the other."""
    seen = does(old, name, leaf, viewer)
    for each in edits:
        if (each.verb == "set") != (does is may_set):
            continue
        if isinstance(each, GrantEdit) and each.relation in old.weaker[viewer]:
            seen = every_setting(old, name), seen[1]
        elif isinstance(each, Close) and each.relation == viewer:
            seen = frozenset(), frozenset()
    return seen


def _set(read: ContractReading, resource: str) -> dict[str, object]:
    """Field to who may write it, in a request body or an answer."""
    found: dict[str, object] = {}
    for table in (read.model.tables[resource], read.model.settable[resource]):
        for path, rule in zip(table.leaves, table.rules, strict=True):
            grants = [
                (sorted(each.set), sorted(map(repr, each.when.items())))
                for each in rule.grants
                if each.set
            ]
            if grants:
                found[path] = sorted(grants)
    return found
