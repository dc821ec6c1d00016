"""The members' page in Chromium: it hides what it was sent, and can be used without a mouse."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

import cadence
from cadence.doors.page import _PAGE
from cadence.store import opened
from tests.cadence.play import Play

CHROMIUM = "/usr/bin/chromium"


def test_the_page_is_served_with_nothing_from_elsewhere() -> None:
    play = Play("fixed", members=0)
    for path in ("/", "/page/cadence.js", "/page/cadence.css"):
        answer = play.get(None, path)
        assert answer.status_code == 200
        assert not re.search(r"(?:https?:)?//[a-z]", answer.text.replace("// ", ""))
    assert "default-src 'none'" in play.get(None, "/").headers["content-security-policy"]
    assert {each.suffix for each in _PAGE.iterdir()} == {".html", ".js", ".css"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not shutil.which(CHROMIUM):
        assert not os.environ.get("CI"), f"{CHROMIUM} must be there in CI"
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=quiet)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """Stage 2 on loopback."""
    config = uvicorn.Config(cadence.create_app("2"), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def log_in(page: Page, origin: str, name: str) -> None:
    username, password = cadence.personas(1)[name]
    page.goto(origin)
    page.get_by_label("Name or e-mail").fill(username)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(username)


@pytest.mark.browser
@pytest.mark.server
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_the_page_hides_it_was_sent(browser: Browser, origin: str, scheme: str) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    log_in(page, origin, "ann")
    with page.expect_response("**/participants") as sent:
        page.get_by_role("link", name="Class").click()
    expect(page.get_by_role("cell").first).to_be_visible()
    pia = cadence.personas(1)["pia"][0]
    # Straight from the tables: Playwright runs a loop of its own here, where `Play` cannot ask.
    query = "SELECT id, location FROM members WHERE username = ?"
    row = opened(members=0, seed=1).execute(query, (pia,)).fetchone()
    assert row["location"] in sent.value.text()
    expect(page.get_by_text(row["location"])).to_have_count(0)
    expect(page.get_by_text(pia)).to_have_count(0)
    expect(page.get_by_text("Private rider").first).to_be_visible()
    page.goto(f"{origin}/#/member/{row['id']}")
    expect(page.get_by_text("This profile is private")).to_be_visible()
    expect(page.get_by_text(row["location"])).to_have_count(0)
    # A browser reports the 401 of the first question, whether anybody has logged in, as an error.
    assert [each for each in problems if "401" not in each] == []
    page.close()


@pytest.mark.browser
@pytest.mark.server
def test_a_switch_is_flipped_with_the_keyboard(browser: Browser, origin: str) -> None:
    page = browser.new_page()
    log_in(page, origin, "hida")
    switch = page.get_by_role("checkbox", name="Private profile")
    expect(switch).to_be_checked()
    switch.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("status")).to_have_text("Saved.")
    page.reload()
    expect(page.get_by_role("checkbox", name="Private profile")).not_to_be_checked()
    page.close()
