"""Two equal answers differ nowhere, and what is not granted is not read out of fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.authz import Leaf, ObjectInstance
from oakum.authz.judgement import Judgement
from oakum.exchange import Response
from oakum.exposure.cells.side_channel_comparison import (
    ResponseReading,
    describe_differences,
    differences,
    is_derived,
    read,
)
from oakum.openapi.model import Json

LAW = settings(max_examples=40, deadline=None)
KEYS = {"Person": "id", "Post": "id"}
FIELDS = ("id", "name", "bio", "distance", "vip")
SCALARS = st.text(max_size=8) | st.integers() | st.floats(allow_nan=False) | st.booleans()
ECHOES = ("Rowing", "asked", "Row", "owing", "‹")
"""Values that a question held, such as stand within one another and within what replaces them."""
HEADERS = st.dictionaries(
    st.sampled_from(["x-count", "link", "etag", "date", "server", "content-length"]),
    st.text(max_size=6) | st.sampled_from(["</p?q=Rowing>", "asked by Row", "q=owing"]),
)


@st.composite
def instances(draw: st.DrawFn) -> ObjectInstance:
    """An object in a list of the answer, its fields granted or not."""
    at = ("data", str(draw(st.integers(0, 5))))
    leaves = [
        Leaf(name, (*at, name), draw(SCALARS | st.none()), draw(st.booleans()))
        for name in draw(st.sets(st.sampled_from(FIELDS)))
    ]
    owners = draw(st.sets(st.sampled_from(["p-1", "p-2", "p-3"]), max_size=2))
    kind = draw(st.sampled_from([*KEYS]))
    return ObjectInstance(kind, at, tuple(sorted(owners)), frozenset(), {}, tuple(leaves), {})


LEAVES = st.builds(
    lambda name, n, value: Leaf(name, ("meta", str(n), name), value, False),
    st.sampled_from(["total", "next"]),
    st.integers(0, 3),
    SCALARS | st.sampled_from(ECHOES),
)
JUDGED = st.builds(
    Judgement,
    st.just(True),
    st.lists(instances(), max_size=4),
    st.lists(LEAVES, max_size=3),
)
ANSWERED = st.tuples(JUDGED, st.builds(Response, st.sampled_from([200, 404]), HEADERS))


def reading(one: tuple[Judgement, Response], sent: Sequence[str] = ()) -> ResponseReading:
    return read(None, *one, KEYS, sent)


@LAW
@given(ANSWERED)
def test_equal_answers_differ_nowhere(one: tuple[Judgement, Response]) -> None:
    judged, response = one
    same = Judgement(judged.keep, [*judged.instances], [*judged.unbound])
    again = replace(response, headers={**dict(reversed(response.headers.items()))})
    assert differences(reading(one), reading((same, again))) == frozenset()


@LAW
@given(ANSWERED, ANSWERED)
def test_two_answers_differ_alike_in_both_directions(
    one: tuple[Judgement, Response], other: tuple[Judgement, Response]
) -> None:
    found = differences(reading(one), reading(other))
    assert found == differences(reading(other), reading(one))
    assert (not found) == (reading(one).places == reading(other).places)


@LAW
@given(ANSWERED)
def test_only_granted_fields_become_figures_and_words(one: tuple[Judgement, Response]) -> None:
    granted = {
        (each.resource, leaf.path, leaf.value)
        for each in one[0].instances
        for leaf in each.leaves
        if leaf.allowed
    }
    for place, value in reading(one).places.items():
        if is_derived(place):
            assert (*place[1:3], value) in granted
            assert (place[0] == "word") == isinstance(value, bool | str)


@LAW
@given(ANSWERED, SCALARS)
def test_what_a_field_that_is_not_granted_holds_is_read_nowhere(
    one: tuple[Judgement, Response], value: Json
) -> None:
    def hidden(leaf: Leaf) -> bool:
        return not leaf.allowed and leaf.path != "id"

    changed = [
        replace(
            each,
            leaves=tuple(x._replace(value=value) if hidden(x) else x for x in each.leaves),
        )
        for each in one[0].instances
    ]
    other = Judgement(one[0].keep, changed, one[0].unbound), one[1]
    assert differences(reading(one), reading(other)) == frozenset()


@LAW
@given(st.permutations(range(5)))
def test_another_order_is_no_other_objects_and_no_other_number(order: list[int]) -> None:
    def listed(ids: Sequence[int]) -> tuple[Judgement, Response]:
        found = [
            ObjectInstance(
                "Post", ("data", str(n)), (f"p-{id}",), frozenset(), {},
                (Leaf("id", ("data", str(n), "id"), id, True),), {},
            )
            for n, id in enumerate(ids)
        ]  # fmt: skip
        return Judgement(True, found, []), Response(200)

    found = differences(reading(listed(range(5))), reading(listed(order)))
    assert found == (frozenset() if order == [0, 1, 2, 3, 4] else {("order", "data", "*")})
    fewer = differences(reading(listed(range(5))), reading(listed(order[:4])))
    assert {each[0] for each in fewer if not is_derived(each)} == {"order", "members", "count"}
    gone = reading(listed(order[:4]))
    assert gone.members == {("Post", f"p-{id}") for id in order[:4]}


@LAW
@given(
    st.sampled_from(ECHOES),
    st.sampled_from(ECHOES),
    st.sets(st.sampled_from(ECHOES), max_size=3),
)
def test_what_an_answer_repeats_of_its_question_is_no_difference(
    one: str, other: str, more: set[str]
) -> None:
    def echo(text: str) -> ResponseReading:
        judged = Judgement(True, [], [Leaf("q", ("q",), text, False)])
        response = Response(200, {"link": f"</p?page=2&q={text}>; rel=next"})
        return read(None, judged, response, KEYS, {text, *more})

    if len(one) > 2 and len(other) > 2:
        assert differences(echo(one), echo(other)) == frozenset()


@pytest.mark.parametrize("name", ["date", "server", "content-length", "age", "connection"])
def test_headers_of_the_servers_own_making_say_nothing(name: str) -> None:
    one, other = (reading((Judgement(True, [], []), Response(200, {name: t}))) for t in "12")
    assert differences(one, other) == frozenset()


@LAW
@given(ANSWERED, ANSWERED)
def test_words_for_a_difference_hold_nobodys_value(
    one: tuple[Judgement, Response], other: tuple[Judgement, Response]
) -> None:
    found = differences(reading(one), reading(other))
    kinds = {"status", "order", "objects", "number", "value", "header", "figure"}
    said = describe_differences(found).split(", ") if describe_differences(found) else []
    assert all(each.startswith("another ") or each == "other objects" for each in said)
    assert all(set(each.split()) & kinds for each in said)
    assert describe_differences(found) == describe_differences(sorted(found, reverse=True))


@LAW
@given(st.sets(st.integers(0, 6)), st.integers(0, 9))
def test_rows_are_unnamed_where_no_object_stands_and_what_is_counted_besides(
    named: set[int], total: int
) -> None:
    found = [
        ObjectInstance(
            "Post", ("hits", str(n), "post"), (f"p-{n}",), frozenset(), {},
            (Leaf("id", ("hits", str(n), "post", "id"), n, True),), {},
        )
        for n in named
    ]  # fmt: skip
    judged = Judgement(
        True, found, [Leaf("total", ("total",), total, False), Leaf("", (), 5, False)]
    )
    body = {"total": total, "hits": [{"post": {"id": n}, "tags": [1, 2]} for n in range(7)]}
    assert read(body, judged, Response(200), KEYS, ()).unnamed == 7 - len(named) + total
