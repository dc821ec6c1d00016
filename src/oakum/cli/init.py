"""`oakum init`: drafts a contract from a document or from traffic."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path

import click

from oakum.cli import shared
from oakum.cli.schema import text as schema_text
from oakum.errors import ExitCode, InputError, Location, Problem, count_of, visible
from oakum.inference.draft import draft
from oakum.openapi.document import Document

_SCHEMA = "contract.schema.json"
_STYLES = {"question": "bold", "why": "", "choice": "dim", "error": "red"}


@click.command(
    epilog="Example: oakum init openapi.json --output exposure.yaml"
    "  |  oakum init --review exposure.yaml  |  oakum init --ask exposure.yaml"
)
@click.argument("document", type=click.Path(path_type=Path))
@click.option(
    "--output", "-o", type=shared.PATH, metavar="FILE", help="output file; default: standard output"
)
@click.option(
    "--ref", "refs", multiple=True, metavar="URL=FILE",
    help="file saved from an address that the document refers to; repeatable",
)  # fmt: skip
@click.option("--force", is_flag=True, help="overwrite an existing file")
@click.option(
    "--review",
    is_flag=True,
    help="then finish the draft in a page of this machine; DOCUMENT may be a contract",
)
@click.option("--ask", is_flag=True, help="the same in the terminal, or with answers from a pipe")
def command(
    document: Path,
    output: Path | None,
    refs: tuple[str, ...],
    force: bool,
    review: bool,
    ask: bool,
) -> int:
    """Draft an exposure contract from an OpenAPI DOCUMENT, for a person to finish.

    A collection of Postman or Insomnia, or the folder of one of Bruno, may stand in its place.
    A comment gives the reason for each guess. Nobody sees a field without a line. Nothing is
    fetched: what the document refers to by an address is given as a file, with `--ref`.
    """
    _on_this_disk(document)
    if review and ask:
        raise click.UsageError("--review and --ask: choose one")
    finish = _page if review else _ask_questions if ask else None
    if finish and output is None:
        if refs:
            raise click.UsageError(
                "--ref is for a new draft and needs --output; an existing contract names its files"
                " under `refs`"
            )
        return finish(document)
    if output is not None and output.exists() and not force:
        place = Location(str(output))
        raise InputError([Problem(place, "is there already", "give another name, or --force")])
    folder = output.parent if output is not None else Path()
    saved = _saved_refs(refs)
    found = Document.load(document, refs=saved)
    shared.warn(found.warnings)
    text = _schema_line(output) + draft(
        found,
        os.path.relpath(document, folder),
        {address: os.path.relpath(file, folder) for address, file in saved.items()},
    )
    if output is None:
        click.echo(text, nl=False)
        return 0
    shared.write_text(output, text)
    if finish:
        click.echo(f"wrote {output}", err=True)
        return finish(output)
    click.echo(f"wrote {output}; review it, then run `oakum check {output}`", err=True)
    return 0


def _schema_line(output: Path | None) -> str:
    """Names the JSON Schema for editors, if it is there as this Oakum writes it: another one would
    mark mistakes that are none."""
    beside = output.parent / _SCHEMA if output is not None else None
    if (
        beside is None
        or not beside.is_file()
        or beside.read_text("utf-8", "replace") != schema_text("contract")
    ):
        return ""
    return f"# yaml-language-server: $schema={_SCHEMA}\n"


def _page(contract: Path) -> int:
    """Serve the page of a review until somebody ends it."""
    from oakum.draft_review.server import ReviewServer
    from oakum.draft_review.session import ReviewSession

    session = ReviewSession(contract)
    server = ReviewServer(session)
    click.echo(f"review {contract} at {server.url}", err=True)
    click.echo("the address works once; end with Done there, or with Ctrl-C", err=True)
    with contextlib.suppress(KeyboardInterrupt), server:
        server.serve_forever(0.1)
    if session.writes:
        click.echo(f"wrote {contract}: {count_of(session.writes, 'time')}", err=True)
    if session.has_unsaved_edits:
        said = f"{count_of(len(session.done), 'change')} not saved"
        click.echo(f"{contract}: {said}", err=True)
    elif not session.writes:
        click.echo(f"{contract}: nothing was changed", err=True)
    return int(ExitCode.CLEAN)


def _ask_questions(contract: Path) -> int:
    """Ask the open questions in the terminal, and write the answers."""
    from rich.text import Text

    from oakum.draft_review.session import ReviewSession
    from oakum.draft_review.terminal import ask, ending

    session, screen = ReviewSession(contract), shared.console()
    person = sys.stdin.isatty()

    def show(line: str, kind: str) -> None:
        if kind != "prompt":
            screen.print(Text(visible(line), style=_STYLES[kind]))
        elif person:
            screen.print(line, end="")

    lines = iter(sys.stdin.readline, "")
    try:
        tally = ask(session, lines, show, again=person)
        for line in session.lines():
            screen.print(Text(visible(line), style="dim"))
        for line in ending(session, tally):
            show(line, "question")
        wanted = session.has_unsaved_edits and (not person or click.confirm("Write these lines?"))
    except KeyboardInterrupt:
        raise click.Abort from None
    if wanted:
        session.save()
        click.echo(f"wrote {contract}", err=True)
    else:
        click.echo(f"{contract}: nothing was written", err=True)
    return int(ExitCode.CLEAN)


def _on_this_disk(document: Path) -> None:
    """Nothing is fetched that the user has not named as the target of a scan."""
    # `Path` has removed one of the slashes.
    address = re.sub(r"^(https?):/+", r"\1://", str(document), flags=re.IGNORECASE)
    if "://" in address and not document.exists():
        hint = f"download it first: `curl -o openapi.json {address}`"
        raise InputError([Problem(Location(address), "is an address, not a file", hint)])


def _saved_refs(refs: tuple[str, ...]) -> dict[str, Path]:
    """Addresses with the files that were saved from them."""
    found: dict[str, Path] = {}
    for each in refs:
        # An address may have `=` in its query; the name of a file rarely has one.
        address, _, file = each.rpartition("=")
        if "://" not in address or "#" in address or not file:
            hint = "as in `--ref https://example.com/common.yaml=common.yaml`"
            raise InputError([Problem(Location(each), "is not URL=FILE", hint)])
        if not Path(file).is_file():
            raise InputError([Problem(Location(file), "is not a readable file")])
        found[address] = Path(file)
    return found
