"""Bulk exposure: a search or look-up meant for one object, requested for all of them (P7).

A search by a whole name leaves out people who do not want to be found. `*` is another query and may
leave out nobody; so may an empty term, the beginning of a name, all of a host, or a list of ids in
place of one. Each is requested as one identity first. If it shows anybody whom the documented
request did not show, it is requested as every kind of viewer, and judged like any response.
CWE-155.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from oakum.authz import Model
from oakum.authz.parameter_maximums import SIZES
from oakum.exchange import json_bytes
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.endpoints.request_bodies import body_shape
from oakum.finding import Result
from oakum.inference.lexicon import FieldClass, classify_field, singular, word_set, words
from oakum.openapi.model import Json, Shape
from oakum.scan.engine import Engine
from oakum.scan.questions.later_pages import read_on
from oakum.scan.requests.builder import variable
from oakum.scan.technique import Line, Prospect

HOW = "bulk-exposure"
RULES: frozenset[str] = frozenset()
OPENS_WAYS = True

_ASKS = word_set("q query search term keyword text filter find match contains like phrase needle")
_IDS = word_set("id uuid guid key")
_BEGINNING = 3
"""How many characters of a name a search usually requires."""
_MANY = 1000
_MOST_OWNERS = 6
_TERM = "e"
"""A letter that most texts contain."""
_MOST_TERMS = 2
_MOST_WAYS = 8
"""How many variants of one parameter are requested."""


def run(engine: Engine) -> None:
    """Tries to list everybody at each endpoint that finds people."""
    engine.say("searching for everybody at once")
    for probe in engine.varied:
        if not _finds_people(engine.model, probe):
            for slot in _slots(engine.model, probe) if _says_nothing(engine.model, probe) else ():
                _each_person(engine, probe, slot)
            continue
        for slot in _slots(engine.model, probe):
            if slot.kind == "text":
                _each_person(engine, probe, slot)
            _everybody(engine, probe, slot)
        _for_nothing(engine, probe)
        _with_owner(engine, probe)
    read_on(engine)


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each parameter that finds people."""
    for probe in prospect.probes:
        for slot in _slots(prospect.model, probe) if _finds_people(prospect.model, probe) else ():
            asked = (
                "ids of several identities" if slot.kind == "ids" else "`*`, nothing, a beginning"
            )
            yield {
                "as": "an identity, then every kind of viewer if it shows more",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}  with {asked} in"
                f" `{slot.name}`",
                "why": "a search for one person may return everybody",
            }


def _finds_people(model: Model, probe: Probe) -> bool:
    return any(model.policy.resources[name].owner.kind == "field" for name in probe.shows)


def _says_nothing(model: Model, probe: Probe) -> bool:
    """Whether the document declares no owned object in the response: then values show whose data it
    has."""
    return all(model.policy.resources[name].owner.kind == "none" for name in probe.shows)


@dataclass(frozen=True)
class _Slot:
    """A parameter, or a member of the body, that selects people."""

    name: str
    where: Literal["query", "body"]
    kind: Literal["text", "ids"]
    source: str
    """`Resource.field` that fills it; empty if unknown."""
    optional: bool
    above: str = ""
    """The body member that contains it; empty for the body itself."""


def _slots(model: Model, probe: Probe) -> Iterator[_Slot]:
    """All such parameters and members, of endpoints that need no other person's id."""
    for each in probe.operation.parameters:
        if each.where != "query" or each.name in probe.lacks or probe.personal - {each.name}:
            continue
        source = probe.sources.get(each.name, "")
        if "array" in each.shape.kinds or _is_plural(each.name):
            if source := source or _meant_ids(model, probe, each.name):
                yield _Slot(each.name, "query", "ids", source, not each.required)
        elif _is_text(each.shape) and (
            source or _asks(model, probe, each.name, also=each.required)
        ):
            yield _Slot(each.name, "query", "text", source, not each.required)
    shape = body_shape(probe.operation)
    if shape is not None:
        yield from _members(model, probe, shape)


def _members(model: Model, probe: Probe, shape: Shape, above: str = "") -> Iterator[_Slot]:
    """Those of a body, also of an object in it. Lists that the contract fills are asked anyway."""
    for name, thunk in shape.properties.items():
        inner, source = thunk(), "" if above else probe.sources.get(name, "")
        optional = name not in shape.required
        if not above and name in probe.lacks:
            continue  # the request beside this one has it
        narrowing = probe.personal - {name}
        if not _may_lack(shape, narrowing, above) or (above and name in probe.sources):
            continue
        if "array" in inner.kinds:
            meant = "" if source or above or narrowing else _meant_ids(model, probe, name)
            if meant:
                yield _Slot(name, "body", "ids", meant, optional)
        elif inner.properties and not above:
            yield from _members(model, probe, inner, name)
        elif _is_text(inner) and (source or _asks(model, probe, name, also=True)):
            yield _Slot(name, "body", "text", source, optional, above)


def _may_lack(shape: Shape, names: Collection[str], above: str) -> bool:
    """Whether a body may omit all of these members, so that a search without an owner is tested."""
    return not names or (not above and shape.properties.keys() - {*shape.required} >= {*names})


def _is_text(shape: Shape) -> bool:
    """Whether any text may stand there."""
    plain = not shape.enum and shape.format in ("", "email", "idn-email", "phone", "password")
    return plain and (not shape.kinds or "string" in shape.kinds)


def _is_plural(name: str) -> bool:
    last = (words(name) or ("",))[-1]
    return singular(last) != last and singular(last) in _IDS


def _asks(model: Model, probe: Probe, name: str, *, also: bool) -> bool:
    """Whether a name is a field's: `name`, `filter[name]`. `also`: or asks for anything, which
    `optional_parameters` tries where it may be left out."""
    said = words(name)
    fields = {
        words(leaf.split(".")[-1])
        for resource in probe.shows
        for leaf in model.tables[resource].leaves
        if model.policy.resources[resource].owner.kind != "none"
    }
    named = tuple(word for word in said if word not in _ASKS)
    return said in fields or named in fields or (also and not _ASKS.isdisjoint(said))


def _meant_ids(model: Model, probe: Probe, name: str) -> str:
    """The key of the only owned resource that an endpoint shows, for a list parameter named after
    ids."""
    shown = [model.policy.resources[each] for each in probe.shows]
    keyed = [each for each in shown if each.key and each.owner.kind != "none"]
    return f"{keyed[0].name}.{keyed[0].key}" if len(keyed) == 1 and _is_plural(name) else ""


# --------------------------------------------------------- one owner at a time, as documented


def _each_person(engine: Engine, probe: Probe, slot: _Slot) -> None:
    """The documented request once about each identity, and about an object of theirs in each state,
    since a name is no id and the endpoint was requested with anybody's."""
    resource = engine.model.policy.resources.get(slot.source.partition(".")[0])
    if slot.name in probe.personal or resource is None or resource.owner.kind == "none":
        return
    named = replace(probe, personal=probe.personal | {slot.name})
    for who in engine.identities.subjects():
        for turn in engine.evaluator.turns(named, who):
            for viewer in (who, *engine.watchers(who)):
                cells = (
                    engine.matrix.undecided_cells(probe.id, viewer, who, each)
                    for each in probe.shows
                )
                loose = viewer != who and _says_nothing(engine.model, probe)
                if loose or any(next(each, None) is not None for each in cells):
                    engine.put(named, viewer, who, turn=turn)


# --------------------------------------------------------- all owners at once


def _everybody(engine: Engine, probe: Probe, slot: _Slot) -> None:
    """Requests one variant after another, until somebody's data leaks."""
    if not engine.identities.subjects():  # no identity could log in
        return
    known: set[str] = set()
    """Terms that are no signs here: the endpoint answered, and showed nobody else."""
    for term, way in islice(_ways(engine, probe, slot), _MOST_WAYS):
        if term[:-1] and term[-1:] in known:
            continue
        if _shows_more(engine, probe, way) and _ask_all(engine, way):
            return
        form = engine.responses.forms.get((way.id, engine.identities.subjects()[0], None))
        if form is not None and 200 <= form[0] < 300:
            known.add(term)


def _ways(engine: Engine, probe: Probe, slot: _Slot) -> Iterator[tuple[str, Probe]]:
    """Other variants of the request, the widest first, with the search term if it has one."""
    bare = _without(probe, slot.name)
    for each in probe.personal - {slot.name}:
        bare = _without(bare, each)
    if slot.kind == "ids":
        for way in _lists(engine, probe, slot):
            yield "", way
        return
    for value, symbol in _terms(engine, probe, slot):
        veiled = {slot.name: symbol} if symbol else {}
        if slot.where == "query":
            yield value, bare.otherwise(HOW, query=((slot.name, value),), veiled=veiled)
        else:
            endpoint = f"{probe.endpoint.path} with {slot.name}={symbol or value}"
            more = _body(probe, slot, value)
            if slot.above and symbol:
                shown = _body(probe, slot, symbol)[slot.above]
                veiled = {slot.above: json_bytes(shown).decode()}
            yield value, bare.otherwise(HOW, endpoint=endpoint, fixed=more, veiled=veiled)


def _for_nothing(engine: Engine, probe: Probe) -> None:
    """A search whose body may be empty, with an empty body and an empty text, as each kind of
    viewer: an owner in the body narrows it, so the documented request is never so wide."""
    shape = body_shape(probe.operation)
    named = [each.name for each in probe.operation.parameters]
    if shape is None or not shape.properties or shape.required or probe.asks is not None:
        return
    if probe.personal & set(named) or not engine.state.was_asked(probe):
        return
    bare = probe
    for name in shape.properties:
        bare = replace(_without(bare, name), batch=False)
    empty = {name: "" for name, thunk in shape.properties.items() if _is_text(thunk())}
    for said, more in (("nothing", {}), ("empty texts", empty)):
        way = bare.otherwise(HOW, endpoint=f"{probe.endpoint.path} for {said}", fixed=more)
        if way.id not in engine.matrix.probes and (said == "nothing" or more):
            engine.matrix.open(way)
            _ask_all(engine, way)


def _with_owner(engine: Engine, probe: Probe) -> None:
    """A term and an owner together, where one narrows the other: each caller searches with an
    object of their own, so other people in the response were found by the term alone."""
    if (
        not probe.personal
        or probe.batch
        or probe.asks is not None
        or not engine.state.was_asked(probe)
    ):
        return
    for name in islice(_terms_beside(engine.model, probe), _MOST_TERMS):
        in_query = any(each.name == name for each in probe.operation.parameters)
        way = probe.otherwise(
            HOW,
            endpoint="" if in_query else f"{probe.endpoint.path} with {name}={_TERM}",
            query=((name, _TERM),) if in_query else (),
            fixed={} if in_query else {name: _TERM},
        )
        viewer = engine.identities.subjects()[0] if engine.identities.subjects() else ""
        if not viewer or way.id in engine.matrix.probes:
            continue
        engine.matrix.open(way)
        outcome = engine.put(way, viewer, viewer)
        before = engine.responses.seen.get((probe.id, viewer), {}).get(viewer, set())
        if outcome is None or {e for e, _ in outcome.sighted} <= {viewer, *(e for e, _ in before)}:
            continue
        engine.state.keep_way(way)
        for other in engine.watchers(None):
            engine.put(way, other, other or viewer)


def _terms_beside(model: Model, probe: Probe) -> Iterator[str]:
    """Parameters and members that ask for any text, and that nothing fills."""
    shape = body_shape(probe.operation)
    inner = {name: thunk() for name, thunk in shape.properties.items()} if shape else {}
    inner |= {e.name: e.shape for e in probe.operation.parameters if e.where == "query"}
    for name, each in inner.items():
        if name not in probe.sources and _is_text(each) and _asks(model, probe, name, also=True):
            yield name


def _without(probe: Probe, name: str) -> Probe:
    """An endpoint in which nothing fills a parameter."""
    return replace(
        probe,
        sources={each: source for each, source in probe.sources.items() if each != name},
        fixed={each: value for each, value in probe.fixed.items() if each != name},
        personal=probe.personal - {name},
        unfilled=tuple(each for each in probe.unfilled if each != name),
        guessed=tuple(each for each in probe.guessed if each != name),
    )


def _terms(engine: Engine, probe: Probe, slot: _Slot) -> Iterator[tuple[str, str]]:
    """(search term, its placeholder in curl lines if it is part of a personal value)."""
    yield "*", ""
    if _is_key(engine.model, slot.source):
        return
    yield "%", ""
    source, own = _own_text(engine, probe, slot)
    symbol = variable(engine.identities.subjects()[-1], source)
    if own and not slot.source:
        yield own, symbol
    if slot.optional and slot.where == "query" and not slot.source:
        return
    yield "", ""
    local, at, host = own.partition("@")
    if at and local:
        yield f"*@{host}", f"*@{symbol}_HOST"
        yield f"@{host}", f"@{symbol}_HOST"
    start = local[:_BEGINNING]
    for end in ("", "*", "%") if start and start != own else ():
        yield start + end, f"{symbol}_BEGINNING{end}"
    if not slot.source:
        yield "a", ""
        yield "e", ""


def _is_key(model: Model, source: str) -> bool:
    """Whether it is an id: nobody searches by the beginning of one."""
    resource, _, path = source.partition(".")
    known = model.policy.resources.get(resource)
    return known is not None and known.key == path and classify_field(path) is not FieldClass.HANDLE


def _own_text(engine: Engine, probe: Probe, slot: _Slot) -> tuple[str, str]:
    """(`Resource.field`, value) of an identity to search for: from the source of the parameter, the
    field with its name, or else any text that the endpoint shows."""
    who = engine.identities.subjects()[-1]
    fields = {
        f"{resource}.{leaf}": words(leaf.split(".")[-1]) == words(slot.name)
        for resource in probe.shows
        for leaf in engine.model.tables[resource].leaves
        if leaf != engine.model.policy.resources[resource].key
    }
    for source in (
        [slot.source] if slot.source else sorted(fields, key=lambda each: not fields[each])
    ):
        for own in engine.knowledge.values(source, who):
            if slot.source or (any(c.isalpha() for c in own) and len(own) > _BEGINNING):
                return source, own
    return "", ""


def _body(probe: Probe, slot: _Slot, value: str) -> dict[str, Json]:
    """A body that searches for `value`, with the largest page size."""
    shape = body_shape(probe.operation)
    if shape is None or not slot.above:
        return {slot.name: value, **_others(probe, shape, slot.name)}
    inner = shape.properties[slot.above]()
    within = {slot.name: value, **_others(probe, inner, slot.name)}
    return {slot.above: within, **_others(probe, shape, slot.above)}


def _others(probe: Probe, shape: Shape | None, taken: str) -> dict[str, Json]:
    """Further members that enlarge the page or are required."""
    found: dict[str, Json] = {}
    for name, thunk in shape.properties.items() if shape is not None else ():
        inner, said = thunk(), frozenset(words(name))
        if name == taken or name in probe.sources:
            continue
        if said & SIZES and inner.kinds & {"integer", "number"}:
            found[name] = inner.maximum if isinstance(inner.maximum, int) else _MANY
        elif shape is not None and name in shape.required:
            found[name] = inner.example or (inner.enum[0] if inner.enum else "")
    return found


def _lists(engine: Engine, probe: Probe, slot: _Slot) -> Iterator[Probe]:
    """Ids of all identities in one request: repeated, and comma-separated, with the own id first
    and last, since an API may check only one of them."""
    known = list(_of_each(engine, probe, slot))
    if len(known) < 2:
        return
    bare, symbol = _without(probe, slot.name), variable("EVERYBODY", slot.source)
    veiled = {slot.name: symbol}
    if slot.where == "query":
        endpoint = f"{probe.endpoint.path}?{slot.name}={symbol}"
        for order, said in ((known, ""), (known[::-1], ", own last")):
            pairs = tuple((slot.name, each) for each in order)
            yield bare.otherwise(HOW, endpoint=f"{endpoint}{said}", query=pairs, veiled=veiled)
            query = ((slot.name, ",".join(order)),)
            yield bare.otherwise(HOW, endpoint=f"{endpoint},…{said}", query=query, veiled=veiled)
    else:
        listed_ = replace(
            bare,
            sources={**bare.sources, slot.name: slot.source},
            personal=bare.personal | {slot.name},
            batch=True,
        )
        yield listed_.otherwise(HOW, endpoint=f"{probe.endpoint.path} with {slot.name}")


def _of_each(engine: Engine, probe: Probe, slot: _Slot) -> Iterator[str]:
    """One id of each identity, each once: a page may be short, and an endpoint may check one id
    only. An identity without a known id first requests the endpoint without the parameter, if it is
    optional."""
    taken: set[str] = set()
    for who in engine.identities.subjects()[:_MOST_OWNERS]:
        if not engine.knowledge.values(slot.source, who) and slot.optional:
            engine.put(probe, who, who)
        for each in engine.knowledge.values(slot.source, who):
            if each not in taken:
                taken.add(each)
                yield each
                break


# ---------------------------------------------------------------- requests


def _shows_more(engine: Engine, probe: Probe, way: Probe) -> bool:
    """Whether the variant shows its caller people whom the documented request did not show."""
    if way.id in engine.matrix.probes:
        return False
    viewer = engine.identities.subjects()[0]
    engine.matrix.open(way)
    outcome = engine.put(way, viewer, None)
    if outcome is None:
        return False
    before = engine.responses.seen.get((probe.id, ""), {}).get(viewer, set())
    return bool({owner for owner, _ in outcome.sighted} - {owner for owner, _ in before} - {viewer})


def _ask_all(engine: Engine, way: Probe) -> bool:
    """Requests as every kind of viewer; returns whether anything leaks."""
    engine.state.keep_way(way)
    for viewer in engine.watchers(None):
        engine.put(way, viewer, None)
    return any(
        entry.result is Result.LEAK and key.endpoint == way.id
        for key, entry in engine.matrix.leaks()
    )
