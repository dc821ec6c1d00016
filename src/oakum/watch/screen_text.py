"""Renders one screen of the live view: busiest endpoints, news, problems.

The words are the same with colour and without. Names from an API reach the screen as text only,
without control characters.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from oakum.errors import count_of
from oakum.output.terminal_text import visible
from oakum.watch.live_view import Busy, LiveFrame, News

_STYLES = {
    "endpoint": "bold cyan",
    "field": "cyan",
    "drift": "bold red",
    "note": "yellow",
    "abuse": "bold magenta",
    "learnt": "dim",
}
_WORDS = {
    "endpoint": "new endpoint",
    "field": "new field",
    "drift": "drift",
    "note": "notable",
    "abuse": "abuse",
    "learnt": "learnt",
}
_STANDING = {"shadow": "bold red", "zombie": "yellow", "documented": "green", "seen": ""}
_NARROW = 76
"""Columns below which callers and credentials are left out."""


def draw(frame: LiveFrame, title: str, width: int, height: int) -> RenderableType:
    """One screen of `width` columns and `height` lines for a Rich console."""
    head = _head(frame, title)
    for each in head:
        each.truncate(width, overflow="ellipsis")
    room = max(6, height - len(head) - 5)
    news = min(len(frame.news), max(3, room // 3))
    parts: list[RenderableType] = [*head, _endpoints(frame, width, room - news)]
    if frame.news:
        parts += [Text(), *(line(each, width) for each in frame.news[-news:])]
    parts.append(Text("Ctrl-C stops, and prints the full report", style="dim"))
    return Group(*parts)


def text(frame: LiveFrame, title: str, width: int = 80, height: int = 24) -> str:
    """The same screen as plain text without colour."""
    page = io.StringIO()
    console = Console(file=page, width=width, no_color=True, force_terminal=False)
    console.print(draw(frame, title, width, height))
    return page.getvalue()


def line(news: News, width: int = 0) -> Text:
    """A status line with the news, at most `width` wide if given."""
    said = Text(f"{clock(news.at)}  ")
    said.append(f"{_WORDS[news.kind]:<9}  ", style=_STYLES[news.kind])
    said.append(visible(news.says))
    if width:
        said.truncate(width, overflow="ellipsis")
    return said


def status(frame: LiveFrame) -> str:
    """One line with how much of the sources has been read and how much was found."""
    return f"{clock(frame.at)}  {_sum(frame)}"


def clock(at: float) -> str:
    """The local time of day of a time in seconds since 1970."""
    return f"{datetime.fromtimestamp(at):%H:%M:%S}"


def _head(frame: LiveFrame, title: str) -> list[Text]:
    found = frame.found
    head = [Text(visible(title), style="bold"), Text(f"{clock(frame.at)}  {_sum(frame)}")]
    skipped = sum(sum(each.skipped.values()) for each in found.sources)
    if skipped:
        why = {name for each in found.sources for name in each.skipped}
        said = f"{skipped:,} skipped: {'; '.join(sorted(why)[:2])}"
        head.append(Text(said, style="yellow"))
    drifts = {(each.endpoint, each.resource, each.field) for each in found.drift}
    wrong = [f"drift in {count_of(len(drifts), 'place')}"] if drifts else []
    wrong += [f"{count_of(frame.told, 'caller')} exceed what is usual"] if frame.told else []
    if wrong:
        head.append(Text(", ".join(wrong), style="bold red"))
    return [*head, Text()]


def _sum(frame: LiveFrame) -> str:
    seen = sum(1 for each in frame.found.operations if each.seen)
    endpoints = count_of(seen, "operation")
    return f"{count_of(frame.found.read, 'exchange')}, {frame.rate:.1f} a second, {endpoints}"


def _endpoints(frame: LiveFrame, width: int, room: int) -> Table:
    wide = width >= _NARROW
    table = Table(box=None, padding=(0, 1), expand=True, header_style="dim")
    table.add_column("a second", justify="right", no_wrap=True)
    table.add_column("operation", ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column("seen", justify="right", no_wrap=True)
    if wide:
        table.add_column("callers", justify="right", no_wrap=True)
        table.add_column("fields", justify="right", no_wrap=True)
    table.add_column("answers", no_wrap=True)
    table.add_column("", no_wrap=True)
    rows = [each for each in frame.busy if each.operation.seen]
    for each in rows[: max(1, room - 2)]:
        table.add_row(*_row(each, wide))
    rest = len(rows) - max(1, room - 2)
    if rest > 0:
        table.add_row("", Text(f"and {rest:,} more", style="dim"))
    return table


def _row(each: Busy, wide: bool) -> Iterator[Text]:
    found = each.operation
    yield Text(f"{each.rate:.1f}")
    yield Text(visible(f"{found.method} {found.path}"))
    yield Text(f"{found.seen:,}")
    if wide:
        yield Text(f"{found.callers:,}")
        yield Text(f"{len(found.fields):,}")
    yield _answers(each)
    yield (
        Text("drift", style="bold red")
        if each.drifted
        else Text(
            found.standing if found.standing == "shadow" else "", style=_STANDING[found.standing]
        )
    )


def _answers(each: Busy) -> Text:
    """Shares of the responses by the first digit of their status."""
    found, said = each.operation, Text()
    for first, style in (("2", "green"), ("3", "blue"), ("4", "yellow"), ("5", "red")):
        many = sum(n for status, n in found.statuses.items() if str(status)[0] == first)
        if many:
            share = max(1, round(100 * many / max(1, found.seen)))
            said.append(f"{' ' if said else ''}{first}xx {share}%", style=style)
    return said
