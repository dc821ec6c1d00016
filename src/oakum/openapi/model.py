"""What an OpenAPI document declares: shapes, parameters, media types, operations.

Plain values, no behaviour beyond look-up: readers (`openapi`, `policy`) build them, `authz`
gives them their meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from oakum.http.json_pointer import Json as Json
from oakum.http.media_type import covers_json, essence
from oakum.openapi.name_pattern_classes import NameTest


class MemberNames(Protocol):
    """What a schema says about undeclared members by their names (`patternProperties`,
    `propertyNames`)."""

    @property
    def tests(self) -> tuple[NameTest, ...]:
        """The tests that a name is compared with."""

    def forbids(self, matched: Collection[NameTest]) -> bool:
        """Whether members whose names match exactly these tests are forbidden."""

    def member(self, matched: Collection[NameTest]) -> Callable[[], Shape] | None:
        """The shape of such members; None: the schema declares none."""


@dataclass(frozen=True, eq=False)
class Shape:
    """What a schema says about a JSON value, with references and compositions resolved.

    Children are thunks so that recursive schemas stay finite; calling one twice gives the
    same `Shape`.
    """

    names: frozenset[str] = frozenset()
    """Component names this schema was reached by: `$ref` targets, also through `allOf`."""
    kinds: frozenset[str] = frozenset()
    """JSON types allowed (`object array string number integer boolean null`); empty: any."""
    properties: Mapping[str, Callable[[], Shape]] = field(default_factory=dict)
    items: Callable[[], Shape] | None = None
    extra: Callable[[], Shape] | None = None
    """Shape of the values of undeclared members (`additionalProperties`, a map)."""
    by_name: MemberNames | None = None
    """Which undeclared members are allowed, if their names matter; None: all alike."""
    empty_as_null: frozenset[str] | None = None
    """Members that are `null` where there is no object: nullable fields of GraphQL. None: those
    that the document lets be `null`."""
    content: Callable[[], Shape] | None = None
    """The shape of JSON within a string (`contentSchema`)."""
    unread: tuple[Callable[[], Shape], ...] = ()
    """Shapes in keywords that apply conditionally or to unknown members: `if`, `not`, `contains`
    and so on."""
    branches: tuple[Callable[[], Shape], ...] = ()
    """Alternatives of `oneOf` / `anyOf`; members common to all stand in `properties`."""
    discriminator: tuple[str, Mapping[str, str]] | None = None
    """Property name, and its values mapped to component names."""
    write_only: bool = False
    read_only: bool = False
    format: str = ""
    example: Json = None
    default: Json = None
    """The default for an absent value; None: not declared."""
    enum: tuple[Json, ...] = ()
    pattern: str = ""
    """Regular expression (ECMA-262) found in every string; empty: any."""
    maximum: Json = None
    minimum: Json = None
    min_length: int = 0
    """Shortest text, in characters."""
    max_length: int | None = None
    """Longest text, in characters; None: any."""
    required: frozenset[str] = frozenset()
    """Names of the members that must be there."""
    pointer: str = ""
    """JSON pointer of the schema in its document."""
    base: tuple[str, ...] = ()
    """Names of the schema for which a union of its subtypes stands (`subtypes`), as `lineage`."""
    lineage: tuple[str, ...] = ()
    """All `names`, each before those of the schemas that it includes by `allOf`; empty: at most one
    name."""

    def below(self) -> list[Shape]:
        """The shapes of all declared members and elements, and its alternatives."""
        thunks = (*self.properties.values(), *self.branches, self.items, self.extra)
        return [each() for each in thunks if each is not None]


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation; `where` is `path`, `query`, `header` or `cookie`."""

    name: str
    where: str
    required: bool = False
    shape: Shape = field(default_factory=Shape)
    example: Json = None
    default: Json = None
    description: str = field(default="", compare=False)
    style: str = field(default="", compare=False)
    """Serialization of an array or object: `form`, `deepObject` and so on; `json`: as JSON; empty:
    not declared."""
    explode: bool | None = field(default=None, compare=False)
    """Whether each element or member is a parameter of its own; None: not declared."""
    around: Shape | None = field(default=None, compare=False)
    """The object that describes the whole query, of which this is a member (`in: querystring`)."""
    in_body: bool = field(default=False, compare=False)
    """Whether it is declared as a member of the body of a read; the API may read body or query."""
    before: str = ""
    after: str = ""
    """`before`, `after`: text of its value around the path segment: `users/` of `users/7`."""

    @property
    def place(self) -> str:
        """Its placeholder in a path template."""
        return f"{self.before}{{{self.name}}}{self.after}"

    def value_of(self, segment: str) -> str:
        """Its value for a decoded path segment."""
        return f"{self.before}{segment}{self.after}"

    def segment_of(self, value: str) -> str | None:
        """The path segment for a value; None: no path can express it."""
        if not (self.before or self.after):
            return value
        inner = value.removeprefix(self.before).removesuffix(self.after)
        return inner if inner and self.value_of(inner) == value and "/" not in inner else None


@dataclass(frozen=True)
class Media:
    """A media type of a request or a response body, and the shape of that body."""

    type: str
    shape: Shape | None = None
    example: Json = field(default=None, compare=False)
    """A complete example of the body; None: none."""

    @property
    def is_json(self) -> bool:
        """True for `application/json`, `problem+json`, any vendor's `+json`, for `text/json`, which
        older frameworks write, and for a range that JSON is in: others write `*/*`."""
        return covers_json(self.type) or essence(self.type) == "text/json"


@dataclass(frozen=True)
class Argument:
    """An argument of a GraphQL field, or a member within its value."""

    field: str
    name: str
    on: str
    """The type that has the field."""
    types: tuple[str, ...]
    """Object types that the field may return; empty: it returns scalars."""
    names_id: bool
    """Whether its type or name says that it is an id."""
    free: bool = False
    """Whether its type is a custom scalar that may hold members of any name."""
    queried: bool = True
    """Whether a query can ask for its field; otherwise only a mutation can."""


@dataclass(frozen=True)
class Operation:
    """One method of one path: an endpoint."""

    id: str
    """`operationId`, or `GET /path` where the document has none."""
    method: str
    path: str
    """Path template, with the base path of the server before it: `/api/user/{userId}`."""
    parameters: tuple[Parameter, ...] = ()
    body: tuple[Media, ...] = ()
    responses: Mapping[str, tuple[Media, ...]] = field(default_factory=dict)
    """Status (`200`, `2XX`, `default`) → media types."""
    security: tuple[frozenset[str], ...] | None = None
    """Alternatives of scheme names; an empty alternative is anonymous; `()` is `security: []`;
    None: the document says nothing at all."""
    scopes: frozenset[str] = frozenset()
    """Scopes and roles required by any alternative (OpenAPI 3.1, Security Requirement)."""
    summary: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    pointer: str = ""
    extensions: Mapping[str, Json] = field(default_factory=dict)
    headers: frozenset[str] = frozenset()
    """Names of headers that any of its responses declares."""
    needs_body: bool = False
    """Whether the document requires the body (OpenAPI 3.1, Request Body Object)."""
    arguments: tuple[Argument, ...] = ()
    """GraphQL: what its queries may say about the fields that they select."""

    @property
    def header_names(self) -> frozenset[str]:
        """Header parameters, in lower case."""
        return frozenset(each.name.lower() for each in self.parameters if each.where == "header")

    @property
    def beside_names(self) -> frozenset[str]:
        """Lower-case names of headers that carry parameters, including `cookie`."""
        jar = {"cookie"} if any(each.where == "cookie" for each in self.parameters) else set()
        return self.header_names | jar

    @property
    def around(self) -> dict[str, tuple[str, str]]:
        """Path parameter → (text before, text after) its segment that belong to its value."""
        return {
            each.name: (each.before, each.after)
            for each in self.parameters
            if each.where == "path" and (each.before or each.after)
        }

    @property
    def anonymous(self) -> bool:
        """True when the document lets anybody call it without credentials."""
        return not self.security or frozenset() in self.security

    @property
    def required_query(self) -> tuple[tuple[str, str], ...]:
        """(name, value) of required query parameters with a single possible value, such as
        `context` with `enum: [edit]`, or with a default. Examples do not count: they may name
        somebody."""
        found: list[tuple[str, str]] = []
        for each in self.parameters:
            only = each.shape.enum[0] if len(each.shape.enum) == 1 else each.default
            if each.where == "query" and each.required and isinstance(only, str | int | float):
                text = str(only).lower() if isinstance(only, bool) else str(only)
                found.append((each.name, text))
        return tuple(found)

    def success(self) -> Media | None:
        """The media type by which a success response is read; None: none is declared."""
        return self._success

    @cached_property
    def _success(self) -> Media | None:
        """The JSON of the lowest 2xx answer (or of `default`), else its first media type: the order
        of a document's media types means nothing (OpenAPI, Response Object)."""
        for status in sorted(self.responses):
            if status.startswith("2") and self.responses[status]:
                return _preferred_media(self.responses[status])
        return _preferred_media(self.responses.get("default", ()))


@dataclass(frozen=True)
class ClosedOperation:
    """An operation that cannot be read because of a mistake in the document: nobody may call it,
    and nothing else is known of it."""

    operation: Operation
    """Its name, method and path only."""
    reason: str
    """The mistake, with its place."""


def _preferred_media(types: tuple[Media, ...]) -> Media | None:
    exact = next((each for each in types if each.is_json and "*" not in each.type), None)
    return exact or next((each for each in types if each.is_json), next(iter(types), None))
