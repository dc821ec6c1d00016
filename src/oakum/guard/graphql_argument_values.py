"""The scalars in the arguments of a GraphQL query, with variables replaced by their values.

Every value that a server may use is listed. For a variable that the request leaves out these are
the defaults of all operations in the document. A text that servers may read differently does not
count as an id. `lua/graphql_arguments.lua` finds the same values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from urllib.parse import unquote_plus

from oakum.authz.strict_json import UnreadableBody, read
from oakum.guard.compiled.field_selection import chooses
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.graphql_query import lex, parameter
from oakum.openapi.model import Json
from oakum.routing.http_messages import HttpRequest

Said = tuple[str, Json]
"""(place, value); an object as value stands for one that cannot be read."""

_MARKS = frozenset("!$&():=@[]{|}") | {"..."}
_UNCLEAR = re.compile(r"\\u[dD][89a-fA-F]|\t")
"""Escaped surrogates, and a tab, which JSON does not allow in a string."""


@dataclass
class _ScalarPlaces:
    """Scalars of a query by their place."""

    said: list[Said] = field(default_factory=list)
    """`FIELD.NAME`, and what stands there."""
    uses: list[tuple[str, str, str]] = field(default_factory=list)
    """A field, a name and the variable that stands there."""
    defaults: dict[str, list[Said]] = field(default_factory=dict)
    """Variable → name within its default (empty: none), and what stands there."""
    fields: set[str] = field(default_factory=set)
    """Fields with arguments."""


def argument_values(said: Json) -> list[Said]:
    """(`FIELD.NAME`, value) of each scalar in an argument of a request; `NAME` is the argument, or
    the member that holds the value."""
    query = said.get("query") if isinstance(said, dict) else None
    tokens = lex(query) if isinstance(query, str) else ""
    if isinstance(tokens, str) or not isinstance(said, dict):
        return []
    found, given = _find_places(tokens), said.get("variables")
    variables = given if isinstance(given, dict) else {}
    values = list(found.said)
    for at, name, variable in found.uses:
        if given not in (None, variables):
            values.append((f"{at}.{name}", {}))
        elif variable in variables:
            values += ((f"{at}.{each}", one) for each, one in _within(name, variables[variable]))
        else:
            inner = found.defaults.get(variable, ())
            values += ((f"{at}.{each or name}", one) for each, one in inner)
    return [each for each in values if each[1] is not None]


def selected_owners(
    endpoint: GrantedEndpoint, came: HttpRequest, asked: HttpRequest
) -> frozenset[str] | None:
    """`Call.chosen` for a request: `came` as received, `asked` as forwarded."""
    if not endpoint.graph:
        return frozenset() if chooses(endpoint.choices, came, asked.target) else None
    by_url = asked_by_url(asked.target.partition("?")[2])
    said = read(asked.body)[0] if asked.body else by_url
    query = said.get("query") if isinstance(said, dict) else None
    tokens = lex(query) if isinstance(query, str) else ""
    return frozenset() if isinstance(tokens, str) else frozenset(_find_places(tokens).fields)


def asked_by_url(query: str) -> Json:
    """The GraphQL request in the query of a URL, as the JSON object of a POST body; unreadable
    variables become a string."""
    pieces = (piece.partition("=") for piece in query.split("&"))
    named = ((unquote_plus(name), unquote_plus(value)) for name, _, value in pieces)
    given = [each for each in named if each[0].partition("[")[0] == "variables"]
    variables: Json = None
    if given:
        try:
            [(name, text)] = given
            variables = read(text.encode())[0] if name == "variables" else ""
        except (ValueError, UnreadableBody):
            variables = ""
    return {"query": parameter(query), "variables": variables}


def _find_places(tokens: list[str]) -> _ScalarPlaces:
    found, levels = _ScalarPlaces(), 0
    at, name, variable = "", "", ""
    around: list[str] = []
    """Names of the members in which the current place is."""
    inside = valued = False
    for index, token in enumerate(tokens):
        before, after = tokens[index - 1], "".join(tokens[index + 1 : index + 2])
        if token in ("(", ")"):
            inside, name, valued = token == "(", "", False
            at = "@" if tokens[index - 2 : index - 1] == ["@"] else before
            if inside and levels and at != "@":
                found.fields.add(at)
        elif not inside:
            levels += {"{": 1, "}": -1}.get(token, 0)
        elif before == "$" and levels:
            found.uses.append((at, name, token))
        elif before == "$":
            variable, name, valued = token, "", False
        elif token == "{":
            around.append(name)
        elif token == "}":
            name = around.pop()
        elif token in _MARKS:
            valued = valued or (token == "=" and not levels)
        elif after == ":":
            name = token
        elif levels:
            found.said.append((f"{at}.{name}", _scalar(token)))
        elif valued:
            found.defaults.setdefault(variable, []).append((name, _scalar(token)))
    return found


def _scalar(token: str) -> Json:
    """A number as it is written, and `null` as nothing."""
    if token == "null":
        return None
    if token[:1] != '"':
        return token
    if token[:3] == '"""' or _UNCLEAR.search(token):
        return {}
    said: Json = json.loads(token)
    return said


def _within(name: str, value: Json) -> Iterator[Said]:
    """The scalars of a variable, each with the name of the member that holds it."""
    if isinstance(value, list):
        yield from chain.from_iterable(_within(name, each) for each in value)
    elif isinstance(value, dict):
        yield from chain.from_iterable(_within(each, value[each]) for each in value)
    else:
        yield name, value
