"""What a masked value looks like, by its form alone."""

from __future__ import annotations

from itertools import product

import pytest

from oakum.openapi.model import Json
from oakum.policy.mask import Mask

STARS, EMPTY, LAST = Mask("stars"), Mask("empty"), Mask("ends", 0, 4)
BOTH, ROUND, CITY = Mask("ends", 2, 4), Mask("decimals", 1), Mask("beside", member="city")
AROUND = {"city": "Kelo", "floor": 3, "gone": None}


@pytest.mark.parametrize(
    ("mask", "value"),
    [
        (STARS, "j***@x.test"),
        (STARS, "\u2022\u2022\u2022\u2022"),
        (STARS, "a...@x.test"),
        (STARS, "XXXX-1234"),
        (STARS, "j***@x.test, k***@x.test"),
        (STARS, "jane@***.test"),
        (EMPTY, None),
        (EMPTY, ""),
        (EMPTY, []),
        (EMPTY, {}),
        (LAST, "1234"),
        (LAST, "**** **** 1234"),
        (LAST, "XXXX-1234"),
        (LAST, 1234),
        (LAST, "****"),
        (BOTH, "DE** **** 1234"),
        (ROUND, 52.5),
        (ROUND, 52),
        (ROUND, "52.50"),
        (CITY, "Kelo"),
        (Mask("beside", member="floor"), 3),
    ],
)
def test_a_value_of_the_form_is_masked(mask: Mask, value: Json) -> None:
    assert mask.fits(value, AROUND)


@pytest.mark.parametrize(
    ("mask", "value"),
    [
        (STARS, "jane@x.test"),
        (STARS, "5 * 4"),
        (STARS, "****** jane@x.test"),
        (STARS, "jane@x.test (****)"),
        (STARS, None),
        (STARS, True),
        (STARS, ["****"]),
        (EMPTY, 0),
        (EMPTY, False),
        (EMPTY, [None]),
        (LAST, "51234"),
        (LAST, "1234****"),
        (LAST, "5*1234"),
        (LAST, "** 5 ** 1234"),
        (LAST, "1234 ****"),
        (LAST, 1.5),
        (LAST, True),
        (LAST, None),
        (BOTH, "DE5** 1234"),
        (ROUND, 52.51),
        (ROUND, "52.51"),
        (ROUND, "north"),
        (ROUND, True),
        (ROUND, 1e-9),
        (CITY, "Kelo, 5 Long Road"),
        (CITY, None),
        (Mask("beside", member="floor"), 3.0),
        (Mask("beside", member="gone"), None),
        (Mask("beside", member="else"), "x"),
    ],
)
def test_any_other_value_is_none(mask: Mask, value: Json) -> None:
    assert not mask.fits(value, AROUND)


def test_outside_an_object_nothing_stands_beside() -> None:
    assert not CITY.fits("Kelo", ["Kelo"]) and not CITY.fits("Kelo")


def test_a_form_is_told_as_it_is_written() -> None:
    every = (STARS, EMPTY, LAST, BOTH, Mask("ends", 1), Mask("decimals", 0), CITY)
    assert [*map(str, every)] == [
        "stars", "empty", "{last: 4}", "{first: 2, last: 4}", "{first: 1}", "{decimals: 0}",
        "{beside: city}",
    ]  # fmt: skip


COUNTS = range(4)
EVERY = (
    STARS, EMPTY, CITY, Mask("beside", member="floor"),
    *(Mask("ends", first, last) for first in COUNTS for last in COUNTS if first or last),
    *(Mask("decimals", n) for n in COUNTS),
)  # fmt: skip
VALUES: tuple[Json, ...] = (
    None, "", "Kelo", 3, "****", "a@x.test ****", "j **** k", "Kelo **",
    12345678, "Kelo Old Town", "12345678.5",
    *(f"{'a' * first}**{'b' * last}" for first in COUNTS for last in COUNTS),
    *(f"12345678.{'5' * n}" for n in COUNTS[1:]),
)  # fmt: skip


@pytest.mark.parametrize("one", EVERY, ids=str)
def test_a_form_is_within_another_if_every_value_of_it_has_the_other(one: Mask) -> None:
    around = (AROUND, {"city": "Kelo Old Town", "floor": "Kelo Old Town"}, {"city": 3}, {})
    pairs = [pair for pair in product(VALUES, around) if one.fits(*pair)]
    wider = {str(each) for each in EVERY if all(each.fits(*pair) for pair in pairs)}
    assert {str(each) for each in EVERY if one.within(each)} == wider
