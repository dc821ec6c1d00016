"""User-facing errors: whose fault, where (`file:line:column`), what to do; and exit codes.

There are three kinds: wrong input, a target that misbehaves, and a bug in Oakum. Each has its exit
code. Messages are lower case, without a final period, user text in backticks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class ExitCode(IntEnum):
    """Exit codes of all commands; docs/reference/exit-codes.md says when each is returned."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    NOT_TRUSTWORTHY = 3
    INTERNAL = 70


def visible(text: str) -> str:
    """The text with control characters, line ends and direction marks written as escapes.

    CWE-150: an API or a document may choose a name of a field that forges a line of a report, or a
    command in the log of a pipeline.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


class Location(NamedTuple):
    """A place in a file that the user gave. Lines and columns count from 1; 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"

    def members(self) -> dict[str, str | int]:
        """The members `file`, `line` and `column` of a JSON object."""
        return {"file": self.file, "line": self.line, "column": self.column}


NOWHERE = Location("")
"""The place of something that no file states."""


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in an input: the place, what is wrong, and how to correct it if that is known."""

    location: Location
    message: str
    hint: str = ""

    def members(self) -> dict[str, str | int]:
        """The members of its place, with `message` and `hint`, for a JSON object."""
        return {**self.location.members(), "message": self.message, "hint": self.hint}

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location.file else ""
        hint = f"; {self.hint}" if self.hint else ""
        return visible(f"{where}{self.message}{hint}")


class OakumError(Exception):
    """Base of the errors that a command prints as a message instead of a traceback."""

    exit_code: ExitCode = ExitCode.INTERNAL


class InputError(OakumError):
    """The contract, the identities file or the options are wrong. Holds all mistakes at once."""

    exit_code = ExitCode.USAGE

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(p) for p in self.problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)  # so that another process can raise it here


class TargetError(OakumError):
    """Something outside Oakum failed during a run: the API, an engine, a login command, a browser,
    or the disk of the journal. The results of the run cannot be trusted."""

    exit_code = ExitCode.NOT_TRUSTWORTHY


def few(names: Sequence[str], most: int) -> str:
    """The first `most` names in backticks, and how many more there are."""
    listed = ", ".join(f"`{name}`" for name in names[:most])
    return f"{listed} and {len(names) - most} more" if len(names) > most else listed


def count_of(number: int, noun: str) -> str:
    """A number with its noun in singular or plural: `1 field`, `1,204 fields`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def pip_install(extra: str = "", beside: str = "") -> str:
    """The command that installs an extra, and the path `beside`, in Oakum's folder.

    Extras are not named as on a package index: Oakum is not published there, so anybody could own
    the name.
    """
    what = [*([beside] if beside else ()), *([f"'.[{extra}]'"] if extra else ())]
    return f"`pip install {' '.join(what)}` in Oakum's folder"


def install_hint(extra: str = "", beside: str = "") -> str:
    """The hint of an error about a missing package of an extra."""
    return f"install it: {pip_install(extra, beside)}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint such as "did you mean `is_private`?", or nothing when no known word is near."""
    import difflib  # a slow import that only a typing mistake needs

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""
