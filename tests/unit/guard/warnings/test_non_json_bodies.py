"""Bodies that are no JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.guard.warnings.contracts import (
    DESK,
    PRINTS,
    said,
)


def test_a_form_around_a_resource_is_refused_and_one_that_is_it_is_not(tmp_path: Path) -> None:
    def form(document: dict[str, Any], _: dict[str, Any]) -> None:
        content = document["paths"]["/labels/{lid}"]["put"]["requestBody"]["content"]
        content["multipart/form-data"] = content["application/json"]

    def around(document: dict[str, Any], policy: dict[str, Any]) -> None:
        form(document, policy)
        content = document["paths"]["/labels/{lid}"]["put"]["requestBody"]["content"]
        wrapped = {"type": "object", "properties": {"label": content["application/json"]["schema"]}}
        content["multipart/form-data"] = {"schema": wrapped}

    words = "of `updateLabel` sets of a resource, and cannot in `multipart/form-data`: that is"
    assert words in said(tmp_path, DESK, around)
    assert words not in said(tmp_path, DESK, form)
    assert words not in said(tmp_path, DESK)


def test_a_body_in_which_nobody_reads_the_keys_is_told_of(tmp_path: Path) -> None:
    def text(document: dict[str, Any], _: dict[str, Any]) -> None:
        content = document["paths"]["/notes/archive"]["post"]["requestBody"]["content"]
        content["text/plain"] = {"schema": {"type": "string"}}

    words = (
        "a body of `archive` names by keys, and cannot in `text/plain`: that is refused with 415"
    )
    assert words in said(tmp_path, PRINTS, text)
    assert words not in said(tmp_path, PRINTS)
