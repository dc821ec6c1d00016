"""Every implementation of the guard against the exchanges that all of them must do alike."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.conformance.exchange_lua import lua_guard
from tests.conformance.exchange_python import python_guard
from tests.conformance.exchanges import Case, Guard, Setup, cases, check, request

IMPLEMENTATIONS: dict[str, Callable[[Setup], AbstractContextManager[Guard]]] = {
    "lua": lua_guard,
    "python": python_guard,
}
ASKS_MORE = frozenset(("python",))
CASES = [pytest.param(case, id=f"{case.file}: {case.name}") for case in cases()]


@pytest.mark.parametrize("engine", sorted(IMPLEMENTATIONS))
@pytest.mark.parametrize("case", CASES)
def test_exchange(case: Case, engine: str, tmp_path: Path) -> None:
    setup = case.setup(tmp_path)
    with IMPLEMENTATIONS[engine](setup) as guard:
        for step in case.steps:
            setup.clock.now += step.get("wait", 0)
            sent = request(step["request"])
            outcome = guard.exchange(sent)
            check(step["expect"], outcome, sent.method, asks_more=engine in ASKS_MORE)
