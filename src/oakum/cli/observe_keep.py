"""`oakum observe keep`: stores recorded traffic, reduced to what may be kept, as Parquet."""

from __future__ import annotations

from pathlib import Path

import click

from oakum.cli import shared
from oakum.cli.observe_options import HOST, SOURCES, key_of, not_both
from oakum.errors import ExitCode, Location, Problem


@click.command(epilog="Example: oakum observe keep 'logs/*.gz' -o kept --key audit.key")
@SOURCES
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, file_okay=False), required=True,
    metavar="DIR", help="output folder; existing runs stay",
)  # fmt: skip
@click.option(
    "--contract", type=shared.PATH, metavar="FILE", help="evaluate responses by this contract"
)
@click.option(
    "--openapi", type=shared.PATH, metavar="FILE", help="identify operations by this document"
)
@HOST
@click.option(
    "--key", type=shared.PATH, metavar="FILE",
    help="file with the key of the hashes, created if missing"
    "  [default: OAKUM_AUDIT_KEY, or one for this run]",
)  # fmt: skip
@click.option(
    "--resume", is_flag=True,
    help="continue after the last run with --resume in DIR; needs --key",
)  # fmt: skip
def command(
    sources: tuple[str, ...],
    output: Path,
    contract: Path | None,
    openapi: Path | None,
    hosts: tuple[str, ...],
    key: Path | None,
    resume: bool,
) -> int:
    """Store recorded traffic as Parquet, without personal data.

    Reduces each exchange while reading it to its path template, the time, the status, and keyed
    hashes of the caller and the requested ids. Responses become counts of their fields. `oakum
    observe traffic DIR` analyses what several runs, also of other machines, have stored.
    """
    from oakum.traffic.store.keep_run import KeepOptions, keep
    from oakum.traffic.store.layout import open_runs as opened_folders
    from oakum.traffic.traffic_files import STDIN
    from oakum.traffic.traffic_files import sources as opened

    not_both(contract, openapi)
    found = opened(sources)
    streamed = any(each.name == STDIN for each in found)
    if streamed and contract is None and openapi is None:
        raise click.UsageError(
            "standard input can be read only once, so path templates cannot be learnt from it:"
            " give `--openapi` or `--contract`, or save the traffic to a file first"
        )
    if resume:
        from oakum.cli.observe_resume import ResumableReading

        if streamed or key is None:
            why = (
                "a file, not standard input" if streamed else "`--key FILE`: the hashes of all runs"
            )
            raise click.UsageError(f"`--resume` needs {why}")
        return ResumableReading(output, contract, openapi, hosts, key).run(found)
    secret = key_of(key, make=True)
    run, many = keep(found, KeepOptions(output, contract, openapi, hosts, secret))
    for why in run.distrust:
        click.echo(f"not trustworthy: {why}", err=True)
    if {each.key for each in opened_folders([output]).runs} != {run.key}:
        hint = "give each run the same `--key FILE`, or another folder"
        said = "contains runs with other keys: a caller cannot be recognised across runs"
        click.echo(f"warning: {Problem(Location(str(output)), said, hint)}", err=True)
    click.echo(f"kept {many:,} calls in {output}", err=True)
    return ExitCode.NOT_TRUSTWORTHY if run.distrust else ExitCode.CLEAN
