"""Segments that can only be ids."""

from __future__ import annotations

import pytest

from oakum.openapi.path_segments import id_form


@pytest.mark.parametrize(
    ("segment", "form"),
    [
        ("12", "integer"),
        ("-1", "integer"),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", "uuid"),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "string"),
        ("a@b.example", "string"),
        ("v2", None),
        ("2024-01-02", "string"),
        ("users", None),
        ("oauth2", None),
    ],
)
def test_the_form_of_an_id(segment: str, form: str | None) -> None:
    assert id_form(segment) == form
