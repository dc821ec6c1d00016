"""How much of a known contract a draft from traffic tells, and what it grants too widely.

    python benchmarks/drafts.py [EXCHANGES]

Traffic of the fixed cadence: nine personas and a crowd of sixty log in, look around, change their
settings and ties, err. Drafted from it with the shipped contract as skeleton, with its OpenAPI
document alone, and with no document.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.observe import behaviour, share  # noqa: E402
from tests.observe.crowd import Crowd, text  # noqa: E402

import cadence  # noqa: E402

CONTRACT = Path(cadence.__file__).with_name("exposure.yaml")
DOCUMENT = CONTRACT.with_name("openapi.yaml")
WAYS = {
    "contract": ["--contract", str(CONTRACT)],
    "document": ["--openapi", str(DOCUMENT)],
    "nothing": [],
}


def main(many: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        traffic = folder / "crowd.ndjson"
        with traffic.open("w", encoding="utf-8") as lines:
            lines.writelines(text(Crowd().exchanges(many)))
        for way, options in WAYS.items():
            drafted(way, options, traffic, folder / f"{way}.yaml")
        missing = endpoints(DOCUMENT) ^ endpoints(folder / "nothing.openapi.json")
        print(f"operations of the inferred document that differ: {sorted(missing)}")


def drafted(way: str, options: list[str], traffic: Path, out: Path) -> None:
    command = [sys.executable, "-m", "oakum", "observe", "draft", str(traffic), *options]
    begun = time.monotonic()
    subprocess.run([*command, "-o", str(out)], check=True, capture_output=True)
    took = time.monotonic() - begun
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    granted, both, wide = behaviour.compared(CONTRACT, out)
    print(f"{way}: {took:.0f} s, at most {most} MiB; of leaves {100 * both / granted:.1f} %")
    print(f"    {wide} leaves too wide", end="")
    if way == "nothing":
        print()
        return
    shipped, cells = share.compared(CONTRACT, out)
    print(f"; of cells {100 * len(cells & shipped) / len(shipped):.1f} %", end="")
    print(f", {len(cells - shipped)} too wide")


def endpoints(file: Path) -> set[tuple[str, str]]:
    paths = yaml.safe_load(file.read_text(encoding="utf-8"))["paths"]
    return {
        (method, re.sub(r"{[^}]*}", "{}", path))
        for path, item in paths.items()
        for method in item.keys() & {"get", "put", "post", "patch", "delete"}
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
