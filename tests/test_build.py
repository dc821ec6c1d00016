"""What is built: Oakum alone in its wheel, and a bill of materials that names all it needs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs

ROOT = Path(__file__).parents[1]


def project(folder: str = ".") -> dict[str, Any]:
    whole = tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, Any] = whole["project"]
    return found


def schema(name: str) -> Any:
    """A schema of CycloneDX."""
    folder = files("cyclonedx.schema._res")
    return json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_bytes())


def validator() -> jsonschema_rs.Draft7Validator:
    """What the tool checks, format of each URL included, in a hundredth of the time."""
    base = "http://cyclonedx.org/schema/"
    parts = {name: schema(name) for name in ("spdx", "cryptography-defs", "jsf-0.82")}
    known = [(f"{base}{name}.SNAPSHOT.schema.json", part) for name, part in parts.items()]
    registry = jsonschema_rs.Registry(known, draft=jsonschema_rs.Draft7)
    bill = schema("bom-1.6")
    return jsonschema_rs.Draft7Validator(bill, validate_formats=True, registry=registry)


def test_the_bill_of_materials_names_every_dependency(tmp_path: Path) -> None:
    script = (ROOT / "do").read_text(encoding="utf-8")
    written = tmp_path / "oakum.cdx.json"
    bom = script[script.index("bom() {") : script.index("\n}\n", script.index("bom() {")) + 3]
    # The tool's own check takes 20 s of processor for the URLs alone.
    run = f'venv={Path(sys.prefix)}\n{bom}\nbom "$1" "$2" --no-validate'
    subprocess.run(["sh", "-euc", run, "sh", sys.executable, written], cwd=ROOT, check=True)
    found = json.loads(written.read_bytes())
    assert [str(each) for each in validator().iter_errors(found)] == []
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
