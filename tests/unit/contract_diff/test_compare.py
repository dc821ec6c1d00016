"""A difference in sentences: who gains what, where, by the contract or by the document."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from oakum.authz import Model, compile_contract
from oakum.contract_diff import DifferenceLine, changes, compare
from oakum.errors import NOWHERE, Location
from oakum.openapi.model import Media, Operation, Shape
from oakum.policy.mask import Mask
from oakum.policy.model import Grant, Limit, OperationRule, Owner, Policy, Relation
from tests.properties.worlds import Document, array, record, scalar
from tests.unit.authz.small import (
    FIELDS,
    NOTE,
    PERSON,
    PRIVATE,
    RELATIONS,
    TEXT,
    contract,
    endpoint,
    note,
    see,
)


def between(old: Model, new: Model) -> list[DifferenceLine]:
    """The changes, after a look from the other side: what widens here narrows there."""
    found = changes(compare(old, new), lambda _: NOWHERE, lambda _: NOWHERE)
    back = changes(compare(new, old), lambda _: NOWHERE, lambda _: NOWHERE)
    cells = [sum(each.cells for each in side if each.direction in way)
             for side, way in ((found, ("widened", "own")), (back, ("narrowed",)))]  # fmt: skip
    assert cells[0] == cells[1]
    return list(found)


def said(old: Model, new: Model) -> list[str]:
    return [f"{each.direction}: {each.sentence}" for each in between(old, new)]


def with_fields(**lines: tuple[Grant, ...]) -> Model:
    return contract(note({**FIELDS, **lines}), PERSON)


def masking(**lines: Mask) -> Model:
    """A contract by which members see these fields in a masked form alone."""
    grants = {path: (Grant(("member",), masked=(mask,)),) for path, mask in lines.items()}
    made = note({**FIELDS, **dict.fromkeys(lines, ())})
    fields = tuple(replace(each, masked=grants.get(each.path, ())) for each in made.fields)
    return contract(replace(made, fields=fields), PERSON)


def test_a_form_that_shows_less_is_narrower() -> None:
    four, two = masking(text=Mask("ends", 0, 4)), masking(text=Mask("ends", 0, 2))
    (told,) = said(four, two)
    assert told.startswith("narrowed: `member` may no longer see `text` of `Note` masked as")
    assert "`{last: 4}`" in told
    assert [each.partition(":")[0] for each in said(two, four)] == ["widened"]


def test_a_form_that_neither_holds_nor_is_held_by_another_is_both() -> None:
    first, last = masking(text=Mask("ends", 2)), masking(text=Mask("ends", 0, 2))
    assert [each.partition(":")[0] for each in said(first, last)] == ["widened", "narrowed"]


def test_a_new_form_is_told_once_though_the_contract_has_lesser_ones() -> None:
    lesser = masking(text=Mask("ends", 0, 2))
    both = masking(text=Mask("ends", 0, 2), title=Mask("ends", 0, 4))
    (told,) = said(lesser, both)
    assert told.startswith("widened: `member` may now see `title` of `Note` masked as `{last: 4}`")


def test_nothing_has_changed() -> None:
    assert said(contract(), contract()) == []


def test_a_field_that_a_state_kept_back() -> None:
    wider = with_fields(text=(see("owner", "follower"), see("member")))
    assert said(contract(), wider) == [
        "widened: `member` may now see `text` of `Note` with private=true or private unknown,"
        " at `GET /notes`"
    ]
    assert said(wider, contract())[0].startswith("narrowed: `member` may no longer see `text`")


def test_what_only_its_owner_gains_is_no_widening() -> None:
    (change,) = between(contract(), with_fields(is_private=(see("owner"),)))
    assert (change.direction, change.widens) == ("own", False)
    assert change.sentence == "`owner` may now see `is_private` of `Note`, at `GET /notes`"
    (other,) = between(contract(), with_fields(is_private=(see("owner"), see("staff"))))
    assert other.widens and set(other.viewers) == {"`owner`", "`staff`"}


def test_the_weakest_viewer_comes_first() -> None:
    fields = {**FIELDS, "audience": (see("anyone"),), "place": (see("owner", "follower"),)}
    endpoints = (endpoint(open=True),)
    found = between(
        contract(endpoints=endpoints), contract(note(fields), PERSON, endpoints=endpoints)
    )
    assert [each.breadth for each in found] == sorted(each.breadth for each in found)
    assert (found[0].viewers, found[-1].viewers) == (("`anyone`",), ("`follower`",))


def test_the_line_that_grants_it_is_named() -> None:
    (change,) = between(contract(), with_fields(place=(see("owner"), see("member"))))
    assert change.location == Location("exposure.yaml", 12, 3)
    assert change.sentence.startswith("`member` may now see `place` of `Note`")
    assert change.fields == ("place.city", "place.street")


# ------------------------------------------------------------ relations and states


def again(model: Model, **relations: Relation) -> Model:
    """The same contract with other relations."""
    policy = replace(model.policy, relations={**model.policy.relations, **relations})
    return compile_contract(Document(tuple(model.operations.values())), policy)


def test_a_relation_that_takes_nobody_out_any_more() -> None:
    found = said(contract(), again(contract(), member=replace(RELATIONS["member"], unless=())))
    who = "`member` who is `blocked` and `member` while it is unknown whether they are `blocked`"
    assert found and all(each.startswith(f"widened: {who} may now see") for each in found)


def test_another_list_is_another_relation_whatever_its_name() -> None:
    other = replace(RELATIONS["follower"], operation="friends")
    found = between(contract(), again(contract(), follower=other))
    assert {each.direction for each in found} == {"widened", "narrowed"}
    assert "`follower` (which means others now)" in found[0].sentence


@pytest.mark.parametrize(
    ("old", "new", "widens"),
    [
        (Owner("field", ("author_id",)), Owner("caller"), True),
        (Owner("field", ("author_id",)), Owner("field", ("editor_id",)), True),
        (Owner("field", ("author_id",)), Owner("field", ("author_id", "editor_id")), True),
        (Owner("field", ("author_id",)), Owner("path", ("author_id",)), True),
        (Owner("none"), Owner("caller"), True),
        (Owner("none"), Owner("field", ("author_id",)), False),
        (Owner("field", ("author_id", "editor_id")), Owner("field", ("author_id",)), False),
    ],
)
def test_what_is_owned_by_others_than_before_is_open_to_others(
    old: Owner, new: Owner, widens: bool
) -> None:
    lines = {path: (see("owner"),) for path in ("id", "author_id", "text")}
    found = between(*(contract(replace(note(lines), owner=each), PERSON) for each in (old, new)))
    assert any(each.widens for each in found) is widens


def test_a_new_name_for_the_same_list_changes_nothing() -> None:
    fan = replace(RELATIONS["follower"], name="fan")
    relations = {("fan" if k == "follower" else k): v for k, v in RELATIONS.items()}
    fields = {**FIELDS, "text": (see("owner", "fan"), see("member", private=(False,)))}
    policy = Policy({**relations, "fan": fan}, {"Note": note(fields), "Person": PERSON})
    assert said(contract(), compile_contract(Document((endpoint(),)), policy)) == []


def test_how_a_missing_setting_reads() -> None:
    states = (replace(PRIVATE, missing=False), *note().states.values())
    found = said(contract(), contract(note(states=states[:1] + states[2:]), PERSON))
    assert found == [
        "widened: `member` may now see `text` of `Note` with private missing, at `GET /notes`"
    ]


def test_another_owner_is_another_person() -> None:
    moved = contract(note(owner=Owner("field", ("id",))), PERSON)
    assert {each.direction for each in between(contract(), moved)} >= {"narrowed"}


def test_an_owner_in_the_query_is_another_person_than_one_in_the_object_or_another_query() -> None:
    asked = contract(note(owner=Owner("query", ("userId",))), PERSON)
    assert {each.direction for each in between(contract(), asked)} >= {"widened", "narrowed"}
    other = contract(note(owner=Owner("query", ("memberId",))), PERSON)
    assert {each.direction for each in between(asked, other)} >= {"widened", "narrowed"}
    assert between(asked, asked) == []


def test_relations_that_no_operation_lists_are_told_apart_by_their_names() -> None:
    unlisted = {name: Relation(name, "lookup") for name in ("fan", "follower")}
    known = {**RELATIONS, **unlisted}

    def seen_by(name: str) -> Model:
        people = {"Note": note({**FIELDS, "text": (see("owner", name),)}), "Person": PERSON}
        return compile_contract(Document((endpoint(),)), Policy(known, people))

    assert {each.direction for each in between(seen_by("fan"), seen_by("follower"))} == {
        "narrowed", "widened",
    }  # fmt: skip
    assert between(seen_by("fan"), seen_by("fan")) == []


# ------------------------------------------------------------ the document


def test_a_new_field_below_a_granted_one() -> None:
    place = record(city=TEXT, street=TEXT, floor=TEXT)
    shape = record("Note", **{**{k: v() for k, v in NOTE.properties.items()}, "place": place})
    answer = record(data=array(shape), total=scalar("integer"), next=TEXT)
    (change,) = between(contract(), contract(endpoints=(endpoint(shape=answer),)))
    assert (change.direction, change.fields) == ("own", ("place.floor",))
    assert change.sentence.startswith("a new field: `owner` may now see")


def test_a_new_field_that_no_line_grants_is_told_and_no_widening() -> None:
    shape = record("Note", **{**{k: v() for k, v in NOTE.properties.items()}, "shoe": TEXT})
    answer = record(data=array(shape), total=scalar("integer"), next=TEXT)
    (change,) = between(contract(), contract(endpoints=(endpoint(shape=answer),)))
    assert (change.direction, change.fields, change.widens) == ("note", ("shoe",), False)


def test_a_new_member_outside_every_resource() -> None:
    answer = record(data=array(NOTE), total=scalar("integer"), next=TEXT, debug=TEXT)
    assert said(contract(), contract(endpoints=(endpoint(shape=answer),))) == [
        "widened: a new field: whoever is logged in may now see `debug`, at `GET /notes`,"
        " outside every resource"
    ]


def test_a_new_body_without_members_has_a_name() -> None:
    first = endpoint()
    text = {"200": (*first.responses["200"], Media("text/plain", TEXT))}
    assert said(contract(), contract(endpoints=(replace(first, responses=text),))) == [
        "widened: whoever is logged in may now see the whole body, at `GET /notes`,"
        " outside every resource"
    ]


def test_a_granted_field_at_one_more_endpoint() -> None:
    bare = record("Note", id=TEXT, owner_id=TEXT)
    endpoints = endpoint(), endpoint("mini", "/mini", bare)
    fuller = endpoint("mini", "/mini", record("Note", id=TEXT, owner_id=TEXT, text=TEXT))
    found = said(contract(endpoints=endpoints), contract(endpoints=(endpoints[0], fuller)))
    assert found[0] == (
        "widened: the document now declares `text` of `Note` at `GET /mini`, where `member` may see"
        " it with private=false"
    )


def test_a_new_endpoint_and_one_that_is_gone() -> None:
    both = contract(endpoints=(endpoint(), endpoint("one", "/notes/{id}", NOTE, open=True)))
    found = said(contract(), both)
    assert "widened: a new endpoint, `GET /notes/{id}`, that `anyone` may call" in found
    assert any("shows `member`" in each and "with private=false" in each for each in found)
    assert "own: a new endpoint" in " ".join(found)
    gone = said(both, contract())
    assert all(each.startswith("narrowed: `GET /notes/{id}` was removed") for each in gone)


def test_names_of_operations_and_parameters_do_not_count() -> None:
    first = contract(endpoints=(endpoint("a", "/notes/{id}", NOTE),))
    assert said(first, contract(endpoints=(endpoint("b", "/notes/{noteId}", NOTE),))) == []


def test_security_that_is_dropped() -> None:
    found = said(contract(), contract(endpoints=(endpoint(open=True),)))
    assert found[0] == (
        "widened: callers who are not logged in may now call `GET /notes`;"
        " outside every resource it answers `next` and `total`"
    )


def test_an_endpoint_that_the_contract_says_nothing_of() -> None:
    ping = endpoint("ping", "/ping", record(ok=TEXT), open=True)
    found = between(contract(), contract(endpoints=(endpoint(), ping)))
    assert found[0].widens and "the contract does not grant it" in found[0].sentence
    assert [each.direction for each in found] == ["widened", "note"]


def test_an_embedded_object_counts_where_it_is_let_out() -> None:
    hidden = {key: value for key, value in FIELDS.items() if key != "friend"}
    without = contract(note({**hidden, "friend": ()}), PERSON)
    assert {each.resource for each in between(without, contract())} == {"Note", "Person"}
    mail = replace(PERSON.fields[1], grants=(see("member"),))
    person = replace(PERSON, fields=(PERSON.fields[0], mail))
    closed = contract(note({**hidden, "friend": ()}), person)
    assert between(without, closed) == []


# ------------------------------------------------------------ calling and setting


def writing(grants: tuple[Grant, ...], shape: Shape = NOTE, **rules: Any) -> Model:
    body = (Media("application/json", shape),)
    edit = Operation("edit", "PUT", "/notes/{id}", body=body, security=(frozenset({"session"}),))
    resource = note({**FIELDS, "text": grants})
    said = {"edit": OperationRule("edit", **rules)}
    policy = Policy(RELATIONS, {"Note": resource, "Person": PERSON}, said)
    return compile_contract(Document((endpoint(), edit)), policy)


def test_who_may_write_is_compared_too_the_owner_included() -> None:
    reads = (see("owner"),)
    writes = (Grant(("owner",), set=("owner",)),)
    (change,) = between(writing(reads), writing(writes))
    assert change.sentence == "`owner` may now set `text` of `Note`, at `PUT /notes/{id}`"
    assert change.widens


def test_what_the_document_lets_no_request_hold_cannot_be_set() -> None:
    fixed = record("Note", id=TEXT, text=replace(TEXT, read_only=True))
    reads, writes = (see("owner"),), (Grant(("owner",), set=("owner",)),)
    assert between(writing(reads, fixed), writing(writes, fixed)) == []


def test_who_may_call() -> None:
    narrow = contract(list=OperationRule("list", call=("owner",)))
    wide = contract(list=OperationRule("list", call=("owner", "follower")))
    found = between(narrow, wide)
    assert any(each.viewers == ("`member` who is also `follower`",) or
               "`follower`" in each.viewers for each in found)  # fmt: skip
    assert any(each.sentence == "`follower` may now call `GET /notes`" for each in found)


# ------------------------------------------------------------ beside the tables


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"counts": ("/total",)}, {}, "no longer withholds the count at `/total`"),
        ({"without": ("sort",)}, {}, "a guard no longer takes `sort` out"),
        ({"at_most": {"n": 5}}, {}, "may ask for `n` without a limit; before, at most 5"),
        ({"at_most": {"n": 5}}, {"at_most": {"n": 9}}, "for `n` of at most 9; before, at most 5"),
        ({}, {"untested": "takes an hour"}, "a scan no longer tests"),
    ],
)
def test_what_an_endpoint_no_longer_withholds(
    before: dict[str, Any], after: dict[str, Any], words: str
) -> None:
    old = contract(list=OperationRule("list", **before))
    new = contract(list=OperationRule("list", **after))
    assert [e.direction for e in between(old, new) if words in e.sentence] == ["widened"]


def test_limits_callers_and_stand_ins() -> None:
    model = contract()
    limited = replace(model, policy=replace(model.policy, limits=(
        Limit("callers", "rate", 10, 60.0),)))  # fmt: skip
    looser = replace(model, policy=replace(model.policy, limits=(
        Limit("callers", "rate", 20, 60.0),)))  # fmt: skip
    assert [e.direction for e in between(limited, model)] == ["widened"]
    assert [e.direction for e in between(limited, looser)] == ["widened"]
    assert [e.direction for e in between(looser, limited)] == ["narrowed"]
    asked = replace(model.policy.caller, claim="sub")
    other = replace(model, policy=replace(model.policy, caller=asked))
    assert [e.direction for e in between(model, other)] == ["changed"]
    shown = replace(note(), conceal=False)
    assert [e.direction for e in between(model, contract(shown, PERSON))] == ["widened"]


def test_a_name_of_the_document_stays_within_its_code_span() -> None:
    answer = record(**{"data": array(NOTE), "x` **y**": TEXT, "next": TEXT,
                       "total": scalar("integer")})  # fmt: skip
    (change,) = between(contract(), contract(endpoints=(endpoint(shape=answer),)))
    assert "`x' **y**`" in change.sentence
