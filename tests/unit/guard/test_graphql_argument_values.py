"""What GraphQL queries say about their fields, in Python, Lua and graphql-core alike."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

import orjson
from graphql import FieldNode, Node, ValueNode, parse
from graphql.language import ListValueNode, ObjectValueNode, Visitor, visit
from hypothesis import given
from hypothesis import strategies as st

from oakum.guard.graphql_argument_values import argument_values, asked_by_url
from oakum.openapi.model import Json
from tests.conformance.lua import runtime

_BRIDGE = b"""
local arguments, json = require "oakum.graphql_arguments", require "oakum.json"
local function told(list)
  local lines, known = {}, {}
  for i = 1, #list do
    local line = list[i][1] .. "=" .. (json.text(list[i][2]) or "\\0")
    if not known[line] then known[line], lines[#lines + 1] = true, line end
  end
  table.sort(lines)
  return table.concat(lines, "\\n")
end
return {
  body = function(body) return told(arguments.values(json.decode(body))) end,
  by_url = function(query) return told(arguments.values(arguments.by_url(query))) end,
}
"""
_LUA = runtime().execute(_BRIDGE)


def lines(said: Json) -> list[str]:
    found = (
        f"{at}={value if isinstance(value, str | int) and not isinstance(value, bool) else chr(0)}"
        for at, value in argument_values(said)
    )
    return sorted({*found}, key=lambda each: each.encode())


def both(said: Json) -> list[str]:
    """What Python and Lua say, which must be the same."""
    found = lines(said)
    assert _LUA.body(orjson.dumps(said)).decode() == "\n".join(found), said
    return found


def test_literals_count_by_field_and_the_name_that_is_closest() -> None:
    query = '{a(b: "x", c: {d: ["y", {e: 5}], f: null}) {g(h: I) @skip(if: true) {i}} j {k}}'
    assert both({"query": query}) == ["@.if=true", "a.b=x", "a.d=y", "a.e=5", "g.h=I"]


def test_variables_count_in_their_places_and_defaults_only_where_none_is_given() -> None:
    query = 'query($v: T = {b: ["d"]}, $w: ID = "e") {a(c: $v) x(y: [$w, "z"]) p(q: $r)}'
    assert both({"query": query}) == ["a.b=d", "x.y=e", "x.y=z"]
    given_ = {"v": {"k": [1, {"l": "m"}]}, "w": None, "r": "s"}
    assert both({"query": query, "variables": given_}) == ["a.k=1", "a.l=m", "p.q=s", "x.y=z"]


def test_defaults_of_every_operation_count() -> None:
    query = 'query A($v: ID = "a") {f(i: $v)} query B($v: ID = "b") {f(i: $v)}'
    assert both({"query": query, "operationName": "A"}) == ["f.i=a", "f.i=b"]


def test_what_servers_may_read_differently_is_no_id() -> None:
    for text in ('"""x"""', r'"\ud83d\ude00"', '"a\tb"'):
        assert both({"query": f"{{a(b: {text})}}"}) == ["a.b=\0"]
    assert both({"query": "query($v: ID) {a(b: $v)}", "variables": [1]}) == ["a.b=\0"]


def test_variables_of_a_url_count_and_no_id_is_read_from_several() -> None:
    query = "query=" + quote_plus("query($v: ID) {a(b: $v)}")
    for more, found in (
        ("&variables=" + quote_plus('{"v": "x y"}'), ["a.b=x y"]),
        ("", []),
        ("&variables=null", []),
        ("&variables={", ["a.b=\0"]),
        ("&variables[v]=x", ["a.b=\0"]),
        ("&variables={}&variables={}", ["a.b=\0"]),
    ):
        assert lines(asked_by_url(query + more)) == found, more
        assert _LUA.by_url((query + more).encode()).decode() == "\n".join(found), more


_NAMES = st.sampled_from(("a", "b", "noteId", "query", "true1"))
_TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=4)
_SCALARS = st.one_of(
    st.integers(0, 99).map(str), st.sampled_from(("null", "E")), _TEXTS.map(lambda s: f'"{s}"')
).filter(lambda each: "\\" not in each and each.count('"') in (0, 2))
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda each: f"[{' '.join(each)}]"),
        st.lists(st.tuples(_NAMES, inner), max_size=3).map(
            lambda each: "{" + ", ".join(f"{n}: {v}" for n, v in each) + "}"
        ),
    ),
    max_leaves=6,
)
_ARGUMENTS = st.lists(st.tuples(_NAMES, _VALUES), min_size=1, max_size=3).map(
    lambda each: "(" + ", ".join(f"{n}: {v}" for n, v in each) + ")"
)
_FIELDS = st.recursive(
    st.tuples(_NAMES, st.one_of(st.just(""), _ARGUMENTS)).map("".join),
    lambda inner: st.tuples(_NAMES, _ARGUMENTS, st.lists(inner, min_size=1, max_size=2)).map(
        lambda each: f"{each[0]}{each[1]} {{{' '.join(each[2])}}}"
    ),
    max_leaves=5,
)


class _Seen(Visitor):
    """Scalars of arguments, as graphql-core reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def enter_field(self, node: Node, *_: Any) -> None:
        assert isinstance(node, FieldNode)
        for each in node.arguments or ():
            self.within(node.name.value, each.name.value, each.value)

    def within(self, field: str, name: str, value: ValueNode) -> None:
        if isinstance(value, ListValueNode):
            for each in value.values:
                self.within(field, name, each)
        elif isinstance(value, ObjectValueNode):
            for member in value.fields:
                self.within(field, member.name.value, member.value)
        elif value.kind != "null_value":
            self.found.append(f"{field}.{name}={getattr(value, 'value', '')}")


@given(_FIELDS)
def test_law_python_lua_and_graphql_core_find_the_same_arguments(field: str) -> None:
    query = f"{{{field}}}"
    seen = _Seen()
    visit(parse(query), seen)
    assert both({"query": query}) == sorted({*seen.found}, key=lambda each: each.encode())
