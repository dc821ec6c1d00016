"""The bill of materials names all that an installation of Oakum consists of."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_bill_of_materials_names_every_dependency(tmp_path: Path) -> None:
    script = (ROOT / "do").read_text(encoding="utf-8")
    written = tmp_path / "oakum.cdx.json"
    bom = script[script.index("bom() {") : script.index("\n}\n", script.index("bom() {")) + 3]
    run = f'venv={Path(sys.prefix)}\n{bom}\nbom "$1" "$2"'
    subprocess.run(["sh", "-euc", run, "sh", sys.executable, written], cwd=ROOT, check=True)
    found = json.loads(written.read_bytes())
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.6")
    assert found["metadata"]["component"]["name"] == "oakum"
    named = {re.sub(r"[-_.]+", "-", each["name"]).lower() for each in found["components"]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [one for each in project["optional-dependencies"].values() for one in each]
    asked = {re.match(r"[\w-]+", each)[0] for each in (*project["dependencies"], *extras)}  # type: ignore[index]
    assert {each.lower() for each in asked} - {"oakum"} <= named
