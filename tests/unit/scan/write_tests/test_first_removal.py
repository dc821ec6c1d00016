"""What the removal of the first object of an operation tells of the API."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from oakum.exchange import Request
from oakum.scan.undo.entries import CreatedObject
from oakum.scan.write_tests.first_removal import is_removed_alone

MADE = CreatedObject(
    "a new `Note` of ann", "ann", "oakum 1", "id", (), Request("DELETE", "", {}), known="n-9",
    older=frozenset({"n-1", "n-2"}), whole=True,
)  # fmt: skip


class Log:
    """Lists as they are read one after the other; whether the object goes."""

    def __init__(self, *lists: set[str], goes: bool = True, whole: bool = True) -> None:
        self.lists, self.goes, self.whole = [*lists], goes, whole
        self.harmed, self.given_up = list[str](), list[str]()

    def listed(self, made: CreatedObject) -> tuple[frozenset[str], bool]:
        return frozenset(self.lists.pop(0)), self.whole

    def undo(self, made: CreatedObject) -> bool:
        return self.goes

    def give_up(self, made: CreatedObject, said: str) -> None:
        self.given_up.append(said)


def removed(log: Log) -> bool:
    at = SimpleNamespace(method="POST", path="/notes")
    one = SimpleNamespace(endpoint=at, operation=at)
    maker: Any = SimpleNamespace(
        undo_log=log,
        creation=SimpleNamespace(resource="Note", make=one, remove=one),
        engine=SimpleNamespace(
            model=SimpleNamespace(operations={}), state=SimpleNamespace(probes=[])
        ),
    )
    return is_removed_alone(maker, MADE)


OLD = {"n-1", "n-2"}


def test_what_goes_alone_is_removable() -> None:
    log = Log({*OLD, "n-9"}, OLD)
    assert removed(log)
    assert not log.harmed and not log.given_up


@pytest.mark.parametrize("goes", [True, False])
def test_a_removal_that_takes_another_object_is_asked_for_no_more(goes: bool) -> None:
    log = Log({*OLD, "n-9"}, {"n-1"}, goes=goes)
    assert not removed(log)
    (said,) = log.given_up
    assert "removed 1 other `Note` of ann" in said
    assert ("may have left" in said) is not goes


def test_what_was_made_beside_is_told() -> None:
    log = Log({*OLD, "n-9", "n-10"}, {*OLD, "n-10"})
    assert not removed(log)
    assert log.harmed == [
        "POST /notes made 1 more `Note` of ann than the one that was sent: check by hand"
    ]


def test_what_stays_is_not_removable() -> None:
    assert not removed(Log({*OLD, "n-9"}, {*OLD, "n-9"}, goes=False))


def test_a_list_that_was_not_read_whole_tells_nothing() -> None:
    log = Log({*OLD, "n-9"}, {"n-1", "n-10"}, whole=False)
    assert removed(log)
    assert not log.harmed and not log.given_up
