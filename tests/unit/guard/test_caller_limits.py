"""How often a caller may call, and how many owners a caller may look at."""

from __future__ import annotations

import pytest

from oakum.guard import caller_limits
from oakum.guard.caller_limits import Budgets
from oakum.policy.model import Limit
from tests.unit.guard.talk import Clock

MEMBER = Limit("Member", "distinct", 2, 60.0)
CALLERS = Limit("callers", "rate", 2, 60.0)


def test_different_owners_are_counted_once_each() -> None:
    clock = Clock(at=600.0)
    budgets = Budgets([MEMBER], clock)
    assert budgets.limited_resources == {"Member"}
    assert [budgets.look(MEMBER, "ann", {id}) for id in ("a", "b", "a")] == [0, 0, 0]
    clock.at += 20
    assert budgets.look(MEMBER, "ann", {"c"}) == 40
    assert budgets.look(MEMBER, "ann", {"b"}) == 0  # those seen before may be seen again
    assert budgets.look(MEMBER, "bob", {"c"}) == 0
    clock.at += 40
    assert budgets.look(MEMBER, "ann", {"c"}) == 0


def test_an_answer_that_is_too_much_counts_for_nothing() -> None:
    budgets = Budgets([MEMBER], Clock())
    assert budgets.look(MEMBER, "ann", {"a", "b", "c"}) > 0
    assert budgets.look(MEMBER, "ann", {"a", "b"}) == 0


def test_calls_are_counted_by_kind_and_by_who() -> None:
    budgets = Budgets([CALLERS], Clock(at=599.5))
    assert [budgets.call("callers", "ann") for _ in range(3)] == [0, 0, 1]
    assert budgets.call("callers", "bob") == 0
    assert budgets.call("anonymous", "ann") == 0


def test_windows_are_bounded_and_addresses_make_room_for_addresses_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caller_limits, "_MOST_WINDOWS", 10)
    clock = Clock(at=600.0)
    budgets = Budgets([MEMBER], clock)
    for who in ("ann", "@first", "@second"):
        assert budgets.look(MEMBER, who, {"a", "b"}) == 0
    for number in range(9):
        assert budgets.look(MEMBER, f"@{number}", {"a"}) == 0
        assert budgets.look(MEMBER, "@second", {"c"}) > 0  # asked for lately: not forgotten
    assert budgets.look(MEMBER, "ann", {"c"}) > 0
    assert budgets.look(MEMBER, "@first", {"c"}) == 0
    assert sum(map(len, budgets._windows.values())) == 11
    clock.at += 60
    budgets.look(MEMBER, "@0", {"a"})
    budgets.look(MEMBER, "bob", {"a"})
    assert sum(map(len, budgets._windows.values())) == 2
