"""Reports the fields of a GraphQL schema that were not requested, and the arguments that no query
had."""

from __future__ import annotations

from collections.abc import Sequence

from oakum.errors import few
from oakum.openapi.model import Operation, Parameter
from oakum.scan.engine import Engine
from oakum.scan.graphql.query_plan import Planner
from oakum.scan.graphql.selection_sets import Root
from oakum.scan.requests.parameter_meanings import whom

_MOST = 8


def say_what_is_left(
    engine: Engine, operation: Operation, planner: Planner, blind: Sequence[Root]
) -> None:
    """Reports as untested: fields with side effects, fields without a query, arguments without a
    value. Fields that lead to somebody's objects, and arguments that may choose whose, make the
    run untrustworthy. `blind`: roots for which no value is known."""
    state, called = engine.state, f"{operation.method} {operation.path}"
    for name, why in planner.acting.items():
        reads = f"`operations: {{{operation.id or called}: {{reads: [{name}]}}}}`"
        state.results.remark(
            f"`{name}` of {called} was not queried: {why}; if it only reads, write {reads}"
        )
    if blind:
        named = ", ".join(dict.fromkeys(f"`{root.name}`" for root in blind))
        state.results.remark(f"{called}: no known value to query {named}")
    how = (
        f"say it under `operations: {{{operation.id or called}:"
        " {params: {FIELD.ARG: Resource.field}}}`"
    )
    if left := _fields_left(planner, blind):
        state.results.note_gap(
            f"{called} {few(left, _MOST)}", f"nothing says what fills its arguments; {how}"
        )
    meant = whom(engine.model, state.probes)
    choosing: list[str] = []
    others: list[str] = []
    for name, arguments in planner.unused.items():
        may = [
            each
            for each in arguments
            if name in planner.personal
            and meant.may_choose(Parameter(each.rpartition(".")[2], "query"))
        ]
        rest = [each for each in arguments if each not in may]
        choosing += [f"{name}({', '.join(may)})"] if may else []
        others += [f"{name}({', '.join(rest)})"] if rest else []
    if choosing:
        state.results.note_gap(
            f"{called} {few(choosing, _MOST)}",
            f"never asked with what may choose whose data it shows: nothing says what; {how}",
        )
    if others:
        state.results.remark(f"{called}: arguments that no query used: {few(others, _MOST)}")


def _fields_left(planner: Planner, blind: Sequence[Root]) -> list[str]:
    """Fields of the root that lead to somebody's objects, or hold values, and no query had."""
    waiting = [root for root in blind if not root.varies]
    asked = {root.pick.field for root in planner.made if root not in waiting}
    fields = [root.pick.field for root in waiting if root.rank == 0 or not root.pick.below]
    return [n for n in dict.fromkeys([*planner.lacking, *fields]) if n not in asked]
