"""What is the present time, and what varies by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.exposure.values.impersonal_values import Ambient, instant, is_one_of_few, is_present

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
    assert not ambient.varies(SEEN)
    ambient.learn("getMember", "ann", "1", [(SEEN, "k-2")])
    assert ambient.varies(SEEN)


def test_another_object_another_question_and_another_setting_do_not_make_a_value_vary() -> None:
    ambient = Ambient(lambda: AT)
    ambient.learn("getMember", "ann", "1", [(SEEN, "k-1")])
    ambient.learn("getMember", "ann", "2", [(SEEN, "k-2")])
    ambient.learn("listMembers", "ann", "1", [(SEEN, "k-3")])
    ambient.forget("ann")
    ambient.learn("getMember", "ann", "1", [(SEEN, "k-4")])
    assert not ambient.varies(SEEN)


def test_an_address_is_nobody_elses_wherever_it_stands() -> None:
    ambient = Ambient(lambda: AT)
    for operation in ("logIn", "listMembers"):
        ambient.note_value("ann", ("Member", "email"), "ann@mail.test", operation)
        ambient.note_value("ann", ("Member", "build"), "2031.44-4f2a9c77", operation)
    assert not ambient.may_hold("ann", ("Member", "email"), "ann@mail.test")
    assert ambient.may_hold("ann", ("Member", "build"), "2031.44-4f2a9c77")
    assert not ambient.varies(("Member", "build"))


@pytest.mark.parametrize(
    ("text", "path", "few"),
    [
        ("plan_pro_2024", "plan", True), ("Europe/London", "timezone", True),
        ("2025-12-25", "renews_on", True), ("SKU-10023-BLK", "sku", True),
        ("application/pdf", "mime", True), ("#ff8800", "colour", True), ("1004711", "total", True),
        ("gift-3f9a71c0de", "coupon", False), ("leave it at the back door", "hint", False),
        ("4155550123", "number", False), ("ann@mail.test", "email", False),
        ("1990-04-03", "birthday", False), ("Ann Leighton", "name", False),
        ("my-own-words", "note", False), ("x" * 32, "plan", False),
    ],
)  # fmt: skip
def test_a_choice_out_of_a_few_is_told_from_what_one_person_has(
    text: str, path: str, few: bool
) -> None:
    assert is_one_of_few(text, path) is few


def test_a_choice_that_stands_by_itself_may_be_everybodys_at_that_endpoint_alone() -> None:
    ambient, plan = Ambient(lambda: AT), ("Sub", "plan")
    ambient.note_value("ann", plan, "plan_pro_2024", "listPlans", among="listPlans")
    ambient.note_value("ann", ("Sub", "email"), "ann@mail.test", "listPlans", among="listPlans")
    assert ambient.may_hold("ann", plan, "plan_pro_2024", "listPlans")
    assert not ambient.may_hold("ann", plan, "plan_pro_2024", "getCard")
    assert not ambient.may_hold("ann", ("Sub", "email"), "ann@mail.test", "listPlans")
