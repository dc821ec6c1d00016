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
