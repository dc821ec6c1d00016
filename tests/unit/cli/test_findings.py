"""`oakum findings` and its `disclose`: what they say, what they write, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from oakum.finding import Report
from oakum.report import json_document
from tests.unit.cli.shell import oakum
from tests.unit.memory.world import FIXED, ONE, STAGE_1, STAGE_2, finding, report
from tests.unit.report.sample import hostile, sample


def saved(folder: Path, made: Report) -> Path:
    path = folder / f"{made.run if made.run.isalnum() else 'hostile'}.json"
    path.write_bytes(json_document.render(made))
    return path


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """After the half fix."""
    path = tmp_path / "findings.json"
    for made in (report(1, STAGE_1), report(2, STAGE_2)):
        done = oakum("findings", path, "--report", saved(tmp_path, made), "--write")
        assert (done.code, done.err) == (0, "")
    return path


def test_the_stage_of_a_half_fix_is_told(memory: Path) -> None:
    done = oakum("findings", memory)
    fingerprint = finding("missing-authentication", "city", "anyone").fingerprint
    assert done.code == 0
    assert f"partly fixed  missing-authentication  {fingerprint}\n" in done.out
    assert "closed at GET /members/{id}\n  still for `member`\n" in done.out
    assert done.out.endswith("2 findings: 1 open, 1 partly fixed\n")


def test_the_file_changes_with_write_only(memory: Path, tmp_path: Path) -> None:
    before = memory.read_bytes()
    fixed = saved(tmp_path, report(3, FIXED))
    assert oakum("findings", memory, "--report", fixed).out == "2 findings: 2 fixed\n"
    assert memory.read_bytes() == before
    assert oakum("findings", memory, "--report", fixed, "--write").code == 0
    after = memory.read_bytes()
    assert after != before
    assert oakum("findings", memory, "--report", fixed, "--write").code == 0
    assert memory.read_bytes() == after
    assert "fixed  authenticated-not-authorized" in oakum("findings", memory, "--all").out
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "findings.json", "run1.json", "run2.json", "run3.json",
    ]  # fmt: skip


def test_machines_are_told_the_same(memory: Path) -> None:
    said = oakum("findings", memory, "--format", "json").json
    assert said["schema"] == "oakum.findings/2"
    told = {e["viewer"]: (e["standing"], e["left"], e["retested"]) for e in said["findings"]}
    assert told == {"anyone": ("partly_fixed", ["member"], True), "member": ("open", [], True)}


def test_a_run_that_proves_nothing_is_told_and_is_not_clean(memory: Path, tmp_path: Path) -> None:
    lost = saved(tmp_path, report(3, FIXED, sound=False))
    done = oakum("findings", memory, "--report", lost)
    assert done.code == 3
    assert "run run3 closes nothing: identity `ann`: the login failed" in done.out
    assert "1 open, 1 partly fixed; 2 not re-tested" in done.out
    one = finding("privacy-setting-not-enforced", "city", "member").fingerprint
    assert f"tested again by oakum scan --only {one} --report FILE" in done.out


def test_wrong_files_are_refused_and_leave_the_memory_alone(memory: Path, tmp_path: Path) -> None:
    before = memory.read_bytes()
    old = saved(tmp_path, replace(report(1, FIXED), run="older"))
    edited = tmp_path / "edited.json"
    edited.write_bytes(saved(tmp_path, report(3, FIXED)).read_bytes().replace(b"closed", b"leak__"))
    for file, said in ((old, "older than the memory"), (edited, "edited.json")):
        done = oakum("findings", memory, "--report", file, "--write")
        assert (done.code, said in done.err, memory.read_bytes()) == (2, True, before)
    assert oakum("findings", tmp_path / "none.json").code == 2
    assert oakum("findings", tmp_path / "no" / "place.json", "--report", old, "--write").code == 2


def test_names_that_an_api_chose_move_no_cursor(tmp_path: Path) -> None:
    path = tmp_path / "findings.json"
    done = oakum("findings", path, "--report", saved(tmp_path, hostile()), "--write", "--all")
    assert "\x1b" not in done.out
    assert oakum("findings", path, "--format", "json").code == 0


def test_a_long_list_is_cut_and_counted(tmp_path: Path) -> None:
    done = oakum("findings", tmp_path / "new.json", "--report", saved(tmp_path, sample()))
    assert "more findings: `--all` lists them" in done.out
    assert not (tmp_path / "new.json").exists()


# ------------------------------------------------------------ replays


def replayed(folder: Path, **more: Any) -> Path:
    one = finding("privacy-setting-not-enforced", "city", "member")
    endpoint = {"method": ONE.method, "path": ONE.path, "operation": ONE.operation}
    content = {
        "schema": "oakum.replay/2", "run": "again", "started": "2026-01-05T12:00:00Z",
        "fingerprint": one.fingerprint, "field": "city",
        "endpoints": [{**endpoint, "result": "fixed", "reason": ""}], "left": [], "reasons": [],
    }  # fmt: skip
    path = folder / "replay.json"
    path.write_bytes(orjson.dumps({**content, **more}))
    return path


def test_a_replay_closes_what_no_scan_can(memory: Path, tmp_path: Path) -> None:
    file = replayed(tmp_path)
    done = oakum("findings", memory, "--replay", file, "--write")
    assert (done.code, done.out) == (0, "2 findings: 2 fixed\n")
    written = memory.read_bytes()
    assert oakum("findings", memory, "--replay", file, "--write").code == 0
    assert memory.read_bytes() == written
    again = oakum("findings", memory, "--report", saved(tmp_path, report(6, {**STAGE_2})))
    assert "1 regressed" in again.out


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ({"reasons": ["the budget was spent"]}, 3, "1 open"),
        ({"started": "2026-01-01T12:00:00Z"}, 2, "older than the memory"),
        ({"fingerprint": "0" * 16}, 2, "is not remembered"),
        (
            {"left": [{"viewer": "guest", "field": "city", "endpoints": []}]},
            2,
            "`guest` still sees it",
        ),
        ({"schema": "oakum.replay/3"}, 2, "`oakum.replay/3` is none of"),
    ],
)
def test_a_replay_that_tells_too_little_closes_nothing(
    memory: Path, tmp_path: Path, more: dict[str, object], code: int, said: str
) -> None:
    done = oakum("findings", memory, "--replay", replayed(tmp_path, **more))
    assert (done.code, said in done.out + done.err) == (code, True)


# ------------------------------------------------------------ the clock


def test_a_clock_is_kept_in_the_file(memory: Path) -> None:
    one = finding("privacy-setting-not-enforced", "city", "member").fingerprint
    done = oakum("findings", "disclose", one[:6], "--memory", memory, "--event", "reported", "--on",
                 "2021-01-20")  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert f"over  {one}" in done.out
    assert "may be published from 2021-04-20, 90 days after" in done.out
    assert oakum("findings", "disclose", "--memory", memory).code == 0
    assert oakum("findings", "disclose", "--memory", memory, "--check").code == 1
    said = oakum("findings", "disclose", one, "--memory", memory, "--format", "json").json
    (case,) = said["cases"]
    assert (case["publication"], case["due"], case["level"]) == ("2021-04-20", True, "over")
    end = ("--event", "published", "--on", "2021-05-05")
    assert oakum("findings", "disclose", one, "--memory", memory, *end).code == 0
    assert oakum("findings", "disclose", "--memory", memory, "--check").code == 0
    assert oakum("findings", memory).out.endswith("2 findings: 1 open, 1 partly fixed\n")


@pytest.mark.parametrize(
    "options",
    [
        ("--event", "published"),
        ("--event", "reported", "--on", "soon"),
        ("--event", "reported", "--on", "9999-01-01"),
        ("--on", "2021-01-20"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    memory: Path, options: tuple[str, ...]
) -> None:
    before = memory.read_bytes()
    one = finding("privacy-setting-not-enforced", "city", "member").fingerprint
    done = oakum("findings", "disclose", one, "--memory", memory, *options)
    assert (done.code, done.out, memory.read_bytes()) == (2, "", before)
    assert oakum("findings", "disclose", "--memory", memory, "--event", "reported").code == 2
    assert oakum("findings", "disclose", "feed", "--memory", memory).code == 2
