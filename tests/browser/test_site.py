"""The documentation site, as a reader uses it: search, a dark room, a phone, no network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from runpy import run_path
from threading import Thread
from typing import Protocol
from urllib.parse import urlsplit

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_html_report import CONTRAST
from tests.chromium import browser as browser
from tests.once import once
from tests.patience import patient

ROOT = Path(__file__).parents[2]
OUTSIDE = run_path(str(ROOT / "docs/theme/files.py"))["OUTSIDE"]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def build(root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Builds the site as `./do check` does. (With `--quiet`, MkDocs counts no warning.)"""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=root,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""

    def make(folder: Path) -> None:
        done = build(ROOT, folder)
        assert done.returncode == 0, done.stderr

    return once(tmp_path_factory, "site", make)


# ------------------------------------------------------------ what is built


def test_each_fault_of_a_page_or_the_navigation_fails_the_build(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    shutil.copytree(ROOT / "docs/theme", root / "docs/theme")
    shutil.copy2(ROOT / "mkdocs.yml", root)
    for name in (*OUTSIDE, "docs/how-to/disclose.md", "docs/how-to/unlisted.md"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("# A page\n", encoding="utf-8")
    with (root / "README.md").open("a", encoding="utf-8") as page:
        page.write("\n[a](docs/no-page.md) [b](SECURITY.md#no-heading) ![c](docs/none.png)\n")
        page.write("[d](/SECURITY.md) [e](docs/how-to/) [f](src/none.py)\n")
    done = build(root, tmp_path / "site")
    assert done.returncode != 0
    assert "how-to/unlisted.md" in done.stderr
    assert "'docs/how-to/log-in.md' is included in the 'nav' configuration" in done.stderr
    for link in (
        "docs/no-page.md",
        "SECURITY.md#no-heading",
        "docs/none.png",
        "/SECURITY.md",
        "docs/how-to/",
        "src/none.py",
    ):
        assert f"link '{link}'" in done.stderr


class Outline(HTMLParser):
    """The text of a page, and how many it has of each element that gives it its form."""

    _FORM = {"h1", "h2", "h3", "h4", "ul", "ol", "li", "pre", "tr", "td", "th", "img", "strong"}

    def __init__(self, html: str, within: str | None = None) -> None:
        super().__init__()
        self.form = Counter[str]()
        self.text = ""
        self._within, self._inside = within, within is None
        self._extra = 0  # depth inside what the theme adds: permalinks, names of files
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = self._inside or tag == self._within
        if self._extra or dict(attrs).get("class") in ("headerlink", "filename"):
            self._extra += 1
        elif self._inside and tag in self._FORM:
            self.form[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        self._extra = max(0, self._extra - 1)
        self._inside = self._inside and tag != self._within

    def handle_data(self, data: str) -> None:
        if self._inside and not self._extra:
            self.text += "".join(data.split())


def built(site: Path, page: Path) -> Path:
    """The file of the site that a Markdown file has become."""
    name = str(page.relative_to(ROOT))
    if name == "docs/README.md":
        return site / "all-pages/index.html"
    place = name.removeprefix("docs/").removesuffix(".md").removesuffix("README")
    return site / place / "index.html"


def test_a_page_reads_on_the_site_as_it_does_in_the_repository(site: Path) -> None:
    """Nested lists, fences in lists and bars in tables have one reading here and another there."""
    commonmark = MarkdownIt("commonmark").enable("table")
    for page in PAGES:
        here = Outline(built(site, page).read_text(encoding="utf-8"), within="article")
        there = Outline(commonmark.render(page.read_text(encoding="utf-8")))
        assert (here.form, here.text) == (there.form, there.text), page.relative_to(ROOT)


def test_each_link_within_the_site_leads_to_a_file(site: Path) -> None:
    for page in site.rglob("*.html"):
        for link in re.findall(r"""\s(?:href|src)=["']?([^"'\s>]+)""", page.read_text("utf-8")):
            where = urlsplit(link)
            if not (where.scheme or where.netloc or where.path.startswith("/")):
                found = (page.parent / where.path).resolve()
                assert (found / "index.html" if found.is_dir() else found).is_file(), (page, link)


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    loads = re.compile(
        r"""(?:\ssrc=["']?|url\(["']?|@import\s*["']|<link[^>]+href=["']?)(?:https?:)?//"""
    )
    for file in [*site.rglob("*.html"), *site.rglob("*.css")]:
        assert loads.search(file.read_text(encoding="utf-8")) is None, file


# ------------------------------------------------------------ in a browser


class Opens(Protocol):
    """Opens a page of the site."""

    def __call__(self, path: str, *, width: int = 1280, dark: bool = False) -> Page: ...


@pytest.fixture
def opens(browser: Browser, site: Path) -> Iterator[Opens]:
    """At the end no page may have complained, or asked another address for anything."""
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=str(site)))
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    contexts, wrong = [], list[str]()

    def opened(path: str, *, width: int = 1280, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        context.on(
            "request",
            lambda request: (
                wrong.append(f"loaded: {request.url}")
                if not request.url.startswith((f"{address}/", "data:"))
                else None
            ),
        )
        context.set_default_timeout(1000 * patient(10))
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.goto(f"{address}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
    server.shutdown()
    server.server_close()
    assert wrong == []


def test_the_home_page_leads_to_each_kind_of_page(opens: Opens) -> None:
    page = opens("/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Oakum")
    tabs = page.get_by_role("navigation", name="Tabs")
    kinds = [
        "Home",
        "Tutorial",
        "How-to guides",
        "Reference",
        "Explanation",
        "Decisions",
        "Project",
    ]
    expect(tabs.get_by_role("link")).to_have_text(kinds)
    picture = page.get_by_role("img", name="The evidence of one finding")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    tabs.get_by_role("link", name="Reference").click()
    expect(page).to_have_title(re.compile("The command line"))
    page.get_by_role("link", name="Checks", exact=True).click()
    expect(page).to_have_title(re.compile("Checks"))


def test_a_word_that_is_searched_for_opens_its_section(opens: Opens) -> None:
    page = opens("/")
    page.get_by_role("textbox", name="Search").click()
    # At once: the search complains of `bola-`, which a busy machine would send it on the way.
    page.keyboard.insert_text("bola-write")
    page.keyboard.press("End")
    page.locator(".md-search-result a[href$='#bola-write']").click()
    expect(page).to_have_url(re.compile(r"/reference/checks/.*#bola-write$"))
    expect(page.locator("#bola-write")).to_be_in_viewport()


def test_the_site_is_dark_where_the_reader_is_and_light_on_demand(opens: Opens) -> None:
    """And every word can be read (WCAG 2.2, 1.4.3: at least 4.5 to 1)."""
    page = opens("/how-to/check-in-your-tests/", dark=True)
    body = page.locator("body")
    expect(body).to_have_css("background-color", "rgb(11, 20, 24)")
    assert page.evaluate(CONTRAST) == {}
    page.locator("label[for=__palette_1]").click()
    expect(body).to_have_css("background-color", "rgb(255, 255, 255)")
    page.reload()
    expect(body).to_have_css("background-color", "rgb(255, 255, 255)")
    assert page.evaluate(CONTRAST) == {}


@pytest.mark.parametrize(
    "path",
    ["/", "/reference/cli/", "/explanation/what-guarding-costs/"],
)
def test_a_page_fits_a_phone_and_what_is_wide_scrolls_by_itself(opens: Opens, path: str) -> None:
    page = opens(path, width=360)
    made_by_scripts = ".md-code__button, .md-typeset__scrollwrap"
    expect(page.locator(made_by_scripts).first).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    for right, overflow, font in page.locator("pre > code, .md-typeset__scrollwrap").evaluate_all(
        """all => all.map(one => [one, getComputedStyle(one)]).map(([one, style]) =>
            [one.getBoundingClientRect().right, style.overflowX, parseFloat(style.fontSize)])"""
    ):
        assert (right <= 360, overflow) == (True, "auto")
        assert font >= 13


def test_on_a_phone_the_menu_leads_to_another_page(opens: Opens) -> None:
    page = opens("/reference/gate/", width=360)
    page.locator("label.md-header__button[for=__drawer]").click()
    page.get_by_role("navigation").get_by_role("link", name="Exit codes").click()
    expect(page).to_have_title(re.compile("Exit codes"))


def test_the_copy_button_takes_the_commands_of_a_session(opens: Opens) -> None:
    page = opens("/")
    code = page.locator(".language-console code").first
    code.evaluate("code => code.setAttribute('data-md-copying', '')")  # as the theme does
    assert code.inner_text().split("\n")[0] == "./do demo"
    assert "2421 requests" not in code.inner_text()
