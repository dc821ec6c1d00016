"""Logs that grow, move away and are cut; `oakum observe watch` from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from oakum.errors import InputError
from oakum.traffic.recorded_exchange import RecordedExchange
from oakum.traffic.traffic_files import TrafficSource
from oakum.watch import log_follower as module
from oakum.watch.log_follower import follow
from tests.patience import patient

OAKUM = Path(sys.executable).with_name("oakum")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.001)


def written(number: int) -> str:
    return json.dumps({"method": "GET", "path": f"/members/{number}", "status": 200}) + "\n"


def paths(coming: Iterator[RecordedExchange | None]) -> list[str]:
    """What comes until nothing does for a while."""
    found, idle = [], 0
    while idle < 30:
        each = next(coming)
        if each is None:
            idle += 1
        else:
            found.append(each.exchange.request.url.rpartition("/")[2])
    return found


def test_a_log_is_followed_by_its_name(tmp_path: Path) -> None:
    log = tmp_path / "access.ndjson"
    log.write_text(written(1), encoding="utf-8")
    source = TrafficSource(str(log))
    coming = follow([source], whole=True)
    assert paths(coming) == ["1"]
    with log.open("a", encoding="utf-8") as file:
        file.write(written(2) + written(3)[:10])
        file.flush()
        assert paths(coming) == ["2"]  # the third is not whole yet
        file.write(written(3)[10:] + "no JSON\n")
    assert paths(coming) == ["3"]
    log.rename(tmp_path / "access.1")
    assert paths(coming) == []
    log.write_text(written(4), encoding="utf-8")
    assert paths(coming) == ["4"]
    log.write_text("", encoding="utf-8")  # cut, as copytruncate does
    assert paths(coming) == []
    log.write_text(written(5), encoding="utf-8")
    assert paths(coming) == ["5"]
    assert source.read == 5
    assert source.skipped == {"a line that is not JSON": 1}


def test_without_the_start_only_what_is_added_counts(tmp_path: Path) -> None:
    log = tmp_path / "access.ndjson"
    log.write_text(written(1), encoding="utf-8")
    coming = follow([TrafficSource(str(log))], whole=False)
    assert paths(coming) == []
    with log.open("a", encoding="utf-8") as file:
        file.write(written(2))
    assert paths(coming) == ["2"]


def test_a_line_without_end_takes_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST", 1000)
    monkeypatch.setattr(module, "_PIECE", 300)
    log = tmp_path / "access.ndjson"
    log.write_text("x" * 5000 + "\n" + written(2), encoding="utf-8")
    source = TrafficSource(str(log))
    assert paths(follow([source], whole=True)) == ["2"]
    assert source.skipped == {"a line that is too long": 1}


@pytest.mark.parametrize("name", ["access.ndjson.gz", "session.har"])
def test_what_does_not_grow_by_lines_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be followed"):
        next(follow([TrafficSource(name)], whole=True))


def test_standard_input_ends_with_all_of_it_and_an_honest_code() -> None:
    def watched(said: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [OAKUM, "observe", "watch", "-"],
            input=said,
            capture_output=True,
            text=True,
            timeout=patient(60),
        )

    done = watched(written(1) + written(2) + "no JSON\n")
    assert "2 exchanges read from 1 source" in done.stdout
    assert "1 skipped: a line that is not JSON" in done.stdout
    assert "GET /members/{memberId}" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.returncode == 0
    empty = watched("")
    assert "not trustworthy: `-` gave no exchange" in empty.stdout
    assert empty.returncode == 3


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_all_of_it(tmp_path: Path, sent: signal.Signals) -> None:
    log, document = tmp_path / "access.ndjson", tmp_path / "openapi.json"
    log.write_text(written(1) + written(1), encoding="utf-8")
    made = {"openapi": "3.1.0", "info": {"title": "club", "version": "1"},
            "paths": {"/members/{id}": {"get": {"responses": {}}}}}  # fmt: skip
    document.write_text(json.dumps(made), encoding="utf-8")
    args = [OAKUM, "observe", "watch", log, "--openapi", document, "--from-start", "--every", "0.2"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(args, stdout=subprocess.PIPE, text=True, env=environment) as running:
        assert running.stdout is not None
        assert "1 operation, 0 fields" in running.stdout.readline()
        with log.open("a", encoding="utf-8") as file:
            file.write(written(2).replace("members", "debug") * 2)
        assert "new endpoint" in running.stdout.readline()
        assert "drift" in running.stdout.readline()
        running.send_signal(sent)
        rest = running.stdout.read()
    assert "4 exchanges read from 1 source" in rest
    assert "GET /debug" in rest and "shadow" in rest
    assert running.returncode == 1
