"""Query parameters with which callers choose the members of a response."""

from __future__ import annotations

import pytest

from oakum.routing.chosen_fields import chooses, is_choice


@pytest.mark.parametrize("name", ["fields", "$select", "fields[hits]", "_fields", "excludeKeys"])
def test_a_name_says_that_its_parameter_chooses(name: str) -> None:
    assert is_choice(name)


@pytest.mark.parametrize("name", ["q", "limit", "fieldsOfStudy", "id"])
def test_other_names_do_not(name: str) -> None:
    assert not is_choice(name)


def test_a_request_chooses_if_it_has_one_in_any_spelling() -> None:
    assert chooses("/a?b=1&f%69elds=x", ["fields"])
    assert chooses("/a?fields[x]=y", ["fields"])
    assert not chooses("/a?q=fields", ["fields"])
    assert not chooses("/fields", ["fields"])
