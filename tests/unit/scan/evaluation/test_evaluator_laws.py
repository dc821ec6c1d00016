"""Laws of what one answer teaches: of whom, from whose answer, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from oakum.exchange import Response
from oakum.finding import Result
from tests.unit.scan import studio
from tests.unit.scan.evaluation.test_cells_laws import of
from tests.unit.scan.evaluation.test_evaluator import ANN, CARD, Watch, policy, results
from tests.unit.scan.studio import IDS, Studio, reply

POST = Studio().posts["post-ann-77"]
TUTOR = studio.POLICY.replace(
    "  owner: {is: owner}", "  tutor: {field: course_id}\n  owner: {is: owner}"
).replace("see: [owner, follower]", "see: [owner, follower, tutor]")  # fmt: skip
TWO = studio.POLICY.replace("owner: author_id", "owner: [author_id, course_id]")
DRAFTS = studio.POLICY.replace(
    "    main: getPost\n    states: {private: {of: Settings.private, missing: true}}",
    "    main: getPost\n    states: {private: {field: course_id, missing: true}}",
)  # fmt: skip


@pytest.fixture
def tutors() -> Iterator[Watch]:
    """Whoever's id stands in `course_id` of a post is its tutor."""
    with policy(TUTOR):
        yield Watch()


# ------------------------------------------------------------ who is what to an object


@pytest.mark.parametrize(
    ("course", "named"),
    [(IDS["cat"], {"cat"}), ("c-1", set()), (None, {*IDS}), ("", {*IDS})],
)
def test_an_object_says_who_is_what_to_it_and_a_blank_may_hide_anybody(
    tutors: Watch, course: str | None, named: set[str]
) -> None:
    tutors.look("ann", {**POST, "course_id": course}, endpoint="getPost")
    kin = tutors.run.knowledge.kin["ann", "Post", POST["id"]]
    assert {name for name, held in kin.items() if held} == named


def test_what_a_short_answer_leaves_out_was_told_by_another_or_may_be_anything(
    tutors: Watch,
) -> None:
    cut = {name: POST[name] for name in POST if name != "course_id"}
    tutors.look("ann", cut, endpoint="getPost")
    kin = tutors.run.knowledge.kin["ann", "Post", POST["id"]]
    assert set(kin.values()) == {frozenset({"tutor"})}, "it may be anybody"
    tutors.look("ann", {**POST, "course_id": IDS["cat"]}, endpoint="getPost", again="2")
    told = {name: bool(held) for name, held in kin.items()}
    assert told == {"ann": False, "bob": False, "cat": True}
    tutors.look("ann", cut, endpoint="getPost", again="3")
    assert {name: bool(held) for name, held in kin.items()} == told


def test_who_is_named_in_an_object_is_judged_as_that_and_others_are_not(tutors: Watch) -> None:
    mine = {**POST, "course_id": IDS["cat"]}
    tutors.look("ann", mine, endpoint="getPost")
    assert of(tutors.look("cat", mine, endpoint="getPost"), "text", "Post") is Result.OPEN
    assert of(tutors.look("bob", mine, endpoint="getPost"), "text", "Post") is Result.LEAK


# ------------------------------------------------------------ who owns it together


@pytest.mark.parametrize("whole", [True, False])
def test_only_an_answer_that_names_all_owners_says_who_they_are(whole: bool) -> None:
    post = {**POST, "course_id": IDS["cat"]}
    cut = {name: post[name] for name in post if name != "course_id"}
    with policy(TWO):
        watch = Watch()
        watch.look("ann", post if whole else cut, endpoint="getPost")
        parties = watch.run.knowledge.parties
    assert parties == ({("Post", POST["id"]): (IDS["ann"], IDS["cat"])} if whole else {})


def test_of_what_has_one_owner_or_no_key_no_parties_are_kept(tutors: Watch) -> None:
    tutors.look("ann", POST, endpoint="getPost")
    tutors.look("ann", ANN)
    assert tutors.run.knowledge.parties == {}
    with policy(TWO):
        watch = Watch()
        watch.look("ann", {**POST, "id": None, "course_id": IDS["cat"]}, endpoint="getPost")
        assert watch.run.knowledge.parties == {}


# ------------------------------------------------------------ the state of this very object


def test_each_object_of_one_owner_is_judged_in_its_own_state() -> None:
    with policy(DRAFTS):
        watch = Watch()
        rows = [{**POST, "id": f"post-{draft}", "course_id": draft} for draft in (True, False)]
        watch.look("ann", rows, endpoint="listPosts")
        known = watch.run.knowledge.conditions
        assert known == {
            ("ann", "Post", "post-True"): {"private": True},
            ("ann", "Post", "post-False"): {"private": False},
        }
        for row in rows:
            cut = {name: row[name] for name in row if name != "course_id"}
            for answer in (row, cut):
                found = watch.look("cat", [answer], endpoint="listPosts", again=str(answer))
                expected = Result.LEAK if row["course_id"] else Result.OPEN
                assert of(found, "text", "Post") is expected, answer
        unknown = watch.look(
            "cat", [{**{n: POST[n] for n in POST if n != "course_id"}, "id": "post-7"}],
            endpoint="listPosts", again="7",
        )  # fmt: skip
        assert of(unknown, "text", "Post") is None, "nobody has read the state of this one"


def test_the_settings_of_an_account_are_read_from_its_owners_own_answer_alone() -> None:
    watch = Watch()
    watch.run.identities.stated.add(("ann", "Settings.private"))
    for viewer, whose, private in (("cat", "ann", True), ("ann", "ann", False)):
        page = {"is_private": not private, "theme": "dusk"}
        watch.look(viewer, page, whose, "getSettings")
        assert watch.run.identities.states["ann", "Settings.private"] is (
            not private or viewer == "cat"
        )
    assert watch.run.identities.stated == set(), "an answer has shown it"
    watch.look("ann", {"theme": "dusk"}, "ann", "getSettings", again="2")
    assert watch.run.identities.states["ann", "Settings.private"] is True, (
        "missing says nothing new"
    )


# ------------------------------------------------------------ what an owner was shown


def test_only_an_owners_own_answer_teaches_their_values() -> None:
    watch = Watch()
    watch.look("cat", ANN)
    watch.look(None, ANN)
    watch.look("ann", {"error": "no"}, status=404)
    assert watch.run.knowledge.own == {} and watch.run.evaluator.strays == {}
    watch.look("ann", ANN, again="2")
    own = {path: values for (who, _, path), values in watch.run.knowledge.own.items()}
    assert own["phone"] == {ANN["phone"]} and own["vip"] == {"true"}
    assert watch.run.knowledge.filled["ann", "Person", IDS["ann"]] == {
        "id", "name", "bio", "phone", "vip",
    }  # fmt: skip


def test_ids_are_learnt_from_ones_own_and_from_nobodys_objects_and_no_strangers() -> None:
    watch = Watch()
    watch.look("cat", {**POST, "course_id": "c-ann"}, endpoint="getPost")
    watch.look("cat", {**POST, "author_id": "p-zoe-9", "course_id": "c-zoe"}, None, "getPost")
    assert watch.run.knowledge.values_by_name("course_id") == []
    watch.look("ann", {**POST, "course_id": "c-1"}, endpoint="getPost", status=404)
    assert watch.run.knowledge.values_by_name("course_id") == [], (
        "an answer that refuses names nothing"
    )
    watch.look("ann", {**POST, "course_id": "c-1"}, endpoint="getPost", again="2")
    assert watch.run.knowledge.values_by_name("course_id") == ["c-1"]
    watch.look("cat", {"id": "course-7", "title": "Rowing"}, None, "getCourse")
    assert "course-7" in watch.run.knowledge.values_by_name("id")


def test_a_field_that_differs_for_its_owner_at_each_asking_is_the_environments() -> None:
    watch = Watch()
    for turn, bio in enumerate(("request 4711-a", "request 4712-b")):
        watch.look("ann", {**ANN, "bio": bio}, again=f" {turn}")
    assert watch.run.knowledge.ambient.varies(("Person", "bio"))
    assert watch.run.knowledge.canary("request 4711-a") is None
    assert watch.run.knowledge.canary(ANN["phone"]) == ("ann", "Person", "phone")
    apart = Watch()
    apart.look("ann", {**ANN, "bio": "request 4711-a"})
    apart.look("ann", {**ANN, "bio": "request 4712-b"}, None, "getMe")
    assert apart.run.knowledge.canary("request 4711-a"), "two endpoints may differ for good"


def test_lists_of_scalars_have_no_one_value_to_compare() -> None:
    watch = Watch()
    watch.look("ann", {**ANN, "bio": "***", "phone": None, "vip": False})
    faces = {place[3] for place in watch.run.knowledge.faces}
    assert faces == {"id", "name"}, "what says nothing has no face"
    watch.look("ann", ANN, again="2")
    assert watch.run.knowledge.faces["ann", "Person", IDS["ann"], "vip"] == {"getPerson": "true"}


def test_of_two_own_views_at_one_endpoint_the_one_that_showed_the_object_itself_is_kept() -> None:
    """Bob's page embeds ann: asked for it, she is shown her card there, and not her page."""
    watch = Watch(private=False)
    bobs = {"id": IDS["bob"], "name": "Bob", "friends": [CARD]}
    watch.look("ann", bobs, "bob")
    assert of(watch.look("cat", {"error": "no"}, status=404), "bio") is None
    watch.look("ann", ANN, "ann")
    for turn in "12":
        gone = watch.look("cat", {"error": "no"}, status=404, again=turn)
        assert of(gone, "bio") is Result.OVER_BLOCK
        watch.look("ann", bobs, "bob", again=turn)
    empty = Watch(private=False)
    empty.look("ann", ANN)
    empty.look("ann", {"error": "no"}, status=404, again="2")
    assert of(empty.look("cat", {"error": "no"}, status=404), "bio") is Result.OVER_BLOCK
    empty.look("ann", {**ANN, "bio": None}, again="3")
    gone = empty.look("cat", {"error": "no"}, status=404, again="3")
    assert of(gone, "bio") is None, "the last view of the object itself is the one that counts"


# ------------------------------------------------------------ one object shown to two as theirs


def test_an_object_shown_to_two_as_their_own_is_told_and_judged_for_neither() -> None:
    me = studio.POLICY.replace(
        "    owner: id\n    main: getPerson", "    owner: {caller: true}\n    main: getPerson"
    )
    with policy(me):
        watch = Watch()
        watch.look("ann", {**ANN, "id": "p-shared-1"}, None, "getMe")
        found = watch.look("cat", {**ANN, "id": "p-shared-1"}, None, "getMe")
        assert found.observations == ()
        assert ("cat", "", "Person") in found.unclear
        assert watch.run.evaluator.twice == {("GET /me", "Person"): {"cat"}}
        assert not [key for key in watch.run.knowledge.own if key[0] == "cat"]
        other = watch.look("cat", {**ANN, "id": "p-cat-9"}, None, "getMe", again="2")
        assert of(other, "phone") is Result.OPEN and other.unclear == ()


# ------------------------------------------------------------ answers that lack something


@pytest.mark.parametrize(
    ("answer", "whole"),
    [
        (reply(CARD), True), (reply({"error": "no"}, 404), True), (Response(204), True),
        (replace(reply(CARD), truncated=True), False),
        (Response(200, {"content-type": "application/json"}, b'{"id": "p-a'), False),
        (Response(200, {"content-type": "text/html"}, b"<p>hello</p>"), False),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_whole_closes_nothing_that_did_not_come(
    answer: Response, whole: bool
) -> None:
    watch = Watch()
    watch.look("ann", ANN)
    found = watch.look("cat", answer)
    assert found.whole is whole
    closed = Result.CLOSED in results(found).values()
    assert closed is whole or found.sighted


def test_one_object_in_place_of_a_list_is_told_once_by_its_endpoint() -> None:
    watch = Watch()
    watch.look("ann", {**POST, "author": CARD}, endpoint="listPosts", status=404)
    assert watch.run.evaluator.bent == {}, "an error has a shape of its own"
    watch.look("ann", {**POST, "author": CARD}, endpoint="listPosts", again="2")
    assert list(watch.run.evaluator.bent) == ["GET /people/{personId}/posts"]


def test_a_side_of_an_evidence_is_read_only_where_it_is_json() -> None:
    evaluator = Watch().run.evaluator
    for answer, lines in (
        (reply({"id": "x"}), True),
        (Response(200, {"content-type": "text/html"}, b'{"id": 1}'), False),
        (Response(200, {"content-type": "application/json"}, b"{"), False),
    ):  # fmt: skip
        side = evaluator.side("cat", "member", answer)
        assert ({line.pointer for line in side.lines} >= {"/id"}) is lines
        assert side.identity == "cat" and not [line for line in side.lines if line.mark]


# ------------------------------------------------------------ several owners, several objects


def test_what_belongs_to_two_is_learnt_as_the_own_of_each_who_is_shown_it() -> None:
    post = {**POST, "course_id": IDS["cat"]}
    with policy(TWO):
        watch = Watch()
        for name in ("cat", "ann"):
            watch.look(name, post, endpoint="getPost")
            own = watch.run.knowledge.own
            assert own[name, "Post", "text"] == {POST["text"]}
            assert watch.run.knowledge.filled[name, "Post", POST["id"]] >= {"text"}
        assert watch.run.knowledge.canary(POST["text"]), "it names both, and no third"
        watch.look("bob", {**post, "author_id": IDS["bob"], "id": "post-8"}, endpoint="getPost")
        assert watch.run.knowledge.canary(POST["text"]) is None, "it may be a default of cat's"
        told = watch.look("bob", {"see": POST["text"]}, endpoint="getPost", status=404)
        assert Result.LEAK not in results(told).values(), "bob was shown the same of his own"


@pytest.mark.parametrize(("key", "varies"), [("id", True), ("", False)])
def test_of_several_own_objects_only_those_with_keys_are_compared_from_asking_to_asking(
    key: str, varies: bool
) -> None:
    """Rows without keys may come in another order; the text of a row with a key is its own."""
    watch = Watch()
    for turn in "ab":
        rows = [
            {**POST, "id": f"post-{n}" if key else None, "text": f"row {n}, asking {turn}"}
            for n in (1, 2)
        ]
        watch.look("ann", rows, endpoint="listPosts", again=turn)
    assert watch.run.knowledge.ambient.varies(("Post", "text")) is varies
    still = Watch()
    for turn in "ab":
        rows = [{**POST, "id": f"post-{n}", "text": f"row {n}"} for n in (1, 2)]
        still.look("ann", rows if turn == "a" else rows[::-1], endpoint="listPosts", again=turn)
    assert not still.run.knowledge.ambient.varies(("Post", "text"))


def test_what_belongs_to_two_is_compared_from_asking_to_asking_for_each_of_them() -> None:
    with policy(TWO):
        watch = Watch()
        for turn in "ab":
            post = {**POST, "course_id": IDS["cat"], "text": f"asked {turn}, and other"}
            watch.look("cat", post, endpoint="getPost", again=turn)
        assert watch.run.knowledge.ambient.varies(("Post", "text"))
