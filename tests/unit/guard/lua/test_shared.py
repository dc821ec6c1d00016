"""What the workers of a node know together: nobody gets more by asking several at once."""

from __future__ import annotations

import multiprocessing
import os
import stat
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tests.patience import patient
from tests.unit.guard.lua_state import lua_state

NOW = 1_800_000_000.0  # the start of an hour
HOUR = 3600.0
MEMBERS, NOTES, CALLERS = 0, 1, 2

_OPEN = b"""
return require("oakum.shared").open(..., {
  {name = "Member", kind = "distinct", most = 100, per = 3600},
  {name = "Note", kind = "distinct", most = 100, per = 3600},
  {name = "callers", kind = "rate", most = 5, per = 60},
})
"""


class Worker:
    """One Lua state with the file open, as each worker of a gateway has."""

    def __init__(self, path: Path) -> None:
        self.lua = lua_state("hash", "shared")
        opened = self.lua.execute(_OPEN, os.fsencode(path))
        assert not isinstance(opened, tuple), opened
        self.state = opened

    def distinct(
        self, caller: str, owner: str, *, limit: int = MEMBERS, most: int = 100, now: float = NOW
    ) -> Any:
        call = self.state[b"distinct"]
        return call(self.state, limit, caller.encode(), owner.encode(), most, HOUR, now)

    def distinct_all(self, caller: str, owners: list[str], most: int = 100) -> Any:
        listed = self.lua.table_from([owner.encode() for owner in owners])
        call = self.state[b"distinct_all"]
        return call(self.state, MEMBERS, caller.encode(), listed, most, HOUR, NOW)

    def rate(self, key: str, most: int, now: float = NOW) -> Any:
        return self.state[b"rate"](self.state, CALLERS, key.encode(), most, 60.0, now)

    def epoch(self, key: str, now: float = NOW) -> float:
        return float(self.state[b"epoch"](self.state, key.encode(), now))

    def bump(self, key: str, now: float = NOW) -> None:
        self.state[b"bump"](self.state, key.encode(), now)

    def begin(self, key: str, ends: float, now: float = NOW) -> None:
        self.state[b"begin"](self.state, key.encode(), ends, now)


def refusal(path: Path) -> str:
    opened = lua_state("hash", "shared").execute(_OPEN, os.fsencode(path))
    assert isinstance(opened, tuple) and opened[0] is None
    return str(opened[1].decode())


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "state"
    yield file
    file.unlink(missing_ok=True)  # 17 MB each


# --------------------------------------------------------------------------- distinct owners


def test_as_many_owners_as_the_limit_says_and_the_seen_ones_again(path: Path) -> None:
    worker = Worker(path)
    assert all(worker.distinct("u1", f"o{n}") is True for n in range(100))
    assert worker.distinct("u1", "o100", now=NOW + 600) == (False, 3000)
    assert all(worker.distinct("u1", f"o{n}") is True for n in range(100))
    assert worker.distinct("u1", "o100")[0] is False


def test_callers_and_limits_do_not_count_for_each_other(path: Path) -> None:
    worker = Worker(path)
    assert worker.distinct("u1", "o1", most=1) is True
    assert worker.distinct("u1", "o2", most=1)[0] is False
    assert worker.distinct("u2", "o2", most=1) is True
    assert worker.distinct("u1", "o2", most=1, limit=NOTES) is True


def test_a_new_window_starts_from_nothing(path: Path) -> None:
    worker = Worker(path)
    assert worker.distinct("u1", "o1", most=1) is True
    assert worker.distinct("u1", "o2", most=1, now=NOW + 3599.5) == (False, 1)
    assert worker.distinct("u1", "o2", most=1, now=NOW + 3600) is True
    assert worker.distinct("u1", "o1", most=1, now=NOW + 3600)[0] is False


def test_a_list_passes_whole_or_counts_for_nothing(path: Path) -> None:
    worker = Worker(path)
    assert worker.distinct_all("u1", [f"o{n}" for n in range(60)]) is True
    assert worker.distinct_all("u1", [f"o{n}" for n in range(20, 101)])[0] is False
    assert worker.distinct_all("u1", [f"o{n}" for n in range(20, 100)]) is True
    assert worker.distinct_all("u1", [f"o{n}" for n in range(100)]) is True
    assert worker.distinct("u1", "o100")[0] is False
    assert worker.distinct_all("u1", []) is True


def test_a_lower_limit_of_a_new_contract_counts_what_was_seen_before(path: Path) -> None:
    worker = Worker(path)
    assert all(worker.distinct("u1", f"o{n}", most=100) is True for n in range(50))
    assert worker.distinct("u1", "new", most=40)[0] is False
    assert worker.distinct("u1", "o7", most=40) is True


# --------------------------------------------------------------------------- several workers


def _greedy(path: Path, name: str, barrier: Any) -> tuple[set[str], int]:
    """One worker under a caller who asks for 400 owners, each worker's in another order, by ones
    and by lists; and a caller of this worker's own with exactly its due."""
    worker = Worker(path)
    owners = [f"o{n}" for n in range(400)]
    turn = int(name) * 97 % 400
    owners = owners[turn:] + owners[:turn]
    barrier.wait(patient(20))
    got: set[str] = set()
    for at in range(0, 400, 4):
        got.update(owner for owner in owners[at : at + 3] if worker.distinct("u1", owner) is True)
        if worker.distinct_all("u1", owners[at : at + 4]) is True:
            got.update(owners[at : at + 4])
    due = sum(worker.distinct(f"other{name}", owner) is True for owner in owners)
    return got, due


def _hammered(pool: Executor, barrier: Any, path: Path) -> None:
    runs = [pool.submit(_greedy, path, str(n), barrier) for n in range(2)]
    found = [run.result(60) for run in runs]
    seen = set[str]().union(*(got for got, _ in found))
    assert 96 <= len(seen) <= 100, len(seen)
    assert [due for _, due in found] == [100, 100]


def test_two_processes_together_show_no_more_than_one(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with (
        context.Manager() as manager,
        ProcessPoolExecutor(2, mp_context=context) as pool,
    ):
        for each in range(3):
            _hammered(pool, manager.Barrier(2), path.with_name(f"state{each}"))
            path.with_name(f"state{each}").unlink()


def test_two_threads_together_show_no_more_than_one(path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        for each in range(5):
            _hammered(pool, Barrier(2), path.with_name(f"state{each}"))
            path.with_name(f"state{each}").unlink()


_FLAT_OUT = b"""
local s, limit, name, most, times, now = ...
local allowed = 0
for n = 1, times do
  local yes
  if limit == 2 then yes = s:rate(2, "u1", most, 60, now)
  else yes = s:distinct(limit, "u1", name .. n, most, 3600, now) end
  if yes then allowed = allowed + 1 end
end
return allowed
"""


def _flat_out(path: Path, name: bytes, limit: int, most: int, barrier: Barrier) -> int:
    worker = Worker(path)
    barrier.wait(patient(20))
    return int(worker.lua.execute(_FLAT_OUT, worker.state, limit, name, most, most, NOW))


@pytest.mark.parametrize(("limit", "most"), [(MEMBERS, 20_000), (CALLERS, 2_000_000)])
def test_no_count_is_lost_between_workers_that_do_nothing_else(
    path: Path, limit: int, most: int
) -> None:
    """Lua runs without the interpreter's lock of Python: these are truly at the same time."""
    barrier = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(_flat_out, path, name, limit, most, barrier) for name in (b"a", b"b")]
        allowed = [run.result(60) for run in runs]
    assert most <= sum(allowed) <= most + 2, allowed


def test_a_stale_look_up_is_stale_for_every_worker(path: Path) -> None:
    one, other = Worker(path), Worker(path)
    before = one.epoch("u1")
    assert other.epoch("u1") == before
    marks = {before}
    for worker in (one, other, one, other):
        worker.bump("u1")
        assert one.epoch("u1") == other.epoch("u1")
        marks.add(one.epoch("u1"))
    assert len(marks) == 5, "a mark came twice: an answer from in between would be believed"
    assert sum(one.epoch(f"x{n}") == 0.0 for n in range(1000)) >= 999


def test_a_write_whose_end_nobody_tells_has_ended_when_it_must_have(path: Path) -> None:
    one, other = Worker(path), Worker(path)
    one.begin("u1", NOW + 15)
    marks = [other.epoch("u1", NOW + 14.9)]
    marks.append(other.epoch("u1", NOW + 15))
    assert other.epoch("u1", NOW + 500) == marks[-1], "it ends once"
    other.begin("u1", NOW + 40, NOW + 20)
    marks.append(one.epoch("u1", NOW + 21))
    one.bump("u1", NOW + 22)  # another write about them is answered, the first still goes on
    marks.append(other.epoch("u1", NOW + 23))
    marks.append(other.epoch("u1", NOW + 40))
    other.bump("u1", NOW + 41)
    marks.append(one.epoch("u1", NOW + 42))
    assert len(set(marks)) == len(marks), "a mark came twice"
    assert other.epoch("u1", NOW + 500) == marks[-1]


# --------------------------------------------------------------------------- rates


def test_a_rate_counts_requests_and_says_when_to_come_back(path: Path) -> None:
    one, other = Worker(path), Worker(path)
    assert [one.rate("u1", 5), other.rate("u1", 5), one.rate("u1", 5)] == [True] * 3
    assert [other.rate("u1", 5), one.rate("u1", 5)] == [True] * 2
    assert other.rate("u1", 5, now=NOW + 20.5) == (False, 40)
    assert other.rate("u2", 5) is True
    assert one.rate("u1", 5, now=NOW + 60) is True


# --------------------------------------------------------------------------- a full table

_CROWD = b"""
local s, callers, now = ...
for n = 1, callers do s:distinct(0, "crowd" .. n, "o", 100, 3600, now) end
"""


def test_who_looks_at_many_is_not_forgotten_for_a_crowd_that_looks_at_one(path: Path) -> None:
    worker = Worker(path)
    assert worker.distinct_all("u1", [f"o{n}" for n in range(100)]) is True
    worker.lua.execute(_CROWD, worker.state, 300_000, NOW)
    assert worker.distinct("u1", "new")[0] is False
    assert worker.distinct("newcomer", "o1") is True


_LOOKERS = b"""
local s, callers, now = ...
for n = 1, callers do
  local owners = {}
  for o = 1, 100 do owners[o] = "o" .. o end
  s:distinct_all(0, "looker" .. n, owners, 100, 3600, now)
end
"""


def test_a_forgotten_pair_counts_once_more_never_for_nothing(path: Path) -> None:
    worker = Worker(path)
    worker.lua.execute(_LOOKERS, worker.state, 15_000, NOW)  # 1.5 million pairs
    assert worker.distinct("looker1", "new")[0] is False
    again = [worker.distinct("looker1", f"o{n}") is True for n in range(1, 101)]
    assert not all(again), "the table did not fill up: this test shows nothing"
    assert worker.distinct("u1", "o1") is True


# --------------------------------------------------------------------------- the file


def test_the_file_is_its_owners_alone_and_holds_no_id(path: Path) -> None:
    worker = Worker(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for n in range(20):
        worker.distinct("caller-in-clear", f"owner-in-clear-{n}")
    worker.rate("caller-in-clear", 5)
    worker.bump("owner-in-clear-1")
    written = path.read_bytes()
    assert b"in-clear" not in written
    assert len(written) < 18_000_000


def test_the_disk_has_room_for_all_of_the_file_from_the_start(path: Path) -> None:
    Worker(path)
    found = path.stat()
    assert found.st_blocks * 512 >= found.st_size > 0


def test_a_file_that_others_may_read_is_closed_to_them(path: Path) -> None:
    path.touch(0o644)
    Worker(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_state_outlives_its_workers_and_is_keyed_anew_in_a_new_file(path: Path) -> None:
    assert Worker(path).distinct("u1", "o1", most=1) is True
    assert Worker(path).distinct("u1", "o2", most=1)[0] is False
    keys = {path.read_bytes()[120:128]}
    path.unlink()
    assert Worker(path).distinct("u1", "o2", most=1) is True
    keys.add(path.read_bytes()[120:128])
    assert len(keys) == 2


def _relaid(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(8)
        file.write(b"0: another layout\n\0")


def test_a_file_of_another_layout_is_replaced_and_its_users_go_on(path: Path) -> None:
    old = Worker(path)
    assert old.distinct("u1", "o1", most=1) is True
    _relaid(path)
    new = Worker(path)
    assert new.distinct("u1", "o2", most=1) is True
    assert old.distinct("u1", "o2", most=1)[0] is False
    assert Worker(path).distinct("u1", "o3", most=1)[0] is False


def test_who_waits_for_a_file_that_is_being_replaced_takes_the_new_one(path: Path) -> None:
    Worker(path)
    _relaid(path)
    barrier = Barrier(4)

    def opened(_: int) -> Worker:
        barrier.wait(patient(20))
        return Worker(path)

    with ThreadPoolExecutor(4) as pool:
        workers = list(pool.map(opened, range(4)))
    assert workers[0].distinct("u1", "o1", most=1) is True
    assert all(worker.distinct("u1", "o2", most=1)[0] is False for worker in workers)


def test_a_shortened_file_is_replaced_not_read(path: Path) -> None:
    Worker(path)
    os.truncate(path, 8192)
    assert Worker(path).distinct("u1", "o1") is True
    assert path.stat().st_size > 16_000_000


def test_a_foreign_file_stays_as_it_is(path: Path) -> None:
    path.write_text("somebody's notes")
    assert refusal(path) == f"`{path}`: it is no state of a guard"
    assert path.read_text() == "somebody's notes"


def test_what_cannot_be_opened_is_said(path: Path) -> None:
    assert "No such file" in refusal(path / "deeper")
    path.symlink_to("elsewhere")
    assert "symbolic links" in refusal(path)


def test_a_window_too_short_to_count_is_refused(path: Path) -> None:
    opened = lua_state("hash", "shared").execute(
        b'return require("oakum.shared").open(..., {{name="Member", kind="distinct", per=0.5}})',
        os.fsencode(path),
    )
    assert opened == (None, b"limit `Member`: a window shorter than a second is not counted")
