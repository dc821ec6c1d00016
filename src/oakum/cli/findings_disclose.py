"""`oakum findings disclose`: deadlines of a disclosure, and what was sent when."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click
import orjson

from oakum.cli import shared
from oakum.errors import ExitCode, count_of
from oakum.memory import EVENTS, Due, Memory, case_of, dues, record_event, render
from oakum.memory.file import disclosure as plain
from oakum.output.atomic_file import update

_STYLES = {"over": "bold red", "due": "bold yellow", "soon": "bold", "running": "", "done": "dim"}


@click.command(
    short_help="track the deadlines of disclosed findings",
    epilog="Example: oakum findings disclose 4f4e24eb841bb0fa --memory findings.json"
    " --event reported --on 2026-01-05",
)
@click.argument("finding", required=False)
@click.option(
    "--memory", type=shared.PATH, required=True, metavar="FILE",
    help="memory file of `oakum findings`, with the deadlines",
)  # fmt: skip
@click.option("--event", type=click.Choice(EVENTS), help="event to write to the file")
@click.option("--on", metavar="DAY", help="day of the event, such as 2026-01-05  [default: today]")
@click.option(
    "--days", type=click.IntRange(1, 365),
    help="days from the report to the publication  [default: 90]",
)  # fmt: skip
@click.option("--check", is_flag=True, help="exit with 1 if something is due")
@shared.format_option()
def command(
    finding: str | None,
    memory: Path,
    event: str | None,
    on: str | None,
    days: int | None,
    check: bool,
    form: str,
) -> int:
    """Track when FINDING was reported, what is due now, and when it may be published.

    FINDING is a fingerprint in the memory, or its first digits; without it the command lists all.
    It publishes and sends nothing.
    """
    today = datetime.now(UTC).date()
    known = shared.read_memory(memory)
    one = shared.remembered_of(known, finding, memory) if finding is not None else None
    if event is None and (on is not None or days is not None):
        raise click.UsageError("`--on` and `--days` need `--event`")
    if event is not None:
        if one is None:
            raise click.UsageError("`--event` needs a FINDING")
        known = record_event(known, one, event, _day(on, today), today, days)
        update(memory, render(known))
    held = case_of(known, one) if one is not None else None
    found = [each for each in dues(known, today) if one is None or each.case == held]
    if form == "json":
        content = {"schema": "oakum.disclose/1", "today": today.isoformat(),
                   "cases": list(map(_plain, found))}  # fmt: skip
        shared.say(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
    else:
        for each in found:
            _tell(known, each)
        if not found:
            shared.line("nothing has been reported yet; begin with `--event reported`")
    return int(ExitCode.FINDINGS if check and any(e.now for e in found) else ExitCode.CLEAN)


def _day(said: str | None, today: date) -> date:
    if said is None:
        return today
    try:
        return date.fromisoformat(said)
    except ValueError:
        words = f"`{said}` is not a date such as 2026-01-05"
        raise click.BadParameter(words, param_hint="--on") from None


def _tell(memory: Memory, due: Due) -> None:
    marks = due.case.findings
    one = next((each for each in memory.findings if each.matches(marks[0])), None)
    about = f"  {one.rule}, `{one.resource}`" if one is not None else ""
    more = f" and {count_of(len(marks) - 1, 'more finding')}" if marks[1:] else ""
    shared.line(f"{due.level}  {marks[0]}{more}{about}", _STYLES[due.level])
    shared.line("  " + "; ".join(f"{name} {day}" for name, day in due.case.events))
    if due.publication is not None and due.level != "done":
        shared.line(f"  may be published from {due.publication}, {due.case.days} days after")
    shared.line(f"  {due.words}")
    for doubt in due.doubts:
        shared.line(f"  {doubt}")


def _plain(due: Due) -> dict[str, object]:
    return {
        **plain(due.case),
        "publication": due.publication.isoformat() if due.publication else None,
        "days_left": due.left,
        "level": due.level,
        "due": due.now,
        "words": due.words,
        "doubts": list(due.doubts),
    }
