"""What a request says at a place: the Lua of `guard/compiled/request_places.py`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
from hypothesis import given
from hypothesis import strategies as st

from oakum.guard.compiled.objects_outside_path import Plain
from oakum.guard.compiled.request_places import RequestParts, RequestPlace
from oakum.routing.http_messages import HttpRequest
from tests.conformance.lua import runtime
from tests.properties.pool import LAW

NAMES = st.sampled_from(
    (
        *("noteId", "note_id", "f", "a", "f.noteId", "x]", "op", "path", "/noteId"),
        *("note", "notes", "id", "note.id", "/note/id", "Note[id]", "."),
    )
)
KEYS = st.sampled_from(("n1", "1", "", "a=b", "x,noteId,n2", "noteId=n3,x=1", "[a", "{", "n%31"))
VALUES: st.SearchStrategy[Any] = st.recursive(
    KEYS | NAMES | st.integers(0, 9) | st.none() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=3)
        | inner.map(lambda each: orjson.dumps(each).decode())
    ),
    max_leaves=8,
)
TEXTS = KEYS | VALUES.map(lambda each: orjson.dumps(each).decode())
INSIDE = st.lists(st.sampled_from(("noteId", "a", "*")), max_size=2).map(tuple)
PLACES = st.builds(
    RequestPlace,
    st.sampled_from(("query", "header", "cookie", "path", "body")),
    st.sampled_from(("f", "noteId")),
    INSIDE,
    st.sampled_from(("", ",", "|")),
    st.booleans(),
)
_BRIDGE = b"""
local json, places = require "oakum.json", require "oakum.request_places"
local spelling = require "oakum.id_spelling"
return function(text)
  local said, found = json.plain(text), {}
  local carried = said.carried
  if said.body ~= json.null then carried.value = json.decode(said.body) end
  if carried.unread == json.null then carried.unread = nil end
  local asked = places.each(said.plain, carried, function(name, each)
    found[#found + 1] = name .. "=" .. (spelling.id(each) or "?")
  end)
  return asked, table.concat(found, "\\n")
end
"""
_LUA = runtime().execute(_BRIDGE)
_MAY = runtime().execute(b"""
local json, places = require "oakum.json", require "oakum.request_places"
return function(text)
  local said = json.plain(text)
  return places.may_name(said.plain, said.carried)
end
""")


@LAW
@given(
    st.lists(PLACES, max_size=3, unique=True),
    st.lists(st.tuples(st.sampled_from(("f", "noteId", "f[noteId]", "f[a][0]", "f[]")), TEXTS)),
    st.tuples(TEXTS, TEXTS, TEXTS),
    VALUES,
    st.booleans(),
)
def test_lua_finds_what_python_finds(
    places: list[RequestPlace],
    query: list[tuple[str, str]],
    beside: tuple[str, str, str],
    value: Any,
    free: bool,
) -> None:
    header, cookie, path = beside
    asked = "&".join(f"{quote(name)}={quote(text)}" for name, text in query)
    jar = f"sid=a; f={quote(cookie)};noteId={quote(cookie)}"
    headers = (("f", header), ("noteid", header), ("cookie", jar))
    params = {"f": path, "noteId": path}
    texts = (RequestPlace("header", "f"), RequestPlace("body", "", ("a",)))
    plain = Plain(dict.fromkeys(places, "Note"), {"noteid": "Page"}, free, texts)
    carried = RequestParts(HttpRequest("GET", f"/a?{asked}", headers), asked, params, value)
    keys = plain.keys(carried)
    said = {
        "plain": plain.plan,
        "body": orjson.dumps(value).decode(),
        "carried": {"query": asked, "params": params, "headers": headers},
    }
    _, found = _LUA(orjson.dumps(said))
    lines = {each for each in found.decode().split("\n") if each}
    if any(each.endswith("=?") for each in lines):
        assert keys is None
    else:
        assert keys is not None
        assert lines == {f"{name}={key}" for name, key in keys}


def test_a_body_that_is_not_read_is_searched_for_words() -> None:
    plain = Plain(words={"noteid": "Note"}, free=True)
    for body, fine in ((b"<note-id>n2</note-id>", False), (b"note%49d=1", False), (b"id=1", True)):
        keys = plain.keys(RequestParts(HttpRequest("PUT", "/a"), "", {}, unread=body))
        assert (keys is not None) is fine
        carried = {"query": "", "params": {}, "headers": [], "unread": body.decode()}
        said = {"plain": plain.plan, "body": None, "carried": carried}
        assert (_LUA(orjson.dumps(said))[1] == b"") is fine


TEXTS = st.lists(
    st.sampled_from(("noteId", "note_id", "a", "is", "In", "5"))
    | st.sampled_from((" ", "  ", ".", "?", "=", ":", "\n", ",", '"', ")", "%49", "\t")),
    max_size=7,
).map("".join)


@LAW
@given(TEXTS, st.booleans())
def test_lua_reads_a_plain_text_as_python_does(text: str, stated: bool) -> None:
    place = {RequestPlace("body", "", ("noteId",)): "Note"}
    plain = Plain(place if stated else {}, {"noteid": "Note"}, True)
    asked = HttpRequest("POST", "/a", (("content-type", "text/plain"),))
    read = RequestParts(asked, "", {}, unread=text.encode())
    carried = {"query": "", "params": {}, "headers": [], "unread": text, "is_text": True}
    said = {"plain": plain.plan, "body": None, "carried": carried}
    assert (_LUA(orjson.dumps(said))[1] == b"") is (plain.keys(read) is not None)
    assert _MAY(orjson.dumps(said)) is plain.may_name(read)
