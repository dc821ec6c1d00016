"""The truth of the field corpus: written down first, the same ever since, and what it explains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from field import database, score, truth
from oakum.openapi.document import Document
from tests import quick_yaml

PRODUCTS = truth.names()
FLAW = truth.Flaw(
    advisory="GHSA-made-up",
    kind="data-exposure",
    vulnerable="1.9",
    fixed="1.10",
    operations=frozenset({"getMember"}),
    fields=frozenset({"Member.bank"}),
    viewers=frozenset({"member"}),
    says="shows the bank of others",
)


def finding(**other: Any) -> dict[str, Any]:
    return {
        "rule": "excessive-data-exposure",
        "verdict": "proven",
        "resource": "Member",
        "field": "bank.iban",
        "viewer": "member",
        "endpoints": [{"method": "GET", "path": "/members/{id}", "operation": "getMember"}],
        **other,
    }


def test_there_are_products() -> None:
    assert PRODUCTS


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_truth_is_the_one_that_was_written_first(product: str) -> None:
    known = truth.load(product)
    assert known.product == product
    assert known.flaws
    assert all(truth.number(flaw.vulnerable) < truth.number(flaw.fixed) for flaw in known.flaws)


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_truth_names_operations_of_the_document_and_viewers_of_the_contract(
    product: str,
) -> None:
    folder = truth.PRODUCTS / product
    contract = quick_yaml.load((folder / "exposure.yaml").read_text(encoding="utf-8"))
    document = quick_yaml.load((folder / contract["api"]).read_text(encoding="utf-8"))
    operations = {
        each["operationId"]
        for path in document["paths"].values()
        for method, each in path.items()
        if method != "parameters"
    }
    for flaw in truth.load(product).flaws:
        assert flaw.operations <= operations
        assert flaw.viewers <= contract["relations"].keys()
        assert {each.split(".")[0] for each in flaw.fields} <= contract["resources"].keys()


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_document_of_a_product_can_be_read(product: str) -> None:
    assert Document.load(truth.PRODUCTS / product / "openapi.yaml").operations


def test_a_truth_that_was_changed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/truth.yaml").write_text("product: shop\nflaws: []\n")
    digest = truth.file_digest(tmp_path / "shop/truth.yaml")
    (tmp_path / "truth.sha256").write_text(f"{digest}  shop/truth.yaml\n")
    monkeypatch.setattr(truth, "PRODUCTS", tmp_path)
    monkeypatch.setattr(truth, "DIGESTS", tmp_path / "truth.sha256")
    assert truth.load("shop").flaws == ()
    (tmp_path / "shop/truth.yaml").write_text("product: shop\nflaws: [] # changed\n")
    with pytest.raises(SystemExit, match=r"not the one of truth\.sha256"):
        truth.load("shop")


def test_a_flaw_is_in_the_versions_before_its_repair() -> None:
    assert [FLAW.is_in(version) for version in ("1.8", "1.9", "1.9.9", "1.10", "2.0")] == [
        False, True, True, False, False,
    ]  # fmt: skip


def test_a_finding_is_explained_by_operation_field_and_viewer_together() -> None:
    assert FLAW.explains(finding())
    assert FLAW.explains(finding(field="bank"))
    assert not FLAW.explains(finding(field="bankrupt"))
    assert not FLAW.explains(finding(viewer="owner"))
    assert not FLAW.explains(finding(endpoints=[{"operation": "listMembers"}]))
    whole = replace(FLAW, fields=frozenset({"Member"}))
    assert whole.explains(finding(field="name"))
    assert not whole.explains(finding(resource="MemberNote"))


def test_what_no_flaw_of_the_version_explains_is_counted_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(truth, "load", lambda product: truth.Truth(product, (FLAW,)))
    findings = [finding(), finding(field="name"), finding(field="bank", rule="over-block")]
    result = {"product": "shop", "version": "1.9", "report": {"findings": findings}}
    judged = score.score(result)
    assert [(flaw, len(found)) for flaw, found in judged.flaws] == [(FLAW, 1)]
    assert [each["field"] for each in judged.beside] == ["name"]
    repaired = score.score({**result, "version": "1.10"})
    assert repaired.flaws == ()
    assert [each["field"] for each in repaired.beside] == ["bank.iban", "name"]


def test_a_changed_row_is_one_that_went_and_one_that_came() -> None:
    before = database.Rows([("people", "(1, 'ann')"), ("people", "(2, 'bob')"), ("tags", "(1)")])
    after = database.Rows([("people", "(1, 'ann')"), ("people", "(2, 'rob')"), ("tags", "(1)")])
    assert database.changes(before, after) == {"people": {"gone": 1, "new": 1}}
    assert database.changes(before, before) == {}
