"""Operations that some or all callers cannot reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oakum.guard.contract_reader import read_contract
from tests.unit.guard.warnings.contracts import (
    DESK,
    Change,
    said,
    small,
)


def test_an_operation_that_no_line_names_is_told_of_though_its_answer_is_empty(
    tmp_path: Path,
) -> None:
    def unnamed(_: dict[str, Any], policy: dict[str, Any]) -> None:
        del policy["operations"]["deleteNote"]

    words = "no line mentions `deleteNote`, so a gateway answers 404 there"
    assert words in said(tmp_path, DESK, unnamed)
    assert words not in said(tmp_path, DESK)


def test_an_operation_that_only_a_look_up_names_is_told_of(tmp_path: Path) -> None:
    """The guard asks it, and callers are refused: no line opens it, and it shows no resource."""

    def plain(document: dict[str, Any], policy: dict[str, Any]) -> None:
        schema = {"type": "object", "properties": {"id": {"type": "string"}}}
        answer = {"description": "x", "content": {"application/json": {"schema": schema}}}
        document["paths"]["/own"] = {"get": {"operationId": "own", "responses": {"200": answer}}}
        policy["caller"] = {"operation": "own", "id": "/id"}

    def named(document: dict[str, Any], policy: dict[str, Any]) -> None:
        plain(document, policy)
        policy["operations"]["own"] = {}

    words = "no line mentions `own`, so a gateway answers 404 there"
    assert words in said(tmp_path, DESK, plain)
    assert words not in said(tmp_path, DESK, named)


def test_a_path_of_which_no_text_is_found_is_asked_ahead_by_nobody(tmp_path: Path) -> None:
    def pattern(text: str) -> Change:
        def change(document: dict[str, Any], _: dict[str, Any]) -> None:
            schema = {"type": "string", "pattern": text}
            one = {"name": "lid", "in": "path", "required": True, "schema": schema}
            document["paths"]["/labels/{lid}"]["parameters"] = [one]

        return change

    words = "no valid value is known for the parameters of `updateLabel`"
    assert words in said(tmp_path, DESK, pattern("^a/b$"))
    assert words not in said(tmp_path, DESK, pattern("^a@b$"))


def test_a_grant_to_anyone_that_the_document_opens_to_nobody_is_told(tmp_path: Path) -> None:
    words = (
        "`anyone` may see fields of `Person`, but the document asks for credentials at `person`,"
        " `me`, `people`, so callers without any get 401 there"
    )
    assert words in small(tmp_path, "")
    assert "write `person: {call: [anyone]}`" in small(tmp_path, "")
    assert "asks for credentials at `person`, so" in small(
        tmp_path, "", "  people: {call: [anyone]}"
    )
    assert "asks for credentials" not in small(tmp_path, "", security="[]")


def test_a_grant_that_each_operation_narrows_is_no_surprise(tmp_path: Path) -> None:
    narrow = "\n".join(f"  {each}: {{call: [member]}}" for each in ("me", "people"))
    assert "asks for credentials at `person`," in small(tmp_path, "", narrow)
    folder = tmp_path / "exposure.yaml"
    folder.write_text(
        folder.read_text().replace("person: {params", "person: {call: [member], params")
    )
    told = "\n".join(str(each) for each in read_contract(folder).warnings)
    assert "asks for credentials" not in told
