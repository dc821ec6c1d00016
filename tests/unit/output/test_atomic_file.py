"""Files that are whole or not there."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from unittest.mock import patch

import pytest

from oakum.errors import InputError
from oakum.output import atomic_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_report_is_for_its_owner_alone(tmp_path: Path) -> None:
    atomic_file.write(tmp_path / "report.json", b"{}")
    assert mode(tmp_path / "report.json") == 0o600


def test_an_update_keeps_the_permissions_that_a_file_has(tmp_path: Path) -> None:
    path = tmp_path / "findings.yaml"
    path.write_text("old")
    path.chmod(0o640)
    atomic_file.update(path, "new")
    assert (path.read_text(), mode(path)) == ("new", 0o640)


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic_file.update(tmp_path / "findings.yaml", "new")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert mode(tmp_path / "findings.yaml") == 0o640


def test_a_file_that_somebody_put_where_the_new_one_is_written_is_not_followed(
    tmp_path: Path,
) -> None:
    other, path = tmp_path / "other", tmp_path / "findings.yaml"
    other.write_text("theirs")
    (tmp_path / f".{path.name}.{os.getpid()}").symlink_to(other)
    atomic_file.update(path, "new")
    assert (other.read_text(), path.read_text()) == ("theirs", "new")


def test_what_cannot_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "findings.yaml"
    path.write_text("old")
    with (
        patch.object(Path, "replace", side_effect=OSError(28, "No space left on device")),
        pytest.raises(InputError, match=r"findings\.yaml: cannot be written: no space left"),
    ):
        atomic_file.update(path, "new")
    assert [each.name for each in tmp_path.iterdir()] == ["findings.yaml"]
    assert path.read_text() == "old"
