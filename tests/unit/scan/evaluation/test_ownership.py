"""Whose an object is and in which state, where its own answer does not say it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.authz import Leaf, Model, ObjectInstance
from oakum.exposure.finding_evidence import Question
from oakum.exposure.values.knowledge import Knowledge
from oakum.policy.model import Resource, State
from oakum.scan.evaluation.ownership import KnownInstances, Ownership
from tests.unit.scan.studio import known_identities, model, probe

POSTS = [
    {"id": "post-1", "author_id": "p-ann-1001", "text": "first", "draft": "true"},
    {"id": "post-2", "author_id": "p-ann-1001", "text": "second", "draft": "true"},
    {"id": "post-3", "author_id": "p-ann-1001", "text": "third", "draft": "false"},
]


def with_drafts() -> Model:
    """The studio, where a post says of itself whether it is a draft."""
    made = model()
    post = made.policy.resources["Post"]
    drafts = State("draft", (True, False), member="draft")
    resources = {**made.policy.resources, "Post": replace(post, states={"draft": drafts})}
    return replace(made, policy=replace(made.policy, resources=resources))


def post(drafted: Model) -> Resource:
    return drafted.policy.resources["Post"]


@pytest.fixture
def ownership() -> Ownership:
    """Bob was shown a post of his, ann three of hers, two of them drafts."""
    knowledge = Knowledge()
    knowledge.objects[("bob", "Post")] = [{"id": "post-9", "text": "ninth"}]
    knowledge.objects[("ann", "Post")] = [dict(each) for each in POSTS]
    for each in POSTS:
        knowledge.conditions[("ann", "Post", each["id"])] = {"draft": each["draft"] == "true"}
    return Ownership(with_drafts(), known_identities(), knowledge)


def test_one_object_of_each_state_is_asked_for(ownership: Ownership) -> None:
    """Of ann's posts, the first draft and the first that is none; bob's are in no known state."""
    assert ownership.turns(probe("getPost"), "ann") == [0, 2]
    assert ownership.turns(probe("getPost"), "bob") == [0]
    assert ownership.turns(probe("getPerson"), "ann") == [0]


def test_a_question_by_key_is_about_the_states_of_what_is_asked_for(ownership: Ownership) -> None:
    drafts = post(ownership.model)
    both = [{"draft": True}, {"draft": False}]
    assert ownership.conditions(probe("getPost"), drafts, "ann") == both
    assert ownership.conditions(probe("getPost"), drafts, "bob") == []
    # A list, and a question for many at once, may be about all that are known.
    assert ownership.conditions(probe("listPosts"), drafts, "ann") == both
    batch = replace(probe("getPost"), batch=True)
    assert ownership.conditions(batch, drafts, "ann") == both


def test_a_state_beyond_those_that_are_asked_for_is_not_asked_about(ownership: Ownership) -> None:
    """By its key an endpoint gives the first of each state, so that a third is not spoken of; a
    list is."""
    known = ownership.knowledge.conditions
    ownership.knowledge.objects[("ann", "Post")].pop()  # the one that is no draft: no key of it
    assert ownership.conditions(probe("getPost"), post(ownership.model), "ann") == [{"draft": True}]
    assert len(ownership.conditions(probe("listPosts"), post(ownership.model), "ann")) == 2
    assert known  # a state is still known of the third


@pytest.mark.parametrize(
    ("members", "resource"),
    [
        ({"id": "post-1", "text": "first"}, "Post"),
        ({"id": "post-1", "text": "of another"}, ""),  # a key alone names nothing
        ({"id": "post-1"}, ""),
        ({"id": "post-7", "text": "first"}, ""),
        ({"id": "both", "text": "same"}, ""),  # two resources know such an object
    ],
)
def test_an_object_is_known_by_its_key_and_one_value_more(
    ownership: Ownership, members: dict[str, str], resource: str
) -> None:
    known = ownership.knowledge.objects
    known[("ann", "Post")].append({"id": "both", "text": "same"})
    known[("ann", "Person")] = [{"id": "both", "text": "same"}]
    leaves = tuple(
        Leaf(f"extra.{name}", ("extra", name), text, False) for name, text in members.items()
    )
    around = ObjectInstance(
        "Person", (), ("p-ann-1001",), frozenset(), {}, leaves, {"extra": dict(members)}
    )
    assert ownership.expanded_references([around]) == ({("extra",): resource} if resource else {})


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("className", "Post", True), ("className", "posts", True), ("anything", "Post", True),
        ("__type", "Object", True), ("kind", "pointer", True), ("title", "Object", False),
        ("className", "Person", False), ("className", "Fourth post", False), ("flag", True, False),
    ],
)  # fmt: skip
def test_a_member_that_says_what_kind_of_object_it_is_says_nothing_of_anybody(
    name: str, value: str | bool, says: bool
) -> None:
    found = KnownInstances(expanded={("extra",)})
    assert found.names_kind(("extra",), name, value, "Post") is says
    assert not found.names_kind(("declared",), name, value, "Post")


@pytest.mark.parametrize(("key", "known"), [("post-1", True), ("post-7", False), (None, False)])
def test_a_state_that_an_object_leaves_out_is_known_from_its_own_other_answers_or_not_at_all(
    ownership: Ownership, key: str | None, known: bool
) -> None:
    value = {"author_id": "p-ann-1001", **({"id": key} if key else {})}
    here = ObjectInstance("Post", ("0",), ("p-ann-1001",), frozenset(), {}, (), value)
    question = Question("q", "listPosts", "cat", frozenset({"ann"}), {}, frozenset(), "curl")
    found = ownership.read(probe("listPosts"), question, [here])
    assert found.unread == ({} if known else {("0",): frozenset({"draft"})})
    states = found.known[("0",)].states if ("0",) in found.known else {}
    assert states == ({"draft": True} if known else {})
