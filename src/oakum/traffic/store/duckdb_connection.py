"""A DuckDB connection with bounded memory and its own temporary folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from oakum.errors import InputError, Location, Problem, install_hint

if TYPE_CHECKING:
    import duckdb

MEMORY: Final = 1_000_000_000
"""Default memory limit in bytes."""
_THREAD: Final = 100_000_000
"""Bytes that each thread needs for reading lines: two buffers of 32 MiB, and its groups."""


def connect(spill: Path | None, memory: int = MEMORY) -> duckdb.DuckDBPyConnection:
    """An in-memory database. `spill`: folder for data that does not fit; None: nowhere. A process
    that reads personal data must not have one: DuckDB writes whole pages of memory, including what
    was there before.

    Raises `InputError` if DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError:
        hint = install_hint("observe")
        raise InputError([Problem(Location("kept calls"), "need `duckdb`", hint)]) from None
    made = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{memory}B",
            "threads": max(1, min(os.cpu_count() or 1, memory // _THREAD)),
            "temp_directory": str(spill) if spill is not None else "",
            "preserve_insertion_order": False,
            "enable_external_file_cache": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    made.execute("SET enable_progress_bar = false")
    # DuckDB materialises the right side of a join and streams the left one; swapped, the raw lines
    # would spill to disk.
    made.execute("SET disabled_optimizers = 'join_order, build_side_probe_side'")
    return made
