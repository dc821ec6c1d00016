"""`mass-assignment`: named by the technique that alone finds it."""

from __future__ import annotations

from oakum.exposure.checks import mass_assignment as check
from tests.unit.exposure.checks.leaks import by, rule_of


def test_the_leak_is_named() -> None:
    leak = by("mass-assignment", says="another order of objects")
    assert rule_of(leak) == check.RULE.id
    assert "owners can set" in check.title(leak)
    assert "Person.weight" in check.title(leak)
    assert check.advice(leak)


def test_what_a_documented_endpoint_shows_as_well_is_none_of_it() -> None:
    assert not check.matches(by())
    assert not check.matches(by("mass-assignment", "option"))
