"""What is witnessed while a relation of the run's own holds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from oakum.exposure.cells.matrix import Matrix
from oakum.scan.techniques.revocation import _for_a_while


def test_what_is_shown_only_while_a_relation_of_the_run_holds_is_missed_nowhere_later() -> None:
    ways = {"way": "revocation-not-enforced"}
    known: Any = SimpleNamespace(
        witnessed={("list", "ann", "Person", "")}, own={("list", "ann", "Person"): {"name"}},
        how=lambda endpoint: ways.get(endpoint, ""),
    )  # fmt: skip
    with _for_a_while(cast(Matrix, known)):
        known.witnessed |= {("list", "pia", "Person", ""), ("way", "ann", "Person", "")}
        known.own[("list", "pia", "Person")] = {"name"}
        known.own[("list", "ann", "Person")].add("city")
        known.own[("way", "pia", "Person")] = {"name"}
    assert known.witnessed == {("list", "ann", "Person", ""), ("way", "ann", "Person", "")}
    assert known.own == {
        ("list", "ann", "Person"): {"name", "city"}, ("way", "pia", "Person"): {"name"},
    }  # fmt: skip
