from __future__ import annotations

import stat
from pathlib import Path

import pytest

from oakum.errors import InputError
from oakum.report import FORMATS, write
from oakum.report.json_document import read
from tests.unit.report.sample import clean, sample


@pytest.mark.parametrize(("name", "render"), FORMATS)
def test_what_is_written_is_what_is_rendered(name: str, render: object, tmp_path: Path) -> None:
    assert callable(render)
    path = tmp_path / "report"
    write(sample(), path, name)
    assert path.read_bytes() == render(sample())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_an_older_report_of_open_mode_is_replaced_by_a_private_one(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    path.chmod(0o644)
    write(clean(), path, "json")
    assert read(path.read_bytes()).run == clean().run
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written_is_the_users_to_fix(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing/r\.json: cannot be written: no such file"):
        write(clean(), tmp_path / "missing" / "r.json", "json")


def test_a_failed_write_leaves_the_old_report_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.mkdir()
    (path / "kept").touch()
    with pytest.raises(InputError, match="cannot be written: is a directory"):
        write(clean(), path, "json")
    assert list(tmp_path.iterdir()) == [path]


def test_an_unknown_format_is_named_with_the_near_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no report format `jsn`; did you mean `json`"):
        write(clean(), tmp_path / "r", "jsn")
    with pytest.raises(InputError, match="there are text, json, html, sarif"):
        write(clean(), tmp_path / "r", "parchment")
