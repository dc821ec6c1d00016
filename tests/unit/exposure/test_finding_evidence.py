"""Evidence of one answer: both sides, made once for what it is shown for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from oakum.authz import Leaf, ObjectInstance
from oakum.exposure.cells.matrix import Key
from oakum.exposure.finding_evidence import EvidenceMaker


class Counting:
    """A redactor that counts the answers it walks."""

    def __init__(self) -> None:
        self.walked = 0

    def answer(self, *_: object) -> object:
        self.walked += 1
        return object()


def test_a_list_of_a_thousand_objects_is_walked_once_for_a_field_of_theirs() -> None:
    """Else the work grows with the square of the answer, and one long list takes minutes."""
    redactor = Counting()
    exhibits = EvidenceMaker(
        identities=cast(Any, SimpleNamespace(label=lambda *_: "member")),
        knowledge=cast(Any, SimpleNamespace(own={})),
        matrix=cast(Any, SimpleNamespace(evidence={})),
        redactor=cast(Any, redactor),
        views={},
        probe=cast(Any, SimpleNamespace(asks=None, how="", endpoint=None)),
        question=cast(Any, SimpleNamespace(endpoint="listUsers", viewer="ben", curl="")),
        response=cast(Any, SimpleNamespace(status=200, media_type="application/json")),
        value=[],
    )
    for field in ("email", "phone"):
        key = Key("listUsers", "User", field, "member", ())
        for nth in range(1000):
            leaf = Leaf(field, (str(nth), field), "x", False)
            instance = ObjectInstance("User", (str(nth),), (), frozenset(), {}, (leaf,), {})
            assert exhibits.evidence(key, instance, leaf, "ann") is not None
    assert redactor.walked == 2
