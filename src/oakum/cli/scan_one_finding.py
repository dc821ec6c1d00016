"""`oakum scan --only`: tests one finding of a report again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson
from rich.text import Text

from oakum.cli import shared
from oakum.cli.progress import progress
from oakum.output.terminal_text import visible
from oakum.report.grouping import state_words

if TYPE_CHECKING:
    from oakum.scan.options import Options
    from oakum.scan.replay_result import Replay

_STYLES = {
    "fixed": "bold green",
    "partly_fixed": "bold yellow",
    "still_open": "bold red",
    "untested": "bold yellow",
}
_AT = {"fixed": "closed", "still_open": "open", "untested": "untested"}


_IDLE = ("dry_run", "include", "exclude", "events", "resume", "min_shown", *shared.REPORT_FILES)
"""Parameters of `oakum scan` that have no effect with `--only`."""


def ask_again(
    options: Options, finding: str | None, file: Path | None, form: str, *, quiet: bool
) -> int:
    """Tests a finding of the report in `file` again; `finding`: its fingerprint or first digits.

    Returns the exit code: 0 fixed, 1 open or partly open, 3 untested.
    """
    from oakum.scan.replay_result import EXIT_CODES, replay

    if finding is None or file is None:
        raise click.UsageError("`--only` needs `--report`, and `--report` needs `--only`")
    shared.refuse_idle("--only", _IDLE, form)
    report = shared.read_report(file)
    found = shared.finding_of(report, finding, file)
    shared.heed_sigterm()
    if quiet:
        done = replay(report, found, options, lambda _: None)
    else:
        with progress(options.budget) as show:
            done = replay(report, found, options, show)
    if form == "json":
        click.echo(orjson.dumps(_plain(done), option=orjson.OPT_INDENT_2).decode())
    else:
        _tell(done)
    return int(EXIT_CODES[done.verdict])


def _tell(done: Replay) -> None:
    console = shared.console()

    def say(words: str, style: str = "") -> None:
        console.print(Text(visible(words), style), soft_wrap=True)

    one, verdict = done.finding, done.verdict.value
    state = state_words(one.state)
    say(f"{verdict.replace('_', ' ')}  {one.rule}", _STYLES[verdict])
    when = f", when {state}" if state else ""
    say(f"  `{one.resource}.{one.field}`, for `{one.viewer}`{when}")
    for each in done.endpoints:
        reason = f": {each.reason}" if each.reason else ""
        say(f"  {_AT[each.result.value]} at {each.endpoint.method} {each.endpoint.path}{reason}")
    for left in done.left:
        where = ", ".join(f"{endpoint.method} {endpoint.path}" for endpoint in left.endpoints)
        say(f"  still: `{left.viewer}` sees `{one.resource}.{left.field}` at {where}")
    for reason in done.reasons:
        say(f"  not trustworthy: {reason}")
    say(f"{done.requests} requests, {done.seconds:.1f} s", "dim")


def _plain(done: Replay) -> dict[str, Any]:
    one = done.finding
    return {
        "schema": "oakum.replay/2",
        "run": done.run,
        "started": done.started,
        "fingerprint": one.fingerprint,
        "rule": one.rule,
        "resource": one.resource,
        "field": one.field,
        "viewer": one.viewer,
        "state": dict(one.state),
        "verdict": done.verdict.value,
        "endpoints": [
            {**each.endpoint.members(), "result": each.result.value, "reason": each.reason}
            for each in done.endpoints
        ],
        "left": [
            {
                "viewer": each.viewer,
                "field": each.field,
                "endpoints": [d.members() for d in each.endpoints],
            }
            for each in done.left
        ],
        "reasons": list(done.reasons),
        "requests": done.requests,
        "seconds": done.seconds,
    }
