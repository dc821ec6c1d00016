"""Overlays: what an action changes, what it leaves alone, and which overlays are refused."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.errors import InputError, Location
from oakum.openapi.overlay import apply

DOCUMENT = {
    "info": {"title": "A", "description": "old"},
    "paths": {
        "/a": {"get": {"tags": ["x", "y", "x"], "x-safe": False}},
        "/b": {"get": {"parameters": [{"name": "top", "in": "query"}]}, "put": {}},
    },
}


def changed(*actions: dict[str, Any], version: str = "1.1.0") -> Any:
    before = deepcopy(DOCUMENT)
    overlay = {"overlay": version, "info": {"title": "t", "version": "1"}, "actions": [*actions]}
    result, missed = apply(DOCUMENT, overlay, lambda pointer: Location(pointer))
    assert before == DOCUMENT, "the document itself never changes"
    assert missed == ()
    return result


def refused(overlay: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        apply(DOCUMENT, overlay, lambda pointer: Location(pointer))
    return [str(problem) for problem in caught.value.problems]


def test_an_update_merges_maps_and_replaces_scalars() -> None:
    result = changed({"target": "$.info", "update": {"title": "B", "contact": {"name": "me"}}})
    assert result["info"] == {"title": "B", "description": "old", "contact": {"name": "me"}}
    assert changed({"target": "$.info.title", "update": "C"})["info"]["title"] == "C"


def test_an_update_is_merged_at_every_depth() -> None:
    update = {"paths": {"/a": {"get": {"tags": ["z"], "x-safe": True}}, "/c": {}}}
    result = changed({"target": "$", "update": update})
    assert result["paths"]["/a"]["get"] == {"tags": ["x", "y", "x", "z"], "x-safe": True}
    assert list(result["paths"]) == ["/a", "/b", "/c"]


def test_lists_grow_by_a_value_or_by_a_list() -> None:
    target = "$.paths['/a'].get.tags"
    for update, tags in (("z", ["z"]), (["z", "w"], ["z", "w"]), ({"a": 1}, [{"a": 1}])):
        result = changed({"target": target, "update": update})
        assert result["paths"]["/a"]["get"]["tags"] == ["x", "y", "x", *tags]


def test_every_match_is_changed() -> None:
    result = changed({"target": "$.paths.*.get", "update": {"x-safe": True}})
    assert [item["get"]["x-safe"] for item in result["paths"].values()] == [True, True]


def test_list_elements_are_removed_together() -> None:
    result = changed({"target": "$.paths['/a'].get.tags[?@ == 'x']", "remove": True})
    assert result["paths"]["/a"]["get"]["tags"] == ["y"]
    result = changed({"target": "$.paths['/a'].get.tags[0, 0, 1]", "remove": True})
    assert result["paths"]["/a"]["get"]["tags"] == ["x"]


def test_a_value_is_removed_with_what_is_in_it() -> None:
    assert changed({"target": "$.paths..*", "remove": True})["paths"] == {}
    assert list(changed({"target": "$.info", "remove": True, "update": {"a": 1}})) == ["paths"]


def test_a_copy_is_merged_like_an_update() -> None:
    result = changed({"target": "$.paths['/b'].put", "copy": "$.paths['/a'].get"})
    assert result["paths"]["/b"]["put"] == DOCUMENT["paths"]["/a"]["get"]  # type: ignore[index]


def test_actions_see_what_those_before_them_did() -> None:
    result = changed(
        {"target": "$.paths['/a']", "remove": True},
        {"target": "$.paths", "update": {"/a": {"x-new": True}}},
        {"target": "$.paths[?@['x-new']]", "update": {"post": {}}, "x-why": "because"},
    )
    assert result["paths"]["/a"] == {"x-new": True, "post": {}}


def test_a_target_that_matches_nothing_is_told_and_skipped() -> None:
    overlay = {"overlay": "1.0.0", "actions": [{"target": "$.no", "update": {}}]}
    result, missed = apply(DOCUMENT, overlay, lambda pointer: Location(pointer, 3, 5))
    assert result == DOCUMENT
    assert [str(problem) for problem in missed] == [
        "/actions/0/target:3:5: the target `$.no` matches nothing in the document; "
        "the action is skipped"
    ]


@pytest.mark.parametrize(
    ("target", "update"),
    [
        ("$.city", {"x-exposure": []}),
        ("$.city['x-exposure']", ["b"]),
        ("$", {"x-exposure": {"call": []}}),
    ],
)
def test_an_action_that_adds_to_what_is_granted_is_told(target: str, update: Any) -> None:
    document = {"city": {"x-exposure": ["a"]}, "x-exposure": {"call": ["a"], "none": []}}
    overlay = {"overlay": "1.0.0", "actions": [{"target": target, "update": update}]}
    _, told = apply(document, overlay, lambda pointer: Location(pointer, 3, 5))
    assert [str(problem) for problem in told] == [
        "/actions/0/target:3:5: the document already has a list of `x-exposure` there, and this"
        " adds to it: both count; to replace it, take it out with `remove: true` in an action"
        " before this one"
    ]
    taken = [{"target": "$.city['x-exposure']", "remove": True}, {"target": "$", "update": {}}]
    given = {"target": "$.city", "update": {"x-exposure": []}}
    overlay = {"overlay": "1.0.0", "actions": [*taken, given]}
    result, told = apply(document, overlay, lambda pointer: Location(pointer))
    assert (result["city"], told) == ({"x-exposure": []}, ())


@pytest.mark.parametrize(
    ("overlay", "told"),
    [
        ([], ["this is not an OpenAPI overlay; it starts with `overlay: 1.1.0`"]),
        ({}, ["this is not an OpenAPI overlay; it starts with `overlay: 1.1.0`"]),
        (
            {"overlay": "2.0.0", "actions": []},
            [
                "/actions: `actions` must be a list of at least one action",
                "/overlay: overlay version `2.0.0` is not supported;"
                " Oakum reads overlays 1.0 and 1.1",
            ],
        ),
        (
            {
                "overlay": "1.0.1",
                "actions": [
                    5,
                    {"target": "$.paths"},
                    {"target": "paths", "updates": {}, "copy": "$..["},
                    {"update": {}, "target": 5},
                    {"target": "$", "copy": 5, "update": {}},
                ],
            },
            [
                "/actions/0: an action must be a map with a `target`",
                "/actions/1: this action does nothing; give it `update`, `copy` or `remove: true`",
                "/actions/2/copy: `$..[` is not a JSONPath (RFC 9535); unexpected end of query",
                "/actions/2/copy: overlay 1.0 has no `copy`; write `overlay: 1.1.0`",
                "/actions/2/target: `paths` is not a JSONPath (RFC 9535); it must start with `$`",
                "/actions/2/updates: unknown key `updates`; did you mean `update`?",
                "/actions/3: an action needs a `target`, a JSONPath",
                "/actions/4/copy: `copy` must be a JSONPath",
                "/actions/4/copy: overlay 1.0 has no `copy`; write `overlay: 1.1.0`",
            ],
        ),
    ],
)
def test_overlays_that_are_none(overlay: Any, told: list[str]) -> None:
    assert refused(overlay) == told


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ({"target": "$", "remove": True}, "the whole document cannot be removed"),
        ({"target": "$", "copy": "$.no"}, "`$.no` must select one value to copy, not 0"),
        ({"target": "$", "copy": "$.paths.*"}, "`$.paths.*` must select one value to copy, not 2"),
        (
            {"target": "$.info", "update": ["a"]},
            "`update` gives a list where the document has a map",
        ),
        (
            {"target": "$.info", "update": {"title": {"a": 1}}},
            "`update` gives a map where the document has a scalar",
        ),
        (
            {"target": "$.info", "update": 5},
            "`update` gives a scalar where the document has a map",
        ),
    ],
)
def test_actions_that_do_not_fit(action: dict[str, Any], told: str) -> None:
    assert refused({"overlay": "1.1.0", "actions": [action]}) == [f"/actions/0/target: {told}"]


JSON = st.recursive(
    st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from("abc"), JSON), st.sampled_from(["$..a", "$.*", "$..[0]"]))
def test_what_is_removed_is_gone_and_nothing_else_is(document: Any, target: str) -> None:
    before = deepcopy(document)
    overlay = {"overlay": "1.0.0", "actions": [{"target": target, "remove": True}]}
    result, _ = apply(document, overlay, lambda pointer: Location(pointer))
    assert document == before
    gone = {"$..a": lambda d: "a" in d, "$.*": lambda d: False, "$..[0]": lambda d: False}[target]
    assert not any(gone(each) for each in maps(result))
    assert set(result) == ({"$..a": set(before) - {"a"}, "$.*": set()}.get(target, set(before)))


def maps(value: Any) -> list[dict[str, Any]]:
    inner = [*value.values()] if isinstance(value, dict) else value
    found = [value] if isinstance(value, dict) else []
    if isinstance(value, dict | list):
        for each in inner:
            found += maps(each)
    return found
