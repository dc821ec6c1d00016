"""A contract compiled once for everything in a process that decides by it."""

from __future__ import annotations

from pathlib import Path

from oakum.routing import route
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Case


def test_guards_of_one_contract_build_its_router_once(tmp_path: Path) -> None:
    setup = Case("unit", "unit", {}, {"contract": "club.yaml"}).setup(tmp_path)
    first = PythonGuard(setup)
    built = route._segment.cache_info()
    second = PythonGuard(setup)
    assert route._segment.cache_info() == built
    assert first._keeper._router is second._keeper._router
