"""An entry comes out of a journal as it went in, and is not printed with values."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.exchange import Request
from oakum.scan.undo.entries import CreatedObject, Undo, as_json, from_json

ROOT = "http://market.test"
LAW = settings(max_examples=50, deadline=None)
PLAIN = st.text(max_size=12)
REQUESTS = st.builds(
    Request,
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    st.builds(f"{ROOT}/{{}}".format, PLAIN),
    st.dictionaries(PLAIN, PLAIN, max_size=3),
    PLAIN.map(str.encode),
)
VIEWERS = st.none() | PLAIN
VERSIONS = st.lists(st.tuples(PLAIN, PLAIN), max_size=2).map(tuple)
UNDOS = st.builds(
    Undo,
    PLAIN,
    st.lists(st.tuples(VIEWERS, REQUESTS), max_size=3).map(tuple),
    st.tuples(VIEWERS, REQUESTS),
    PLAIN,
    st.lists(PLAIN, max_size=3).map(tuple),
    look=st.none() | st.tuples(VIEWERS, REQUESTS),
    this=st.tuples(PLAIN, st.none() | PLAIN | st.integers(0, 99)),
    content=st.none() | st.dictionaries(PLAIN, PLAIN, max_size=2),
    beside=st.lists(PLAIN, max_size=2).map(tuple),
    versions=VERSIONS,
)
MADES = st.builds(
    CreatedObject,
    PLAIN,
    PLAIN,
    PLAIN,
    PLAIN,
    st.lists(REQUESTS, max_size=2).map(tuple),
    REQUESTS,
    known=PLAIN,
    look=st.none() | REQUESTS,
    turns=st.lists(st.lists(PLAIN, max_size=2).map(tuple), max_size=2).map(tuple),
    taken=st.booleans(),
    purge=st.lists(st.tuples(REQUESTS, REQUESTS), max_size=2).map(tuple),
    older=st.frozensets(PLAIN, max_size=2),
    shown=st.booleans(),
    how=PLAIN,
    remover=PLAIN,
    named=PLAIN,
    place=PLAIN,
    versions=VERSIONS,
)


@LAW
@given(UNDOS | MADES)
def test_an_entry_comes_out_of_a_journal_as_it_went_in(entry: Undo | CreatedObject) -> None:
    assert from_json(orjson.loads(orjson.dumps(as_json(entry)))) == entry


@LAW
@given(st.dictionaries(st.sampled_from(["name", "mark", "steps", "check"]), PLAIN | st.none()))
def test_a_damaged_entry_is_an_error_of_the_kinds_that_are_expected(entry: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_json(entry)


@LAW
@given(UNDOS | MADES)
def test_an_entry_shows_no_request_where_it_is_printed(entry: Undo | CreatedObject) -> None:
    assert ROOT not in repr(entry)
