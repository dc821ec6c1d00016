"""Where a body is cut that nests too deep."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oakum.exposure.json_depth import DEEPEST, not_too_deep

PIECES = [*'[]{}"\\,a', '"a"', '""', '"["', "[[", "]]", '{"k":', "}"]


def cut(body: str) -> str:
    """A body read bracket by bracket."""
    depth, inside, escaped = 0, False, False
    for at, each in enumerate(body):
        if inside:
            inside = escaped or each != '"'
            escaped = each == "\\" and not escaped
            continue
        inside = each == '"'
        depth += (each in "[{") - (each in "]}")
        if depth > DEEPEST:
            return body[:at]
    return body


@given(st.integers(0, 3), st.lists(st.sampled_from(PIECES)), st.booleans())
def test_a_body_is_cut_where_it_nests_too_deep_and_nowhere_else(
    over: int, pieces: list[str], ended: bool
) -> None:
    depth = DEEPEST - 2 + over
    body = "[" * depth + "".join(pieces) + "]" * depth * ended
    assert not_too_deep(body.encode()) == cut(body).encode()


@given(st.integers(1, DEEPEST + 3), st.booleans())
def test_a_body_that_ends_well_is_whole_unless_it_nests_too_deep(depth: int, maps: bool) -> None:
    body = '{"a":' * depth + "1" + "}" * depth if maps else "[" * depth + "]" * depth
    assert (not_too_deep(body.encode()) == body.encode()) is (depth <= DEEPEST)
