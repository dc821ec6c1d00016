"""Parameters that no request contained, or that every request contained, as untested.

Only requests that were sent count, not what a technique was meant to send. If such a parameter has
a name that selects whose data is shown, its endpoint is untested.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from oakum.authz import Model
from oakum.errors import count_of
from oakum.exposure.endpoints.offered_values import choices, has_choices
from oakum.exposure.endpoints.parameter_styles import text_of
from oakum.exposure.endpoints.probes import EMBEDS, Probe, shows_owned
from oakum.inference.lexicon import singular, words
from oakum.openapi.model import Parameter
from oakum.scan.coverage.untested import Section, UntestedItem
from oakum.scan.engine import Engine
from oakum.scan.filters.field_selections import resource_members
from oakum.scan.requests.parameter_meanings import optional, whom

_MOST_NAMED = 8


def unsent(engine: Engine) -> Iterator[UntestedItem]:
    """Endpoints that were never called with a parameter that may select the owner."""
    meant = whom(engine.model, engine.state.probes)
    for probe, lacking in _unsent_by_probe(engine):
        owners = [engine.model.policy.resources[name].owner.kind for name in probe.shows]
        nobodys = bool(owners) and all(kind == "none" for kind in owners)
        choosing = [f"`{each.name}`" for each in lacking if meant.may_choose(each)]
        if choosing and not nobodys and not engine.model.rule(probe.operation.id).untested:
            yield UntestedItem(
                f"{probe.endpoint.method} {probe.endpoint.path}",
                f"never asked with {' and '.join(choosing)}, which may choose whose data it shows:"
                f" nothing says what to send; name it under `operations: {{{probe.operation.id}:"
                " {params: {NAME: Resource.field}}}`",
            )
    yield from _find_unfilled(engine)
    yield from _never_embedded(engine)
    yield from _never_without(engine)


def _find_unfilled(engine: Engine) -> Iterator[UntestedItem]:
    """Endpoints whose body has a member that the contract fills and the scan cannot write."""
    for probe in engine.state.probes:
        rule = engine.model.rule(probe.operation.id)
        names = {each.name for each in probe.operation.parameters}
        left = [each for each in rule.params if each not in {*probe.sources, *names}]
        if left and not (probe.how or probe.lacks or probe.query or rule.untested):
            named = " and ".join(f"`{each}`" for each in left)
            yield UntestedItem(
                f"{probe.endpoint.method} {probe.endpoint.path}",
                f"never asked with {named}, though `params` fills it: the scan fills members of"
                " objects up to three levels deep, and none within lists",
            )


def _never_embedded(engine: Engine) -> Iterator[UntestedItem]:
    """Endpoints with a parameter such as `include` of which no tried value showed a resource that
    the document declares there."""
    matrix, resources = engine.matrix, engine.model.policy.resources
    for probe in engine.state.probes:
        by = [each for each in optional(probe) if not EMBEDS.isdisjoint(words(each.name))]
        if probe.how or probe.lacks or probe.query or not by:
            continue
        of = {at for at, each in matrix.probes.items() if each.operation.id == probe.operation.id}
        shown = {name for at, name in matrix.carried if at in of}
        owned = {name for name in probe.shows if resources[name].owner.kind != "none"}
        rule = engine.model.rule(probe.operation.id)
        if shown and owned - shown and not rule.untested:
            at = f"{probe.endpoint.method} {probe.endpoint.path}"
            missing = " and ".join(f"`{name}`" for name in sorted(owned - shown))
            if named := " and ".join(f"`{each.name}`" for each in by if not has_choices(each)):
                yield UntestedItem(
                    at,
                    f"the scan tried values of {named}, and none showed {missing}, which the"
                    " document declares there: list its values as `enum` in the document",
                )
                continue
            flags = [each.name for each in by if _embeds(engine.model, probe, each, owned - shown)]
            if named := " and ".join(f"`{each}`" for each in flags):
                yield UntestedItem(
                    at,
                    f"each value of {named} was tried, and none showed {missing}, which the"
                    " document declares there: let an identity own an object that has one",
                )


def _embeds(model: Model, probe: Probe, parameter: Parameter, missing: Collection[str]) -> bool:
    """Whether the name of a flag such as `with_author`, or a listed value, names a missing resource
    or the member that holds it. Other flags (`include_deleted`) select objects."""
    names = {*missing, *(at for at, name in resource_members(model, probe) if name in missing)}
    meant = {tuple(singular(each) for each in words(name)) for name in names}
    values = [text_of(each) for each in choices(parameter.name, parameter.shape)]
    said = [tuple(singular(e) for e in words(text)) for text in values]
    said.append(tuple(singular(e) for e in words(parameter.name) if e not in EMBEDS))
    return not meant.isdisjoint(said)


def _never_without(engine: Engine) -> Iterator[UntestedItem]:
    """Endpoints that were requested only with an optional parameter, which may hide objects, and
    never by one name of an object alone."""
    state = engine.state
    why_not = state.results.gaps.reasons(Section.CELLS)
    for probe in (*state.probes, *state.later):
        owned = shows_owned(engine.model.policy, probe)
        if not probe.lacks or not owned or state.was_asked(probe):
            continue
        if not engine.model.rule(probe.operation.id).untested:
            named = " and ".join(f"`{each}`" for each in probe.lacks)
            how = f"by `{probe.alone}` alone" if probe.alone else f"without {named}"
            yield UntestedItem(
                f"{probe.endpoint.method} {probe.operation.path}",
                f"never requested {how}:"
                f" {why_not.get(probe.id, 'a required parameter has no value')}",
            )


def said_unsent(engine: Engine) -> list[str]:
    """Remarks on parameters that were never sent."""
    said = [
        f"{probe.endpoint.method} {probe.endpoint.path} {', '.join(f'`{e.name}`' for e in lacking)}"
        for probe, lacking in _unsent_by_probe(engine)
    ]
    if not said:
        return []
    more = len(said) - _MOST_NAMED
    rest = f"; and {count_of(more, 'more endpoint')}" if more > 0 else ""
    return [f"optional parameters that no request used: {'; '.join(said[:_MOST_NAMED])}{rest}"]


def _unsent_by_probe(engine: Engine) -> Iterator[tuple[Probe, list[Parameter]]]:
    for probe in engine.state.probes:
        documented = not (probe.how or probe.query or probe.lacks) and probe.asks is None
        if not documented or not engine.state.was_asked(probe):
            continue
        sent = engine.requests.called.get(probe.operation.id, set())
        # An object in deepObject style is sent as parts of its name (OpenAPI 3.1, Style Values).
        sent = sent | {(where, name.partition("[")[0]) for where, name in sent}
        lacking = [each for each in optional(probe) if _place(each) not in sent]
        if lacking:
            yield probe, lacking


def _place(parameter: Parameter) -> tuple[str, str]:
    name = parameter.name.lower() if parameter.where == "header" else parameter.name
    return parameter.where, name
