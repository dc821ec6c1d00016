"""The pages of `observe` as text: well nested, loading nothing, saying what the command says."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from oakum.observe_pages import abuse, comparison, front_end_use, inventory
from oakum.openapi.model import Json
from tests.unit.report.test_html import Page
from tests.unit.traffic import samples

LINES = samples.LINES


def inventoried(document: Json) -> str:
    return inventory.render(document, LINES)


def used(document: Json) -> str:
    return front_end_use.render(document, LINES)


def compared(document: Json) -> str:
    return comparison.render(document, LINES)


EVERY = [
    (inventoried, samples.small()),
    (inventoried, samples.hostile()),
    (inventoried, samples.distrusted()),
    (used, samples.usage()),
    (used, samples.usage(name=samples.HOSTILE[2])),
    (compared, samples.comparison()),
    (compared, samples.comparison(name=samples.HOSTILE[1])),
    (abuse.render, samples.abuse()),
    (abuse.render, samples.abuse(samples.HOSTILE[0])),
]


@pytest.mark.parametrize(("make", "document"), EVERY)
def test_a_page_is_well_nested_loads_nothing_and_runs_one_script(
    make: Callable[[Json], str], document: Json
) -> None:
    text = make(document)
    found = Page(text)
    ids = [attributes["id"] for _, attributes, _ in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes, _ in found.elements:
        for name, value in attributes.items():
            assert not name.startswith("on") and name != "style", (tag, name)
            if name in ("src", "href", "action", "data", "poster", "srcset"):
                assert value and value.startswith(("#", "data:image/svg+xml,")), (tag, value)
    assert len(found.all("script")) == 2
    assert found.all("img") == []
    ((_, data),) = found.all("script", id="data")
    json.loads(data)
    policy = found.all("meta", **{"http-equiv": "Content-Security-Policy"})[0][0]["content"]
    assert policy and policy.startswith("default-src 'none'; style-src 'sha256-")
    visible = text.split('<script type="application/json"')[0]
    assert "\u202e" not in visible


DISCARDED = samples.usage() | {"discarded": [{"drive": "--page 1", "why": "looks otherwise"}]}
NOTHING: Json = {"trustworthy": False, "distrust": ["`a` gave no exchange"]}


@pytest.mark.parametrize(
    ("make", "document", "heading", "code"),
    [
        (inventoried, samples.small(), "Drift in 3 places", 1),
        (inventoried, samples.observation([]), "No drift found", 0),
        (inventoried, samples.observation([], against=""), "0 operations", 0),
        (inventoried, samples.distrusted(), "Not trustworthy", 3),
        (used, samples.usage(), "4 of 10 fields are unused on the pages driven", 1),
        (used, DISCARDED, "Not trustworthy", 3),
        (used, samples.usage(0) | {"difference": []}, "Nothing was seen", 3),
        (compared, samples.comparison(), "4 leaks", 1),
        (compared, samples.comparison(0), "No difference found", 0),
        (compared, samples.comparison() | NOTHING, "Not trustworthy", 3),
        (abuse.render, samples.abuse(), "2 callers take too much", 1),
        (abuse.render, samples.abuse() | {"callers": []}, "Nobody takes too much", 0),
        (abuse.render, samples.abuse() | NOTHING, "Not trustworthy", 3),
    ],
)
def test_the_heading_is_the_verdict_and_the_code_that_of_the_command(
    make: Callable[[Json], str], document: Json, heading: str, code: int
) -> None:
    found = Page(make(document))
    assert found.text("h1") == heading
    assert found.text("span", **{"class": "exit"}) == f"exit {code}"
    assert bool(found.all("section", **{"class": "distrust"})) == (code == 3)


def test_what_was_sent_is_folded_without_loss() -> None:
    document = samples.small()
    ((_, data),) = Page(inventoried(document)).all("script", id="data")
    kept = {
        (group["endpoint"], group["resource"], name, group["viewer"], many, group["of"])
        for group in json.loads(data)["sent"]
        for name, many in group["fields"].items()
    }
    assert kept == {
        (row["endpoint"], row["resource"], row["field"], row["viewer"], row["present"], row["of"])
        for row in document["sent"]
    }
