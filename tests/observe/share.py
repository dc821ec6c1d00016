"""Of the cells that one contract grants, the share that another grants too; and what it adds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from oakum.contract import load
from oakum.semantics import Model, compile_contract
from oakum.semantics.table import allows

VIEWERS = {
    "anyone": {"anyone"},
    "member": {"anyone", "member"},
    "follower": {"anyone", "member", "follower"},
    "staff": {"anyone", "member", "staff"},
    "owner": {"anyone", "member", "owner"},
    "blocked": {"anyone", "blocked"},
}
Cell = tuple[str, str, str, tuple[tuple[str, object], ...]]


def model(path: Path) -> Model:
    contract = load(path)
    assert contract.policy is not None
    return compile_contract(contract.document, contract.policy)


def granted(one: Model, fields: dict[str, set[str]]) -> Iterator[Cell]:
    """Every (resource, field, viewer, state) that a contract grants."""
    for name, paths in fields.items():
        table = one.tables[name]
        states = table.resource.states
        for values in product(*(state.values for state in states.values())):
            state = dict(zip(states, values, strict=True))
            for viewer, held in VIEWERS.items():
                for path in paths:
                    if allows(table, path, frozenset(held), state):
                        yield name, path, viewer, tuple(state.items())


def compared(shipped: Path, drafted: Path) -> tuple[set[Cell], set[Cell]]:
    """The cells of both contracts."""
    old, new = model(shipped), model(drafted)
    fields = {n: {*old.tables[n].leaves, *new.tables[n].leaves} for n in old.tables}
    return set(granted(old, fields)), set(granted(new, fields))
