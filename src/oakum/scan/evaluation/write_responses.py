"""Evaluates the responses to the run's own writes, as those to reads.

A refusal that returns another owner's object is a leak like any response (CWE-209), and so is a
response to a creation that contains everybody's objects. The response to a write can only add a
leak. A missing value closes no cell, nothing is learnt from the response, and values that the
request contained are no evidence, since a response may repeat them. A write may begin or end a
relation, so data that any looked-up relation would be shown is no leak of a write that may have
taken effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, product
from urllib.parse import parse_qsl, urlsplit

import orjson

from oakum.authz.table import allows
from oakum.exchange import Request, Response, json_bytes
from oakum.exposure.cells.matrix import Observation, Outcome
from oakum.exposure.endpoints.probes import Probe, is_graphql, probe_of
from oakum.exposure.finding_evidence import Question
from oakum.exposure.values.knowledge import canonical, leaves_of
from oakum.finding import Result
from oakum.http.methods import READS
from oakum.inference.side_effects import classify
from oakum.openapi.model import Json, Operation
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import FilledRequest, curl, variable
from oakum.scan.requests.called_operation import OperationNames

_MOST = 6
"""How many looked-up relations are tried in all combinations; with more, no leak is reported."""


class WriteAnswers:
    """Observes every response to a write before it reaches its technique."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._ask = engine, engine.context.ask
        self._names = OperationNames(engine.model.operations.values(), engine.target)
        self._probes: dict[str, Probe] = {}
        self._numbers = count(1)
        self._steps = {
            step.operation
            for each in engine.model.policy.relations.values()
            for step in (*each.begin, *each.end)
        }
        self._once = False

    def ask(self, viewer: str | None, request: Request) -> Response:
        """Sends a request as an identity; the response to a write is judged."""
        answer = self._ask(viewer, request)
        if request.method not in READS:
            self._once = self._judge_answer(viewer, request, answer)
        return answer

    def told_once(self) -> bool:
        """Whether the last write's response showed a new leak, so that repeating the write may
        confirm it."""
        return self._once

    def _judge_answer(self, viewer: str | None, request: Request, answer: Response) -> bool:
        operation = self._names.operation(request)
        if operation is None or (viewer is not None and viewer not in self._engine.identities.ids):
            return False  # a provisioned account is not a viewer of the contract
        rule = self._engine.model.rule(operation.id)
        kind = classify(operation, rule).kind
        if kind == "read" or is_graphql(operation, rule):
            return False  # judged when it was sent
        if kind == "login" and answer.status < 400:
            return False  # the response belongs to the account that has just logged in
        probe = self._probe(operation)
        question = self._question(probe, viewer, request)
        outcome = self._engine.evaluator.hear(self._engine.evaluator.judge(probe, question, answer))
        leaks = tuple(e for e in outcome.observations if not self._may_be_granted(e, probe, answer))
        if leaks:
            self._engine.record(
                probe, Outcome(outcome.request_key, outcome.status, leaks, tentative=True)
            )
        confirmed = self._engine.matrix.confirmed
        return any(not each.weak and each.key.finding not in confirmed for each in leaks)

    def _probe(self, operation: Operation) -> Probe:
        if operation.id not in self._probes:
            engine = self._engine
            params = engine.context.params.get(operation.id, {})
            self._probes[operation.id] = probe_of(engine.model, operation, params)
        return self._probes[operation.id]

    def _may_be_granted(self, seen: Observation, probe: Probe, answer: Response) -> bool:
        """Whether the contract may show the viewer the data after all: through a relation that the
        owner's objects give them, or that the write may have changed."""
        relations = self._engine.model.policy.relations
        begins = probe.operation.id in self._steps
        if seen.result is not Result.LEAK:
            return True
        table = self._engine.model.tables[seen.key.resource]
        held = self._engine.held_relations(seen.viewer, seen.owner)
        looked_up = [name for name in table.relations if relations[name].kind == "lookup"]
        if len(looked_up) > _MOST:
            return True
        state = {
            **self._engine.matrix.state(seen.key.resource, seen.owner),
            **{
                name: value
                for name, text in seen.key.state
                for value in table.resource.states[name].values
                if canonical(value) == text
            },
        }
        if allows(table, seen.key.field, held, state):
            return True
        if 400 <= answer.status < 500 and not begins:
            return False
        for each in product((False, True), repeat=len(looked_up)):
            now = {name for name, holds in zip(looked_up, each, strict=True) if holds}
            as_if = (held - set(looked_up)) | now
            if allows(table, seen.key.field, as_if, state):
                return True
        return False

    # --------------------------------------------------------------- the request

    def _question(self, probe: Probe, viewer: str | None, request: Request) -> Question:
        engine, operation = self._engine, probe.operation
        params = self._names.values(request)
        sent = {*params.values(), *(text for _, text in _query(request)), *_body_values(request)}
        whose = {name: self._whose(text) for name, text in params.items() if name in probe.personal}
        targets = frozenset(each for each in whose.values() if each)
        symbolic = operation.path
        for name in params:
            source = probe.sources.get(name, name)
            place = variable(whose.get(name) or viewer or "", source)
            symbolic = symbolic.replace("{" + name + "}", place)
        filled = FilledRequest(request, params, frozenset(sent), symbolic, self._curl_body(request))
        request_key = f"{operation.id}|{viewer or ''}|write {next(self._numbers)}"
        line = curl(filled, engine.context.credentials(viewer))
        return Question(
            request_key, operation.id, viewer, targets, params, frozenset(sent), line, wrote=True
        )

    def _whose(self, text: str) -> str:
        """The identity that an id names, or that owns its object; empty if unknown."""
        engine = self._engine
        for name in engine.identities.names():
            rows = (
                row.get(each.key)
                for each in engine.model.policy.resources.values()
                for row in engine.knowledge.objects.get((name, each.name), ())
                if each.key
            )
            if text in engine.identities.ids[name] or text in rows:
                return name
        return ""

    def _curl_body(self, request: Request) -> str:
        """The body for a curl line: names, as far as the document has them."""
        body = _body(request)
        if not isinstance(body, dict):
            return ""
        names = [name for name in body if self._engine.evaluator.may_write(name)]
        return json_bytes(dict.fromkeys(names, "…")).decode() if names else ""


def _query(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(request.url).query, keep_blank_values=True)


def _body(request: Request) -> Json:
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return None


def _body_values(request: Request) -> Iterator[str]:
    """Every value in a body, JSON or a form's."""
    for _, leaf in leaves_of(_body(request)):
        if leaf is not None:
            yield canonical(leaf)
    if "form" in request.headers.get("content-type", ""):
        text = request.body.decode("utf-8", "replace")
        yield from (value for _, value in parse_qsl(text, keep_blank_values=True))
