"""`oakum guard`: runs a gateway that lets through what the contract grants."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oakum.cli import shared
from oakum.cli.default_command_group import CommandGroup
from oakum.errors import ExitCode
from oakum.guard.engines import ENGINES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oakum.errors import Problem
    from oakum.guard.contract_reader import ContractFiles
    from oakum.guard.run import GuardEvent


_listens = click.option(
    "--listen", default="127.0.0.1:8080", show_default=True, metavar="HOST:PORT",
    help="address that clients connect to; port 0: any free port",
)  # fmt: skip
_gateway = shared.options(
    click.argument("contract", type=shared.PATH),
    click.option("--upstream", required=True, metavar="URL", help="base URL of the API behind it"),
    click.option(
        "--engine", type=click.Choice([*ENGINES]), default="envoy", show_default=True,
        help="the proxy that runs the contract",
    ),
    click.option(
        "--mode", type=click.Choice(["enforce", "observe"]), default="enforce",
        show_default=True,
        help="observe: remove and deny nothing, only log what enforce would do",
    ),
    click.option(
        "--workers", type=click.IntRange(1, 256), default=1, show_default=True,
        help="threads or processes of the proxy",
    ),
    click.option(
        "--redis", default="", metavar="HOST:PORT",
        help="Redis that several guards share",
    ),
    click.option(
        "--deny", type=shared.PATH, metavar="FILE",
        help="deny list: reject these callers until their entries expire",
    ),
    shared.OVERLAYS,
)  # fmt: skip
"""The argument and options of a gateway: `CONTRACT --upstream URL --listen ADDRESS` and so on."""


@click.group(
    cls=CommandGroup,
    default="run",
    epilog="Example: oakum guard exposure.yaml --upstream http://127.0.0.1:8000"
    " --listen 127.0.0.1:8080 --admin 127.0.0.1:9090",
)
def command() -> None:
    """Run a gateway in front of the API that passes only what CONTRACT grants.

    The guard compiles the contract, and starts and monitors Envoy or nginx. It loads a changed
    contract at once; if the contract has mistakes, it prints them and keeps the old one. It
    restarts an engine that dies. SIGTERM ends the guard gracefully, SIGHUP reloads the contract.
    """


@command.command(hidden=True, epilog=command.epilog)
@_gateway
@_listens
@click.option(
    "--admin", default="127.0.0.1:0", metavar="HOST:PORT",
    help="health and metrics over HTTP  [default: a free port of 127.0.0.1]",
)  # fmt: skip
@click.option(
    "--audit", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), metavar="FILE",
    help="write one JSON line per request; `-` for standard output",
)  # fmt: skip
@click.option(
    "--state", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="folder for the files of the run, kept afterwards  [default: a private one, removed]",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="format of the events on standard error",
)  # fmt: skip
def run(
    contract: Path,
    upstream: str,
    listen: str,
    engine: str,
    mode: str,
    workers: int,
    redis: str,
    deny: Path | None,
    overlays: tuple[Path, ...],
    admin: str,
    audit: Path | None,
    state: Path | None,
    form: str,
) -> int:
    """Run the gateway; the same as without `run`."""
    from oakum.guard.run import GuardOptions, serve

    shown = str(audit) == "-"
    options = GuardOptions(
        contract,
        shared.valid_target(upstream, "--upstream"),
        listen,
        ENGINES[engine](),
        overlays,
        observe=mode == "observe",
        workers=workers,
        admin=admin,
        audit=None if shown else audit,
        redis=redis,
        deny=deny,
        state=state,
    )
    serve(options, _json if form == "json" else _text, _line if shown else None)
    return int(ExitCode.CLEAN)


@command.command(
    epilog="Example: oakum guard export exposure.yaml --engine nginx"
    " --upstream http://127.0.0.1:8000 --listen 0.0.0.0:8080 --out gateway"
)
@_gateway
@click.option(
    "--listen", default="127.0.0.1:8080", show_default=True, metavar="HOST:PORT",
    help="address that clients connect to",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="DIR",
    help="output folder; must not exist, or be an earlier export",
)  # fmt: skip
@click.option(
    "--at", type=click.Path(path_type=Path), default=Path("/opt/oakum"), show_default=True,
    metavar="DIR", help="path of the folder on the machines that run it",
)  # fmt: skip
def export(
    contract: Path,
    upstream: str,
    listen: str,
    engine: str,
    mode: str,
    workers: int,
    redis: str,
    deny: Path | None,
    overlays: tuple[Path, ...],
    out: Path,
    at: Path,
) -> int:
    """Write the gateway as files for a fleet that needs neither Python nor Oakum."""
    from oakum.guard.audit_reader import AUDIT_KEY
    from oakum.guard.export import ExportOptions, export

    if re.search(r":0+\Z", listen):
        raise click.BadParameter("an export cannot choose a port", param_hint="--listen")
    order = ExportOptions(
        contract,
        shared.valid_target(upstream, "--upstream"),
        listen,
        overlays,
        observe=mode == "observe",
        workers=workers,
        redis=redis,
        deny=deny,
        at=at,
    )
    chosen = ENGINES[engine]()
    made = export(order, chosen, out, os.environ.get(AUDIT_KEY, "").encode())
    shared.warn(made.warnings_for([chosen]))
    click.echo(
        f"wrote {out}: contract {made.digest}; {out}/README.md explains where each file goes"
    )
    return int(ExitCode.CLEAN)


@command.command(epilog="Example: oakum guard check exposure.yaml --identities identities.yaml")
@click.argument("contract", type=shared.PATH)
@click.option(
    "--identities", type=shared.PATH, metavar="FILE",
    help="the identities file: also list what these accounts send and the guard removes",
)  # fmt: skip
@shared.OVERLAYS
def check(contract: Path, identities: Path | None, overlays: tuple[Path, ...]) -> int:
    """List what the guard will withhold although CONTRACT grants it, because it cannot decide."""
    from oakum.guard.contract_reader import read_contract

    found = read_contract(contract, overlays)
    shared.warn(found.warnings_for(engine() for engine in ENGINES.values()))
    if identities is not None:
        shared.warn(_warn_of_removed(found, identities))
    key = f", look-ups with `{found.service_env}`" if found.service_env else ""
    click.echo(f"{found.endpoints} endpoints, contract {found.digest}{key}")
    return int(ExitCode.CLEAN)


def _warn_of_removed(found: ContractFiles, identities: Path) -> Iterator[Problem]:
    from oakum.guard.removed_account_headers import removed_lines
    from oakum.scan.identities.identities_file import lines_sent

    policy = found.compiled.policy
    lines = lines_sent(identities, policy.relations, policy.resources)
    return removed_lines(found.compiled, lines)


def _text(happening: GuardEvent) -> None:
    click.echo(happening.words, err=True)


def _json(happening: GuardEvent) -> None:
    import orjson

    event = {"event": happening.kind, **happening.data}
    click.echo(orjson.dumps(event).decode(), err=True)


def _line(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()  # another program may be following the file
