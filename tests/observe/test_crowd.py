"""Drafts from a busy stretch of the fixed cadence: nothing too wide, whatever they start from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import cadence
from oakum.cli.main import main
from tests import quick_yaml
from tests.observe.crowd import Crowd, text
from tests.observe.share import compared

CONTRACT = Path(cadence.__file__).with_name("exposure.yaml")
DOCUMENT = CONTRACT.with_name("openapi.yaml")


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 exchanges; the benchmark takes 50,000."""
    file = tmp_path_factory.mktemp("crowd") / "crowd.ndjson"
    crowd = Crowd(members=12)
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(text(crowd.exchanges(2000)))
    file.with_suffix(".secrets").write_text("\n".join(secrets(crowd)), encoding="utf-8")
    return file


def secrets(crowd: Crowd) -> Iterator[str]:
    """Values of people of some length, and what they log in with."""
    columns = ("id", "username", "email", "phone_number", "birthday", "last_name", "location")
    for row in crowd.play.rows("SELECT * FROM members"):
        yield from (row[each] for each in columns if len(row[each]) > 5)
    yield from (row["id"] for row in crowd.play.rows("SELECT id FROM workouts"))
    yield from (row["id"] for row in crowd.play.rows("SELECT id FROM sessions"))


def drafted(traffic: Path, folder: Path, *options: object) -> Path:
    out = folder / "draft.yaml"
    arguments = ["observe", "draft", str(traffic), *map(str, options), "-o", str(out)]
    done = CliRunner().invoke(main, arguments, standalone_mode=False, catch_exceptions=False)
    assert done.return_value == 0, done.output
    return out


@pytest.mark.parametrize(
    ("options", "least"), [(("--contract", CONTRACT), 0.5), (("--openapi", DOCUMENT), 0.25)]
)
def test_a_crowd_that_changes_its_mind_makes_doubt_and_no_grant(
    traffic: Path, tmp_path: Path, options: Sequence[object], least: float
) -> None:
    shipped, granted = compared(CONTRACT, drafted(traffic, tmp_path, *options))
    assert granted - shipped == set()
    assert len(granted & shipped) >= least * len(shipped)


def test_without_any_document_one_command_writes_both_and_nobodys_value(
    traffic: Path, tmp_path: Path
) -> None:
    out = drafted(traffic, tmp_path)
    made = json.loads(out.with_suffix(".openapi.json").read_text(encoding="utf-8"))
    assert endpoints(made) == endpoints(quick_yaml.load(DOCUMENT.read_text(encoding="utf-8")))
    assert "see: [owner]" in out.read_text(encoding="utf-8")
    values = traffic.with_suffix(".secrets").read_text(encoding="utf-8").splitlines()
    given = traffic.read_text(encoding="utf-8")
    report = tmp_path / "report.json"
    arguments = ["observe", "traffic", str(traffic), "--contract", str(CONTRACT)]
    done = CliRunner().invoke(main, [*arguments, "--json", str(report)], standalone_mode=False)
    told = "".join(file.read_text(encoding="utf-8") for file in tmp_path.iterdir()) + done.output
    assert len([each for each in values if each in given]) > 100
    assert [each for each in values if each in told] == []


def endpoints(document: Any) -> set[tuple[str, str]]:
    return {
        (method, re.sub(r"{[^}]*}", "{}", path))
        for path, item in document["paths"].items()
        for method in item.keys() & {"get", "put", "post", "patch", "delete"}
    }
