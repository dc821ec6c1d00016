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

from oakum.exchange import Response
from oakum.exposure.cells.matrix import NOBODY, state_key
from oakum.exposure.cells.side_channel_comparison import (
    Place,
    ResponseReading,
    describe_differences,
    read,
)
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.leak_signal import Signal
from oakum.exposure.response_reader import is_success
from oakum.exposure.values.knowledge import says_nothing
from oakum.finding import Evidence, Result
from oakum.openapi.model import Json, Parameter
from oakum.scan.engine import Engine
from oakum.scan.filters.filter_parameters import OPPOSITES, Filter, another, filter_by
from oakum.scan.filters.filter_trial_results import FAILS, REFUSES, FilterForm, TrialResults
from oakum.scan.filters.hidden_values import HiddenValue, hidden_fields, hidden_in_list
from oakum.scan.filters.json_filters import Dialect, dialects, literal, under_other_names
from oakum.scan.filters.query_languages import BARE, forms, put
from oakum.scan.requests.builder import FilledRequest, curl, fill
from oakum.scan.requests.replacement_values import shape_of
from oakum.scan.technique import Line, Prospect

HOW = "inference"
RULES: frozenset[str] = frozenset({"inference-leak"})
OPENS_WAYS = False

_LEAST = 4
"""Shortest value in characters for a free-text search."""
_TOKEN = re.compile(r"\w{2,}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def run(engine: Engine) -> None:
    """Tests filters with values known to their owners; `worlds` tests changed settings."""
    engine.say("looking for hidden fields that affect responses")
    tried = TrialResults()
    words: _Words = {}
    for hidden in hidden_fields(engine):
        for probe in engine.state.probes:
            if _lists(probe, hidden.resource) and not _is_refused(engine, probe, hidden):
                _ask(engine, probe, hidden, words, tried)
    for probe in list(engine.state.probes):
        for hidden in hidden_in_list(engine, probe) if _filters_nobodys(engine, probe) else ():
            _ask(engine, probe, hidden, words, tried)
    engine.results.remark(*tried.notes())


def _ask(
    engine: Engine, probe: Probe, hidden: HiddenValue, words: _Words, tried: TrialResults
) -> None:
    """Asks each filter of an endpoint about a hidden value."""
    for asking in _questions(engine, probe, hidden, words, tried):
        if tried.is_vain(asking.way, hidden):
            continue
        if asking.way.form == BARE:
            tried.searched.add(asking.way.place)
        if _tells(engine, asking, hidden, partial(tried.note_status, asking.way, hidden)):
            tried.works.add(asking.way.place)
            break


def _filters_nobodys(engine: Engine, probe: Probe) -> bool:
    """Whether an endpoint lists what is nobody's, and a parameter may filter it."""
    keys = {f"{name}.{each.key}" for name, each in engine.model.policy.resources.items()}
    if probe.personal or probe.batch or probe.how or not keys.isdisjoint(probe.sources.values()):
        return False
    nobodys = [n for n in probe.shows if engine.model.policy.resources[n].owner.kind == "none"]
    fields = [path for name in nobodys for path in engine.model.tables[name].leaves]
    return any(
        forms(each) or dialects(each) or any(filter_by(each, path) for path in fields)
        for each in probe.operation.parameters
        if nobodys and each.where == "query"
    )


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each parameter named like a field."""
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
    """Whether an endpoint may show several objects of a resource, perhaps below an account or
    another object: an object named by itself needs no filter."""
    named = {probe.sources[each].partition(".")[0] for each in probe.personal}
    return resource in probe.shows and resource not in named and not probe.batch


def _is_refused(engine: Engine, probe: Probe, hidden: HiddenValue) -> bool:
    """Whether the viewer is refused the owner's data even without a filter, or anonymous callers
    are refused."""
    whose = hidden.owner if probe.personal else None
    form = engine.responses.forms.get((probe.id, hidden.viewer, whose))
    if form is None or is_success(form[0]):
        return False
    return bool(probe.personal) or (hidden.viewer is None and form[0] == 401)


_Words = dict[tuple[str | None, str], set[str]]
"""(viewer, owner) → words of what the one may see of the other; no question here adds to them."""


@dataclass(frozen=True)
class _Asking:
    """Three questions to one filter."""

    way: FilterForm
    one: Probe
    """Finds the owner if the filter reads the hidden field."""
    other: Probe
    """Would find the owner only by data that is not hidden."""
    near: Probe | None
    """Differs from `one` in a single word; None if the filter takes no value."""
    said: str = ""
    """Where in the filter the value is; empty: the value is the whole filter."""


def _questions(
    engine: Engine, probe: Probe, hidden: HiddenValue, words: _Words, tried: TrialResults
) -> Iterator[_Asking]:
    """The requests that test the filters of an endpoint for a hidden value."""
    plain, careful = another(hidden.value), another_to(engine, hidden, words)
    if plain == hidden.value:
        plain = _anothers(engine, hidden)
    near = _nearly(hidden.value, careful)
    for parameter in probe.operation.parameters:
        name = parameter.name
        if parameter.where != "query":
            continue
        way, source = FilterForm(probe, name, ""), f"{hidden.resource}.{hidden.field}"
        found = filter_by(parameter, hidden.field)
        if found is None and probe.sources.get(name) == source:
            found = Filter(frozenset(), named=False)
        if found is not None:
            # A parameter with the field's own name can mean nothing else.
            pair = found.pair(hidden.value, plain if found.named else careful)
            if pair and pair[0] != pair[1]:
                one, two = (_with_value(probe, name, each) for each in pair)
                last = _with_value(probe, name, near) if found.by_value else None
                yield _Asking(way, one, two, last)
            continue
        if dialects(parameter):
            yield from _conditions(engine, way, parameter, hidden, careful, tried)
            continue
        if (known := forms(parameter)) and way.place not in tried.learnt:
            _learn(engine, way, parameter, hidden, tried)
        for form in known:
            if careful == hidden.value or (form == BARE and len(hidden.value) < _LEAST):
                continue
            said = (put(form, hidden.field, each) for each in (hidden.value, careful, near))
            one, two, three = (_with_value(probe, name, each) for each in said)
            yield _Asking(replace(way, form=form), one, two, three)
    for other in under_other_names(probe.operation.parameters):
        way = FilterForm(probe, other.name, "")
        tried.undeclared.add(way.place)
        if (
            _find_dialect(engine, way, other, hidden, _granted_values(engine, hidden), tried)
            is not None
        ):
            yield from _conditions(engine, way, other, hidden, careful, tried)


def _anothers(engine: Engine, hidden: HiddenValue) -> str:
    """What another identity has in the same field, for a value too short to alter: a made-up one
    may be a stranger's. The value itself if there is none, or if it may be of several objects."""
    found = (
        value
        for (who, *place), values in engine.knowledge.own.items()
        if who != hidden.owner and place == [hidden.resource, hidden.field] and hidden.key
        for value in sorted(values - {hidden.value})
    )
    return next(found, hidden.value)


def _conditions(
    engine: Engine,
    way: FilterForm,
    parameter: Parameter,
    hidden: HiddenValue,
    careful: str,
    tried: TrialResults,
) -> Iterator[_Asking]:
    """Conditions on a hidden field, in each place of a filter that is JSON; in the plain place
    alone if conditions on what the viewer may see have no effect.

    Where those work, a condition on a field means this field, and its other value need not hold
    what the viewer sees of the owner."""
    granted = _granted_values(engine, hidden)
    confirmed = _find_dialect(engine, way, parameter, hidden, granted, tried)
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


def _learn(
    engine: Engine, way: FilterForm, parameter: Parameter, hidden: HiddenValue, tried: TrialResults
) -> None:
    """Learns in which forms a filter finds an object by what the viewer may see of it, and not by
    another value. What is refused in another form then is so for its form."""
    for field, value in _granted_values(engine, hidden):
        control, refused = replace(hidden, field=field, value=value), list[FilterForm]()
        for form in forms(parameter):
            each = replace(way, form=form)
            if (form == BARE and len(value) < _LEAST) or tried.is_vain(each, control):
                continue
            met = partial(tried.note_status, each, control)
            right, wrong = (
                _with_value(way.probe, parameter.name, put(form, field, text))
                for text in (value, another(value))
            )
            answer = _answer(engine, right, hidden, met)
            if answer is None:
                refused.append(each)
                continue
            if answer[1].ok:
                tried.learnt.setdefault(way.place, False)
            if not tried.learnt.get(way.place) and is_found(engine, hidden, answer[2]):
                answer = _answer(engine, wrong, hidden, met)
                tried.learnt[way.place] = answer is None or not is_found(engine, hidden, answer[2])
        if tried.learnt.get(way.place):
            tried.works.add(way.place)
            tried.are_vain(refused, value)
            return


def _put(probe: Probe, name: str, dialect: Dialect, condition: Json) -> Probe:
    (pair,) = dialect.pairs(name, condition)
    return _with_value(probe, *pair, of=name)


_CONTROLS = 2
"""By how many visible fields a filter is tested first."""


def _granted_values(engine: Engine, hidden: HiddenValue) -> list[tuple[str, str]]:
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
    sees = partial(engine.evaluator.may_see, hidden.viewer, hidden.owner, hidden.resource)
    if hidden.owner == NOBODY:
        seen = [*hidden.seen]
    else:
        seen = [(field, value) for field, value in found if sees(field, value)]
    seen = [each for each in seen if not says_nothing(each[1]) and another(each[1]) != each[1]]
    return sorted(
        seen, key=lambda e: (e[0].count("."), bool(_DAY.match(e[1])), e[0] == resource.key)
    )[:_CONTROLS]


def _find_dialect(
    engine: Engine,
    way: FilterForm,
    parameter: Parameter,
    hidden: HiddenValue,
    granted: Sequence[tuple[str, str]],
    tried: TrialResults,
) -> Dialect | None:
    """The dialect in which a filter finds an owner by what the viewer may see of them, looked for
    once for each viewer; None: in none that is known."""
    place = (*way.place, hidden.viewer)
    if granted and place not in tried.spoken:
        understood = partial(_is_understood, engine, way, hidden, granted, tried)
        tried.spoken[place] = next(filter(understood, dialects(parameter)), None)
    return tried.spoken.get(place)


def _is_understood(
    engine: Engine,
    way: FilterForm,
    hidden: HiddenValue,
    granted: Sequence[tuple[str, str]],
    tried: TrialResults,
    dialect: Dialect,
) -> bool:
    """Whether conditions in a dialect find an owner by each value that the viewer may see, and not
    by another one."""
    met = partial(
        tried.note_status, replace(way, form=f"{dialect.sign}{dialect.within} seen"), hidden
    )
    for field, value in granted:
        shape = shape_of(engine.model, hidden.resource, *field.split("."))
        for right in (True, False):
            given = literal(value if right else another(value), shape)
            asked = _put(way.probe, way.parameter, dialect, dialect.conditions(field, given)[""])
            answer = _answer(engine, asked, hidden, met)
            if answer is None or is_found(engine, hidden, answer[2]) != right:
                return False
    return True


def _nearly(value: str, other: str) -> str:
    """A value with its most telling word as in another one, and the rest as it is."""
    spans = [each.span() for each in _TOKEN.finditer(value)] if len(value) == len(other) else []
    changed = [(a, b) for a, b in spans if value[a:b] != other[a:b]]
    if not changed:
        return other
    a, b = max(changed, key=lambda at: (not value[at[0] : at[1]].isalpha(), at[1] - at[0]))
    return value[:a] + other[a:b] + value[b:]


def another_to(engine: Engine, hidden: HiddenValue, words: _Words) -> str:
    """Another value that holds what the viewer may see of its owner anyway: a search that finds the
    owner by their name finds them by that as well. The value itself: it tells nothing."""
    pair = (hidden.viewer, hidden.owner)
    if hidden.owner == NOBODY:
        seen = {word for _, text in hidden.seen for word in _TOKEN.findall(text.casefold())}
    else:
        if pair not in words:
            words[pair] = {*_words_seen(engine, *pair)}
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


def _with_value(probe: Probe, name: str, value: str, of: str = "") -> Probe:
    """`of`: the parameter that `name` is a part of."""
    way = probe.otherwise(HOW, query=((name, value),), veiled={name: "$OWN_VALUE"})
    fixed = {each: given for each, given in way.fixed.items() if each not in (name, of)}
    sources = {each: source for each, source in way.sources.items() if each not in (name, of)}
    unfilled = tuple(each for each in way.unfilled if each not in (name, of))
    personal = way.personal & sources.keys()
    return replace(way, fixed=fixed, sources=sources, unfilled=unfilled, personal=personal)


def _tells(
    engine: Engine, asking: _Asking, hidden: HiddenValue, met: Callable[[int], None]
) -> bool:
    """Whether the owner is found by their own value and not by another one, twice in a row, or an
    unnamed row is. A refused other value proves nothing: its form may be the reason. `met`:
    receives each status."""
    readings: list[ResponseReading] = []
    asked: tuple[FilledRequest, Response] | None = None
    came, sure = False, True
    for turn, way in enumerate((asking.one, asking.other, asking.one, asking.other)):
        last = asking.near if turn == 3 and not came else None
        answer = _answer(engine, last or way, hidden, met)
        if answer is None:
            return False
        readings.append(answer[2])
        asked = asked or answer[:2]
        if not turn:
            came = is_found(engine, hidden, answer[2])
            sure = came or _is_unmistakable(engine, hidden)
            sure = sure and hidden.value not in OPPOSITES  # half of all filters find the owner so
            # What has no rows that name nobody cannot have more of them.
            may_tell = asking.near is not None and bool(answer[2].unnamed)
            if not came and not (may_tell and _is_theirs_alone(engine, hidden)):
                return False
        if came and is_found(engine, hidden, answer[2]) == bool(turn % 2):
            return False
        if not came and not _more_rows(readings):
            return False
    assert asked is not None
    if _judge_rows(engine, asking.one, hidden, *asked):
        return True
    says = (
        "the filter finds the owner only with the right value"
        if came
        else "the filter returns a row that names nobody, only with the right value"
    )
    found = signal(engine, asking.one, hidden, *asked, says, asking.said)
    engine.results.report(replace(found, sure=sure))
    return True


def _judge_rows(
    engine: Engine, way: Probe, hidden: HiddenValue, filled: FilledRequest, answer: Response
) -> bool:
    """Judges the rows that the right value brings, as those of any request; whether the hidden
    field itself is among what they show."""
    outcome = engine.take_in_option(way, hidden.viewer, _whose(way, hidden), filled, answer)
    place = (hidden.resource, hidden.field, hidden.label)
    return any(
        seen.result is Result.LEAK and seen.key[1:4] == place for seen in outcome.observations
    )


def _answer(
    engine: Engine, way: Probe, hidden: HiddenValue, met: Callable[[int], None]
) -> tuple[FilledRequest, Response, ResponseReading] | None:
    """(request, response, reading); None if the request cannot be built, or its form is refused."""
    filled = fill(way, engine.target, engine.knowledge, _whose(way, hidden))
    if filled is None:
        return None
    answer = engine.send(way, hidden.viewer, filled)
    met(answer.status)
    if answer.status >= FAILS or answer.status in REFUSES:
        return None
    asked = any(hidden.value in value for _, value in way.query)  # an answer may repeat it
    known = replace(filled, sent=filled.sent | {hidden.value}) if asked else filled
    engine.take_in_leaks(way, hidden.viewer, _whose(way, hidden), known, answer)
    return filled, answer, read_parts(engine, way, hidden.viewer, filled, answer)


def _whose(way: Probe, hidden: HiddenValue) -> str | None:
    """The identity whose values a path to the list needs; None if it needs none."""
    return hidden.owner if way.personal else None


def _more_rows(readings: Sequence[ResponseReading]) -> bool:
    """Whether each answer to the right value has rows that name nobody, more than any other has,
    and the same objects as all others."""
    right, wrong = readings[::2], readings[1::2]
    least = min(each.unnamed for each in right)
    same = {(each.members, each.objects) for each in readings}
    return len(same) == 1 and least > max((each.unnamed for each in wrong), default=0)


def _is_theirs_alone(engine: Engine, hidden: HiddenValue) -> bool:
    """Whether no other identity has a hidden value, and its owner has it in no field that the
    viewer may see."""
    places = engine.knowledge.places(hidden.value, hidden.owner)
    sees = engine.evaluator.may_see
    return (
        hidden.owner != NOBODY
        and len(hidden.value) >= _LEAST
        and bool(places)
        and not any(sees(hidden.viewer, hidden.owner, *place, hidden.value) for place in places)
    )


def _is_unmistakable(engine: Engine, hidden: HiddenValue) -> bool:
    """Whether nobody else at all has a value by chance."""
    return engine.knowledge.canary(hidden.value) is not None


def is_found(engine: Engine, hidden: HiddenValue, answer: ResponseReading) -> bool:
    """Whether the object with the value was returned; another object of the owner proves
    nothing."""
    if hidden.key:
        return (hidden.resource, hidden.key) in answer.objects
    return any(
        (hidden.resource, id) in answer.members for id in engine.identities.ids[hidden.owner]
    )


def read_parts(
    engine: Engine, probe: Probe, viewer: str | None, filled: FilledRequest, answer: Response
) -> ResponseReading:
    """The response as the sets that `differences` compares."""
    seen = engine.judge_response(probe, viewer, (), filled, answer)
    keys = {name: each.key for name, each in engine.model.policy.resources.items()}
    return read(seen.value, seen.judgement, answer, keys, filled.sent)


def signal(
    engine: Engine,
    probe: Probe,
    hidden: HiddenValue,
    filled: FilledRequest,
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
    "Place",
    "another_to",
    "describe_differences",
    "foresee",
    "is_found",
    "read_parts",
    "run",
    "signal",
]
