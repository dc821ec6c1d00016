"""Queries: what is refused and why, in Python and Lua alike, and as graphql-core reads them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from urllib.parse import quote_plus

import orjson
import pytest
from graphql import (
    DirectiveNode,
    FieldNode,
    GraphQLError,
    Node,
    OperationDefinitionNode,
    parse,
)
from graphql.language import Visitor, visit

from oakum.guard.graphql_query import MAX_LEVELS, MAX_TOKENS, parameter, refusal, refusal_reason
from tests.conformance.lua import runtime

_BRIDGE = b"""
local graphql, json = require "oakum.graphql", require "oakum.json"
return {
  refusal = function(query, writes) return graphql.refusal(query, writes) or "" end,
  refused = function(body, writes) return graphql.refused(json.decode(body), writes) or "" end,
  parameter = function(query) return graphql.parameter(query) or "\\0none" end,
}
"""
_LUA = runtime().execute(_BRIDGE)


def both(query: str, *, writes: bool = False) -> str:
    """What Python and Lua say, which must be the same."""
    said = refusal(query, writes=writes)
    other = _LUA.refusal(query.encode("utf-8", "surrogatepass"), writes)
    assert other.decode() == said, query
    return said


def nested(levels: int) -> str:
    """Fragments F0, F1 and so on, each a selection around the next: so many levels together."""
    around = (f" fragment F{n} on T {{a{{...F{n + 1}}}}}" for n in range(levels - 1))
    return "".join(around) + f" fragment F{levels - 1} on T {{b}}"


PASS = {
    "the short form": "{ me { id } }",
    "a named one": "query Who($id: ID!, $n: [Int!]! = [1, -2]) { member(id: $id) { id name } }",
    "an alias that is the field": "{ me: me { id : id } }",
    "arguments are no aliases": "{ member(id: other) { workouts(by: {watts: DESC}) { id } } }",
    "nor are values in values": '{ search(in: {a: [{b: c}, {d: "e: f"}], g: $h}) { id } }',
    "nor are variables": "query ($a: In = {username: email}, $b: ID) { me { id } }",
    "nor are those of directives": "query ($a: Boolean!) { me { id @include(if: $a) } }",
    "fragments, inline and named": """
        { node { __typename ... on Member { id } ...F ... @include(if: true) { id } } }
        fragment F on Ride { title }""",
    "numbers that a double rounds": f"{{ a(n: 1e308, m: 1e-400, k: {'9' * 308}) {{ b }} }}",
    "what stands in texts": r'{ a(q: "x: y } { \" \u00e9" r: """x: y \""" "" z""", s: "") { b } }',
    "what stands in comments": "{ # a: b\r\n me { id } # }\n}",
    "insignificant commas, a byte order mark": "\ufeff{,me,{,id,},}",
    "several operations": "query A { me { id } } query mutation { me { name } }",
    "letters of all kinds in texts": '{ search(q: "é, 漢, 😀") { id } } # ü',
    "numbers": "{ a(b: -0, c: 1.5e+3, d: 0.0, e: 12E9) }",
    "as deep as may be": "{a" * MAX_LEVELS + "}" * MAX_LEVELS,
    "as deep as may be with fragments": "{a{...F0}}" + nested(MAX_LEVELS - 1),
    "a fragment in many places": "{a{...F} b{...F ...F}} fragment F on T {c}",
    "as long as may be with a fragment": (
        "{" + "...F " * 990 + "} fragment F on T {" + "a " * 2 + "}"
    ),
    "fragments that nobody knows": "{...F ...G} fragment F on T {...H}",
    "a fragment called like a word": "{...fragment} fragment fragment on T {a}",
    "as long as may be": "{" + "a " * (MAX_TOKENS - 2) + "}",
}  # fmt: skip
REFUSE = {
    "alias": [
        "{ me { username: email } }",
        "query { me { id a :  b } }",
        "{ me { # c\n name\n:\nemail } }",
        "fragment F on Member { username: email } { me { ...F } }",
        "{ me { ... on Member { username: email(x: 1) @include(if: true) } } }",
        "{ me: member(id: 1) { id } }",
        '{ a(b: """ \\""" """) x: y }',
        "{ a(b: {c: d}) x: y }",
        "query ($a: In = {b: c}) { x: y }",
        "{ a: a: b }",
        "{ __typename: name }",
        "{ name: __typename }",
        "{ a #\r\n x: y }",
        "{ a(b: \"\") x: y }",
    ],
    "mutation": ["mutation { a }", "query A { a } mutation B { b }"],
    "subscription": ["subscription { a }", "subscription A($b: ID) { a }"],
    "introspection": [
        "{ __schema { types { name } } }",
        '{ a __type(name: "Member") { name } }',
        "{ a { ... on __Type { name } } }",
    ],
    "directive": [
        "{ a @rename(to: \"b\") }",
        "query @live { a }",
        "query ($a: ID @x) { a }",
        "{ a @ }",
        "{ ... @defer { a } }",
    ],
    "depth": [
        "{a" * 16 + "}" * 16,
        "{ a(b: " + "[" * 16 + "]" * 16 + ") }",
        "{a{...F0}}" + nested(MAX_LEVELS),
        "{a{...F0}}" + nested(100),
        "{a{...F}} fragment F on T {b{...F}}",
        "{a} fragment F on T {...G} fragment G on T {...F}",
        "{a{b{...F}}} fragment F on T {" + "c{" * 13 + "d" + "}" * 14,
    ],
    "size": [
        "{" + "...F " * 1100 + "} fragment F on T {" + "a " * 2 + "}",
        "{...F0}" + "".join(
            f" fragment F{n} on T {{...F{n + 1} ...F{n + 1}}}" for n in range(2000)
        ) + " fragment F2000 on T {a}",
        "{" + "a " * (MAX_TOKENS - 1) + "}", "{ a" * MAX_TOKENS + "?"],
    "syntax": [
        "{ a(n: 1e309) { b } }",
        "{ a(n: {x: [-1.5E+400]}) { b } }",
        f"{{ a(n: {'9' * 309}) {{ b }} }}",
        "{...F} fragment F on T {a} fragment F on T {b}",
        "",
        "  # nothing\n",
        "{ a",
        "{ a } }",
        "a { b }",
        "type Query { a: String }",
        "{ a } extend type Query { b: ID }",
        '"said" query { a }',
        "{ a(b: 1 }",
        "{ a(b: [1)] }",
        "{ a(b: {c: 1)} }",
        "{ a ! }",
        "{ $a }",
        "{ a(b: ...) }",
        "{ a(b(c: 1)) }",
        "{ : b }",
        "{ a : }",
        "{ a(b: 1): c }",
        "{ a { b }: c }",
        "query : { a }",
        "query ... { a }",
        "(a: 1) { a }",
        "{ a.b }",
        "{ a .. b }",
        "{ a? }",
        "{ a(b: 01) }",
        "{ a(b: 1.) }",
        "{ a(b: 1e) }",
        "{ a(b: 1x) }",
        "{ a(b: 0xF) }",
        "{ a(b: 1.5.6) }",
        "{ a(b: -) }",
        '{ a(b: "x) }',
        '{ a(b: "x\ny") }',
        '{ a(b: "\\x") }',
        '{ a(b: "\\u{41}") }',
        '{ a(b: "\\u12") }',
        '{ a(b: """x) }',
        '{ a(b: """x\\""") }',
        '{ a(b: """x"""") }',
        "{ a'b }",
        "{ é }",
        "{ a\u00a0b }",
        # What ends a comment for some readers, and not for others.
        "{ a # \r x: y }",
        "{ a # \u2028 x: y \n}",
        "{ a # \u2029 x: y \n}",
        "{ a # \x85 x: y \n}",
        "{ a # \x0b x: y \n}",
        "{ a # \x0c x: y \n}",
        "{ a # \x00 \n}",
        "{ a }\r",
        '{ a(b: "\ud800") }',
    ],
}  # fmt: skip


@pytest.mark.parametrize("query", PASS.values(), ids=PASS)
def test_a_query_that_says_which_field_is_which_passes(query: str) -> None:
    parse(query, max_tokens=None)
    assert both(query) == ""


@pytest.mark.parametrize(
    ("why", "query"), [(why, each) for why, queries in REFUSE.items() for each in queries]
)
def test_a_query_is_refused(why: str, query: str) -> None:
    assert both(query) == why


def test_an_endpoint_that_writes_takes_mutations_and_no_subscriptions() -> None:
    assert both("mutation A($b: ID) { a(b: $b) { id } }", writes=True) == ""
    assert both("mutation { a { username: email } }", writes=True) == "alias"
    assert both("subscription { a }", writes=True) == "subscription"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"query": "{ a }"}, ""),
        ({"query": "{ a }", "variables": {"a": ["x: y"]}, "operationName": "A"}, ""),
        ({"query": "{ x: y }"}, "alias"),
        ([{"query": "{ a }"}], "batch"),
        ([], "batch"),
        ({}, "missing"),
        ({"query": None}, "missing"),
        ({"query": {"a": 1}}, "missing"),
        ({"query": ["{ a }"]}, "missing"),
        ({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "00"}}}, "missing"),
        ({"id": "00"}, "missing"),
        ("{ a }", "missing"),
        (None, "missing"),
        (7, "missing"),
    ],
)
def test_a_body_without_a_query_to_look_into_is_refused(body: object, why: str) -> None:
    assert refusal_reason(body) == why
    assert _LUA.refused(orjson.dumps(body), False).decode() == why


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("query=" + quote_plus('{ a(b: "é+&") }'), '{ a(b: "é+&") }'),
        ("variables=%7B%7D&query=%7Ba%7D", "{a}"),
        ("%71uery=%7Ba%7D", "{a}"),
        ("query=a+b", "a b"),
        ("", None),
        ("query", None),
        ("query=", None),
        ("other=1", None),
        ("query[]=a", None),
        ("query%5B0%5D=a", None),
        ("query=a&query[x]=b", None),
        ("query=a&query=b", None),
    ],
)
def test_the_query_of_a_url(query: str, found: str | None) -> None:
    assert parameter(query) == found
    other = _LUA.parameter(query.encode())
    assert (None if other == b"\0none" else other.decode()) == found


# ------------------------------------------------------------ generated

_NAMES = ("id", "name", "email", "me", "member", "on", "query", "mutation", "_x", "a1")


class Wild:
    """Queries that are well formed, and some that are not quite."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def query(self) -> str:
        parts = [self._definition() for _ in range(self.random.choice((1, 1, 1, 2)))]
        return self._gap().join(parts) + self._gap()

    def mutated(self) -> str:
        text = next(each for each in iter(self.query, "") if refusal(each) == "")
        for _ in range(self.random.randint(1, 3)):
            at, to = sorted(self.random.randrange(len(text) + 1) for _ in "ab")
            piece = self.random.choice(
                ("", "", *'{}()[]:"#@!$|&=,.\\', '"""', '\\"""', "...", "\n", "\r", "\r\n",
                 "\ufeff", "x: y", "é", "\u2028", "0", "-", "e", "__schema", " @x ", "\x00",
                 text[at:to])
            )  # fmt: skip
            end = min(to, at + self.random.randint(0, 2))
            text = text[:at] + piece + text[end:]
        return text

    def _gap(self) -> str:
        return self.random.choice((" ", " ", ",", "\n", "\r\n", "\t", "\ufeff ", " # a: b } é\n"))

    def _definition(self) -> str:
        r = self.random
        start = r.choice(
            (
                "query",
                "query",
                "query A",
                "mutation",
                "subscription",
                "query ($a: In = {b: [c]})",
                "",
            )
        )
        if r.random() < 0.3:
            start = "fragment F on Member"
        return f"{start}{self._gap()}{self._selections(r.randint(0, 3))}"

    def _selections(self, deep: int) -> str:
        parts = [self._selection(deep) for _ in range(self.random.randint(1, 3))]
        return "{" + self._gap() + self._gap().join(parts) + self._gap() + "}"

    def _selection(self, deep: int) -> str:
        r = self.random
        name = r.choice(_NAMES)
        below = self._selections(deep - 1) if deep and r.random() < 0.7 else ""
        if r.random() < 0.15:
            kind = r.choice(("...F", "... on Member {x}", "... @include(if: $a) {x}", "__typename"))
            return kind.replace("{x}", below or "{id}")
        alias = r.choice(("", "", "", f"{name}{self._gap()}: ", f"{r.choice(_NAMES)}:"))
        arguments = f"({r.choice(_NAMES)}: {self._value(2)})" if r.random() < 0.3 else ""
        directive = r.choice(("", "", "", "", " @skip(if: $a)", " @x"))
        return f"{alias}{name}{arguments}{directive} {below}"

    def _value(self, deep: int) -> str:
        r = self.random
        plain = (
            "1",
            "-2.5e3",
            "null",
            "DESC",
            "$v",
            '"a: b\\n"',
            '""',
            '"""x: "y" \\""" z"""',
            '"#"',
        )
        if not deep or r.random() < 0.6:
            return r.choice(plain)
        inner = self._value(deep - 1)
        return r.choice((f"[{inner}, {inner}]", f"{{{r.choice(_NAMES)}: {inner}}}", "[]", "{}"))


class _Seen(Visitor):
    """What graphql-core finds of what may not pass."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        name = node.name.value
        if node.alias is not None and node.alias.value != name:
            self.found.add("alias")
        if (node.alias or node.name).value[:2] == "__" and name != "__typename":
            self.found.add("introspection")

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        if node.name.value not in ("include", "skip"):
            self.found.add("directive")

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: object) -> None:
        if node.operation.value != "query":
            self.found.add(node.operation.value)


def seen(query: str) -> set[str] | None:
    """None: graphql-core does not take it for a query."""
    try:
        tree: Node = parse(query)
    except (GraphQLError, ValueError):
        return None
    visitor = _Seen()
    visit(tree, visitor)
    return visitor.found | _folded(tree)


def _folded(tree: Node) -> set[str]:
    """What fragments make of a query: read by unfolding them."""
    fragments = [d for d in tree.definitions if d.kind == "fragment_definition"]
    named = {each.name.value: each for each in fragments}

    def depth(node: Node, around: tuple[str, ...]) -> int:
        if node.kind == "fragment_spread":
            name = node.name.value
            if name in around:
                return MAX_LEVELS + 1
            return depth(named[name].selection_set, (*around, name)) - 1 if name in named else 0
        inside = node.selections if node.kind == "selection_set" else [node.selection_set]
        deep = max((depth(each, around) for each in inside if each is not None), default=0)
        return deep + (node.kind == "selection_set")

    deepest = max((depth(d.selection_set, ()) for d in tree.definitions), default=0)
    twice = {"syntax"} if len(named) < len(fragments) else set[str]()
    return twice | ({"depth"} if deepest > MAX_LEVELS else set())


def wild(many: int, make: Callable[[Wild], str]) -> Iterator[str]:
    for seed in range(many):
        yield make(Wild(seed))


def test_python_lua_and_graphql_core_read_the_same_queries() -> None:
    passed = 0
    for query in wild(3_000, Wild.query):
        said, found = both(query), seen(query)
        assert found is not None, query
        assert (said == "") == (found == set()), (said, found, query)
        assert said == "" or said in found, (said, found, query)
        passed += said == ""
    assert passed > 300


def test_what_passes_after_any_change_is_either_no_query_or_a_plain_one() -> None:
    passed = 0
    for query in wild(3_000, Wild.mutated):
        if both(query) == "":
            passed += 1
            assert seen(query) in (None, set()), query
    assert passed > 200
