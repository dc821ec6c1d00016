"""Paths that the gateway answers with 404 because it cannot tell their operation are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.openapi.path_segments import parameter_names
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import DESK, said

CROSSED = quick_yaml.load((FOLDER / "contracts" / "crossed.yaml").read_text())
NAMES = quick_yaml.load((FOLDER / "contracts" / "resource_names.yaml").read_text())


def test_a_name_of_several_segments_that_no_path_has_is_named(tmp_path: Path) -> None:
    def granted(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["wipe"]["call"] = ["owner"]

    words = "the `pattern` of `name_3` lets `wipe` have several segments there"
    assert words in said(tmp_path, NAMES, granted)
    assert "several segments" not in said(tmp_path, NAMES)


def test_paths_that_two_operations_match_are_named_once(tmp_path: Path) -> None:
    def told(document: dict[str, Any], _: dict[str, Any]) -> None:
        whole = document["paths"].pop("/files/{name}.json")
        document["paths"]["/files/{name}"] = whole

    def declared(document: dict[str, Any], policy: dict[str, Any]) -> None:
        told(document, policy)
        one = document["paths"]["/v2/admin/list"]["get"]
        document["paths"]["/v1/admin/list"] = {"get": {**one, "operationId": "other"}}

    words = "`/v1/admin/list` may be `orgList` or `adminX`, and routers differ: the gateway answers"
    assert f"{words} 404 to it and 3 other paths; declare" in said(tmp_path, CROSSED)
    assert f"{words} 404 to it; declare" in said(tmp_path, CROSSED, told)
    assert "routers differ" not in said(tmp_path, CROSSED, declared)


def test_but_not_where_the_contract_grants_neither(tmp_path: Path) -> None:
    def closed(document: dict[str, Any], policy: dict[str, Any]) -> None:
        for each in ("orgList", "emptyOrg", "adminX", "named", "formed"):
            policy["operations"][each] = {"call": []}

    assert "routers differ" not in said(tmp_path, CROSSED, closed)


@pytest.mark.parametrize(
    ("path", "sign"),
    [
        ("/x/{id};v=1", ";"), ("/x/{id}?v=1", "?"), ("/x//{id}", "//"), ("/x/./{id}", "."),
        ("/x/../{id}", ".."), ("/x%2fy/{id}", "x%2Fy"), ("/x/{id}#y", "#"), ("/x%00y", "x%00y"),
        ("/x/{id}", ""), ("/x/{id}/", ""), ("/x y/{id}", ""), ("/x%20y/{id}", ""),
        ("/x/{id}:stop", ""), ("/x/{id}.json", ""), ("/x/{id}%3Bv", ""), ("/é/{id}", ""),
        ("/x/$count", ""), ("/x/{a;b}", ""), ("/", ""),
    ],
)  # fmt: skip
def test_a_path_that_no_request_can_have_is_named(tmp_path: Path, path: str, sign: str) -> None:
    def added(document: dict[str, Any], policy: dict[str, Any]) -> None:
        names = parameter_names(path)
        given = [
            {"name": each, "in": "path", "required": True, "schema": {"type": "string"}}
            for each in names
        ]
        answer = {"200": {"description": "x", "content": {"text/plain": {}}}}
        one = {"operationId": "oneX", "parameters": given, "responses": answer}
        document["paths"][path] = {"get": one}
        policy["operations"]["oneX"] = {"call": ["anyone"]}

    told = said(tmp_path, DESK, added)
    assert ("no request reaches `oneX`" in told) == bool(sign)
    assert not sign or f"servers read `{sign}` in `{path}` in more than one way" in told
