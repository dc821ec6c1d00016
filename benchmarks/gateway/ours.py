"""Oakum itself: an engine from the files that its target renders, and the ASGI middleware."""

from __future__ import annotations

import importlib
import secrets
from pathlib import Path

import world
from load import Absent

from oakum.errors import OakumError
from oakum.guard.compiled import AUDIT_KEY, compiled
from oakum.guard.files import fill
from oakum.guard.target import Deployment, Target

_TARGETS = {"envoy": "Envoy", "nginx": "Nginx"}


def engine(
    name: str, folder: Path, port: int, to: int, made: world.World, algorithm: str
) -> tuple[list[str], dict[str, str]]:
    """The engine as `oakum guard` runs it, audit log and all: command line and environment."""
    try:
        target: Target = getattr(importlib.import_module(f"oakum.guard.{name}"), _TARGETS[name])()
    except (ImportError, AttributeError) as error:
        raise Absent(f"no such target in this Oakum: {error}") from error
    folder.mkdir(mode=0o700)
    try:
        plan = compiled(made.policy(algorithm)).plan
        upstream, listen = f"http://127.0.0.1:{to}", f"127.0.0.1:{port}"
        deployment = Deployment(plan, upstream, listen, folder, audit_key_env=AUDIT_KEY)
        fill(folder, target.render(deployment))
        target.validate(folder)
        return target.command(folder), {AUDIT_KEY: secrets.token_hex(32)}
    except (OakumError, OSError) as error:
        raise Absent(str(error)) from error
