"""`oakum check`: whether a contract fits its document, and what to mind about it."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from oakum.authz import compile_contract
from oakum.cli import shared
from oakum.errors import ExitCode, InputError, Problem, count_of
from oakum.policy.contract import load


@click.command(epilog="Example: oakum check exposure.yaml")
@click.argument("contract", type=shared.PATH)
@shared.OVERLAYS
@shared.format_option()
def command(contract: Path, overlays: tuple[Path, ...], form: str) -> int:
    """Read CONTRACT and its document, and list every mistake with its line."""
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    said = ""
    try:
        found = load(contract, overlays)
        warnings = found.warnings
        said = f"{len(found.document.operations)} operations, no policy yet: try `oakum init`"
        if found.policy is not None:
            model = compile_contract(found.document, found.policy)
            warnings = (*warnings, *model.notes)
            rows = sum(len(table.rows) for table in model.tables.values())
            said = (
                f"{count_of(len(model.operations), 'operation')},"
                f" {count_of(len(model.tables), 'resource')},"
                f" {count_of(len(found.policy.relations), 'relation')}, {count_of(rows, 'row')}"
            )
            if drafted := found.policy.drafted_lines:
                said += f"; {count_of(len(drafted), 'drafted line')}"
    except InputError as error:
        errors = error.problems
    if form == "json":
        content = {
            "schema": "oakum.check/1",
            "errors": [each.members() for each in errors],
            "warnings": [each.members() for each in warnings],
        }
        click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
    else:
        for each in errors:
            click.echo(f"error: {each}")
        for each in warnings:
            click.echo(f"warning: {each}")
        click.echo(
            f"{count_of(len(errors), 'error')}, {count_of(len(warnings), 'warning')}"
            + (f"; {said}" if said else "")
        )
    return int(ExitCode.USAGE if errors else ExitCode.CLEAN)
