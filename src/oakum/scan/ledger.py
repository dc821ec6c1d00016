"""What writes have to be undone, and how: in the journal before the write is sent.

An entry holds whole requests, with values of people in them; in the journal it is sealed (`seal`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import orjson

from oakum.contract.model import Json
from oakum.errors import OakumError
from oakum.exchange import Request, Response
from oakum.scan.switches import Ask


@dataclass(frozen=True)
class Undo:
    """How to take one write back, and how to see that it is."""

    name: str
    """Unique in the run, and nobody's value: `Member.plan of ann by PATCH /me`."""
    steps: tuple[tuple[str | None, Request], ...] = field(repr=False)
    """(identity, request) pairs of which any one may do it, the likeliest first."""
    check: tuple[str | None, Request] = field(repr=False)
    """Who asks what, to see whether it is undone."""
    before: str = field(repr=False)
    """The part of that answer that counts, as it was: canonical JSON, or the status alone."""
    members: tuple[str, ...] = ()
    """Names of the members that count, wherever they stand in the answer; none: the status."""


@dataclass
class Ledger:
    """Undoes what was written, last first."""

    ask: Ask
    log: Callable[[str, Json], None]
    pending: list[Undo] = field(default_factory=list)

    def enter(self, undo: Undo) -> None:
        """Remember before the write is sent."""
        self.log("undo", as_json(undo))
        self.pending.append(undo)

    def undo(self, undo: Undo) -> bool:
        """Take a write back, unless it has changed nothing; False when it could not be."""
        for step in (None, *undo.steps):
            try:
                if step is not None:
                    self.ask(*step)
                if extract(self.ask(*undo.check), undo.members) == undo.before:
                    self._done(undo)
                    return True
            except OakumError:
                return False
        return False

    def restore(self) -> tuple[str, ...]:
        """Undo everything; says in words what could not be. Never raises."""
        failed = [each for each in reversed(self.pending) if not self.undo(each)]
        self.pending.clear()
        return tuple(f"{each.name} could not be undone: look at it by hand" for each in failed)

    def _done(self, undo: Undo) -> None:
        self.pending = [each for each in self.pending if each.name != undo.name]
        with suppress(OakumError):  # what a journal still holds is undone once more
            self.log("undone", undo.name)


def extract(answer: Response, members: tuple[str, ...]) -> str:
    """The members that count, of every object in the answer that has one of them, as JSON."""
    if not members:
        return str(answer.status)
    try:
        found = list(_objects(orjson.loads(answer.body), members))
    except orjson.JSONDecodeError:
        return ""
    return orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode()


def _objects(value: Json, members: tuple[str, ...]) -> list[Json]:
    if isinstance(value, list):
        return [each for child in value for each in _objects(child, members)]
    if not isinstance(value, dict):
        return []
    own = {name: value[name] for name in members if name in value}
    inner = [each for child in value.values() for each in _objects(child, members)]
    return [own, *inner] if own else inner


def as_json(undo: Undo) -> Json:
    """An entry as a JSON value, for a journal that seals it."""
    return {
        "name": undo.name,
        "steps": [[who, _sent(request)] for who, request in undo.steps],
        "check": [undo.check[0], _sent(undo.check[1])],
        "before": undo.before,
        "members": list(undo.members),
    }


def from_json(value: Mapping[str, Json]) -> Undo:
    """The reverse of `as_json`. Raises `KeyError`, `TypeError` or `ValueError`."""
    return Undo(
        value["name"],
        tuple((who, _request(sent)) for who, sent in value["steps"]),
        (value["check"][0], _request(value["check"][1])),
        value["before"],
        tuple(value["members"]),
    )


def _sent(request: Request) -> Json:
    body = request.body.decode("utf-8")
    return [request.method, request.url, dict(request.headers), body]


def _request(sent: Json) -> Request:
    method, url, headers, body = sent
    return Request(method, url, headers, body.encode())
