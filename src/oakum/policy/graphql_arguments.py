"""Arguments of a GraphQL schema's fields, with what is within their values.

Within the arguments of one field, a name has the same meaning at any depth. A query and its
variables may set a member of an input object in several places, and each of these values counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from oakum.openapi.model import Argument

if TYPE_CHECKING:
    from graphql import GraphQLArgument, GraphQLField, GraphQLInputField, GraphQLSchema

_ID = re.compile(
    r"(?i:id|ids|uuid|uuids|guid)|.*(?:_(?i:ids?|uuids?)|[a-z0-9](?:Ids?|IDs?|Uuids?))"
)
_ID_TYPE = re.compile(r"ID|(?:.*[A-Za-z])?(?:ID|Id|U[Uu][Ii][Dd]|G[Uu][Ii][Dd])|uuid|guid")
"""Names of id scalars: `ID`, and custom ones such as `GID` and `UUID`."""
_FREE = re.compile(
    r"(?i:json|object|map|dict|struct|generic|mixed|hash|data|value|variant)"
    r"|(?:^|_|(?<=[a-z0-9])(?=A))(?i:any)(?:[^a-z]|thing|$)"
)
"""Words in names of scalars that may hold objects; a date or an address has no members."""
_NO_IDS = frozenset(("after", "before", "cursor", "clientMutationId"))
"""Arguments of type `ID` that identify a position in a list (Relay, Cursor Connections) or the
request itself (Relay, Input Object Mutations)."""


def arguments(schema: GraphQLSchema) -> Iterator[Argument]:
    """The arguments of each field of each object type."""
    from graphql import is_object_type

    queried = _reachable_types(schema)
    for type in schema.type_map.values():
        if is_object_type(type) and not type.name.startswith("__"):
            for name, field in type.fields.items():
                types = tuple(_object_types(schema, field))
                found = dict[str, tuple[bool, bool]]()
                for inner, *said in _argument_names(field):
                    known = found.get(inner, (False, False))
                    found[inner] = (known[0] or said[0], known[1] or said[1])
                for inner, (names_id, free) in found.items():
                    asked = type.name in queried
                    yield Argument(name, inner, type.name, types, names_id, free, asked)


def _reachable_types(schema: GraphQLSchema) -> set[str]:
    """Object types that a query can lead to."""
    from graphql import is_object_type

    todo = [schema.query_type] if schema.query_type else []
    found = {each.name for each in todo}
    for type in todo:  # grows meanwhile
        for field in type.fields.values():
            for name in _object_types(schema, field):
                each = schema.type_map[name]
                if name not in found and is_object_type(each):
                    found.add(name)
                    todo.append(each)
    return found


def _object_types(schema: GraphQLSchema, field: GraphQLField) -> Iterator[str]:
    """Object types of a field's value or of its elements."""
    from graphql import get_named_type, is_abstract_type, is_object_type

    end = get_named_type(field.type)
    if is_object_type(end):
        yield end.name
    elif is_abstract_type(end):
        yield from sorted(each.name for each in schema.get_possible_types(end))


def _argument_names(field: GraphQLField) -> Iterator[tuple[str, bool, bool]]:
    """Names of a field's arguments and of the members of their input objects, each with whether it
    holds an id, and whether it may hold members of any name."""
    from graphql import get_named_type, is_input_object_type, is_scalar_type
    from graphql import is_specified_scalar_type as is_builtin

    todo: list[tuple[str, GraphQLArgument | GraphQLInputField]] = [*field.args.items()]
    known = set[str]()
    for name, each in todo:  # grows meanwhile
        end = get_named_type(each.type)
        if is_input_object_type(end):
            yield name, False, False
            if end.name not in known:
                known.add(end.name)
                todo += end.fields.items()
        else:
            is_id = bool(_ID_TYPE.fullmatch(end.name))
            said = is_id or bool(_ID.fullmatch(name))
            own = is_scalar_type(end) and not is_builtin(end)
            free = own and (is_id or bool(_FREE.search(end.name)))
            yield name, said and name not in _NO_IDS, free
