"""From recorded traffic to a gateway: the page of the how-to played to its end, and what is so."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, expect

from cadence.people import personas
from oakum.contract_diff.compare import compare
from oakum.contract_diff.render_text import changes
from oakum.policy.contract import load
from tests import shell
from tests.browser.person import confirmed
from tests.browser.test_members_page import Member, member
from tests.chromium import browser as browser
from tests.gateway.test_running import ENGINES
from tests.observe.share import model

PAGE = Path(__file__).parents[2] / "docs/how-to/seal-from-traffic.md"
ANSWERS = Path(__file__).with_name("answers.yaml")
pytestmark = [pytest.mark.browser, pytest.mark.server, *ENGINES[0].marks]


def test_what_traffic_and_pages_tell_and_a_person_decides_seals_an_api(
    browser: Browser, tmp_path: Path
) -> None:
    text = PAGE.read_text(encoding="utf-8")
    with ExitStack() as stack:
        at = stack.enter_context(shell.played(text, tmp_path, {}))
        sent_and_unused(read(tmp_path / "use.json"))
        the_same_contract(tmp_path)
        leaks_that_are_closed(read(tmp_path / "before.json"), read(tmp_path / "after.json"))
        the_same_pages(browser, stack, at[shell.LOCAL], f"http://{at[shell.GUARDED]}")


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


def sent_and_unused(use: dict[str, Any]) -> None:
    """A member's pages get more than they show: of the member, and of everybody else."""
    uses = {(d["path"], f["path"]): f["use"] for d in use["endpoints"] for f in d["fields"]}
    for field in ("birthday", "weight", "email", "phone_number", "last_name", "height"):
        assert uses["/api/me", field] == "untouched"
    assert uses["/api/user/{userId}/following", "data.*.location"] == "untouched"
    assert uses["/stats/workouts/details", "data.*.average_heart_rate"] == "untouched"
    assert uses["/stats/workouts/details", "data.*.user.weight"] in ("copied", "untouched")
    assert uses["/api/me", "location"] == "rendered"


def the_same_contract(folder: Path) -> None:
    """What the scripted person ends with means what the page shows as decided."""
    draft = (folder / "draft.yaml").read_text(encoding="utf-8")
    assert draft.count("draft: true") >= 3
    made = confirmed(draft, read(folder / "use.json"), yaml.safe_load(ANSWERS.read_text()))
    (folder / "confirmed.yaml").write_text(yaml.safe_dump(made), encoding="utf-8")
    names = folder / "exposure.yaml", folder / "confirmed.yaml"
    one, other = (load(name).document.locate for name in names)
    moves = changes(compare(*map(model, names)), one, other)
    assert [each.sentence for each in moves] == []


def leaks_that_are_closed(before: dict[str, Any], after: dict[str, Any]) -> None:
    found = {(each["resource"], each["field"]) for each in before["findings"]}
    assert {("User", "weight"), ("User", "location"), ("Workout", "average_heart_rate")} <= found
    assert after["findings"] == []
    assert after["distrust"] == []
    found_by_words = {
        (each["viewer"], each["result"])
        for each in after["coverage"]["cells"]
        if each["path"] == "/api/user/search" and each["field"] == "location"
    }  # no traffic tells what words are searched for
    assert {("owner", "open"), ("member", "closed"), ("anyone", "closed")} <= found_by_words
    assert after["summary"]["closed"] > before["summary"]["closed"] > 100
    assert after["summary"]["open"] > 200


def the_same_pages(browser: Browser, stack: ExitStack, straight: str, guarded: str) -> None:
    """Its owner, a follower and a stranger see on each page what they saw, and get less."""
    names = {name: username for name, (username, _) in personas(1).items()}
    pia = member(browser, stack, guarded, "pia").id()
    for viewer in ("pia", "flo", "ann"):
        one, other = (member(browser, stack, each, viewer) for each in (straight, guarded))
        places = [("#/me", names[viewer]), (f"#/member/{pia}", names["pia"])]
        for place, heading in places:
            assert text(one, place, heading) == text(other, place, heading)
        if viewer == "ann":
            for each in (one, other):
                text(each, "#/class", "Leaderboard")
            assert other.rows() == [row for row in one.rows() if row[0] != "Private rider"]
        sent = "id => fetch(`/api/user/${id}`).then(a => a.json()).then(a => Object.keys(a))"
        fields = set(other.page.evaluate(sent, pia))
        assert ("birthday" in fields) == (viewer == "pia")
        assert ("location" in fields) == (viewer != "ann")
        assert one.wrong == other.wrong == []


def text(who: Member, place: str, heading: str) -> str:
    """What a page says when all of it is there."""
    who.page.evaluate("place => { location.hash = place }", place)
    expect(who.page.locator("main h1")).to_have_text(heading)
    expect(who.page.locator("main form.settings")).to_be_visible(visible=place == "#/me")
    return who.page.locator("main").inner_text()
