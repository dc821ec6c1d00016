"""One run of `oakum observe traffic`: which engine counts, and which options fit the sources."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oakum.traffic.observation_run import ObserveOptions, UnfitOptionsError, run_observation

RECORD = {
    "request": {"method": "GET", "url": "https://api.example.com/me", "headers": {}},
    "response": {
        "status": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"nick": "otter"}),
    },
}


@pytest.fixture
def records(tmp_path: Path) -> str:
    path = tmp_path / "records.ndjson"
    path.write_text(json.dumps(RECORD) + "\n", encoding="utf-8")
    return str(path)


def test_records_become_an_inventory(records: str) -> None:
    made, survey = run_observation(ObserveOptions((records,)))
    assert [(each.method, each.path, each.seen) for each in made.operations] == [("GET", "/me", 1)]
    assert [each.path for each in made.operations[0].fields] == ["nick"]
    assert (made.read, made.distrust, len(survey.templates)) == (1, (), 1)


def test_an_engine_that_cannot_read_the_records_is_refused(records: str) -> None:
    with pytest.raises(UnfitOptionsError, match=r"`--engine duckdb` cannot do that: `.*` is not"):
        run_observation(ObserveOptions((records,), engine="duckdb"))


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"engine": "python"}, "Python"),
        ({"forms": True}, "`--write-openapi`"),
        ({"hosts": ("a.example",)}, "`--host`"),
    ],
)
def test_what_kept_calls_do_not_hold_is_refused(
    tmp_path: Path, more: dict[str, object], what: str
) -> None:
    with pytest.raises(UnfitOptionsError, match=f"^{what} applies to traffic that is read"):
        run_observation(ObserveOptions((str(tmp_path),), **more))  # type: ignore[arg-type]


def test_kept_calls_are_not_read_with_other_sources(tmp_path: Path, records: str) -> None:
    with pytest.raises(UnfitOptionsError, match="convert the others"):
        run_observation(ObserveOptions((str(tmp_path), records)))
