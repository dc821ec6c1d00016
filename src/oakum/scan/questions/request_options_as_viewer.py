"""Options of a request that ask for more, tried as a viewer who may not have it.

An option that changes nothing for the owner of an object, who gets all of it anyway, may open the
whole object to others: `?include=email`, `?verbose=true`, `X-View: full`, `Accept: text/csv`
(CWE-862). So options are sent as each kind of viewer, too: all that can be combined in one request,
and each alone only if that request showed a difference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from urllib.parse import quote, urlencode

from oakum.exposure.cells.matrix import Key
from oakum.exposure.endpoints.offered_values import choices, object_with
from oakum.exposure.endpoints.parameter_styles import text_of
from oakum.exposure.endpoints.probes import EMBEDS, Probe, brief
from oakum.exposure.response_reader import is_success
from oakum.finding import Result
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Json
from oakum.scan.engine import Engine
from oakum.scan.evaluation.response_summary import Form, form_of
from oakum.scan.filters.query_languages import is_text
from oakum.scan.limits import is_spent
from oakum.scan.requests.builder import fill
from oakum.scan.requests.parameter_meanings import OMITS, free

HOW = "option"
_ROUNDS = 4
"""How many values of one option are requested."""
_CHOOSES = (
    EMBEDS
    | OMITS
    | word_set(
        "fields select attributes columns props projection view detail details detailed mode level"
        " verbosity verbose profile representation full debug raw all show expand preset"
    )
)
"""Words of options that select how much is shown, without removing objects from a list."""


@dataclass(frozen=True)
class _About:
    """The owner and the index of the requested object; no owner if no id is needed."""

    who: str | None
    turn: int = 0


@dataclass(frozen=True)
class Option:
    """A value of a parameter, or a media type of the answer (`accept`)."""

    name: str
    value: str
    where: str = "query"
    """`query`, `header` or `cookie`."""
    alone: bool = False
    """Whether it cannot be combined: it changes the kind of response, or removes objects from a
    list."""
    at: tuple[str, ...] = ()
    """Path in the body; empty if it is in no body."""
    sent: Json = None
    """The value at this path."""
    query: tuple[tuple[str, str], ...] = ()
    """Its complete query parameters, if they are not just name and value."""

    @property
    def label(self) -> str:
        """As findings name it: `cookie NAME=VALUE`, `PARAMETER=VALUE` or `HEADER: VALUE`."""
        if self.where == "cookie":
            return f"cookie {self.name}={self.value}"
        return f"{'.'.join(self.at)}={self.value}" if self.at else f"{self.name}: {self.value}"

    @property
    def chooses(self) -> bool:
        return not _CHOOSES.isdisjoint(words(self.name))


def media_types(probe: Probe) -> Iterator[Option]:
    """An `accept` option for each media type of the lowest success status that is neither JSON, nor
    a range, nor the requested one."""
    lowest = min((each for each in probe.operation.responses if each.startswith("2")), default="")
    for each in probe.operation.responses.get(lowest, ()):
        if each != probe.operation.success() and not each.is_json and "*" not in each.type:
            yield Option("accept", each.type, "header", alone=True)


def options_beside(probe: Probe) -> Iterator[list[Option]]:
    """Header and cookie parameters with choices, each with its values."""
    for each in free(probe) if not probe.query and probe.asks is None else ():
        if each.where not in ("header", "cookie"):
            continue
        values = [text_of(value) for value in choices(each.name, each.shape)]
        if not values and not _CHOOSES.isdisjoint(words(each.name)) and is_text(each.shape):
            values = ["full", "all"]
        if values:
            yield [Option(each.name, value, each.where) for value in values]


def try_as_viewers(
    engine: Engine, probe: Probe, tried: Sequence[Sequence[Option]], but: Collection[int] = ()
) -> list[int]:
    """Calls an endpoint with all these options; `tried`: values of each option. Returns which of
    the owner's objects were asked for, one in each state; `but`: leaves these out."""
    if probe.batch or probe.query or probe.how or probe.asks is not None:
        return [0]
    owners = engine.identities.subjects()
    if probe.shows:
        owners = [each for each in owners if engine.responses.has_page(probe, each)]
    who = next(iter(owners), None)
    if probe.personal and who is None:
        return [0]  # nothing to compare with
    about = who if probe.personal else None
    # An option may open what is in one state only.
    turns = engine.evaluator.turns(probe, about) if about is not None else [0]
    if turns == [0]:
        turns = [engine.responses.showing(probe, about)]
    for turn in turns:
        seen: list[tuple[str, _Looks]] = []
        for options in _rounds(probe, tried) if turn not in but else ():
            if is_spent(engine.context.pace):
                return turns
            _try(engine, probe, options, _About(about, turn), seen)
    return turns


def _rounds(probe: Probe, tried: Sequence[Sequence[Option]]) -> Iterator[list[Option]]:
    """Combinations of options for one request, with one value of each parameter."""
    every = [*tried, *([each] for each in media_types(probe))]
    alone = [each for values in every for each in values[:_ROUNDS] if each.alone]
    together = [[each for each in values if not each.alone][:_ROUNDS] for values in every]
    for picked in zip_longest(*(values for values in together if values)):
        yield [each for each in picked if each is not None]
    yield from ([each] for each in alone)


def _try(
    engine: Engine,
    probe: Probe,
    options: list[Option],
    about: _About,
    seen: list[tuple[str, _Looks]],
) -> None:
    """`seen`: name of an option and what came of it, by itself. Another value of the same option
    that looks the same to everybody is the same: of values that the API does not know, one is
    asked."""
    way, who, turn = _way(probe, options), about.who, about.turn
    viewers = engine.watchers(who)
    if any(engine.key(way, each, who, turn=turn) in engine.requests.keys for each in viewers):
        return  # it works for the owner, and every caller has tried it
    met = {each: _try_option(engine, probe, way, each, about) for each in viewers}
    several = len(options) > 1
    # one of them is refused, and all of them with it: try one at a time
    if several and _REFUSED in (what for what, _ in met.values()):
        for each in options:
            _try(engine, probe, [each], about, seen)
        return
    shown_more = [each for each, (what, _) in met.items() if what == _MORE]
    looks = (options[0].name, {each: look for each, (_, look) in met.items()})
    if not shown_more or (looks in seen and not several):
        return
    if not several:
        seen.append(looks)
    for each in options if several else []:
        if _ask(engine, _way(probe, [each]), shown_more, about):
            return
    _ask(engine, way, shown_more, about)


_MORE, _REFUSED = "more", "refused"
_Look = tuple[Form | None, frozenset[Key]]
"""(form of a response, cells that leak by it regardless of the endpoint)."""
_Looks = dict[str | None, _Look]


def _try_option(
    engine: Engine, probe: Probe, way: Probe, viewer: str | None, about: _About
) -> tuple[str, _Look]:
    """(result, look): whether a viewer receives a leak or another form than without options, or is
    refused what they receive without."""
    who, turn = about.who, about.turn
    filled = fill(way, engine.target, engine.knowledge, who, turn=turn)
    if filled is None or (
        engine.context.pace is not None and engine.context.pace.spares(filled.request)
    ):
        return "", (None, frozenset())
    engine.matrix.open(way)
    answer = engine.send(way, viewer, filled)
    plain = turn == engine.responses.showing(probe, who)
    before = engine.responses.forms.get((probe.id, viewer, who)) if plain or not turn else None
    targets = frozenset({who} if who else ())
    question = engine.question(
        way, viewer, targets, filled, engine.key(way, viewer, who, "look", turn)
    )
    seen = engine.evaluator.judge(way, question, answer)
    outcome = engine.evaluator.look(seen)
    leaks = {each.key for each in outcome.observations if each.result is Result.LEAK}
    look = form_of(answer, seen.parsed), frozenset(key._replace(endpoint="") for key in leaks)
    if leaks:
        return _MORE, look
    if not is_success(answer.status):
        return _REFUSED if before is not None and is_success(before[0]) else "", look
    changed = before is not None and look[0] != before
    return _MORE if probe.shows and (outcome.doubts or changed) else "", look


def _ask(engine: Engine, way: Probe, viewers: Sequence[str | None], about: _About) -> bool:
    """Ask its owner, then those viewers, to be judged and confirmed; whether anything leaks."""
    engine.matrix.open(way)
    who, turn = about.who, about.turn
    for viewer in (*((who,) if who is not None else ()), *viewers):
        engine.put(way, viewer, who, turn=turn)
    leaks = any(
        key.endpoint == way.id for key, e in engine.matrix.leaks() if e.result is Result.LEAK
    )
    if leaks and way not in engine.state.ways:
        engine.state.keep_way(way)
    return leaks


def _way(probe: Probe, options: Sequence[Option]) -> Probe:
    plain = [each for each in options if each.where == "query" and not each.at]
    query = tuple(pair for each in plain for pair in each.query or ((each.name, each.value),))
    headers = {each.name.lower(): each.value for each in options if each.where == "header"}
    cookies = [f"{each.name}={quote(each.value)}" for each in options if each.where == "cookie"]
    headers |= {"cookie": "; ".join(cookies)} if cookies else {}
    said = " and ".join(each.label for each in options if each not in plain)
    members: Json = dict(probe.fixed)
    for each in options:
        members = object_with(each.at, each.sent, members) if each.at else members
    asked = f"?{urlencode([(name, brief(value)) for name, value in query])}" if query else ""
    endpoint = f"{probe.endpoint.path}{asked}" + (f" with {said}" if said else "")
    return probe.otherwise(HOW, query=query, headers=headers, endpoint=endpoint, fixed=members)
