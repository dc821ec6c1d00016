"""`oakum init`."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from oakum.cli import shared
from oakum.errors import InputError, Location, Problem
from oakum.inference.draft import draft
from oakum.openapi.document import Document


@click.command(epilog="Example: oakum init openapi.json --output exposure.yaml")
@click.argument("document", type=shared.PATH)
@click.option(
    "--output", "-o", type=shared.PATH, metavar="FILE", help="output file; default: standard output"
)
@click.option("--force", is_flag=True, help="overwrite an existing file")
def command(document: Path, output: Path | None, force: bool) -> int:
    """Draft an exposure contract from an OpenAPI DOCUMENT, for a person to finish.

    A comment gives the reason for each guess. Nobody sees a field without a line.
    """
    _on_this_disk(document)
    if output is not None and output.exists() and not force:
        place = Location(str(output))
        raise InputError([Problem(place, "is there already", "give another name, or --force")])
    folder = output.parent if output is not None else Path()
    found = Document.load(document)
    shared.warn(found.warnings)
    text = draft(found, api=os.path.relpath(document, folder))
    if output is None:
        click.echo(text, nl=False)
        return 0
    shared.write_text(output, text)
    click.echo(f"wrote {output}; review it, then run `oakum check {output}`", err=True)
    return 0


def _on_this_disk(document: Path) -> None:
    """Nothing is fetched that the user has not named as the target of a scan."""
    # `Path` has removed one of the slashes.
    address = re.sub(r"^(https?):/+", r"\1://", str(document), flags=re.IGNORECASE)
    if "://" in address and not document.exists():
        hint = f"download it first: `curl -o openapi.json {address}`"
        raise InputError([Problem(Location(address), "is an address, not a file", hint)])
