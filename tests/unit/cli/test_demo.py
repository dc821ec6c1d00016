"""`oakum demo cadence` and `oakum demo`: what they write, and what is missing when they cannot."""

from __future__ import annotations

import builtins
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from socket import create_connection, socket
from typing import Any
from unittest.mock import MagicMock, patch

import pytest
import uvicorn

import cadence
from oakum.cli import demo
from oakum.errors import TargetError
from oakum.finding import Report
from oakum.report.grouping import defects
from tests.unit.cli.shell import oakum
from tests.unit.report.sample import clean, sample


def test_a_stage_is_served_as_asked_for(tmp_path: Path) -> None:
    with patch.object(cadence, "serve") as served:
        done = oakum("demo", "cadence", "--stage", "2", "--port", 0, "--members", 5, "--seed", 7)
    assert (done.code, done.out) == (0, "")
    stage, listening, members, seed = served.call_args.args
    assert (stage, members, seed) == ("2", 5, 7)
    assert listening.getsockname()[0] == "127.0.0.1"
    listening.close()


def test_the_address_that_is_served_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    listening = cadence.bound(0)
    port = listening.getsockname()[1]
    with listening, patch.object(uvicorn.Server, "run") as run:
        cadence.serve("2", listening, 0)
        run.assert_called_once_with([listening])
        create_connection(("127.0.0.1", port), 1).close()  # whoever reads it may come at once
    assert capsys.readouterr().err == f"cadence, stage 2, on http://127.0.0.1:{port}\n"


def test_a_port_that_is_taken_is_told_and_no_kit_is_written(tmp_path: Path) -> None:
    with socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = oakum("demo", "cadence", "--port", port, "--kit", tmp_path / "kit")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: port {port}: address already in use; ")
    assert "`--port`" in done.err
    assert not (tmp_path / "kit").exists()


def test_a_kit_is_a_contract_and_identities_that_can_be_read(tmp_path: Path) -> None:
    with patch.object(cadence, "serve"):
        done = oakum("demo", "cadence", "--port", 0, "--kit", tmp_path / "kit")
    assert done.code == 0
    for file in (tmp_path / "kit").iterdir():
        assert file.name in done.err
    assert oakum("check", tmp_path / "kit" / "exposure.yaml").code == 0
    mode = (tmp_path / "kit" / "identities.yaml").stat().st_mode
    assert stat.S_IMODE(mode) & 0o077 == 0


@contextmanager
def scans(report: Callable[[str], Report]) -> Iterator[None]:
    """A demo whose stages have these reports."""
    fake = MagicMock()
    fake.return_value.__enter__.return_value.report = lambda stage, _show: report(stage)
    with patch.object(demo, "Scans", fake):
        yield


@pytest.mark.parametrize("missing", ["uvicorn", "cadence"])
@pytest.mark.parametrize("words", [["demo", "cadence"], ["demo"]])
def test_what_is_not_installed_is_named_with_a_way_to_get_it(
    words: list[str], missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    real = builtins.__import__

    def without(name: str, *more: Any, **named: Any) -> Any:
        if name.split(".")[0] == missing:
            raise ImportError("no", name=missing)
        return real(name, *more, **named)

    with patch.object(builtins, "__import__", without):
        done = oakum(*words)
    assert done.code == 2
    assert f"needs `{missing}`" in done.err
    assert "pip install ./examples '.[demo]'" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("reports", "code"),
    [
        ({"1": sample, "2": sample, "fixed": clean, "guarded": clean}, 0),
        ({"1": clean, "2": sample, "fixed": clean, "guarded": clean}, 3),
        ({"1": sample, "2": sample, "fixed": sample, "guarded": clean}, 3),
        ({"1": sample, "2": sample, "fixed": clean, "guarded": sample}, 3),
    ],
)
def test_a_demo_is_clean_only_when_the_story_went_as_told(
    tmp_path: Path, reports: dict[str, Any], code: int
) -> None:
    with scans(lambda stage: reports[stage]()):
        text = oakum("demo", "--out", tmp_path / "out", "--history")
        data = oakum("demo", "--out", tmp_path / "out", "--history", "--format", "json")
    assert text.code == data.code == code
    assert "Stage 2: the first fix" in text.out
    assert set(data.json) == {"1", "2", "fixed", "guarded"}
    kept = " and blocked 0 that the contract grants"
    assert (f"The guard left 0 of the {len(reports['1']().findings)}," + kept in text.out) == (
        reports["guarded"] is clean
    )


@pytest.mark.parametrize(
    ("reports", "code"),
    [
        ((sample, clean), 0),
        ((sample, lambda: replace(clean(), distrust=("nothing was tested",))), 3),
        ((clean, clean), 3),
    ],
)
def test_a_demo_is_scan_guard_scan_unless_its_history_is_asked_for(
    tmp_path: Path, reports: tuple[Any, Any], code: int
) -> None:
    with scans(lambda stage: reports[stage != "1"]()):
        text = oakum("demo", "--out", tmp_path / "out")
        data = oakum("demo", "--out", tmp_path / "out", "--format", "json")
    assert (text.code, data.code, list(data.json)) == (code, code, ["1", "guarded"])
    assert "Stage 2" not in text.out and "oakum demo --history" in text.out


def test_a_demo_without_an_engine_says_loudly_what_it_left_out(tmp_path: Path) -> None:
    with (
        patch.object(demo, "engine_at_hand", lambda: None),
        scans(lambda stage: clean() if stage == "fixed" else sample()),
    ):
        done = oakum("demo", "--out", tmp_path / "out")
    assert done.code == 0
    assert "SKIPPED: the guard" in done.err and "pip install '.[guard]'" in done.err
    assert "The guard left" not in done.out


def test_a_demo_counts_each_finding_once(tmp_path: Path) -> None:
    also = ("broken-object-level-authorization",)
    report = sample()
    report = replace(report, findings=tuple(replace(f, also=also) for f in report.findings))
    with scans(lambda stage: report if stage in ("1", "2") else clean()):
        told = oakum("demo", "--out", tmp_path / "out", "--history").out
    number = len(report.findings)
    first, second = told.split("Stage 2")[0], told.split("Stage 2")[1].split("Fixed")[0]
    for stage in (first, second):
        assert f" {number} findings in {len(defects(report))} defects\n" in stage
        assert sum(map(int, re.findall(r"^ +(\d+) x ", stage, re.M))) == number
        assert stage.index("settings page says") < stage.index(f"{number} findings")
    assert f"0 of {number} findings and left {number}" in told


def test_a_server_that_does_not_start_is_not_trusted(tmp_path: Path) -> None:
    def broken(_stage: str) -> Report:
        raise TargetError("cadence did not start")

    with scans(broken):
        done = oakum("demo", "--out", tmp_path / "out")
    assert done.code == 3
    assert "error: cadence did not start" in done.err
