"""The table of the plan's automata, each stored once."""

from __future__ import annotations

from typing import Any

from oakum.openapi.name_pattern_classes import NameClasses
from oakum.openapi.pattern_automaton import Automaton


class Automata:
    """The automata of a plan; others refer to them by index."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def index(self, made: Automaton | NameClasses) -> int:
        """Index of an automaton; equal ones are stored once."""
        said = {
            "classes": made.classes,
            "width": made.width,
            "next": made.next,
            "accepts": made.accepts if isinstance(made, Automaton) else made.labels,
        }
        if said not in self.rows:
            self.rows.append(said)
        return self.rows.index(said)
