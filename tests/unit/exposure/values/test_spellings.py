"""Readings of a text."""

from __future__ import annotations

import html
import json
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from oakum.exposure.values.spellings import holds

VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=5, max_size=40)


@given(VALUES)
def test_a_text_holds_a_value_however_it_is_written(value: str) -> None:
    assert holds(f"a={quote(value, safe='')}", value)
    assert holds(html.escape(value), value)
    assert holds(json.dumps(value)[1:-1], value)


def test_only_an_address_has_no_case() -> None:
    assert holds("ANN@MAIL.TEST", "ann@mail.test")
    assert not holds("NORTHWICH VALE", "Northwich Vale")
