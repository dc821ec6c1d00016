"""Oakum itself: an engine as `oakum guard` runs it, the command whole, and the ASGI middleware."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import world
from load import Absent

from oakum.errors import InputError
from oakum.guard.audit_reader import AUDIT_KEY
from oakum.guard.contract_reader import read_contract
from oakum.guard.engine_files import fill
from oakum.guard.engine_protocol import Deployment
from oakum.guard.engines import ENGINES

Start = tuple[list[str], dict[str, str]]
"""A command line, and what is added to its environment."""


def engine(name: str, folder: Path, port: int, to: int, made: world.World, algorithm: str) -> Start:
    """The engine alone, with the files that its target renders; the audit log is written."""
    target = ENGINES[name]()
    folder.mkdir(mode=0o700)
    plan = read_contract(made.policy(algorithm)).plan
    upstream, listen = f"http://127.0.0.1:{to}", f"127.0.0.1:{port}"
    fill(
        folder,
        target.render(Deployment(plan, upstream, listen, folder, audit_key_env=AUDIT_KEY)),
    )
    try:
        command = target.command(folder)
    except InputError as error:
        raise Absent(str(error)) from error
    target.validate(folder)
    return command, {AUDIT_KEY: secrets.token_hex(32)}


def guard(name: str, port: int, to: int, policy: Path) -> Start:
    """The command with its supervisor, which reads each line of the audit and counts it."""
    command = [sys.executable, "-m", "oakum", "guard", str(policy), "--engine", name]
    return [*command, "--upstream", f"http://127.0.0.1:{to}", "--listen", f"127.0.0.1:{port}"], {}
