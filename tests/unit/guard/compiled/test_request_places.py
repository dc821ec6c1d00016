"""What stands at the places of a request; `tests/properties/test_carriers.py` is for Lua, too."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oakum.guard.compiled.request_places import (
    UNREAD,
    RequestParts,
    RequestPlace,
    member_values,
    parameter_places,
    plain,
)
from oakum.openapi.model import Parameter, Shape
from oakum.routing.http_messages import HttpRequest

TEXT = Shape(kinds=frozenset(("string",)))
LIST = Shape(kinds=frozenset(("array",)), items=lambda: TEXT)
NOTE = Shape(kinds=frozenset(("object",)), properties={"noteId": lambda: TEXT})


def carried(query: str = "", value: Any = None, **headers: str) -> RequestParts:
    said = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return RequestParts(HttpRequest("GET", f"/a?{query}", said), query, {"ids": "1,2"}, value)


@pytest.mark.parametrize(
    ("parameter", "query", "wanted"),
    [
        (Parameter("id", "query", shape=TEXT), "id=1,2", ["1,2"]),
        (Parameter("id", "query", shape=TEXT), "%69d=%31", ["1"]),
        (Parameter("id", "query", shape=LIST), "id=1&id=2&id[]=3", ["1", "2", "3"]),
        (Parameter("id", "query", shape=LIST, explode=False), "id=1,2", ["1", "2"]),
        (Parameter("id", "query", shape=LIST, style="pipeDelimited"), "id=1%7C2", ["1", "2"]),
        (Parameter("f", "query", shape=NOTE, style="deepObject"), "f[noteId]=1&f[x]=2", ["1"]),
        (Parameter("f", "query", shape=NOTE, style="json"), 'f={"noteId":"1","x":"2"}', ["1"]),
        (Parameter("f", "query", shape=NOTE, style="json"), 'f={"noteId":"1",', [UNREAD]),
        (Parameter("f", "query", shape=NOTE, explode=False), "f=x,2,noteId,1", ["1"]),
        (Parameter("f", "query", shape=LIST, style="json"), 'f=["1","2"]', ["1", "2"]),
    ],
)
def test_a_parameter_says_what_its_style_makes_of_it(
    parameter: Parameter, query: str, wanted: list[Any]
) -> None:
    [place] = parameter_places(parameter)
    assert [*carried(query).values_at(place)] == wanted


def test_a_cookie_counts_as_it_is_and_decoded() -> None:
    asked = carried(cookie="sid=a; note=n%32; other=x")
    assert [*asked.values_at(RequestPlace("cookie", "note"))] == ["n%32", "n2"]
    assert [*asked.values_at(RequestPlace("header", "Cookie"))] == ["sid=a; note=n%32; other=x"]


def test_a_header_and_a_path_hold_lists() -> None:
    asked = carried(x_ids="1,2")
    assert [*asked.values_at(RequestPlace("header", "X-Ids", mark=","))] == ["1", "2"]
    assert [*asked.values_at(RequestPlace("path", "ids", mark=","))] == ["1", "2"]


def test_a_body_says_lists_and_names_of_maps() -> None:
    asked = carried(value={"a": [{"id": "1"}, {"id": ["2", None]}], "m": {"3": {}}})
    assert [*asked.values_at(RequestPlace("body", inside=("a", "*", "id")))] == ["1", "2"]
    assert [*asked.values_at(RequestPlace("body", inside=("m",), names=True))] == ["3"]
    assert [*asked.values_at(RequestPlace("body", inside=("m",)))] == [{"3": {}}]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"a": [{"note_id": "1"}]}, ["1"]),
        ({"f.noteId": "1", "f[noteId]": 2}, ["1", 2]),
        ({"noteId": {"in": ["1", "2"]}}, ["1", "2"]),
        ({"noteId": {"n2": {}}}, [UNREAD]),
        ({"noteId": None, "x": "noteId"}, []),
        (json.dumps({"noteId": json.dumps({"x": 1})}), ['{"x": 1}']),
        ({"a": json.dumps({"b": json.dumps({"noteId": "1"})})}, ["1"]),
        ('{"noteId":"1","noteId":"2"}', [UNREAD]),
        ("[draft] of noteId", []),
        ([{"op": "add", "path": "/noteId", "value": "1"}], ["1"]),
        ([{"op": "remove", "path": "/noteId"}], [UNREAD]),
        ({"note": {"id": "1", "x": "2"}, "id": "3"}, ["1"]),
        ({"f": {"notes": [{"id": "1"}, {"id": 2}]}, "mynote": {"id": "3"}}, ["1", 2]),
        ({"note.id": "1", "f[note][id]": "2", "note": {"x": {"id": "3"}}}, ["1", "2"]),
        ([{"op": "add", "path": "/note/id", "value": "1"}], ["1"]),
        (json.dumps({"note": json.dumps({"id": "1"})}), ["1"]),
    ],
)
def test_a_member_that_is_called_so_names_what_stands_in_it(value: Any, wanted: list[Any]) -> None:
    found = [said for _, said in member_values(value, {"noteid": "Note"})]
    assert sorted(map(str, found)) == sorted(map(str, wanted))


def test_the_names_of_a_map_are_keys_and_the_members_of_its_objects_are_members() -> None:
    value = {"noteIds": {"n1": {"w": "1", "noteId": "n2"}, "n3": "n4"}, "noteId": {"in": ["n5"]}}
    words = {"noteid": "Note", "noteids": "Note"}
    found = [said for _, said in member_values(value, words, {"noteids"})]
    assert sorted(map(str, found)) == ["n1", "n2", "n3", "n4", "n5"]
    assert [said for _, said in member_values({"noteIds": {}}, words, {"noteids"})] == []


def test_names_are_the_same_in_each_style() -> None:
    assert plain("Note-Id") == plain("note_id") == plain("noteId")
    assert RequestPlace("query", "f.noteId").last == "noteId"
    assert RequestPlace("query", "f", ("a", "*", "noteId")).contract_name == "f[a][][noteId]"
    assert RequestPlace("body", inside=("a", "*", "noteId")).contract_name == "a.*.noteId"


def test_a_place_is_also_called_like_the_object_around_it() -> None:
    assert RequestPlace("query", "note.id").plain_names == ("noteid",)
    assert RequestPlace("query", "filter", ("my_notes", "*", "id")).plain_names == (
        "mynotesid",
        "mynoteid",
    )
    assert RequestPlace("body", "", ("note", "id")).plain_names == ("noteid",)
    assert RequestPlace("header", "X-Note", ("id",)).plain_names == ("noteid",)
    assert (
        RequestPlace("body", "", ("id",)).plain_names
        == RequestPlace("query", "id").plain_names
        == ()
    )
