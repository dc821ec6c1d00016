"""Names of before: each does what the command does that has taken its place, and names it."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import click
import pytest

import cadence
from oakum.cli.main import ALIASES, COMMANDS, main
from oakum.report import json_document
from oakum.scan import restore_command
from oakum.scan.restore_command import Restoration
from oakum_catalogue import entries
from tests.unit.cli.shell import Done, oakum
from tests.unit.report.sample import sample


def told(name: str) -> str:
    return f"note: `oakum {name}` is now `oakum {ALIASES[name]}`\n"


def is_the_same(old: tuple[object, ...], new: tuple[object, ...]) -> Done:
    """The old words print and answer what the new ones do, after the note."""
    before, now = oakum(*old), oakum(*new)
    assert (before.code, before.out) == (now.code, now.out)
    assert before.err.startswith(told(str(old[0])))
    assert now.err == "" or now.code != 0
    return before


@pytest.mark.parametrize("name", ALIASES)
def test_a_name_of_before_is_not_listed_and_still_explains_itself(name: str) -> None:
    assert name not in dict(COMMANDS)
    assert name not in main.list_commands(click.Context(main))
    assert f"  {name} " not in oakum("--help").out
    done = oakum(name, "--help")
    assert (done.code, done.err) == (0, told(name))
    assert f"oakum {name} [OPTIONS]" in done.out


def test_completing_words_in_a_shell_prints_no_note(capsys: pytest.CaptureFixture[str]) -> None:
    asking = click.Context(main, resilient_parsing=True)
    assert main.resolve_command(asking, ["replay", "x"])[0] == "replay"
    assert capsys.readouterr().err == ""


TARGET = ("--target", "http://127.0.0.1:9", "--identities", "identities.yaml")


def test_replay_is_scan_only(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(json_document.render(sample()))
    for one, said in (("0" * 16, "no finding"), (sample().findings[0].fingerprint, "no such file")):
        done = is_the_same(
            ("replay", one, "--report", file, tmp_path / "exposure.yaml", *TARGET, "--quiet"),
            ("scan", tmp_path / "exposure.yaml", "--only", one, "--report", file, *TARGET),
        )
        assert done.code == 2 and said in done.err


def test_restore_is_scan_restore(tmp_path: Path) -> None:
    with patch.object(
        restore_command, "restore", return_value=Restoration(("x",), ("y",), (), "run")
    ) as restore:
        done = is_the_same(
            ("restore", tmp_path / "journal", "exposure.yaml", *TARGET, "--format", "json"),
            ("scan", "exposure.yaml", *TARGET, "--restore", "--journal", tmp_path / "journal",
             "--format", "json"),
        )  # fmt: skip
    (old,), (new,) = (call.args[:1] for call in restore.call_args_list)
    assert old == new and old.journal == tmp_path / "journal"
    assert (done.code, done.json["left"]) == (3, ["y"])


def test_what_is_told_of_findings_is_below_findings(tmp_path: Path) -> None:
    report, memory = tmp_path / "report.json", tmp_path / "findings.json"
    report.write_bytes(json_document.render(sample()))
    one = "0" * 16
    assert oakum("findings", memory, "--report", report, "--write").code in (0, 3)
    words = (one, "--report", report)
    is_the_same(("advisory", *words), ("findings", "advisory", *words))
    is_the_same(("disclose", "--memory", memory), ("findings", "disclose", "--memory", memory))


def test_what_is_served_is_below_demo() -> None:
    with patch.object(cadence, "serve") as served:
        assert oakum("cadence", "--stage", "2", "--port", 0).code == 0
    served.call_args.args[1].close()
    done = is_the_same(("catalogue", "list"), ("demo", "catalogue", "list"))
    assert done.code == 0 and all(name in done.out for name in entries())
