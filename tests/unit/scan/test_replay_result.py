"""A finding asked for again, over a transport in memory: what is said of each way to fix it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from oakum.exchange import Request, Response
from oakum.finding import Finding, Report
from oakum.scan.options import Options
from oakum.scan.replay_result import Replay, ReplayVerdict, replay
from tests.unit.scan.studio import IDS, LOGIN, MISSING, Studio, reply
from tests.unit.scan.test_run import Desk, desk

__all__ = ["desk"]

PHONE = ("phone", "member")


class Open(Studio):
    """Whoever is logged in reads everybody, at two endpoints."""

    def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
        return reply(self.people[id]) if viewer and id in self.people else MISSING

    def person(self, viewer: str | None, id: str) -> dict[str, Any]:
        return self.people[id]


class Wide(Open):
    """Nobody has to log in at all."""

    def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
        return reply(self.people[id]) if id in self.people else MISSING


def found(report: Report, name: tuple[str, str], resource: str = "Person") -> Finding:
    return next(
        each
        for each in report.findings
        if (each.resource, each.field, each.viewer) == (resource, *name)
    )


def asked(desk: Desk, report: Report, one: Finding, **more: Any) -> Replay:
    desk.sent.clear()
    options = Options(
        desk.folder / "exposure.yaml", "http://studio.test", desk.folder / "identities.yaml",
        **{"rate": 1e6, **more},
    )  # fmt: skip
    done = replay(report, one, options, desk.events.append)
    assert done.requests == len(desk.sent)
    return done


@pytest.fixture
def leaking(desk: Desk) -> Report:
    desk.studio = Open()
    return desk.report()


def test_what_is_open_still_is_said_to_be_with_few_questions(desk: Desk, leaking: Report) -> None:
    done = asked(desk, leaking, found(leaking, PHONE))
    assert done.verdict is ReplayVerdict.STILL_OPEN
    assert {each.result for each in done.endpoints} == {ReplayVerdict.STILL_OPEN}
    assert done.requests < leaking.requests


def test_what_was_repaired_is_fixed_at_each_of_its_endpoints(desk: Desk, leaking: Report) -> None:
    desk.studio = Studio()
    one = found(leaking, PHONE)
    done = asked(desk, leaking, one)
    assert (done.verdict, done.left, done.reasons) == (ReplayVerdict.FIXED, (), ())
    assert [each.endpoint for each in done.endpoints] == list(one.endpoints)
    assert done.requests < leaking.requests


def test_one_endpoint_fixed_and_its_sister_open_is_partly_fixed(
    desk: Desk, leaking: Report
) -> None:
    class Sister(Studio):
        def listPeople(self, viewer: str | None, id: str, body: Any) -> Response:
            return reply({"data": list(self.people.values())}) if viewer else LOGIN

    desk.studio = Sister()
    done = asked(desk, leaking, found(leaking, PHONE))
    assert done.verdict is ReplayVerdict.PARTLY_FIXED
    by = {each.endpoint.operation: each.result for each in done.endpoints}
    assert by["getPerson"] is ReplayVerdict.FIXED
    assert by["listPeople"] is ReplayVerdict.STILL_OPEN


def test_a_login_that_was_added_is_half_a_fix(desk: Desk) -> None:
    desk.studio = Wide()
    report = desk.report()
    desk.studio = Open()
    done = asked(desk, report, found(report, ("phone", "anyone")))
    assert done.verdict is ReplayVerdict.PARTLY_FIXED
    assert {each.result for each in done.endpoints} == {ReplayVerdict.FIXED}
    assert "member" in {each.viewer for each in done.left}


def test_other_fields_that_the_same_rule_shows_are_left(desk: Desk, leaking: Report) -> None:
    class Masked(Open):
        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            return reply(self.person(viewer, id)) if viewer and id in self.people else MISSING

        def person(self, viewer: str | None, id: str) -> dict[str, Any]:
            own = viewer is not None and IDS[viewer] == id
            return {k: v for k, v in self.people[id].items() if own or k != "phone"}

    desk.studio = Masked()
    sister = replace(found(leaking, PHONE), field="vip")
    report = replace(leaking, findings=(*leaking.findings, sister))
    done = asked(desk, report, found(leaking, PHONE))
    assert done.verdict is ReplayVerdict.PARTLY_FIXED
    assert ("member", "vip") in {(each.viewer, each.field) for each in done.left}


@pytest.mark.parametrize(
    "answer", [lambda: MISSING, lambda: Response(200, {"content-type": "text/html"}, b"<h1>new")]
)
def test_an_endpoint_that_shows_its_owner_nothing_proves_nothing(
    desk: Desk, leaking: Report, answer: Callable[[], Response]
) -> None:
    class Away(Studio):
        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            return answer()

    desk.studio = Away()
    done = asked(desk, leaking, found(leaking, PHONE))
    assert done.verdict is ReplayVerdict.UNTESTED
    (at,) = (each for each in done.endpoints if each.endpoint.operation == "getPerson")
    assert at.result is ReplayVerdict.UNTESTED and at.reason


def test_an_api_that_shows_nobody_anything_is_asked_twice_and_not_believed(
    desk: Desk, leaking: Report
) -> None:
    class Down(Studio):
        def __call__(self, viewer: str | None, request: Request) -> Response:
            return super().__call__(viewer, request) if "/me" in request.url else MISSING

    desk.studio = Down()
    done = asked(desk, leaking, found(leaking, PHONE))
    assert done.verdict is ReplayVerdict.UNTESTED


def test_a_login_that_fails_is_not_trusted(desk: Desk, leaking: Report) -> None:
    class Closed(Studio):
        def getMe(self, viewer: str | None, id: str, body: Any) -> Response:
            return LOGIN

    desk.studio = Closed()
    done = asked(desk, leaking, found(leaking, PHONE))
    assert done.verdict is ReplayVerdict.UNTESTED
    assert any("identity `ann`" in each for each in done.reasons)


def test_a_budget_that_is_spent_is_named(desk: Desk, leaking: Report) -> None:
    desk.studio = Studio()
    done = asked(desk, leaking, found(leaking, PHONE), budget=7)
    assert done.verdict is ReplayVerdict.UNTESTED
    assert "the budget was spent" in done.reasons


def test_what_was_found_with_leave_is_not_called_fixed_without_it(
    desk: Desk, leaking: Report
) -> None:
    one = replace(found(leaking, PHONE), rule="inference-leak")
    report = replace(leaking, allowed=("--allow-own-settings",))
    desk.studio = Studio()
    done = asked(desk, report, one)
    assert done.verdict is ReplayVerdict.UNTESTED
    assert "--allow-own-settings" in done.endpoints[0].reason
    assert asked(desk, replace(leaking, allowed=()), one).verdict is not ReplayVerdict.STILL_OPEN


def test_a_technique_that_asked_nothing_has_shown_nothing(desk: Desk, leaking: Report) -> None:
    one = replace(found(leaking, PHONE), rule="pre-login-disclosure", viewer="anyone")
    desk.studio = Studio()
    assert asked(desk, leaking, one).verdict is ReplayVerdict.UNTESTED


def test_what_the_contract_grants_by_now_is_no_finding_any_more(
    desk: Desk, leaking: Report
) -> None:
    policy = desk.folder / "exposure.yaml"
    words = "phone, vip: [{see: [owner]}]"
    assert words in policy.read_text()
    policy.write_text(policy.read_text().replace(words, "phone, vip: [{see: [member]}]"))
    done = asked(desk, leaking, found(leaking, PHONE))
    assert done.verdict is ReplayVerdict.FIXED
    assert "the contract grants it now" in {each.reason for each in done.endpoints}


def test_a_grant_that_was_not_honoured_is_fixed_when_it_is(desk: Desk) -> None:
    class Mean(Studio):
        def person(self, viewer: str | None, id: str) -> dict[str, Any]:
            shown = super().person(viewer, id)
            return {k: v for k, v in shown.items() if k != "bio" or IDS.get(viewer or "") == id}

    desk.studio = Mean()
    report = desk.report()
    one = found(report, ("bio", "follower"))
    assert one.verdict == "over_blocked"
    assert asked(desk, report, one).verdict is ReplayVerdict.STILL_OPEN
    desk.studio = Studio()
    assert asked(desk, report, one).verdict is ReplayVerdict.FIXED


BROKEN = reply({"error": "internal"}, 500)


@pytest.mark.parametrize("for_whom", ["all", "others"])
def test_an_endpoint_that_fails_now_is_said_to_fail(
    desk: Desk, leaking: Report, for_whom: str
) -> None:
    """Not shown any more; but whether somebody has repaired it, a failure does not tell."""

    class Broken(Studio):
        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            own = viewer is not None and IDS[viewer] == id and for_whom == "others"
            return super().getPerson(viewer, id, body) if own else BROKEN

    desk.studio = Broken()
    done = asked(desk, leaking, found(leaking, PHONE))
    (at,) = (each for each in done.endpoints if each.endpoint.operation == "getPerson")
    assert (done.verdict, at.result) == (ReplayVerdict.UNTESTED, ReplayVerdict.UNTESTED)
    assert at.reason == (
        "not reproduced: the endpoint fails with 500 now, so what it would show is unknown;"
        " repair that, and replay again"
    )
    assert not any("500" in each.reason for each in done.endpoints if each is not at)
