"""Of the cells that one contract grants, the share that another grants too; and what it adds.

The two may name resources and settings as they like: a resource is known by its schemas, a setting
by the member that it stands in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

from oakum.authz import Model, Table, compile_contract
from oakum.authz.table import allows
from oakum.openapi.model import Json
from oakum.policy.contract import load

VIEWERS = {
    "anyone": {"anyone"},
    "member": {"anyone", "member"},
    "follower": {"anyone", "member", "follower"},
    "staff": {"anyone", "member", "staff"},
    "owner": {"anyone", "member", "owner"},
    "blocked": {"anyone", "blocked"},
}
Cell = tuple[str, str, str, tuple[tuple[str, Json], ...]]
"""Resource of the first contract, field, viewer, and the owner's settings."""


def model(path: Path) -> Model:
    contract = load(path)
    assert contract.policy is not None
    return compile_contract(contract.document, contract.policy)


def compared(shipped: Path, drafted: Path) -> tuple[set[Cell], set[Cell]]:
    """The cells that each of them grants."""
    old, new = model(shipped), model(drafted)
    mine, theirs = set[Cell](), set[Cell]()
    for name, table in old.tables.items():
        others = [e for e in new.tables.values() if e.resource.schemas & table.resource.schemas]
        paths = {*table.leaves}.union(*(each.leaves for each in others))
        members = {_member(old, table, state): state for state in table.resource.states}
        spread = [table.resource.states[state].values for state in members.values()]
        for values in product(*spread):
            told = dict(zip(members, values, strict=True))
            for (viewer, held), path in product(VIEWERS.items(), paths):
                cell = (name, path, viewer, tuple(told.items()))
                if _allows(old, table, path, frozenset(held), told):
                    mine.add(cell)
                if any(_allows(new, each, path, frozenset(held), told) for each in others):
                    theirs.add(cell)
    return mine, theirs


def _allows(
    one: Model, table: Table, path: str, held: frozenset[str], told: Mapping[str, Json]
) -> bool:
    """Whether a field , with all below it, is granted; a setting that the other contract does
    not have may be any."""
    below = [leaf for leaf in table.leaves if leaf.startswith(f"{path}.")]
    paths = below if below and path not in table.leaves else [path]
    return any(
        all(allows(table, each, held, values) for each in paths)
        for values in _worlds(one, table, told)
    )


def _worlds(one: Model, table: Table, told: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    states = table.resource.states
    members = {state: _member(one, table, state) for state in states}
    spread = [(told[m],) if (m := members[s]) in told else states[s].values for s in states]
    yield from (dict(zip(states, values, strict=True)) for values in product(*spread))


def _member(one: Model, table: Table, state: str) -> str:
    """The member of the account that a setting stands in, wherever a resource borrows it from."""
    found = table.resource.states[state]
    if not found.of:
        return found.member
    resource, _, name = found.of.partition(".")
    return _member(one, one.tables[resource], name)
