"""`pre-login-disclosure`: a login that consoles who mistyped, by number, and one that does not."""

from __future__ import annotations

from typing import Any

from oakum.exchange import Response
from oakum.exposure.checks.pre_login_disclosure import RULE
from tests.unit.scan.techniques.club import Club, Played, reply


class Consoling(Club):
    """Offers to text the phone of whose password was mistyped."""

    def login(self, viewer: str | None, sent: Any) -> Response:
        found = self.of("email", sent["email"])
        if found is None:
            return reply({"error": "wrong", "phone": "+447700900000"}, 401)
        return reply({"error": "wrong", "phone": found["phone"]}, 401)


def test_the_leak_is_found() -> None:
    found = next(each for each in Played(Consoling()).findings if each.field == "phone")
    assert (found.rule, found.owasp, found.cwe) == (RULE.id, "API2:2023", ("CWE-209", "CWE-201"))
    assert (found.viewer, found.verdict) == ("anyone", "proven")
    assert found.title == (
        "Anyone can read other users' accounts by only naming an account (`Rower.phone`)"
    )
    assert "including error messages" in found.advice


def test_the_fixed_twin_is_clean() -> None:
    assert Played(Club(), writes=True).findings == []


def test_a_hint_that_somebody_is_known_is_none_of_it() -> None:
    class Knowing(Club):
        def login(self, viewer: str | None, sent: Any) -> Response:
            return reply({}, 401 if self.of("email", sent["email"]) else 404)

    assert {each.rule for each in Played(Knowing()).findings} == {"account-enumeration"}
