"""Where callers are told who they are, and what that says of the paths below."""

from __future__ import annotations

import pytest

from oakum.policy.model import Owner
from tests.unit.inference.test_draft import Spec, many, policy, ref, thing
from tests.unit.inference.test_owners import get


class TestTheAccountAroundAProfile:
    PATHS: Spec = {
        "/account": get(ref("Account"), "getAccount"),
        "/account/cards": get(many(ref("Card")), "listCards"),
        "/account/profile": get(ref("Profile"), "getProfile"),
        "/account/profile/bookmarks": get(many(ref("Bookmark")), "listBookmarks"),
        "/account/users": get(many(ref("Worker")), "listWorkers"),
        "/account/user/{id}/hours": get(many(ref("Hour")), "listHours"),
    }
    SCHEMAS: Spec = {
        "Account": thing("id", "email", profiles=many(ref("Profile"))),
        "Profile": thing("id", "name"),
        "Card": thing("id", "digits"),
        "Bookmark": thing("id", "page"),
        "Worker": thing("id", "shift"),
        "Hour": thing("id", "start"),
    }

    def test_tells_who_is_calling(self) -> None:
        found = policy(self.PATHS, self.SCHEMAS)
        assert found.caller.operation == "getAccount"
        assert found.resources["Account"].owner == Owner("field", ("id",))

    @pytest.mark.parametrize("resource", ["Card", "Bookmark"])
    def test_has_all_below_it(self, resource: str) -> None:
        found = policy(self.PATHS, self.SCHEMAS)
        assert found.resources[resource].owner == Owner("caller")

    def test_is_none_of_the_profiles_that_it_lists(self) -> None:
        assert policy(self.PATHS, self.SCHEMAS).resources["Profile"].owner == Owner("caller")

    @pytest.mark.parametrize("resource", ["Worker", "Hour"])
    def test_has_not_what_is_other_peoples(self, resource: str) -> None:
        assert policy(self.PATHS, self.SCHEMAS).resources[resource].owner != Owner("caller")


@pytest.mark.parametrize(
    ("path", "noun", "found"),
    [
        ("/emails/settings", "EmailSettings", False),
        ("/users/search", "User", False),
        ("/shop/customer", "Customer", True),
        ("/skipper", "Skipper", True),
        ("/skippers", "Skipper", False),
    ],
)
def test_contact_data_tells_who_is_calling_only_of_a_person(
    path: str, noun: str, found: bool
) -> None:
    made = policy({path: get(ref(noun), "read")}, {noun: thing("id", "email")})
    assert (made.caller.operation == "read") is found


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/v5/user/keys", Owner("caller")),
        ("/v1/user/keys", Owner("caller")),
        ("/v5/keys", Owner("none")),
    ],
)
def test_what_is_below_it_may_have_a_version_of_its_own(path: str, owner: Owner) -> None:
    paths = {"/v2/user": get(ref("User"), "getUser"), path: get(many(ref("Key")), "listKeys")}
    made = policy(paths, {"User": thing("id", "email"), "Key": thing("id", "label")})
    assert made.resources["Key"].owner == owner


@pytest.mark.parametrize(
    ("more", "owner"),
    [
        ("/shows/{id}", Owner("caller")),
        ("/user/{name}", Owner("none")),  # anybody's
        ("/users", Owner("none")),
    ],
)
def test_user_begins_paths_of_the_callers_where_nobody_else_is_asked_for(
    more: str, owner: Owner
) -> None:
    paths = {"/v1/user/tags": get(many(ref("Tag")), "tags"), more: get(ref("Show"), "show")}
    made = policy(paths, {"Tag": thing("id", "label"), "Show": thing("id", "title")})
    assert made.resources["Tag"].owner == owner


@pytest.mark.parametrize("path", ["/user", "/account", "/session", "/shop/customer"])
def test_an_optional_login_tells_who_is_calling(path: str) -> None:
    """An API that answers 204 to whoever is not logged in: `security: [{session: []}, {}]`."""
    paths: Spec = {
        path: get(ref("Person"), "getCaller"),
        "/pets": get(many(ref("Pet")), "listPets"),
    }
    schemas: Spec = {"Person": thing("id", "email"), "Pet": thing("id", "name")}
    for security, found in (([{"session": []}, {}], "getCaller"), ([{}], ""), ([], "")):
        paths[path]["get"]["security"] = security
        paths["/pets"]["get"]["security"] = [{"session": []}]
        assert policy(paths, schemas).caller.operation == found


@pytest.mark.parametrize("member", ["profile", "Profile"])
def test_an_account_may_stand_within_the_response_by_a_name_in_any_style(member: str) -> None:
    schemas: Spec = {
        "Me": thing("token", **{member: ref("Profile"), "Options": thing("style")}),
        "Profile": thing("UserID", "UserName", "AboutMe"),
    }
    found = policy({"/me": get(ref("Me"), "me")}, schemas)
    assert (found.caller.operation, found.caller.pointer) == ("me", f"/{member}/UserID")


@pytest.mark.parametrize("mark", ["~", "-"])
def test_a_mark_in_the_place_of_an_id_means_whoever_calls(mark: str) -> None:
    paths = {
        "/users/{id}": get(ref("User"), "getUser"),
        f"/users/{mark}": get(ref("User"), "own"),
        f"/users/{mark}/visits": get(many(ref("Visit")), "visits"),
    }
    found = policy(paths, {"User": thing("id", "motto"), "Visit": thing("id", "place")})
    assert found.caller.operation == "own"
    assert found.resources["Visit"].owner == Owner("caller")
