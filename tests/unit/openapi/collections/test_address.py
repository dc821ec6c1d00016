"""Addresses of saved requests as templates."""

from __future__ import annotations

import pytest

from oakum.openapi.collections.address import Address, read
from oakum.openapi.collections.saved_request import Pair

VARIABLES = {
    "url": "https://api.example.com/v2/",
    "host": "api.example.com",
    "api": "{{url}}/rest",
    "version": "v3",
    "id": "77",
}


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("{{url}}/users/{{id}}", "https://api.example.com", "/v2/users/{id}"),
        ("{{ _.url }}/users", "https://api.example.com", "/v2/users"),
        ("{{ _['url'] }}/users", "https://api.example.com", "/v2/users"),
        ("{{api}}/users", "https://api.example.com", "/v2/rest/users"),
        ("https://{{host}}/{{version}}/users", "https://api.example.com", "/v3/users"),
        ("{{other}}/users/:userId/", "", "/users/{userId}/"),
        ("{{scheme}}://{{server}}:{{port}}/users", "", "/users"),
        ("{{host_url}}/{{seismic_api}}/users", "", "/users"),
        ("http://u:p@a.example.com:80/users?q=1#x", "http://a.example.com:80", "/users"),
        ("localhost:3000/users", "http://localhost:3000", "/users"),
        ("a.example.com", "http://a.example.com", "/"),
        ("/users/{id}.json", "", "/users/{id}.json"),
        ("/profiles/celeb_{{NAME}}", "", "/profiles/{NAME}"),
        ("/users('{{id}}')", "", "/users('{id}')"),
        ("/users/12/books/34", "", "/users/{userId}/books/{bookId}"),
        ("/users/@me/2fa/oauth2", "", "/users/@me/2fa/oauth2"),
        ("/users/ann%40example.com", "", "/users/{userId}"),
        ("/hooks/T024F8X/Ab12Cd34Ef", "", "/hooks/{hookId}/{hookId2}"),
        ("/a/{{$guid}}/{{$guid}}", "", "/a/{aId}/{aId2}"),
        ("/a/{% uuid 'v4' %}", "", "/a/{aId}"),
        ("", "", "/"),
    ],
)
def test_a_template(url: str, origin: str, path: str) -> None:
    found = read(url, VARIABLES)
    assert isinstance(found, Address)
    assert (found.origin, found.path) == (origin, path)


def test_the_same_template_by_other_names_is_one() -> None:
    one, other = read("/users/:id", {}), read("/users/{{user}}", {})
    assert isinstance(one, Address) and isinstance(other, Address)
    assert one.skeleton == other.skeleton == "/users/{}"


def test_a_value_tells_the_type_of_a_parameter() -> None:
    found = read("/a/:id/:b?c=1&d", {}, (Pair("id", "12"), Pair("b", "x")))
    assert isinstance(found, Address)
    assert found.kinds == {"id": "integer", "b": "string"}
    assert [each.name for each in found.query] == ["c", "d"]


def test_variables_that_name_each_other_end() -> None:
    assert isinstance(read("{{a}}/x", {"a": "{{b}}", "b": "{{a}}"}), Address)


def test_what_is_not_http_says_so() -> None:
    assert read("wss://a.example.com/feed", {}) == "`wss` is not HTTP"
