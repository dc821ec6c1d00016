"""Compares a scan of the API with a scan through its guard.

Through the guard no leak may remain, and nothing may be missing that the contract grants and the
API serves. A cell that only one of the two scans tested proves nothing about the other, and is
reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from oakum.errors import count_of
from oakum.finding import Cell, Result, State
from oakum.gate.combined_reports import CombinedReports

Key = tuple[str, str, str, State, str, str]


@dataclass(frozen=True)
class Agreement:
    """The comparison of a scan of the API with a scan through its guard."""

    agreed: int
    """Number of granted cells that both the API and the guard serve."""
    lost: tuple[Cell, ...]
    """Granted cells that the API serves, and that nobody received through the guard, not even the
    owner."""
    around: tuple[Cell, ...]
    """Granted cells that the API serves only inside an object that is itself a leak."""
    direct_only: tuple[Cell, ...]
    """Cells that only the scan of the API tested."""
    guarded_only: tuple[Cell, ...]
    """Cells that only the scan through the guard tested."""


def agreement(direct: CombinedReports, guarded: CombinedReports) -> Agreement:
    """Compares the cells of both, matched by resource, field, viewer, state and endpoint."""
    bare, through = _by_place(direct), _by_place(guarded)
    unknown = Result.UNTESTED
    served = {
        key: through[key]
        for key, cell in bare.items()
        if cell.result is Result.OPEN and key in through
    }
    return Agreement(
        agreed=sum(cell.result is Result.OPEN for cell in served.values()),
        lost=tuple(cell for cell in served.values() if cell.result is unknown),
        around=tuple(cell for cell in served.values() if cell.result is Result.CLOSED),
        direct_only=tuple(
            cell
            for key, cell in bare.items()
            if cell.result is not unknown and key not in served
            if key not in through or through[key].result is unknown
        ),
        guarded_only=tuple(
            cell
            for key, cell in through.items()
            if cell.result is not unknown
            if key not in bare or bare[key].result is unknown
        ),
    )


def _by_place(evidence: CombinedReports) -> Mapping[Key, Cell]:
    return {
        (
            each.resource,
            each.field,
            each.viewer,
            each.state,
            each.endpoint.method,
            each.endpoint.path,
        ): each
        for each in evidence.cells
    }


def doubts(direct: CombinedReports, guarded: CombinedReports) -> Iterator[str]:
    """Why the reports through a guard do not prove anything about it."""
    yield from guarded.distrust
    yield from guarded.stale
    runs = {run for run, _ in direct.asked}
    if any(run in runs for run, _ in guarded.asked):
        yield "the same run is given as direct and as guarded, so there is nothing to compare"
    elif both := {at for _, at in direct.asked} & {at for _, at in guarded.asked}:
        address = min(both)
        yield (
            f"`{address}` was scanned both times, so it is unclear which scan went through a guard"
        )


def summarize_cells(cells: Iterable[Cell], what: str) -> Iterator[str]:
    """One sentence per resource and endpoint, with its first fields."""

    def place(cell: Cell) -> tuple[str, str, str]:
        return cell.resource, cell.endpoint.method, cell.endpoint.path

    for (resource, method, path), those in groupby(sorted(cells, key=place), place):
        names = [f"`{each.field}` for `{each.viewer}`" for each in those]
        more = f" and {count_of(len(names) - 2, 'more cell')}" if names[2:] else ""
        yield f"`{resource}` at {method} {path} {what}: {', '.join(names[:2])}{more}"
