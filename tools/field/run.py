"""One run: a version is installed, started beside a throw-away database, seeded and scanned."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from field import database, packages, processes, services, truth
from field.place import Place, cache, free_port


def run(product: str, version: str) -> dict[str, Any]:
    """The result of scanning this version; it is also kept in the cache, for `score`."""
    digest = truth.file_digest(truth.PRODUCTS / product / "truth.yaml")
    truth.load(product)
    with at_work(product, version) as (place, settings, secrets):
        before = database.rows(place, settings["database"])
        scan = scanned(place, settings, secrets)
        after = database.rows(place, settings["database"])
    result = {
        "product": product,
        "version": version,
        "truth": digest,
        "exit": scan["exit"],
        "report": scan["report"],
        "harm": database.changes(before, after),
    }
    file = results() / f"{product}-{version}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return result


def results() -> Path:
    return cache() / "results"


@contextmanager
def at_work(
    product: str, version: str
) -> Iterator[tuple[Place, Mapping[str, Any], dict[str, str]]]:
    """The product, seeded and ready, with the secrets of the identities."""
    folder = truth.PRODUCTS / product
    settings = yaml.safe_load((folder / "product.yaml").read_text(encoding="utf-8"))
    installed = packages.install(product, version, settings["package"])
    seed = importlib.import_module(f"field.products.{product}.seed")
    with (
        tempfile.TemporaryDirectory(prefix=f"field-{product}-") as work,
        services.started(settings.get("services", [])) as addresses,
    ):
        place = Place(folder, installed, Path(work), free_port(), addresses)
        own = {name: place.fill(str(text)) for name, text in settings["environment"].items()}
        log = place.work / "application.log"
        for command in settings.get("prepare", []):
            prepare([place.fill(part) for part in command], place, own)
        if not database.restored(place, dump := cache() / "migrated" / f"{product}-{version}.sql"):
            for command in settings.get("migrate", []):
                prepare([place.fill(part) for part in command], place, own)
            database.keep(place, dump)
        start = [place.fill(part) for part in settings["start"]]
        with processes.running(start, place.work, log, own) as process:
            processes.wait_until(
                lambda: processes.answers(place.base + settings["ready"]), process, log
            )
            try:
                secrets = seed.seed(place)
            except SystemExit as failure:
                raise SystemExit(f"{failure}\n{log.read_text(errors='replace')[-3000:]}") from None
            yield place, settings, secrets


def prepare(command: list[str], place: Place, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        command, cwd=place.work, env={**os.environ, **environment}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(
            f"field: `{' '.join(command)}`:\n{done.stdout[-1000:]}{done.stderr[-2000:]}"
        )


def scanned(
    place: Place, settings: Mapping[str, Any], secrets: Mapping[str, str]
) -> dict[str, Any]:
    """The exit code and the report of `oakum scan`, which only reads unless `options` say more."""
    report = place.work / "report.json"
    command = [
        sys.executable, "-m", "oakum", "scan", str(place.product / "exposure.yaml"),
        "--target", place.base + settings.get("below", ""),
        "--identities", str(place.product / "identities.yaml"),
        "--rate", "100", "--budget", "2000", "--quiet", "--json", str(report),
        *settings.get("options", []),
    ]  # fmt: skip
    done = subprocess.run(
        command, env={**os.environ, **secrets}, cwd=place.work, capture_output=True, text=True
    )
    if not report.exists():
        raise SystemExit(
            f"field: the scan wrote no report:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        )
    (results()).mkdir(parents=True, exist_ok=True)
    return {"exit": done.returncode, "report": json.loads(report.read_text(encoding="utf-8"))}
