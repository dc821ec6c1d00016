"""What is told beforehand of objects that a body holds in lists, maps and other objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import JSON, said

DECOYS = quick_yaml.load((FOLDER / "contracts" / "decoys.yaml").read_text())
HOMES = quick_yaml.load((FOLDER / "contracts" / "homes.yaml").read_text())


def test_an_object_that_null_takes_away_is_told_of_once(tmp_path: Path) -> None:
    def unset(_: dict[str, Any], policy: dict[str, Any]) -> None:
        fields = policy["resources"]["Doc"]["fields"]
        for rules in fields.values():
            for rule in rules:
                rule["see"] = [*rule.get("see", []), *rule.pop("set", [])]

    words = "callers who may set `Doc.sub` can remove the `Sub` there with `null`, whoever owns it"
    assert said(tmp_path, DECOYS).count(words) == 1
    assert words not in said(tmp_path, DECOYS, unset)


def test_names_in_a_map_that_no_get_shows_are_told_of(tmp_path: Path) -> None:
    def shown(document: dict[str, Any], policy: dict[str, Any]) -> None:
        cats = document["paths"]["/cats"]
        content = cats["patch"]["requestBody"]["content"]
        answer = {"200": {"description": "cats", "content": {JSON: content[JSON]}}}
        cats["get"] = {"operationId": "listCats", "responses": answer}
        policy["operations"]["listCats"] = {}

    words = "no GET shows the map of `Cat` objects that `patchCats` writes, so each name in it"
    assert words in said(tmp_path, HOMES)
    assert words not in said(tmp_path, HOMES, shown)
