"""A body that names more objects than there are look-ups costs little more than to read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance.exchange_lua import LuaGuard
from tests.conformance.exchange_python import python_guard
from tests.conformance.exchanges import Case, Guard, Request, Setup
from tests.work import calls, instructions

_FORM = "application/x-www-form-urlencoded"
_NUMBERS = "&".join(f"nums={n}" for n in range(4000))
_NAMES = {f"d{n}": {"title": "x"} for n in range(2000)}
NAMED = {  # with instructions of Lua per byte, of which most are to read the body
    "plain keys": (105, "ledger.yaml", "POST", "/counts/close", "ann", _FORM, _NUMBERS),
    "names of a map": (
        54,
        *("files.yaml", "PATCH", "/shelved", "pia", "application/json"),
        json.dumps({"map": _NAMES}),
    ),
}


@pytest.fixture(params=NAMED)
def named(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Setup, Request, int]:
    most, contract, method, path, session, media, body = NAMED[request.param]
    setup = Case("many", "keys", {}, {"contract": contract}).setup(tmp_path)
    me = {"request": {"target": "/me"}, "answer": {"body": f'{{"id":"{session}"}}'}}
    setup.upstream.script[:0] = [me]
    headers = (("x-session", session), ("content-type", media))
    return setup, Request(method, path, headers, body.encode()), most


def _refused(guard: Guard, request: Request) -> None:
    found = guard.exchange(request)
    assert (found.response.status, found.audit["denied"]) == (413, "lookups")
    assert found.audit["lookups"] <= 1  # who-am-I


def test_too_many_keys_are_refused_in_few_calls(named: tuple[Setup, Request, int]) -> None:
    setup, request, _ = named
    with python_guard(setup) as guard:
        _refused(guard, request)
        work = calls(lambda: _refused(guard, request))
    assert 0 < work < 8 * len(request.body)


def test_too_many_keys_are_refused_in_few_instructions(
    named: tuple[Setup, Request, int], tmp_path: Path
) -> None:
    setup, request, most = named
    guard = LuaGuard(setup, str(tmp_path / "state"))
    _refused(guard, request)
    work = instructions(guard.lua, lambda _: _refused(guard, request), b"")
    assert 0 < work < most * len(request.body)
