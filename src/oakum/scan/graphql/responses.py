"""Reads GraphQL responses: resources, their owners, and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphql import (
    FieldNode,
    GraphQLError,
    InlineFragmentNode,
    SelectionSetNode,
    is_object_type,
    parse,
)

from oakum.authz import Leaf
from oakum.exchange import Response
from oakum.exposure.response_reader import Parsed, Reader, ResponseReader, json_in
from oakum.exposure.values.knowledge import canonical
from oakum.http.json_pointer import Pointer
from oakum.openapi.model import Json, Shape
from oakum.policy.graphql_schema import TAG
from oakum.scan.graphql.selection_sets import Pick, PickedQuery
from oakum.scan.graphql.type_mapping import Vocabulary

_OBJECT = frozenset(("object", "null"))
_ARRAY = frozenset(("array", "null"))
_ANY = Shape()


@dataclass(frozen=True)
class QueryAnswer:
    """A GraphQL response with its data and errors."""

    data: Json
    spoken: bool
    """Whether it is a GraphQL response at all."""
    lost: tuple[Pointer, ...] = ()
    """Paths of failed fields whose errors removed enclosing objects: a null in a non-null field
    makes its object null (GraphQL, October 2021, 6.4.4)."""
    places: tuple[tuple[int, int], ...] = ()
    """(line, column) of the parts of a query that the server rejected."""

    @property
    def is_refused(self) -> bool:
        """Whether the whole query was rejected."""
        return self.data is None


def parse_answer(response: Response) -> QueryAnswer:
    """Parses a GraphQL response: its data, its errors, and whether it is one at all."""
    value = next(iter(json_in(response)), None)
    if not isinstance(value, dict) or value.keys().isdisjoint({"data", "errors"}):
        return QueryAnswer(None, False)
    errors = value.get("errors")
    errors = [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    data = value.get("data")
    lost: list[Pointer] = []
    places: list[tuple[int, int]] = []
    for error in errors:
        path = error.get("path")
        if isinstance(path, list) and path:
            if not _stands(data, path):
                lost.append(tuple(str(step) for step in path if isinstance(step, str)))
        elif data is None:
            places += _places(error.get("locations"))
    return QueryAnswer(data, True, tuple(dict.fromkeys(lost)), tuple(places))


def _stands(data: Json, path: Sequence[Json]) -> bool:
    """Whether the response still has all but the last step of a path."""
    for step in path[:-1]:
        if isinstance(data, dict) and isinstance(step, str):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data):
            data = data[step]
        else:
            return False
    return isinstance(data, dict | list)


def _places(said: Json) -> Iterator[tuple[int, int]]:
    for each in said if isinstance(said, list) else ():
        if isinstance(each, dict):
            line, column = each.get("line"), each.get("column")
            if isinstance(line, int) and isinstance(column, int):
                yield line, column


def _values(value: Json) -> Iterator[Json]:
    if isinstance(value, dict):
        for key, child in value.items():
            if key != TAG:
                yield from _values(child)
    elif isinstance(value, list):
        for child in value:
            yield from _values(child)
    elif value is not None:
        yield value


def fields_at(text: str, places: Sequence[tuple[int, int]]) -> list[Pointer]:
    """Response paths of the query's fields at these source positions, without root fields."""
    try:
        document = parse(text)
    except GraphQLError:
        return []
    found: list[Pointer] = []

    def walk(selection: SelectionSetNode | None, path: Pointer) -> None:
        for node in selection.selections if selection else ():
            if isinstance(node, FieldNode):
                here = (*path, (node.alias or node.name).value)
                start = node.loc.start_token if node.loc else None
                if start and (start.line, start.column) in places and len(here) > 1:
                    found.append(here)
                walk(node.selection_set, here)
            elif isinstance(node, InlineFragmentNode):
                walk(node.selection_set, path)

    for definition in document.definitions:
        walk(getattr(definition, "selection_set", None), ())
    return found


# ------------------------------------------------------------------------------ contents


def reader(
    asked: PickedQuery, words: Vocabulary, ids: Callable[[], Mapping[str, frozenset[str]]]
) -> Reader:
    """A reader of responses to a query. `ids`: returns identity → identifying values at that
    time."""

    def read(response: Response, parsed: Parsed) -> ResponseReader:
        value = parsed[0] if parsed else None
        answered = 200 <= response.status < 500 and not response.truncated
        if not isinstance(value, dict) or not isinstance(value.get("data"), dict):
            return ResponseReader(value, None)
        walk = _Walk(words)
        data, shape = walk.root(value["data"], asked, ids())
        rest = {key: each for key, each in value.items() if key != "data"}
        whole = answered and not value.get("errors")
        return ResponseReader(
            {"data": data, **rest}, _shape_of({"data": shape}), tuple(walk.beside), whole,
            walk.owners,
        )  # fmt: skip

    return read


@dataclass
class _Walk:
    """Converts one response into the resources and fields of the contract."""

    words: Vocabulary
    beside: list[Leaf] = field(default_factory=list)
    owners: dict[Pointer, tuple[str, ...]] = field(default_factory=dict)

    def root(
        self, data: Mapping[str, Json], asked: PickedQuery, ids: Mapping[str, frozenset[str]]
    ) -> tuple[Json, Shape]:
        """Merges aliases of one field into a list under its name."""
        schema = self.words.schema
        type = schema.query_type.name if schema and schema.query_type else ""
        keys = {pick.key: pick for pick in asked.picks}
        many = {pick.field for pick in asked.picks if pick.alias}
        value: dict[str, Json] = {}
        shapes: dict[str, list[Shape]] = {}
        for key, child in data.items():
            pick = keys.get(key)
            if pick is None:
                self._beside(child, ("data", "‹key›"))
                continue
            at: Pointer = ("data", pick.field)
            if pick.field in many:
                at = (*at, str(len(value.get(pick.field, []))))
            whose = tuple(sorted(ids.get(asked.about.get(key, ""), ())))
            read, shape = self._value(child, pick, at, whose)
            shapes.setdefault(pick.field, []).append(shape)
            if pick.field in many:
                value.setdefault(pick.field, []).append(read)
            else:
                value[pick.field] = read
        made = {
            name: _list_of(found) if name in many else found[0] for name, found in shapes.items()
        }
        return value, _shape_of(made, self.words.schema_name(type) if type else frozenset())

    def _value(
        self, value: Json, pick: Pick, at: Pointer, whose: tuple[str, ...]
    ) -> tuple[Json, Shape]:
        """The value in the names of the contract, and its shape. `whose`: ids of the enclosing
        account."""
        if isinstance(value, list):
            pairs = [
                self._value(each, pick, (*at, str(nth)), whose) for nth, each in enumerate(value)
            ]
            return [each for each, _ in pairs], _list_of([shape for _, shape in pairs])
        if not isinstance(value, dict) or not pick.below:
            return value, _ANY
        tag = value.get(TAG)
        type = tag if isinstance(tag, str) and not pick.ends else pick.ends
        whose = self._whose(value, type, pick, at, whose)
        keys = {each.key: each for each in pick.below if each.on in ("", type)}
        read: dict[str, Json] = {}
        shapes: dict[str, Shape] = {}
        for key, child in value.items():
            each = keys.get(key)
            if key == TAG:
                read[TAG], shapes[TAG] = child, _ANY
            elif each is None:
                self._beside(child, (*at, "‹key›"))
            else:
                name = self.words.member(type, each.field)
                read[name], shapes[name] = self._value(child, each, (*at, name), whose)
        return read, _shape_of(shapes, self.words.schema_name(type) if type else frozenset())

    def _whose(
        self, value: Mapping[str, Json], type: str, pick: Pick, at: Pointer, whose: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Ids of the account that owns the objects below; objects that name no owner are recorded
        in `owners`."""
        resource = self.words.resource(type) if type else ""
        if not resource:
            return whose
        if not self.words.is_owned(resource):
            return ()
        if resource in self.words.accounts:
            return self._account_key(value, type, pick) or whose
        way = self._owner(value, type) or whose
        if way:
            self.owners[at] = way
        return ()

    def _account_key(self, value: Mapping[str, Json], type: str, pick: Pick) -> tuple[str, ...]:
        """The key of an account."""
        key = self.words.model.policy.resources[self.words.resource(type)].key
        for each in pick.below:
            if each.on in ("", type) and self.words.member(type, each.field) == key:
                found = value.get(each.key)
                return (canonical(found),) if isinstance(found, str | int) else ()
        return ()

    def _owner(self, value: Mapping[str, Json], type: str) -> tuple[str, ...]:
        """The response name of the account in an object that leads to its owner."""
        known = self.words.schema.get_type(type) if self.words.schema else None
        at: Json = value
        for step in self.words.owner_way(known) if is_object_type(known) else ():
            at = at.get(step) if isinstance(at, dict) else None
        return (canonical(at),) if isinstance(at, str | int) and not isinstance(at, bool) else ()

    def _beside(self, value: Json, at: Pointer) -> None:
        """Data in the response that the query did not select."""
        self.beside += [Leaf("", at, each, False) for each in _values(value)]


def _shape_of(members: Mapping[str, Shape], names: frozenset[str] = frozenset()) -> Shape:
    made = {name: _given(shape) for name, shape in members.items()}
    return Shape(names=names, kinds=_OBJECT, properties=made)


class _given:
    """A thunk for a shape that is there already."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def __call__(self) -> Shape:
        return self._shape


def _list_of(shapes: Sequence[Shape]) -> Shape:
    return Shape(kinds=_ARRAY, items=_given(_either(shapes)))


def _either(shapes: Sequence[Shape]) -> Shape:
    """The shape of a place that may have either of these: lists become one list, objects of one
    type one object, and objects of several types each name their type."""
    told = [way for shape in shapes for way in [branch() for branch in shape.branches] or [shape]]
    lists = [shape.items() for shape in told if shape.items]
    if lists:
        return _list_of(lists)
    by_names: dict[frozenset[str], list[Shape]] = {}
    for shape in told:
        if shape.properties:
            by_names.setdefault(shape.names, []).append(shape)
    kinds = [_merge_shapes(names, found) for names, found in by_names.items()]
    if len(kinds) > 1:
        branches = tuple(map(_given, kinds))
        return Shape(kinds=_OBJECT, branches=branches, discriminator=(TAG, {}))
    return kinds[0] if kinds else _ANY


def _merge_shapes(names: frozenset[str], shapes: Sequence[Shape]) -> Shape:
    """The merged members of several objects of one type."""
    if len(shapes) == 1:
        return shapes[0]
    below: dict[str, list[Shape]] = {}
    for shape in shapes:
        for name, thunk in shape.properties.items():
            below.setdefault(name, []).append(thunk())
    return _shape_of({name: _either(found) for name, found in below.items()}, names)


def shows(asked: PickedQuery, words: Vocabulary) -> dict[str, tuple[str, ...]]:
    """Resource → field paths that a query asks for."""
    found: dict[str, dict[str, None]] = {}

    def walk(pick: Pick, resource: str, path: str) -> None:
        types = [pick.ends] if pick.ends else sorted({each.on for each in pick.below})
        star = f"{path}.*" if pick.listed and path else path
        for type in types:
            inner = words.resource(type) if type else ""
            for each in pick.below:
                if each.on not in ("", type):
                    continue
                name = words.member(type, each.field)
                below = name if inner or not star else f"{star}.{name}"
                if each.below:
                    walk(each, inner or resource, below if inner or resource else "")
                elif inner or resource:
                    paths = found.setdefault(inner or resource, {})
                    paths[f"{below}.*" if each.listed else below] = None

    for pick in asked.picks:
        walk(pick, "", "")
    return {resource: tuple(paths) for resource, paths in found.items()}
