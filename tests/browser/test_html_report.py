"""The HTML report in Chromium, as a person uses it: mouse, keyboard, phone, dark room."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from oakum.finding import Report
from oakum.report import html
from tests.browser.offline import opening
from tests.chromium import browser as browser
from tests.unit.report.sample import VIEWERS, clean, hostile, large, sample, untrusted
from tests.work import processor_of_family

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a report; at the end nothing may have been said, asked or loaded by any page."""
    with opening(browser, tmp_path) as opens:

        def opened(
            report: Report, *, width: int = 1280, dark: bool = False, anchor: str = ""
        ) -> Page:
            return opens(html.render(report), width=width, dark=dark, anchor=anchor)

        yield opened


def square(page: Page, field: str, viewer: str) -> str:
    """A selector of one square."""
    return f'tr[data-field="{field}"] td[data-viewer="{viewer}"]'


def result(page: Page, field: str, viewer: str) -> str | None:
    return page.locator(square(page, field, viewer)).get_attribute("data-result")


def choose(page: Page, **settings: str) -> None:
    """Settings of the owner: `choose(page, private="yes")`."""
    for name, word in settings.items():
        box = page.get_by_role("group", name=f"Owner’s {name}", exact=True)
        box.get_by_role("radio", name=re.compile(f"^{word}\\b")).check()


def test_the_matrix_starts_with_the_resource_that_leaks_most(open_page: Open) -> None:
    page = open_page(sample())
    expect(page.locator('#resources input[value="Member"]')).to_be_checked()
    grid = page.get_by_role("grid")
    expect(grid).to_have_accessible_name("Member: fields by viewer, any state")
    assert page.locator(".grid thead th").all_inner_texts() == ["Field", *VIEWERS]


def test_fields_stand_as_the_contract_lists_them(open_page: Open) -> None:
    page = open_page(sample())
    fields = page.locator(".grid tbody th").all_inner_texts()
    assert fields[0] == "id"
    assert fields.index("location") < fields.index("gender") < fields.index("birthday")


def test_a_state_changes_the_squares(open_page: Open) -> None:
    page = open_page(sample())
    assert result(page, "location", "member") == "leak"
    choose(page, private="no", hide_age="no")
    assert result(page, "location", "member") == "open"
    choose(page, private="yes")
    assert result(page, "location", "member") == "leak"
    assert result(page, "location", "follower") == "open"


def test_settings_that_do_not_bear_on_a_field_leave_it_alone(open_page: Open) -> None:
    page = open_page(sample())
    choose(page, hide_age="yes")
    expect(page.get_by_role("grid")).to_have_accessible_name("Member: fields by viewer, hide_age")
    assert result(page, "location", "member") == "leak"  # still the worst of private and not
    assert result(page, "birthday", "member") == "leak"
    assert result(page, "gender", "follower") == "leak"
    choose(page, hide_age="no")
    assert result(page, "gender", "follower") == "open"
    assert result(page, "birthday", "member") == "leak"


def test_evidence_of_another_setting_is_not_shown(open_page: Open) -> None:
    page = open_page(sample())
    choose(page, private="no")
    page.locator(square(page, "location", "member")).click()  # leaks only where private
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator(".finding")).to_have_count(0)


def test_the_chosen_setting_keeps_the_focus(open_page: Open) -> None:
    page = open_page(sample())
    radios = page.get_by_role("group", name="Owner’s private").get_by_role("radio")
    radios.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(
        page.get_by_role("group", name="Owner’s private").get_by_role("radio").last
    ).to_be_focused()
    assert result(page, "location", "follower") == "open"
    expect(page.get_by_role("grid")).to_have_accessible_name("Member: fields by viewer, private")


def test_a_resource_without_settings_offers_none(open_page: Open) -> None:
    page = open_page(sample())
    page.locator('#resources input[value="Settings"]').check()
    expect(page.locator("#states")).not_to_be_visible()
    expect(page.get_by_role("grid")).to_have_accessible_name(
        "Settings: fields by viewer, any state"
    )


def test_the_worst_endpoint_speaks_for_the_square(open_page: Open) -> None:
    page = open_page(sample())
    choose(page, private="no", hide_age="no")
    one_of_six = page.locator(square(page, "birthday", "member"))
    expect(one_of_six).to_have_attribute("data-result", "leak")
    expect(one_of_six).to_have_attribute("data-count", "1/6")
    expect(one_of_six).to_have_accessible_name("birthday, member: leak through 1 of 6 endpoints")
    assert result(page, "id", "ex_follower") == "untested"  # one endpoint never shown, five open
    assert result(page, "age_decade", "staff") == "over_block"


def test_no_square_speaks_by_colour_alone(open_page: Open) -> None:
    page = open_page(sample())
    glyphs = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("td[data-result]")]
             .map((each) => [each.dataset.result, each.textContent]))"""
    )
    choose(page, private="no", hide_age="no")
    glyphs["over_block"] = page.locator('td[data-result="over_block"]').first.inner_text()
    assert glyphs == {"leak": "✕", "over_block": "⊘", "untested": "?", "closed": "–", "open": "○"}


def test_a_click_opens_both_answers_with_the_leak_marked(open_page: Open) -> None:
    page = open_page(sample())
    choose(page, private="yes")
    page.locator(square(page, "location", "member")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_accessible_name("Member.location to member")
    owner, viewer = dialog.locator(".answer").all()
    expect(owner).to_contain_text("pia, owner: 200 application/json")
    expect(viewer).to_contain_text("ann, member: 200 application/json")
    expect(owner.locator('tr[data-mark="canary"] th')).to_have_text("/location")
    expect(viewer.locator('tr[data-mark="leak"] th')).to_have_text("/location")
    expect(viewer.locator('tr[data-mark="leak"]')).to_contain_text("leaked, same value in both")
    expect(dialog).to_contain_text("exposure.yaml:23:7")
    expect(dialog).to_contain_text("API3:2023, CWE-213, CWE-359")
    expect(dialog).to_contain_text("Only people who follow you")
    expect(dialog.locator(".endpoint-states tbody tr")).to_have_count(6)
    expect(dialog.locator('.endpoint-states [data-result="leak"]')).to_have_count(6)


def test_in_every_state_the_endpoints_are_compared_across_states(open_page: Open) -> None:
    page = open_page(sample())
    page.locator(square(page, "location", "member")).click()
    expect(page.locator("dialog header")).to_contain_text("the worst of 2 states")
    heads = page.locator(".endpoint-states thead th").all_inner_texts()
    assert heads == ["Endpoint", "not private", "private"]
    row = page.locator(".endpoint-states tbody tr").first.locator("td").all_inner_texts()
    assert [text.split()[-1] for text in row] == ["open", "leak"]


def test_a_closed_square_tells_its_endpoints_and_its_contract_line(open_page: Open) -> None:
    page = open_page(sample())
    page.locator(square(page, "location", "anyone")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("denied, and withheld from this viewer")
    expect(dialog).to_contain_text("exposure.yaml:23:7")
    expect(dialog.locator(".answer")).to_have_count(0)


def test_a_square_that_was_untested_says_why(open_page: Open) -> None:
    page = open_page(sample())
    page.locator(square(page, "facebook_access_token", "owner")).click()
    expect(page.get_by_role("dialog")).to_contain_text(
        "Untested: the owner was never seen to see it"
    )
    expect(page.get_by_role("dialog")).to_contain_text("Nobody asked.")


def test_the_command_is_copied_as_it_is_shown(open_page: Open) -> None:
    page = open_page(sample())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(square(page, "location", "member")).click()
    page.get_by_role("button", name="Copy the command").click()
    expect(page.locator(".curl [role=status]").first).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator(".curl code").first.inner_text()
    assert "$ANN_TOKEN" in copied


def test_a_refused_clipboard_leaves_the_command_selected(open_page: Open) -> None:
    page = open_page(sample())
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    page.reload()
    page.locator(square(page, "location", "member")).click()
    page.get_by_role("button", name="Copy the command").click()
    expect(page.locator(".curl [role=status]").first).to_contain_text("Selected")
    assert "$ANN_TOKEN" in page.evaluate("getSelection().toString()")


def focused(page: Page) -> tuple[str, str]:
    """(field, viewer) of the focused square."""
    field, viewer = page.evaluate(
        """() => [document.activeElement.parentNode.dataset.field,
                  document.activeElement.dataset.viewer]"""
    )
    return field, viewer


def test_the_keyboard_reaches_every_square_and_comes_back(open_page: Open) -> None:
    page = open_page(sample())
    assert page.locator('.grid [tabindex="0"]').count() == 1
    page.locator("#leaks").focus()
    page.keyboard.press("Tab")
    assert focused(page) == ("id", "anyone")
    for key, place in (
        ("ArrowDown", ("image_url", "anyone")),
        ("ArrowRight", ("image_url", "blocked")),
        ("ArrowLeft", ("image_url", "anyone")),
        ("ArrowLeft", ("image_url", "anyone")),
        ("End", ("image_url", "owner")),
        ("ArrowRight", ("image_url", "owner")),
        ("ArrowUp", ("id", "owner")),
        ("ArrowUp", ("id", "owner")),
        ("Home", ("id", "anyone")),
        ("Control+End", ("facebook_access_token", "owner")),
        ("Control+Home", ("id", "anyone")),
        ("PageDown", ("workout_counts.*.name", "anyone")),
        ("PageUp", ("id", "anyone")),
    ):
        page.keyboard.press(key)
        assert focused(page) == place, key
    assert page.locator('.grid [tabindex="0"]').count() == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.grid')") is None


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_key_opens_a_square_and_escape_returns_to_it(open_page: Open, key: str) -> None:
    page = open_page(sample())
    page.locator(square(page, "location", "member")).focus()
    page.keyboard.press(key)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    assert focused(page) == ("location", "member")


def test_a_square_keeps_its_place_when_the_state_changes(open_page: Open) -> None:
    page = open_page(sample())
    page.locator(square(page, "location", "member")).click()
    page.get_by_role("button", name="Close").click()
    choose(page, private="no", hide_age="no")
    expect(page.locator(square(page, "location", "member"))).to_have_attribute("tabindex", "0")


def test_filters_leave_what_fits_and_say_how_much(open_page: Open) -> None:
    page = open_page(sample())
    page.get_by_label("Find a field").fill("Workout_")
    assert page.locator(".grid tbody tr:visible th").all_inner_texts() == [
        "last_workout_at",
        "workout_counts.*.count",
        "workout_counts.*.name",
    ]
    expect(page.get_by_role("status").first).to_have_text("3 of 19 fields, 9 leaking squares")
    page.get_by_label("Find a field").fill("")
    page.get_by_label("only fields that leak").check()
    fields = page.locator(".grid tbody tr:visible th").all_inner_texts()
    assert "location" in fields and "facebook_access_token" not in fields
    page.get_by_label("Find a field").fill("no such field")
    expect(page.get_by_role("status").first).to_have_text("0 of 19 fields, 0 leaking squares")


def test_a_link_to_a_finding_opens_it(open_page: Open) -> None:
    finding = next(f for f in sample().findings if f.viewer == "pending" and f.field == "location")
    page = open_page(sample(), anchor=f"#finding-{finding.fingerprint}")
    expect(page.get_by_role("dialog")).to_have_accessible_name("Member.location to pending")
    expect(page.locator(".finding").first).to_contain_text(finding.fingerprint)
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("#"))


def test_a_field_of_a_defect_opens_its_evidence_again_and_again(open_page: Open) -> None:
    page = open_page(sample())
    chip = page.locator(".chip", has_text="birthday").first
    for _ in range(2):
        chip.click()
        expect(page.get_by_role("dialog")).to_contain_text("Member.birthday to member")
        assert page.url.endswith(str(chip.get_attribute("href")))
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).not_to_be_visible()
    expect(chip).to_be_focused()


def test_a_finding_without_field_has_its_evidence_too(open_page: Open) -> None:
    page = open_page(sample())
    page.locator(".chip", has_text="evidence").click()
    expect(page.get_by_role("dialog")).to_have_accessible_name("Member to member")
    expect(page.get_by_role("dialog")).to_contain_text("No answer was kept for this finding.")


def test_an_unknown_anchor_opens_nothing(open_page: Open) -> None:
    page = open_page(sample(), anchor="#finding-0000000000000000")
    expect(page.locator("dialog")).not_to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
def test_the_theme_follows_the_reader_and_can_be_turned(open_page: Open, dark: bool) -> None:
    page = open_page(sample(), dark=dark)

    def brightness() -> int:
        return int(
            page.evaluate(
                """() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g)
                     .slice(0, 3).reduce((sum, part) => sum + Number(part), 0)"""
            )
        )

    assert (brightness() < 200) is dark
    page.get_by_role("button", name="Light theme" if dark else "Dark theme").click()
    assert (brightness() < 200) is not dark


CONTRAST = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [.2126, .7152, .0722][at], 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = numbers(getComputedStyle(node).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = new Map();
  for (const node of document.querySelectorAll("body *")) {
    const said = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!said || !node.checkVisibility() || node.tagName === "SCRIPT") continue;
    const [a, b] = [light(numbers(getComputedStyle(node).color)), light(behind(node))].sort();
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) {
      const name = `${node.tagName}.${node.className}[${node.dataset.result ?? ""}]`;
      faint.set(name, Math.round(ratio * 100) / 100);
    }
  }
  return Object.fromEntries(faint);
}"""


@pytest.mark.parametrize("dark", [False, True])
def test_every_word_can_be_read(open_page: Open, dark: bool) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    page = open_page(sample(), dark=dark)
    choose(page, private="no", hide_age="no")
    assert page.evaluate(CONTRAST) == {}
    page.locator(square(page, "birthday", "member")).click()
    assert page.evaluate(CONTRAST) == {}


NAMELESS = """() => {
  for (const node of document.querySelectorAll("*"))  // what is not drawn yet has no text
    if (getComputedStyle(node).contentVisibility === "auto")
      node.style.contentVisibility = "visible";
  return [...document.querySelectorAll("button, a[href], input, summary, td[tabindex]")]
    .filter((node) => node.checkVisibility())
    .filter((node) => !(node.ariaLabel || node.innerText?.trim() ||
                        [...(node.labels ?? [])].some((label) => label.innerText.trim())))
    .map((node) => node.outerHTML); }"""


@pytest.mark.parametrize("make", [sample, untrusted, clean])
def test_everything_that_can_be_used_has_a_name(
    open_page: Open, make: Callable[[], Report]
) -> None:
    page = open_page(make())
    assert page.evaluate(NAMELESS) == []
    page.locator("td[data-result]").first.click()
    assert page.evaluate(NAMELESS) == []


def test_tables_have_headers_and_headings_skip_no_level(open_page: Open) -> None:
    page = open_page(sample())
    page.locator(square(page, "location", "member")).click()
    assert page.evaluate('document.querySelectorAll("th:not([scope])").length') == 0
    assert (
        page.evaluate(
            """[...document.querySelectorAll("table")]
             .filter((table) => !table.querySelector("th")).length"""
        )
        == 0
    )
    levels = page.evaluate(
        """[...document.querySelectorAll("h1, h2, h3, h4")]
             .map((node) => Number(node.tagName[1]))"""
    )
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("make", [sample, clean, untrusted, hostile])
def test_a_phone_never_scrolls_sideways(open_page: Open, make: Callable[[], Report]) -> None:
    page = open_page(make(), width=360)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.locator("td[data-result]").first.click()
    assert page.evaluate("document.getElementById('square').scrollWidth") <= 360
    expect(page.get_by_role("button", name="Close")).to_be_in_viewport()


def test_names_of_an_api_run_nothing(open_page: Open) -> None:
    page = open_page(hostile())
    for resource in page.locator("#resources input").all():
        resource.check()
        for cell in page.locator("td[data-result]").all():
            cell.click()
            assert "\u202e" not in page.locator("body").inner_text()
            page.keyboard.press("Escape")
    assert page.evaluate("window.hit") is None
    assert page.locator("img").count() == 0
    assert r"\u202e" in page.locator("#grid").inner_text()


def test_the_policy_stops_a_script_that_got_in_all_the_same(
    browser: Browser, tmp_path: Path
) -> None:
    text = html.render(clean()).replace("</main>", "<script>window.hit = 1</script></main>")
    (tmp_path / "report.html").write_text(text, encoding="utf-8")
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto((tmp_path / "report.html").as_uri())
    assert page.evaluate("window.hit") is None
    assert any("Content Security Policy" in line for line in said)
    page.close()


def test_five_thousand_squares_are_there_at_once_and_at_hand(open_page: Open) -> None:
    before = processor_of_family()
    page = open_page(large())
    expect(page.locator("td[data-result]")).to_have_count(5000)
    assert processor_of_family() - before < 8
    before = processor_of_family()
    page.get_by_label("Find a field").fill("group7.")
    expect(page.get_by_role("status").first).to_contain_text("25 of 625 fields")
    page.locator("#leaks").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Control+End")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert processor_of_family() - before < 8


def test_paper_holds_what_was_folded_and_none_of_the_controls(open_page: Open) -> None:
    page = open_page(sample(), width=720)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    expect(page.locator("#controls")).not_to_be_visible()
    expect(page.get_by_role("grid")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 720
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0
