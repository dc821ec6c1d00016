"""The group: help that shows an example, and the one place where errors become exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import click
import pytest

import oakum as package
from oakum.cli.main import COMMANDS, main
from oakum.errors import InputError, Location, OakumError, Problem, TargetError
from tests.patience import patient
from tests.unit.cli.shell import oakum

NAMES = [name for name, _ in COMMANDS]


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("name", NAMES)
def test_each_command_shows_an_example_of_itself(name: str, flag: str) -> None:
    done = oakum(name, flag)
    assert (done.code, done.err) == (0, "")
    text = " ".join(done.out.split())
    assert f"Example: oakum {name} " in text
    assert text.startswith("Usage: ") and f"oakum {name} [OPTIONS]" in text


def test_the_group_lists_every_command_and_where_to_start() -> None:
    done = oakum("--help")
    assert done.code == 0
    for name, words in COMMANDS:
        assert name in done.out and words in " ".join(done.out.split())
    assert "oakum demo" in done.out and "3 not trustworthy" in done.out


def test_the_version_is_that_of_the_package() -> None:
    assert oakum("--version").out == f"oakum, version {package.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("scna",), "No such command"),
        (("check",), "Missing argument 'CONTRACT'"),
        (("check", "x.yaml", "--formt", "json"), "No such option"),
        (("check", "x.yaml", "--format", "xml"), "'xml' is not one of"),
        (("scan", "x.yaml"), "Missing option '--target'"),
        (("demo", "cadence", "--stage", "3"), "'3' is not one of"),
        (("demo", "cadence", "--port", "99999"), "99999 is not in the range"),
    ],
)
def test_a_slip_of_the_command_line_is_usage(arguments: tuple[str, ...], words: str) -> None:
    done = oakum(*arguments)
    assert done.code == 2
    assert words in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (InputError([Problem(Location("a.yaml", 2, 3), "wrong")]), 2, "error: a.yaml:2:3: wrong\n"),
        (TargetError("it went down"), 3, "error: it went down\n"),
        (OakumError("we are lost"), 70, "error: we are lost\n"),
        (click.exceptions.Abort(), 130, "oakum: interrupted\n"),
        (click.UsageError("no"), 2, "no"),
    ],
)
def test_each_fault_has_its_words_and_its_code(
    raised: BaseException, code: int, words: str
) -> None:
    with patch.object(main, "main", side_effect=raised):
        done = oakum("check")
    assert done.code == code
    assert words in done.err


def test_a_bug_is_owned_without_a_word_of_what_it_was_about() -> None:
    with patch.object(main, "main", side_effect=ValueError("the phone is +49-555")):
        done = oakum("check")
    assert done.code == 70
    assert done.err.startswith("error: a bug in oakum: ValueError at ")
    assert "OAKUM_DEBUG=1" in done.err and "555" not in done.err


@pytest.mark.parametrize(("result", "code"), [(0, 0), (1, 1), (3, 3), (None, 0)])
def test_what_a_command_answers_is_the_exit_code(result: int | None, code: int) -> None:
    with patch.object(main, "main", return_value=result):
        assert oakum("check").code == code


def test_it_runs_as_a_module_and_loads_no_command_for_its_help() -> None:
    code = (
        "import sys, runpy; sys.argv = ['oakum', '--help']\n"
        "try: runpy.run_module('oakum', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "heavy = {'httpx2', 'jinja2', 'rich', 'yaml', 'fastapi'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(30),
    )
    assert done.returncode == 0, done.stderr
    assert "Usage: oakum" in done.stdout


@pytest.mark.parametrize("where", ["raise KeyboardInterrupt", "exec('raise KeyboardInterrupt')"])
def test_an_interrupt_ends_with_130_wherever_it_comes(tmp_path: Path, where: str) -> None:
    (tmp_path / "interrupted.py").write_text(
        "from click import Command\n"
        "from oakum.cli import main\n"
        f"def stop(): {where}\n"
        "main.main = Command('oakum', callback=stop)\n"
        "main.run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "interrupted"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(30),
    )
    assert (done.returncode, done.stderr.strip()) == (130, "oakum: interrupted")


def test_no_command_pays_for_what_its_input_does_not_need() -> None:
    code = (
        "import gc, sys\n"
        "from oakum.cli.main import COMMANDS, main\n"
        "for name, _ in COMMANDS: assert main.get_command(None, name), name\n"
        "heavy = {'jsonpath', 'duckdb', 'pyspark', 'playwright', 'keyring'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert gc.isenabled()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(60),
    )
    assert done.returncode == 0, done.stderr


def test_an_error_forges_no_line_and_gives_a_pipeline_no_command() -> None:
    told = TargetError("the engine said: \x1b[2Jno\n::error::all is well\nerror: none")
    with patch("oakum.cli.check.load", side_effect=told):
        done = oakum("check", "x.yaml")
    assert done.err == (
        "error: the engine said: \\x1b[2Jno\n  | ::error::all is well\n  | error: none\n"
    )
