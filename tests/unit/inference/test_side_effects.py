from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.inference.side_effects import classify, opens_session
from oakum.openapi.model import Media, Operation, Parameter, Shape
from oakum.policy.model import OperationRule

VERBS = (
    "anonymise reseed evict deconnexion abmelden cerrarSesion loeschen löschen eliminar"
    " borrar supprimer checkout donate enroll subscribe optout opt-out notify remind"
    " share confirm enable renew become sudo reassign split clone replay requeue ack"
    " acknowledge finish launch touch bump increment flag pin star react poke hide"
    " recalc"
)


def endpoint(
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
        endpoint("GET /createdb", "Creates and populates the database", "views.main.populate_db"),
        endpoint("GET /createdb"),
        endpoint("GET /createdb", "Returns a fresh database"),
        endpoint("GET /setup", "Populates the database with dummy data"),
        endpoint("GET /db", "Resets everything"),
        endpoint("GET /db/reset"),
        endpoint("GET /password/reset"),
        endpoint("GET /users/delete-account"),
        endpoint("GET /users/delete", "Get rid of a user"),
        endpoint("GET /invoices/{id}/approve"),
        endpoint("GET /users/{id}/follow"),
        endpoint("GET /posts/{id}/like"),
        endpoint("GET /tokens/{id}:revoke"),
        endpoint("GET /drop", "Drop all tables"),
        endpoint("GET /members/{id}/anonymize", "Anonymize a member", "anonymizeMember"),
        endpoint("GET /members/{id}/end-session", "End all sessions of a member"),
        *(endpoint(f"GET /members/{{id}}/{verb}") for verb in VERBS.split()),
        endpoint("GET /x", id="resetPassword"),
        endpoint("GET /x", id="admin.seedDb"),
        endpoint("GET /x", id="UsersController_deleteAll"),
        endpoint("GET /x", id="orders_delete"),
        endpoint("GET /x", "Burn the oldest backups"),
        endpoint("GET /x", "Generates a report and mails it"),
        endpoint("GET /x", "Get messages and mark them as read"),
        endpoint("GET /x", "Returns the key and deletes it"),
        endpoint("GET /code", "Get code", description="Obtains or creates a code for the caller."),
        endpoint("GET /x", "Cleanup", description="This endpoint will delete stale sessions."),
        endpoint("GET /x", "Maintenance", description="For operators. Flushes the cache."),
        endpoint("GET /x", "This operation permanently erases the account"),
        endpoint("GET /x", "Allows an admin to ban a user"),
        endpoint("GET /logout"),
        endpoint("GET /logout", "Returns 200"),
        endpoint("GET /auth/sign-out"),
        endpoint("GET /signout.php"),
        endpoint("GET /user/bye", "Logs out the current logged in user session"),
        endpoint("POST /session/end", id="logOutUser"),
        endpoint("GET /unsubscribe", "Show the goodbye page"),
        endpoint("GET /email/verify", query="token"),
        endpoint("GET /confirm/{code}", query="code"),
        endpoint("HEAD /cache/flush"),
        endpoint("DELETE /users/{id}", "Get rid of one"),
        endpoint("POST /users/reset-password"),
        endpoint("POST /admin/x", "Purges all logs"),
        endpoint("POST /logout"),
    ],
    ids=lambda operation: f"{operation.id} {operation.summary}",
)
def test_what_is_never_called(operation: Operation) -> None:
    assert classify(operation).kind == "destructive"


@pytest.mark.parametrize(
    "operation",
    [
        endpoint("GET /orders/created"),
        endpoint("GET /items/deleted", id="getDeletedItems"),
        endpoint("GET /items", "Displays the created items"),
        endpoint("GET /items", "List items by date created"),
        endpoint("GET /items", "Created items"),
        endpoint("GET /password-resets"),
        endpoint("GET /resets", "Lists the resets of the last day"),
        endpoint("GET /reset", "Returns the reset policy"),
        endpoint("GET /policies/reset-policy"),
        endpoint("GET /drop-off-points", "Get drop-off points"),
        endpoint("GET /points", "Drop-off points near a place"),
        endpoint("GET /delete-requests", "List delete requests"),
        endpoint("GET /requests", "Delete requests"),
        endpoint("GET /users/{id}/follow", "Check if the caller follows a user"),
        endpoint(
            "GET /users/{id}/follow", "", "isFollowing", description="Shows whether you follow."
        ),
        endpoint("GET /post/{id}"),
        endpoint("GET /issue/{id}", "Issue details"),
        endpoint("GET /books/{id}", "Book by id"),
        endpoint("GET /updates", "Updates for a user"),
        endpoint("GET /blocks", "Blocks"),
        endpoint("GET /releases/latest", "Get the latest release", "repos/get-latest-release"),
        endpoint("GET /token/verify"),
        endpoint("GET /users", "List users", description="Create a token to call this."),
        endpoint("GET /app", "Get an app", description="Enables an app to find its installation."),
        endpoint(
            "GET /users", "Get a user", description="Gets one. Updates are shown after a day."
        ),
        endpoint("GET /users", "Get users", description="Lists users and the roles they created."),
        endpoint("GET /users", "Get users,\nand updates of theirs"),
        endpoint("GET /users", "Get users you follow or block"),
        endpoint("GET /users/{created}/orders"),
        endpoint("QUERY /search"),
        endpoint("HEAD /files/{id}"),
        endpoint("GET /secretary"),
        endpoint("GET /addresses"),
        endpoint("GET /settings"),
        endpoint("GET /login-history"),
        endpoint("GET /users/{login}"),
        endpoint("GET /timeout"),
    ],
    ids=lambda operation: f"{operation.id} {operation.summary}",
)
def test_what_only_reads(operation: Operation) -> None:
    assert classify(operation).kind == "read"


@pytest.mark.parametrize(
    "operation",
    [
        endpoint("POST /search", "Search users"),
        endpoint("POST /users"),
        endpoint("PUT /users/{id}/settings"),
        endpoint("PATCH /me"),
        endpoint("POST /graphql"),
        endpoint("PUT /items/{id}", "Update an item", description="Create a reset token first."),
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
    wipe, show = endpoint("GET /createdb"), endpoint("GET /users")
    assert classify(wipe, OperationRule("wipe", reads=True)).kind == "read"
    never = classify(show, OperationRule("show", reads=False))
    assert (never.kind, never.reason) == ("destructive", "the contract says `reads: false`")
    assert classify(show, OperationRule("show")).kind == "read"


SECRET_BODY = (Media("application/json", Shape(properties={"password": Shape})),)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        (endpoint("POST /users/v1/login"), "login"),
        (endpoint("POST /auth/sign-in"), "login"),
        (endpoint("GET /user/login", "Logs user into the system", "loginUser"), "login"),
        (endpoint("POST /x", id="loginUser"), "login"),
        (Operation("a", "POST", "/oauth/token", body=SECRET_BODY), "login"),
        (Operation("a", "POST", "/sessions", body=SECRET_BODY), "login"),
        (Operation("a", "POST", "/enter", body=SECRET_BODY, summary="Log in a user"), "login"),
        (Operation("a", "POST", "/oauth/token"), "write"),
        (Operation("checkToken", "POST", "/oauth/token", body=SECRET_BODY), "write"),
        (Operation("a", "POST", "/users", body=SECRET_BODY), "write"),
        (endpoint("POST /login/reset-password"), "destructive"),
        (endpoint("DELETE /auth/login"), "destructive"),
    ],
    ids=lambda value: value.id if isinstance(value, Operation) else value,
)
def test_logins(operation: Operation, kind: str) -> None:
    assert classify(operation).kind == kind


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (endpoint("GET /createdb"), "`createdb` in the path says that it creates"),
        (
            endpoint("GET /x", id="a.resetPassword"),
            "`resetPassword` in the operationId says that it resets",
        ),
        (endpoint("GET /x", "Flushes the cache"), "`Flushes` in the summary says that it flushes"),
        (
            endpoint("GET /x", "Look", description="Modifies the counter."),
            "`Modifies` in the description says that it modifies",
        ),
        (endpoint("GET /logout"), "`logout` in the path says that it ends the session"),
        (endpoint("DELETE /x"), "`DELETE` deletes"),
        (endpoint("GET /users"), "`GET` reads, and no word contradicts that"),
        (endpoint("POST /login"), "`login` in the path says that it logs in"),
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
        (endpoint("POST /login"), True),
        (endpoint("POST /v1/users/register"), True),
        (endpoint("POST /api/users", id="auth_register_api_users_post"), True),
        (endpoint("GET /register"), False),
        (endpoint("POST /users"), False),
    ],
    ids=lambda value: value.id if isinstance(value, Operation) else "",
)
def test_what_may_answer_with_a_token_of_the_caller(operation: Operation, expected: bool) -> None:
    assert opens_session(operation) is expected


@pytest.mark.parametrize(
    "operation",
    [
        endpoint("GET /entries/{id}/fetch-content", "Fetch original article", "fetchContent"),
        endpoint("GET /feeds/{id}/refresh"),
        endpoint("GET /hooks/{id}/ping"),
        endpoint("GET /hooks/{id}/test"),
        endpoint("GET /x/{id}", "Downloads the icon from the remote server"),
        endpoint("GET /x", "Get a page", description="Fetches it from an external site."),
    ],
    ids=lambda each: f"{each.path} {each.summary}",
)
def test_what_has_the_api_ask_another_server_is_not_asked(operation: Operation) -> None:
    assert classify(operation).kind == "destructive"
    assert classify(operation, OperationRule(operation.id, reads=True)).kind == "read"


@pytest.mark.parametrize(
    "operation",
    [
        endpoint("GET /fetch-users"),
        endpoint("GET /ping"),
        endpoint("GET /courses/{id}/test", "Get the test"),
        endpoint("GET /polls/{id}"),
        endpoint("GET /feeds/{id}/entries", "Retrieve all entries of a feed"),
        endpoint("GET /pets", "Fetches all pets from the store"),
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
        lambda verb: answered(endpoint("GET /members/{id}/x", f"{verb.title()} a member")),
        lambda verb: answered(endpoint("GET /x", f"{verb.title()} the newest notes", "getX")),
        lambda verb: answered(endpoint("GET /x", "", description=f"{verb.title()} all of them.")),
        lambda verb: answered(endpoint(f"GET /members/{{id}}/{verb}", id=f"{verb}Member"), Shape()),
        lambda verb: answered(endpoint(f"GET /members/{{id}}/{verb}", id=f"{verb}_member"), None),
        lambda verb: answered(endpoint(f"GET /members/{{id}}/{verb}"), None),
        lambda verb: answered(endpoint(f"GET /members/{{id}}/{verb}", id=f"{verb}Member")),
        lambda verb: answered(
            endpoint(f"GET /members/{{id}}/{verb}", id=f"{verb}_member"),
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
        answered(endpoint("GET /members/{id}/zonk", id="getMemberZonk"), None),
        answered(endpoint("GET /members/{id}/zonk", "Returns the zonk", "zonkMember"), None),
        answered(endpoint("GET /members/{id}/zonk", id="memberZonk")),
        answered(endpoint("GET /members/{id}/zonk", id="zonk_members__id__zonk_get")),
        answered(
            endpoint("GET /members/{id}/zonk", id="zonkMember"),
            replace(ROW, names=frozenset({"MemberZonk"})),
        ),
        answered(
            endpoint("GET /members/{id}/zonk", id="zonkMember"),
            Shape(kinds=frozenset({"object"}), properties={"zonk": lambda: Shape()}),
        ),
        answered(endpoint("GET /members/{id}/zonk")),
        endpoint("GET /members/{id}/zonk"),  # of no document: a script names it
        answered(endpoint("GET /members/{id}/zonks"), None),
        answered(endpoint("GET /members/{id}/avatar"), None),
        answered(endpoint("GET /members/{id}/zonk"), Shape(items=lambda: ROW)),
        answered(endpoint("GET /zonks", "All the zonks of a member"), None),
        answered(endpoint("GET /zonks", "Zonks a member has made"), None),
        answered(endpoint("GET /zonk", id="zonk"), None),
        answered(endpoint("GET /x", "Given a name, the member"), None),
        answered(endpoint("GET /x", "For a member, their notes"), None),
        answered(endpoint("GET /x", "Summarise the week"), None),
        answered(endpoint("GET /x", "Retrieve a member. Zonk the cache if it is old"), None),
    ],
)
def test_a_noun_where_a_command_may_stand_is_asked(operation: Operation) -> None:
    assert classify(operation).kind == "read"
