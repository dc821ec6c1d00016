"""The exchanges that every implementation must do alike, through the real engines."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oakum.guard.engines import ENGINES
from tests import quick_yaml
from tests.conformance.exchanges import Case, Response, cases, check, request
from tests.gateway.exchange_gateway import Engines

EXCEPTIONS = quick_yaml.load((Path(__file__).parent / "exceptions.yaml").read_text())
FOUND = [case for case in cases() if case.real]
CASES = [pytest.param(case, id=f"{case.file}: {case.name}") for case in FOUND]

REMEMBERING = (
    "limits: so many different people, and those again and oneself",
    "limits: a list that is over it is not begun",
    "lookups: with the service's credential they are everybody's",
)
"""Cases in which a guard that had seen them before would do something else."""


def real(said: Any) -> Any:
    """Expectations with the address that a client really has, and no hour of the day."""
    if isinstance(said, dict):
        made = {key: real(value) for key, value in said.items() if key != "time"}
        if made.get("problem") == 429:
            made["headers"] = {}  # how long to wait depends on the hour
        return made
    if isinstance(said, list):
        return [real(value) for value in said]
    return said.replace("192.0.2.7", "127.0.0.1") if isinstance(said, str) else said


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with closing(Engines()) as made:
        yield made


def play(case: Case, engine: str, engines: Engines, folder: Path) -> None:
    setup = case.setup(folder)
    with engines.serve(ENGINES[engine](), setup) as guard:
        for step in copy.deepcopy(case.steps):
            time.sleep(step.get("wait", 0))
            sent = request(step["request"])
            outcome = guard.exchange(sent)
            if outcome.response.status == 429:
                assert 0 < int(dict(outcome.response.headers)["retry-after"]) <= 3600
                outcome.response = without(outcome.response, "retry-after")
            said = EXCEPTIONS.get(f"{case.file}: {case.name}", {}).get(engine)
            expect = real(said["expect"] if said else step["expect"])
            check(expect, outcome, sent.method, asks_more=False, at_once=True)


@pytest.mark.server
@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("case", CASES)
def test_exchange(case: Case, engine: str, engines: Engines, tmp_path: Path) -> None:
    play(case, engine, engines, tmp_path)


@pytest.mark.server
@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("name", REMEMBERING)
def test_a_guard_made_anew_remembers_nothing(
    name: str, engine: str, engines: Engines, tmp_path: Path
) -> None:
    [case] = [each for each in FOUND if f"{each.file}: {each.name}" == name]
    started = engines.started
    for each in ("once", "again"):
        (tmp_path / each).mkdir()
        play(case, engine, engines, tmp_path / each)
    assert engines.started <= started + 1


@pytest.mark.server
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_a_guard_of_another_contract_goes_by_that_contract(
    engine: str, engines: Engines, tmp_path: Path
) -> None:
    first, second = (
        next(case for case in FOUND if case.file == file) for file in ("limits", "lookups")
    )
    started = engines.started
    for number, case in enumerate((first, second, first)):
        (tmp_path / str(number)).mkdir()
        play(case, engine, engines, tmp_path / str(number))
    assert engines.started <= started + 1


def test_every_exception_is_of_a_case_and_says_why() -> None:
    known = {f"{case.file}: {case.name}" for case in FOUND}
    assert EXCEPTIONS.keys() <= known
    for each in EXCEPTIONS.values():
        assert all(one["because"] and engine in ENGINES for engine, one in each.items())


def without(response: Response, name: str) -> Response:
    return replace(response, headers=tuple(each for each in response.headers if each[0] != name))
