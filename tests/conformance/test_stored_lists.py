"""A body of many keyed objects costs what it is long, not that times what is stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance.exchange_lua import LuaGuard
from tests.conformance.exchange_python import python_guard
from tests.conformance.exchanges import Case, Guard, Request, Setup
from tests.work import calls, instructions

HEADERS = (("x-session", "pia"), ("content-type", "application/json"))


def _sent(guard: Guard, setup: Setup, many: int) -> int:
    """The status of a write of as many objects as are stored, each in another place."""
    stored = [{"rid": f"r{n:04}", "text": "x"} for n in range(many)]
    shown = {"slug": "h-pia", "owner_id": "pia", "remarks": stored}
    setup.upstream.script[:0] = [
        {"request": {"target": "/docs/h-pia"}, "answer": {"body": json.dumps(shown)}}
    ]
    body = json.dumps({"remarks": stored[::-1]}).encode()
    return guard.exchange(Request("PUT", "/docs/h-pia", HEADERS, body)).response.status


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Case("files", "files", {}, {"contract": "files.yaml"}).setup(tmp_path)


def test_twice_as_many_take_twice_the_work(setup: Setup) -> None:
    with python_guard(setup) as guard:
        assert _sent(guard, setup, 8) == 204
        few, many = (calls(lambda n=n: _sent(guard, setup, n)) for n in (200, 800))
    assert many <= 4.6 * few


def test_twice_as_many_take_twice_the_instructions(setup: Setup, tmp_path: Path) -> None:
    guard = LuaGuard(setup, str(tmp_path / "state"))
    assert _sent(guard, setup, 8) == 204
    few, many = (
        instructions(guard.lua, lambda _, n=n: _sent(guard, setup, n), b"") for n in (200, 800)
    )
    assert 0 < many <= 4.6 * few
