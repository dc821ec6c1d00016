"""Reads a GraphQL response by the names of its fields instead of aliases.

An alias may rename a member, and one object may contain a field more than once. So each member gets
the name of its field. An object with a repeated field is read as several objects, each with one of
the values and with all other members. If the query is not known, such as one that the server
stores, no value can be assigned to a field.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.message import Message
from email.parser import BytesParser
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from oakum.authz import Leaf
from oakum.exchange import Request
from oakum.exposure.response_reader import ResponseReader
from oakum.exposure.values.knowledge import leaves_of
from oakum.http.json_pointer import Pointer
from oakum.openapi.model import Json
from oakum.policy.graphql_schema import TAG, Graph

if TYPE_CHECKING:
    from graphql import (
        FieldNode,
        FragmentDefinitionNode,
        InlineFragmentNode,
        OperationDefinitionNode,
        SelectionNode,
    )

    Selections = Sequence[SelectionNode]

UNTOLD = "its GraphQL query is not known, and only that says which field a value is"
_LONGEST = 200_000
"""Longest query in characters that is read."""
_MOST = 100
"""How many values of one field in one object are read; later ones are read without a field."""


@dataclass(frozen=True)
class _Operation:
    """A GraphQL operation of a request, with the fragments of its document."""

    root: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]


def asked_of(request: Request) -> list[tuple[str, str]]:
    """(query, name of the operation) for each query of a request; a batch has several. Reads
    GraphQL over HTTP (2024), and forms, uploads and bare queries, which servers commonly accept."""
    body: Json = None
    kind = request.media_type
    if kind == "application/graphql":
        return [(request.body.decode("utf-8", "replace"), "")]
    if kind == "application/x-www-form-urlencoded":
        body = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    else:
        text = _operations_of_files(request) if kind == "multipart/form-data" else request.body
        with suppress(ValueError, RecursionError):
            body = json.loads(text) if text else None
    if not isinstance(body, list) and not (isinstance(body, dict) and "query" in body):
        body = dict(parse_qsl(urlsplit(request.url).query))
    return [_query_and_name(each) for each in (body if isinstance(body, list) else [body])]


def _query_and_name(said: Json) -> tuple[str, str]:
    given = said if isinstance(said, dict) else {}
    query, name = given.get("query"), given.get("operationName")
    return (query if isinstance(query, str) else "", name if isinstance(name, str) else "")


def _operations_of_files(request: Request) -> bytes:
    """The part `operations` of a multipart upload (graphql-multipart-request-spec)."""
    head = f"content-type: {request.headers.get('content-type', '')}\n\n".encode()
    said = BytesParser().parsebytes(head + request.body)
    for part in said.get_payload() if said.is_multipart() else ():
        if isinstance(part, Message):
            name = part.get_param("name", header="content-disposition")
            found = part.get_payload(decode=True)
            if name == "operations" and isinstance(found, bytes):
                return found
    return b""


def reads(request: Request) -> bool | None:
    """Whether all GraphQL operations of a request are queries; None if they are not known."""
    found = [_operation(*each) for each in asked_of(request)]
    kinds = {each.root.operation.value for each in found if each is not None}
    return None if not found or None in found else kinds == {"query"}


def by_fields(graph: Graph, request: Request, read: ResponseReader) -> tuple[ResponseReader, ...]:
    """The response by field names, as one or more responses; empty if the query is not known."""
    asked = asked_of(request)
    values = read.value if isinstance(read.value, list) else [read.value]
    if len(values) != len(asked):
        asked = asked[:1] * len(values)
    found: list[ResponseReader] = []
    for said, value in zip(asked, values, strict=True):
        if not isinstance(value, dict) or not isinstance(value.get("data"), dict):
            found.append(replace(read, value=value))
        elif (operation := _operation(*said)) is None:
            return ()
        else:
            found += _resolve_aliases(graph, operation, value, read)
    return tuple(found)


def _resolve_aliases(
    graph: Graph, operation: _Operation, value: dict[str, Json], read: ResponseReader
) -> Iterator[ResponseReader]:
    shape = graph.answer_of(operation.root.operation.value) if read.shape is not None else None
    walk = _Walk(graph, operation.fragments)
    try:
        datas = walk.object(value["data"], operation.root.selection_set.selections, ("data",))
    except RecursionError:
        walk.beside, datas = [Leaf("", ("data",), str(value["data"]), False)], [{}]
    seen = set[str]()
    for data in datas:
        # A root field of an earlier response is not read again, unless it was selected several
        # times.
        new = {name: each for name, each in data.items() if len(datas) == 1 or name not in seen}
        new |= {name: each for name, each in data.items() if name in walk.repeated}
        seen |= data.keys()
        beside = (*read.beside, *walk.beside)
        yield replace(read, value={**value, "data": new}, shape=shape, beside=beside)
        walk.beside = []


@lru_cache(maxsize=512)
def _operation(query: str, name: str) -> _Operation | None:
    from graphql import (
        FragmentDefinitionNode,
        GraphQLSyntaxError,
        OperationDefinitionNode,
        parse,
    )

    if not query or len(query) > _LONGEST:
        return None
    try:
        parts = parse(query, no_location=True).definitions
    except (GraphQLSyntaxError, RecursionError):
        return None
    fragments = {e.name.value: e for e in parts if isinstance(e, FragmentDefinitionNode)}
    found = [e for e in parts if isinstance(e, OperationDefinitionNode)]
    named = [e for e in found if e.name and e.name.value == name]
    return _Operation((named or found)[0], fragments) if found else None


@dataclass
class _Walk:
    """Renames the members of one response to the names of their fields."""

    graph: Graph
    fragments: Mapping[str, FragmentDefinitionNode]
    beside: list[Leaf] = field(default_factory=list)
    """Values whose field the query does not determine."""
    repeated: set[str] = field(default_factory=set)
    """Root fields that the query selects more than once."""

    def object(self, value: dict[str, Json], said: Selections, at: Pointer) -> list[Json]:
        """The object by field names; several objects if it contains a field more than once."""
        fields = self._fields(value, said)
        found: dict[str, list[Json]] = {}
        for key, each in value.items():
            nodes = fields.get(key)
            if nodes is not None and len({node.name.value for node in nodes}) > 1:
                self._add_beside(each, (*at, key))
                continue
            name = nodes[0].name.value if nodes else key
            inner = [sub for n in nodes or () if n.selection_set
                     for sub in n.selection_set.selections]  # fmt: skip
            have = found.setdefault(name, [])
            for one in self._value(each, inner, (*at, key)):
                if isinstance(one, dict | list) or one not in have:
                    have.append(one)
        for name, have in found.items():
            for each in have[_MOST:]:
                self._add_beside(each, (*at, name))
            del have[_MOST:]
            if len(have) > 1 and len(at) == 1:
                self.repeated.add(name)
        most = max(map(len, found.values()), default=1)
        least = 0 if len(at) == 1 else most
        return [
            {name: have[min(n, len(have) - 1)] for name, have in found.items()
             if n < max(len(have), least)}
            for n in range(most)
        ]  # fmt: skip

    def _value(self, value: Json, said: Selections, at: Pointer) -> list[Json]:
        if isinstance(value, dict) and said:
            return self.object(value, said, at)
        if isinstance(value, list) and said:
            each = [
                one
                for index, item in enumerate(value)
                for one in self._value(item, said, (*at, str(index)))
            ]
            return [each]
        return [value]

    def _add_beside(self, value: Json, at: Pointer) -> None:
        self.beside += [
            Leaf(".".join((*at, *below)), (*at, *below), leaf, False)
            for below, leaf in leaves_of(value)
        ]

    # ------------------------------------------------------------ what the query says of an object

    def _fields(self, value: dict[str, Json], said: Selections) -> dict[str, list[FieldNode]]:
        """Member → the fields that it may be, for the type that the object states, or else for each
        possible type."""
        types, tags = set[str](), set[str]()
        self._conditions(said, types, tags, set())
        told = next((each for tag in tags if isinstance(each := value.get(tag), str)), None)
        may = {told} if told is not None else {"", *types}
        found: dict[str, list[FieldNode]] = {}
        for type in sorted(may):
            keys: dict[str, list[FieldNode]] = {}
            self._collect(said, type, keys, set())
            if len(may) == 1 or value.keys() <= keys.keys():
                for key, nodes in keys.items():
                    found.setdefault(key, []).extend(nodes)
        return found

    def _conditions(
        self, said: Selections, types: set[str], tags: set[str], done: set[str]
    ) -> None:
        """Collects the types that fragments distinguish, and the aliases of `__typename`."""
        from graphql import FieldNode

        for each in said:
            if isinstance(each, FieldNode):
                if each.name.value == TAG:
                    tags.add(_key(each))
            elif (fragment := self._fragment(each, done)) is not None:
                if fragment.type_condition is not None:
                    types.add(fragment.type_condition.name.value)
                self._conditions(fragment.selection_set.selections, types, tags, done)

    def _collect(
        self, said: Selections, type: str, into: dict[str, list[FieldNode]], done: set[str]
    ) -> None:
        """Collects the fields of an object type by response name (GraphQL, October 2021, 6.3.2)."""
        from graphql import FieldNode

        for each in said:
            if isinstance(each, FieldNode):
                into.setdefault(_key(each), []).append(each)
            elif (fragment := self._fragment(each, done)) is not None:
                condition = fragment.type_condition
                if condition is None or self._applies(condition.name.value, type):
                    self._collect(fragment.selection_set.selections, type, into, done)

    def _fragment(
        self, each: SelectionNode, done: set[str]
    ) -> InlineFragmentNode | FragmentDefinitionNode | None:
        """The fragment to which a selection refers; None if it was visited before."""
        from graphql import FragmentSpreadNode, InlineFragmentNode

        if isinstance(each, FragmentSpreadNode):
            name = each.name.value
            new = name not in done
            done.add(name)
            return self.fragments.get(name) if new else None
        return each if isinstance(each, InlineFragmentNode) else None

    def _applies(self, condition: str, type: str) -> bool:
        """Whether a fragment's type condition holds for a type; the empty type stands for one that
        no condition names."""
        if condition == type:
            return True
        abstract = condition in self._possible
        return abstract and (not type or type in self._possible[condition])

    @cached_property
    def _possible(self) -> Mapping[str, frozenset[str]]:
        """Interface or union → the object types that it may be."""
        from graphql import is_abstract_type

        schema = self.graph.schema
        return {
            name: frozenset(each.name for each in schema.get_possible_types(type))
            for name, type in schema.type_map.items()
            if is_abstract_type(type)
        }


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value
