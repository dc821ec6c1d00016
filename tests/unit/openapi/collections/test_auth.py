"""Credentials in headers and scripts, by name and kind."""

from __future__ import annotations

import pytest

from oakum.openapi.collections.auth import in_headers, in_query, scheme_from_script, scheme_of
from oakum.openapi.collections.saved_request import Pair


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("Authorization", "Bearer x", ["bearer"]),
        ("authorization", "Basic {{x}}", ["basic"]),
        ("Authorization", "Token x", ["Authorization"]),
        ("Authorization", "{{token}}", ["Authorization"]),
        ("X-API-Key", "x", ["X-API-Key"]),
        ("x-access-token", "x", ["x-access-token"]),
        ("Cookie", "sid=1; theme=dark; csrf_token=2", ["sid"]),
        ("X-CSRF-Token", "x", []),
        ("Accept", "x", []),
        ("x12345-token", "x", []),
    ],
)
def test_a_header_that_is_a_credential(name: str, value: str, found: list[str]) -> None:
    assert [*in_headers([Pair(name, value)])] == found
    assert in_headers([Pair(name, value, disabled=True)]) == {}


def test_a_parameter_that_is_a_credential() -> None:
    assert [*in_query([Pair("api_key"), Pair("token"), Pair("q")])] == ["api_key"]


def test_settings_say_a_kind_nothing_or_none() -> None:
    assert scheme_of("noauth", {}) == {} == scheme_of("none", {})
    assert scheme_of("inherit", {}) is None is scheme_of("", {})
    assert [*(scheme_of("awsv4", {}) or ())] == ["awsv4"]


def test_only_a_script_that_sets_the_header_counts() -> None:
    assert scheme_from_script("req.setHeader('Authorization', t)") is not None
    assert scheme_from_script("const authorization = pm.environment.get('a')") is None
    assert scheme_from_script("pm.request.headers.add({key: 'X-Id'})") is None
