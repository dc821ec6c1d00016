"""A write holds the change, what the document requires beside it, and no more."""

from __future__ import annotations

import json
from pathlib import Path

from oakum.authz import compile_contract
from oakum.exchange import Request
from oakum.exposure.endpoints.probes import probe_of
from oakum.openapi.model import Json
from oakum.policy.contract import load
from oakum.scan.requests.builder import FilledRequest
from oakum.scan.requests.write_body import WriteBody
from tests.scan.desk import Desk

SHOWN = {"id": 701, "by": "uta", "text": "old", "kind": "plain", "version": 3}


def body(tmp_path: Path, *asks: str, ours: bool = False) -> Json:
    contract = load(Desk(*asks).entry().write(tmp_path, 1))
    assert contract.policy is not None
    model = compile_contract(contract.document, contract.policy)
    probe = probe_of(model, model.operations["edit"], {})
    filled = FilledRequest(Request("PATCH", "http://desk.test/memos/701"), {}, frozenset(), "")
    found = WriteBody(model, probe, "Memo").request(filled, SHOWN, {"text": "new"}, ours=ours)
    return json.loads(found.body)


def test_a_version_that_is_required_is_the_one_that_is_shown(tmp_path: Path) -> None:
    assert body(tmp_path) == {"text": "new"}
    assert body(tmp_path, "version") == {"text": "new", "version": 3}


def test_a_required_member_that_nothing_shows_is_made_up_in_an_object_of_the_run(
    tmp_path: Path,
) -> None:
    """In one that was there before, nobody could put the old value back."""
    assert body(tmp_path, "reason") == {"text": "new"}
    assert body(tmp_path, "reason", ours=True) == {"text": "new", "reason": "oakumoakum"}
