"""`--html FILE` of the `oakum observe` commands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from oakum.cli import shared
from oakum.openapi.model import Json

OPTION = click.option(
    "--html", "html_file", type=shared.PATH, metavar="FILE",
    help="also write one self-contained HTML file",
)  # fmt: skip
_AROUND = 3


def inventory(path: Path, document: Json) -> None:
    """The page of an observation; raises `InputError` when it cannot be written."""
    from oakum.page.file import write
    from oakum.pages.inventory import render

    places = [each["contract"] for each in document["drift"] if each["contract"]]
    write(path, render(document, lines(places)).encode())


def usage(path: Path, document: Json) -> None:
    """The page of what front ends use; raises `InputError` when it cannot be written."""
    from oakum.page.file import write
    from oakum.pages.usage import render

    write(path, render(document, lines(document.get("difference", ()))).encode())


def comparison(path: Path, document: Json) -> None:
    """The page of the three-way difference; raises `InputError` when it cannot be written."""
    from oakum.page.file import write
    from oakum.pages.comparison import render

    places = [each["contract"] for each in document["rows"]]
    write(path, render(document, lines(places)).encode())


def abuse(path: Path, document: Json) -> None:
    """The page of who takes too much; raises `InputError` when it cannot be written."""
    from oakum.page.file import write
    from oakum.pages.abuse import render

    write(path, render(document).encode())


def lines(places: Iterable[Mapping[str, Json]]) -> dict[str, dict[str, str]]:
    """Lines of the user's files around places: those that a page shows, and no others.

    A file that cannot be read any more has none: the place is told all the same.
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
