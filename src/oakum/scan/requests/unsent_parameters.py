"""Parameters that no request of the run had, or that every request had, named as untested.

The law of this module: it is read off the requests themselves, whatever a technique meant to send.
Where a parameter is called like what says whose data is shown, its endpoint is untested.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.errors import counted
from oakum.exposure.endpoints import Gate
from oakum.openapi.model import Parameter
from oakum.scan.coverage import Untested
from oakum.scan.engine import Engine
from oakum.scan.requests.parameter_meanings import optional, whom

_MOST_NAMED = 8


def unsent(engine: Engine) -> Iterator[Untested]:
    """Endpoints that were never called with a parameter that may select the owner."""
    meant = whom(engine.model, engine.state.gates)
    for gate, lacking in _lacking(engine):
        owners = [engine.model.policy.resources[name].owner.kind for name in gate.shows]
        nobodys = bool(owners) and all(kind == "none" for kind in owners)
        choosing = [f"`{each.name}`" for each in lacking if meant.may_choose(each)]
        if choosing and not nobodys and not engine.model.rule(gate.operation.id).untested:
            yield Untested(
                f"{gate.endpoint.method} {gate.endpoint.path}",
                f"never asked with {' and '.join(choosing)}, which may choose whose data it shows:"
                f" nothing says what to send; name it under `operations: {{{gate.operation.id}:"
                " {params: {NAME: Resource.field}}}`",
            )
    yield from _never_without(engine)


def _never_without(engine: Engine) -> Iterator[Untested]:
    """Endpoints that were requested only with an optional parameter, which may hide objects."""
    state, resources = engine.state, engine.model.policy.resources
    for gate in (*state.gates, *state.later):
        owned = any(resources[name].owner.kind != "none" for name in gate.shows)
        if not gate.lacks or not owned or state.was_asked(gate):
            continue
        if not engine.model.rule(gate.operation.id).untested:
            named = " and ".join(f"`{each}`" for each in gate.lacks)
            yield Untested(
                f"{gate.endpoint.method} {gate.operation.path}",
                f"never requested without {named}:"
                f" {state.why.get(gate.id, 'a required parameter has no value')}",
            )


def said_unsent(engine: Engine) -> list[str]:
    """Remarks on parameters that were never sent."""
    said = [
        f"{gate.endpoint.method} {gate.endpoint.path} {', '.join(f'`{e.name}`' for e in lacking)}"
        for gate, lacking in _lacking(engine)
    ]
    if not said:
        return []
    more = len(said) - _MOST_NAMED
    rest = f"; and {counted(more, 'more endpoint')}" if more > 0 else ""
    return [f"optional parameters that no request used: {'; '.join(said[:_MOST_NAMED])}{rest}"]


def _lacking(engine: Engine) -> Iterator[tuple[Gate, list[Parameter]]]:
    for gate in engine.state.gates:
        documented = not (gate.how or gate.query or gate.lacks) and gate.asks is None
        if not documented or not engine.state.was_asked(gate):
            continue
        sent = engine.state.called.get(gate.operation.id, set())
        lacking = [each for each in optional(gate) if _place(each) not in sent]
        if lacking:
            yield gate, lacking


def _place(parameter: Parameter) -> tuple[str, str]:
    name = parameter.name.lower() if parameter.where == "header" else parameter.name
    return parameter.where, name
