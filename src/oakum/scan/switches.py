"""Privacy settings of the identities' own accounts: flipped when allowed, and always put back.

The journal hears of a flip before it is sent and of its undoing after it was read back, so that a
run that is killed in between can be mended by the next one. What it hears is the name of the
setting and its value (`true`, `only_me`), never the settings object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from oakum.contract.model import Json, Operation, Policy, Switch
from oakum.exchange import Request, Response
from oakum.scan.asking import fill
from oakum.scan.cast import Cast
from oakum.scan.doors import Gate
from oakum.scan.knowledge import Knowledge
from oakum.semantics.model import pattern


class Ask(Protocol):
    """Sends a request as an identity."""

    def __call__(self, viewer: str | None, request: Request, /) -> Response: ...


@dataclass(frozen=True)
class Flip:
    """One setting of one identity, and the values before and after."""

    identity: str
    state: str
    """`Resource.state`."""
    before: Json
    after: Json


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
    pending: list[Flip] = field(default_factory=list)

    def base(self, resource: str, name: str) -> str:
        """`Resource.state` in which a state really stands, following `of`."""
        state = self.policy.resources[resource].states[name]
        while state.of:
            resource, _, name = state.of.partition(".")
            state = self.policy.resources[resource].states[name]
        return f"{resource}.{name}"

    def switch(self, path: str) -> Switch | None:
        """How a state is set, if the contract says so and the operation is there."""
        resource, _, name = path.partition(".")
        switch = self.policy.resources[resource].states[name].switch
        return switch if switch is not None and switch.operation in self.writers else None

    def flip(self, identity: str, path: str, value: Json) -> bool:
        """Set a state; False when the API did not take it. Remembered until put back."""
        before = self.cast.states.get((identity, path))
        switch = self.switch(path)
        if switch is None or before is None:
            return False
        change = Flip(identity, path, before, value)
        self.log("flip", change)
        self.pending.append(change)
        if not self._write(change, switch, value):
            return False
        self.cast.states[(identity, path)] = value
        return True

    def restore(self) -> tuple[str, ...]:
        """Put everything back, last first; says in words what could not be."""
        failed: list[str] = []
        first: dict[tuple[str, str], Flip] = {}
        for flip in self.pending:
            first.setdefault((flip.identity, flip.state), flip)
        for flip in reversed(first.values()):
            switch = self.switch(flip.state)
            if switch is not None and self._write(flip, switch, flip.before):
                self.cast.states[(flip.identity, flip.state)] = flip.before
                self.log("restored", flip)
            else:
                failed.append(
                    f"`{flip.state}` of {flip.identity} could not be put back to"
                    f" `{_said(flip.before)}`: set it by hand"
                )
        self.pending.clear()
        return tuple(failed)

    def _write(self, flip: Flip, switch: Switch, value: Json) -> bool:
        gate = self.writers[switch.operation]
        filled = fill(gate, self.target, self.knowledge, flip.identity)
        if filled is None:
            return False
        content = self._current(gate.operation, flip.identity)
        if content is None:
            return False
        _set(content, pattern(switch.pointer), value)
        headers = {**filled.request.headers, "content-type": "application/json"}
        request = Request(filled.request.method, filled.request.url, headers, orjson.dumps(content))
        answer = self.ask(flip.identity, request)
        return 200 <= answer.status < 300 and self._reads_back(gate.operation, flip, switch, value)

    def _current(self, writer: Operation, identity: str) -> dict[str, Json] | None:
        """The settings as they are, cut to what the writer takes: PUT replaces them all.

        None when they cannot be read: then a PUT could lose somebody's settings, so none is sent.
        """
        if writer.method != "PUT":
            return {}
        current = self._read(writer, identity)
        if not current:
            return None
        declared = next((m.shape for m in writer.body if m.is_json and m.shape), None)
        if declared is None or not declared.properties:
            return current
        return {name: each for name, each in current.items() if name in declared.properties}

    def _read(self, writer: Operation, identity: str) -> dict[str, Json]:
        reader = self.readers.get(writer.id)
        filled = fill(reader, self.target, self.knowledge, identity) if reader else None
        if filled is None:
            return {}
        answer = self.ask(identity, filled.request)
        if not 200 <= answer.status < 300:
            return {}  # an error in JSON is nobody's settings, and must not replace them
        try:
            content = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            return {}
        return content if isinstance(content, dict) else {}

    def _reads_back(self, writer: Operation, flip: Flip, switch: Switch, value: Json) -> bool:
        """Whether the API shows the value just written; taken on trust where it shows none."""
        at: Json = self._read(writer, flip.identity)
        for segment in pattern(switch.pointer):
            if not isinstance(at, dict) or segment not in at:
                return True
            at = at[segment]
        return bool(at == value)


def _set(content: dict[str, Json], path: tuple[str, ...], value: Json) -> None:
    *stem, last = path
    at = content
    for segment in stem:
        at = at.setdefault(segment, {})
    at[last] = value


def _said(value: Json) -> str:
    return orjson.dumps(value).decode()
