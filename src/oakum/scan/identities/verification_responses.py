"""Responses from verifying the identities, which are evaluated like any other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from oakum.authz import Model
from oakum.exchange import Exchange, Request, Response
from oakum.openapi.document import Document
from oakum.openapi.model import Json, Operation
from oakum.policy.model import Policy
from oakum.scan.identities.identity_verification import Examination
from oakum.scan.identities.ids_and_claims import body_claims
from oakum.scan.identities.login import json_of
from oakum.scan.identities.session import Sessions
from oakum.scan.requests.cache_bypass import past_cache
from oakum.scan.undo.setting_change import SIGN, SettingChange

_First = tuple[str, str, Exchange]
"""(operation, identity, exchange)."""


def known_answers(
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
    for name in found.answers:
        if (answer := _who_am_i(name, sessions)) is not None:
            facts[name], answers[name] = json_of(answer), answer
    return replace(found, facts=facts, answers=answers)


def claims_now(name: str, policy: Policy, sessions: Sessions) -> Mapping[str, Json]:
    """The claims that who-am-I tells of an identity now, if relations hang on any; empty where it
    tells none, or does not answer."""
    if not any(each.claim for each in policy.relations.values()):
        return {}
    answer = _who_am_i(name, sessions)
    return body_claims(json_of(answer), policy) if answer is not None else {}


def _who_am_i(name: str, sessions: Sessions) -> Response | None:
    """What who-am-I answers now; None where there is none, or it does not confirm the session."""
    if (proof := sessions.proof) is None:
        return None
    request = proof.others.get(name, proof.request)
    answer = sessions.send(name, past_cache(request) if proof.cached else request)
    return answer if proof.holds(name, answer) else None


def not_before(changes: Collection[SettingChange], given: Iterable[_First]) -> list[_First]:
    """Without what logins answered while a killed run's changes stood: nobody who was concerned
    logs in again for that."""
    changed = {each.identity for each in changes}
    changed |= {each.state.partition(SIGN)[2] for each in changes}
    return [e for e in given if e[2].request.method == "GET" or e[1] not in changed]
