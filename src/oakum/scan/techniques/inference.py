"""Inference: a hidden field changes which objects a filter finds, or their order or number (P15).

No response contains a forbidden value. The evidence is that a caller who may not see a value gets
different responses to two requests that differ in that value of an owner, or to one request in two
worlds that differ in it (law 8).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from oakum.authz.table import allows, deciding
from oakum.exchange import Response
from oakum.exposure.endpoints import Probe
from oakum.exposure.knowledge import says_nothing
from oakum.exposure.matrix import state_key
from oakum.exposure.ownership import is_one_of_many
from oakum.exposure.response_reader import is_success
from oakum.exposure.side_channels import Place, Reading, read, told
from oakum.exposure.signals import Signal
from oakum.finding import Evidence, Result
from oakum.openapi.model import Json, Parameter
from oakum.scan.engine import Engine, Kind
from oakum.scan.requests.builder import Filled, curl, fill
from oakum.scan.requests.json_filters import Dialect, dialects, literal
from oakum.scan.requests.parameter_meanings import BARE, Filter, another, filter_by, forms, put
from oakum.scan.requests.values_to_write import shape_of
from oakum.scan.technique import Line, Prospect

HOW = "inference"
RULES: frozenset[str] = frozenset({"inference-leak"})
OPENS_WAYS = False

_LEAST = 4
"""Characters of a value that a search for any text is asked for."""
_TOKEN = re.compile(r"\w{2,}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def run(engine: Engine) -> None:
    """Tests filters with values known to their owners; `worlds` tests changed settings."""
    engine.say("looking for hidden fields that affect responses")
    tried = _Tried()
    words: _Words = {}
    for hidden in hidden_fields(engine):
        for probe in engine.state.probes:
            if _lists(probe, hidden.resource) and not _is_refused(engine, probe, hidden):
                for asking in _questions(engine, probe, hidden, words, tried):
                    if tried.is_vain(asking.way, hidden):
                        continue
                    if _tells(engine, asking, hidden, partial(tried.met, asking.way, hidden)):
                        tried.works.add(asking.way.place)
                        break
    engine.state.remark(*tried.notes())


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each parameter that is called like a field."""
    for probe in prospect.probes:
        for parameter in probe.operation.parameters:
            if parameter.where != "query" or not any(_lists(probe, each) for each in probe.shows):
                continue
            fields = (
                path
                for resource in filter(partial(_lists, probe), probe.shows)
                for path in prospect.model.tables[resource].leaves
                if filter_by(parameter, path)
            )
            field = next(fields, "")
            if field or forms(parameter) or dialects(parameter):
                named = f"`{field}`" if field else "a hidden field"
                asked = f"{probe.endpoint.path}?{parameter.name}=$OWN_VALUE"
                yield {
                    "as": "viewers who may not see the field",
                    "request": f"{probe.endpoint.method} {asked}",
                    "why": f"a filter by {named} may reveal it",
                }


def _lists(probe: Probe, resource: str) -> bool:
    """Whether an endpoint may show several objects of a resource, be it below an account or another
    object: one that is named by itself is not looked for by a filter."""
    named = {probe.sources[each].partition(".")[0] for each in probe.personal}
    return resource in probe.shows and resource not in named and not probe.batch


def _is_refused(engine: Engine, probe: Probe, hidden: Hidden) -> bool:
    """Whether a viewer is refused what is below the owner's account without any filter."""
    form = engine.state.forms.get((probe.id, hidden.viewer, hidden.owner))
    return bool(probe.personal) and form is not None and not is_success(form[0])


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
    """Each denied (field, kind of viewer) once, with an owner whose value is known; without those
    already shown or reported. `whose`: this owner only."""
    matrix = engine.matrix
    shown = {(key.resource, key.field, key.viewer) for key, _ in matrix.leaks()}
    shown |= {(each.resource, each.field, each.viewer) for each in engine.state.signals}
    done: set[tuple[str, str, Kind]] = set()
    for (owner, resource, field), values in engine.knowledge.own.items():
        if owner not in engine.identities.ids or whose not in ("", owner):
            continue
        for viewer in engine.watchers(owner):
            kind = engine.kind(viewer, owner)
            place = (resource, field, kind)
            if (resource, field, kind.label) in shown or place in done:
                continue
            value, key = _denied(engine, (owner, resource, field), values, viewer)
            if not says_nothing(value):
                done.add(place)
                yield Hidden(resource, field, owner, viewer, kind.label, value, key)


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
        sees = engine.evaluator.may_see
        # An object may name the viewer in a relation that shows them the field.
        hidden = [text for text in values if not sees(viewer, owner, resource, field, text)]
        return (min(hidden, default=""), "")
    held = engine.held(viewer, owner)
    general = engine.matrix.state(resource, owner)
    denied: dict[str, str] = {}
    seen: set[str] = set()
    for row in engine.knowledge.objects.get((owner, resource), ()):
        known = engine.knowledge.states_of(owner, resource, row.get(each.key, ""))
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


@dataclass(frozen=True)
class _Way:
    """A parameter, and the form in which a question is put into it."""

    probe: Probe
    parameter: str
    form: str
    """One of `meanings.forms`, or a place of a condition in JSON; empty: the parameter is a
    field's."""

    @property
    def place(self) -> tuple[str, str]:
        return f"{self.probe.endpoint.method} {self.probe.endpoint.path}", self.parameter

    @property
    def key(self) -> tuple[str, str, str]:
        return self.probe.operation.id, self.parameter, self.form


class _Tried:
    """Results by form: a form that made a server fail is not repeated, nor one that was
    rejected."""

    def __init__(self) -> None:
        self.failed: set[tuple[str, str, str]] = set()
        self.refused: set[tuple[tuple[str, str, str], str, str]] = set()
        self.works: set[tuple[str, str]] = set()
        """Parameters that are known to filter."""
        self.spoken: dict[tuple[str, str, str | None], Dialect | None] = {}
        """(endpoint, parameter, viewer) → the dialect in which it filters by what the viewer may
        see; None: in none that is known."""
        self._forms: dict[tuple[str, str], bool] = {}

    def is_vain(self, way: _Way, hidden: Hidden) -> bool:
        asked = (way.key, hidden.resource, hidden.field)
        failed = [each for each in self.failed if each[:2] == way.key[:2]]
        return way.key in failed or len(failed) >= _MOST_FAILED or asked in self.refused

    def met(self, way: _Way, hidden: Hidden, status: int) -> None:
        """Records a response's status."""
        if way.form:
            self._forms[way.place] = self._forms.get(way.place, False) or 200 <= status < 300
        if status >= _FAILS:
            self.failed.add(way.key)
        elif status in _REFUSES:
            self.refused.add((way.key, hidden.resource, hidden.field))

    def notes(self) -> list[str]:
        """Remarks on parameters that rejected every form, or found nobody by what may be seen."""
        said = []
        without = {place[:2] for place, found in self.spoken.items() if found is None}
        for (endpoint, name), taken in self._forms.items():
            why = "" if taken else "every syntax was refused"
            if taken and (endpoint, name) in without:
                why = "no condition on a field that the caller may see found its owner"
            if why and (endpoint, name) not in self.works:
                said.append(f"{endpoint}: no filter in `{name}` was tested: {why}")
        return said


_FAILS = 500
_MOST_FAILED = 3
"""Forms that a server fails over until no other is put into the same parameter."""
_REFUSES = (400, 406, 409, 415, 422)
"""Statuses that find fault with a question itself (RFC 9110, 15.5)."""


_Words = dict[tuple[str | None, str], set[str]]
"""(viewer, owner) → words of what the one may see of the other; no question here adds to them."""


@dataclass(frozen=True)
class _Asking:
    """Three questions to one filter."""

    way: _Way
    one: Probe
    """Finds the owner if the filter reads the field."""
    other: Probe
    """Finds them for nothing that is hidden."""
    near: Probe | None
    """Differs from the first in one word alone; None: the filter is not given a value."""
    said: str = ""
    """Where in the filter the value stands; empty: it is the filter."""


def _questions(
    engine: Engine, probe: Probe, hidden: Hidden, words: _Words, tried: _Tried
) -> Iterator[_Asking]:
    """What to ask the filters of an endpoint to learn of a hidden value."""
    plain, careful = another(hidden.value), _otherwise(engine, hidden, words)
    near = _nearly(hidden.value, careful)
    for parameter in probe.operation.parameters:
        name = parameter.name
        if parameter.where != "query":
            continue
        way, source = _Way(probe, name, ""), f"{hidden.resource}.{hidden.field}"
        found = filter_by(parameter, hidden.field)
        if found is None and probe.sources.get(name) == source:
            found = Filter(frozenset(), named=False)
        if found is not None:
            # A parameter with the field's own name can mean nothing else.
            pair = found.pair(hidden.value, plain if found.named else careful)
            if pair and pair[0] != pair[1]:
                one, two = (_asked(probe, name, each) for each in pair)
                last = _asked(probe, name, near) if found.by_value else None
                yield _Asking(way, one, two, last)
            continue
        if dialects(parameter):
            yield from _conditions(engine, way, parameter, hidden, careful, tried)
            continue
        for form in forms(parameter):
            if careful == hidden.value or (form == BARE and len(hidden.value) < _LEAST):
                continue
            said = (put(form, hidden.field, each) for each in (hidden.value, careful, near))
            one, two, three = (_asked(probe, name, each) for each in said)
            yield _Asking(replace(way, form=form), one, two, three)


def _conditions(
    engine: Engine, way: _Way, parameter: Parameter, hidden: Hidden, careful: str, tried: _Tried
) -> Iterator[_Asking]:
    """Conditions on a hidden field, in each place of a filter that is JSON; in the plain place
    alone if conditions on what the viewer may see have no effect.

    Where those work, a condition on a field means this field, and its other value need not hold
    what the viewer sees of the owner."""
    granted = _granted(engine, hidden)
    place = (*way.place, hidden.viewer)
    if granted and place not in tried.spoken:
        tried.spoken[place] = _spoken(engine, way, parameter, hidden, granted, tried)
    confirmed = tried.spoken.get(place)
    if confirmed is not None:
        tried.works.add(way.place)
    other = another(hidden.value) if confirmed is not None else careful
    if other == hidden.value:
        return
    values = (hidden.value, other, _nearly(hidden.value, other))
    shape = shape_of(engine.model, hidden.resource, *hidden.field.split("."))
    for dialect in (confirmed,) if confirmed is not None else dialects(parameter):
        known = [dialect.conditions(hidden.field, literal(each, shape)) for each in values]
        shown = dialect.conditions(hidden.field, "…")
        for name in known[0]:
            if name and granted and confirmed is None:
                continue
            one, two, three = (_put(way.probe, parameter.name, dialect, e[name]) for e in known)
            said = "&".join("=".join(e) for e in dialect.pairs(parameter.name, shown[name]))
            form = replace(way, form=f"{dialect.sign}{dialect.within} {name}")
            yield _Asking(form, one, two, three, said.replace('"…"', "…"))


def _put(probe: Probe, name: str, dialect: Dialect, condition: Json) -> Probe:
    (pair,) = dialect.pairs(name, condition)
    return _asked(probe, *pair, of=name)


_CONTROLS = 2
"""Fields that the viewer may see by which a filter is tried."""


def _granted(engine: Engine, hidden: Hidden) -> list[tuple[str, str]]:
    """(field, value) of the same object that the viewer may see, those of the object itself first
    and dates last."""
    known, resource = engine.knowledge, engine.model.policy.resources[hidden.resource]
    found: list[tuple[str, str]] = []
    if hidden.key:
        for row in known.objects.get((hidden.owner, hidden.resource), ()):
            found += row.items() if row.get(resource.key) == hidden.key else ()
    else:
        found = [
            (field, min(values))
            for (who, name, field), values in known.own.items()
            if (who, name) == (hidden.owner, hidden.resource) and values
        ]
    sees = engine.evaluator.may_see
    seen = [
        (field, value)
        for field, value in found
        if not says_nothing(value)
        and another(value) != value
        and sees(hidden.viewer, hidden.owner, hidden.resource, field, value)
    ]
    return sorted(
        seen, key=lambda e: (e[0].count("."), bool(_DAY.match(e[1])), e[0] == resource.key)
    )[:_CONTROLS]


def _spoken(
    engine: Engine,
    way: _Way,
    parameter: Parameter,
    hidden: Hidden,
    granted: Sequence[tuple[str, str]],
    tried: _Tried,
) -> Dialect | None:
    """The dialect in which a filter finds an owner by what the viewer may see of them, and not by
    another value; None: in none that is known."""
    for dialect in dialects(parameter):
        met = partial(tried.met, replace(way, form=f"{dialect.sign}{dialect.within} seen"), hidden)
        for field, value in granted:
            shape = shape_of(engine.model, hidden.resource, *field.split("."))
            for right in (True, False):
                given = literal(value if right else another(value), shape)
                asked = _put(
                    way.probe, parameter.name, dialect, dialect.conditions(field, given)[""]
                )
                answer = _answer(engine, asked, hidden, met)
                if answer is None or _came(engine, hidden, answer[2]) != right:
                    break
            else:
                return dialect
    return None


def _nearly(value: str, other: str) -> str:
    """A value with its most telling word as in another one, and the rest as it is."""
    spans = [each.span() for each in _TOKEN.finditer(value)] if len(value) == len(other) else []
    changed = [(a, b) for a, b in spans if value[a:b] != other[a:b]]
    if not changed:
        return other
    a, b = max(changed, key=lambda at: (not value[at[0] : at[1]].isalpha(), at[1] - at[0]))
    return value[:a] + other[a:b] + value[b:]


def _otherwise(engine: Engine, hidden: Hidden, words: _Words) -> str:
    """Another value that holds what the viewer may see of its owner anyway: a search that finds the
    owner by their name finds them by that as well. The value itself: it tells nothing."""
    pair = (hidden.viewer, hidden.owner)
    if pair not in words:
        words[pair] = set(_words_seen(engine, *pair))
    seen = words[pair]
    value, other = hidden.value, another(hidden.value)
    spans = [each.span() for each in _TOKEN.finditer(value)]
    known = [(a, b) for a, b in spans if _is_seen(value[a:b].casefold(), seen)]
    if len(other) != len(value):
        return value if known else other
    for a, b in known:
        other = other[:a] + value[a:b] + other[b:]
    return other


def _words_seen(engine: Engine, viewer: str | None, owner: str) -> Iterator[str]:
    sees = engine.evaluator.may_see
    for (who, resource, field), values in engine.knowledge.own.items():
        if who == owner and engine.may_see(resource, field, viewer, owner):
            # Of objects in different states, the viewer sees some.
            seen = [each for each in values if sees(viewer, owner, resource, field, each)]
            yield from (token for each in seen for token in _TOKEN.findall(each.casefold()))


def _is_seen(token: str, seen: Collection[str]) -> bool:
    return any(token in each or (each in token and len(each) >= _LEAST) for each in seen)


def _asked(probe: Probe, name: str, value: str, of: str = "") -> Probe:
    """`of`: the parameter that `name` is a part of."""
    way = probe.otherwise(HOW, query=((name, value),), veiled={name: "$OWN_VALUE"})
    fixed = {each: given for each, given in way.fixed.items() if each not in (name, of)}
    sources = {each: source for each, source in way.sources.items() if each not in (name, of)}
    unfilled = tuple(each for each in way.unfilled if each not in (name, of))
    personal = way.personal & sources.keys()
    return replace(way, fixed=fixed, sources=sources, unfilled=unfilled, personal=personal)


def _tells(engine: Engine, asking: _Asking, hidden: Hidden, met: Callable[[int], None]) -> bool:
    """Whether the owner comes with their own value and not with another, twice in a row, or a row
    does that names nobody. That another value is refused says nothing: it may be so for its form.
    `met`: takes each status in."""
    readings: list[Reading] = []
    asked: tuple[Filled, Response] | None = None
    came, sure = False, True
    for turn, way in enumerate((asking.one, asking.other, asking.one, asking.other)):
        last = asking.near if turn == 3 and not came else None
        answer = _answer(engine, last or way, hidden, met)
        if answer is None:
            return False
        readings.append(answer[2])
        asked = asked or answer[:2]
        if not turn:
            came = _came(engine, hidden, answer[2])
            sure = came or _is_unmistakable(engine, hidden)
            # What has no rows that name nobody cannot have more of them.
            may_tell = asking.near is not None and bool(answer[2].unnamed)
            if not came and not (may_tell and _is_theirs_alone(engine, hidden)):
                return False
        if came and _came(engine, hidden, answer[2]) == bool(turn % 2):
            return False
        if not came and not _more_rows(readings):
            return False
    assert asked is not None
    if _sent(engine, asking.one, hidden, *asked):
        return True
    says = (
        "the filter finds the owner only with the right value"
        if came
        else "the filter returns a row that names nobody, only with the right value"
    )
    found = signal(engine, asking.one, hidden, *asked, says, asking.said)
    engine.state.report(replace(found, sure=sure))
    return True


def _sent(engine: Engine, way: Probe, hidden: Hidden, filled: Filled, answer: Response) -> bool:
    """Judges the rows that the right value brings, as those of any request; whether the hidden
    field itself is among what they show."""
    way = replace(way, how="option")  # what stands in the rows is sent, not inferred
    engine.matrix.open(way)
    outcome = engine.take_in(way, hidden.viewer, _whose(way, hidden), filled, answer)
    engine.state.keep_way(way)
    place = (hidden.resource, hidden.field, hidden.label)
    return any(
        seen.result is Result.LEAK and seen.key[1:4] == place for seen in outcome.observations
    )


def _answer(
    engine: Engine, way: Probe, hidden: Hidden, met: Callable[[int], None]
) -> tuple[Filled, Response, Reading] | None:
    """A question, and its answer; None if it cannot be asked, or its form is refused."""
    filled = fill(way, engine.target, engine.knowledge, _whose(way, hidden))
    if filled is None:
        return None
    answer = engine.send(way, hidden.viewer, filled)
    met(answer.status)
    if answer.status >= _FAILS or answer.status in _REFUSES:
        return None
    return filled, answer, reading(engine, way, hidden.viewer, filled, answer)


def _whose(way: Probe, hidden: Hidden) -> str | None:
    """Whose values a path needs that leads to the list."""
    return hidden.owner if way.personal else None


def _more_rows(readings: Sequence[Reading]) -> bool:
    """Whether each answer to the right value has rows that name nobody, more than any other has,
    and the same objects as all others."""
    right, wrong = readings[::2], readings[1::2]
    least = min(each.unnamed for each in right)
    same = {(each.members, each.objects) for each in readings}
    return len(same) == 1 and least > max((each.unnamed for each in wrong), default=0)


def _is_theirs_alone(engine: Engine, hidden: Hidden) -> bool:
    """Whether no other identity has a hidden value, and its owner has it in no field that the
    viewer may see."""
    places = engine.knowledge.places(hidden.value, hidden.owner)
    sees = engine.evaluator.may_see
    return (
        len(hidden.value) >= _LEAST
        and bool(places)
        and not any(sees(hidden.viewer, hidden.owner, *place, hidden.value) for place in places)
    )


def _is_unmistakable(engine: Engine, hidden: Hidden) -> bool:
    """Whether nobody else at all has a value by chance."""
    return engine.knowledge.canary(hidden.value) is not None


def _came(engine: Engine, hidden: Hidden, answer: Reading) -> bool:
    """Whether the object that holds the value came: another of its owner's says nothing."""
    if hidden.key:
        return (hidden.resource, hidden.key) in answer.objects
    return any(
        (hidden.resource, id) in answer.members for id in engine.identities.ids[hidden.owner]
    )


def reading(
    engine: Engine, probe: Probe, viewer: str | None, filled: Filled, answer: Response
) -> Reading:
    """A response taken apart for comparison."""
    question = engine.question(probe, viewer, frozenset(), filled, probe.id)
    value, judged, _ = engine.evaluator.walk(probe, question, answer)
    keys = {name: each.key for name, each in engine.model.policy.resources.items()}
    return read(value, judged, answer, keys, filled.sent)


def signal(
    engine: Engine,
    probe: Probe,
    hidden: Hidden,
    filled: Filled,
    answer: Response,
    says: str,
    place: str = "",
) -> Signal:
    """The finding that a request revealed a hidden field. `place`: where in a filter it stands."""
    table = engine.model.tables[hidden.resource]
    known = engine.knowledge.states_of(hidden.owner, hidden.resource, hidden.key)
    state = state_key(
        table, hidden.field, {**engine.matrix.state(hidden.resource, hidden.owner), **known}
    )
    evidence = Evidence(
        None,
        engine.evaluator.side(hidden.viewer, hidden.label, answer),
        curl(filled, engine.context.credentials(hidden.viewer)),
        note=f"the same request gets a different response after only this field changed: {says}"
        + (f"; asked as `{place}`" if place else ""),
    )
    return Signal(
        HOW, hidden.resource, hidden.field, hidden.label, probe.endpoint, evidence, state,
        hidden.viewer, True, says,
    )  # fmt: skip


__all__ = [
    "HOW",
    "OPENS_WAYS",
    "RULES",
    "Hidden",
    "Place",
    "foresee",
    "hidden_fields",
    "reading",
    "run",
    "signal",
    "told",
]
