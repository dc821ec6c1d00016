"""`oakum observe keep`: recorded traffic, reduced to what may be kept of it, as Parquet."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oakum.cli import shared
from oakum.errors import ExitCode, InputError, Location, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oakum.observe.call import Call, Hasher
    from oakum.observe.intake import Source
    from oakum.observe.store.layout import Run
    from oakum.observe.store.writing import Keeper
    from oakum.observe.survey import Survey, Surveyor
    from oakum.testing.traffic import Declared

_KEY = 32
"""Bytes of a key, at least."""


@click.command(epilog="Example: oakum observe keep 'logs/*.gz' -o kept --key audit.key")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, file_okay=False), required=True,
    metavar="DIR", help="where it is kept; what is there already stays",
)  # fmt: skip
@click.option("--contract", type=shared.PATH, metavar="FILE", help="judge it by this contract")
@click.option(
    "--openapi", type=shared.PATH, metavar="FILE", help="tell its operations by this document"
)
@click.option(
    "--host", "hosts", multiple=True, metavar="NAME",
    help="keep calls of this host alone; may be repeated",
)  # fmt: skip
@click.option(
    "--key", type=shared.PATH, metavar="FILE",
    help="key of the hashes, so that several runs compare; made when it is not there",
)  # fmt: skip
def command(
    sources: tuple[str, ...],
    output: Path,
    contract: Path | None,
    openapi: Path | None,
    hosts: tuple[str, ...],
    key: Path | None,
) -> int:
    """Keep recorded traffic as Parquet, without a value of anybody.

    Each exchange is reduced as it is read: the template of its path, the instant, the status, keyed
    hashes of who asked and for which ids. What the answers held is kept as counts of their fields.
    `oakum observe traffic DIR` takes stock of what several runs, also of other machines, have kept.
    """
    from oakum.observe.call import Hasher
    from oakum.observe.calls import Doors
    from oakum.observe.intake import STDIN
    from oakum.observe.intake import sources as opened
    from oakum.observe.store.layout import opened as kept
    from oakum.observe.store.writing import Keeper
    from oakum.observe.survey import Surveyor

    if contract is not None and openapi is not None:
        raise click.UsageError("give `--contract` or `--openapi`, not both")
    found = opened(sources)
    streamed = any(each.name == STDIN for each in found)
    if streamed and contract is None and openapi is None:
        raise click.UsageError(
            "standard input is read once, so templates of paths cannot be learnt from it first:"
            " give `--openapi` or `--contract`, or keep a file"
        )
    secret = keyed(key)
    against, digest = _against(contract, openapi)
    surveyor = Surveyor(secret, against, hosts)
    hashed = Hasher(secret)
    with Keeper(output) as keeper:
        if streamed:
            doors = Doors(None, against, hosts)
            many = _put(keeper, _both(found, doors, surveyor, hashed))
            survey = surveyor.done()
        else:
            survey = _survey(found, surveyor, against)
            from oakum.observe.calls import calls

            many = _put(keeper, calls(found, Doors(survey, against, hosts), hashed))
        run = _sheet(found, survey, against, str(contract or openapi or ""), digest, hashed)
        if not run.distrust:
            run = replace(run, distrust=_empty(against, many))
        _tables(keeper, survey, against)
        keeper.done(run)
    for why in run.distrust:
        click.echo(f"not to be trusted: {why}", err=True)
    if {each.key for each in kept([output]).runs} != {run.key}:
        hint = "give each run the same `--key FILE`, or another folder"
        said = "holds runs under other keys: a caller of several runs is not known again"
        click.echo(f"warning: {Problem(Location(str(output)), said, hint)}", err=True)
    click.echo(f"kept {many:,} calls in {output}", err=True)
    return ExitCode.NOT_TRUSTWORTHY if run.distrust else ExitCode.CLEAN


def keyed(file: Path | None) -> bytes:
    """The key of a run: drawn for it, or that of a file, which is made when it is not there.

    The text of the file is the key, as `oakum observe abuse` and the guard's audit take it: under
    one key a caller has one hash everywhere. Raises `InputError` for a file that is no key, or that
    others can read.
    """
    if file is None:
        return os.urandom(_KEY)
    try:
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(file)
    except OSError as error:
        why = (error.strerror or "cannot be written").lower()
        raise InputError([Problem(Location(str(file)), why)]) from None
    secret = os.urandom(_KEY).hex().encode()
    with os.fdopen(made, "wb") as text:
        text.write(secret + b"\n")
    click.echo(f"made {file}, the key of the hashes: keep it, and give it again", err=True)
    return secret


def _read(file: Path) -> bytes:
    hint = "give another name, and a key is made there"
    try:
        secret, mode = file.read_bytes().strip(), file.stat().st_mode
    except OSError:
        raise InputError([Problem(Location(str(file)), "is no key", hint)]) from None
    if len(secret) < _KEY:
        raise InputError([Problem(Location(str(file)), "is too short for a key", hint)])
    if mode & 0o077:
        hint = f"take that away: chmod 600 {file}"
        raise InputError([Problem(Location(str(file)), "can be read by others", hint)])
    return secret


def _against(contract: Path | None, openapi: Path | None) -> tuple[Declared | None, str]:
    from oakum.cli.observe_sources import against

    found = against(contract, openapi)
    return found, digest(contract) if found is not None else ""


def digest(contract: Path | None) -> str:
    """What a contract is known by: SHA-256 of its text; empty: there is none."""
    return hashlib.sha256(contract.read_bytes()).hexdigest() if contract is not None else ""


def _survey(found: Sequence[Source], surveyor: Surveyor, against: Declared | None) -> Survey:
    from oakum.cli.observe_sources import learn, take

    learn(against, found)
    take(surveyor, found)
    return surveyor.done()


def _both(
    found: Sequence[Source], doors: object, surveyor: Surveyor, hashed: Hasher
) -> Iterator[Call]:
    """Counts and calls in one pass, for what can be read only once."""
    from oakum.observe.calls import Doors
    from oakum.observe.intake import records

    assert isinstance(doors, Doors)
    for source in found:
        for passed in records(source):
            surveyor.take(passed)
            call = doors.call(passed, hashed)
            if call is not None:
                yield call


def _empty(against: Declared | None, many: int) -> tuple[str, ...]:
    """Why what was kept proves nothing although all of it was read; empty: it is something."""
    if against is not None:
        return against.distrust()
    return () if many else ("no exchange is a call of an API",)


def _put(keeper: Keeper, calls: Iterator[Call]) -> int:
    many = 0
    for call in calls:
        keeper.put(call)
        many += 1
    return many


def _tables(keeper: Keeper, survey: Survey, against: Declared | None) -> None:
    from oakum.observe.store import sums

    doors = [*sums.doors(survey, against.operations if against is not None else ())]
    keeper.table("counts", (row for at, door in doors for row in sums.counts(at, door)))
    keeper.table(
        "fields",
        (row for at, door in doors for row in sums.fields(at, door.answer, survey.names)),
    )
    if against is not None:
        keeper.table("sent", sums.sent(against.sent(), keeper.run))
        keeper.table("drift", sums.drift(against.drift()))


def _sheet(
    found: Sequence[Source],
    survey: Survey,
    against: Declared | None,
    title: str,
    digest: str,
    hashed: Hasher,
) -> Run:
    from oakum.observe.call import Hasher
    from oakum.observe.observation import Read
    from oakum.observe.store.layout import Run

    reads = tuple(Read(s.name, s.kind, s.read, dict(s.skipped), s.broken) for s in found)
    distrust = tuple(each.distrust for each in found if each.distrust)
    return Run(
        "",
        Hasher.written(hashed("oakum")),
        reads,
        title,
        digest,
        survey.aside,
        dict(against.unjudged()) if against is not None else {},
        distrust,
    )
