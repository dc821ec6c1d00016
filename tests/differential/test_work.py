"""What a body costs the Lua runtime is bounded by its length, whatever its sender makes of it."""

from __future__ import annotations

import pytest

from oakum.authz import Call, Principal
from tests.adverse import bodies, model, tables
from tests.conformance.lua import Lua, runtime
from tests.work import instructions

SIZE = 2_000
SMALL = bodies(SIZE) | tables(SIZE)
LARGE = bodies(4 * SIZE) | tables(4 * SIZE)
TABLES = tables(SIZE)
MOST = 461
"""Instructions of the virtual machine per byte that any body may take. A column of owners and
nothing else takes the most (460.1): each of its owners is evaluated apart."""

STATE = runtime()
ENGINE = Lua(model(), STATE)
WHO = Principal(frozenset(("bob",)), related={("blocked", "ann"): False})


@pytest.mark.parametrize("name", SMALL)
def test_four_times_the_body_takes_at_most_four_times_the_instructions(name: str) -> None:
    call = Call("table", media_type="text/csv") if name in TABLES else Call("list")
    cut = ENGINE.at(WHO, call)
    work = instructions(STATE, cut, SMALL[name])
    assert 0 < work <= MOST * len(SMALL[name])
    grown = instructions(STATE, cut, LARGE[name])
    assert grown / len(LARGE[name]) <= 1.3 * work / len(SMALL[name])
