"""A request below a prefix is judged by the path that frameworks read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.guard.mount_path import Mount, mount_at


@pytest.mark.parametrize(
    ("paths", "stated"),
    [
        (["/api/me", "/api/members/{id}", "/api"], "all"),
        (["/me", "/members/{id}", "/apis", "/v1/api/me"], "none"),
        (["/me", "/api/members/{id}"], "some"),
        (["/{org}/members"], "some"),
        (["/api/me", "/{org}/members"], "some"),
        ([], "none"),
    ],
)
def test_a_document_states_the_prefix_in_all_paths_in_some_or_in_none(
    paths: list[str], stated: str
) -> None:
    assert mount_at("/api/", paths) == Mount("/api", stated)  # type: ignore[arg-type]  # a literal


@pytest.mark.parametrize(
    ("stated", "path", "target", "inward"),
    [
        ("none", "/api/me", "/api/me", "/me"),
        ("none", "/me", "/me", "/me"),
        ("none", "/api", "/api", ""),
        ("none", "/api/api/me", "/api/api/me", "/api/me"),
        ("none", "/apis", "/apis", ""),
        ("none", "/api/me", "/%61pi/me", ""),
        ("all", "/api/me", "/api/me", "/api/me"),
        ("all", "/me", "/me", "/api/me"),
        ("all", "/api/api/me", "/api/api/me", "/api/api/me"),
        ("all", "/apis", "/apis", ""),
        ("some", "/me", "/me", "/me"),
        ("some", "/apis", "/apis", "/apis"),
    ],
)
def test_a_prefix_is_taken_away_once_and_never_half(
    stated: str, path: str, target: str, inward: str
) -> None:
    mount = Mount("/api", stated)  # type: ignore[arg-type]  # a literal
    assert mount.inward(path, target) == inward


_PATHS = st.lists(st.sampled_from(["api", "me", "apis", "a%2Fb"]), min_size=1).map(
    lambda parts: "/" + "/".join(parts)
)


@given(_PATHS, st.sampled_from(["all", "some", "none"]), st.sampled_from(["", "/api", "/a/b"]))
def test_the_application_is_asked_for_the_path_that_came(path: str, stated: str, root: str) -> None:
    mount = Mount(root, stated)  # type: ignore[arg-type]  # a literal
    found = mount.inward(path, path)
    assert found == "" or mount.outward(found, below=mount.below(path)) == path
