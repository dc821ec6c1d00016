"""Counts of one run as rows that can be added to those of other runs.

The sum of the counts of two runs equals the counts of one run over the traffic of both. There is
one exception: a member name that a single run could not confirm stays `‹key›`, since it may be
personal data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from oakum.errors import Location
from oakum.inference.lexicon import label_field
from oakum.openapi.model import Operation, Shape
from oakum.openapi.observed_shape import KEY, ObservedValues
from oakum.traffic.inventory import SeenEndpoint
from oakum.traffic.observation_model import Drift, SentField
from oakum.traffic.survey import Survey

ELEMENT: Final = "‹element›"
"""Path step into list elements."""
Row = dict[str, Any]


def endpoints(
    survey: Survey, operations: Iterable[Operation]
) -> Iterator[tuple[Row, SeenEndpoint]]:
    """(key columns, counts) of each endpoint seen; the key is `operation` (empty: undeclared),
    `method` and `path`."""
    for each in operations:
        if endpoint := survey.endpoints.get(each.id):
            yield {"operation": each.id, "method": each.method, "path": each.path}, endpoint
    for told in survey.templates:
        yield {"operation": "", "method": told.method, "path": told.path}, told.counts


def counts(place: Row, endpoint: SeenEndpoint) -> Iterator[Row]:
    """Rows with facts that calls do not contain: what the records have of bodies, and what the
    guard removed."""
    for what, many in (
        ("body", endpoint.bodies),
        ("removed", endpoint.removed),
        ("media", endpoint.media),
    ):
        for name, times in sorted(many.items()):
            yield {**place, "what": what, "name": name, "many": times}


def add_count(endpoint: SeenEndpoint, what: str, name: str, many: int) -> None:
    """Adds a row of `counts` to an endpoint."""
    counters = {"body": endpoint.bodies, "removed": endpoint.removed, "media": endpoint.media}
    counters[what][name] += many


def fields(place: Row, answer: ObservedValues, names: frozenset[str]) -> Iterator[Row]:
    """Every place in the responses of an endpoint, including the root and containers."""
    for steps, learnt, around in _places(answer, names, (), 0):
        path = ".".join("*" if step in (ELEMENT, KEY) else step for step in steps)
        shape = Shape(kinds=frozenset(learnt.kinds), format=learnt.form)
        yield {
            **place, "field": path, "steps": list(steps), "types": dict(learnt.kinds),
            "formats": dict(learnt.forms), "class": label_field(path, shape).kind.value,
            "present": learnt.value_count, "of": around or learnt.value_count,
        }  # fmt: skip


def _places(
    learnt: ObservedValues, names: frozenset[str], steps: tuple[str, ...], around: int
) -> Iterator[tuple[tuple[str, ...], ObservedValues, int]]:
    yield steps, learnt, around
    for name, child in learnt.legible(names):
        yield from _places(child, names, (*steps, name), learnt.kinds["object"])
    if learnt.element is not None and learnt.kinds["array"] and not learnt.overfull:
        yield from _places(learnt.element, names, (*steps, ELEMENT), 0)


def add_field(
    answer: ObservedValues,
    steps: Iterable[str],
    types: Mapping[str, int],
    formats: Mapping[str, int],
) -> None:
    """Adds a row of `fields` to the shape of a body."""
    for step in steps:
        if step == ELEMENT:
            answer.element = answer = answer.element or ObservedValues()
        else:
            answer = answer.members.setdefault(step, ObservedValues())
    answer.kinds.update(types)
    answer.forms.update(formats)


def sent_rows(found: Iterable[SentField], run: str) -> Iterator[Row]:
    """Rows of the table `sent`: the fields that each kind of viewer received."""
    for each in found:
        yield {
            "run": run, "endpoint": each.endpoint, "resource": each.resource, "field": each.field,
            "viewer": each.viewer, "state": dict(each.state),
            "present": each.present, "of": each.of,
        }  # fmt: skip


def all_sent(rows: Iterable[Row]) -> tuple[SentField, ...]:
    """The fields of rows of `sent`, summed. The number of objects is the same for all fields of a
    resource, so a run in which a field never occurred still counts them."""
    present, around = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    met = set[tuple[Any, ...]]()
    for row in rows:
        state = tuple(row["state"].items())
        kind = (row["endpoint"], row["resource"], row["viewer"], state)
        present[row["endpoint"], row["resource"], row["field"], row["viewer"], state] += row[
            "present"
        ]
        if (row["run"], kind) not in met:
            met.add((row["run"], kind))
            around[kind] += row["of"]
    return tuple(
        SentField(
            endpoint,
            resource,
            field,
            viewer,
            state,
            many,
            around[endpoint, resource, viewer, state],
        )
        for (endpoint, resource, field, viewer, state), many in sorted(present.items())
    )


def drift(found: Iterable[Drift]) -> Iterator[Row]:
    """Rows of the table `drift`, one for each difference from the contract."""
    for each in found:
        place = each.where
        yield {
            "kind": each.kind, "endpoint": each.endpoint, "method": each.method, "path": each.path,
            "resource": each.resource, "field": each.field, "viewer": each.viewer,
            "state": dict(each.state), "seen": each.seen, "certain": each.certain,
            "says": each.says, "file": place.file if place else None,
            "line": place.line if place else None, "column": place.column if place else None,
        }  # fmt: skip


def all_drift(rows: Iterable[Row]) -> tuple[Drift, ...]:
    """The differences of rows of `drift`, summed."""
    found: dict[Drift, tuple[int, bool]] = {}
    for row in rows:
        has = row["file"] is not None
        each = Drift(
            row["kind"], row["endpoint"], row["method"], row["path"], row["resource"], row["field"],
            row["viewer"], tuple(row["state"].items()), says=row["says"],
            where=Location(row["file"], row["line"], row["column"]) if has else None,
        )  # fmt: skip
        seen, certain = found.get(each, (0, False))
        found[each] = seen + row["seen"], certain or row["certain"]
    return tuple(
        replace(each, seen=seen, certain=certain)
        for each, (seen, certain) in sorted(found.items(), key=lambda pair: _key(pair[0]))
    )


def _key(each: Drift) -> tuple[object, ...]:
    return each.endpoint, each.resource, each.field, each.viewer, each.state
