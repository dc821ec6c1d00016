"""The questions in the terminal: the same edits as the page's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from oakum.draft_review.session import ReviewSession
from oakum.draft_review.terminal import AnswerCounts, ask, ending
from oakum.errors import InputError
from tests.unit.draft_review.world import CONTRACT, added, review


def answer(
    session: ReviewSession, typed: Iterable[str], *, again: bool = False
) -> tuple[AnswerCounts, list[tuple[str, str]]]:
    shown: list[tuple[str, str]] = []
    tally = ask(session, iter(typed), lambda line, kind: shown.append((kind, line)), again=again)
    return tally, shown


def asked(shown: list[tuple[str, str]]) -> list[str]:
    return [line.partition("  (")[0] for kind, line in shown if kind == "question"]


def test_all_questions_are_asked_and_answered(tmp_path: Path) -> None:
    session = review(tmp_path)
    tally, shown = answer(session, ["1\n", "n\n", "y\n", "y\n"])
    assert (tally.asked, tally.answered) == (4, 4)
    assert asked(shown) == [
        "Who owns `Note`?",
        "May `member` see `email` of `User`?",
        "Is `User` right?",
        "Is `Note` right?",
    ]
    assert session.read.policy.drafted_lines == ()
    assert "+    owner: user_id" in added(session)
    assert not any("member" in line for line in added(session) if line[0] == "+")
    assert list(ending(session, tally)) == ["4 of 4 questions answered, 0 open"]


def test_what_is_left_open_changes_nothing(tmp_path: Path) -> None:
    session = review(tmp_path)
    tally, _ = answer(session, ["\n"] * 4)
    assert (tally.asked, tally.answered, session.text) == (4, 0, CONTRACT)


@pytest.mark.parametrize("typed", [["q\n"], []])
def test_the_end_of_the_input_ends_it(tmp_path: Path, typed: list[str]) -> None:
    session = review(tmp_path)
    tally, _ = answer(session, typed)
    assert (tally.asked, tally.answered, session.text) == (1, 0, CONTRACT)


def test_what_may_stay_wide_is_not_asked_again_at_once(tmp_path: Path) -> None:
    session = review(tmp_path)
    _, shown = answer(session, ["\n", "y\n", "q\n"])
    assert asked(shown)[1:] == ["May `member` see `email` of `User`?", "Is `User` right?"]
    assert session.text == CONTRACT


def test_a_person_is_asked_again_and_a_pipe_is_refused(tmp_path: Path) -> None:
    session = review(tmp_path)
    tally, shown = answer(session, ["what\n", "1\n", "q\n"], again=True)
    assert tally.answered == 1
    assert [line for kind, line in shown if kind == "error"] == [
        "`what` is not an answer; type one of 1, anyone, member, Enter or q"
    ]
    with pytest.raises(InputError, match="`what` is not an answer"):
        answer(review(tmp_path), ["what\n"])


def test_somebody_is_told_what_an_answer_does(tmp_path: Path) -> None:
    _, shown = answer(review(tmp_path), ["\n", "q\n"])
    lines = [line for _, line in shown]
    assert "  who owns it? the document does not say" in lines
    assert "  nobody sees id, title, user_id, phone" in lines
    assert any("the leak is only suspected" in line for line in lines)
    assert any(line.startswith("  member  nobody owns it;") for line in lines)


def test_who_may_set_a_field_is_said_before_it_is_confirmed(tmp_path: Path) -> None:
    session = review(tmp_path)
    typed = ["\n", "\n", "set username owner\n", "set home.city owner\n", "y\n", "q\n"]
    tally, shown = answer(session, typed)
    assert tally.answered == 1
    user = {rule.path: rule for rule in session.read.policy.resources["User"].fields}
    assert [each.set for each in user["username"].grants if each.set] == [("owner",)]
    assert [each.set for each in user["is_private"].grants if each.set] == []
    assert not session.read.policy.resources["User"].draft
    said = [line for kind, line in shown if kind == "why" and "may set" in line]
    assert "  owner may set email" in said
    assert any(line.startswith("  owner may set username, email") for line in said)
    assert any("set FIELD VIEWER" in line for kind, line in shown if kind == "choice")


def test_who_may_no_longer_set_a_field(tmp_path: Path) -> None:
    session = review(tmp_path)
    answer(session, ["\n", "\n", "unset email owner\n", "q\n"])
    user = {rule.path: rule for rule in session.read.policy.resources["User"].fields}
    assert all(not each.set for each in user["email"].grants)
    assert any("owner" in each.see for each in user["email"].grants)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("set nope owner", "`nope` is not a field of `User`"),
        ("set email nope", "`nope` is not a relation of this contract"),
    ],
)
def test_what_cannot_be_set_is_told(tmp_path: Path, typed: str, told: str) -> None:
    session = review(tmp_path)
    _, shown = answer(session, ["\n", "\n", f"{typed}\n", "q\n"], again=True)
    assert told in [line for kind, line in shown if kind == "error"]
    assert session.text == CONTRACT
