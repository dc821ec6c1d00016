"""The reference behind the exchange cases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from oakum.guard.enforcement import Gatekeeper
from oakum.guard.key_files import read_api_keys
from oakum.guard.request_outcome import Refusal
from oakum.routing.http_messages import HttpRequest, HttpResponse, RequestSteps
from tests.conformance.exchanges import AUDIT_KEY, Outcome, Request, Response, Setup

_T = TypeVar("_T")


class PythonGuard:
    """`guard.enforcement`, driven as a server would."""

    def __init__(self, setup: Setup) -> None:
        policy = setup.contract.policy
        assert policy is not None
        self._setup = setup
        self._asked: list[Request] = []
        keys = policy.guard.api_keys
        self._keeper = Gatekeeper(
            setup.compiled,
            now=lambda: setup.clock.now,
            elapsed=lambda: setup.clock.now,
            tokens=setup.tokens.get,
            api_keys=read_api_keys(keys, setup.folder) if keys else None,
            service=setup.service,
            audit_key=AUDIT_KEY,
            observe=setup.observe,
            denied=setup.denied,
        )

    def _drive(self, talk: RequestSteps[_T]) -> _T:
        answer: HttpResponse | None = None
        try:
            while True:
                question = talk.send(answer)
                request = Request(question.method, question.target, question.headers)
                self._asked.append(request)
                answer = _answered(self._setup.upstream.answer(request))
                if answer is None:
                    self._setup.clock.now += 1.0
        except StopIteration as done:
            value: _T = done.value
            return value

    def exchange(self, request: Request) -> Outcome:
        self._asked = []
        entered = self._drive(
            self._keeper.enter(
                HttpRequest(
                    request.method, request.target, request.headers, request.body,
                    request.host, request.scheme, request.address,
                )
            )
        )  # fmt: skip
        if isinstance(entered, Refusal):
            sent = Response(entered.status, entered.headers, entered.body)
            return Outcome(sent, None, self._asked, entered.audit)
        onward = entered.forward
        forwarded = Request(onward.method, onward.target, onward.headers, onward.body)
        answer = _answered(self._setup.upstream.answer(forwarded)) or HttpResponse(
            502, missing=True
        )
        left = self._drive(self._keeper.leave(entered, answer))
        sent = Response(left.status, left.headers, left.body)
        return Outcome(sent, forwarded, self._asked, entered.audit)


def _answered(response: Response | None) -> HttpResponse | None:
    if response is None or response.raw is not None:
        return None
    return HttpResponse(response.status, response.headers, response.body, response.truncated)


@contextmanager
def python_guard(setup: Setup) -> Iterator[PythonGuard]:
    yield PythonGuard(setup)
