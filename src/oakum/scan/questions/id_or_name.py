"""Path parameters that accept one of two names: `/users/{idOrName}`, "by id or by slug".

An API that looks an object up in two ways may check its caller in one of them only. So an object
that the contract identifies is requested by the other name as well: by its owner first, and if that
shows it, by every kind of viewer. Names in the document that could not be tried are reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from oakum.authz import Model
from oakum.exposure.endpoints.probes import Probe
from oakum.inference.lexicon import words
from oakum.openapi.model import Operation, Parameter
from oakum.scan.engine import Engine
from oakum.scan.limits import is_spent

_EITHER = re.compile(r"(\w+)`?,? or (?:(?:by|with|its|their|the|a|an) )*`?(\w+)", re.IGNORECASE)
_Name = tuple[str, ...]


@dataclass(frozen=True)
class OtherName:
    """A path parameter that the document lets be filled with another field than the contract's."""

    probe: Probe
    parameter: str
    said: str
    """As the document calls it."""
    sources: tuple[str, ...]
    """Fields of the same resource that may be meant."""


def other_names(model: Model, probes: Iterable[Probe]) -> Iterator[OtherName]:
    """Each path parameter that may take another field of its resource, such as a name for an id."""
    for probe in probes:
        if probe.how or probe.query or probe.batch or probe.asks is not None:
            continue
        for each in probe.operation.parameters:
            source = probe.sources.get(each.name, "")
            if each.where == "path" and source:
                resource, _, field = source.partition(".")
                leaves = [leaf for leaf in model.tables[resource].leaves if "*" not in leaf]
                for said, sure in _alternative_names(probe.operation, each, field).items():
                    alike = [n for n in leaves if n != field and _is_called(n, said)]
                    sources = tuple(f"{resource}.{leaf}" for leaf in alike)
                    if sources or sure:
                        yield OtherName(probe, each.name, " ".join(said), sources)


def _alternative_names(operation: Operation, parameter: Parameter, field: str) -> dict[_Name, bool]:
    """What the parameter takes beside the field that fills it → whether its own name says so; else
    a sentence that names this field too does."""
    found: dict[_Name, bool] = {}
    for text in (parameter.description, operation.summary, operation.description):
        for match in _EITHER.finditer(text):
            sides = [words(each) for each in match.groups()]
            if any(_is_called(field, side) for side in sides):
                found |= dict.fromkeys(sides, False)
    parts = words(parameter.name)
    if "or" in parts[1:-1]:
        at = parts.index("or", 1)
        found |= {parts[:at]: True, parts[at + 1 :]: True}
    return {said: sure for said, sure in found.items() if said and not _is_called(field, said)}


def _is_called(field: str, said: _Name) -> bool:
    """Whether a name of a field ends as it is called: `username` is a name."""
    return "".join(words(field.rpartition(".")[2])).endswith("".join(said))


def ask_by_other_names(engine: Engine) -> None:
    """Asks for each owner's object by the other name, as the owner and as each kind of viewer."""
    for each in list(other_names(engine.model, engine.state.probes)):
        if is_spent(engine.context.pace):
            return
        ways = [way for source in each.sources if (way := _way(engine, each, source))]
        for way in ways:
            engine.state.keep_way(way)
            for who in engine.identities.subjects():
                for viewer in (who, *engine.watchers(who)):
                    engine.put(way, viewer, who)
        if not ways:
            tried = " and ".join(f"`{source}`" for source in each.sources)
            why = f"by {tried} no owner was shown anything" if tried else "no field is called so"
            endpoint = each.probe.endpoint
            engine.results.remark(
                f"{endpoint.method} {endpoint.path} was not requested by `{each.said}`, though the"
                f" document says that `{each.parameter}` takes one: {why}"
            )


def _way(engine: Engine, name: OtherName, source: str) -> Probe | None:
    """The request by another field; None if it shows no owner their own."""
    probe, field = name.probe, source.partition(".")[2]
    way = replace(
        probe.otherwise("option", endpoint=f"{probe.endpoint.path} by {field}"),
        sources={**probe.sources, name.parameter: source},
    )
    engine.matrix.open(way)
    for who in engine.identities.subjects()[:2]:
        outcome = engine.put(way, who, who)
        if outcome is not None and any(owner == who for owner, _ in outcome.sighted):
            return way
    return None
