"""Packages by name and version, each version in a folder of its own in the cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from field.place import cache


def install(product: str, version: str, package: Mapping[str, Any]) -> Path:
    """The folder with the packages of this version; it is filled once."""
    folder = cache() / "packages" / f"{product}-{version}"
    if (folder / ".complete").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    kinds = {"npm": by_npm, "pip": by_pip}
    [kind] = package.keys() & kinds.keys()
    kinds[kind](folder, f"{package[kind]}", version, package)
    (folder / ".complete").touch()
    return folder


def by_npm(folder: Path, name: str, version: str, package: Mapping[str, Any]) -> None:
    (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    others = [f"{other}@{number}" for other, number in package.get("with", {}).items()]
    omit = [f"--omit={each}" for each in ("dev", *package.get("omit", []))]
    command = ["npm", "install", "--no-audit", "--no-fund", *omit]
    do(folder, *command, f"{name}@{version}", *others)


def by_pip(folder: Path, name: str, version: str, package: Mapping[str, Any]) -> None:
    do(folder, interpreter(package.get("python")), "-m", "venv", str(folder / "venv"))
    others = [f"{other}=={number}" for other, number in package.get("with", {}).items()]
    pip = [str(folder / "venv/bin/python"), "-m", "pip", "install", "-q"]
    extras = f"[{package['extras']}]" if "extras" in package else ""
    do(folder, *pip, f"{name}{extras}=={version}", *others)


def interpreter(version: str | None) -> str:
    """Python of this version, such as 3.7: on the path, or one that pyenv keeps."""
    if version is None:
        return sys.executable
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    kept = sorted(root.glob(f"versions/{version}.*/bin/python"))
    return str(kept[-1]) if kept else f"python{version}"


def do(folder: Path, *command: str) -> None:
    with (folder / "install.log").open("a", encoding="utf-8") as log:
        done = subprocess.run(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    if done.returncode:
        raise SystemExit(f"field: `{' '.join(command[:4])}` failed, see {folder / 'install.log'}")
