"""Laws of look-up lists: however one writes several ids, it shows no more than id by id."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance.exchanges import Case, Guard, Request, Setup
from tests.conformance.test_exchanges import IMPLEMENTATIONS

CALLERS = ("ann", "5", "a-1", "Ann.B", "0a0b", "x_y", "ä1")
IDS = st.one_of(
    st.sampled_from((*CALLERS, "eve", "joe", "7", "55", "annabel", "a-11", "a")),
    # Marks alone between digits are read as a list of numbers, whatever stands beside them.
    st.text("ab1-_.", min_size=1, max_size=3).filter(
        lambda each: each.isdigit() or any(map(str.isalpha, each))
    ),
)
BETWEEN = (",", ", ", ";", " ", "|", "\n", "\t", " | ", "&", ",,", '","', "','", "} {", ")(")
AROUND = (
    ("", ""),
    ("[", "]"),
    ("{", "}"),
    ("(", ")"),
    ("|", "|"),
    ('["', '"]'),
    ("<", ">"),
    (" ", "\n"),
    ("'", "'"),
)
WRITINGS = st.tuples(st.sampled_from(BETWEEN), st.sampled_from(AROUND))
MANY = int(os.environ.get("OAKUM_EXAMPLES", "100"))
NUMBERS = itertools.count()
"""A new owner for each example, so that no look-up is answered from an earlier one."""
Guards = list[tuple[str, Guard, Setup]]


@pytest.fixture(scope="module")
def guards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guards]:
    with ExitStack() as stack:
        made: Guards = []
        for name, implementation in IMPLEMENTATIONS.items():
            case = Case("blocks", "blocks", {}, {"contract": "blocks.yaml"})
            setup = case.setup(tmp_path_factory.mktemp(name))
            made.append((name, stack.enter_context(implementation(setup)), setup))
        yield made


def _shown(guard: Guard, setup: Setup, caller: str, listed: list[str]) -> tuple[bool, bool]:
    """Whether the caller sees what hangs on the list that is looked up, and on the object's own."""
    owner, number = f"owner{next(NUMBERS)}", CALLERS.index(caller)
    note = {"id": "n", "by": owner, "looked": "S", "own": "S", "blocks": listed}
    setup.upstream.script[:] = [
        {"request": {"target": target}, "answer": {"body": json.dumps(body)}}
        for target, body in (
            ("/me", {"id": caller}),
            ("/note", note),
            (f"/users/{owner}/blocks", {"ids": listed}),
        )
    ]
    body = guard.exchange(Request("GET", "/note", (("cookie", f"sid={number}"),))).response.body
    return b'"looked"' in body, b'"own"' in body


@settings(max_examples=MANY, deadline=None)
@given(st.sampled_from(CALLERS), st.lists(IDS, min_size=1, max_size=3), WRITINGS)
def test_a_list_in_one_text_never_shows_more_than_id_by_id(
    guards: Guards, caller: str, ids: list[str], writing: tuple[str, tuple[str, str]]
) -> None:
    between, (before, after) = writing
    texts = [[f"{before}{between.join(ids)}{after}"], [f"{before}{each}{after}" for each in ids]]
    for name, guard, setup in guards:
        whole = _shown(guard, setup, caller, ids)
        for listed in texts:
            looked, own = _shown(guard, setup, caller, listed)
            assert not (looked and not own), (name, listed)
            assert whole[0] or not looked, (name, listed)
            assert whole[1] or not own, (name, listed)
