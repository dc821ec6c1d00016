"""Compares the responses that a driven page received with a contract; joins several packages."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from oakum.authz import Judge
from oakum.authz.table import leaf_index
from oakum.exchange import Request, Response
from oakum.exposure.evidence import Redactor
from oakum.exposure.exchanges.caller_identification import UNKNOWN, Callers, IdentifiedCaller
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.response_reader import read_as_declared
from oakum.frontend.page_comparison import ContractField, PageField, Viewed, compare_page
from oakum.frontend.usage import ReceivedResponse, Usage, UsedResponse
from oakum.openapi.model import Operation
from oakum.policy.contract import Contract
from oakum.pytest_plugin.response_evaluator import JudgedExchange, JudgingContext, ObservedExchange
from oakum.routing.judged_contract import compile_for_judging
from oakum.routing.route import Router, split_target


class PageGrants:
    """Compares what pages received with what one contract grants."""

    def __init__(self, contract: Contract) -> None:
        """Raises `InputError` if the contract has no policy."""
        compiled = compile_for_judging(contract)
        self._policy = compiled.policy
        self._model, self._credentials = compiled.model, compiled.callers.credentials
        relations = compiled.policy.relations.values()
        self._claims = frozenset(each.claim for each in relations if each.claim)
        self._router = Router(contract.document.operations, contract.document.closed)
        self._whoami = contract.document.operation(self._policy.caller.operation)
        label = KnownIdentities(compiled.policy, {}, {}, {}).label
        redactor = Redactor(secrets.token_bytes(16), frozenset())
        self._frame = JudgingContext(self._model, redactor, label, {})

    def find(self, method: str, path: str) -> tuple[str, str] | None:
        """(path template, operation id) of a request; None if no operation matches."""
        found = self._endpoint(method, path)
        return (found[0].path, found[0].id) if found else None

    def _endpoint(self, method: str, path: str) -> tuple[Operation, Mapping[str, str]] | None:
        place = split_target(path or "/")
        return self._router.find(place, method) if place else None

    def caller(self, usage: Usage, said: str = "") -> IdentifiedCaller:
        """The caller of the pages: as `said` by the user, by the claims of the token that the pages
        sent, or by who-am-I. Unknown if nothing identifies the caller, or if there were several."""
        if said:
            return IdentifiedCaller("said", frozenset((said,)), {}, self._claims)
        callers = Callers(self._policy, self._credentials, lambda _: None)
        found = {
            caller.ids: caller
            for sent, operation, _ in self._answers(usage)
            for caller in [self._identify_caller(callers, sent.heard, operation)]
            if caller.ids
        }
        return next(iter(found.values())) if len(found) == 1 else UNKNOWN

    def _identify_caller(
        self, callers: Callers, heard: ReceivedResponse, operation: Operation
    ) -> IdentifiedCaller:
        request = Request(heard.method, heard.url, heard.headers)
        if self._policy.caller.claim:
            return callers.of(request, None, None)
        if operation == self._whoami:
            return callers.learn(request, None, _response(heard))
        return UNKNOWN

    def _answers(self, usage: Usage) -> Iterator[tuple[UsedResponse, Operation, Mapping[str, str]]]:
        for each in usage.sent:
            found = self._endpoint(each.heard.method, urlsplit(each.heard.url).path)
            if found:
                yield each, *found

    def rows(self, usage: Usage, caller: IdentifiedCaller) -> tuple[PageField, ...]:
        """Rows of what is granted, sent and used, for each resource, viewer and field."""
        granted: dict[Viewed, frozenset[str]] = defaultdict(frozenset)
        sights: list[ContractField] = []
        for sent, operation, params in self._answers(usage):
            response = _response(sent.heard)
            read = read_as_declared(operation, response)
            asked = ObservedExchange(operation, params, caller, response, read, False, "", "")
            leaks = {each.at for each in JudgedExchange(self._frame, asked, {}).judge().leaks}
            judge = Judge(self._model, caller.principal, operation.id, params, response.status)
            for each in judge.judge(read.value, read.shape).instances:
                table = self._model.tables[each.resource]
                viewed = each.resource, self._frame.label(each.held, None, "")
                if caller.is_known:
                    granted[viewed] |= table.names(table.see(each.held, each.state))
                for leaf in each.leaves:
                    index = leaf_index(table, leaf.path)
                    sights.append(
                        ContractField(
                            viewed,
                            table.leaves[index] if index >= 0 else leaf.path,
                            operation.id,
                            leaf.allowed and caller.is_known,
                            leaf.pointer in leaks,
                            sent.uses.get(leaf.pointer, "unobserved"),
                        )
                    )
        return compare_page(sights, granted, self._model.field_location)


def _response(heard: ReceivedResponse) -> Response:
    return Response(heard.status, {"content-type": "application/json"}, heard.body)
