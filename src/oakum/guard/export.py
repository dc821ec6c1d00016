"""Writes the gateway as files for machines that have neither Python nor Oakum.

The files that the engine reads are in `config`, and it writes to `run`. The files beside them are
for a fleet, made from the templates of `<engine>/fleet`, one file for each.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from oakum.errors import InputError, Location, Problem
from oakum.guard.audit_reader import AUDIT_KEY
from oakum.guard.contract_reader import ContractFiles, read_contract
from oakum.guard.denylist import denial_ends, key_of, read_list
from oakum.guard.engine_admin_client import LONGEST, UNIX
from oakum.guard.engine_files import fill, render_and_validate, unusable
from oakum.guard.engine_protocol import Deployment, EngineTarget, address, mistake
from oakum.openapi.model import Json

SCHEMA = "oakum.export/2"
_MARK = "export.json"
"""Marks a folder as an export: holds its contract, engine and list of files."""
MOST = 1 << 20
"""Bytes of data that Kubernetes takes in a ConfigMap."""
_MAPPED = "kubernetes/"
"""Templates that need the configuration in a ConfigMap."""
_TEMPLATES = "fleet"
"""Folder of templates in the folder of an engine."""


@dataclass(frozen=True)
class ExportOptions:
    """Options of `oakum guard export`."""

    contract: Path
    upstream: str
    listen: str
    overlays: tuple[Path, ...] = ()
    observe: bool = False
    workers: int = 1
    redis: str = ""
    deny: Path | None = None
    """The deny list; None: no caller is denied."""
    at: Path = Path("/opt/oakum")
    """Absolute; path of the folder on the machines that run it."""


def export(
    order: ExportOptions, engine: EngineTarget, out: Path, audit_key: bytes = b""
) -> ContractFiles:
    """Writes the folder atomically. `audit_key`: the fleet's, if known, so that a deny list made
    under another key is refused.

    Raises `InputError` when the folder exists and is not an earlier export, and `TargetError` when
    the engine rejects its files.
    """
    _replaceable(out)
    if not order.at.is_absolute() or any(each.isspace() for each in str(order.at)):
        # a unit of systemd and the command of a container are split at spaces
        said = f"--at `{order.at}` is no absolute path without spaces"
        raise mistake(said, "name the folder as the machines that run it do: `--at /opt/oakum`")
    if len(os.fsencode(order.at / "run/admin")) > LONGEST:
        raise mistake(f"--at `{order.at}` is too long for a socket path", "name a shorter place")
    if order.redis:
        address(order.redis, "--redis")
    now = read_contract(order.contract, order.overlays)
    listed = denial_ends(read_list(order.deny, audit_key)) if order.deny is not None else {}
    deployment = Deployment(
        now.plan,
        order.upstream,
        order.listen,
        order.at / "config",
        writes=order.at / "run",
        log=engine.audit_log,
        workers=order.workers,
        observe=order.observe,
        service_env=now.service_env,
        audit_key_env=AUDIT_KEY,
        redis=order.redis,
        denied=listed,
        deny_key=key_of(order.deny) if order.deny is not None and listed else "",
        # A socket, not a port: two guards may run on one machine, and no other user may stop one.
        admin=f"{UNIX}{order.at}/run/admin" if engine.control.drain else "",
    )
    out = out.absolute()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise unusable(out, error) from None
    try:
        config = render_and_validate(engine, deployment, fresh)
        fill(fresh / "config", config)
        command = _command(engine, fresh / "config", deployment)
        around = _around(engine, deployment, now, config, command)
        if not _fits(config):
            now = replace(now, noticed=(*now.noticed, _no_config_map(order, config)))
        fill(fresh, around)
        names = sorted([*(f"config/{name}" for name in config), *around, _MARK])
        (fresh / "run").mkdir()
        fill(fresh, {_MARK: _mark(now, engine, names)})
        for each in fresh.rglob("*"):
            each.chmod(0o755 if each.is_dir() else 0o644)  # it holds no secret
        _put(fresh, out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return now


def _mark(now: ContractFiles, engine: EngineTarget, names: list[str]) -> bytes:
    content = {
        "schema": SCHEMA,
        "contract": now.digest,
        "engine": engine.name,
        "files": names,
    }
    return json.dumps(content, indent=1).encode() + b"\n"


def _command(engine: EngineTarget, folder: Path, deployment: Deployment) -> list[str]:
    """The engine's command line with paths of the target machine."""
    program, *more = engine.command(folder, exported=True)
    moved = [each.replace(str(folder), str(deployment.folder)) for each in more]
    return [Path(program).name, *moved]


def _around(
    engine: EngineTarget,
    deployment: Deployment,
    now: ContractFiles,
    config: Mapping[str, bytes],
    command: list[str],
) -> dict[str, bytes]:
    """Renders every template of the engine."""
    folder = Path(__file__).parent / engine.name / _TEMPLATES
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    host, port = address(deployment.listen, "--listen")
    values: dict[str, Json] = {
        "deployment": deployment,
        "at": str(deployment.folder.parent),
        "host": host,
        "port": port,
        "contract": now.digest,
        "endpoints": now.endpoints,
        "command": command,
        "config": {name: content.decode() for name, content in config.items()},
        "mapped": _fits(config),
        "static": _digest(config, engine.control.swapped),
        "swapped": sorted(engine.control.swapped),
        "version": _version(engine.distribution) if engine.distribution else "",
        "limited": bool(now.plan.data["limits"]),
        "hops": now.plan.data["guard"]["hops"],
    }
    return {
        name.removesuffix(".j2"): environment.get_template(name).render(values).encode()
        for name in sorted(environment.list_templates())
        if _fits(config) or not name.startswith(_MAPPED)
    }


def _size(config: Mapping[str, bytes]) -> int:
    return sum(len(name.encode()) + len(content) for name, content in config.items())


def _fits(config: Mapping[str, bytes]) -> bool:
    return _size(config) <= MOST


def _no_config_map(order: ExportOptions, config: Mapping[str, bytes]) -> Problem:
    return Problem(
        Location(str(order.contract)),
        f"the configuration has {_size(config)} bytes, and Kubernetes takes {MOST} in a ConfigMap:"
        f" `{_MAPPED}` is not written",
        "mount `config` from a volume, or guard each part of the document by a contract of its own",
    )


def _digest(config: Mapping[str, bytes], swapped: frozenset[str]) -> str:
    """Changes when the engine has to be restarted."""
    found = hashlib.sha256()
    for name in sorted(config.keys() - swapped):
        found.update(config[name])
    return found.hexdigest()[:16]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _replaceable(out: Path) -> None:
    """Raises `InputError` unless the folder is absent, empty or an earlier export."""
    if not out.exists():
        return
    place = Location(str(out))
    if not out.is_dir():
        raise InputError([Problem(place, "is not a folder")])
    there = {str(each.relative_to(out)) for each in out.rglob("*") if not each.is_dir()}
    if not there:
        return
    try:
        mark = json.loads((out / _MARK).read_bytes())
        known = set(mark["files"]) if mark["schema"] == SCHEMA else None
    except (OSError, ValueError, TypeError, KeyError):
        known = None
    if known is None:
        hint = "give another with `--out`"
        raise InputError([Problem(place, "is not empty and not an earlier export", hint)])
    if others := sorted(there - known):
        hint = "move it, or give another folder with `--out`"
        raise InputError(
            [
                Problem(
                    place, f"contains `{others[0]}`, which `oakum guard export` did not write", hint
                )
            ]
        )


def _put(fresh: Path, out: Path) -> None:
    """Moves the export into place by renaming, so that nobody copies half of it."""
    fresh.chmod(0o755)
    if not out.exists():
        fresh.rename(out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old)
