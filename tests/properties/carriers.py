"""The carriers of a request: each place where one may name something, and how it is written there.

`CARRIERS` is the table; `tests/properties/test_carriers.py` holds each rule of the guard in each of
them. A carrier declares a place for a name in an operation of a document, and writes a request that
says a value there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.conformance.exchanges import Request

TEXT: Any = {"type": "string"}
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
PARTS_TYPE = 'multipart/form-data; boundary="bb"'


@dataclass
class Sent:
    """What a carrier adds to a request."""

    path: str = ""
    query: list[str] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)
    body: bytes = b""
    media: str = ""

    def request(self, method: str, path: str, who: str, more: str = "") -> Request:
        """The request of a caller, whose credential is a cookie."""
        query = "&".join(filter(None, (more, *self.query)))
        jar = "; ".join((f"sid={who}", *self.cookies))
        headers = (("cookie", jar), *self.headers)
        if self.media:
            headers = (*headers, ("content-type", self.media))
        target = f"{path}{self.path}" + (f"?{query}" if query else "")
        return Request(method, target, headers, self.body)


Declared = dict[str, Any]
"""`path`: what follows the path; `parameters`; `content` of the body; `own`: keys of the line in
the contract that the carrier needs; `files` of it."""


@dataclass(frozen=True)
class Carrier:
    """One place. `name` in the functions is what the place is called."""

    id: str
    where: str
    declare: Callable[[str, Any], Declared]
    """With the schema of the value."""
    send: Callable[[str, str], Sent]
    stated: Callable[[str], str]
    """What the contract calls the place; empty: it cannot."""
    named: bool = True
    """Whether the place says what it names by its name."""

    @property
    def bodily(self) -> bool:
        return self.where in ("body", "graphql")


def _itself(name: str) -> str:
    return name


def _parameter(where: str, name: str, **more: Any) -> Declared:
    made = {"name": name, "in": where, **more}
    if where == "path":
        made["required"] = True
    return {"parameters": [made]}


def _object(**members: Any) -> Any:
    return {"type": "object", "properties": members}


def _list(of: Any) -> Any:
    return {"type": "array", "items": of}


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


# --------------------------------------------------------------------------- path


def _paths() -> list[Carrier]:
    def plain(before: str, after: str, *, listed: bool = False) -> Callable[[str, Any], Declared]:
        def declare(name: str, leaf: Any) -> Declared:
            schema = _list(leaf) if listed else leaf
            made = _parameter("path", name, schema=schema)
            return {**made, "path": f"/at/{before}{{{name}}}{after}"}

        return declare

    return [
        Carrier("path", "path", plain("", ""), lambda n, v: Sent(f"/at/{v}"), _itself),
        Carrier(
            "path part", "path", plain("a-", ".json"), lambda n, v: Sent(f"/at/a-{v}.json"), _itself
        ),
        Carrier(
            "path list", "path", plain("", "", listed=True), lambda n, v: Sent(f"/at/{v}"), _itself
        ),
    ]


# --------------------------------------------------------------------------- beside the body


def _query() -> list[Carrier]:
    def of(id: str, declare: Any, write: Any, stated: Any = _itself) -> Carrier:
        return Carrier(
            f"query {id}", "query", declare, lambda n, v: Sent(query=[write(n, v)]), stated
        )

    def listed(**more: Any) -> Callable[[str, Any], Declared]:
        return lambda n, leaf: _parameter("query", n, schema=_list(leaf), **more)

    def inside(**more: Any) -> Callable[[str, Any], Declared]:
        return lambda n, leaf: _parameter("query", "f", schema=_object(**{n: leaf}), **more)

    def deep(n: str, leaf: Any) -> Declared:
        return _parameter(
            "query", "f", schema=_object(a=_object(**{n: leaf})), style="deepObject", explode=True
        )

    def rows(n: str, leaf: Any) -> Declared:
        schema = _object(a=_list(_object(**{n: leaf})))
        return _parameter("query", "f", schema=schema, style="deepObject", explode=True)

    def content(schema: Callable[[str, Any], Any]) -> Callable[[str, Any], Declared]:
        return lambda n, leaf: _parameter(
            "query", "f", content={JSON_TYPE: {"schema": schema(n, leaf)}}
        )

    def whole(n: str, leaf: Any) -> Declared:
        schema = leaf if "$ref" in leaf else _object(**{n: leaf})
        made = {"in": "querystring", "name": "q", "content": {FORM_TYPE: {"schema": schema}}}
        return {"parameters": [made]}

    member = "f[{}]".format
    return [
        of("whole", whole, "{}={}".format),
        of("plain", lambda n, leaf: _parameter("query", n, schema=leaf), "{}={}".format),
        of("escaped", lambda n, leaf: _parameter("query", n, schema=leaf), _escaped),
        of("list", listed(), "{}={}".format),
        of("list brackets", listed(), "{}[]={}".format),
        of("list joined", listed(explode=False), "{}={}".format),
        of("list pipes", listed(style="pipeDelimited", explode=False), "{}={}".format),
        of("list spaces", listed(style="spaceDelimited", explode=False), "{}={}".format),
        of("deep", inside(style="deepObject", explode=True), "f[{}]={}".format, member),
        of("deep nested", deep, "f[a][{}]={}".format, "f[a][{}]".format),
        of("deep rows", rows, "f[a][0][{}]={}".format, "f[a][][{}]".format),
        of("object brackets", inside(), "f[{}]={}".format, member),
        of("object json", inside(), lambda n, v: f"f={quote(_json({n: v}))}", member),
        of("object joined", inside(explode=False), "f={},{}".format, member),
        of("object exploded", inside(style="form", explode=True), "{}={}".format, member),
        of(
            "json",
            content(lambda n, leaf: _object(**{n: leaf})),
            lambda n, v: f"f={quote(_json({n: v}))}",
            member,
        ),
        of(
            "json nested",
            content(lambda n, leaf: _object(a=_object(**{n: leaf}))),
            lambda n, v: f"f={quote(_json({'a': {n: v}}))}",
            "f[a][{}]".format,
        ),
        of(
            "json list",
            content(lambda n, leaf: _object(**{n: _list(leaf)})),
            lambda n, v: f"f={quote(_json({n: [v]}))}",
            member,
        ),
        of(
            "json rows",
            content(lambda n, leaf: _list(_object(**{n: leaf}))),
            lambda n, v: f"f={quote(_json([{n: v}]))}",
            "f[][{}]".format,
        ),
        of(
            "text with json",
            lambda n, leaf: _parameter("query", "f", schema=TEXT),
            lambda n, v: f"f={quote(_json({n: v}))}",
            lambda n: "",
        ),
        of(
            "dotted",
            lambda n, leaf: _parameter("query", f"f.{n}", schema=leaf),
            "f.{}={}".format,
            "f.{}".format,
        ),
    ]


def _escaped(name: str, value: str) -> str:
    return f"{name}=%{ord(value[0]):02X}{value[1:]}"


def _beside() -> list[Carrier]:
    def header(
        id: str, declare: Any, write: Any, stated: Any = _itself, *, named: bool = True
    ) -> Carrier:
        return Carrier(
            f"header {id}",
            "header",
            declare,
            lambda n, v: Sent(headers=[write(n, v)]),
            stated,
            named,
        )

    def cookie(id: str, declare: Any, write: Any, stated: Any = _itself) -> Carrier:
        return Carrier(
            f"cookie {id}", "cookie", declare, lambda n, v: Sent(cookies=[write(n, v)]), stated
        )

    def one(where: str) -> Callable[[str, Any], Declared]:
        return lambda n, leaf: _parameter(where, n, schema=leaf)

    def listed(where: str) -> Callable[[str, Any], Declared]:
        return lambda n, leaf: _parameter(where, n, schema=_list(leaf), explode=False)

    def inside(where: str, name: str, **more: Any) -> Callable[[str, Any], Declared]:
        return lambda n, leaf: _parameter(where, name, schema=_object(**{n: leaf}), **more)

    def content(where: str, name: str) -> Callable[[str, Any], Declared]:
        return lambda n, leaf: _parameter(
            where, name, content={JSON_TYPE: {"schema": _object(**{n: leaf})}}
        )

    return [
        header("plain", one("header"), lambda n, v: (n.lower(), v)),
        header("list", listed("header"), lambda n, v: (n.lower(), v)),
        header(
            "object", inside("header", "X-F"), lambda n, v: ("x-f", f"{n},{v}"), "X-F[{}]".format
        ),
        header(
            "object exploded",
            inside("header", "X-F", explode=True),
            lambda n, v: ("x-f", f"{n}={v}"),
            "X-F[{}]".format,
        ),
        header(
            "json", content("header", "X-F"), lambda n, v: ("x-f", _json({n: v})), "X-F[{}]".format
        ),
        header(
            "standard",
            lambda n, leaf: _parameter("header", "Prefer", schema=leaf),
            lambda n, v: ("prefer", v),
            lambda n: "Prefer",
            named=False,
        ),
        cookie("plain", one("cookie"), "{}={}".format),
        cookie("list", listed("cookie"), "{}={}".format),
        cookie(
            "json", content("cookie", "f"), lambda n, v: f"f={quote(_json({n: v}))}", "f[{}]".format
        ),
        cookie("object", inside("cookie", "f", explode=False), "f={},{}".format, "f[{}]".format),
    ]


# --------------------------------------------------------------------------- bodies


def _bodies() -> list[Carrier]:
    def of(
        id: str, media: str, schema: Any, write: Any, stated: Any = _itself, *, named: bool = True
    ) -> Carrier:
        kind = media.partition(";")[0]
        return Carrier(
            id,
            "body",
            lambda n, leaf: {"content": {kind: {"schema": schema(n, leaf)}}},
            lambda n, v: Sent(body=write(n, v).encode(), media=media),
            stated,
            named,
        )

    def body(id: str, schema: Any, value: Any, stated: Any = _itself, **more: Any) -> Carrier:
        return of(f"json {id}", JSON_TYPE, schema, lambda n, v: _json(value(n, v)), stated, **more)

    def top(n: str, leaf: Any) -> Any:
        return _object(**{n: leaf})

    def many(n: str, leaf: Any) -> Any:
        return _object(**{n: _list(leaf)})

    def inner(n: str, leaf: Any) -> Any:
        return _object(a=_object(**{n: leaf}))

    def none(name: str) -> str:
        return ""

    def part(name: str, content: str, more: str = "") -> str:
        head = f'--bb\r\nContent-Disposition: form-data; name="{name}"\r\n{more}'
        return f"{head}\r\n{content}\r\n--bb--\r\n"

    return [
        body("top", top, lambda n, v: {n: v}),
        body("nested", inner, lambda n, v: {"a": {n: v}}, "a.{}".format),
        body("list", many, lambda n, v: {n: [v]}),
        body(
            "rows",
            lambda n, leaf: _object(a=_list(_object(**{n: leaf}))),
            lambda n, v: {"a": [{n: v}]},
            "a.*.{}".format,
        ),
        body(
            "list alone", lambda n, leaf: _list(leaf), lambda n, v: [v], lambda n: "*", named=False
        ),
        body(
            "rows alone",
            lambda n, leaf: _list(_object(**{n: leaf})),
            lambda n, v: [{n: v}],
            "*.{}".format,
        ),
        body(
            "map value",
            lambda n, leaf: _object(a={"type": "object", "additionalProperties": leaf}),
            lambda n, v: {"a": {n: v}},
            "a.{}".format,
        ),
        body(
            "map name",
            lambda n, leaf: _object(**{n: {"type": "object", "additionalProperties": TEXT}}),
            lambda n, v: {n: {v: "x"}},
        ),
        body(
            "dotted", lambda n, leaf: _object(**{f"f.{n}": leaf}), lambda n, v: {f"f.{n}": v}, none
        ),
        body("unsaid", lambda n, leaf: {}, lambda n, v: {n: v}),
        body("text", lambda n, leaf: _object(f=TEXT), lambda n, v: {"f": _json({n: v})}, none),
        of("merge patch", "application/merge-patch+json", top, lambda n, v: _json({n: v})),
        of(
            "json patch",
            "application/json-patch+json",
            lambda n, leaf: _list(_object(op=TEXT, path=TEXT, value={})),
            lambda n, v: _json([{"op": "add", "path": f"/{n}", "value": v}]),
            none,
        ),
        of("form top", FORM_TYPE, top, "{}={}".format),
        of("form list", FORM_TYPE, many, "{}={}".format),
        of("form nested", FORM_TYPE, inner, "a[{}]={}".format, "a.{}".format),
        of("form json", FORM_TYPE, inner, lambda n, v: f"a={quote(_json({n: v}))}", "a.{}".format),
        of("form unsaid", FORM_TYPE, lambda n, leaf: {}, "{}={}".format),
        of("parts top", PARTS_TYPE, top, part),
        of("parts list", PARTS_TYPE, many, part),
        of(
            "parts json",
            PARTS_TYPE,
            inner,
            lambda n, v: part("a", _json({n: v}), "Content-Type: application/json\r\n"),
            "a.{}".format,
        ),
        of("parts unsaid", PARTS_TYPE, lambda n, leaf: {}, part),
        of("text", "text/plain", lambda n, leaf: TEXT, "{}: {}".format, none, named=False),
        of(
            "csv",
            "text/csv",
            lambda n, leaf: _list(_object(**{n: leaf})),
            "{}\r\n{}\r\n".format,
            "*.{}".format,
        ),
        of("xml", "application/xml", top, "<a><{0}>{1}</{0}></a>".format),
        of("yaml", "application/yaml", top, "{}: {}\n".format),
        of("ndjson", "application/x-ndjson", top, lambda n, v: _json({n: v}) + "\n"),
    ]


# --------------------------------------------------------------------------- GraphQL

SCHEMA = """
type Query {{ act({name}: ID, in: In): Acted, note(nid: ID!): Note }}
type Mutation {{ do({name}: ID, in: In): Acted }}
input In {{ {name}: ID }}
type Acted {{ entries: [String!], card: Card }}
type Card {{ text: String, by: String }}
type Note {{ nid: ID, owner: ID, text: String }}
"""


def _graphql() -> list[Carrier]:
    def of(
        id: str, text: Callable[[str, str], str], variables: Any, *, url: bool = False
    ) -> Carrier:
        def send(name: str, value: str) -> Sent:
            said = {"query": text(name, value)}
            if variables is not None:
                said["variables"] = variables(name, value)
            if url:
                pieces = [
                    f"{each}={quote(v if isinstance(v, str) else _json(v))}"
                    for each, v in said.items()
                ]
                return Sent(query=pieces)
            return Sent(body=_json(said).encode(), media=JSON_TYPE)

        def declare(name: str, leaf: Any) -> Declared:
            made: Declared = {"files": {"schema.graphql": SCHEMA.format(name=name)}}
            if url:
                made["parameters"] = [
                    {"name": each, "in": "query", "schema": TEXT} for each in ("query", "variables")
                ]
            return {**made, "own": {"graphql": "schema.graphql"}}

        return Carrier(f"graphql {id}", "graphql", declare, send, "act.{}".format)

    return [
        of("literal", lambda n, v: f'{{act({n}:"{v}"){{entries}}}}', None),
        of(
            "variable",
            lambda n, v: f"query($x:ID){{act({n}:$x){{entries}}}}",
            lambda n, v: {"x": v},
        ),
        of("input", lambda n, v: f'{{act(in:{{{n}:"{v}"}}){{entries}}}}', None),
        of(
            "input variable",
            lambda n, v: "query($x:In){act(in:$x){entries}}",
            lambda n, v: {"x": {n: v}},
        ),
        of("default", lambda n, v: f'query($x:ID="{v}"){{act({n}:$x){{entries}}}}', None),
    ]


CARRIERS: Mapping[str, Carrier] = {
    each.id: each for each in (*_paths(), *_query(), *_beside(), *_bodies(), *_graphql())
}
