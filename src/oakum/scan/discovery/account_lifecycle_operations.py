"""Operations that create or delete an account that can log in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile

from oakum.authz import Model
from oakum.exchange import Response
from oakum.exposure.endpoints.probes import Probe, probe_of
from oakum.exposure.endpoints.request_bodies import body_shape
from oakum.exposure.values.knowledge import objects_of
from oakum.inference.lexicon import word_set, words
from oakum.inference.side_effects import classify, opens_session
from oakum.openapi.model import Operation
from oakum.scan.coverage.uncalled_operations import barring_reason
from oakum.scan.discovery.response_differences import Features, take_apart
from oakum.scan.identities.login import json_of
from oakum.scan.requests.builder import FilledRequest
from oakum.scan.requests.person_operations import is_secret, noun_of

_SELF = word_set("account me myself profile self user")
_PEOPLE = word_set("account accounts customer customers member members people user users")


def removals(model: Model, params: Mapping[str, Mapping[str, str]]) -> Iterator[Probe]:
    """Endpoints that delete an account and nothing else. `params`: inferred meaning of path
    parameters, by operation."""
    resource = account_resource(model)
    for operation in model.operations.values():
        if operation.method != "DELETE":
            continue
        probe = probe_of(model, operation, params.get(operation.id, {}))
        last = operation.path.rstrip("/").rsplit("/", 1)[-1]
        sources = {source.partition(".")[0] for source in probe.sources.values()}
        if not sources:
            taken = "{" not in operation.path and set(words(last)) <= _SELF
        else:
            taken = last.startswith("{") and sources == {resource} and len(probe.sources) == 1
        if taken:
            yield probe


def account_views(model: Model, params: Mapping[str, Mapping[str, str]]) -> list[Probe]:
    """Endpoints that show an account by its key, then those that list accounts."""
    resource = account_resource(model)
    known = model.policy.resources.get(resource)
    found: list[Probe] = []
    for operation in model.operations.values():
        if operation.method != "GET" or known is None:
            continue
        probe = probe_of(model, operation, params.get(operation.id, {}))
        by_key = set(probe.sources.values()) in ({f"{resource}.{known.key}"}, set())
        if resource in probe.shows and by_key and not probe.unfilled:
            found.append(probe)
    return sorted(found, key=lambda each: not each.sources)


def registration(model: Model, login: str) -> Operation | None:
    """The sign-up operation for accounts that log in at this path: the clearest match, closest by
    path."""
    ranked: list[tuple[int, int, int, str]] = []
    for operation in model.operations.values():
        shape = body_shape(operation)
        if operation.method != "POST" or shape is None or "{" in operation.path:
            continue
        members = {name: thunk() for name, thunk in shape.properties.items()}
        secret = any(is_secret(name, inner) for name, inner in members.items())
        person = any(noun_of(name, inner) for name, inner in members.items())
        kind = classify(operation, model.rule(operation.id)).kind
        if not (secret and person and operation.anonymous) or kind == "destructive":
            continue
        if barring_reason(model, operation):
            continue
        said = frozenset(words(re.sub(r"\W+", " ", f"{operation.path} {operation.id}")))
        last = set(words(operation.path.rstrip("/").rsplit("/", 1)[-1]))
        registers = opens_session(operation) and kind != "login"
        if registers or {"sign", "up"} <= said:
            ranked.append((0, *_distance(operation.path, login), operation.id))
        elif kind == "write" and last and last <= _PEOPLE:
            ranked.append((1, *_distance(operation.path, login), operation.id))
    return model.operations[min(ranked)[-1]] if ranked else None


def _distance(path: str, login: str) -> tuple[int, int]:
    """Sort key: paths that share the most segments with the login first, then the shortest."""
    one, other = path.strip("/").split("/"), login.strip("/").split("/")
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))
    return -same, len(one)


def account_resource(model: Model) -> str:
    """The resource whose objects are accounts; empty if there is none."""
    found = (name for name, each in model.policy.resources.items() if each.is_account)
    return next(found, "")


def answer_features(answer: Response, filled: FilledRequest) -> Features:
    """Status and body features of a response, without values of the request."""
    found = take_apart(answer, filled.sent)
    return {name: text for name, text in found.items() if name[0] not in ("header", "cookie")}


def tells_of_none(answer: Response) -> bool:
    """Whether the response to a registration has no data of a created account, such as a `202` that
    announces an e-mail: the same response for everybody (OWASP Authentication Cheat Sheet,
    "Authentication and Error Messages"). Values of the request may be repeated."""
    return "location" not in answer.headers and not any(
        words(name)[-1:] in _KEYS for each in objects_of(json_of(answer)) for name in each
    )


_KEYS = (("id",), ("uuid",), ("guid",), ("key",), ("token",))
