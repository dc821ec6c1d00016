"""Drafts from a busy stretch of the fixed cadence: nothing too wide, whatever they start from."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

import cadence
from oakum.cli.main import main
from tests.observe.crowd import Crowd, text
from tests.observe.share import compared

CONTRACT = Path(cadence.__file__).with_name("exposure.yaml")
DOCUMENT = CONTRACT.with_name("openapi.yaml")


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 exchanges; the benchmark takes 50,000."""
    file = tmp_path_factory.mktemp("crowd") / "crowd.ndjson"
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(text(Crowd(members=12).exchanges(2000)))
    return file


def drafted(traffic: Path, folder: Path, *options: object) -> Path:
    out = folder / "draft.yaml"
    arguments = ["observe", "draft", str(traffic), *map(str, options), "-o", str(out)]
    done = CliRunner().invoke(main, arguments, standalone_mode=False, catch_exceptions=False)
    assert done.return_value == 0, done.output
    return out


@pytest.mark.parametrize(
    ("options", "least"), [(("--contract", CONTRACT), 0.5), (("--openapi", DOCUMENT), 0.3)]
)
def test_a_crowd_that_changes_its_mind_makes_doubt_and_no_grant(
    traffic: Path, tmp_path: Path, options: Sequence[object], least: float
) -> None:
    shipped, granted = compared(CONTRACT, drafted(traffic, tmp_path, *options))
    assert granted - shipped == set()
    assert len(granted & shipped) >= least * len(shipped)


def test_without_any_document_one_command_writes_both(traffic: Path, tmp_path: Path) -> None:
    out = drafted(traffic, tmp_path)
    made = json.loads(out.with_suffix(".openapi.json").read_text(encoding="utf-8"))
    assert doors(made) == doors(yaml.safe_load(DOCUMENT.read_text(encoding="utf-8")))
    assert "see: [owner]" in out.read_text(encoding="utf-8")


def doors(document: Any) -> set[tuple[str, str]]:
    return {
        (method, re.sub(r"{[^}]*}", "{}", path))
        for path, item in document["paths"].items()
        for method in item.keys() & {"get", "put", "post", "patch", "delete"}
    }
