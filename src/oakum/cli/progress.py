"""What is being asked, on one line of standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from oakum.cli import shared
from oakum.scan.engine import Event


@contextmanager
def progress(budget: int) -> Iterator[Callable[[Event], None]]:
    """A line on standard error that says what is being asked; nothing when that is no terminal."""
    from rich.progress import BarColumn, Progress, TextColumn

    console = shared.console(stderr=True)
    bar = Progress(
        TextColumn("{task.completed:>4.0f} requests"), BarColumn(bar_width=24),
        TextColumn("{task.description}"), console=console, transient=True,
        disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("starting", total=budget)

        def show(event: Event) -> None:
            if event.kind == "ask":
                bar.update(task, completed=event.data["number"])
            elif event.kind == "phase":
                bar.update(task, description=str(event.data["name"])[:60])

        yield show
