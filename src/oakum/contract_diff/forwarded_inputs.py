"""What a gateway forwards to the API under one contract and not under another.

A guard forwards what the document declares, and removes or refuses the rest: parameters, values of
those in a path, members of objects in a query, members of bodies. So the document alone may open a
way to say more to the API, such as a filter by a hidden field, or a header that names an account.
What a body sets of a resource is compared elsewhere, field by field (`set`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from oakum.contract_diff.contract_wide_changes import OutsideChange
from oakum.contract_diff.endpoint_places import DeclaredEndpoints
from oakum.contract_diff.relation_combinations import endpoint_key
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.path_objects import names
from oakum.openapi.model import Operation, Parameter
from oakum.openapi.shape_queries import scalars
from oakum.openapi.shape_walk import reachable
from oakum.routing.allowed_headers import forwards
from oakum.routing.caller_and_relation_lookups import Credential
from oakum.routing.nested_parameters import Below
from oakum.routing.paging_parameters import PAGING

_At = tuple[str, ...]
"""Path of member names from the outermost; `*` is any name, `""` a list element."""
_Input = tuple[str, _At]
"""(place, path): `header`, `cookie`, `query` or `body` and the name or members there; for GraphQL
`argument` with type, field and argument name."""


def find_passed_inputs(
    old: CompiledContract,
    new: CompiledContract,
    declared: tuple[DeclaredEndpoints, DeclaredEndpoints],
) -> Iterator[OutsideChange]:
    """Changes in what requests may send to endpoints that both contracts grant, and in the
    credentials of callers. `declared`: what each contract's endpoints declare."""
    sides = _Side(old, declared[0]), _Side(new, declared[1])
    found: dict[tuple[bool, str, str], dict[str, Operation]] = {}
    for key, now in sides[1].endpoints.items():
        was = sides[0].endpoints.get(key)
        if was is None:
            continue
        for wide, (side, own), (other, before) in (
            (True, (sides[1], now), (sides[0], was)),
            (False, (sides[0], was), (sides[1], now)),
        ):
            known = other.inputs(before)
            for each in side.inputs(own):
                if not other.lets(each, before, known):
                    found.setdefault((wide, "input", _describe_input(each)), {})[key] = (
                        now.operation
                    )
            for name in _more_values(before, own):
                some = "new" if wide else "some"
                said = f"{some} values of the path parameter `{name}`"
                found.setdefault((wide, "input", said), {})[key] = now.operation
            alone = other.schemes(before)
            for schemes in side.schemes(own):
                if schemes and not any(schemes >= others for others in alone):
                    said = " with ".join(sorted(f"`{name}`" for name, *_ in schemes))
                    found.setdefault((wide, "scheme", said), {})[key] = now.operation
    for (wide, kind, what), operations in found.items():
        yield _term(new, kind, what, [*operations.values()], wide=wide)
    yield from _credentials(old, new)


def _more_values(narrow: GrantedEndpoint, wide: GrantedEndpoint) -> Iterator[str]:
    """Parameters of a path that may hold a text in one endpoint and not in another of that path:
    what `type`, `enum` and `pattern` do not allow is no request to it."""
    for before, after in zip(names(narrow.operation), names(wide.operation), strict=True):
        was, now = narrow.texts.get(before), wide.texts.get(after)
        if was is not None and (now is None or not now.within(was)):
            yield after


def _term(
    new: CompiledContract, kind: str, what: str, operations: list[Operation], *, wide: bool
) -> OutsideChange:
    names = tuple(f"{each.method} {each.path}" for each in operations)
    at = f"`{names[0]}`" if len(names) == 1 else f"{len(names):,} endpoints"
    longer = "" if wide else "no longer "
    said = f"a guard {longer}lets {what} of requests to {at} through"
    if kind == "scheme":
        said = f"callers of {at} may {longer}be known by {what} alone"
    place = new.document.locate(operations[0].pointer)
    return OutsideChange(wide, not wide, said, endpoints=names, location=place)


def _credentials(old: CompiledContract, new: CompiledContract) -> Iterator[OutsideChange]:
    """Where callers may send a credential, which is forwarded with every request."""
    was, now = ({(e.where, e.name): e for e in each.lookups.credentials} for each in (old, new))
    for wide, before, after in ((True, was, now), (False, now, was)):
        for each in (each for at, each in after.items() if at not in before):
            longer = "" if wide else "no longer "
            said = f"a guard {longer}takes {_place(each)} for a credential, and forwards it"
            yield OutsideChange(wide, not wide, said)


def _place(each: Credential) -> str:
    if (each.where, each.name) == ("header", "cookie"):
        return "every cookie"
    return f"the {_KINDS[each.where]} `{each.name}`"


_KINDS = {"header": "header", "cookie": "cookie", "query": "query parameter"}


def _describe_input(each: _Input) -> str:
    where, at = each
    if where == "body":
        return f"`{'.'.join(part or '*' for part in at)}` in the body" if at else "the body"
    if where == "argument":  # as the policy calls it
        return f"the argument `{at[1]}.{at[2]}`"
    name = at[0] + "".join(f"[{part}]" for part in at[1:])
    return f"the {_KINDS[where]} `{name}`"


class _Side:
    """One contract."""

    def __init__(self, contract: CompiledContract, declared: DeclaredEndpoints) -> None:
        self._contract = contract
        self._credentials = {(each.where, each.name) for each in contract.lookups.credentials}
        self._bodies = {key: endpoint.accepts for key, endpoint in declared.items()}
        self._types: dict[str, frozenset[_At]] = {}
        self.endpoints = {
            endpoint_key(each.operation.method, each.operation.path): each
            for each in contract.lookups.endpoints.values()
        }

    def inputs(self, endpoint: GrantedEndpoint) -> dict[_Input, bool]:
        """What the document declares and the guard forwards, and whether anything within it is
        forwarded as well."""
        guard, operation = self._contract.policy.guard, endpoint.operation
        found: dict[_Input, bool] = {}
        for each in operation.parameters:
            name = each.name.lower() if each.where == "header" else each.name
            if each.where == "header" and forwards(name, guard, operation.header_names):
                found["header", (name,)] = True
            elif each.where == "cookie":
                found["cookie", (name,)] = True
            elif each.where == "query" and name in endpoint.query and not _pages(each):
                at = endpoint.nested.get(name)
                below = _leaves(at.below) if at is not None else {(): True}
                found |= {("query", (name, *path)): free for path, free in below.items()}
        key = endpoint_key(operation.method, operation.path)
        for text, free in self._bodies.get(key, {}).items():
            found["body", tuple(text.split(".")) if text else ()] = free
        for said in operation.arguments:
            if said.name.lower() not in PAGING:
                found["argument", (said.on, said.field, said.name)] = False
        return found

    def lets(self, each: _Input, endpoint: GrantedEndpoint, known: Mapping[_Input, bool]) -> bool:
        """Whether an input passes. `known`: all of this endpoint."""
        guard, (where, at) = self._contract.policy.guard, each
        if where == "argument":  # a new field is reported itself
            return each in known or at[:2] not in self._fields(endpoint.operation)
        if where != "body" and (where, at[0]) in self._credentials:
            return True
        if where == "header":
            return forwards(at[0], guard, endpoint.operation.header_names)
        if where == "cookie" and at[0] in (guard.cookies or ()):
            return True
        if where == "cookie" and ("header", "cookie") in self._credentials:
            return True
        return each in known or any(
            where == other and _is_at(at, path, free=free) for (other, path), free in known.items()
        )

    def _fields(self, operation: Operation) -> frozenset[_At]:
        """Types of GraphQL in an answer, each with its fields."""
        if operation.id not in self._types:
            media = operation.success()
            shapes = reachable([media.shape]) if media is not None and media.shape else ()
            self._types[operation.id] = frozenset(
                (type, field) for at in shapes for type in at.names for field in at.properties
            )
        return self._types[operation.id]

    def schemes(self, endpoint: GrantedEndpoint) -> frozenset[frozenset[tuple[str, ...]]]:
        """Alternatives of credentials by which the document lets somebody call it; the empty one
        lets everybody."""
        declared = self._contract.document.security_schemes
        found = {
            frozenset(_scheme(name, declared.get(name)) for name in alternative)
            for alternative in endpoint.operation.security or ()
        }
        return frozenset(found or {frozenset[tuple[str, ...]]()})


def _pages(each: Parameter) -> bool:
    """Whether it is a number of a page, which selects nothing by a field."""
    kinds = scalars(each.shape)
    return bool(kinds) and kinds <= {"integer", "number"} and each.name.lower() in PAGING


def _is_at(at: _At, path: _At, *, free: bool) -> bool:
    """Whether a place is at a path, or below one that anything may stand at."""
    alike = all(step in ("*", own) for step, own in zip(path, at, strict=False))
    return alike and (len(path) == len(at) or (free and len(path) < len(at)))


def _scheme(name: str, declared: object) -> tuple[str, ...]:
    """A scheme by what a request sends, with a name for people."""
    said = declared if isinstance(declared, dict) else {}
    if said.get("type") == "apiKey":
        return str(said.get("name")), "apiKey", str(said.get("in"))
    if said.get("type") == "http":
        return str(said.get("scheme", "")).lower(), "http"
    return name, str(said.get("type", ""))


def _leaves(below: Below) -> dict[_At, bool]:
    """What a value may hold, and whether anything within it."""
    found: dict[_At, bool] = {(): True} if below.anything else {}
    if below.scalar:
        found.setdefault((), False)
    ways = [*below.members.items(), ("*", below.rest), ("", below.each)]
    for name, inner in ways:
        if inner is not None and inner is not below:
            found |= {(name, *path): free for path, free in _leaves(inner).items()}
    return found
