"""`oakum restore`."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from oakum.cli import shared
from oakum.errors import ExitCode
from oakum.page.text import visible


@click.command(
    epilog="Example: oakum restore scan.journal exposure.yaml --target https://api.example.com"
    " --identities identities.yaml"
)
@click.argument("journal", type=shared.PATH)
@shared.target_options
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="what goes to standard output",
)  # fmt: skip
def command(
    journal: Path,
    contract: Path,
    target: str,
    identities: Path,
    overlays: tuple[Path, ...],
    rate: float,
    budget: int,
    form: str,
) -> int:
    """Put back what a killed run of JOURNAL has left changed, and read it back.

    Answers 0 when all is as it was before that run, and 3 when something is left. Asks for nothing
    else, and may be called again.
    """
    from oakum.scan.mending import mend
    from oakum.scan.run import Options

    options = Options(
        contract, shared.valid_target(target), identities, overlays, budget, rate, journal=journal
    )
    done = mend(options, lambda _: None)
    if form == "json":
        content = {
            "schema": "oakum.restore/1",
            "run": done.run,
            "whole": done.whole,
            "back": list(done.back),
            "left": list(done.left),
            "reasons": list(done.reasons),
        }
        click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
    else:
        for words in done.back:
            click.echo(f"as before: {visible(words)}")
        for words in done.left:
            click.echo(f"LEFT: {visible(words)}")
        for words in done.reasons:
            click.echo(f"  {visible(words)}")
        if not done.back and not done.left:
            click.echo("nothing is left to put back")
    return int(ExitCode.CLEAN if done.whole else ExitCode.NOT_TRUSTWORTHY)
