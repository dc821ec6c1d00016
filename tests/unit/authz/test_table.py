"""A policy compiled: relations by states to a set of fields, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from oakum.authz.table import Table, Trie, closed_by_absence, compile_resource, digit, grants
from oakum.errors import InputError
from oakum.openapi.model import Json, Shape
from oakum.policy.model import State
from tests.properties.worlds import record
from tests.unit.authz.small import FIELDS, FRIEND, NOTE, PRIVATE, TEXT, note, rules, see

BOUND = {"Note": "Note", "Friend": "Person"}


def table(**fields: object) -> Table:
    chosen = fields or FIELDS
    return compile_resource(note(chosen), NOTE, BOUND)  # type: ignore[arg-type]


def seen(found: Table, held: set[str], **values: Json) -> set[str]:
    return set(found.names(found.see(held, values)))


def test_a_row_for_every_set_of_relations_in_every_state_also_unread() -> None:
    found = table()
    assert set(found.relations) == {"member", "owner", "follower"}
    assert found.stride == 3 * 4
    assert len(found.rows) == 2**3 * 3 * 4
    assert max(found.rows) == len(found.sets) - 1


def test_only_a_member_that_every_object_has_always_shows_something() -> None:
    fields = {"name": (see("member"),), "mood": (see("follower"),), "id": (see("staff"),)}
    shape = replace(record(id=TEXT, name=TEXT, mood=TEXT), required=frozenset({"name"}))
    found = compile_resource(note(fields), shape, BOUND)
    shows = {each: found.always_shows({each}) for each in ("member", "follower", "staff")}
    assert shows == {"member": True, "follower": False, "staff": True}


def test_whoever_sees_all_members_sees_something_of_every_object() -> None:
    fields = {"name": (see("member"), see("follower")), "mood": (see("follower"),)}
    found = compile_resource(note(fields), record(name=TEXT, mood=TEXT), BOUND)
    assert {each: found.always_shows({each}) for each in ("member", "follower")} == {
        "member": False, "follower": True,
    }  # fmt: skip


@pytest.mark.parametrize("shape", [
    record(name=TEXT, mood=TEXT),
    replace(record(name=TEXT), extra=lambda: TEXT),
    Shape(branches=(lambda: record(name=TEXT), lambda: record(name=record(inner=TEXT)))),
    record(name=TEXT, inner=record(name=TEXT)),
], ids=["a member without a line", "others", "an object in one alternative", "a part"])  # fmt: skip
def test_an_object_of_members_without_a_line_may_show_nothing(shape: Shape) -> None:
    fields = {"name": (see("member"),), "name.inner": (see("member"),)}
    found = compile_resource(note(fields), shape, BOUND)
    assert found.see({"member"}, {}) and not found.always_shows({"member"})


def test_an_object_of_which_all_is_within_another_may_show_nothing() -> None:
    shape = replace(record(friend=FRIEND), required=frozenset({"friend"}))
    found = compile_resource(note({"friend": (see("member"),)}), shape, BOUND)
    assert found.see({"member"}, {}) and not found.always_shows({"member"})


def test_each_row_says_what_the_grants_say() -> None:
    found = table()
    relations = ("member", "owner", "follower", "staff")
    for bits in product((False, True), repeat=4):
        held = {name for name, on in zip(relations, bits, strict=True) if on}
        for private, audience in product((False, True, None, 1), ("all", "crew", "me", None, "x")):
            values = {"private": private, "audience": audience}
            expected = set()
            if "member" in held:
                expected |= {"id", "friend"}
            if held & {"owner", "follower"} or ("member" in held and private is False):
                expected |= {"text"}
            if "owner" in held:
                expected |= {"place.city", "place.street"}
            if "owner" in held or ("member" in held and audience in ("all", "crew")):
                expected |= {"audience"}
            assert seen(found, held, **values) == expected


def test_a_field_of_no_line_is_seen_by_nobody() -> None:
    found = table(id=(see("owner"),))
    assert seen(found, {"owner", "member", "follower"}) == {"id"}
    assert table(id=()).see({"owner"}, {}) == 0


def test_true_is_not_one() -> None:
    assert [digit(PRIVATE, value) for value in (False, True, 0, 1, None, "true")] == [
        0, 1, 2, 2, 2, 2,
    ]  # fmt: skip
    assert not grants(see("member", private=(False,)), frozenset({"member"}), {"private": 0})


def test_a_grant_needs_a_relation_and_every_condition() -> None:
    both = see("member", private=(False,), audience=("all", "crew"))
    met: dict[str, Json] = {"private": False, "audience": "crew"}
    assert grants(both, frozenset({"member"}), met)
    assert not grants(both, frozenset({"owner"}), met)
    assert not grants(both, frozenset({"member"}), {**met, "audience": "me"})
    assert not grants(both, frozenset({"member"}), {"private": False})


def test_states_that_decide_nothing_make_no_rows() -> None:
    found = table(id=(see("member"),), text=(see("member", private=(False,)),))
    assert [state.name for state in found.states] == ["private"]
    assert found.deciding_states(found.leaves.index("id")) == ()
    assert found.deciding_states(found.leaves.index("text")) == ("private",)


def test_an_object_field_grants_what_is_declared_below_it() -> None:
    found = table(place=(see("owner"),))
    assert found.leaves == ("place.city", "place.street")
    deep = table(**{"place.**": (see("owner"),)})
    assert deep.leaves == ("place.**",)


def test_the_first_line_that_names_a_field_rules_it() -> None:
    found = table(**{"place.city": (see("member"),), "place": (see("owner"),)})
    assert found.leaves == ("place.city", "place.street")
    assert seen(found, {"member"}) == {"place.city"}
    assert seen(found, {"owner"}) == {"place.street"}


def test_an_embedded_resource_is_one_leaf() -> None:
    assert table(friend=(see("member"),)).leaves == ("friend",)


def test_more_rows_than_anybody_can_review_are_refused_at_their_place() -> None:
    many = tuple(State(f"s{n}", (False, True), member=f"m{n}") for n in range(12))
    when = {state.name: (False,) for state in many}
    resource = replace(note({"id": (see("owner", **when),)}), states={s.name: s for s in many})
    with pytest.raises(InputError) as caught:
        compile_resource(resource, NOTE, BOUND)
    assert str(caught.value).startswith("exposure.yaml:5:3: `Note` mixes 1 relations with 531441")


def test_a_narrower_line_goes_before_what_covers_all_below() -> None:
    found = compile_resource(
        replace(note(), fields=rules({"place.**": (see("owner"),), "place.city": ()})), NOTE, BOUND
    )
    node = found.trie.child("place")
    assert node is not None
    city, new = node.child("city"), node.child("new")
    assert city is not None and found.leaves[city.leaf] == "place.city"
    assert new is not None and new.leaf < 0 and found.leaves[new.deep] == "place.**"
    assert Trie().child("x") is None


def test_a_line_that_grants_less_than_it_says_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = replace(record(m=TEXT, inner=record(m=TEXT)), names=frozenset({"Deep"}))
    shape = record(deep=deep, flat=TEXT)
    lines = {"deep": (see("member"),), "flat": (see("member"),)}
    assert compile_resource(note(lines), shape, {}).notes == ()
    for module in ("places", "table"):
        monkeypatch.setattr(f"oakum.authz.{module}.MOST_PLACES", 3)
    table = compile_resource(note(lines), shape, {})
    assert table.leaves == ("deep.m", "flat")
    (said,) = table.notes
    assert "more than 3 places below `Note.deep` (schema `Deep`)" in said.message
    assert "at most 1 steps below" in said.message


def test_the_rest_of_a_map_whose_members_are_named_is_not_closed_by_absence() -> None:
    """That nobody may see it says something of a whole map, and of elements of a list."""
    lines = {"labels.phone": (see("owner"),), "items.*.name": (see("owner"),)}
    found = compile_resource(note(lines), NOTE, BOUND)
    assert not closed_by_absence(found, "labels.*")
    assert not closed_by_absence(found, "labels.*.*")
    assert closed_by_absence(found, "labels")
    assert closed_by_absence(found, "items.*.price")
    assert closed_by_absence(found, "others.*")


def test_a_line_that_leaves_out_members_without_a_path_says_which() -> None:
    """`*` and `**` of the document are names, and a dot in one is no step."""
    inner = record(**{"*": TEXT, "**": TEXT, "a.b": TEXT, "plain": TEXT})
    shape = record(title=record(deep=inner), friend=FRIEND)
    found = compile_resource(note({"title": (see("owner"),)}), shape, BOUND)
    assert found.leaves == ("title.deep.plain",)
    (said,) = found.notes
    assert "`Note.title` does not grant `*`, `**`, `a.b`" in said.message
    assert "`title.**`" in said.hint
    all_of_it = compile_resource(note({"title.**": (see("owner"),)}), shape, BOUND)
    assert all_of_it.notes == ()
    two = {"title": (see("owner"),), "text": (see("owner"),)}
    (said,) = compile_resource(note(two), record(title=inner, text=inner), BOUND).notes
    assert "`Note.title`, `Note.text` do not grant `*`, `**`, `a.b`" in said.message
