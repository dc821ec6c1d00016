"""Optional parameters that ask an endpoint for more (P7, P8).

A list filters its fields and `?include=author` does not; a search that takes `*` returns everybody.
Each parameter that the document declares is tried as the owner of the object first. If it changes
the form of the response, it is requested as every kind of viewer, and judged field by field like
any response. If it changes nothing for the owner, it may still open the object to somebody else:
see `scan/questions/request_options_as_viewer.py`. If the response declares nobody's data, only
misplaced values can be evidence, so viewers are asked at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from oakum.authz.parameter_maximums import SIZES
from oakum.errors import few
from oakum.exposure.endpoints.offered_values import (
    choices,
    has_choices,
    members_with_choices,
    object_with,
)
from oakum.exposure.endpoints.parameter_styles import text_of
from oakum.exposure.endpoints.probes import EMBEDS, Probe
from oakum.inference.lexicon import words
from oakum.inference.unsafe_writes import asks_for_change
from oakum.openapi.model import Json, Parameter
from oakum.scan.engine import Engine
from oakum.scan.filters.field_selections import INSIDE, hidden_fields, resource_members, spellings
from oakum.scan.filters.filter_parameters import filter_by
from oakum.scan.filters.query_languages import is_text
from oakum.scan.filters.search_words import ask_by_words
from oakum.scan.questions.id_or_name import ask_by_other_names, other_names
from oakum.scan.questions.request_options_as_viewer import (
    Option,
    media_types,
    options_beside,
    try_as_viewers,
)
from oakum.scan.requests.parameter_meanings import (
    FORMATS,
    OMITS,
    ORDERS,
    PICKS,
    SWITCHES,
    TERMS,
    VIEWS,
    free,
)
from oakum.scan.requests.person_parameters import ask_for_others, named_others
from oakum.scan.technique import Line, Prospect

HOW = "option"
RULES: frozenset[str] = frozenset()
OPENS_WAYS = True

_MANY = 1000
_LONGEST = 1_500
"""Characters of names that a parameter picks fields by; many servers refuse a URL of 8 KiB."""
_MOST = 6
"""Values tried of one parameter."""
_MOST_KINDS = 4
"""Known values of a field that tell kinds of objects apart, such as a status."""
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_TERMS = 2
"""Those tried by themselves where the answer declares nothing."""


def run(engine: Engine) -> None:
    """Try the optional parameters of every endpoint that shows anything."""
    engine.say("trying optional parameters")
    subjects = engine.identities.subjects()
    every: list[tuple[Probe, list[list[Option]], list[int]]] = []
    for probe in engine.varied:
        tried: list[list[Option]] = [*options_beside(probe)]
        for parameter in _optional(probe):
            values = _values(engine, probe, parameter)
            tried += _choices(probe, parameter, values)
            tried += _known_kinds(engine, probe, parameter)
            asked = [((parameter.name, value),) for value in values if probe.shows]
            chosen = [_try(engine, probe, probe.otherwise(HOW, query=q), subjects) for q in asked]
            tried += _spelled_options(engine, probe, parameter, subjects, known=any(chosen))
        for at, member in _members(probe):
            options = [
                Option(member.name, text_of(e), at=at, sent=e) for e in _choices_to_try(member)
            ]
            tried += [options] if options else []
            for each in options if probe.shows else ():
                content = object_with(at, each.sent, probe.fixed)
                _try(engine, probe, _with(probe, each.label, content), subjects)
        for name, value in _required_choices(probe):
            way = _with(probe, f"{name}={text_of(value)}", {name: value})
            _try(engine, probe, way, subjects)
            _as_others(engine, probe, way, subjects)
        every.append((probe, tried, try_as_viewers(engine, probe, tried)))
    for probe, tried, turns in every:  # objects in further states have come to light since then
        try_as_viewers(engine, probe, tried, but=turns)
    ask_for_others(engine)
    ask_by_other_names(engine)
    ask_by_words(engine)


def _spelled_options(
    engine: Engine, probe: Probe, parameter: Parameter, subjects: list[str], *, known: bool
) -> Iterator[list[Option]]:
    """Hidden fields, chosen in other spellings that give an owner an answer of another form.
    `known`: some value that was tried did. Where none does, nobody knows what it would open."""
    if not probe.shows or has_choices(parameter) or PICKS.isdisjoint(words(parameter.name)):
        return
    for query in spellings(engine.model, probe, parameter):
        way = probe.otherwise(HOW, query=query)
        if way.id not in engine.matrix.probes and _is_alive(engine, probe, way, subjects):
            known = True
            yield [Option(parameter.name, "", alone=True, query=query)]
    hides = hidden_fields(engine.model, probe.shows)
    seen = any((probe.id, name) in engine.matrix.carried for name in probe.shows)
    if hides and seen and not known and not engine.model.rule(probe.operation.id).untested:
        engine.results.note_gap(
            f"{probe.endpoint.method} {probe.endpoint.path}",
            f"no value of `{parameter.name}` that was tried chose a field, so what it would show of"
            f" {few(hides, 3)} is unknown: list its values as `enum` in"
            " the document",
        )


def _try(engine: Engine, probe: Probe, way: Probe, subjects: list[str]) -> bool:
    """Ask otherwise as everybody, if that gives an answer of another form; whether it does."""
    known = _own_objects(engine, probe, subjects)
    if way.id in engine.matrix.probes or not _is_alive(engine, probe, way, subjects):
        return way.id in engine.matrix.probes and way in engine.state.ways
    engine.state.keep_way(way)
    # If the option brings objects that the list hides by default, other users have such objects,
    # too: each owner's are requested.
    owners = subjects if _own_objects(engine, probe, subjects) > known else []
    for who in subjects if probe.personal else [None]:
        turn = engine.responses.showing(probe, who)
        for viewer in (who, *engine.watchers(who), *(owners if who is None else ())):
            engine.put(way, viewer, who, turn=turn)
    return True


def _own_objects(engine: Engine, probe: Probe, subjects: list[str]) -> int:
    """How many own objects of the resources of an endpoint the first identity was shown so far."""
    return sum(
        len(engine.knowledge.objects.get((w, r), ())) for w in subjects[:1] for r in probe.shows
    )


def _as_others(engine: Engine, probe: Probe, way: Probe, subjects: list[str]) -> None:
    """Ask about one owner as everybody what changes nothing for that owner: of what has to be
    chosen, no choice is more the plain question than another. Likewise where nothing is declared
    that could change."""
    if not probe.shows and not probe.personal:
        for viewer in engine.watchers(None):
            engine.put(way, viewer, None)
        return
    form = engine.responses.forms.get((way.id, subjects[0], subjects[0])) if subjects else None
    if (
        probe.personal
        and way not in engine.state.ways
        and form is not None
        and 200 <= form[0] < 300
    ):
        turn = engine.responses.showing(probe, subjects[0])
        for viewer in engine.watchers(subjects[0]):
            engine.put(way, viewer, subjects[0], turn=turn)


def _with(probe: Probe, said: str, fixed: Mapping[str, Json]) -> Probe:
    return probe.otherwise(HOW, endpoint=f"{probe.endpoint.path} with {said}", fixed=fixed)


def _required_choices(probe: Probe) -> Iterator[tuple[str, Json]]:
    """Required parameters that have choices, with those that are not asked for: the plain question
    took the first."""
    if not probe.query and not probe.how and probe.asks is None:
        for each in probe.operation.parameters:
            if not each.required or each.where not in ("path", "query", "header"):
                continue
            if each.name not in probe.fixed or asks_for_change(each.name, each.description):
                continue
            for value in choices(each.name, each.shape)[:_MOST]:
                if value != probe.fixed[each.name]:
                    yield each.name, value


def _members(probe: Probe) -> Iterator[tuple[tuple[str, ...], Parameter]]:
    """Members of the body of a read that have choices, and that nothing else fills."""
    plain = not probe.query and not probe.how and probe.asks is None
    for at, member in members_with_choices(probe.operation, probe.sources) if plain else ():
        if at[0] not in probe.sources:
            yield at, member


def _choices_to_try(member: Parameter) -> tuple[Json, ...]:
    """Choices to be tried: of a flag that may be left out, first that it is set."""
    found = choices(member.name, member.shape)[:_MOST]
    return found if member.required or found != (False, True) else (True, False)


def _choices(probe: Probe, parameter: Parameter, values: list[str]) -> Iterator[list[Option]]:
    """What is tried as other viewers too, of parameters that have choices or choose what is shown.
    What may take objects off a list is asked by itself."""
    name = frozenset(words(parameter.name))
    chosen = has_choices(parameter)
    if not probe.shows:
        alone = bool(name & (FORMATS | TERMS)) and not chosen
        found = values[-_TERMS:] if alone else values
        yield [Option(parameter.name, each, alone=alone) for each in found]
        return
    if name & (SIZES | TERMS) and not chosen:
        return
    options = [Option(parameter.name, each) for each in values]
    if name & FORMATS or not (probe.personal or (options and options[0].chooses)):
        options = [replace(each, alone=True) for each in options[:2]]
    if chosen or (options and options[0].chooses) or name & FORMATS:
        yield options


def _known_kinds(engine: Engine, probe: Probe, parameter: Parameter) -> Iterator[list[Option]]:
    """The values of a field, asked of the parameter that is called exactly like it: of a few that
    many objects share, such as a status, one may open what the others do not."""
    if has_choices(parameter) or not is_text(parameter.shape):
        return
    for resource in probe.shows:
        for path in engine.model.tables[resource].leaves:
            found = filter_by(parameter, path)
            if found is None or not found.named or found.said:
                continue
            rows = [
                row[path]
                for (_, name), known in engine.knowledge.objects.items()
                if name == resource
                for row in known
                if path in row
            ]
            values = sorted({*rows})
            if 1 < len(values) <= _MOST_KINDS and len(values) < len(rows):
                yield [Option(parameter.name, each, alone=True) for each in values]
                return


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each parameter that may be tried."""
    for name in other_names(prospect.model, prospect.probes):
        for source in name.sources:
            yield {
                "as": "an owner; then every kind of viewer",
                "request": f"{name.probe.endpoint.method} {name.probe.endpoint.path}"
                f"  with `{name.parameter}: {source}`",
                "why": "the document says that it takes this too",
            }
    others = named_others(prospect.model, prospect.probes)
    for probe in prospect.probes:
        for parameter, source in others.get(probe.id, ()):
            named = f"`{parameter.name}: {source or 'a known value of this name'}`"
            yield {
                "as": "an owner; then every kind of viewer",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}  with {named}",
                "why": "it may name somebody else",
            }
        for parameter in _optional(probe):
            yield {
                "as": "an owner, then every kind of viewer, with several options in one request",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}?{parameter.name}=…",
                "why": "an optional parameter may make the API show more",
            }
        for at, _ in _members(probe):
            yield {
                "as": "an owner, then every kind of viewer, with several options in one request",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}"
                f"  with `{'.'.join(at)}: …`",
                "why": "an option in the body may make the API show more",
            }
        options = [each[0] for each in options_beside(probe)] + [*media_types(probe)]
        for option in options if not probe.query else []:
            yield {
                "as": "every kind of viewer",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}"
                f"  with `{option.name}: …`",
                "why": "the header may make the API show more",
            }


def _optional(probe: Probe) -> Iterator[Parameter]:
    """Declared query parameters that no question fills yet."""
    if not probe.query and probe.asks is None:
        yield from (each for each in free(probe) if each.where == "query")


def _is_alive(engine: Engine, probe: Probe, way: Probe, subjects: list[str]) -> bool:
    """Whether asking so gives an answer of another form than the documented question."""
    for viewer in subjects[:1]:  # none when no identity could log in
        who = viewer if probe.personal else None
        before = engine.responses.forms.get((probe.id, viewer, who))
        engine.matrix.open(way)
        outcome = engine.put(way, viewer, who, turn=engine.responses.showing(probe, who))
        after = engine.responses.forms.get((way.id, viewer, who))
        if outcome is not None and after is not None and after != before:
            return 200 <= after[0] < 300
    return False


def _values(engine: Engine, probe: Probe, parameter: Parameter) -> list[str]:
    """What to try: the document's own choices, else its own example and what a parameter of this
    name takes. The example stands here and not in the plain question, since it may narrow."""
    name = frozenset(words(parameter.name))
    shape = parameter.shape
    if shape.enum:
        return [text_of(each) for each in choices(parameter.name, shape)][:_MOST]
    if "boolean" in shape.kinds:
        return ["true", "false"]
    if name & SIZES and shape.kinds & {"integer", "number"}:
        return [str(_MANY)]
    items = shape.items() if shape.items is not None else None
    if items is not None and items.enum:
        return [*map(text_of, items.enum)][:_MOST]
    if has_choices(parameter):
        return [text_of(each) for each in choices(parameter.name, shape)][:_MOST]
    given = parameter.example if parameter.example is not None else shape.example
    examples = [] if given is None else [text_of(given)]
    if name & SWITCHES and shape.kinds & {"integer", "number"}:
        return [*examples, "1"]
    texts = (each for each in _texts(engine, probe, parameter) if each)
    return list(dict.fromkeys((*examples, *texts)))[:_MOST]


def _texts(engine: Engine, probe: Probe, parameter: Parameter) -> Iterator[str]:
    name = frozenset(words(parameter.name))
    fields = [path for paths in probe.shows.values() for path in paths]
    if name & EMBEDS:
        links = _links(engine, probe, parameter)
        yield from links
        yield ",".join(links)
    elif name & PICKS:
        leaves = [leaf for each in probe.shows for leaf in engine.model.tables[each].leaves]
        # JSON:API (1.1, 7.3) names a field there without the object that it stands in.
        yield ",".join(sorted({leaf.split(".")[1] for leaf in leaves if leaf.startswith(INSIDE)}))
        every = {path.split(".")[0] for path in leaves}
        inside = {
            f"{member}.{leaf}"
            for member, name in resource_members(engine.model, probe)
            for leaf in engine.model.tables[name].leaves
        }
        dotted = {path for path in (*fields, *inside) if "*" not in path}
        whole = ",".join(sorted(every | dotted))
        yield whole if len(whole) <= _LONGEST else ",".join(sorted(every))
        yield "*"
        yield from hidden_fields(engine.model, probe.shows)[
            :1
        ]  # a strict API takes no name that it lacks
    elif name & OMITS:  # of an object without one field, the others may all be there
        yield from sorted({path for path in fields if "*" not in path})[:1]
    elif name & VIEWS:
        yield from ("full", "all", "admin", "detailed")
    elif name & FORMATS:
        yield from ("csv", "json", "full")
    elif name & SWITCHES:
        yield "true"
    elif name & TERMS:
        yield from ("*", "%", "a", "e")
    elif name & ORDERS and not probe.shows:
        yield "desc"


def _links(engine: Engine, probe: Probe, parameter: Parameter) -> list[str]:
    """Names by which an object may lead to another: those of members and of resources, first what
    the parameter's own description mentions, then members that hold another resource."""
    leaves = [leaf for each in probe.shows for leaf in engine.model.tables[each].leaves]
    # JSON:API (1.1, 7.2) lists there what may be included, and nothing else.
    related = [leaf.split(".")[1] for leaf in leaves if leaf.startswith("relationships.")]
    found: dict[str, None] = dict.fromkeys(related or (leaf.split(".")[0] for leaf in leaves))
    for name in engine.model.policy.resources:
        lower = name[0].lower() + name[1:]
        found.setdefault(lower)
        found.setdefault(lower + "s")
    said = _NAME.findall(parameter.description)
    found |= dict.fromkeys(each for each in said if each.partition(".")[0] in found)
    holders = {member for member, _ in resource_members(engine.model, probe)}

    def rank(name: str) -> tuple[bool, bool]:
        return name not in said, name not in holders

    return sorted(found, key=rank)[: _MOST - 1]
