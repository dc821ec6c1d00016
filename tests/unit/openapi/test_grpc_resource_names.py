"""Path parameters of several segments: `users/7` in place of `{name}`."""

from __future__ import annotations

import pytest

from oakum.openapi.grpc_resource_names import is_several_segments, spread
from oakum.openapi.model import Parameter, Shape


def named(pattern: str, where: str = "path") -> Parameter:
    return Parameter("name", where, required=True, shape=Shape(pattern=pattern))


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("users/[^/]+", "/v1/users/{name}"),
        ("^users/[^/]+$", "/v1/users/{name}"),
        ("users/[^/]+/setting", "/v1/users/{name}/setting"),
        ("clubs/main/users/[^/]+", "/v1/clubs/main/users/{name}"),
    ],
)
def test_the_words_of_a_pattern_become_part_of_the_path(pattern: str, path: str) -> None:
    found, (parameter,) = spread("/v1/{name}", (named(pattern),))
    assert found == path
    assert f"/v1/{parameter.place}" == path


@pytest.mark.parametrize(
    "pattern",
    ["", "[^/]+", "[0-9]+", "users/.+", "users/[^/]+/notes/[^/]+", "u.*/[^/]+", "(a|b)/[^/]+"],
)
def test_other_patterns_leave_the_path_as_it_is(pattern: str) -> None:
    given = (named(pattern),)
    assert spread("/v1/{name}", given) == ("/v1/{name}", given)


@pytest.mark.parametrize("verb", [":purge", ":purge/log", "/notes:move"])
def test_a_verb_stays_behind_the_name(verb: str) -> None:
    found, _ = spread(f"/v1/{{name}}{verb}", (named("users/[^/]+"),))
    assert found == f"/v1/users/{{name}}{verb}"
    found, _ = spread("/v1/{name}:purge", (named("users/[^/]+/setting"),))
    assert found == "/v1/users/{name}/setting:purge"


def test_only_a_whole_segment_is_spread() -> None:
    unlike = ["/v1/a-{name}", "/v1/{name}.json", "/v1/{name}:{verb}", "/v1/{name}/{name}"]
    for path, where in [*((each, "path") for each in unlike), ("/v1/{name}", "query")]:
        given = (named("users/[^/]+", where),)
        assert spread(path, given) == (path, given)


def test_a_value_is_the_segment_with_the_words_around_it() -> None:
    _, (one,) = spread("/v1/{name}", (named("users/[^/]+/setting"),))
    assert one.value_of("7") == "users/7/setting"
    assert one.segment_of("users/7/setting") == "7"
    for other in ("7", "users/7", "users//setting", "users/7/8/setting", "users/setting", ""):
        assert one.segment_of(other) is None
    assert Parameter("id", "path").segment_of("users/7") == "users/7"


def test_a_pattern_that_cannot_be_told_apart_holds_several_segments() -> None:
    for pattern in (".+", "^.*$", "users/.+", "users/[^/]+/notes/[^/]+", "(a|b)/[^/]+", r"a\/b"):
        assert is_several_segments(named(pattern)), pattern
    for pattern in ("", "[^/]+", "[a-z./]+", r"\d+\.\d+", ".+@.+", "[0-9]{3}.[0-9]"):
        assert not is_several_segments(named(pattern)), pattern
    assert not is_several_segments(named(".+", "query"))
    _, (found,) = spread("/v1/{name}", (named("users/[^/]+"),))
    assert not is_several_segments(found)
