"""Texts that hold objects of a resource, as a gateway reads a document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.guard.plan.render import render_plan
from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import said

TEXTS = quick_yaml.load((FOLDER / "contracts" / "texts_of_json.yaml").read_text())


def test_each_text_with_an_object_is_named_by_the_check(tmp_path: Path) -> None:
    words = "this string contains a `Item` as encoded JSON (`contentSchema`)"
    assert said(tmp_path, TEXTS).count(words) == 2


def test_a_text_without_one_is_a_text(tmp_path: Path) -> None:
    def plain(document: dict[str, Any], _: dict[str, Any]) -> None:
        size = {"$ref": "#/components/schemas/Size"}
        document["components"]["schemas"]["Doc"]["properties"]["payload"]["contentSchema"] = size
        log = document["paths"]["/log"]["get"]["responses"]["200"]["content"]["application/json"]
        log["schema"]["items"]["properties"]["payload"]["contentSchema"] = size

    assert "this text holds" not in said(tmp_path, TEXTS, plain)
    compiled = compile_for_gateway(load(tmp_path / "exposure.yaml"))
    assert compiled.model is compiled.stated


def test_scan_and_recorded_traffic_read_the_document_as_it_is(tmp_path: Path) -> None:
    said(tmp_path, TEXTS)
    compiled = compile_for_gateway(load(tmp_path / "exposure.yaml"))
    stated, closed = (
        each.operations["getDoc"].responses["200"][0].shape
        for each in (compiled.stated, compiled.model)
    )
    assert stated is not None
    assert closed is not None
    assert stated.properties["payload"]().kinds == {"string"}
    assert closed.properties["payload"]().kinds == {"object"}


CONDITIONAL = quick_yaml.load((FOLDER / "contracts" / "conditional.yaml").read_text())


def meta(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]["Doc"]["properties"]["meta"]
    return found


def test_a_condition_without_an_object_changes_nothing(tmp_path: Path) -> None:
    def plain(document: dict[str, Any], _: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        schemas["Doc"]["properties"]["meta"] = {"if": {}, "then": {"properties": {"n": {}}}}

    said(tmp_path, CONDITIONAL, plain)
    compiled = compile_for_gateway(load(tmp_path / "exposure.yaml"))
    assert compiled.model is compiled.stated


def test_a_condition_that_leads_back_to_where_it_stands_ends(tmp_path: Path) -> None:
    def loop(document: dict[str, Any], _: dict[str, Any]) -> None:
        item = {"$ref": "#/components/schemas/Item"}
        node = {"$ref": "#/components/schemas/Node"}
        document["components"]["schemas"]["Node"] = {
            "type": "object",
            "properties": {"next": {"type": "object", "properties": {"x": {"type": "string"}}}},
            "if": node,
            "then": {"properties": {"next": node, "item": item}},
            "else": {"not": node, "contains": node},
        }
        meta(document)["properties"] = {"node": node}

    said(tmp_path, CONDITIONAL, loop)
    compiled = compile_for_gateway(load(tmp_path / "exposure.yaml"))
    assert render_plan(compiled, tmp_path).data["nodes"]
