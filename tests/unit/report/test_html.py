from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from oakum.errors import Location
from oakum.finding import Report
from oakum.output.render import _data
from oakum.report import html
from oakum.report.json_document import document
from tests.unit.report.sample import HOSTILE, clean, hostile, sample, untrusted

VOID = {"meta", "link", "br", "wbr", "input", "img"}


class Page(HTMLParser):
    """Elements with their attributes and own text, in order; refuses what is not well nested."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[int] = []
        self.feed(text)
        assert not self._open, [self.elements[at][0] for at in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self._open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for at in self._open:
            self.elements[at][2].append(data)

    def all(self, tag: str, **wanted: str) -> list[tuple[dict[str, str | None], str]]:
        return [
            (attributes, "".join(text))
            for name, attributes, text in self.elements
            if name == tag and all(attributes.get(key) == value for key, value in wanted.items())
        ]

    def text(self, tag: str, **wanted: str) -> str:
        ((_, text),) = self.all(tag, **wanted)
        return " ".join(text.split())


REPORTS = pytest.mark.parametrize("make", [sample, clean, untrusted, hostile])


@REPORTS
def test_the_page_is_well_nested_and_its_ids_are_unique(make: Callable[[], Report]) -> None:
    page = Page(html.render(make()))
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


@REPORTS
def test_the_page_loads_nothing(make: Callable[[], Report]) -> None:
    page = Page(html.render(make()))
    for tag, attributes, _ in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "style"
            if name in ("src", "href", "action", "data", "poster", "srcset"):
                assert value and value.startswith(("#", "data:image/svg+xml,")), (tag, value)
    style = page.text("style")
    assert "url(" not in style and "@import" not in style


def test_the_policy_admits_this_style_and_this_script_alone() -> None:
    page = Page(html.render(sample()))
    ((meta, _),) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    policy = dict(part.strip().split(" ", 1) for part in str(meta["content"]).split(";"))

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    (script,) = [text for attributes, text in page.all("script") if "type" not in attributes]
    ((_, style),) = page.all("style")
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest(style)}'",
        "script-src": f"'sha256-{digest(script)}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


@REPORTS
def test_the_page_holds_the_report_itself(make: Callable[[], Report]) -> None:
    page = Page(html.render(make()))
    ((_, data),) = page.all("script", id="data")
    assert json.loads(data)["report"] == json.loads(json.dumps(document(make())))


def test_names_of_an_api_make_no_element() -> None:
    page = Page(html.render(hostile()))
    assert len(page.all("script")) == 2
    assert page.all("img") == []
    assert page.text("h4", id=str(page.all("article")[1][0]["id"]) + "-title").startswith(
        HOSTILE[1]
    )


def test_data_ends_its_block_nowhere() -> None:
    text = html.render(hostile())
    data = text[text.index('id="data">') :]
    data = data[len('id="data">') : data.index("</script>")]
    assert not set("<>&\u2028\u2029") & set(data)


def test_marks_of_direction_are_written_out() -> None:
    visible = html.render(hostile()).split('<script type="application/json"')[0]
    assert "\u202e" not in visible and "\x1b" not in visible
    assert r"\u202e" in visible


@pytest.mark.parametrize(
    ("report", "heading"),
    [
        (sample(), "12 defects"),
        (clean(), "No leak found"),
        (clean(untested=True), "No leak found in the tested cells"),
        (untrusted(), "Not trustworthy"),
    ],
)
def test_the_heading_is_the_verdict(report: Report, heading: str) -> None:
    assert Page(html.render(report)).text("h1") == heading


def test_a_run_not_to_be_trusted_says_why() -> None:
    page = Page(html.render(untrusted()))
    assert "`" not in page.text("section", **{"aria-labelledby": "distrust-title"})
    assert "ann could not log in" in page.text("section", **{"aria-labelledby": "distrust-title"})
    assert Page(html.render(sample())).all("section", **{"aria-labelledby": "distrust-title"}) == []


def test_a_drafted_contract_is_called_so() -> None:
    drafted = Page(html.render(replace(sample(), stated=False)))
    assert "drafted by Oakum" in drafted.text("p", **{"class": "drafted"})
    assert Page(html.render(sample())).all("p", **{"class": "drafted"}) == []


def test_each_field_of_a_defect_leads_to_a_finding() -> None:
    page = Page(html.render(sample()))
    links = {
        str(a["href"]).removeprefix("#finding-") for a, _ in page.all("a", **{"class": "chip"})
    }
    prints = {finding.fingerprint for finding in sample().findings}
    assert links <= prints
    assert len(page.all("article")) == 12
    assert len(links) > 12


def test_a_contract_line_is_short_to_read_and_whole_to_find() -> None:
    place = Location("/home/ann/api/exposure.yaml", 9, 7)
    finding = replace(sample().findings[0], contract_location=place)
    page = Page(html.render(replace(clean(), findings=(finding,))))
    assert page.text("code", title=str(place)) == "exposure.yaml:9:7"


def test_the_bar_shares_out_all_cells() -> None:
    widths = [float(str(a["width"])) for a, _ in Page(html.render(sample())).all("rect")]
    assert sum(widths) == pytest.approx(1000, abs=0.05)
    assert all(width >= 0 for width in widths)


def test_everything_skipped_and_every_identity_is_named() -> None:
    page = html.render(sample())
    for skipped in sample().skipped:
        assert skipped.endpoint.path in page
    for identity in sample().identities:
        assert f'<th scope="row">{identity.name}</th>' in page


def test_the_same_report_gives_the_same_page_in_whatever_order_it_was_found() -> None:
    whole = sample()
    turned = replace(whole, findings=whole.findings[::-1], cells=whole.cells[::-1])
    assert html.render(turned) == html.render(whole)


def test_the_script_sets_text_never_markup() -> None:
    ((_, script),) = [
        (a, text) for a, text in Page(html.render(clean())).all("script") if "type" not in a
    ]
    without_comments = re.sub(r"//.*", "", script)
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert word not in without_comments


def test_no_mark_of_writing_direction_stands_in_the_source_of_a_page() -> None:
    """Also in the data that the script draws: a source may be read, and so lied in, as well."""
    page = html.render(hostile())
    assert "\\u202e" in page
    assert not [char for char in page if not char.isprintable() and char != "\n"]


def test_data_means_the_same_with_its_characters_escaped() -> None:
    text = "<\u202e\x7f\u2066é\U0001f600\U000e0001>&\\u202e"
    assert json.loads(_data({text: [text]})) == {text: [text]}
    assert "\U000e0001" not in _data(text) and "é\U0001f600" in _data(text)
