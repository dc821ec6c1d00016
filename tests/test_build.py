"""What is built: Oakum alone in its wheel, and a bill of materials that names all it needs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


def project(folder: str = ".") -> dict[str, Any]:
    whole = tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, Any] = whole["project"]
    return found


@pytest.mark.long
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
    extras = [one for each in project()["optional-dependencies"].values() for one in each]
    asked = {re.match(r"[\w-]+", each)[0] for each in (*project()["dependencies"], *extras)}  # type: ignore[index]
    assert {each.lower() for each in asked} - {"oakum"} <= named


def test_examples_and_tools_go_with_this_very_version() -> None:
    version = project()["version"]
    assert f"oakum-examples=={version}" in project()["optional-dependencies"]["demo"]
    assert project("examples")["version"] == project("tools")["version"] == version
    assert project("tools")["dependencies"] == [f"oakum=={version}"]
    assert (ROOT / "examples/LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_wheel_holds_oakum_alone() -> None:
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert whole["tool"]["hatch"]["build"]["targets"]["wheel"] == {"packages": ["src/oakum"]}
