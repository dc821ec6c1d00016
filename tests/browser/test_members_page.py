"""The members' page of cadence, straight and through the guard: what is open looks as before."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import cadence
from cadence.people import personas
from oakum.cli.demo_scans import serve_stage
from oakum.guard.run import GuardOptions, run_engine
from tests.chromium import browser as browser
from tests.gateway.test_running import staged
from tests.patience import unhurried

pytestmark = [pytest.mark.browser, pytest.mark.server]


@dataclass
class Member:
    """Somebody at their screen, on the API itself or behind the guard."""

    page: Page
    wrong: list[str]

    def go(self, place: str, heading: str) -> bytes:
        """The picture of a page when all of it is there."""
        self.page.evaluate("location.hash = '#/nowhere'")
        expect(self.page.locator("main form.settings")).to_be_visible()
        self.page.evaluate("place => { location.hash = place }", place)
        expect(self.page.locator("main form.settings")).to_be_visible(visible=place == "#/me")
        expect(self.page.locator("main h1")).to_have_text(heading)
        return self.picture()

    def search(self, query: str) -> bytes:
        self.go("#/search", "Find members")
        self.page.locator("main input").fill(query)
        self.page.locator("main form button").click()
        expect(self.page.locator("#status")).to_contain_text("found")
        return self.picture()

    def picture(self) -> bytes:
        """When two in a row are the same, nothing is under way any more."""
        self.page.evaluate("document.activeElement.blur()")
        found = b""
        while (again := self.page.screenshot(full_page=True, animations="disabled")) != found:
            found = again
            self.page.wait_for_timeout(50)
        return found

    def rows(self) -> list[list[str]]:
        """The leaderboard without its ranks."""
        found: list[list[str]] = self.page.evaluate(
            "[...document.querySelectorAll('tbody tr')]"
            ".map(row => [...row.cells].slice(1).map(cell => cell.textContent))"
        )
        return found

    def id(self) -> str:
        """Of whoever is logged in."""
        found: str = self.page.evaluate("fetch('/api/me').then(a => a.json()).then(a => a.id)")
        return found


def member(browser: Browser, stack: ExitStack, address: str, name: str) -> Member:
    context = stack.enter_context(
        browser.new_context(viewport={"width": 1000, "height": 800}, reduced_motion="reduce")
    )
    wrong: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(address)
    username, password = personas(1)[name]
    page.get_by_label("Name or e-mail").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("nav")).to_be_visible()
    return Member(page, wrong)


@dataclass
class Two:
    """The same API twice, once behind the guard, and members at both."""

    browser: Browser
    straight: str
    guarded: str
    stack: ExitStack

    def login(self, name: str) -> tuple[Member, Member]:
        one, other = (
            member(self.browser, self.stack, each, name) for each in (self.straight, self.guarded)
        )
        return one, other


@pytest.fixture(scope="module", params=staged("1", "2"))
def two(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Two]:
    stage, engine = request.param
    kit: Path = tmp_path_factory.mktemp("kit")
    cadence.write_kit(kit, 1)
    unhurried(kit / "exposure.yaml")
    environ = {**os.environ, "CADENCE_SERVICE_KEY": "made-up-for-this-test"}
    with ExitStack() as stack:
        straight = stack.enter_context(serve_stage(stage, 20, environ))
        options = GuardOptions(
            kit / "exposure.yaml", straight, "127.0.0.1:0", engine(), environ=environ
        )
        guard = stack.enter_context(run_engine(options, lambda _: None))
        yield Two(browser, straight, f"http://{guard.listen}", stack)


def apart(browser: Browser, one: bytes, other: bytes) -> int:
    """How far two pictures differ in any colour of any pixel: 0 to 255, which is of other sizes."""
    page = browser.new_page()
    urls = [f"data:image/png;base64,{b64encode(each).decode()}" for each in (one, other)]
    try:
        return int(page.evaluate(_APART, urls))
    finally:
        page.close()


_APART = """async urls => {
  const [one, other] = await Promise.all(urls.map(async url => {
    const image = new Image();
    image.src = url;
    await image.decode();
    const {naturalWidth: width, naturalHeight: height} = image;
    const canvas = Object.assign(document.createElement("canvas"), {width, height});
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, width, height);
  }));
  if (one.width !== other.width || one.height !== other.height) return 255;
  return one.data.reduce((most, value, at) => Math.max(most, Math.abs(value - other.data[at])), 0);
}"""
SAME = 1
"""The same page drawn twice by Chromium differs by so much in a few pixels of its edges."""


def test_pages_of_who_hides_nothing_are_the_same_pixel_for_pixel(two: Two) -> None:
    straight, guarded = two.login("ann")
    names = {name: username for name, (username, _) in personas(1).items()}
    ids = {name: two.login(name)[0].id() for name in ("ina", "flo")}
    places = [("#/me", names["ann"]), (f"#/member/{straight.id()}", names["ann"])]
    places += [(f"#/member/{id}", names[name]) for name, id in ids.items()]
    for place, heading in places:
        one, other = straight.go(place, heading), guarded.go(place, heading)
        assert apart(two.browser, one, other) <= SAME, place
    for query in (names["ina"], names["flo"]):
        one, other = straight.search(query), guarded.search(query)
        assert apart(two.browser, one, other) <= SAME, query
    assert straight.wrong == guarded.wrong == []


def test_who_is_private_is_not_in_the_class_and_everybody_else_is_as_before(two: Two) -> None:
    straight, guarded = two.login("ann")
    for each in (straight, guarded):
        each.go("#/class", "Leaderboard")
    wanted = [row for row in straight.rows() if row[0] != "Private rider"]
    assert len(wanted) < len(straight.rows())
    assert guarded.rows() == wanted
    assert guarded.wrong == []


def test_a_follower_has_the_same_page_of_a_private_member(two: Two) -> None:
    pia, _ = two.login("pia")
    straight, guarded = two.login("flo")
    place = f"#/member/{pia.id()}", personas(1)["pia"][0]
    one, other = straight.go(*place), guarded.go(*place)
    assert apart(two.browser, one, other) <= SAME


def test_the_switch_of_the_settings_page_works_through_the_guard(two: Two) -> None:
    _, ina = two.login("ina")
    ina.go("#/me", personas(1)["ina"][0])
    box = ina.page.get_by_label("Private profile")
    for wanted in (True, False):
        box.set_checked(wanted)
        expect(ina.page.locator("#status")).to_have_text("Saved.")
        ina.page.reload()
        expect(ina.page.get_by_label("Private profile")).to_be_checked(checked=wanted)
    assert ina.wrong == []
