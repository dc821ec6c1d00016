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
_CURSORS = frozenset(("after", "before", "cursor"))
"""Arguments that name a place in a list (Relay, Cursor Connections), if an `ID` too."""


def arguments(schema: GraphQLSchema) -> Iterator[Argument]:
    """Those of each field of each object type."""
    from graphql import is_object_type

    for type in schema.type_map.values():
        if is_object_type(type) and not type.name.startswith("__"):
            for name, field in type.fields.items():
                types = tuple(_returned(schema, field))
                found = dict[str, bool]()
                for inner, names_id in _named(field):
                    found[inner] = found.get(inner, False) or names_id
                for inner, names_id in found.items():
                    yield Argument(name, inner, type.name, types, names_id)


def _returned(schema: GraphQLSchema, field: GraphQLField) -> Iterator[str]:
    """Object types of a field's value or of its elements."""
    from graphql import get_named_type, is_abstract_type, is_object_type

    end = get_named_type(field.type)
    if is_object_type(end):
        yield end.name
    elif is_abstract_type(end):
        yield from sorted(each.name for each in schema.get_possible_types(end))


def _named(field: GraphQLField) -> Iterator[tuple[str, bool]]:
    """Names of a field's arguments and of the members of their input objects, each with whether it
    holds an id."""
    from graphql import get_named_type, is_input_object_type

    todo: list[tuple[str, GraphQLArgument | GraphQLInputField]] = [*field.args.items()]
    known = set[str]()
    for name, each in todo:  # grows meanwhile
        end = get_named_type(each.type)
        if is_input_object_type(end):
            yield name, False
            if end.name not in known:
                known.add(end.name)
                todo += end.fields.items()
        else:
            said = end.name == "ID" or bool(_ID.fullmatch(name))
            yield name, said and name not in _CURSORS
