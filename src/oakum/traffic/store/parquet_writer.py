"""Writes kept calls as Parquet in pieces of bounded size, each atomically.

DuckDB writes the Parquet, from lines that contain the fields of a `Call` and nothing else.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, Self

import orjson

from oakum.errors import InputError, Location, Problem
from oakum.traffic.call import RecordedCall
from oakum.traffic.store.duckdb_connection import connect
from oakum.traffic.store.layout import KeptRun, Table, column_types, run_sheet

MOST: Final = 200_000
"""Most calls in one Parquet file."""
_DATES: Final = 64
"""Most days with an open file."""


class Keeper:
    """Stores calls and sums in a folder; if it is left without `finish`, nothing remains."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.run = secrets.token_hex(8)
        self._hidden = folder / f".{self.run}.tmp"
        self._open: dict[str, IO[bytes]] = {}
        self._many: dict[str, int] = {}
        self._parts = 0
        self._files: dict[str, list[str]] = {}

    def __enter__(self) -> Self:
        try:
            self._hidden.mkdir(parents=True, mode=0o700)
            self._lock = _lock_folder(self._hidden)
        except OSError as error:
            raise unwritable(self._folder, error) from None
        self._duck = connect(None)
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._open.values():
            each.close()
        self._duck.close()
        shutil.rmtree(self._hidden, ignore_errors=True)
        os.close(self._lock)

    def put(self, call: RecordedCall) -> None:
        """Appends a call to the file of its day; the day opened first is closed when too many are
        open."""
        day = date(call.at)
        file = self._open.get(day)
        if file is None:
            if len(self._open) == _DATES:
                self._close(next(iter(self._open)))
            file = self._open[day] = (self._hidden / f"{day}.ndjson").open("wb")
            self._many[day] = 0
        file.write(orjson.dumps(call, option=orjson.OPT_APPEND_NEWLINE))
        self._many[day] += 1
        if self._many[day] == MOST:
            self._close(day)

    def _close(self, day: str) -> None:
        self._open.pop(day).close()
        name = f"calls/date={day}/part-{self.run}-{self._parts}.parquet"
        self._parts += 1
        self._write_table("calls", self._hidden / f"{day}.ndjson", name)

    def table(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Adds rows to a table of sums."""
        lines = self._hidden / f"{table}.ndjson"
        with lines.open("wb") as file:
            for row in rows:
                file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            some = file.tell() > 0
        if some:
            self._write_table(table, lines, f"{table}/part-{self.run}.parquet")
        else:
            lines.unlink()

    def _write_table(self, table: Table, lines: Path, name: str) -> None:
        target = self._hidden / name
        target.parent.mkdir(parents=True, exist_ok=True)
        columns = ", ".join(column_types(table))
        self._duck.execute(
            f"COPY (SELECT * FROM read_json($lines, format = 'newline_delimited',"
            f" columns = {{{columns}}})) TO '{_quote(target)}' (FORMAT parquet, COMPRESSION zstd)",
            {"lines": str(lines)},
        )
        lines.unlink()
        self._files.setdefault(table, []).append(name)

    def finish(self, run: KeptRun) -> KeptRun:
        """Moves all files into place, the manifest last. Raises `InputError` if that fails."""
        for day in [*self._open]:
            self._close(day)
        files = {table: tuple(names) for table, names in self._files.items()}
        whole = replace(run, run=self.run, files=files)
        sheet = f"runs/{self.run}.json"
        (self._hidden / "runs").mkdir()
        (self._hidden / sheet).write_bytes(run_sheet(whole))
        moved: list[Path] = []
        try:
            for name in (*(name for names in files.values() for name in names), sheet):
                place = self._folder / name
                place.parent.mkdir(parents=True, exist_ok=True)
                _settle(self._hidden / name)
                if name == sheet:
                    for folder in {
                        self._folder,
                        *(up for each in moved for up in each.parents[:2]),
                    }:
                        _settle(folder)
                (self._hidden / name).replace(place)
                moved.append(place)
            _settle(place.parent)
        except OSError as error:
            for place in moved:
                place.unlink()
            raise unwritable(self._folder, error) from None
        return whole


def _settle(path: Path) -> None:
    """What is written there outlives a loss of power."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def sweep(folder: Path) -> None:
    """Removes files of killed runs, but not of runs that are still writing."""
    for hidden in folder.glob(".*.tmp"):
        try:
            lock = _lock_folder(hidden)
        except OSError:
            continue
        run = hidden.stem.removeprefix(".")
        if not (folder / "runs" / f"{run}.json").exists():
            for part in (*folder.glob(f"*/part-{run}.*"), *folder.glob(f"*/*/part-{run}-*")):
                part.unlink()
        shutil.rmtree(hidden, ignore_errors=True)
        os.close(lock)


def _lock_folder(folder: Path) -> int:
    """A folder, locked until its process ends. Raises `OSError` where another one has it."""
    found = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(found)
        raise
    return found


def unwritable(folder: Path, error: OSError) -> InputError:
    """The error for a folder that cannot be written."""
    why = (error.strerror or "no reason given").lower()
    return InputError([Problem(Location(str(folder)), f"cannot be written: {why}")])


def date(at: int) -> str:
    """The day of an instant, in UTC; `unknown` without one."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d") if at else "unknown"


def _quote(path: Path) -> str:
    return str(path).replace("'", "''")
