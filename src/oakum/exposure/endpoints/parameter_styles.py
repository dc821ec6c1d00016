"""Serialises array and object parameters in a query (OpenAPI 3.1, Style Values).

If a style splits one parameter into several (`filter[user_id]=…`, or the members of an exploded
object by their own names), these are treated as parameters from the start, so that every technique
finds them like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from oakum.exchange import json_bytes
from oakum.openapi.model import Json, Operation, Parameter
from oakum.openapi.schema import children

_DELIMITERS = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def text_of(value: Json) -> str:
    """A value as parameter text; JSON unless it is a text."""
    return value if isinstance(value, str) else json_bytes(value).decode()


def is_exploded(parameter: Parameter) -> bool:
    """Whether each element or member is a parameter of its own; by default only for `form`."""
    style = parameter.style or "form"
    return parameter.explode if parameter.explode is not None else style == "form"


def pairs(parameter: Parameter, value: Json) -> list[tuple[str, str]]:
    """A value as query parameters. A parameter with a media type is sent as JSON, and so is an
    object without a declared style."""
    name, style = parameter.name, parameter.style or "form"
    value = _in_object(parameter, value)
    if parameter.style == "json" or not isinstance(value, list | dict):
        return [(name, text_of(value))]
    if isinstance(value, dict):
        if style == "deepObject":
            return [(f"{name}[{key}]", text_of(each)) for key, each in value.items()]
        if not parameter.style and parameter.explode is None:
            return [(name, text_of(value))]
        if is_exploded(parameter):
            return [(key, text_of(each)) for key, each in value.items()]
        flat = [text for key, each in value.items() for text in (key, text_of(each))]
    else:
        if is_exploded(parameter) or style not in _DELIMITERS:
            return [(name, text_of(each)) for each in value]
        flat = [text_of(each) for each in value]
    return [(name, _DELIMITERS.get(style, ",").join(flat))]


def _in_object(parameter: Parameter, value: Json) -> Json:
    """For a parameter that is a JSON object with one member: the object with the value in it."""
    member = only_member(parameter)
    bare = (
        isinstance(value, int | str)
        and not isinstance(value, bool)
        and not str(value).startswith("{")
    )
    return {member: value} if member and bare else value


def is_json_object(parameter: Parameter) -> bool:
    """Whether a parameter is an object that is sent as JSON."""
    return parameter.style in ("", "json") and parameter.shape.kinds - {"null"} == {"object"}


def only_member(parameter: Parameter) -> str:
    """The one member that a JSON parameter declares; empty if it declares none or several."""
    members = [*children(parameter.shape)] if is_json_object(parameter) else []
    return members[0] if len(members) == 1 else ""


def in_parts(operation: Operation, said: Collection[str] = ()) -> Operation:
    """The operation with each object parameter of the query replaced by parameters for its members.
    Without a declared style the object parameter is kept too, since it may be meant as JSON.
    `said`: parameters that the contract names; they are kept whole."""
    found: dict[str, Parameter] = {}
    for each in operation.parameters:
        parts = () if each.name in said else tuple(_parts(each))
        if not parts or not each.style:
            found.setdefault(each.name, each)
        for part in parts:
            found.setdefault(part.name, part)
    kept = tuple(found.values())
    return operation if kept == operation.parameters else replace(operation, parameters=kept)


def _parts(parameter: Parameter) -> Iterator[Parameter]:
    shape = parameter.shape
    deep = parameter.style == "deepObject"
    plain = parameter.style in ("", "form") and is_exploded(parameter)
    if parameter.where != "query" or not shape.properties or not (deep or plain):
        return
    given = parameter.example if isinstance(parameter.example, dict) else {}
    for name, child in children(shape).items():
        yield Parameter(
            f"{parameter.name}[{name}]" if deep else name,
            "query",
            parameter.required and name in shape.required,
            child,
            given.get(name, child.example),
        )
