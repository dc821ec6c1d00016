"""CORS preflight requests (Fetch standard), which reveal nothing about an object.

A preflight is forwarded and answered the same whatever object its path names. So the API receives a
neutral text in place of each parameter, and only the CORS headers of its response are returned,
always with the same status.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from oakum.guard.compiled.path_objects import names
from oakum.openapi.model import Operation, Parameter, Shape
from oakum.openapi.pattern_automaton import Automaton
from oakum.routing.http_messages import Headers
from oakum.routing.route import path_of

STATUS = 204
_PREFIX = "access-control-"
_FORMATS = {
    "uuid": "00000000-0000-0000-0000-000000000000",
    "date": "2000-01-01",
    "date-time": "2000-01-01T00:00:00Z",
}


def neutral(operation: Operation, texts: Mapping[str, Automaton]) -> str:
    """The path of a preflight with neutral values for its parameters; `texts`: allowed values.
    Empty if there is no neutral value; then no preflight is forwarded."""
    given = {each.name: each for each in operation.parameters if each.where == "path"}
    params = {
        name: _text(given.get(name, Parameter(name, "path")), texts.get(name))
        for name in names(operation)
    }
    return path_of(operation, params) or ""


def _text(parameter: Parameter, allowed: Automaton | None) -> str:
    for each in map(parameter.value_of, _candidates(parameter.shape)):
        if allowed is None or allowed.matches(each):
            return each
    return (allowed.shortest() if allowed else None) or ""


def _candidates(shape: Shape) -> Iterator[str]:
    if shape.format in _FORMATS:
        yield _FORMATS[shape.format]
    yield from ("0", "1", "a")


def answer_headers(headers: Headers) -> Headers:
    """The CORS headers of the API's response; no others are returned."""
    return tuple(each for each in headers if each[0].startswith(_PREFIX))
