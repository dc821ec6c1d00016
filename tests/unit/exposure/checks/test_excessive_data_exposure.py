"""`excessive-data-exposure`: a row sent whole, and a view made for its reader."""

from __future__ import annotations

from typing import Any

from oakum.exchange import Response
from oakum.exposure.checks.excessive_data_exposure import RULE
from tests.unit.exposure.checks.leaks import found, named
from tests.unit.scan.studio import Studio, reply


class WholeRow(Studio):
    """A follower is sent the stored row."""

    def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
        if viewer and id in self.people and self.open_to(viewer, id):
            return reply(self.people[id])
        return super().getPerson(viewer, id, body)


class OwnHash(Studio):
    """Owners are sent what nobody is to see."""

    def getMe(self, viewer: str | None, id: str, body: Any) -> Response:
        answer = super().getMe(viewer, id, body)
        if viewer is None:
            return answer
        return reply({"id": f"p-{viewer}-{1000}", **self._row(viewer)})

    def _row(self, viewer: str) -> dict[str, Any]:
        row = next(each for each in self.people.values() if viewer in each["id"])
        return {**row, "password_hash": f"$2b$12$hash-of-{viewer}"}


def test_the_leak_is_found() -> None:
    leaks = named(RULE.id, WholeRow())
    assert leaks == {("Person.phone", "follower"), ("Person.vip", "follower")}
    phone = next(
        each for each in found(WholeRow()) if (each.field, each.viewer) == ("phone", "follower")
    )
    assert (phone.owasp, phone.cwe) == ("API3:2023", ("CWE-213", "CWE-201"))
    assert phone.title == (
        "Any follower gets hidden fields of other users' accounts (`Person.phone`)"
    )


def test_what_nobody_is_to_see_is_told_of_its_owner_too() -> None:
    own = [each for each in found(OwnHash()) if each.field == "password_hash"]
    assert [(each.rule, each.viewer) for each in own] == [(RULE.id, "owner")]
    assert own[0].title == (
        "Owners get fields of their own accounts that they may not see (`Person.password_hash`)"
    )


def test_the_fixed_twin_is_clean() -> None:
    assert found(Studio()) == []


def test_it_is_what_is_left_when_no_other_rule_explains_more() -> None:
    assert all(RULE.id not in each.also for each in found(WholeRow()))
