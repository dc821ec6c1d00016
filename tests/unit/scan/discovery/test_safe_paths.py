"""A path of which nothing is known is called only where its words let reading be expected."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from oakum.inference.lexicon import singular
from oakum.scan.discovery.safe_paths import may_be_read

KNOWN = frozenset({"bill", "person"})
WORDS = st.text(st.sampled_from("abcdefghijklmnoprtuvwy"), min_size=3, max_size=12)
"""Hardly ever a word that anybody has put on a list, and no plural."""


@pytest.mark.parametrize(
    "path",
    [
        "/api/profiles/{id}", "/api/profiles/{id}/card", "/api/bills/{id}/owner", "/api/everybody",
        "/api/bills/{id}/history", "/api/bills/{id}/pdf", "/rest/user/whoami", "/api/v2/me/orders",
        "/rest/products/search", "/export/posts/{t}.csv", "/u/{id}", "/api/getProfile",
        "/bills/{id}/line-items", "/my/account", "/api/stats", "/api/bill/{id}",
    ],
)  # fmt: skip
def test_a_noun_or_a_verb_of_reading_is_called(path: str) -> None:
    assert may_be_read(path, (), KNOWN)


@pytest.mark.parametrize(
    "path",
    [
        "/api/cart/checkout", "/api/drafts/discard", "/api/trash/empty", "/api/jobs/run",
        "/api/me/lock", "/api/session/end", "/api/me/verify", "/api/like", "/api/like/{id}",
        "/api/notifications/seen", "/api/finish", "/api/me/bye", "/api/bills/{id}/settle",
        "/api/bills/{id}/dispute", "/api/users/{id}/poke", "/api/users/{id}/report",
        "/api/bills/{id}/email", "/api/bills/{id}/archive", "/api/messages/{id}/read",
        "/api/feeds/{id}/fetch", "/api/settle/bills", "/api/settle-bills", "/api/notify-people",
        "/api/find-and-delete", "/api/dismiss", "/api/users/{id}/sms", "/{id}", "/v2", "",
    ],
)  # fmt: skip
def test_what_may_be_a_command_is_not(path: str) -> None:
    assert not may_be_read(path, (), KNOWN)


@given(WORDS, st.sampled_from(["/{}", "/api/{}", "/bills/{{id}}/{}", "/api/{}/{{id}}"]))
def test_an_unknown_word_is_never_called(word: str, place: str) -> None:
    assume(singular(word) == word and not may_be_read(f"/{word}s/{word}"))
    assert not may_be_read(place.format(word), (), KNOWN)


@given(WORDS)
def test_what_names_many_things_is_called_whatever_they_are(word: str) -> None:
    assume(not word.endswith(("u", "i")) and may_be_read(f"/{word}s"))
    assert may_be_read(f"/bills/{{id}}/{word}s", (), KNOWN)


@pytest.mark.parametrize(
    ("query", "called"),
    [
        (("user_id", "{id}"), True), (("page", "2"), True), (("action", "list"), True),
        (("action", "delete"), False), (("do", "settle"), False), (("markAsRead", "1"), False),
        (("cmd", "{c}"), False), (("delete", "{id}"), False),
    ],
)  # fmt: skip
def test_a_query_that_tells_what_to_do_is_not_sent(query: tuple[str, str], called: bool) -> None:
    assert may_be_read("/api/bills", (query,), KNOWN) is called
