"""Ids in other spellings, and such as have one alone: the Lua of `authz.id_spelling`."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from oakum.authz.id_spelling import alike, is_sole_spelling, named_among
from tests.conformance.lua import runtime
from tests.properties.pool import LAW

_UUID = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"
_WHOLE = st.sampled_from(
    (
        *(_UUID, _UUID.upper(), _UUID.replace("-", ""), _UUID.replace("-", "_"), "0x15", "1e5"),
        *("123456789012345", "1234567890123456", "-123456789012345", "507f1f77bcf86cd799439011"),
    )
)
_PIECES = st.sampled_from((*"0179aAeExzZ_-+.' /:#?=%,;|\"\\[]{}<>`@&\x00\x7f", "2f", "é", "１"))
IDS = _WHOLE | st.lists(_PIECES, min_size=1, max_size=6).map("".join)
SHOWN: st.SearchStrategy[list[Any]] = st.lists(
    IDS | st.integers(0, 9) | st.none() | st.booleans() | st.just(1.5), max_size=2
)
_LUA = runtime().execute(b"""
local json, spelling = require "oakum.json", require "oakum.id_spelling"
return function(text)
  local said = json.decode(text)
  return spelling.is_sole(said.id, said.form, json.at(said.shown, { "*" }))
end
""")


@LAW
@given(IDS, st.sampled_from(("", "integer", "uuid")), SHOWN)
def test_lua_knows_the_sole_spelling_as_python_does(id: str, form: str, shown: list[Any]) -> None:
    said = orjson.dumps({"id": id, "form": form, "shown": shown})
    assert _LUA(said) == is_sole_spelling(id, form, shown)


_WIDE = st.sampled_from(
    "annAN07+/-é\u0301\u00a0\u0438\u4e00\u9fff\u3040\u30ff\u303f\u3100\uabff\uac00\ud7a3\ue000\ufb03\U0001f600"
)
_UNLIKE = st.sampled_from(
    "019ace_.+-{}:\u0301\u00e9\u200b\ufeff\uff11\uff45\uff0e\uff1a\uff00\uff5f\u4e00"
)
TEXTS = (
    st.text(_WIDE, min_size=1, max_size=5)
    | st.text(_UNLIKE, min_size=1, max_size=6)
    | st.from_regex(r"[+-]{0,2}[0-9]{1,3}([,'][0-9]{2,3}){0,2}([.e][0-9])?\u0301?", fullmatch=True)
    | st.tuples(_WHOLE, st.text(_UNLIKE, max_size=2)).map("".join)
)
_ALIKE = runtime().execute(b"""
local json, spelling = require "oakum.json", require "oakum.id_spelling"
return function(text)
  local said = json.decode(text)
  return spelling.among(said.one, spelling.all(json.at(said.others, { "*" })))
end
""")


@LAW
@given(TEXTS, st.lists(TEXTS, max_size=2))
def test_lua_knows_what_is_alike_as_python_does(one: str, others: list[str]) -> None:
    assert _ALIKE(orjson.dumps({"one": one, "others": others})) == alike([one], others)


_LISTED = st.text(
    st.sampled_from(
        "1a\u00e9,; -\u00a0\u2003\u200b\u3000\u3001\uff0c\uff1b\uff0d\uff11\u060c\uff64\u30fb"
    )
)
_NAMED = runtime().execute(b"""
local json, spelling = require "oakum.json", require "oakum.id_spelling"
return function(text)
  local said = json.decode(text)
  return spelling.among(said.one, spelling.all(spelling.spread(said.texts)))
end
""")


@LAW
@given(st.text(st.sampled_from("1a-\u00e9"), min_size=1, max_size=3), st.lists(_LISTED, max_size=2))
def test_lua_takes_a_list_in_a_text_apart_as_python_does(one: str, texts: list[str]) -> None:
    assert _NAMED(orjson.dumps({"one": one, "texts": texts})) == named_among([one], texts)
