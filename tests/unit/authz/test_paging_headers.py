"""Headers and links beside a list: whether they say that it goes on."""

from __future__ import annotations

import pytest

from oakum.authz.paging_headers import Pages, address_says, header_says, link_says

TWO = Pages(found=2, last=2, first=2)
"""One page with two ids."""


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("content-range", "items 0-1/2", ["end"]),
        ("content-range", "items 0-1/9", ["on"]),
        ("link", '</n?page=2>; rel="next"', ["on"]),
        ("link", '</n>; rel="self"', ["silent"]),
        ("x-total-count", "2", ["silent"]),
        ("x-total-count", "3", ["on"]),
        ("x-has-more", "false", ["silent"]),
        ("x-has-more", "true", ["on"]),
        ("x-cache-state", "stale", ["on"]),
        ("x-ratelimit-remaining", "7", []),
        ("server", "nginx", []),
    ],
)
def test_a_header_says_that_a_list_goes_on(name: str, text: str, said: list[str]) -> None:
    assert [*header_says({name: text}, TWO)] == said


def test_the_last_page_must_clearly_be_this_one() -> None:
    assert link_says("last", "/n?page=1", TWO, ()) == "silent"
    assert link_says("last", "/n?page=2", TWO, ()) == "on"
    assert link_says("last", "/n", TWO, ()) == "unknown"
    assert link_says("last", "/n", TWO, {"/n"}) == "silent"


@pytest.mark.parametrize(
    ("url", "said"),
    [("/n", "silent"), ("/n?page=1", "end"), ("/n?limit=2", "unknown"), ("/n?after=b", "on")],
)
def test_an_address_of_a_page_says_which_it_is(url: str, said: str) -> None:
    assert address_says(url, TWO) == said
