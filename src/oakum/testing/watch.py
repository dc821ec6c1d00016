"""Every answer of a run of tests: which door it came through, who asked, and what is to be asked
besides to know that."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from oakum.contract import Contract
from oakum.contract.model import Operation
from oakum.contract.params import infer_params
from oakum.errors import InputError, Location, Problem
from oakum.exchange import Request, Response
from oakum.guard.route import Router, placed
from oakum.guard.wiring import derive
from oakum.scan.cast import Cast
from oakum.scan.doors import survey
from oakum.scan.evidence import Redactor
from oakum.scan.facts import declared_names, policy_names
from oakum.scan.legible import is_success, read_as_declared
from oakum.semantics import compile_contract
from oakum.testing.callers import NOBODY, UNKNOWN, Caller, Callers
from oakum.testing.look import Asked, Frame, Leaked, Look
from oakum.testing.refusals import REFUSED, Refusals
from oakum.testing.tally import Tally
from oakum.testing.taps import Heard, Talk

_LOOPBACK = re.compile(r"localhost|127(?:\.\d+){3}|::1")
_WORD = re.compile(r"(?!(?:.*\d){4})[A-Za-z_.-]{1,40}\d{0,3}")


class Watch:
    """Judges for one contract. Holds no answer longer than it takes to look at it."""

    def __init__(
        self,
        contract: Contract,
        said: Callable[[Request], object],
        *,
        hosts: frozenset[str] = frozenset(),
        key: bytes,
    ) -> None:
        """`said`: what the developer says of who sends a request. `hosts`: names under which the
        API is reached over a network, besides loopback. `key`: of the hashes in evidence. Raises
        `InputError` when there is no policy."""
        if contract.policy is None:
            hint = "draft one with `oakum init`, and correct it"
            told = "there is no policy, so there is nothing to hold an answer against"
            raise InputError([Problem(Location(contract.document.file), told, hint)])
        document, policy = contract.document, contract.policy
        self.policy, self.model = policy, compile_contract(document, policy)
        self.gates, self.skipped = survey(self.model, infer_params(document, policy))
        self.tally = Tally()
        self.leaks: list[Leaked] = []
        """What it was sent and nobody has told yet; whoever tells it empties the list."""
        wiring = derive(document, self.model)
        self._router = Router(document.operations)
        self._callers = Callers(policy, wiring.credentials, said)
        asks = wiring.asks[wiring.whoami] if wiring.whoami is not None else None
        by_answer = asks is not None and not policy.caller.claim
        self._whoami = self.model.operations[asks.operation] if asks and by_answer else None
        self._hosts = hosts
        self._writes = {each.door.operation for each in self.skipped}
        names = frozenset(declared_names(document.raw)) | policy_names(policy)
        self._frame = Frame(
            self.model,
            Redactor(key, names),
            Cast(policy, {}, {}, {}).label,
            {gate.id: gate.shows for gate in self.gates},
        )
        self._refusals = Refusals(self._frame)
        self._number = 0
        self.begin("")

    def begin(self, test: str) -> None:
        """The answers that follow are this test's."""
        self._test = self._callers.test = test

    def hear(self, heard: Heard) -> Talk:
        """Judge an answer, asking the API who its caller is where only the API can tell."""
        parts = urlsplit(heard.request.url)
        if heard.app is None and not self._is_ours(parts.hostname or ""):
            return
        place = placed(parts.path or "/")
        method = "GET" if heard.request.method == "HEAD" else heard.request.method
        found = self._router.find(place, method) if place else None
        if found is None:
            self.tally.elsewhere[f"{heard.request.method} {_legible(parts.path)}"] += 1
            return
        operation, params = found
        self._number += 1
        self.tally.answers[operation.id] += 1
        caller = self._callers.of(heard.request, heard.app, heard.user)
        if operation is self._whoami and caller.source in ("answer", "nobody", "unknown"):
            caller = self._callers.learn(
                self._callers.key(heard.request, heard.app), heard.app, heard.response
            )
        elif self._is_odd(operation, caller, heard.response.status):
            caller = yield from self._asked(heard)
        self.tally.known += caller.known
        if operation.id in self.model.showing:
            if heard.response.status in REFUSED:
                self._refused(heard, operation, params, caller)
            elif heard.response.body:
                yield from self._judged(heard, operation, params, caller)

    def _refused(
        self, heard: Heard, operation: Operation, params: Mapping[str, str], caller: Caller
    ) -> None:
        if heard.response.status == 401 and not self._callers.key(heard.request, heard.app):
            caller = NOBODY  # without credentials, and the API says that nobody is logged in
        asked = self._ask(heard, operation, params, caller)
        closed = self._refusals.refuse(asked, self.tally.evidence)
        if closed is not None:
            self.tally.add(closed.tally)
            self.leaks += closed.leaks

    def settle(self) -> None:
        """No more answers come."""
        for closed in self._refusals.settle(self.tally.evidence):
            self.tally.add(closed.tally)
        self.tally.settle()

    def missed(self, why: str) -> None:
        """An answer was not judged, by a fault of ours."""
        self.tally.faults[why] += 1

    def _is_ours(self, host: str) -> bool:
        return host in self._hosts or _LOOPBACK.fullmatch(host) is not None

    def _is_odd(self, operation: Operation, caller: Caller, status: int) -> bool:
        """Whether only the API can tell who asked. A door that wants a login and opens to nobody is
        one that a suite has turned the login off for, unless the API says otherwise."""
        if not is_success(status):
            return not caller.known and status in (403, 404) and operation.id in self.model.showing
        return not caller.known or (caller.source == "nobody" and not operation.anonymous)

    def _asked(self, heard: Heard) -> Generator[Request, Response | None, Caller]:
        """The caller as the API tells it, asked with the same credentials."""
        held, key = self._callers.held(heard.request), self._callers.key(heard.request, heard.app)
        if self._whoami is None:
            return UNKNOWN if key else NOBODY
        parts = urlsplit(heard.request.url)
        self.tally.asked += 1
        url = f"{parts.scheme}://{parts.netloc}{self._whoami.path}"
        told = yield Request("GET", url, {"accept": "application/json", **dict(held.headers)})
        return self._callers.learn(key, heard.app, told) if told is not None else UNKNOWN

    def _judged(
        self, heard: Heard, operation: Operation, params: Mapping[str, str], caller: Caller
    ) -> Talk:
        asked = self._ask(heard, operation, params, caller)
        look = Look(self._frame, asked, self.tally.evidence).judge()
        if look.leaks and caller.source == "answer" and operation is not self._whoami:
            # What is remembered of the caller may have changed since: asked once more.
            now = yield from self._asked(heard)
            if now != caller:
                asked = replace(asked, caller=now)
                look = Look(self._frame, asked, self.tally.evidence).judge()
        for each in (look, *self._refusals.show(asked, look, self.tally.evidence)):
            self.tally.add(each.tally)
            self.leaks += each.leaks

    def _ask(
        self, heard: Heard, operation: Operation, params: Mapping[str, str], caller: Caller
    ) -> Asked:
        return Asked(
            operation, params, caller, heard.response, read_as_declared(operation, heard.response),
            operation.id in self._writes and not params and not self._callers.held(heard.request),
            self._test, f"{self._test}#{self._number}",
        )  # fmt: skip


def _legible(path: str) -> str:
    """A path as far as its segments read as words: any other may be a person's."""
    parts = path.split("/")
    return "/".join(part if not part or _WORD.fullmatch(part) else "…" for part in parts)
