"""Builds a request from an endpoint and a person: fills every parameter."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import orjson

from oakum.exchange import Request, Response, json_bytes
from oakum.exposure.endpoints.offered_values import object_with
from oakum.exposure.endpoints.parameter_styles import pairs, text_of
from oakum.exposure.endpoints.probes import Probe, Query
from oakum.exposure.endpoints.request_bodies import (
    FORM,
    JSON,
    MULTIPART,
    body_members,
    body_shape,
    decode,
    encode,
    json_value,
    writes_json,
)
from oakum.exposure.values.knowledge import Knowledge, leaves_of
from oakum.http.cookies import cookie_names
from oakum.http.json_pointer import unescape
from oakum.openapi.model import Json, Operation, Parameter, Shape
from oakum.openapi.shape_queries import element
from oakum.scan.requests.consistent_parameter_values import known_objects, tied_values

_COUNTED = 10
"""Ids of at most so many digits count as sequential."""
_LAST = 2**31 - 48
_SHORT = 5
_ELSEWHERE = frozenset(("", ".", ".."))
"""Segments that change the path even if escaped (RFC 3986, 5.2.4), so that another resource would
be requested."""
_KEY = "{key}"
"""Stands for the key of an object that does not exist yet."""
_QUOTED = re.compile(r'"{3}.*?"{3}|"(?:[^"\\\n]|\\.)*"', re.DOTALL)
_BARE = "\x1f"
"""Marks a placeholder that is not a text, so that it is written without quotes."""
_UNQUOTED = re.compile(r'"\\u001f([^"]*)\\u001f"')
_DELIMITERS = re.compile(r"[,| ]")
_BATCH = 50
"""Most ids in one batch request, as careful APIs allow."""


class Ask(Protocol):
    """Sends a request as an identity."""

    def __call__(self, viewer: str | None, request: Request, /) -> Response: ...


@dataclass(frozen=True)
class FilledRequest:
    """A request ready to be sent, and the same with placeholders for its values."""

    request: Request
    params: Mapping[str, str]
    """Path parameters."""
    sent: frozenset[str]
    symbolic: str
    """`GET /user/{userId}` with `$PIA_MEMBER_ID` in it; what curl lines and dry runs show."""
    body: str = ""
    """The body with placeholders."""
    headers: tuple[str, ...] = ()
    """Header lines that the document does not declare."""
    content: Mapping[str, Json] = field(default_factory=dict)
    """The body as a value, before encoding."""
    bare: bool = False
    """Whether an optional parameter is missing because it has no known value."""
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Parameter or member of the body, wherever it stands → the values that it has; of a batch all
    that it may have."""


def fill(
    probe: Probe,
    target: str,
    knowledge: Knowledge,
    who: str | None,
    absent: bool = False,
    turn: int = 0,
    only: Collection[str] = (),
) -> FilledRequest | None:
    """Fills an endpoint's parameters with `who`'s values (anybody's for a batch); None if one is
    unknown. `absent`: use similar, non-existing ids instead of own values; `only`: of these
    parameters. `turn`: index of the value; None if there are not so many."""
    values: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    bare = False
    optional = {
        each.name
        for each in probe.operation.parameters
        if each.where == "query" and not each.required and each.name != probe.alone
    }
    tied = tied_values(probe, knowledge, who, turn)
    if tied is None:
        return None
    # In `/members/{id}/notes/{noteId}` the next object is another note of the same member.
    kept = turn > 0 and known_objects(probe, knowledge, who, probe.sources) > turn
    for parameter, source in probe.sources.items():
        own = parameter in probe.personal and not probe.batch
        whose, first = probe.whose.get(parameter, (who if own else None, turn))
        known = knowledge.values(source, whose or None)
        if not known and "." in source:
            known = knowledge.values(source, "")
        if parameter in tied:
            known, first = [tied[parameter]], 0
        if kept and len(known) == 1 and parameter not in probe.whose:
            first = 0
        if not known and not turn and parameter in optional:
            bare = True
            continue
        if not known or len(known) <= first:
            return None
        known = known[first:][: 1 if parameter in probe.whose else None]
        gone = absent and (not only or parameter in only)
        values[parameter] = [nobodys(probe, parameter, known[0])] if gone else known[:_BATCH]
        names[parameter] = variable(whose or who or "ANYBODY", source)
    for parameter in probe.unfilled:
        known = knowledge.values_by_name(parameter) if parameter in probe.guessed else []
        if known or parameter in probe.fixed:
            values[parameter] = known[:1] or [text_of(probe.fixed[parameter])]
            names[parameter] = variable("", parameter)
        else:
            return None
    places = {each.name: each for each in probe.operation.parameters if each.where == "path"}
    given = [(places[name], values[name][0]) for name in places.keys() & values.keys()]
    if not all(_names_one(each, value) for each, value in given):
        return None
    return replace(_build(probe, target, values, names), bare=bare)


def in_path(path: str, parameter: Parameter, value: str) -> str:
    """A path with the value of one of its parameters in it."""
    segment = parameter.segment_of(value)
    if segment is None:  # a placeholder, later replaced by the whole value as one segment
        return path.replace(parameter.place, quote(value, safe=""))
    return path.replace("{" + parameter.name + "}", quote(segment, safe=""))


def _names_one(parameter: Parameter, value: str) -> bool:
    """Whether a path can say this value, or the placeholder of a key."""
    segment = value if value == _KEY else parameter.segment_of(value)
    return segment is not None and segment not in _ELSEWHERE


def nobodys(probe: Probe, name: str, value: str) -> str:
    """A similar value of a parameter that very likely does not exist."""
    said = (
        each for each in probe.operation.parameters if (each.name, each.where) == (name, "path")
    )
    parameter = next(said, None)
    segment = parameter.segment_of(value) if parameter is not None else None
    if parameter is None or segment is None:
        return unlike(value)
    return parameter.value_of(unlike(segment))


def _shown_query(probe: Probe) -> Iterator[str]:
    """What an endpoint adds to the query, as a curl line has it."""
    for name, value in probe.query:
        veiled = probe.veiled.get(name)
        yield urlencode([(name, value)]) if veiled is None else f"{quote(name, safe='')}={veiled}"


@dataclass
class _Draft:
    """A request under construction, with a copy that has placeholders."""

    path: str
    shown_path: str
    params: dict[str, str] = field(default_factory=dict)
    query: list[tuple[str, str]] = field(default_factory=list)
    shown_query: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    shown_headers: dict[str, str] = field(default_factory=dict)

    def put(self, parameter: Parameter, value: str, shown: str) -> None:
        """A parameter of the path, the query or the headers."""
        where, name = parameter.where, parameter.name
        if where == "path":
            self.params[name] = value
            self.path = in_path(self.path, parameter, value)
            self.shown_path = self.shown_path.replace(parameter.place, shown)
        elif where == "query":
            self.query.append((name, value))
            self.shown_query.append(f"{name}={shown}")
        elif where == "header":
            self.headers[name.lower()] = value
            self.shown_headers[name.lower()] = shown

    def put_fixed(self, given: Sequence[tuple[str, str]]) -> None:
        """Parts of the query that show nothing of anybody."""
        self.query += given
        self.shown_query.append(urlencode(given))

    def url(self, target: str) -> str:
        """The URL of the request, with all values."""
        query = "?" + urlencode(self.query) if self.query else ""
        return target.rstrip("/") + self.path + query

    @property
    def shown_url(self) -> str:
        """Path and query with placeholders."""
        query = "?" + "&".join(self.shown_query) if self.shown_query else ""
        return self.shown_path + query


def _build(
    probe: Probe, target: str, values: Mapping[str, list[str]], names: Mapping[str, str]
) -> FilledRequest:
    operation = probe.operation
    # What may be read from either is sent in both.
    declared = {each.name: each.where for each in operation.parameters if not each.in_body}
    draft = _with_parameters(probe, target, values, names)
    draft.query += probe.query
    draft.shown_query += _shown_query(probe)
    content, shown_body = _body(probe, declared, values, names)
    if probe.asks is not None and operation.method == "GET":
        draft.query += [(name, text_of(each)) for name, each in content.items()]
        draft.shown_query.append(f"query=…&variables={{{_format_members(names)}}}")
        content, shown_body = {}, ""
    body = b""
    # What needs a body, or a technique that asks for an empty one, gets `{}`, not no body.
    empty = operation.needs_body or (probe.how and operation.method == "POST")
    if content or (empty and operation.method != "GET" and body_shape(operation)):
        as_json = probe.asks is not None
        kind, body = (JSON, json_bytes(content)) if as_json else encode(operation, content)
        draft.headers["content-type"] = kind
    url = draft.url(probe.base or target)
    request = Request(operation.method, url, draft.headers, body)
    more = tuple(f"{name}: {text}" for name, text in draft.shown_headers.items())
    echoed = _may_be_echoed(probe, values, content)
    shown = probe.base + draft.shown_url
    named = {name: tuple(each if probe.batch else each[:1]) for name, each in values.items()}
    return FilledRequest(
        request, draft.params, echoed, shown, shown_body, more, content, named=named
    )


def _with_parameters(
    probe: Probe, target: str, values: Mapping[str, list[str]], names: Mapping[str, str]
) -> _Draft:
    """The request with the parameters that the document declares, but those of the body."""
    path, declared = path_on(probe.operation, target), probe.operation.parameters
    last = {parameter.name: parameter for parameter in declared}
    in_header = {name for name, each in last.items() if each.where == "header"}
    extra = {
        **{n.lower(): text_of(v) for n, v in probe.fixed.items() if n in in_header},
        **probe.headers,
    }
    draft = _Draft(path, path, headers={"accept": "application/json, */*;q=0.5", **extra})
    draft.shown_headers = {name: probe.veiled.get(name, text) for name, text in extra.items()}
    for name, each in last.items():
        if name in values:
            draft.put(each, values[name][0], names[name])
        elif each.where == "query" and name in probe.fixed:
            draft.put_fixed(pairs(each, probe.fixed[name]))
    return draft


def _may_be_echoed(
    probe: Probe, values: Mapping[str, list[str]], content: Mapping[str, Json]
) -> frozenset[str]:
    """Texts of the request that a response may repeat: there they prove nothing."""
    sent = {value for each in values.values() for value in each}
    sent |= {text for name, text in probe.headers.items() if name in probe.veiled}
    sent |= {part for _, value in probe.query for part in _parts(value)}
    # A value sent in the body may be echoed, as may one in the query.
    veiled = (leaf for name in probe.veiled for _, leaf in leaves_of(content.get(name)))
    return frozenset(sent | {text_of(leaf) for leaf in veiled if leaf is not None})


def _parts(text: str) -> Iterator[str]:
    """A value of a query, and what stands in it as a list or as JSON: each may be echoed."""
    yield from (text, *_DELIMITERS.split(text))
    if text[:1] in ("{", "["):
        with suppress(orjson.JSONDecodeError):
            leaves = leaves_of(orjson.loads(text))
            yield from (text_of(leaf) for _, leaf in leaves if leaf is not None)


def with_body(
    filled: FilledRequest, operation: Operation, content: Json, said: str = ""
) -> FilledRequest:
    """The request with another body in the declared media type. `said`: the body with placeholders,
    as JSON; empty: unchanged."""
    kind, body = encode(operation, content)
    headers = {**filled.request.headers, "content-type": kind}
    request = replace(filled.request, headers=headers, body=body)
    known = content if isinstance(content, dict) else {}
    return replace(filled, request=request, content=known, body=said or filled.body)


def _body(
    probe: Probe,
    declared: Mapping[str, str],
    values: Mapping[str, list[str]],
    names: Mapping[str, str],
) -> tuple[dict[str, Json], str]:
    """The body as a value, and as JSON with placeholders in place of values."""
    if probe.asks is not None:
        return _query_body(probe.asks, values, names)
    content: dict[str, Json] = {}
    shown: dict[str, Json] = {}
    for name, each in probe.fixed.items():
        if name not in declared:
            content[name] = each
            text = probe.veiled.get(name, "")
            # A placeholder for an object is JSON already.
            veiled: Json = text if isinstance(each, str) or not text else orjson.loads(text)
            shown[name] = veiled or each
    known, as_json = body_members(probe.operation), writes_json(probe.operation)
    for name in (each for each in probe.sources if each in values and each not in declared):
        at = known[name].at if name in known else (name,)
        shape = known[name].shape if name in known else Shape()
        many = "array" in shape.kinds
        inner = (element(shape) or Shape()) if many else shape
        several = values[name] if probe.batch else values[name][:1]
        found = [json_value(each, inner) if as_json else each for each in several]
        word = names[name] if isinstance(found[0], str) else f"{_BARE}{names[name]}{_BARE}"
        content = dict(object_with(at, [*found] if many else found[0], content))
        shown = dict(object_with(at, [word] if many else word, shown))
    said = json.dumps(shown, ensure_ascii=False) if content else ""
    return content, _UNQUOTED.sub(r"\1", said)


def _query_body(
    query: Query, values: Mapping[str, list[str]], names: Mapping[str, str]
) -> tuple[dict[str, Json], str]:
    kinds = query.variables.items()
    filled = {name: convert(values[name][0], kind) for name, kind in kinds if name in values}
    # Quotes, which only the document's own examples contain, would end the curl argument; and the
    # shell would expand a variable.
    written = _QUOTED.sub("…", query.text).replace("$", "\\$")
    symbolic = f'{{"query": "{written}", "variables": {{{_format_members(names)}}}}}'
    return {"query": query.text, "variables": filled}, symbolic


def convert(text: str, kind: str) -> Json:
    """A text converted for a variable of a GraphQL type."""
    name = kind.strip("[]!")
    value: Json = text
    if name in ("Float", "Boolean") or name.endswith(("Int", "Long")):
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            value = text
    return [value] if kind.startswith("[") else value


def _format_members(names: Mapping[str, str]) -> str:
    return ", ".join(f'"{name}": "{each}"' for name, each in names.items())


def path_on(operation: Operation, target: str) -> str:
    """The path to append to the target, which may contain the servers' base path already."""
    return raw_path(operation) if urlsplit(target).path.strip("/") else operation.path


def raw_path(operation: Operation) -> str:
    """The path in the document, without the servers' base path."""
    parts = operation.pointer.split("/")
    if len(parts) > 2 and parts[1] == "paths":
        return unescape(parts[2])
    return operation.path


def variable(who: str, source: str) -> str:
    """Shell variable standing for a value: `$PIA_MEMBER_ID`."""
    return "$" + re.sub(r"[^A-Za-z0-9]+", "_", f"{who}_{source}".strip("_")).upper()


def unlike(value: str) -> str:
    """A similar value that very likely does not exist; the value itself if none is safe. Short
    numbers are often sequential, so a number near the 32-bit limit is used; short words are
    kept."""
    if value.isdigit() and len(value) <= _COUNTED:
        return str(_LAST - int(value) % 600)
    if len(value) < _SHORT:
        return value
    return "".join(_shift_char(char) for char in value)


def _shift_char(char: str) -> str:
    for alphabet in ("0123456789", "abcdef", "ABCDEF"):
        if char in alphabet:
            half = len(alphabet) // 2
            return alphabet[(alphabet.index(char) + half) % len(alphabet)]
    for start in ("g", "G"):
        if start <= char <= chr(ord(start) + 19):
            return chr(ord(start) + (ord(char) - ord(start) + 7) % 20)
    return char


def curl(filled: FilledRequest, credentials: tuple[str, ...]) -> str:
    """The curl command of a request, with variables for secrets and ids. `credentials`: header
    lines, query parameters that begin with `?`, and options of curl."""
    method, _, where = f"{filled.request.method} {filled.symbolic}".partition(" ")
    credentials = tuple(each for each in credentials if not _is_said(filled, each))
    parts = ["curl -s"] + ([f"-X {method}"] if method != "GET" else [])
    parts += [each for each in credentials if each[:2] == "--"]
    given = (*(each for each in credentials if each[:1] not in ("?", "-")), *filled.headers)
    cookies = [each.partition(":")[2].strip() for each in given if _is_cookie(each)]
    lines = [each for each in given if not _is_cookie(each)]
    # a single `Cookie` header (RFC 6265, 5.4)
    lines += [f"Cookie: {'; '.join(cookies)}"] if cookies else []
    parts += [f'-H "{header}"' for header in lines]
    # curl itself encodes what the variable holds
    parts += [f'--url-query "{each[1:]}"' for each in credentials if each[:1] == "?"]
    if filled.body:
        parts += _body_options(filled)
    at = where if where.startswith(("http://", "https://")) else f"$TARGET{where}"
    return " ".join([*parts, f'"{at}"'])


def _is_said(filled: FilledRequest, credential: str) -> bool:
    """Whether a request says itself what a line of its caller says, such as another's tenant."""
    if credential[:1] == "?":
        query = filled.symbolic.partition("?")[2].split("&")
        return credential[1:].partition("=")[0] in {each.partition("=")[0] for each in query}
    said = {each.partition(":")[0].lower() for each in filled.headers} - {"cookie"}
    return credential.partition(":")[0].lower() in said


def _is_cookie(header: str) -> bool:
    return header.lower().startswith("cookie:")


def _body_options(filled: FilledRequest) -> list[str]:
    """Options of curl for a body; its members, for a form."""
    kind = filled.request.headers.get("content-type", JSON)
    base = kind.split(";")[0]
    if base in (FORM, MULTIPART):
        try:
            members = orjson.loads(filled.body)
        except orjson.JSONDecodeError:  # variable names are not quoted in it
            members = {}
        option = "--data-urlencode" if base == FORM else "-F"
        if isinstance(members, dict) and members:
            return [
                f'{option} "{_escape_quotes(name)}={_escape_quotes(text_of(v))}"'
                for name, v in members.items()
            ]
    return [f'-H "Content-Type: {kind}"', f'-d "{_escape_quotes(filled.body)}"']


def _escape_quotes(text: str) -> str:
    return text.replace('"', '\\"')


def parameters_in(request: Request) -> set[tuple[str, str]]:
    """(place, name) of query parameters, headers, cookies and members of the body in a request;
    headers in lower case, members dotted."""
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    kind = request.headers.get("content-type", "")
    return {
        *(("query", name) for name, _ in query),
        *(("header", name.lower()) for name in request.headers),
        *(("cookie", name) for name in cookie_names(request.headers.get("cookie", ""))),
        *(("body", name) for name in _names_in(decode(kind, request.body))),
    }


def _names_in(content: Mapping[str, Json]) -> Iterator[str]:
    for name, value in content.items():
        yield name
        if isinstance(value, dict):
            yield from (f"{name}.{each}" for each in _names_in(value))
