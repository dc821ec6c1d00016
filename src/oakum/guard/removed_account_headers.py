"""Warns about headers, cookies and query parameters of test accounts that the guard removes.

The guard forwards only what the document or `guard:` names. If only the identities file names a
header (a tenant, a version), the guard removes it, and the API answers as it does without it. So
there is a warning for each, with the operations for which the document does not declare it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oakum.errors import Location, Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.openapi.model import Operation
from oakum.routing.allowed_headers import forwards

Line = tuple[str, str, str, Location]
"""(account, `header`, `cookie` or `query`, name as written, location)."""


def removed_lines(compiled: CompiledContract, lines: Iterable[Line]) -> Iterator[Problem]:
    """Warns about each header, cookie or query parameter that some operations are not sent, once
    for each name."""
    seen = set[tuple[str, str]]()
    for account, where, name, location in lines:
        called = name.lower() if where == "header" else name
        if (where, called) in seen or _is_credential(compiled, where, called):
            continue
        seen.add((where, called))
        if (signed := _signed(compiled, where, name)) and compiled.policy.caller.operation:
            yield Problem(
                location,
                f"who-am-I is asked without the cookie `{name}`, which `{account}` sends: if it"
                f" signs `{signed}`, every caller counts as logged out",
                f"declare it as a security scheme that is required together with `{signed}`",
            )
            continue
        endpoints = compiled.lookups.endpoints.values()
        without = [
            each.operation.id
            for each in endpoints
            if not _passes(compiled, each.operation, where, called)
        ]
        if without:
            yield Problem(
                location,
                f"{_describe_removal(where, name)}, which `{account}` sends: the document does not"
                f" declare it for {few(without, 3)}",
                _hint(where, called),
            )


def _is_credential(compiled: CompiledContract, where: str, name: str) -> bool:
    places = {(each.where, each.name) for each in compiled.lookups.credentials}
    # Where a token says who calls, no whole `cookie` header is forwarded as a credential.
    whole = where == "cookie" and not compiled.policy.caller.claim
    return (where, name) in places or (whole and ("header", "cookie") in places)


def _signed(compiled: CompiledContract, where: str, name: str) -> str:
    """The cookie of a session that another one signs by its name, `sid.sig` of `sid`, as servers
    of Node.js call it; empty if none."""
    session, dot, end = name.rpartition(".")
    known = {each.name for each in compiled.lookups.credentials if each.where == "cookie"}
    return session if (where, dot + end) == ("cookie", ".sig") and session in known else ""


def _passes(compiled: CompiledContract, operation: Operation, where: str, name: str) -> bool:
    declared = {
        each.name.lower() if where == "header" else each.name
        for each in operation.parameters
        if each.where == where
    }
    if where == "header":
        return forwards(name, compiled.policy.guard, declared)
    if where == "cookie" and name in (compiled.policy.guard.cookies or ()):
        return True
    return name in declared and name not in compiled.model.rule(operation.id).without


def _describe_removal(where: str, name: str) -> str:
    kind = "query parameter" if where == "query" else where
    return f"the guard removes the {kind} `{name}`"


def _hint(where: str, name: str) -> str:
    declare = f"declare `{{name: {name}, in: {where}}}` for them"
    if where == "header":
        return f"{declare}, or let it pass everywhere: `guard: {{request_headers: [{name}]}}`"
    if where == "cookie":
        return f"{declare}, or let it pass everywhere: `guard: {{cookies: [{name}]}}`"
    return declare
