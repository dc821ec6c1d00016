"""Keeps requests to a rate and a budget, waits when the target asks for it, and stops before an
overloaded target fails."""

from __future__ import annotations

import email.utils
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Protocol

from oakum.errors import OakumError, TargetError
from oakum.exchange import Request, Response
from oakum.http.methods import READS
from oakum.http.origin import origin_of
from oakum.scan.limits import BudgetSpent
from oakum.scan.requests.called_operation import NOTHING
from oakum.scan.transport.certificates import CertificateRefused
from oakum.scan.transport.connection_errors import (
    NoAnswerError,
    Unreachable,
)
from oakum.scan.transport.health import Health, is_failure
from oakum.scan.transport.required_certificate import REFUSAL, RequiredCertificate


class Transport(Protocol):
    """Sends one request and returns its response, whatever the status."""

    def send(self, request: Request) -> Response:
        """The response. Raises `TargetError` if there is none."""
        ...


_NO_ANSWER = Response(504)
"""Stands for a response that did not arrive in time."""


class Governor:
    """Keeps a transport to `rate` requests a second and `budget` requests in all.

    Waits as `Retry-After` says (RFC 9110, 10.2.3), at most 30 s a time; halves the rate when
    throttled, down to one request in two seconds; asks again when a server restarts, for `ABSENT`
    seconds after its last answer and twice as long while things are put back; stops when
    half of the last 20 answers are server errors and what was answered before is not any more
    (`health`). An operation that alone goes on throttling, or whose reads alone get no answer, is
    left to itself. `rate` is more than 0.
    """

    WAIT = 30.0
    SLOWEST = 0.5
    TRIES = 3
    HANGING = 5
    """How many operations may not respond before the target counts as hanging."""
    ABSENT = 7.0
    """Seconds in all to wait for a target that stopped responding."""

    def __init__(
        self,
        transport: Transport,
        rate: float,
        budget: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        name: Callable[[Request], str] = NOTHING,
        refusal: Callable[[Request], str] = lambda request: "",
        required: RequiredCertificate | None = None,
    ) -> None:
        """`name`: which operation a request is a call of. `refusal`: why the user lets nobody ask
        it; empty: it may be asked. `required`: whether a client certificate is."""
        self.sent = 0
        self.budget = budget
        self.rate = rate
        self._transport = transport
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self._health = Health(name)
        self._throttled: set[str] = set()
        self._unanswered: set[str] = set()
        self.name = name
        self._refusal = refusal
        self._required = required or RequiredCertificate()
        self._counted = 0
        self.written: Counter[str] = Counter()
        """Requests that are no reads, by operation."""
        self._held = 0
        self._restoring = False
        self._bare = False
        self._absent = 0.0
        """Seconds waited for the target since its last answer."""
        self._silent_until = 0.0
        """When a target that is gone, and slow to say so, is tried again."""
        self._turn = threading.Lock()
        self.took = 0.0
        """Seconds from the last request to its answer, pauses before it not counted."""

    @contextmanager
    def reserve(self, requests: int) -> Iterator[None]:
        """For restoring: adds requests to the budget and never gives up on the target."""
        self.budget += requests
        self._restoring = True
        try:
            yield
        finally:
            self.budget -= requests
            self._restoring = False

    @contextmanager
    def hold(self, requests: int) -> Iterator[None]:
        """Within this context some requests of the budget are kept for what comes after it."""
        self._held += requests
        try:
            yield
        finally:
            self._held -= requests

    @property
    def requests_left(self) -> int:
        """Requests that may still be sent."""
        return max(self.budget - self._held - self.sent, 0)

    @contextmanager
    def bare(self) -> Iterator[None]:
        """For testing the target's own rate limit: returns 429 and 503 unchanged, and waits before
        the next request."""
        self._bare = True
        try:
            yield
        finally:
            self._bare = False

    def send(self, request: Request, way: Transport | None = None) -> Response:
        """The response; waits out 429 and 503 with `Retry-After` unless `bare`. `way` replaces the
        transport at the same rate and budget, for feeds."""
        way = way or self._transport
        if self.name(request) in self._unanswered and not self._restoring:
            return _NO_ANSWER
        for attempt in range(self.TRIES + 1):
            response = self._send_with_retry(request, way)
            throttled = response.status == 429
            if not throttled and not (response.status == 503 and "retry-after" in response.headers):
                break
            if self._bare:
                with self._turn:
                    self._next = max(self._next, self._clock() + self._wait(response, 0))
                return response
            if throttled and not attempt:
                self.rate = max(self.rate / 2, min(self.rate, self.SLOWEST))
            if attempt < self.TRIES:
                self._sleep(self._wait(response, attempt))
        if response.status == 429:
            if not self._answers_others(request):
                tries = self.TRIES + 1
                words = f"the target limits the rate: still 429 after {tries} tries; lower the rate"
                raise TargetError(words)
            self._throttled.add(self.name(request))
        self._judge(request, response)
        return response

    def spares(self, request: Request) -> str:
        """Why the operation of a request is not to be asked any more; empty: it may be."""
        if why := self.refuses(request):
            return why
        if self._health.is_broken(request):
            return "it returns only server errors, so it got no further requests"
        if self.name(request) in self._unanswered:
            return "it gave no answer in time, twice, so it got no further requests"
        if self.name(request) in self._throttled:
            return "it limits the rate for longer than a run waits, so it got no further requests"
        return ""

    def refuses(self, request: Request) -> str:
        """Why the user excludes the operation of a request; restoring is allowed all the same."""
        return "" if self._restoring else self._refusal(request)

    def _answers_others(self, request: Request) -> bool:
        """Whether another operation is not throttled."""
        witness = self._health.witness(but=request)
        return witness is not None and self._once(witness, self._transport).status != 429

    def _send_with_retry(self, request: Request, way: Transport) -> Response:
        """The response. A read that gets none in time is sent once more; if that is in vain and
        another operation answers, its operation (a long poll, say) is left to itself, as after a
        gateway's 504 (RFC 9110, 15.6.5)."""
        try:
            return self._reach(request, way)
        except NoAnswerError as error:
            if request.method not in READS or way is not self._transport or not self._counted:
                raise
            self._sleep(1.0)
            with suppress(Unreachable):
                return self._once(request, self._transport)
            name = self.name(request)
            with suppress(Unreachable):
                if name and len(self._unanswered) < self.HANGING and self._answers_others(request):
                    self._unanswered.add(name)
                    return _NO_ANSWER
            raise error

    def _reach(self, request: Request, way: Transport) -> Response:
        """Waits for a server that restarts; one that was never there is a wrong address. One that
        was waited for in vain is tried once a request, so that it is used when it comes back."""
        if self._is_gone() and self._clock() < self._silent_until:
            raise Unreachable("the target no longer responds", again=True)
        for attempt in range(self.TRIES):
            try:
                return self._once(request, way)
            except Unreachable as error:
                if self._required.is_missing(request, lambda r: self._once(r, self._transport)):
                    raise CertificateRefused(f"`{origin_of(request.url)}` {REFUSAL}") from None
                if not error.again or not self._counted or self._is_gone():
                    raise
                self._absent += 2.0**attempt
                self._sleep(2.0**attempt)
        return self._once(request, way)

    def _is_gone(self) -> bool:
        return self._absent >= self.ABSENT * (2 if self._restoring else 1)

    def _once(self, request: Request, way: Transport) -> Response:
        with self._turn:  # concurrent requests wait for each other
            if not self.requests_left:
                raise BudgetSpent(f"the budget of {self.budget} requests is spent")
            pause = self._next - self._clock()
            if pause > 0:
                self._sleep(pause)
            asked = self._clock()
            self._next = asked + 1 / self.rate
            self.sent += 1
            if request.method not in READS:
                self.written[self.name(request)] += 1
        try:
            response = way.send(request)
        except Unreachable:
            ended = self._clock()
            # limits the share of time that is spent waiting for a dead server
            self._silent_until = ended + 10 * (ended - asked)
            raise
        self._required.answers(request)
        self.took = self._clock() - asked
        self._absent = 0.0
        self._counted += 1
        return response

    def _wait(self, response: Response, attempt: int) -> float:
        said = response.headers.get("retry-after", "").strip()
        if said.isascii() and said.isdigit():
            return min(float(said), self.WAIT)
        try:
            date = email.utils.parsedate_to_datetime(said)
            here = email.utils.parsedate_to_datetime(response.headers["date"])
            return min(max((date - here).total_seconds(), 0.0), self.WAIT)
        except (KeyError, ValueError, TypeError, OverflowError):
            return min(2.0**attempt, self.WAIT)

    def _judge(self, request: Request, response: Response) -> None:
        if not self._health.take(request, response) or self._restoring:
            return
        witness = self._health.witness()
        if witness is not None and not is_failure(self._once(witness, self._transport).status):
            self._health.calm()
            return
        many = self._health.words()
        raise TargetError(
            f"the target is failing: {many} were server errors; the scan stopped to avoid harm"
        )


def together(jobs: Sequence[Callable[[], Response]], most: int = 4) -> list[Response | None]:
    """Runs jobs concurrently; responses in order, None for a failure."""

    def run(job: Callable[[], Response]) -> Response | None:
        try:
            return job()
        except OakumError:  # a later attempt reports the error
            return None

    if len(jobs) < 2:
        return [run(job) for job in jobs]
    with ThreadPoolExecutor(min(most, len(jobs))) as pool:
        return list(pool.map(run, jobs))
