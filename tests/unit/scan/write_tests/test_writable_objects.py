"""Objects of the run that its write tests change."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from oakum.exchange import Request
from oakum.scan.undo.entries import CreatedObject
from oakum.scan.write_tests import writable_objects
from oakum.scan.write_tests.writable_objects import WritableObjects

MADE = CreatedObject(
    "a new `Note` of ann", "ann", "oakum 1", "id", (), Request("DELETE", "", {}), known="n-9"
)


class Maker:
    """`removable`: whether what is made first could be removed again."""

    removable, made = True, list[str]()

    def __init__(self, engine: Any, log: Any, creation: Any, owner: str) -> None:
        self.owner, self.refused, self.stopped = owner, set[int](), False

    def removes_nothing(self) -> bool:
        return self.stopped

    def is_removable(self) -> bool:
        self.stopped = not self.removable
        return self.removable

    def make(self, more: Any) -> Any:
        self.made.append(self.owner)
        return MADE, {"id": "n-9", "text": "…", "tags": []}

    def undo(self, made: CreatedObject) -> None:
        self.made.remove(self.owner)


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch) -> WritableObjects:
    at = SimpleNamespace(id="op", method="DELETE", path="/notes/{id}")
    one = SimpleNamespace(endpoint=at, operation=at)
    pair = SimpleNamespace(resource="Note", make=one, remove=one)
    for name, value in {
        "Maker": Maker, "creations": lambda *of: [pair], "through": lambda *of: True,
        "relations_as_creator": lambda *of: frozenset(),
    }.items():  # fmt: skip
        monkeypatch.setattr(writable_objects, name, value)
    monkeypatch.setattr(Maker, "made", [])
    resources = {"Note": SimpleNamespace(key="id")}
    engine: Any = SimpleNamespace(
        model=SimpleNamespace(policy=SimpleNamespace(resources=resources)), identities=None,
        context=SimpleNamespace(params={}), knowledge=SimpleNamespace(objects={}),
    )  # fmt: skip
    log: Any = None
    return WritableObjects(engine, log)


def test_one_is_made_for_each_identity_and_removed_at_the_end(workshop: WritableObjects) -> None:
    for _ in range(2):
        with workshop.of("ann", "Note") or pytest.fail("none was made"):
            rows = workshop.engine.knowledge.objects["ann", "Note"]
            assert rows == [{"id": "n-9", "text": "…"}]
    assert Maker.made == ["ann"]
    workshop.close()
    assert not Maker.made


def test_none_is_made_where_the_first_one_could_not_be_removed(
    workshop: WritableObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Maker, "removable", False)
    assert workshop.of("ann", "Note") is None
    assert not Maker.made
    assert "did not remove one that the run had made" in workshop.why_none["Note"]
