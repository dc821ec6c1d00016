"""What is not wrong and may be a slip is said in one sentence."""

# ruff: noqa: E501 - a message stands on one line, as its reader sees it

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.openapi.document import Document
from oakum.policy.check import check
from oakum.policy.contract import load
from oakum.policy.resource_schemas import told_apart
from tests.gate import club
from tests.unit.policy.crew import QUIET, document, of_member, warnings, written
from tests.unit.policy.grammar import policy, whole


def test_a_policy_that_speaks_of_everything_is_quiet() -> None:
    assert warnings(QUIET) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("email: []", "", "no line of `Member` mentions `email`; so nobody sees them; `[]` states that explicitly"),
        ("streaks, workout_counts", "workout_counts", "no line of `Member` mentions `streaks.current`; so nobody sees them; `[]` states that explicitly"),
        ("workout_counts.*", "workout_counts.*.name", "no line of `Member` mentions `workout_counts.*.count`; so nobody sees them; `[]` states that explicitly"),
        ("email: []", "email, emial: []", "`emial` is granted to nobody, but the document has no such field of `Member`; did you mean `email`?"),
        ("email: []", "email, zzz: []", "`zzz` is granted to nobody, but the document has no such field of `Member`"),
        ("user_id, user, guest_ids", "user_id, guest_ids", "`Workout` embeds `Member` as `user`, and no line grants it; so nobody sees it here"),
        ("comments: [{see: owner}]", "", "`Workout` embeds `Comment` as `comments`, and no line grants it; so nobody sees it here"),
        ("user_id, user, guest_ids", "user_id, user.email, guest_ids", "`user.email` of `Workout` belongs to `Member`; grant `user` here, and the rest there"),
        ("comments: [", "comments.*.text: [", "`comments.*.text` of `Workout` belongs to `Comment`; grant `comments.*` here, and the rest there"),
        ("streaks.best: [{see: owner}]\n          streaks, workout_counts.*:", "streaks, streaks.best, workout_counts.*:", "`streaks` already covers `streaks.best`, and comes first; put the narrower line before the wider one"),
        ("Ride: {owner: none, fields: {'id, title': [{see: anyone}]}}", "", "`Ride` has its own key but is not a resource; whoever may call `getRide` sees all of it"),
        ("Award: {key: name, owner: {path: memberId}, fields: {name: [{see: anyone}]}}", "", "`getAwards` is not in the contract, and shows no resource; so nobody may call it; `{}` follows the document's security"),
        ("owner: {is: owner}\n", "owner: {is: owner}\n      staff: {claim: roles, has: staff}\n", "the relation `staff` is never used"),
        ("owner: user_id", "owner: guest_ids", "`guest_ids` of `Workout` is a list, which names no owner; `owner: guest_ids.*` makes each of them one"),
        ("owner: user_id", "owner: [user_id, reviewer_ids]", "`reviewer_ids` of `Workout` is a list, which names no owner; `owner: reviewer_ids.*` makes each of them one"),
        ("main: getMember", "main: getRide", "`getRide`, the main endpoint, does not send `Member`; name an operation that returns `Member`, or declare it at `getRide` with `shows`"),
        ("caller: {operation: getMe, id: /id}", "caller: {operation: getMe, id: /user/id}", "`/user/id` points to nothing in the response of `getMe`"),
        ("follower: {in: listFollowers, id: /data/*/id", "follower: {in: listFollowers, id: /data/id", "`/data/id` points to nothing in the response of `listFollowers`"),
        ("counts: [/total]", "counts: [/count]", "`/count` points to nothing in the response of `searchMembers`"),
        ("counts: [/total]", "shows: {Member: /results/*}", "`/results/*` points to nothing in the response of `searchMembers`"),
        ("set: /is_private", "set: /private", "`/private` points to nothing in the request body of `updateSettings`"),
        ('sets: {Member: ""}', "sets: {Member: /member}", "`/member` points to nothing in the request body of `updateMember`"),
        ("updateMember: {sets", "getMember: {sets", "`getMember` takes no body"),
        ("/page/**", "/old/**", "`/old/**` covers `/old/search/{q}`; undocumented fields there pass unchecked"),
        ("/page/**", "/members/*", "`/members/*` covers `/members/{memberId}`; undocumented fields there pass unchecked"),
        ("/page/**", "/me", "`/me` covers `/me`; undocumented fields there pass unchecked"),
        ("/page/**", "/members/x/**", "`/members/x/**` covers `/members/{memberId}`, `/members/{memberId}/followers`, `/members/{memberId}/blocked`, `/members/{memberId}/workouts`, `/members/{memberId}/awards`; undocumented fields there pass unchecked"),
        ("guard: {", "guard: {websockets: [/me], ", "`/me` covers `/me`; messages of a WebSocket there pass unchecked"),
        ("guard: {", "guard: {api_keys: keys.json, ", "`api_keys` is not used: no key identifies the caller; write `caller: {api_key: true}`"),
        ("guard: {", "guard: {jwt: {keys: k, audience: a}, ", "`jwt` is not used: no claim identifies the caller; write `caller: {claim: sub}`"),
        ("[owner, follower]", "[follower]", "`follower` sees `location`, `birthday`, but the stronger `owner` does not; when `private` is `true`"),
        ("when: {private: false}", "when: {private: true}", "`member` sees `location`, `birthday` when `private` is `true`, but not when it is the more open `false`"),
    ],
)  # fmt: skip
def test_a_slip_is_told(old: str, new: str, expected: str) -> None:
    assert old in QUIET
    assert warnings(QUIET.replace(old, new)) == [expected]


UNION = """
openapi: 3.1.0
info: {title: Acts, version: "1"}
paths:
  /acts/{id}:
    get:
      operationId: getAct
      responses:
        "200":
          description: one
          content: {application/json: {schema: {$ref: "#/components/schemas/Act"}}}
components:
  schemas:
    Act: {oneOf: [{$ref: "#/components/schemas/Ride"}, {$ref: "#/components/schemas/Swim"}]}
    Ride: {type: object, properties: {id: {type: string}, owner: {type: string}}}
    Swim: {type: object, properties: {id: {type: string}, owner: {type: string}}}
"""


@pytest.mark.parametrize(("swim", "told"), [(True, False), (False, True)])
def test_a_union_of_resources_is_judged_as_those(tmp_path: Path, swim: bool, told: bool) -> None:
    (tmp_path / "acts.yaml").write_text(UNION, encoding="utf-8")
    part = "{key: id, owner: owner, fields: {'id, owner': [{see: owner}]}}"
    resources = f"Ride: {part}" + (f", Swim: {part}" if swim else "")
    relations = "relations: {owner: {is: owner}}"
    contract = policy(whole(f"{relations}\nresources: {{{resources}}}"))
    _, said = check(Document.load(tmp_path / "acts.yaml"), contract)
    assert any("`Act` has its own key but is not a resource" in str(each) for each in said) is told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Workout:\n        key: id\n", "Workout:\n", True),
        ("Award: {key: name, ", "Award: {", True),
        ("schemas: [Member, MemberMini]", "key: id\n        schemas: [Member, MemberMini]", False),
    ],
)  # fmt: skip
def test_objects_that_nothing_tells_apart_are_told_where_an_owner_may_have_several(
    old: str, new: str, told: bool
) -> None:
    assert old in QUIET
    found = [each for each in warnings(QUIET.replace(old, new)) if "has no `key`" in each]
    assert len(found) == told
    assert all("name the field that identifies one, such as `key: id`" in each for each in found)


@pytest.mark.parametrize(
    ("see", "expected"),
    [
        ("[owner]", []), ("[guest]", ["`guest` is granted fields of `Comment`, which has no member `guest_ids`; so `guest` never holds: the member must be in the object itself, not in the one around it"]),
    ],
)  # fmt: skip
def test_a_grant_to_whom_only_the_object_around_names_is_told_once(
    see: str, expected: list[str]
) -> None:
    """A workout has guests; its comments name none."""
    named = QUIET.replace(
        "owner: {is: owner}\n", "owner: {is: owner}\n      guest: {field: guest_ids}\n"
    )
    named = named.replace(
        "'id, user_id, user, guest_ids, reviewer_ids, workspace_id, total_work': [{see: owner}]",
        "'id, user_id, user, guest_ids, reviewer_ids, workspace_id, total_work': [{see: [owner, guest]}]",
    )
    told = warnings(
        named.replace(
            "fields: {text: [{see: owner}]}", f"fields: {{text: [{{see: {see}}}, {{see: {see}}}]}}"
        )
    )
    assert told == expected


def test_a_star_covers_every_member() -> None:
    assert warnings(QUIET.replace("streaks, workout_counts.*", "streaks.*, workout_counts.*")) == []


def test_two_stars_do_not_cover_what_a_line_names() -> None:
    assert warnings(QUIET.replace("extras.**:", "extras.**, extras.x:")) == []


def test_anyone_need_not_be_used() -> None:
    part = of_member("{owner: id, fields: {id: [{see: owner}]}}")
    told = warnings(
        "relations: {anyone: {}, owner: {is: owner}, member: {authenticated: true}}\n" + part
    )
    assert [each for each in told if "never used" in each] == [
        "the relation `member` is never used"
    ]


def test_what_a_draft_defines_need_not_be_used_yet() -> None:
    relations = "relations: {owner: {is: owner}, member: {authenticated: true}}\n"
    part = of_member("{draft: true, owner: id, fields: {id: [{see: owner}]}}")
    assert not any("never used" in each for each in warnings(relations + part))


EVENTS = """
openapi: 3.1.0
info: {title: Events, version: "1"}
paths:
  /events/{id}: {get: {operationId: getEvent, responses: {"200": {description: d, content: {application/json: {schema: {$ref: "#/components/schemas/Event"}}}}}}}
components:
  schemas:
    Event: {properties: {id: {type: string}, kind: {type: string}}, discriminator: {propertyName: kind, mapping: {ride: "#/components/schemas/Ride", tour: "#/components/schemas/Tour"}}}
    Ride: {allOf: [{$ref: "#/components/schemas/Event"}, {properties: {route: {type: string}}}]}
    Tour: {allOf: [{$ref: "#/components/schemas/Ride"}]}
"""


RIDE = "key: id, owner: none, fields: {'id, kind, route': [{see: owner}]}}"


def of_events(resources: str, text: str = EVENTS) -> list[str]:
    event = "resources:\n  Event: {key: id, owner: none, fields: {'id, kind, route': [{see: owner}]}}\n  "
    events, said = Document.parse(text.encode(), "events.yaml"), policy(whole(event + resources))
    found = check(told_apart(events, said), said)[1]
    return [each.message for each in found if "may be a" in each.message]


@pytest.mark.parametrize(
    ("ride", "kinds"),
    [
        ("Ride: {schemas: [Ride, Tour], " + RIDE, [("Event", "Ride")]),
        ("Ride: {schemas: [Tour], " + RIDE, [("Event", "Tour"), ("Ride", "Tour")]),
        ("Other: {owner: none, fields: {x: []}}", []),
    ],
)
def test_an_object_that_may_be_of_another_resource_and_need_not_say_so_is_named(
    ride: str, kinds: list[tuple[str, str]]
) -> None:
    rest = "of one whose `kind` names none of them, nothing is shown or created"
    assert sorted(of_events(ride)) == [
        f"an object of `{base}` may be a `{kind}`, which is a `Ride`; {rest}"
        for base, kind in kinds
    ]


@pytest.mark.parametrize(
    ("kind", "mapping"),
    [
        ("kind: {enum: [ride, tour, Event]}", "tour:"),
        ("kind: {type: string}", "event: Event, tour:"),
    ],
)
def test_an_object_that_always_says_so_is_not(kind: str, mapping: str) -> None:
    event = EVENTS.replace("kind: {type: string}", kind).replace("tour:", mapping)
    told = event.replace("Event: {prop", "Event: {required: [kind], prop")
    ride = "Ride: {schemas: [Ride, Tour], " + RIDE
    assert len(of_events(ride, event)) == 1 and of_events(ride, told) == []


def test_alternatives_of_which_no_member_says_what_they_are_are_named() -> None:
    listed = (
        "Event: {oneOf: [{$ref: '#/components/schemas/Tour'}, {$ref: '#/components/schemas/Ride'}]}"
    )
    tour = "Tour: {properties: {id: {type: string}, kind: {type: string}}}"
    text = (
        EVENTS.split("    Event:")[0]
        + f"    {listed}\n    {tour}\n    Ride: {{properties: {{id: {{type: string}}, kind: {{type: string}}, route: {{type: string}}}}}}\n"
    )
    assert of_events("Ride: {" + RIDE, text) == [
        "an object of `Event` may be a `Ride`, which is a `Ride`; of one of which no member says what it is, nothing is shown or created"
    ]  # fmt: skip


def test_a_member_that_no_path_can_name_is_told_apart_from_one_that_no_line_names() -> None:
    dotted = EVENTS.replace("kind: {type: string}}", '"a.b": {type: string}, kind: {type: string}}')
    event = "resources:\n  Event: {key: id, owner: none, fields: {id: [{see: owner}]}}\n"
    told = check(Document.parse(dotted.encode(), "events.yaml"), policy(whole(event)))[1]
    assert {(each.message, each.hint) for each in told if "no line " in each.message} == {
        ("no line of `Event` mentions `kind`, `route`", "so nobody sees them; `[]` states that explicitly"),
        ("no line can grant `Event.a.b`, so nobody sees it: no field path can name a member with `.` in its name, or one called `*` or `**`", ""),
    }  # fmt: skip


def test_what_is_only_written_is_not_missed() -> None:
    told = warnings(of_member("{owner: id, fields: {id: [{see: member}]}}"))
    assert not any("password" in each for each in told)


def test_a_long_list_is_cut() -> None:
    told = warnings(of_member("{owner: id}"))
    listed = "`id`, `username`, `image_url`, `location`, `birthday` and 7 more"
    assert (
        f"no line of `Member` mentions {listed}; so nobody sees them; `[]` states that explicitly"
        in told
    )


def test_a_resource_that_nothing_sends_is_told() -> None:
    told = warnings("resources: {Draft: {owner: none, fields: {id: [{see: member}]}}}")
    assert (
        "no operation sends `Draft`; if the document is vague, declare it in `operations:` with `shows`"
        in told
    )


def test_a_token_is_made_for_somebody() -> None:
    claimed = QUIET.replace("caller: {operation: getMe, id: /id}", "caller: {claim: sub}")
    told = claimed.replace("guard: {", "guard: {jwt: {keys: k, audience: a}, ")
    assert warnings(told) == []
    assert warnings(told.replace(", audience: a", "")) == [
        "`jwt` accepts tokens that were issued for another API; write `audience`"
    ]


def test_a_field_may_be_one_that_is_only_written() -> None:
    def told(extra: str) -> list[str]:
        part = f"""
            resources: {{Member: {{owner: id, fields: {{audience, is_prvate: [{{set: owner}}]}}}}}}
            operations: {{getRide: {{shows: {{Member: ""}}}}{extra}}}
        """.replace("audience, is_prvate", "'audience, is_prvate'")
        part = part.replace("Member: {owner", "Member: {schemas: Ride, owner")
        return [each for each in warnings(part) if "is granted" in each]

    missing = "is granted, but the document has no such field of `Member`"
    assert told("") == [f"`audience` {missing}", f"`is_prvate` {missing}"]
    assert told(', updateSettings: {sets: {Member: ""}}') == [
        f"`is_prvate` {missing}; did you mean `is_private`?"
    ]


def test_a_warning_stands_at_its_line() -> None:
    part = """
        relations: {member: {}, owner: {is: owner}}
        resources:
          Member:
            owner: id
            fields:
              id: [{see: member}]
              emial: [{see: member}]
        operations:
          searchMembers: {counts: [/nope]}
    """
    _, told = check(document(), written(part))
    found = {
        each.message.split("`")[1]: (each.location.line, each.location.column) for each in told
    }
    assert found["emial"] == (8, 7)
    assert found["Member"] == (4, 3)
    assert found["/nope"] == (10, 28)
    assert found["owner"] == (2, 25)
    assert found["Workout"] == (4, 3)


FILTERED = club.DOCUMENT.replace(
    "components:\n",
    """\
  /found:
    get:
      operationId: find
      parameters:
        - {name: filter, in: query, content: {application/json: {schema: {type: object, properties: MEMBERS}}}}
      responses: {"200": {description: all, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Member"}}}}}}
components:
""",
)
FILL = club.POLICY + "operations:\n  find: {params: {filter: Member.id}}\n"


@pytest.mark.parametrize(
    ("members", "said"), [("{id: {type: string}}", 0), ("{a: {}, b: {}}", 1), ("{}", 1)]
)
def test_one_value_fills_no_object_of_several_members(
    tmp_path: Path, members: str, said: int
) -> None:
    document = FILTERED.replace("MEMBERS", members)
    found = load(club.written(tmp_path, document=document, policy=FILL)).warnings
    words = "`filter` of `find` is an object, and `Member.id` is one value"
    assert [each.message for each in found].count(words) == said


WHO = """
    caller: {operation: getOne, id: /user/id}
    relations: {anyone: {}, staff: {claim: CLAIM, has: x}, owner: {is: owner}}
    resources: {Thing: {key: id, owner: by, fields: {'id, by': [{see: [owner, staff]}]}}}
"""


@pytest.mark.parametrize(
    ("claim", "hint"),
    [
        ("user.principals", "write `claim: principals`"),
        ("user.realm.roles", "write `claim: realm.roles`"),
        ("principals", ""),
        ("user.nothing", ""),
        ("other.principals", ""),
        ("https://user.test/roles", ""),
    ],
)
def test_a_claim_from_the_root_of_who_am_i_is_told(tmp_path: Path, claim: str, hint: str) -> None:
    """Such as tokens have may be called alike: only what the document declares beside the id."""
    user = "{type: object, properties: {id: {type: string}, principals: {type: array, items: {type: string}}, realm: {type: object, properties: {roles: {type: string}}}}}"
    shapes = {"/me": f"{{type: object, properties: {{user: {user}}}}}"}
    shapes["/things"] = "{$ref: '#/components/schemas/Thing'}"
    paths = "".join(
        f"  {path}: {{get: {{operationId: {id}, responses: {{'200': {{description: ok, content: "
        f"{{application/json: {{schema: {shapes[path]}}}}}}}}}}}}}\n"
        for path, id in (("/me", "getOne"), ("/things", "things"))
    )
    thing = "{type: object, properties: {id: {type: string}, by: {type: string}}}"
    (tmp_path / "openapi.yaml").write_text(
        "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n"
        f"{paths}components: {{schemas: {{Thing: {thing}}}}}\n"
    )
    lines = "\n".join(line[4:] for line in WHO.replace("CLAIM", claim).splitlines())
    (tmp_path / "exposure.yaml").write_text(f"exposure: 1\napi: openapi.yaml\n{lines}\n")
    said = [
        each for each in load(tmp_path / "exposure.yaml").warnings if "who-am-I" in each.message
    ]
    assert [each.hint for each in said] == ([hint] if hint else [])


def test_a_masked_form_of_an_object_that_is_a_resource_shows_nothing() -> None:
    said = "which has no masked form, so this shows nothing"
    for masked, told in (("stars", 1), ("empty", 0), ("[empty, {last: 2}]", 1)):
        line = f"user: [{{see: owner}}, {{see: member, masked: {masked}}}]"
        quiet = QUIET.replace("fields: {'id, user_id, user,", f"fields: {{{line}, 'id, user_id,")
        found = [each for each in warnings(quiet) if said in each]
        assert len(found) == told
        assert all(
            each.startswith("`user` of `Workout` is an object of `Member`") for each in found
        )
