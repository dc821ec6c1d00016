"""Guesses, counted by the workers of a node together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.guard.lua_state import lua_state

NOW = 1_800_000_000.0  # the start of an hour

_OPEN = b"""
local path, clock = ...
local guesses = require "oakum.guesses"
local shared = assert(require("oakum.shared").open(path, { guesses.LIMIT }))
return guesses.new(shared, 0, clock, 1)
"""


class Worker:
    """One Lua state with the file open, as each worker of a gateway has."""

    def __init__(self, path: Path) -> None:
        self.now = NOW
        self.lua = lua_state("hash", "shared", "address", "guesses")
        self.guesses = self.lua.execute(_OPEN, os.fsencode(path), lambda: self.now)

    def _x(self) -> Any:
        return self.lua.table_from({b"address": b"192.0.2.7"})

    def begin(self, key: str, *, several: bool = False, whole: str = "") -> Any:
        begin, whole_key = self.guesses[b"begin"], whole.encode() or None
        return begin(self.guesses, self._x(), key.encode(), several, whole_key)

    def finish(self, attempt: Any, *, nobodys: bool = False, name: str = "") -> None:
        finish = self.guesses[b"finish"]
        finish(self.guesses, self._x(), attempt, nobodys, name.encode() or None)


def takes(attempt: Any) -> bool:
    return not isinstance(attempt, tuple) and attempt[b"taken"] is not None


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[tuple[Worker, Worker]]:
    file = tmp_path / "state"
    yield Worker(file), Worker(file)
    file.unlink(missing_ok=True)  # 17 MB each


def test_places_are_taken_from_all_workers_and_given_back(workers: tuple[Worker, Worker]) -> None:
    one, two = workers
    attempts = [each.begin(f"g{n}") for n in range(50) for each in workers]
    assert all(map(takes, attempts))
    assert one.begin("more") == two.begin("more") == (None, 1)
    one.finish(attempts[0], name="ann")
    assert takes(two.begin("more"))
    assert one.begin("and more") == (None, 1)


def test_places_that_nobody_gives_back_are_free_when_who_am_i_is_over(
    workers: tuple[Worker, Worker],
) -> None:
    one, two = workers
    attempts = [one.begin(f"g{n}") for n in range(100)]
    one.now = two.now = NOW + 3  # a look-up takes a second at most, and who-am-I two of them
    assert one.begin("more") == two.begin("more") == (None, 1)
    one.now = two.now = NOW + 6
    assert takes(one.begin("more"))
    one.finish(attempts[0])  # late: of the row that is no more
    for number in range(99):
        assert takes(two.begin(f"h{number}"))
    assert two.begin("more") == (None, 1)


def test_nobodys_count_until_the_window_ends(workers: tuple[Worker, Worker]) -> None:
    one, two = workers
    for number in range(100):
        worker = workers[number % 2]
        worker.finish(worker.begin(f"g{number}"), nobodys=True)
    one.now = two.now = NOW + 20
    assert one.begin("more") == two.begin("more") == (None, 40)
    one.now = NOW + 60
    assert takes(one.begin("more"))


def test_one_worker_knows_whose_another_has_found_it_to_be(workers: tuple[Worker, Worker]) -> None:
    one, two = workers
    one.finish(one.begin("good"), name="ann")
    assert not takes(two.begin("good"))
    one.now = two.now = NOW + 3601
    again = two.begin("good")
    assert not takes(again)
    two.finish(again, nobodys=True)
    good = one.begin("good")
    assert takes(good)
    one.finish(good, name="ann")
    one.now = NOW + 3 * 3600
    assert takes(one.begin("good"))


def test_several_of_one_caller_count_beyond_the_first(workers: tuple[Worker, Worker]) -> None:
    one, two = workers
    for number in range(105):
        worker = workers[number % 2]
        worker.finish(worker.begin(f"s{number}", several=True), name="ann")
    assert one.begin("more") == two.begin("more") == (None, 60)
    assert not takes(one.begin("s1"))


def test_another_cookie_beside_what_is_known_brakes_that_alone(
    workers: tuple[Worker, Worker],
) -> None:
    one, two = workers
    for number in range(106):
        worker = workers[number % 2]
        worker.finish(worker.begin("own", several=True, whole=f"w{number}"), name="ann")
    assert two.begin("own", several=True, whole="more") == (None, 60)
    assert not takes(two.begin("own", several=True, whole="w105"))
    assert not takes(two.begin("own"))
    assert takes(two.begin("other", several=True, whole="w"))
    one.now = NOW + 60
    assert takes(one.begin("own", several=True, whole="more"))
