"""`revocation-not-enforced`: named by the technique that alone finds it."""

from __future__ import annotations

from oakum.exposure.checks import revocation_not_enforced as check
from tests.unit.exposure.checks.leaks import by, rule_of


def test_the_leak_is_named() -> None:
    leak = by("revocation", says="another order of objects")
    assert rule_of(leak) == check.RULE.id
    assert "has ended" in check.title(leak)
    assert "Person.weight" in check.title(leak)
    assert check.advice(leak)


def test_what_a_documented_endpoint_shows_as_well_is_none_of_it() -> None:
    assert not check.matches(by())
    assert not check.matches(by("revocation", "option"))
