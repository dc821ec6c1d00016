"""What a value shows of the one that its owner sees: a form, more than every form, or unclear."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from oakum.exposure.cells.matrix import Key
from oakum.exposure.cells.withdrawn_findings import BEYOND, FEW, MaskedFields
from oakum.exposure.values.disclosure_by_masked_values import (
    PROOF,
    MaskedValue,
    OwnersValue,
    judge,
    letters,
)
from oakum.openapi.model import Json
from oakum.policy.mask import Mask

STARS, EMPTY, LAST = Mask("stars"), Mask("empty"), Mask("ends", 0, 4)
BOTH, ROUND, TOWN = Mask("ends", 2, 2), Mask("decimals", 1), Mask("beside", member="town")
YEAR, THREE = Mask("ends", 4), Mask("ends", 0, 3)
CARD, IBAN, MAIL = "4539148803436467", "DE89370400440532013000", "annika.bergqvist@mail.test"
AROUND = {"town": "Kelo"}


def of(value: Json, whole: str, *forms: Mask, others: tuple[str, ...] = ()) -> MaskedValue:
    return judge(value, forms, [OwnersValue.of(whole, [*map(letters, others)])], AROUND)


@pytest.mark.parametrize(
    ("value", "whole", "form"),
    [
        ("**** 6467", CARD, LAST),
        (6467, CARD, LAST),
        ("****", CARD, LAST),
        ("9999", CARD, LAST),  # of the form, and not even the owner's
        ("DE****00", IBAN, BOTH),
        ("a***@mail.test", MAIL, STARS),
        ("annika.bergqvis**@mail.test", MAIL, STARS),
        (59.3, "59.329323", ROUND),
        ("59", "59.329323", ROUND),
        ("Kelo", "12 Long Road, Kelo", TOWN),
        ("1987-**-**", "1987-04-23", YEAR),
    ],
)
def test_a_value_of_the_form_shows_no_more_than_it(value: Json, whole: str, form: Mask) -> None:
    assert of(value, whole, form) == MaskedValue("within")


@pytest.mark.parametrize(
    ("value", "whole", "forms", "excess"),
    [
        ("****148803436467", CARD, (LAST,), 8),
        ("**********436467", CARD, (LAST,), 2),
        (148803436467, CARD, (LAST,), 8),
        ("4539 1488 0343 6467", CARD, (LAST,), 12),
        ("453914", CARD, (LAST,), 6),
        ("DE89 3704 0044 0532 0130 00", IBAN, (BOTH,), 18),
        (IBAN[:-2] + "…", IBAN, (BOTH,), 18),
        (IBAN.lower(), IBAN, (BOTH,), 18),
        (f"****** {MAIL}", MAIL, (STARS,), 23),
        (f"**** {CARD}", CARD, (STARS,), 16),
        (MAIL.upper(), MAIL, (STARS, EMPTY), 23),
        ("+46 70 123 45 11", "0701234511", (THREE,), 6),
        ("0046701234511", "+46701234511", (THREE,), 8),
        ("59.3293", "59.329323", (ROUND,), 3),
        (59.3294, "59.329361", (ROUND,), 3),
        ("Long Road, Kelo", "12 Long Road, Kelo", (TOWN,), 8),
        ("1987-04-**", "1987-04-23", (YEAR,), 2),
        ("annika%2Ebergqvist%40mail.test", MAIL, (STARS,), 23),
        ("a***@mail.test", MAIL, (), 9),
    ],
)
def test_a_value_that_comes_from_the_owners_is_beyond_the_form(
    value: Json, whole: str, forms: tuple[Mask, ...], excess: int
) -> None:
    assert of(value, whole, *forms) == MaskedValue("beyond", excess)


@pytest.mark.parametrize(
    ("value", "whole", "form"),
    [
        (6467, "6467", LAST),
        ("**** 6467", "6467", LAST),
        ("6467", "**** 6467", LAST),
        (59.3, "59.30", ROUND),
        ("Kelo", "Kelo", TOWN),
        ("a***@mail.test", "a***@mail.test", STARS),
        ("a***@mail.test", "a@mail.test", STARS),  # masked as any address is
    ],
)
def test_a_form_that_its_owner_is_shown_too_tells_nothing(
    value: Json, whole: str, form: Mask
) -> None:
    assert of(value, whole, form) == MaskedValue("alike")


@pytest.mark.parametrize(
    ("value", "whole", "form"),
    [
        ("ask the owner", CARD, LAST),
        (59.351, "59.329323", ROUND),
        ("Kelo, north", "12 Long Road, Kelo", TOWN),
        ("59.3 N", "59.329323", ROUND),
        ("5500005555555559", CARD, LAST),
        ("YW5uaWthLmJlcmdxdmlzdEBtYWlsLnRlc3Q=", MAIL, STARS),
    ],
)
def test_what_has_no_form_and_is_not_the_owners_is_unclear(
    value: Json, whole: str, form: Mask
) -> None:
    assert of(value, whole, form) == MaskedValue("unclear")


def test_what_owners_have_in_common_is_no_ones() -> None:
    there = ("cidonia.marsh@mail.test",)
    assert of("hidden@mail.test", MAIL, THREE, others=there) == MaskedValue("unclear")
    assert of("annika@mail.test", MAIL, THREE, others=there) == MaskedValue("beyond", 6)


digits = st.text("0123456789", min_size=10, max_size=20)
masks = st.sampled_from((STARS, EMPTY, LAST, BOTH, ROUND, TOWN, YEAR, THREE))
forms = st.lists(masks, max_size=2, unique=True)
values = st.one_of(
    st.text("0123456789abx*•. @+-", max_size=24), digits, st.integers(0, 10**18),
    st.floats(-90, 90).map(lambda each: round(each, 5)),
)  # fmt: skip
wholes = st.one_of(digits, st.emails(), st.text("0123456789abx*. @", min_size=1, max_size=24))


@given(values, st.lists(wholes, min_size=1, max_size=3), forms)
def test_nothing_but_a_granted_form_is_within(
    value: Json, owned: list[str], granted: list[Mask]
) -> None:
    kind = judge(value, granted, [OwnersValue.of(each, ()) for each in owned], AROUND).kind
    if kind in ("within", "alike"):
        assert any(mask.fits(value, AROUND) for mask in granted)


@given(digits, st.integers(1, 4), st.integers(PROOF, 5), st.sampled_from(("", "*", "••••", "xx ")))
def test_each_digit_more_than_the_form_is_counted(
    whole: str, granted: int, more: int, before: str
) -> None:
    found = of(before + whole[-granted - more :], whole, Mask("ends", 0, granted))
    assert found == MaskedValue("beyond", more)


uncut = st.lists(st.sampled_from((STARS, EMPTY, LAST, BOTH, TOWN, YEAR, THREE)), max_size=2)


@given(digits, uncut, st.integers(1, 5), st.sampled_from(" -."), st.sampled_from(("", "+", "*** ")))
def test_the_whole_in_any_groups_is_beyond_every_form(
    whole: str, granted: list[Mask], size: int, gap: str, before: str
) -> None:
    text = before + gap.join(whole[n : n + size] for n in range(0, len(whole), size))
    found = of(text, whole, *granted)
    assert found.kind == "beyond" and found.excess >= PROOF


@given(values, wholes, forms)
def test_a_value_that_another_owner_has_too_accuses_nobody(
    value: Json, whole: str, granted: list[Mask]
) -> None:
    assume(len(letters(whole)) >= PROOF and (ROUND not in granted))
    assert of(value, whole, *granted, others=(whole,)).kind != "beyond"


@given(st.integers(0, 10**9), digits, st.integers(1, 4))
def test_one_more_granted_digit_never_makes_a_leak(value: int, whole: str, granted: int) -> None:
    less, more = (of(value, whole, Mask("ends", 0, n)) for n in (granted, granted + 1))
    assert more.kind != "beyond" or (less.kind == "beyond" and less.excess >= more.excess)


CELL, OTHER = (Key(each, "Card", "number", "member", ()) for each in ("getCard", "cards"))


def test_a_value_that_nobody_recognises_keeps_its_cell_open_whatever_others_show() -> None:
    fields = MaskedFields()
    fields.unclear(CELL, "ann", "one thing")
    assert fields.doubts() == {CELL: BEYOND}
    fields.unclear(CELL, "bob", "another")
    assert fields.doubts() == {CELL: BEYOND}


def test_a_placeholder_that_all_owners_have_alike_is_none() -> None:
    fields = MaskedFields()
    for owner in ("ann", "bob"):
        fields.unclear(CELL, owner, "ask the owner")
    assert fields.doubts() == {}
    fields.unclear(OTHER, "bob", "something else")
    assert fields.doubts() == {CELL: BEYOND, OTHER: BEYOND}


def test_short_leaks_of_several_objects_prove_together_what_none_proves_alone() -> None:
    fields = MaskedFields()
    assert [fields.beyond(CELL, "ann", "1", 2), fields.beyond(OTHER, "ann", "1", 2)] == [FEW] * 2
    assert fields.beyond(CELL, "bob", "2", 2) == ""
    assert fields.beyond(CELL, "ann", "1", 2) == ""
    assert MaskedFields().beyond(CELL, "ann", "1", PROOF) == ""


@st.composite
def masked(draw: st.DrawFn) -> tuple[Json, str, Mask]:
    """A value as an API masks it, the whole, and the form."""
    whole = draw(
        st.one_of(digits, st.emails(), st.from_regex(r"[A-Z]{2}[0-9]{8,20}", fullmatch=True))
    )
    first, last = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    gap = draw(st.sampled_from(("", "**", "••••", " **** **** ", "…", "XXXX-", "-")))
    kind = draw(st.sampled_from(("ends", "number", "stars", "local", "decimals")))
    plain = letters(whole)
    if kind == "ends" and first + last:
        shown = plain[:first] + gap + plain[len(plain) - min(last, len(plain)) :]
        return shown, whole, Mask("ends", first, last)
    if kind == "number" and whole.isdecimal():
        return int(whole[-4:]), whole, LAST
    if kind == "decimals":
        number = draw(st.floats(-180, 180).map(lambda each: round(each, 6)))
        places = draw(st.integers(0, 3))
        return round(number, places), str(number), Mask("decimals", places)
    if kind == "local" and "@" in whole:
        return whole[0] + "***@" + whole.rpartition("@")[2], whole, STARS
    return "***" + plain[4:], whole, STARS


@example(("/***@A.AARP", "/@A.AARP", STARS), [])
@example(("0000", "0000000000", Mask("ends", 3, 1)), [])
@given(masked(), st.lists(wholes, max_size=2))
def test_a_value_that_is_masked_as_granted_accuses_nobody(
    case: tuple[Json, str, Mask], others: list[str]
) -> None:
    value, whole, form = case
    assume(form.fits(value, AROUND))
    assert of(value, whole, form, others=tuple(others)).kind in ("within", "alike")
