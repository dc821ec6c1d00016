"""The pages of `oakum observe` in Chromium: found, opened, walked by keys, read in the dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from oakum.observe_pages import abuse, comparison, front_end_use, inventory
from tests.browser.offline import opening
from tests.browser.test_html_report import CONTRAST, NAMELESS
from tests.chromium import browser as browser
from tests.unit.traffic import samples
from tests.work import processor_of_family

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
LINES = samples.LINES


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a page; at the end nothing may have been said, asked or loaded by any."""
    with opening(browser, tmp_path) as opens:
        yield opens


def small() -> str:
    return inventory.render(samples.small(), LINES)


def used() -> str:
    return front_end_use.render(samples.usage(), LINES)


def compared() -> str:
    return comparison.render(samples.comparison(), LINES)


def abused() -> str:
    return abuse.render(samples.abuse())


PAGES = pytest.mark.parametrize("make", [small, used, compared, abused])


def leaf(page: Page, name: str) -> str:
    return f'#tree details.leaf:has(> summary[aria-label="{name}"])'


def open_all(page: Page) -> None:
    """Whatever is folded or beside the page is opened."""
    for _ in range(2):
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        page.wait_for_timeout(30)
    if page.locator("#rows tbody tr").count():
        page.locator("#rows tbody tr").nth(4).click()


# ---------------------------------------------------------------- the inventory


def test_endpoints_stand_in_a_tree_with_their_coverage(open_page: Open) -> None:
    page = open_page(small())
    root = page.locator("#tree > details > summary")
    expect(root).to_contain_text("api.example.com")
    expect(root).to_contain_text("5 operations")
    expect(root).to_contain_text("2 drifted")
    bar = root.locator("svg.coverage")
    expect(bar).to_have_attribute("aria-label", "1 shadow, 1 zombie, 3 documented")
    shadow = page.locator(leaf(page, "GET /debug"))
    expect(shadow).to_contain_text("shadow")
    expect(shadow).to_contain_text("8 ×")
    expect(shadow).to_contain_text("3 callers")
    expect(shadow).to_contain_text("not declared")
    expect(shadow).to_contain_text("1 secret")
    expect(page.locator(leaf(page, "DELETE /users/{userId}"))).to_contain_text("never seen")


def test_an_endpoint_opens_its_answer_as_it_is_built(open_page: Open) -> None:
    page = open_page(small())
    endpoint = page.locator(leaf(page, "GET /users/{userId}"))
    assert endpoint.locator("table").count() == 0  # nothing is drawn before it is asked for
    endpoint.locator("summary").first.click()
    expect(endpoint.locator(".skeleton tbody th").last).to_be_visible()
    lines = endpoint.locator(".skeleton tbody th").all_inner_texts()
    assert [each.strip() for each in lines] == [
        "{", "id", "email", "friends [ {", "id", "city", "} ]", "tags [", "*", "]", "}",
    ]  # fmt: skip
    row = endpoint.locator('tr[data-path="email"]')
    expect(row).to_have_attribute("data-class", "contact")
    expect(row).to_contain_text("50 %")
    expect(row).to_contain_text("4 of 8")
    expect(row).to_contain_text("✕ sent wider to member")
    # Drift of `id` may be of either place: it is said so, and not coloured as sure.
    for path in ("id", "friends.*.id"):
        expect(endpoint.locator(f'tr[data-path="{path}"]')).to_contain_text(
            "? new field to member, here or at 1 other place"
        )
    expect(endpoint.locator('tr[data-path="friends.*.city"]')).not_to_contain_text("new field")
    endpoint.get_by_text("Who was sent what of Member").click()
    expect(endpoint.locator(".viewers thead th").nth(2)).to_contain_text("owner 4 ×")
    cells = endpoint.locator(".viewers tbody tr", has_text="email").locator("td").all_inner_texts()
    assert [each.split()[0] for each in cells] == ["100", "50"]
    expect(endpoint.locator(".excerpt tr.here").first).to_contain_text("field_14: [{see: [owner]}]")


def test_drift_stands_with_the_line_of_the_contract(open_page: Open) -> None:
    page = open_page(small())
    expect(page.locator("h1")).to_have_text("Drift in 3 places")
    groups = page.locator("#drifts > details")
    assert groups.count() == 3
    wider = groups.filter(has_text="sent wider than granted")
    expect(wider).to_contain_text("Member.email")
    expect(wider).to_contain_text("exposure.yaml:14:7")
    expect(wider.locator(".excerpt tr")).to_have_count(7)
    expect(wider.locator('[aria-current="true"] th')).to_have_text("14")


def test_the_filter_finds_paths_and_fields_and_says_how_many(open_page: Open) -> None:
    page = open_page(small())
    find, status = page.get_by_label("Find a path or a field"), page.get_by_role("status").first
    expect(status).to_have_text("5 of 5 operations, 8 fields")
    find.fill("users CITY")
    expect(status).to_have_text("1 of 5 operations, 1 field")
    endpoint = page.locator(leaf(page, "GET /users/{userId}"))
    expect(endpoint.locator(".hits")).to_have_text("friends.*.city")
    expect(page.locator(leaf(page, "GET /debug"))).not_to_be_visible()
    endpoint.locator("summary").first.click()
    expect(endpoint.locator("tr.hit")).to_have_count(1)
    find.press("Escape")
    expect(status).to_have_text("5 of 5 operations, 8 fields")
    page.get_by_role("group", name="Fields by class").get_by_label("contact").check()
    expect(status).to_have_text("1 of 5 operations, 1 field")
    page.get_by_role("group", name="Operations").get_by_label("shadow").check()
    expect(status).to_have_text("0 of 5 operations, 0 fields")


def test_what_is_notable_of_an_endpoint_is_named_and_what_graphql_was_asked_stands_below(
    open_page: Open,
) -> None:
    page = open_page(small())
    page.get_by_role("group", name="Operations").get_by_label("hosts differ").check()
    expect(page.get_by_role("status").first).to_have_text("1 of 5 operations, 5 fields")
    endpoint = page.locator(leaf(page, "GET /users/{userId}"))
    expect(endpoint.locator("summary").first).to_contain_text("! hosts differ")
    endpoint.locator("summary").first.click()
    expect(endpoint.locator(".noted")).to_contain_text("old.example.com asks for no credentials")
    page.get_by_role("group", name="Operations").get_by_label("hosts differ").uncheck()
    graph = page.locator(leaf(page, "POST /graphql"))
    graph.locator("summary").first.click()
    graph.get_by_text("query me, 8 ×").click()
    expect(graph.get_by_role("table", name="Answer of query me")).to_contain_text("phone")


def test_keys_walk_the_tree(open_page: Open) -> None:
    page = open_page(small())

    def at() -> str:
        return str(page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''"))

    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.locator("#tree summary").first.focus()
    page.keyboard.press("End")
    last = at()
    page.keyboard.press("ArrowRight")
    expect(page.locator(leaf(page, last)).locator(".inside")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(leaf(page, last)).locator(".inside")).not_to_be_visible()
    page.keyboard.press("ArrowUp")
    assert at() not in ("", last)
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#tree details.leaf").first).not_to_be_visible()


def test_distrust_cannot_be_missed(open_page: Open) -> None:
    page = open_page(inventory.render(samples.distrusted(), LINES))
    expect(page.locator("h1")).to_have_text("Not trustworthy")
    box = page.get_by_role("region", name="This run is not trustworthy")
    expect(box).to_be_in_viewport()
    expect(box).to_contain_text("a.gz is cut off")
    expect(page.locator(".figures .exit")).to_have_text("exit 3")
    sources = page.locator("table.sources")
    expect(sources).to_contain_text("7: a line that is not JSON")
    expect(page.locator(".reason", has_text="of another host")).to_contain_text("3 set aside")


def test_ten_thousand_fields_open_and_filter_without_lag(open_page: Open) -> None:
    html = inventory.render(samples.large(), LINES)
    before = processor_of_family()
    page = open_page(html)
    expect(page.get_by_role("status").first).to_have_text("500 of 500 operations, 10,000 fields")
    assert processor_of_family() - before < 16
    assert page.locator(".skeleton").count() == 0
    took = page.evaluate(
        """() => new Promise((done) => {
             const find = document.getElementById("find"), before = performance.now();
             find.value = "field_77_3";
             find.dispatchEvent(new Event("input"));
             const drawn = () => done(performance.now() - before);
             requestAnimationFrame(() => requestAnimationFrame(drawn));
           })"""
    )
    expect(page.get_by_role("status").first).to_have_text("1 of 500 operations, 1 field")
    assert took < 1500  # about 0.02 s
    expect(page.locator("#tree summary.endpoint:visible")).to_have_count(1)


# ---------------------------------------------------------------- what pages use


def test_use_is_said_of_the_pages_driven_and_no_more(open_page: Open) -> None:
    page = open_page(used())
    expect(page.locator("h1")).to_have_text("4 of 10 fields are unused on the pages driven")
    assert "excess" not in page.locator("body").inner_text().lower().replace(
        "excess on the pages driven", ""
    ).replace("2 excess", "").replace("excess, contract too wide", "").replace(
        "excess\ncontract too wide", ""
    ).replace("excess contract too wide", "")  # fmt: skip
    row = page.locator('tr[data-path="data.*.field_0_4"]')
    expect(row).to_have_attribute("data-use", "unobserved")
    expect(row).to_contain_text("not observed")
    expect(page.locator('tr[data-path="data.*.field_0_3"]')).to_contain_text(
        "leak (Member to member)"
    )
    page.get_by_role("group", name="Fields by use").get_by_label("only copied").check()
    expect(page.get_by_role("status").first).to_have_text("2 of 2 operations, 2 fields")
    expect(page.locator("#difference details").first).to_contain_text("leak")
    expect(page.locator("#difference .excerpt tr.here").first).to_contain_text("field_14")


def test_one_page_can_be_looked_at_by_itself(open_page: Open) -> None:
    document = samples.usage()
    first, second = document["endpoints"]
    alone = [{"drive": "--page 1", "endpoints": [first]}, {"drive": "--page 2", "endpoints": []}]
    page = open_page(front_end_use.render(document | {"drives": alone}, LINES))
    status = page.get_by_role("status").first
    expect(status).to_have_text("2 of 2 operations, 10 fields")
    where = page.get_by_role("group", name="On which page")
    where.get_by_label("--page 1").check()
    expect(status).to_have_text("1 of 1 operation, 5 fields")
    assert page.locator(leaf(page, f"GET {second['path']}")).count() == 0
    where.get_by_label("--page 2").check()
    expect(page.locator("#tree")).to_have_text("No answer with fields came to it.")
    where.get_by_label("all of them").check()
    expect(status).to_have_text("2 of 2 operations, 10 fields")


def test_a_discarded_drive_stands_on_top(open_page: Open) -> None:
    document = samples.usage() | {"discarded": [{"drive": "--page 1", "why": "shows another text"}]}
    page = open_page(front_end_use.render(document, LINES))
    expect(page.locator("h1")).to_have_text("Not trustworthy")
    expect(page.locator(".distrust")).to_contain_text("--page 1 shows another text")


# ---------------------------------------------------------------- granted, sent, used


def test_a_row_opens_the_line_that_closes_it_ready_to_copy(open_page: Open) -> None:
    page = open_page(compared())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect(page.locator("h1")).to_have_text("4 leaks")
    page.get_by_role("group", name="What is said of them").get_by_label("excess").check()
    expect(page.locator("#rows tbody tr")).to_have_count(2)
    page.locator("#rows tbody tr").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_accessible_name("Thing2.field_2 to member")
    expect(dialog.locator(".excerpt tr.here")).to_contain_text("field_14: [{see: [owner]}]")
    expect(dialog.locator(".excerpt tr")).to_have_count(7)
    dialog.get_by_role("button", name="Copy the line").click()
    assert page.evaluate("navigator.clipboard.readText()") == "field_2: []"
    page.keyboard.press("Escape")
    expect(page.locator("#rows tbody tr").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(dialog).to_have_accessible_name("Thing2.field_8 to member")


def test_rows_are_drawn_as_they_come_into_view(open_page: Open) -> None:
    page = open_page(comparison.render(samples.comparison(3000), LINES))
    expect(page.get_by_role("status").first).to_have_text("3,000 of 3,000 rows")
    assert page.locator("#rows tbody tr").count() < 400
    for drawn in (100, 200, 300):
        page.locator("#rows").evaluate("box => box.scrollTo(0, box.scrollHeight)")
        expect(page.locator("#rows tbody tr").nth(drawn)).to_be_attached()
    first = page.locator("#rows tbody tr", has_text="Thing1.field_1").first
    expect(first.locator(".present")).to_have_text("33 %1 of 3")
    page.get_by_role("group", name="To whom").get_by_label("owner").check()
    expect(page.get_by_role("status").first).to_have_text("1,500 of 3,000 rows")
    page.get_by_text("Resource", exact=True).click()
    page.get_by_role("group", name="Resource").get_by_label("Thing1").check()
    expect(page.get_by_role("status").first).to_have_text("500 of 3,000 rows")
    page.get_by_label("Find a field").fill("thing1.field_1 owner")
    others = page.locator("#rows tbody tr").filter(has_not_text="Thing1.field_1")
    expect(others).to_have_count(0)
    expect(page.locator("#rows tbody tr").first).to_be_visible()


def test_rows_are_drawn_for_whoever_never_stops_scrolling(open_page: Open) -> None:
    """The end is in view again before the browser has looked whether it went."""
    page = open_page(comparison.render(samples.comparison(3000), LINES))
    page.locator("#rows").evaluate(
        """box => {
            const down = () => box.scrollTo(0, box.scrollHeight);
            new MutationObserver(down).observe(box.querySelector("tbody"), { childList: true });
            down();
        }"""
    )
    expect(page.locator("#rows tbody tr")).to_have_count(3000)


# ---------------------------------------------------------------- abuse


def test_callers_stand_beside_the_rest_and_can_be_sifted_by_kind(open_page: Open) -> None:
    page = open_page(abused())
    expect(page.locator("h1")).to_have_text("2 callers take too much")
    first = page.locator("article.caller").first
    expect(first.get_by_role("img").first).to_have_attribute(
        "aria-label",
        "300; half of the others do at most 2, 99 % at most 9, the limit is 20",
    )
    where = "rect => Number(rect.getAttribute('width'))"
    widths = {
        n: first.locator(f".measure .{n}").evaluate(where) for n in ("middle", "high", "count")
    }
    limit = float(first.locator(".measure .limit").get_attribute("x1") or 0)
    assert widths["middle"] < widths["high"] < limit < widths["count"] < 1000
    assert first.locator(".spark").count() == 3
    assert first.locator(".spark").first.locator("rect").count() == 36
    page.get_by_role("group", name="What they do").get_by_label("reads lists").check()
    expect(page.locator("article.caller")).to_have_count(1)
    expect(page.locator("article.caller")).to_contain_text("0000000000000001")
    expect(page.locator(".drafted")).to_contain_text(
        "no record names the account of a login attempt"
    )


# ---------------------------------------------------------------- all of them


@PAGES
def test_every_word_can_be_read_and_everything_has_a_name(
    open_page: Open, make: Callable[[], str]
) -> None:
    """In both themes at least 4.5 to 1 (WCAG 2.2, 1.4.3); headings skip no level but the third,
    which folded parts have instead."""
    page = open_page(make())
    page.get_by_role("button", name="Dark theme").click()
    page.get_by_role("button", name="Light theme").click()
    open_all(page)
    assert page.evaluate(CONTRAST) == {}
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate(CONTRAST) == {}
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate('document.querySelectorAll("th:not([scope])").length') == 0
    levels = page.evaluate(
        '[...document.querySelectorAll("h1, h2, h3, h4")].map((node) => Number(node.tagName[1]))'
    )
    assert levels.count(1) == 1
    assert all(after - before <= 2 for before, after in pairwise(levels))


@PAGES
def test_a_phone_never_scrolls_sideways(open_page: Open, make: Callable[[], str]) -> None:
    page = open_page(make(), width=360)
    open_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def hostile_pages() -> Iterator[str]:
    lines = {name: {"14": other} for name in samples.HOSTILE for other in samples.HOSTILE}
    yield inventory.render(samples.hostile(), lines)
    uses = [samples.usage(1, name=name) for name in samples.HOSTILE]
    yield front_end_use.render(samples.gathered(uses, "endpoints", "difference"), lines)
    rows = [samples.comparison(6, name) for name in samples.HOSTILE]
    yield comparison.render(samples.gathered(rows, "rows"), lines)
    yield abuse.render(samples.gathered([*map(samples.abuse, samples.HOSTILE)], "callers"))


def test_names_of_an_api_run_nothing(open_page: Open) -> None:
    for html in hostile_pages():
        page = open_page(html)
        open_all(page)
        assert page.evaluate("window.hit") is None
        assert page.locator("img, iframe, object, a[href^='javascript']").count() == 0
        assert page.locator("script").count() == 2
        shown = page.locator("body").inner_text()
        assert "\u202e" not in shown and "[object" not in shown
        assert all(name in shown for name in (samples.HOSTILE[0], samples.HOSTILE[4]))
