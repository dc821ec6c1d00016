"""The layout of kept calls: partitioned Parquet, and a manifest for each run.

    DIR/calls/date=2026-11-25/part-RUN-0.parquet    one row a call (`oakum.traffic.call.Call`)
    DIR/counts, fields, sent, drift/part-RUN.parquet    sums of one run, to be added up
    DIR/runs/RUN.json    what the run read, and which files are its own

A run is stored completely or not at all: its manifest is written last, and a file that no manifest
names is not read.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

import orjson

from oakum.errors import InputError, Location, Problem
from oakum.openapi.typed_json import Value
from oakum.openapi.typed_json import read_typed as read_as
from oakum.traffic.observation_model import SourceCounts

SCHEMA: Final = "oakum.kept/2"
Table = Literal["calls", "counts", "fields", "sent", "drift"]

COLUMNS: Final[Mapping[Table, Mapping[str, str]]] = {
    "calls": {
        "at": "BIGINT", "host": "VARCHAR", "method": "VARCHAR", "path": "VARCHAR",
        "operation": "VARCHAR", "status": "SMALLINT", "credentials": "VARCHAR",
        "caller": "BIGINT", "address": "BIGINT", "asked": "BIGINT[]", "handed": "BIGINT[]",
        "count": "INTEGER", "size": "BIGINT", "step": "BIGINT",
    },
    "counts": {
        "operation": "VARCHAR", "method": "VARCHAR", "path": "VARCHAR",
        "what": "VARCHAR", "name": "VARCHAR", "many": "BIGINT",
    },
    "fields": {
        "operation": "VARCHAR", "method": "VARCHAR", "path": "VARCHAR", "field": "VARCHAR",
        "steps": "VARCHAR[]", "types": "MAP(VARCHAR, BIGINT)", "formats": "MAP(VARCHAR, BIGINT)",
        "class": "VARCHAR", "present": "BIGINT", "of": "BIGINT",
    },
    "sent": {
        "run": "VARCHAR", "endpoint": "VARCHAR", "resource": "VARCHAR", "field": "VARCHAR",
        "viewer": "VARCHAR",
        "state": "MAP(VARCHAR, VARCHAR)", "present": "BIGINT", "of": "BIGINT",
    },
    "drift": {
        "kind": "VARCHAR", "endpoint": "VARCHAR", "method": "VARCHAR", "path": "VARCHAR",
        "resource": "VARCHAR", "field": "VARCHAR", "viewer": "VARCHAR",
        "state": "MAP(VARCHAR, VARCHAR)", "seen": "BIGINT", "certain": "BOOLEAN",
        "says": "VARCHAR", "file": "VARCHAR", "line": "INTEGER", "column": "INTEGER",
    },
}  # fmt: skip
"""Table → column → SQL type; docs/reference/observation.md explains them."""


@dataclass(frozen=True)
class SourceNote:
    """How far a source has been read, for a later run to continue."""

    id: str
    """Identifies the file in all runs, even if it is renamed."""
    name: str
    size: int
    """Size of the (compressed) file in bytes when the run began."""
    head: str
    """Keyed hash of its first bytes."""
    tail: str
    """Keyed hash of the last bytes before `size`."""
    at: int
    """Position reached: bytes of decompressed lines, or entries of a HAR."""
    over: bool
    """Whether it was read to its end."""
    read: int
    """Number of exchanges read in all runs so far."""
    broken: str = ""


@dataclass(frozen=True)
class KeptRun:
    """The manifest of one kept run: its sources, its files, and what its hashes can be compared
    with."""

    run: str
    """Its random name."""
    key: str
    """Identifier of the key of its hashes: equal identifiers, comparable hashes."""
    sources: tuple[SourceCounts, ...]
    against: str = ""
    """The contract or document that it was compared with; empty: none."""
    digest: str = ""
    """SHA-256 of that document."""
    aside: Mapping[str, int] = field(default_factory=dict)
    unjudged: Mapping[str, int] = field(default_factory=dict)
    distrust: tuple[str, ...] = ()
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Table → paths of its files relative to the folder."""
    turn: int = 0
    """Number of the run among those that continue each other; 0: it does not."""
    asked: str = ""
    """SHA-256 of the options of such a run: document, hosts."""
    notes: tuple[SourceNote, ...] = ()
    """How far each of `sources` was read; empty: the run is not to be continued."""


def contract_text_digest(contract: Path | None) -> str:
    """The SHA-256 of a contract's text; empty without a contract."""
    return hashlib.sha256(contract.read_bytes()).hexdigest() if contract is not None else ""


@dataclass(frozen=True)
class KeptCalls:
    """All runs in the folders that a report reads."""

    homes: tuple[tuple[Path, KeptRun], ...]
    """(folder, run) for each run."""

    @property
    def runs(self) -> tuple[KeptRun, ...]:
        """The runs, without their folders."""
        return tuple(run for _, run in self.homes)

    @property
    def reads(self) -> tuple[SourceCounts, ...]:
        """The counts of each source, summed over runs that continued it."""
        found: dict[object, SourceCounts] = {}
        for run in sorted(self.runs, key=lambda each: each.turn):
            notes = {note.name: note.id for note in run.notes}
            for each in run.sources:
                id = notes.get(each.name, (run.run, each.name))
                past = found.get(id)
                if past is not None:
                    skipped = dict(Counter(past.skipped) + Counter(each.skipped))
                    each = replace(each, read=past.read + each.read, skipped=skipped)
                found[id] = each
        return tuple(found.values())

    def files(self, table: Table) -> list[str]:
        """Paths of a table's Parquet files in all runs, sorted."""
        return sorted(
            str(folder / name) for folder, run in self.homes for name in run.files.get(table, ())
        )


def is_kept(folder: Path) -> bool:
    """Whether a folder contains a kept run."""
    return (folder / "runs").is_dir()


def open_runs(folders: Iterable[Path]) -> KeptCalls:
    """The kept runs in these folders, by their `runs/*.json`; a run in two folders counts once.

    Raises `InputError` with each folder without a run, each manifest that cannot be read, and each
    missing file.
    """
    homes: dict[str, tuple[Path, KeptRun]] = {}
    problems = []
    for folder in folders:
        sheets = sorted((folder / "runs").glob("*.json"))
        if not sheets:
            problems.append(Problem(Location(str(folder)), "contains no kept run"))
        for sheet in sheets:
            try:
                run = read_as(sheet.read_bytes(), str(sheet), SCHEMA, _run)
            except OSError as error:
                why = (error.strerror or "cannot be read").lower()
                problems.append(Problem(Location(str(sheet)), why))
            except InputError as wrong:
                problems += wrong.problems
            else:
                homes.setdefault(run.run, (folder, run))
    kept = KeptCalls(tuple(homes[name] for name in sorted(homes)))
    for name in (name for table in COLUMNS for name in kept.files(table)):
        if not Path(name).is_file():
            hint = "restore it, or keep the sources anew into another folder"
            problems.append(Problem(Location(name), "is missing, although a run wrote it", hint))
    if problems:
        raise InputError(problems)
    return kept


def unreadable(folders: Iterable[Path]) -> InputError:
    """The error for a file of a manifest that cannot be read; the engine's own error might quote
    its content."""
    said, hint = "contains a truncated or broken file", "keep its traffic again"
    return InputError([Problem(Location(str(each)), said, hint) for each in folders])


def run_sheet(run: KeptRun) -> bytes:
    """The manifest as JSON text."""
    said = {"schema": SCHEMA, **asdict(run)}
    return orjson.dumps(said, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _run(said: Value) -> KeptRun:
    return KeptRun(
        said["run"].text(),
        said["key"].text(),
        said["sources"].each(_read),
        said["against"].text(),
        said["digest"].text(),
        said["aside"].members(Value.whole),
        said["unjudged"].members(Value.whole),
        said["distrust"].each(Value.text),
        said["files"].members(lambda names: names.each(_below)),
        said["turn"].whole(),
        said["asked"].text(),
        said["notes"].each(_note),
    )


def _read(said: Value) -> SourceCounts:
    return SourceCounts(
        said["name"].text(),
        said["kind"].text(),
        said["read"].whole(),
        said["skipped"].members(Value.whole),
        said["broken"].text(),
    )


def _note(said: Value) -> SourceNote:
    id, name, head, tail, broken = (
        said[each].text() for each in ("id", "name", "head", "tail", "broken")
    )
    size, at, read = (said[each].whole() for each in ("size", "at", "read"))
    return SourceNote(id, name, size, head, tail, at, said["over"].flag(), read, broken)


def _below(said: Value) -> str:
    """A file of the folder that the sheet is in, and of no other."""
    name = said.text()
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise said.refuse("this should be a file below the folder")
    return name


def column_types(table: Table) -> Iterator[str]:
    """`name type` of each column, as DuckDB writes them."""
    yield from (f"'{name}': '{kind}'" for name, kind in COLUMNS[table].items())
