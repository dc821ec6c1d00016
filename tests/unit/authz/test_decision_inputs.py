"""The caller and the object, as decisions see them."""

from __future__ import annotations

from oakum.authz import ANONYMOUS, Subject
from oakum.authz.relations import held_relations
from oakum.openapi.model import Json
from oakum.policy.model import Policy
from tests.unit.authz.small import RELATIONS, note

POLICY = Policy(RELATIONS, {"Note": note()})
NOTE = Subject("Note", ("u1",), {"id": "n1", "guests": ["u7", 8]})


def test_nobody_is_but_anyone() -> None:
    assert held_relations(POLICY, ANONYMOUS, NOTE) == {"anyone"}


def test_an_object_is_the_same_whatever_is_known_of_those_within_it() -> None:
    value: Json = {"id": "n1", "author": {"id": "u1"}}
    plain = Subject("Note", ("u1",), value)
    assert Subject("Note", ("u1",), value, kinds={1: frozenset({"User"})}) == plain
    assert plain != Subject("Note", ("u1",), value, partly=True)
