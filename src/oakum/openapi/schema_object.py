"""Reads one schema object: types, annotations, subschemas.

JSON Schema 2020-12 as OpenAPI 3.1 and 3.2 use it, with the spellings of 3.0 (`nullable`, `example`)
and of the drafts before 2020 (`items` as a list). `schema` follows references and compositions. A
keyword whose value makes no sense is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from oakum.http.json_pointer import escape
from oakum.openapi.model import Json
from oakum.openapi.reference_resolution import LocatedValue

COMPOSING = frozenset(("$ref", "allOf", "oneOf", "anyOf", "discriminator"))
LISTING = frozenset(("items", "prefixItems"))
MAPPING = frozenset(("additionalProperties", "unevaluatedProperties", "patternProperties"))
STRUCTURE = LISTING | MAPPING | {"properties"}
_CONDITIONS = ("if", "then", "else", "not")
_DEPENDING = ("dependentSchemas", "dependencies")
_DYNAMIC = ("$dynamicRef", "$recursiveRef")
_ELEMENTS = ("contains", "unevaluatedItems", "additionalItems")
UNREAD = frozenset((*_CONDITIONS, *_DEPENDING, *_DYNAMIC, *_ELEMENTS))
"""Keywords whose schemas apply conditionally, or only to a validator."""

_LIMITS = frozenset(
    (
        *(
            "required",
            "dependentRequired",
            "minProperties",
            "maxProperties",
            "minItems",
            "maxItems",
        ),
        *("uniqueItems", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum"),
        *("exclusiveMaximum", "multipleOf", "title", "description", "$comment"),
    )
)
"""Keywords that only limit values of a kind that something else declares."""

NO_KIND: frozenset[str] = frozenset()
KIND = {
    kind: frozenset((kind,))
    for kind in ("object", "array", "string", "number", "integer", "boolean", "null")
}
_KIND_OF: Mapping[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def kinds(raw: Json) -> frozenset[str]:
    """JSON types that a schema allows by `type`, `const` or `enum`; empty: any."""
    said = raw.get("type")
    if type(said) is str:
        return KIND.get(said, NO_KIND)
    if type(said) is list:
        return frozenset(kind for kind in said if type(kind) is str and kind in KIND)
    if "const" in raw:
        return KIND[_KIND_OF[type(raw["const"])]]
    if type(values := raw.get("enum")) is list:
        return frozenset(_KIND_OF[type(value)] for value in values)
    return NO_KIND


def only_limits(raw: Json) -> bool:
    """Whether a schema declares nothing, and only limits what others declare."""
    return raw is True or (type(raw) is dict and raw.keys() <= _LIMITS)


def kinds_of_all(parts: Sequence[LocatedValue]) -> frozenset[str]:
    """JSON types that all of these schemas allow. If none remains, those that any allows: in a
    description in use, a contradiction is a mistake."""
    found = NO_KIND
    for part in parts:
        own = kinds(part.value)
        if own and found and own != found:
            both = own & found
            if {"integer", "number"} <= own | found:
                both |= KIND["integer"]
            found = both or own | found
        else:
            found = own or found
    return found


def annotate(raw: Json, made: dict[str, Any]) -> None:
    """Adds a schema's annotations to the fields of a `Shape`; an example, default, format or enum
    of an earlier schema is kept."""
    if "example" in raw:
        made.setdefault("example", raw["example"])
    elif type(examples := raw.get("examples")) is list and examples:
        made.setdefault("example", examples[0])
    if "default" in raw:
        made.setdefault("default", raw["default"])
    if "format" in raw:
        made.setdefault("format", str(raw["format"]))
    elif _is_file(raw):
        made.setdefault("format", "binary")
    if type(values := raw.get("enum")) is list:
        made.setdefault("enum", tuple(values))
    elif "const" in raw:
        made.setdefault("enum", (raw["const"],))
    if type(pattern := raw.get("pattern")) is str:
        made.setdefault("pattern", pattern)
    if "maximum" in raw:
        made.setdefault("maximum", raw["maximum"])
    if type(shortest := raw.get("minLength")) is int:
        made.setdefault("min_length", shortest)
    if type(longest := raw.get("maxLength")) is int:
        made.setdefault("max_length", longest)
    if "minimum" in raw:
        made.setdefault("minimum", raw["minimum"])
    if type(required := raw.get("required")) is list:
        names = frozenset(name for name in required if type(name) is str)
        made["required"] = made["required"] | names if "required" in made else names
    if raw.get("readOnly") is True:
        made["read_only"] = True
    if raw.get("writeOnly") is True:
        made["write_only"] = True


def _is_file(raw: Json) -> bool:
    """Whether it is bytes as they are, which have no `format` in OpenAPI 3.1 (4.8.14.2)."""
    kind = raw.get("contentMediaType")
    if type(kind) is not str or "contentEncoding" in raw or "contentSchema" in raw:
        return False
    return kind.lower().startswith(("application/octet-stream", "image/", "audio/", "video/"))


def members(part: LocatedValue) -> list[tuple[str, LocatedValue]]:
    """(name, schema) of the declared members of an object."""
    properties = part.value.get("properties")
    if type(properties) is not dict:
        return []
    file, start = part.file, part.pointer + "/properties/"
    return [
        (name, LocatedValue(file, start + escape(name), value))
        for name, value in properties.items()
        if value is not False
    ]


def schema_list(place: LocatedValue, word: str) -> list[LocatedValue]:
    """The schemas in a list: of `allOf`, `oneOf`, `anyOf`, `prefixItems`."""
    file, pointer, raw = place
    schemas = raw.get(word)
    if type(schemas) is not list:
        return []
    return [LocatedValue(file, f"{pointer}/{word}/{i}", schema) for i, schema in enumerate(schemas)]


def items(part: LocatedValue) -> list[LocatedValue]:
    """The schemas of the elements of a list, at any position."""
    raw = part.value
    if LISTING.isdisjoint(raw):
        return []
    found = schema_list(part, "prefixItems") + schema_list(part, "items")
    if type(each := raw.get("items")) is dict or each is True:
        found.append(LocatedValue(part.file, part.pointer + "/items", each))
    return found


def values(part: LocatedValue) -> list[LocatedValue]:
    """The schemas of the undeclared members of an object, whatever their names."""
    if MAPPING.isdisjoint(part.value):
        return []
    rule = name_rule(part)
    by_name = [each for _, each in rule.patterns if each.value is not False]
    return [*rule.others, *by_name]


def _others(part: LocatedValue) -> Iterator[LocatedValue]:
    for word in ("additionalProperties", "unevaluatedProperties"):
        if type(value := part.value.get(word)) is dict or value is True:
            yield LocatedValue(part.file, f"{part.pointer}/{word}", value)


def _by_pattern(part: LocatedValue) -> Iterator[tuple[str, LocatedValue]]:
    if type(patterns := part.value.get("patternProperties")) is dict:
        start = part.pointer + "/patternProperties/"
        for name, value in patterns.items():
            yield name, LocatedValue(part.file, start + escape(name), value)


_ANY_NAME = frozenset(("", "^", "$", ".*", "^.*", ".*$"))


class NameRule(NamedTuple):
    """Rules of one schema for members by their names."""

    patterns: tuple[tuple[str, LocatedValue], ...]
    """(regular expression, schema of members with matching names); `false`: such members are
    forbidden."""
    others: tuple[LocatedValue, ...]
    """Schemas of members that are not in `properties` and match no pattern."""
    names: LocatedValue | None
    """Schema that every member name has to satisfy; None: none."""


def name_rule(part: LocatedValue) -> NameRule:
    """The rules of a schema for members by their names. A pattern that matches every name acts like
    `additionalProperties`; one that forbids every name forbids those of other parts of an `allOf`,
    too."""
    others = tuple(_others(part))
    patterns = tuple(_by_pattern(part))
    if len(patterns) == 1 and patterns[0][0] in _ANY_NAME and patterns[0][1].value is not False:
        others = (patterns[0][1],)
        patterns = ()
    said = part.value.get("propertyNames")
    names = part.at("propertyNames") if type(said) is dict or said is False else None
    return NameRule(patterns, others, names)


def unread(part: LocatedValue) -> list[LocatedValue]:
    """The schemas in `UNREAD` keywords that are about the value itself."""
    file, pointer, raw = part
    found = [
        LocatedValue(file, f"{pointer}/{word}", raw[word]) for word in _CONDITIONS if word in raw
    ]
    for word in _DEPENDING:
        if type(schemas := raw.get(word)) is dict:
            start = f"{pointer}/{word}/"
            found += (
                LocatedValue(file, start + escape(name), each) for name, each in schemas.items()
            )
    for word in _DYNAMIC:
        if type(ref := raw.get(word)) is str:
            found += _anchored_schemas(part, ref)
    return found


def _anchored_schemas(part: LocatedValue, ref: str) -> list[LocatedValue]:
    """The schemas that a dynamic reference may lead to: any component with that anchor."""
    if not ref.startswith("#") or ref.startswith("#/"):
        return [LocatedValue(part.file, part.pointer, {"$ref": ref})]
    home = LocatedValue(part.file, "", part.file.root).at("components", "schemas")
    schemas = home.value if type(home.value) is dict else {}
    found = [
        f"{home.pointer}/{escape(name)}"
        for name, each in schemas.items()
        if type(each) is dict and ref[1:] in (each.get("$dynamicAnchor"), each.get("$anchor"))
    ]
    return [LocatedValue(part.file, at, {"$ref": f"#{at}"}) for at in found]


def unread_elements(part: LocatedValue) -> list[LocatedValue]:
    """The schemas in `UNREAD` keywords that are about the elements of a list."""
    file, pointer, raw = part
    return [LocatedValue(file, f"{pointer}/{word}", raw[word]) for word in _ELEMENTS if word in raw]


def is_nullable(raw: Json) -> bool:
    """Whether `null` is allowed in addition to the type: by `nullable` of OpenAPI 3.0, or an
    extension for Swagger 2.0, which has no keyword for it."""
    return raw.get("nullable") is True or raw.get("x-nullable") is True


def is_null(raw: Json) -> bool:
    """True for a schema that allows `null` and nothing else."""
    return type(raw) is dict and (
        raw.get("type") in ("null", ["null"])
        or raw.get("enum") == [None]
        or ("const" in raw and raw["const"] is None)
    )
