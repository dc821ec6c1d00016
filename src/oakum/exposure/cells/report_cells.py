"""The cells of the report: each with its result, and why it is untested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oakum.exposure.cells.matrix import Entry, Key, Matrix
from oakum.exposure.cells.untested_reasons import (
    ResponseIndex,
    why_keyless,
    why_not_closed,
    why_untested,
)
from oakum.exposure.endpoints.probes import Probe
from oakum.finding import Cell, Result


def report_cells(
    matrix: Matrix, why: Mapping[str, str], reach: Mapping[tuple[str, str], bool]
) -> list[Cell]:
    """The cells of a report, without granted cells that no endpoint returns.

    `why`: endpoint → reason why it was not requested. `reach`: (resource, viewer) → whether any
    pair of identities has this relation.
    """
    done: list[Cell] = []
    ways: set[Key] = set()
    carried = _EndpointViews.of(matrix)
    beside = _told_beside(matrix, why, carried)
    keyless, more = why_keyless(matrix), asked_as_more(matrix)
    came = ResponseIndex.of(matrix)
    by_ways = _told_by_ways(matrix)
    met = (k for k, each in matrix.entries.items() if each.result is not Result.UNTESTED)
    reach = {**reach, **{(key.resource, key.viewer): True for key in met}}
    for key in sorted(matrix.entries):
        at = by_ways.get(key, key)
        entry = matrix.entries[at]
        unshown = entry.result is Result.UNTESTED
        if unshown and (_is_uncarried(matrix, key, entry, why, carried) or key in beside):
            continue
        if matrix.how(key.endpoint):  # several GraphQL queries share one endpoint
            named = key._replace(endpoint=str(matrix.endpoint(key.endpoint)))
            if entry.result is not Result.LEAK or named in ways:
                continue
            ways.add(named)
        known = (matrix, matrix.model, matrix.identities, key, why, reach, more, came)
        reason = why_untested(*known) if unshown else ""
        result, granted = entry.result, entry.granted
        if result is Result.CLOSED and (doubt := why_not_closed(matrix, at, entry, keyless)):
            result, reason = Result.UNTESTED, doubt
        guessed = (
            not matrix.model.policy.stated
            or matrix.identities.is_unknown(entry.viewer)
            or matrix.model.draft_line(key.resource, key.field) is not None
        )
        if result is Result.OVER_BLOCK and guessed:
            result, granted = Result.CLOSED, False  # a guessed grant is not a promise to serve
        who = f"{entry.viewer or 'nobody logged in'} → {entry.owner}" if entry.owner else ""
        done.append(
            Cell(
                key.resource, key.field, key.viewer, key.state, matrix.endpoint(key.endpoint),
                granted, result, reason, who,
            )
        )  # fmt: skip
    return done


@dataclass(frozen=True)
class _EndpointViews:
    """What each endpoint has shown to any viewer."""

    fields: set[tuple[str, str, str]]
    """(endpoint, resource, field) shown to an entitled viewer."""
    owned: set[tuple[str, str]]
    """(endpoint, resource) shown to its owner."""

    @classmethod
    def of(cls, matrix: Matrix) -> _EndpointViews:
        fields = {(endpoint, name, path) for endpoint, _, name, path in matrix.witnessed}
        return cls(fields, {(endpoint, name) for endpoint, _, name in matrix.own})


def _told_by_ways(matrix: Matrix) -> dict[Key, Key]:
    """Untested cell → the cell that a variant of the operation, with another body or query,
    decided. Only where the documented request showed nobody the resource: it may have lacked what
    the API needs."""
    ways: dict[str, list[Probe]] = {}
    for probe in matrix.probes.values():
        if probe.how:
            ways.setdefault(probe.operation.id, []).append(probe)
    found: dict[Key, Key] = {}
    for key, entry in matrix.entries.items():
        plain, silent = matrix.probes.get(key.endpoint), entry.result is Result.UNTESTED
        if plain is None or plain.how or not silent or key[:2] in matrix.carried:
            continue
        for way in ways.get(plain.operation.id, ()):
            other = key._replace(endpoint=way.id)
            known = matrix.entries.get(other)
            same = (way.operation.path, way.base) == (plain.operation.path, plain.base)
            if known is None or not same or known.granted != entry.granted:
                continue
            if known.result in (Result.OPEN, Result.CLOSED):
                found.setdefault(key, other)
    return found


def _told_beside(matrix: Matrix, why: Mapping[str, str], carried: _EndpointViews) -> set[Key]:
    """Untested cells of one documented variant that another variant of the same operation
    decides."""
    plain = {
        at: probe.operation.id
        for at, probe in matrix.probes.items()
        if (probe.query or (probe.lacks and not probe.alone)) and not probe.how
    }
    found: set[Key] = set()
    for endpoint, operation in plain.items():
        for key, entry in matrix.entries.items():
            other = key._replace(endpoint=operation)
            if key.endpoint != endpoint or other not in matrix.entries:
                continue
            known = entry.result is not Result.UNTESTED
            told = known or _is_uncarried(matrix, key, entry, why, carried)
            found.add(other if told else key)
    return found


def _is_uncarried(
    matrix: Matrix, key: Key, entry: Entry, why: Mapping[str, str], carried: _EndpointViews
) -> bool:
    """Whether this endpoint simply does not return the granted field.

    A document may declare more than is returned, and a list that selects objects need not contain
    every one.
    """
    if key.endpoint in why or not entry.granted:
        return False
    if (key.endpoint, key.resource) not in matrix.carried:
        return False
    if (key.endpoint, key.resource) in matrix.embedded:
        return True
    shown = (key.endpoint, key.resource, key.field) in carried.fields
    owned = (key.endpoint, key.resource) in carried.owned
    return not shown or not owned or not matrix.probes[key.endpoint].personal


def asked_as_more(matrix: Matrix) -> dict[tuple[str, str, str], set[str]]:
    """(endpoint, resource, label) → further labels of its viewers, because objects name them in a
    relation."""
    found: dict[tuple[str, str, str], set[str]] = {}
    policy, identities = matrix.model.policy, matrix.identities
    named, basic = policy.with_any("field"), policy.only("anyone", "authenticated")
    for key, entry in matrix.entries.items():
        if entry.viewer and entry.owner and not named.isdisjoint(key.viewer.split("+")):
            held = identities.relations(entry.viewer, entry.owner)
            label = identities.label(held, entry.viewer, entry.owner)
            if label != key.viewer and held - basic:
                found.setdefault((*key[:2], label), set()).add(key.viewer)
    return found
