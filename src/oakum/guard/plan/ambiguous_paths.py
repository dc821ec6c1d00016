"""Which operation a path is for, where several match it, as data of the plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from oakum.authz import Model
from oakum.guard.compiled.enforcement_plan import LookupPlan
from oakum.guard.plan.deduplicated_automata import Automata
from oakum.openapi.model import ClosedOperation, Operation
from oakum.openapi.path_segments import nameless
from oakum.routing.operation_by_path_values import Rival
from oakum.routing.route import escape_template, shut_paths


def shut(model: Model, plan: LookupPlan, closed: Sequence[ClosedOperation]) -> list[list[str]]:
    """Paths of operations granted to nobody, so that a parameter of another path never matches
    them."""
    granted = plan.endpoints
    paths = [each.path for id, each in model.operations.items() if id not in granted]
    paths += [each.operation.path for each in closed]
    paths += shut_paths([*model.operations.values()], plan.choices)
    return [escape_template(path)[1:].split("/") for path in dict.fromkeys(paths)]


def turn(plan: LookupPlan, operation: Operation) -> int:
    """Index among the operations whose paths differ only in their parameters' patterns."""
    alike = plan.choices.rivals.get((operation.method, nameless(operation.path)), ())
    own = (n for n, each in enumerate(alike) if each.operation is operation and not each.shut)
    return next(own, 0)


def rivals(plan: LookupPlan, automata: Automata) -> Iterator[dict[str, Any]]:
    """Plan data for ambiguous paths: the operations granted to nobody that match them, so that no
    other operation takes their requests."""
    endpoints = plan.endpoints
    for alike in plan.choices.rivals.values():
        granted = [not each.shut and each.operation.id in endpoints for each in alike]
        for turn, each in enumerate(alike):
            if any(granted) and not granted[turn]:
                yield _rival(each, turn, automata)


def _rival(rival: Rival, turn: int, automata: Automata) -> dict[str, Any]:
    operation = rival.operation
    return {
        "method": operation.method,
        "segments": escape_template(operation.path)[1:].split("/"),
        "around": operation.around,
        "turn": turn,
        "texts": {name: automata.index(made) for name, made in rival.texts.items()},
    }
