"""Leaks to seed: which there are, and which of them are drawn.

Pure. The space is what the contract closes: each denied cell of a scan of the healthy API, each
endpoint and each setting. A draw takes turns over the kinds, and within a kind over endpoints,
viewers and resources, so that no endpoint with many fields crowds out the others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from oakum.authz import Model
from oakum.authz.table import allows, deciding_states
from oakum.finding import Cell, Endpoint, State
from oakum.openapi.model import Json
from oakum.openapi.shape_queries import member
from oakum.policy.graphql_schema import Graph

Kind = Literal["field", "check", "switch", "endpoint", "graph", "extra", "own", "rule"]
KINDS: Mapping[Kind, str] = {
    "field": "a field un-hidden: one field, at one endpoint, for one kind of viewer, in one state",
    "check": "an owner check dropped: an endpoint answers a viewer as it answers the owner",
    "switch": "a switch ignored: what the owner has closed is shown as if it were open",
    "endpoint": "an endpoint opened: nobody logged in gets what a member gets",
    "graph": "a field un-hidden in what a GraphQL query answers",
    "extra": "a value out of place: an owner's own value under a name that nobody declared",
    "own": "somebody else's answer at an endpoint that answers about its caller",
    "rule": "a rule widened: a line of the contract shows more than the one before it",
}
"""Every kind of leak, in words."""

PLACES = ("member", "envelope", "header")
"""Where a value out of place is put: in the object, beside it, in a header of the answer."""


@dataclass(frozen=True)
class Mutant:
    """One leak. `viewer` is a kind of viewer, as cells call it."""

    kind: Kind
    endpoint: Endpoint
    viewer: str = ""
    resource: str = ""
    field: str = ""
    """Field path; of `extra` how the value is put out of place; of `rule` what is widened."""
    state: State = ()
    """Of the owner; empty: any."""
    opened: tuple[tuple[str, Json], ...] = ()
    """Of `switch`: the state as the broken API reads it."""

    @property
    def sentence(self) -> str:
        """What is wrong in the API that has this leak."""
        where = f"{self.endpoint.method} {self.endpoint.path}"
        when = " when " + ", ".join(f"{n} is {v}" for n, v in self.state) if self.state else ""
        what = f"`{self.resource}.{self.field}`" if self.field else f"`{self.resource}`"
        match self.kind:
            case "field" | "graph":
                return f"{where} shows `{self.viewer}` {what}{when}"
            case "check":
                return f"{where} answers `{self.viewer}` as it answers the owner"
            case "switch":
                name = ", ".join(name for name, _ in self.opened)
                return f"{where} ignores `{name}`: `{self.viewer}` sees {what}{when}"
            case "endpoint":
                return f"{where} asks nobody to log in"
            case "extra":
                return f"{where} shows `{self.viewer}` a value of the owner's {_PLACED[self.field]}"
            case "own":
                return f"{where} answers with somebody else's"
            case "rule":
                return self.field


_PLACED = {
    "member": "as a member that nobody declared",
    "envelope": "beside the object",
    "header": "in a header",
}


def drawn(space: Iterable[Mutant], seed: int) -> Iterator[Mutant]:
    """All mutants in the order of a draw: kinds take turns, and groups take turns within a kind."""
    rng = random.Random(seed)
    kinds: dict[str, dict[tuple[str, ...], list[Mutant]]] = {}
    for each in space:
        group = (each.endpoint.operation, each.viewer, each.resource)
        kinds.setdefault(each.kind, {}).setdefault(group, []).append(each)
    turns = [_in_turn(groups, rng) for groups in kinds.values()]
    while turns:
        for turn in list(turns):
            found = next(turn, None)
            if found is None:
                turns.remove(turn)
            else:
                yield found


def _in_turn(groups: dict[tuple[str, ...], list[Mutant]], rng: random.Random) -> Iterator[Mutant]:
    lists = [rng.sample(groups[name], len(groups[name])) for name in sorted(groups)]
    rng.shuffle(lists)
    while lists:
        for each in lists:
            yield each.pop()
        lists = [each for each in lists if each]


def of_cells(cells: Iterable[Cell], model: Model, graphs: Mapping[str, Graph]) -> Iterator[Mutant]:
    """The leaks that an API can have, by the cells of a scan of it when it was healthy."""
    denied = [each for each in cells if not each.granted]
    for each in denied:
        yield Mutant("field", each.endpoint, each.viewer, each.resource, each.field, each.state)
    yield from _each(denied, _check)
    yield from _each(denied, lambda cell: _switch(cell, model))
    for place in PLACES:
        yield from _each(denied, lambda cell, place=place: _extra(cell, place))  # type: ignore[misc]
    yield from _endpoints(model)
    yield from dict.fromkeys(_in_graphs(denied, model, graphs))
    yield from _own(model, denied)


def _each(cells: Iterable[Cell], make: Callable[[Cell], Mutant | None]) -> Iterator[Mutant]:
    yield from dict.fromkeys(found for cell in cells if (found := make(cell)) is not None)


def _check(cell: Cell) -> Mutant:
    return Mutant("check", cell.endpoint, cell.viewer, cell.resource)


def _extra(cell: Cell, place: str) -> Mutant:
    return Mutant("extra", cell.endpoint, cell.viewer, cell.resource, place)


def _switch(cell: Cell, model: Model) -> Mutant | None:
    """Where a setting closes the cell: the same resource with that setting read as open."""
    table = model.tables[cell.resource]
    names = deciding_states(table, cell.field)
    opened = tuple((name, table.resource.states[name].values[0]) for name in names)
    said = dict(cell.state)
    closed = [(n, v) for n, v in opened if said.get(n) != text(v)]
    if not closed:
        return None
    held = frozenset({cell.viewer, *_basic(model, cell.viewer)})
    if not allows(table, cell.field, held, dict(opened)):
        return None  # closed in every state
    return Mutant(
        "switch", cell.endpoint, cell.viewer, cell.resource, "", cell.state, tuple(closed)
    )


def _basic(model: Model, viewer: str) -> Iterator[str]:
    """What everybody is, and whoever is logged in, as far as this kind of viewer is."""
    relations = model.policy.relations
    known = relations.get(viewer)
    logged_in = known is None or known.kind != "anyone"
    for name, each in relations.items():
        inside = each.kind == "authenticated" and logged_in and viewer not in each.unless
        if each.kind == "anyone" or inside:
            yield name


def _endpoints(model: Model) -> Iterator[Mutant]:
    """Endpoints of reading that nobody gets through without a login."""
    for each in model.operations.values():
        rule = model.rule(each.id)
        shut = not each.anonymous if rule.call is None else "anyone" not in rule.call
        if shut and each.method == "GET" and each.id != model.policy.caller.operation:
            yield Mutant("endpoint", Endpoint(each.method, each.path, each.id))


def _in_graphs(
    denied: Iterable[Cell], model: Model, graphs: Mapping[str, Graph]
) -> Iterator[Mutant]:
    """What the documented endpoints close, where a schema has the field as well."""
    for id, rule in model.rules.items():
        graph = graphs.get(rule.graphql)
        if graph is None:
            continue
        each = model.operations[id]
        endpoint = Endpoint(each.method, each.path, each.id)
        types = [(model.bound[name], make()) for name, make in graph.types.items()
                 if name in model.bound]  # fmt: skip
        for cell in denied:
            shapes = [shape for resource, shape in types if resource == cell.resource]
            for segment in cell.field.split("."):
                shapes = [below for at in shapes if (below := member(at, segment)) is not None]
            if shapes:
                yield Mutant("graph", endpoint, cell.viewer, cell.resource, cell.field, cell.state)


def _own(model: Model, denied: Iterable[Cell]) -> Iterator[Mutant]:
    """Endpoints without a parameter in the path, at which objects with an owner leave."""
    for endpoint in dict.fromkeys(each.endpoint for each in denied):
        if "{" not in endpoint.path and endpoint.operation != model.policy.caller.operation:
            yield Mutant("own", endpoint)


def text(value: Json) -> str:
    """A value as cells write it: `true`, `7`, `everyone`."""
    return str(value).lower() if isinstance(value, bool) else str(value)
