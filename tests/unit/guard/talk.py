"""Dialogues with a gatekeeper: what it is asked, what it asks, what it is told, what it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cadence
from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.guard.enforcement import Gatekeeper
from oakum.guard.request_outcome import GuardedRequest, Refusal
from oakum.policy.contract import load
from oakum.routing.http_messages import HttpRequest, HttpResponse

CADENCE = Path(cadence.__file__).with_name("exposure.yaml")


def answer(
    status: int = 200, body: Any = None, kind: str = "application/json", **headers: str
) -> HttpResponse:
    """An answer; a body that is no bytes is written as JSON."""
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return HttpResponse(status, (("content-type", kind), *named), raw)


Upstream = Callable[[HttpRequest], HttpResponse | None]


@dataclass
class Clock:
    at: float = 1_000_000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Talk:
    """A gatekeeper and its upstream: answers by `METHOD target`, everything asked is kept."""

    keeper: Gatekeeper
    clock: Clock
    answers: dict[str, HttpResponse | None] = field(default_factory=dict)
    asked: list[HttpRequest] = field(default_factory=list)
    """Questions of the guard's own since the last request."""
    forwarded: HttpRequest | None = None
    audit: Mapping[str, Any] = field(default_factory=dict)

    def upstream(self, asked: HttpRequest) -> HttpResponse | None:
        return self.answers.get(f"{asked.method} {asked.target}", answer(404, {"detail": "no"}))

    def say(self, asked: HttpRequest) -> HttpResponse:
        """One request, through the gatekeeper to the upstream and back."""
        self.asked, self.forwarded = [], None
        forwarded = self._drive(self.keeper.enter(asked))
        if isinstance(forwarded, Refusal):
            self.audit = forwarded.audit
            return forwarded
        assert isinstance(forwarded, GuardedRequest)
        self.forwarded = forwarded.forward
        told = self.upstream(forwarded.forward)
        assert told is not None
        sent: HttpResponse = self._drive(self.keeper.leave(forwarded, told))
        self.audit = forwarded.audit
        return sent

    def get(self, target: str, session: str = "", *headers: tuple[str, str]) -> HttpResponse:
        return self.say(asked("GET", target, session, headers=headers))

    def _drive(self, talk: Any) -> Any:
        told: HttpResponse | None = None
        try:
            while True:
                question = talk.send(told)
                self.asked.append(question)
                told = _for_one_alone(self.upstream(question))
        except StopIteration as done:
            return done.value

    @property
    def questions(self) -> list[str]:
        return [f"{each.method} {each.target}" for each in self.asked]


def _for_one_alone(told: HttpResponse | None) -> HttpResponse | None:
    """As who-am-I should say of itself: nobody else is asked about then."""
    if told is None or told.header("cache-control"):
        return told
    return replace(told, headers=(*told.headers, ("cache-control", "no-store")))


def asked(
    method: str,
    target: str,
    session: str = "",
    body: Any = None,
    host: str = "api.test",
    address: str = "192.0.2.1",
    headers: Sequence[tuple[str, str]] = (),
) -> HttpRequest:
    """A request, with cadence's session cookie where there is one."""
    named = list(headers)
    if session:
        named.append(("cookie", f"peloton_session_id={session}"))
    raw = body if isinstance(body, bytes) else b""
    if body is not None and not isinstance(body, bytes):
        raw = json.dumps(body).encode()
        named.append(("content-type", "application/json"))
    return HttpRequest(method, target, tuple(named), raw, host, "http", address)


def keeper(path: Path, clock: Clock, **options: Any) -> Gatekeeper:
    told = {"elapsed": clock, **options}
    return Gatekeeper(compile_for_gateway(load(path)), now=clock, audit_key=b"k", **told)


def cadence(**options: Any) -> Talk:
    clock = Clock()
    return Talk(keeper(CADENCE, clock, service="s3", **options), clock)


def contract(folder: Path, policy: str, document: str, **options: Any) -> Talk:
    """A gatekeeper of a policy and a document written for one test."""
    (folder / "openapi.yaml").write_text(document, encoding="utf-8")
    (folder / "exposure.yaml").write_text(policy, encoding="utf-8")
    clock = Clock()
    return Talk(keeper(folder / "exposure.yaml", clock, **options), clock)


def body(answered: HttpResponse) -> Any:
    return json.loads(answered.body)
