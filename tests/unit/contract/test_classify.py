from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.contract.classify import classify, opens_session
from oakum.contract.model import Media, Operation, OperationRule, Parameter, Shape

VERBS = (
    "anonymise reseed evict deconnexion abmelden cerrarSesion loeschen löschen eliminar"
    " borrar supprimer checkout donate enroll subscribe optout opt-out notify remind"
    " share confirm enable renew become sudo reassign split clone replay requeue ack"
    " acknowledge finish launch touch bump increment flag pin star react poke hide"
    " recalc"
)


def door(
    line: str, summary: str = "", id: str = "", query: str = "", description: str = ""
) -> Operation:
    method, path = line.split()
    return Operation(
        id=id or f"{method} {path}",
        method=method,
        path=path,
        parameters=tuple(Parameter(name, "query") for name in query.split()),
        summary=summary,
        description=description,
    )


@pytest.mark.parametrize(
    "operation",
    [
        door("GET /createdb", "Creates and populates the database", "views.main.populate_db"),
        door("GET /createdb"),
        door("GET /createdb", "Returns a fresh database"),
        door("GET /setup", "Populates the database with dummy data"),
        door("GET /db", "Resets everything"),
        door("GET /db/reset"),
        door("GET /password/reset"),
        door("GET /users/delete-account"),
        door("GET /users/delete", "Get rid of a user"),
        door("GET /invoices/{id}/approve"),
        door("GET /users/{id}/follow"),
        door("GET /posts/{id}/like"),
        door("GET /tokens/{id}:revoke"),
        door("GET /drop", "Drop all tables"),
        door("GET /members/{id}/anonymize", "Anonymize a member", "anonymizeMember"),
        door("GET /members/{id}/end-session", "End all sessions of a member"),
        *(door(f"GET /members/{{id}}/{verb}") for verb in VERBS.split()),
        door("GET /x", id="resetPassword"),
        door("GET /x", id="admin.seedDb"),
        door("GET /x", id="UsersController_deleteAll"),
        door("GET /x", id="orders_delete"),
        door("GET /x", "Burn the oldest backups"),
        door("GET /x", "Generates a report and mails it"),
        door("GET /x", "Get messages and mark them as read"),
        door("GET /x", "Returns the key and deletes it"),
        door("GET /code", "Get code", description="Obtains or creates a code for the caller."),
        door("GET /x", "Cleanup", description="This endpoint will delete stale sessions."),
        door("GET /x", "Maintenance", description="For operators. Flushes the cache."),
        door("GET /x", "This operation permanently erases the account"),
        door("GET /x", "Allows an admin to ban a user"),
        door("GET /logout"),
        door("GET /logout", "Returns 200"),
        door("GET /auth/sign-out"),
        door("GET /signout.php"),
        door("GET /user/bye", "Logs out the current logged in user session"),
        door("POST /session/end", id="logOutUser"),
        door("GET /unsubscribe", "Show the goodbye page"),
        door("GET /email/verify", query="token"),
        door("GET /confirm/{code}", query="code"),
        door("HEAD /cache/flush"),
        door("DELETE /users/{id}", "Get rid of one"),
        door("POST /users/reset-password"),
        door("POST /admin/x", "Purges all logs"),
        door("POST /logout"),
    ],
    ids=lambda operation: f"{operation.id} {operation.summary}",
)
def test_what_is_never_called(operation: Operation) -> None:
    assert classify(operation).kind == "destructive"


@pytest.mark.parametrize(
    "operation",
    [
        door("GET /orders/created"),
        door("GET /items/deleted", id="getDeletedItems"),
        door("GET /items", "Displays the created items"),
        door("GET /items", "List items by date created"),
        door("GET /items", "Created items"),
        door("GET /password-resets"),
        door("GET /resets", "Lists the resets of the last day"),
        door("GET /reset", "Returns the reset policy"),
        door("GET /policies/reset-policy"),
        door("GET /drop-off-points", "Get drop-off points"),
        door("GET /points", "Drop-off points near a place"),
        door("GET /delete-requests", "List delete requests"),
        door("GET /requests", "Delete requests"),
        door("GET /users/{id}/follow", "Check if the caller follows a user"),
        door("GET /users/{id}/follow", "", "isFollowing", description="Shows whether you follow."),
        door("GET /post/{id}"),
        door("GET /issue/{id}", "Issue details"),
        door("GET /books/{id}", "Book by id"),
        door("GET /updates", "Updates for a user"),
        door("GET /blocks", "Blocks"),
        door("GET /releases/latest", "Get the latest release", "repos/get-latest-release"),
        door("GET /token/verify"),
        door("GET /users", "List users", description="Create a token to call this."),
        door("GET /app", "Get an app", description="Enables an app to find its installation."),
        door("GET /users", "Get a user", description="Gets one. Updates are shown after a day."),
        door("GET /users", "Get users", description="Lists users and the roles they created."),
        door("GET /users", "Get users,\nand updates of theirs"),
        door("GET /users", "Get users you follow or block"),
        door("GET /users/{created}/orders"),
        door("QUERY /search"),
        door("HEAD /files/{id}"),
        door("GET /secretary"),
        door("GET /addresses"),
        door("GET /settings"),
        door("GET /login-history"),
        door("GET /users/{login}"),
        door("GET /timeout"),
    ],
    ids=lambda operation: f"{operation.id} {operation.summary}",
)
def test_what_only_reads(operation: Operation) -> None:
    assert classify(operation).kind == "read"


@pytest.mark.parametrize(
    "operation",
    [
        door("POST /search", "Search users"),
        door("POST /users"),
        door("PUT /users/{id}/settings"),
        door("PATCH /me"),
        door("POST /graphql"),
        door("PUT /items/{id}", "Update an item", description="Create a reset token first."),
    ],
    ids=lambda operation: operation.id,
)
def test_other_methods_write_until_the_contract_says_otherwise(operation: Operation) -> None:
    verdict = classify(operation)
    assert verdict.kind == "write"
    assert verdict.reason == f"`{operation.method}` writes, unless the contract says `reads: true`"
    read = classify(operation, OperationRule(operation.id, reads=True))
    assert (read.kind, read.reason) == ("read", "the contract says `reads: true`")


def test_the_contract_has_the_last_word() -> None:
    wipe, show = door("GET /createdb"), door("GET /users")
    assert classify(wipe, OperationRule("wipe", reads=True)).kind == "read"
    never = classify(show, OperationRule("show", reads=False))
    assert (never.kind, never.reason) == ("destructive", "the contract says `reads: false`")
    assert classify(show, OperationRule("show")).kind == "read"


SECRET_BODY = (Media("application/json", Shape(properties={"password": Shape})),)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        (door("POST /users/v1/login"), "login"),
        (door("POST /auth/sign-in"), "login"),
        (door("GET /user/login", "Logs user into the system", "loginUser"), "login"),
        (door("POST /x", id="loginUser"), "login"),
        (Operation("a", "POST", "/oauth/token", body=SECRET_BODY), "login"),
        (Operation("a", "POST", "/sessions", body=SECRET_BODY), "login"),
        (Operation("a", "POST", "/enter", body=SECRET_BODY, summary="Log in a user"), "login"),
        (Operation("a", "POST", "/oauth/token"), "write"),
        (Operation("checkToken", "POST", "/oauth/token", body=SECRET_BODY), "write"),
        (Operation("a", "POST", "/users", body=SECRET_BODY), "write"),
        (door("POST /login/reset-password"), "destructive"),
        (door("DELETE /auth/login"), "destructive"),
    ],
    ids=lambda value: value.id if isinstance(value, Operation) else value,
)
def test_logins(operation: Operation, kind: str) -> None:
    assert classify(operation).kind == kind


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (door("GET /createdb"), "`createdb` in the path says that it creates"),
        (
            door("GET /x", id="a.resetPassword"),
            "`resetPassword` in the operationId says that it resets",
        ),
        (door("GET /x", "Flushes the cache"), "`Flushes` in the summary says that it flushes"),
        (
            door("GET /x", "Look", description="Modifies the counter."),
            "`Modifies` in the description says that it modifies",
        ),
        (door("GET /logout"), "`logout` in the path says that it ends the session"),
        (door("DELETE /x"), "`DELETE` deletes"),
        (door("GET /users"), "`GET` reads, and no word says otherwise"),
        (door("POST /login"), "`login` in the path says that it logs in"),
    ],
    ids=lambda value: value.id if isinstance(value, Operation) else "",
)
def test_the_reason_quotes_the_word(operation: Operation, reason: str) -> None:
    assert classify(operation).reason == reason


TEXT = st.text(alphabet="abcreset delete/{}-_.:\n*", max_size=24)


@given(TEXT, TEXT, TEXT, TEXT)
def test_any_document_is_classified(path: str, id: str, summary: str, description: str) -> None:
    for method in ("GET", "POST"):
        operation = Operation(id, method, path, summary=summary, description=description)
        verdict = classify(operation)
        assert verdict.reason
        assert method == "GET" or verdict.kind != "read"


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (door("POST /login"), True),
        (door("POST /v1/users/register"), True),
        (door("POST /api/users", id="auth_register_api_users_post"), True),
        (door("GET /register"), False),
        (door("POST /users"), False),
    ],
    ids=lambda value: value.id if isinstance(value, Operation) else "",
)
def test_what_may_answer_with_a_token_of_the_caller(operation: Operation, expected: bool) -> None:
    assert opens_session(operation) is expected


@pytest.mark.parametrize(
    "operation",
    [
        door("GET /entries/{id}/fetch-content", "Fetch original article", "fetchContent"),
        door("GET /feeds/{id}/refresh"),
        door("GET /hooks/{id}/ping"),
        door("GET /hooks/{id}/test"),
        door("GET /x/{id}", "Downloads the icon from the remote server"),
        door("GET /x", "Get a page", description="Fetches it from an external site."),
    ],
    ids=lambda each: f"{each.path} {each.summary}",
)
def test_what_has_the_api_ask_another_server_is_not_asked(operation: Operation) -> None:
    assert classify(operation).kind == "destructive"
    assert classify(operation, OperationRule(operation.id, reads=True)).kind == "read"


@pytest.mark.parametrize(
    "operation",
    [
        door("GET /fetch-users"),
        door("GET /ping"),
        door("GET /courses/{id}/test", "Get the test"),
        door("GET /polls/{id}"),
        door("GET /feeds/{id}/entries", "Retrieve all entries of a feed"),
        door("GET /pets", "Fetches all pets from the store"),
    ],
    ids=lambda each: f"{each.path} {each.summary}",
)
def test_what_reads_of_the_apis_own_is_asked(operation: Operation) -> None:
    assert classify(operation).kind == "read"


ROW = Shape(kinds=frozenset({"object"}), properties={"id": lambda: Shape()})
MADE_UP = ["zonk", "yeet", "defenestrate", "frobnicate", "whomp"]
"""Verbs that stand in no list."""


def answered(operation: Operation, shape: Shape | None = ROW) -> Operation:
    media = () if shape is None else (Media("application/json", shape),)
    return replace(operation, responses={"200": media})


@pytest.mark.parametrize("verb", MADE_UP)
@pytest.mark.parametrize(
    "make",
    [
        lambda verb: answered(door("GET /members/{id}/x", f"{verb.title()} a member")),
        lambda verb: answered(door("GET /x", f"{verb.title()} the newest notes", "getX")),
        lambda verb: answered(door("GET /x", "", description=f"{verb.title()} all of them.")),
        lambda verb: answered(door(f"GET /members/{{id}}/{verb}", id=f"{verb}Member"), Shape()),
        lambda verb: answered(door(f"GET /members/{{id}}/{verb}", id=f"{verb}_member"), None),
        lambda verb: answered(door(f"GET /members/{{id}}/{verb}"), None),
        lambda verb: answered(door(f"GET /members/{{id}}/{verb}", id=f"{verb}Member")),
        lambda verb: answered(
            door(f"GET /members/{{id}}/{verb}", id=f"{verb}_member"),
            replace(ROW, names=frozenset({"Member"})),
        ),
    ],
)
def test_an_unknown_word_where_a_command_stands_is_not_called(make: Any, verb: str) -> None:
    operation = make(verb)
    found = classify(operation)
    assert found.kind == "destructive" and "may be a command" in found.reason
    assert classify(operation, OperationRule(operation.id, reads=True)).kind == "read"


@pytest.mark.parametrize(
    "operation",
    [
        answered(door("GET /members/{id}/zonk", id="getMemberZonk"), None),
        answered(door("GET /members/{id}/zonk", "Returns the zonk", "zonkMember"), None),
        answered(door("GET /members/{id}/zonk", id="memberZonk")),
        answered(door("GET /members/{id}/zonk", id="zonk_members__id__zonk_get")),
        answered(
            door("GET /members/{id}/zonk", id="zonkMember"),
            replace(ROW, names=frozenset({"MemberZonk"})),
        ),
        answered(
            door("GET /members/{id}/zonk", id="zonkMember"),
            Shape(kinds=frozenset({"object"}), properties={"zonk": lambda: Shape()}),
        ),
        answered(door("GET /members/{id}/zonk")),
        door("GET /members/{id}/zonk"),  # of no document: a script names it
        answered(door("GET /members/{id}/zonks"), None),
        answered(door("GET /members/{id}/avatar"), None),
        answered(door("GET /members/{id}/zonk"), Shape(items=lambda: ROW)),
        answered(door("GET /zonks", "All the zonks of a member"), None),
        answered(door("GET /zonks", "Zonks a member has made"), None),
        answered(door("GET /zonk", id="zonk"), None),
        answered(door("GET /x", "Given a name, the member"), None),
        answered(door("GET /x", "For a member, their notes"), None),
        answered(door("GET /x", "Summarise the week"), None),
        answered(door("GET /x", "Retrieve a member. Zonk the cache if it is old"), None),
    ],
)
def test_a_noun_where_a_command_may_stand_is_asked(operation: Operation) -> None:
    assert classify(operation).kind == "read"
