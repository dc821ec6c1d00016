"""Objects: whose they are, their states, and their fields."""

# ruff: noqa: E501 - a message stands on one line, as its reader sees it

from __future__ import annotations

import pytest

from oakum.policy.model import FieldRule, Owner, Resource, State, Switch, promises_of
from tests.unit.policy.grammar import policy, read, said, said_of_resource, whole


def resource(body: str) -> Resource:
    return policy(whole(f"resources: {{Member: {{{body}}}}}")).resources["Member"]


def state(text: str) -> State:
    part = f"resources: {{Base: {{owner: id, states: {{flag: {{field: f}}}}}}, M: {{owner: id, states: {{s: {text}}}}}}}"
    return policy(whole(part)).resources["M"].states["s"]


def lines(text: str, before: str = "") -> dict[str, FieldRule]:
    return {rule.path: rule for rule in resource(f"owner: id, {before} fields: {{{text}}}").fields}


# --------------------------------------------------------------------------- owners


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("id", Owner("field", ("id",))),
        ("[sender_id, recipient.id]", Owner("field", ("sender_id", "recipient.id"))),
        ("{path: userId}", Owner("path", ("userId",))),
        ("{query: userId}", Owner("query", ("userId",))),
        ("{parent: true}", Owner("parent")),
        ("{caller: true}", Owner("caller")),
        ("{creator: true}", Owner("creator")),
        ("none", Owner("none")),
        ("[none]", Owner("field", ("none",))),
    ],
)
def test_an_owner_stands_in_one_of_these_places(owner: str, expected: Owner) -> None:
    assert resource(f"owner: {owner}").owner == expected


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("[]", "`owner` lists no field; `owner: none` means that it has no owner"),
        ("", "`owner` must be a word, not nothing"),
        ("7", "`owner` must be a word, not the number `7`; put it in quotes if it is a name"),
        ("/user/id", "`/user/id` is not a field path; write `user.id`"),
        ("{paht: userId}", "an owner has no key `paht`; did you mean `path`?"),
        (
            "{path: a, caller: true}",
            "an owner is in one place; `{path: …}`, `{query: …}`, `{parent: true}`,"
            " `{caller: true}` or `{creator: true}`",
        ),
        ("{query: [a, b]}", "`query` must be a word, not a list"),
        (
            "{parent: false}",
            "`parent` is `true` or absent; `owner: none` means that it has no owner",
        ),
    ],
)
def test_a_mistaken_owner_is_explained(owner: str, expected: str) -> None:
    assert expected in said_of_resource(f"owner: {owner}")


def test_whose_it_is_must_be_said() -> None:
    assert said("resources: {Ride: {key: id}}") == [
        "`Ride` has no `owner`; write a field path, `{path: …}`, `{query: …}`, `{parent: true}`,"
        " `{caller: true}`, `{creator: true}`, or `none`"
    ]


def test_an_object_may_have_the_owner_of_another_by_however_many_steps() -> None:
    part = "{Plan: {key: id, owner: id}, Task: {key: id, owner: {parent: Plan}}, Note: {owner: {parent: Task}}}"
    found = policy(whole(f"resources: {part}")).resources
    assert found["Task"].owner == Owner("resource", ("Plan",))
    assert found["Note"].owner == Owner("resource", ("Task",))


@pytest.mark.parametrize(
    ("part", "place", "expected"),
    [
        ("{N: {owner: {parent: Tsk}}, Task: {key: id, owner: id}}", 33, "`Tsk` is not a resource; did you mean `Task`?"),
        ("{N: {owner: {parent: Task}}, Task: {key: id, owner: none}}", 33, "`Task` has no owner, so `parent: Task` names none"),
        ("{N: {owner: {parent: Task}}, Task: {owner: id}}", 33, "`Task` has no key, so nothing can name one; write its `key:`"),
        ("{A: {key: id, owner: {parent: B}}, B: {key: id, owner: {parent: A}}}", 13, "`A` has no owner of its own; `A` has the owner of `B` has the owner of `A`"),
        ("{A: {key: id, owner: {parent: A}}}", 13, "`A` has no owner of its own; `A` has the owner of `A`"),
    ],
)  # fmt: skip
def test_a_parent_that_gives_no_owner_is_told_with_its_place(
    part: str, place: int, expected: str
) -> None:
    (line,) = read(whole(f"resources: {part}"))[1]
    assert line == f"2:{place}: {expected}"


# --------------------------------------------------------------------------- states


def test_a_flag_runs_from_open_to_closed() -> None:
    assert state("{field: is_private}").values == (False, True)
    assert state("{field: is_listed, open: true}").values == (True, False)


def test_levels_are_listed_open_first() -> None:
    found = state("{field: a, levels: [everyone, crew, 0], missing: 0}")
    assert found.values == ("everyone", "crew", 0)
    assert found.missing == 0


def test_what_is_missing_is_unknown_unless_said() -> None:
    assert state("{field: a}").missing is None


def test_null_in_an_object_inherits_from_the_account_if_both_are_named() -> None:
    states = "{private: {field: hidden, of: Member.private, missing: true}}"
    part = f"resources: {{Member: {{owner: id, states: {{private: {{field: p}}}}}}, N: {{owner: by, states: {states}}}}}"
    state = policy(whole(part)).resources["N"].states["private"]
    assert (state.member, state.of, state.values) == ("hidden", "Member.private", (False, True))
    assert (state.inherits, state.missing) == (True, True)


def test_each_value_has_what_people_are_told_of_it() -> None:
    states = "{t: {field: p, promise: {true: closed, false: open}}}"
    followed = "{t: {of: Member.t}, u: {of: Member.t, promise: {true: hidden}}}"
    part = f"resources: {{Member: {{owner: id, states: {states}}}, N: {{owner: by, states: {followed}}}}}"
    found = policy(whole(part))
    told = (("true", "closed"), ("false", "open"))
    assert found.resources["Member"].states["t"].promises == told
    there = found.resources["N"].states
    assert promises_of(found, there["t"]) == told
    assert promises_of(found, there["u"]) == (("true", "hidden"),)


def test_a_setting_of_a_parent_is_none_of_an_account() -> None:
    part = (
        "resources: {Plan: {key: id, owner: by, states: {s: {field: p}}},"
        " Task: {owner: {parent: Plan}, states: {s: {of: Plan.s}}}}"
    )
    assert said(part) == [
        "`Plan.s` is a setting of the parent of `Task`, and of no account; `of` names a setting of its"
        " owner's account"
    ]


def test_a_state_elsewhere_has_the_values_it_has_there() -> None:
    part = """
        resources:
          Clip: {owner: id, states: {shut: {of: Workout.shut}}}
          Workout: {owner: id, states: {shut: {of: Member.audience, missing: b}}}
          Member: {owner: id, states: {audience: {field: x, levels: [a, b]}}}
    """
    found = policy(whole(part)).resources
    assert found["Clip"].states["shut"].values == ("a", "b")
    assert found["Clip"].states["shut"].of == "Workout.shut"
    assert found["Workout"].states["shut"].values == ("a", "b")


def test_a_switch_says_how_an_owner_sets_it() -> None:
    found = state("{field: a, switch: {operation: updateSettings, set: /is_private}}")
    assert found.switch == Switch("updateSettings", "/is_private")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("is_private", "a state must be a map, not the word `is_private`"),
        (
            "{missing: true}",
            "`s` stands nowhere; `field` for a value in the object,"
            " `of` for one in its owner's account, or both",
        ),
        ("{field: a, of: Member.t, open: true}", "`s` has the values of the state in `of`; omit `open`"),
        ("{field: a, promise: nobody}", "`promise` must be a map, not the word `nobody`; from values of `s` to the text that people read"),
        ("{field: a, promise: {yes: x, false: y}}", "`s` has no value `yes`; write `true`: in YAML 1.2 `yes` is text"),
        ("{field: a, levels: [all, me], promise: {al: x}}", "`s` has no value `al`; did you mean `all`?"),
        ("{of: Member.t, promise: {me: x}}", "`s` has no value `me`; known: `false`, `true`"),
        ("{of: Member}", "`Member` names no state; write `Resource.state`"),
        ("{of: Membr.t}", "`Membr` is not a resource; did you mean `Member`?"),
        ("{of: Member.xyz}", "`xyz` is not a state of `Member`; known: `s`, `t`"),
        ("{of: [Member.t]}", "`of` must be a word, not a list"),
        ("{of: Member.t, open: true}", "`s` has the values of the state in `of`; omit `open`"),
        ("{of: Member.t, levels: [a]}", "`s` has the values of the state in `of`; omit `levels`"),
        ("{of: Member.t, missing: on}", "`s` has no value `on`; write `true`: in YAML 1.2 `on` is text"),
        ("{of: Member.s}", "`Member.s` stands nowhere; `Member.s` of `Member.s`"),
        ("{field: a, open: on}", "`open` must be `true` or `false`, not the word `on`; write `true`: in YAML 1.2 `on` is text"),
        ("{field: a, levels: [a, b], open: true}", "`levels` lists the open one first; omit `open`"),
        ("{field: a, levels: {}}", "`levels` must be a list of values, open first, not an empty map; such as `[everyone, only_me]`"),
        ("{field: a, levels: [b, b]}", "the level `b` occurs twice"),
        ("{field: a, levels: [[b]]}", "a level must be a word, a number or a boolean, not a list"),
        ("{field: a, levels: [b, null]}", "a level must be a word, a number or a boolean, not nothing; `missing:` gives the level that an absent or null value means"),
        ("{field: a, levels: [crew, me], missing: crw}", "`s` has no value `crw`; did you mean `crew`?"),
        ("{field: a, missing: 1}", "`s` has no value `1`; known: `false`, `true`"),
        ("{field: a, missing: }", "`missing` must be a word, a number or a boolean, not nothing"),
        ("{field: a, switch: updateSettings}", "a switch must be a map, not the word `updateSettings`"),
        ("{field: a, switch: {operation: x}}", "the switch has no `set`"),
        ("{field: a, switch: {operation: x, set: is_private}}", "`is_private` is not a JSON pointer; write `/is_private`"),
    ],
)  # fmt: skip
def test_a_mistaken_state_is_explained(value: str, expected: str) -> None:
    assert said_of_resource(f"states: {{s: {value}, t: {{field: t}}}}") == [expected]


def test_states_that_stand_in_each_other_are_told_once() -> None:
    assert said_of_resource(
        "states: {a: {of: Member.b}, b: {of: Member.a}, c: {of: Member.a}}"
    ) == ["`Member.a` stands nowhere; `Member.a` of `Member.b` of `Member.a`"]


# --------------------------------------------------------------------------- fields


def test_field_paths_share_a_line() -> None:
    found = lines("'id,name , a.*.b, *.c': [{see: member}]")
    assert list(found) == ["id", "name", "a.*.b", "*.c"]
    assert all(rule.grants == found["id"].grants for rule in found.values())


def test_a_field_stands_in_as_its_resource_says_unless_it_says_itself() -> None:
    long = "b: {grants: [{see: owner}]}, c: {instead: 'null', grants: []}"
    found = lines(f"a: [{{see: owner}}], {long}", before="instead: refuse,")
    assert [rule.instead for rule in found.values()] == ["refuse", "refuse", "null"]
    assert lines("a: []")["a"].instead == "absent"
    assert not any(rule.omitted for rule in (*found.values(), lines("a: []")["a"]))


def test_absent_in_the_contract_says_that_the_api_omits_the_member() -> None:
    own = "b: {instead: absent, grants: []}"
    assert [each.omitted for each in lines(f"a: [], {own}").values()] == [False, True]
    other = "b: {instead: null, grants: []}, c: {severity: low, grants: []}"
    found = lines(f"a: [], {other}", before="instead: absent,")
    assert [each.omitted for each in found.values()] == [True, False, True]


def test_null_needs_no_quotes_after_instead() -> None:
    assert lines("a: {instead: null, grants: []}")["a"].instead == "null"


def test_a_single_word_is_a_list_of_one() -> None:
    grant = lines(
        "a: [{see: owner, set: owner, when: {private: true}}]", "states: {private: {field: p}},"
    )
    assert grant["a"].grants[0].see == grant["a"].grants[0].set == ("owner",)
    assert grant["a"].grants[0].when == {"private": (True,)}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("[a]", "`fields` must be a map from field paths to lists of grants, not a list"),
        ("{a: [owner]}", "a grant must be a map, not the word `owner`"),
        ("{a: [{sees: owner}]}", "a grant has no key `sees`; did you mean `see`?"),
        ("{a: [{set: []}]}", "`set` names no relation; fields that are not granted are denied: omit it"),
        ("{a: [{see: {owner: true}}]}", "`see` must be a relation or a list of them, not a map"),
        ("{a: [{see: [ownr]}]}", "`ownr` is not a relation; did you mean `owner`?"),
        ("{a: [{see: no}]}", "`no` is not a relation; known: `anyone`, `member`, `owner`"),
        ("{a: [{see: [[owner]]}]}", "a relation must be a word, not a list"),
        ("{a: [{see: owner, when: private}]}", "`when` must be a map from states to values, not the word `private`; such as `{private: false}`"),
        ("{a: [{see: owner, when: {}}]}", "`when` names no state; omit it if the grant always holds"),
        ("{a: [{see: owner, when: {p: []}}]}", "`p` lists no value, so this never holds"),
        ("{a: [{see: owner, when: {p: no}}]}", "`p` has no value `no`; write `false`: in YAML 1.2 `no` is text"),
        ("{a: [{see: owner, when: {p: [true, 0]}}]}", "`p` has no value `0`; known: `false`, `true`"),
        ("{a: [{see: owner, when: {p: {x: 1}}}]}", "`p` must be a value or a list of them, not a map"),
        ("{a: [{see: owner, when: {q: true}}]}", "`q` is not a state of `Member`; known: `p`"),
        ("{a: {grant: []}}", "the line of `a` has no `grants`; write the list of who sees it"),
        ("{a: {instead: nul, grants: []}}", "`instead` must be `absent` or `null` or `refuse`, not the word `nul`; did you mean `null`?"),
        ("{a: [], b.c: [], 'x, a': []}", "`a` has two lines in `Member`; first at p:6:14"),
        ("{a.**.b: []}", "`a.**.b` is not a field path; write names joined by dots, such as `a.*.b`"),
        ("{'**': []}", "`**` is not a field path; write names joined by dots, such as `a.*.b`"),
        ("{'a,': []}", "a field path must be a word, not an empty text"),
    ],
)  # fmt: skip
def test_a_mistaken_field_is_explained(fields: str, expected: str) -> None:
    assert expected in said_of_resource(f"states: {{p: {{field: x}}}}\nfields: {fields}")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("schemas: [1]", "a schema's name must be a word, not the number `1`; put it in quotes if it is a name"),
        ("key: {a: b}", "`key` must be a word, not a map"),
        ("promise: true", "`promise` must be a word, not the boolean `true`; put it in quotes if it is a name"),
        ("instead: nothing", "`instead` must be `absent` or `null` or `refuse`, not the word `nothing`"),
        ("feilds: {}", "a resource has no key `feilds`; did you mean `fields`?"),
    ],
)  # fmt: skip
def test_a_mistaken_resource_is_explained(body: str, expected: str) -> None:
    assert said_of_resource(body) == [expected]


def test_a_resource_has_no_dots_in_its_name() -> None:
    assert said("resources: {api.Member: {owner: none}}") == [
        "`api.Member` cannot name a resource; letters, digits, `_` and `-` can"
    ]
