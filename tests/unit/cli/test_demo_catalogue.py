"""`oakum demo catalogue`: what is listed, told, written and served, and what is refused."""

from __future__ import annotations

import builtins
import json
import re
import shlex
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import Any
from unittest.mock import patch

import pytest

from oakum_catalogue import entries, serving
from oakum_catalogue.kit import PATTERNS
from tests.patience import patient
from tests.shell import environment
from tests.unit.cli.shell import oakum

ROOT = Path(__file__).parent.parent.parent.parent
NAMES = list(entries())


def test_the_list_names_every_entry_with_its_pattern() -> None:
    lines = oakum("demo", "catalogue", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    for line, entry in zip(lines, entries().values(), strict=True):
        assert f" {entry.pattern} {PATTERNS[entry.pattern]} " in line
        assert line.endswith(entry.title)


def test_the_list_for_machines_holds_the_same() -> None:
    found = oakum("demo", "catalogue", "list", "--format", "json").json
    assert found["schema"] == "oakum.catalogue/2"
    assert [each["name"] for each in found["entries"]] == NAMES
    assert set(found["entries"][0]) == {"name", "pattern", "leak", "title"}


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_is_told_whole_to_people_and_to_machines(name: str) -> None:
    entry = entries()[name]
    text, data = (
        oakum("demo", "catalogue", "show", name),
        oakum("demo", "catalogue", "show", name, "--format=json"),
    )
    assert (text.code, text.err, data.code) == (0, "", 0)
    for words in (entry.title, entry.convention, PATTERNS[entry.pattern], *entry.decoys):
        assert words in text.out
    for truth in entry.truth:
        assert f"at {truth.endpoint}" in text.out
    assert data.json["truth"][0]["fields"] == list(entry.truth[0].fields)
    assert data.json["decoys"] == list(entry.decoys)
    assert data.json["options"] == list(entry.options)


@pytest.mark.parametrize("name", ["p10-tags", "p12-skippers"])
def test_files_are_written_for_a_scan(name: str, tmp_path: Path) -> None:
    done = oakum("demo", "catalogue", "show", name, "--seed", 7, "--out", tmp_path / "new" / "kit")
    kit = tmp_path / "new" / "kit"
    for file in kit.iterdir():
        assert file.name in done.err
    assert (kit / "identities.yaml").read_text() == entries()[name].identities(7)
    assert stat.S_IMODE((kit / "identities.yaml").stat().st_mode) & 0o077 == 0
    assert oakum("check", kit / "exposure.yaml").code == 0


@pytest.mark.parametrize("verb", ["show", "serve"])
def test_what_is_not_in_it_is_refused_with_the_nearest_name(verb: str) -> None:
    done = oakum("demo", "catalogue", verb, "p12-skipper")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: p12-skipper: not in the catalogue; did you mean `p12-skippers`?\n"
    assert "`oakum demo catalogue list`" in oakum("demo", "catalogue", verb, "xyz").err


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = oakum("demo", "catalogue", "show", "p01-boats", "--out", tmp_path / "file" / "kit")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")


def test_an_entry_is_served_as_asked_for() -> None:
    with patch.object(serving, "serve") as served:
        done = oakum(
            "demo", "catalogue", "serve", "p01-boats", "--mode=fixed", "--port=0", "--seed=7"
        )
    entry, mode, seed, listening = served.call_args.args
    address = "http://{}:{}".format(*listening.getsockname())
    listening.close()
    assert (done.code, entry.name, mode, seed) == (0, "p01-boats", "fixed", 7)
    assert done.out.splitlines() == [
        f"p01-boats, fixed, on {address}",
        "files: oakum demo catalogue show p01-boats --out p01-boats --seed 7",
        f"scan:  oakum scan p01-boats/exposure.yaml --target {address}"
        " --identities p01-boats/identities.yaml",
    ]


def test_a_scan_is_told_with_the_options_that_it_needs_and_the_address(tmp_path: Path) -> None:
    with patch.object(serving, "serve") as served:
        done = oakum(
            "demo",
            "catalogue",
            "serve",
            "p09-athletes",
            "--port=0",
            "--out",
            tmp_path,
            "--format=json",
        )
    served.call_args.args[3].close()
    (line,) = done.out.splitlines()
    said = json.loads(line)
    assert said["scan"][-2:] == ["--twin", f"{said['target']}/legacy"]
    assert said["scan"][2] == str(tmp_path / "exposure.yaml")
    assert (tmp_path / "exposure.yaml").exists()


def test_a_port_that_is_taken_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    with socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = oakum(
            "demo", "catalogue", "serve", "p01-boats", "--port", port, "--out", tmp_path / "kit"
        )
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: port {port}: address already in use; ")
    assert not (tmp_path / "kit").exists()


@pytest.mark.parametrize("missing", ["starlette", "oakum_catalogue"])
@pytest.mark.parametrize("words", [["list"], ["show", "p01-boats"], ["serve", "p01-boats"]])
def test_what_is_not_installed_is_named_with_a_way_to_get_it(
    words: list[str], missing: str
) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any, **named: Any) -> Any:
        if name.split(".")[0] == missing:
            raise ImportError("no", name=missing)
        return real(name, *more, **named)

    with patch.object(builtins, "__import__", without):
        done = oakum("demo", "catalogue", *words)
    assert (done.code, done.out) == (2, "")
    assert f"needs `{missing}`" in done.err
    assert "pip install ./examples '.[demo]'" in done.err


def test_each_pattern_has_its_heading_and_the_page_names_what_there_is() -> None:
    page = (ROOT / "docs/how-to/play-with-the-catalogue.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### (P\d+): (.+)$", page, re.M)
    assert headings == list(PATTERNS.items())
    texts = re.split(r"^### P\d+: .+$", page, flags=re.M)[1:]
    for pattern, text in zip(PATTERNS, texts, strict=True):
        there = {each.name for each in entries().values() if each.pattern == pattern}
        assert set(re.findall(r"`(p\d\d-[\w-]+)`", text)) == there


@contextmanager
def played(folder: Path, *words: str) -> Iterator[str]:
    """The command in a process of its own, interrupted at the end; the line with the scan."""
    server = subprocess.Popen(
        [sys.executable, "-m", "oakum", "demo", "catalogue", "serve", *words, "--port", "0"],
        cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout
    try:
        said = ""
        while not (found := re.search(r"^scan: +oakum (.*)\n", said, re.M)):
            line = server.stdout.readline()
            assert line, said
            said += line
        yield found[1]
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(patient(20)) == 0
        server.stdout.close()


@pytest.mark.server
@pytest.mark.parametrize(("mode", "code"), [("leaky", 1), ("fixed", 0)])
def test_the_scan_that_is_told_finds_what_leaks(
    mode: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with played(tmp_path, "p12-skippers", "--mode", mode, "--out", "kit") as scan:
        done = oakum(*shlex.split(scan), "--rate", 1000, "--format", "json")
    assert done.code == code
    found = {each["field"] for each in done.json["findings"]}
    assert found == ({"plan"} if mode == "leaky" else set())
