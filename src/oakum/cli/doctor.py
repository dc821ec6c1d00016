"""`oakum doctor`: checks that the identities can log in and are who the identities file says they
are."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from oakum.cli import shared
from oakum.errors import ExitCode
from oakum.scan.identities.doctor_command import diagnose
from oakum.scan.options import Options


@click.command(
    epilog="Example: oakum doctor openapi.yaml --target http://localhost:8000"
    " --identities identities.yaml"
)
@shared.target_options
@shared.connection_options
@shared.format_option()
def command(
    contract: Path,
    target: str,
    identities: Path,
    overlays: tuple[Path, ...],
    rate: float,
    budget: int,
    proxy: str | None,
    ca: Path | None,
    headers: tuple[str, ...],
    form: str,
) -> int:
    """Log in every identity, verify who it is, and say what is wrong."""
    options = Options(
        contract, shared.valid_target(target), identities, overlays, budget, rate,
        connection=shared.connection(proxy, ca, headers),
    )  # fmt: skip
    found = diagnose(options, shared.warn)
    if form == "json":
        content = {
            "schema": "oakum.doctor/1",
            "whoami": found.whoami,
            "ok": found.ok,
            "notes": list(found.notes),
            "identities": [
                {
                    "name": each.name,
                    "ok": each.ok,
                    "message": each.message,
                    "relations": list(each.relations),
                }
                for each in found.states
            ],
        }
        click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
    else:
        for each in found.states:
            said = each.message or "logged in and verified"
            relationships = f" ({', '.join(each.relations)})" if each.relations else ""
            click.echo(f"{'ok    ' if each.ok else 'FAILED'}  {each.name}{relationships}: {said}")
        for note in found.notes:
            click.echo(f"note    {note}")
    return int(ExitCode.CLEAN if found.ok else ExitCode.NOT_TRUSTWORTHY)
