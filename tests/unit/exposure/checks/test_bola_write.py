"""`bola-write`: named by the technique that alone finds it."""

from __future__ import annotations

from dataclasses import replace

from oakum.exposure.checks import bola_write as check
from tests.unit.exposure.checks.leaks import by, rule_of


def test_the_leak_is_named() -> None:
    leak = by("bola-write", says="another order of objects")
    assert rule_of(leak) == check.RULE.id
    assert "another user" in check.title(leak)
    assert "Person.weight" in check.title(leak)
    assert check.advice(leak)


def test_an_object_or_account_that_is_removed_is_said_to_be_removed() -> None:
    title = check.title(by("bola-write", says=check.REMOVED))
    assert title == "`member` can delete another user's `Person`"
    account = check.title(replace(by("bola-write", says=check.REMOVED), account=True))
    assert account == "`member` can delete another user's account (`Person`)"


def test_what_a_documented_endpoint_shows_as_well_is_none_of_it() -> None:
    assert not check.matches(by())
    assert not check.matches(by("bola-write", "option"))
