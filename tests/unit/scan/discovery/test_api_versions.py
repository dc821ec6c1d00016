"""Other versions: few, of the same form, and nothing else of a path is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.openapi.model import Parameter, Shape
from oakum.scan.discovery.api_versions import (
    other_values,
    other_versions,
    others,
    says_version,
    shared_root,
    split,
)

SEGMENTS = st.one_of(
    st.sampled_from(
        ["api", "rest", "users", "{id}", "me", "oauth2", "v1", "v2", "v2.1", "3", "V4"]
    ),
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
)
PATHS = st.lists(SEGMENTS, min_size=1, max_size=6).map(lambda parts: "/" + "/".join(parts))


@given(PATHS)
def test_a_path_is_put_together_as_it_was(path: str) -> None:
    cut = split(path)
    assert cut.at(cut.version) == path


@given(PATHS)
def test_another_version_is_another_path_with_the_same_rest(path: str) -> None:
    cut = split(path)
    found = others(cut.version)
    assert 1 <= len(found) <= 6
    assert len({cut.at(each) for each in found} - {path}) == len(found)
    for version in found:
        other = cut.at(version)
        assert other.startswith(cut.before)
        assert other.endswith(cut.after)
        assert other.count("{") == path.count("{")


@given(PATHS, st.data())
def test_a_version_that_was_guessed_is_read_as_one(path: str, data: st.DataObject) -> None:
    cut = split(path)
    version = data.draw(st.sampled_from(others(cut.version)))
    if version:
        again = split(cut.at(version))
        assert (again.before, again.version, again.after) == (cut.before, version, cut.after)


@pytest.mark.parametrize(
    ("path", "before", "version", "after"),
    [
        ("/v2/users/{id}", "", "v2", "/users/{id}"),
        ("/api/v3/users", "/api", "v3", "/users"),
        ("/rest/api/3/issue/{key}", "/rest/api", "3", "/issue/{key}"),
        ("/shop/api-v2/orders", "/shop", "api-v2", "/orders"),
        ("/version/2.0/orders", "/version", "2.0", "/orders"),
        ("/api/users", "/api", "", "/users"),
        ("/users/{id}/2", "", "", "/users/{id}/2"),
        ("/oauth2/token", "", "", "/oauth2/token"),
        ("/me", "", "", "/me"),
    ],
)
def test_where_a_version_stands(path: str, before: str, version: str, after: str) -> None:
    cut = split(path)
    assert (cut.before, cut.version, cut.after) == (before, version, after)


@pytest.mark.parametrize(
    ("version", "tried"),
    [
        ("v2", ("v1", "v3", "")),
        ("v1", ("v2", "v0", "")),
        ("v5", ("v4", "v3", "v1", "v6", "")),
        ("v2.1", ("v2.0", "v1.0", "v3.0", "")),
        ("3", ("2", "1", "4", "")),
        ("", ("v1", "v2", "v0")),
    ],
)
def test_the_likeliest_version_is_tried_first(version: str, tried: tuple[str, ...]) -> None:
    assert others(version) == tried


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("application/vnd.acme.v2+json", "application/vnd.acme.v1+json"),
        ("application/json; version=3", "application/json; version=2"),
        ("2", "1"),
        ("v4", "v3"),
    ],
)
def test_a_text_that_says_a_version_says_another(text: str, other: str) -> None:
    assert other_versions(text)[0] == other


@pytest.mark.parametrize(
    "text", ["application/json", "text/csv; q=0.5", "2024-06-01", "latest", "1.2.3"]
)
def test_what_says_none_is_left_alone(text: str) -> None:
    assert other_versions(text) == ()


@given(st.text(max_size=40))
def test_any_text_can_be_read(text: str) -> None:
    assert text not in other_versions(text)
    assert split(f"/{text}").at(split(f"/{text}").version) == f"/{text}"


def test_the_documents_own_choices_go_before_guesses() -> None:
    given = Parameter("X-API-Version", "header", shape=Shape(enum=("2", "1", "beta")))
    assert says_version(given)
    assert other_values(given) == ("1", "beta")
    assert other_values(Parameter("v", "query", default=3)) == ("2", "1", "4")
    assert other_values(Parameter("version", "query")) == ("1", "2")
    assert not says_version(Parameter("conversion", "query"))
    assert not says_version(Parameter("version", "path"))


@pytest.mark.parametrize(
    ("paths", "root"),
    [
        (("/parse/users", "/parse/health", "/parse/users/{id}"), 1),
        (("/wp-json/wp/users", "/wp-json/wp/posts/{id}"), 2),
        (("/users", "/users/{id}", "/users/me"), 0),  # a resource, which ends there
        (("/users/{id}", "/users/me", "/users/search"), 0),  # a key stands behind it
        (("/{tenant}/users", "/{tenant}/posts"), 0),
        (("/users", "/posts"), 0),
        (("/users/me",), 0),
        ((), 0),
    ],
)
def test_a_root_is_what_all_paths_share_and_no_object_stands_in(
    paths: tuple[str, ...], root: int
) -> None:
    assert shared_root(paths) == root


@given(PATHS, st.integers(0, 3))
def test_behind_a_shared_root_a_version_is_another_path_with_the_same_rest(
    path: str, root: int
) -> None:
    cut = split(path, root)
    assert cut.at(cut.version) == path
    for version in others(cut.version):
        assert cut.at(version).endswith(cut.after)
    assert cut.version or cut.before.count("/") >= min(root, path.count("/") - 1)


def test_an_older_version_is_looked_for_behind_the_root_of_an_api() -> None:
    cut = split("/parse/users/{id}", shared_root(["/parse/users/{id}", "/parse/health"]))
    assert [cut.at(each) for each in others(cut.version)] == [
        "/parse/v1/users/{id}",
        "/parse/v2/users/{id}",
        "/parse/v0/users/{id}",
    ]
