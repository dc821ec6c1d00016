"""Warnings about response headers that may reveal hidden data, whether dropped or forwarded."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.enforcement_plan import kind_of
from oakum.openapi.model import Operation
from oakum.policy.guard_section import OF_THE_WHOLE
from oakum.routing.allowed_headers import returns

_REDIRECTS = ("301", "302", "303", "307", "308", "3XX")
_SAYING = ("content-language", "location", "set-cookie")
_MOST = 3


def redirects(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about redirects to objects: `location` is forwarded as the API writes it."""
    model = contract.model
    found = [
        each
        for each in contract.endpoints
        if not each.operation.responses.keys().isdisjoint(_REDIRECTS)
    ]
    found.sort(key=lambda each: each.acts)
    if found and any(each.conceal for each in model.policy.resources.values()):
        yield Problem(
            contract.location(found[0].operation),
            f"{few([each.operation.id for each in found], _MOST)} may redirect, and the guard"
            " does not change `location`, which may name an object that the caller may not see",
            "let the API build the redirect from the request alone, or answer with the object",
        )


def file_names(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about file names in `content-disposition`, which often repeat a field of the
    body."""
    model = contract.model
    named = [
        each.operation
        for each in contract.endpoints
        if "content-disposition" in map(str.lower, each.operation.headers)
        and any(kind_of(of) for some in each.operation.responses.values() for of in some)
        and each.operation.id in model.showing
    ]
    if named and "content-disposition" not in model.policy.guard.headers:
        yield Problem(
            contract.location(named[0]),
            f"the name of a file in `content-disposition` of"
            f" {few([each.id for each in named], _MOST)} reaches a caller only where nothing is"
            " removed from the body, since it may be a hidden field, and never with a CSV of which"
            " rows may be hidden; it passes also where the API itself leaves that field out",
            "let the API name files by what all callers may see; then `guard: {headers:"
            " [content-disposition]}` lets every name pass",
        )


def headers_beside_objects(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about declared headers that are forwarded with objects and may repeat a value of
    one."""
    model = contract.model
    found: dict[str, list[Operation]] = {}
    for operation in (each.operation for each in contract.endpoints if not each.acts):
        said = {*map(str.lower, operation.headers)} & {*_SAYING}
        if not operation.responses.keys().isdisjoint(_REDIRECTS):
            said.discard("location")  # `redirects` warns about it
        for name in said if operation.id in model.showing else ():
            found.setdefault(name, []).append(operation)
    if found:
        first, names = found[min(found)], few(sorted(found), _MOST)
        yield Problem(
            contract.location(first[0]),
            f"{names} of {few([each.id for each in first], _MOST)} passes as the API writes it,"
            " even if it contains a field that is withheld, or comes only with an object that"
            " is hidden",
            "let the API say there what it says to everybody who may call the operation",
        )


def dropped_headers(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about response headers that are dropped because they may reveal removed data."""
    named: dict[str, list[Operation]] = {}
    for operation in (each.operation for each in contract.endpoints):
        for name in sorted(operation.headers):
            if not returns(name.lower(), contract.policy.guard):
                named.setdefault(name, []).append(operation)
    if not named:
        return
    first = next(iter(named.values()))
    names = ", ".join(f"`{name}`" for name in [*named][:4]) + (", …" if len(named) > 4 else "")
    allowed = next((name for name in named if name.lower() not in OF_THE_WHOLE), "")
    hint = f"write `guard: {{headers: [{allowed}]}}` if it reveals nothing of that"
    yield Problem(
        contract.location(first[0]),
        f"the guard drops the response headers {names} of {few([each.id for each in first], 1)}:"
        " they may reveal what it removes",
        hint if allowed else "none of these can be allowed; let clients do without",
    )
