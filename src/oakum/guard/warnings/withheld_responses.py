"""Warnings about responses of which the gateway withholds more than the contract asks for.

Undeclared data is not forwarded, whatever `shows` says: its media type and schema are unknown.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz.data_outside_objects import OF_OBJECTS, account, asks
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.enforcement_plan import kind_of
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.warnings.contract_queries import resources_shown
from oakum.http.json_pointer import path_of
from oakum.http.media_type import essence
from oakum.openapi.model import Media, Operation, Shape
from oakum.openapi.shape_queries import scalars
from oakum.policy.model import Resource
from oakum.policy.resource_schemas import resource_of

_EMPTY = frozenset(("204", "205"))
_MOST = 3
_PICKS = frozenset(
    ("fields", "keys", "select", "only", "include_fields", "exclude_fields", "excludekeys", "omit")
)
"""Query parameters, in lower case, by which callers select members of a response."""


def undeclared_bodies(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about operations that may return a body but declare none: once for reads, and once for
    writes."""
    model = contract.model
    found = [each for each in contract.endpoints if _is_undeclared(each.operation)]
    reads = [each.operation for each in found if not each.acts]
    writes = [each.operation for each in found if each.acts]
    for some, done in ((reads, "a body is answered 502"), (writes, "a body is sent empty")):
        shown = [each for each in some if model.shown.get(each.id)]
        for first in (shown or some)[:1]:
            names = few([first.id, *(each.id for each in some if each is not first)], _MOST)
            stated = ", and `shows:` alone does not say in which media type it comes"
            yield Problem(
                contract.location(first),
                f"the document declares no response body of {names}{stated if shown else ''}, so"
                f" a response of theirs with {done}",
                "declare it in the document or an overlay: `content: {application/json: {schema:"
                " …}}`; `{}` as a schema is enough where `shows:` says what is there",
            )


def unreadable_alternatives(contract: CompiledContract) -> Iterator[Problem]:
    """Warns once about operations that declare, beside a response that the gateway can read, one
    that it cannot."""
    found: dict[str, list[str]] = {}
    for each in contract.endpoints:
        several = _successes(each.operation)
        unread = [media.type for media in several if not kind_of(media)]
        if unread and len(unread) < len(several) and not each.write:
            found[each.operation.id] = unread
    if found:
        first = next(iter(found))
        types = [*dict.fromkeys(each for unread in found.values() for each in unread)]
        yield Problem(
            contract.location(contract.model.operations[first]),
            f"{few([*found], _MOST)} may also answer with {few(types, _MOST)}, which a gateway"
            " cannot read: it answers 502 to whoever asks for that",
            "let clients ask for JSON, or route what is no JSON to the API without the gateway",
        )


def _successes(operation: Operation) -> list[Media]:
    return [
        media
        for status, found in operation.responses.items()
        if status.startswith("2")
        for media in found
    ]


def unreadable_types(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    operation = endpoint.operation
    several = _successes(operation)
    if several and not any(kind_of(each) for each in several):
        types = ", ".join(dict.fromkeys(f"`{each.type}`" for each in several))
        done = "its response is sent empty" if endpoint.write else "it answers 502"
        yield Problem(
            contract.location(operation),
            f"`{operation.id}` answers with {types}, which a gateway cannot read: {done}",
            "declare a list of objects whose members are the columns"
            if any(essence(each.type) == "text/csv" for each in several)
            else "no contract line can open it; route it to the API without the gateway",
        )


def undeclared_values(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about a place outside every resource where the document allows any value."""
    media = endpoint.operation.success()
    bound = contract.model.bound
    todo: list[tuple[str, Shape]] = []
    if media is not None and media.shape is not None and kind_of(media) == "json":
        todo = [("", media.shape)]
    while todo:
        at, shape = todo.pop()
        pointed = any(
            segments == path_of(at) for segments in _pointers(contract, endpoint.operation)
        )
        if pointed or resource_of(shape, bound) or at.count("/") > 3:
            continue
        inner = shape.extra() if shape.extra is not None else shape
        if _is_anything(inner) or _is_bare(inner):
            where = f"at `{at}` of the response of" if at else "in the response of"
            said = f"{where} `{endpoint.operation.id}` the document allows anything"
            what = "objects and lists below it"
            if inner is shape:
                what = "each member and element there"
            yield Problem(
                contract.location(endpoint.operation),
                f"{said}, so the gateway removes {what}",
                "declare them in the document or an overlay",
            )
            return
        todo += [(f"{at}/{name}", child()) for name, child in shape.properties.items()]
        todo += [(f"{at}/*", shape.items())] if shape.items is not None else []


def _pointers(contract: CompiledContract, operation: Operation) -> list[tuple[str, ...]]:
    return [segments for segments, _ in contract.model.shown.get(operation.id, ())]


def _is_anything(shape: Shape) -> bool:
    said = (shape.names, shape.kinds, shape.properties, shape.branches, shape.items, shape.extra)
    return not any(said)


def _is_bare(shape: Shape) -> bool:
    """Whether an object or a list is declared without a word on what stands in it."""
    said = (shape.properties, shape.branches, shape.items, shape.extra)
    return bool(shape.kinds & {"object", "array"}) and not any(said)


def selected_members(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    needed = [
        (name, path)
        for name in resources_shown(contract, endpoint.operation)
        if (path := _deciding_member(contract.policy.resources[name]))
    ]
    for name in endpoint.query if needed else ():
        if name.lower() in _PICKS:
            resource, path = needed[0]
            said = f"a caller who omits `{path}` with `{name}` sees nothing that depends on it"
            yield Problem(
                contract.location(endpoint.operation),
                f"{said} of a `{resource}` at `{endpoint.operation.id}`, not even of their own",
                f"write `without: [{name}]`, or let clients request `{path}` too",
            )


def _deciding_member(resource: Resource) -> str:
    """A member that decides an object's owner or state, without which nothing can be shown."""
    if resource.owner.kind == "field":
        return resource.owner.members[0]
    return next((state.member for state in resource.states.values() if state.member), "")


def values_beside_no_object(
    contract: CompiledContract, endpoint: GrantedEndpoint
) -> Iterator[Problem]:
    """Warns about a read that `call:` opens to an owner or the like, with values outside any
    object: without an object of the caller's beside them, no look-up is made for them."""
    operation, rule = endpoint.operation, contract.model.rule(endpoint.operation.id)
    if not asks(contract.model, operation.id) or account(contract.model, operation.id):
        return
    media = operation.success()
    # A response without a schema, such as a file in Swagger 2.0, is a value outside objects.
    if media is None or (media.shape is not None and not _beside(contract, operation, media.shape)):
        return
    called = [contract.policy.relations[name] for name in rule.call or ()]
    basic = contract.policy.only("anyone", "authenticated")
    if any(each.name in basic and not each.unless for each in called):
        return
    free = [
        f"`{each.name}`"
        for each in called
        if contract.policy.kinds(each.name).isdisjoint(OF_OBJECTS)
    ]
    who = f"only {' and '.join(free)} pass" if free else "nobody passes"
    said = f"it is unknown whose object `{operation.id}` shows, so {who}"
    if resources_shown(contract, operation):
        said = (
            f"if none of the objects that `{operation.id}` shows lets the caller pass, the"
            f" values beside them are withheld (an empty list stays)"
        )
    hint = (
        "write `owner: PARAMETER` if the path contains the owner's id, or `call: […]` with"
        " those who may see it whatever it shows"
    )
    yield Problem(contract.location(operation), said, hint)


def _beside(contract: CompiledContract, operation: Operation, top: Shape) -> bool:
    """Whether the document declares a value outside every resource."""
    pointers, known = _pointers(contract, operation), set[Shape]()
    todo: list[tuple[tuple[str, ...], Shape]] = [((), top)]
    for at, shape in todo:
        if at in pointers or shape in known or resource_of(shape, contract.model.bound):
            continue
        known.add(shape)
        if scalars(shape) and not shape.branches:
            return True
        todo += [((*at, name), child()) for name, child in shape.properties.items()]
        todo += [(at, branch()) for branch in shape.branches]
        for each in (shape.items, shape.extra):
            todo += [((*at, "*"), each())] if each is not None else []
    return False


def _is_undeclared(operation: Operation) -> bool:
    """Whether a success may have a body, and no status of success declares one."""
    good = {each: of for each, of in operation.responses.items() if each[:1] in ("2", "d")}
    empty = good and good.keys() <= _EMPTY
    moved = not good and any(each.startswith("3") for each in operation.responses)
    return not (empty or moved or any(good.values()))
