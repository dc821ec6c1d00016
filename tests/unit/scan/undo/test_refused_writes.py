"""A write that an answer calls refused, by its status or in its body, is one that changed nothing;
an answer that leaves it open is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oakum.exchange import Response
from oakum.scan.undo.refused_writes import says_refused

THIS = {"id": "n1", "user_id": "u1"}
BEFORE = {"title": "old"}
OLD = {"id": "n1", "user_id": "u1", "title": "old"}


def refused(body: Any, status: int = 200, *, shows: bool = False) -> bool:
    answer = Response(status, {"content-type": "application/json"}, json.dumps(body).encode())
    return says_refused(answer, "id", THIS, BEFORE, shows=shows)


@pytest.mark.parametrize("status", [302, 400, 403, 404, 422])
def test_a_status_refuses(status: int) -> None:
    assert refused({}, status)


@pytest.mark.parametrize("status", [200, 204, 500, 503])
def test_a_status_that_refuses_nothing_leaves_it_open(status: int) -> None:
    assert not refused(None, status) and not refused({}, status, shows=True)


@pytest.mark.parametrize(
    "body",
    [
        {"ok": False, "error": "not_authed"}, {"success": "false"}, {"error": "no such note"},
        {"errors": [{"message": "no"}], "data": None}, {"status": "error", "message": "no"},
        {"result": "DENIED"}, {"Success": 0},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("shows", [False, True])
def test_a_word_in_the_body_refuses(body: Any, shows: bool) -> None:
    assert refused(body, shows=shows)


@pytest.mark.parametrize("body", [{"ok": True}, {"status": "success"}, {}, "no", 1], ids=str)
@pytest.mark.parametrize("shows", [False, True])
def test_an_answer_that_says_that_it_went_well_or_nothing_leaves_it_open(
    body: Any, shows: bool
) -> None:
    assert not refused(body, shows=shows)


@pytest.mark.parametrize(
    "body", [{"error": None}, {"errors": []}, {"result": "shipped"}, {"message": "error"}], ids=str
)
def test_an_answer_without_such_a_word_leaves_it_open(body: Any) -> None:
    assert not refused(body)


def test_an_object_that_is_shown_as_it_was_was_not_written_to() -> None:
    assert refused(OLD) and refused({"ok": True, "note": OLD})
    assert not refused(OLD | {"title": "new"}) and not refused([OLD, OLD | {"title": "new"}])
    assert not refused({"id": "n1"})


def test_an_answer_that_is_to_show_the_object_and_shows_none_or_another_refuses() -> None:
    """The word of no known language, and the object of the caller in place of the one named."""
    for body in (
        {"code": 40301, "msg": "kein Zugriff"}, {"note": None},
        {"ok": True, "note": OLD | {"id": "n2", "title": "new"}},
        OLD | {"user_id": "u2", "title": "new"},  # numbers that count for each owner
    ):  # fmt: skip
        assert refused(body, shows=True)
        assert not refused(body)


def test_an_object_without_a_key_is_told_from_no_other() -> None:
    answer = Response(200, {}, json.dumps({"title": "old"}).encode())
    assert not says_refused(answer, "", {}, BEFORE, shows=True)
