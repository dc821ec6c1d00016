"""`missing-authentication`: an endpoint that nobody watches, and the same endpoint watched."""

from __future__ import annotations

from typing import Any

from oakum.exchange import Response
from oakum.exposure.checks.missing_authentication import RULE
from tests.unit.exposure.checks.leaks import found, named
from tests.unit.scan.studio import MISSING, Studio, reply


class Unwatched(Studio):
    """Nobody has to log in at the page of a person."""

    def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
        if viewer is None and id in self.people:
            return reply(self.people[id])
        return super().getPerson(viewer, id, body)


def test_the_leak_is_found() -> None:
    leaks = named(RULE.id, Unwatched())
    assert leaks == {
        (f"Person.{field}", "anyone") for field in ("id", "name", "bio", "phone", "vip")
    }
    first = found(Unwatched())[0]
    assert (first.rule, first.owasp, first.cwe) == (RULE.id, "API2:2023", ("CWE-306", "CWE-200"))
    assert first.title.startswith("Anyone can read ")
    assert "credentials" in first.advice


def test_the_fixed_twin_is_clean() -> None:
    assert found(Studio()) == []


def test_a_leak_that_needs_a_login_is_none_of_it() -> None:
    class Careless(Studio):
        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            return reply(self.people[id]) if viewer and id in self.people else MISSING

    assert found(Careless())
    assert named(RULE.id, Careless()) == set()
