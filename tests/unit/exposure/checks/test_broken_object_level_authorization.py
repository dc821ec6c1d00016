"""`broken-object-level-authorization`: an object of which one may see nothing, and the check on
it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from oakum.exchange import Response
from oakum.exposure.checks.broken_object_level_authorization import RULE
from oakum.exposure.leak_severity import who
from tests.unit.exposure.checks.leaks import by, found, named
from tests.unit.scan.studio import MISSING, Studio, reply


class AnyId(Studio):
    """Whoever knows an id reads the settings behind it; who asks is not looked at."""

    def getSettings(self, viewer: str | None, id: str, body: Any) -> Response:
        return reply(self.settings[id]) if id in self.settings else MISSING


class AnyAccount(AnyId):
    """The same behind a login."""

    def getSettings(self, viewer: str | None, id: str, body: Any) -> Response:
        return super().getSettings(viewer, id, body) if viewer else MISSING


def test_the_leak_is_found() -> None:
    assert named(RULE.id, AnyId()) == {
        (f"Settings.{field}", viewer)
        for field in ("is_private", "theme")
        for viewer in ("member", "follower")
    }
    leak = next(
        each for each in found(AnyId()) if (each.field, each.viewer) == ("theme", "follower")
    )
    assert (leak.rule, leak.owasp, leak.cwe) == (RULE.id, "API1:2023", ("CWE-639", "CWE-285"))
    assert leak.title == "Any follower can read other users' settings (`Settings.theme`)"
    assert leak.advice.startswith("look the object up together with its owner")


def test_behind_a_login_it_is_told_beside_the_more_telling_rule() -> None:
    leak = next(each for each in found(AnyAccount()) if each.field == "theme")
    assert leak.rule == "authenticated-not-authorized"
    assert RULE.id in leak.also


def test_the_fixed_twin_is_clean() -> None:
    assert found(Studio()) == []


def test_an_object_that_may_be_seen_in_part_is_none_of_it() -> None:
    class Careless(Studio):
        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            return reply(self.people[id]) if viewer and id in self.people else MISSING

    assert found(Careless())
    assert named(RULE.id, Careless()) == set()


def test_a_stranger_who_is_logged_in_is_not_anyone() -> None:
    """A contract whose relations are all read from the object has no other name for them."""
    leak = replace(by(viewer="anyone"), anonymous=False)
    assert who(leak) == "Anyone who is logged in"
    assert who(by(viewer="anyone")) == "Anyone"
