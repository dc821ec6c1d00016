"""Paths that two operations match of which neither is the more specific one."""

from __future__ import annotations

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.openapi.model import Operation
from oakum.routing.overlapping_paths import overlaps
from oakum.routing.route import Router, split_target

SEGMENTS = ("{x}", "a", "ab", "aab", "a{x}", "{x}b", "ab{x}", "a{x}b")
TEMPLATES = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map(
    lambda parts: "/" + "/".join(f.replace("x", f"p{i}") for i, f in enumerate(parts))
)
TEXTS = ("a", "b", "ab", "aab", "abb", "aabb", "c")


def operations(*paths: str, method: str = "GET") -> list[Operation]:
    return [Operation(f"op{index}", method, path) for index, path in enumerate(paths)]


def found(*paths: str) -> list[str]:
    return [each.path for each in overlaps(operations(*paths)).crossed]


def texts(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[^{}]+\}", "[^/]+", template))


def test_templates_cross_where_each_has_text_in_place_of_the_others_parameter() -> None:
    assert found("/v1/{org}/list", "/v1/admin/{x}") == ["/v1/admin/list"]
    assert found("/{a}/{b}/z", "/x/{b}/{c}") == ["/x/{x}/z"]
    assert found("/f/{n}.json", "/f/data.{e}") == [
        "/f/data.{x}.json",
        "/f/data..json",
        "/f/data.json",
    ]


@pytest.mark.parametrize(
    "paths",
    [
        ("/users/{id}", "/users/me"),
        ("/{a}/{b}", "/x/{b}", "/x/y"),
        ("/users/{id}", "/users/{name}"),
        ("/a/{x}", "/{y}/b", "/a/b"),
        ("/a/{x}", "/b/{x}/c"),
        ("/f/{n}", "/f/{n}.json"),
        ("/f/a{n}", "/f/ab{n}"),
        ("/f/a{n}", "/f/b{n}"),
    ],
)
def test_others_do_not(paths: tuple[str, ...]) -> None:
    assert found(*paths) == []


def test_nor_do_operations_of_two_methods() -> None:
    two = operations("/{a}/b", method="POST") + operations("/a/{b}")
    assert overlaps(two).crossed == ()
    head = operations("/{a}/b", method="HEAD") + operations("/a/{b}")
    assert [each.path for each in overlaps(head).crossed] == ["/a/b"]


@given(
    st.lists(TEMPLATES, min_size=1, max_size=5, unique=True),
    st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3),
)
def test_the_operation_that_is_found_is_the_most_specific_one_of_all_that_match(
    paths: list[str], parts: list[str]
) -> None:
    """More specific: all that it matches of many texts, the other matches."""
    place = split_target("/" + "/".join(parts))
    assert place is not None
    made = Router(operations(*paths)).find(place, "GET")
    if made is not None:
        mine, target = texts(made[0].path), "/".join(["", *parts])
        assert mine.fullmatch(target)
        for each in paths:
            if texts(each).fullmatch(target):
                assert all(
                    texts(each).fullmatch(path)
                    for path in every(len(parts))
                    if mine.fullmatch(path)
                ), (made[0].path, each)


def every(count: int) -> list[str]:
    made = [""]
    for _ in range(count):
        made = [f"{before}/{text}" for before in made for text in TEXTS]
    return made


def test_an_operation_within_anothers_path_is_told() -> None:
    assert overlaps(operations("/v1/{id}", "/{a}/{b}", "/x")).within == {"op0"}
    assert overlaps(operations("/a/{b}", "/{a}/b", "/a/{c}")).within == set()
    two = operations("/{a}/b", method="POST") + operations("/a/b")
    assert overlaps(two).within == set()


def test_what_one_template_alone_matches_is_found() -> None:
    for one, other in combinations(("/{a}/b", "/a/{b}", "/{a}/c"), 2):
        router = Router(operations(one, other))
        for path, chosen in (("/x/b", "/{a}/b"), ("/a/x", "/a/{b}"), ("/x/c", "/{a}/c")):
            place = split_target(path)
            assert place is not None
            made = router.find(place, "GET")
            assert (made[0].path if made else None) == (chosen if chosen in (one, other) else None)
