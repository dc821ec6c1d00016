"""The progress line of a scan."""

from __future__ import annotations

import io
from unittest.mock import patch

import pytest
from rich.console import Console

from oakum.cli.progress import progress
from oakum.scan.context import Event


def shown(sent: int, budget: int) -> str:
    """What a terminal shows of a scan that sends so many requests."""
    page = io.StringIO()
    console = Console(file=page, force_terminal=True, width=80, color_system=None)
    with patch("oakum.cli.shared.console", return_value=console), progress(budget) as show:
        show(Event("phase", {"name": "proving the identities"}))
        for number in range(1, sent + 1):
            show(Event("ask", {"number": number}))
    return page.getvalue()


@pytest.mark.parametrize(("sent", "budget"), [(7, 500), (500, 500), (620, 500), (0, 500)])
def test_a_scan_that_is_done_ends_at_100_percent(sent: int, budget: int) -> None:
    lines = shown(sent, budget).split("\r")
    last = [line for line in lines if "requests" in line][-1]
    assert "100%" in last and "done" in last


def test_a_scan_that_fails_is_not_told_as_done() -> None:
    page = io.StringIO()
    console = Console(file=page, force_terminal=True, width=80, color_system=None)
    with (
        pytest.raises(KeyboardInterrupt),
        patch("oakum.cli.shared.console", return_value=console),
        progress(500) as show,
    ):
        show(Event("ask", {"number": 5}))
        raise KeyboardInterrupt
    assert "100%" not in page.getvalue() and "done" not in page.getvalue()


def test_nothing_is_shown_where_there_is_no_terminal() -> None:
    page = io.StringIO()
    console = Console(file=page, force_terminal=False, width=80)
    with patch("oakum.cli.shared.console", return_value=console), progress(10) as show:
        show(Event("ask", {"number": 5}))
    assert not page.getvalue().strip()
