"""`weak-jwt-secret`: named by the technique that alone finds it."""

from __future__ import annotations

from oakum.exposure.checks import weak_jwt_secret as check
from tests.unit.exposure.checks.leaks import by, rule_of


def test_the_leak_is_named() -> None:
    leak = by("token-key", says="HS256")
    assert rule_of(leak) == check.RULE.id
    assert "common word" in check.title(leak)
    assert check.advice(leak)


def test_what_a_documented_endpoint_shows_as_well_is_none_of_it() -> None:
    assert not check.matches(by())
    assert not check.matches(by("token-key", "option"))
