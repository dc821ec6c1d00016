"""`oakum observe abuse`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oakum.cli import observe_pages as written
from oakum.cli import shared
from oakum.cli.observe_sources import against as held_against
from oakum.errors import ExitCode, InputError, Location, Problem

if TYPE_CHECKING:
    from oakum.guard.listed import Listed
    from oakum.observe.abuse.reading import Reading
    from oakum.observe.abuse.told import Event, Report
    from oakum.observe.intake import Source
    from oakum.observe.passed import Passed
    from oakum.testing.traffic import Declared

_FIRST = 100_000
"""Exchanges at the beginning of a file that tell which parts of paths are ids."""
_EARLY = 1_000
"""The same of standard input, which is read once."""


@click.command(
    epilog="Example: oakum observe abuse 'logs/*.gz' --openapi api.yaml --key key.txt"
    " --deny deny.json"
)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--contract", type=shared.PATH, metavar="FILE", help="tell doors and callers by this contract"
)
@click.option(
    "--openapi", type=shared.PATH, metavar="FILE", help="tell doors by this OpenAPI document"
)
@click.option(
    "--host", "hosts", multiple=True, metavar="NAME",
    help="look at calls of this host alone; may be repeated",
)  # fmt: skip
@click.option(
    "--key", "key_file", type=shared.PATH, metavar="FILE",
    help="key of the hashes of callers  [default: OAKUM_AUDIT_KEY, or one for this run]",
)  # fmt: skip
@click.option("--json", "json_file", type=shared.PATH, metavar="FILE", help="also write JSON")
@written.OPTION
@click.option(
    "--events", "events_file", metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="write each event as a line of JSON when it is seen; `-`: standard output",
)  # fmt: skip
@click.option(
    "--deny", "deny_file", type=shared.PATH, metavar="FILE",
    help="write, or add to, the deny list that `oakum guard --deny` loads",
)  # fmt: skip
@click.option(
    "--deny-hours", type=click.IntRange(1, 24 * 90), default=24, show_default=True,
    help="after which an entry ends",
)  # fmt: skip
@click.option(
    "--callers", type=click.IntRange(100, 10_000_000), default=50_000, show_default=True,
    help="watched at a time, before the idlest are let go; bounds memory",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="of what goes to standard output",
)  # fmt: skip
def command(
    sources: tuple[str, ...],
    contract: Path | None,
    openapi: Path | None,
    hosts: tuple[str, ...],
    key_file: Path | None,
    json_file: Path | None,
    html_file: Path | None,
    events_file: Path | None,
    deny_file: Path | None,
    deny_hours: int,
    callers: int,
    form: str,
) -> int:
    """Say who abuses an API: walks ids, scrapes lists, probes for accounts, shares a token.

    Reads what `oakum observe traffic` reads, in the order of time, and tells each as it is seen.
    What is too much is learnt from the other callers. A SOURCE is a HAR, exchanges in lines
    (NDJSON), or an access log in JSON, also packed (.gz, .zst), a pattern, or `-`.
    """
    from oakum.observe.abuse import json_v1, words
    from oakum.observe.intake import STDIN
    from oakum.observe.intake import sources as opened
    from oakum.observe.observation import Read

    if contract is not None and openapi is not None:
        raise click.UsageError("give `--contract` or `--openapi`, not both")
    found = opened(sources)
    key = _key(key_file, deny_file)
    before = _listed(deny_file, key)
    against = held_against(contract, openapi)
    stream = _passed(found)
    piped = against is None and any(each.name == STDIN for each in found)
    early = [*islice(stream, _EARLY)] if piped else []
    reading = _reading([] if piped else found, early, key, against, hosts)
    report = _watched(chain(early, stream), reading, callers, events_file, shown=form == "text")
    reads = [Read(s.name, s.kind, s.read, dict(s.skipped), s.broken) for s in found]
    distrust = [*filter(None, (each.distrust for each in found)), *report.distrust]
    document = json_v1.render(report, reads, distrust).decode()
    if json_file is not None:
        shared.write_text(json_file, document)
    if html_file is not None:
        written.abuse(html_file, json_v1.document(report, reads, distrust))
    if form == "json":
        shared.say(document.rstrip("\n"))
    elif str(events_file) != "-":
        for line in words.lines(report, reads, distrust):
            shared.line(line)
    if deny_file is not None:
        _deny(deny_file, key, before, report, reading, deny_hours)
    if distrust:
        return int(ExitCode.NOT_TRUSTWORTHY)
    return int(ExitCode.FINDINGS if report.told else ExitCode.CLEAN)


def _watched(
    passing: Iterable[Passed], reading: Reading, callers: int, events_file: Path | None, shown: bool
) -> Report:
    """The calls of all sources, watched one after the other; events go out as they are seen."""
    from oakum.observe.abuse import json_v1, words
    from oakum.observe.abuse.watch import Watch

    watch = Watch(callers=callers)
    with ExitStack() as stack:
        write = _writer(events_file, stack)

        def tell(events: list[Event]) -> None:
            for each in events:
                write(json_v1.line(each))
                if shown:
                    click.echo(words.event(each), err=True)

        for passed in passing:
            call = reading.call(passed)
            if call is not None:
                tell(watch.take(call))
        events, report = watch.done(reading.aside)
        tell(events)
    return report


def _writer(path: Path | None, stack: ExitStack) -> Callable[[bytes], None]:
    """Takes the lines of events, each of which goes out at once: somebody may be following."""
    if path is None:
        return lambda _: None
    if str(path) == "-":
        return lambda line: shared.say(line.decode().rstrip("\n"))
    try:
        file = stack.enter_context(path.open("wb", buffering=0))
    except OSError as error:
        why = (error.strerror or "cannot be written").lower()
        raise InputError([Problem(Location(str(path)), why)]) from None

    def write(line: bytes) -> None:
        file.write(line)

    return write


def _passed(found: list[Source]) -> Iterator[Passed]:
    """The exchanges of all sources in the order of time, each of which is in order by itself."""
    from oakum.observe.intake import records

    if len(found) == 1:
        return records(found[0])
    return merge(*map(records, found), key=lambda each: each.at)


def _reading(
    found: list[Source],
    early: list[Passed],
    key: bytes,
    against: Declared | None,
    hosts: Sequence[str],
) -> Reading:
    """By what a document says, and what the beginning of the traffic tells of its doors."""
    from oakum.observe.abuse.reading import Reading
    from oakum.observe.call import Hasher
    from oakum.observe.calls import Doors
    from oakum.observe.intake import STDIN, records
    from oakum.observe.survey import Surveyor
    from oakum.testing.traffic import Judged

    judged = against if isinstance(against, Judged) else None
    surveyor = Surveyor(os.urandom(32), None, hosts)
    for passed in early:
        surveyor.take(passed)
    for source in found:
        for number, passed in enumerate(records(source) if source.name != STDIN else ()):
            if number < _FIRST:
                surveyor.take(passed)
            elif judged is None:
                break
            if judged is not None:
                judged.learn(passed)
    return Reading(Hasher(key), Doors(surveyor.done(), against, hosts), judged, hosts)


# ---------------------------------------------------------------- the deny list


def _key(key_file: Path | None, deny_file: Path | None) -> bytes:
    from oakum.contract.source import read_bytes
    from oakum.guard.compiled import AUDIT_KEY

    if key_file is not None:
        key = read_bytes(key_file).strip()
        if not key:
            raise InputError([Problem(Location(str(key_file)), "is empty", "put the key into it")])
        return key
    if said := os.environ.get(AUDIT_KEY):
        return said.encode()
    if deny_file is not None:
        hint = f"give the guard's with `--key FILE`, or `export {AUDIT_KEY}=…`"
        place = Location(str(deny_file))
        raise InputError([Problem(place, "a deny list needs the key of the guard's audit", hint)])
    return os.urandom(32)


def _listed(path: Path | None, key: bytes) -> tuple[Listed, ...]:
    """Who is on the list already. Read first, so that a broken one is told before the work."""
    from oakum.guard.listed import read_list

    return read_list(path, key) if path and path.exists() else ()


def _deny(
    path: Path,
    key: bytes,
    before: tuple[Listed, ...],
    report: Report,
    reading: Reading,
    hours: int,
) -> None:
    """Callers that were told and whose hash a guard knows, beside those that are on it still."""
    from oakum.guard.listed import Listed, render
    from oakum.observe.abuse.json_v1 import instant
    from oakum.observe.call import Hasher

    now = datetime.now(UTC)
    until = f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
    listed = {each.who: each for each in before if each.ends > now.timestamp()}
    left: dict[str, int] = {}
    for told in report.told:
        why = _undeniable(told.by, told.certain, reading.is_named(told.who))
        if why:
            left[why] = left.get(why, 0) + 1
            continue
        reasons = [told.latest[each.kind] for each in told.events]
        reason = " / ".join(f"{each.kind}: {each.says}" for each in reasons if each.certain)
        since = instant(min(each.at for each in told.events)) or until
        who = Hasher.written(told.who)
        listed[who] = Listed(who, reason, since, until)
    shared.replace_text(path, render(listed.values(), key))
    click.echo(f"wrote {path}: {len(listed):,} callers denied", err=True)
    for why, many in sorted(left.items()):
        click.echo(f"  {many:,} not on it: {why}", err=True)


def _undeniable(by: str, certain: bool, named: bool) -> str:
    if by == "address":
        return "an address of people who are not logged in, which is no caller"
    if not named:
        return "known by credentials alone, of which a guard keeps no hash: give `--contract`"
    return "" if certain else "the records hold no answers, so that it may be honest"
