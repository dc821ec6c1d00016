"""Answers that proving the identities has brought already: endpoints like any other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from oakum.authz import Model
from oakum.exchange import Exchange, Request
from oakum.openapi.document import Document
from oakum.openapi.model import Operation
from oakum.scan.identities.doctor import Examination
from oakum.scan.identities.login import json_of
from oakum.scan.identities.relationships import SIGN
from oakum.scan.identities.session import Sessions
from oakum.scan.requests.past_cache import past_cache
from oakum.scan.settings.setting_change import Flip

_First = tuple[str, str, Exchange]
"""(operation, identity, exchange)."""


def first_answers(
    document: Document, model: Model, found: Examination, sessions: Sessions
) -> Iterator[_First]:
    """What who-am-I and the logins have answered."""
    operation = whoami(document, model, found)
    if operation is not None:
        for name, answer in found.answers.items():
            yield operation.id, name, Exchange(Request("GET", operation.path), answer)
    for name, exchange in sessions.login_answers.items():
        path = urlsplit(exchange.request.url).path
        for each in model.operations.values():
            if each.path == path and each.method == exchange.request.method:
                yield each.id, name, exchange


def whoami(document: Document, model: Model, found: Examination) -> Operation | None:
    """The operation that tells who is asking; None where the document has none such."""
    operation = document.operation(found.whoami) if found.whoami else None
    return operation or next(
        (
            each
            for each in model.operations.values()
            if each.method == "GET" and each.path == found.whoami
        ),
        None,
    )


def read_again(found: Examination, sessions: Sessions) -> Examination:
    """The examination with what who-am-I answers once a killed run's changes are put back: claims
    may depend on settings and relations, as may what it shows."""
    facts, answers = {**found.facts}, {**found.answers}
    if (proof := sessions.proof) is None:
        return found
    for name in found.answers:
        request = proof.others.get(name, proof.request)
        answer = sessions.send(name, past_cache(request) if proof.cached else request)
        if proof.holds(name, answer):
            facts[name], answers[name] = json_of(answer), answer
    return replace(found, facts=facts, answers=answers)


def not_before(changes: Collection[Flip], given: Iterable[_First]) -> list[_First]:
    """Without what logins answered while a killed run's changes stood: nobody who was concerned
    logs in again for that."""
    changed = {each.identity for each in changes}
    changed |= {each.state.partition(SIGN)[2] for each in changes}
    return [e for e in given if e[2].request.method == "GET" or e[1] not in changed]
