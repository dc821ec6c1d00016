"""The review of a contract in Chromium: by mouse, by keys alone, on a phone, in the dark."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from oakum.draft_review.server import ReviewServer
from oakum.draft_review.session import ReviewSession
from oakum.policy.contract import load
from tests.browser.test_html_report import CONTRAST, NAMELESS
from tests.chromium import browser as browser
from tests.unit.draft_review.world import CONTRACT, DOCUMENT, files

pytestmark = pytest.mark.browser
Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a review; at the end nothing may have been said by a page or loaded from elsewhere."""
    contexts, servers, wrong = [], list[ReviewServer](), list[str]()

    def opened(
        text: str = CONTRACT, *, width: int = 1280, dark: bool = False, path: Path | None = None
    ) -> Page:
        server = ReviewServer(ReviewSession(path or files(tmp_path, text)))
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
        here = f"http://127.0.0.1:{server.port}/"
        page.on(
            "request",
            lambda request: (
                wrong.append(f"loaded: {request.url}")
                if not request.url.startswith((here, "data:"))
                else None
            ),
        )
        page.goto(server.url)
        page.wait_for_selector("html[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    for server in servers:
        server.shutdown()
        server.server_close()
    # What the server refuses, Chromium tells on its console: a test of that asks for it.
    assert [each for each in wrong if "422" not in each and "409" not in each] == []


def cell(resource: str, path: str, viewer: str) -> str:
    return f'[data-resource="{resource}"] tr[data-path="{path}"] td[data-viewer="{viewer}"]'


def saved(tmp_path: Path) -> str:
    return (tmp_path / "exposure.yaml").read_text()


def test_a_cell_is_granted_looked_at_and_saved(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    expect(page.locator("h1")).to_have_text("exposure.yaml")
    page.locator(cell("Note", "title", "member")).click()
    expect(page.locator(cell("Note", "title", "member"))).to_have_attribute("data-cell", "o")
    expect(page.locator(cell("Note", "title", "owner"))).to_have_attribute("data-cell", "i")
    expect(page.locator("#beside")).to_contain_text("It lets the field pass.")
    expect(page.locator("#beside")).to_contain_text("title: [{see: [member]}]")
    page.get_by_role("button", name="Save…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".added")).to_have_text(
        ["+      id, user_id: []", "+      title: [{see: [member]}]"]
    )
    assert saved(tmp_path) == CONTRACT
    dialog.get_by_role("button", name="Write these lines").click()
    expect(page.get_by_role("button", name="Save…")).to_be_disabled()
    assert "      title: [{see: [member]}]\n" in saved(tmp_path)


def test_a_question_is_answered_and_the_resource_confirmed(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    first = page.locator("#questions li").first
    expect(first).to_contain_text("Who owns Note?")
    expect(first).to_contain_text("the document does not say")
    first.get_by_role("button", name="names its owner").click()
    expect(page.locator(cell("Note", "title", "owner"))).to_have_attribute("data-cell", "o")
    wide = page.locator("#questions li").first
    expect(wide).to_contain_text("May member see email of User?")
    wide.get_by_role("button", name="Close it").click()
    expect(page.locator(cell("User", "email", "member"))).to_have_attribute("data-cell", "c")
    for name in ("User", "Note"):
        page.locator("#questions li", has_text=f"Is {name} right?").get_by_role(
            "button", name="It is right"
        ).click()
        expect(page.locator(f'[data-resource="{name}"] .tag.draft')).to_have_count(0)
    expect(page.locator("#questions-title")).to_have_text("No open question")


def test_the_review_needs_no_mouse(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    page.locator(cell("User", "id", "anyone")).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    here = page.locator(cell("User", "username", "member"))
    expect(here).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("c")
    expect(page.locator(cell("User", "username", "anyone"))).to_have_attribute("data-cell", "c")
    expect(here).to_have_attribute("data-cell", "o")  # who saw it as anyone goes on seeing it
    expect(page.locator(cell("User", "username", "anyone"))).to_be_focused()
    page.keyboard.press("u")
    expect(page.locator(cell("User", "username", "anyone"))).to_have_attribute("data-cell", "o")
    page.keyboard.press("r")
    expect(page.locator(cell("User", "username", "anyone"))).to_have_attribute("data-cell", "c")
    page.keyboard.press("n")
    expect(page.locator("#questions li").first.locator("select")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator(cell("User", "id", "anyone")).focus()
    page.keyboard.press("s")
    page.get_by_role("button", name="Write these lines").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("Saved")
    assert "username: [{see: [member]}]" in saved(tmp_path)


def test_a_changed_file_is_told_and_not_overwritten(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    page.locator(cell("Note", "title", "member")).click()
    expect(page.locator(cell("Note", "title", "member"))).to_have_attribute("data-cell", "o")
    (tmp_path / "exposure.yaml").write_text(f"{CONTRACT}# theirs\n")
    page.keyboard.press("s")
    page.get_by_role("button", name="Write these lines").click()
    expect(page.locator("#status")).to_contain_text("has changed on the disk")
    assert saved(tmp_path).endswith("# theirs\n")


def test_done_asks_before_it_forgets(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    page.locator(cell("Note", "title", "member")).click()
    expect(page.locator("#save")).to_be_enabled()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Write these lines, and end").click()
    expect(page.locator("#status")).to_contain_text("has ended")
    assert "title: [{see: [member]}]" in saved(tmp_path)


def test_a_cell_that_cannot_be_closed_alone_says_why(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    page.locator(cell("User", "id", "owner")).click()
    expect(page.locator("#status")).to_contain_text("close it for anyone first")
    assert saved(tmp_path) == CONTRACT


def test_fields_and_resources_are_found(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("/")
    page.keyboard.type("phone")
    expect(page.locator("#found")).to_have_text("1 of 2 resources")
    expect(page.locator('[data-resource="User"]')).to_be_hidden()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_all_can_be_read_and_named_and_nothing_sticks_out(
    open_page: Open, dark: bool, width: int
) -> None:
    page = open_page(width=width, dark=dark)
    page.locator(cell("User", "email", "member")).focus()
    expect(page.locator("#beside")).to_contain_text("some settings")
    expect(page.locator("#beside pre code")).to_have_text(
        ["email:", "- {see: [owner], set: [owner]}", "- {see: [member], when: {private: false}}"]
    )
    assert page.evaluate(CONTRAST) == {}
    assert page.evaluate(NAMELESS) == []
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


NAMED = [
    "<img/src=x/onerror=alert(1)>",
    '"></td><script>alert(2)</script>',
    "__proto__",
    "constructor",
    "\u202egnp.exe\u2066",
]
"""Fields that have a line."""
BARE = ["<img src=x onerror=alert(3)>", "a' onfocus='alert(4)", "{{7*7}}", "x, id", "y" * 900]
"""Fields that have none; those with a space or a comma cannot have one."""


def test_hostile_names_and_comments_are_text(open_page: Open, tmp_path: Path) -> None:
    members = ", ".join(f"{json.dumps(name)}: {{type: string}}" for name in (*NAMED, *BARE))
    document = DOCUMENT.replace("title: {type: string}", f"title: {{type: string}}, {members}")
    text = CONTRACT.replace(
        "      phone: []\n",
        "      # <b>bold</b> <script>alert(5)</script> \u202etxet\n      phone: []\n"
        + "".join(f"      {json.dumps(name)}: []\n" for name in NAMED),
    ).replace("who owns it?", "<img src=y onerror=alert(6)> who owns it?")
    path = files(tmp_path, text)
    (tmp_path / "openapi.yaml").write_text(document)
    page = open_page(path=path)
    rows = page.locator('[data-resource="Note"] tbody tr')
    expect(rows).to_have_count(4 + len(NAMED) + len(BARE))
    for at in range(rows.count()):
        granted = at < 4 + len(NAMED) or at == 3 + len(NAMED) + len(BARE)
        rows.nth(at).locator("td").nth(1).click()
        if granted:
            expect(rows.nth(at).locator("td").nth(1)).to_have_attribute("data-cell", "o")
        else:
            expect(page.locator("#status.bad")).not_to_be_empty()
            expect(rows.nth(at).locator("td").nth(1)).to_have_attribute("data-cell", "c")
    page.locator(cell("Note", "phone", "anyone")).focus()
    expect(page.locator("#beside")).to_contain_text("<b>bold</b> <script>")
    shown = page.locator("body").inner_text()
    assert "\u202e" not in shown and "\\u202e" in shown
    assert page.locator("main img, main script").count() == 0
    page.keyboard.press("s")
    page.get_by_role("button", name="Write these lines").click()
    expect(page.locator("#status")).to_contain_text("Saved")
    policy = load(path).policy
    assert policy is not None
    seen = {rule.path for rule in policy.resources["Note"].fields if rule.grants}
    assert seen == {"id", "title", "user_id", "phone", *NAMED, "y" * 900}


def large(folder: Path, many: int) -> Path:
    """A contract of as many resources, with a document of which one text has ten megabytes."""
    path = files(folder)
    text = DOCUMENT.replace("title: Notes", f"title: Notes, description: {'<b>' * 3_500_000}")
    record = "{type: object, properties: {id: {type: string}, email: {type: string}}}"
    schemas = "".join(f"    R{at}: {record}\n" for at in range(many))
    answer = "content: {application/json: {schema: {$ref: '#/components/schemas/"
    paths = "".join(
        f"  /r{at}: {{get: {{operationId: get{at}, responses: {{200: {{description: '',\n"
        f"    {answer}R{at}'}}}}}}}}}}}}}}\n"
        for at in range(many)
    )
    (folder / "openapi.yaml").write_text(text.replace("paths:\n", f"{schemas}paths:\n{paths}"))
    head = "draft: true\n    key: id\n    owner: id\n    fields:\n      id, email"
    lines = [f"  R{at}:\n    {head}: [{{see: [owner]}}]\n" for at in range(many)]
    path.write_text(CONTRACT + "".join(lines))
    return path


def test_resources_are_drawn_as_they_are_opened(open_page: Open, tmp_path: Path) -> None:
    page = open_page(path=large(tmp_path, 500))
    expect(page.locator(".resource")).to_have_count(502)
    assert page.locator("td").count() == 0
    assert page.locator("#questions li").count() == 8
    page.keyboard.press("/")
    page.keyboard.type("r499")
    expect(page.locator("#found")).to_have_text("1 of 502 resources")
    page.locator('[data-resource="R499"] summary').click()
    page.locator(cell("R499", "email", "member")).click()
    expect(page.locator(cell("R499", "email", "member"))).to_have_attribute("data-cell", "o")
    assert page.locator("td").count() == 6


def test_who_may_set_a_field_is_shown_and_changed(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    page.locator('[data-resource="User"] summary').click()
    email = page.locator(cell("User", "email", "owner"))
    expect(email).to_have_attribute("data-sets", "o")
    expect(email).to_have_attribute("aria-label", "email to owner: sees it, and may set it")
    title = page.locator(cell("Note", "title", "owner"))
    expect(title).to_have_attribute("data-sets", "c")
    title.focus()
    expect(page.locator("#beside")).to_contain_text("owner may not set it")
    page.keyboard.press("w")
    expect(title).to_have_attribute("data-sets", "o")
    expect(title).to_have_attribute("data-cell", "c")
    expect(page.locator("#beside")).to_contain_text("owner may set it.")
    page.get_by_role("button", name="Do not let owner set it").click()
    expect(title).to_have_attribute("data-sets", "c")
    page.get_by_role("button", name="Let owner set it", exact=True).click()
    expect(title).to_have_attribute("data-sets", "o")
    page.locator("#save").click()
    page.get_by_role("button", name="Write these lines").click()
    expect(page.locator("#status")).to_contain_text("Saved")
    assert "title: [{set: [owner]}]" in saved(tmp_path)
