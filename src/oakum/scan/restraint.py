"""What a scan leaves alone even where it may write, and why: said of each operation in the report.

A trial sends nothing to an operation that is a staff matter or moves money, nothing whose body it
cannot write as declared, and changes no member on which the life of something hangs that was there
before the run.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.contract.classify import classify
from oakum.contract.model import Operation
from oakum.contract.sensitive import staff_matter
from oakum.finding import Door, Skipped
from oakum.scan.bodies import unwritable
from oakum.semantics import Model

_WRITES = ("PATCH", "PUT", "POST")


def barred(model: Model, operation: Operation, *, named: bool = False) -> str:
    """Why no trial may send anything to a writing operation; empty: one may.

    `named`: the contract itself names it as what sets a state, or begins or ends a relation.
    """
    rule, relations = model.rule(operation.id), model.policy.relations
    return staff_matter(operation, rule, relations, named=named) or unwritable(operation)


def untried(model: Model) -> Iterator[Skipped]:
    """Writing operations to which nothing is sent, whatever is allowed."""
    for operation in model.operations.values():
        if operation.method not in _WRITES:
            continue
        if classify(operation, model.rule(operation.id)).kind != "write":
            continue
        if why := barred(model, operation):
            door = Door(operation.method, operation.path, operation.id)
            yield Skipped(door, f"not written to, for {why}")
