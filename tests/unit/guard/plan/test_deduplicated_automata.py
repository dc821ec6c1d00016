"""Automata in a plan, each once."""

from __future__ import annotations

from oakum.guard.plan.deduplicated_automata import Automata
from oakum.openapi.name_pattern_classes import NameClasses, name_classes
from oakum.openapi.pattern_automaton import Automaton, of_pattern


def test_equal_automata_stand_in_the_plan_once() -> None:
    automata = Automata()
    made: list[Automaton | NameClasses] = [
        of_pattern("^a$"),
        of_pattern("^b$"),
        of_pattern("^[a]$"),
        name_classes(("^a", "b$")),
    ]
    assert [*map(automata.index, made)] == [0, 1, 0, 2]
    assert len(automata.rows) == 3
    assert set(automata.rows[0]["accepts"]) == {True, False}
    assert max(automata.rows[2]["accepts"]) == 3  # names of both tests, of one, of none
