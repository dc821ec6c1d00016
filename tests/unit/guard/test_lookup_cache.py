"""What is believed for a while, and how much of whom a caller has looked at."""

from __future__ import annotations

import pytest

from oakum.guard import lookup_cache
from oakum.guard.lookup_cache import Budgets, IdCache
from oakum.policy.model import Limit
from tests.unit.guard.talk import Clock


def test_a_value_is_believed_until_its_time_is_over() -> None:
    clock = Clock()
    lookup_cache = IdCache[str](clock)
    lookup_cache.put("k", "v", ["ann"], 30, lookup_cache.epoch)
    clock.at += 29.9
    assert lookup_cache.get("k") == ("v",)
    clock.at += 0.1
    assert lookup_cache.get("k") is None


def test_what_is_about_somebody_is_forgotten_with_them() -> None:
    lookup_cache = IdCache[str](Clock())
    lookup_cache.put("a", "v", ["ann", "bob"], 30, lookup_cache.epoch)
    lookup_cache.put("c", "v", ["cy"], 30, lookup_cache.epoch)
    lookup_cache.forget(["bob"])
    assert lookup_cache.get("a") is None
    assert lookup_cache.get("c") == ("v",)


def test_an_answer_from_before_a_change_is_not_believed_after_it() -> None:
    lookup_cache = IdCache[str](Clock())
    asked = lookup_cache.epoch
    lookup_cache.forget(["ann"])
    lookup_cache.put("a", "old", ["ann"], 30, asked)
    assert lookup_cache.get("a") is None
    lookup_cache.put("a", "new", ["ann"], 30, lookup_cache.epoch)
    assert lookup_cache.get("a") == ("new",)


def test_the_oldest_make_room() -> None:
    lookup_cache = IdCache[int](Clock(), most=2)
    for each in range(3):
        lookup_cache.put(each, each, ["x"], 30, lookup_cache.epoch)
    assert [lookup_cache.get(each) for each in range(3)] == [None, (1,), (2,)]


def test_many_changes_are_remembered_as_one_that_touches_all() -> None:
    lookup_cache = IdCache[str](Clock(), most=2)
    lookup_cache.put("a", "v", ["ann"], 30, lookup_cache.epoch)
    lookup_cache.forget(["b", "c"])
    lookup_cache.forget(["d"])
    assert lookup_cache.get("a") is None


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
    monkeypatch.setattr(lookup_cache, "_MOST_WINDOWS", 10)
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
