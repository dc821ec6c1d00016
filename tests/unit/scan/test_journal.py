"""What is remembered comes back as it was; what is broken says so; nobody's value is kept."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from oakum.errors import InputError, TargetError
from oakum.exposure.cells.matrix import Doubt, Key, Observation, Outcome
from oakum.finding import Answer, Evidence, Line, Result
from oakum.scan.journal import (
    SCHEMA,
    Journal,
    Past,
    left_behind_in,
    recall,
    refuse_to_forget,
)
from oakum.scan.undo.setting_change import SettingChange

KEY = Key("getPerson", "Person", "bio", "member", (("private", "true"),))
LINES = (Line("/bio", "string(9)", "0123456789", "leak"), Line("/id", "null"))
EVIDENCE = Evidence(
    Answer("ann", "owner", 200, "application/json", LINES, 3),
    Answer("cat", "member", 200, "application/json", LINES),
    'curl -s "$TARGET/x"', False, "a note",
)  # fmt: skip
LEAK = Observation(KEY, False, Result.LEAK, "cat", "ann", EVIDENCE)
PHONE = replace(LEAK, key=KEY._replace(field="phone"))
OUTCOME = Outcome(
    "getPerson|cat|ann||", 200,
    (LEAK, Observation(KEY._replace(state=()), True, Result.OPEN, None, "")),
    (("ann", "Person"),), (("ann", "Person", "bio"),), (("Person", True),),
    (Doubt("another value", PHONE),), (("Person", "relation"),),
    blank=(("bob", "ann", "Person", "bio"),),
)  # fmt: skip
FLIP = SettingChange("ann", "Settings.private", True, False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def journal(path: Path, resume: bool = False) -> Journal:
    return Journal(path, "run-1", "http://studio.test", "digest", resume)


def test_what_goes_in_comes_out(path: Path) -> None:
    made = journal(path)
    made.outcome(OUTCOME)
    made.close()
    past = recall(path)
    assert (past.run, past.target, past.contract) == ("run-1", "http://studio.test", "digest")
    assert past.outcomes == {OUTCOME.request_key: OUTCOME}
    back = past.outcomes[OUTCOME.request_key].observations[0]
    assert isinstance(back.key, Key) and back.evidence == EVIDENCE
    assert past.pending == ()


def test_a_leak_whose_owner_was_not_asked_comes_back_without_one(path: Path) -> None:
    alone = replace(LEAK, evidence=replace(EVIDENCE, owner=None))
    made = journal(path)
    made.outcome(Outcome("p", 200, (alone,)))
    made.close()
    assert recall(path).outcomes["p"].observations == (alone,)


def test_the_last_word_on_a_question_counts(path: Path) -> None:
    made = journal(path)
    made.outcome(Outcome("p", 500))
    made.outcome(Outcome("p", 200))
    assert recall(path).outcomes["p"].status == 200


@pytest.mark.parametrize(
    ("key", "read"),
    [
        ("getBox|bob|ann|w1|walk", "getBox|bob|ann|w1|id-enumeration"),
        ("logIn|||talk 3", "logIn|||account-enumeration 3"),
        ("getBox|bob|ann|w1|stale bare", "getBox|bob|ann|w1|revocation bare"),
        ("walk|bob|ann|w1|value 2", "walk|bob|ann|w1|value 2"),
        ("walk", "walk"),
    ],
)
def test_requests_of_earlier_journals_are_known_by_the_present_names(
    path: Path, key: str, read: str
) -> None:
    made = journal(path)
    made.outcome(Outcome(key, 200))
    made.close()
    assert set(recall(path).outcomes) == {read}
    path.write_bytes(path.read_bytes().replace(b'"request_key"', b'"probe"'))
    assert set(recall(path).outcomes) == {read}


def test_a_setting_is_pending_from_its_first_flip_until_it_was_put_back(path: Path) -> None:
    made = journal(path)
    made.flip("flip", FLIP)
    made.flip("flip", SettingChange("ann", "Settings.private", False, True))
    made.flip("flip", SettingChange("bob", "Settings.private", False, True))
    assert recall(path).pending == (FLIP, SettingChange("bob", "Settings.private", False, True))
    made.flip("restored", FLIP)
    assert [flip.identity for flip in recall(path).pending] == ["bob"]
    made.flip("flip", FLIP)
    assert {flip.identity for flip in recall(path).pending} == {"ann", "bob"}


def test_it_is_on_disk_at_once(path: Path) -> None:
    """A kill may come at any time: nothing waits in a buffer."""
    made = journal(path)
    made.flip("flip", FLIP)
    assert b"Settings.private" in path.read_bytes()


def test_what_is_to_be_put_back_outlives_a_machine_that_loses_power(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(path.read_bytes()))
    made = journal(path)
    made.outcome(OUTCOME)
    assert synced == []  # asked again, at worst
    made.flip("flip", FLIP)
    assert synced[-1].endswith(b"\n") and b"Settings.private" in synced[-1]
    made.undo("undo", "a write", "sealed:x")
    assert b"sealed:x" in synced[-1]


def test_a_line_cut_short_by_a_kill_is_passed_over_and_the_run_goes_on(path: Path) -> None:
    made = journal(path)
    made.outcome(OUTCOME)
    made.flip("flip", FLIP)
    made.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    assert recall(path).pending == ()
    again = journal(path, resume=True)
    again.outcome(Outcome("later", 200))
    again.close()
    assert set(recall(path).outcomes) == {OUTCOME.request_key, "later"}
    assert recall(path).run == "run-1"


def test_only_its_owner_may_read_it(path: Path) -> None:
    journal(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_run_begins_anew(path: Path) -> None:
    made = journal(path)
    made.outcome(OUTCOME)
    made.close()
    journal(path).close()
    assert recall(path).outcomes == {}


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"hello\n", b'{"schema": "other/1"}\n', b"[1, 2]\n", b"3\n", b"\xff\xfe\n",
     b'{"schema": "oakum.journal/1"}\n', b'{"schema": "oakum.journal/1", "run": "r"}\nnull\n'],
)  # fmt: skip
def test_another_file_is_not_taken_for_a_journal(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        recall(path)
    said = str(caught.value)
    assert said.startswith(f"{path}:1:1: not a journal of Oakum") and SCHEMA in said


def test_a_line_that_is_no_entry_is_passed_over(path: Path) -> None:
    made = journal(path)
    made.close()
    with path.open("ab") as file:
        file.write(b'3\n[]\nnull\n"flip"\n')
    assert recall(path).outcomes == {}


@pytest.mark.parametrize(
    "line", ['{"outcome": 3}', '{"outcome": {"request_key": "p"}}', '{"flip": {"who": "ann"}}',
             '{"restored": {}}']
)  # fmt: skip
def test_an_entry_of_another_make_is_told_with_its_line(path: Path, line: str) -> None:
    journal(path).close()
    with path.open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(InputError) as caught:
        recall(path)
    said = f"{path}:2:1: an entry that cannot be read; start a new run without --resume"
    assert str(caught.value) == said


def test_a_place_that_cannot_be_read_or_written_says_so(tmp_path: Path) -> None:
    for attempt in (lambda: recall(tmp_path / "none"), lambda: journal(tmp_path / "no" / "where")):
        with pytest.raises(InputError) as caught:
            attempt()
        assert str(caught.value).endswith("no such file or directory")


def test_what_is_still_flipped_is_known_even_from_a_damaged_journal(path: Path) -> None:
    assert left_behind_in(path) == Past()
    path.write_bytes(b"hello")
    assert left_behind_in(path) == Past()
    with pytest.raises(InputError, match="not a journal of Oakum"):
        journal(path)  # it may be somebody's
    assert path.read_bytes() == b"hello"
    path.unlink()
    made = journal(path)
    made.flip("flip", FLIP)
    with path.open("a") as file:
        file.write('{"outcome": 3}\n{"flip": {"who": "ann"}}\n{"flip": 3}\n')
    assert left_behind_in(path) == Past(pending=(FLIP,))
    made.flip("restored", FLIP)
    assert left_behind_in(path) == Past()


def test_a_full_disk_is_told_in_words(path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no device that is always full")
    with pytest.raises(TargetError, match="no space left"):
        journal(full, resume=True)


# ------------------------------------------------------------ what is asked for again

CLOSED = Outcome("closed", 200, (replace(LEAK, result=Result.CLOSED, evidence=None),))
STAND_IN = Outcome("b", 200, doubts=(Doubt("another value", replace(LEAK, owner="bob")),))


@pytest.mark.parametrize(
    ("outcomes", "kept"),
    [
        ([Outcome("a", 200, (LEAK,)), CLOSED], {"a", "closed"}),
        ([Outcome("a", 200, (LEAK,), tentative=True), CLOSED], {"closed"}),
        ([Outcome("a", 200, (LEAK,)), STAND_IN], set()),
        ([Outcome("a", 200, (PHONE,)), STAND_IN], {"a", "b"}),
        ([STAND_IN, CLOSED], {"b", "closed"}),
    ],
    ids=["a leak", "told by a value", "handed for others", "of another field", "no leak"],
)
def test_what_the_end_may_take_back_is_asked_for_again(
    outcomes: list[Outcome], kept: set[str], path: Path
) -> None:
    """No journal holds the values that tell: a finding kept for want of them was false."""
    made = journal(path)
    for each in outcomes:
        made.outcome(each)
    made.close()
    assert recall(path).outcomes.keys() == kept


def test_a_census_is_to_be_compared_once_something_was_about_to_change(path: Path) -> None:
    made = journal(path)
    made.undo("undo", "an account")
    made.undo("undone", "an account")
    made.census("sealed:then")
    assert not recall(path).has_work
    made.undo("undo", "`Note` of ann")
    made.undo("undone", "`Note` of ann")
    assert recall(path).census == left_behind_in(path).census == "sealed:then"
    assert recall(path).has_work
    made.census("")
    assert not recall(path).has_work


def test_settings_are_remembered_until_they_were_compared(path: Path) -> None:
    made = journal(path)
    made.settings("ann", "putSettings", "sealed:1")
    made.settings("bob", "putSettings", "")
    assert recall(path).settings == {("ann", "putSettings"): "sealed:1", ("bob", "putSettings"): ""}
    assert recall(path).has_work
    with pytest.raises(InputError, match="has not compared what it left"):
        refuse_to_forget(path)
    made.settings("ann", "putSettings", None)
    made.settings("bob", "putSettings", None)
    assert not recall(path).has_work
