"""Law 5: a scan of the guarded API finds no leak and no over-block, at every stage of cadence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import cadence
from oakum.cli.demo_scans import serve_stage, without_feed
from oakum.finding import Result
from oakum.guard.engine_protocol import EngineTarget
from oakum.guard.run import GuardOptions, run_engine
from oakum.scan.options import Options as Asking
from oakum.scan.run import Scan
from tests.gateway.test_running import staged
from tests.patience import unhurried

pytestmark = [pytest.mark.server, pytest.mark.long]


ROUNDS = [*staged("1", "2"), staged("fixed", "fixed")[0]]


@pytest.mark.parametrize("round", ROUNDS)
def test_a_scan_through_the_guard_is_clean(
    round: tuple[str, type[EngineTarget]], tmp_path: Path
) -> None:
    stage, engine = round
    cadence.write_kit(tmp_path, 1)
    unhurried(tmp_path / "exposure.yaml")
    contract = tmp_path / "exposure.yaml"
    environ = {**os.environ, "CADENCE_SERVICE_KEY": "made-up-for-this-test"}
    with (
        serve_stage(stage, 20, environ) as upstream,
        run_engine(
            GuardOptions(contract, upstream, "127.0.0.1:0", engine(), environ=environ),
            lambda _: None,
        ) as guard,
    ):
        through = contract if engine().feeds else without_feed(contract)
        asking = Asking(
            through, f"http://{guard.listen}", tmp_path / "identities.yaml",
            budget=5000, rate=5000.0, allow_own_settings=True,
        )  # fmt: skip
        report = Scan(asking, lambda _: None).report()
    assert [finding.title for finding in report.findings] == []
    assert report.distrust == ()
    assert report.count(Result.UNTESTED) == 0
    assert report.count(Result.CLOSED) > 2000 and report.count(Result.OPEN) > 1000
