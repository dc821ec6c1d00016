"""Evaluates recorded exchanges against a document or a contract.

As in `JudgedExchange`, a field is a leak only if no possible reading of the contract grants it.
Here no further request can be sent. What is known of a caller comes from the recorded responses
alone: who-am-I, lists of relations, account settings. It may have changed unseen, so a leak that
depends on it is reported as *not certain*. A leak that depends on one response alone is certain.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property
from urllib.parse import parse_qs, urlsplit

from oakum.authz.member_paths import at_path, texts
from oakum.authz.table import grant_words, leaf_index
from oakum.exchange import Response
from oakum.exposure.cells.matrix import Key
from oakum.exposure.evidence import declared_names, policy_names
from oakum.exposure.exchanges.caller_identification import (
    NOBODY,
    UNKNOWN,
    Callers,
    IdentifiedCaller,
    viewer_of,
)
from oakum.exposure.exchanges.exchange_interpretation import EarlierExchanges, Exchanges
from oakum.exposure.exchanges.owners_by_creation_or_parent import ShownObject
from oakum.exposure.exchanges.sent_values import sent_of
from oakum.exposure.exchanges.settings_and_relations_learner import CallerRequest
from oakum.exposure.exchanges.undecided_reasons import OWNER, WHO
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.response_reader import ResponseReader, is_success, read_as_declared
from oakum.exposure.values.knowledge import canonical, says_nothing
from oakum.inference.parameter_sources import infer_params
from oakum.openapi.document import Document
from oakum.openapi.model import Operation
from oakum.routing.judged_contract import JudgedContract
from oakum.routing.route import Router
from oakum.traffic.draft_lines import DraftLine
from oakum.traffic.evaluation.cached_object_walk import FastWalk, SeenObject
from oakum.traffic.evaluation.confirmed_writes import ObservedWrites
from oakum.traffic.evaluation.decision_cache import (
    CachedDecision,
    CallerStanding,
    OwnerSetting,
    Verdicts,
)
from oakum.traffic.evaluation.field_counts import FieldCounts, ShownFields
from oakum.traffic.evaluation.left_out_objects import AnsweredQuestions, ObjectReference
from oakum.traffic.evaluation.path_values import PathValues
from oakum.traffic.inventory import UNREAD, read
from oakum.traffic.observation_model import Drift, SentField
from oakum.traffic.recorded_exchange import RecordedExchange
from oakum.traffic.traffic_files import STDIN, TrafficSource, records

_REFUSED = (401, 403, 404)
_SOMEBODY = IdentifiedCaller("answer", frozenset(("",)))


class DocumentJudge:
    """Compares traffic with a document: which operation a request calls, and whether it is
    declared."""

    def __init__(self, document: Document) -> None:
        self._document, self.operations = document, document.operations
        self.names = frozenset(declared_names(document.raw))
        self._router = Router(document.operations, document.closed)
        self._by_id = {each.id: each for each in document.operations}
        self._seen = False

    def fresh(self) -> DocumentJudge:
        """A copy without any traffic."""
        return DocumentJudge(self._document)

    def learn_all(self, sources: Iterable[TrafficSource]) -> None:
        """Learns the callers' identities in a first pass over sources that can be read twice, so
        that a late response also identifies the callers of early requests."""

    def evaluate(self, passed: RecordedExchange, body: object) -> Operation | None:
        """The operation of an exchange; None: it is undeclared."""
        found = self.find_operation(passed)
        self._seen |= found is not None
        return found[0] if found is not None else None

    def find_operation(
        self, passed: RecordedExchange
    ) -> tuple[Operation, Mapping[str, str]] | None:
        """The operation and its path parameters; None: undeclared."""
        if passed.operation:
            known = self._by_id.get(passed.operation)
            return (known, {}) if known is not None else None
        request = passed.exchange.request
        return self._router.of_url(request.url, request.method)

    def caller_id(self, passed: RecordedExchange) -> str:
        """Always empty: a document does not identify callers."""
        return ""

    def sent_fields(self) -> tuple[SentField, ...]:
        """Empty: without a contract there are no viewers."""
        return ()

    def drift(self) -> tuple[Drift, ...]:
        """No drift: a document alone does not say who may see what."""
        return ()

    def unjudged_counts(self) -> Mapping[str, int]:
        """Empty: a document alone judges no response."""
        return {}

    def distrust(self) -> tuple[str, ...]:
        """A reason if no declared operation was seen: it is traffic of another API, or under
        another base path."""
        if self._seen:
            return ()
        return ("no exchange belongs to an operation that the document declares",)


class ContractJudge(DocumentJudge):
    """Compares traffic with a contract: who received which fields."""

    def __init__(self, compiled: JudgedContract) -> None:
        super().__init__(compiled.document)
        self._compiled = compiled
        self.policy, self.model, plan = compiled.policy, compiled.model, compiled.callers
        self.names |= policy_names(self.policy)
        self._callers = Callers(self.policy, plan.credentials, lambda _: None)
        self._whoami = plan.whoami.operation if plan.whoami is not None else ""
        self._telling = _path_pattern(self.model.operations.get(self._whoami))
        self._exchanges = Exchanges(compiled, self._callers)
        self._label = KnownIdentities(self.policy, {}, {}, {}).label
        self._verdicts = Verdicts(self.model, self._label)
        self._fast_walks: dict[str, FastWalk] = {}
        params = infer_params(compiled.document, self.policy)
        said = {name: rule.params for name, rule in self.policy.operations.items()}
        sources = {
            name: {**params.get(name, {}), **said.get(name, {})} for name in {*params, *said}
        }
        self._earlier = EarlierExchanges(compiled, sources)
        self.facts = self._earlier.told.facts
        self.counted = FieldCounts()
        self._answered = AnsweredQuestions()
        self._written = ObservedWrites()
        self.path_values = PathValues()
        self._kinds: dict[object, ShownFields] = {}
        self._credentials = False
        self._leaks: dict[Key, list[int]] = {}
        self._nobody = set[Key]()
        """Those that somebody without a known login was sent, too."""
        self._unjudged: Counter[str] = Counter()

    # ------------------------------------------------------------ one exchange

    def tells(self, line: bytes) -> bool:
        """Whether a line may be relevant for `learn`, by a cheap check of its bytes."""
        return not self._credentials or bool(self._telling and self._telling.search(line))

    def fresh(self) -> ContractJudge:
        """A copy without any traffic."""
        return ContractJudge(self._compiled)

    def learn_all(self, sources: Iterable[TrafficSource]) -> None:
        """Learns which credentials belong to whom, in a first pass over sources that can be read
        twice."""
        for source in sources:
            if source.name != STDIN:
                for passed in records(source, self.tells):
                    self.learn(passed)

    def learn(self, passed: RecordedExchange) -> None:
        """Learns which account credentials belong to, without judging the response."""
        found = self.find_operation(passed)
        if found is not None:
            self._credential(passed, found[0])

    def caller_id(self, passed: RecordedExchange) -> str:
        """The smallest of the caller's ids; empty: the traffic so far does not identify the
        caller."""
        self.learn(passed)
        return min(self._caller(passed).ids, key=str.encode, default="")

    def evaluate(self, passed: RecordedExchange, body: object) -> Operation | None:
        """Learns from a response, judges it for its caller, and counts the fields of its
        objects."""
        found = self.find_operation(passed)
        if found is None:
            return None
        operation, request = found[0], passed.exchange.request
        self._seen = True
        self._credential(passed, operation)
        asked = self._exchanges.caller_request(operation, found[1], self._caller(passed), request)
        heard = _TrafficExchange(passed, asked, body)
        value = (lambda: heard.read.value) if _is_readable(passed) else None
        self._earlier.begin(asked, heard.response, value)
        if operation.id in self.model.showing:
            if heard.response.status in _REFUSED:
                self._count_refusal(heard)
            elif _is_readable(passed):
                self._judge(heard)
        return operation

    def _credential(self, passed: RecordedExchange, operation: Operation) -> None:
        request = passed.exchange.request
        held = self._callers.key(request, None)
        self._credentials |= bool(held)
        if held and operation.id == self._whoami and _is_good(passed):
            self._callers.learn(request, None, passed.exchange.response)

    def _judge(self, heard: _TrafficExchange) -> None:
        """Judges a response by its own contents and by earlier responses."""
        caller, params, endpoint = heard.caller, heard.params, heard.operation.id
        request, response = heard.passed.exchange.request, heard.passed.exchange.response
        fast_walk = self._fast_walks.get(endpoint)
        if fast_walk is None:
            fast_walk = self._fast_walks[endpoint] = FastWalk(self.model, endpoint)
        good, ids = response.status < 300, caller.principal.ids
        parts, why = self._exchanges.parts(heard.operation, request, heard.read)
        if why:
            self._unjudged[why] += 1
        seen = [
            each
            for read in parts
            if not why
            for each in fast_walk.objects(read.value, read.shape, good, params, ids)
        ]
        self._remember(heard, seen)
        self._own(heard, seen)
        begins = heard.asked_by.begins
        if seen and not caller.is_known:
            self._unjudged[WHO] += 1
        leaks = set[Key]()
        verdicts = [
            self._verdicts.of(endpoint, each, caller, self.facts, params, begins) for each in seen
        ]
        for each, verdict in zip(seen, verdicts, strict=True):
            if caller.is_known and not verdict.standing.certain:
                self._unjudged[OWNER] += 1
            found, questions = verdict.of(each.form)
            if found and heard.is_news(each, found):
                leaks |= found
            if questions:
                self._unjudged.update(questions)
        if _is_success(heard.passed):
            if not self.policy.stated:
                self.path_values.learn(endpoint, params, seen)
            told = (self.model.tables[each.resource].resource.is_account for each in seen)
            known = (
                caller.is_known
                and not any(each.former for each in seen)
                and not (begins and any(told))
            )
            self._count(heard, seen, verdicts, known=known)
        if leaks:
            self._record_leaks(heard, seen, leaks, begins)

    def _remember(self, heard: _TrafficExchange, seen: Sequence[SeenObject]) -> None:
        """What the caller of a write may have been to its objects until then."""
        request, caller = heard.passed.exchange.request, heard.caller
        for each in seen if heard.asked_by.changes else ():
            shown = ShownObject(each.resource, each.owners, each.value)
            each.former = self._earlier.former.of(shown, caller, request)

    def _own(self, heard: _TrafficExchange, seen: Sequence[SeenObject]) -> None:
        """Gives objects that name no owner the one that earlier responses told, and learns."""
        places = {id(each): place for place, each in enumerate(seen)}
        shown = [
            ShownObject(each.resource, each.owners, each.value, places.get(id(each.above), -1))
            for each in seen
        ]
        owners = [each.owners for each in seen]
        earlier, asked, response = self._earlier, heard.asked_by, heard.response
        if earlier.owners.leaves_owner_open:
            owners = earlier.owners.of(shown, heard.operation.id, heard.params)
        for each, found in zip(seen, owners, strict=True):
            each.owners = found
        earlier.learn_owners(asked, response, shown, owners)
        earlier.learn_settings(asked, response, seen)

    def _record_leaks(
        self, heard: _TrafficExchange, seen: Sequence[SeenObject], leaks: Set[Key], begins: bool
    ) -> None:
        """Records a leak; it is certain unless it depends on earlier responses."""
        certain = set[tuple[str, str]]()
        for each in seen:
            verdict = self._verdicts.of(
                heard.operation.id, each, heard.caller, None, heard.params, begins
            )
            certain |= {(key.resource, key.field) for key in verdict.of(each.form)[0]}
        if not heard.caller.ids:
            self._nobody |= leaks
        for key in leaks:
            counts = self._leaks.setdefault(key, [0, 0])
            counts[0] += 1
            counts[1] += (key.resource, key.field) in certain

    def _caller(self, passed: RecordedExchange) -> IdentifiedCaller:
        """Who asked. Nobody is believed to have asked only where the traffic holds credentials at
        all: browsers and proxies cut them out of what they save."""
        if not passed.headers:
            return UNKNOWN
        caller = self._callers.of(passed.exchange.request, None, None)
        return UNKNOWN if caller is NOBODY and not self._credentials else caller

    def _count(
        self,
        heard: _TrafficExchange,
        seen: Sequence[SeenObject],
        verdicts: Sequence[CachedDecision],
        *,
        known: bool,
    ) -> None:
        """What each object came with: its fields, and those of which it says nothing. `known`:
        who asked. Whom an answer told of an account is somebody from then on: what it holds is no
        evidence of what strangers are sent."""
        operation, asked = heard.operation, heard.query_names
        for each, verdict in zip(seen, verdicts, strict=True):
            shown = self._shown_fields(
                operation.id, asked, each.resource, each.place, verdict.standing,
                verdict.setting, known,
            )  # fmt: skip
            self.counted.row(shown)[each.form] += 1
        standings = [each.standing for each in verdicts]
        self._written.learn(seen, standings, heard.parsed_body if heard.asked_by.changes else None)
        if operation.method == "GET":
            bare = [self._bare(each) for each in seen if not each.inside]
            query = urlsplit(heard.passed.exchange.request.url).query
            named = frozenset(heard.params.values())
            for gone in self._answered.missing(heard.question, query, bare, named):
                self._count_withheld(self.counted.kept, heard, gone)

    def _bare(self, seen: SeenObject) -> ObjectReference:
        """The members of an object that are remembered."""
        key = self.model.tables[seen.resource].resource.key
        keys = texts(seen.value, key) if key else []
        return ObjectReference(seen.resource, seen.place, seen.owners, (keys or [""])[0])

    def _count_refusal(self, heard: _TrafficExchange) -> None:
        """A refusal says what of objects that others were sent: that this caller was not."""
        for each in self._answered.of(heard.question):
            self._count_withheld(self.counted.refused, heard, each)

    def _count_withheld(
        self, into: Counter[ShownFields], heard: _TrafficExchange, item: ObjectReference
    ) -> None:
        caller = heard.caller
        if not caller.is_known:
            return
        table, about = self.model.tables[item.resource], (item.owners, None, caller, self.facts)
        standing = self._verdicts.standing_of(table.resource, *about)
        setting = self._verdicts.setting(table, *about)
        shown = self._shown_fields(
            heard.operation.id,
            heard.query_names,
            item.resource,
            item.place,
            standing,
            setting,
            True,
        )
        into[shown] += 1

    def _shown_fields(
        self, endpoint: str, asked: str, resource: str, place: tuple[str, ...],
        standing: CallerStanding, setting: OwnerSetting, known: bool,
    ) -> ShownFields:  # fmt: skip
        key = (endpoint, asked, resource, place, id(standing), id(setting), known)
        found = self._kinds.get(key)
        if found is None:
            possible = standing.possible if known else frozenset[str]()
            found = self._kinds[key] = ShownFields(
                endpoint, f"{asked} {'/'.join(place)}", resource, standing.held,
                self._viewer(standing.held, possible), possible, setting.told,
            )  # fmt: skip
        return found

    def _viewer(self, held: frozenset[str], possible: frozenset[str]) -> str:
        """The viewer's label, including relations that the viewer may also have."""
        if not possible:
            return "unknown"
        sure = self._label(held, None, "")
        taking = {name for each in self.policy.relations.values() for name in each.unless}
        most = self._label(possible - taking if taking - held else possible, None, "")
        return sure if most == sure else f"{sure} or more"

    # ------------------------------------------------------------ the end

    def sent_fields(self) -> tuple[SentField, ...]:
        """Each field by endpoint, viewer and state, with its share of presence."""
        return self.counted.sent_fields()

    def lines(self, resource: str) -> Iterator[DraftLine]:
        """A draft line for each field of a resource, in the order of names."""
        setters = self._written.setters(self.policy, resource)
        return self.counted.lines(self.model, resource, setters)

    def drift(self) -> tuple[Drift, ...]:
        """Fields that were sent without a grant: they have no line, or were sent too widely."""
        return tuple(self._drift(key, *counts) for key, counts in sorted(self._leaks.items()))

    def _drift(self, key: Key, seen: int, certain: int) -> Drift:
        table, endpoint = self.model.tables[key.resource], self.model.operations[key.endpoint]
        index = leaf_index(table, key.field)
        viewer = (
            key.viewer if key in self._nobody else viewer_of(self.policy, key.viewer, _SOMEBODY)
        )
        says = grant_words(table, index) if index >= 0 else "no line shows it to anybody"
        return Drift(
            "sent-wider" if index >= 0 else "new-field",
            key.endpoint, endpoint.method, endpoint.path, key.resource, key.field, viewer,
            key.state,
            seen, certain > 0, says, self.model.field_location(key.resource, key.field),
        )  # fmt: skip

    def unjudged_counts(self) -> Mapping[str, int]:
        """Reason → number of objects that were not judged, or objects with such a field."""
        return self._unjudged


class _TrafficExchange:
    """An exchange at its endpoint, with values computed once."""

    def __init__(self, passed: RecordedExchange, asked: CallerRequest, body: object) -> None:
        self.passed, self.asked_by, self._body = passed, asked, body
        self.operation, self.params, self.caller = asked.operation, asked.params, asked.caller

    @property
    def response(self) -> Response:
        """The response as it was recorded."""
        return self.passed.exchange.response

    @cached_property
    def read(self) -> ResponseReader:
        """Parses the response body with its declared media type."""
        parsed = None if self._body is UNREAD else (self._body,)
        return read_as_declared(self.operation, self.passed.exchange.response, parsed)

    @cached_property
    def parsed_body(self) -> object:
        """The parsed body of the request."""
        return read(self.passed.exchange.request.body, "")

    @cached_property
    def query_names(self) -> str:
        """Query parameters that were given, by the names that the document has for them."""
        query = urlsplit(self.passed.exchange.request.url).query
        names = {each.name for each in self.operation.parameters if each.where == "query"}
        return ",".join(sorted(parse_qs(query).keys() & names)) if query else ""

    def is_news(self, seen: SeenObject, leaks: Set[Key]) -> bool:
        """Whether not all values of these fields stood in the request itself: what comes back of it
        tells of nobody."""
        for key in leaks:
            values = [v for v in at_path(seen.value, key.field) if not says_nothing(v)]
            if not values or any(canonical(each) not in self.values for each in values):
                return True
        return False

    @cached_property
    def values(self) -> frozenset[str]:
        """Every value in the request."""
        return sent_of(self.passed.exchange.request, self.params)

    @cached_property
    def question(self) -> tuple[object, ...]:
        """The operation with its path parameters."""
        return (self.operation.id, *self.params.items())


def _path_pattern(operation: Operation | None) -> re.Pattern[bytes] | None:
    """Text that every record of an operation contains: the last word of its path."""
    if operation is None:
        return None
    literals = [each for each in operation.path.split("/") if each and "{" not in each]
    return re.compile(b'/%b[/?#"\\\\ ]' % re.escape(literals[-1]).encode() if literals else b"")


def _is_readable(passed: RecordedExchange) -> bool:
    return passed.body != "absent" and bool(passed.exchange.response.body)


def _is_success(passed: RecordedExchange) -> bool:
    return is_success(passed.exchange.response.status)


def _is_good(passed: RecordedExchange) -> bool:
    return _is_readable(passed) and _is_success(passed)
