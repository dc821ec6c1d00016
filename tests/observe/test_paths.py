"""Templates told from addresses alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.traffic.path_templates import Paths, id_form


@dataclass
class Many:
    """Counts, and a kind of answer."""

    seen: int = 0
    kind: str = ""

    def add(self, other: Self) -> None:
        self.seen += other.seen

    def alike(self, other: Self) -> bool:
        return self.kind == other.kind


def learnt(
    *paths: str, handed: frozenset[str] = frozenset(), method: str = "GET"
) -> dict[str, int]:
    found: Paths[Many] = Paths(Many)
    for path in paths:
        found.at(method, path).seen += 1
    return {each.path: each.counts.seen for each in found.templates(handed.__contains__)}


@pytest.mark.parametrize(
    ("segment", "form"),
    [
        ("42", "integer"),
        ("-7", "integer"),
        ("8c5f0f3e-1c2d-4a5b-9e8f-0a1b2c3d4e5f", "uuid"),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "string"),  # ULID
        ("5f4dcc3b5aa765d61d8327deb882cf99", "string"),
        ("2026-11-25", "string"),
        ("ann@club.test", "string"),
        ("v2", None),
        ("performance_graph", None),
    ],
)
def test_what_can_only_be_an_id_is_one(segment: str, form: str | None) -> None:
    assert id_form(segment) == form


def test_ids_of_any_shape_make_one_template() -> None:
    ids = ("7", "8c5f0f3e-1c2d-4a5b-9e8f-0a1b2c3d4e5f", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "deadbeef99")
    assert learnt(*(f"/api/orders/{id}/lines" for id in ids)) == {"/api/orders/{orderId}/lines": 4}


def test_names_after_a_collection_are_items_and_usual_verbs_are_not() -> None:
    found = learnt("/users/ann", "/users/bob", "/users/me", "/users/search", "/users/7")
    assert found == {"/users/{userId}": 3, "/users/me": 1, "/users/search": 1}


def test_a_slash_at_the_end_is_another_address() -> None:
    """Servers redirect from one to the other, and a gateway knows what is declared."""
    assert learnt("/users/", "/users/7", "/users/7/", "/users/ann", "/", "//") == {
        "/": 2,
        "/users/": 1,
        "/users/{userId}": 2,
        "/users/{userId}/": 1,
    }
    assert learnt("/users", "/users/") == {"/users": 1, "/users/": 1}


def test_what_says_what_is_done_is_no_item_unless_it_is_read_as_one() -> None:
    said = ("/user/change_relationship", "/user/ann_smith", "/user/grant_lee", "/user/mark_twain")
    found = learnt(*said, method="POST")
    assert found == {"/user/change_relationship": 1, "/user/{userId}": 3}
    assert learnt("/user/change_relationship") == {"/user/{userId}": 1}


def test_a_version_is_no_item_and_what_follows_it_is_of_the_collection_before_it() -> None:
    found = learnt("/users/v1", "/users/v1/ann_smith", "/users/v1/_debug", "/users/v1/ann/email")
    assert found == {
        "/users/v1": 1, "/users/v1/_debug": 1,
        "/users/v1/{userId}": 1, "/users/v1/{userId}/email": 1,
    }  # fmt: skip
    assert learnt("/", "/me") == {"/": 1, "/me": 1}


def test_a_lone_name_is_not_printed() -> None:
    assert learnt("/users/ann_smith") == {"/users/{userId}": 1}
    assert learnt("/api/find/ann_smith") == {"/api/find/{findId}": 1}
    assert learnt("/p/ann_smith") == {"/p/{pId}": 1}


def test_what_an_answer_handed_out_is_a_value_wherever_it_stands() -> None:
    handed = frozenset(("ann_smith", "settings"))
    assert learnt("/profile/ann_smith", handed=handed) == {"/profile/{profileId}": 1}
    assert learnt("/profile/settings", handed=handed) == {"/profile/settings": 1}


def test_many_words_beside_each_other_are_values() -> None:
    words = ["".join(chr(97 + (n // 26**i) % 26) for i in range(4)) for n in range(600)]
    assert learnt(*(f"/blog/{word}" for word in words)) == {"/blog/{blogId}": 600}


def test_collections_below_an_item_stay_apart() -> None:
    found = learnt("/users/7/followers", "/users/8/workouts", "/users/ann/workouts")
    assert found == {"/users/{userId}/followers": 1, "/users/{userId}/workouts": 2}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.from_regex(r"[a-z]{2,8}s/[0-9a-f]{8,32}(/[a-z]{2,8})?", fullmatch=True)))
def test_nothing_is_lost_whatever_is_a_parameter(paths: list[str]) -> None:
    assert sum(learnt(*(f"/{path}" for path in paths)).values()) == len(paths)


def test_a_name_that_ends_as_a_plural_is_no_collection() -> None:
    paths = ("/members/ann/rides/7", "/members/james/rides/8", "/members/thomas/rides/9")
    assert learnt(*paths) == {"/members/{memberId}/rides/{rideId}": 3}


# ------------------------------------------------------------------ names in addresses


@dataclass
class Asked(Many):
    """Counts that know who asked."""

    callers: set[int] = field(default_factory=set)

    def add(self, other: Self) -> None:
        super().add(other)
        self.callers |= other.callers


def asked(*pairs: tuple[str, int, str]) -> set[str]:
    """Templates of addresses; each with who asked, and what it answered."""
    found: Paths[Asked] = Paths(Asked, lambda counts: counts.callers)
    for path, who, kind in pairs:
        counts = found.at("GET", path)
        counts.kind = kind
        counts.callers.add(who)
    return {each.path for each in found.templates()}


HANDLES = ("ashworth", "okafor", "delgado", "kowal")


@pytest.mark.parametrize("end", ["", "/settings"])
def test_words_that_each_a_caller_of_its_own_asks_are_names(end: str) -> None:
    own = [(f"/team/{name}{end}", who, "profile") for who, name in enumerate(HANDLES)]
    others = [("/team/rules", 1, "text"), ("/team/news", 2, "news"), ("/team/news", 3, "news")]
    assert asked(*own, *others) == {f"/team/{{teamId}}{end}", "/team/rules", "/team/news"}


@pytest.mark.parametrize(
    "pairs",
    [
        [(f"/{name}", who, f"kind {who}") for who, name in enumerate(HANDLES)],
        [(f"/{name}", 7, "profile") for name in HANDLES],
        [(f"/{name}", who, "profile") for name in HANDLES for who in (1, 2)],
        [(f"/{name}", who, "profile") for who, name in enumerate(HANDLES[:2])],
    ],
    ids=["answer otherwise", "one caller", "several callers", "two words"],
)
def test_words_of_which_that_is_not_so_stay_words(pairs: list[tuple[str, int, str]]) -> None:
    assert asked(*pairs) == {path for path, *_ in pairs}
