"""`oakum demo catalogue`: small leaking APIs to list, serve and scan."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import click
import orjson

from oakum.cli import shared
from oakum.errors import InputError, Location, Problem, did_you_mean

if TYPE_CHECKING:
    from oakum_catalogue import Entry

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FORM = shared.format_option()
_SEED = click.option(
    "--seed", type=int, default=1, show_default=True, help="random seed of the data"
)
_OUT = click.option(
    "--out", type=_FOLDER, metavar="FOLDER",
    help="also write the document, the contract and identities.yaml there",
)  # fmt: skip


@click.group(
    short_help="list and serve small APIs with one leak each",
    epilog="Example: oakum demo catalogue serve p03-runners --port 8000 --out runners",
)
def command() -> None:
    """List and serve small APIs with one leak each, and their fixed twins."""


@command.command("list", epilog="Example: oakum demo catalogue list")
@_FORM
def list_apis(form: str) -> int:
    """List all APIs of the catalogue: name, pattern, and what leaks."""
    found = list(_entries().values())
    if form == "json":
        _json({"entries": [_brief(each) for each in found]})
        return 0
    rows = [(each.name, _pattern(each), each.title) for each in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, pattern, title in rows:
        click.echo(f"{name.ljust(widths[0])}  {pattern.ljust(widths[1])}  {title}")
    return 0


@command.command(epilog="Example: oakum demo catalogue show p05-login-start --out login-start")
@click.argument("name")
@_SEED
@_OUT
@_FORM
def show(name: str, seed: int, out: Path | None, form: str) -> int:
    """Describe the API NAME: what leaks, what only looks like a leak, and how to scan it."""
    entry = _entry(name)
    _write(entry, out, seed)
    if form == "json":
        _json(
            {
                **_brief(entry),
                "convention": entry.convention,
                "truth": [
                    {
                        "resource": each.resource,
                        "fields": list(each.fields),
                        "viewers": list(each.viewers),
                        "endpoint": each.endpoint,
                        "verdict": each.verdict,
                    }
                    for each in entry.truth
                ],
                "decoys": list(entry.decoys),
                "options": list(entry.options),
            }
        )
        return 0
    click.echo(f"{entry.name}: {entry.title}")
    click.echo(f"  pattern     {_pattern(entry)}")
    click.echo(f"  convention  {entry.convention}")
    click.echo(f"  options     {shlex.join(entry.options) or 'none'}")
    click.echo("leaks:")
    for each in entry.truth:
        fields, viewers = ", ".join(each.fields), ", ".join(each.viewers)
        said = "" if each.verdict == "proven" else f" ({each.verdict})"
        click.echo(f"  {each.resource}: {fields}\n      to {viewers}, at {each.endpoint}{said}")
    click.echo("looks like a leak but is not:")
    for decoy in entry.decoys:
        click.echo(f"  {decoy}")
    return 0


@command.command(
    epilog="Example: oakum demo catalogue serve p12-skippers --mode fixed --out skippers"
)
@click.argument("name")
@click.option(
    "--mode", type=click.Choice(["leaky", "fixed"]), default="leaky", show_default=True,
    help="fixed: the twin that obeys the contract",
)  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@_SEED
@_OUT
@_FORM
def serve(name: str, mode: str, port: int, seed: int, out: Path | None, form: str) -> int:
    """Serve the API NAME on 127.0.0.1, and print the command to scan it."""
    entry = _entry(name)
    from oakum_catalogue import serving

    listening = shared.listen(serving.bound, port)
    _write(entry, out, seed)
    target = f"http://127.0.0.1:{listening.getsockname()[1]}"
    scan = _scan(entry, out or Path(entry.name), target)
    if form == "json":
        _json({**_brief(entry), "mode": mode, "target": target, "scan": scan}, lines=1)
    else:
        click.echo(f"{entry.name}, {mode}, on {target}")
        if out is None:
            files = ["oakum", "demo", "catalogue", "show", entry.name, "--out", entry.name]
            more = [] if seed == 1 else ["--seed", str(seed)]
            click.echo(f"files: {shlex.join([*files, *more])}")
        click.echo(f"scan:  {shlex.join(scan)}")
    sys.stdout.flush()  # a reader at the end of a pipe waits for the address
    serving.serve(entry, cast(Literal["leaky", "fixed"], mode), seed, listening)
    return 0


def _entries() -> dict[str, Entry]:
    found: dict[str, Entry] = shared.require_catalogue().entries()
    return found


def _entry(name: str) -> Entry:
    entries = _entries()
    if name not in entries:
        hint = did_you_mean(name, entries) or "`oakum demo catalogue list` lists them"
        raise InputError([Problem(Location(name), "not in the catalogue", hint)])
    return entries[name]


def _pattern(entry: Entry) -> str:
    from oakum_catalogue.kit import PATTERNS

    return f"{entry.pattern} {PATTERNS[entry.pattern]}"


def _brief(entry: Entry) -> dict[str, Any]:
    from oakum_catalogue.kit import PATTERNS

    return {
        "name": entry.name,
        "pattern": entry.pattern,
        "leak": PATTERNS[entry.pattern],
        "title": entry.title,
    }


def _scan(entry: Entry, folder: Path, target: str) -> list[str]:
    """The words of the command that finds what leaks."""
    options = [each.replace("{target}", target) for each in entry.options]
    return [
        "oakum", "scan", str(folder / "exposure.yaml"), "--target", target,
        "--identities", str(folder / "identities.yaml"), *options,
    ]  # fmt: skip


def _write(entry: Entry, folder: Path | None, seed: int) -> None:
    if folder is None:
        return
    try:
        entry.write(folder, seed)
    except OSError as error:
        why = (error.strerror or "cannot be written").lower()
        raise InputError([Problem(Location(str(folder)), why)]) from None
    names = ", ".join(["openapi.yaml", *sorted(entry.files), "exposure.yaml"])
    click.echo(f"wrote {names} and identities.yaml into {folder}", err=True)


def _json(content: dict[str, Any], lines: int = 0) -> None:
    """`lines` 1: all on one line, for whoever reads line by line."""
    option = 0 if lines else orjson.OPT_INDENT_2
    click.echo(orjson.dumps({"schema": "oakum.catalogue/2", **content}, option=option).decode())
