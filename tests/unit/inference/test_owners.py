"""Whose a drafted resource is: what names an account, and what only looks as if it did."""

from __future__ import annotations

import pytest

from oakum.inference.draft import draft
from oakum.policy.model import Owner, Policy
from tests.unit.inference.test_draft import (
    LOGGED_IN,
    Spec,
    answer,
    body,
    document,
    many,
    policy,
    ref,
    thing,
)

NOBODY = Owner("none")
NUMBER: Spec = {"type": "integer"}


def get(schema: Spec, id: str) -> Spec:
    return {"get": answer(schema, operationId=id, **LOGGED_IN)}


def drafted(account: Spec, resource: Spec, name: str = "Item", more: Spec | None = None) -> Policy:
    """A draft where callers are told who they are, and a resource is shown by its id."""
    paths = {"/me": get(ref("User"), "me"), "/things/{thingId}": get(ref(name), "show")}
    return policy(paths | (more or {}), {"User": account, name: resource})


COUNTED = thing("email", id=NUMBER)
NAMED = thing("email", "username", id=NUMBER)


@pytest.mark.parametrize(
    ("account", "members", "owner"),
    [
        (COUNTED, thing("id", "user", userId=NUMBER), Owner("field", ("userId",))),
        (COUNTED, thing("id", "author", "license"), NOBODY),  # a name by which nobody is found
        (NAMED, thing("id", "author"), Owner("field", ("author",))),
        (COUNTED, thing("id", author=NUMBER), Owner("field", ("author",))),
        (COUNTED, thing("id", "profile", "bio"), NOBODY),  # a link, or a text
        (COUNTED, thing("id", profile_id=NUMBER), Owner("field", ("profile_id",))),
        (thing("id", "username", "email"), thing("id", "author_name"), NOBODY),
        (thing("id", "username", "email"), thing("id", "userName"), Owner("field", ("userName",))),
        (thing("username", "email"), thing("id", "client_name", "client_version"), NOBODY),
        (COUNTED, thing("id", user={"type": "string", "format": "uri"}), NOBODY),
        (COUNTED, thing("id", account={"type": "string", "enum": ["free", "plus"]}), NOBODY),
    ],
)
def test_what_names_an_account_has_its_form(account: Spec, members: Spec, owner: Owner) -> None:
    assert drafted(account, members).resources["Item"].owner == owner


@pytest.mark.parametrize(
    ("member", "owner"),
    [
        ("itemCreatorId", Owner("field", ("itemCreatorId",))),
        ("item_owner", Owner("field", ("item_owner",))),
        ("itemMemberId", NOBODY),
        ("orderCreatorId", NOBODY),
    ],
)
def test_a_creator_may_be_called_after_the_thing(member: str, owner: Owner) -> None:
    assert drafted(thing("id", "email"), thing("id", member)).resources["Item"].owner == owner


@pytest.mark.parametrize(
    ("resource", "owner"),
    [
        (thing("id", account=thing("id", "username")), NOBODY),
        (thing("id", "sender_id", "recipient_id"), Owner("field", ("recipient_id",))),
        (thing("id", "created_by", "user_id"), Owner("field", ("user_id",))),
        (thing("id", "account_id"), Owner("field", ("account_id",))),  # whose it is
    ],
)
def test_a_notification_belongs_to_whoever_is_told(resource: Spec, owner: Owner) -> None:
    found = drafted(thing("id", "email"), resource, "Notification")
    assert found.resources["Notification"].owner == owner


class TestPeopleWhoAreRecorded:
    """An API of a shop's staff keeps customers; they do not call it."""

    PATHS: Spec = {
        "/customers": {
            **get(many(ref("Customer")), "list"),
            "post": answer(ref("Customer"), operationId="add", **LOGGED_IN),
        },
        "/orders/{orderId}": get(ref("Order"), "order"),
    }
    SCHEMAS: Spec = {
        "Customer": thing("id", "email", "phone"),
        "Order": thing("id", "customer_id", "amount"),
    }

    def test_are_nobodys_account_and_own_nothing(self) -> None:
        found = policy(self.PATHS, self.SCHEMAS)
        assert found.resources["Customer"].owner == found.resources["Order"].owner == NOBODY

    def test_are_accounts_where_they_log_in(self) -> None:
        login = {"requestBody": body(thing("email", "password")), "operationId": "login"}
        paths = self.PATHS | {"/customers/login": {"post": answer(thing("token"), **login)}}
        found = policy(paths, self.SCHEMAS)
        assert found.resources["Customer"].owner == Owner("field", ("id",))
        assert found.resources["Order"].owner == Owner("field", ("customer_id",))

    def test_are_accounts_where_no_other_word_is_used_and_callers_are_told_so(self) -> None:
        paths = self.PATHS | {"/me": get(ref("Customer"), "me")}
        found = policy(paths, self.SCHEMAS)
        assert found.resources["Order"].owner == Owner("field", ("customer_id",))

    def test_are_not_the_account_beside_them(self) -> None:
        paths = self.PATHS | {"/me": get(ref("User"), "me")}
        found = policy(paths, self.SCHEMAS | {"User": thing("id", "email")})
        assert found.resources["Order"].owner == NOBODY


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/{username}/feeds/{feedKey}", Owner("path", ("username",))),
        ("/project/{username}/{project}/feeds/{feedKey}", NOBODY),  # whose the project is
    ],
)
def test_a_path_that_begins_with_a_login_says_whose_it_is(path: str, owner: Owner) -> None:
    paths = {"/me": get(ref("User"), "me"), path: get(ref("Feed"), "feed")}
    schemas = {"User": thing("id", "username", "email"), "Feed": thing("id", "feedKey")}
    assert policy(paths, schemas).resources["Feed"].owner == owner


class TestWhatCallsItselfByAnAddress:
    PATHS: Spec = {
        "/me": get(ref("User"), "me"),
        "/users/{user_id}": get(ref("User"), "user"),
        "/films/{film_id}": get(ref("Film"), "film"),
    }
    SCHEMAS: Spec = {
        "User": thing("uri", "name", "email"),
        "Film": thing("uri", "title", user=ref("User")),
    }

    def test_is_known_by_it(self) -> None:
        found = policy(self.PATHS, self.SCHEMAS)
        assert {each.key for each in found.resources.values()} == {"uri"}
        assert found.resources["Film"].owner == Owner("field", ("user.uri",))

    def test_fills_no_part_of_a_path_with_it(self) -> None:
        assert "User.uri" not in draft(document(self.PATHS, self.SCHEMAS))

    def test_is_known_by_an_id_where_there_is_one(self) -> None:
        with_id = self.SCHEMAS | {"Film": thing("id", "uri", "title")}
        assert policy(self.PATHS, with_id).resources["Film"].key == "id"


class TestNamesOfSchemas:
    @pytest.mark.parametrize("package", ["repo", "models", "v1"])
    def test_lose_the_package_of_go(self, package: str) -> None:
        name = f"{package}.UserOut"
        found = policy({"/me": get(ref(name), "me")}, {name: thing("id", "email")})
        assert [*found.resources] == ["User"]

    def test_are_one_resource_in_two_packages(self) -> None:
        schemas = {"ent.Tag": thing("id", "name"), "repo.TagOut": thing("id", "name", "color")}
        paths = {
            "/tags": get(many(ref("ent.Tag")), "list"),
            "/tags/{id}": get(ref("repo.TagOut"), "tag"),
        }
        assert [*policy(paths, schemas).resources] == ["Tag"]

    def test_keep_a_response_that_a_path_is_about(self) -> None:
        paths = {
            "/forms/{id}": get(ref("Form"), "form"),
            "/form-responses/{id}": get(ref("FormResponse"), "response"),
        }
        schemas = {"Form": thing("id", "title"), "FormResponse": thing("id", "user")}
        assert [*policy(paths, schemas).resources] == ["Form", "FormResponse"]

    def test_keep_a_view_that_refers_to_what_it_is_of(self) -> None:
        paths = {
            "/boards/{boardId}": get(ref("Board"), "board"),
            "/boards/{boardId}/views/{viewId}": get(ref("BoardView"), "view"),
        }
        view = thing("id", "board_id", "sorted")
        schemas = {"Board": thing("id", "owner_id"), "BoardView": view}
        assert [*policy(paths, schemas).resources] == ["Board", "BoardView"]

    def test_keep_an_item_that_has_an_id_of_its_own(self) -> None:
        paths = {
            "/spaces/{spaceId}": get(ref("Space"), "space"),
            "/spaces/{spaceId}/items/{itemId}": get(ref("SpaceItem"), "item"),
        }
        schemas = {
            "Space": thing("spaceId", "title"),
            "SpaceItem": thing("itemId", "spaceId", "text"),
        }
        found = policy(paths, schemas).resources
        assert {name: each.key for name, each in found.items()} == {
            "Space": "spaceId",
            "SpaceItem": "itemId",
        }


UNIQUE = thing("email", id={"type": "string", "format": "uuid"})
TWICE = thing("guid", "email", id=NUMBER)


@pytest.mark.parametrize(
    ("account", "resource", "owner"),
    [
        (UNIQUE, thing("id", "user"), NOBODY),  # a name, where accounts have UUIDs
        (UNIQUE, thing("id", "user_id"), Owner("field", ("user_id",))),
        (COUNTED, thing("id", "owner_id"), NOBODY),  # a text: the id of somebody elsewhere
        (COUNTED, thing("id", owner_id=NUMBER), Owner("field", ("owner_id",))),
        (TWICE, thing("id", "user_guid"), Owner("field", ("user_guid",))),
        (thing("id", "email"), thing("id", "user", "userID"), Owner("field", ("userID",))),
        (thing("id", "email"), thing("id", "account_number"), NOBODY),  # of a bank
        (NAMED, thing("id", "account"), NOBODY),  # at a bank
        (thing("id", "email"), thing("id", "customer_id"), NOBODY),  # whom users record
        (thing("id", "email"), thing("id", creator=thing("uid", "username")),
            Owner("field", ("creator.uid",))),
    ],
)  # fmt: skip
def test_what_is_thin_is_asked(account: Spec, resource: Spec, owner: Owner) -> None:
    assert drafted(account, resource).resources["Item"].owner == owner


@pytest.mark.parametrize(
    ("member", "owner"),
    [
        ("owner", NOBODY),
        ("author_name", NOBODY),
        ("passengerName", NOBODY),
        ("account_number", NOBODY),
        ("customer_id", NOBODY),
        ("playerId", NOBODY),
        ("account_id", Owner("field", ("account_id",))),
        ("created_by_id", Owner("field", ("created_by_id",))),
    ],
)
def test_where_no_account_is_declared_only_an_id_names_one(member: str, owner: Owner) -> None:
    paths = {"/things/{thingId}": get(ref("Item"), "show")}
    assert policy(paths, {"Item": thing("id", member)}).resources["Item"].owner == owner


def test_an_owner_of_another_kind_is_no_account() -> None:
    more = {"/teams/{teamId}": get(ref("Team"), "getTeam")}
    schemas = {"User": thing("id", "email"), "Team": thing("id", "label"),
               "Item": thing("id", owner=ref("Team"))}  # fmt: skip
    paths = {"/me": get(ref("User"), "me"), "/things/{thingId}": get(ref("Item"), "show")}
    assert policy(paths | more, schemas).resources["Item"].owner == NOBODY
    assert policy(paths, schemas).resources["Item"].owner == Owner("field", ("owner.id",))


def test_a_name_in_one_view_is_left_for_the_id_in_another() -> None:
    paths = {
        "/me": get(ref("User"), "me"),
        "/items/{itemId}": get(ref("Item"), "getItem"),
        "/items": get(many(ref("ItemBrief")), "listItems"),
    }
    schemas = {
        "User": NAMED,
        "Item": thing("id", "title", owner=ref("User")),
        "ItemBrief": thing("id", "title", "owner"),
    }
    assert policy(paths, schemas).resources["Item"].owner == Owner("field", ("owner.id",))


@pytest.mark.parametrize("noun", ["Author", "Player", "Athlete"])
def test_authors_and_players_are_accounts_where_they_log_in(noun: str) -> None:
    place = f"/{noun.lower()}s"
    paths = {f"{place}/{{id}}": get(ref(noun), "show")}
    schemas = {noun: thing("id", "username", "bio")}
    assert policy(paths, schemas).resources[noun].owner == NOBODY
    login = {"post": answer(thing("token"), requestBody=body(thing("username", "password")))}
    found = policy(paths | {f"{place}/login": login}, schemas)
    assert found.resources[noun].owner == Owner("field", ("id",))


def test_a_user_is_the_account_before_a_client_with_more_secrets() -> None:
    paths = {"/users/{id}": get(ref("User"), "user"), "/clients/{id}": get(ref("Client"), "client")}
    client = thing("id", "email", "phone", "secret", "password")
    found = policy(paths, {"User": thing("id", "username"), "Client": client})
    assert found.resources["User"].owner == Owner("field", ("id",))
    assert found.resources["Client"].owner == NOBODY


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/customers/{customerId}/orders", NOBODY),
        ("/users/{userId}/orders", Owner("path", ("userId",))),
    ],
)
def test_a_path_of_people_whom_users_record_says_not_whose_it_is(path: str, owner: Owner) -> None:
    paths = {"/me": get(ref("User"), "me"), path: get(many(ref("Order")), "list")}
    schemas = {"User": thing("id", "email"), "Order": thing("id", "total")}
    assert policy(paths, schemas).resources["Order"].owner == owner


@pytest.mark.parametrize(
    ("name", "resource", "owner"),
    [
        ("Reply", thing("id", "recipient_id", "read"), Owner("field", ("recipient_id",))),
        ("Mail", thing("id", "creator_id", "recipient_id"),
            Owner("field", ("creator_id", "recipient_id"))),
        ("Mail", thing("id", "recipient", "subject"), NOBODY),  # an address
        ("Transfer", thing("id", "recipient_id", "amount"), NOBODY),  # whoever is paid
    ],
)  # fmt: skip
def test_what_is_sent_belongs_to_whom_it_is_sent_too(
    name: str, resource: Spec, owner: Owner
) -> None:
    assert drafted(thing("id", "email"), resource, name).resources[name].owner == owner


def test_the_account_of_a_ledger_is_nobody_who_calls() -> None:
    paths = {"/accounts/{id}": get(ref("Account"), "show")}
    ledger = thing("id", "code", "accountType", "accountGroup")
    assert policy(paths, {"Account": ledger}).resources["Account"].owner == NOBODY
    person = thing("id", "email", "accountType")
    found = policy(paths, {"Account": person}).resources["Account"]
    assert found.owner == Owner("field", ("id",))


def test_a_user_of_some_kind_is_the_account_where_no_other_is() -> None:
    paths = {"/local_users/{id}": get(ref("LocalUser"), "show"),
             "/replies/{replyId}": get(ref("Reply"), "reply")}  # fmt: skip
    schemas = {"LocalUser": thing("id", "email"), "Reply": thing("id", "local_user_id")}
    found = policy(paths, schemas).resources
    assert found["LocalUser"].owner == Owner("field", ("id",))
    assert found["Reply"].owner == Owner("field", ("local_user_id",))


@pytest.mark.parametrize(
    ("members", "owner"),
    [
        (thing("id", poster=ref("User")), Owner("field", ("poster.id",))),
        (thing("id", poster_id=NUMBER), Owner("field", ("poster_id",))),
        (thing("id", "poster"), NOBODY),  # the picture of a film
        (thing("id", poster=thing("url", "width")), NOBODY),
    ],
)
def test_whoever_made_a_thing_is_known_by_the_key_of_an_account(
    members: Spec, owner: Owner
) -> None:
    assert drafted(COUNTED, members).resources["Item"].owner == owner


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/follows/tags", Owner("caller")),
        ("/v1/bookmarks", Owner("caller")),
        ("/reading-list", Owner("caller")),
        ("/albums/{album}/followers", NOBODY),
        ("/books", NOBODY),
    ],
)
def test_what_each_caller_keeps_is_theirs(path: str, owner: Owner) -> None:
    more = {path: get(many(ref("Mark")), "marks")}
    found = policy(
        {"/me": get(ref("User"), "me")} | more, {"User": COUNTED, "Mark": thing("id", "title")}
    )
    assert found.resources["Mark"].owner == owner


def test_what_is_kept_where_nobody_logs_in_is_nobodys() -> None:
    paths = {"/me": get(ref("User"), "me"), "/bookmarks": {"get": answer(many(ref("Mark")))}}
    found = policy(paths, {"User": COUNTED, "Mark": thing("id", "title")})
    assert found.resources["Mark"].owner == NOBODY


def test_what_anybody_is_shown_without_a_key_is_not_the_callers() -> None:
    paths = {
        "/account": get(ref("User"), "me"),
        "/account/licenses": get(many(ref("License")), "mine"),
        "/licenses": {"get": answer(many(ref("License")))},
    }
    found = policy(paths, {"User": COUNTED, "License": thing("title", "url")})
    assert found.resources["License"].owner == NOBODY


def test_what_is_an_institutions_is_not_the_callers() -> None:
    paths = {
        "/account": get(ref("User"), "me"),
        "/account/cards": get(many(ref("Card")), "cards"),
        "/account/institution/roles": get(many(ref("Role")), "roles"),
    }
    schemas = {"User": COUNTED, "Card": thing("id", "digits"), "Role": thing("id", "title")}
    found = policy(paths, schemas)
    assert found.resources["Card"].owner == Owner("caller")
    assert found.resources["Role"].owner == NOBODY


def test_a_schema_that_takes_in_an_account_is_one() -> None:
    staff = {"allOf": [ref("User"), thing("licence", "shift")]}
    paths = {"/me": get(ref("User"), "me"), "/staff": get(many(ref("WorkerDetails")), "staff")}
    found = policy(paths, {"User": COUNTED, "WorkerDetails": staff})
    assert found.resources["WorkerDetails"].owner == Owner("field", ("id",))


def test_what_says_that_it_is_deleted_is_an_object_where_it_is_read() -> None:
    payee = thing("id", "name", deleted={"type": "boolean"})
    paths = {"/me": get(ref("User"), "me"), "/payees/{payeeId}": get(ref("Payee"), "show")}
    found = policy(paths, {"User": COUNTED, "Payee": payee})
    assert found.resources["Payee"].main == "show"
