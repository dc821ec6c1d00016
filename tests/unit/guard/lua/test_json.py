"""`oakum.json` reads what it should and nothing else, by its short ways as by its long ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.guard.lua_state import lua_state

SHOWN = b"""
local json = require "oakum.json"
local function show(v)
  if v == nil then return "nil" end
  if v == json.null then return "null" end
  if getmetatable(v) == json.number then return (v.int and "int " or "float ") .. v.text end
  if type(v) == "number" then return ("%.17g"):format(v) end
  if type(v) == "string" then return json.quote(v) end
  if type(v) ~= "table" then return tostring(v) end
  local parts = {}
  if json.is_array(v) then
    for i = 1, v.n do parts[i] = show(v[i]) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for name, each in pairs(v) do parts[#parts + 1] = json.quote(name) .. ":" .. show(each) end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end
return function(text) return show((json.plain(text))), show((json.decode(text))) end
"""


@pytest.fixture(scope="module")
def read() -> Any:
    show = lua_state("json").execute(SHOWN)
    return lambda text: tuple(each.decode() for each in show(text.encode()))


NUMBERS = (
    *("0", "7", "10", "99999999", "100000000", "123456789", "1234567890123", "-0", "-7"),
    *("1.5", "12e3", "12E3", "1e-2", "0.25", "-1.5e+2"),
)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("around", ["%s", "[%s]", "[%s ,1]", '{"a":%s}', '{"a":\n%s\n}'])
def test_a_number_is_read_as_it_stands(number: str, around: str, read: Any) -> None:
    plain, decoded = read(around % number)
    assert f"{float(number):.17g}" in plain
    kind = "int" if number.removeprefix("-").isdigit() else "float"
    assert f"{kind} {number}" in decoded


@pytest.mark.parametrize("number", ["01", "1.", "1.e2", "1e", "1e+", "+1", "-", ".5", "1_0", "0x1"])
@pytest.mark.parametrize("around", ["%s", "[%s]", '{"a":%s}'])
def test_what_is_no_number_is_refused(number: str, around: str, read: Any) -> None:
    assert read(around % number) == ("nil", "nil")


SPACES = [" ", "\t", "\n", "\r", " \r\n\t "]


@pytest.mark.parametrize("space", SPACES)
def test_space_may_stand_between_all(space: str, read: Any) -> None:
    parts = ["", "{", '"a"', ":", "[", "1", ",", "true", "]", ",", '"b"', ":", "null", "}", ""]
    assert read(space.join(parts))[0] == '{"a":[1,true],"b":null}'


@pytest.mark.parametrize("other", ["\v", "\f", "\0", "\x01", "\x1f", "\xa0", "\u2028", "\ufeff"])
@pytest.mark.parametrize("around", ["%s1", "1%s", "[%s1]", "[1%s,2]", '{"a"%s:1}', '{%s"a":1}'])
def test_nothing_else_may(other: str, around: str, read: Any) -> None:
    assert read(around % other) == ("nil", "nil")


CONTROLS = [chr(code) for code in range(32)]


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("around", ['"%s"', '["a",\n"b%s"]', '{"a%s":1}', '{"é":"%s"}'])
def test_no_string_holds_a_control_character(control: str, around: str, read: Any) -> None:
    assert read(around % control) == ("nil", "nil")
    escaped = json.dumps(control)[1:-1]
    assert "nil" not in read(around % escaped)


def test_one_text_says_nothing_of_the_next(read: Any) -> None:
    assert read('"printed"')[0] == '"printed"'
    assert read('"a\nb"') == ("nil", "nil")
    assert read('"é"')[0] == '"é"'
    assert read('"a\x01é"') == ("nil", "nil")
    assert read('"\x7f"')[0] == '"\\u007f"'
