"""`privacy-setting-not-enforced`: a setting that does nothing, and one that is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from oakum.exchange import Response
from oakum.exposure.checks.privacy_setting_not_enforced import RULE
from tests.unit.exposure.checks.leaks import by, found, named, rule_of
from tests.unit.scan.studio import MISSING, Studio, reply


class Decoration(Studio):
    """The setting is kept, and no endpoint looks at it."""

    def open_to(self, viewer: str | None, id: str) -> bool:
        return viewer is not None


def test_the_leak_is_found() -> None:
    leaks = named(RULE.id, Decoration())
    assert ("Person.bio", "member") in leaks
    assert ("Post.text", "member") in leaks
    assert {viewer for _, viewer in leaks} == {"member"}
    first = next(each for each in found(Decoration()) if each.field == "bio")
    assert (first.rule, first.owasp, first.cwe) == (
        RULE.id, "API3:2023", ("CWE-359", "CWE-213"),
    )  # fmt: skip
    assert first.title == (
        "Any member can read what `private=true` hides in other users' accounts (`Person.bio`)"
    )
    assert first.promise == "Your page is for those who follow you"


def test_the_fixed_twin_is_clean() -> None:
    assert found(Studio()) == []


def test_what_the_owner_could_open_to_everybody_asks_for_no_login() -> None:
    """A link that anybody may follow until its owner ends it: a login is not what is missing."""
    leak = by(viewer="anyone")
    assert rule_of(leak) == "missing-authentication"
    assert rule_of(replace(leak, open_elsewhere=(("private", "false"),))) == RULE.id


def test_a_field_that_no_setting_opens_is_none_of_it() -> None:
    class Careless(Studio):
        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            return reply(self.people[id]) if viewer and id in self.people else MISSING

    fields = {field for field, _ in named(RULE.id, Careless())}
    assert fields == {"Person.bio"}  # and not `phone`, closed to all in every state
