"""Values of a response that stand in no object of anybody's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.authz import Leaf
from oakum.authz.judgement import Judgement
from oakum.exchange import Response
from oakum.exposure.finding_evidence import Question
from oakum.exposure.response_reader import ResponseReader
from oakum.scan.evaluation.judged_response import JudgedResponse
from oakum.scan.evaluation.ownership import KnownInstances
from oakum.scan.evaluation.values_outside_owned_objects import loose_values, stands_loose
from tests.unit.exposure.test_evaluation_context_laws import instance
from tests.unit.scan import studio
from tests.unit.scan.evaluation.test_evaluator import ANN, Watch
from tests.unit.scan.studio import IDS, probe


def seen(endpoint: str, judged: Judgement, reading: KnownInstances) -> JudgedResponse:
    question = Question("q", endpoint, "cat", frozenset(), {}, frozenset(), "curl")
    response, read = Response(200), ResponseReader(None, None)
    return JudgedResponse(probe(endpoint), question, response, (), read, judged, reading)


def test_a_loose_value_is_one_within_an_answer_that_says_something() -> None:
    """The answer itself is none unless it is a sentence, nor is a container or a blank."""
    leaves = [
        Leaf("", (), "alone", False), Leaf("a", ("a",), "text", False),
        Leaf("b", ("b",), {}, False), Leaf("c", ("c",), "", False),
    ]  # fmt: skip
    judged = Judgement(True, [], leaves)
    assert loose_values(studio.model(), seen("getNews", judged, KnownInstances())) == {
        "text": [("a",)]
    }
    said = Judgement(True, [], [Leaf("", (), "in a sentence", False)])
    assert loose_values(studio.model(), seen("getNews", said, KnownInstances())) == {
        "in a sentence": [()]
    }


def test_a_loose_value_stands_in_no_declared_field_of_an_object_known_to_be_somebodys() -> None:
    ours = instance("Person", (IDS["ann"],), phone="declared", extra="undeclared")
    mute = replace(instance("Person", (IDS["ann"],), phone="of two"), pointer=("m",))
    nobodys = replace(instance("Person", (), phone="of nobody known"), pointer=("n",))
    course = replace(instance("Course", (), extra="of a catalogue"), pointer=("c",))
    judged = Judgement(True, [ours, mute, nobodys, course], [Leaf("z", ("z",), "loose", False)])
    found = loose_values(studio.model(), seen("getPerson", judged, KnownInstances(mute={("m",)})))
    assert set(found) == {"loose", "undeclared", "of two", "of nobody known"}


@pytest.mark.parametrize(
    ("text", "at", "sent", "stands"),
    [
        (ANN["bio"], ("page", "0"), "", True),
        (ANN["bio"], ("page", "0"), ANN["bio"], False),
        ("no value of ann's", ("bio",), "", False),
    ],
)
def test_an_owners_value_stands_loose_unless_the_request_held_it(
    text: str, at: tuple[str, ...], sent: str, stands: bool
) -> None:
    watch = Watch()
    watch.look("ann", ANN)
    question = Question("q", "getNews", "cat", frozenset(), {}, frozenset({sent}), "curl")
    context = watch.run.evaluator._context
    found = stands_loose(context, question, {text: [at]}, "ann", "Person", "bio")
    assert found == (at if stands else None)
    assert stands_loose(context, question, {text: [at]}, "cat", "Person", "bio") is None
