"""Reads kept calls back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oakum.traffic.call import RecordedCall
from oakum.traffic.store.duckdb_connection import MEMORY, connect
from oakum.traffic.store.engine import UnreadableSource, translate_errors
from oakum.traffic.store.layout import COLUMNS, open_runs, unreadable

if TYPE_CHECKING:
    import duckdb

_BATCH = 10_000


def calls(folders: Iterable[Path], memory: int = MEMORY) -> Iterator[RecordedCall]:
    """The calls in these folders in the order of time, those without a time first; reads one day at
    a time, in `memory` bytes. Raises `InputError` if a folder has no kept calls or cannot be
    read."""
    folders = [*folders]
    days: dict[str, list[str]] = {}
    for name in open_runs(folders).files("calls"):
        days.setdefault(Path(name).parent.name, []).append(name)
    with tempfile.TemporaryDirectory(prefix="oakum-") as private:
        duck = connect(Path(private) / "spill", memory)
        for day in sorted(days, key=lambda day: (day != "date=unknown", day)):
            rows = _rows(duck, days[day])
            while some := _next(rows, folders):
                yield from (_call(dict(zip(COLUMNS["calls"], row, strict=True))) for row in some)
        duck.close()


def _rows(duck: duckdb.DuckDBPyConnection, files: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    columns = ", ".join(f'"{name}"' for name in COLUMNS["calls"])
    with translate_errors():
        found = duck.execute(
            f"SELECT {columns} FROM read_parquet($files, hive_partitioning = false) ORDER BY ALL",
            {"files": files},
        )
        while rows := found.fetchmany(_BATCH):
            yield rows


def _next(rows: Iterator[list[tuple[Any, ...]]], folders: list[Path]) -> list[tuple[Any, ...]]:
    try:
        return next(rows, [])
    except UnreadableSource:
        raise unreadable(folders) from None


def _call(row: dict[str, Any]) -> RecordedCall:
    return RecordedCall(**row | {"asked": tuple(row["asked"]), "handed": tuple(row["handed"])})
