"""Kept calls, read back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from oakum.observe.call import Call
from oakum.observe.store.duck import MEMORY, connected
from oakum.observe.store.layout import COLUMNS, opened

_BATCH = 10_000


def calls(folders: Iterable[Path], memory: int = MEMORY) -> Iterator[Call]:
    """The calls of folders in the order of time, those without one first; one day at a time, in
    `memory` bytes. Raises `InputError` for what is no such folder."""
    days: dict[str, list[str]] = {}
    for name in opened(folders).files("calls"):
        days.setdefault(Path(name).parent.name, []).append(name)
    columns = ", ".join(f'"{name}"' for name in COLUMNS["calls"])
    with tempfile.TemporaryDirectory(prefix="oakum-") as private:
        duck = connected(Path(private) / "spill", memory)
        for day in sorted(days, key=lambda day: (day != "date=unknown", day)):
            found = duck.execute(
                f"SELECT {columns} FROM read_parquet($files, hive_partitioning = false)"
                " ORDER BY ALL",
                {"files": days[day]},
            )
            while rows := found.fetchmany(_BATCH):
                yield from (_call(dict(zip(COLUMNS["calls"], row, strict=True))) for row in rows)
        duck.close()


def _call(row: dict[str, Any]) -> Call:
    return Call(**row | {"asked": tuple(row["asked"]), "handed": tuple(row["handed"])})
