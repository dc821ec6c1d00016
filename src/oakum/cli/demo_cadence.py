"""`oakum demo cadence`: serves the stand-in API."""

from __future__ import annotations

from pathlib import Path

import click

from oakum.cli import shared


@click.command(
    short_help="serve cadence, the stand-in API, in one of its three stages",
    epilog="Example: oakum demo cadence --stage 1 --port 8000 --kit ./kit",
)
@click.option(
    "--stage", type=click.Choice(["1", "2", "fixed"]), default="1", show_default=True,
    help="1: no login; 2: login added; fixed: checks each object",
)  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option(
    "--members", type=click.IntRange(min=0), default=200, show_default=True,
    help="number of generated members besides the named ones",
)  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="random seed of the data")
@click.option(
    "--kit", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help="also write the contract and identities.yaml there",
)  # fmt: skip
def command(stage: str, port: int, members: int, seed: int, kit: Path | None) -> int:
    """Serve cadence, a stand-in for an API that leaked, on 127.0.0.1."""
    cadence = shared.require_cadence()
    listening = shared.listen(cadence.bound, port)
    if kit is not None:
        cadence.write_kit(kit, seed)
        files = "openapi.yaml, schema.graphql, exposure.yaml and identities.yaml"
        click.echo(f"wrote {files} into {kit}", err=True)
    cadence.serve(stage, listening, members, seed)
    return 0
