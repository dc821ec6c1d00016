"""DuckDB, with its memory and its temporary files in our hands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from oakum.errors import InputError, Location, Problem

if TYPE_CHECKING:
    import duckdb

MEMORY: Final = 1_000_000_000
"""Bytes that it may use, unless said otherwise."""


def connected(spill: Path, memory: int = MEMORY) -> duckdb.DuckDBPyConnection:
    """A database in memory. `spill`: where it puts what does not fit; made when it is needed.

    Raises `InputError` where it is not installed.
    """
    try:
        import duckdb
    except ImportError:
        hint = "install it with: pip install '.[observe]' in Oakum's folder"
        raise InputError([Problem(Location("kept calls"), "need `duckdb`", hint)]) from None
    made = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{memory}B",
            "temp_directory": str(spill),
            "preserve_insertion_order": False,
            "enable_external_file_cache": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    made.execute("SET enable_progress_bar = false")
    return made
