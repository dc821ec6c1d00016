"""Reads a GraphQL schema as shapes of an endpoint whose caller chooses the fields.

Each GraphQL object type becomes a `Shape` with its name, so that a resource covers it at every path
to it. The rest of a response, such as errors, is declared here and nowhere else. A root field of
`Query` is an endpoint (law 9): it is forwarded if it leads to a resource, or if the policy makes
the root a resource and grants the field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.errors import InputError, Location, Problem, did_you_mean, install_hint
from oakum.openapi import source
from oakum.openapi.document import Document
from oakum.openapi.model import Media, Operation, Parameter, Shape
from oakum.openapi.shape_walk import Either, common, shape_with
from oakum.policy.graphql_arguments import arguments
from oakum.policy.model import OperationRule, Policy
from oakum.policy.parser import place

if TYPE_CHECKING:
    from graphql import (
        GraphQLError,
        GraphQLNamedType,
        GraphQLObjectType,
        GraphQLOutputType,
        GraphQLSchema,
    )

MEDIA = ("application/json", "application/graphql-response+json")
"""Media types of a GraphQL response (GraphQL over HTTP, 2024)."""
TAG = "__typename"
"""The field with the type of an object (GraphQL, October 2021, 4.1)."""

Thunk = Callable[[], Shape]

_OBJECT = frozenset(("object", "null"))
_LIST = frozenset(("array", "null"))
_SCALARS = {
    "ID": frozenset(("string", "integer", "null")),
    "String": frozenset(("string", "null")),
    "Int": frozenset(("integer", "null")),
    "Float": frozenset(("number", "null")),
    "Boolean": frozenset(("boolean", "null")),
}
_TEXT = _SCALARS["String"]
_ANY_SCALAR = _SCALARS["ID"] | _SCALARS["Float"] | _SCALARS["Boolean"]


@dataclass(frozen=True)
class RootField:
    """A root field of `Query`, and what can be read through it."""

    name: str
    """Such as `Query.user`."""
    type: str
    leaves: tuple[str, ...]
    """Scalar fields at or below it, such as `User.email`."""
    location: Location


class Graph:
    """The types of one schema, as one `Shape` each.

    Every value may be `null`, since a failing resolver returns null.
    """

    def __init__(
        self, schema: GraphQLSchema, name: str, bound: frozenset[str], file: Path | None = None
    ) -> None:
        """`name` is how the policy calls the file; `bound` are the types that are resources."""
        self._file = str(file or name)
        self.name = name
        self.schema = schema
        self._shapes: dict[str, Shape] = {}
        self._answers: dict[str, Shape] = {}
        self._said = tuple(arguments(schema))
        self._tag = Shape(kinds=_TEXT, pointer=self._at("", TAG))
        roots = (schema.query_type, schema.mutation_type)
        self._roots = tuple(each for each in roots if each is not None)
        self._shut = {each.name for each in self._roots} - bound
        self._leading = self._leads(bound)
        self.types: Mapping[str, Thunk] = {
            name: partial(self._shape_of, each) for name, each in self._objects().items()
        }

    @classmethod
    def load(cls, path: Path, name: str, where: Location, bound: frozenset[str]) -> Graph:
        """Reads a file in the schema definition language. Raises `InputError` with every mistake;
        `where` is the line of the policy that names the file."""
        try:
            from graphql import GraphQLSyntaxError, build_ast_schema, parse
            from graphql.validation.validate import validate_sdl
        except ImportError:
            raise InputError(
                [Problem(where, "`graphql` needs graphql-core", install_hint("graphql"))]
            ) from None
        if not path.is_file():
            raise InputError([Problem(where, f"`{name}` is not a readable file")])
        try:
            tree = parse(source.read_text(path))
        except GraphQLSyntaxError as error:
            message = f"this is not a GraphQL schema: {_describe_error(error)}"
            raise InputError([Problem(_place(path, error), message)]) from None
        if mistakes := validate_sdl(tree):
            raise InputError(
                Problem(_place(path, each), _describe_error(each)) for each in mistakes
            )
        schema = build_ast_schema(tree, assume_valid_sdl=True)
        if schema.query_type is None:
            raise InputError([Problem(Location(str(path)), "the schema has no type `Query`")])
        return cls(schema, name, bound, path)

    def as_endpoint(self, operation: Operation, rule: OperationRule) -> Operation:
        """The operation with the request and response shapes of this schema."""
        kept = tuple(each for each in operation.parameters if each.where != "query")
        asks = operation.method == "GET"
        body = _body(self.name, [*dict.fromkeys(each.name for each in self._said)])
        texts = {"variables": Shape(kinds=_TEXT, content=body.properties["variables"])}
        said = ("query", "variables", "operationName") if asks else ()
        answer = self._answer(self._roots[:1] if asks or rule.reads is True else self._roots)
        media = tuple(Media(each, answer) for each in MEDIA)
        return replace(
            operation,
            parameters=(
                *kept,
                *(Parameter(each, "query", shape=texts.get(each, Shape())) for each in said),
            ),
            body=() if asks else (Media("application/json", body),),
            # Responses with other statuses are not GraphQL; with these they report an error.
            responses={"200": media, "4XX": media, "5XX": media},
            arguments=self._said,
        )

    def answer_of(self, kind: str) -> Shape:
        """The response shape of an operation kind: `query`, `mutation`."""
        if kind not in self._answers:
            type = self.schema.mutation_type if kind == "mutation" else self.schema.query_type
            self._answers[kind] = self._answer([type] if type is not None else [])
        return self._answers[kind]

    def takes_arguments(self, type: str, path: str) -> bool:
        """Whether a field on the path from a type takes arguments, so that the caller chooses its
        value."""
        from graphql import get_named_type, is_object_type

        at: GraphQLNamedType | None = self.schema.get_type(type)
        for step in path.split("."):
            if at is None or not is_object_type(at) or (field := at.fields.get(step)) is None:
                return False
            if field.args:
                return True
            at = get_named_type(field.type)
        return False

    def unspoken(self) -> Iterator[RootField]:
        """Root fields of `Query` that lead to no resource, so that no rule covers them. Empty if
        the policy makes the root a resource."""
        root = self._roots[0]
        for name, field in root.fields.items() if root.name in self._shut else ():
            end = _end(field.type)
            if end in self._leading:
                continue
            at, token = Location(self._file), field.ast_node and field.ast_node.name.loc
            if token:
                at = Location(self._file, token.start_token.line, token.start_token.column)
            below = tuple(self._leaves(end))
            yield RootField(f"{root.name}.{name}", end, below or (f"{root.name}.{name}",), at)

    def _leaves(self, type: str) -> Iterator[str]:
        """Scalars of the objects at or below a type, each once."""
        objects, waiting, done = self._objects(), [type], set(self._shut)
        while waiting:
            name = waiting.pop()
            if name in done:
                continue
            done.add(name)
            waiting += self._next(name)
            if name in objects:
                for field, each in objects[name].fields.items():
                    if not [*self._next(_end(each.type))]:
                        yield f"{name}.{field}"

    # ------------------------------------------------------------ shapes

    def _objects(self) -> dict[str, GraphQLObjectType]:
        from graphql import is_introspection_type, is_object_type

        return {
            name: each
            for name, each in self.schema.type_map.items()
            if is_object_type(each) and not is_introspection_type(each)
        }

    def _at(self, *path: str) -> str:
        return f"{self.name}#{'.'.join(path)}"

    def _shape_of(self, type: GraphQLNamedType) -> Shape:
        known = self._shapes.get(type.name)
        if known is None:
            known = self._shapes[type.name] = self._read(type)
        return known

    def _read(self, type: GraphQLNamedType) -> Shape:
        from graphql import is_abstract_type, is_enum_type, is_object_type

        at = self._at(type.name)
        if is_object_type(type):
            return Shape(
                names=frozenset((type.name,)),
                kinds=_OBJECT,
                properties=self._fields(type),
                empty_as_null=_nullable(type),
                pointer=at,
            )
        if is_abstract_type(type):
            return self._any_of(sorted(self.schema.get_possible_types(type), key=str), at)
        if is_enum_type(type):
            return Shape(kinds=_TEXT, enum=tuple(type.values), pointer=at)
        return Shape(kinds=_SCALARS.get(type.name, _ANY_SCALAR), pointer=at)

    def _any_of(self, types: list[GraphQLObjectType], at: str) -> Shape:
        """An interface or a union: one of its types, and not bound to a resource by itself."""
        shared = common([self._shape_of(each) for each in types])
        return shape_with(
            {
                "kinds": _OBJECT,
                "pointer": at,
                "properties": shared,
                "branches": tuple(partial(self._shape_of, each) for each in types),
                "discriminator": (TAG, {}),
                "_lifted": shared.keys(),
            }
        )

    def _fields(self, type: GraphQLObjectType) -> dict[str, Thunk]:
        made: dict[str, Thunk] = {TAG: lambda: self._tag}
        for name, field in type.fields.items():
            if type.name not in self._shut or _end(field.type) in self._leading:
                made[name] = cache(partial(self._value, field.type, self._at(type.name, name)))
        return made

    def _value(self, type: GraphQLOutputType, at: str) -> Shape:
        from graphql import get_named_type, is_list_type, is_non_null_type

        if is_non_null_type(type):
            return self._value(type.of_type, at)
        if is_list_type(type):
            each = cache(partial(self._value, type.of_type, f"{at}.*"))
            return Shape(kinds=_LIST, items=each, pointer=at)
        return self._shape_of(get_named_type(type))

    def _leads(self, bound: frozenset[str]) -> frozenset[str]:
        """Names of the types at or below which a resource stands, other than through a root."""
        below = {name: set(self._next(name)) - self._shut for name in self.schema.type_map}
        found = set(bound & below.keys())
        while more := {n for n, next_ in below.items() if n not in found and next_ & found}:
            found |= more
        return frozenset(found - self._shut)

    def _next(self, name: str) -> Iterator[str]:
        from graphql import is_abstract_type, is_object_type

        type = self.schema.type_map[name]
        if is_object_type(type):
            yield from (_end(field.type) for field in type.fields.values())
        elif is_abstract_type(type):
            yield from (each.name for each in self.schema.get_possible_types(type))

    # ------------------------------------------------------------ the envelope

    def _answer(self, roots: Sequence[GraphQLObjectType]) -> Shape:
        message = Shape(kinds=_TEXT, pointer=self._at("", "message"))
        # Only the message of an error: `path` contains indexes that count hidden objects, and
        # `extensions` may contain anything.
        error = Shape(
            kinds=_OBJECT, properties={"message": lambda: message}, pointer=self._at("", "error")
        )
        errors = Shape(kinds=_LIST, items=lambda: error, pointer=self._at("", "errors"))
        data = Either(tuple(partial(self._shape_of, each) for each in roots))
        return Shape(
            kinds=_OBJECT,
            properties={"data": data, "errors": lambda: errors},
            empty_as_null=frozenset(),
            pointer=self._at("", "read" if [*roots] == [self._roots[0]] else "write"),
        )


def _nullable(type: GraphQLObjectType) -> frozenset[str]:
    """Fields that return one object, or `null` where there is none."""
    from graphql import is_composite_type

    return frozenset(name for name, each in type.fields.items() if is_composite_type(each.type))


def _end(type: GraphQLOutputType) -> str:
    from graphql import get_named_type

    return str(get_named_type(type).name)


def _place(path: Path, error: GraphQLError) -> Location:
    at = next(iter(error.locations or ()), None)
    return Location(str(path), at.line, at.column) if at else Location(str(path))


def _describe_error(error: GraphQLError) -> str:
    said = error.message.removeprefix("Syntax Error: ").rstrip(".").replace("'", "`")
    return said[:1].lower() + said[1:]


def _body(name: str, arguments: Sequence[str]) -> Shape:
    """A request: its `query` is looked into by whoever passes it on, its `variables` are free. They
    declare the names of all arguments, since what a request says by these stands there."""
    at = f"{name}#request"
    free = frozenset(("object", "array", "string", "number", "integer", "boolean", "null"))
    anything = Shape(
        kinds=free, items=lambda: anything, extra=lambda: anything, pointer=f"{at}.variables"
    )
    text = Shape(kinds=_TEXT, pointer=f"{at}.text")
    members: dict[str, Shape] = {
        "query": text,
        "operationName": text,
        "variables": Shape(
            kinds=_OBJECT,
            properties=dict.fromkeys(arguments, lambda: anything),
            extra=lambda: anything,
            pointer=f"{at}.all",
        ),
        # `persistedQuery` and similar keys refer to a query that the guard cannot inspect.
        "extensions": Shape(kinds=_OBJECT, pointer=f"{at}.extensions"),
    }
    return Shape(
        kinds=frozenset(("object",)),
        properties={key: partial(members.__getitem__, key) for key in members},
        required=frozenset(("query",)),
        pointer=at,
    )


# ------------------------------------------------------------------------- endpoints of a contract


def with_graphs(
    document: Document, policy: Policy, folder: Path
) -> tuple[Document, list[Graph], list[Problem]]:
    """(the document with the shapes of each GraphQL endpoint, the schemas, mistakes in them);
    `folder`: where their files are."""
    bound = frozenset(name for each in policy.resources.values() for name in each.schemas)
    graphs: dict[str, Graph] = {}
    endpoints: dict[str, Operation] = {}
    problems: list[Problem] = []
    for name, rule in policy.operations.items():
        operation = document.operation(name)
        if not rule.graphql or operation is None:
            continue
        where = place(policy, "operations", name, "graphql")
        problems += _endpoint_mistakes(operation, rule, where)
        try:
            graph = graphs.get(rule.graphql) or Graph.load(
                folder / rule.graphql, rule.graphql, where, bound
            )
        except InputError as error:
            problems += error.problems
            continue
        graphs[rule.graphql] = graph
        fields = graph.schema.query_type.fields if graph.schema.query_type else {}
        for index, field in enumerate(rule.reading):
            if field not in fields:
                said = f"the type `Query` of `{rule.graphql}` has no field `{field}`"
                at = place(policy, "operations", name, "reads", str(index))
                problems.append(Problem(at, said, did_you_mean(field, fields)))
        endpoints[operation.id] = graph.as_endpoint(operation, rule)
    if not graphs:
        return document, [], problems
    shapes: dict[str, list[Thunk]] = {}
    for graph in graphs.values():
        for name, thunk in graph.types.items():
            own = [document.schemas[name]] if name in document.schemas else []
            shapes.setdefault(name, own).append(thunk)
    named = {name: Either(tuple(found)) for name, found in shapes.items()}
    files = tuple(folder / name for name in graphs)
    return document.extend(endpoints, named, files), list(graphs.values()), problems


def _endpoint_mistakes(
    operation: Operation, rule: OperationRule, where: Location
) -> Iterator[Problem]:
    if operation.method not in ("POST", "GET"):
        yield Problem(where, f"GraphQL uses POST or GET, not {operation.method}")
    elif operation.method == "POST" and rule.reads is not True and rule.call is None:
        hint = "write `reads: true` to refuse mutations, or `call:` to say who may send them"
        yield Problem(where, "no contract line can say what a mutation writes", hint)
