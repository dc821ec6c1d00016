"""The scans of `oakum demo`: at the same time, each with its report, or with what went wrong."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
from pathlib import Path
from socket import create_connection
from unittest.mock import patch

import pytest
import yaml

import cadence
from oakum.cli import demo_scans
from oakum.errors import InputError, Location, Problem, TargetError
from tests.patience import patient
from tests.unit.report.sample import sample


def test_the_report_of_a_stage_is_written_where_its_scan_runs(tmp_path: Path) -> None:
    with patch.object(demo_scans, "_scan", lambda *_: sample()):
        told = demo_scans._report("1", 0, tmp_path, tmp_path, None, lambda _: None)
    assert told == sample()
    assert {path.name for path in tmp_path.iterdir()} == {"stage-1.json", "stage-1.html"}


def few(identities: Path) -> None:
    """Leaves of an identities file the first two, neither of whom is anything to the other."""
    said = yaml.safe_load(identities.read_text(encoding="utf-8"))
    said["identities"] = dict([*said["identities"].items()][:2])
    del said["between"]
    identities.write_text(yaml.safe_dump(said), encoding="utf-8")


@pytest.mark.long
def test_stages_are_scanned_at_the_same_time_and_each_report_is_its_own(tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    cadence.write_kit(kit, 1)
    few(kit / "identities.yaml")
    sent: list[int] = []
    stages = ["1", "fixed"]
    with demo_scans.Scans(stages, 0, kit, tmp_path, None) as both:
        first, fixed = (
            both.report(stage, lambda event: sent.append(event.data.get("number", 0)))
            for stage in stages
        )
    assert first.target != fixed.target
    assert len(first.findings) > len(fixed.findings)
    assert max(sent) > 0


def test_what_is_wrong_with_the_input_is_told_by_the_scans_process_too(tmp_path: Path) -> None:
    (tmp_path / "exposure.yaml").write_text("version: [")
    with (
        demo_scans.Scans(["fixed"], 0, tmp_path, tmp_path, None) as scans,
        pytest.raises(InputError) as told,
    ):
        scans.report("fixed", lambda _: None)
    assert told.value.problems[0].location.file.endswith("exposure.yaml")


def test_a_scan_whose_process_was_ended_is_told(tmp_path: Path) -> None:
    cadence.write_kit(tmp_path, 1)
    with demo_scans.Scans(["1"], 0, tmp_path, tmp_path, None) as scans:
        scans._runs["1"].process.kill()
        with pytest.raises(TargetError, match="the scan of stage `1` was ended"):
            scans.report("1", lambda _: None)


def test_scans_end_with_the_block_in_which_they_run(tmp_path: Path) -> None:
    cadence.write_kit(tmp_path, 1)
    with demo_scans.Scans(["1", "fixed"], 0, tmp_path, tmp_path, None) as scans:
        processes = [run.process for run in scans._runs.values()]
        assert all(each.is_alive() for each in processes)
    assert not any(each.is_alive() for each in processes)


def test_an_error_of_input_is_the_same_after_it_was_sent_to_another_process() -> None:
    error = InputError([Problem(Location("a.yaml", 1, 2), "wrong", "do this")])
    again = pickle.loads(pickle.dumps(error))
    assert (again.problems, str(again)) == (error.problems, str(error))


def test_cadence_ends_with_the_block_that_it_serves() -> None:
    with demo_scans.serve_stage("1", 0) as address:
        port = int(address.rpartition(":")[2])
        create_connection(("127.0.0.1", port)).close()
    with pytest.raises(OSError):
        create_connection(("127.0.0.1", port)).close()


def test_why_a_server_did_not_start_is_told() -> None:
    with (
        patch.object(demo_scans, "_COMMAND", ("-m", "cadence", "--unknown")),
        pytest.raises(TargetError, match=r"cadence did not start: .* unrecognized arguments"),
        demo_scans.serve_stage("1", 0),
    ):
        pass


@pytest.mark.long
def test_a_demo_that_is_ended_leaves_no_process_and_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "oakum", "demo", "--members", "0", "--out", str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        assert demo.stdout is not None
        while "Stage 1" not in (line := demo.stdout.readline()):
            assert line, "the demo ended before its first stage"
        demo.send_signal(signal.SIGTERM)
        said, _ = demo.communicate(timeout=patient(30))  # once no process writes there any more
    assert (demo.returncode, "interrupted" in said, "Traceback" in said) == (130, True, False), said
