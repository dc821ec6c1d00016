"""A name that leads nowhere in the document is a mistake, told at its place."""

# ruff: noqa: E501 - a message stands on one line, as its reader sees it

from __future__ import annotations

import pytest

from oakum.errors import Location
from oakum.openapi.document import Document
from oakum.policy.check import check, mistakes
from oakum.policy.model import Policy
from tests.unit.policy.crew import FILE, document, errors, of_member, written
from tests.unit.policy.grammar import policy, read, whole


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("caller: {operation: getMee, id: /id}", "`crew.yaml` has no operation `getMee`; did you mean `getMe`?"),
        ("caller: {session: getMee, id: /id}", "`crew.yaml` has no operation `getMee`; did you mean `getMe`?"),
        ("relations: {member: {}, x: {in: listFollower, id: /a}}", "`crew.yaml` has no operation `listFollower`; did you mean `listFollowers`?"),
        ("operations: {getRides: {}}", "`crew.yaml` has no operation `getRides`; did you mean `getRide`?"),
        ("operations: {'GET /ride/{rideId}': {}}", "`crew.yaml` has no operation `GET /ride/{rideId}`; did you mean `GET /rides/{rideId}`?"),
        (of_member("{owner: id, main: getMembers}"), "`crew.yaml` has no operation `getMembers`; did you mean `getMember`?"),
        (
            of_member("{owner: id, states: {p: {field: is_private, switch: {operation: updateSetting, set: /is_private}}}}"),
            "`crew.yaml` has no operation `updateSetting`; did you mean `updateSettings`?",
        ),
    ],
)  # fmt: skip
def test_an_operation_must_be_in_the_document(part: str, expected: str) -> None:
    assert errors(part) == [expected]


def test_a_line_may_stay_about_what_the_document_is_wrong_about_but_nothing_may_need_it() -> None:
    wrong = FILE.read_text().replace(
        "paths:", "paths:\n  /x: {get: {operationId: getX, $ref: '#/no'}}", 1
    )
    crew = Document.parse(wrong.encode(), "crew.yaml")
    assert check(crew, policy(whole("operations: {getX: {}}")))[0] == []
    (only,) = check(crew, policy(whole("caller: {operation: getX, id: /id}")))[0]
    assert only.message == "`getX` cannot be read, because the document is wrong there"
    assert "`#/no` points to nothing" in only.hint


def test_an_operation_is_known_by_method_and_path_too() -> None:
    assert (
        errors("caller: {operation: GET /me, id: /id}\noperations: {'GET /rides/{rideId}': {}}")
        == []
    )


FOLLOWER = "{in: listFollowers, id: /data/*/id, %s: [%s]}"


@pytest.mark.parametrize("word", ["begin", "end"])
@pytest.mark.parametrize("name", ["updateSettings", "PUT /me/settings"])
@pytest.mark.parametrize("rule", ["updateSettings", "PUT /me/settings"])
def test_an_operation_that_changes_a_relation_does_not_read(
    word: str, name: str, rule: str
) -> None:
    part = (
        f"relations: {{follower: {FOLLOWER % (word, name)}}}\noperations: {{{rule}: {{reads: %s}}}}"
    )
    said = f"`{rule}` reads here, and changes something in `begin`, `end` or `switch`; leave one of them out"
    assert errors(part % "true") == [said]
    assert errors(part % "false") == []


def test_an_operation_that_changes_a_setting_does_not_read() -> None:
    state = "{field: is_private, switch: {operation: updateSettings, set: /is_private}}"
    part = f"resources: {{Member: {{owner: id, states: {{p: {state}}}}}}}\noperations: {{updateSettings: {{reads: true}}}}"
    assert errors(part) == [
        "`updateSettings` reads here, and changes something in `begin`, `end` or `switch`; leave one of them out"
    ]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("resources: {Membr: {owner: none}}", ["there is no schema `Membr`, and no operation shows or accepts it; did you mean `Member`?"]),
        ("resources: {Xylophone: {owner: none}}", ["there is no schema `Xylophone`, and no operation shows or accepts it; write `schemas:`, `shows:` or `sets:`"]),
        ("resources: {Member: {owner: id, schemas: [Member, MemberMin]}}", ["`crew.yaml` has no schema `MemberMin`; did you mean `MemberMini`?"]),
        (
            "resources: {A: {owner: id, schemas: Member}, B: {owner: id, schemas: Member}}",
            ["the schema `Member` is bound to two resources; `B` has it too"],
        ),
    ],
)  # fmt: skip
def test_a_resource_is_bound_to_schemas_of_the_document(part: str, expected: list[str]) -> None:
    assert errors(part) == expected


def test_a_resource_without_a_schema_may_be_shown_by_an_operation() -> None:
    part = """
        resources: {Person: {owner: id, key: id}}
        operations: {"GET /old/search/{q}": {shows: {Person: /results/*}}}
    """
    assert errors(part) == []


def test_a_resource_without_a_schema_may_be_what_an_operation_takes() -> None:
    part = """
        resources: {Application: {owner: none, fields: {email: [{set: anyone}]}}}
        operations: {updateMember: {sets: {Application: ""}}}
    """
    assert errors(part) == []


def test_of_a_list_that_is_said_to_be_the_object_the_elements_are_meant() -> None:
    part = """
        resources: {Person: {owner: id}}
        operations: {searchMembers: {shows: {Person: /data}}}
    """
    assert errors(part) == [
        "`Person` has no field `id`; its elements have it: end `shows` with `/*`"
    ]


def test_a_shown_shape_is_a_shape_of_the_resource() -> None:
    part = """
        resources: {Person: {owner: id, key: idd}}
        operations: {searchMembers: {shows: {Person: /data/*}}}
    """
    assert errors(part) == ["`Person` has no field `idd`; did you mean `id`?"]


def test_a_count_is_no_list() -> None:
    part = """
        resources: {Person: {owner: id, key: id}}
        operations: {searchMembers: {shows: {Person: /data/*}, counts: [/total, /data]}}
    """
    assert errors(part) == [
        "`/data` is a list in the response of `searchMembers`, and no count; name the count"
        " beside it, or `/data/*` of each"
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("owner: idd", "`Member` has no field `idd`; did you mean `id`?"),
        ("{owner: [id, nobody]}", "`Member` has no field `nobody`"),
        ("{owner: id, key: usernam}", "`Member` has no field `usernam`; did you mean `username`?"),
        ("{owner: id, states: {p: {field: is_privte}}}", "`Member` has no field `is_privte`; did you mean `is_private`?"),
        ("{owner: id, states: {p: {field: streaks.bst}}}", "`Member` has no field `streaks.bst`; did you mean `streaks.best`?"),
        ("{owner: id, states: {p: {field: strek.best}}}", "`Member` has no field `strek.best`; did you mean `streaks.best`?"),
        ("{owner: id, states: {p: {field: username.x}}}", "`Member` has no field `username.x`; did you mean `username`?"),
    ],
)  # fmt: skip
def test_what_decides_who_sees_must_be_declared(body: str, expected: str) -> None:
    assert errors(of_member(body)) == [expected]


def test_what_a_schema_leaves_open_may_hold_anything() -> None:
    assert errors(of_member("{owner: extras.owner.id, key: 'workout_counts.*.name'}")) == []


def test_a_field_of_any_schema_of_the_resource_will_do() -> None:
    body = "{schemas: [MemberMini, Member], owner: id, states: {p: {field: is_private}}}"
    assert errors(of_member(body)) == []


def test_a_relation_may_stand_where_a_schema_is_open() -> None:
    relations = "relations: {member: {}, guest: {field: extras.guests}}\n"
    assert errors(relations + "resources: {Member: {owner: none}}") == []


def test_a_relation_in_the_object_must_be_a_field_of_some_resource() -> None:
    relations = "relations: {member: {}, guest: {field: guest_ids}}\n"
    assert errors(relations + "resources: {Workout: {owner: none}}") == []
    assert errors(relations + "resources: {Member: {owner: none}}") == [
        "no resource has a field `guest_ids`"
    ]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("resources: {Award: {owner: {path: member}}}", "`member` is not a path parameter; did you mean `memberId`?"),
        ("resources: {Award: {owner: {query: q}}}", "no operation that shows `Award` has a query parameter `q`"),
        ("resources: {M: {schemas: MemberMini, owner: {query: qq}}}", "no operation that shows `M` has a query parameter `qq`; did you mean `q`?"),
        ("resources: {Award: {owner: {creator: true}}}", "`Award` has no key, so what was created cannot be found again; write `key:`"),
        ("relations: {member: {}, x: {field: id, in: searchMembers, id: /data/*/id}}", "the path of `searchMembers` has no parameter that names a tenant; name one that lists the members of a tenant"),
        ("operations: {getWorkouts: {owner: member}}", "`getWorkouts` has no path parameter `member`; did you mean `memberId`?"),
        ("operations: {searchMembers: {owner: q}}", "`searchMembers` has no path parameter `q`"),
        ("operations: {searchMembers: {params: {qq: Member.username}}}", "`searchMembers` has no parameter or body member `qq`; did you mean `q`?"),
        ("operations: {workoutDetails: {params: {idss: Member.id}}}", "`workoutDetails` has no parameter or body member `idss`; did you mean `ids`?"),
        ("operations: {searchMembers: {params: {q: Member.usernam}}}", "`Member` has no field `usernam`; did you mean `username`?"),
        ("operations: {searchMembers: {without: [qq]}}", "`searchMembers` has no query parameter `qq`; did you mean `q`?"),
        ("operations: {getWorkouts: {without: [memberId]}}", "`getWorkouts` has no query parameter `memberId`"),
        ("operations: {searchMembers: {at_most: {limt: 5}}}", "`searchMembers` has no query parameter `limt`; did you mean `limit`?"),
        ("operations: {searchMembers: {at_most: {q: 5}}}", "`q` of `searchMembers` is not a number, so it has no highest value; `at_most` limits the size of a page; declare the parameter as `type: integer`"),
        ("operations: {searchMembers: {without: ['q[zz]']}}", "`q` of `searchMembers` has no member `q[zz]`; write it as in a query: `filter[name]`"),
    ],
)  # fmt: skip
def test_a_parameter_must_be_declared(part: str, expected: str) -> None:
    assert errors(part) == [expected]


def test_parameters_stand_in_the_path_the_query_and_the_body() -> None:
    part = """
        operations:
          searchMembers: {params: {q: Member.username}}
          workoutDetails: {params: {ids: Member.id, ids.*: Member.id}}
          getWorkouts: {owner: memberId, params: {memberId: Member.id}}
    """
    assert errors(part) == []


@pytest.mark.parametrize(
    ("name", "declared"),
    [("f[a]", True), ("f[b][0][c]", True), ("f[b][c]", False), ("f[zz]", False), ("g[x]", True)],
)
def test_what_is_taken_out_may_be_a_member_of_a_declared_parameter(
    name: str, declared: bool
) -> None:
    api = Document.parse(
        b"""
        openapi: 3.1.0
        info: {title: t, version: "1"}
        components: {schemas: {Member: {type: object, properties: {id: {type: string}}}}}
        paths:
          /members:
            get:
              operationId: list
              parameters:
                - {name: g, in: query, schema: {type: object}}
                - name: f
                  in: query
                  schema:
                    type: object
                    properties:
                      a: {type: string}
                      b: {type: array, items: {type: object, properties: {c: {type: string}}}}
        """,
        "api.yaml",
    )
    part = f'operations: {{list: {{without: ["{name}"]}}}}\nresources: {{}}'
    found, _ = check(api, policy(whole(part)))
    assert (found == []) is declared, found


TAKEN = "a gateway removes this header from their requests: choose another"


@pytest.mark.parametrize(
    ("scheme", "header"),
    [
        ("{type: apiKey, in: header, name: X-Key}", "x-key"),
        ("{type: apiKey, in: cookie, name: sid}", "cookie"),
        ("{type: http, scheme: bearer}", "authorization"),
        ("{type: oauth2, flows: {}}", "authorization"),
    ],
)
def test_a_gateway_does_not_take_from_callers_what_they_log_in_with(
    scheme: str, header: str
) -> None:
    api = Document.parse(
        f"""
        openapi: 3.1.0
        info: {{title: t, version: "1"}}
        paths: {{}}
        components: {{securitySchemes: {{it: {scheme}}}, schemas: {{Member: {{type: object}}}}}}
        """.encode(),
        "api.yaml",
    )
    both = f"guard: {{service: {{header: {header}, env: KEY}}, strip: [x-other, {header.upper()}]}}"
    resources = "resources: {Member: {owner: none}}"
    found = check(api, written(f"{both}\n{resources}"))[0]
    said = f"callers send `{header}`, according to `api.yaml`; {TAKEN}"
    assert [str(each).split(": ", 1)[1] for each in found] == [said, said]
    assert len({each.location for each in found}) == 2
    other = both.replace(header, "x-service").replace(header.upper(), "x-more")
    assert check(api, written(f"{other}\n{resources}"))[0] == []


def test_a_header_that_an_operation_declares_is_not_taken_either() -> None:
    api = Document.parse(
        b"""
        openapi: 3.1.0
        info: {title: t, version: "1"}
        paths: {/a: {get: {operationId: a, parameters: [{name: X-Region, in: header}]}}}
        """,
        "api.yaml",
    )
    found, _ = check(api, policy(whole("guard: {strip: x-region}\nresources: {}")))
    assert [each.message for each in found] == ["callers send `x-region`, according to `api.yaml`"]
    # A document without security schemes leaves the two usual headers to log in with.
    for header in ("authorization", "cookie"):
        found, _ = check(api, policy(whole(f"guard: {{strip: {header}}}\nresources: {{}}")))
        assert len(found) == 1


def test_each_mistake_stands_where_it_was_written() -> None:
    part = """
        caller: {session: getMee, id: /id}
        relations:
          member: {}
          friend: {in: friends, id: /a}
        resources:
          Member:
            schemas: [Member, Membr]
            owner: [id, x]
            key: y
            states:
              p:
                field: z
                switch: {operation: flip, set: /a}
            fields:
              birthday: [{see: member, masked: [stars, {beside: nosuch}]}]
              location: [{see: member, masked: {beside: username}}]
          Award: {owner: {path: who}}
        operations:
          getWorkouts:
            owner: me
            params: {q: Member.nope}
    """
    found, told = check(document(), written(part))
    assert told == []  # a reader fixes the mistakes first
    assert {(each.location.line, each.location.column, *each.message.split("`")[1::2]) for each in found} == {
        (2, 19, "crew.yaml", "getMee"),
        (5, 16, "crew.yaml", "friends"),
        (8, 14, "crew.yaml", "Membr"),
        (9, 17, "Member", "x"),
        (10, 10, "Member", "y"),
        (13, 16, "Member", "z"),
        (14, 29, "crew.yaml", "flip"),
        (16, 57, "Member", "nosuch"),
        (18, 25, "who"),
        (21, 12, "getWorkouts", "me"),
        (22, 17, "Member", "nope"),
        (22, 17, "getWorkouts", "q"),
    }  # fmt: skip


def test_half_a_policy_can_be_asked_for_its_mistakes() -> None:
    half, problems = read(
        "exposure: 1\nresources: {Membr: {states: {p: {of: X.y}}, fields: {a: [{see: b, when: {q: 1}}]}}}"
    )
    assert half is not None
    assert problems
    assert [each.message for each in mistakes(document(), half)] == [
        "there is no schema `Membr`, and no operation shows or accepts it"
    ]


def test_a_policy_without_places_is_told_by_its_file() -> None:
    found, _ = check(
        document(),
        Policy({}, {}, caller=written("caller: {operation: x, id: /a}").caller, file="drafted"),
    )
    assert [each.location for each in found] == [Location("drafted")]
