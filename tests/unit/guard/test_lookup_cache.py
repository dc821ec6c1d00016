"""What is believed for a while."""

from __future__ import annotations

from oakum.guard.lookup_cache import IdCache
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
