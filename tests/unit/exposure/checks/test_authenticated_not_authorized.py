"""`authenticated-not-authorized`: any account is enough, and the same endpoint with an owner's
check."""

from __future__ import annotations

from typing import Any

from oakum.exchange import Response
from oakum.exposure.checks.authenticated_not_authorized import RULE
from tests.unit.exposure.checks.leaks import found, named
from tests.unit.scan.studio import MISSING, Studio, reply


class HalfFixed(Studio):
    """The fix that only adds a login."""

    def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
        return reply(self.people[id]) if viewer and id in self.people else MISSING


def test_the_leak_is_found() -> None:
    leaks = named(RULE.id, HalfFixed())
    assert {field for field, _ in leaks} == {"Person.bio", "Person.phone", "Person.vip"}
    assert {viewer for _, viewer in leaks} == {"member"}  # a follower is no stranger
    first = next(each for each in found(HalfFixed()) if each.rule == RULE.id)
    assert (first.owasp, first.cwe) == ("API1:2023", ("CWE-862", "CWE-639"))
    assert first.title.startswith("Any member can read hidden fields of other users' accounts (")


def test_the_fixed_twin_is_clean() -> None:
    assert found(Studio()) == []


def test_where_anonymous_reads_it_too_the_login_was_not_the_check() -> None:
    class Unwatched(Studio):
        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            return reply(self.people[id]) if id in self.people else MISSING

    assert ("Person.phone", "member") not in named(RULE.id, Unwatched())
    assert ("Person.phone", "anyone") in named("missing-authentication", Unwatched())
