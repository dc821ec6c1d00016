"""Privacy settings of the identities' own accounts: flipped when allowed, and always put back.

The journal hears of a flip before it is sent and of its undoing after it was read back, so that a
run that is killed in between can be mended by the next one. What it hears is the name of the
setting and its value (`true`, `only_me`), never the settings object.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import orjson

from oakum.contract.model import Json, Media, Operation, Policy, Shape, Switch
from oakum.contract.sensitive import moves_by_itself
from oakum.errors import OakumError
from oakum.exchange import Request, Response, json_bytes
from oakum.scan.asking import Filled, fill
from oakum.scan.bodies import body_shape, encode
from oakum.scan.cast import Cast
from oakum.scan.doors import Gate
from oakum.scan.knowledge import Knowledge, value_at
from oakum.scan.seal import is_sealed
from oakum.scan.shield import heard_afterwards
from oakum.semantics.model import pattern


class Ask(Protocol):
    """Sends a request as an identity."""

    def __call__(self, viewer: str | None, request: Request, /) -> Response: ...


@dataclass(frozen=True)
class Flip:
    """One setting of one identity, and the values before and after."""

    identity: str
    state: str
    """`Resource.state`, or `Resource.field`."""
    before: Json
    after: Json
    secret: bool = False
    """The values are a person's own: they are never written in clear text."""
    at: str = ""
    """Tells the address that was written from that of another object; empty: not kept."""


@dataclass
class Switches:
    """Flips settings and remembers what to put back."""

    policy: Policy
    writers: Mapping[str, Gate]
    """Operation id → gate of each operation that a switch names, parameters resolved."""
    readers: Mapping[str, Gate]
    """Operation id of a writer → the GET of the same path, where there is one."""
    cast: Cast
    knowledge: Knowledge
    target: str
    ask: Ask
    log: Callable[[str, Flip], None]
    closed: frozenset[str] = frozenset()
    """Writers whose body may hold no other members than the document declares."""
    fields: Mapping[str, Switch] = field(default_factory=dict)
    """`Resource.field` → how its owner writes it."""
    pending: list[Flip] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    """Operations that something was sent to."""
    why: str = ""
    """Why the last flip that failed did."""
    moved: list[str] = field(default_factory=list)
    """What the API itself has set at a write and nothing puts back, in words."""
    _before: dict[tuple[str, str], Mapping[str, Json]] = field(default_factory=dict)
    """(identity, writer) → the settings as they were before the first flip; never written down."""
    _now: dict[tuple[str, str], dict[str, Json]] = field(default_factory=dict)
    """(identity, writer) → the settings as last read."""

    def __post_init__(self) -> None:
        self._pins: dict[tuple[str, str], str] = {}
        """(identity, writer) → the address of the one object that is changed and put back."""
        for flip in self.pending:
            switch = self.switch(flip.state)
            if switch is not None and flip.at:
                self._pins.setdefault((flip.identity, switch.operation), flip.at)

    def base(self, resource: str, name: str) -> str:
        """`Resource.state` in which a state really stands, following `of`."""
        state = self.policy.resources[resource].states[name]
        while state.of:
            resource, _, name = state.of.partition(".")
            state = self.policy.resources[resource].states[name]
        return f"{resource}.{name}"

    def switch(self, path: str) -> Switch | None:
        """How a state or a field is set, if the contract says so and the operation is there."""
        if path in self.fields:
            return self.fields[path]
        resource, _, name = path.partition(".")
        known = self.policy.resources.get(resource)  # a journal may name what the policy forgot
        state = known.states.get(name) if known else None
        switch = state.switch if state else None
        return switch if switch is not None and switch.operation in self.writers else None

    def flip(self, identity: str, path: str, value: Json) -> bool:
        """Set a state. Remembered until put back; False when it is not set: `why` has the words.

        Nothing is sent, and nothing is to be put back, where the API shows too little of the
        settings to keep the others as they are.
        """
        switch, own = self.switch(path), path in self.fields
        before = self.cast.states.get((identity, path))
        if switch is None or (before is None and not own):
            self.why = "how it is set now is not known" if switch else "no operation sets it"
            return False
        prepared = self._prepare(identity, switch)
        if prepared is None:
            return False
        here = value_at(self._last(identity, switch), pattern(switch.pointer))
        if own:
            before = here
        if before is None:
            self.why = "how it is set now is not shown"
            return False
        if here != before and self._is_anothers(identity, path, switch, here):
            self.why = "the object that would be written is not the one whose setting is known"
            return False
        if shown := self._last(identity, switch):
            self._before.setdefault((identity, switch.operation), shown)
        change = Flip(identity, path, before, value, own, self._pin(identity, switch, prepared))
        self.log("flip", change)
        self.pending.append(change)
        if not self._write(prepared, identity, switch, value):
            self.why = "the API did not take the setting"
            return False
        if path not in self.fields:
            self.cast.states[(identity, path)] = value
        return True

    def flip_all(self, identity: str, changes: Mapping[str, Json]) -> frozenset[str]:
        """Set several fields or states, those of one operation with one request; which were set.

        What was refused together is not tried one by one: that is for whoever asks.
        """
        groups: dict[str, list[str]] = {}
        for path in changes:
            switch = self.switch(path)
            groups.setdefault(switch.operation if switch else "", []).append(path)
        done: set[str] = set()
        for paths in groups.values():
            if len(paths) == 1:
                done |= {path for path in paths if self.flip(identity, path, changes[path])}
            else:
                done |= self._together(identity, {path: changes[path] for path in paths})
        return frozenset(done)

    def _together(self, identity: str, changes: Mapping[str, Json]) -> set[str]:
        first = self.switch(next(iter(changes)))
        prepared = self._prepare(identity, first) if first else None
        if first is None or prepared is None:
            return set()
        shown = self._last(identity, first)
        content = dict(prepared.content)
        flips: dict[str, tuple[Flip, tuple[str, ...]]] = {}
        for path, value in changes.items():
            switch, own = self.switch(path), path in self.fields
            at = pattern(switch.pointer) if switch else ()
            before = value_at(shown, at) if own else self.cast.states.get((identity, path))
            here = value_at(shown, at)
            if switch and here != before and self._is_anothers(identity, path, switch, here):
                continue
            if len(at) > 1:
                content.setdefault(at[0], shown.get(at[0]))
            if before is not None and isinstance(value_at(content, at[:-1]), dict):
                content = _with(content, at, value)
                pin = self._pin(identity, first, prepared)
                flips[path] = Flip(identity, path, before, value, own, pin), at
        if shown:
            self._before.setdefault((identity, first.operation), shown)
        for flip, _ in flips.values():
            self.log("flip", flip)
            self.pending.append(flip)
        answer = self._send(identity, prepared, content) if flips else None
        if answer is None or not 200 <= answer.status < 300:
            self.why = "the API did not take the settings"
            return set()
        now = self._read(prepared.operation, identity)
        kept = {p for p, (flip, at) in flips.items() if value_at(now, at) in (None, flip.after)}
        self.cast.states |= {(identity, p): changes[p] for p in kept if p not in self.fields}
        return kept

    def undo_all(self, identity: str, paths: Collection[str]) -> None:
        """Put several fields or states back as they were first; what fails stays for the end."""
        first: dict[str, Flip] = {}
        for flip in self.pending:
            if flip.identity == identity and flip.state in paths:
                first.setdefault(flip.state, flip)
        older = list(self.pending)
        back = self.flip_all(identity, {path: flip.before for path, flip in first.items()})
        done = {path for path in back if self._shows(first[path])}
        self.pending = [e for e in older if not (e.identity == identity and e.state in done)]
        for path in done:
            self._is_back(first[path])

    def _shows(self, flip: Flip) -> bool:
        switch = self.switch(flip.state)
        last = self._last(flip.identity, switch) if switch else {}
        return switch is not None and value_at(last, pattern(switch.pointer)) in (None, flip.before)

    def undo(self, identity: str, path: str) -> bool:
        """Put one state or field back as it was first; False when it could not be, or never was
        changed. A failure stays to be put back at the end."""
        changes = [each for each in self.pending if (each.identity, each.state) == (identity, path)]
        if not changes or not self._put_back(changes[0]):
            return False
        self.pending = [each for each in self.pending if each not in changes]
        self._is_back(changes[0])
        return True

    def restore(self) -> tuple[str, ...]:
        """Put everything back, last first; says in words what could not be. Never raises."""
        failed: list[Flip] = []
        first: dict[tuple[str, str], Flip] = {}
        for flip in self.pending:
            first.setdefault((flip.identity, flip.state), flip)
        for flip in reversed(first.values()):
            if not self._put_back(flip):
                failed.append(flip)
                continue
            self._is_back(flip)
        self.pending.clear()
        return (*map(left_behind, failed), *self._damage(failed))

    def _is_back(self, flip: Flip) -> None:
        if flip.state not in self.fields:
            self.cast.states[(flip.identity, flip.state)] = flip.before
        with suppress(OakumError):  # what a journal still holds is put back once more
            self.log("restored", flip)

    def _put_back(self, flip: Flip) -> bool:
        if flip.secret and is_sealed(flip.before):
            return False
        for _ in range(2):
            try:
                switch = self.switch(flip.state)
                if switch is None or flip.identity not in self.cast.ids:
                    return False
                prepared = self._prepare(flip.identity, switch)
                if prepared is None:
                    return False
                shown = value_at(self._last(flip.identity, switch), pattern(switch.pointer))
                if shown is not None and shown == flip.before:
                    return True
                return self._write(prepared, flip.identity, switch, flip.before)
            except OakumError:
                return False
            except KeyboardInterrupt:  # an impatient second Ctrl-C leaves nobody's settings flipped
                continue
        return False

    def _damage(self, failed: list[Flip]) -> tuple[str, ...]:
        """Members that writing has changed beyond the settings flipped, by name, not by value."""
        known = {
            (flip.identity, switch.operation, pattern(switch.pointer)[0])
            for flip in failed
            if (switch := self.switch(flip.state)) is not None
        }
        said: list[str] = []
        for (identity, operation), before in self._before.items():
            now = self._now.get((identity, operation))
            kept, declared = self._kept(operation), self._declared(operation)
            names = {
                name: _moved(name, before.get(name), now.get(name))
                for name in sorted(before.keys() | (now or {}).keys())
                if now and (identity, operation, name) not in known
            }
            other = [n for n, how in names.items() if how == "changed" and n not in kept]
            if other:
                said.append(
                    f"other settings of {identity} are not as they were before `{operation}`:"
                    f" {_listed(other, declared)}; look at them by hand"
                )
            if alone := [n for n, how in names.items() if how and n not in other]:
                self.moved.append(
                    f"settings of {identity}: {_listed(alone, declared)} not as before"
                    f" `{operation}`: the API sets this by itself at a write"
                )
        self._before.clear()
        return tuple(said)

    def _last(self, identity: str, switch: Switch) -> Mapping[str, Json]:
        return self._now.get((identity, switch.operation), {})

    def _prepare(self, identity: str, switch: Switch) -> _Write | None:
        """The write of a switch with everything in it but the value; None: `why` has the words."""
        gate = self.writers[switch.operation]
        writer, path = gate.operation, pattern(switch.pointer)
        filled = self._filled(gate, identity, switch.operation)
        named = f"`{writer.method} {writer.path}`"
        if filled is None:
            self.why = f"no value is known for a parameter of {named}, so none was sent"
            return None
        whole = writer.method == "PUT"
        # Read back after the last write: what else has changed since does not matter to a PATCH.
        known = None if whole else self._now.get((identity, writer.id))
        current = dict(known) if known else self._read(writer, identity)
        if (whole or len(path) > 1) and not current:
            what = "all settings" if whole else f"all of `{path[0]}`"
            shows = (
                "the GET of the same path did not show them"
                if writer.id in self.readers
                else "no GET of the same path shows them"
            )
            self.why = f"{named} replaces {what} and {shows}, so none was sent"
            return None
        first = (identity, writer.id) not in self._pins  # else it is being put back
        declared = body_shape(writer) if whole and first else None
        for name, thunk in declared.properties.items() if declared is not None else ():
            if name not in current and name != path[0] and not thunk().read_only:
                self.why = f"{named} replaces all, and `{name}` is shown nowhere, so none was sent"
                return None
        if not path or not all(
            isinstance(value_at(current, path[:n]), dict) for n in range(len(path))
        ):
            self.why = f"`{switch.pointer}` is not in the settings that the API shows"
            return None
        if whole:
            content = self._sendable(writer, current)
        else:
            content = {path[0]: current[path[0]]} if len(path) > 1 else {}
        if not isinstance(value_at(content, path[:-1]), dict):
            self.why = f"`{switch.pointer}` is not in the settings that {named} takes"
            return None
        return _Write(filled.request, gate.operation, content)

    def _pin(self, identity: str, switch: Switch, write: _Write) -> str:
        """From its first change on, one object stands for the setting until it is put back."""
        return self._pins.setdefault((identity, switch.operation), _place(write.request.url))

    def _filled(self, gate: Gate, identity: str, writer: str) -> Filled | None:
        """A question about the object that was changed, or about the first where none was."""
        at = self._pins.get((identity, writer), "")
        for turn in range(_MOST_OBJECTS if at else 1):
            filled = fill(gate, self.target, self.knowledge, identity, turn=turn)
            if filled is None or not at or _place(filled.request.url) == at:
                return filled
        return None

    def _is_anothers(self, identity: str, path: str, switch: Switch, here: Json) -> bool:
        """Whether a setting that differs from what the object `here` shows is another object's: it
        stands in each of several, and was not changed by this run."""
        if any((e.identity, e.state) == (identity, path) for e in self.pending):
            return False  # what was refused may have been taken all the same
        if here is not None:
            return True
        known = self.knowledge.objects.get((identity, path.partition(".")[0]), ())
        return len(known) > 1 and bool(self.writers[switch.operation].personal)

    def _sendable(self, writer: Operation, current: Mapping[str, Json]) -> dict[str, Json]:
        """All settings but those that the document keeps from being written."""
        declared = body_shape(writer)
        kept = self._kept(writer.id)
        strict = writer.id in self.closed and declared is not None
        return {
            name: each
            for name, each in current.items()
            if name not in kept and not (strict and declared and name not in declared.properties)
        }

    def _kept(self, operation: str) -> frozenset[str]:
        """Members that the API alone sets (`readOnly`)."""
        return frozenset(
            name
            for shape in self._shapes(operation)
            for name, member in shape.properties.items()
            if member().read_only
        )

    def _declared(self, operation: str) -> frozenset[str]:
        """Members that the document names: another's name may be somebody's."""
        return frozenset(name for shape in self._shapes(operation) for name in shape.properties)

    def _shapes(self, operation: str) -> list[Shape]:
        """What the document says of settings, where they are written and where they are read."""
        reader = self.readers.get(operation)
        answers = reader.operation.responses.items() if reader else ()
        shapes = [body_shape(self.writers[operation].operation)]
        shapes += [_declared(media) for status, media in answers if status.startswith("2")]
        return [each for each in shapes if each is not None]

    def _write(self, write: _Write, identity: str, switch: Switch, value: Json) -> bool:
        path = pattern(switch.pointer)
        answer = self._send(identity, write, _with(write.content, path, value))
        if not 200 <= answer.status < 300:
            return False
        # taken on trust where the API does not show it
        shown = value_at(self._read(write.operation, identity), path)
        return shown is None or bool(shown == value)

    def _send(self, identity: str, write: _Write, content: Mapping[str, Json]) -> Response:
        """What was read before says nothing any more: what is refused or lost may be taken too."""
        self._now.pop((identity, write.operation.id), None)
        self.used.add(write.operation.id)
        with heard_afterwards():
            return self.ask(identity, write.body(content))

    def _read(self, writer: Operation, identity: str) -> dict[str, Json]:
        reader = self.readers.get(writer.id)
        filled = self._filled(reader, identity, writer.id) if reader else None
        self._now.pop((identity, writer.id), None)
        if filled is None:
            return {}
        answer = self.ask(identity, filled.request)
        if not 200 <= answer.status < 300 or answer.truncated:
            return {}  # an error in JSON is nobody's settings, and must not replace them
        try:
            content = orjson.loads(answer.body)
            json_bytes(content)  # what is nested too deep to be sent back is not understood
        except (ValueError, RecursionError):
            return {}
        content = _unwrapped(content, writer)
        if not isinstance(content, dict):
            return {}
        self._now[(identity, writer.id)] = content
        return content


@dataclass(frozen=True)
class _Write:
    """A request that sets something, but for the value."""

    request: Request
    operation: Operation
    content: Mapping[str, Json]

    def body(self, content: Mapping[str, Json]) -> Request:
        """The request with this content."""
        kind, body = encode(self.operation, content)
        headers = {**self.request.headers, "content-type": kind}
        return Request(self.request.method, self.request.url, headers, body)


def left_behind(flip: Flip) -> str:
    """Tells a person what to do about a setting that was not put back."""
    value = "its old value" if flip.secret else f"`{json_bytes(flip.before).decode()}`"
    return f"`{flip.state}` of {flip.identity} could not be put back to {value}: set it by hand"


def _unwrapped(content: Json, writer: Operation) -> Json:
    """What a GET shows as a PUT takes it: many wrap the one and not the other."""
    declared = body_shape(writer)
    names = set(declared.properties) if declared else set()
    if not isinstance(content, dict) or not names or names & content.keys():
        return content
    inner = [each for each in content.values() if isinstance(each, dict) and names & each.keys()]
    return inner[0] if len(inner) == 1 else content


def _declared(body: tuple[Media, ...]) -> Shape | None:
    return next((media.shape for media in body if media.is_json and media.shape), None)


def _with(content: Mapping[str, Json], path: tuple[str, ...], value: Json) -> dict[str, Json]:
    head, *rest = path
    inner = _with(content[head], tuple(rest), value) if rest else value
    return {**content, head: inner}


def _moved(name: str, before: Json, now: Json) -> str:
    """`changed`: it is not as it was; `stamped`: but for times and counters, which the API sets
    itself; empty: it is as it was."""
    if isinstance(before, dict) and isinstance(now, dict) and before.keys() == now.keys():
        found = {_moved(each, before[each], now[each]) for each in before}
        return "changed" if "changed" in found else "stamped" if "stamped" in found else ""
    if before == now:
        return ""
    times = all(isinstance(each, str) and _TIME.match(each) for each in (before, now))
    alone = type(before) is type(now) and moves_by_itself(name, now)
    return "stamped" if times or alone else "changed"


def _listed(names: Collection[str], declared: Collection[str]) -> str:
    said = dict.fromkeys(name if name in declared else "‹key›" for name in names)
    return ", ".join(f"`{name}`" for name in said)


def _place(url: str) -> str:
    """Tells an address from another, and is nobody's value: it stands in the journal."""
    return hashlib.sha256(urlsplit(url).path.encode()).hexdigest()[:16]


_MOST_OBJECTS = 100
"""Objects of an identity among which the one that was changed is looked for."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
