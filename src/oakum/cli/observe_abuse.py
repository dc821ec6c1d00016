"""`oakum observe abuse`: signs of scraping and probing in recorded traffic."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from heapq import merge
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oakum.cli import observe_abuse_deny as denied
from oakum.cli import shared
from oakum.cli.observe_options import HOST, HTML, SOURCES, not_both
from oakum.errors import ExitCode, InputError, Location, Problem

if TYPE_CHECKING:
    from oakum.abuse.detections import AbuseEvent, AbuseReport
    from oakum.traffic.call import RecordedCall
    from oakum.traffic.evaluation.traffic_judge import DocumentJudge
    from oakum.traffic.observation_model import SourceCounts
    from oakum.traffic.recorded_exchange import RecordedExchange

_FIRST = 100_000
"""Number of exchanges read ahead in a file to tell which path segments are ids."""
_EARLY = 1_000
"""The same for standard input, which can be read only once."""


@click.command(
    epilog="Example: oakum observe abuse 'logs/*.gz' --openapi api.yaml --key key.txt"
    " --deny deny.json"
)
@SOURCES
@click.option(
    "--contract",
    type=shared.PATH,
    metavar="FILE",
    help="identify endpoints and callers with this contract",
)
@click.option(
    "--openapi",
    type=shared.PATH,
    metavar="FILE",
    help="identify endpoints with this OpenAPI document",
)
@HOST
@click.option(
    "--key", "key_file", type=shared.PATH, metavar="FILE",
    help="key of the hashes of callers  [default: OAKUM_AUDIT_KEY, or one for this run]",
)  # fmt: skip
@click.option("--json", "json_file", type=shared.PATH, metavar="FILE", help="also write JSON")
@HTML
@click.option(
    "--events", "events_file", metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="write each event as a JSON line when it is detected; `-` for standard output",
)  # fmt: skip
@click.option(
    "--deny", "deny_file", type=shared.PATH, metavar="FILE",
    help="write, or extend, the deny list for `oakum guard --deny`",
)  # fmt: skip
@click.option(
    "--deny-hours", type=click.IntRange(1, 24 * 90), default=24, show_default=True,
    help="hours until an entry expires",
)  # fmt: skip
@click.option(
    "--callers", type=click.IntRange(100, 10_000_000), default=50_000, show_default=True,
    help="maximum number of callers in memory; beyond it the least active are dropped",
)  # fmt: skip
@shared.format_option()
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
    """Detect callers that enumerate ids, scrape lists, probe for accounts or share a token.

    Reads the sources of `oakum observe traffic`, in the order of time, and reports abuse as soon as
    it is detected. The limits are learnt from the other callers. A SOURCE is a HAR, exchanges as
    lines (NDJSON), a JSON access log, also compressed (.gz, .zst), a pattern, a folder of kept
    calls, or `-`.
    """
    shared.require_sketches("oakum observe abuse")
    from oakum.abuse import json_document, render_text
    from oakum.traffic.evaluation.loading import load_against

    not_both(contract, openapi)
    key = denied.key_of(key_file, deny_file)
    before = denied.existing_callers(deny_file, key)
    held = load_against(contract, openapi)
    traffic = _kept_traffic(sources, key, bool(deny_file), bool(held or hosts)) or _read(
        sources, key, held, hosts
    )
    report = _watch_calls(traffic, callers, events_file, shown=form == "text")
    reads, distrust = traffic.reads(), [*traffic.distrust(), *report.distrust]
    document = json_document.render(report, reads, distrust).decode()
    if json_file is not None:
        shared.write_text(json_file, document)
    if html_file is not None:
        from oakum.observe_pages.page_writer import write_abuse

        write_abuse(html_file, json_document.document(report, reads, distrust))
    if form == "json":
        shared.say(document.rstrip("\n"))
    elif str(events_file) != "-":
        for line in render_text.lines(report, reads, distrust):
            shared.line(line)
    if deny_file is not None:
        denied.write(deny_file, key, before, report, traffic.named, deny_hours)
    if distrust:
        return int(ExitCode.NOT_TRUSTWORTHY)
    return int(ExitCode.FINDINGS if report.told else ExitCode.CLEAN)


@dataclass(frozen=True)
class _Traffic:
    """Yields calls in chronological order, and collects what is known about the sources."""

    calls: Iterator[RecordedCall]
    reads: Callable[[], Sequence[SourceCounts]]
    distrust: Callable[[], list[str]]
    named: Callable[[int], bool]
    """Whether the hash of a caller is that of its id."""
    aside: Counter[str] = field(default_factory=Counter)


def _watch_calls(
    traffic: _Traffic, callers: int, events_file: Path | None, shown: bool
) -> AbuseReport:
    """The calls, watched one after the other; events go out as they are seen."""
    from oakum.abuse import json_document, render_text
    from oakum.abuse.detector import AbuseDetector

    watch = AbuseDetector(callers=callers)
    with ExitStack() as stack:
        write = _writer(events_file, stack)

        def tell(events: list[AbuseEvent]) -> None:
            for each in events:
                write(json_document.line(each))
                if shown:
                    click.echo(render_text.event(each), err=True)

        for call in traffic.calls:
            tell(watch.take(call))
        events, report = watch.finish(traffic.aside)
        tell(events)
    return report


def _writer(path: Path | None, stack: ExitStack) -> Callable[[bytes], None]:
    """Writes each event line at once, since another program may be following the output."""
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


def _kept_traffic(sources: Sequence[str], key: bytes, denies: bool, held: bool) -> _Traffic | None:
    """The calls in folders that `oakum observe keep` wrote; None for other sources."""
    from oakum.traffic.call import Hasher
    from oakum.traffic.store.layout import is_kept, open_runs

    folders = [Path(each) for each in sources if is_kept(Path(each))]
    if not folders:
        return None
    if len(folders) < len(sources):
        raise click.UsageError(
            "folders of kept calls and other sources: convert the others"
            " first with `oakum observe keep`"
        )
    if held:
        raise click.UsageError(
            "`--contract`, `--openapi`, `--host` are only for sources that are not kept yet"
        )
    found = open_runs(folders)
    runs = found.runs
    keys = {run.key for run in runs}
    if denies and keys != {Hasher(key).mark}:
        place, hint = Location(str(folders[0])), "keep it with the key of the guard's audit log"
        raise InputError([Problem(place, "was kept with another key than the deny list", hint)])
    known: set[int] = set()

    def calls() -> Iterator[RecordedCall]:
        from oakum.traffic.store.parquet_reader import calls as kept

        for call in kept(folders):
            if call.credentials == "unknown" and call.caller:
                known.add(call.caller)
            yield call

    distrust = [*dict.fromkeys(why for run in runs for why in run.distrust)]
    if len(keys) > 1:
        distrust.append(
            "its runs use different hash keys, so no caller can be recognised across runs"
        )
    return _Traffic(calls(), lambda: found.reads, lambda: distrust, known.__contains__)


def _read(
    sources: Sequence[str], key: bytes, held: DocumentJudge | None, hosts: Sequence[str]
) -> _Traffic:
    """The calls of records, in the order of time; endpoints by what a document says, and what the
    beginning of the traffic tells of them."""
    from oakum.abuse.recorded_calls import CallReader
    from oakum.traffic.call import Hasher
    from oakum.traffic.calls_from_exchanges import Endpoints
    from oakum.traffic.evaluation.traffic_judge import ContractJudge
    from oakum.traffic.survey import Surveyor
    from oakum.traffic.traffic_files import STDIN, records
    from oakum.traffic.traffic_files import sources as opened

    found = opened(sources)
    surveyor = Surveyor(os.urandom(32), None, hosts)
    for source in found:
        if source.name != STDIN:
            for passed in islice(records(source), _FIRST):
                surveyor.take(passed)
    if held is not None:
        held.learn_all(found)
    # Each source by itself is in chronological order.
    stream: Iterator[RecordedExchange] = merge(*map(records, found), key=lambda each: each.at)
    if len(found) == 1:
        stream = records(found[0])
    piped = held is None and any(each.name == STDIN for each in found)
    early = [*islice(stream, _EARLY)] if piped else []
    for passed in early:
        surveyor.take(passed)
    judged = held if isinstance(held, ContractJudge) else None
    reading = CallReader(Hasher(key), Endpoints(surveyor.finish(), held, hosts), judged, hosts)
    return _Traffic(
        filter(None, map(reading.call, chain(early, stream))),
        lambda: [each.counts for each in found],
        lambda: [each.distrust for each in found if each.distrust],
        reading.is_named,
        reading.aside,
    )
