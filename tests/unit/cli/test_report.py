"""`oakum report`: the same report in another form, with the exit code of its scan."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from oakum.finding import Report
from oakum.report import json_document
from tests.patience import patient
from tests.unit.cli.shell import oakum
from tests.unit.report.sample import clean, sample, untrusted

ENDINGS = [(sample, 1), (clean, 0), (untrusted, 3)]


def saved(folder: Path, report: Report) -> Path:
    path = folder / "scan.json"
    path.write_bytes(json_document.render(report))
    return path


@pytest.mark.parametrize(("made", "code"), ENDINGS)
@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_it_ends_as_the_scan_did(tmp_path: Path, made: object, code: int, form: str) -> None:
    assert callable(made)
    done = oakum("report", saved(tmp_path, made()), "--format", form)
    assert (done.code, done.err) == (code, "")
    if form == "html":
        assert done.out.lower().startswith("<!doctype html>")
    elif form == "text":
        assert "findings" in done.out or "clean" in done.out or "not trustworthy" in done.out


def test_json_goes_through_unchanged(tmp_path: Path) -> None:
    path = saved(tmp_path, sample())
    assert oakum("report", path, "--format", "json").json == json.loads(path.read_bytes())


@pytest.mark.parametrize("gone", ["findings", "digest", "cells"])
def test_a_report_that_was_changed_is_refused(tmp_path: Path, gone: str) -> None:
    path = saved(tmp_path, sample())
    said = json.loads(path.read_bytes())
    said[gone] = "0" * 64 if gone == "digest" else []
    path.write_text(json.dumps(said))
    done = oakum("report", path)
    assert (done.code, done.out) == (2, "")
    assert "its `digest` does not match" in done.err


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b"{}", b"\xff", b'{"schema": "oakum.report/3"}', b"null"]
)
def test_what_is_no_report_is_answered_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "scan.json"
    path.write_bytes(content)
    done = oakum("report", path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {path}")


def test_a_report_of_html_is_not_read_back(tmp_path: Path) -> None:
    path = tmp_path / "before.html"
    path.write_text(oakum("report", saved(tmp_path, clean()), "--format", "html").out)
    done = oakum("report", path)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"error: {path}: is HTML; give the file that `--json` wrote\n"


def test_a_report_that_is_not_there(tmp_path: Path) -> None:
    done = oakum("report", tmp_path / "none.json")
    assert done.code == 2
    assert "none.json" in done.err


def shell(command: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    python = f'"{sys.executable}" -m oakum'
    return subprocess.run(
        ["bash", "-c", command.replace("oakum", python, 1)], cwd=folder, text=True,
        env={"PATH": os.environ["PATH"], **environ}, capture_output=True, check=False,
        timeout=patient(30),
    )  # fmt: skip


@pytest.mark.parametrize(("made", "code"), ENDINGS)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_reader_who_leaves_changes_nothing(
    tmp_path: Path, made: object, code: int, form: str
) -> None:
    """`oakum report … | head -1` in a pipeline with `pipefail` tells what the scan told."""
    assert callable(made)
    saved(tmp_path, made())
    done = shell(
        f"oakum report scan.json --format {form} | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}",
        tmp_path,
    )
    assert (done.returncode, done.stderr) == (code, "")


def test_no_color_means_none_and_a_pipe_gets_none(tmp_path: Path) -> None:
    saved(tmp_path, sample())
    for environ in ({"NO_COLOR": "1"}, {"TERM": "xterm-256color"}):
        done = shell("oakum report scan.json", tmp_path, **environ)
        assert done.returncode == 1
        assert "\x1b[" not in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 80


def test_no_color_holds_in_a_terminal(tmp_path: Path) -> None:
    saved(tmp_path, sample())
    tty = "import pty, sys; pty.spawn([sys.executable, '-m', 'oakum', 'report', 'scan.json'])"
    coloured, plain = (
        subprocess.run(
            [sys.executable, "-c", tty], cwd=tmp_path, capture_output=True, text=True,
            timeout=patient(30),
            env={"PATH": os.environ["PATH"], "TERM": "xterm-256color", **more}, check=False,
            stdin=subprocess.DEVNULL,
        ).stdout
        for more in ({}, {"NO_COLOR": "1"})
    )  # fmt: skip
    assert "\x1b[31m" in coloured or "\x1b[1;31m" in coloured
    assert "\x1b[31m" not in plain and "\x1b[1;31m" not in plain
    assert plain.strip()
