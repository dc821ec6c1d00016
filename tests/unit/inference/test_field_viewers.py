"""What a draft opens, and on what evidence; what the document does not tell stays closed."""

from __future__ import annotations

from typing import Any

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
    sees,
    thing,
)

ME: Spec = {"/me": {"get": answer(ref("User"), operationId="me", **LOGGED_IN)}}
USER = thing("id", "username", "email", "motto")
ORDER = thing("id", "user_id", "amount")


def drafted(paths: Spec, **schemas: Spec) -> Policy:
    return policy(ME | paths, {"User": USER} | schemas)


def text_of(paths: Spec, **schemas: Spec) -> str:
    return draft(document(ME | paths, {"User": USER} | schemas))


class TestWhatHasAnOwner:
    def test_is_the_owners_where_a_login_is_asked_for(self) -> None:
        paths = {"/orders/{id}": {"get": answer(ref("Order"), **LOGGED_IN)}}
        found = drafted(paths, Order=ORDER)
        assert {sees(found, f"Order.{each}")[0] for each in ("id", "user_id", "amount")} == {
            "owner"
        }

    def test_a_list_behind_a_login_may_be_the_callers_own(self) -> None:
        paths = {"/orders": {"get": answer(many(ref("Order")), **LOGGED_IN)}}
        assert sees(drafted(paths, Order=ORDER), "Order.amount") == ["owner"]

    def test_is_open_where_the_document_lets_anybody_read_it(self) -> None:
        paths = {"/orders/{id}": {"get": answer(ref("Order"))}}
        assert sees(drafted(paths, Order=ORDER), "Order.amount") == ["anyone"]

    def test_a_write_that_anybody_may_call_opens_nothing(self) -> None:
        paths = {
            "/signup": {"post": answer(ref("User"), requestBody=body(thing("password")))},
            "/orders/{id}": {
                "get": answer(ref("Order"), **LOGGED_IN),
                "put": answer(ref("Order"), requestBody=body(ref("Order"))),
            },
        }
        found = drafted(paths, Order=ORDER)
        assert sees(found, "User.motto") == ["owner"]
        assert sees(found, "Order.amount") == ["owner"]

    def test_nothing_is_open_to_anybody_where_the_document_says_nothing_of_credentials(
        self,
    ) -> None:
        paths = {"/orders/{id}": {"get": answer(ref("Order"))}}
        made = document(
            paths | {"/me": {"get": answer(ref("User"))}}, {"User": USER, "Order": ORDER}
        )
        text = draft(made)
        assert "see: [anyone]" not in text
        assert "# The document says nothing of credentials" in text

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ("Orders that are visible to all members", "member"),
            ("Lists public orders", "member"),
            ("Lists all orders", "owner"),
            ("Lists your orders", "owner"),
        ],
    )
    def test_a_text_that_says_to_whom_counts(self, said: str, expected: str) -> None:
        listing = answer(many(ref("Order")), summary=said, operationId="list", **LOGGED_IN)
        found = drafted({"/orders": {"get": listing}}, Order=ORDER)
        assert sees(found, "Order.amount") == [expected]


class TestAccounts:
    def test_a_list_of_accounts_shows_others_what_its_elements_have(self) -> None:
        paths = {
            "/users": {"get": answer(many(ref("UserBrief")), **LOGGED_IN)},
            "/users/{id}": {"get": answer(ref("User"), **LOGGED_IN)},
        }
        brief = thing("id", "username", "email")
        found = drafted(paths, UserBrief=brief)
        assert sees(found, "User.username") == ["member"]
        assert sees(found, "User.motto") == ["owner"]
        assert sees(found, "User.email") == ["owner"]
        assert "# listed to all at `GET /users`" in text_of(paths, UserBrief=brief)

    def test_a_list_for_the_staff_shows_nothing_to_others(self) -> None:
        paths = {"/admin/users": {"get": answer(many(ref("User")), **LOGGED_IN)}}
        assert sees(drafted(paths), "User.username") == ["owner"]

    @pytest.mark.parametrize(
        "said", ["Administrators only", "All accounts. Requires the role of a moderator."]
    )
    def test_a_list_that_is_said_to_be_for_the_staff_shows_nothing_to_others(
        self, said: str
    ) -> None:
        listing = answer(many(ref("User")), description=said, **LOGGED_IN)
        assert sees(drafted({"/users": {"get": listing}}), "User.username") == ["owner"]
        rows = answer(many(ref("Region")), description=said, **LOGGED_IN)
        text = text_of({"/regions": {"get": rows}}, Region=thing("id", "label"))
        assert "see: [member]" not in text

    def test_an_author_is_known_by_name_beside_what_they_wrote(self) -> None:
        comment = thing("id", "text", user=ref("User"))
        found = drafted(
            {"/comments/{id}": {"get": answer(ref("Comment"), **LOGGED_IN)}}, Comment=comment
        )
        assert sees(found, "User.username") == ["member"]
        assert sees(found, "User.motto") == ["owner"]
        assert sees(found, "Comment.text") == ["owner"]


class TestWhatIsNobodys:
    def listed(self, name: str, schema: Spec, **more: Any) -> str:
        paths = {f"/{name.lower()}s": {"get": answer(many(ref(name)), **LOGGED_IN)} | more}
        return text_of(paths, **{name: schema})

    def test_what_is_listed_and_not_changed_is_a_catalogue_in_two_lines(self) -> None:
        lines = self.listed("Region", thing("id", "label")).splitlines()
        at = next(n for n, line in enumerate(lines) if line.startswith("  Region:"))
        assert lines[at : at + 2] == [
            "  Region:  # listed to all at `GET /regions`, and nothing here changes it",
            '    {draft: true, key: id, owner: none, fields: {"id, label": [{see: [member]}]}}',
        ]

    @pytest.mark.parametrize("said", ["Your regions", "Regions of the current user"])
    def test_what_is_said_to_be_the_callers_is_none(self, said: str) -> None:
        paths = {"/regions": {"get": answer(many(ref("Region")), summary=said, **LOGGED_IN)}}
        assert "see: [member]" not in text_of(paths, Region=thing("id", "label"))

    def test_what_a_caller_makes_is_none(self) -> None:
        making = {"post": answer(ref("Region"), requestBody=body(ref("Region")), **LOGGED_IN)}
        assert "owner: none  # who owns it?" in self.listed(
            "Region", thing("id", "label"), **making
        )

    @pytest.mark.parametrize(
        ("name", "members"), [("Payment", ("id", "label")), ("Region", ("id", "email"))]
    )
    def test_what_people_have_is_none(self, name: str, members: tuple[str, ...]) -> None:
        text = self.listed(name, thing(*members))
        assert "owner: none  # who owns it?" in text
        assert "see: [member]" not in text

    @pytest.mark.parametrize(
        ("name", "kept"), [("participants", True), ("member_ids", True), ("tags", False)]
    )
    def test_what_lists_those_whom_it_is_for_is_none(self, name: str, kept: bool) -> None:
        region = thing("id", "label")
        region["properties"][name] = {"type": "array", "items": {"type": "string"}}
        assert ("see: [member]" in self.listed("Region", region)) is not kept

    def test_there_is_one_question_for_a_resource_and_none_for_its_fields(self) -> None:
        text = self.listed("Payment", thing("id", "label", "email", "city", "birthday"))
        assert sum("?" in line for line in text.splitlines()) == 1

    def test_a_tenant_is_no_account(self) -> None:
        paths = {"/teams/{id}": {"get": answer(ref("Team"), **LOGGED_IN)}}
        team = thing("id", "username", "email")
        assert drafted(paths, Team=team).resources["Team"].owner == Owner("none")
        assert "owner: none  # a tenant: which relation" in text_of(paths, Team=team)

    def test_a_part_of_another_object_asks_nothing_of_its_own(self) -> None:
        paths = {
            "/sites/{site_id}": {"get": answer(ref("Site"), **LOGGED_IN)},
            "/sites/{site_id}/forms": {"get": answer(many(ref("Form")), **LOGGED_IN)},
        }
        text = text_of(paths, Site=thing("id", "user_id"), Form=thing("id", "label"))
        assert "  Form:  # belongs to the Site of {site_id}; whoever may see that" in text


class TestWhoseItIs:
    def test_an_account_at_a_bank_names_no_owner(self) -> None:
        paths = {
            "/accounts/{id}": {"get": answer(ref("Account"), **LOGGED_IN)},
            "/transactions/{id}": {"get": answer(ref("Transaction"), **LOGGED_IN)},
        }
        found = drafted(
            paths, Account=thing("id", "label"), Transaction=thing("id", "account_id", "amount")
        )
        assert found.resources["Transaction"].owner == Owner("none")
        assert sees(found, "Transaction.amount") == []

    def test_an_account_that_no_other_resource_is_names_one(self) -> None:
        paths = {"/transactions/{id}": {"get": answer(ref("Transaction"), **LOGGED_IN)}}
        found = drafted(paths, Transaction=thing("id", "account_id", "amount"))
        assert found.resources["Transaction"].owner == Owner("field", ("account_id",))

    def test_the_client_of_oauth_is_nobody(self) -> None:
        paths = {"/tickets/{id}": {"get": answer(ref("Ticket"), **LOGGED_IN)}}
        found = drafted(paths, Ticket=thing("id", "client_id"))
        assert found.resources["Ticket"].owner == Owner("none")

    def test_what_is_below_who_am_i_is_the_callers(self) -> None:
        mine = answer(ref("User"), operationId="me", **LOGGED_IN)
        paths = {
            "/user": {"get": mine},
            "/user/keys": {"get": answer(many(ref("Key")), **LOGGED_IN)},
            "/user/members": {"get": answer(many(ref("Badge")), **LOGGED_IN)},
        }
        found = policy(
            paths, {"User": USER, "Key": thing("id", "text"), "Badge": thing("id", "at")}
        )
        assert found.resources["Key"].owner == Owner("caller")
        assert found.resources["Badge"].owner == Owner("none")


class TestWhoAmI:
    def test_the_account_comes_before_a_shorter_path(self) -> None:
        paths = {
            "/apps/@me": {"get": answer(thing("id", "name"), operationId="app", **LOGGED_IN)},
            "/v1/users/@me": {"get": answer(ref("User"), operationId="user", **LOGGED_IN)},
        }
        assert policy(paths, {"User": USER}).caller.operation == "user"

    def test_a_sentence_tells_it(self) -> None:
        said = "Returns the currently authenticated user."
        paths = {
            "/users/lookup": {
                "get": answer(ref("User"), operationId="it", description=said, **LOGGED_IN)
            }
        }
        assert policy(paths, {"User": thing("id", "motto")}).caller.operation == "it"

    def test_a_header_that_every_request_has_is_no_question(self) -> None:
        header = {"name": "Authorization", "in": "header", "required": True, "schema": {}}
        paths = {"/me": {"get": answer(ref("User"), operationId="it", parameters=[header])}}
        assert policy(paths, {"User": USER}).caller.operation == "it"

    def test_a_document_that_asks_for_no_credentials_may_still_say_user(self) -> None:
        paths = {"/user": {"get": answer(ref("User"), operationId="it")}}
        assert policy(paths, {"User": thing("id", "motto")}).caller.operation == "it"

    def test_a_caller_may_be_known_by_a_code(self) -> None:
        paths = {"/whoami": {"get": answer(thing("code", "name"), operationId="it", **LOGGED_IN)}}
        assert policy(paths).caller.pointer == "/code"


class TestWhatIsNoResource:
    @pytest.mark.parametrize(
        ("envelope", "pointer"),
        [
            (thing("requestId", data=ref("Order")), "/data"),
            (thing("asked-for", "drawn-up-at", _embedded=thing(orders=many(ref("Order")))), ""),
            (thing("ok", "took", result=many(ref("Order"))), "/result/*"),
        ],
    )
    def test_an_envelope(self, envelope: Spec, pointer: str) -> None:
        paths = {"/orders": {"get": answer(envelope, operationId="list", **LOGGED_IN)}}
        found = drafted(paths, Order=ORDER)
        assert list(found.resources) == ["User", "Order"]
        assert {rule.path for rule in found.resources["Order"].fields} == {
            "id",
            "user_id",
            "amount",
        }

    def test_an_object_with_a_member_of_such_a_name_is_none(self) -> None:
        event = thing("id", "kind", data=ref("Order"))
        paths = {"/events/{id}": {"get": answer(ref("Event"), **LOGGED_IN)}}
        assert "Event" in drafted(paths, Order=ORDER, Event=event).resources

    @pytest.mark.parametrize(
        ("path", "method", "schema"),
        [
            ("/files/{id}", "delete", thing("id", "object", deleted={"type": "boolean"})),
            ("/files/{id}/wipe", "post", thing("id", deleted={"type": "boolean"})),
            ("/files/{id}", "get", ref("FileError")),
        ],
    )
    def test_a_receipt_and_an_error(self, path: str, method: str, schema: Spec) -> None:
        found = drafted(
            {path: {method: answer(schema, **LOGGED_IN)}}, FileError=thing("id", "code")
        )
        assert list(found.resources) == ["User"]

    def test_a_procedure_is_about_its_noun(self) -> None:
        paths = {"/getOrders": {"get": answer(many(thing("id", "user_id")), **LOGGED_IN)}}
        assert list(drafted(paths).resources) == ["User", "Order"]


class TestOneResource:
    def test_a_view_at_the_same_path_is_the_same_thing(self) -> None:
        paths = {
            "/orders": {"get": answer(many(ref("OrderLine")), **LOGGED_IN)},
            "/orders/{id}": {"get": answer(ref("Order"), **LOGGED_IN)},
        }
        found = drafted(paths, Order=ORDER, OrderLine=thing("id", "user_id"))
        assert found.resources["Order"].schemas == {"Order", "OrderLine"}

    def test_a_view_with_a_member_of_its_own_is_another(self) -> None:
        paths = {
            "/orders": {"get": answer(many(ref("OrderLine")), **LOGGED_IN)},
            "/orders/{id}": {"get": answer(ref("Order"), **LOGGED_IN)},
        }
        found = drafted(paths, Order=ORDER, OrderLine=thing("id", "weight"))
        assert {"Order", "OrderLine"} <= set(found.resources)

    def test_what_paths_name_whole_is_no_view(self) -> None:
        paths = {
            "/projects/{id}": {"get": answer(ref("Project"), **LOGGED_IN)},
            "/project_briefs/{id}": {"get": answer(ref("ProjectBrief"), **LOGGED_IN)},
        }
        found = drafted(paths, Project=thing("id", "owner"), ProjectBrief=thing("id", "text"))
        assert found.resources["Project"].schemas == {"Project"}

    @pytest.mark.parametrize(
        ("path", "member", "key"),
        [
            ("/tasks/{task_gid}", "gid", "gid"),
            ("/tasks/{fingerprint}", "fingerprint", "fingerprint"),
            ("/tasks/{task}", "name", "name"),
            ("/tasks/{version}", "version", ""),
        ],
    )
    def test_the_key_is_what_the_parameter_says_by_its_end(
        self, path: str, member: str, key: str
    ) -> None:
        found = drafted(
            {path: {"get": answer(ref("Task"), **LOGGED_IN)}}, Task=thing(member, "text")
        )
        assert found.resources["Task"].key == key


class TestACatalogueThatAnybodyMayRead:
    def of(self, resource: Spec, noun: str = "Recipe", **more: Spec) -> str:
        paths = {"/explore/things": {"get": answer(many(ref(noun)))}} | more
        return text_of(paths, **{noun: resource})

    def test_is_one(self) -> None:
        assert "a public catalogue?" in self.of(thing("id", "title"))

    def test_is_none_where_another_read_of_it_asks_for_a_login(self) -> None:
        more = {"/things": {"get": answer(many(ref("Recipe")), **LOGGED_IN)}}
        assert "a public catalogue?" not in self.of(thing("id", "title"), **more)
        mine = {"/me/things": {"get": answer(many(ref("Recipe")), **LOGGED_IN)}}
        assert "a public catalogue?" in self.of(thing("id", "title"), **mine)

    def test_is_none_of_people_and_of_what_they_did(self) -> None:
        assert "a public catalogue?" not in self.of(thing("id", "title"), "LocalPerson")
        assert "a public catalogue?" not in self.of(thing("id", "mod_person_id"))


@pytest.mark.parametrize(
    ("account", "said"),
    [
        (
            thing("url", "displayName"),
            "`ownerAccount` says who owns it, but by no key of an account",
        ),
        (thing("quota", "days"), "a public catalogue?"),
    ],
)
def test_what_a_person_without_a_key_owns_is_no_catalogue(account: Spec, said: str) -> None:
    paths = {"/films": {"get": answer(many(ref("Film")), operationId="films")}}
    film = thing("id", "title", ownerAccount=account)
    text = text_of(paths, Film=film)
    assert f"{said}" in " ".join(text.replace("#", "").split())
    assert sees(drafted(paths, Film=film), "Film.title") == ["anyone"]
