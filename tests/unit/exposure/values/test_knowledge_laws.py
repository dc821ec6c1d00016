"""Laws of what the run has learnt: which value names whom, and what an owner was shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.exposure.values.knowledge import (
    MIN_CANARY,
    MIN_WITHIN,
    Knowledge,
    is_theirs,
    leaves_of,
    objects_of,
    says_nothing,
)
from oakum.openapi.model import Json
from tests.unit.exposure.values.test_knowledge import instance

STORY = "a story unlike any other"


@pytest.fixture
def known() -> Knowledge:
    """Ann was shown a person of hers, bob one of his."""
    made = Knowledge()
    made.learn_own("ann", instance(id="p-1", bio=STORY, mail="ann@example.org", phone=None))
    made.learn_own("bob", instance(id="p-2", bio="the story of another", mail="bob@example.org"))
    return made


# ------------------------------------------------------------ what says something


@pytest.mark.parametrize(
    "value",
    ["***", "••••", "xxx", "XXXX", "* * *", "…#…", "Unknown", "n/a", " N/A ", "(not set)",
     "<redacted>", "[not provided]", "undisclosed", "0001-01-01", "0000-00-00"],
)  # fmt: skip
def test_a_mask_and_a_word_for_nothing_say_nothing(value: str) -> None:
    assert says_nothing(value)


@pytest.mark.parametrize(
    "value", ["...", "---", "xx", "xxl", "a***", "unknown soldier", "set", "1970-02-01", "0"]
)
def test_what_only_resembles_one_says_something(value: str) -> None:
    assert not says_nothing(value)


@pytest.mark.parametrize(
    ("text", "known", "theirs"),
    [
        ("12 Elm Street, Rome", {"12 Elm Street"}, True), ("Rome", {"Rome"}, True),
        ("Romeo", {"Rome"}, False), ("of Milan", {"Milan"}, True), ("Milan", {"of Milan"}, False),
        ("Paris", {"Milan", "Paris"}, True), ("", {"Milan"}, False), ("Milan", (), False),
        ("likes%20Milan", {"likes Milan"}, True),
    ],
)  # fmt: skip
def test_a_text_is_an_owners_that_is_or_holds_a_value_too_long_for_chance(
    text: str, known: set[str], theirs: bool
) -> None:
    assert is_theirs(text, known) is theirs


# ------------------------------------------------------------ what an owner was shown


def test_a_field_is_shown_with_something_or_with_nothing_in_it(known: Knowledge) -> None:
    for nothing in (None, "", [], {}):
        made = Knowledge()
        made.learn_own("ann", instance(tag=nothing, flag=False, count=0))
        assert made.empty == {("ann", "Person", "tag")}
        assert made.present == {("ann", "Person", "flag"), ("ann", "Person", "count")}
        assert made.own == {}, "none of these proves anything"
    assert known.empty == {("ann", "Person", "phone")}


@pytest.mark.parametrize(
    ("key", "path", "blank", "shown"),
    [
        ("p-1", "bio", False, True), ("p-1", "mail", False, False),  # of this very object
        ("p-9", "bio", False, True), ("p-9", "fax", False, False),  # of some object of hers
        ("", "bio", False, True), ("", "bio", True, True),
        ("", "phone", False, True), ("", "phone", True, False),  # one of hers has none
        ("p-9", "phone", True, False), ("p-1", "phone", True, True),
    ],
)  # fmt: skip
def test_that_another_object_has_a_field_says_nothing_of_one_that_is_known(
    key: str, path: str, blank: bool, shown: bool
) -> None:
    made = Knowledge()
    made.present |= {("ann", "Person", each) for each in ("bio", "phone", "mail")}
    made.empty.add(("ann", "Person", "phone"))
    made.filled[("ann", "Person", "p-1")] = {"bio", "phone"}
    assert made.was_shown("ann", "Person", key, path, blank=blank) is shown
    assert not made.was_shown("bob", "Person", key, path, blank=blank)


def test_ids_may_be_zero_and_fill_a_parameter_though_they_prove_nothing() -> None:
    made = Knowledge()
    made.learn_own("ann", instance("Post", id=0, likes=3, open=True, text="a long post of hers"))
    assert made.values("Post.id", "ann") == ["0"]
    assert made.values("Post.likes", "ann") == ["3"]
    assert made.values("Post.open", "ann") == ["true"]
    assert ("ann", "Post", "id") not in made.own
    assert made.own[("ann", "Post", "likes")] == {"3"}


def test_one_object_is_kept_once_and_several_values_of_a_list_teach_them_all() -> None:
    made = Knowledge()
    each = instance("Post", id="post-1", text="first of all")
    for _ in range(3):
        made.learn_own("ann", each)
    assert len(made.objects["ann", "Post"]) == 1
    leaf = each.leaves[1]
    two = replace(each, leaves=(*each.leaves, leaf._replace(value="second to it")))
    made.learn_own("ann", two)
    assert made.own["ann", "Post", "text"] == {"first of all", "second to it"}
    assert made.objects["ann", "Post"] == [{"id": "post-1", "text": "first of all"}]


def test_an_account_is_taken_for_its_one_object_until_one_is_known(known: Knowledge) -> None:
    known.suppose("ann", "Person", "id", "p-777")
    assert known.values("Person.id", "ann") == ["p-1"]
    known.suppose("cat", "Person", "id", "p-777")
    assert known.values("Person.id", "cat") == ["p-777"]


# ------------------------------------------------------------ which value names whom


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("7" * (MIN_CANARY - 1), False), ("7" * MIN_CANARY, True), ("a" * 15, False),
        ("a" * 16, True), ("a" * 14 + "1", True),
    ],
)  # fmt: skip
def test_a_value_names_its_owner_when_it_is_too_long_for_chance(text: str, named: bool) -> None:
    made = Knowledge()
    made.learn_own("ann", instance(bio=text))
    assert made.canary(text) == (("ann", "Person", "bio") if named else None)


def test_what_two_own_together_names_both_of_them_and_no_third() -> None:
    made = Knowledge()
    booking = instance("Booking", code="booking-4711-x")
    for who in ("ann", "bob"):
        made.learn_own(who, booking, ["ann", "bob"])
    place = ("Booking", "code", "booking-4711-x")
    assert made.canary("booking-4711-x") == ("ann", "Booking", "code")
    assert not made.is_shared("ann", *place), "that it belongs to two makes it no default"
    assert made.places("booking-4711-x", "ann") == [("Booking", "code")]
    assert made.places("booking-4711-x", "cat") == []
    made.learn_own("cat", booking)
    assert made.canary("booking-4711-x") is None
    assert made.is_shared("ann", *place)
    assert made.places("booking-4711-x", "ann") == []


def test_what_a_host_has_in_common_with_each_guest_names_no_guest() -> None:
    """`no special wishes` stands in cat's bookings with ann and with bob."""
    made = Knowledge()
    booking = instance("Booking", note="no special wishes")
    for who, owners in (("ann", "ann cat"), ("cat", "ann cat"), ("bob", "bob cat")):
        made.learn_own(who, booking, owners.split())
        alone = who != "bob"
        assert (made.canary("no special wishes") is not None) is alone
        assert made.is_shared("ann", "Booking", "note", "no special wishes") is not alone
        assert (made.places("no special wishes", "ann") == []) is not alone
    assert made.together("Booking", "note", "no special wishes") == {"cat"}
    assert made.together("Booking", "note", "of nobody") == frozenset()


def test_a_value_is_shared_that_another_has_in_the_same_field(known: Knowledge) -> None:
    known.learn_own("cat", instance(bio=STORY, motto="the story of another"))
    assert known.is_shared("ann", "Person", "bio", STORY)
    assert not known.is_shared("bob", "Person", "bio", "the story of another"), "in another field"
    assert not known.is_shared("bob", "Person", "mail", "bob@example.org")
    known.learn_own("cat", instance("Post", bio="the story of another"))
    assert not known.is_shared("bob", "Person", "bio", "the story of another"), "another resource"


def test_what_stands_in_an_object_of_nobodys_too_names_its_owner_only_aside_of_it(
    known: Knowledge,
) -> None:
    known.learn_own("", instance("Report", about=STORY))
    assert known.canary(STORY) is None
    assert known.canary(STORY, aside=True) == ("ann", "Person", "bio")
    assert known.nobodys(STORY) == [("Report", "about")]
    assert known.nobodys("ann@example.org") == []
    known.learn_own("", instance("Report", about="of nobody at all"))
    assert known.canary("of nobody at all", aside=True) is None


def test_a_strangers_value_is_remembered_only_where_one_of_the_casts_is_the_same(
    known: Knowledge,
) -> None:
    known.learn_others(instance(bio=STORY, name="Zoe", tags=[], nick=None))
    assert known.common == {STORY}
    assert known.places(STORY, "ann") == []


def test_an_address_of_an_identity_that_names_an_object_makes_it_no_strangers() -> None:
    """Whose owner is told by an e-mail address of one of them is theirs, whatever else is said."""
    for owners, email, common in (
        (("ann@example.org",), "email", set()), (("p-9",), "email", {"ann@example.org"}),
    ):  # fmt: skip
        made = Knowledge()
        made.learn_own("ann", instance(email="ann@example.org", bio=STORY))
        made.learn_others(replace(instance(**{email: "ann@example.org"}), owners=owners))
        assert made.common == common
    plain = Knowledge()
    plain.learn_own("ann", instance(bio=STORY))
    plain.learn_others(replace(instance(bio=STORY), owners=(STORY,)))
    assert plain.common == {STORY}, "two people may have the same story"


def test_canaries_follow_what_is_learnt_later(known: Knowledge) -> None:
    assert {text for text, _ in known.canaries()} == {
        STORY, "the story of another", "ann@example.org", "bob@example.org",
    }  # fmt: skip
    known.learn_own("cat", instance(bio="and one of a third"))
    assert "and one of a third" in dict(known.canaries())
    known.learn_others(instance(bio=STORY))
    assert STORY not in dict(known.canaries())


def test_what_differs_at_each_asking_names_nobody(known: Knowledge) -> None:
    for text in ("request 4711-a", "request 4712-b"):
        known.learn_own("ann", instance(trace=text))
        known.ambient.learn("getMe", "ann", "p-1", [(("Person", "trace"), text)])
        if text.endswith("a"):
            assert text in dict(known.canaries()), "the first time it may be hers"
    assert known.canary("request 4711-a") is None
    assert known.places("request 4711-a", "ann") == []
    assert {key[2] for _, key in known.canaries()} == {"bio", "mail"}
    assert known.places(STORY, "ann") == [("Person", "bio")]
    for text in ("one", "two"):
        assert STORY in dict(known.canaries())
        known.ambient.learn("getMe", "bob", "p-2", [(("Person", "bio"), text)])
    assert STORY not in dict(known.canaries()), "though nothing of hers was learnt since"


def test_what_stands_in_answers_about_others_may_be_the_environments(known: Knowledge) -> None:
    assert not known.may_be_ambient(STORY)
    for endpoint in ("getNews", "getRoom"):
        known.ambient.note_value("ann", ("Person", "bio"), STORY, endpoint)
    assert known.may_be_ambient(STORY)
    assert not known.may_be_ambient("the story of another")


def test_a_value_is_found_within_a_text_from_eight_characters_on() -> None:
    made = Knowledge()
    short, long = "4711-42", "4711-423"
    made.learn_own("ann", instance(endpoint=short, gate=long))
    assert len(long) == MIN_WITHIN == len(short) + 1
    found = dict(made.within(f"the code is {long}, and {short} opens nothing"))
    assert found == {long: ("ann", "Person", "gate")}
    assert dict(made.within(long)) == found, "the whole text"
    assert dict(made.within(f"x{long}")) == found == dict(made.within(f"{long}x"))
    assert dict(made.within("4711-42x")) == {}
    assert dict(made.within(long[:-1])) == {} == dict(made.within(""))
    made.learn_own("bob", instance(gate=long))
    assert dict(made.within(long)) == {}, "it names nobody any more"


def test_addresses_that_name_one_are_told_apart_from_other_values(known: Knowledge) -> None:
    assert dict(known.addresses()) == {
        "ann@example.org": ("ann", "Person", "mail"), "bob@example.org": ("bob", "Person", "mail"),
    }  # fmt: skip
    known.learn_others(instance(mail="bob@example.org"))
    assert [text for text, _ in known.addresses()] == ["ann@example.org"]


# ------------------------------------------------------------ who was shown it first


def test_an_object_is_of_whom_it_was_shown_to_before_this_viewer(known: Knowledge) -> None:
    assert known.first_shown("Person", "id", "p-1", "cat") == "ann"
    assert known.first_shown("Person", "id", "p-1", "ann") == ""
    assert known.first_shown("Person", "id", "p-7", "cat") == ""
    assert known.first_shown("Person", "bio", "p-1", "cat") == ""
    assert known.first_shown("Post", "id", "p-1", "cat") == ""
    known.learn_own("bob", instance(id="p-1"))
    assert known.first_shown("Person", "id", "p-1", "cat") == "ann", "the first of them"
    assert known.first_shown("Person", "id", "p-1", "bob") == "", "he has known it himself"
    known.learn_own("", instance(id="p-5"))
    assert known.first_shown("Person", "id", "p-5", "cat") == "", "nobody's is shown to nobody"


def test_what_endpoints_show_of_one_object_is_compared_within_that_object(
    known: Knowledge,
) -> None:
    known.faces["ann", "Person", "p-1", "bio"] = {"getMe": STORY, "listPeople": "a mask of it"}
    known.faces["ann", "Person", "p-8", "bio"] = {"getMe": "of another object"}
    known.faces["bob", "Person", "p-2", "bio"] = {"getMe": "his own"}
    assert known.elsewhere("ann", "Person", "p-1", "bio", STORY) == {"a mask of it"}
    assert known.elsewhere("ann", "Person", "p-1", "mail", STORY) == set()
    known.forget("ann")
    assert [place[0] for place in known.faces] == ["bob"]
    assert known.own["ann", "Person", "bio"] == {STORY}, "what is hers stays hers"


# ------------------------------------------------------------ what fills a parameter


def test_what_most_owners_have_comes_first_and_only_of_the_resource_that_is_named() -> None:
    made = Knowledge()
    for who, course in (("ann", "c-1"), ("bob", "c-2"), ("cat", "c-2")):
        made.learn_own(who, instance("Post", course=course))
        made.learn_own(who, instance("Ride", course="c-9"))
    assert made.values("Post.course", None) == ["c-2", "c-1"]
    assert made.values("Post.course", "ann") == ["c-1"]
    assert made.values("Post.room", None) == []


def test_a_key_that_other_objects_of_the_same_owner_name_fills_it() -> None:
    """`BasketItem.BasketId` is a key of `Basket`, where no basket was shown."""
    made = Knowledge()
    made.learn_own("ann", instance("BasketItem", BasketId="b-1", id="i-1"))
    made.learn_own("bob", instance("BasketItem", BasketId="b-2", id="i-2"))
    assert made.values("Basket.Id", "ann") == ["b-1"]
    assert made.values("Basket.Id", None) == [], "of anybody's nothing is supposed"
    made.learn_own("ann", instance("Basket", Id="b-7"))
    assert made.values("Basket.Id", "ann") == ["b-7"]


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"feed_id": "f-1", "id": "x"}, "f-1"), ({"feedId": "f-1"}, "f-1"),
        ({"feed.id": "f-1"}, "f-1"), ({"data.feed_id": "f-1"}, "f-1"), ({"id": "x"}, ""), ({}, ""),
    ],
)  # fmt: skip
def test_an_object_names_another_by_a_member_or_by_what_it_holds(
    row: dict[str, str], key: str
) -> None:
    assert Knowledge.named_in(row, "Feed.id") == key


def test_a_name_of_an_id_is_that_of_what_it_stands_in() -> None:
    made = Knowledge()
    made.learn_names(
        iter(
            [
                (("room", "id"), "r-1"), (("room", "uuid"), "r-2"), (("room", "key"), "r-3"),
                (("room", "name"), "blue"), (("id",), "x-1"), ((), "alone"), (("room", "id"), 7.5),
                (("room", "id"), True), (("rooms", "0", "id"), 4),
            ]
        )
    )  # fmt: skip
    assert made.values_by_name("roomId") == ["r-1"]
    assert made.values_by_name("room_uuid") == ["r-2"] and made.values_by_name("roomKey") == ["r-3"]
    assert made.values_by_name("roomName") == [] and made.values_by_name("name") == ["blue"]
    assert made.values_by_name("id") == ["x-1"] and made.values_by_name("roomsId") == ["4"]
    assert "" not in made.pool


# ------------------------------------------------------------ values and their places


def test_objects_are_given_outer_before_inner_and_first_before_last() -> None:
    value: Json = {"a": {"b": {}}, "c": [{"d": 1}, 2, [{"e": 2}]]}
    assert list(objects_of(value)) == [value, {"b": {}}, {}, {"d": 1}, {"e": 2}]
    assert list(objects_of([1, "x"])) == []


def test_a_leaf_is_told_with_its_place() -> None:
    assert list(leaves_of({"a": {}, "b": [[2]]})) == [(("b", "0", "0"), 2)]
