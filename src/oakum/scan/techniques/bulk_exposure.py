"""Bulk exposure: a search or look-up meant for one object, asked for all of them (P7).

A search by the whole name leaves out who does not want to be found, and `*` is another query, which
leaves out nobody; so are an empty term, the beginning of a name, all of a host, a list of ids in
the place of one. Each is asked as one identity first; what then shows anybody whom the documented
question did not show is asked as every kind of viewer, and judged like any answer. CWE-155.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from oakum.authz import Model
from oakum.exchange import json_bytes
from oakum.exposure.endpoints import Gate
from oakum.exposure.request_bodies import body_shape
from oakum.finding import Result
from oakum.inference.lexicon import FieldClass, classify_field, listed, singular, words
from oakum.openapi.model import Json, Shape
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import variable
from oakum.scan.requests.later_pages import read_on
from oakum.scan.requests.parameter_meanings import SIZES
from oakum.scan.technique import Line, Prospect

HOW = "bulk-exposure"
RULES: frozenset[str] = frozenset()
OPENS_WAYS = True

_ASKS = listed("q query search term keyword text filter find match contains like phrase needle")
_IDS = listed("id uuid guid key")
_BEGINNING = 3
"""Characters of a name that a search wants to have, mostly."""
_MANY = 1000
_MOST_OWNERS = 6
_TERM = "e"
"""What most texts hold."""
_MOST_TERMS = 2
_MOST_WAYS = 8
"""Questions asked in the place of one parameter."""


def run(engine: Engine) -> None:
    """Tries to list everybody at each endpoint that finds people."""
    engine.say("searching for everybody at once")
    for gate in list(engine.state.gates):
        if not _finds_people(engine.model, gate):
            for slot in _slots(engine.model, gate) if _says_nothing(engine.model, gate) else ():
                _each_person(engine, gate, slot)
            continue
        for slot in _slots(engine.model, gate):
            if slot.kind == "text":
                _each_person(engine, gate, slot)
            _everybody(engine, gate, slot)
        _for_nothing(engine, gate)
        _with_owner(engine, gate)
    read_on(engine)


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each parameter that finds people."""
    for gate in prospect.gates:
        for slot in _slots(prospect.model, gate) if _finds_people(prospect.model, gate) else ():
            asked = (
                "ids of several identities" if slot.kind == "ids" else "`*`, nothing, a beginning"
            )
            yield {
                "as": "an identity, then every kind of viewer if it shows more",
                "request": f"{gate.endpoint.method} {gate.endpoint.path}  with {asked} in"
                f" `{slot.name}`",
                "why": "a search for one person may return everybody",
            }


def _finds_people(model: Model, gate: Gate) -> bool:
    return any(model.policy.resources[name].owner.kind == "field" for name in gate.shows)


def _says_nothing(model: Model, gate: Gate) -> bool:
    """Whether the document has nobody's object in an answer: whose value it holds, values tell."""
    return all(model.policy.resources[name].owner.kind == "none" for name in gate.shows)


@dataclass(frozen=True)
class _Slot:
    """A parameter, or a member of the body, that says who is to be found."""

    name: str
    where: Literal["query", "body"]
    kind: Literal["text", "ids"]
    source: str
    """`Resource.field` that fills it; empty: none is known."""
    optional: bool
    above: str = ""
    """Member of the body in which it stands; empty: the body itself."""


def _slots(model: Model, gate: Gate) -> Iterator[_Slot]:
    """All of them, of endpoints that nobody else's id has to open first."""
    for each in gate.operation.parameters:
        if each.where != "query" or each.name in gate.lacks or gate.personal - {each.name}:
            continue
        source = gate.sources.get(each.name, "")
        if "array" in each.shape.kinds or _is_plural(each.name):
            if source := source or _meant_ids(model, gate, each.name):
                yield _Slot(each.name, "query", "ids", source, not each.required)
        elif _is_text(each.shape) and (source or _asks(model, gate, each.name, also=each.required)):
            yield _Slot(each.name, "query", "text", source, not each.required)
    shape = body_shape(gate.operation)
    if shape is not None:
        yield from _members(model, gate, shape)


def _members(model: Model, gate: Gate, shape: Shape, above: str = "") -> Iterator[_Slot]:
    """Those of a body, also of an object in it. Lists that the contract fills are asked anyway."""
    for name, thunk in shape.properties.items():
        inner, source = thunk(), "" if above else gate.sources.get(name, "")
        optional = name not in shape.required
        if not above and name in gate.lacks:
            continue  # the request beside this one has it
        narrowing = gate.personal - {name}
        if not _may_lack(shape, narrowing, above) or (above and name in gate.sources):
            continue
        if "array" in inner.kinds:
            meant = "" if source or above or narrowing else _meant_ids(model, gate, name)
            if meant:
                yield _Slot(name, "body", "ids", meant, optional)
        elif inner.properties and not above:
            yield from _members(model, gate, inner, name)
        elif _is_text(inner) and (source or _asks(model, gate, name, also=True)):
            yield _Slot(name, "body", "text", source, optional, above)


def _may_lack(shape: Shape, names: Collection[str], above: str) -> bool:
    """Whether a body need hold none of these: a search that an owner narrows is asked without."""
    return not names or (not above and shape.properties.keys() - {*shape.required} >= {*names})


def _is_text(shape: Shape) -> bool:
    """Whether any text may stand there."""
    plain = not shape.enum and shape.format in ("", "email", "idn-email", "phone", "password")
    return plain and (not shape.kinds or "string" in shape.kinds)


def _is_plural(name: str) -> bool:
    last = (words(name) or ("",))[-1]
    return singular(last) != last and singular(last) in _IDS


def _asks(model: Model, gate: Gate, name: str, *, also: bool) -> bool:
    """Whether a name is a field's: `name`, `filter[name]`. `also`: or asks for anything, which
    `options` tries where it is optional."""
    said = words(name)
    fields = {
        words(leaf.split(".")[-1])
        for resource in gate.shows
        for leaf in model.tables[resource].leaves
        if model.policy.resources[resource].owner.kind != "none"
    }
    named = tuple(word for word in said if word not in _ASKS)
    return said in fields or named in fields or (also and not _ASKS.isdisjoint(said))


def _meant_ids(model: Model, gate: Gate, name: str) -> str:
    """The key of the one owned resource that an endpoint shows, for a list called after ids."""
    shown = [model.policy.resources[each] for each in gate.shows]
    keyed = [each for each in shown if each.key and each.owner.kind != "none"]
    return f"{keyed[0].name}.{keyed[0].key}" if len(keyed) == 1 and _is_plural(name) else ""


# --------------------------------------------------------- one owner at a time, as documented


def _each_person(engine: Engine, gate: Gate, slot: _Slot) -> None:
    """The documented question, once about each identity, and about an object of theirs in each
    state: a name is nobody's id, so the endpoint was asked with anybody's."""
    resource = engine.model.policy.resources.get(slot.source.partition(".")[0])
    if slot.name in gate.personal or resource is None or resource.owner.kind == "none":
        return
    named = replace(gate, personal=gate.personal | {slot.name})
    for who in engine.cast.subjects():
        for turn in engine.evaluator.turns(named, who):
            for viewer in (who, *engine.watchers(who)):
                cells = (engine.matrix.undecided(gate.id, viewer, who, each) for each in gate.shows)
                loose = viewer != who and _says_nothing(engine.model, gate)
                if loose or any(next(each, None) is not None for each in cells):
                    engine.put(named, viewer, who, turn=turn)


# --------------------------------------------------------- all owners at once


def _everybody(engine: Engine, gate: Gate, slot: _Slot) -> None:
    """Ask in one way after another, until somebody leaks."""
    if not engine.cast.subjects():  # no identity could log in
        return
    known: set[str] = set()
    """Terms that are no signs here: the endpoint answered, and showed nobody else."""
    for term, way in islice(_ways(engine, gate, slot), _MOST_WAYS):
        if term[:-1] and term[-1:] in known:
            continue
        if _shows_more(engine, gate, way) and _ask_all(engine, way):
            return
        form = engine.state.forms.get((way.id, engine.cast.subjects()[0], None))
        if form is not None and 200 <= form[0] < 300:
            known.add(term)


def _ways(engine: Engine, gate: Gate, slot: _Slot) -> Iterator[tuple[str, Gate]]:
    """Other ways to ask, the widest first; with the term that is asked for, if it is one."""
    bare = _without(gate, slot.name)
    for each in gate.personal - {slot.name}:
        bare = _without(bare, each)
    if slot.kind == "ids":
        for way in _lists(engine, gate, slot):
            yield "", way
        return
    for value, symbol in _terms(engine, gate, slot):
        veiled = {slot.name: symbol} if symbol else {}
        if slot.where == "query":
            yield value, bare.otherwise(HOW, query=((slot.name, value),), veiled=veiled)
        else:
            endpoint = f"{gate.endpoint.path} with {slot.name}={symbol or value}"
            more = _body(gate, slot, value)
            if slot.above and symbol:
                shown = _body(gate, slot, symbol)[slot.above]
                veiled = {slot.above: json_bytes(shown).decode()}
            yield value, bare.otherwise(HOW, endpoint=endpoint, fixed=more, veiled=veiled)


def _for_nothing(engine: Engine, gate: Gate) -> None:
    """A search whose body need hold nothing, for nothing and for an empty text, as each kind of
    viewer: what names an owner narrows it, so its plain question is never so wide."""
    shape = body_shape(gate.operation)
    named = [each.name for each in gate.operation.parameters]
    if shape is None or not shape.properties or shape.required or gate.asks is not None:
        return
    if gate.personal & set(named) or not engine.state.was_asked(gate):
        return
    bare = gate
    for name in shape.properties:
        bare = replace(_without(bare, name), batch=False)
    empty = {name: "" for name, thunk in shape.properties.items() if _is_text(thunk())}
    for said, more in (("nothing", {}), ("empty texts", empty)):
        way = bare.otherwise(HOW, endpoint=f"{gate.endpoint.path} for {said}", fixed=more)
        if way.id not in engine.matrix.gates and (said == "nothing" or more):
            engine.matrix.open(way)
            _ask_all(engine, way)


def _with_owner(engine: Engine, gate: Gate) -> None:
    """A term and an owner together, where one narrows the other: each caller about an object of
    their own, and whoever else comes was found by the term alone."""
    if not gate.personal or gate.batch or gate.asks is not None or not engine.state.was_asked(gate):
        return
    for name in islice(_terms_beside(engine.model, gate), _MOST_TERMS):
        in_query = any(each.name == name for each in gate.operation.parameters)
        way = gate.otherwise(
            HOW,
            endpoint="" if in_query else f"{gate.endpoint.path} with {name}={_TERM}",
            query=((name, _TERM),) if in_query else (),
            fixed={} if in_query else {name: _TERM},
        )
        viewer = engine.cast.subjects()[0] if engine.cast.subjects() else ""
        if not viewer or way.id in engine.matrix.gates:
            continue
        engine.matrix.open(way)
        outcome = engine.put(way, viewer, viewer)
        before = engine.state.seen.get((gate.id, viewer), {}).get(viewer, set())
        if outcome is None or {e for e, _ in outcome.sighted} <= {viewer, *(e for e, _ in before)}:
            continue
        engine.state.keep_way(way)
        for other in engine.watchers(None):
            engine.put(way, other, other or viewer)


def _terms_beside(model: Model, gate: Gate) -> Iterator[str]:
    """Parameters and members that ask for any text, and that nothing fills."""
    shape = body_shape(gate.operation)
    inner = {name: thunk() for name, thunk in shape.properties.items()} if shape else {}
    inner |= {e.name: e.shape for e in gate.operation.parameters if e.where == "query"}
    for name, each in inner.items():
        if name not in gate.sources and _is_text(each) and _asks(model, gate, name, also=True):
            yield name


def _without(gate: Gate, name: str) -> Gate:
    """An endpoint in which nothing fills a parameter."""
    return replace(
        gate,
        sources={each: source for each, source in gate.sources.items() if each != name},
        fixed={each: value for each, value in gate.fixed.items() if each != name},
        personal=gate.personal - {name},
        unfilled=tuple(each for each in gate.unfilled if each != name),
        guessed=tuple(each for each in gate.guessed if each != name),
    )


def _terms(engine: Engine, gate: Gate, slot: _Slot) -> Iterator[tuple[str, str]]:
    """(what is asked for, what stands for it in curl lines where it is a part of somebody's)."""
    yield "*", ""
    if _is_key(engine.model, slot.source):
        return
    yield "%", ""
    source, own = _own_text(engine, gate, slot)
    symbol = variable(engine.cast.subjects()[-1], source)
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


def _own_text(engine: Engine, gate: Gate, slot: _Slot) -> tuple[str, str]:
    """`Resource.field` and the value of somebody's that is asked for: what fills the parameter, the
    field of its name, or else any text that the endpoint shows."""
    who = engine.cast.subjects()[-1]
    fields = {
        f"{resource}.{leaf}": words(leaf.split(".")[-1]) == words(slot.name)
        for resource in gate.shows
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


def _body(gate: Gate, slot: _Slot, value: str) -> dict[str, Json]:
    """A body that asks for `value`, and for as many as there may be."""
    shape = body_shape(gate.operation)
    if shape is None or not slot.above:
        return {slot.name: value, **_others(gate, shape, slot.name)}
    inner = shape.properties[slot.above]()
    within = {slot.name: value, **_others(gate, inner, slot.name)}
    return {slot.above: within, **_others(gate, shape, slot.above)}


def _others(gate: Gate, shape: Shape | None, taken: str) -> dict[str, Json]:
    """Further members that ask for many, or have to be there."""
    found: dict[str, Json] = {}
    for name, thunk in shape.properties.items() if shape is not None else ():
        inner, said = thunk(), frozenset(words(name))
        if name == taken or name in gate.sources:
            continue
        if said & SIZES and inner.kinds & {"integer", "number"}:
            found[name] = inner.maximum if isinstance(inner.maximum, int) else _MANY
        elif shape is not None and name in shape.required:
            found[name] = inner.example or (inner.enum[0] if inner.enum else "")
    return found


def _lists(engine: Engine, gate: Gate, slot: _Slot) -> Iterator[Gate]:
    """Ids of all identities in one question: each by itself, and behind commas; the own one first,
    and last, since an API may check one of them alone."""
    known = list(_of_each(engine, gate, slot))
    if len(known) < 2:
        return
    bare, symbol = _without(gate, slot.name), variable("EVERYBODY", slot.source)
    veiled = {slot.name: symbol}
    if slot.where == "query":
        endpoint = f"{gate.endpoint.path}?{slot.name}={symbol}"
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
        yield listed_.otherwise(HOW, endpoint=f"{gate.endpoint.path} with {slot.name}")


def _of_each(engine: Engine, gate: Gate, slot: _Slot) -> Iterator[str]:
    """One id of each identity, that of who asks first: a page may be short, and an endpoint may
    look at one of them alone. Who has shown none yet asks without any, where that may be."""
    taken: set[str] = set()
    for who in engine.cast.subjects()[:_MOST_OWNERS]:
        if not engine.knowledge.values(slot.source, who) and slot.optional:
            engine.put(gate, who, who)
        for each in engine.knowledge.values(slot.source, who):
            if each not in taken:
                taken.add(each)
                yield each
                break


# ---------------------------------------------------------------- requests


def _shows_more(engine: Engine, gate: Gate, way: Gate) -> bool:
    """Whether who asks so is shown anybody whom the documented question did not show."""
    if way.id in engine.matrix.gates:
        return False
    viewer = engine.cast.subjects()[0]
    engine.matrix.open(way)
    outcome = engine.put(way, viewer, None)
    if outcome is None:
        return False
    before = engine.state.seen.get((gate.id, ""), {}).get(viewer, set())
    return bool({owner for owner, _ in outcome.sighted} - {owner for owner, _ in before} - {viewer})


def _ask_all(engine: Engine, way: Gate) -> bool:
    """Ask as every kind of viewer; whether anything leaks."""
    engine.state.keep_way(way)
    for viewer in engine.watchers(None):
        engine.put(way, viewer, None)
    return any(
        entry.result is Result.LEAK and key.endpoint == way.id
        for key, entry in engine.matrix.leaks()
    )
