"""Texts without what is around them: the Lua of `str.strip`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.lua import runtime

TEXTS = st.text(" \t\n\r\v\f=a;", max_size=12)


@pytest.fixture(scope="module")
def trim() -> Any:
    return runtime().eval(b'require "oakum.trim"')


@given(TEXTS)
def test_blanks_and_spaces_go_at_both_ends_alone(trim: Any, text: str) -> None:
    assert trim.blanks(text.encode()) == text.strip(" \t").encode()
    assert trim.spaces(text.encode()) == text.strip(" \t\n\r\v\f").encode()


@given(TEXTS)
def test_the_last_byte_but_some_is_where_it_stands(trim: Any, text: str) -> None:
    assert trim.last_but(text.encode(), trim.bytes(b"[=;]")) == len(text.rstrip("=;"))
