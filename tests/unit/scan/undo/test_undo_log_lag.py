"""What was written is taken back though a reading shows neither the write nor the undoing at once:
a cache answers, or a replica that lags."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oakum.exchange import Request, Response
from oakum.scan.undo.compared_members import extract
from oakum.scan.undo.entries import Undo
from oakum.scan.undo.undo_log import UndoLog
from oakum.scan.undo.visibility_wait import PAUSES, VisibilityWait

AT = "http://market.test/notes/n1"


class Note:
    """A note that ann and ben write, each shown for so many seconds what they were shown first."""

    def __init__(self, seconds: float) -> None:
        self.now, self.seconds = 0.0, seconds
        self.text = "hers"
        self.kept: dict[str | None, tuple[float, str]] = {}
        self.wrote: list[str | None] = []
        self.deaf = False

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        self.now += 0.01
        if request.method == "PATCH":
            self.wrote.append(viewer)
            self.text = self.text if self.deaf else json.loads(request.body)["text"]
            return reply({})
        if viewer not in self.kept or self.kept[viewer][0] <= self.now - self.seconds:
            self.kept[viewer] = (self.now, self.text)
        return reply({"id": "n1", "text": self.kept[viewer][1]})


def reply(body: Any, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(body).encode())


def patch(text: str) -> Request:
    return Request("PATCH", AT, {}, json.dumps({"text": text}).encode())


def written(note: Note, *, refused: bool = False) -> tuple[UndoLog, Undo]:
    """A undo log that has seen ben write to ann's note."""
    found = UndoLog(note, lambda kind, entry: None, patience=VisibilityWait(note.sleep))
    look = Request("GET", AT)
    steps = (("ben", patch("hers")), ("ann", patch("hers")))
    before = extract(note("ann", look), ("text",))
    undo = Undo("`Note` of ann by PATCH as ben", steps, ("ann", look), before, ("text",))
    found.enter(undo)
    found.record_sent(undo)
    if refused:
        found.record_refused(undo)
    else:
        note("ben", patch("his"))
    return found, undo


@pytest.mark.parametrize("seconds", [0.3, 5.0, 600.0])
def test_a_write_that_is_shown_late_is_put_back_at_once(seconds: float) -> None:
    note = Note(seconds)
    found, undo = written(note)
    assert note.text == "his"
    assert found.undo(undo) and note.text == "hers"
    assert found.restore() == ()


@pytest.mark.parametrize("seconds", [0.3, 5.0])
def test_an_undoing_that_is_shown_late_is_waited_for(
    seconds: float,
) -> None:
    note = Note(seconds)
    found, undo = written(note)
    note.sleep(seconds)
    note("ann", Request("GET", AT))  # she is shown his from here on
    assert found.undo(undo) and note.text == "hers" and found.restore() == ()


def test_what_cannot_be_undone_is_waited_for_once_and_told() -> None:
    note = Note(0)
    found, undo = written(note)
    note.deaf = True
    assert not found.undo(undo)
    assert sum(PAUSES) <= note.now <= sum(PAUSES) + 1
    (told,) = found.restore()
    assert "could not be undone" in told


def test_a_write_that_was_refused_is_not_put_back_by_another() -> None:
    note = Note(600)
    found, undo = written(note, refused=True)
    assert found.undo(undo) and note.wrote == []


def test_what_is_not_shown_is_put_back_by_its_owner_alone() -> None:
    """A stranger who puts it back may write to what is their own."""
    note = Note(0)
    note.deaf = True
    found, undo = written(note)
    assert found.undo(undo) and note.wrote == ["ben", "ann"]
