"""What is believed for a while, and how much of whom a caller has looked at."""

from __future__ import annotations

import pytest

from oakum.guard import memory
from oakum.guard.memory import Budgets, IdCache
from oakum.policy.model import Limit
from tests.unit.guard.talk import Clock


def test_a_value_is_believed_until_its_time_is_over() -> None:
    clock = Clock()
    memory = IdCache[str](clock)
    memory.put("k", "v", ["ann"], 30, memory.epoch)
    clock.at += 29.9
    assert memory.get("k") == ("v",)
    clock.at += 0.1
    assert memory.get("k") is None


def test_what_is_about_somebody_is_forgotten_with_them() -> None:
    memory = IdCache[str](Clock())
    memory.put("a", "v", ["ann", "bob"], 30, memory.epoch)
    memory.put("c", "v", ["cy"], 30, memory.epoch)
    memory.forget(["bob"])
    assert memory.get("a") is None
    assert memory.get("c") == ("v",)


def test_an_answer_from_before_a_change_is_not_believed_after_it() -> None:
    memory = IdCache[str](Clock())
    asked = memory.epoch
    memory.forget(["ann"])
    memory.put("a", "old", ["ann"], 30, asked)
    assert memory.get("a") is None
    memory.put("a", "new", ["ann"], 30, memory.epoch)
    assert memory.get("a") == ("new",)


def test_the_oldest_make_room() -> None:
    memory = IdCache[int](Clock(), most=2)
    for each in range(3):
        memory.put(each, each, ["x"], 30, memory.epoch)
    assert [memory.get(each) for each in range(3)] == [None, (1,), (2,)]


def test_many_changes_are_remembered_as_one_that_touches_all() -> None:
    memory = IdCache[str](Clock(), most=2)
    memory.put("a", "v", ["ann"], 30, memory.epoch)
    memory.forget(["b", "c"])
    memory.forget(["d"])
    assert memory.get("a") is None


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
    monkeypatch.setattr(memory, "_MOST_WINDOWS", 10)
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
