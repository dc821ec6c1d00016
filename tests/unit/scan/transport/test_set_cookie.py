"""What `Set-Cookie` lines say; more of it, with hostile lines, stands beside the client."""

from __future__ import annotations

import pytest

from oakum.scan.transport.set_cookie import cookie_paths_of, cookies_of


@pytest.mark.parametrize("turned", [False, True])
def test_of_one_name_the_cookie_for_the_most_counts(turned: bool) -> None:
    lines = ["sid=part; Path=/billing", "sid=whole; Path=/"]
    lines = lines[::-1] if turned else lines
    assert cookies_of(lines) == {"sid": "whole"}
    assert cookie_paths_of(lines) == {}


def test_the_last_of_two_for_the_same_counts() -> None:
    assert cookies_of(["sid=1; path=/a", "sid=2; path=/a"]) == {"sid": "2"}
    assert cookies_of(["sid=1", "sid=; Max-Age=0"]) == {"sid": ""}


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("Path=/billing", {"sid": "/billing"}), ("pAtH = /a/b ", {"sid": "/a/b"}),
        ("Path=/", {}), ("Path=", {}), ("Path=billing", {}), ("HttpOnly", {}), ("", {}),
    ],
)  # fmt: skip
def test_a_path_is_one_that_begins_with_a_slash(said: str, path: dict[str, str]) -> None:
    assert cookie_paths_of([f"sid=1; {said}"]) == path
