"""Writes the pages that `oakum observe` is asked for with `--html FILE`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from oakum.observe_pages import abuse, comparison, front_end_use, inventory
from oakum.openapi.model import Json
from oakum.output.atomic_file import write

_AROUND = 3
"""Lines of a contract that a page shows before and after the one it points at."""


def write_inventory(path: Path, document: Json) -> None:
    """Writes the page of an observation; raises `InputError` if it cannot be written."""
    places = [each["contract"] for each in document["drift"] if each["contract"]]
    write(path, inventory.render(document, _lines(places)).encode())


def write_usage(path: Path, document: Json) -> None:
    """Writes the page of the fields that front ends use; raises `InputError` if it cannot be
    written."""
    write(path, front_end_use.render(document, _lines(document.get("difference", ()))).encode())


def write_comparison(path: Path, document: Json) -> None:
    """Writes the page that compares granted, sent and used fields; raises `InputError` if it cannot
    be written."""
    places = [each["contract"] for each in document["rows"]]
    write(path, comparison.render(document, _lines(places)).encode())


def write_abuse(path: Path, document: Json) -> None:
    """Writes the page of detected abuse; raises `InputError` if it cannot be written."""
    write(path, abuse.render(document).encode())


def _lines(places: Iterable[Mapping[str, Json]]) -> dict[str, dict[str, str]]:
    """Lines of the user's files around places: those that a page shows, and no others.

    A file that cannot be read any more has no lines; the page still names the place.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for each in places:
        if each["line"]:
            wanted[each["file"]] |= {each["line"] + by for by in range(-_AROUND, _AROUND + 1)}
    found: dict[str, dict[str, str]] = {}
    for name, numbers in wanted.items():
        try:
            text = Path(name).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        found[name] = {str(at): text[at - 1] for at in sorted(numbers) if 0 < at <= len(text)}
    return found
