"""A reading that is broken off, or a log that grows, goes on, and ends as one pass would."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from oakum.cli import observe_resume
from oakum.errors import InputError
from oakum.traffic import traffic_files
from oakum.traffic.store import parquet_writer
from oakum.traffic.store.duckdb_connection import connect
from oakum.traffic.store.layout import COLUMNS, open_runs
from tests.observe.test_store import KEY, MARK, line
from tests.observe.test_traffic import DOCUMENT, observe

LINES = [
    *(line(f"/api/user/{n}", time=1_795_640_000 + n * 40_000) for n in range(4)),
    line(f"/{MARK}/nowhere", status=404), line("/x", method=7), {"other": MARK}, "", MARK,
    {"request": {"method": "GET", "url": f"https://club.example/api/user/9?near={MARK}"},
     "response": {"status": 200, "headers": {"content-type": "application/json"},
                  "body": {"id": 9, "nick": MARK, "email": f"{MARK}@club.example"}}},
]  # fmt: skip


class Killed(BaseException):
    """The process is gone."""


def text(picks: list[int]) -> bytes:
    said = (LINES[each] for each in picks)
    return b"".join((e if isinstance(e, str) else json.dumps(e)).encode() + b"\n" for e in said)


def key(folder: Path) -> Path:
    file = folder / "key"
    if not file.exists():
        file.write_text(KEY)
        file.chmod(0o600)
    return file


def resumed(folder: Path, *more: object, into: str = "kept", code: int = 0) -> str:
    made = ("--key", key(folder), "--resume")
    return observe("keep", "-o", folder / into, *made, *more, code=code)


def held(folder: Path) -> dict[str, Any]:
    """Everything in a folder that does not depend on the names of its runs."""
    kept, duck = open_runs([folder]), connect(None)
    reads = {read.name: (read.read, Counter(read.skipped), read.broken) for read in kept.reads}
    found: dict[str, Any] = {"reads": reads}
    for table, columns in COLUMNS.items():
        names = ", ".join(f'"{name}"' for name in columns if name != "run")
        if files := kept.files(table):
            rows = duck.execute(f"SELECT {names} FROM read_parquet($f)", {"f": files}).fetchall()
            found[table] = sorted(map(repr, rows))
    duck.close()
    return found


@contextmanager
def killed_at(step: int) -> Iterator[None]:
    """Nothing happens any more after so many steps: no call is kept, nothing moved or removed."""
    left = iter(range(step))

    def dying(does: Any) -> Any:
        def instead(*arguments: Any, **named: Any) -> Any:
            if next(left, None) is None:
                raise Killed
            return does(*arguments, **named)

        return instead

    def gone(keeper: Any, *_: object) -> None:
        keeper._duck.close()
        os.close(keeper._lock)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet_writer.Keeper, "put", dying(parquet_writer.Keeper.put))
        patch.setattr(Path, "replace", dying(Path.replace))
        patch.setattr(parquet_writer.Keeper, "__exit__", gone)
        yield


@settings(max_examples=5, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    st.lists(st.integers(0, len(LINES) - 1), min_size=4, max_size=9),
    st.integers(2, 4),
    st.integers(0, 24),
    st.booleans(),
)
def test_what_is_killed_anywhere_and_resumed_holds_what_one_pass_holds(
    picks: list[int], stretch: int, step: int, documented: bool
) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        (folder / "a.json").write_bytes(text([0, *picks]))
        (folder / "b.json.gz").write_bytes(gzip.compress(text([1, *picks[:3]])))
        given: tuple[object, ...] = (folder / "a.json", folder / "b.json.gz")
        given += ("--openapi", DOCUMENT) if documented else ()
        patch.setattr(observe_resume, "STRETCH", stretch)
        resumed(folder, *given, into="whole")
        with suppress(Killed), killed_at(step):
            resumed(folder, *given)
        resumed(folder, *given)
        assert held(folder / "kept") == held(folder / "whole")
        assert not [*(folder / "kept").glob(".*")]
        orphans = {str(e) for e in (folder / "kept").rglob("*.parquet")}
        kept = open_runs([folder / "kept"])
        assert orphans == {each for table in COLUMNS for each in kept.files(table)}
        assert MARK.encode() not in b"".join(e.read_bytes() for e in folder.glob("kept/runs/*"))


def test_one_stretch_holds_what_a_run_without_resume_holds(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_bytes(text([*range(len(LINES))] * 2))
    resumed(tmp_path, log)
    observe("keep", log, "-o", tmp_path / "plain", "--key", key(tmp_path), code=0)
    assert held(tmp_path / "kept") == held(tmp_path / "plain")


def test_a_log_that_grows_is_read_on_and_one_that_is_rotated_is_not_read_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, older, other = (tmp_path / each for each in ("log", "log.1", "other"))
    first, rest = text([0, 1, 2, 9]), text([3, 9])
    log.write_bytes(first[:-30])
    resumed(tmp_path, log)
    assert held(tmp_path / "kept")["reads"] == {str(log): (3, Counter(), "")}
    log.write_bytes(first)
    resumed(tmp_path, log)
    log.write_bytes(first + rest)
    log.rename(older)
    log.write_bytes(text([4, 5]))
    other.write_bytes(first)
    resumed(tmp_path, log, older, other)
    found = held(tmp_path / "kept")
    assert found["reads"][str(older)][0] == 6
    assert found["reads"][str(log)][0] == 1
    assert sum(found["reads"][str(log)][1].values()) == 1
    assert found["reads"][str(other)][0] == 4
    assert len(found["calls"]) == 11
    monkeypatch.setattr(traffic_files, "_read_exchanges", lambda *_: pytest.fail("read again"))
    resumed(tmp_path, log, older, other)
    assert held(tmp_path / "kept") == found
    traffic = json.loads(observe("traffic", tmp_path / "kept", "--format", "json", code=0))
    assert sum(each["read"] for each in traffic["sources"]) == 11
    assert len(traffic["sources"]) == 3


def test_what_keeps_no_call_is_never_green(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(json.dumps(line("/logo.png")) + "\n")
    for _ in range(2):
        resumed(tmp_path, log, code=3)
    with log.open("ab") as file:
        file.write(text([0]))
    for _ in range(2):
        resumed(tmp_path, log)


def test_what_cannot_go_on_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(text([0, 1, 2, 3]))
    resumed(tmp_path, log)
    before = held(tmp_path / "kept")
    for more in (("--openapi", DOCUMENT), ("--host", "club.example")):
        with pytest.raises(InputError, match="another contract, document or hosts"):
            resumed(tmp_path, log, *more)
    with pytest.raises(InputError, match="is not there"):
        resumed(tmp_path, log, "--key", tmp_path / "none")
    assert not (tmp_path / "none").exists()
    (tmp_path / "other").write_text("77" * 32)
    (tmp_path / "other").chmod(0o600)
    with pytest.raises(InputError, match="under another key"):
        resumed(tmp_path, log, "--key", tmp_path / "other")
    with pytest.raises(click.UsageError, match="needs `--key FILE`"):
        observe("keep", log, "-o", tmp_path / "kept", "--resume", code=2)
    whole = log.read_bytes()
    long = text([0, 1, 2, 3] * 9)
    log.write_bytes(long)
    resumed(tmp_path, log, into="long")
    for changed in (long[:-200], long[:-200] + long[-200:].upper()):
        log.write_bytes(changed)
        with pytest.raises(InputError, match="has shrunk or was overwritten"):
            resumed(tmp_path, log, into="long")
    log.write_bytes(whole)
    lock = os.open(tmp_path / "kept", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with pytest.raises(InputError, match="another run is writing to it"):
        resumed(tmp_path, log)
    os.close(lock)
    assert held(tmp_path / "kept") == before


def test_another_file_under_the_name_of_one_that_was_not_read_to_its_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    log.write_bytes(text([0, 1, 2, 3]))
    monkeypatch.setattr(observe_resume, "STRETCH", 2)
    with pytest.raises(Killed), killed_at(8):
        resumed(tmp_path, log)
    log.write_bytes(text([9, 9]))
    with pytest.raises(InputError, match="not the file whose reading was interrupted"):
        resumed(tmp_path, log)
    log.write_bytes(text([0, 1, 2, 3]))
    resumed(tmp_path, log)
    assert held(tmp_path / "kept")["reads"] == {str(log): (4, Counter(), "")}
