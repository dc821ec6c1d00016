"""Open questions: owners first, then personal data for strangers, then what is unconfirmed."""

from __future__ import annotations

from pathlib import Path

from oakum.draft_review.policy_edits import Confirm, ConfirmCall
from oakum.draft_review.questions import ReviewQuestion, above, counts, questions
from tests.unit.draft_review.world import CONTRACT, added, review


def asked(tmp_path: Path, text: str = CONTRACT) -> list[ReviewQuestion]:
    session = review(tmp_path, text)
    return questions(session.read, session.text)


def test_an_object_without_an_owner_is_asked_first(tmp_path: Path) -> None:
    first = asked(tmp_path)[0]
    assert (first.kind, first.text) == ("owner", "Who owns `Note`?")
    assert first.why == "who owns it? the document does not say"
    assert first.owners == ("user_id",)  # its own key would make it an account


def test_personal_data_for_strangers_is_asked(tmp_path: Path) -> None:
    wide = [each for each in asked(tmp_path) if each.kind == "wide"]
    assert [(each.path, each.relation) for each in wide] == [("email", "member")]
    assert wide[0].text == "May `member` see `email` of `User`?"


def test_what_was_confirmed_is_not_asked_about(tmp_path: Path) -> None:
    session = review(tmp_path)
    before = counts(questions(session.read, session.text))
    assert before == {"owner": 1, "wide": 1, "confirm": 2, "call": 0}
    session.make([Confirm("User"), Confirm("Note")])
    assert questions(session.read, session.text) == []


def test_who_may_call_is_asked_last_and_confirmed(tmp_path: Path) -> None:
    more = "operations:\n  listNotes: {draft: true, call: [owner]}  # says “owner”\n"
    session = review(tmp_path, CONTRACT + more)
    last = questions(session.read, session.text)[-1]
    assert (last.kind, last.operation, last.why) == ("call", "listNotes", "says “owner”")
    assert last.text == "May only `owner` call `listNotes`?"
    session.make([ConfirmCall("listNotes")])
    assert added(session) == [
        "-  listNotes: {draft: true, call: [owner]}  # says “owner”",
        "+  listNotes: {call: [owner]}  # says “owner”",
    ]
    assert questions(session.read, session.text)[-1].kind == "confirm"
    session.make([Confirm("User"), Confirm("Note")])
    assert session.read.policy.drafted_lines == () and session.undo() and session.undo()
    assert not session.has_unsaved_edits


def test_one_of_several_that_share_a_key_is_confirmed_in_a_line_of_its_own(tmp_path: Path) -> None:
    more = "operations:\n  listNotes, getMe: {draft: true, call: [owner]}  # says “owner”\n"
    session = review(tmp_path, CONTRACT + more)
    assert counts(questions(session.read, session.text))["call"] == 2
    session.make([ConfirmCall("listNotes")])
    assert added(session) == [
        "-  listNotes, getMe: {draft: true, call: [owner]}  # says “owner”",
        "+  getMe: {draft: true, call: [owner]}  # says “owner”",
        "+  listNotes: {call: [owner]}",
    ]
    session.make([ConfirmCall("getMe")])
    assert session.read.policy.operations["getMe"].draft is False
    assert session.undo() and session.undo() and not session.has_unsaved_edits


def test_a_number_sign_within_quotes_begins_no_comment(tmp_path: Path) -> None:
    text = CONTRACT.replace("owner: none  # who owns it? the document does not say",
                            'owner: {path: "a # b"}  # the path')  # fmt: skip
    text = text.replace("{get: {operationId: listNotes", "{get: {operationId: listNotes")
    from oakum.draft_review.questions import _beside

    line = next(each for each in text.splitlines() if "a # b" in each)
    assert _beside([line], 1) == "the path"
    assert _beside(["a: 'it''s # x'"], 1) == ""


def test_the_comment_above_a_line_is_its_reason() -> None:
    assert above(["x: 1", "  # one", "  #   two", "  a: []"], 4) == "one two"
    assert above(["x: 1", "a: []"], 2) == ""
