"""`oakum gate --self-test` on a small API: what it catches, what it misses and says so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from oakum.scan.evaluation.evaluator import Evaluator
from tests.gate.healthy import api, files, leaky
from tests.scan.servers import App, serve
from tests.unit.cli.shell import Done, oakum

pytestmark = pytest.mark.server


def put_on_trial(folder: Path, *more: object, app: App = api) -> Done:
    contract, identities = files(folder)
    with serve(app) as server:
        return oakum(
            "gate", contract, "--self-test", "--target", server.url, "--identities", identities,
            "--rate", 5000, "--mutants", 12, "--harmless", 11, "--quiet", *more,
        )  # fmt: skip


def test_each_leak_is_caught_and_nothing_harmless_is_called_one(tmp_path: Path) -> None:
    done = put_on_trial(tmp_path, "--format", "json")

    said = done.json
    assert done.code == 0, done.out
    assert (said["schema"], said["score"], said["seeded"]) == ("oakum.selftest/2", 1.0, 12)
    caught = [each for each in said["mutants"] if each["fate"] == "caught"]
    assert {each["kind"] for each in caught} >= {"field", "check", "switch", "endpoint", "extra"}
    assert all(each["altered"] for each in caught if each["kind"] != "rule")
    assert [each["alarm"] for each in said["harmless"]] == [""] * 11
    assert said["sent"] < said["runs"] * 8  # told from memory: 23 scans are not 23 times the load


def test_the_same_seed_draws_the_same_leaks(tmp_path: Path) -> None:
    few = ("--format", "json", "--mutants", 2, "--harmless", 0)
    once, again, other = (
        [each["sentence"] for each in put_on_trial(tmp_path, *few, "--seed", seed).json["mutants"]]
        for seed in (7, 7, 8)
    )
    assert once == again != other


def test_a_blind_scan_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scanner that looks at no answer but the owner's would pass any leak."""
    look = Evaluator.look

    def blind(self: Evaluator, seen: Any) -> Any:
        outcome = look(self, seen)
        wrong = [each for each in outcome.observations if each.result.value == "leak"]
        for each in wrong:
            object.__setattr__(each, "result", type(each.result).CLOSED)
        return outcome

    monkeypatch.setattr(Evaluator, "look", blind)
    done = put_on_trial(tmp_path, "--harmless", 0)

    assert done.code == 1
    assert "MISSED GET /members/{id} shows `member` `Member.email`" in done.out
    assert "it says `closed`" in done.out
    assert "exit 1: the gate misses too much" in done.out


def test_an_api_that_leaks_already_is_no_ground_to_test_on(tmp_path: Path) -> None:
    done = put_on_trial(tmp_path, app=leaky)
    assert done.code == 3
    assert "not green on the API as it is: `proven`" in done.out


def test_a_budget_that_is_too_small_proves_nothing(tmp_path: Path) -> None:
    done = put_on_trial(tmp_path, "--budget", 4)
    assert done.code == 3
    assert "mutation score 0.000: 0 of 0 leaks caught" in done.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--self-test",), "--self-test needs --target"),
        (("--mutants", 7), "--mutants goes with --self-test"),
        (("--allow-writes",), "--allow-writes goes with --self-test"),
        (("--self-test", "--against", "old.yaml"), "--against does nothing with --self-test"),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    tmp_path: Path, options: tuple[object, ...], said: str
) -> None:
    done = oakum("gate", files(tmp_path)[0], *options)
    assert done.code == 2
    assert said in done.err


def test_a_wheel_without_the_tool_says_where_it_is(tmp_path: Path) -> None:
    with patch.dict(sys.modules, {"oakum_selftest": None}):
        done = oakum("gate", files(tmp_path)[0], "--self-test")
    assert (done.code, done.out) == (2, "")
    assert "needs `oakum_selftest`" in done.err and "pip install ./tools" in done.err
