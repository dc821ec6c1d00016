"""Warnings of `guard check` about declared headers and cookies that the gateway does not forward.

Warnings change nothing. Each names what stays closed, why, and the line that opens it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from oakum.errors import Location, Problem, few
from oakum.openapi.model import Operation
from oakum.policy.guarding import OF_THE_WHOLE
from oakum.policy.model import Guarding, Policy
from oakum.routing.headers import is_condition, returns
from oakum.routing.lookup_plan import Credential, Endpoint

Where = Callable[[Operation], Location]


def conditions(endpoints: list[Endpoint], guard: Guarding, where: Where) -> Iterator[Problem]:
    """Warns about conditions, since the answer to a guess would tell what is withheld."""
    named: dict[str, list[Operation]] = {}
    written = {each.operation.id for each in endpoints if each.write}
    for operation in (each.operation for each in endpoints):
        for each in operation.parameters:
            if each.where == "header" and is_condition(each.name.lower()):
                named.setdefault(each.name, []).append(operation)
    for name, found in named.items():
        if name.lower() in guard.request_headers:
            continue
        told = "the answer to a guess would tell what a caller is not shown"
        writes = [each for each in found if each.id in written]
        if writes and name.lower() != "if-modified-since":
            only = "" if name.lower() == "if-unmodified-since" else ", except with `*`,"
            yield Problem(
                where(writes[0]),
                f"a call of {_first(writes)} with `{name}`{only} is refused with 412: {told}",
                "if the API compares it with nothing secret, such as a version that every"
                f" caller sees, write `guard: {{request_headers: [{name}]}}`",
            )
        if reads := [each for each in found if each.id not in written]:
            said = f"`{name}` of {_first(reads)} is not forwarded: {told}"
            yield Problem(where(reads[0]), said, "callers are sent the full response instead")


def answers(endpoints: list[Endpoint], guard: Guarding, where: Where) -> Iterator[Problem]:
    """Warns about response headers that may tell of what is removed."""
    named: dict[str, list[Operation]] = {}
    for operation in (each.operation for each in endpoints):
        for name in sorted(operation.headers):
            if not returns(name.lower(), guard):
                named.setdefault(name, []).append(operation)
    if not named:
        return
    first = next(iter(named.values()))
    few = ", ".join(f"`{name}`" for name in [*named][:4]) + (", …" if len(named) > 4 else "")
    allowed = next((name for name in named if name.lower() not in OF_THE_WHOLE), "")
    hint = f"write `guard: {{headers: [{allowed}]}}` if it tells nothing of what is removed"
    yield Problem(
        where(first[0]),
        f"the response headers {few} of {_first(first)} do not reach callers: they may tell of"
        f" what is removed",
        hint if allowed else "none of these can be allowed; let clients do without",
    )


def cookies(credentials: Iterable[Credential], policy: Policy) -> Iterator[Problem]:
    """Warns about cookies that only the API knows, until the contract says which there are."""
    named = [each.name for each in credentials if each.where == "cookie"]
    if not named or policy.guard.cookies is not None:
        return
    where = policy.places.get(("guard",), policy.places.get(("caller",), Location(policy.file)))
    yield Problem(
        where,
        f"of a request's cookies, {few(named, 3)}, those that its operation declares, and those"
        f" against forgery (`csrftoken`) are forwarded, and no others",
        "write `guard: {cookies: [NAME]}` with what else the API reads, or `cookies: []`",
    )


def _first(found: list[Operation]) -> str:
    return few([each.id for each in found], 1)
