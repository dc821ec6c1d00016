"""Keys that the API shows although the document does not allow them in its paths, for the notes.

A scan uses them anyway. A gateway takes a path with such a key as no request of the operation, so
nobody could reach the object behind it.
"""

from __future__ import annotations

from contextlib import suppress

from oakum.openapi.model import Shape
from oakum.openapi.pattern_automaton import Automaton
from oakum.openapi.pattern_syntax import UnsupportedPattern
from oakum.routing.parameter_texts import of_shape
from oakum.scan.engine import Engine

_MOST_NAMED = 4


def said_undeclared(engine: Engine) -> list[str]:
    """A remark on path parameters of which all known values violate their schema; empty if there
    are none."""
    shown = {endpoint for endpoint, _ in engine.matrix.carried}
    found: dict[str, None] = {}
    for probe in engine.state.probes:
        for each in probe.operation.parameters if probe.id in shown else ():
            known = engine.knowledge.values(probe.sources.get(each.name, ""), None)
            allowed = _automaton_of(each.shape) if each.where == "path" and known else None
            if allowed is not None and not any(map(allowed.matches, known)):
                found[f"`{each.name}` of {probe.endpoint.method} {probe.endpoint.path}"] = None
    if not found:
        return []
    rest = len(found) - _MOST_NAMED
    more = f", and {rest} more" if rest > 0 else ""
    return [
        "the document does not allow the keys that the API shows in these paths, so a gateway would"
        f" answer 404 to each: {', '.join([*found][:_MOST_NAMED])}{more}; correct `pattern`, `enum`"
        " or `type` in the document or an overlay of it"
    ]


def _automaton_of(shape: Shape) -> Automaton | None:
    with suppress(UnsupportedPattern):
        return of_shape(shape)
    return None
