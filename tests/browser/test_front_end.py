"""`oakum observe front-end` on pages whose use of their API is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from oakum.observe.use.drive import opening, watch
from oakum.observe.use.usage import UNUSED, USED, Usage, judge
from oakum.observe.use.words import lines, plain
from tests.browser import zoo
from tests.browser.test_html_report import browser as browser

pytestmark = [pytest.mark.browser, pytest.mark.server]
QUIET = 0.15


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with zoo.serving() as address:
        yield address


@dataclass(frozen=True)
class Score:
    """Of one page: how much of what was said is right, and how much of what is so was said."""

    used_right: int
    used_said: int
    used: int
    excess_right: int
    excess_said: int
    excess: int


def score(name: str, usage: Usage) -> Score:
    truth = zoo.truth(name)
    found = [
        (field.use, field.path in truth.get(key, ()))
        for door in usage.doors
        for key in [" ".join(filter(None, (door.method, door.path, door.operation)))]
        for field in door.fields
    ]
    return Score(
        sum(use in USED and is_used for use, is_used in found),
        sum(use in USED for use, _ in found),
        sum(is_used for _, is_used in found),
        sum(use in UNUSED and not is_used for use, is_used in found),
        sum(use in UNUSED for use, _ in found),
        sum(not is_used for _, is_used in found),
    )


def observed(browser: Browser, origin: str, name: str) -> Usage:
    found = watch(browser, opening(f"{origin}/{name}/"), origin, QUIET)
    assert found.load is not None, found.why
    return judge(found.load, origin)


# Page → used: right/said/all, excess: right/said/all. What is lost is lost in copies, and in what
# goes where no script of the page looks.
SCORES = {
    "crew": Score(7, 7, 10, 11, 14, 11),
    "drafts": Score(2, 2, 5, 10, 13, 10),
    "hydrated": Score(6, 6, 6, 10, 10, 10),
    "orders": Score(4, 4, 9, 21, 26, 21),
    "parsed": Score(5, 5, 7, 6, 8, 6),
    "reactive": Score(7, 9, 7, 7, 7, 9),
    "roster": Score(6, 6, 8, 11, 13, 11),
    "tickets": Score(8, 8, 11, 17, 20, 17),
    "vanilla": Score(9, 9, 10, 15, 16, 15),
    "worker": Score(2, 2, 5, 3, 3, 7),
}


@pytest.mark.parametrize("name", zoo.NAMES)
def test_a_page_uses_what_it_was_written_to_use(browser: Browser, origin: str, name: str) -> None:
    assert score(name, observed(browser, origin, name)) == SCORES[name]


def test_no_value_leaves_the_browser_in_a_path_or_a_word(browser: Browser) -> None:
    api = {
        "GET /api/people/canary-1/posts": {
            "canary 2": {"a": 1}, "canary.3@example.com": "canary4",
            "by": {name: {"text": "canary5"} for name in ("canarya", "canaryb", "canaryc")},
        },
        "POST /graphql": {"data": {"name": "canary6"}},
    }  # fmt: skip
    page = b"""<title></title><script id=state type=application/json>{"x": "canary7"}</script>
      <script>(async () => {
        const answer = await (await fetch("/api/people/canary-1/posts?q=canary8#canary9")).json();
        const body = JSON.stringify({query: '{ me(name: "canary10") { name } }'});
        await (await fetch("/graphql", {method: "POST", body})).json();
        document.title = answer.by.canarya.text + { ...answer }["canary 2"].a;
        console.log(answer, JSON.parse(state.textContent).x);
      })()</script>"""
    with zoo.answering(api, page) as address:
        found = watch(browser, opening(f"{address}/canary-11"), address, QUIET)
    assert found.load is not None
    usage = judge(found.load, address)
    told = json.dumps(plain(usage)) + "\n".join(lines(usage))
    assert len(usage.doors) == 3
    assert "by.*.text" in told
    assert "canary" not in told


def test_what_was_not_seen_is_not_called_unused(browser: Browser, origin: str) -> None:
    usage = observed(browser, origin, "worker")
    uses = {f"{door.path} {field.path}": field.use for door in usage.doors for field in door.fields}
    assert uses["/api/quota plan"] == "unobserved"  # asked for in the worker
    assert uses["/api/feed posts.*.score"] == "unobserved"  # sent there
    assert usage.unheard == 1  # taken as a blob, of which the browser keeps nothing
    stream = (
        b"""<script>fetch("/api").then((answer) => new Response(answer.body).json())</script>"""
    )
    with zoo.answering({"GET /api": {"a": 1}}, stream) as address:
        load = watch(browser, opening(address), address, QUIET).load
    assert load is not None
    seen = judge(load, address)
    assert seen.unheard or seen.doors[0].fields[0].use == "unobserved"  # as the browser likes it
    assert uses["/api/notes notes.*.mood"] == "copied"  # and the copy was looked at
