"""The grammar as a whole: what stands at the top, the operations, and every mistake at once."""

# ruff: noqa: E501 - a message stands on one line, as its reader sees it

from __future__ import annotations

import pytest

from oakum.errors import Location, Problem
from oakum.openapi.source import parse
from oakum.policy.model import Caller, ExitCriteria, Grant, Guarding, Limit, Owner
from oakum.policy.parser import parse_policy, place
from tests.unit.policy.grammar import policy, read, said, whole

EVERYTHING = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
order: [anyone, member, follower, owner]
relations:
  anyone:   {}
  member:   {authenticated: true, unless: [blocked]}
  owner:    {is: owner}
  follower: {in: listFollowers, id: /data/*/id}
  blocked:  {in: listBlocked, id: /data/*/id, of: caller}
  guest:    {field: guest_ids}
  staff:    {claim: roles, has: staff}
resources:
  Member:
    schemas: [Member, MemberMini]
    key: id
    owner: id
    main: getMember
    conceal: false
    promise: "Only people who follow you can see your workouts"
    instead: refuse
    states:
      private:
        field: is_private
        missing: true
        switch: {operation: updateSettings, set: /is_private}
      listed:   {field: is_listed, open: true, missing: false}
      audience: {field: audience, levels: [everyone, crew, only_me], missing: only_me}
    fields:
      id, username, image_url:
        - see: [member]
      location:
        - see: [owner, follower, staff]
        - {see: member, when: {private: false, audience: [everyone, crew]}}
      birthday:
        - {see: [owner], set: [owner]}
      nickname: {instead: null, grants: [{see: [owner]}]}
      streaks: [{see: [owner]}]
      counts.*.count: [{see: [owner]}]
      extras.**: [{see: [owner]}]
      password: []
  Workout:
    owner: {parent: true}
    states: {hidden: {of: Member.private, missing: true}}
operations:
  searchMembers: {shows: {Member: /data/*}, params: {user_query: Member.username}, counts: [/total]}
  getWorkouts:   {owner: userId, call: [member, owner]}
  details:       {reads: true, params: {ids: Workout.id}, untested: " takes an hour "}
  GET /old:      {call: [], shows: {Member: ["", /more/*]}, without: [sort, by]}
  PUT /old:      {sets: {Member: ["", /more/*], Workout: /w}}
limits: {Member: {distinct: 100, per: 1h}}
exit_criteria: {proven: high}
"""


def test_the_whole_language_is_read() -> None:
    found = policy(EVERYTHING)
    assert list(found.relations) == [
        "anyone",
        "member",
        "owner",
        "follower",
        "blocked",
        "guest",
        "staff",
    ]
    assert found.caller == Caller(operation="getMe", pointer="/id")
    assert found.order == (("anyone", "member", "follower", "owner"),)
    assert found.criteria == ExitCriteria(proven="high")
    assert found.limits == (Limit("Member", "distinct", 100, 3600.0, Location("p", 51, 10)),)
    assert found.guard == Guarding()
    member = found.resources["Member"]
    assert member.schemas == {"Member", "MemberMini"}
    assert (member.key, member.main, member.conceal) == ("id", "getMember", False)
    assert member.owner == Owner("field", ("id",))
    lines = {rule.path: rule for rule in member.fields}
    assert list(lines)[:3] == ["id", "username", "image_url"]
    assert lines["id"].grants == lines["image_url"].grants
    conditional = lines["location"].grants[1]
    assert conditional.see == ("member",)
    assert conditional.when == {"private": (False,), "audience": ("everyone", "crew")}
    assert lines["birthday"].grants[0].set == ("owner",)
    assert [lines[name].instead for name in ("id", "nickname")] == ["refuse", "null"]
    assert lines["password"].grants == ()
    assert found.file == "p"


def test_operations_are_read_by_id_and_by_method_and_path() -> None:
    rules = policy(EVERYTHING).operations
    search, old = rules["searchMembers"], rules["GET /old"]
    assert search.shows == (("Member", "/data/*"),)
    assert search.params == {"user_query": "Member.username"}
    assert search.counts == ("/total",)
    assert search.call is None
    assert search.reads is None
    assert old.shows == (("Member", ""), ("Member", "/more/*"))
    assert old.call == ()  # nobody, which is not the same as nothing said
    assert old.sets == ()
    assert (old.without, search.without) == (("sort", "by"), ())
    assert (rules["details"].untested, old.untested) == ("takes an hour", "")
    assert rules["PUT /old"].sets == (("Member", ""), ("Member", "/more/*"), ("Workout", "/w"))
    assert rules["PUT /old"].shows == ()
    assert rules["getWorkouts"].owner == "userId"
    assert rules["details"].reads is True


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        ("{session: getMe, id: /id}", Caller(operation="getMe", pointer="/id")),
        ("{claim: sub}", Caller(claim="sub")),
        ("{jwt: sub}", Caller(claim="sub")),
        ("{api_key: true}", Caller(api_key=True)),
    ],
)
def test_a_caller_may_be_known_in_several_ways(caller: str, expected: Caller) -> None:
    keys = "guard: {api_keys: keys.json}"
    assert policy(whole(f"caller: {caller}\n{keys}")).caller == expected


def test_nothing_is_required_that_can_be_left_out() -> None:
    found = policy(whole(""))
    assert found.caller == Caller()
    assert found.order == ()
    assert found.operations == {}
    assert found.resources["Member"].schemas == {"Member"}
    grant = Grant(("member",), location=Location("p", 13, 19))
    assert found.resources["Member"].fields[0].grants == (grant,)


def test_each_field_knows_its_line() -> None:
    member = policy(EVERYTHING).resources["Member"]
    lines = {rule.path: rule.location for rule in member.fields}
    assert lines["username"] == lines["id"] == Location("p", 30, 7)
    assert lines["extras.**"] == Location("p", 40, 7)


def test_each_value_knows_its_place_and_the_nearest_one_stands_in() -> None:
    found = policy(EVERYTHING)
    assert place(found, "resources", "Member", "key") == Location("p", 16, 10)
    assert place(found, "resources", "Member", "schemas", "1") == Location("p", 15, 23)
    assert place(found, "resources", "Workout", "key") == Location("p", 43, 5)
    assert place(found, "nothing") == Location("p", 1, 1)


def test_an_alias_is_read_where_it_is_used_and_placed_where_it_was_written() -> None:
    found = policy(
        whole(
            """
            resources:
              A: {owner: id, fields: {x: &own [{see: owner}]}}
              B: {owner: id, fields: {x: *own}}
            """
        )
    )
    assert found.resources["B"].fields[0].grants == found.resources["A"].fields[0].grants
    assert place(found, "resources", "A", "fields", "x") == Location("p", 3, 30)


def test_aliases_of_aliases_have_no_more_places_than_were_written() -> None:
    nested = "\n".join(f"  b{i}: &b{i} [*b{i - 1}, *b{i - 1}]" for i in range(1, 15))
    found, _ = read(whole(f"exit_criteria:\n  b0: &b0 []\n{nested}"))
    assert found is not None
    assert len(found.places) < 100


# --------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", ["1:1: a policy must be a map, not an empty list"]),
        ("", ["1:1: a policy must be a map, not nothing"]),
        ("api: x", ["1:1: the policy does not name its version; write `exposure: 1`"]),
        (
            "exposure: 2\nnonsense: 1",
            [
                "1:11: the version of the policy language is the number `2`; this Oakum reads `exposure: 1`",
                "2:1: a policy has no key `nonsense`; known: `exposure`, `api`, `caller`, `order`, "
                "`relations`, `resources`, `operations`, `limits`, `guard`, …",
            ],
        ),
        (
            "exposure: true",
            [
                "1:11: the version of the policy language is the boolean `true`;"
                " this Oakum reads `exposure: 1`"
            ],
        ),
    ],
)
def test_what_is_no_policy_of_this_version_is_not_read(text: str, expected: list[str]) -> None:
    found, problems = read(text)
    assert found is None
    assert problems == expected


def test_relations_and_resources_must_be_there() -> None:
    assert read("exposure: 1")[1] == [
        "1:1: the policy has no `relations`",
        "1:1: the policy has no `resources`",
    ]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("callr: {}", "a policy has no key `callr`; did you mean `caller`?"),
        ("api: [a]", "`api` must be a word, not a list"),
        ("caller: getMe", "`caller` must be a map, not the word `getMe`"),
        (
            "caller: {}",
            "the policy does not say how to identify the caller; write `operation` and `id`, or `claim`",
        ),
        (
            "caller: {operation: getMe}",
            "the caller has no `id`; write the JSON pointer to the caller's id in that response",
        ),
        ("caller: {claim: sub, id: /id}", "`id` belongs to `operation`"),
        (
            "caller: {session: getMe, id: /id, jwt: sub}",
            "a caller is identified in one way, not by `session`, `jwt`",
        ),
        (
            "caller: {operation: getMe, id: data.id}",
            "`data.id` is not a JSON pointer; write `/data/id`",
        ),
        (
            "caller: {operation: getMe, id: /}",
            '`/` is not a JSON pointer; the whole answer is `""`',
        ),
        (
            "caller: {operation: getMe, id: /a~b}",
            "`/a~b` is not a JSON pointer; `~` is written `~0`, and `/` in a name `~1`",
        ),
        ("resources: [Member]", "`resources` must be a map of names, not a list"),
        (
            "caller: {claim: sub, api_key: true}\nguard: {api_keys: k}",
            "a caller is identified in one way, not by `claim`, `api_key`",
        ),
        (
            "caller: {api_key: true}",
            "the policy does not name the file of API keys; write `guard: {api_keys: keys.json}`",
        ),
        ("caller: {api_key: false}\nguard: {api_keys: k}", "`api_key` is `true` or absent"),
        ("operations: {a: }", "an operation must be a map, not nothing"),
        ("operations: {a: {show: {}}}", "an operation has no key `show`; did you mean `shows`?"),
        (
            "operations: {a: {shows: {Membr: /a}}}",
            "`Membr` is not a resource; did you mean `Member`?",
        ),
        ("operations: {a: {shows: {Member: a}}}", "`a` is not a JSON pointer; write `/a`"),
        (
            "operations: {a: {shows: {Member: {}}}}",
            "`Member` must be a JSON pointer or a list of them, not an empty map",
        ),
        (
            "operations: {a: {sets: {Membr: /a}}}",
            "`Membr` is not a resource; did you mean `Member`?",
        ),
        ("operations: {a: {sets: {Member: a}}}", "`a` is not a JSON pointer; write `/a`"),
        ("operations: {a: {sets: [Member]}}", "`sets` must be a map of names, not a list"),
        ("operations: {a: {shows: /data}}", "`shows` must be a map of names, not the word `/data`"),
        (
            "operations: {a: {untested: true}}",
            "`untested` must be the reason in words, not the boolean `true`;"
            ' such as `untested: "needs a paid account"`',
        ),
        (
            'operations: {a: {untested: " "}}',
            '`untested` must be the reason in words, not the word ` `; such as `untested: "needs a paid account"`',
        ),
        ("operations: {a: {counts: [total]}}", "`total` is not a JSON pointer; write `/total`"),
        ("operations: {a: {call: [memb]}}", "`memb` is not a relation; did you mean `member`?"),
        (
            "operations: {a: {owner: 3}}",
            "`owner` must be a word, not the number `3`; put it in quotes if it is a name",
        ),
        (
            "operations: {a: {params: {q: Member}}}",
            "`Member` names no field; write `Resource.field`",
        ),
        (
            "operations: {a: {params: {q: Membr.id}}}",
            "`Membr` is not a resource; did you mean `Member`?",
        ),
        ("operations: {a: {params: {q: [Member.id]}}}", "`q` must be a word, not a list"),
        (
            "operations: {a: {reads: yes}}",
            "`reads` must be `true` or `false`, not the word `yes`;"
            " write `true`: in YAML 1.2 `yes` is text",
        ),
    ],
)
def test_a_mistake_is_named_with_a_way_out(part: str, expected: str) -> None:
    assert said(part) == [expected]


WRONG = """\
exposure: 1
api: openapi.yaml
callr: {}
caller: {operation: getMe, claim: sub}
order: [anyone, anyone, folower]
relations:
  anyone:
  member: {authenticated: no, unless: [owner]}
  owner: {is: ownr, unless: member}
  follower: {in: listFollowers, claim: roles}
  staff: {has: x}
resources:
  Member:
    keyy: id
    owner: []
    conceal: no
    states:
      private: {field: is_private, missing: maybe}
      levels: {field: a, levels: []}
      a: {of: Member.b}
      b: {of: Member.a}
      c: {of: Membr.private}
    fields:
      id, id, a..b, /x/y:
        - see: [memb, true, "*"]
        - see: []
        - when: {privat: false}
        - {see: owner, when: {private: off}}
      x: {see: [owner]}
      y:
      z: 3
operations:
  a: {shows: {Membr: data, Member: /}, reads: off, params: {x: Member}}
"""


def test_everything_wrong_is_said_at_once() -> None:
    _, problems = read(WRONG)
    assert problems == [
        "3:1: a policy has no key `callr`; did you mean `caller`?",
        "4:9: a caller is identified in one way, not by `operation`, `claim`",
        "4:9: the caller has no `id`; write the JSON pointer to the caller's id in that response",
        "5:17: `anyone` occurs twice in one order",
        "5:25: `folower` is not a relation; did you mean `follower`?",
        "7:3: `anyone` says nothing; write `anyone: {}` for everybody",
        "8:3: `member` depends on itself; `member` unless `owner` unless `member`",
        "8:27: `authenticated` must be `true` or `false`, not the word `no`;"
        " write `false`: in YAML 1.2 `no` is text",
        "9:15: `is` must be `owner`, not the word `ownr`; did you mean `owner`?",
        "10:13: `follower` has no `has`; write the value that the claim must have,"
        " or the `field` that contains it",
        "10:13: `follower` has no `id`; write the JSON pointer to the ids in that response",
        "10:13: `follower` has several sources: `in`, `claim`; write one relation for each",
        "11:16: `has` belongs to `claim`, which `staff` does not have",
        "14:5: a resource has no key `keyy`; did you mean `key`?",
        "15:12: `owner` lists no field; `owner: none` means that it has no owner",
        "16:14: `conceal` must be `true` or `false`, not the word `no`;"
        " write `false`: in YAML 1.2 `no` is text",
        "18:45: `private` has no value `maybe`; known: `false`, `true`",
        "19:34: `levels` must be a list of values, open first, not an empty list;"
        " such as `[everyone, only_me]`",
        "20:7: `Member.a` stands nowhere; `Member.a` of `Member.b` of `Member.a`",
        "22:15: `Membr` is not a resource; did you mean `Member`?",
        "24:11: `id` has two lines in `Member`; first at p:24:7",
        "24:15: `a..b` is not a field path; write names joined by dots, such as `a.*.b`",
        "24:21: `/x/y` is not a field path; write `x.y`",
        "25:17: `memb` is not a relation; did you mean `member`?",
        "25:23: a relation must be a word, not the boolean `true`; put it in quotes if it is a name",
        "25:29: `*` is not a relation; list each relation: a grant says who sees",
        "26:16: `see` names no relation; fields that are not granted are denied: omit it",
        "27:11: a grant needs `see` or `set`",
        "27:18: `privat` is not a state of `Member`; did you mean `private`?",
        "28:40: `private` has no value `off`; write `false`: in YAML 1.2 `off` is text",
        "29:10: the line of `x` must be a list of grants, not a map; such as `[{see: [owner]}]`",
        "30:9: the line of `y` must be a list of grants, not nothing;"
        " `[]` means nobody; inside braces, quote paths that share a line",
        "31:10: the line of `z` must be a list of grants, not the number `3`;"
        " such as `[{see: [owner]}]`",
        "33:15: `Membr` is not a resource; did you mean `Member`?",
        "33:22: `data` is not a JSON pointer; write `/data`",
        '33:36: `/` is not a JSON pointer; the whole answer is `""`',
        "33:47: `reads` must be `true` or `false`, not the word `off`;"
        " write `false`: in YAML 1.2 `off` is text",
        "33:64: `Member` names no field; write `Resource.field`",
    ]


def test_every_problem_carries_the_file() -> None:
    problems: list[Problem] = []
    parse_policy(parse(WRONG, "policy.yaml"), problems)
    assert {problem.location.file for problem in problems} == {"policy.yaml"}
