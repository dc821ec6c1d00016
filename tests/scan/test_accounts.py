"""Accounts that the run makes: what is found with them, and that none is left."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from oakum.finding import Finding
from tests.catalogue.play import play
from tests.scan.gym import IDENTITIES, LEAKS, entry

pytestmark = pytest.mark.server


def told(findings: tuple[Finding, ...]) -> set[tuple[str, str, str, str]]:
    return {
        (each.rule, each.field, each.viewer, f"{door.method} {door.path}")
        for each in findings
        for door in each.doors
    }


def test_all_that_can_be_done_to_an_account_is_found_and_no_account_is_left(tmp_path: Path) -> None:
    made, gym = entry(LEAKS)
    played = play(made, "leaky", 1, tmp_path)
    assert not played.report.distrust
    assert told(played.report.findings) == set(LEAKS.values())
    assert {each.verdict for each in played.report.findings if each.rule != "unguarded-wipe"} == {
        "proven"
    }
    assert played.after == played.before
    assert "GET /resetdb" not in gym.asked
    lines = [each.evidence.curl for each in played.report.findings if each.evidence]
    assert not any("Oak-" in line or "rope-climb" in line for line in lines)


@pytest.mark.parametrize("leak", LEAKS)
def test_each_is_found_alone(leak: str, tmp_path: Path) -> None:
    made, _ = entry({leak})
    played = play(made, "leaky", 1, tmp_path)
    assert told(played.report.findings) == {LEAKS[leak]}
    assert played.after == played.before


def test_a_login_that_hashes_for_members_only_is_hinted_at(tmp_path: Path) -> None:
    made, gym = entry({"guess"})
    known = gym.login

    async def login(request: Request) -> Response:
        if (await request.json()).get("name") in gym.people:
            await asyncio.sleep(0.06)
        return await known(request)

    gym.login = login  # type: ignore[method-assign]
    played = play(made, "leaky", 1, tmp_path)
    assert told(played.report.findings) == {LEAKS["guess"]}
    assert any("POST /login: answers about somebody" in note for note in played.report.notes)


def test_a_careful_api_is_clean(tmp_path: Path) -> None:
    made, _ = entry(())
    played = play(made, "fixed", 1, tmp_path)
    assert not played.report.distrust
    assert told(played.report.findings) == set()
    assert played.after == played.before


def test_an_account_that_nothing_removes_is_told(tmp_path: Path) -> None:
    made, gym = entry((), goodbye=False)
    played = play(made, "fixed", 1, tmp_path)
    left = {name for name in gym.people if name.startswith("oakum")}
    assert len(left) >= 2
    assert all(any(name in words for words in played.report.distrust) for name in left)


CLEANER = "cleaner: {name: sta-3, password: lift-heavy-77}\n"


def test_a_cleaner_removes_what_those_who_made_it_may_not(tmp_path: Path) -> None:
    made, gym = entry((), goodbye=False)
    gym.hire("sta-3", "lift-heavy-77")
    made = replace(made, identities=lambda _: IDENTITIES + CLEANER)
    played = play(made, "fixed", 1, tmp_path)
    assert any(line.startswith("DELETE /people/oakum") for line in gym.asked)
    assert played.after == played.before
    assert not played.report.distrust
    assert {each.name for each in played.report.identities} == {"ute", "ole"}


def test_a_cleaner_who_cannot_log_in_stops_nobody_else(tmp_path: Path) -> None:
    made, _ = entry(())
    made = replace(made, identities=lambda _: IDENTITIES + CLEANER)
    played = play(made, "fixed", 1, tmp_path)
    assert played.after == played.before


def test_without_leave_to_write_nobody_is_registered(tmp_path: Path) -> None:
    made, gym = entry(LEAKS)
    played = play(replace(made, options=()), "leaky", 1, tmp_path)
    assert "POST /people/register" not in gym.asked
    assert {each.rule for each in played.report.findings} == {"weak-token-key", "unguarded-wipe"}
