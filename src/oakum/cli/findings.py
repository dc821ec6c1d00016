"""`oakum findings`: what a team knows of its findings, across releases."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click
import orjson

from oakum.cli import shared
from oakum.cli.default_command_group import CommandGroup
from oakum.cli.findings_advisory import command as advisory
from oakum.cli.findings_disclose import command as disclose
from oakum.errors import ExitCode, count_of
from oakum.finding import Report, doubts
from oakum.memory import (
    AT_ENDPOINT,
    FindingStanding,
    Memory,
    RememberedFinding,
    apply_replay,
    learn,
    read_replay,
    render,
    stage,
)
from oakum.memory.file import finding as plain
from oakum.output.atomic_file import update
from oakum.report.grouping import state_words
from oakum.report.pipeline_formats import first_words

_STYLES = {
    FindingStanding.REGRESSED: "bold red",
    FindingStanding.OPEN: "bold red",
    FindingStanding.PARTLY_FIXED: "bold yellow",
    FindingStanding.WITHDRAWN: "dim",
    FindingStanding.FIXED: "bold green",
}

_SOME, _FEW = 12, 4
"""Groups of findings in the text, and fields or endpoints of one of them; the JSON has all."""


@click.group(
    cls=CommandGroup,
    default="show",
    epilog="Example: oakum findings findings.json --report scan.json --write",
)
def command() -> None:
    """Track each finding from release to release: open, partly fixed, fixed, or back again.

    MEMORY is a file that you keep in git. Reports are added in the order of their runs. Only
    `--write` changes the file. Sends nothing. Exits with 3 if a report is not trustworthy.
    """


command.add_command(advisory, "advisory")
command.add_command(disclose, "disclose")


@command.command(hidden=True, epilog=command.epilog)
@click.argument("memory", type=shared.PATH)
@click.option(
    "--report", "reports", type=shared.PATH, multiple=True, metavar="FILE",
    help="JSON report of a scan to add; repeatable",
)  # fmt: skip
@click.option(
    "--replay", "replays", type=shared.PATH, multiple=True, metavar="FILE",
    help="output of `oakum scan --only … --format json` to add; repeatable",
)  # fmt: skip
@click.option("--write", is_flag=True, help="write the result to MEMORY")
@click.option("--all", "everything", is_flag=True, help="list every finding, fixed or not")
@shared.format_option()
def show(
    memory: Path,
    reports: tuple[Path, ...],
    replays: tuple[Path, ...],
    write: bool,
    everything: bool,
    form: str,
) -> int:
    """Show the state of each finding; the same as without `show`."""
    known = shared.read_memory(memory, missing=bool(reports))
    taken = [shared.sound_report(each) for each in reports]
    after = learn(known, taken)
    again = [read_replay(shared.read_bytes(each), str(each)) for each in replays]
    for each in sorted(again, key=lambda one: one.stamp.on):
        after = apply_replay(after, each)
    if write:
        update(memory, render(after))
    if form == "json":
        content = _plain(after, taken)
        shared.say(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
    else:
        _tell(after, taken, everything)
    doubted = any(map(_has_doubts, taken)) or any(each.reasons for each in again)
    return int(ExitCode.NOT_TRUSTWORTHY if doubted else ExitCode.CLEAN)


def _has_doubts(report: Report) -> bool:
    return any(doubts(report))


def _tell(memory: Memory, taken: list[Report], everything: bool) -> None:
    order = list(FindingStanding)
    groups: dict[tuple[object, ...], list[RememberedFinding]] = {}
    for one in sorted(memory.findings, key=lambda each: order.index(memory.standing_of(each))):
        standing = memory.standing_of(one)
        if not standing.over or everything:
            late, left = memory.is_untested(one), memory.open_viewers(one)
            alike = (standing, late, one.rule, one.resource, one.viewer, left)
            groups.setdefault(alike, []).append(one)
    for at, group in enumerate(groups.values()):
        if at == _SOME and not everything:
            rest = sum(map(len, list(groups.values())[_SOME:]))
            shared.line(f"and {count_of(rest, 'more finding')}: `--all` lists them")
            break
        _group(memory, group)
    for report in taken:
        for reason in doubts(report):
            shared.line(f"run {report.run} closes nothing: {reason}", "bold yellow")
    by = Counter(map(memory.standing_of, memory.findings))
    counts = [f"{by[each]} {each.value.replace('_', ' ')}" for each in order if by[each]]
    untested = sum(map(memory.is_untested, memory.findings))
    told = f"; {untested} not re-tested" if untested else ""
    whole = count_of(len(memory.findings), "finding")
    shared.line(f"{whole}: {', '.join(counts) or 'nothing is remembered'}{told}")


def _group(memory: Memory, group: list[RememberedFinding]) -> None:
    """Findings of one rule, resource and viewer that have come equally far."""
    one = group[0]
    standing, late = memory.standing_of(one), memory.is_untested(one)
    more = f" and {len(group) - 1} more" if group[1:] else ""
    words = standing.value.replace("_", " ") + (", not re-tested" if late else "")
    shared.line(f"{words}  {one.rule}  {one.fingerprint}{more}", _STYLES[standing])
    fields = [f"`{one.resource}.{name}`" for name in dict.fromkeys(each.field for each in group)]
    states = {each.state for each in group}
    state = f", when {state_words(one.state)}" if len(states) == 1 and one.state else ""
    shared.line(f"  {first_words(fields, _FEW, 'field')}, for `{one.viewer}`{state}")
    for now, word in AT_ENDPOINT.items():
        endpoints = [
            endpoint for each in group for endpoint in each.endpoints if endpoint.now is now
        ]
        places = list(dict.fromkeys(f"{e.endpoint.method} {e.endpoint.path}" for e in endpoints))
        if places:
            shared.line(f"  {word} at {first_words(places, _FEW, 'endpoint')}")
    if standing is FindingStanding.PARTLY_FIXED and (left := memory.open_viewers(one)):
        shared.line(f"  still for {', '.join(f'`{viewer}`' for viewer in left)}")
    first = min(each.first_seen.on for each in group)[:10]
    tested = f", last re-tested {min(e.last_tested.on for e in group)[:10]}" if late else ""
    shared.line(f"  first seen {first}{tested}", "dim")
    if late and not standing.over:
        shared.line(f"  tested again by oakum scan --only {one.fingerprint} --report FILE", "dim")


def _plain(memory: Memory, taken: list[Report]) -> dict[str, object]:
    return {
        "schema": "oakum.findings/2",
        "findings": [
            {
                **plain(memory, each),
                "left": list(memory.open_viewers(each)),
                "stage": stage(memory, each),
                "retested": not memory.is_untested(each),
            }
            for each in memory.findings
        ],
        "closes_nothing": {each.run: why for each in taken if (why := list(doubts(each)))},
    }
