"""Questions in the language of a parameter."""

from __future__ import annotations

from oakum.openapi.model import Parameter, Shape
from oakum.scan.filters.query_languages import BARE, forms, put


def named(name: str, *kinds: str) -> Parameter:
    return Parameter(name, "query", False, Shape(kinds=frozenset(kinds or ("string",))))


def test_a_language_is_asked_in_its_own_literals() -> None:
    asked = {put(each, "last_name", "O'Neil") for each in forms(named("$filter"))}
    assert "last_name eq 'O''Neil'" in asked
    assert "contains(last_name,'O''Neil')" in asked
    assert put('{field} eq "{value}"', "emails.*.value", "x") == 'emails.value eq "x"'
    assert 'name eq "Neil"' in {put(each, "name", "Neil") for each in forms(named("filter"))}
    assert BARE in forms(named("q"))
    assert forms(named("$select")) == forms(named("locale")) == ()
