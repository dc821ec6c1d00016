"""`oakum observe keep --resume`: reads in sections, each a run that can be continued.

The manifest of a section says how far each source was read, and is written completely or not at
all. So a killed run loses only its current section. No state is carried over between sections: the
result of a section depends on its records alone, and not on when the previous one was read.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oakum.cli.observe_options import key_of
from oakum.errors import ExitCode, InputError, Location, Problem
from oakum.policy.contract import contract_digest, load
from oakum.traffic.call import Hasher
from oakum.traffic.calls_from_exchanges import Endpoints
from oakum.traffic.evaluation.traffic_judge import ContractJudge
from oakum.traffic.observation_model import SourceCounts
from oakum.traffic.store.keep_run import against_of, no_proof, put, tables
from oakum.traffic.store.layout import KeptRun, SourceNote, is_kept, open_runs
from oakum.traffic.store.parquet_writer import Keeper, sweep, unwritable
from oakum.traffic.store.read_positions import SourceFile, begin_sources, notes_to_continue
from oakum.traffic.survey import Surveyor
from oakum.traffic.traffic_files import TrafficSource, records

if TYPE_CHECKING:
    from oakum.traffic.recorded_exchange import RecordedExchange

STRETCH = 1_000_000
"""Number of exchanges in a section: at most this many are read again after an interruption."""


class _Cursor:
    """Reads all sources from their last positions, one exchange after the other."""

    def __init__(self, files: Sequence[SourceFile], notes: Sequence[SourceNote]) -> None:
        self._files, self.notes = files, [*notes]
        self._sources = [TrafficSource(file.name, grows=True) for file in files]
        self._told = [Counter[str]() for _ in files]
        self._over = [
            note.over and note.size == file.size
            for note, file in zip(notes, files, strict=True)
        ]  # fmt: skip
        self._through = itertools.chain.from_iterable(map(self._each, range(len(files))))

    def _each(self, at: int) -> Iterator[RecordedExchange]:
        if not self._over[at]:
            yield from records(self._sources[at], start=self.notes[at].at)
            self._over[at] = True

    def stretch(self, many: int) -> Iterator[RecordedExchange]:
        """At most `many` of the exchanges that no earlier run has read."""
        return itertools.islice(self._through, many)

    def came(self) -> Iterator[tuple[SourceCounts, SourceNote]]:
        """What each source yielded since the last call; sources without news are omitted."""
        for at, (file, source, past) in enumerate(
            zip(self._files, self._sources, self.notes, strict=True)
        ):
            counted = Counter({"": source.read, **source.skipped})
            new = counted - self._told[at]
            over, broken = self._over[at], source.broken
            is_news = new or (source.at, over, broken) != (past.at, past.over, past.broken)
            if not (source.kind or broken) or not is_news or not (source.at or broken):
                continue
            read = new.pop("", 0)
            self._told[at] = counted
            self.notes[at] = note = SourceNote(
                past.id, file.name, file.size, file.head, file.tail,
                source.at, over, past.read + read, broken,
            )  # fmt: skip
            yield SourceCounts(file.name, source.kind, read, dict(new), broken), note


@dataclass(frozen=True)
class ResumableReading:
    """Reads only what was added to the sources since the last run."""

    folder: Path
    contract: Path | None
    openapi: Path | None
    hosts: tuple[str, ...]
    key: Path

    def run(self, found: Sequence[TrafficSource]) -> int:
        """Reads the rest of the sources. Raises `InputError` if the last position is unknown."""
        runs = _runs(self.folder)
        if any(run.turn for run in runs) and not self.key.exists():
            hint = "give the key that the folder was kept with"
            raise InputError([Problem(Location(str(self.key)), "is not there", hint)])
        secret = key_of(self.key, make=True)
        hashed = Hasher(secret)
        with _alone(self.folder):
            sweep(self.folder)
            runs, files = _runs(self.folder), [_file(each.name, hashed) for each in found]
            asked = self._input_digest()
            known = begin_sources(runs, hashed.mark, asked, str(self.folder))
            starts = [
                note
                or SourceNote(secrets.token_hex(8), file.name, 0, "", "", 0, over=False, read=0)
                for note, file in zip(notes_to_continue(files, known), files, strict=True)
            ]
            turn = max((run.turn for run in runs), default=0)
            cursors = [_Cursor(files, starts) for _ in range(3)]
            many, read = 0, STRETCH
            proves = any(run.files.get("calls") for run in runs if run.turn)
            while read == STRETCH:
                turn += 1
                read, calls, empty = self._stretch(cursors, secret, turn, asked)
                many, proves = many + calls, proves or not empty
        distrust = [*_distrust(cursors[0].notes)] or ([] if proves else [*empty])
        for why in distrust:
            click.echo(f"not trustworthy: {why}", err=True)
        click.echo(f"kept {many:,} calls in {self.folder}", err=True)
        return ExitCode.NOT_TRUSTWORTHY if distrust else ExitCode.CLEAN

    def _stretch(
        self, cursors: Sequence[_Cursor], secret: bytes, turn: int, asked: str
    ) -> tuple[int, int, tuple[str, ...]]:
        """Keep the next exchanges as a run; how many were read, how many calls that gave, and why
        that proves nothing."""
        first, second, third = cursors
        against, known_by = against_of(self.contract, self.openapi)
        surveyor, hashed = Surveyor(secret, against, self.hosts), Hasher(secret)
        read = 0
        for passed in first.stretch(STRETCH):
            read += 1
            if isinstance(against, ContractJudge):
                against.learn(passed)
            else:
                surveyor.take(passed)
        if isinstance(against, ContractJudge):
            for passed in second.stretch(read):
                surveyor.take(passed)
        came = [*first.came()]
        if not came:
            return 0, 0, no_proof(against, 0)
        survey = surveyor.finish()
        endpoints = Endpoints(survey, against, self.hosts)
        calls = (endpoints.call(passed, hashed) for passed in third.stretch(read))
        with Keeper(self.folder) as keeper:
            many = put(keeper, (call for call in calls if call is not None))
            tables(keeper, survey, against)
            keeper.finish(
                KeptRun(
                    "",
                    hashed.mark,
                    tuple(each for each, _ in came),
                    str(self.contract or self.openapi or ""),
                    known_by,
                    survey.aside,
                    dict(against.unjudged_counts()) if against is not None else {},
                    tuple(_distrust(note for _, note in came if note.over)),
                    turn=turn,
                    asked=asked,
                    notes=tuple(note for _, note in came),
                )
            )
        return read, many, no_proof(against, many)

    def _input_digest(self) -> str:
        """SHA-256 of the contract or the document, and of the hosts."""
        file = self.contract or self.openapi
        said = [contract_digest(load(file)) if file is not None else "", *sorted(set(self.hosts))]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _distrust(notes: Iterable[SourceNote]) -> Iterator[str]:
    for note in notes:
        if note.broken or not note.read:
            yield TrafficSource(note.name, broken=note.broken).distrust


def _runs(folder: Path) -> Sequence[KeptRun]:
    is_some = is_kept(folder) and any((folder / "runs").glob("*.json"))
    return open_runs([folder]).runs if is_some else ()


def _file(name: str, hashed: Hasher) -> SourceFile:
    path = Path(name)

    def mark(start: int, end: int) -> str:
        try:
            with path.open("rb") as file:
                file.seek(start)
                return Hasher.hash_text(hashed(file.read(end - start).decode("latin-1")))
        except OSError as error:
            why = f"cannot be read: {(error.strerror or 'no reason given').lower()}"
            raise InputError([Problem(Location(name), why)]) from None

    return SourceFile(name, path.stat().st_size, mark)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other reading goes on in this folder meanwhile. The lock goes with its process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise unwritable(folder, error) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        hint = "wait until that run ends"
        raise InputError(
            [Problem(Location(str(folder)), "another run is writing to it", hint)]
        ) from None
    finally:
        os.close(lock)
