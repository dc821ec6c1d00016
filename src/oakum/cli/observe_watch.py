"""`oakum observe watch`: a live view of traffic in the terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oakum.cli import shared
from oakum.cli.observe_options import HOST, SOURCES, not_both
from oakum.errors import ExitCode, count_of

if TYPE_CHECKING:
    from oakum.traffic.traffic_files import TrafficSource
    from oakum.watch.live_view import Live, LiveFrame

Shown = Callable[["LiveFrame"], None]


@click.command(
    epilog="Example: oakum observe watch /var/log/api/access.json --contract exposure.yaml"
)
@SOURCES
@click.option("--contract", type=shared.PATH, metavar="FILE", help="compare with this contract")
@click.option(
    "--openapi", type=shared.PATH, metavar="FILE", help="compare with this OpenAPI document"
)
@HOST
@click.option(
    "--from-start", "whole", is_flag=True, help="begin with the existing contents of the files"
)
@click.option(
    "--every", type=shared.Number(min=0.2, max=3600), default=1.0, show_default=True,
    help="seconds between two updates; in a pipe, ten times that between two"
         " status lines",
)  # fmt: skip
def command(
    sources: tuple[str, ...],
    contract: Path | None,
    openapi: Path | None,
    hosts: tuple[str, ...],
    whole: bool,
    every: float,
) -> int:
    """Watch live traffic: the busiest operations, what is new, what drifts.

    A SOURCE is a growing log, followed by its name like `tail -F`, or `-`: exchanges as lines
    (NDJSON), or a JSON access log. Ctrl-C ends the command and prints the result of `oakum observe
    traffic`. In a pipe, and with NO_COLOR, the output is lines of what is new.
    """
    shared.require_sketches("oakum observe watch")
    from oakum.traffic.evaluation.loading import load_against
    from oakum.traffic.traffic_files import sources as opened
    from oakum.watch.live_view import Live

    not_both(contract, openapi)
    found = opened(sources)
    held = load_against(contract, openapi)
    live = Live(os.urandom(32), held, str(contract or openapi or ""), hosts)
    shared.heed_sigterm()
    title = ", ".join(each.name for each in found)
    # Ctrl-C is the normal way to stop
    with suppress(KeyboardInterrupt), _screen(title, every) as show:
        _follow(live, found, whole, every, show)
    return _print_result(live, found)


def _follow(
    live: Live, found: Sequence[TrafficSource], whole: bool, every: float, show: Shown
) -> None:
    """Reads new exchanges and redraws now and then: rarely if drawing takes long."""
    from oakum.watch.log_follower import follow

    looked, due = False, time.monotonic() + every
    for passed in follow(found, whole=whole):
        if passed is not None:
            live.take(passed)
        elif not looked:
            due = 0.0  # existing lines are reported together, once all of them are read
        if time.monotonic() < due:
            continue
        looked = True
        begun = time.monotonic()
        show(live.look(time.time(), [each.counts for each in found]))
        due = time.monotonic() + max(every, 10 * (time.monotonic() - begun))
    show(live.look(time.time(), [each.counts for each in found]))


def _print_result(live: Live, found: Sequence[TrafficSource]) -> int:
    """Prints the full result as `observe traffic` does, and returns the exit code."""
    from oakum.traffic import render_text

    frame = live.look(time.time(), [each.counts for each in found])
    made = frame.found
    for line in render_text.lines(made):
        shared.line(line)
    if frame.told:
        many = count_of(frame.told, "caller")
        shared.line(f"{many} exceeded what is usual: `oakum observe abuse` says which, and why")
    if made.distrust:
        return ExitCode.NOT_TRUSTWORTHY
    return ExitCode.FINDINGS if made.drift or frame.told else ExitCode.CLEAN


@contextmanager
def _screen(title: str, every: float) -> Iterator[Shown]:
    """Where to draw: an alternate screen in a terminal, or plain lines."""
    from oakum.watch.screen_text import draw, line, status

    console = shared.console()
    if not console.is_terminal or console.no_color or os.environ.get("TERM") == "dumb":
        last = time.monotonic()

        def lines(frame: LiveFrame) -> None:
            nonlocal last
            for each in frame.fresh:
                shared.line(line(each).plain)
            if time.monotonic() - last >= 10 * every:
                last = time.monotonic()
                shared.line(status(frame))
            sys.stdout.flush()

        yield lines
        return
    from rich.live import Live as Screen

    with Screen(console=console, auto_refresh=False, screen=True) as screen:

        def show(frame: LiveFrame) -> None:
            size = console.size
            screen.update(draw(frame, title, size.width, size.height), refresh=True)

        yield show
