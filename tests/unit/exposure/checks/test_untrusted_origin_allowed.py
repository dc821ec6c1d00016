"""`untrusted-origin-allowed`: named by the technique that alone finds it."""

from __future__ import annotations

from oakum.exposure.checks import untrusted_origin_allowed as check
from tests.unit.exposure.checks.leaks import by, rule_of


def test_the_leak_is_named() -> None:
    leak = by("origin", says="pages may read it")
    assert rule_of(leak) == check.RULE.id
    assert "Person.weight" in check.title(leak) and leak.says in check.title(leak)
    assert check.advice(leak)


def test_what_another_technique_shows_as_well_is_none_of_it() -> None:
    assert not check.matches(by())
    assert not check.matches(by("origin", "option"))
