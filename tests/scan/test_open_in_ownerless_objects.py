"""A value that the contract shows its viewer in an object of which nobody knows the owner: it is
no secret of whoever has it too, as one who voted on a question has its title."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scan.verdicts import NAMES, Api, path, schema, told

VOTE = "Vote: {type: object, properties: {cast_at:"
IDS = {id: name for name, id in NAMES.items()}
TITLES = {name: f"How does one splice the rope of {name}?" for name in NAMES}
SHAPES = (
    schema("Vote", title="string")
    + schema("Question", id="string", title="string", author_id="string")
    + schema("Comment", text="string")
)
PATHS = (
    path("/votes", "myVotes", "Vote", many=True)
    + path("/questions", "listQuestions", "Question", many=True)
    + path("/people/{personId}/comments", "commentsOf", "Comment", many=True)
)
POLICY = """\
  Vote: {owner: {caller: true}, fields: {title: [{see: [owner]}]}}
  Question:
    key: id
    owner: author_id
    fields: {"id, author_id": [{see: [member]}], title: [{see: [LINE]}]}
operations:
  commentsOf: {params: {personId: Me.id}}
  listQuestions: {call: [member]}
"""


def _api(listed: bool) -> Api:
    """Each votes on a question of somebody outside, and comments on it. `listed`: the questions
    are listed, without who asked."""
    questions = [{"id": f"q-71{n}", "title": each} for n, each in enumerate(TITLES.values())]
    return Api(
        {
            "/votes": lambda who: [{"title": TITLES[who]}] if who else 401,
            "/questions": lambda who: (questions if listed else []) if who else 401,
            "/people/([^/]+)/comments": lambda who, id: (
                [{"author": id, "text": "so do I", "title": TITLES[IDS[id]]}] if id in IDS else 404
            ),
        }
    )


@pytest.mark.parametrize(
    ("listed", "line", "verdict"),
    [
        (True, "member", "suspected"),
        (True, "owner", "proven"),
        (False, "member", "proven"),
    ],
)
def test_what_the_contract_shows_elsewhere_is_not_proven(
    tmp_path: Path, listed: bool, line: str, verdict: str
) -> None:
    policy = POLICY.replace("LINE", line)
    found = told(tmp_path, SHAPES, PATHS, policy, _api(listed)).finding("Vote.title", "member")
    assert found.verdict == verdict
    said = "the same value in another object" in "; ".join(found.doubts)
    assert said is (verdict == "suspected")


@pytest.mark.parametrize(("line", "verdict"), [("member", "proven"), ("anyone", "suspected")])
def test_it_is_open_to_whom_the_contract_opens_it(tmp_path: Path, line: str, verdict: str) -> None:
    """Whoever has no login was not shown the questions themselves."""
    policy = POLICY.replace("LINE", line)
    found = told(tmp_path, SHAPES, PATHS, policy, _api(listed=True)).finding("Vote.title", "anyone")
    assert found.verdict == verdict


def test_a_time_is_nobodys_alone(tmp_path: Path) -> None:
    """A vote and a comment of the same second."""
    times = {name: f"2024-05-06T07:08:0{n}Z" for n, name in enumerate(NAMES)}
    api = Api(
        {
            "/votes": lambda who: [{"cast_at": times[who]}] if who else 401,
            "/questions": lambda who: [] if who else 401,
            "/people/([^/]+)/comments": lambda who, id: (
                [{"author": id, "text": "so do I", "at": times[IDS[id]]}] if id in IDS else 404
            ),
        }
    )
    shapes = SHAPES.replace("Vote: {type: object, properties: {title:", VOTE)
    policy = POLICY.replace(
        "fields: {title: [{see: [owner]}]}", "fields: {cast_at: [{see: [owner]}]}"
    )
    found = told(tmp_path, shapes, PATHS, policy.replace("LINE", "member"), api)
    assert found.finding("Vote.cast_at", "member").verdict == "suspected"
    assert "is a time" in found.finding("Vote.cast_at", "member").doubts[0]
