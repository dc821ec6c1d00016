"""Where reading continues in each file, from the manifests of a folder.

A file is identified by its content, not by its name. Reading continues if the file's beginning, and
the bytes before the place that was reached, are unchanged. So a log that was renamed is not read
twice, and another log of the same name is read from its beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from oakum.errors import InputError, Location, Problem
from oakum.traffic.store.layout import KeptRun, SourceNote

SEEN: Final = 1024
"""Bytes by which a file is identified, at its beginning and before its end."""


@dataclass(frozen=True)
class SourceFile:
    """A source file in its current state."""

    name: str
    size: int
    mark: Callable[[int, int], str]
    """Keyed hash of its (compressed) bytes between two positions."""

    @property
    def head(self) -> str:
        """Hash of the first bytes, which identifies the file."""
        return self.mark(0, min(SEEN, self.size))

    @property
    def tail(self) -> str:
        """Hash of the last bytes that were read."""
        return self.mark(max(0, self.size - SEEN), self.size)


def latest(runs: Iterable[KeptRun]) -> dict[str, SourceNote]:
    """Source id → its note in the latest run that has one."""
    return {note.id: note for run in sorted(runs, key=lambda each: each.turn) for note in run.notes}


def begin_sources(
    runs: Sequence[KeptRun], key: str, asked: str, folder: str
) -> dict[str, SourceNote]:
    """Source id → how far it was read so far. Raises `InputError` if the earlier runs used another
    key, contract, document or hosts: their numbers could not be added."""
    hint = "give the original options, or keep into another folder: reports can read several"
    place = Location(folder)
    known = [run for run in runs if run.turn]
    problems = []
    if any(run.key != key for run in known):
        problems.append(Problem(place, "was kept under another key", hint))
    if any(run.asked != asked for run in known):
        what = "was kept with another contract, document or hosts"
        problems.append(Problem(place, what, hint))
    if problems:
        raise InputError(problems)
    return latest(known)


def notes_to_continue(
    files: Sequence[SourceFile], notes: Mapping[str, SourceNote]
) -> list[SourceNote | None]:
    """For each file, the note to continue from; None: it is read from its start.

    Raises `InputError` with each file for which neither is possible: one that shrank or was
    overwritten, and one with the name of a file that was only partly read.
    """
    named = {note.name: note for note in notes.values()}
    found = {file.name: _same(file, [named.get(file.name)]) for file in files}
    taken = {note.id for note in found.values() if note is not None}
    for file in files:
        if found[file.name] is None:
            free = [note for note in notes.values() if note.id not in taken]
            found[file.name] = note = _same(file, free)
            taken |= {note.id} if note is not None else set()
    problems = [
        Problem(Location(file.name), *why)
        for file in files
        if (note := named.get(file.name)) is not None and found[file.name] is None
        for why in _check_file(file, note, taken)
    ]
    if problems:
        raise InputError(problems)
    return [found[file.name] for file in files]


def _same(file: SourceFile, notes: Iterable[SourceNote | None]) -> SourceNote | None:
    """The note of a file whose bytes are as they were when it was written."""
    heads: dict[int, str] = {}
    for note in notes:
        if note is None or not 0 < note.size <= file.size:
            continue
        until = min(SEEN, note.size)
        if until not in heads:
            heads[until] = file.mark(0, until)
        tail = max(0, note.size - SEEN)
        if heads[until] == note.head and file.mark(tail, note.size) == note.tail:
            return note
    return None


def _check_file(file: SourceFile, note: SourceNote, taken: set[str]) -> Iterator[tuple[str, str]]:
    if note.id in taken:
        return
    until = min(SEEN, note.size)
    if file.size >= until and file.mark(0, until) == note.head:
        hint = "keep it into another folder: this one already has its earlier contents"
        yield "has shrunk or was overwritten since it was read", hint
    elif not note.over:
        hint = "give that file under its present name, or keep into another folder"
        yield "is not the file whose reading was interrupted", hint
