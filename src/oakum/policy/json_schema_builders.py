"""Builders of JSON Schemas (2020-12), one for each combinator of `node_reader`.

An editor that knows the schema completes keys and marks mistakes. A schema checks less than the
reader, which knows the whole file and the document: it rejects nothing that the reader accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from oakum.openapi.model import Json

Schema = Mapping[str, Json]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
WORD: Schema = {"type": "string", "minLength": 1}
FLAG: Schema = {"type": "boolean"}
TRUE: Schema = {"const": True}
SCALAR: Schema = {"type": ["string", "number", "boolean"]}
REASON: Schema = {"type": "string", "pattern": r"\S"}


def pattern_schema(pattern: re.Pattern[str] | str) -> Schema:
    """A string that the pattern matches as a whole."""
    source = pattern if isinstance(pattern, str) else pattern.pattern
    return {"type": "string", "pattern": f"^(?:{source})$"}


def one_of(words: Iterable[str]) -> Schema:
    """A schema of one of these texts (`enum`)."""
    return {"enum": list(words)}


def any_of(*schemas: Schema) -> Schema:
    """A value that satisfies at least one of these schemas."""
    return {"anyOf": list(schemas)}


def many(each: Schema, least: int = 0) -> Schema:
    """A single value, or a list of at least `least`."""
    return any_of(each, items(each, least))


def items(each: Schema, least: int = 0) -> Schema:
    """A schema of a list of `each`, with `least` elements or more."""
    return {"type": "array", "items": each, **({"minItems": least} if least else {})}


def map_schema(each: Schema, names: Schema | None = None, least: int = 0) -> Schema:
    """A schema of a map whose values are `each`; `names`: of its keys, `least`: how many at
    least."""
    found: dict[str, Json] = {"type": "object", "additionalProperties": each}
    if names is not None:
        found["propertyNames"] = names
    return {**found, **({"minProperties": least} if least else {})}


def record(
    keys: Iterable[str],
    values: Mapping[str, Schema],
    required: Iterable[str] = (),
    also: Iterable[Schema] = (),
    others: Schema | None = None,
) -> Schema:
    """A map with the keys of the reader, each of which has its value here; `others`: what any other
    key may have. Raises `KeyError` where the two differ."""
    known = list(keys)
    if differing := {*known} ^ values.keys():
        raise KeyError(f"the reader and the schema differ in {sorted(differing)}")
    found: dict[str, Json] = {
        "type": "object",
        "properties": {key: values[key] for key in known},
        "additionalProperties": False if others is None else others,
    }
    if needed := list(required):
        found["required"] = needed
    if rules := list(also):
        found["allOf"] = rules
    return found


def has(*keys: str) -> Schema:
    """A map with all of these keys."""
    return {"required": list(keys)}


def not_both(*keys: str) -> Schema:
    """A map without at least one of these keys."""
    return {"not": has(*keys)}


def exactly_one(*keys: str) -> Schema:
    """A map with exactly one of these keys."""
    return {"oneOf": [has(key) for key in keys]}


def if_has(key: str, then: Schema) -> Schema:
    """The schema `then`, if the map has this key."""
    return {"if": has(key), "then": then}


def document(name: str, title: str, schema: Schema) -> Json:
    """A schema as a file of its own, with its dialect, id and title."""
    return {"$schema": DIALECT, "$id": f"urn:oakum:schema:{name}", "title": title, **schema}
