"""One meaning (law 4): the Lua runtime passes the very bytes that the reference passes, and its
audit counts the same as removed."""

from __future__ import annotations

import pytest

from tests.differential.fuzz import fuzz


@pytest.mark.parametrize("seed", [1, 2])
def test_python_and_lua_pass_the_same_bytes_of_every_body(seed: int) -> None:
    count = fuzz(bodies=6_000, seed=seed)
    assert count.bodies >= 6_000
    assert count.passed > 150, "a run in which nothing passes compares nothing"
    assert count.counted > 400, "and so does one in which nothing is removed"
    assert count.broken > 1_000, "and so does one in which everything can be read"
    assert count.doubled > 100, "or in which no name stands twice"
