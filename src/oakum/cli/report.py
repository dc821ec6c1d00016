"""`oakum report`: a saved report in another format."""

from __future__ import annotations

from pathlib import Path

import click

from oakum.cli import shared
from oakum.report.grouping import exit_code


@click.command(epilog="Example: oakum report scan.json --format html > report.html")
@click.argument("file", type=shared.PATH)
@shared.format_option(*shared.FORMATS)
def command(file: Path, form: str) -> int:
    """Convert a JSON report of an earlier scan to another format. Exits with the scan's code, and
    with 2 for a report that was changed.

    `github` also appends a summary to the file that GITHUB_STEP_SUMMARY names.
    """
    report = shared.sound_report(file)
    shared.show(report, form)
    return int(exit_code(report))
