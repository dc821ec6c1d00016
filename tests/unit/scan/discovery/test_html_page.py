"""Data in pages: found however a page hands it to its scripts."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.scan.discovery.html_page import read_page, values_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=8), JSON, min_size=1, max_size=4)


def escaped(value: Any) -> str:
    """JSON that ends no script, as careful servers write it."""
    return json.dumps(value).replace("<", "\\u003c")


@given(OBJECTS)
def test_data_in_a_script_of_its_own(value: Any) -> None:
    page = f'<html><script type="application/json" id="x">{escaped(value)}</script><p>hi</p>'
    assert read_page(page).data == [value]


@given(OBJECTS)
def test_data_given_to_a_variable(value: Any) -> None:
    page = f"<body><script>var a=1;window.__STATE__ = {escaped(value)};go()</script>"
    assert value in read_page(page).data


@given(OBJECTS)
def test_data_given_as_text_to_parse(value: Any) -> None:
    double = json.dumps(escaped(value))
    assert value in read_page(f"<script>s(JSON.parse({double}))</script>").data
    single = "'" + double[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"
    assert value in read_page(f"<script>s(JSON.parse({single}))</script>").data


@given(OBJECTS)
def test_data_in_an_attribute(value: Any) -> None:
    page = f'<div id="app" data-page="{html.escape(json.dumps(value))}"></div>'
    assert read_page(page).data == [value]


@given(st.text(max_size=200))
def test_any_text_is_a_page(text: str) -> None:
    page = read_page(text)
    assert all(each in text for each in page.scripts)
    assert all(isinstance(each, dict | list) for each in [*page.data, *values_of(text)])


@pytest.mark.parametrize("text", ["<![foo[x", "<!-- <script>", "<script>a={", "JSON.parse('\\"])
def test_what_is_broken_is_passed_over(text: str) -> None:
    assert read_page(text).data == []


def test_what_is_undefined_reads_as_null() -> None:
    (value,) = values_of('window.__NUXT__={"a":undefined,"b":[1, undefined]}')
    assert value == {"a": None, "b": [1, None]}


def test_scripts_and_their_addresses() -> None:
    page = read_page(
        '<link rel="modulepreload" href="/assets/a.js?v=1"><link rel=stylesheet href="/a.css">'
        '<script src="app.js"></script><script>go("/api")</script>'
    )
    assert page.sources == ["/assets/a.js?v=1", "app.js"]
    assert page.scripts == ['go("/api")']
