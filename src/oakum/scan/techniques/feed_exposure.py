"""Live feeds: what they push to one identity while another causes it (P11).

Two clients at a time: each kind of viewer listens, the least entitled first, and then the owner
connects. Every frame is judged like a response to its receiver. The first time, viewers ask for
past events (`?since=0`, `Last-Event-ID: 0`), the second time for new ones. If the run may change
own settings, the feed is kept open over a change: a setting is closed, a field is written, a
relation ends. Frames after that are judged by what is granted after the change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product

import orjson

from oakum.authz import Table
from oakum.authz.decide import through
from oakum.exchange import Response, json_bytes
from oakum.exposure.endpoints.probes import Probe, frame_media, is_websocket
from oakum.exposure.response_reader import is_success
from oakum.exposure.values.knowledge import canonical
from oakum.finding import Result
from oakum.inference.lexicon import word_set, words
from oakum.inference.side_effects import says_write
from oakum.openapi.model import Json, Parameter, Shape
from oakum.scan.engine import Engine, Kind
from oakum.scan.identities.relationships import Relationships
from oakum.scan.requests.builder import FilledRequest, fill
from oakum.scan.settings.settings_writer import AccountSettings
from oakum.scan.technique import Line, Prospect
from oakum.scan.transport.feed_interface import Frame, Listen, Stream

HOW = "feed"
RULES: frozenset[str] = frozenset({"feed-exposure"})
OPENS_WAYS = True

_SLICE = 0.1
"""Seconds between two checks for new frames."""
_WAIT = 1.0
"""Seconds to wait for frames that others cause."""
_ARRIVAL = 0.5
"""Seconds to wait for the first frames of a feed."""
_GRACE = 0.4
"""Seconds after a change in which frames may still be from before."""
_EXACT = 1e15
"""Larger numbers are identifiers, such as card numbers, and no quantities."""
_MOST_SEATS = 12
_MOST_FRAMES = 200
"""How many frames of one subscriber are judged, since a replay may be long."""
_SINCE = word_set("since after cursor from offset start last seq sequence position lasteventid")
_BESIDE = word_set("id event events message messages key no num number timestamp time at date")
"""Words that may stand beside those."""
_LONG_AGO = {"date-time": "1970-01-01T00:00:00Z", "date": "1970-01-01"}
_BY_CUSTOM = (("since", "0"), ("cursor", "0"))
_HANDSHAKE = (
    "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: b2FrdW0gb2FrdW0gb2FrdQ==",
)  # fmt: skip
"""With these curl shows the frames of a WebSocket (RFC 6455, 4.1)."""


def run(engine: Engine) -> None:
    """Listen at every feed."""
    if engine.context.listen is None:
        return
    for feed in engine.context.feeds:
        engine.say(f"listening to {feed.endpoint.method} {feed.endpoint.path}")
        heard, unfilled = 0, True
        statuses: set[int] = set()
        tried: set[str] = set()
        unmade: dict[str, str] = {}
        for who, viewers in _audiences(engine, feed):
            hall = _Hall(engine, engine.context.listen, feed, who, viewers, tried, unmade)
            if not hall.can_fill():
                continue
            unfilled = False
            hall.run()
            heard, statuses = heard + hall.heard, statuses | hall.statuses
        endpoint = f"{feed.endpoint.method} {feed.endpoint.path}"
        if engine.model.rule(feed.operation.id).untested:
            continue
        if unfilled:
            engine.results.note_gap(endpoint, "a feed whose parameters have no value")
        elif not heard:
            said = ", ".join(str(each) for each in sorted(statuses)) or "nothing"
            why = f"a feed from which no frame came (answered {said})"
            if any(map(is_success, statuses)) or _is_to_show(engine, feed):
                engine.results.note_gap(endpoint, why)
            else:
                engine.results.remark(f"{endpoint}: {why}")
        for relation in unmade.keys() - tried:
            engine.results.note_gap(
                f"the end of `{relation}` while {endpoint} is open", unmade[relation]
            )


def _is_to_show(engine: Engine, feed: Probe) -> bool:
    """Whether the contract shows one of the identities anything of this feed: then a feed that
    refuses everybody is untested."""
    identities, model = engine.identities, engine.model
    held = {
        (frozenset(identities.relations(viewer, who)), viewer is not None)
        for who in identities.subjects()
        for viewer in (None, *identities.ids)
    }
    tables = [model.tables[name] for name in feed.shows]
    return any(
        through(model, feed.operation.id, relations, logged_in)
        and any(_shows(table, relations) for table in tables)
        for relations, logged_in in held
    )


def _shows(table: Table, relations: frozenset[str]) -> bool:
    """Whether holders of these relations may see a field in any state."""
    names = [state.name for state in table.states]
    states = product(*(state.values for state in table.states))
    return any(table.see(relations, dict(zip(names, values, strict=True))) for values in states)


def foresee(prospect: Prospect) -> Iterator[Line]:
    """The feeds that are opened, and what is changed while they are open."""
    for feed in prospect.feeds:
        request = f"{feed.endpoint.method} {feed.endpoint.path}"
        yield {
            "as": "every kind of viewer, then owners",
            "request": f"{request}, kept open for a few seconds",
            "why": "frames that others cause",
        }
        asked = "&".join(f"{name}={value}" for name, value in _replay(feed))
        yield {
            "as": "every kind of viewer, then owners",
            "request": f"{request}?{asked}, kept open for a few seconds",
            "why": "frames from before",
        }
        if prospect.may.own_settings:
            yield {
                "as": "an owner, on their own account",
                "request": "a privacy setting or own field, and a relation, as above",
                "why": f"changed while {request} is open, and restored",
            }


def _audiences(engine: Engine, feed: Probe) -> Iterator[tuple[str | None, list[str | None]]]:
    """(owner of the feed, subscribers) for each combination of relations, once."""
    if not feed.personal:
        yield None, list(dict.fromkeys([*engine.watchers(None), *engine.identities.subjects()]))
        return
    done: set[tuple[Kind, tuple[tuple[str, str], ...]]] = set()
    for who in engine.identities.subjects():
        states = engine.identities.states.items()
        account = tuple(sorted((path, canonical(v)) for (name, path), v in states if name == who))
        kinds = {(engine.kind(viewer, who), account): viewer for viewer in engine.watchers(who)}
        viewers = [viewer for kind, viewer in kinds.items() if kind not in done]
        done |= kinds.keys()
        if viewers:
            yield who, [*viewers, who]


def _replay(feed: Probe) -> tuple[tuple[str, str], ...]:
    """The query that requests all past events: the document's parameter, or else a common one."""
    declared = tuple(
        (each.name, _LONG_AGO.get(each.shape.format, "0"))
        for each in feed.operation.parameters
        if _is_since(each) and each.name not in feed.sources
    )
    return declared or _BY_CUSTOM


def _is_since(parameter: Parameter) -> bool:
    said = frozenset(words(parameter.name))
    return parameter.where == "query" and bool(said & _SINCE) and said <= _SINCE | _BESIDE


@dataclass
class _Seat:
    """A subscriber of a feed."""

    viewer: str | None
    filled: FilledRequest
    stream: Stream
    heard: int = 0


@dataclass
class _Hall:
    """One feed, of one owner or of nobody in particular, and its subscribers."""

    engine: Engine
    listen: Listen
    feed: Probe
    who: str | None
    viewers: list[str | None]
    tried: set[str]
    """Relations, settings and fields that were changed already while this feed was open."""
    unmade: dict[str, str]
    """Relation that could not be begun → reason."""
    heard: int = 0
    statuses: set[int] = field(default_factory=set)
    seats: list[_Seat] = field(default_factory=list)
    round: int = 0

    def __post_init__(self) -> None:
        self.plain = self.feed.otherwise(HOW, endpoint=self.feed.endpoint.path)
        self.replay = self.plain.otherwise(
            HOW,
            endpoint=self.feed.endpoint.path,
            query=_replay(self.feed),
            headers={"last-event-id": "0"},
        )
        self.engine.matrix.open(self.plain)
        media = frame_media(self.feed.operation)
        self.type = media.type if media else ""
        self.shape = media.shape if media else None
        self.viewers = self.viewers[:_MOST_SEATS]
        self.recalls = False
        """Whether the feed opens when it is asked for what has been."""

    def can_fill(self) -> bool:
        """Whether all parameters have values."""
        return self._fill(self.plain) is not None

    def run(self) -> None:
        """Connects in both orders, then makes changes, so that each leak is seen twice."""
        back = [*reversed(self.viewers)] if self.who is None else self.viewers
        for probe, order in ((self.replay, self.viewers), (self.plain, back)):
            self._arrivals(probe, order)
        if not any(map(is_success, self.statuses)):
            return
        for probe, order in ((self.replay, self.viewers), (self.plain, back)):
            if self._unsure():
                self._arrivals(probe, order, sure=True)
        if not self.engine.context.may.own_settings:
            return
        for name, change in self._changes():
            if name not in self.tried and change():
                self.tried.add(name)
                if self._unsure():
                    change()

    # ------------------------------------------------------------------ events

    def _arrivals(self, probe: Probe, order: Iterable[str | None], *, sure: bool = False) -> None:
        """Subscribers connect one after another; at their own feed the owner connects last."""
        with self._endpoints():
            for viewer in order:
                self._enter(viewer, probe)
            self.recalls |= probe is self.replay and bool(self.seats)
            self._hear(_WAIT, until_sure=sure)

    def _changes(self) -> Iterator[tuple[str, Callable[[], bool]]]:
        """(name, function) for each change to make while the feed is open; the function returns
        whether it was made."""
        account_settings, relationships = (
            self.engine.context.account_settings,
            self.engine.context.relationships,
        )
        owners = [self.who] if self.who else self.engine.identities.subjects()
        if relationships is not None:
            for viewer, relation, owner in relationships.chances():
                if owner in owners:
                    yield relation, partial(self._end, relationships, viewer, relation, owner)
        if account_settings is None:
            return
        for path, values in self._states(account_settings):
            for owner in owners:
                if (owner, path) in self.engine.identities.states:
                    yield path, partial(self._close, account_settings, owner, path, values)
        named = [path for path in account_settings.fields if path.split(".")[0] in self.feed.shows]
        for path in named[:1]:
            for owner in owners:
                if self._own(owner, path) is not None:
                    yield path, partial(self._write, account_settings, owner, path)

    def _end(self, relationships: Relationships, viewer: str, relation: str, owner: str) -> bool:
        """Ends a begun relation while a feed is open."""
        if not relationships.begin(viewer, relation, owner):
            if not self.engine.model.policy.relations[relation].untested:
                self.unmade[relation] = relationships.why
            return False
        done = False
        with self._endpoints():
            if self._enter(viewer, self.plain):
                self._hear(_ARRIVAL, until_quiet=True)
                done = relationships.end(viewer, relation, owner)
                if done:
                    self._after(owner, partial(self._with_relation, viewer, relation, owner))
        relationships.take_back(viewer, relation, owner)
        return done

    def _close(
        self, account_settings: AccountSettings, owner: str, path: str, values: tuple[Json, ...]
    ) -> bool:
        """Closes a setting while a feed is open."""
        shut = self.engine.identities.states[(owner, path)] == values[-1]
        done = not shut or bool(account_settings.flip(owner, path, values[0]))
        with self._endpoints():
            if done:
                done = self._gather(owner) and (
                    account_settings.undo(owner, path)
                    if shut
                    else bool(account_settings.flip(owner, path, values[-1]))
                )
            self.engine.evaluator.forget(owner)
            if done:
                self._after(owner, partial(self._open, owner, path, values[0]))
        account_settings.undo(owner, path)
        self.engine.evaluator.forget(owner)
        return done

    def _write(self, account_settings: AccountSettings, owner: str, path: str) -> bool:
        """An own field is written and put back: two events, the second with what stood there."""
        with self._endpoints():
            done = self._gather(owner)
            if done:
                done = bool(account_settings.flip(owner, path, _other(self._own(owner, path))))
                self._hear(_ARRIVAL)
                account_settings.undo(owner, path)
                self._hear(_ARRIVAL)
        return done

    def _gather(self, owner: str) -> bool:
        """Connects all kinds of viewers; False if none is accepted."""
        way = self.replay if self.recalls else self.plain
        let_in = [self._enter(viewer, way) for viewer in self.engine.watchers(owner)]
        self._hear(_ARRIVAL, until_quiet=True)
        return any(let_in)

    def _after(self, owner: str, before: Callable[[], AbstractContextManager[None]]) -> None:
        """Something has changed: what comes with it, and from now on, also when the owner
        comes."""
        for seat, frame in self._wait_out():
            self._judge_between(seat, frame, before)
        self._enter(owner, self.plain)
        self._hear(_WAIT, until_sure=True)

    def _states(self, account_settings: AccountSettings) -> Iterator[tuple[str, tuple[Json, ...]]]:
        """Settings on which it depends who sees what this feed shows, each once."""
        found: dict[str, tuple[Json, ...]] = {}
        for name in self.feed.shows:
            for state in self.engine.model.policy.resources[name].states.values():
                path = account_settings.policy.state_source(name, state.name)
                if account_settings.switch(path) is not None:
                    found.setdefault(path, state.values)
        yield from found.items()

    def _own(self, owner: str, path: str) -> Json:
        """A value that an owner is known to have in a field; None: none is known."""
        resource, _, name = path.partition(".")
        return min(self.engine.knowledge.own.get((owner, resource, name), ()), default=None)

    # ------------------------------------------------------------ subscribers

    @contextmanager
    def _endpoints(self) -> Iterator[None]:
        """A round: who has come in leaves again at its end."""
        self.round += 1
        try:
            yield
        finally:
            for seat in self.seats:
                seat.stream.close()
            self.seats.clear()

    def _enter(self, viewer: str | None, probe: Probe) -> bool:
        """Opens the feed as a viewer; False if it is refused."""
        filled = self._fill(probe)
        if filled is None:
            return False
        socket = is_websocket(probe.operation)
        first = self._first(filled) if socket else b""
        stream = self.engine.listen(self.listen, probe, viewer, filled, first)
        self.statuses.add(stream.status)
        if stream.status and not is_success(stream.status):
            stream.close()
            return False
        if socket:
            filled = replace(filled, headers=(*_HANDSHAKE, *filled.headers))
        self.seats.append(_Seat(viewer, filled, stream))
        return True

    def _fill(self, probe: Probe) -> FilledRequest | None:
        return fill(probe, self.engine.target, self.engine.knowledge, self.who)

    def _first(self, filled: FilledRequest) -> bytes:
        """The first message to a WebSocket: the document's example of a body with own values."""
        said = [each for each in self.feed.operation.body if each.is_json]
        example = next(
            (
                value
                for each in said
                for value in (each.example, each.shape.example if each.shape else None)
                if value is not None
            ),
            None,
        )
        if example is not None and says_write(example):
            return b""  # an example that does more than subscribe must not be sent
        if not isinstance(example, dict) or not filled.content:
            return filled.request.body if example is None else json_bytes(example)
        return json_bytes({**example, **filled.content})

    # ---------------------------------------------------------- incoming frames

    def _hear(self, seconds: float, *, until_sure: bool = False, until_quiet: bool = False) -> None:
        """Judges frames until all feeds end. `until_sure`: or until each leak was seen again;
        `until_quiet`: or until everybody has received something and no more frames arrive."""
        unsure = bool(self._unsure())
        for _ in range(round(seconds / _SLICE)):
            live = next((seat for seat in self.seats if not seat.stream.over), None)
            come = [(seat, seat.stream.frames(_SLICE * (seat is live))) for seat in self.seats]
            # Owners first: others are compared with them.
            come.sort(key=lambda pair: pair[0].viewer != self.who)
            for seat, frames in come:
                for frame in frames:
                    self._judge(seat, frame)
            quiet = all(seat.heard for seat in self.seats) and not any(each for _, each in come)
            sure = unsure and not self._unsure()
            if live is None or (until_sure and sure) or (until_quiet and quiet):
                return

    def _wait_out(self) -> list[tuple[_Seat, Frame]]:
        """What comes about when something changes: it may be from before or from after."""
        live = next((seat for seat in self.seats if not seat.stream.over), None)
        return [
            (seat, frame)
            for seat in sorted(self.seats, key=lambda each: each is not live)
            for frame in seat.stream.frames(_GRACE * (seat is live))[:_MOST_FRAMES]
        ]

    @contextmanager
    def _open(self, owner: str, path: str, value: Json) -> Iterator[None]:
        """Judges, inside the block, as if the setting had not been closed yet."""
        states = self.engine.identities.states
        now = states[(owner, path)]
        states[(owner, path)] = value
        try:
            yield
        finally:
            states[(owner, path)] = now

    @contextmanager
    def _with_relation(self, viewer: str, relation: str, owner: str) -> Iterator[None]:
        """Judges, inside the block, as if the relation had not ended yet."""
        identities = self.engine.identities
        now = identities.relationships.get((viewer, owner), frozenset())
        identities.retie(viewer, owner, now | {relation})
        try:
            yield
        finally:
            identities.retie(viewer, owner, now)

    def _judge_between(
        self, seat: _Seat, frame: Frame, before: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Judges a frame that is from before or from after a change: for what is denied by both."""
        seat.heard += 1
        self.heard += 1
        answer = Response(seat.stream.status, {"content-type": self.type}, self._wrap_frame(frame))
        targets = frozenset({self.who} if self.who else ())
        key = f"{self.plain.id}|{seat.viewer or ''}|{self.who or ''}|{HOW} {self.round}"
        asked = self.engine.question(self.plain, seat.viewer, targets, seat.filled, key)
        evaluator = self.engine.evaluator
        with before():
            seen = evaluator.judge(self.plain, asked, answer)
            earlier = evaluator.hear(seen).observations
        leaking = {(each.key.resource, each.key.field, each.owner) for each in earlier}
        found = evaluator.hear(evaluator.again(seen))
        both = tuple(
            each
            for each in found.observations
            if (each.key.resource, each.key.field, each.owner) in leaking
        )
        self.engine.record(self.plain, replace(found, observations=both))

    def _judge(self, seat: _Seat, frame: Frame) -> None:
        seat.heard += 1
        self.heard += 1
        if seat.heard > _MOST_FRAMES:
            return
        answer = Response(seat.stream.status, {"content-type": self.type}, self._wrap_frame(frame))
        key = f"{self.plain.id}|{seat.viewer or ''}|{self.who or ''}|{HOW} {self.round}"
        self.engine.judge(self.plain, seat.viewer, self.who, seat.filled, answer, key)

    def _wrap_frame(self, frame: Frame) -> bytes:
        """A frame as the document declares it: some describe the event around the data."""
        shape = self.shape.items() if self.shape and self.shape.items else self.shape
        if shape is None or "data" not in shape.properties:
            return frame.data
        try:
            value = orjson.loads(frame.data)
        except orjson.JSONDecodeError:
            return frame.data
        if isinstance(value, dict) and value.keys() & shape.properties.keys():
            return frame.data
        return b'{"data":' + frame.data + b"}" if _is_structure(shape) else frame.data

    def _unsure(self) -> set[object]:
        """Leaks of this feed that were seen once."""
        return {
            key.finding
            for key, entry in self.engine.matrix.leaks()
            if key.endpoint == self.plain.id and entry.result is Result.LEAK
            if key.finding not in self.engine.matrix.confirmed
        }


def _is_structure(shape: Shape) -> bool:
    data = shape.properties["data"]()
    return bool(data.properties or data.items or data.branches or data.names)


def _other(value: Json) -> Json:
    """Another value of the same kind as one that was seen, as text, of an owner's."""
    if value in ("true", "false"):
        return value == "false"
    try:
        number = float(value) if "." in value else int(value)
    except ValueError:
        return "Oakum"
    return number + 1 if abs(number) < _EXACT else "Oakum"
