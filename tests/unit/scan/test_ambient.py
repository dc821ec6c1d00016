"""What is the present time, and what varies by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.scan.ambient import Ambient, instant, is_present

NOON = datetime(2026, 11, 27, 12, 0, 7, tzinfo=UTC)
AT = NOON.timestamp()
SEEN = ("Member", "seen_at")


@pytest.mark.parametrize(
    "text",
    [
        NOON.isoformat(),
        "2026-11-27T12:00:07Z",
        "2026-11-27 12:00:07.123456",
        "2026-11-27T17:30:07",
        str(int(AT)),
        str(int(AT * 1000)),
        f"{AT:.3f}",
        format_datetime(NOON, usegmt=True),
        NOON.astimezone(timezone(timedelta(hours=-8))).isoformat(),
        "2026-11-28",
    ],
)
def test_the_present_time_is_known_however_it_is_written(text: str) -> None:
    assert is_present(text, [AT])


@pytest.mark.parametrize(
    "text", ["1990-04-03", "2026-11-27T12:30:07Z", "2026-11-26T12:07:00", "4155550123", "Ann Leigh"]
)
def test_another_time_and_no_time_is_not_the_present(text: str) -> None:
    assert not is_present(text, [AT])


@given(st.text(max_size=50))
def test_no_text_is_an_error(text: str) -> None:
    instant(text)


def test_what_is_shown_otherwise_at_each_asking_varies() -> None:
    ambient = Ambient(lambda: AT)
    ambient.learn("getMember", "ann", "1", [(SEEN, "k-1")])
    assert not ambient.holds("ann", SEEN, "k-1")
    ambient.learn("getMember", "ann", "1", [(SEEN, "k-2")])
    assert ambient.holds("ann", SEEN, "k-1")


def test_another_object_another_question_and_another_setting_do_not_make_a_value_vary() -> None:
    ambient = Ambient(lambda: AT)
    ambient.learn("getMember", "ann", "1", [(SEEN, "k-1")])
    ambient.learn("getMember", "ann", "2", [(SEEN, "k-2")])
    ambient.learn("listMembers", "ann", "1", [(SEEN, "k-3")])
    ambient.forget("ann")
    ambient.learn("getMember", "ann", "1", [(SEEN, "k-4")])
    assert not ambient.holds("ann", SEEN, "k-1")


def test_an_address_is_nobody_elses_wherever_it_stands() -> None:
    ambient = Ambient(lambda: AT)
    for operation in ("logIn", "listMembers"):
        ambient.met("ann", ("Member", "email"), "ann@mail.test", operation)
        ambient.met("ann", ("Member", "build"), "2031.44-4f2a9c77", operation)
    assert not ambient.may_hold("ann", ("Member", "email"), "ann@mail.test")
    assert ambient.may_hold("ann", ("Member", "build"), "2031.44-4f2a9c77")
    assert not ambient.holds("ann", ("Member", "build"), "2031.44-4f2a9c77")
