from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import cadence
from oakum.authz.compiled_model import compile_contract
from oakum.authz.table import allows
from oakum.contract_diff.compare import compare
from oakum.errors import NOWHERE
from oakum.inference.draft import draft, drafted_policy
from oakum.inference.owners import ownership
from oakum.inference.parameter_sources import ParameterValues, usual_params
from oakum.inference.schema_groups import world_of
from oakum.inference.side_effects import classify
from oakum.openapi.document import Document
from oakum.openapi.schema import elements
from oakum.policy.check import check
from oakum.policy.contract import load
from oakum.policy.model import Caller, Owner, Policy
from oakum.policy.resource_schemas import told_apart

Spec = dict[str, Any]


def thing(*names: str, **more: Spec) -> Spec:
    members: Spec = {name: {"type": "string"} for name in names}
    return {"type": "object", "properties": members | more}


def answer(schema: Spec, **more: Any) -> Spec:
    good = {"description": "", "content": {"application/json": {"schema": schema}}}
    return {"responses": {"200": good}, **more}


def many(schema: Spec) -> Spec:
    return {"type": "array", "items": schema}


def ref(name: str) -> Spec:
    return {"$ref": f"#/components/schemas/{name}"}


def body(schema: Spec) -> Spec:
    return {"content": {"application/json": {"schema": schema}}}


def document(paths: Spec, schemas: Spec | None = None) -> Document:
    raw = {
        "openapi": "3.0.3",
        "info": {"title": "x", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas or {}},
    }
    return Document.parse(json.dumps(raw).encode(), "openapi.yaml")


def policy(paths: Spec, schemas: Spec | None = None) -> Policy:
    made = document(paths, schemas)
    found = drafted_policy(made)
    errors, _ = check(made, found)
    assert errors == []
    return found


def sees(policy: Policy, field: str) -> list[str]:
    """Who sees `Resource.path` in the draft."""
    resource, _, path = field.partition(".")
    rule = next(rule for rule in policy.resources[resource].fields if rule.path == path)
    return [name for grant in rule.grants for name in grant.see]


def sets(policy: Policy, field: str) -> list[str]:
    resource, _, path = field.partition(".")
    rule = next(rule for rule in policy.resources[resource].fields if rule.path == path)
    return [name for grant in rule.grants for name in grant.set]


LOGGED_IN = {"security": [{"bearer": []}]}
FLAG = {"type": "boolean"}

SHELF: Spec = {
    "/fillshelf": {"get": answer(thing("message"), summary="Populates the shelf again")},
    "/": {"get": answer(thing("message", "help"))},
    "/readers/v1": {"get": answer(thing(readers=many(thing("email", "handle"))))},
    "/readers/v1/_debug": {
        "get": answer(thing(readers=many(thing("email", "handle", "password", admin=FLAG))))
    },
    "/readers/v1/register": {
        "post": answer(
            thing("message", "status"), requestBody=body(thing("handle", "password", "email"))
        )
    },
    "/readers/v1/login": {
        "post": answer(
            thing("auth_token", "message"), requestBody=body(thing("handle", "password"))
        )
    },
    "/me": {
        "get": answer(
            thing("status", data=thing("email", "handle", admin=FLAG)),
            operationId="who.me",
            **LOGGED_IN,
        )
    },
    "/readers/v1/{handle}": {"get": answer(thing("email", "handle"), operationId="oneReader")},
    "/readers/v1/{handle}/email": {
        "put": answer(thing("message"), requestBody=body(thing("email")), **LOGGED_IN)
    },
    "/notes/v1": {
        "get": answer(thing(Notes=many(thing("note_title", "user")))),
        "post": answer(
            thing("message"), requestBody=body(thing("note_title", "secret")), **LOGGED_IN
        ),
    },
    "/notes/v1/{note_title}": {
        "get": answer(
            many(thing("note_title", "owner", "secret")), operationId="oneNote", **LOGGED_IN
        )
    },
}
"""A document without one named schema."""


class TestInlineSchemasOnly:
    found = policy(SHELF)

    def test_the_things_are_the_account_and_what_it_owns(self) -> None:
        assert list(self.found.resources) == ["Reader", "Note"]

    def test_the_account_owns_itself_by_its_key(self) -> None:
        reader = self.found.resources["Reader"]
        assert (reader.key, reader.owner) == ("handle", Owner("field", ("handle",)))
        assert reader.main == "oneReader"

    def test_the_others_have_owners_under_each_name_they_go_by(self) -> None:
        note = self.found.resources["Note"]
        assert (note.key, note.main) == ("note_title", "oneNote")
        assert note.owner == Owner("field", ("owner", "user"))

    def test_the_caller_is_told_by_me(self) -> None:
        assert self.found.caller == Caller("who.me", "/data/handle")

    def test_inline_shapes_are_bound_by_pointer(self) -> None:
        shown = {name: rule.shows for name, rule in self.found.operations.items() if rule.shows}
        assert shown == {
            "GET /readers/v1": (("Reader", "/readers/*"),),
            "GET /readers/v1/_debug": (("Reader", "/readers/*"),),
            "who.me": (("Reader", "/data"),),
            "oneReader": (("Reader", ""),),
            "GET /notes/v1": (("Note", "/Notes/*"),),
            "oneNote": (("Note", "/*"),),
        }

    def test_who_sees_what(self) -> None:
        assert sees(self.found, "Reader.handle") == ["anyone"]
        assert sees(self.found, "Reader.email") == ["owner"]
        assert sees(self.found, "Reader.admin") == ["owner"]
        assert sees(self.found, "Reader.password") == []
        assert sees(self.found, "Note.note_title") == ["anyone"]
        assert sees(self.found, "Note.owner") == ["owner"]  # the open endpoint does not show it
        assert sees(self.found, "Note.secret") == ["owner"]

    def test_an_owner_sets_what_some_request_takes_and_never_their_rights(self) -> None:
        assert sets(self.found, "Reader.password") == ["owner"]
        assert sets(self.found, "Reader.email") == ["owner"]
        assert sets(self.found, "Reader.admin") == []

    def test_parameters_are_filled(self) -> None:
        assert self.found.operations["oneReader"].params == {"handle": "Reader.handle"}
        assert self.found.operations["oneNote"].params == {"note_title": "Note.note_title"}

    def test_what_wipes_is_never_called(self) -> None:
        never = [name for name, rule in self.found.operations.items() if rule.reads is False]
        assert never == ["GET /fillshelf"]

    def test_endpoints_without_a_resource_are_named(self) -> None:
        assert {"GET /", "POST /readers/v1/login"} <= set(self.found.operations)

    def test_nobody_has_stated_it(self) -> None:
        assert not self.found.stated

    def test_the_text_says_why(self) -> None:
        text = draft(document(SHELF))
        assert "owner: [owner, user]  # `owner` and `user` name an account" in text
        assert "# contact: `email` names an e-mail address" in text
        assert "{reads: false}  # `Populates` in the summary says that it populates" in text
        assert "api: openapi.yaml\n" in text
        assert 'api: "../x.json"\n' in draft(document(SHELF), "../x.json")


MEMBER = thing("id", "username", "email", "image_url", "birthday", is_private=FLAG)


class TestNamedSchemas:
    paths = {
        "/me": {"get": answer(ref("MemberOut"), operationId="getMe", **LOGGED_IN)},
        "/members/{memberId}": {"get": answer(ref("Member"), operationId="getMember", **LOGGED_IN)},
        "/members": {"get": answer(thing(data=many(ref("MemberCard"))), **LOGGED_IN)},
        "/members/{memberId}/workouts": {
            "get": answer(thing("total", data=many(ref("Workout"))), **LOGGED_IN)
        },
        "/members/{memberId}/settings": {
            "get": answer(ref("Settings"), operationId="settings", **LOGGED_IN)
        },
        "/members/{memberId}/badges": {"get": answer(many(ref("Badge")), **LOGGED_IN)},
        "/me/inbox": {"get": answer(many(ref("Letter")), **LOGGED_IN)},
        "/messages": {"get": answer(many(ref("Message")), **LOGGED_IN)},
        "/rides/{rideId}": {"get": answer(ref("Ride"), operationId="getRide")},
        "/tickets/{id}": {"get": answer(ref("Ticket"), **LOGGED_IN)},
    }
    schemas = {
        "Member": MEMBER,
        "MemberOut": thing("id", "username", "email", "roles"),
        "MemberCard": thing("id", "username"),
        "Author": thing("id", "username", "image_url"),
        "MemberIn": thing("id", "username", "password"),
        "Workout": thing("id", "title", "heart_rate", user=ref("Author"), laps=many(ref("Lap"))),
        "Lap": thing("id", "distance"),
        "Settings": thing("language", hide_age=FLAG),
        "Badge": thing("id", "title"),
        "Letter": thing("id", "text"),
        "Message": thing("id", "sender_id", "recipient_id", "text"),
        "Ride": thing("id", "title", "location", "contact_phone"),
        "Ticket": thing("id", "code_word", "email"),
        "Error": thing("code", "message"),
    }
    found = policy(paths, schemas)

    def test_views_of_one_thing_are_one_resource(self) -> None:
        assert self.found.resources["Member"].schemas == {
            "Author",
            "Member",
            "MemberCard",
            "MemberOut",
        }

    def test_what_is_only_sent_in_is_no_resource(self) -> None:
        bound = {schema for each in self.found.resources.values() for schema in each.schemas}
        assert bound.isdisjoint({"MemberIn", "Error"})

    @pytest.mark.parametrize(
        ("resource", "owner"),
        [
            ("Member", Owner("field", ("id",))),
            ("Workout", Owner("field", ("user.id",))),
            ("Message", Owner("field", ("sender_id", "recipient_id"))),
            ("Badge", Owner("path", ("memberId",))),
            ("Settings", Owner("path", ("memberId",))),
            ("Letter", Owner("caller")),
            ("Lap", Owner("parent")),
            ("Ride", Owner("none")),
            ("Ticket", Owner("none")),
        ],
    )
    def test_owners(self, resource: str, owner: Owner) -> None:
        assert self.found.resources[resource].owner == owner

    def test_an_embedded_resource_is_one_field(self) -> None:
        paths = [rule.path for rule in self.found.resources["Workout"].fields]
        assert {"user", "laps"} <= set(paths)
        assert not [path for path in paths if path.startswith(("user.", "laps."))]

    def test_what_nobody_owns_and_everybody_may_fetch_is_a_catalogue(self) -> None:
        assert sees(self.found, "Ride.title") == ["anyone"]
        assert sees(self.found, "Ride.location") == ["anyone"]
        assert sees(self.found, "Ride.contact_phone") == []
        assert "owner: none  # a public catalogue? anybody" in draft(
            document(self.paths, self.schemas)
        )

    def test_what_has_no_owner_to_be_found_stays_closed_and_is_asked_for(self) -> None:
        assert sees(self.found, "Ticket.email") == []
        assert "owner: none  # who owns it?" in draft(document(self.paths, self.schemas))

    def test_fields_of_the_caller_alone_are_the_owners(self) -> None:
        assert sees(self.found, "Letter.text") == ["owner"]
        assert sees(self.found, "Settings.language") == ["owner"]

    def test_states_and_the_way_to_use_them(self) -> None:
        private = self.found.resources["Member"].states["private"]
        assert (private.member, private.values, private.missing) == (
            "is_private",
            (False, True),
            True,
        )
        assert self.found.resources["Settings"].states["hide_age"].values == (False, True)
        text = draft(document(self.paths, self.schemas))
        assert "- {see: [member], when: {private: false}}" in text
        assert "`states: {private: {of: Member.private}}`" in text


def state_of(**member: Spec) -> tuple[Any, ...]:
    paths = {"/me": {"get": answer(thing("id", "email", **member))}}
    states = policy(paths).resources["User"].states
    return tuple((s.name, s.values, s.missing) for s in states.values())


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ({"is_private": FLAG}, (("private", (False, True), True),)),
        ({"isPublic": FLAG}, (("public", (True, False), False),)),
        ({"show_email": FLAG}, (("show_email", (True, False), False),)),
        ({"workout_maps_private": FLAG}, (("workout_maps_private", (False, True), True),)),
        (
            {"audience": {"type": "string", "enum": ["only_me", "everyone", "crew"]}},
            (("audience", ("everyone", "crew", "only_me"), "only_me"),),
        ),
        ({"visibility": {"type": "string", "enum": ["red", "blue"]}}, ()),
        (
            {"access_type": {"type": "string", "enum": ["PRIVATE", "PUBLIC"]}},
            (("access_type", ("PUBLIC", "PRIVATE"), "PRIVATE"),),
        ),
        ({"type": {"enum": ["private", "public"]}}, (("type", ("public", "private"), "private"),)),
        ({"status": {"type": "string", "enum": ["open", "closed"]}}, ()),
        ({"address_type": {"type": "string", "enum": ["public", "private"]}}, ()),
        ({"is_private": {"type": "string"}}, ()),
        ({"newsletter": FLAG}, ()),
    ],
)
def test_states_are_guessed_open_first(member: Spec, expected: tuple[Any, ...]) -> None:
    assert state_of(**member) == expected


@pytest.mark.parametrize(
    "paths",
    [
        {},
        {"/x": {"get": {"responses": {}}}},
        {"/x": {"get": {"responses": {"200": {"description": ""}}}}},
        {"/x": {"get": answer({})}},
        {"/x": {"get": answer({"type": "string"})}},
        {"/health": {"get": answer(thing("status", "version"))}},
        {"/x": {"post": answer(thing("access_token", "token_type", "expires_in"))}},
        {"/login": {"post": answer(thing("id", "email", "token"))}},
        {"/users/{id}/measure": {"post": answer(thing("weight", "height"))}},
    ],
)
def test_a_document_that_says_nothing_of_anybody(paths: Spec) -> None:
    found = policy(paths)
    assert not found.resources
    assert found.caller.claim == "sub"
    assert list(found.relations) == ["anyone", "member", "owner"]


@pytest.mark.parametrize("order", [("v1", "v2"), ("v2", "v1"), ("v9", "v10")])
def test_of_two_versions_of_an_endpoint_the_newer_one_is_the_main_endpoint(
    order: tuple[str, str],
) -> None:
    user = thing("id", "name", "email")
    paths = {f"/{each}/users/{{id}}": {"get": {"operationId": each} | answer(ref("User"))}
             for each in order}  # fmt: skip
    newest = max(order, key=lambda each: int(each[1:]))
    assert policy(paths, {"User": user}).resources["User"].main == newest


def test_a_schema_within_itself_ends() -> None:
    tree = thing("id", "title", children=many(ref("Tree")), best=ref("Tree"))
    found = policy({"/t/{id}": {"get": answer(ref("Tree"))}}, {"Tree": tree})
    paths = [rule.path for rule in found.resources["Tree"].fields]
    assert sorted(paths) == ["best", "children", "id", "title"]


def test_what_the_document_leaves_open_is_the_owners() -> None:
    free = {"type": "object", "additionalProperties": True}
    counts = {"type": "object", "additionalProperties": {"type": "integer"}}
    user = thing("id", "email", tags=many({"type": "string"}), extras=free, counts=counts)
    user["properties"]["data"] = {"anyOf": [{"type": "object"}, {"type": "null"}]}
    user["properties"]["rows"] = {"type": "array", "items": {"type": ["object", "null"]}}
    found = policy({"/users/{id}": {"get": answer(user)}})
    assert sees(found, "User.data.**") == sees(found, "User.rows.**") == ["owner"]
    assert sees(found, "User.extras.**") == ["owner"]
    assert sees(found, "User.counts.*") == ["owner"]
    assert sees(found, "User.tags") == ["owner"]


def test_what_says_that_it_changes_something_is_not_asked_about() -> None:
    """`Provide the new title` is said to the caller."""
    patch = answer(thing("id", "title"), summary="Update chart", description="Provide the title")
    assert "reads: true" not in draft(document({"/charts/{id}": {"patch": patch}}))


def test_a_reading_post_is_only_asked_about() -> None:
    paths = {
        "/users/search": {"post": answer(many(thing("id", "email")), operationId="searchUsers")}
    }
    assert policy(paths).operations["searchUsers"].reads is None
    assert "# write `reads: true` if it changes nothing" in draft(document(paths))


CARD = thing("username", "bio", "card_number", "email", admin=FLAG)


def views_of(key: str, *names: str) -> dict[str, Owner]:
    """Owners of schemas with one key, beside an account of that key."""
    schemas = {name: thing(key, "bio", "card_number") for name in names}
    schemas["Account"] = thing(key, "email", "nickname")
    paths = {f"/{name.lower()}s/{{id}}": {"get": answer(ref(name), **LOGGED_IN)} for name in names}
    paths["/me"] = {"get": answer(ref("Account"), **LOGGED_IN)}
    found = policy(paths, schemas).resources
    return {name: found[name].owner for name in names}


class TestOtherViewsOfTheAccount:
    paths = {
        "/user": {"get": answer(thing(user=ref("UserWithToken")), **LOGGED_IN)},
        "/profiles/{username}": {"get": answer(thing(profile=ref("Profile")), **LOGGED_IN)},
        "/orders/{customer}": {"get": answer(ref("Order"), **LOGGED_IN)},
    }
    schemas = {
        "Profile": CARD,
        "UserWithToken": thing("username", "email", "token"),
        "Order": thing("id", "title"),
    }

    def test_a_profile_with_more_members_owns_itself(self) -> None:
        found = policy(self.paths, self.schemas)
        assert found.resources["Profile"].owner == Owner("field", ("username",))
        assert sees(found, "Profile.email") == ["owner"]
        assert "# another view of an account, with the `username` of `UserWithToken`" in draft(
            document(self.paths, self.schemas)
        )

    def test_a_parameter_that_means_an_account_is_filled_from_who_am_i(self) -> None:
        found = policy(self.paths, self.schemas)
        assert found.operations["GET /orders/{customer}"].params == {
            "customer": "UserWithToken.username"
        }
        assert found.operations["GET /profiles/{username}"].params == {
            "username": "Profile.username"
        }

    def test_an_id_alone_may_be_a_number_of_their_own(self) -> None:
        itself = Owner("field", ("id",))
        assert views_of("id", "Profile", "Customer") == {
            "Profile": itself,
            "Customer": Owner("none"),
        }
        by_name = Owner("field", ("username",))
        assert views_of("username", "Customer", "Tag") == {
            "Customer": by_name,
            "Tag": Owner("none"),
        }


RESET: Spec = {
    "get": answer(thing("id", "name", "email", "token"), operationId="validateToken", **LOGGED_IN)
}


@pytest.mark.parametrize(
    ("me", "caller"),
    [
        (
            thing(
                user=ref("User"),
                permissions=many(thing("permission", "project")),
                feedback=many(thing("feedbackId", "userId")),
                splash={"type": "object", "additionalProperties": FLAG},
            ),
            "/user/id",
        ),
        (thing("id", "name"), "/id"),
    ],
)
@pytest.mark.parametrize("path", ["/admin/user", "/admin/me"])
def test_a_caller_is_named_by_who_am_i_and_not_by_what_changes_something(
    path: str, me: Spec, caller: str
) -> None:
    user = thing("id", "name", "username", "email")
    found = policy(
        {
            "/auth/reset/validate": RESET,
            path: {"get": answer(ref("Me"), operationId="getMe", **LOGGED_IN)},
            "/users/{id}": {"get": answer(ref("User"), **LOGGED_IN)},
        },
        {"Me": me, "User": user},
    )
    assert found.caller == Caller("getMe", caller)


@pytest.mark.parametrize("noun", ["Status", "Message", "Page", "Order", "Request", "Link"])
def test_what_is_listed_is_an_object_whatever_it_is_called(noun: str) -> None:
    listed = thing(data=thing(collection=many(ref(noun)), total={"type": "integer"}))
    found = policy(
        {f"/data/{noun.lower()}s": {"get": answer(listed, operationId="listThem")}},
        {noun: thing("id", "name", "text")},
    )
    assert noun in found.resources
    assert "listThem" not in found.operations


def test_what_only_a_reset_shows_names_no_caller() -> None:
    users = {"get": answer(thing("id", "name"), operationId="oneUser", **LOGGED_IN)}
    found = policy({"/auth/reset/validate": RESET, "/users/{id}": users})
    assert found.caller.claim == "sub"


@pytest.mark.parametrize(
    ("giving", "member", "expected"),
    [
        ("get /user", "token", ["owner"]),
        ("post /login", "token", ["owner"]),
        ("post /register", "access_token", ["owner"]),
        ("post /users", "token", []),
        ("get /user", "facebook_access_token", []),
        ("get /user", "reset_token", []),
        ("get /user", "password", []),
    ],
)
def test_the_token_that_a_login_gives_is_the_callers_own(
    giving: str, member: str, expected: list[str]
) -> None:
    method, path = giving.split()
    whoami = {"get": answer(thing("username", "email"), **LOGGED_IN)}
    paths = {"/users/{username}": {"get": answer(ref("User"))}, "/me": whoami}
    if method == "get":
        del paths["/me"]
    paths[path] = {method: answer(thing(user=ref("User")), **LOGGED_IN)}
    found = policy(paths, {"User": thing("username", "email", member)})
    assert sees(found, f"User.{member}") == expected
    assert sets(found, f"User.{member}") == []


@pytest.mark.parametrize(
    ("path", "method", "body", "shown", "expected"),
    [
        (
            "/login",
            "post",
            thing("username", "password"),
            thing(user=ref("User")),
            "/user/username",
        ),
        ("/login", "post", thing(user=thing("password")), ref("User"), "/username"),
        ("/login", "post", thing("email"), thing(user=ref("User")), ""),
        ("/login", "post", thing("password"), thing(users=many(ref("User"))), ""),
        ("/login", "post", thing("password"), thing("token"), ""),
        ("/users", "post", thing("username", "password"), thing(user=ref("User")), ""),
    ],
)
def test_a_login_that_answers_with_the_account_is_drafted_as_one(
    path: str, method: str, body: Spec, shown: Spec, expected: str
) -> None:
    paths: Spec = {
        "/me": {"get": answer(ref("User"), **LOGGED_IN)},
        "/users/{username}": {"get": answer(ref("User"), **LOGGED_IN)},
    }
    sent = {"requestBody": {"content": {"application/json": {"schema": body}}}, "security": []}
    paths[path] = {method: answer(shown, operationId="enter", **sent)}
    found = policy(paths, {"User": thing("username", "email", "token")}).operations.get("enter")
    assert (found.login if found is not None else "") == expected
    assert found is None or found.draft is bool(expected)


NUMBER = {"type": "integer"}


class TestCounts:
    note = thing("id", "title", "author_id")

    def counted(self, schema: Spec) -> tuple[str, ...]:
        paths = {"/notes": {"get": answer(ref("ListOfNotesInResponse"), operationId="listNotes")}}
        made = document(paths, {"Note": self.note, "ListOfNotesInResponse": schema})
        found = drafted_policy(made)
        assert check(made, found)[0] == []
        assert list(found.resources) == ["Note"]
        rule = found.operations.get("listNotes")
        return rule.counts if rule is not None else ()

    @pytest.mark.parametrize("name", ["notesCount", "total_notes", "total", "numberOfNotesTotal"])
    def test_what_counts_the_list_beside_it_belongs_to_the_envelope(self, name: str) -> None:
        assert self.counted(thing(notes=many(ref("Note")), **{name: NUMBER})) == (f"/{name}",)

    def test_it_may_stand_deeper(self) -> None:
        page = thing(notes=many(ref("Note")), notes_count=NUMBER)
        assert self.counted(thing(data=page)) == ("/data/notes_count",)

    def test_other_numbers_of_an_envelope_count_nothing(self) -> None:
        page = thing(notes=many(ref("Note")), page=NUMBER, per_page=NUMBER)
        assert self.counted(page) == ()

    def test_what_counts_something_else_does_not(self) -> None:
        shelf = thing(notes=many(ref("Note")), booksCount=NUMBER)
        paths = {"/shelf/{id}": {"get": answer(ref("Shelf"))}}
        assert "Shelf" in policy(paths, {"Note": self.note, "Shelf": shelf}).resources

    def test_a_catalogue_may_be_counted(self) -> None:
        ride = thing(rides=many(thing("id", "title")), ridesCount=NUMBER)
        assert "counts" not in draft(document({"/rides": {"get": answer(ride)}}))


@pytest.mark.parametrize(
    ("paths", "key"),
    [
        (["/articles/{slug}"], "slug"),
        (["/articles/{article_slug}"], "slug"),
        (["/articles/{id}"], "id"),
        (["/articles/{articleId}", "/articles/by-slug/{slug}"], "id"),
        (["/articles/{article}"], "id"),
        (["/articles/{title}"], "id"),
        (["/articles/{slug}/comments"], "id"),
    ],
)
def test_the_key_is_what_the_path_takes(paths: list[str], key: str) -> None:
    article = thing("id", "slug", "author_id", "body")
    endpoints: Spec = {path: {"get": answer(ref("Article"))} for path in paths}
    assert policy(endpoints, {"Article": article}).resources["Article"].key == key


def test_the_key_is_in_every_view() -> None:
    paths = {
        "/articles/{slug}": {"get": answer(ref("Article"))},
        "/articles": {"get": answer(many(ref("ArticleBrief")))},
        "/users/{username}": {"get": answer(ref("User"))},
    }
    schemas = {
        "Article": thing("id", "slug", "author_id"),
        "ArticleBrief": thing("id", "title"),
        "User": thing("id", "username", "email"),
    }
    found = policy(paths, schemas).resources
    assert found["Article"].key == "id"
    assert found["User"].key == "id"  # what others name it by


def test_a_view_of_the_account_keeps_the_key_of_the_account() -> None:
    paths = {
        "/me": {"get": answer(thing("id", "email"), **LOGGED_IN)},
        "/profiles/{username}": {"get": answer(ref("Profile"), **LOGGED_IN)},
    }
    found = policy(paths, {"Profile": thing("id", "username", "bio")}).resources["Profile"]
    assert (found.key, found.owner) == ("id", Owner("field", ("id",)))


@pytest.mark.parametrize(
    ("key", "order", "fact"),
    [
        ("username", thing("id", user_id=NUMBER), "user_id"),
        ("username", thing("id", "user_id"), "user_id"),
        ("username", thing("id", user={"type": "string", "format": "uuid"}), "user"),
        ("username", thing("id", user=thing("id")), "user_id"),
        ("username", thing("id", "user"), ""),
        ("username", thing("id", user=thing("username")), ""),
        ("id", thing("id", user_id=NUMBER), ""),
    ],
)
def test_an_owner_that_who_am_i_does_not_tell_is_asked_for(
    key: str, order: Spec, fact: str
) -> None:
    paths = {
        "/me": {"get": answer(thing(key, "email"), **LOGGED_IN)},
        "/orders/{id}": {"get": answer(ref("Order"), **LOGGED_IN)},
    }
    text = draft(document(paths, {"Order": order}))
    assert "owner: user" in text
    hint = "`; give each identity `facts: {%s: ...}`" % fact  # noqa: UP031
    assert (hint in text) == bool(fact)
    assert ("who-am-I" in text) == bool(fact)


@pytest.mark.parametrize(
    ("path", "description", "expected"),
    [
        ("/notes/{id}", "Retrieves one. Only the owner may retrieve\nit.", ("owner",)),
        ("/notes/{id}", "Only its owner is allowed to see it", ("owner",)),
        ("/notes/{id}", "Not only the owner may read it", None),
        ("/notes/{id}", "Only the owner may change it", None),
        ("/notes", "Only the owner may retrieve it", None),
        ("/rides/{id}", "Only the owner may retrieve it", None),
        ("/boards/{id}", "Only the owner may retrieve it", None),
    ],
)
def test_an_endpoint_that_says_it_is_the_owners_alone_is(
    path: str, description: str, expected: tuple[str, ...] | None
) -> None:
    shown = {
        "/rides/{id}": thing("id", "title"),
        "/boards/{id}": thing("id", "author_id", pins=many(ref("Pin"))),
    }.get(path, thing("id", "author_id"))
    paths = {path: {"get": answer(shown, operationId="get", description=description)}}
    found = policy(paths, {"Pin": thing("id", "user_id")})
    rule = found.operations.get("get")
    assert (rule.call if rule else None) == expected


@pytest.mark.parametrize(
    ("feed", "resources"),
    [
        (("id", "text", "author_id", "at"), ["Post"]),
        (("id", "text", "author_id", "at", "pinned"), ["Feed", "Post"]),
        (("id", "text"), ["Feed", "Post"]),
    ],
)
def test_a_list_of_what_other_endpoints_show_too_is_no_thing_of_its_own(
    feed: tuple[str, ...], resources: list[str]
) -> None:
    post = thing("id", "text", "author_id", "at")
    paths = {
        "/feed": {"get": answer(many(thing(*feed)), operationId="feed")},
        "/posts": {"get": answer(many(post), operationId="list")},
        "/posts/{postId}": {"get": answer(post, operationId="one")},
    }
    found = policy(paths)
    assert sorted(found.resources) == resources
    assert found.operations["feed"].shows == ((resources[0], "/*"),)


def test_a_write_that_tells_what_the_reading_tells_shows_the_same_thing() -> None:
    """Without a name of the schema, and without a key: it is no envelope that anybody may see."""
    mine, settings = thing("id", "email"), thing("user_id", "theme", "newsletter")
    found = policy(
        {
            "/me": {
                "get": answer(mine, operationId="getMe"),
                "put": answer(thing("id", "email"), operationId="putMe"),
                "delete": answer(thing("goodbye"), operationId="deleteMe"),
            },
            "/users/{userId}/settings": {
                "get": answer(settings, operationId="getSettings"),
                "patch": answer(thing("theme"), operationId="patchSettings"),
            },
        }
    )
    shows = {name: rule.shows for name, rule in found.operations.items()}
    assert shows["putMe"] == shows["getMe"] != ()
    assert shows["patchSettings"] == shows["getSettings"] != ()
    assert shows["deleteMe"] == ()


@pytest.mark.parametrize(
    ("login", "who", "expected"),
    [
        ("basic", "bearer", ("anyone",)),
        ("basic", "basic", None),
        ("bearer", "bearer", None),
    ],
)
def test_who_logs_in_with_a_name_and_a_password_is_nobody_yet(
    login: str, who: str, expected: tuple[str, ...] | None
) -> None:
    made = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {
            "/tokens": {
                "post": answer(thing("token"), operationId="logIn", security=[{login: []}])
            },
            "/me": {"get": answer(thing("id", "email"), operationId="getMe", security=[{who: []}])},
        },
        "components": {
            "securitySchemes": {
                name: {"type": "http", "scheme": name} for name in ("basic", "bearer")
            }
        },
    }
    found = drafted_policy(Document.parse(json.dumps(made).encode(), "openapi.yaml"))
    assert found.caller.operation == "getMe"
    rule = found.operations.get("logIn")
    assert (rule.call if rule else None) == expected


# --------------------------------------------------------------------------- real documents

CADENCE = Path(cadence.__file__).parent


@pytest.fixture(scope="module")
def made() -> Document:
    return Document.load(CADENCE / "openapi.yaml")


@pytest.fixture(scope="module")
def found(made: Document) -> Policy:
    return drafted_policy(made)


@pytest.fixture(scope="module")
def stated() -> Policy:
    policy = load(CADENCE / "exposure.yaml").policy
    assert policy is not None
    return policy


class TestCadence:
    def test_nothing_is_wrong_and_nothing_to_warn_of(self, made: Document, found: Policy) -> None:
        assert check(made, found) == ([], [])

    def test_it_finds_the_account_its_views_and_the_caller(
        self, found: Policy, stated: Policy
    ) -> None:
        member = found.resources["Member"]
        assert {"Member", "MemberCard", "MemberJoined", "MemberStats"} <= member.schemas
        assert found.caller == stated.caller

    @pytest.mark.parametrize(
        ("resource", "kind"),
        [("Workout", "field"), ("Settings", "field"), ("Ride", "none"), ("Instructor", "none")],
    )
    def test_owners(self, found: Policy, stated: Policy, resource: str, kind: str) -> None:
        assert found.resources[resource].owner.kind == kind
        assert stated.resources[resource].owner.kind == kind

    @pytest.mark.parametrize(
        "path",
        [
            *("Member.birthday", "Member.weight", "Member.email", "Member.phone_number"),
            *("Member.card_expires_at", "Member.roles", "Settings.hide_age", "Workout.timezone"),
        ],
    )
    def test_what_is_the_owners_alone_stays_so(self, found: Policy, path: str) -> None:
        assert sees(found, path) == ["owner"]

    def test_a_token_is_nobodys(self, found: Policy) -> None:
        assert sees(found, "Member.facebook_access_token") == []


def calls(work: Callable[[], object]) -> int:
    """How many calls and returns of functions a piece of work takes, the same on each machine."""
    seen = 0

    def count(*_: object) -> None:
        nonlocal seen
        seen += 1

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return seen


def large(size: int, owner: str = "user_id") -> Document:
    """A chain of resources, each with a list, and an item that can be read and replaced."""
    names = [f"K{chr(97 + at // 20)}{chr(97 + at % 20)}o" for at in range(size)]
    fields = [f"field_{number}" for number in range(8)]
    schemas = {name: thing("id", owner, "email", *fields) for name in names}
    paths = dict[str, Any]()
    for at, name in enumerate(names):
        if at % 10:
            schemas[name]["properties"]["next"] = ref(names[at - 1])
        paths[f"/{name}"] = {"get": answer(many(ref(name)))}
        item = answer(ref(name))
        paths[f"/{name}/{{id}}"] = {"get": item, "put": {**item, "requestBody": body(ref(name))}}
    return document(paths, schemas)


@pytest.mark.parametrize("work", [world_of, drafted_policy])
def test_twice_the_document_is_twice_the_work(work: Callable[[Document], object]) -> None:
    """And not four times: the largest documents have some ten thousand operations."""
    work(large(20))  # fills what is kept between documents
    once, twice = (calls(partial(work, large(size))) for size in (100, 200))
    assert twice < 2.1 * once


def test_twice_the_things_with_an_owner_are_twice_the_work() -> None:
    """Each may be another's: a `customer_id` is compared with what the document calls so."""
    drafted_policy(large(20, "customer_id"))
    worlds = [world_of(large(size, "customer_id")) for size in (200, 400)]
    for each in worlds:
        ownership(each, each.things[0])  # finds the nouns
    once, twice = (calls(lambda w=w: [ownership(w, t) for t in w.things]) for w in worlds)
    assert twice < 2.2 * once


def test_twice_the_schemas_are_twice_the_work() -> None:
    """Also where few of them stand in an answer."""

    def unused(size: int) -> Document:
        names = [f"K{chr(97 + at // 20)}{chr(97 + at % 20)}o" for at in range(size)]
        return document({"/me": {"get": answer(ref(names[0]))}}, {n: thing("id") for n in names})

    world_of(unused(20))
    once, twice = (calls(partial(world_of, unused(size))) for size in (150, 300))
    assert twice < 2.2 * once


def test_an_operation_and_the_elements_of_a_list_are_read_once() -> None:
    found = document({"/users": {"get": answer(many(thing("id", "name")), summary="Gets users")}})
    media = found.operations[0].success()
    assert media is not None and media.shape is not None
    for work in (partial(classify, found.operations[0]), partial(elements, media.shape)):
        calls(work)
        assert calls(work) < 12


@pytest.mark.parametrize(
    "media", ["application/jsonl", "application/json-seq", "text/event-stream"]
)
@pytest.mark.parametrize("word", ["itemSchema", "schema"])
def test_what_the_events_of_a_feed_are_is_drafted_from_an_event_on(media: str, word: str) -> None:
    user, note = thing("id", "username"), thing("id", "owner_id", "title")
    event = {"type": "object", "properties": {"kind": {"type": "string"}, "note": ref("Note")}}
    feeds = {"/notes": ref("Note"), "/memos": thing("id", "owner_id", "memo"), "/events": event}
    paths: Spec = {"/me": {"get": answer(ref("User"), operationId="getMe")}}
    for path, schema in feeds.items():
        good = {"description": "", "content": {media: {word: schema}}}
        paths[path] = {"get": {"operationId": path[1:], "responses": {"200": good}}}
    made = policy(paths, {"User": user, "Note": note})
    assert {name: each.owner.members for name, each in made.resources.items()} == {
        "User": ("id",), "Note": ("owner_id",), "Memo": ("owner_id",),
    }  # fmt: skip
    assert made.operations["memos"].shows == (("Memo", ""),)
    assert not {"notes", "events"} & made.operations.keys()


UUID: Spec = {"type": "string", "format": "uuid"}
COUNTED: Spec = {"type": "integer"}


def keyed(path: str, asked: Spec, members: Spec, **more: Spec) -> tuple[str, str]:
    """The key of the articles of a document, and what the parameter of its item takes."""
    name = path.rpartition("{")[2].rstrip("}")
    one = answer(thing(data=ref("Article")), operationId="one", **LOGGED_IN)
    one["parameters"] = [{"name": name, "in": "path", "required": True} | asked]
    paths = {
        "/articles": {"get": answer(thing(data=many(ref("Article"))), **LOGGED_IN)},
        path: {"get": one},
    }
    article = {"type": "object", "properties": members | {"title": {"type": "string"}}}
    found = policy(paths, {"Article": article, **more})
    return found.resources["Article"].key, found.operations["one"].params[name]


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("/articles/{documentId}", "documentId"),
        ("/articles/{document_id}", "documentId"),
        ("/articles/{article_public_id}", "publicId"),
        ("/articles/{article_uuid}", "uuid"),
    ],
)
def test_the_identifier_that_a_path_names_is_the_key_and_not_the_id_it_ends_with(
    path: str, other: str
) -> None:
    members = {"id": COUNTED, other: {"type": "string"}}
    assert keyed(path, {"schema": {"type": "string"}}, members) == (other, f"Article.{other}")


PATTERN = "^[a-z][a-z0-9]{23}$"
GIVEN = "zq4m8w1k0s9d7f6g5h3j2l1p"


@pytest.mark.parametrize(
    ("asked", "members"),
    [
        ({"schema": UUID}, {"id": COUNTED, "documentId": UUID}),
        ({"schema": UUID}, {"id": {"anyOf": [COUNTED, {"type": "string"}]}, "documentId": UUID}),
        (
            {"schema": {"type": "string", "pattern": PATTERN}},
            {"id": {"type": "string"}, "documentId": {"type": "string", "pattern": PATTERN}},
        ),
        (
            {"schema": {"type": "string"}, "example": GIVEN},
            {"id": COUNTED, "documentId": {"type": "string", "pattern": PATTERN}},
        ),
        (
            {"schema": {"type": "string", "example": GIVEN}},
            {"id": COUNTED, "documentId": {"type": "string", "example": GIVEN}},
        ),
        ({"schema": UUID}, {"id": COUNTED, "documentId": UUID, "customerId": UUID}),
    ],
)
def test_the_form_of_a_parameter_tells_which_identifier_it_takes(
    asked: Spec, members: Spec
) -> None:
    assert keyed("/articles/{id}", asked, members) == ("documentId", "Article.documentId")


@pytest.mark.parametrize(
    ("path", "asked", "members"),
    [
        ("/articles/{id}", {"schema": COUNTED}, {"id": COUNTED, "documentId": UUID}),
        ("/articles/{id}", {"schema": {"type": "string"}}, {"id": COUNTED, "documentId": UUID}),
        ("/articles/{id}", {"schema": UUID}, {"id": UUID, "documentId": UUID}),
        ("/articles/{id}", {"schema": UUID}, {"id": {"type": "string"}, "documentId": UUID}),
        ("/articles/{id}", {"schema": UUID}, {"id": COUNTED, "uuid": UUID, "guid": UUID}),
        ("/articles/{id}", {"schema": UUID}, {"id": COUNTED, "customerId": UUID, "slotId": UUID}),
        ("/articles/{id}", {"schema": UUID}, {"id": COUNTED, "documentId": COUNTED}),
        ("/articles/{articleId}", {"schema": COUNTED}, {"id": COUNTED, "documentId": UUID}),
        (
            "/articles/{id}",
            {"schema": {"type": "string"}, "example": "a" * 40},
            {"id": COUNTED, "documentId": {"type": "string", "pattern": "^(a+)+$"}},
        ),
    ],
)
def test_the_key_is_the_id_where_nothing_else_has_the_form(
    path: str, asked: Spec, members: Spec
) -> None:
    assert keyed(path, asked, members) == ("id", "Article.id")


def test_an_identifier_of_another_thing_is_no_key() -> None:
    document_ = {"type": "object", "properties": {"id": UUID, "text": {"type": "string"}}}
    members = {"id": COUNTED, "documentId": UUID}
    paths = {
        "/articles/{id}": {
            "get": answer(ref("Article"))
            | {"parameters": [{"name": "id", "in": "path", "required": True, "schema": UUID}]}
        },
        "/documents/{id}": {"get": answer(ref("Document"))},
    }
    article = {"type": "object", "properties": members | {"title": {"type": "string"}}}
    found = policy(paths, {"Article": article, "Document": document_})
    assert found.resources["Article"].key == "id"


def test_a_list_is_not_keyed_by_the_account_in_its_path() -> None:
    cart = thing("id", "user_id", "title")
    found = policy({"/carts/{user_id}": {"get": answer(many(cart), **LOGGED_IN)}})
    assert found.resources["Cart"].key == "id"


def test_a_reference_that_may_be_nothing_is_read_by_its_schema() -> None:
    """No place says again what the schema says. What may be any object is told by its place."""
    nothing = {"type": "object", "nullable": True}

    def shown(beside: Spec) -> str:
        team = thing("id", "label", channel={"anyOf": [ref("Channel"), beside]})
        schemas = {"Team": team, "Channel": thing("id", "slug", "topic")}
        paths = {
            "/teams/{id}": {"get": answer(ref("Team"), operationId="getTeam", **LOGGED_IN)},
            "/channels/{id}": {"get": answer(ref("Channel"), operationId="getChannel")},
        }
        made = document(paths, schemas)
        assert errors_of(made) == []
        return draft(made)

    assert "shows: {Channel: /channel}" not in shown(nothing)
    assert "shows: {Channel: /channel}" in shown({**nothing, "additionalProperties": True})


def test_a_list_whose_path_takes_new_objects_is_no_catalogue() -> None:
    """What it lists is called otherwise than what its path is about."""
    summary = thing("id", "label", "state")
    paths = {
        "/apps": {
            "get": answer(many(ref("DeploymentSummary")), **LOGGED_IN),
            "post": answer(thing("appId"), requestBody=body(thing("label")), **LOGGED_IN),
        },
    }
    made = document(paths, {"DeploymentSummary": summary})
    assert "listed to all" not in draft(made)
    del paths["/apps"]["post"]
    assert "listed to all" in draft(document(paths, {"DeploymentSummary": summary}))


@pytest.mark.parametrize("more", ["nextToken", "next_page_token", "ContinuationToken"])
def test_a_page_with_a_token_for_the_next_is_no_resource(more: str) -> None:
    page = {"type": "object", "properties": {
        "jobs": many(ref("Job")), more: {"type": "string"}}}  # fmt: skip
    paths = {"/jobs": {"get": answer(ref("ListJobsResult"), **LOGGED_IN)}}
    found = policy(paths, {"Job": thing("id", "state"), "ListJobsResult": page})
    assert [*found.resources] == ["Job"]


class TestWhatManyAnswersHaveInCommon:
    """`{"service": …, "status_code": …, "data": …}` around one thing or another."""

    def resources(self, things: int, **more: Spec) -> list[str]:
        paths: Spec = {}
        schemas: Spec = {}
        for name in ["Lead", "Note", "Deal", "Call"][:things]:
            around = thing("service", "operation", "resource", "agent", "status_code")
            around["properties"] |= {"data": ref(name), **more}
            schemas |= {name: thing("id", "label"), f"Get{name}Dto": around}
            place = f"/{name.lower()}s/{{id}}"
            paths[place] = {"get": answer(ref(f"Get{name}Dto"), **LOGGED_IN)}
        found = policy(paths, schemas).resources
        return [name for name, each in found.items() if each.owner != Owner("parent")]

    def test_is_no_resource(self) -> None:
        assert self.resources(3) == ["Lead", "Note", "Deal"]

    def test_is_one_where_few_have_it(self) -> None:
        assert self.resources(2) == ["GetLeadDto", "GetNoteDto"]

    def test_is_one_that_holds_more(self) -> None:
        assert "GetLeadDto" in self.resources(3, attributes=thing("label", "color"))


@pytest.mark.parametrize(("more", "found"), [("page", True), ("offset", True), ("color", False)])
def test_a_page_may_say_what_was_asked_for(more: str, found: bool) -> None:
    said = ("sortBy", "sortDesc", "filterBy", "minified", "collapse", more)
    page = thing(*said, results=many(ref("Book")), total={"type": "integer"})
    paths = {"/shelves/{id}/entries": {"get": answer(page, **LOGGED_IN)}}
    made = policy(paths, {"Book": thing("id", "title")})
    assert made.resources["Book"].owner == Owner("none" if found else "parent")


def test_what_names_an_account_by_its_id_is_no_catalogue() -> None:
    paths = {
        "/commands": {"get": answer(many(ref("Command")), **LOGGED_IN)},
        "/accounts/{id}": {"get": answer(ref("Account"), **LOGGED_IN)},
    }
    schemas = {"Account": thing("id", "cash"), "Command": thing("id", "kind")}
    assert "listed to all" in draft(document(paths, schemas))
    schemas["Command"] = thing("id", "kind", "accountid")
    assert "listed to all" not in draft(document(paths, schemas))


def test_what_holds_a_resource_by_its_schema_shows_one() -> None:
    """In an answer that is neither an envelope nor an object."""
    best = thing("takenAt", "reason", best=ref("Note"))
    paths = {
        "/notes/{id}": {"get": answer(ref("Note"), **LOGGED_IN)},
        "/best": {"post": answer(best, operationId="choose", **LOGGED_IN)},
        "/none": {"post": answer(thing("takenAt"), operationId="other", **LOGGED_IN)},
    }
    text = draft(document(paths, {"Note": thing("id", "user_id", "title")}))
    assert "other: {}  # shows no resource" in text
    assert "choose" not in text


def test_a_place_where_every_view_refers_to_one_schema_is_not_named() -> None:
    """As in a union of subtypes, each of which has it: the contract reads it by the schema."""
    device = {"anyOf": [ref("Device"), {"type": "object", "nullable": True}]}
    phone, app = thing("id", "number", device=device), thing("id", "version", device=device)
    method = {"oneOf": [phone, app]}
    paths = {
        "/devices/{id}": {"get": answer(ref("Device"), **LOGGED_IN)},
        "/users/{id}": {"get": answer(ref("User"), operationId="getUser", **LOGGED_IN)},
    }
    schemas = {
        "Device": thing("id", "username"),
        "User": thing("id", "email", methods=many(method)),
    }
    text = draft(document(paths, schemas))
    assert "methods/*/device" not in text
    other = thing("id", "username")
    phone["properties"]["device"] = {"anyOf": [ref("Device"), other]}
    assert "methods/*/device" in draft(document(paths, schemas))


def test_a_body_that_extends_a_base_of_all_things_is_the_thing_of_its_path() -> None:
    """The base is shown by itself, too, so it is a resource."""
    base = thing("id", "kind")
    goal = {"allOf": [ref("Base"), thing("user_id", "title", "notes")]}
    sent = {"type": "object", "properties": {"data": ref("GoalRequest")}}
    paths = {
        "/things/{id}": {"get": answer(ref("Base"), **LOGGED_IN)},
        "/goals/{id}": {
            "get": answer(ref("Goal"), **LOGGED_IN),
            "put": answer(ref("Goal"), operationId="put", requestBody=body(sent), **LOGGED_IN),
        },
    }
    request = {"allOf": [ref("Base"), thing("title", "notes")]}
    schemas = {"Base": base, "Goal": goal, "GoalRequest": request}
    assert policy(paths, schemas).operations["put"].sets == (("Goal", "/data"),)


class TestAnObjectThatIsPrivate:
    """What the document shows of it to others, it shows in its open state."""

    def grants(self, **more: Spec) -> dict[str, list[str]]:
        project = thing("id", "user_id", "title", **more)
        user = {"get": answer(thing("id", "username", "email", is_private=FLAG), **LOGGED_IN)}
        paths = {
            "/me": user,
            "/projects/{id}": {"get": answer(ref("Project"))},
            "/orders/{id}": {"get": answer(thing("id"), **LOGGED_IN)},
        }
        found = policy(paths, {"Project": project}).resources["Project"]
        (title,) = (rule for rule in found.fields if rule.path == "title")
        return {each.see[0]: sorted(each.when) for each in title.grants}

    def test_is_shown_to_others_where_it_is_open(self) -> None:
        assert self.grants() == {"anyone": []}
        assert self.grants(is_private=FLAG) == {"anyone": ["private"], "owner": []}
        assert self.grants(public=FLAG) == {"anyone": ["public"], "owner": []}
        kinds = {"type": "string", "enum": ["PRIVATE", "PUBLIC"]}
        assert self.grants(access_type=kinds) == {"anyone": ["access_type"], "owner": []}
        crew = {"type": "string", "enum": ["public", "crew", "private"]}
        assert self.grants(sharing_mode=crew) == {"anyone": ["sharing_mode"], "owner": []}

    def test_is_not_told_by_a_setting_of_a_part_of_it(self) -> None:
        assert self.grants(show_mail=FLAG) == {"anyone": []}
        assert self.grants(parent=thing("x", is_private=FLAG)) == {"anyone": []}


class TestABodyThatSaysNothingOfItsData:
    """As `swag` writes it for Go: each answer takes in one component, and declares its `data`."""

    def found(self, beside: Sequence[str] = ("msg", "reason"), **data: Any) -> Policy:
        def wraps(inner: Spec) -> Spec:
            inner = {"type": "object", "properties": {"data": inner}}
            return answer({"allOf": [ref("handler.RespBody"), inner]}, **LOGGED_IN)

        told = {name: {"type": "string"} for name in beside}
        told |= {"code": {"type": "integer"}, "data": data}
        body = {"type": "object", "properties": told}
        paths = {
            "/user/info": {"get": wraps(ref("schema.CurrentUserResp"))},
            "/users": {"get": wraps(thing("count", list=many(ref("schema.UserResp"))))},
            "/notes/{id}": {"get": wraps(ref("schema.NoteResp"))},
            "/ping": {"get": wraps({"type": "string"})},
        }
        schemas = {
            "handler.RespBody": body,
            "schema.CurrentUserResp": thing("id", "username", "e_mail"),
            "schema.UserResp": thing("id", "username"),
            "schema.NoteResp": thing("id", "user_id", "text"),
        }
        return policy(paths, schemas)

    def test_is_an_envelope(self) -> None:
        found = self.found(description="the data")
        assert {*found.resources} == {"Note", "User"}
        assert found.caller is not None and found.caller.pointer == "/data/id"
        assert found.resources["Note"].owner.members == ("user_id",)

    def test_is_none_if_the_component_declares_it(self) -> None:
        assert "Body" in self.found(type="string").resources

    def test_is_none_if_the_component_says_much_beside_it_or_names_somebody(self) -> None:
        """A build of a CI service has a `node` of any type among a dozen members."""
        much = "msg", "branch", "job_name", "compare", "usage_queued_at"
        assert "Body" in self.found(much, description="the data").resources
        assert "Body" in self.found(("msg", "user_id"), description="the data").resources


class TestAServiceOfGRPC:
    """As `protoc-gen-openapiv2` writes it: packages before names, `users/7` as a name."""

    def text(self) -> str:
        def item(of: str, name: str, **more: Any) -> Spec:
            parameter = {"name": name, "in": "path", "required": True, "schema": {
                "type": "string", "pattern": f"{of}/[^/]+"}}  # fmt: skip
            return {**more, "parameters": [parameter], **LOGGED_IN}

        def page(of: str, schema: str) -> Spec:
            more = {"nextPageToken": {"type": "string"}, "totalSize": {"type": "integer"}}
            return {"type": "object", "properties": {of: many(ref(schema)), **more}}

        paths = {
            "/v2/users": {"get": answer(ref("v2ListUsersResponse"), **LOGGED_IN)},
            "/v2/memos": {"get": answer(ref("v2ListMemosResponse"), operationId="ListMemos")},
            "/v2/{name}": {"get": item("users", "name", **answer(ref("v2User")))},
            "/v2/{name_1}": {"get": item("memos", "name_1", **answer(ref("v2Memo")))},
        }
        schemas = {
            "v2User": thing("name", "id", "username", "email"),
            "v2Memo": thing("name", "creator", "content"),
            "v2ListUsersResponse": page("users", "v2User"),
            "v2ListMemosResponse": page("memos", "v2Memo"),
        }
        made = document(paths, schemas)
        assert errors_of(made) == []
        return draft(made)

    def test_has_resources_without_a_package_in_their_names(self) -> None:
        resources = self.text().split("resources:\n")[1].split("operations:")[0]
        assert re.findall(r"^  (\w+):", resources, re.M) == ["User", "Memo"]
        assert "schemas: [v2User]" in resources

    def test_has_the_name_for_a_key(self) -> None:
        text = self.text()
        assert text.count("key: name") == 2
        assert "owner: name  # an account is its own" in text

    def test_does_not_say_of_a_list_that_it_shows_no_resource(self) -> None:
        assert "shows no resource" not in self.text()


def _line(text: str, resource: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"  {resource}:"))


class TestALongDraft:
    """A draft of many resources says the same in fewer lines."""

    address = thing("street", "city", "zip", "note", "label")
    person = thing("id", "username", "email", "password", home=address, is_private=FLAG)
    device = thing("name", "serial", "email", token={"type": "string"}, keys=thing("api_key", "x"))
    order = thing("id", "user_id", "title", home=address, devices=many(device))
    case = thing("id", "title", "phone", home=address, devices=many(device))
    paths = {
        "/me": {"get": answer(ref("User"), operationId="me", **LOGGED_IN)},
        "/users/{id}": {"get": answer(ref("User"), **LOGGED_IN)},
        "/orders/{id}": {
            "get": answer(ref("Order"), **LOGGED_IN),
            "put": answer(ref("Order"), requestBody=body(thing("title")), **LOGGED_IN),
        },
        "/cases/{id}": {"get": answer(ref("Case"), **LOGGED_IN)},
        "/regions": {"get": answer(many(ref("Region")), **LOGGED_IN)},
    }
    schemas = {"User": person, "Order": order, "Case": case, "Region": thing("id", "label")}

    def texts(self, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
        made = document(self.paths, self.schemas)
        usual = draft(made)
        monkeypatch.setattr("oakum.inference.draft._LONG", 0)
        return usual, draft(made)

    def test_means_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = document(self.paths, self.schemas)
        usual, short = self.texts(monkeypatch)
        assert len(short.splitlines()) < len(usual.splitlines())
        old, new = (compile_contract(made, drafted_policy(made, each)) for each in (usual, short))
        found = compare(old, new)
        assert not found.moves
        errors, _ = check(made, drafted_policy(made, short))
        assert errors == []

    def test_has_one_key_for_operations_with_the_same_rule(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plain = {"responses": {"204": {"description": ""}}, **LOGGED_IN}
        posts = {f"/{name}": {"post": {"operationId": name, **plain}} for name in ("a1", "b1")}
        made = document({**self.paths, **posts}, self.schemas)
        usual = draft(made)
        monkeypatch.setattr("oakum.inference.draft._LONG", 0)
        short = draft(made)
        assert "  a1: {}  # shows no resource\n  b1: {}" in usual
        assert "  a1, b1: {}  # shows no resource\n" in short
        old, new = (compile_contract(made, drafted_policy(made, e)) for e in (usual, short))
        for operation in made.operations:
            rules = (each.rule(operation.id) for each in (old, new))
            said = [replace(e, location=NOWHERE, unfilled=frozenset()) for e in rules]
            assert said[0] == said[1]
        assert check(made, drafted_policy(made, short))[0] == []

    def test_keeps_secrets_in_lines_of_their_own_before_the_object(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, short = self.texts(monkeypatch)
        lines = short[short.index("  Order:") :].splitlines()
        secret = next(n for n, line in enumerate(lines) if "devices.*.token" in line)
        whole = next(n for n, line in enumerate(lines) if re.search(r"devices\.\*[:,\"]", line))
        assert secret < whole
        assert any("contact: " in line for line in lines)

    def test_has_its_question_beside_the_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        _, short = self.texts(monkeypatch)
        assert "who owns it? the document does not say" in _line(short, "Case")

    def test_names_no_field_of_what_nobody_sees(self, monkeypatch: pytest.MonkeyPatch) -> None:
        _, short = self.texts(monkeypatch)
        value = '{draft: true, key: id, owner: none, main: "GET /cases/{id}", fields: {"*": []}}'
        assert _line(short, "Case").startswith(f"  Case: {value}  # who owns it?")

    def test_says_once_what_fills_a_parameter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        path = [{"name": "order_id", "in": "path", "required": True, "schema": {"type": "string"}}]
        deep = {
            f"/orders/{{order_id}}/{name}": {"get": answer({}, parameters=path, **LOGGED_IN)}
            for name in ("a", "b", "c", "d")
        }
        made = document({**self.paths, **deep}, self.schemas)
        usual = draft(made)
        monkeypatch.setattr("oakum.inference.draft._LONG", 0)
        short = draft(made)
        assert "order_id: Order.id" in usual[usual.index("operations:") :]
        assert not re.search("^params: ", usual, re.M)
        assert short.splitlines()[-1] == "params: {id: Order.id, order_id: Order.id}"
        assert short.count("order_id: Order.id") == 1

    def test_excepts_a_path_where_the_parameter_means_something_else(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = [{"name": "order_id", "in": "path", "required": True, "schema": {"type": "string"}}]
        made = document(
            {
                **{
                    f"/orders/{{order_id}}/{name}": {
                        "get": answer({}, operationId=name, parameters=path, **LOGGED_IN)
                    }
                    for name in ("a", "b", "c", "d")
                },
                "/orders/{id}": {"get": answer(ref("Order"), **LOGGED_IN)},
            },
            {"Order": self.order},
        )
        params = {name: {"order_id": "Order.id"} for name in ("a", "b", "c")}
        usual = usual_params(made, params)
        assert usual == {"order_id": "Order.id"}
        filled = ParameterValues(params, usual)
        said = {each.id: filled.own(each) for each in made.operations}
        assert said == {
            "a": {},
            "b": {},
            "c": {},
            "d": {"order_id": "none"},
            "GET /orders/{id}": {},
        }

    def test_shows_none_of_a_large_object_of_which_some_is_hidden(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        person = thing("id", "username", *(f"p{n}" for n in range(9)), "email")
        item = thing("id", "user_id", "title", payload=thing(by=person))
        paths = {
            "/me": {"get": answer(ref("User"), operationId="me", **LOGGED_IN)},
            "/users/{id}": {"get": answer(ref("User"), **LOGGED_IN)},
            "/items": {
                "get": answer(many(ref("Item")), description="Visible to all.", **LOGGED_IN)
            },
            "/items/{id}": {"get": answer(ref("Item"), **LOGGED_IN), "delete": answer(ref("Item"))},
        }
        made = document(paths, {"User": thing("id", "username", "email"), "Item": item})
        usual = draft(made)
        monkeypatch.setattr("oakum.inference.draft._LONG", 0)
        short = draft(made)
        old, new = (compile_contract(made, drafted_policy(made, e)) for e in (usual, short))
        member = old.policy.only("anyone", "authenticated")
        shown = [
            {
                path
                for path in of.tables["Item"].leaves
                if allows(of.tables["Item"], path, member, {})
            }
            for of in (old, new)
        ]
        assert "payload.by.p1" in shown[0] and "payload.by.email" not in shown[0]
        assert {path for path in shown[1] if path.startswith("payload")} == set()
        assert "title" in shown[1]


def errors_of(found: Document) -> list[str]:
    """What `oakum check` says of the draft that nobody has touched."""
    drafted = drafted_policy(found)
    return [str(each) for each in check(told_apart(found, drafted), drafted)[0]]


def test_what_another_resource_adds_in_place_of_a_base_is_not_of_the_base() -> None:
    """The contract reads the place as a union; the draft had named members that it then lacks."""
    schemas = {
        "Entity": thing("id", "kind")
        | {"discriminator": {"propertyName": "kind", "mapping": {"n": "Note", "t": "Team"}}},
        "Note": {"allOf": [ref("Entity"), thing("userId", "text", hidden={"type": "boolean"})]},
        "Team": {"allOf": [ref("Entity"), thing("title")]},
    }
    path = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    paths = {
        f"/{where}/{{id}}": {"get": answer(ref(name), operationId=f"get{name}", parameters=path)}
        for where, name in (("entities", "Entity"), ("notes", "Note"), ("teams", "Team"))
    }
    found = document(paths, schemas)
    assert errors_of(found) == []
    resources = drafted_policy(found).resources
    assert resources["Note"].owner is not None
    named = {rule.path for rule in resources["Entity"].fields}
    assert named == {"id", "kind"}


def test_a_schema_is_bound_to_one_resource() -> None:
    """Who-am-I has a weaker key than other answers with the same schema."""
    schemas = {"User": thing("key", "name", "accountId", "emailAddress")}
    paths = {
        "/myself": {"get": answer(ref("User"), operationId="me", security=[{"b": []}])},
        "/users/search": {"get": answer(many(ref("User")), operationId="find")},
        "/users/all": {"get": answer(many(ref("User")), operationId="all")},
    }
    found = document(paths, schemas)
    assert errors_of(found) == []
    assert [*drafted_policy(found).resources] == ["User"]


@pytest.mark.parametrize(
    ("member", "owner"),
    [
        ("fk_user_id", Owner("field", ("fk_user_id",))),
        ("account_key", Owner("none")),  # a secret that lets into a store, and no id
        ("user_token", Owner("none")),
    ],
)
def test_a_foreign_key_names_an_account_and_a_secret_none(member: str, owner: Owner) -> None:
    schemas = {"User": thing("id", "email"), "Store": thing("id", member, "title")}
    found = policy(
        {
            "/me": {"get": answer(ref("User"), operationId="getMe", **LOGGED_IN)},
            "/stores/{storeId}": {"get": answer(ref("Store"), operationId="getStore", **LOGGED_IN)},
        },
        schemas,
    )
    assert found.resources["Store"].owner == owner
