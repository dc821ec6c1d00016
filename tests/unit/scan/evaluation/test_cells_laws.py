"""Laws of what one answer says of a cell: whose value came, to whom, and what did not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from oakum.authz import Model
from oakum.exposure.cells.matrix import LOOSE, Outcome
from oakum.exposure.finding_evidence import Question
from oakum.finding import Result
from oakum.policy.graphql_schema import TAG
from tests.unit.exposure.cells.test_matrix import PRIVATE, PUBLIC
from tests.unit.scan import studio
from tests.unit.scan.evaluation.test_evaluator import ANN, CARD, Watch, policy, results
from tests.unit.scan.studio import IDS, Studio, probe, reply

BOB, CAT = (Studio().people[IDS[name]] for name in ("bob", "cat"))
THEME = {"is_private": True, "theme": "theme-of-ann"}
POST = Studio().posts["post-ann-77"]
FOLLOWS = {("bob", "ann"): frozenset({"follower"})}


def of(outcome: Outcome, field: str, resource: str = "Person") -> Result | None:
    return results(outcome).get((resource, field))


def doubts(outcome: Outcome) -> dict[str, str]:
    return {each.leak.key.field: each.why for each in outcome.doubts}


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Everybody is private and has seen their own page; bob follows ann."""
    made = Watch(relationships=FOLLOWS)
    for name, page in (("ann", ANN), ("bob", BOB), ("cat", CAT)):
        made.look(name, page, name)
    yield made


# ------------------------------------------------------------ what a value in a field says

OWN, OTHERS, MASK = ANN["phone"], "+49-555-another-9", "+49-***-***"


@pytest.mark.parametrize(
    ("shown", "result", "doubt"),
    [
        (OWN, Result.LEAK, None), (f"call {OWN} now", Result.LEAK, None),
        (OTHERS, None, "another value"), ("+49-555-****-ann", None, "another value"),
        (BOB["phone"], None, "another value"), (None, Result.CLOSED, None),
        ("", Result.CLOSED, None), ("***", Result.CLOSED, None), ("n/a", Result.CLOSED, None),
        ([], Result.CLOSED, None), (False, None, "too common a value"),
        (0, None, "too common a value"), (True, None, "another value"),
        (7, None, "another value"),
    ],
)  # fmt: skip
def test_a_denied_field_leaks_by_its_owners_value_and_closes_by_nothing_in_it(
    watch: Watch, shown: Any, result: Result | None, doubt: str | None
) -> None:
    found = watch.look("cat", {**CARD, "phone": shown})
    assert of(found, "phone") is result
    assert doubts(found).get("phone") == doubt
    assert of(found, "bio") is Result.CLOSED, "what did not come beside it is judged by itself"


@pytest.mark.parametrize("viewer", ["ann", "bob", "cat", None])
def test_each_kind_of_viewer_is_judged_by_what_the_contract_grants_it(
    watch: Watch, viewer: str | None
) -> None:
    found = watch.look(viewer, ANN, again="once more")
    granted = {
        "ann": {"id", "name", "bio", "phone", "vip"}, "bob": {"id", "name", "bio"},
        "cat": {"id", "name"}, None: set[str](),
    }[viewer]  # fmt: skip
    for field in ANN:
        assert of(found, field) is (Result.OPEN if field in granted else Result.LEAK), field
    label = {"ann": "owner", "bob": "follower", "cat": "member", None: "anyone"}[viewer]
    assert {each.key.viewer for each in found.observations} == {label}
    assert {each.viewer for each in found.observations} == {viewer}
    assert {each.owner for each in found.observations} == {"ann"}
    states = {each.key.field: each.key.state for each in found.observations}
    assert states["bio"] == PRIVATE and states["phone"] == ()
    assert found.sighted == (("ann", "Person"),)
    assert {at[2] for at in found.witnessed} == granted


def test_what_is_granted_and_comes_as_null_is_not_served(watch: Watch) -> None:
    found = watch.look("bob", {**CARD, "bio": None})
    assert of(found, "bio") is Result.OVER_BLOCK
    assert ("ann", "Person", "bio") not in found.witnessed


@pytest.mark.parametrize("value", ["rome", True, 41])
def test_what_another_owner_has_as_well_is_too_common_unless_more_leaks_beside_it(
    value: Any,
) -> None:
    """`true` is what an owner may have set: it is told by the object."""
    watch = Watch()
    for name, page in (("ann", ANN), ("bob", BOB)):
        watch.look(name, {**page, "vip": value}, name)
    alone = watch.look("cat", {**CARD, "vip": value})
    if value is True:
        assert of(alone, "vip") is Result.LEAK
    else:
        assert of(alone, "vip") is None and doubts(alone)["vip"] == "too common a value"
        beside = watch.look("cat", {**CARD, "vip": value, "bio": ANN["bio"]}, again="2")
        assert of(beside, "vip") is Result.LEAK
        weak = watch.look("cat", {**CARD, "vip": value, "bio": "of another"}, again="3")
        assert of(weak, "vip") is None, "what may be another's proves nothing beside it"


@pytest.mark.parametrize("settled", [True, False])
def test_off_is_its_owners_setting_only_where_that_was_read(settled: bool) -> None:
    watch = Watch(private=False)
    if not settled:
        for name in IDS:
            del watch.run.identities.states[name, "Settings.private"]
    watch.look("ann", ANN)
    with patch.object(Model, "settings_called", lambda *at: ["private"] * (at[2] == "vip")):
        found = watch.look("cat", {**CARD, "vip": False, "phone": ANN["phone"]})
        assert (of(found, "vip") is Result.LEAK) is settled
        mine = watch.look("ann", {**ANN, "vip": False}, again="own")
        assert of(mine, "vip") is Result.OPEN


# ------------------------------------------------------------ members that nobody has declared


def test_a_member_that_nobody_declared_is_told_as_the_field_whose_value_it_holds(
    watch: Watch,
) -> None:
    found = watch.look("cat", {**CARD, "tel": ANN["phone"]})
    assert of(found, "phone") is Result.LEAK
    assert of(found, "tel") is None
    short = Watch()
    short.look("ann", {**ANN, "phone": "0451"})
    assert of(short.look("cat", {**CARD, "tel": "0451"}), "phone") is Result.CLOSED


def test_a_value_that_the_contract_shows_in_one_field_leaks_in_none(watch: Watch) -> None:
    """Ann's name stands in her bio as well: whoever reads the name has read it."""
    same = Watch()
    same.look("ann", {**ANN, "bio": ANN["name"]})
    found = same.look("cat", {**CARD, "motto": ANN["name"]})
    assert of(found, "bio") is None, "nor is it closed: what stands there may be either"


def test_what_says_which_kind_of_object_it_is_says_nothing_of_anybody(watch: Watch) -> None:
    assert of(watch.look("cat", {**CARD, TAG: "Person"}), TAG) is None
    assert of(watch.look("cat", {**CARD, "kind": "Person"}, again="2"), "kind") is Result.LEAK


def test_a_value_of_one_owner_in_anothers_object_is_the_formers_leak(watch: Watch) -> None:
    found = watch.look("cat", {"id": IDS["bob"], "name": BOB["name"], "note": ANN["phone"]}, "bob")
    (leak,) = [
        each for each in found.observations
        if each.result is Result.LEAK and each.key.field == "phone"
    ]  # fmt: skip
    assert leak.owner == "ann" and leak.key.viewer == "member"
    assert leak.evidence is not None and "found by value" in leak.evidence.note


def test_a_value_found_outside_says_where_it_stood(watch: Watch) -> None:
    watch.run.evaluator.declare(frozenset({"details", "call"}))
    body = watch.look("cat", {"error": "no", "details": {"call": OWN}}, status=403)
    (leak,) = [each for each in body.observations if each.result is Result.LEAK]
    assert leak.evidence is not None
    assert leak.evidence.note == "the value is outside every declared field: found by value"
    assert [line.pointer for line in leak.evidence.viewer.lines if line.mark] == ["/details/call"]
    header = watch.look("cat", reply(CARD, **{"x-debug": OWN}), again="2")
    (leak,) = [
        each for each in header.observations
        if each.result is Result.LEAK and each.key.field == "phone"
    ]  # fmt: skip
    assert leak.evidence is not None and "header" in leak.evidence.note


def test_to_whom_the_contract_shows_a_value_it_leaks_nowhere(watch: Watch) -> None:
    """Bob follows ann and reads her bio; cat does not."""
    for viewer, leaks in (("bob", False), ("cat", True), ("ann", False), (None, True)):
        found = watch.look(viewer, {"error": f"see {ANN['bio']} there"}, status=404)
        assert (Result.LEAK in results(found).values()) is leaks, viewer


def test_ids_and_names_that_others_call_an_account_by_are_no_leak_of_it(watch: Watch) -> None:
    found = watch.look(
        "cat", {"error": f"no such thing: {IDS['ann']}", "of": IDS["ann"]}, status=404
    )
    assert Result.LEAK not in results(found).values()


# ------------------------------------------------------------ what was seen before its owner asked


@pytest.mark.parametrize(
    ("kind", "value"), [("seen", OWN), ("masked", "+49 x.x.x"), ("blank", "hidden by its owner")]
)
def test_what_its_owner_was_not_shown_is_told_by_its_object_unless_that_shows_it_empty(
    kind: str, value: str
) -> None:
    watch = Watch()
    if kind == "blank":
        watch.look("ann", {**ANN, "phone": ""})
    found = watch.look("cat", {**CARD, "phone": value})
    assert (of(found, "phone") is Result.LEAK) is (kind == "seen")
    assert doubts(found) == ({} if kind == "seen" else {"phone": "another value"})


def test_a_mask_of_one_owner_is_no_other_ones_value(watch: Watch) -> None:
    """Ann is shown her number at one endpoint, and what stands in for it at another."""
    watch.look("ann", {**ANN, "phone": f"hidden-{IDS['ann']}"}, None, "getMe")
    found = watch.look("cat", {**CARD, "phone": f"hidden-{IDS['ann']}"})
    assert of(found, "phone") is Result.CLOSED, "a mask says as much as nothing"
    assert of(watch.look("cat", {**CARD, "phone": OWN}, again="2"), "phone") is Result.LEAK


def test_one_of_two_values_that_an_owner_is_shown_is_no_proof(watch: Watch) -> None:
    watch.look("ann", {**ANN, "phone": "+49-555-other-face"}, None, "getMe")
    found = watch.look("cat", {**CARD, "phone": OWN})
    (leak,) = [each for each in found.observations if each.key.field == "phone"]
    assert leak.result is Result.LEAK and "one may be a mask" in leak.weak
    other = next(each for each in found.observations if each.key.field == "id")
    assert other.weak == ""


# ------------------------------------------------------------ whose an object is


def test_what_only_the_path_calls_anothers_is_the_callers_own_by_its_values() -> None:
    """Asked for ann's settings the endpoint answers with cat's: nothing of ann's came."""
    mine = {"is_private": True, "theme": "theme-of-cat"}
    watch = Watch()
    watch.look("ann", THEME, "ann", "getSettings")
    watch.look("cat", mine, "cat", "getSettings")
    found = watch.look("cat", mine, "ann", "getSettings")
    assert ("ann", "Settings") not in found.sighted
    assert Result.LEAK not in results(found).values()
    theirs = watch.look("cat", THEME, "ann", "getSettings", again="2")
    assert of(theirs, "theme", "Settings") is Result.LEAK
    assert ("ann", "Settings") in theirs.sighted
    for viewer in ("ann", None):
        again = watch.look(viewer, THEME, "ann", "getSettings", again="3")
        assert ("ann", "Settings") in again.sighted


def test_an_object_with_values_of_both_is_anothers() -> None:
    watch = Watch()
    watch.look("ann", {**THEME, "is_private": "ann's own"}, "ann", "getSettings")
    watch.look("cat", {"is_private": "cat's own", "theme": "cat's"}, "cat", "getSettings")
    both = {"is_private": "cat's own", "theme": THEME["theme"]}
    found = watch.look("cat", both, "ann", "getSettings")
    assert ("ann", "Settings") in found.sighted
    assert of(found, "theme", "Settings") is Result.LEAK


def test_a_stranger_is_judged_only_by_what_nobody_is_to_see(watch: Watch) -> None:
    zoe = {"id": "p-zoe-9", "name": "Zoe", "bio": "hello there", "password_hash": "$2b$12$zoe"}
    found = watch.look("cat", zoe, None, "listPeople")
    alone = {**zoe}
    del alone["password_hash"]
    for answer, leaks in (
        (zoe, True), (alone, False), ({**zoe, "password_hash": "***"}, False),
        ({**zoe, "password_hash": 7}, False),
    ):  # fmt: skip
        found = watch.look("cat", {"data": [answer]}, None, "listPeople", again=str(answer))
        assert (of(found, "password_hash") is Result.LEAK) is leaks, answer
        assert found.sighted == ()
    said = watch.look("cat", {"data": [zoe]}, None, "listPeople", sent=("$2b$12$zoe",), again="2")
    assert of(said, "password_hash") is None, "the question held it"


# ------------------------------------------------------------ settings that nobody has read


def unread() -> Watch:
    watch = Watch(relationships=FOLLOWS)
    for name in IDS:
        del watch.run.identities.states[name, "Settings.private"]
    watch.look("ann", ANN)
    return watch


def test_a_field_that_hangs_on_an_unread_setting_is_not_judged_and_others_are() -> None:
    watch = unread()
    found = watch.look("cat", ANN)
    assert of(found, "bio") is None and not doubts(found)
    assert of(found, "phone") is Result.LEAK and of(found, "name") is Result.OPEN
    closed = watch.look("cat", CARD, again="2")
    assert of(closed, "bio") is None and of(closed, "phone") is Result.CLOSED


def test_what_no_setting_would_grant_leaks_whatever_it_is_and_names_none() -> None:
    watch = unread()
    found = watch.look(None, ANN)
    (leak,) = [each for each in found.observations if each.key.field == "bio"]
    assert leak.result is Result.LEAK, "nobody logged in reads a bio in no state"
    assert leak.key.state == (), "what nobody has read is no part of what is said"
    assert of(watch.look(None, CARD, again="2"), "bio") is None, "and it closes nothing"


def test_a_doubt_about_a_field_of_an_unread_setting_is_not_kept() -> None:
    watch = unread()
    found = watch.look("cat", {**CARD, "bio": "something else", "phone": "something else"})
    assert doubts(found) == {"phone": "another value"}


def test_a_setting_that_the_object_shows_itself_is_read() -> None:
    text = studio.POLICY.replace(
        "    states: {private: {of: Settings.private, missing: true}}\n    fields:\n      id, name",
        "    states: {private: {field: vip, missing: true}}\n    fields:\n      id, name",
    )  # fmt: skip
    with policy(text):
        watch = Watch()
        watch.look("ann", {**ANN, "vip": False})
        for vip, result in ((False, Result.OPEN), (True, Result.LEAK)):
            found = watch.look("cat", {**CARD, "bio": ANN["bio"], "vip": vip}, again=str(vip))
            assert of(found, "bio") is result
            (seen,) = [each for each in found.observations if each.key.field == "bio"]
            assert seen.key.state == (PUBLIC if not vip else PRIVATE)


# ------------------------------------------------------------ what stands against a proof


def test_what_an_unproven_identity_is_shown_is_weak_and_closes_all_the_same(watch: Watch) -> None:
    with patch.object(watch.run.identities, "unproven", {"cat": "no who-am-I"}):
        found = watch.look("cat", {**CARD, "phone": OWN})
    weak = {each.key.field: each.weak for each in found.observations}
    assert "no who-am-I" in weak["phone"]
    assert of(found, "bio") is Result.CLOSED


def test_between_two_who_may_not_be_what_they_are_told_to_be_nothing_closes_or_blocks(
    watch: Watch,
) -> None:
    watch.run.identities.doubt("bob", "ann", "the run itself has ended it")
    found = watch.look("bob", {"id": ANN["id"], "phone": OWN})
    assert of(found, "bio") is None and of(found, "name") is None and of(found, "vip") is None
    (leak,) = [each for each in found.observations if each.result is Result.LEAK]
    assert "the run itself has ended it" in leak.weak
    other = watch.look("cat", {"id": ANN["id"], "phone": OWN})
    assert of(other, "name") is Result.OVER_BLOCK and of(other, "vip") is Result.CLOSED


def test_a_stronger_showing_of_the_same_answer_takes_the_place_of_a_weak_one() -> None:
    """Two posts of ann's: one leaves out its second owner, the other does not."""
    text = studio.POLICY.replace("owner: author_id", "owner: [author_id, course_id]")
    first = {**POST, "id": "post-a", "text": "first text of ann's"}
    second = {**POST, "id": "post-b", "text": "second text of ann's"}
    cut = {name: first[name] for name in first if name != "course_id"}
    with policy(text):
        for rows in ([cut, second], [second, cut]):
            watch = Watch()
            watch.look("ann", [cut, second], endpoint="listPosts")
            found = watch.look("cat", rows, endpoint="listPosts")
            (leak,) = [each for each in found.observations if each.key.field == "text"]
            assert leak.result is Result.LEAK and leak.weak == ""
            weak = watch.look("cat", [cut], endpoint="listPosts", again="weak")
            (leak,) = [each for each in weak.observations if each.key.field == "text"]
            assert leak.weak
            assert of(weak, "id", "Post") is Result.LEAK
            assert of(weak, "course_id", "Post") is None, "who may own it too is not closed out"


# ------------------------------------------------------------ what did not come at all


def absent(watch: Watch, viewer: str | None, endpoint: str = "getPerson", **more: Any) -> Outcome:
    return watch.look(viewer, {"error": "no"}, "ann", endpoint, status=404, **more)


def test_what_did_not_come_with_its_whole_object_is_closed_or_owed_alike(watch: Watch) -> None:
    found = results(absent(watch, "bob"))
    assert found == {
        ("Person", "id"): Result.OVER_BLOCK, ("Person", "name"): Result.OVER_BLOCK,
        ("Person", "bio"): Result.OVER_BLOCK, ("Person", "phone"): Result.CLOSED,
        ("Person", "vip"): Result.CLOSED, ("Person", "password_hash"): Result.CLOSED,
    }  # fmt: skip
    stranger = results(absent(watch, None))
    assert set(stranger.values()) == {Result.CLOSED}


def test_an_endpoint_that_never_showed_the_owner_theirs_owes_and_closes_nothing() -> None:
    watch = Watch()
    watch.look("bob", BOB, "bob")
    assert results(absent(watch, "cat")) == {}
    assert results(absent(watch, "ann")) == {}


def test_what_was_not_asked_for_by_its_owner_is_not_missed(watch: Watch) -> None:
    """Ann gets her page here; a question about bob says nothing of her."""
    found = watch.look("cat", {"error": "no"}, "bob", status=404)
    assert {each.owner for each in found.observations} == {"bob"}
    nobody = watch.look("cat", {"error": "no"}, None, status=404, again="2")
    assert nobody.observations == ()


def test_an_answer_of_ones_own_in_place_of_anothers_owes_nothing_and_closes(watch: Watch) -> None:
    found = watch.look("cat", CAT, "ann")
    of_ann = {each.key.field: each.result for each in found.observations if each.owner == "ann"}
    assert of_ann["phone"] is Result.CLOSED
    assert Result.OVER_BLOCK not in of_ann.values()
    assert ("cat", "Person") in found.sighted


def test_what_only_stands_inside_another_object_is_not_owed_when_that_did_not_come() -> None:
    watch = Watch(private=False)
    watch.look("ann", {**POST, "author": ANN}, endpoint="getPost")
    watch.run.matrix.embedded.add(("getPost", "Person"))
    found = results(absent(watch, "cat", "getPost"))
    assert found["Post", "text"] is Result.OVER_BLOCK
    assert ("Person", "name") not in found
    assert found["Person", "phone"] is Result.CLOSED, "but what is denied did not come"


def test_nothing_is_owed_below_an_object_of_which_nothing_is_shown_to_the_viewer() -> None:
    watch = Watch(private=False)
    watch.look("ann", [POST], endpoint="listPosts")
    for hidden, owed in ((False, True), (True, False)):
        with patch.object(type(watch.run.matrix), "hides_way", return_value=hidden):
            found = results(absent(watch, "cat", "listPosts", again=str(hidden)))
        assert (found.get(("Post", "text")) is Result.OVER_BLOCK) is owed


def test_the_settings_of_the_very_object_that_was_asked_for_count() -> None:
    """A post that says of itself whether it is a draft: ann's first is one, her second is none."""
    text = studio.POLICY.replace(
        "    main: getPost\n    states: {private: {of: Settings.private, missing: true}}",
        "    main: getPost\n    states: {private: {field: course_id, missing: true}}",
    )  # fmt: skip
    with policy(text):
        watch = Watch()
        for number, draft in enumerate((True, False)):
            own = {**POST, "id": f"post-{number}", "course_id": draft}
            watch.look("ann", own, endpoint="getPost", again=str(number))
            where = {"postId": f"post-{number}"}
            asked = Question(
                f"gone {number}", "getPost", "cat", frozenset({"ann"}), where, frozenset(), "curl"
            )
            gone = watch.run.evaluator.look(
                watch.run.evaluator.judge(probe("getPost"), asked, reply({}, 404))
            )
            expected = Result.CLOSED if draft else Result.OVER_BLOCK
            assert of(gone, "text", "Post") is expected
        asked = replace(asked, params={"postId": "post-7"})
        other = watch.run.evaluator.look(
            watch.run.evaluator.judge(probe("getPost"), asked, reply({}, 404))
        )
        assert of(other, "text", "Post") is None, "of another one nobody has read it"


# ------------------------------------------------------------ values that stand loose


def test_a_field_is_not_closed_while_its_owners_value_stands_loose_in_the_answer() -> None:
    """A short value, under its own name and outside of every object."""
    watch = Watch()
    watch.look("ann", {**ANN, "phone": "0451"})
    found = watch.look("cat", {"error": "no", "phone": "0451"}, None, status=403)
    assert of(found, "phone") is None
    asked = watch.look("cat", {"error": "no", "phone": "0451"}, status=403)
    (leak,) = [each for each in asked.observations if each.key.field == "phone"]
    assert leak.result is Result.LEAK and "is outside every declared object" in leak.weak
    assert ("cat", "ann", "Person") in asked.unclear


@pytest.mark.parametrize(
    ("why", "closed", "doubted"),
    [
        ("mine", False, True), ("sent", True, False), ("common", False, True),
        ("nothing", False, False),
    ],
)  # fmt: skip
def test_a_loose_value_that_is_also_the_viewers_or_a_strangers_is_no_leak_and_closes_nothing(
    why: str, closed: bool, doubted: bool
) -> None:
    """One that the request held is an echo."""
    watch = Watch()
    watch.look("ann", {**ANN, "phone": "0451"})
    if why == "mine":
        watch.look("cat", {**CAT, "phone": "0451"}, "cat")
    if why == "common":
        zoe = {"id": "p-zoe-9", "phone": "0451"}
        watch.look("cat", {"data": [zoe]}, None, "listPeople")
    sent = ("0451",) if why == "sent" else ()
    found = watch.look("cat", {"error": "no", "phone": "0451"}, sent=sent, status=403)
    assert (of(found, "phone") is Result.CLOSED) is closed
    assert bool(found.unclear) is (why == "nothing")
    assert ("phone" in doubts(found)) is doubted


@pytest.mark.parametrize(
    ("vip", "came", "closed"),
    [
        (True, True, False), (True, False, True), (False, False, False), (False, True, True),
        (False, 0, False), (True, None, True),
    ],
)  # fmt: skip
def test_a_loose_switch_closes_nothing_where_it_is_set_as_the_owners(
    vip: bool, came: object, closed: bool
) -> None:
    watch = Watch()
    watch.look("ann", {**ANN, "vip": vip})
    found = watch.look("cat", {"error": "no", "was": {"vip": came}}, status=403)
    assert (of(found, "vip") is Result.CLOSED) is closed


def test_a_value_in_the_viewers_own_object_is_not_the_owners() -> None:
    watch = Watch()
    watch.look("ann", {**ANN, "phone": "0451"})
    watch.look("cat", {**CAT, "phone": "0451"}, "cat")
    found = watch.look("cat", {**CAT, "more": {"phone": "0451"}}, status=200)
    assert LOOSE not in doubts(found).values()


def test_a_loose_value_that_two_owners_have_keeps_open_and_accuses_nobody() -> None:
    watch = Watch()
    for name, page in (("ann", ANN), ("bob", BOB)):
        watch.look(name, {**page, "phone": "0451"}, name)
    found = watch.look("cat", {"error": "no", "phone": "0451"}, status=403)
    assert of(found, "phone") is None
    assert ("cat", "ann", "Person") in found.unclear


# ------------------------------------------------------------ writes


@pytest.mark.parametrize("sent", [True, False])
def test_to_its_owner_too_what_a_write_has_sent_is_no_news(sent: bool) -> None:
    watch = Watch()
    answer = {**ANN, "password_hash": "$2b$12$sent-along"}
    asked = Question(
        "w", "getPerson", "ann", frozenset({"ann"}), {"personId": IDS["ann"]},
        frozenset({"$2b$12$sent-along"} if sent else ()), "curl", wrote=True,
    )  # fmt: skip
    found = watch.run.evaluator.hear(
        watch.run.evaluator.judge(probe("getPerson"), asked, reply(answer))
    )
    assert (of(found, "password_hash") is Result.LEAK) is not sent


def test_the_answer_to_a_write_adds_leaks_alone_and_teaches_nothing(watch: Watch) -> None:
    before = {place: set(values) for place, values in watch.run.knowledge.own.items()}
    asked = Question(
        "w", "getPerson", "cat", frozenset({"ann"}), {"personId": IDS["ann"]}, frozenset(),
        "curl -X PATCH", wrote=True,
    )  # fmt: skip
    heard = watch.run.evaluator.hear(
        watch.run.evaluator.judge(probe("getPerson"), asked, reply({**CARD, "phone": OWN}))
    )
    assert results(heard) == {("Person", "phone"): Result.LEAK}
    assert (heard.request_key, heard.status, heard.tentative) == ("w", 200, True)
    assert heard.sighted == heard.witnessed == heard.doubts == ()
    loose = watch.run.evaluator.hear(
        watch.run.evaluator.judge(probe("getPerson"), asked, reply({"was": OWN}, 409))
    )
    assert results(loose) == {("Person", "phone"): Result.LEAK} and loose.status == 409
    mine = replace(asked, viewer="ann")
    watch.run.evaluator.hear(
        watch.run.evaluator.judge(
            probe("getPerson"), mine, reply({**ANN, "phone": "+49-555-new-one"})
        )
    )
    assert watch.run.knowledge.own == before


def test_an_answer_may_be_read_without_learning_from_it(watch: Watch) -> None:
    before = repr(vars(watch.run.knowledge))
    asked = Question(
        "w", "getPerson", "ann", frozenset({"ann"}), {"personId": IDS["ann"]}, frozenset(), "curl"
    )
    seen = watch.run.evaluator.judge(probe("getPerson"), asked, reply(ANN))
    assert seen.value == ANN and seen.whole
    assert [each.resource for each in seen.instances] == ["Person"]
    assert repr(vars(watch.run.knowledge)) == before


# ------------------------------------------------------------ what later answers take back


def key_of(watch: Watch, field: str) -> Any:
    return next(
        key for key in watch.run.matrix.entries
        if (key.endpoint, key.field, key.viewer) == ("getPerson", field, "member")
        and key.state in ((), PRIVATE)
    )  # fmt: skip


@pytest.mark.parametrize("stranger", [True, False])
def test_a_leak_that_rests_on_a_value_goes_when_the_value_names_nobody(stranger: bool) -> None:
    watch = Watch()
    watch.look("ann", ANN)
    for again in ("1", "2"):
        watch.look("cat", {"error": f"see {ANN['bio']}"}, status=404, again=again)
    key = key_of(watch, "bio")
    assert key.finding in watch.run.matrix.confirmed
    other = {"id": "p-zoe-9", "bio": ANN["bio"] if stranger else "of her own, Zoe"}
    watch.look("cat", {"data": [other]}, None, "listPeople")
    watch.run.evaluator.take_back()
    expected = Result.CLOSED if stranger else Result.LEAK
    assert watch.run.matrix.entries[key].result is expected, "what the answer says without it"
    assert (key.finding in watch.run.matrix.confirmed) is not stranger


def test_a_value_that_stands_in_answers_about_others_is_suspected_of_being_everybodys() -> None:
    """Bob's page and the news hold ann's text: whoever put it there, it is not told as hers."""
    watch = Watch()
    for name, page in (("ann", ANN), ("bob", BOB)):
        watch.look(name, page, name)
    watch.look("cat", {"error": f"see {ANN['bio']}"}, "bob", status=404)
    watch.run.evaluator.take_back()
    key = key_of(watch, "bio")
    assert watch.run.matrix.suspect == {}, "one such answer is none"
    watch.look("cat", {"see": ANN["bio"]}, None, "getNews")
    watch.run.evaluator.take_back()
    assert key.finding in watch.run.matrix.suspect
    watch.look("cat", {**CARD, "bio": ANN["bio"]})
    watch.run.evaluator.take_back()
    assert watch.run.matrix.suspect == {}, "in its own field it is hers"


def test_what_viewers_are_handed_for_several_owners_is_nobodys_value() -> None:
    """Ann really has the number that the API hands out in place of everybody's."""
    for shared, leaks in (({"bob", "cat"}, False), (set[str](), True)):
        watch = Watch()
        for name, page in (("ann", ANN), ("bob", BOB), ("cat", CAT)):
            watch.look(name, page, name)
        watch.look("bob", {**CARD, "phone": ANN["phone"]})
        for name in sorted(shared):
            page = {"id": IDS[name], "name": "x", "phone": ANN["phone"]}
            watch.look("bob" if name == "cat" else "ann", page, name, again="stand-in")
        watch.run.evaluator.take_back()
        assert (watch.run.matrix.entries[key_of(watch, "phone")].result is Result.LEAK) is leaks


# ------------------------------------------------------------ several objects of one owner


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, False)])
def test_a_value_that_stands_in_an_open_object_too_is_not_told_of_a_closed_one(
    first: bool, second: bool
) -> None:
    """Two posts of ann's with one text, each a draft or none; somebody reads the text elsewhere."""
    drafts = studio.POLICY.replace(
        "    main: getPost\n    states: {private: {of: Settings.private, missing: true}}",
        "    main: getPost\n    states: {private: {field: course_id, missing: true}}",
    )  # fmt: skip
    with policy(drafts):
        watch = Watch()
        rows = [
            {**POST, "id": f"post-{n}", "course_id": draft}
            for n, draft in enumerate((first, second))
        ]
        watch.look("ann", rows, endpoint="listPosts")
        found = watch.look("cat", {"see": POST["text"]}, None, "getNews")
    assert (of(found, "text", "Post") is Result.LEAK) is (first and second)
    leaks = [each for each in found.observations if each.result is Result.LEAK]
    assert [each.key.state for each in leaks] == ([PRIVATE] if first and second else [])


def test_of_two_objects_one_field_each_is_judged_by_the_stronger_in_one_answer() -> None:
    """Served in one row and left out in another, a granted field is open; a leak is a leak."""
    watch = Watch(private=False)
    rows = [{**POST, "id": f"post-{n}", "text": f"text of ann's, {n}"} for n in (1, 2)]
    watch.look("ann", rows, endpoint="listPosts")
    cut = {name: rows[1][name] for name in rows[1] if name != "text"}
    for answer in ([rows[0], cut], [cut, rows[0]]):
        found = watch.look("cat", answer, endpoint="listPosts", again=str(answer))
        assert of(found, "text", "Post") is Result.OPEN
    alone = watch.look("cat", [cut], endpoint="listPosts", again="alone")
    assert of(alone, "text", "Post") is Result.OVER_BLOCK
    private = Watch()
    private.look("ann", rows, endpoint="listPosts")
    for answer in ([rows[0], cut], [cut, rows[0]]):
        found = private.look("cat", answer, endpoint="listPosts", again=str(answer))
        assert of(found, "text", "Post") is Result.LEAK


# ------------------------------------------------------------ what owners are shown of themselves


@pytest.mark.parametrize("blank", [None, "", False, 0, [], "***"])
def test_to_its_owner_a_blank_in_what_nobody_is_to_see_says_nothing(blank: Any) -> None:
    found = Watch().look("ann", {**ANN, "password_hash": blank})
    assert of(found, "password_hash") is None and not doubts(found)
    assert found.relative == ()


def test_an_owner_who_is_shown_less_than_elsewhere_is_denied_nothing_that_is_another_s() -> None:
    """What a contract grants to owners and an endpoint does not show them is nobody's finding."""
    watch = Watch()
    watch.look("ann", ANN)
    found = watch.look("ann", CARD, again="2")
    assert Result.OVER_BLOCK not in results(found).values()
    assert of(watch.look("ann", {"error": "no"}, status=404, again="3"), "phone") is None


# ------------------------------------------------------------ what is missing from the response


@pytest.mark.parametrize(
    ("asked_about", "blocked"), [("ann", True), ("bob", False), ("cat", False)]
)
def test_only_what_an_owner_was_shown_where_they_were_asked_about_can_be_missing(
    asked_about: str, blocked: bool
) -> None:
    """In a ring of followers each stands in the list of another, and not in their own."""
    watch = Watch(private=False)
    watch.look("bob", BOB, "bob")
    watch.look("ann", ANN, asked_about)
    found = watch.look("cat", reply({"error": "not found"}, 404), "ann")
    missing = {each.owner for each in found.observations if each.result is Result.OVER_BLOCK}
    assert missing == ({"ann"} if blocked else set())


def test_what_an_owner_was_shown_beside_another_does_not_replace_their_own_request() -> None:
    watch = Watch(private=False)
    watch.look("ann", ANN, "ann")
    watch.look("ann", ANN, "bob")
    found = watch.look("cat", reply({"error": "not found"}, 404), "ann")
    assert {each.owner for each in found.observations if each.result is Result.OVER_BLOCK} == {
        "ann"
    }
