"""One run of `oakum observe keep`: what it keeps, and when it proves nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oakum.traffic.observation_run import ObserveOptions, run_observation
from oakum.traffic.store.keep_run import KeepOptions, keep
from oakum.traffic.store.layout import open_runs
from oakum.traffic.traffic_files import sources


def records(folder: Path, method: str) -> str:
    path = folder / "records.ndjson"
    record = {
        "request": {"method": method, "url": "https://api.example.com/me", "headers": {}},
        "response": {
            "status": 200,
            "headers": {"content-type": "application/json"},
            "body": json.dumps({"nick": "otter"}),
        },
    }
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    return str(path)


def options(folder: Path) -> KeepOptions:
    return KeepOptions(folder / "kept", None, None, (), b"k" * 32)


def test_what_is_kept_is_the_inventory_of_what_was_read(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    source = records(tmp_path, "GET")
    run, many = keep(sources((source,)), options(tmp_path))
    assert (many, run.distrust, run.digest) == (1, (), "")
    assert [each.key for each in open_runs([tmp_path / "kept"]).runs] == [run.key]
    read, kept = (
        run_observation(ObserveOptions((str(each),)))[0] for each in (source, tmp_path / "kept")
    )
    assert kept.operations == read.operations
    assert [each.path for each in kept.operations[0].fields] == ["nick"]


def test_a_run_without_an_api_call_proves_nothing(tmp_path: Path) -> None:
    run, many = keep(sources((records(tmp_path, "OPTIONS"),)), options(tmp_path))
    assert (many, run.distrust) == (0, ("no exchange is an API call",))
    assert dict(run.aside) == {"a CORS preflight": 1}
