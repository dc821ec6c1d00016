"""A mask is not what it hides, and is told from it by what its owner sees elsewhere."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.exposure.values.masks import hides, is_partly_masked, kind_of

MASKS = [
    ("10.101.x.x", "10.101.7.12"),
    ("10.101.0.0", "10.101.7.12"),
    ("10.101.*.*", "10.101.7.12"),
    ("a***@example.org", "ada@example.org"),
    ("+44 **** ****34", "+44 7700 901234"),
    ("SW1A XXX", "SW1A 2AA"),
    ("1990-00-00", "1990-04-03"),
    ("Smith, J…", "Smith, John"),
]


@pytest.mark.parametrize(("mask", "whole"), MASKS)
def test_a_mask_hides_what_its_owner_sees_elsewhere(mask: str, whole: str) -> None:
    assert hides(mask, whole) and not hides(whole, mask)
    assert kind_of(mask, {whole}, (), shared=False) == "mask"
    assert kind_of(whole, {mask}, (), shared=False) == "value"


@pytest.mark.parametrize(
    ("one", "other"),
    [("10.101.x.x", "10.102.7.12"), ("10.101.7.12", "10.101.7.13"), ("****", "ada"), ("x", "y"),
     ("1990-04-03", "1990-04-04"), ("a***@example.org", "ada@example.com"), ("0", "7")],
)  # fmt: skip
def test_what_differs_in_what_it_shows_hides_nothing(one: str, other: str) -> None:
    assert not hides(one, other)


@given(st.text(max_size=30), st.text(max_size=30))
def test_nothing_hides_itself_and_no_two_hide_each_other(one: str, other: str) -> None:
    assert not hides(one, one)
    assert not (hides(one, other) and hides(other, one)) or "0" in one + other


def test_a_hostile_value_takes_no_time() -> None:
    began = time.process_time()
    hides("x.x.x.x.x.x!", "." * 200)
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize("text", ["10.1.x.x", "10.*.*.*", "a…@example.org", "b••••", "j...@x.org"])
def test_a_value_of_which_a_part_is_hidden_looks_so(text: str) -> None:
    assert is_partly_masked(text)


@pytest.mark.parametrize("text", ["10.1.0.0", "Max", "x", "a.b.c", "1990-04-03", 7, None])
def test_a_plain_value_does_not(text: object) -> None:
    assert not is_partly_masked(text)


def test_a_value_of_several_that_is_another_elsewhere_may_be_a_mask_and_may_vary_by_itself() -> (
    None
):
    moments = {"2026-11-28T10:00:01Z"}
    assert kind_of("2026-11-28T10:00:02Z", moments, (), shared=True) == "alike"
    assert kind_of("2026-11-28T10:00:02Z", moments, (), shared=False) == "unclear"
