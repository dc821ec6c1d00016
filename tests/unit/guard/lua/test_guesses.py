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
return guesses.new(shared, 0, clock)
"""


class Worker:
    """One Lua state with the file open, as each worker of a gateway has."""

    def __init__(self, path: Path) -> None:
        self.now = NOW
        self.lua = lua_state("hash", "shared", "address", "guesses")
        self.guesses = self.lua.execute(_OPEN, os.fsencode(path), lambda: self.now)

    def _x(self) -> Any:
        return self.lua.table_from({b"address": b"192.0.2.7"})

    def begin(self, key: str) -> Any:
        return self.guesses[b"begin"](self.guesses, self._x(), key.encode())

    def finish(
        self, key: str, place: Any, *, nobodys: bool = False, name: str = "", several: bool = False
    ) -> None:
        call = self.guesses[b"finish"]
        call(
            self.guesses, self._x(), key.encode(), place, nobodys, name.encode() or None, several
        )  # fmt: skip


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[tuple[Worker, Worker]]:
    file = tmp_path / "state"
    yield Worker(file), Worker(file)
    file.unlink(missing_ok=True)  # 17 MB each


def test_places_are_taken_from_all_workers_and_given_back(workers: tuple[Worker, Worker]) -> None:
    one, two = workers
    places = [each.begin(f"g{n}") for n in range(50) for each in workers]
    assert all(place == NOW + 60 for place in places)
    assert one.begin("more") == two.begin("more") == (None, 1)
    one.finish("g1", places[0], name="ann")
    assert two.begin("more") == NOW + 60
    assert one.begin("and more") == (None, 1)


def test_nobodys_count_until_the_window_ends(workers: tuple[Worker, Worker]) -> None:
    one, two = workers
    for number in range(100):
        worker = workers[number % 2]
        worker.finish("g", worker.begin(f"g{number}"), nobodys=True)
    one.now = two.now = NOW + 20
    assert one.begin("more") == two.begin("more") == (None, 40)
    one.now = NOW + 60
    assert one.begin("more") == NOW + 120


def test_a_place_of_the_last_window_is_not_given_back_to_this_one(
    workers: tuple[Worker, Worker],
) -> None:
    one, _ = workers
    place = one.begin("slow")
    one.now = NOW + 60
    places = [one.begin(f"g{n}") for n in range(100)]
    one.finish("slow", place)
    assert one.begin("more") == (None, 1)
    one.finish("g0", places[0])
    assert one.begin("more") == NOW + 120


def test_one_worker_knows_whose_another_has_found_it_to_be(workers: tuple[Worker, Worker]) -> None:
    one, two = workers
    one.finish("good", one.begin("good"), name="ann")
    assert two.begin("good") is False
    one.now = two.now = NOW + 3601
    assert two.begin("good") is False
    two.finish("good", False, nobodys=True)
    assert one.begin("good") == NOW + 3660
    one.finish("good", NOW + 3660, name="ann")
    one.now = NOW + 3 * 3600
    assert one.begin("good") == NOW + 3 * 3600 + 60


def test_several_of_one_caller_count_beyond_the_first(workers: tuple[Worker, Worker]) -> None:
    one, two = workers
    for number in range(105):
        worker = workers[number % 2]
        worker.finish(f"s{number}", worker.begin(f"s{number}"), name="ann", several=True)
    assert one.begin("more") == two.begin("more") == (None, 60)
    assert one.begin("s1") is False
