"""What a request means under a contract, and what earlier exchanges of a test or of traffic showed.

Where it is not known whether something changed, it counts as changed. A write that may have given
an object away ends what is known of its creator before its own response is judged: that response
may already show the object to its new owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

from oakum.authz.owners import named_in_query
from oakum.exchange import Request, Response
from oakum.exposure.endpoints.probes import is_graphql
from oakum.exposure.exchanges.caller_identification import Callers, IdentifiedCaller
from oakum.exposure.exchanges.graphql_response_by_field_names import UNTOLD, by_fields, reads
from oakum.exposure.exchanges.owners_by_creation_or_parent import ShownObject, ToldOwners
from oakum.exposure.exchanges.relations_before_write import FormerRelations
from oakum.exposure.exchanges.settings_and_relations_learner import CallerRequest, Learner
from oakum.exposure.response_reader import ResponseReader, is_success
from oakum.http.methods import SAFE
from oakum.inference.side_effects import classify, sounds_like_reading
from oakum.openapi.model import Json, Operation
from oakum.policy.graphql_schema import Graph
from oakum.routing.judged_contract import JudgedContract


class ExchangedObject(Protocol):
    """An object in a response, as the evaluations of tests and of traffic represent it."""

    @property
    def resource(self) -> str: ...
    @property
    def owners(self) -> tuple[str, ...]: ...
    @property
    def value(self) -> dict[str, Json]: ...


class Exchanges:
    """Interprets requests and responses under one contract."""

    def __init__(self, compiled: JudgedContract, callers: Callers) -> None:
        document, self._policy, self._model = compiled.document, compiled.policy, compiled.model
        self._graphs, self._callers = compiled.graphs, callers
        rules = [(each, self._model.rule(each.id)) for each in document.operations]
        self._graphql = {each.id for each, rule in rules if is_graphql(each, rule)}
        self._entrances = {
            each.id
            for each, rule in rules
            if each.method in SAFE and classify(each, rule).kind != "read"
        }
        """Operations of a safe method that log in, or do something else by their name."""

    def caller_request(
        self,
        operation: Operation,
        path: Mapping[str, str],
        caller: IdentifiedCaller,
        request: Request,
    ) -> CallerRequest:
        """A request with its operation and caller, and whether it may have changed something.
        `path`: path parameters; query parameters that may name an owner are added."""
        params = {**path, **named_in_query(self._policy, urlsplit(request.url).query)}
        changes = self.changes(operation, request)
        does = changes or operation.id in self._entrances
        # A registration or login names no object and has no credentials.
        begins = does and not (params or self._callers.credentials_of(request))
        return CallerRequest(operation, params, caller, request, changes, begins)

    def parts(
        self, operation: Operation, request: Request, read: ResponseReader
    ) -> tuple[Sequence[ResponseReader], str]:
        """(the response as it is judged, why its fields are not known). A GraphQL response is read
        by its field names, and may become several."""
        graph = self._graph(operation)
        if graph is None or read.value is None:
            return (read,), ""
        parts = by_fields(graph, request, read)
        return (parts, "") if parts else ((replace(read, shape=None),), UNTOLD)

    def changes(self, operation: Operation, request: Request) -> bool:
        """Whether a request may have changed something: according to the GraphQL operation, the
        contract or the method; with a draft also to the operation's name."""
        said = reads(request) if operation.id in self._graphql else None
        said = self._model.rule(operation.id).reads if said is None else said
        if said is not None:
            return not said
        drafted = not self._policy.stated and sounds_like_reading(operation)
        return operation.method not in SAFE and not drafted

    def _graph(self, operation: Operation) -> Graph | None:
        """The schema of a GraphQL endpoint."""
        return self._graphs.get(self._model.rule(operation.id).graphql)


class EarlierExchanges:
    """What exchanges showed about owners, relations and settings. In memory only."""

    def __init__(
        self, compiled: JudgedContract, sources: Mapping[str, Mapping[str, str]],
        *, keep: bool = False,
    ) -> None:  # fmt: skip
        """`sources`: operation → path parameter → `Resource.field` whose values fill it; `keep`:
        keep the requests that are the source of facts, to send them again."""
        self._compiled, self._keep = compiled, keep
        self.owners = ToldOwners(compiled.policy, sources)
        self.former = FormerRelations(compiled.policy)
        self.told = Learner(compiled, keep=keep)

    def begin(
        self, asked: CallerRequest, response: Response, value: Callable[[], Json] | None
    ) -> None:
        """To call before a response is judged: forgets what a successful write may have changed,
        and learns from lists of relations. `value`: the body; None if it is not known."""
        if not is_success(response.status):
            return
        request = asked.request
        if asked.changes:
            if self.former.gives(request):
                self.owners.forget(f"{request.url} {request.body!r}")
            self.told.write(asked)
        listed = self.told.lists(asked.operation.id) and request.method != "HEAD"
        if listed and response.body and value is not None:
            self.told.learn_list(asked, value(), response.headers)

    def forget_facts(self) -> None:
        """Forgets all relations and settings: something outside the document was changed."""
        self.told = Learner(self._compiled, keep=self._keep)

    def learn_settings(
        self, asked: CallerRequest, response: Response, shown: Iterable[ExchangedObject]
    ) -> None:
        """Learns settings from the objects of a successful response."""
        for each in shown if is_success(response.status) else ():
            self.told.learn_object(each.resource, each.owners, each.value, asked)

    def learn_owners(
        self, asked: CallerRequest, response: Response, shown: Sequence[ShownObject],
        owners: Sequence[tuple[str, ...]],
    ) -> None:  # fmt: skip
        """Learns the owners of the objects of a successful response; the caller of a creating
        request is the creator."""
        if not is_success(response.status):
            return
        self.former.learn(shown, owners)
        if self.owners.leaves_owner_open:
            request = asked.request
            makes = asked.changes and request.method == "POST"
            ids = asked.caller.ids if makes else frozenset[str]()
            made_by = f"{request.url} {request.body.decode('utf-8', 'replace')}" if ids else ""
            self.owners.learn(shown, owners, ids, made_by)
