"""The progress line on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from oakum.cli import shared
from oakum.scan.context import Event


@contextmanager
def progress(budget: int) -> Iterator[Callable[[Event], None]]:
    """Shows the current request in a line on standard error; nothing if that is not a terminal.

    The bar is measured against the budget. When the scan ends earlier, the total becomes the number
    sent, so that the bar ends at 100 %.
    """
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    console = shared.console(stderr=True)
    bar = Progress(
        TextColumn("{task.completed:>4.0f} requests"), BarColumn(bar_width=24),
        TaskProgressColumn(), TextColumn("{task.description}"), console=console,
        disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("starting", total=budget)
        sent = 0

        def show(event: Event) -> None:
            nonlocal sent
            if event.kind == "ask":
                sent = event.data["number"]
                bar.update(task, completed=sent, total=max(budget, sent))
            elif event.kind == "phase":
                bar.update(task, description=str(event.data["name"])[:60])

        yield show
        bar.update(task, completed=sent or 1, total=sent or 1, description="done")


@contextmanager
def runs(whole: int, *, quiet: bool) -> Iterator[Callable[[int, str], None]]:
    """Shows the progress of `whole` runs in one line on standard error; one line per run if that is
    not a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = shared.console(stderr=True)
    bar = Progress(
        MofNCompleteColumn(), BarColumn(bar_width=24), TextColumn("{task.description}"),
        console=console, transient=True, disable=quiet or not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("starting", total=whole)

        def show(over: int, doing: str) -> None:
            bar.update(task, completed=over, description=doing[:70])
            if not quiet and not console.is_terminal:
                click.echo(doing, err=True)

        yield show
