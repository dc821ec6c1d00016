"""Paths that may be a verb behind a name of several segments."""

from __future__ import annotations

import pytest

from oakum.openapi.grpc_resource_names import spread
from oakum.openapi.model import Operation, Parameter, Shape
from oakum.routing.custom_method_paths import verb_paths

DEEPER = ("/v1/users/{id}", "/v1/{a}/{b}", "/v1/users/{id}/notes/{note}")
OTHERS = ("/v1/{id}", "/v2/users/{id}", "/v1/users/{id}/notes")


def found(pattern: str, path: str = "/v1/{name}:wipe") -> list[str]:
    """Paths that are closed beside that one, whose name has this pattern."""
    name = Parameter("name", "path", required=True, shape=Shape(pattern=pattern))
    path, parameters = spread(path, (name,))
    operations = [Operation(each, "POST", each) for each in (*DEEPER, *OTHERS)]
    return list(verb_paths([*operations, Operation("wipe", "POST", path, parameters)]))


@pytest.mark.parametrize(
    "pattern",
    [
        ".+",
        "^.*$",
        "(.+)",
        ".{1,255}",
        "[^:]+",
        r"\S+",
        r"^[\w/-]+$",
        "users/.+",
        "(a|b)/[^/]+",
        "(?=a)",
    ],
)
def test_a_verb_behind_a_name_with_slashes_may_stand_behind_any_deeper_path(pattern: str) -> None:
    both = [(f"{each}:wipe", f"{each.rpartition('/')[0]}/:wipe") for each in DEEPER]
    assert found(pattern) == [path for each in both for path in each]


@pytest.mark.parametrize("pattern", ["", "[^/]+", "[0-9]+", r"^[\w-]{1,9}$", "users/[^/]+"])
def test_one_behind_a_name_of_one_segment_does_not(pattern: str) -> None:
    assert found(pattern) == []


def test_without_a_verb_each_path_is_its_own() -> None:
    assert found(".+", "/v1/{name}") == []
