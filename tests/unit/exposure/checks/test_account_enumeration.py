"""`account-enumeration`: a first step of a login that knows its people, and one that does not."""

from __future__ import annotations

from typing import Any

from oakum.exchange import Response
from oakum.exposure.checks.account_enumeration import RULE
from tests.unit.scan.techniques.club import Club, Played, reply


class Knowing(Club):
    """Asks for a password only whom it knows."""

    def startLogin(self, viewer: str | None, sent: Any) -> Response:
        known = self.of("email", sent["session"]["identifier"])
        return reply({"next": "password" if known else "sign_up"})


def test_the_leak_is_found() -> None:
    (found,) = Played(Knowing()).findings
    assert (found.rule, found.owasp, found.cwe) == (RULE.id, "API2:2023", ("CWE-204", "CWE-203"))
    assert found.verdict == "proven"
    assert found.severity == "medium"
    assert found.title == (
        "`anyone` can find out whether `Rower.email` belongs to an account: another value in"
        " the body"
    )
    assert "same response" in found.advice


def test_the_fixed_twin_is_clean() -> None:
    assert Played(Club()).findings == []


def test_fields_of_the_person_are_none_of_it() -> None:
    class Chatty(Club):
        def resetPassword(self, viewer: str | None, sent: Any) -> Response:
            phone = (self.of("email", sent["email"]) or {"phone": "+44770012345"})["phone"]
            return reply({"sent_to": sent["email"], "or_call": phone}, 202)

    rules = {each.rule for each in Played(Chatty(), writes=True).findings if each.field == "phone"}
    assert rules == {"pre-login-disclosure"}
