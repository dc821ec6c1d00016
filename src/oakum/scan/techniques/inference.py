"""A hidden field that steers the answer: whom a filter finds, in which order, how many (P15).

No forbidden value stands in any body. Two questions that differ in one value of an owner's, or one
question in two worlds that do (law 8), are answered differently to somebody who may not see it.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from oakum.contract.lexicon import listed, words
from oakum.exchange import Response
from oakum.finding import Evidence
from oakum.scan.asking import Filled, curl, fill, unlike
from oakum.scan.endpoints import Gate
from oakum.scan.engine import Engine
from oakum.scan.knowledge import says_nothing
from oakum.scan.matrix import state_key
from oakum.scan.ownership import is_one_of_many
from oakum.scan.reading import Place, Reading, read, told
from oakum.scan.signals import Signal
from oakum.scan.technique import Line, Prospect
from oakum.semantics.table import allows, deciding

HOW = "inference"

_FILTERS = listed("filter filters where query find search by match eq equals is in q criteria")
_FROM = listed("min minimum gt gte ge from after since above over start least")
_UPTO = listed("max maximum lt lte le to until before below under end most")
_NUMBER = 1
_DAY = datetime.timedelta(days=1)


def run(engine: Engine) -> None:
    """Filters by values that owners know of themselves; paired worlds are `worlds`' part."""
    engine.say("looking for hidden fields that steer an answer")
    broken: set[_Way] = set()
    for hidden in hidden_fields(engine):
        for gate in engine.gates:
            if hidden.resource in gate.shows and not gate.personal and not gate.batch:
                for way, one, other in _questions(gate, hidden):
                    if way in broken:
                        continue
                    told = _tells(engine, gate, hidden, one, other)
                    if told is None:
                        broken.add(way)
                    if told:
                        break


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each parameter that is called like a field."""
    for gate in prospect.gates:
        for parameter in gate.operation.parameters:
            name = frozenset(words(parameter.name))
            fields = [
                path
                for resource in gate.shows
                for path in prospect.model.tables[resource].leaves
                if name >= frozenset(words(path.split(".")[-1]))
            ]
            if parameter.where == "query" and fields and not gate.personal:
                yield {
                    "as": "viewers who may not see the field",
                    "request": f"{gate.endpoint.method}"
                    f" {gate.endpoint.path}?{parameter.name}=$OWN_VALUE",
                    "why": f"a filter by `{fields[0]}` may tell it",
                }


@dataclass(frozen=True)
class Hidden:
    """A value of one owner's that one viewer may not see."""

    resource: str
    field: str
    owner: str
    viewer: str | None
    label: str
    value: str
    key: str = ""
    """Of the object that it stands in, where an owner may have several in states of their own."""


def hidden_fields(engine: Engine, whose: str = "") -> Iterator[Hidden]:
    """Every denied (field, kind of viewer) once, with an owner whose value is known.

    Fields that are shown to that kind of viewer anyway, by leak or by right, are left out, and
    those that a signal has told already. `whose`: of this owner only.
    """
    matrix = engine.matrix
    shown = {(key.resource, key.field, key.viewer) for key, _ in matrix.leaks()}
    shown |= {(each.resource, each.field, each.viewer) for each in engine.signals}
    done: set[tuple[str, str, str]] = set()
    for (owner, resource, field), values in engine.knowledge.own.items():
        if owner not in engine.cast.ids or whose not in ("", owner):
            continue
        for viewer in engine.watchers(owner):
            held = engine.cast.relations(viewer, owner)
            label = engine.cast.label(held, viewer, owner)
            place = (resource, field, label)
            if place in shown or place in done:
                continue
            value, key = _denied(engine, (owner, resource, field), values, viewer)
            if not says_nothing(value):
                done.add(place)
                yield Hidden(resource, field, owner, viewer, label, value, key)


def _denied(
    engine: Engine, place: tuple[str, str, str], values: Collection[str], viewer: str | None
) -> tuple[str, str]:
    """A value of an owner's in a field that one viewer may not see, and the key of its object: no
    value that another object of the owner's, which the viewer may see, has as well."""
    owner, resource, field = place
    each = engine.model.policy.resources[resource]
    deciders = set(deciding(engine.model.tables[resource], field))
    own = {name for name, state in each.states.items() if state.member} & deciders
    if not own or not is_one_of_many(engine.model, each):
        sees = engine.matrix.sees(resource, field, viewer, owner)
        return ("" if sees else min(values, default=""), "")
    held = engine.cast.relations(viewer, owner)
    general = engine.matrix.state(resource, owner)
    denied: dict[str, str] = {}
    seen: set[str] = set()
    for row in engine.knowledge.objects.get((owner, resource), ()):
        known = engine.knowledge.conditions.get((owner, resource, row.get(each.key, "")), {})
        state = {**general, **known}
        hides = own <= known.keys() and not allows(
            engine.model.tables[resource], field, held, state
        )
        if hides and field in row:
            denied[row[field]] = row[each.key]
        elif field in row:
            seen.add(row[field])
    value = min(denied.keys() - seen, default="")
    return value, denied.get(value, "")


_Way = tuple[str, str, str]
"""Operation, parameter, and the form in which a question is put into it; empty: a bare value. One
that a server fails over is not asked again: the fault is the form's, not the target's."""


def _questions(gate: Gate, hidden: Hidden) -> Iterator[tuple[_Way, Gate, Gate]]:
    """Pairs of ways to ask: one that finds the owner if the filter reads the field, one that
    does not."""
    endpoint = gate.operation.id
    field = words(hidden.field.split(".")[-1])
    for parameter in gate.operation.parameters:
        if parameter.where != "query" or parameter.name in gate.sources:
            continue
        said = words(parameter.name)
        rest = [word for word in said if word not in field]
        named = set(field) <= set(said)
        if named and set(rest) <= _FILTERS | _FROM | _UPTO:
            pair = _around(hidden.value, bool(set(rest) & _FROM), bool(set(rest) & _UPTO))
        elif not named and set(said) <= _FILTERS and len(field) > 0:
            for form in ("{field}:{value}", "{field} eq {value}", '{{"{field}":"{value}"}}'):
                one, other = (
                    form.format(field=hidden.field, value=value)
                    for value in (hidden.value, unlike(hidden.value))
                )
                way = (endpoint, parameter.name, form)
                yield way, _asked(gate, parameter.name, one), _asked(gate, parameter.name, other)
            continue
        else:
            continue
        if pair and pair[0] != pair[1]:
            first, second = (_asked(gate, parameter.name, each) for each in pair)
            yield (endpoint, parameter.name, ""), first, second


def _asked(gate: Gate, name: str, value: str) -> Gate:
    return gate.otherwise(HOW, query=((name, value),), veiled={name: "$OWN_VALUE"})


def _around(value: str, above: bool, below: bool) -> tuple[str, str] | None:
    """Two values, of which only the first lets the owner through."""
    if not above and not below:
        return value, unlike(value)
    less, more = _next(value, -1), _next(value, 1)
    if less is None or more is None:
        return None
    return (less, more) if above else (more, less)


def _next(value: str, step: int) -> str | None:
    try:
        number = float(value)
        return str(int(number) + step * _NUMBER) if number.is_integer() else str(number + step)
    except ValueError:
        pass
    try:
        return (datetime.date.fromisoformat(value[:10]) + step * _DAY).isoformat()
    except ValueError:
        return None


def _tells(engine: Engine, gate: Gate, hidden: Hidden, one: Gate, other: Gate) -> bool | None:
    """Whether the owner comes with their own value and not with another, twice in a row; None: the
    server failed over the question."""
    readings: list[Reading] = []
    asked: tuple[Filled, Response] | None = None
    for way in (one, other, one, other):
        filled = fill(way, engine.target, engine.knowledge, None)
        if filled is None:
            return False
        answer = engine.send(way, hidden.viewer, filled)
        if answer.status >= 500:
            return None
        readings.append(reading(engine, way, hidden.viewer, filled, answer))
        asked = asked or (filled, answer)
        present = _came(engine, hidden, readings[-1])
        if present == bool(len(readings) % 2 == 0):
            return False
    assert asked is not None
    engine.signals.append(
        signal(engine, one, hidden, asked[0], asked[1], "the owner comes with the right value only")
    )
    return True


def _came(engine: Engine, hidden: Hidden, answer: Reading) -> bool:
    """Whether the object that holds the value came: another of its owner's says nothing."""
    if hidden.key:
        return (hidden.resource, hidden.key) in answer.objects
    return any((hidden.resource, id) in answer.members for id in engine.cast.ids[hidden.owner])


def reading(
    engine: Engine, gate: Gate, viewer: str | None, filled: Filled, answer: Response
) -> Reading:
    """An answer taken apart for `viewer`."""
    question = engine.question(gate, viewer, frozenset(), filled, gate.id)
    _, judged, _ = engine.evaluator.walk(gate, question, answer)
    keys = {name: each.key for name, each in engine.model.policy.resources.items()}
    return read(judged, answer, keys, filled.sent)


def signal(
    engine: Engine, gate: Gate, hidden: Hidden, filled: Filled, answer: Response, says: str
) -> Signal:
    """The finding that a question has told a hidden field."""
    table = engine.model.tables[hidden.resource]
    place = (hidden.owner, hidden.resource, hidden.key)
    known = engine.knowledge.conditions.get(place, {})
    state = state_key(
        table, hidden.field, {**engine.matrix.state(hidden.resource, hidden.owner), **known}
    )
    evidence = Evidence(
        None,
        engine.evaluator.side(hidden.viewer, hidden.label, answer),
        curl(filled, engine.credentials(hidden.viewer)),
        note=f"same question, two worlds, different answer: {says}",
    )
    return Signal(
        HOW, hidden.resource, hidden.field, hidden.label, gate.endpoint, evidence, state,
        hidden.viewer, True, says,
    )  # fmt: skip


__all__ = ["HOW", "Hidden", "Place", "foresee", "hidden_fields", "reading", "run", "signal", "told"]
