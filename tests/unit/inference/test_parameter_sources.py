from __future__ import annotations

import json
from typing import Any

import pytest

from oakum.inference.draft import draft, drafted_policy
from oakum.inference.parameter_sources import infer_params
from oakum.inference.path_nouns import is_of_caller, noun_of_path, nouns
from oakum.openapi.document import Document
from oakum.policy.model import Owner, Policy, Resource

Spec = dict[str, Any]

SCHEMAS: Spec = {
    "Member": {"id": "string", "username": "string", "email": "string", "password": "string"},
    "Workout": {"id": "string", "title": "string"},
    "OrderItem": {"id": "string"},
    "Topic": {"id": "integer", "slug": "string"},
    "Book": {"book_title": "string", "secret": "string"},
    "Repository": {"id": "string", "name": "string"},
    "Organisation": {"id": "string"},
}
KEYS = {"Member": "id", "Workout": "id", "OrderItem": "id", "Topic": "id", "Book": "book_title"}
KEYS |= {"Repository": "id", "Organisation": "id"}
POLICY = Policy(
    relations={},
    resources={
        name: Resource(
            name,
            frozenset([name]),
            key,
            Owner("field", (key,)) if name == "Member" else Owner("none"),
        )
        for name, key in KEYS.items()
    },
)


def document(
    path: str, query: str = "", required: bool = True, shows: str = "Member", many: bool = False
) -> Document:
    schemas = {
        name: {"type": "object", "properties": {n: {"type": t} for n, t in members.items()}}
        for name, members in SCHEMAS.items()
    }
    one = {"$ref": f"#/components/schemas/{shows}"}
    good = {"schema": {"type": "array", "items": one} if many else one}
    operation: Spec = {
        "operationId": "op",
        "responses": {"200": {"description": "", "content": {"application/json": good}}},
        "parameters": [
            {"name": name, "in": "query", "required": required, "schema": {"type": "string"}}
            for name in query.split()
        ],
    }
    raw = {
        "openapi": "3.0.3",
        "info": {"title": "x", "version": "1"},
        "paths": {path: {"get": operation}},
        "components": {"schemas": schemas},
    }
    return Document.parse(json.dumps(raw).encode(), "openapi.json")


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/members/{memberId}", "", {"memberId": "Member.id"}),
        ("/api/user/{userNameOrId}", "", {"userNameOrId": "Member.id"}),
        ("/users/v1/{username}", "", {"username": "Member.username"}),
        ("/books/v1/{book_title}", "", {"book_title": "Book.book_title"}),
        ("/workouts/{id}", "", {"id": "Workout.id"}),
        ("/workouts/{uuid}/details", "", {"uuid": "Workout.id"}),
        ("/topics/{slug}", "", {"slug": "Topic.slug"}),
        ("/repos/{repo}", "", {"repo": "Repository.id"}),
        ("/orgs/{orgId}", "", {"orgId": "Organisation.id"}),
        ("/order-items/{orderItemId}", "", {"orderItemId": "OrderItem.id"}),
        ("/u/{userId}/w/{workout_id}", "", {"userId": "Member.id", "workout_id": "Workout.id"}),
        ("/search", "user_query", {"user_query": "Member.username"}),
        ("/members/search", "q", {"q": "Member.username"}),
        ("/find", "email", {"email": "Member.email"}),
        ("/things/{thingId}", "", {}),
    ],
)
def test_a_parameter_means_a_field(path: str, query: str, expected: dict[str, str]) -> None:
    found = infer_params(document(path, query), POLICY)
    assert found == ({"op": expected} if expected else {})


@pytest.mark.parametrize(
    ("members", "means"),
    [
        ({"avatar_url": "string", "id": "integer", "login": "string"}, "Member.login"),
        ({"id": "integer", "photo": "string"}, "Member.id"),
    ],
)
def test_the_picture_of_an_account_is_no_name_of_it(members: dict[str, str], means: str) -> None:
    raw = {
        "openapi": "3.0.3",
        "info": {"title": "x", "version": "1"},
        "paths": {"/members/{member}": {"get": {
            "operationId": "op",
            "parameters": [
                {"name": "member", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "responses": {"200": {"description": "", "content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Member"}}}}},
        }}},
        "components": {"schemas": {"Member": {
            "type": "object", "properties": {name: {"type": kind} for name, kind in members.items()}
        }}},
    }  # fmt: skip
    spec = Document.parse(json.dumps(raw).encode(), "openapi.json")
    assert infer_params(spec, POLICY) == {"op": {"member": means}}


def test_a_query_parameter_that_may_be_left_out_needs_no_value() -> None:
    assert infer_params(document("/find", "email", required=False), POLICY) == {}


@pytest.mark.parametrize(
    ("path", "many", "means"),
    [
        ("/topics", False, "Member.id"),
        ("/topics", True, "Topic.id"),
        ("/members/topics", False, "Member.id"),
    ],
)
def test_an_id_in_the_query_is_that_of_the_one_object_that_is_shown(
    path: str, many: bool, means: str
) -> None:
    """`GET /member/newsletters?uuid=` shows a member, whose newsletters it is about."""
    found = infer_params(document(path, "id", many=many), POLICY)
    assert found == {"op": {"id": means}}


def test_a_secret_never_fills_a_parameter() -> None:
    assert infer_params(document("/users/{password}"), POLICY) == {}
    assert infer_params(document("/books/{secret}", shows="Book"), POLICY) == {}


def test_the_draft_fills_them_too() -> None:
    assert "op: {params: {memberId: Member.id}}" in draft(document("/members/{memberId}"))


@pytest.mark.parametrize(
    ("path", "noun"),
    [
        ("/api/v2/users", "user"),
        ("/users/v1/_debug", "user"),
        ("/users/{id}/order-items/search", "order_item"),
        ("/users/me", "user"),
        ("/me", ""),
        ("/", ""),
    ],
)
def test_the_noun_of_a_path(path: str, noun: str) -> None:
    assert noun_of_path(path) == noun


def test_nouns_of_a_parameter_come_likeliest_first() -> None:
    assert list(nouns("/people/{userId}", "userId")) == ["user", "user", "person"]


def test_what_a_short_form_stands_for_comes_last() -> None:
    assert list(nouns("/repos/{owner}/{repo}", "repo")) == ["repo", "repo", "repo", "repository"]
    assert list(nouns("/orgs/{id}", "id")) == ["org", "organization", "organisation"]


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("/me", True),
        ("/users/self/orders", True),
        ("/user/current-user", True),
        ("/current-user", True),
        ("/users/{id}", False),
        ("/weather/current", False),
        ("/messages", False),
    ],
)
def test_paths_of_the_caller(path: str, own: bool) -> None:
    operation = document(path).operations[0]
    assert is_of_caller(operation) is own


def test_an_id_is_of_what_the_answer_shows_and_not_of_what_that_embeds() -> None:
    """`/items/diary/{id}` says neither resource by name; the avatar is declared first."""

    def of(**members: Any) -> Spec:
        return {"type": "object", "properties": {"id": {"type": "string"}, **members}}

    def ref(name: str) -> Spec:
        return {"$ref": f"#/components/schemas/{name}"}

    author = {"oneOf": [{"type": "string"}, ref("Person")]}
    good = {"schema": of(data={"type": "array", "items": ref("Entry")}, meta=of())}
    operation = {
        "operationId": "op",
        "responses": {"200": {"description": "", "content": {"application/json": good}}},
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {}}],
    }
    raw = {
        "openapi": "3.0.3",
        "info": {"title": "x", "version": "1"},
        "paths": {"/items/diary/{id}": {"get": operation}},
        "components": {
            "schemas": {
                "Avatar": of(),
                "Person": of(avatar=ref("Avatar")),
                "Entry": of(author=author),
            }
        },
    }
    policy = Policy(
        relations={},
        resources={
            name: Resource(name, frozenset([name]), "id", Owner("none"))
            for name in ("Avatar", "Person", "Entry")
        },
    )
    found = infer_params(Document.parse(json.dumps(raw).encode(), "openapi.json"), policy)
    assert found == {"op": {"id": "Entry.id"}}


def _object(*names: str) -> Spec:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


def _one(name: str) -> Spec:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}


PAIRED: Spec = {
    "Account": _object("login"),
    "Repo": _object("full_name", "owner", "name", "description"),
    "Issue": _object("id", "number", "author", "title"),
}


@pytest.mark.parametrize("counter", ["number", "index", "issue_number"])
def test_the_second_of_two_parameters_names_the_object_of_the_first(counter: str) -> None:
    paths = {
        "/me": {"get": {"operationId": "me", **_one("Account")}},
        "/repos/{owner}/{repo}": {"get": {"operationId": "repo", **_one("Repo")}},
        f"/repos/{{owner}}/{{repo}}/issues/{{{counter}}}": {
            "get": {"operationId": "issue", **_one("Issue")}
        },
    }
    for path, item in paths.items():
        names = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
        item["get"]["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in names
        ]
    raw = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": paths,
        "components": {"schemas": PAIRED},
    }
    document = Document.parse(json.dumps(raw).encode(), "openapi.json")
    drafted = drafted_policy(document)
    keys = {name: each.key for name, each in drafted.resources.items()}
    assert (keys["Repo"], keys["Issue"]) == ("full_name", "id")
    filled = infer_params(document, drafted)
    assert filled["repo"] == {"owner": "Repo.owner", "repo": "Repo.name"}
    assert filled["issue"] == {**filled["repo"], counter: "Issue.number"}


@pytest.mark.parametrize(
    ("path", "shows", "expected"),
    [
        ("/item-kinds/{order_id}", "OrderItem", {"order_id": "OrderItem.id"}),
        ("/item-kinds/{orderId}/", "OrderItem", {"orderId": "OrderItem.id"}),
        ("/item-kinds/{order_id}/parts", "OrderItem", {}),
        ("/item-kinds/{ord_id}", "OrderItem", {}),
        ("/item-kinds/{order_id}", "Workout", {}),
    ],
)
def test_the_last_parameter_may_be_called_as_the_name_of_the_object_begins(
    path: str, shows: str, expected: dict[str, str]
) -> None:
    assert infer_params(document(path, shows=shows), POLICY).get("op", {}) == expected
    listed = infer_params(document(path, shows=shows, many=True), POLICY)
    assert "op" not in listed, "what a list is of may be another object"


STATED = {"id": "string", "version": "integer", "_rev": "string"}


@pytest.mark.parametrize(
    ("parameter", "where", "method", "means"),
    [
        ("version", "query", "delete", "Note.version"),
        ("expected_version", "query", "patch", "Note.version"),
        ("X-Note-Version", "header", "put", "Note.version"),
        ("rev", "query", "post", "Note._rev"),
        ("etag", "query", "delete", ""),
        ("X-Api-Version", "header", "delete", ""),
        ("Acme-Version", "header", "delete", ""),
        ("If-Match", "header", "delete", ""),
    ],
)
def test_the_state_that_a_write_names_is_that_of_the_object_in_its_path(
    parameter: str, where: str, method: str, means: str
) -> None:
    asked = [
        {"name": name, "in": at, "required": True, "schema": {"type": "string"}}
        for name, at in (("id", "path"), (parameter, where))
    ]
    known = {"type": "object", "properties": {n: {"type": t} for n, t in STATED.items()}}
    gone = {"204": {"description": "gone"}}
    raw = {
        "openapi": "3.0.3",
        "info": {"title": "x", "version": "1"},
        "paths": {
            "/notes/{id}": {method: {"operationId": "op", "parameters": asked, "responses": gone}}
        },
        "components": {"schemas": {"Note": known}},
    }
    policy = Policy(
        relations={},
        resources={"Note": Resource("Note", frozenset(["Note"]), "id", Owner("none"))},
    )
    found = infer_params(Document.parse(json.dumps(raw).encode(), "openapi.json"), policy)
    assert found["op"] == {"id": "Note.id", **({parameter: means} if means else {})}


def test_a_place_in_a_path_is_filled_alike_by_each_operation() -> None:
    """Where the answer of one tells what `{order-id}` is, the others and all below take it, too."""
    member = {"type": "object", "properties": {"id": {"type": "string"}}}
    shown = {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OrderItem"}}}
    }
    done = {"responses": {"204": {"description": ""}}}
    path = "/staff/{order-id}"
    raw = {
        "openapi": "3.0.3",
        "info": {"title": "x", "version": "1"},
        "paths": {
            path: {
                "get": {"operationId": "show", "responses": {"200": {"description": "", **shown}}},
                "delete": {"operationId": "drop", **done},
            },
            f"{path}/badges": {"post": {"operationId": "award", **done}},
            "/teams/{order-id}/flags": {"post": {"operationId": "flag", **done}},
            "/{order-id}": {
                "get": {"operationId": "any", "responses": {"200": {"description": "", **shown}}},
                "delete": {"operationId": "dropAny", **done},
            },
        },
        "components": {"schemas": {"OrderItem": member}},
    }
    for item in raw["paths"].values():
        for operation in item.values():
            name = {"name": "order-id", "in": "path", "required": True}
            operation["parameters"] = [{**name, "schema": {"type": "string"}}]
    kept = POLICY.resources["OrderItem"]
    found = infer_params(
        Document.parse(json.dumps(raw).encode(), "openapi.json"),
        Policy(relations={}, resources={"OrderItem": kept}),
    )
    filled = {"order-id": "OrderItem.id"}
    assert found == dict.fromkeys(("show", "drop", "award", "any"), filled)
