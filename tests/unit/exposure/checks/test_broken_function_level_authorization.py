"""`broken-function-level-authorization`: named by the technique that alone finds it."""

from __future__ import annotations

from oakum.exposure.checks import broken_function_level_authorization as check
from tests.unit.exposure.checks.leaks import by, rule_of


def test_the_leak_is_named() -> None:
    leak = by("call", says="is not refused")
    assert rule_of(leak) == check.RULE.id
    assert leak.viewer in check.title(leak) and leak.says in check.title(leak)
    assert check.advice(leak)


def test_what_an_answer_shows_of_somebody_is_none_of_it() -> None:
    assert not check.matches(by())
    assert not check.matches(by("call", "option"))
