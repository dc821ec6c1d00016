"""Reads that find an object by a member that is not its key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import said

REMARKS = quick_yaml.load((FOLDER / "contracts" / "remarks.yaml").read_text(encoding="utf-8"))
TEXT = {"type": "string"}
NOTE = {"$ref": "#/components/schemas/Note"}
PAGE = {"next": TEXT, "notes": {"type": "array", "items": NOTE}}
FOUND = {"type": "object", "properties": {"found": {"type": "boolean"}, "note": NOTE}}
Change = Callable[[dict[str, Any], dict[str, Any]], None]


def look(
    shown: dict[str, Any], name: str = "slug", rule: dict[str, Any] | None = None, **more: Any
) -> Change:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        content = {"application/json": {"schema": shown}}
        document["components"]["schemas"]["Note"]["properties"]["slug"] = TEXT
        document["paths"]["/look"] = {
            "get": {
                "operationId": "look",
                "parameters": [{"name": name, "in": "query", "schema": TEXT, **more}],
                "responses": {"200": {"description": "d", "content": content}},
            }
        }
        policy["operations"]["look"] = {"call": ["member"], **(rule or {})}
        policy["resources"]["Note"]["fields"]["slug"] = [{"see": ["owner"]}]

    return change


@pytest.mark.parametrize(
    "change",
    [
        look(FOUND),
        look({"type": "object", "properties": {"found": {"type": "boolean"}}}),
        look(FOUND, "X-Slug", **{"in": "header"}),
    ],
)
def test_a_read_that_tells_beside_what_it_finds_is_named(tmp_path: Path, change: Change) -> None:
    assert "`look` may find a `Note` by `" in said(tmp_path, REMARKS, change)


def test_a_parameter_of_the_query_alone_can_be_removed(tmp_path: Path) -> None:
    assert "`look: {without: [slug]}`" in said(tmp_path, REMARKS, look(FOUND))
    assert "without" not in said(tmp_path, REMARKS, look(FOUND, "X-Slug", **{"in": "header"}))


@pytest.mark.parametrize(
    "change",
    [
        None,
        look(NOTE),
        look({"type": "object", "properties": {"note": NOTE}}),
        look({"type": "object", "properties": PAGE}),
        look(FOUND, "shade"),
        look(FOUND, schema={"type": "boolean"}),
        look(FOUND, rule={"without": ["slug"]}),
        look(FOUND, rule={"params": {"slug": "Note.slug"}}),
    ],
)  # fmt: skip
def test_another_is_not(tmp_path: Path, change: Change | None) -> None:
    assert "may find a" not in said(tmp_path, REMARKS, change)
