"""Warnings about request headers and cookies that the gateway drops, or forwards unverified."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from oakum.authz import ANONYMOUS
from oakum.authz.decide import may_call
from oakum.errors import Location, Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.openapi.document import Document
from oakum.openapi.model import Operation
from oakum.policy.model import Guarding, Policy
from oakum.routing.allowed_headers import is_against_forgery, is_condition, is_named, names_nobody
from oakum.routing.caller_and_relation_lookups import Credential


def conditions(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about conditional request headers (`If-Match` and the like): the response to a guess
    would reveal withheld data."""
    named: dict[str, list[Operation]] = {}
    written = {each.operation.id for each in contract.endpoints if each.write}
    for operation in (each.operation for each in contract.endpoints):
        for each in operation.parameters:
            if each.where == "header" and is_condition(each.name.lower()):
                named.setdefault(each.name, []).append(operation)
    for name, found in named.items():
        if name.lower() in contract.policy.guard.request_headers:
            continue
        told = "the answer to a guess would tell what a caller is not shown"
        writes = [each for each in found if each.id in written]
        if writes and name.lower() != "if-modified-since":
            only = "" if name.lower() == "if-unmodified-since" else ", except with `*`,"
            yield Problem(
                contract.location(writes[0]),
                f"a call of {_first(writes)} with `{name}`{only} is refused with 412: {told}",
                "if the API compares it with nothing secret, such as a version that every"
                f" caller sees, write `guard: {{request_headers: [{name}]}}`",
            )
        if reads := [each for each in found if each.id not in written]:
            said = f"`{name}` of {_first(reads)} is not forwarded: {told}"
            yield Problem(
                contract.location(reads[0]), said, "callers are sent the full response instead"
            )


def cookies(contract: CompiledContract) -> Iterator[Problem]:
    """Warns that only declared cookies and CSRF cookies are forwarded, until the contract says
    which ones are."""
    policy, places = contract.policy, contract.lookups.credentials
    named = [each.name for each in places if each.where == "cookie"]
    bare = policy.caller.claim and Credential("header", "cookie") in places
    if not (named or bare) or policy.guard.cookies is not None:
        return
    first = f"{few(named, 3)}, " if named else ""
    hint = "write `guard: {cookies: [NAME]}` with what else the API reads, or `cookies: []`"
    if named and policy.caller.operation:
        hint += (
            f"; who-am-I is asked with {few(named, 3)} alone: if the API needs another cookie to"
            f" know its callers, such as a signature (`{named[0]}.sig`), declare that as a security"
            " scheme that is required together with it"
        )
    yield Problem(
        _guard_of(policy),
        f"of a request's cookies, {first}those that its operation declares, and those"
        f" against forgery (`csrftoken`) are forwarded, and no others",
        hint,
    )


def unverified_credentials(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about credentials required beside or instead of a token: nobody verifies them, so they
    are dropped, or the contract forwards them all the same."""
    policy, document = contract.policy, contract.document
    if not policy.caller.claim:
        return
    clients = {each.name for each in contract.lookups.credentials if each.client}
    alone = dict[tuple[str, str], list[Operation]]()
    told: set[str] = set()
    for operation in (each.operation for each in contract.endpoints):
        for alternative in operation.security or ():
            if len(alternative) == 1:
                for place in _keys(document, alternative):
                    alone.setdefault(place, []).append(operation)
                continue
            for where, name in _unverified_keys(document, alternative, clients, policy.guard):
                if name not in told:
                    told.add(name)
                    yield _forwarding_problem(where, name, operation, policy)
    tokens = any(not _keys(document, (each,)) for each in document.security_schemes)
    several = tokens or len(alone) > 1
    for (where, name), found in alone.items():
        own = name.lower() if where == "header" else name
        if is_named(where, own, policy.guard):
            shut = [each for each in found if not may_call(contract.model, ANONYMOUS, each.id, {})]
            if shut:
                yield _unread(where, name, shut, policy)
            continue
        names_no_user = own in clients or is_against_forgery(where, own)
        if several and where != "query" and not names_no_user and name not in told:
            yield _instead(where, name, found, policy)


def _keys(document: Document, alternative: Collection[str]) -> list[tuple[str, str]]:
    """Places of the API keys in a requirement."""
    schemes = [document.security_schemes.get(each) for each in sorted(alternative)]
    return [
        (str(each.get("in")), str(each.get("name")))
        for each in schemes
        if isinstance(each, dict) and each.get("type") == "apiKey"
    ]


def _unverified_keys(
    document: Document, alternative: Collection[str], clients: Collection[str], guard: Guarding
) -> list[tuple[str, str]]:
    """Places of API keys in a requirement, other than the one that may hold the token."""
    keys = _keys(document, alternative)
    found = []
    for where, name in keys:
        own = name.lower() if where == "header" else name
        if own not in clients and not names_nobody(where, own, guard):
            found.append((where, name))
    return found if len(keys) < len(alternative) or len(found) > 1 else []


def _forwarding_problem(where: str, name: str, operation: Operation, policy: Policy) -> Problem:
    option = {"header": "request_headers", "cookie": "cookies"}.get(where)
    hint = "send it in a header: what a query holds beside a token cannot be allowed"
    if option:
        hint = f"if it identifies no caller, write `guard: {{{option}: [{name}]}}`"
    said = f"`{name}` of {_first([operation])} is not forwarded beside a token: nobody verifies it"
    return Problem(_guard_of(policy), said, hint)


def _instead(where: str, name: str, found: list[Operation], policy: Policy) -> Problem:
    option = "request_headers" if where == "header" else "cookies"
    return Problem(
        _guard_of(policy),
        f"`{name}` of {_first(found)} is forwarded only as the token: any other value is"
        " removed if the request has a token as well, and gets 401 if not",
        f"if the API may read it though nobody verifies it, write `guard: {{{option}: [{name}]}}`",
    )


def _unread(where: str, name: str, found: list[Operation], policy: Policy) -> Problem:
    option = "request_headers" if where == "header" else "cookies"
    return Problem(
        _guard_of(policy),
        f"`{name}` alone opens {_first(found)} by the document, and is forwarded unverified, since"
        f" `{option}` names it: the API may take it for its caller, beside a token too",
        f"take it out of `{option}`, unless the API ignores it where it reads a token",
    )


def _guard_of(policy: Policy) -> Location:
    return policy.places.get(("guard",), policy.places.get(("caller",), Location(policy.file)))


def _first(found: list[Operation]) -> str:
    return few([each.id for each in found], 1)
