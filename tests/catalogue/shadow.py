"""An API with the guard beside it: each request that the API answers, the guard decides as well.

Whoever asks is answered by the API alone, and no write is done twice: of a write only the decision
counts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oakum.asgi import OakumMiddleware
from oakum.authz import Judge, Principal, answer_media
from oakum.guard.contract_reader import read_contract
from oakum.guard.loading import open_gate
from oakum.http.media_type import is_json
from oakum.routing.content_type import read_media_type
from oakum.routing.route import Router, split_target
from tests.guard_patience import unhurried_gate

_READS = ("GET", "HEAD", "OPTIONS")
_NOT_ALLOWED = ("body", "query", "listed", "rate", "budget")
"""Why requests are refused that the contract allows nobody: members that nobody may set, parameters
that occur twice, fields of GraphQL under another name; and limits, which count here as well."""


class _Environ(Mapping[str, str]):
    """Each secret has the same value."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __getitem__(self, name: str) -> str:
        return self._value

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@dataclass
class _Reply:
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], [*message["headers"]]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


@dataclass
class Shadow:
    """The API as whoever asks sees it."""

    app: ASGIApp
    policy: Path
    service: str = "made-up-for-this-test"
    refused: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    """Operations that the API let somebody call, and the guard did not: id, why, the status of the
    guard."""
    passed: Counter[str] = field(default_factory=Counter)
    """Operations for which both did."""

    def __post_init__(self) -> None:
        self._model = read_contract(self.policy).compiled.model
        gate = unhurried_gate(open_gate(self.policy, environ=_Environ(self.service)))
        self._router = Router([*self._model.operations.values()])
        self._line: Mapping[str, Any] = {}
        self._guarded = OakumMiddleware(self._within, gate, audit=self._note)

    def _note(self, line: Mapping[str, Any]) -> None:
        self._line = line

    async def _within(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The API for the guard, to which no write comes."""
        if self._is_read(scope):
            await self.app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or b"event-stream" in dict(scope["headers"]).get(b"accept", b""):
            await self.app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        there, here = _Reply(), _Reply()
        if not self._is_read(scope):
            await self._guarded(dict(scope), _once(body), there.send)
            await self.app(scope, _once(body), here.send)
        else:
            await self.app(dict(scope), _once(body), here.send)
            if here.status < 300:
                await self._guarded(dict(scope), _once(body), there.send)
        self._compare(here, there)
        await send({"type": "http.response.start", "status": here.status, "headers": here.headers})
        await send({"type": "http.response.body", "body": here.body})

    def _is_read(self, scope: Scope) -> bool:
        """Whether a request may be sent twice: by its method, or by the contract's word."""
        if scope["method"] in _READS:
            return True
        place = split_target(scope["path"])
        found = self._router.find(place, scope["method"]) if place is not None else None
        return found is not None and self._model.rule(found[0].id).reads is True

    def _compare(self, here: _Reply, there: _Reply) -> None:
        line, self._line = self._line, {}
        operation, why = line.get("op"), str(line.get("denied"))
        if line.get("upstream") == 429:  # the API counts both requests
            return
        if operation is None or why in _NOT_ALLOWED or not self._is_given(operation, here):
            return
        if 200 <= there.status < 300:
            self.passed[operation] += 1
        else:
            self.refused[operation, why, there.status] += 1

    def _is_given(self, operation: str, here: _Reply) -> bool:
        """Whether the API gave what was asked for, as its document says: of a read an object."""
        if not 200 <= here.status < 300:
            return False
        said = read_media_type([v.decode() for k, v in here.headers if k == b"content-type"])
        declared = self._model.operations[operation]
        media = answer_media(declared, here.status, str(said)) if said is not None else None
        value = json.loads(here.body) if here.body and said and is_json(said.type) else None
        if isinstance(value, dict) and (value.get("ok") is False or "errors" in value):
            return False
        if declared.method not in _READS:
            return True
        if media is None or value is None:
            return False
        judged = Judge(self._model, Principal(), operation, {}).judge(value, media.shape)
        return any(each.leaves for each in judged.instances)


def _once(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
