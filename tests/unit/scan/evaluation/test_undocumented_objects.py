"""Objects told by their members, in answers of whatever form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.authz import ObjectInstance
from oakum.authz.judgement import Judgement
from oakum.exchange import Response
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.finding_evidence import Question
from oakum.scan.evaluation.undocumented_objects import Likeness
from tests.unit.scan.studio import IDS, Run, Studio, model, probe, reply

ANN = Studio().people[IDS["ann"]]
CARD = {name: ANN[name] for name in ("id", "name", "bio", "phone")}


class Desk:
    """A reader of one endpoint's answers, and ann, who has seen her own page."""

    def __init__(self, endpoint: str = "getPerson") -> None:
        run = Run(Studio())
        self.run = run
        question = Question("own", "getPerson", "ann", frozenset({"ann"}), {}, frozenset(), "")
        run.evaluator.look(run.evaluator.judge(probe("getPerson"), question, reply(ANN)))
        self.likeness = Likeness(model(), run.knowledge)
        way = probe(endpoint).otherwise("twin", f"/v1/{endpoint}")
        self.way: Probe = replace(way, reader=self.likeness.reader(way))

    def judged(self, answer: Any, viewer: str | None = "bob") -> Judgement:
        response = answer if isinstance(answer, Response) else reply(answer)
        question = Question("q", self.way.id, viewer, frozenset(), {}, frozenset(), "")
        self.run.matrix.open(self.way)
        return self.run.evaluator.judge(self.way, question, response).judgement

    def people(self, answer: Any) -> list[ObjectInstance]:
        return [each for each in self.judged(answer).instances if each.resource == "Person"]


def told(instance: ObjectInstance) -> dict[str, Any]:
    return {leaf.path: leaf.value for leaf in instance.leaves}


ENVELOPES = [
    lambda person: {"data": {"user": person}},
    lambda person: [person],
    lambda person: {"users": {"7": person}, "theme": "dark"},
    lambda person: {"a": [[{"b": person}], None, 3]},
]


@pytest.mark.parametrize("wrap", ENVELOPES)
@pytest.mark.parametrize("endpoint", ["getPerson", "getNews"])
def test_an_object_is_found_in_any_envelope(endpoint: str, wrap: Any) -> None:
    (person,) = Desk(endpoint).people(wrap(CARD))
    assert told(person) == CARD
    assert person.owners == (IDS["ann"],)


@given(st.recursive(st.just("‹person›"), lambda inner: (
    st.lists(inner, min_size=1, max_size=2)
    | st.dictionaries(st.from_regex(r"[a-z]{1,4}", fullmatch=True), inner, min_size=1, max_size=2)
), max_leaves=4))  # fmt: skip
def test_as_many_as_there_are_wherever_they_are(tree: Any) -> None:
    text = json.dumps(tree)
    many = text.count("‹person›".encode("ascii", "backslashreplace").decode())
    answer = json.loads(text.replace(json.dumps("‹person›"), json.dumps(CARD)))
    assert len(Desk("getNews").people(answer)) == many


def test_too_little_in_common_is_no_object() -> None:
    desk = Desk("getNews")
    assert desk.people({"x": {"id": IDS["ann"], "name": "Ann"}}) == []
    assert desk.people({"x": {"name": "Ann", "bio": "b", "phone": "1"}}) == []
    assert desk.people({"x": {**CARD, "id": None}}) == []


def test_where_the_endpoint_shows_people_less_is_enough() -> None:
    (person,) = Desk("getPerson").people({"x": {"id": IDS["ann"], "name": "Ann"}})
    assert person.owners == (IDS["ann"],)


def test_names_are_compared_word_by_word() -> None:
    (person,) = Desk().people({"x": {"Id": IDS["ann"], "Name": "Ann", "passwordHash": "$2y"}})
    assert told(person) == {"id": IDS["ann"], "name": "Ann", "password_hash": "$2y"}


def test_a_member_of_another_name_is_told_by_its_value() -> None:
    (person,) = Desk().people({"id": IDS["ann"], "name": "Ann", "about": ANN["bio"]})
    assert told(person)["bio"] == ANN["bio"]


def test_what_is_left_is_searched_and_not_judged() -> None:
    judged = Desk().judged({**CARD, "deprecated": True, "links": {"self": "/v1/7"}, "rank": 4})
    (person,) = judged.instances
    assert set(told(person)) == set(CARD)
    assert {leaf.value for leaf in judged.unbound} >= {4, "/v1/7"}


@pytest.mark.parametrize(
    ("name", "value", "judged"),
    [
        ("email", "ann@x.example", True),
        ("api_token", "f3a9c1d2e4b5a697", True),
        ("email_masked", "a***@x.example", False),
        ("city", "hidden", False),
        ("rank", "12345", False),
    ],
)
def test_what_plainly_is_somebodys_is_judged(name: str, value: str, judged: bool) -> None:
    (person,) = Desk().people({**CARD, name: value})
    assert (name in told(person)) is judged


def test_an_object_in_an_unknown_part_of_another() -> None:
    people = Desk().people({**CARD, "friends": [{**CARD, "id": IDS["bob"]}]})
    assert {each.owners for each in people} == {(IDS["ann"],), (IDS["bob"],)}


def test_an_embedded_object_is_itself() -> None:
    post = {"id": "p1", "author_id": IDS["ann"], "text": "hello", "author": {**CARD, "new": 1}}
    found = Desk("getNews").judged({"rows": [post]}).instances
    assert {each.resource for each in found} == {"Post", "Person"}
    assert "new" not in told(next(each for each in found if each.resource == "Person"))


@pytest.mark.parametrize(
    "text",
    [
        f"<script>window.__STATE__ = {json.dumps({'a': {'b': CARD}})}</script>",
        f"<script type='application/json'>{json.dumps({'person': CARD})}</script>",
    ],
)
def test_an_object_in_a_page(text: str) -> None:
    page = Response(200, {"content-type": "text/html"}, f"<html><p>Hi</p>{text}".encode())
    judged = Desk().judged(page)
    (person,) = judged.instances
    assert told(person) == CARD
    assert any("<p>Hi</p>" in str(leaf.value) for leaf in judged.unbound)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99) | st.sampled_from([IDS["ann"], "x", "hidden"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "bio", "phone", "author", "author_id", "text", "x"]),
            inner, max_size=5,
        )
    ),
    max_leaves=15,
)  # fmt: skip


def inside(value: Any) -> Iterator[Any]:
    """A value, and all that is in it."""
    yield value
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from inside(each)


@given(JSON)
def test_any_answer_can_be_read(value: Any) -> None:
    """And what is read of it stands in it: nothing is made up."""
    there = [repr(each) for each in inside(value)]
    for endpoint in ("getPerson", "listPosts", "getNews"):
        judged = Desk(endpoint).judged(value)
        leaves = [leaf for each in judged.instances for leaf in each.leaves] + judged.unbound
        assert all(repr(leaf.value) in there for leaf in leaves)
