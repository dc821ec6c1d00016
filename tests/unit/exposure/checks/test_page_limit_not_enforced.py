"""`page-limit-not-enforced`: named by the technique that alone finds it."""

from __future__ import annotations

from oakum.exposure.checks import page_limit_not_enforced as check
from tests.unit.exposure.checks.leaks import by, rule_of


def test_the_leak_is_named() -> None:
    leak = by("page-limit", field="*", says="5 objects at once, where the document allows 4")
    assert rule_of(leak) == check.RULE.id
    assert "5 objects at once" in check.title(leak)
    assert check.advice(leak)


def test_what_another_technique_shows_as_well_is_none_of_it() -> None:
    assert not check.matches(by())
    assert not check.matches(by("page-limit", "option"))
