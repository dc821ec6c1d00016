"""`cacheable-personal-data`: named by the technique that alone finds it."""

from __future__ import annotations

from oakum.exposure.checks import cacheable_personal_data as check
from tests.unit.exposure.checks.leaks import by, rule_of


def test_the_leak_is_named() -> None:
    leak = by("kept", says="it lets shared caches store it")
    assert rule_of(leak) == check.RULE.id
    assert "Person.weight" in check.title(leak) and leak.says in check.title(leak)
    assert check.advice(leak)


def test_what_a_cache_has_handed_out_is_none_of_it() -> None:
    assert not check.matches(by())
    assert not check.matches(by("cache"))
