"""Optional parameters: the same door, asked for more (P7, P8 of the catalogue).

A list filters its fields and `?include=author` does not; a search that takes `*` gives everybody.
Each parameter that the document declares is tried as its owner first. What changes the form of the
answer is asked as every kind of viewer, and judged field by field like any answer. What changes
nothing for the owner may open the object to somebody else: see `oakum.scan.viewers_options`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from oakum.contract.lexicon import listed, words
from oakum.contract.model import Parameter
from oakum.scan.asking import text_of
from oakum.scan.doors import EMBEDS, Gate
from oakum.scan.engine import Engine
from oakum.scan.technique import Line, Prospect
from oakum.scan.viewers_options import Option, header_options, media_types, try_as_viewers

HOW = "option"

_MANY = 1000
_MOST = 6
"""Values tried of one parameter."""
_PICKS = listed("fields select attributes columns props only projection")
_VIEWS = listed("view detail details mode level verbosity profile representation")
_SIZES = listed("limit size top take first count rows max")
_ASKS = listed("q query search term keyword text name filter find match contains like")
_FORMATS = listed("format output accept type")


def run(engine: Engine) -> None:
    """Try the optional parameters of every door that shows anything."""
    engine.say("trying optional parameters")
    subjects = engine.cast.subjects()
    for gate in list(engine.gates):
        choices: list[list[Option]] = [*header_options(gate)]
        for parameter in _optional(gate):
            values = _values(engine, gate, parameter)
            choices += _choices(gate, parameter, values)
            for value in values:
                way = gate.otherwise(HOW, query=((parameter.name, value),))
                if way.id in engine.matrix.gates or not _is_alive(engine, gate, way, subjects):
                    continue
                engine.matrix.open(way)
                engine.ways.append(way)
                for who in subjects if gate.personal else [None]:
                    for viewer in (who, *engine.watchers(who)):
                        engine.put(way, viewer, who)
        _other_choices(engine, gate, subjects)
        try_as_viewers(engine, gate, choices)


def _other_choices(engine: Engine, gate: Gate, subjects: list[str]) -> None:
    """Further choices of what has to be chosen: the plain question took the first."""
    for name, value in _required(gate):
        way = gate.otherwise(HOW, door=f"{gate.door.path} with {name}={value}", fixed={name: value})
        if way.id in engine.matrix.gates or not _is_alive(engine, gate, way, subjects):
            continue
        engine.ways.append(way)
        for who in subjects if gate.personal else [None]:
            for viewer in (who, *engine.watchers(who)):
                engine.put(way, viewer, who)


def _required(gate: Gate) -> Iterator[tuple[str, str]]:
    """Required parameters that have choices, with those that are not asked for."""
    if gate.shows and not gate.query and not gate.how and gate.asks is None:
        for each in gate.operation.parameters:
            if each.required and each.where in ("path", "query") and each.name in gate.fixed:
                for value in [*map(str, each.shape.enum)][:_MOST]:
                    if value != text_of(gate.fixed[each.name]):
                        yield each.name, value


def _choices(gate: Gate, parameter: Parameter, values: list[str]) -> Iterator[list[Option]]:
    """What is tried as other viewers too, of parameters that have choices or choose what is shown.
    What may take objects off a list is asked by itself."""
    name = frozenset(words(parameter.name))
    has_choices = bool(parameter.shape.enum) or "boolean" in parameter.shape.kinds
    if name & (_SIZES | _ASKS) and not has_choices:
        return
    options = [Option(parameter.name, each) for each in values]
    if name & _FORMATS or not (gate.personal or (options and options[0].chooses)):
        options = [replace(each, alone=True) for each in options[:2]]
    if has_choices or (options and options[0].chooses) or name & _FORMATS:
        yield options


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each parameter that may be tried."""
    for gate in prospect.gates:
        for parameter in _optional(gate):
            yield {
                "as": "an owner; then every kind of viewer, with several options in one question",
                "request": f"{gate.door.method} {gate.door.path}?{parameter.name}=…",
                "why": "an optional parameter may show more",
            }
        options = [each[0] for each in header_options(gate)] + [*media_types(gate)]
        for option in options if gate.shows and not gate.query else []:
            yield {
                "as": "every kind of viewer",
                "request": f"{gate.door.method} {gate.door.path}  with `{option.name}: …`",
                "why": "what a header asks for may show more",
            }


def _optional(gate: Gate) -> Iterator[Parameter]:
    """Declared query parameters that no question fills yet, of doors that show something."""
    if not gate.shows or gate.query:
        return
    for parameter in gate.operation.parameters:
        taken = parameter.name in gate.sources or parameter.name in gate.fixed
        if parameter.where == "query" and not parameter.required and not taken:
            yield parameter


def _is_alive(engine: Engine, gate: Gate, way: Gate, subjects: list[str]) -> bool:
    """Whether asking so gives an answer of another form than the documented question."""
    for viewer in subjects[:1]:  # none, when nobody could log in
        who = viewer if gate.personal else None
        before = engine.forms.get((gate.id, viewer, who))
        engine.matrix.open(way)
        outcome = engine.put(way, viewer, who)
        after = engine.forms.get((way.id, viewer, who))
        if outcome is not None and after is not None and after != before:
            return 200 <= after[0] < 300
    return False


def _values(engine: Engine, gate: Gate, parameter: Parameter) -> list[str]:
    """What to try: the document's own choices, else its own example and what a parameter of this
    name takes. The example stands here and not in the plain question, since it may narrow."""
    name = frozenset(words(parameter.name))
    shape = parameter.shape
    if shape.enum:
        return [str(each) for each in shape.enum][:_MOST]
    if "boolean" in shape.kinds:
        return ["true"]
    if name & _SIZES and shape.kinds & {"integer", "number"}:
        return [str(_MANY)]
    given = parameter.example if parameter.example is not None else shape.example
    examples = [] if given is None else [text_of(given)]
    return list(dict.fromkeys((*examples, *_texts(engine, gate, name))))[:_MOST]


def _texts(engine: Engine, gate: Gate, name: frozenset[str]) -> Iterator[str]:
    fields = [path for paths in gate.shows.values() for path in paths]
    if name & EMBEDS:
        yield from _links(engine, gate)
        yield ",".join(_links(engine, gate))
    elif name & _PICKS:
        every = {
            path.split(".")[0]
            for resource in gate.shows
            for path in engine.model.tables[resource].leaves
        }
        yield ",".join(sorted(every | set(fields)))
        yield "*"
    elif name & _VIEWS:
        yield from ("full", "all", "admin", "detailed")
    elif name & _FORMATS:
        yield from ("csv", "json", "full")
    elif name & _ASKS:
        yield from ("*", "%", "a", "e")


def _links(engine: Engine, gate: Gate) -> list[str]:
    """Names by which an object may lead to another: those of members and of resources."""
    found: dict[str, None] = {}
    for resource in gate.shows:
        for leaf in engine.model.tables[resource].leaves:
            found.setdefault(leaf.split(".")[0])
    for name in engine.model.policy.resources:
        lower = name[0].lower() + name[1:]
        found.setdefault(lower)
        found.setdefault(lower + "s")
    return list(found)[: _MOST - 1]
