"""`oakum observe keep`: stores recorded traffic, reduced to what may be kept, as Parquet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oakum.cli import shared
from oakum.cli.observe_keeping import against_of, empty, put, tables
from oakum.cli.observe_sources import HOST, SOURCES, key_of, not_both
from oakum.errors import ExitCode, Location, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oakum.traffic.call import Call, Hasher
    from oakum.traffic.evaluation.traffic_judge import Declared
    from oakum.traffic.intake import Source
    from oakum.traffic.store.layout import Run
    from oakum.traffic.survey import Survey, Surveyor


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
    from oakum.traffic.intake import STDIN
    from oakum.traffic.intake import sources as opened
    from oakum.traffic.store.layout import opened as opened_folders

    not_both(contract, openapi)
    found = opened(sources)
    streamed = any(each.name == STDIN for each in found)
    if streamed and contract is None and openapi is None:
        raise click.UsageError(
            "standard input can be read only once, so path templates cannot be learnt from it:"
            " give `--openapi` or `--contract`, or save the traffic to a file first"
        )
    if resume:
        from oakum.cli.observe_resume import Reading

        if streamed or key is None:
            why = (
                "a file, not standard input" if streamed else "`--key FILE`: the hashes of all runs"
            )
            raise click.UsageError(f"`--resume` needs {why}")
        return Reading(output, contract, openapi, hosts, key).run(found)
    run, many = _kept(found, output, contract, openapi, hosts, key_of(key, make=True))
    for why in run.distrust:
        click.echo(f"not trustworthy: {why}", err=True)
    if {each.key for each in opened_folders([output]).runs} != {run.key}:
        hint = "give each run the same `--key FILE`, or another folder"
        said = "contains runs with other keys: a caller cannot be recognised across runs"
        click.echo(f"warning: {Problem(Location(str(output)), said, hint)}", err=True)
    click.echo(f"kept {many:,} calls in {output}", err=True)
    return ExitCode.NOT_TRUSTWORTHY if run.distrust else ExitCode.CLEAN


def _kept(
    found: Sequence[Source],
    output: Path,
    contract: Path | None,
    openapi: Path | None,
    hosts: tuple[str, ...],
    secret: bytes,
) -> tuple[Run, int]:
    """Prints which run was kept, and how many calls it contains."""
    from oakum.traffic.call import Hasher
    from oakum.traffic.call_reader import Endpoints, calls
    from oakum.traffic.intake import STDIN
    from oakum.traffic.observation_run import survey_of
    from oakum.traffic.store.writing import Keeper
    from oakum.traffic.survey import Surveyor

    against, digest = against_of(contract, openapi)
    surveyor = Surveyor(secret, against, hosts)
    hashed = Hasher(secret)
    with Keeper(output) as keeper:
        if any(each.name == STDIN for each in found):
            endpoints = Endpoints(None, against, hosts)
            many = put(keeper, _both(found, endpoints, surveyor, hashed))
            survey = surveyor.done()
        else:
            survey = survey_of(found, surveyor, against)
            many = put(keeper, calls(found, Endpoints(survey, against, hosts), hashed))
        run = _sheet(found, survey, against, str(contract or openapi or ""), digest, hashed)
        if not run.distrust:
            run = replace(run, distrust=empty(against, many))
        tables(keeper, survey, against)
        keeper.done(run)
    return run, many


def _both(
    found: Sequence[Source], endpoints: object, surveyor: Surveyor, hashed: Hasher
) -> Iterator[Call]:
    """Counts and calls in one pass, for what can be read only once."""
    from oakum.traffic.call_reader import Endpoints
    from oakum.traffic.intake import records

    assert isinstance(endpoints, Endpoints)
    for source in found:
        for passed in records(source):
            surveyor.take(passed)
            call = endpoints.call(passed, hashed)
            if call is not None:
                yield call


def _sheet(
    found: Sequence[Source],
    survey: Survey,
    against: Declared | None,
    title: str,
    digest: str,
    hashed: Hasher,
) -> Run:
    from oakum.traffic.store.layout import Run

    reads = tuple(each.told for each in found)
    distrust = tuple(each.distrust for each in found if each.distrust)
    return Run(
        "",
        hashed.mark,
        reads,
        title,
        digest,
        survey.aside,
        dict(against.unjudged()) if against is not None else {},
        distrust,
    )
