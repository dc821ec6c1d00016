"""An order that a caller chooses by a field that they may not see (P15).

`GET /people?sort=salary` shows no salary, and tells who earns more (CWE-203). Nothing has to be
changed for this: the values are known to their owners. A list is read by a hidden field as a
viewer who may not see it, and the other way round, and by a name that is no field. If the rows come
in the order of the hidden values, neither as usual nor as for that name, the field is *suspected*:
few rows may come so by chance. If the document offers such an order and nothing tells whether the
API follows it, the endpoint is untested.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from oakum.exchange import Response
from oakum.exposure.cells.side_channel_comparison import ResponseReading
from oakum.exposure.endpoints.probes import Probe
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Parameter
from oakum.scan.engine import Engine
from oakum.scan.filters.hidden_values import HiddenValue, hidden_fields
from oakum.scan.requests.builder import FilledRequest, fill
from oakum.scan.technique import Line, Prospect
from oakum.scan.techniques.inference import read_parts, signal

HOW = "inference"
RULES: frozenset[str] = frozenset({"inference-leak"})
OPENS_WAYS = False

SORTS = word_set("sort order orderby ordering sorting sortby rank")
_WAYS = word_set("dir direction asc desc ascending descending")
_DOWN = word_set("desc descending down reverse")
_SAYS_WAY = _DOWN | word_set("asc ascending up by")
_TIMES = word_set("at date on time timestamp")
"""Last words of the names of times, which an order often leaves out."""
_MOST = 6
"""Hidden fields by which one list is ordered where the document lists none."""
_ROWS = 2
"""Rows with a known value that have to come in its order."""
_NO_FIELD = "oakum_none"
"""A name that no field has."""


def run(engine: Engine) -> None:
    """Orders each list by hidden fields."""
    engine.say("ordering lists by hidden fields")
    done: set[tuple[str, str, str]] = set()
    for hidden in list(hidden_fields(engine)):
        for probe in engine.state.probes:
            if hidden.resource not in probe.shows or probe.personal or probe.batch:
                continue
            for order in _orders(probe, hidden.field):
                place = (probe.id, f"{hidden.resource}.{hidden.field}", hidden.label)
                if place not in done and _is_allowed(done, probe, order):
                    done.add(place)
                    _Order(engine, probe, hidden, order).run()


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each parameter that orders a list."""
    for probe in prospect.probes:
        names = [path for paths in probe.shows.values() for path in paths]
        for parameter in _sort_parameters(probe):
            if any(_order_values(parameter, path) for path in names):
                yield {
                    "as": "viewers who may not see the field",
                    "request": f"{probe.endpoint.method} {probe.endpoint.path}?{parameter.name}=…",
                    "why": "an order by a hidden field reveals it",
                }


@dataclass(frozen=True)
class _Choice:
    """How a list is ordered by a field, and the other way round."""

    parameter: str
    up: tuple[tuple[str, str], ...]
    down: tuple[tuple[str, str], ...] = ()
    """Query for the reverse order; empty if the document offers none."""
    declared: bool = False
    """Whether the document lists this order."""


def _is_allowed(done: set[tuple[str, str, str]], probe: Probe, order: _Choice) -> bool:
    fields = {field for endpoint, field, _ in done if endpoint == probe.id}
    return order.declared or len(fields) < _MOST


def _sort_parameters(probe: Probe) -> Iterator[Parameter]:
    for each in probe.operation.parameters if probe.asks is None and not probe.query else ():
        said = frozenset(words(each.name))
        if each.where == "query" and said & SORTS and not said & _WAYS:
            yield each


def _orders(probe: Probe, field: str) -> Iterator[_Choice]:
    """How a list may be ordered by a field."""
    for parameter in _sort_parameters(probe):
        named = _order_values(parameter, field)
        turn = _direction_parameter(probe)
        if parameter.shape.enum or (parameter.shape.items and parameter.shape.items().enum):
            up = [each for each in named if not _is_down(each)] or named[:1]
            down = [each for each in named if each not in up]
            if up:
                first = ((parameter.name, up[0]),)
                back = ((parameter.name, down[0]),) if down else ((*first, turn) if turn else ())
                yield _Choice(parameter.name, first, back, declared=True)
        elif "string" in parameter.shape.kinds or not parameter.shape.kinds:
            first = ((parameter.name, field),)
            yield _Choice(
                parameter.name, first, (*first, turn) if turn else ((parameter.name, f"-{field}"),)
            )


def _order_values(parameter: Parameter, field: str) -> list[str]:
    """Values of a parameter that mean a field; the field itself where any text may stand."""
    shape = parameter.shape.items() if parameter.shape.items is not None else parameter.shape
    if not shape.enum:
        return [field]
    own = {words(field), words(field.rpartition(".")[2])}
    # `created_at` is offered as `created`.
    own |= {said[:-1] for said in own if len(said) > 1 and said[-1] in _TIMES}
    return [
        text
        for text in map(str, shape.enum)
        if tuple(each for each in words(text) if each not in _SAYS_WAY) in own
    ]


def _is_down(text: str) -> bool:
    return text.startswith("-") or not _DOWN.isdisjoint(words(text))


def _direction_parameter(probe: Probe) -> tuple[str, str] | None:
    """A parameter beside the order that turns it round, with its value."""
    for each in probe.operation.parameters:
        if each.where == "query" and not _WAYS.isdisjoint(words(each.name)):
            down = [str(value) for value in each.shape.enum if _is_down(str(value))]
            if each.shape.kinds - {"null"} == {"boolean"}:
                return (each.name, "true") if not _DOWN.isdisjoint(words(each.name)) else None
            return (each.name, down[0] if down else "desc")
    return None


@dataclass
class _Order:
    """One list, one hidden field, and one viewer."""

    engine: Engine
    probe: Probe
    hidden: HiddenValue
    order: _Choice

    def run(self) -> None:
        """Reports the field if the list follows it, or that nobody can tell."""
        first = self._read(self.order.up)
        if first is None:
            return  # refused
        filled, answer, up = first
        rows, known = self._rows(up), self._values()
        told = [known[each] for each in rows if each in known]
        if len(rows) < _ROWS or not _is_sorted(told):
            return  # nobody's rows, or in no order of this field
        base = self._order(())
        back = self._order(self.order.down) if self.order.down else []
        if self.order.down and back == rows == base:
            return  # it orders by nothing
        kept = [each for each in rows if each in known]
        if kept and not any(self._hides(each) for each in kept):
            return  # it leaves out whatever hides the field
        turned = [each for each in back if each in known] == kept[::-1] and back != rows
        moved = sorted(base) == sorted(rows) and base != rows
        if self._is_telling(kept) and len({*told}) >= _ROWS and (turned or moved):
            other = self._order(((self.order.parameter, _NO_FIELD),))
            if other != rows and self._order(self.order.up) == rows:
                says = "the list is in the order of the hidden field"
                way = self._way(self.order.up)
                found = signal(self.engine, way, self.hidden, filled, answer, says)
                self.engine.results.report(replace(found, sure=False))
        elif self.order.declared and (moved or turned or base == rows):
            self._lack()

    def _lack(self) -> None:
        endpoint, rule = self.probe.endpoint, self.engine.model.rule(self.probe.operation.id)
        own = self.engine.context.account_settings
        written = own is not None and f"{self.hidden.resource}.{self.hidden.field}" in own.fields
        # A field that the run itself changes is tested by its two values.
        if not rule.untested and not written:
            self.engine.results.note_gap(
                f"{endpoint.method} {endpoint.path}",
                f"the document offers an order by `{self.hidden.resource}.{self.hidden.field}`,"
                f" which `{self.hidden.label}` may not see, and the response does not show whether"
                " the API follows it; let more identities own objects that this viewer is shown",
            )

    def _way(self, query: tuple[tuple[str, str], ...]) -> Probe:
        return self.probe.otherwise(HOW, query=query) if query else self.probe

    def _read(
        self, query: tuple[tuple[str, str], ...]
    ) -> tuple[FilledRequest, Response, ResponseReading] | None:
        engine, way = self.engine, self._way(query)
        filled = fill(way, engine.target, engine.knowledge, None)
        if filled is None:
            return None
        answer = engine.send(way, self.hidden.viewer, filled)
        if not answer.ok:
            return None
        engine.take_in_leaks(way, self.hidden.viewer, None, filled, answer)
        return filled, answer, read_parts(engine, way, self.hidden.viewer, filled, answer)

    def _order(self, query: tuple[tuple[str, str], ...]) -> list[str]:
        """Keys of the rows in another order; empty if it is refused or unavailable."""
        found = self._read(query)
        return self._rows(found[2]) if found is not None else []

    def _rows(self, answer: ResponseReading) -> list[str]:
        """Keys of the objects in an answer, in order."""
        start = f"{self.hidden.resource}:"
        lists = [
            [each.removeprefix(start) for each in value if each.startswith(start)]
            for place, value in answer.places.items()
            if place[0] == "order" and isinstance(value, tuple)
        ]
        return max(lists, key=len, default=[])

    def _values(self) -> dict[str, str]:
        """Key of an identity's object → its value of the field."""
        resource, field = (
            self.engine.model.policy.resources[self.hidden.resource],
            self.hidden.field,
        )
        return {
            row[resource.key]: row[field]
            for (_, name), rows in self.engine.knowledge.objects.items()
            for row in (rows if name == resource.name else ())
            if field in row and resource.key in row
        }

    def _is_telling(self, keys: Sequence[str]) -> bool:
        """Whether hidden values are ordered between visible ones, or all other values are hidden:
        at one end the API may have put rows without a value."""
        own = {
            row.get(self.engine.model.policy.resources[self.hidden.resource].key)
            for (who, name), rows in self.engine.knowledge.objects.items()
            for row in (rows if (who, name) == (self.hidden.viewer, self.hidden.resource) else ())
        }
        others = [self._hides(each) for each in keys if each not in own]
        if all(others):
            return bool(others)
        hidden = [self._hides(each) for each in keys]
        return hidden not in (sorted(hidden), sorted(hidden, reverse=True))

    def _hides(self, key: str) -> bool:
        """Whether an object is somebody's whose value the viewer may not see."""
        one, resource = self.hidden, self.engine.model.policy.resources[self.hidden.resource]
        return any(
            not self.engine.evaluator.may_see(one.viewer, who, name, one.field, row[one.field])
            for (who, name), rows in self.engine.knowledge.objects.items()
            for row in (rows if name == resource.name else ())
            if row.get(resource.key) == key and one.field in row
        )


def _is_sorted(texts: Sequence[str]) -> bool:
    """Whether values come in order, up or down, by letter, whatever their case, or by number."""
    return any(
        _rises(way) or _rises(way[::-1])
        for way in (texts, [each.casefold() for each in texts], _numbers(texts))
        if way is not None
    )


def _rises(values: Sequence[str] | Sequence[float]) -> bool:
    return [*values] == sorted(values)


def _numbers(texts: Sequence[str]) -> Sequence[float] | None:
    try:
        return [float(each) for each in texts]
    except ValueError:
        return None
