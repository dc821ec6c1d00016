"""A review of one file: exact edits, undo, and a write that overwrites nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.draft_review.cells import rows
from oakum.draft_review.policy_edits import Close, Confirm, SetOwner
from oakum.draft_review.session import FileChangedError, ReviewSession
from oakum.errors import InputError
from oakum.policy.contract import load
from tests.unit.draft_review.world import CONTRACT, added, files, review


def test_nothing_is_written_before_it_is_saved(tmp_path: Path) -> None:
    session = review(tmp_path)
    session.make(session.grant("Note", ["title"], "member"))
    assert session.has_unsaved_edits and session.path.read_text() == CONTRACT
    assert session.save()
    assert session.path.read_text() == session.text != CONTRACT
    assert not session.has_unsaved_edits and not session.save()
    assert session.writes == 1
    load(session.path)


def test_steps_are_taken_back_and_made_again(tmp_path: Path) -> None:
    session = review(tmp_path)
    session.make([Confirm("User"), Confirm("Note")])
    session.make(session.grant("Note", ["title"], "member"))
    assert session.undo() and session.undo() and session.undo() is None
    assert session.text == CONTRACT and session.read.policy.resources["User"].draft
    assert session.redo()
    assert not session.read.policy.resources["Note"].draft and session.has_unsaved_edits
    session.make(session.grant("Note", ["id"], "member"))
    assert session.redo() is None  # what is made anew ends what was taken back


def test_who_saw_it_as_a_weaker_viewer_goes_on_seeing_it(tmp_path: Path) -> None:
    session = review(tmp_path)
    session.make(session.close("User", ["username"], "anyone"))
    assert "+      username: [{see: [member]}]" in added(session)


def test_a_viewer_who_is_a_weaker_one_too_is_not_closed_alone(tmp_path: Path) -> None:
    session = review(tmp_path)
    with pytest.raises(InputError, match="close it for `anyone` first"):
        session.close("User", ["username"], "owner")


def test_an_edit_that_says_more_than_it_should_is_refused(tmp_path: Path) -> None:
    session = review(tmp_path)
    wrong = Close("User", "email", ("email",), "member", ("anyone",))
    with pytest.raises(InputError, match="cannot be said by lines of `User` alone"):
        session.make([wrong])
    assert session.text == CONTRACT and not session.done


def test_of_several_edits_none_is_made_if_one_cannot_be(tmp_path: Path) -> None:
    session = review(tmp_path)
    with pytest.raises(InputError):
        session.make([Confirm("User"), SetOwner("Note", "parent", ()), Confirm("Nobody")])
    assert session.text == CONTRACT


def test_a_result_that_is_no_contract_is_refused(tmp_path: Path) -> None:
    session = review(tmp_path)
    with pytest.raises(InputError):
        session.make([SetOwner("Note", "path", ("a b",)), SetOwner("Note", "field", ("a..b",))])
    assert session.text == CONTRACT


def test_a_file_that_somebody_else_has_changed_is_not_overwritten(tmp_path: Path) -> None:
    session = review(tmp_path)
    session.make([Confirm("User")])
    session.path.write_text(f"{CONTRACT}# more\n")
    with pytest.raises(FileChangedError, match="has changed on the disk"):
        session.save()
    assert session.path.read_text() == f"{CONTRACT}# more\n" and session.has_unsaved_edits


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    session = review(tmp_path)
    session.make([Confirm("User")])
    session.path.unlink()
    with pytest.raises(InputError):
        session.save()
    assert not session.path.exists()


def test_mark_line_ends_mode_and_link_of_a_file_stay(tmp_path: Path) -> None:
    path = files(tmp_path, CONTRACT.replace("\n", "\r\n"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    path.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    session = ReviewSession(link)
    session.make([*session.grant("User", ["username"], "owner"), Confirm("User")])
    session.save()
    data = path.read_bytes()
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o640
    assert data.startswith(b"\xef\xbb\xbf#") and data.count(b"\n") == data.count(b"\r\n")


@pytest.mark.parametrize("text", ["openapi: 3.0.3\n", "{}", "", "exposure: 2\n"])
def test_what_is_no_contract_is_not_reviewed(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError):
        review(tmp_path, text)


def test_who_may_set_a_field_changes_and_nothing_else(tmp_path: Path) -> None:
    session = review(tmp_path)
    session.make(session.grant("Note", ["title"], "owner", "set"))
    assert "+      title: [{set: [owner]}]" in added(session)
    row = next(each for each in rows(session.read, "Note") if each.path == "title")
    assert (row.sets["owner"], row.cells["owner"]) == ("open", "closed")
    session.make(session.close("User", ["email"], "owner", "set"))
    row = next(each for each in rows(session.read, "User") if each.path == "email")
    assert (row.sets["owner"], row.cells["owner"]) == ("closed", "open")
    session.undo()
    session.undo()
    assert not session.has_unsaved_edits


def test_a_weaker_viewer_that_may_set_it_is_closed_first(tmp_path: Path) -> None:
    session = review(tmp_path)
    session.make(session.grant("User", ["home"], "member", "set"))
    with pytest.raises(InputError, match="`owner` is also `member`, and may set `home"):
        session.make(session.close("User", ["home"], "owner", "set"))
