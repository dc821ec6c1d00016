"""Objects of resources in the parameters of writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.guard.compiled.object_valued_parameters import sends
from oakum.policy.contract import load
from oakum.routing.http_messages import HttpRequest
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

DIFFS = quick_yaml.load((FOLDER / "contracts" / "diffs.yaml").read_text())
PLACES = ("query note", "header x-note", "cookie note")


def test_only_what_a_write_forwards_counts(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text(json.dumps(DIFFS["document"]))
    (tmp_path / "exposure.yaml").write_text(json.dumps({**DIFFS["policy"], "api": "openapi.yaml"}))
    endpoints = compile_for_gateway(load(tmp_path / "exposure.yaml")).lookups.endpoints
    found = {id: each.checks.unread for id, each in endpoints.items() if each.checks.unread}
    places = ("query note", "query raw", "header x-note")
    assert found == {"putSet": dict.fromkeys(places, "Note")}


@pytest.mark.parametrize(
    ("target", "headers", "found"),
    [
        ("/n?note=1", (), True),
        ("/n?a=1&note%5Btext%5D=x", (), True),
        ("/n?no%74e=1", (), True),
        ("/n?notes=1&x=note", (), False),
        ("/n", (("x-note", "{}"),), True),
        ("/n", (("cookie", "a=1; note=2"),), True),
        ("/n", (("cookie", "a=note; noted=2"), ("note", "1")), False),
    ],
)
def test_what_is_sent_is_found_by_its_name(
    target: str, headers: tuple[tuple[str, str], ...], found: bool
) -> None:
    assert sends(HttpRequest("PUT", target, headers), PLACES) is found
    assert not sends(HttpRequest("PUT", target, headers), ())
