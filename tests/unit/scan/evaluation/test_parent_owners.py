"""Whose an object is that has the owner of its parent: what tells the parent, in which order."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from oakum.authz import Leaf, ObjectInstance
from oakum.exposure.values.knowledge import Knowledge
from oakum.http.json_pointer import Pointer
from oakum.policy.model import Owner, Resource
from oakum.scan.evaluation.parent_owners import Parents

RESOURCES = {
    "Plan": Resource("Plan", frozenset(), key="id", owner=Owner("field", ("lead",))),
    "Issue": Resource("Issue", frozenset(), key="id", owner=Owner("resource", ("Plan",))),
    "Note": Resource("Note", frozenset(), key="id", owner=Owner("resource", ("Issue",))),
}
IDS = {"ann": frozenset({"u1"}), "bob": frozenset({"u2"})}


def instance(resource: str, at: str = "", **value: Any) -> ObjectInstance:
    pointer = tuple(at.split("/")[1:])
    leaves = tuple(Leaf(name, (*pointer, name), each, True) for name, each in value.items())
    return ObjectInstance(resource, pointer, (), frozenset(), {}, leaves, dict(value))


def owners(
    each: ObjectInstance, *others: ObjectInstance,
    known: dict[Pointer, tuple[str, ...]] | None = None, **asked: str,
) -> tuple[str, ...]:  # fmt: skip
    """The run was shown issue 7 and plan 3 as ann's, and issue 8 as bob's."""
    knowledge = Knowledge(
        objects={
            ("ann", "Issue"): [{"id": "7"}], ("ann", "Plan"): [{"id": "3"}],
            ("bob", "Issue"): [{"id": "8"}],
        }
    )  # fmt: skip
    model: Any = SimpleNamespace(policy=SimpleNamespace(resources=RESOURCES))
    identities: Any = SimpleNamespace(ids=IDS)
    places = {one.pointer: one for one in (*others, each)}
    found = Parents(model, identities, knowledge, places, lambda parent: asked.get(parent.name, ""))
    return found.owners(each, known or {})


NOTE = instance("Note", "/issue/notes/0", id="1")
keys = st.sampled_from(["7", "8", "9", ""])


@given(keys, keys, keys, keys)
def test_the_first_that_names_the_parent_decides_and_what_it_does_not_tell_no_other_does(
    around: str, inside: str, member: str, path: str
) -> None:
    """By a member, around it, in it, by the path; `9` is an issue of which nothing is known."""
    said = {"issue_id": member} if member else {}
    note = instance("Note", "/issue/notes/0", id="1", **said)
    others = [instance("Issue", "/issue", id=around)] if around else []
    others += [instance("Issue", "/issue/notes/0/about", id=inside)] if inside else []
    first = next((key for key in (member, around, inside, path) if key), "")
    expected = {"7": ("u1",), "8": ("u2",)}.get(first, ())
    assert owners(note, *others, Issue=path) == expected


def test_another_that_it_quotes_or_that_quotes_it_is_not_the_parent_that_it_names() -> None:
    note = instance("Note", "/note", id="1", issue_id="7")
    assert owners(note, instance("Issue", "/note/quoted", id="8")) == ("u1",)
    assert owners(note, instance("Issue", "", id="8")) == ("u1",)
    # One without a key may be the parent, and says whose it is.
    assert owners(note, instance("Issue", "", text="a"), known={(): ("u5",)}) == ("u5",)


def test_a_parent_whose_owner_the_response_says_needs_no_key() -> None:
    issue = instance("Issue", "/issue", id="9")
    assert owners(NOTE, issue, known={("issue",): ("u5",)}) == ("u5",)


def test_over_two_levels_the_owner_is_that_of_the_parents_parent() -> None:
    issue = instance("Issue", "/issue", id="9", plan_id="3")
    assert owners(NOTE, issue) == ("u1",)
    issue, plan = instance("Issue", "/issue", id="9", plan_id="4"), instance("Plan", "", id="4")
    assert owners(NOTE, plan, issue, known={(): ("u6",)}) == ("u6",)


def test_the_innermost_parent_around_counts_and_no_other_resource() -> None:
    issues = instance("Issue", "", id="8"), instance("Issue", "/issue", id="7")
    assert owners(NOTE, *issues, instance("Plan", "/issue/notes", id="3")) == ("u1",)


def test_several_parents_within_name_none() -> None:
    note = instance("Note", "", id="1")
    one, other = instance("Issue", "/a", id="7"), instance("Issue", "/b", id="8")
    assert owners(note, one, other) == ()
    assert owners(note, one) == ("u1",)
    assert owners(note, instance("Issue", "/list/0", id="7")) == ()
    assert (
        owners(note, instance("Note", "/reply", id="2"), instance("Issue", "/reply/a", id="7"))
        == ()
    )
