"""Options that the `oakum observe` commands share: sources, hosts, HTML output, and the hashing
key."""

from __future__ import annotations

import os
from pathlib import Path

import click

from oakum.cli import shared
from oakum.errors import InputError, Location, Problem

SOURCES = click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
HOST = click.option(
    "--host", "hosts", multiple=True, metavar="NAME",
    help="only calls of this host; repeatable",
)  # fmt: skip
HTML = click.option(
    "--html", "html_file", type=shared.PATH, metavar="FILE",
    help="also write one self-contained HTML file",
)  # fmt: skip
_KEY = 32
_SHORT = 16
"""Keys shorter than this, in bytes, cause a warning: they can be guessed."""


def key_of(file: Path | None, make: bool = False) -> bytes:
    """The key of the hashes: the stripped text of a file, otherwise `OAKUM_AUDIT_KEY` as for a
    guard, otherwise random. `make`: create a missing file, readable by its owner only.

    A short key, or one that others can read, causes a warning and no error, since it may belong to
    a guard. Raises `InputError` for an empty file.
    """
    from oakum.guard.audit_reader import AUDIT_KEY
    from oakum.openapi.source import read_bytes

    if file is None:
        return os.environ.get(AUDIT_KEY, "").encode() or os.urandom(_KEY)
    if make and not file.exists():
        _make(file)
    place, found = Location(str(file)), read_bytes(file).strip()
    if not found:
        raise InputError([Problem(place, "is empty", "put the key into it")])
    hint = "whoever knows the key can find out who is behind each hash: "
    said = []
    if len(found) < _SHORT:
        said.append(Problem(place, f"is a key of fewer than {_SHORT} bytes", f"{hint}take another"))
    if file.stat().st_mode & 0o077:
        said.append(Problem(place, "can be read by others", f"{hint}chmod 600 {file}"))
    shared.warn(said)
    return found


def _make(file: Path) -> None:
    try:
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w") as text:
            text.write(os.urandom(_KEY).hex() + "\n")
    except OSError as error:
        why = (error.strerror or "cannot be written").lower()
        raise InputError([Problem(Location(str(file)), why)]) from None
    click.echo(
        f"created {file}, the key of the hashes: keep it, and use it again next time", err=True
    )


def not_both(contract: Path | None, openapi: Path | None) -> None:
    """Raises `UsageError` if both a contract and a document are given."""
    if contract is not None and openapi is not None:
        raise click.UsageError("give `--contract` or `--openapi`, not both")
