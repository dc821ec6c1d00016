"""Judges every response of a test run, and sends the requests needed to do so."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Generator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from urllib.parse import urlsplit

from oakum.authz import Leaf, likely_media
from oakum.authz.strict_json import MAX_DEPTH
from oakum.exchange import Request, Response
from oakum.exposure.endpoints.probes import survey
from oakum.exposure.evidence import Redactor, declared_names, policy_names
from oakum.exposure.exchanges.caller_identification import (
    NOBODY,
    UNKNOWN,
    Callers,
    IdentifiedCaller,
)
from oakum.exposure.exchanges.exchange_interpretation import EarlierExchanges, Exchanges
from oakum.exposure.exchanges.sent_values import sent_of
from oakum.exposure.exchanges.settings_and_relations_learner import CallerRequest
from oakum.exposure.json_depth import not_too_deep
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.response_reader import (
    MAX_TEXT,
    ResponseReader,
    is_success,
    read_as_declared,
    text_of,
)
from oakum.exposure.values.knowledge import leaves_of, says_nothing
from oakum.http.methods import SAFE
from oakum.inference.parameter_sources import infer_params
from oakum.openapi.model import Operation
from oakum.policy.contract import Contract
from oakum.pytest_plugin.misplaced_values import MisplacedValues, WaitingResponse
from oakum.pytest_plugin.refusals import REFUSED, Refusals
from oakum.pytest_plugin.response_capture import Capture, Evaluation
from oakum.pytest_plugin.response_evaluator import (
    JudgedExchange,
    JudgingContext,
    LeakedValue,
    ObservedExchange,
    shown_of,
)
from oakum.pytest_plugin.suite_counts import SuiteCounts
from oakum.routing.judged_contract import compile_for_judging
from oakum.routing.route import Router

_LOOPBACK = re.compile(
    r"(?:.+\.)?localhost|(?:::ffff:)?127(?:\.\d+){3}|::1|0\.0\.0\.0|::|localhost\.localdomain"
)
"""Host names and addresses that lead to this machine, including the unspecified ones (RFC 1122,
3.2.1.3; RFC 6761)."""
_MACHINE = platform.node().lower()
FOREIGN = "its host is neither this machine nor in `oakum_hosts`"
SHAPELESS = (
    "it does not match the document: no object in it could be judged; it was only searched for"
    " values that owners had received"
)
BARE_TEXT = (
    "it is text without a resource of the contract: it was only searched for values that owners had"
    " received"
)
_LONG_TEXT = 40
"""Number of characters from which a string may be somebody's document."""
DEEP = (
    "it nests deeper than 100 levels: no object in it was judged; its text was only searched for"
    " values that owners had received"
)
CUT = (
    "it is text of 1 MiB or more: only the first part was searched for values that owners had"
    " received"
)
_MOST_ASKED = 10
"""Most requests that are repeated before a test fails because of a leak."""
MANY = "there were too many responses to search them for values that only later tests show"
BLIND = "it contains a value of an owner, but the test's request could not be read"
_WORD = re.compile(r"(?!(?:.*\d){4})[A-Za-z_.-]{1,40}\d{0,3}")


class SuiteObserver:
    """Judges responses under one contract, and discards them afterwards."""

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
        compiled = self._compiled = compile_for_judging(contract)
        document, policy, plan = compiled.document, compiled.policy, compiled.callers
        self.policy, self.model = policy, compiled.model
        inferred = infer_params(document, policy)
        self.probes, self.skipped = survey(self.model, inferred, document.closed)
        self._sources = {probe.endpoint.operation: probe.sources for probe in self.probes}
        self.tally = SuiteCounts()
        self.leaks: list[LeakedValue] = []
        """What it was sent and nobody has told yet; whoever tells it empties the list."""
        self._router = Router(document.operations, document.closed)
        self._callers = Callers(policy, plan.credentials, said)
        self._exchanges = Exchanges(compiled, self._callers)
        asks = plan.whoami
        by_answer = asks is not None and not policy.caller.claim
        self._whoami = self.model.operations[asks.operation] if asks and by_answer else None
        self._owed = asks.query if asks else ""
        self._hosts = hosts
        names = frozenset(declared_names(document.raw)) | policy_names(policy)
        self._frame = JudgingContext(
            self.model,
            Redactor(key, names),
            KnownIdentities(policy, {}, {}, {}).label,
            {probe.id: probe.shows for probe in self.probes},
        )
        self._refusals = Refusals(self._frame)
        self._strays = MisplacedValues(self._frame, self.probes)
        self._number = 0
        self.begin("")

    def begin(self, test: str) -> None:
        """Begins a test; further responses are attributed to it. `test`: its node id."""
        self._test = self._callers.test = test
        # Another test may give the same keys to objects of others.
        self._earlier = EarlierExchanges(self._compiled, self._sources, keep=True)
        self._callers.forget()
        self._strays.begin()

    def wants(self, method: str, url: str) -> bool:
        """Whether to evaluate a response that came over the network."""
        parts = urlsplit(url)
        return self._is_ours(parts.hostname or "") and self._router.of_url(url, method) is not None

    def observe(self, captured: Capture) -> Evaluation:
        """Judges a response; calls who-am-I if nothing else identifies the caller."""
        asked = yield from self._observe(captured)
        changes = asked.changes if asked is not None else captured.request.method not in SAFE
        if changes:
            self._callers.forget()
            if asked is None:
                self._earlier.forget_facts()

    def _observe(
        self, captured: Capture
    ) -> Generator[Request, Response | None, CallerRequest | None]:
        """Judges a response. Its request; None if the document does not declare it."""
        parts = urlsplit(captured.request.url)
        found = self._router.of_url(captured.request.url, captured.request.method)
        if captured.app is None and not self._is_ours(parts.hostname or ""):
            if found is not None:
                self.tally.unheard[found[0].id, f"{FOREIGN}: {parts.hostname}"] += 1
            return None
        if found is None:
            self.tally.elsewhere[f"{captured.request.method} {_legible(parts.path)}"] += 1
            return None
        operation, params = found
        self._number += 1
        self.tally.answers[operation.id] += 1
        kinds = type(captured.app).__mro__ if captured.app is not None else ()
        self.tally.apps |= {each.__module__.partition(".")[0] for each in kinds} or {""}
        caller = self._callers.of(
            captured.request, captured.app, captured.user, captured.own_cookies
        )
        if operation is self._whoami and caller.source in ("answer", "nobody", "unknown"):
            caller = self._callers.learn(captured.request, captured.app, captured.response)
        elif self._is_odd(operation, caller, captured.response.status):
            caller = yield from self._identify_caller(captured)
        self.tally.known += caller.is_known
        bodies, why = self._read(operation, captured)
        captured = replace(captured, unread=captured.unread or why)
        if captured.unread:
            self.tally.unjudge(captured.unread, operation.id)
        source = self._exchanges.caller_request(operation, params, caller, captured.request)
        for body in bodies:
            asked = self._ask(captured, source, body)
            if body is bodies[0]:
                self._learn_facts(captured, asked)
            yield from self._evaluate(captured, asked)
        return source

    def _read(
        self, operation: Operation, captured: Capture
    ) -> tuple[Sequence[ResponseReader], str]:
        """A parsed response, several of GraphQL in one; and why parts of it cannot be judged."""
        read, why = _read(operation, captured.response)
        if why or captured.unread:
            return (read,), why
        return self._exchanges.parts(operation, captured.request, read)

    def _evaluate(self, captured: Capture, asked: ObservedExchange) -> Evaluation:
        """Judges and searches a response whose caller is known, as far as that is possible."""
        operation, look = asked.operation, None
        if operation.id in self.model.showing:
            if captured.response.status in REFUSED:
                asked = self._judge_refusal(captured, asked)
            elif captured.response.body:
                asked, look = yield from self._judge(captured, asked)
        elif not captured.unread and _is_bare_text(asked):
            self.tally.unjudge(BARE_TEXT, operation.id)
        yield from self._search_values(captured, asked, look)

    def _judge_refusal(self, captured: Capture, asked: ObservedExchange) -> ObservedExchange:
        if captured.response.status == 401 and not self._callers.key(
            captured.request, captured.app
        ):
            # no credentials, and the API reports an anonymous caller
            asked = replace(asked, caller=NOBODY)
        if captured.unread:
            return asked  # an unread body may contain data despite its error status
        closed = self._refusals.refuse(asked, self.tally.evidence)
        if closed is not None:
            self._add(closed, asked)
        return asked

    def finish(self) -> None:
        """Ends a test or a phase of it, and reports the leaks in its responses."""
        self.leaks += self._strays.of_test(self.tally)

    def settle(self) -> None:
        """Ends the run: reports what only all responses together show."""
        for closed in self._refusals.settle(self.tally.evidence):
            self.tally.add(closed.tally)
            self.leaks += closed.leaks
        self._strays.ids_move = self._callers.moved
        self.leaks += self._strays.settle(self.tally)
        self.tally.settle()

    def count_missed(self, why: str) -> None:
        """Counts a response that was not judged because of a bug in Oakum."""
        self.tally.faults[why] += 1

    def _is_ours(self, host: str) -> bool:
        name = host.rstrip(".").lower()
        return name in self._hosts or name == _MACHINE or _LOOPBACK.fullmatch(name) is not None

    def _is_odd(self, operation: Operation, caller: IdentifiedCaller, status: int) -> bool:
        """Whether only the API can tell who asked. An endpoint that wants a login and opens to
        nobody is one that a suite has turned the login off for, unless the API says otherwise."""
        if not is_success(status):
            return not caller.is_known and status != 401 and operation.id in self.model.showing
        return not caller.is_known or (caller.source == "nobody" and not operation.anonymous)

    def _identify_caller(
        self, captured: Capture
    ) -> Generator[Request, Response | None, IdentifiedCaller]:
        """The caller according to the API's who-am-I, with the same credentials."""
        held, key = (
            self._callers.credentials_of(captured.request),
            self._callers.key(captured.request, captured.app),
        )
        if self._whoami is None:
            return UNKNOWN if key else NOBODY
        parts = urlsplit(captured.request.url)
        self.tally.asked += 1
        query = "&".join(filter(None, (self._owed, *held.query)))
        url = f"{parts.scheme}://{parts.netloc}{self._whoami.path}" + (f"?{query}" if query else "")
        told = yield Request("GET", url, {"accept": "application/json", **dict(held.headers)})
        if told is None:
            return UNKNOWN
        caller = self._callers.learn(captured.request, captured.app, told)
        # A write may have ended the login with which it was sent.
        ended = caller is NOBODY and key and captured.request.method not in SAFE
        return UNKNOWN if ended else caller

    def _judge(
        self, captured: Capture, asked: ObservedExchange
    ) -> Generator[Request, Response | None, tuple[ObservedExchange, JudgedExchange]]:
        look = self._look(asked)
        if look.leaks and asked.caller.source == "answer" and asked.operation is not self._whoami:
            # The cached facts about the caller may have changed, so look them up again.
            now = yield from self._identify_caller(captured)
            if now != asked.caller:
                asked = replace(asked, caller=now)
                look = self._look(asked)
        look = yield from self._apply_earlier_facts(captured, asked, look)
        self._learn_owners(captured, asked, look)
        for each in (look, *self._refusals.show(asked, look, self.tally.evidence)):
            self._add(each, asked)
        if not look.instances and not captured.unread and _is_shapeless(asked):
            self.tally.unjudge(SHAPELESS, asked.operation.id)
        return asked, look

    def _look(self, asked: ObservedExchange) -> JudgedExchange:
        told = self.tally.evidence
        return JudgedExchange(
            self._frame, asked, told, self._earlier.owners, self._earlier.former
        ).judge()

    def _apply_earlier_facts(
        self, captured: Capture, asked: ObservedExchange, look: JudgedExchange
    ) -> Generator[Request, Response | None, JudgedExchange]:
        """The response by what earlier ones of the test told of settings and relations. Where that
        makes a difference to what leaks, they are requested again: a test may change its database
        without any request."""
        self._learn_settings(_told_by(captured.request, asked), look)
        owners = {owner for each in look.instances for owner in each.owners}
        found = self._known_look(asked, owners)
        if found is None or {each.key for each in found.leaks} == {each.key for each in look.leaks}:
            return look
        about = owners | asked.caller.ids
        facts = self._earlier.told
        about = about.union(*(facts.tenants(each.value) for each in look.instances))
        sources = facts.sources(about)[:_MOST_ASKED]
        facts.forget(about)
        self._learn_settings(_told_by(captured.request, asked), look)
        for source in sources:
            told = yield source.request
            if told is not None and is_success(told.status):
                self._learn_again(source, told)
        return self._known_look(asked, owners) or look

    def _known_look(
        self, asked: ObservedExchange, owners: AbstractSet[str]
    ) -> JudgedExchange | None:
        """A response, judged by the facts about these owners; None: there are none."""
        caller = self._earlier.told.facts.inform(self.policy, asked.caller, owners)
        return None if caller is asked.caller else self._look(replace(asked, caller=caller))

    def _learn_again(self, source: CallerRequest, told: Response) -> None:
        """Learns facts from the response to a request that was sent again."""
        read, _ = _read(source.operation, told)
        again = ObservedExchange(
            source.operation, source.params, source.caller, told, read, False, "", ""
        )
        self._learn_settings(source, self._look(again))
        self._earlier.told.learn_list(source, read.value, told.headers)

    def _learn_settings(self, source: CallerRequest, look: JudgedExchange) -> None:
        """Learns settings from the objects of a response."""
        shown = shown_of(look.instances)
        self._earlier.learn_settings(source, look.asked.response, shown)

    def _learn_facts(self, captured: Capture, asked: ObservedExchange) -> None:
        """Forgets what a write may have changed, and learns who is in a list."""
        value = None if captured.unread else lambda: asked.read.value
        self._earlier.begin(_told_by(captured.request, asked), captured.response, value)

    def _learn_owners(
        self, captured: Capture, asked: ObservedExchange, look: JudgedExchange
    ) -> None:
        """Learns whose the objects of a good response are."""
        shown, owners = shown_of(look.instances), [each.owners for each in look.instances]
        source = _told_by(captured.request, asked)
        self._earlier.learn_owners(source, captured.response, shown, owners)

    def _add(self, look: JudgedExchange, asked: ObservedExchange) -> None:
        self.tally.add(look.tally)
        self.leaks += look.leaks
        for why, count in look.tally.unjudged.items():
            self.tally.places[why, asked.operation.id] += count

    def _search_values(
        self, captured: Capture, asked: ObservedExchange, look: JudgedExchange | None
    ) -> Evaluation:
        """Searches for owners' values outside known fields, now or once more is known."""
        value = asked.read.value
        loose = [Leaf(".".join(at), at, leaf, False) for at, leaf in leaves_of(value)]
        kept = WaitingResponse(
            asked, asked.sent,
            captured.request.body.decode("utf-8", "replace"),
            look.unbound if look is not None else loose,
            look.instances if look is not None else [],
            frozenset(look.granted) if look is not None else frozenset(),
        )  # fmt: skip
        if captured.blind:
            if self._strays.may_leak(kept):
                self.tally.unjudge(BLIND, asked.operation.id)
            return
        if (
            asked.caller.source == "answer"
            and asked.operation is not self._whoami
            and self._strays.may_leak(kept)
        ):
            now = yield from self._identify_caller(captured)
            kept = replace(kept, asked=replace(asked, caller=now))
        if not self._strays.take(kept):
            self.tally.unjudge(MANY, asked.operation.id)

    def _ask(
        self, captured: Capture, source: CallerRequest, read: ResponseReader
    ) -> ObservedExchange:
        return ObservedExchange(
            source.operation, source.params, source.caller, captured.response, read, source.begins,
            self._test, f"{self._test}#{self._number}", sent_of(captured.request, source.params),
            captured.request if source.changes else None,
        )  # fmt: skip


def _read(operation: Operation, response: Response) -> tuple[ResponseReader, str]:
    """A parsed response, and why parts of it could not be judged; empty if all could."""
    if _is_deep(response):
        return ResponseReader(text_of(response)[:MAX_TEXT], None), DEEP
    read = read_as_declared(operation, response)
    cut = isinstance(read.value, str) and len(read.value) == MAX_TEXT
    return read, CUT if cut else ""


def _told_by(request: Request, asked: ObservedExchange) -> CallerRequest:
    changes = asked.write is not None
    return CallerRequest(
        asked.operation, asked.params, asked.caller, request, changes, asked.begins
    )


def _is_deep(response: Response) -> bool:
    """Whether JSON nests deeper than anybody judges it."""
    if response.body.count(b"[") + response.body.count(b"{") <= MAX_DEPTH:
        return False
    whole = text_of(response).encode()
    return len(not_too_deep(whole)) < len(whole)


def _is_bare_text(asked: ObservedExchange) -> bool:
    """Whether a good response is a text or a sheet: what is declared as no resource has no fields
    to judge."""
    value, media = asked.read.value, asked.response.media_type
    text = isinstance(value, str) and len(value) >= _LONG_TEXT
    return is_success(asked.response.status) and (text or (media == "text/csv" and bool(value)))


def _is_shapeless(asked: ObservedExchange) -> bool:
    """Whether a response contains something undeclared."""
    status, read = asked.response.status, asked.read
    if says_nothing(read.value):
        return False
    declared = likely_media(asked.operation, status, asked.response.media_type)
    if declared is None and not is_success(status):
        return True
    if read.shape is None:
        return True
    value, kinds = read.value, read.shape.kinds
    kind = "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "string"
    return bool(kinds) and kind not in kinds and isinstance(value, dict | list | str)


def _legible(path: str) -> str:
    """A path with only its word-like segments, since others may be personal data."""
    parts = path.split("/")
    return "/".join(part if not part or _WORD.fullmatch(part) else "…" for part in parts)
