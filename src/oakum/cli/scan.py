"""`oakum scan`: runs a scan, shows its progress, and writes its reports."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import click
import orjson

from oakum.cli import scan_one_finding, scan_restore, shared
from oakum.cli.progress import progress
from oakum.errors import InputError, Location, OakumError, Problem, count_of
from oakum.exposure.cells.matrix import Outcome
from oakum.finding import Report
from oakum.output.terminal_text import visible
from oakum.report.grouping import exit_code
from oakum.scan.context import Event
from oakum.scan.options import Options
from oakum.scan.preparation import Preparation
from oakum.scan.run import Scan
from oakum.scan.undo.interrupt_delay import heard_late


@click.command(
    epilog="Example: oakum scan exposure.yaml --target https://api.example.com"
    " --identities identities.yaml --html report.html\n\n"
    "One finding again: oakum scan exposure.yaml --target https://api.example.com"
    " --identities identities.yaml --only 4f4e24eb841bb0fa --report report.json\n\n"
    "After a kill: oakum scan exposure.yaml --target https://api.example.com"
    " --identities identities.yaml --restore --journal scan.journal"
)
@shared.target_options
@shared.connection_options
@shared.leave_options
@shared.selection_options
@click.option(
    "--dry-run", is_flag=True, help="print every request that the scan may send; send none"
)
@shared.format_option(*shared.FORMATS)
@shared.report_options
@click.option(
    "--events", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), metavar="FILE",
    help="write events as NDJSON during the run; `-` for standard error",
)  # fmt: skip
@click.option(
    "--journal", type=shared.PATH, metavar="FILE",
    help="record what was learnt and changed, to resume or undo a killed run",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="continue the run of `--journal`")
@click.option(
    "--min-shown", type=shared.Number(0, 100), default=10.0, show_default=True,
    metavar="PERCENT",
    help="percentage of cells that must be tested for a trustworthy run",
)  # fmt: skip
@click.option(
    "--only", metavar="FINDING",
    help="test only this finding of `--report` again",
)  # fmt: skip
@click.option(
    "--report", type=shared.PATH, metavar="FILE",
    help="JSON report with the finding of `--only`",
)  # fmt: skip
@click.option(
    "--restore", is_flag=True,
    help="undo the changes of the killed run of `--journal`, and do nothing"
         " else",
)  # fmt: skip
@click.option("--quiet", is_flag=True, help="no progress output on standard error")
def command(
    contract: Path,
    target: str,
    identities: Path,
    overlays: tuple[Path, ...],
    rate: float,
    budget: int,
    proxy: str | None,
    ca: Path | None,
    headers: tuple[str, ...],
    allow_own_settings: bool,
    allow_writes: bool,
    twins: bool,
    twin: tuple[str, ...],
    front_end: tuple[str, ...],
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    dry_run: bool,
    form: str,
    events: Path | None,
    journal: Path | None,
    resume: bool,
    min_shown: float,
    only: str | None,
    report: Path | None,
    restore: bool,
    quiet: bool,
    **files: Path | None,
) -> int:
    """Test a running API against CONTRACT and prove leaks. CONTRACT is a policy file, or an OpenAPI
    document with or without `x-exposure` keys.

    An operation that `--include` or `--exclude` leaves out is untested. A PATTERN is
    `METHOD /path`, `/path`, the id of an operation or a tag, with `*` for any text.

    By default the scan only reads, with the given identities and without a login, and stays within
    the budget. Without a policy it drafts one; what contradicts the draft is only suspected.

    With `--only` the exit code is 0 if the finding is fixed, 1 if it is open or partly open, and 3
    if it could not be tested. With `--restore` it is 0 if everything is as it was before the killed
    run, and 3 if something is left.
    """
    options = Options(
        contract, shared.valid_target(target), identities, overlays, budget, rate,
        allow_own_settings, allow_writes, twins,
        tuple(shared.valid_target(each, "--twin") for each in twin),
        tuple(shared.valid_target(each, "--front-end") for each in front_end),
        journal=journal, resume=resume, min_shown=min_shown, include=include, exclude=exclude,
        connection=shared.connection(proxy, ca, headers),
    )  # fmt: skip
    if restore:
        return scan_restore.put_back(options, form)
    if only is not None or report is not None:
        return scan_one_finding.ask_again(options, only, report, form, quiet=quiet)
    reports = {name.removesuffix("_file"): path for name, path in files.items() if path}
    for path in reports.values():
        _writable(path)
    return _play(options, form, reports, events, dry_run=dry_run, quiet=quiet)


def _play(
    options: Options,
    form: str,
    reports: Mapping[str, Path],
    events: Path | None,
    *,
    dry_run: bool,
    quiet: bool,
) -> int:
    with ExitStack() as stack:
        watchers: list[Callable[[Event], None]] = []

        def emit(event: Event) -> None:
            for watch in watchers:
                watch(event)

        scan = Scan(options, emit)
        shared.warn(scan.prepared.warnings)
        if dry_run:
            return _dry_run(scan.prepared, form)
        if events is not None:
            watchers.append(stack.enter_context(_event_log(events)))
        if not quiet:
            watchers.append(stack.enter_context(progress(options.budget)))
        shared.heed_sigterm()
        report = _make_report(scan)
        with heard_late(lambda: emit(Event("phase", {"name": "writing, despite Ctrl-C"}))):
            for name, path in reports.items():
                shared.write(report, path, name)
    shared.show(report, form)
    return int(exit_code(report))


def _make_report(scan: Scan) -> Report:
    """The report of a run. If there is none, since the run has failed, what is left is said at
    least."""
    try:
        return scan.report()
    except OakumError:
        raise  # its message lists what is left
    except Exception:
        for words in (*scan.left_behind, *scan.how_to_restore()):
            click.echo(f"LEFT: {visible(words)}", err=True)
        raise


def _writable(path: Path) -> None:
    """A report that cannot be written is found out before the scan, not after it."""
    if not path.resolve().parent.is_dir():
        raise InputError([Problem(Location(str(path)), "its folder does not exist")])


def _dry_run(prepared: Preparation, form: str) -> int:
    from oakum.scan import dry_run

    plan, total = dry_run.plan(prepared), dry_run.estimate(prepared)
    sent = {line["request"].split("  ")[0] for line in plan}
    skipped = [
        {"request": asked, "reason": each.reason}
        for each in prepared.selection.skipped_operations(prepared.skipped)
        if (asked := f"{each.endpoint.method} {each.endpoint.path}") not in sent
    ]
    low, high = total.seconds
    if form == "json":
        whole = {"documented": total.documented, "most": total.most, "seconds": [low, high]}
        content = {
            "schema": "oakum.plan/2", "requests": plan, "skipped": skipped, "total": whole,
        }  # fmt: skip
        click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
        return 0
    click.echo("would send, and nothing else:")
    for line in plan:
        click.echo(f"  {line['request']}\n      as {line['as']}; for {line['why']}")
    click.echo("would not send:")
    for each in skipped:
        click.echo(f"  {each['request']}\n      {each['reason']}")
    click.echo(
        f"total: {count_of(len(plan), 'kind')} of requests; at most {total.documented:,} requests"
        f" to documented endpoints, and {total.most:,} in all (`--budget`)"
    )
    click.echo(
        f"time: about {low:g} s to {high:g} s at {total.rate:g} requests a second (`--rate`), and"
        " longer if responses are slow or settings are put back"
    )
    return 0


@contextmanager
def _event_log(path: Path) -> Iterator[Callable[[Event], None]]:
    """Events as NDJSON: names of endpoints, identities and phases, counts; no value of anybody."""
    with ExitStack() as stack:
        if str(path) == "-":
            stream: IO[bytes] = sys.stderr.buffer
        else:
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
                stream = stack.enter_context(os.fdopen(os.open(path, flags, 0o600), "wb"))
            except OSError as error:
                why = (error.strerror or "cannot be written").lower()
                raise InputError([Problem(Location(str(path)), why)]) from None

        def write(event: Event) -> None:
            stream.write(orjson.dumps({"event": event.kind, **_plain(event)}) + b"\n")
            stream.flush()  # another program may be following the file

        yield write


def _plain(event: Event) -> dict[str, object]:
    outcome = event.data.get("outcome")
    if not isinstance(outcome, Outcome):
        return dict(event.data)
    results: dict[str, int] = {}
    for seen in outcome.observations:
        results[seen.result.value] = results.get(seen.result.value, 0) + 1
    return {"endpoint": event.data["endpoint"], "status": outcome.status, "cells": results}
