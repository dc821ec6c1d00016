"""What tells who calls: the same for a gateway and for responses of tests and recorded traffic."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.routing.judged_contract import compile_for_judging
from tests.conformance.exchanges import Case, cases

FIRST = {case.file: case for case in reversed(cases())}
"""A case of each contract."""


@pytest.mark.parametrize("case", FIRST.values(), ids=FIRST)
def test_tests_and_traffic_go_by_what_the_gateway_asks(case: Case, tmp_path: Path) -> None:
    contract = case.setup(tmp_path).contract
    callers, lookups = compile_for_judging(contract).callers, compile_for_gateway(contract).lookups
    whoami = lookups.asks[lookups.whoami] if lookups.whoami is not None else None
    assert (callers.credentials, callers.whoami) == (lookups.credentials, whoami)
    assert callers.relations == {
        name: (lookups.asks[at], lookups.places[name]) for name, at in lookups.relations.items()
    }
    assert {*callers.warnings} <= {*lookups.warnings}
