"""The members' page in Chromium: it hides what it was sent, and can be used without a mouse."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Response, Route, expect

import cadence
from cadence.endpoints.page import _PAGE
from cadence.store import opened
from tests.cadence.play import Play
from tests.chromium import browser as browser
from tests.patience import patient


def test_the_page_is_served_with_nothing_from_elsewhere() -> None:
    play = Play("fixed", members=0)
    for path in ("/", "/page/cadence.js", "/page/cadence.css"):
        answer = play.get(None, path)
        assert answer.status_code == 200
        assert not re.search(r"(?:https?:)?//[a-z]", answer.text.replace("// ", ""))
    policy = play.get(None, "/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'none'" in policy  # no form sends a password by itself
    assert {each.suffix for each in _PAGE.iterdir()} == {".html", ".js", ".css"}


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """Stage 2 on loopback."""
    config = uvicorn.Config(
        cadence.create_app("2"),
        port=0,
        log_level="error",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(patient(10))
    assert not thread.is_alive(), "the server did not stop"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(1000 * patient(10))
    yield page
    page.close()


def log_in(page: Page, origin: str, name: str) -> None:
    username, password = cadence.personas(1)[name]
    page.goto(origin)
    page.get_by_label("Name or e-mail").fill(username)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(username)


def open_class(page: Page) -> None:
    page.get_by_role("link", name="Class").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Leaderboard")
    expect(page.get_by_role("row").nth(1)).to_be_visible()


def member(name: str) -> dict[str, Any]:
    """Straight from the tables: Playwright runs a loop of its own here, where `Play` cannot ask."""
    query = "SELECT id, username, location, gender FROM members WHERE username = ?"
    rows = opened(members=0, seed=1).execute(query, (cadence.personas(1)[name][0],))
    return dict(rows.fetchone())


@pytest.mark.browser
@pytest.mark.server
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_the_page_hides_it_was_sent(
    page: Page, origin: str, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    pia = member("pia")
    log_in(page, origin, "ann")
    with page.expect_response("**/participants") as sent:
        open_class(page)
    assert pia["location"] in sent.value.text()
    expect(page.get_by_text("Private rider").first).to_be_visible()
    for hidden in (pia["location"], pia["username"], pia["id"]):
        assert hidden not in page.content()
    with page.expect_response(f"**/api/user/{pia['id']}") as sent:
        page.goto(f"{origin}/#/member/{pia['id']}")
    assert pia["location"] in sent.value.text()
    expect(page.get_by_text("This profile is private")).to_be_visible()
    assert pia["location"] not in page.content()
    # A browser reports the 401 of the first question, whether anybody has logged in, as an error.
    assert [each for each in problems if "401" not in each] == []


@pytest.mark.browser
@pytest.mark.server
def test_a_leaderboard_names_the_private_riders_whom_one_follows(page: Page, origin: str) -> None:
    pia = member("pia")
    log_in(page, origin, "flo")
    open_class(page)
    expect(page.get_by_role("row").filter(has_text=pia["username"])).to_contain_text(
        pia["location"]
    )
    expect(page.get_by_text("Private rider").first).to_be_visible()


@pytest.mark.browser
@pytest.mark.server
def test_somebody_elses_gender_is_sent_and_not_shown(page: Page, origin: str) -> None:
    flo, ann = member("flo"), member("ann")
    log_in(page, origin, "ann")
    expect(page.get_by_text(ann["gender"])).to_be_visible()
    sent: list[Response] = []  # the page asks in batches, which are answered in any order
    page.on("response", lambda response: sent.append(response))
    open_class(page)
    details = [each for each in sent if each.url.endswith("/stats/workouts/details")]
    assert any(flo["gender"] in each.text() for each in details)
    assert flo["gender"] not in page.content()
    page.get_by_role("link", name=flo["username"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(flo["username"])
    expect(page.get_by_text(flo["location"])).to_be_visible()
    assert flo["gender"] not in page.content()


@pytest.mark.browser
@pytest.mark.server
def test_a_switch_is_flipped_with_the_keyboard(page: Page, origin: str) -> None:
    log_in(page, origin, "hida")
    switch = page.get_by_role("checkbox", name="Private profile")
    expect(switch).to_be_checked()
    switch.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("status")).to_have_text("Saved.")
    page.reload()
    expect(switch).not_to_be_checked()
    switch.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("status")).to_have_text("Saved.")


@pytest.mark.browser
@pytest.mark.server
def test_a_switch_that_was_not_saved_does_not_look_saved(page: Page, origin: str) -> None:
    log_in(page, origin, "ann")
    refusal = {"status": 503, "json": {"detail": "come back later"}}
    page.route(
        "**/settings",
        lambda route: (
            route.fulfill(**refusal) if route.request.method == "PUT" else route.continue_()
        ),
    )
    switch = page.get_by_role("checkbox", name="Private profile")
    switch.click()
    expect(page.get_by_role("alert")).to_have_text("come back later")
    expect(switch).not_to_be_checked()
    expect(page.get_by_role("status")).to_be_empty()


@pytest.mark.browser
@pytest.mark.server
def test_a_late_answer_does_not_draw_over_another_page(page: Page, origin: str) -> None:
    log_in(page, origin, "ann")
    held: list[Route] = []
    page.route("**/participants", lambda route: held.append(route))
    with page.expect_request("**/participants"):
        page.get_by_role("link", name="Class").click()
    page.get_by_role("link", name="Find members").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Find members")
    with page.expect_response("**/stats/workouts/details") as last:
        held[0].continue_()
    last.value.finished()
    page.evaluate("new Promise((done) => setTimeout(done, 50))")
    expect(page.get_by_role("heading", level=1)).to_have_text("Find members")


@pytest.mark.browser
@pytest.mark.server
def test_nothing_is_cut_off_on_a_narrow_screen(page: Page, origin: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    log_in(page, origin, "ann")
    open_class(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    output = page.get_by_role("row").nth(1).get_by_role("cell").last
    expect(output).to_have_text(re.compile(r"^\d+ kJ$"))
    box = output.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 360
