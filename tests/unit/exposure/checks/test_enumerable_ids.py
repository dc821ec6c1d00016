"""`enumerable-ids`: named by the technique that alone finds it."""

from __future__ import annotations

from oakum.exposure.checks import enumerable_ids as check
from tests.unit.exposure.checks.leaks import by, rule_of


def test_the_leak_is_named() -> None:
    leak = by("id-enumeration", field="id", viewer="anyone", says="numbers that count up")
    assert rule_of(leak) == check.RULE.id
    assert "Person.id" in check.title(leak)
    assert check.title(leak).endswith("numbers that count up")
    assert check.advice(leak)


def test_what_a_documented_endpoint_shows_as_well_is_none_of_it() -> None:
    assert not check.matches(by())
    assert not check.matches(by("id-enumeration", "option"))
