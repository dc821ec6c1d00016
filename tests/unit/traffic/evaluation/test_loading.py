"""What recorded traffic is compared with: a document, a contract, or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oakum.errors import InputError
from oakum.traffic.evaluation.loading import load_against
from oakum.traffic.evaluation.traffic_judge import ContractJudge, DocumentJudge

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "club", "version": "1"},
    "paths": {"/me": {"get": {"operationId": "getMe", "responses": {"200": {"description": ""}}}}},
}
CONTRACT = """\
exposure: 1
api: api.json
relations: {owner: {is: owner}}
resources: {}
"""


@pytest.fixture
def api(tmp_path: Path) -> Path:
    path = tmp_path / "api.json"
    path.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    return path


def test_a_document_declares_and_a_contract_judges(api: Path) -> None:
    contract = api.with_name("exposure.yaml")
    contract.write_text(CONTRACT, encoding="utf-8")
    declared, judged = load_against(None, api), load_against(contract, None)
    assert type(declared) is DocumentJudge
    assert type(judged) is ContractJudge
    assert [each.id for each in (*declared.operations, *judged.operations)] == ["getMe", "getMe"]
    assert load_against(None, None) is None


def test_a_document_given_as_the_contract_is_refused(api: Path) -> None:
    with pytest.raises(InputError, match="has no policy"):
        load_against(api, None)
