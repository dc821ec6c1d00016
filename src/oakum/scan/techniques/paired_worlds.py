"""Paired worlds: the same requests twice, with one hidden value changed between them (law 8).

All hidden fields of an owner are set to low values, and every list is read by viewers who may not
see the fields. They are set low again and read again, which shows the noise between two equal
worlds (times, random order); then set high and read; then set low once more. A difference between
low and high, and not between two lows, reveals one of the fields; changing a single field shows
which. At the end everything is restored.

Non-interference: Goguen and Meseguer, Security Policies and Security Models, 1982. The test cannot
find fields that owners cannot write, or lists in random order: these stay unjudged. So do fields of
objects other than accounts, since objects from before the run are not written to.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from oakum.exchange import Response
from oakum.exposure.cells.side_channel_comparison import (
    Place,
    ResponseReading,
    describe_differences,
    differences,
    is_derived,
)
from oakum.exposure.endpoints.probes import Probe
from oakum.finding import Endpoint
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Json
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine
from oakum.scan.filters.hidden_values import HiddenValue, hidden_fields
from oakum.scan.requests.builder import FilledRequest, fill
from oakum.scan.settings.owner_writable_fields import of_objects, own_fields
from oakum.scan.settings.settings_writer import AccountSettings
from oakum.scan.technique import Line, Prospect
from oakum.scan.techniques.inference import read_parts, signal

HOW = "inference"
RULES: frozenset[str] = frozenset({"inference-leak"})
OPENS_WAYS = False

_SORTS = word_set("sort order orderby ordering sorting sortby rank by")
_DOWN = word_set("desc down reverse")
_MOST_FIELDS = 24
_YEARS = range(1900, 2101)
_EXACT = 1e15
"""Larger numbers are identifiers, such as card numbers, and no quantities."""
_PLACE = word_set("lat latitude lng lon long longitude")
_AGAIN = 4
"""Further readings of each of two worlds: two objects in random order are the same in all of a
world's with a chance of 1 in 16 at most, and the other way round in all of the other's."""
_NEAR = 0.002
"""Degrees of latitude: about 200 m."""

Seen = dict[str, tuple[ResponseReading, Probe, str | None, FilledRequest, Response]]
"""Request key → (what was read, and the request)."""


def run(engine: Engine) -> None:
    """Runs only if own settings may be changed, and only for fields that nothing else revealed."""
    account_settings = engine.context.account_settings
    if account_settings is None or not engine.context.may.own_settings:
        return
    by_owner: dict[str, list[HiddenValue]] = {}
    for owner in engine.identities.subjects():
        known = {each.field: each for each in _writable(engine, account_settings, owner)}
        if known and not {(h.resource, h.field) for h in known.values()} <= {
            (h.resource, h.field) for kept in by_owner.values() for h in kept
        }:
            by_owner[owner] = list(known.values())[:_MOST_FIELDS]
    _name_untried(engine)
    for owner, hidden in by_owner.items():
        engine.say(f"paired worlds of {owner}")
        _Pair(engine, account_settings, owner, hidden).run()


def foresee(prospect: Prospect) -> Iterator[Line]:
    """Fields that may be changed, and who reads then."""
    if not prospect.may.own_settings:
        return
    for path, switch in own_fields(prospect.model, prospect.inferred).items():
        each = prospect.model.operations[switch.operation]
        yield {
            "as": "an owner, on their own account",
            "request": f"{each.method} {each.path}",
            "why": f"`{path}` is set low and high, and restored",
        }
    for path, switch in of_objects(prospect.model, prospect.inferred).items():
        each = prospect.model.operations[switch.operation]
        yield {
            "as": "nobody",
            "request": f"{each.method} {each.path}",
            "why": f"`{path}` is not set low and high: {_OBJECTS}",
        }
    for probe in prospect.probes:
        for way in _sorted_ways(probe, []):
            yield {
                "as": "viewers who may not see a hidden field",
                "request": f"{way.endpoint.method} {way.endpoint.path}",
                "why": "an order may reveal it",
            }


def _name_untried(engine: Engine) -> None:
    """Hidden fields that only a write to an object could tell of, by the operation of the write."""
    kept = of_objects(engine.model, engine.context.params)
    found: dict[str, dict[str, None]] = {}
    for owner in engine.identities.subjects() if kept else ():
        for each in hidden_fields(engine, owner):
            path = f"{each.resource}.{each.field}"
            if path in kept and each.viewer is not None:
                found.setdefault(kept[path].operation, {})[f"`{path}`"] = None
    for name, paths in found.items():
        each_of = engine.model.operations[name]
        endpoint = Endpoint(each_of.method, each_of.path, each_of.id)
        said = f"{', '.join(paths)} not set low and high to see whether a sort order reveals it"
        engine.results.note_gap(endpoint, f"{said}: {_OBJECTS}", Section.WRITES)


_OBJECTS = "it belongs to objects that are not accounts and that the run did not create"


def _writable(
    engine: Engine, account_settings: AccountSettings, owner: str
) -> Iterator[HiddenValue]:
    for each in hidden_fields(engine, owner):
        if f"{each.resource}.{each.field}" in account_settings.fields and each.viewer is not None:
            yield each


@dataclass
class _Pair:
    """The paired worlds of one owner."""

    engine: Engine
    account_settings: AccountSettings
    owner: str
    hidden: list[HiddenValue]

    def run(self) -> None:
        asks = list(self._asks())
        if not asks:
            return
        try:
            self._compare(asks)
        finally:
            self.account_settings.undo_all(self.owner, [self._path(each) for each in self.hidden])

    def _compare(self, asks: list[tuple[Probe, str | None]]) -> None:
        self.hidden = self._all(self.hidden, low=True)
        first = self._read(asks)
        # separates changes caused by any write from those caused by the value
        self._all(self.hidden, low=True)
        second = self._read(asks)
        # A request that fails in one of the two states says nothing about their difference.
        twice = first.keys() & second.keys()
        noise = {ask: differences(first[ask][0], second[ask][0]) for ask in twice}
        movable = self._all(self.hidden, low=False)
        high = self._read(asks)
        changed = self._changed_places(second, high, noise, movable)
        self._all(movable, low=True)
        if not changed:
            return
        again = self._read([(second[p][1], second[p][2]) for p in changed])
        sure = {p: places for p, places in changed.items()
                if p in again and not differences(second[p][0], again[p][0]) & places}  # fmt: skip
        for each in movable:
            if sure:
                self._attribute(each, second, sure, noise)

    def _attribute(
        self, hidden: HiddenValue, low: Seen, sure: dict[str, frozenset[Place]],
        noise: dict[str, frozenset[Place]],
    ) -> None:  # fmt: skip
        """Whether a change of this field alone causes the difference."""
        if not self._set(hidden, low=False):
            return
        asks = [(low[p][1], low[p][2]) for p in sure]
        alone = self._read(asks)
        changed = self._changed_places(low, alone, noise, [hidden])
        asks = [(low[p][1], low[p][2]) for p in changed]
        highs = [self._read(asks) for _ in range(_AGAIN if changed else 0)]
        self._set(hidden, low=True)
        lows = [self._read(asks) for _ in range(_AGAIN if changed else 0)]
        for ask, places in changed.items():
            steady = _steady(ask, low, lows) & _steady(ask, alone, highs) & places
            _, probe, viewer, filled, _ = low[ask]
            if steady and not self.engine.may_see(
                hidden.resource, hidden.field, viewer, self.owner
            ):
                held = self.engine.identities.relations(viewer, self.owner)
                label = self.engine.identities.label(held, viewer, self.owner)
                seen = replace(hidden, viewer=viewer, label=label)
                said = describe_differences(steady & sure[ask]) or describe_differences(steady)
                self.engine.results.report(
                    signal(self.engine, probe, seen, filled, alone[ask][4], said)
                )

    def _changed_places(
        self, low: Seen, high: Seen, noise: dict[str, frozenset[Place]], moved: list[HiddenValue]
    ) -> dict[str, frozenset[Place]]:
        both = high.keys() & low.keys() & noise.keys()
        found = {p: differences(low[p][0], high[p][0]) - noise[p] for p in high if p in both}
        told = {ask: _telling_places(places, moved) for ask, places in found.items()}
        return {ask: places for ask, places in told.items() if places}

    def _path(self, hidden: HiddenValue) -> str:
        return f"{hidden.resource}.{hidden.field}"

    def _all(self, hidden: list[HiddenValue], *, low: bool) -> list[HiddenValue]:
        """Sets all fields, in one request where one operation writes them; returns those that could
        be set."""
        wanted = {
            self._path(each): next(iter(_extremes(each.field, each.value, low=low)))
            for each in hidden
        }
        done = self.account_settings.flip_all(self.owner, wanted).done
        return [e for e in hidden if self._path(e) in done or self._set(e, low=low)]

    def _set(self, hidden: HiddenValue, *, low: bool) -> bool:
        for value in _extremes(hidden.field, hidden.value, low=low):
            if self.account_settings.flip(self.owner, self._path(hidden), value):
                return True
        return False

    def _asks(self) -> Iterator[tuple[Probe, str | None]]:
        """(list, viewer): each list, also in every order that it offers, for each kind of viewer
        that may not see a hidden field."""
        viewers = dict.fromkeys(each.viewer for each in self.hidden)
        for probe in [*self.engine.state.probes, *self.engine.state.ways]:
            if probe.personal or probe.batch or not probe.shows:
                continue
            names = [each.field for each in self.hidden if each.resource in probe.shows]
            for way in (probe, *_sorted_ways(probe, names)):
                for viewer in viewers:
                    yield way, viewer

    def _read(self, asks: Sequence[tuple[Probe, str | None]]) -> Seen:
        seen: Seen = {}
        engine = self.engine
        for probe, viewer in asks:
            filled = fill(probe, engine.target, engine.knowledge, None)
            if filled is None:
                continue
            answer = engine.send(probe, viewer, filled)
            if answer.status < 500 and answer.status != 429:
                read = read_parts(engine, probe, viewer, filled, answer)
                seen[f"{probe.id}|{viewer}"] = (read, probe, viewer, filled, answer)
        return seen


def _steady(ask: str, first: Seen, again: Sequence[Seen]) -> frozenset[Place]:
    """Places that were equal in all reads of one world: a shuffled short list may be equal by
    chance, but not repeatedly."""
    readings = [each[ask][0] for each in (first, *again) if ask in each]
    places = frozenset(place for each in readings for place in each.places)
    return places - frozenset().union(*(differences(readings[0], each) for each in readings))


def _telling_places(places: frozenset[Place], moved: Sequence[HiddenValue]) -> frozenset[Place]:
    """Places that tell what was moved.

    A field that may be seen may well come of one that may not: an age of a birthday. A distance
    that changes with a few steps tells where somebody is, unless a place in words changes with it:
    then it is measured to that.
    """
    granted = {each for each in places if is_derived(each)}
    steps = all(_is_place(each.field) for each in moved)
    if not steps or any(kind == "word" for kind, *_ in granted):
        return places - granted
    return places


def _is_place(path: str) -> bool:
    return not _PLACE.isdisjoint(words(path))


def _sorted_ways(probe: Probe, fields: Sequence[str]) -> Iterator[Probe]:
    """The same list in other orders: those that the document names, else by the fields given."""
    for parameter in probe.operation.parameters:
        said = frozenset(words(parameter.name))
        if parameter.where != "query" or not said & _SORTS or said & _DOWN:
            continue
        if parameter.name in dict(probe.query):
            continue  # a variant that sorts already
        choices = [str(each) for each in parameter.shape.enum] or [*fields]
        for choice in choices:
            yield probe.otherwise(HOW, query=((parameter.name, choice),))


def _extremes(path: str, value: str, *, low: bool) -> Iterator[Json]:
    """Values far below (or above) one of an owner's, the farthest first: an API may refuse some."""
    if value in ("true", "false"):
        yield not low
        return
    try:
        number = float(value)
    except ValueError:
        yield from _texts(value, low=low)
        return
    if not abs(number) < _EXACT:  # NaN as well
        yield from _texts(value, low=low)
        return
    if not value.isdigit() and abs(number) <= 180 and _is_place(path):
        # About 200 m: a location that the contract rounds must not change by that.
        yield round(number, 5) if low else round(number + _NEAR, 5)
        return
    whole = number.is_integer()
    if whole and int(number) in _YEARS:
        yield from (1931, int(number) - 10, int(number) - 1) if low else (
            2006, int(number) + 10, int(number) + 1)  # fmt: skip
        return
    for factor in (0.1, 0.5, 0.8, 0.95) if low else (10, 2, 1.25, 1.05):
        yield round(number * factor) if whole else round(number * factor, 1)


def _texts(value: str, *, low: bool) -> Iterator[Json]:
    try:
        date = datetime.date.fromisoformat(value[:10])
    except ValueError:
        yield "Aaron oakum" if low else "Zyx oakum"
        return
    step = datetime.timedelta(days=30)
    moved = (date - step if low else date + step).isoformat()
    yield ("1931-02-03" if low else "2006-11-12") + value[10:]
    yield moved + value[10:]
