"""A contract's files: news is what has other bytes and holds still."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from oakum.guard.file_watch import FileWatch


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "exposure.yaml"
    file.write_text("one", encoding="utf-8")
    return file


def settled(watch: FileWatch) -> bool:
    """Asked twice, as a supervisor does second by second."""
    return [watch.has_changed(), watch.has_changed()][1]


def test_nothing_has_changed_when_nothing_has(file: Path) -> None:
    assert not settled(FileWatch([file]))


def test_other_bytes_are_news_until_they_are_adopted(file: Path) -> None:
    watch = FileWatch([file])
    file.write_text("two and more", encoding="utf-8")
    assert settled(watch) and watch.has_changed()
    watch.adopt([file])
    assert not settled(watch)


def test_a_file_that_is_still_being_written_is_waited_for(file: Path) -> None:
    watch = FileWatch([file])
    for n in range(3):
        file.write_text("x" * (10 + n), encoding="utf-8")
        assert not watch.has_changed()
    assert watch.has_changed()


def test_a_touch_is_no_news(file: Path) -> None:
    watch = FileWatch([file])
    os.utime(file, ns=(1, 1))
    assert not settled(watch)
    os.utime(file, ns=(2, 2))
    assert not settled(watch)


def test_a_file_that_goes_or_comes_is_news(file: Path, tmp_path: Path) -> None:
    later = tmp_path / "keys.json"
    watch = FileWatch([file, later])
    later.write_text("{}", encoding="utf-8")
    assert settled(watch)
    watch.adopt([file, later])
    file.unlink()
    assert settled(watch)


def test_a_link_that_leads_elsewhere_is_news(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    link = tmp_path / "data"
    link.symlink_to("a")
    watch = FileWatch([link])
    link.unlink()
    link.symlink_to("b")
    assert settled(watch)


def test_files_found_later_are_watched_too(file: Path, tmp_path: Path) -> None:
    part = tmp_path / "part.yaml"
    part.write_text("a", encoding="utf-8")
    watch = FileWatch([file])
    watch.add([file, part])
    part.write_text("bb", encoding="utf-8")
    assert settled(watch)
