"""Names every operation of the document in the report, with what was done about it.

Each operation has cells, or was written to, or is named with the reason why no request was sent to
it, or is named as one for whose responses the contract has no field. If a member selects what an
operation does, the values that were not sent are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oakum.authz import Model
from oakum.exposure.endpoints.offered_values import members_with_choices
from oakum.exposure.endpoints.probes import Probe
from oakum.finding import Cell, Endpoint, SkippedOperation
from oakum.inference.side_effects import orders
from oakum.openapi.model import Parameter
from oakum.openapi.shape_queries import enum_values
from oakum.scan.coverage.uncalled_operations import why_not_called
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine

_ENDED = "the run ended before it was requested"


def left_alone(
    model: Model, engine: Engine | None, skipped: Iterable[SkippedOperation],
    feeds: Iterable[Probe],
    *, writes: bool,
) -> Iterator[SkippedOperation]:  # fmt: skip
    """Operations that no request was sent to; feeds were listened to, and stay. `writes`: whether
    the run may write."""
    heard = {each.operation.id for each in feeds}
    called = engine.requests.called.keys() - heard if engine else set()
    called |= engine.context.state_operations if engine else set()
    for each in skipped:
        if (id := each.endpoint.operation) not in called:
            why = writes and why_not_called(model, id)
            yield SkippedOperation(each.endpoint, why) if why else each
    why_not = engine.results.gaps.reasons(Section.CELLS) if engine else {}
    named = set[str]()
    for probe in (*engine.state.probes, *engine.state.later) if engine else ():
        id = probe.operation.id
        # Endpoints that show objects are reported by their cells.
        if not (probe.shows or probe.how or id in called or id in named):
            named.add(id)
            yield SkippedOperation(_plain(probe), why_not.get(probe.id, _ENDED))


def without_fields(
    engine: Engine, cells: Iterable[Cell], skipped: Iterable[SkippedOperation]
) -> list[str]:
    """A remark on operations that were requested although the contract has no field in their
    responses."""
    left = {each.endpoint.operation for each in (*skipped, *engine.results.gaps.writes)}
    named = left | {each.endpoint.operation for each in cells} | engine.context.state_operations
    probes = (*engine.state.probes, *engine.state.later)
    read = {probe.operation.id: probe.operation for probe in probes}
    said = [
        f"{each.method} {each.path}"
        for each in read.values()
        if each.id in engine.requests.called and each.id not in named
    ]
    if not said:
        return []
    return [
        f"no field of the contract is declared for what these show, so that their responses were"
        f" only searched for values of the identities: {', '.join(said)}; to have them judged,"
        " name what they show under `shows:`"
    ]


def unsent_choices(engine: Engine) -> list[str]:
    """A remark on choices that were not sent, since their names suggest that they change
    something."""
    said: dict[str, None] = {}
    for probe in engine.state.probes:
        if probe.how or probe.query or not engine.state.was_asked(probe):
            continue
        inside = members_with_choices(probe.operation, probe.sources)
        members = [(".".join(at), member) for at, member in inside]
        members += [(each.name, each) for each in probe.operation.parameters]
        for name, member in members:
            if left := _change_note(member):
                said[f"{probe.endpoint.method} {probe.operation.path} `{name}`: {left}"] = None
    listed = "; ".join(said)
    return [f"choices that may change something were not sent: {listed}"] if said else []


def _change_note(member: Parameter) -> str:
    found = [f"`{each}`" for each in enum_values(member.shape) if orders(member.name, each)]
    return ", ".join(found)


def _plain(probe: Probe) -> Endpoint:
    return Endpoint(probe.operation.method, probe.operation.path, probe.operation.id)
