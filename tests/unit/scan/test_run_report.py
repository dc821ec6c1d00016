"""What a run says at its end, from what it knows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from oakum.finding import IdentityState, Writes
from oakum.scan.run_report import NOTHING_SHOWN, Exploration, RunReport
from tests.unit.scan.test_run import Desk, desk

__all__ = ["desk"]


def test_a_run_that_did_not_come_to_ask_says_so_and_names_every_identity(desk: Desk) -> None:
    scan = desk.scan()
    work: Any = SimpleNamespace(
        run="run-1",
        sessions=SimpleNamespace(notes=["the token expires"]),
        governor=SimpleNamespace(sent=3, written={}),
    )
    asked = Exploration(work, notes=["early"], distrust=["the target refuses", "again", "again"])
    counts: Any = SimpleNamespace(writes=lambda *_: Writes())
    made = RunReport(scan.prepared, asked).report(counts)
    assert made.distrust == ("the target refuses", "again", NOTHING_SHOWN)
    assert made.notes == ("early", "the token expires")
    assert made.identities == tuple(IdentityState(name, False) for name in ("ann", "bob", "cat"))
    assert (made.run, made.requests, made.cells, made.findings) == ("run-1", 3, (), ())


def test_what_came_of_the_run_is_told_once(desk: Desk) -> None:
    made = desk.report()
    assert len(set(made.notes)) == len(made.notes) and len(set(made.distrust)) == len(made.distrust)
    assert {item.item for item in made.items} >= {"API1:2023", "API3:2023"}
