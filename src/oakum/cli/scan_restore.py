"""`oakum scan --restore`: undoes what a killed run left changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import orjson

from oakum.cli import shared
from oakum.errors import ExitCode
from oakum.output.terminal_text import visible

if TYPE_CHECKING:
    from oakum.scan.options import Options


_IDLE = (
    *("only", "report", "dry_run", "events", "resume", "min_shown", *shared.REPORT_FILES),
    *("allow_own_settings", "allow_writes", "twins", "twin", "front_end"),
    *("include", "exclude"),
)
"""Parameters of `oakum scan` that have no effect with `--restore`."""


def put_back(options: Options, form: str) -> int:
    """Restores what the killed run of the journal left changed, and verifies it.

    Returns the exit code: 0 if everything is as before that run, 3 if something is left. Can be
    repeated safely.
    """
    from oakum.scan.restore_command import restore

    shared.refuse_idle("--restore", _IDLE, form)
    if options.journal is None:
        raise click.UsageError("`--restore` needs `--journal`, the file of the killed run")
    done = restore(options, lambda _: None)
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
            click.echo("nothing is left to restore")
    return int(ExitCode.CLEAN if done.whole else ExitCode.NOT_TRUSTWORTHY)
