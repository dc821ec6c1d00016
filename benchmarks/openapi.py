"""What reading a description costs, as a ratio to the bare load of the same file.

    python benchmarks/openapi.py [description.json]

Without an argument GitHub's description (13 MB) is taken from the npm package `@octokit/openapi`,
which `npm pack` puts into a temporary directory. The reader loads the document and lists every
field path of every answer; the bare load is `orjson.loads` of the file's bytes. The same is done
for a part of the document written as YAML, against PyYAML's `CSafeLoader`. Each run has a process
of its own, as a command has, and the two kinds take turns.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
import yaml

from oakum.openapi.document import Document
from oakum.openapi.schema import flatten

_RUNS = 9
_YAML_PATHS = 60


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("description", type=Path, nargs="?")
    parser.add_argument("--once", choices=("bare", "reader"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        print(*once(options.once, options.description))
        return
    print(f"Python {platform.python_version()}, orjson {orjson.__version__}, {os.cpu_count()} CPUs")
    print(f"median of {_RUNS} runs of each kind, interleaved, each in a process of its own")
    with tempfile.TemporaryDirectory() as folder:
        path = options.description or fetched(Path(folder))
        compare(path)
        part = Path(folder) / "part.yaml"
        part.write_text(yaml.dump(cut(orjson.loads(path.read_bytes())), Dumper=yaml.CSafeDumper))
        compare(part)


def once(kind: str, path: Path) -> tuple[float, int]:
    """Seconds and field paths of one run."""
    paths = 0
    start = time.perf_counter()
    if kind == "reader":
        for operation in Document.load(path).operations:
            for media in (each for answer in operation.responses.values() for each in answer):
                if media.shape is not None:
                    paths += sum(1 for _ in flatten(media.shape))
    elif path.suffix == ".json":
        orjson.loads(path.read_bytes())
    else:
        yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    return time.perf_counter() - start, paths


def compare(path: Path) -> None:
    """Prints the medians of both kinds and their ratio."""
    seconds: dict[str, list[float]] = {"bare": [], "reader": []}
    for _ in range(_RUNS):
        for kind, taken in seconds.items():
            command = [sys.executable, __file__, str(path), "--once", kind]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            taken.append(float(said.split()[0]))
    bare, reader = (statistics.median(taken) for taken in seconds.values())
    ratios = [r / b for b, r in zip(*seconds.values(), strict=True)]
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, {said.split()[1]} field paths")
    print(f"  bare load {bare * 1e3:.0f} ms, reader {reader * 1e3:.0f} ms")
    print(f"  ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def fetched(folder: Path) -> Path:
    """GitHub's description, from the npm package."""
    command = ["npm", "pack", "@octokit/openapi"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (package,) = folder.glob("*.tgz")
    with tarfile.open(package) as archive:
        archive.extract("package/generated/api.github.com.json", folder, filter="data")
    package.unlink()
    return folder / "package" / "generated" / "api.github.com.json"


def cut(document: Any) -> Any:
    """The first paths of a document, with the components that they reach."""
    paths = dict([*document["paths"].items()][:_YAML_PATHS])
    part: dict[str, Any] = {"openapi": document["openapi"], "paths": paths, "components": {}}
    waiting: list[Any] = [paths]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            ref = value.get("$ref")
            if isinstance(ref, str):
                kind, name = ref.split("/")[2:4]
                kept = part["components"].setdefault(kind, {})
                if name not in kept:
                    kept[name] = document["components"][kind][name]
                    waiting.append(kept[name])
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return part


if __name__ == "__main__":
    main()
