"""Which parameters filter a list by a field."""

from __future__ import annotations

import re

import pytest

from oakum.openapi.model import Parameter, Shape
from oakum.scan.filters.filter_parameters import another, filter_by

ANN, BOB = "ann.l@mailbox.test", "bob.k@postbox.test"


def named(name: str, *kinds: str) -> Parameter:
    return Parameter(name, "query", False, Shape(kinds=frozenset(kinds or ("string",))))


@pytest.mark.parametrize(
    "name",
    [
        "email",
        "filter[email]",
        "email_eq",
        "email_cont",
        "email_i_cont",
        "email__startswith",
        "email__iendswith",
        "emailContains",
        "email[like]",
        "email_in",
        "email_address",
        "mail",
        "author_email",
    ],
)
def test_a_filter_by_a_field_is_known_and_lets_the_whole_value_through(name: str) -> None:
    found = filter_by(named(name), "email")
    assert found is not None
    assert found.pair(ANN, BOB) == (ANN, BOB)


@pytest.mark.parametrize("name", ["email_not_eq", "email_ne", "exclude_email", "email__not__in"])
def test_one_that_is_negated_lets_the_other_through(name: str) -> None:
    found = filter_by(named(name), "email")
    assert found is not None
    assert found.pair(ANN, BOB) == (BOB, ANN)


@pytest.mark.parametrize(
    ("name", "kind", "pair"),
    [
        ("email_present", "boolean", ("true", "false")),
        ("email__isnull", "boolean", ("false", "true")),
        ("email_not_null", "boolean", ("true", "false")),
    ],
)
def test_one_that_asks_whether_there_is_a_value(
    name: str, kind: str, pair: tuple[str, str]
) -> None:
    found = filter_by(named(name, kind), "email")
    assert found is not None
    assert found.pair(ANN, BOB) == pair


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("weight__gte", ("71", "73")),
        ("min_weight", ("71", "73")),
        ("weight_lteq", ("73", "71")),
        ("weight_before", ("73", "71")),
    ],
)
def test_bounds_let_a_value_through_on_one_side(name: str, pair: tuple[str, str]) -> None:
    found = filter_by(named(name), "profile.weight")
    assert found is not None
    assert found.pair("72", "99") == pair


def test_a_pattern_and_a_year_take_the_value_in_their_own_form() -> None:
    pattern, year = filter_by(named("email__regex"), "email"), filter_by(named("dob_year"), "dob")
    assert pattern is not None
    assert year is not None
    right, wrong = pattern.pair(ANN, BOB) or ("", "")
    assert re.fullmatch(right, ANN)
    assert not re.fullmatch(wrong, ANN)
    assert year.pair("1990-02-13", "") == ("1990", "1991")


@pytest.mark.parametrize(
    ("parameter", "field"),
    [
        (named("email_verified", "boolean"), "email"),
        (named("email_verified"), "email"),
        (named("file_name"), "name"),
        (named("nickname"), "name"),
        (named("workspace_id"), "id"),
        (named("locale"), "email"),
        (Parameter("email", "query", False, Shape(enum=("a", "b"))), "email"),
    ],
)
def test_what_is_about_something_else_filters_by_no_field(parameter: Parameter, field: str) -> None:
    assert filter_by(parameter, field) is None


def test_only_a_field_s_own_name_with_operators_means_nothing_else() -> None:
    names = ("email_cont", "mail", "email_address", "author_email")
    told = {each: filter_by(named(each), "email") for each in names}
    assert [each for each, found in told.items() if found and found.named] == ["email_cont"]


@pytest.mark.parametrize(
    ("value", "other"),
    [("1990", "1991"), ("72.5", "73.5"), ("1990-12-31", "1991-01-01"), ("0", "1")],
)
def test_another_value_has_the_same_form(value: str, other: str) -> None:
    assert another(value) == other


@pytest.mark.parametrize("value", [ANN, "+44 7700 900111", "0044770090011"])
def test_another_text_looks_alike(value: str) -> None:
    found = another(value)
    assert found != value
    assert len(found) == len(value)
