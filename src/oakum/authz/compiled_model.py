"""A compiled contract: one table for each resource, one plan for each answer of an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

from oakum.authz.declared_media import select_media
from oakum.authz.places import Places, besides_resources
from oakum.authz.table import Table, allows, bindings, compile_resource, deciding_states
from oakum.errors import Location, Problem
from oakum.http.json_pointer import path_of
from oakum.http.media_type import is_json
from oakum.openapi.model import Media, Operation, Shape
from oakum.openapi.reachable_components import NamesBelow
from oakum.openapi.shape_queries import element, event_of, member, member_names, merge, ways
from oakum.openapi.shape_walk import reachable
from oakum.policy.mask import Mask
from oakum.policy.model import OperationRule, Policy, Resource
from oakum.policy.parameter_bindings import fill_parameters
from oakum.policy.resource_schemas import resource_of


class Describes(Protocol):
    """The part of an OpenAPI document that the semantics need."""

    @property
    def operations(self) -> tuple[Operation, ...]: ...
    @property
    def stand_ins(self) -> Mapping[str, frozenset[str]]: ...
    def operation(self, name: str, /) -> Operation | None: ...


@dataclass(frozen=True)
class Members:
    """Member names that an object may have; `open`: it may have any others as well."""

    names: frozenset[str]
    open: bool = False


@dataclass(frozen=True)
class BodyResources:
    """Resources that an operation's request body is declared to hold."""

    resources: tuple[str, ...]
    """Resources of the outermost objects."""
    whole: bool
    """Whether the body is only such an object, or a list of them."""


class DeclaredFields:
    """The fields of resources that schemas declare, cached by schema, since endpoints share
    schemas."""

    def __init__(self, bound: Mapping[str, str]) -> None:
        self._bound = bound
        self._places = Places(bound)
        self._leaves: dict[Shape, list[str]] = {}
        self._inner: dict[Shape, tuple[str, ...]] = {}
        self._fields: dict[Shape, tuple[str, ...]] = {}
        self._shown: dict[Shape, Mapping[str, tuple[str, ...]]] = {}

    def shown_resources(self, shape: Shape) -> Mapping[str, tuple[str, ...]]:
        """Resources at or below a shape → their declared field paths."""
        if shape not in self._shown:
            found: dict[str, dict[str, None]] = {}
            for name, at in resources_in(shape, self._bound):
                found.setdefault(name, {}).update(dict.fromkeys(self.fields(at)))
            self._shown[shape] = {name: tuple(paths) for name, paths in found.items()}
        return self._shown[shape]

    def fields(self, shape: Shape) -> tuple[str, ...]:
        """Declared field paths of an object, without embedded resources (`boundaries`)."""
        if shape not in self._fields:
            inner = {*self.boundaries(shape), ""}
            self._fields[shape] = tuple(p for p in self._leaves_of(shape) if p not in inner)
        return self._fields[shape]

    def boundaries(self, shape: Shape) -> tuple[str, ...]:
        """Paths of embedded resources, which have tables of their own."""
        if shape not in self._inner:
            found = (path for path in self._leaves_of(shape) if self._is_inner(shape, path))
            self._inner[shape] = tuple(found)
        return self._inner[shape]

    def _leaves_of(self, shape: Shape) -> list[str]:
        if shape not in self._leaves:
            self._leaves[shape] = self._places.leaves(shape, "")[0]
        return self._leaves[shape]

    def _is_inner(self, shape: Shape, path: str) -> bool:
        at: Shape | None = shape
        for segment in path.split(".") if path else ():
            at = member(at, segment) if at else None
        if at is None or at is shape:
            return False
        return bool(resource_of(at, self._bound)) or besides_resources(at, self._bound) is None


@dataclass(frozen=True)
class Model:
    """The compiled contract: all that `decide` and `project` use."""

    policy: Policy
    operations: Mapping[str, Operation]
    """Operations by operation id of the document."""
    rules: Mapping[str, OperationRule]
    """Rules by operation id, also where the policy writes `GET /path`."""
    bound: Mapping[str, str]
    """Schema name → resource name."""
    tables: Mapping[str, Table]
    shown: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]] = field(default_factory=dict)
    """Operation id → (pointer pattern, resource) of its `shows`."""
    showing: frozenset[str] = frozenset()
    """Operations whose declared responses hold a resource of the contract."""
    settable: Mapping[str, Table] = field(default_factory=dict)
    """Resource name → table of who may set its fields, over the schemas of request bodies."""
    sets: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]] = field(default_factory=dict)
    """Operation id → (pointer pattern, resource) of its `sets`."""
    known: Mapping[str, Members] = field(default_factory=dict)
    """Resource name → the members that its objects may have."""
    written: Mapping[str, BodyResources] = field(default_factory=dict)
    """By operation id; without operations whose body holds no resource."""
    masked: Mapping[str, tuple[tuple[Mask, Table], ...]] = field(default_factory=dict)
    """Resource name → for each masked form, the table of who sees a field at least in that form;
    resources with masks only."""
    merged: Mapping[str, Shape] = field(default_factory=dict)
    """Resource name → its declared shapes in responses, as one."""

    stand_ins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Resource name → other resources whose object may be returned where this one is declared."""

    def at_least(self, resource: str, mask: Mask) -> Table | None:
        """The table of who sees the fields of a resource at least in a masked form, which need not
        be in the contract. None: there is no such resource."""
        for form, table in self.masked.get(resource, ()):
            if form == mask:
                return table
        if resource not in self.masked:
            return self.tables.get(resource)
        shape = self.merged[resource]
        return compile_resource(self.policy.resources[resource], shape, self.bound, mask=mask)

    @cached_property
    def declared_fields(self) -> DeclaredFields:
        """The fields that the schemas of responses declare."""
        return DeclaredFields(self.bound)

    def rule(self, operation: str) -> OperationRule:
        """The rule that applies to an operation: its own, or that for all operations."""
        return self.rules.get(operation) or self._usual.get(operation) or OperationRule(operation)

    @cached_property
    def _usual(self) -> Mapping[str, OperationRule]:
        """By operation id, of those that are granted for what they show, and have no line."""
        granted = self.operations.keys() & self.showing  # some may be excluded from this run
        rules = (OperationRule(id) for id in granted if id not in self.rules)
        return {
            rule.id: replace(
                rule, params=fill_parameters(self.policy, self.operations[rule.id], rule)
            )
            for rule in (rules if self.policy.params else ())
        }

    def field_location(self, resource: str, leaf: str) -> Location:
        """The contract line that rules a field, or the line of the resource if none does."""
        table = self.tables[resource]
        for index, known in enumerate(table.leaves):
            if known == leaf or (known.endswith("**") and leaf.startswith(known[:-2])):
                return table.rules[index].location
        return table.resource.location

    def field_locations(self) -> Iterator[tuple[str, Location]]:
        """`Resource.field` → contract line, for every field with a rule."""
        for name, table in self.tables.items():
            for leaf, rule in zip(table.leaves, table.rules, strict=True):
                yield f"{name}.{leaf}", rule.location

    def settings_called(self, resource: str, leaf: str) -> list[str]:
        """States of a resource that are read from a member of this name in the owner's account."""
        found: list[str] = []
        for name, state in self.policy.resources[resource].states.items():
            above, _, setting = state.of.partition(".")
            there = self.policy.resources[above].states.get(setting) if state.of else state
            if there is not None and there.member.split(".")[-1] == leaf.split(".")[-1]:
                found.append(name)
        return found

    @property
    def notes(self) -> tuple[Problem, ...]:
        """Warnings about lines that grant less than they say, without duplicates."""
        tables = (*self.tables.values(), *self.settable.values())
        return tuple(dict.fromkeys(note for table in tables for note in table.notes))

    def draft_line(self, resource: str, leaf: str) -> Location | None:
        """The unconfirmed draft line that decides a field: its own, or that of a state in another
        resource. None if all is confirmed."""
        table = self.tables[resource]
        line = self.field_location(resource, leaf)
        rule = next((each for each in table.rules if each.location == line), None)
        if rule.draft if rule is not None else table.resource.draft:
            return line
        for name in deciding_states(table, leaf):
            above = self.policy.resources.get(table.resource.states[name].of.partition(".")[0])
            if above is not None and above.draft:
                return above.location
        return None


def compile_contract(document: Describes, policy: Policy) -> Model:
    """Compile policy and document into one `Model`; raises `InputError` as `compile_resource`."""
    bound = bindings(policy)
    operations = {operation.id: operation for operation in document.operations}
    rules: dict[str, OperationRule] = {}
    for name, rule in policy.operations.items():
        operation = document.operation(name)
        if operation is not None:
            rules[operation.id] = replace(rule, params=fill_parameters(policy, operation, rule))
    shown = {id: _patterns(rule.shows) for id, rule in rules.items()}
    sets = {id: _patterns(rule.sets) for id, rule in rules.items()}
    shapes, showing = _resource_shapes(operations, shown, bound)
    written = _written_shapes(operations, sets, bound)
    tables, settable = (
        {
            name: compile_resource(
                resource,
                _one(found.get(name)),
                bound,
                setting=found is written,
            )
            for name, resource in policy.resources.items()
        }
        for found in (shapes, written)
    )
    known = {
        name: _known_members(table, [*shapes.get(name, ()), *written.get(name, ())])
        for name, table in tables.items()
    }
    bodies = {
        id: found
        for id, operation in operations.items()
        if (found := _written_resources(operation, sets.get(id, ()), bound)) is not None
    }
    merged = {name: _one(shapes.get(name)) for name in policy.resources}
    masked = {
        name: tuple(
            (mask, compile_resource(resource, merged[name], bound, mask=mask)) for mask in forms
        )
        for name, resource in policy.resources.items()
        if (forms := _forms(resource))
    }
    return Model(
        policy, operations, rules, bound, tables, shown, showing, settable, sets, known, bodies,
        masked, merged, document.stand_ins,
    )  # fmt: skip


def _one(shapes: list[Shape] | None) -> Shape:
    return merge(shapes) if shapes else Shape()


def _forms(resource: Resource) -> tuple[Mask, ...]:
    """The masked forms in which fields of a resource are shown."""
    grants = (grant for rule in resource.fields for grant in rule.masked)
    return tuple(dict.fromkeys(mask for grant in grants for mask in grant.masked))


def _written_resources(
    operation: Operation,
    sets: tuple[tuple[tuple[str, ...], str], ...],
    bound: Mapping[str, str],
) -> BodyResources | None:
    said = [name for _, name in sets]
    top = any(set(segments) <= {"*"} for segments, _ in sets)
    shapes = [each.shape for each in operation.body if each.shape is not None]
    found = tuple(dict.fromkeys([*said, *(n for at in shapes for n in outermost(at, bound))]))
    whole = top or all(_is_whole(each, bound) for each in shapes)
    return BodyResources(found, whole) if found else None


def is_withheld(model: Model, resource: str) -> bool:
    """Whether some data of a resource is not for every logged-in caller, because its objects have
    owners or a field needs a role or tenant."""
    table = model.tables[resource]
    return table.resource.owner.kind != "none" or not all(
        is_open_to_members(model, resource, path) for path in table.leaves
    )


def is_open_to_members(model: Model, resource: str, path: str) -> bool:
    """Whether every logged-in caller may see a field of every object in each of its states."""
    login = model.policy.only("anyone", "authenticated")
    return allows(model.tables[resource], path, login, {})


def is_hidden_from_members(model: Model, resource: str) -> bool:
    """Whether there are callers who are logged in and see nothing of an object in some state."""
    login = model.policy.only("anyone", "authenticated")
    return not model.tables[resource].see(login, {})


def may_be_hidden(model: Model, resource: str) -> bool:
    """Whether an object of a resource may be hidden from somebody who is logged in, as if there
    were none."""
    return model.policy.resources[resource].conceal and is_hidden_from_members(model, resource)


def outermost(shape: Shape, bound: Mapping[str, str]) -> Iterator[str]:
    """Resources at or below a shape that are not inside another one."""
    for at in shapes_within(shape, lambda at: not resource_of(at, bound)):
        if name := resource_of(at, bound):
            yield name


def shapes_within(
    shape: Shape, enters: Callable[[Shape], bool] = lambda at: True
) -> Iterator[Shape]:
    """A shape and the shapes below it, each schema once; `enters`: whether to descend into a
    shape."""
    todo, seen = [shape], dict[str | int, Shape]()
    while todo:
        at = todo.pop()
        here = at.pointer or id(at)  # the id stays unique, since the shape is kept alive
        if here in seen:
            continue
        seen[here] = at
        yield at
        if enters(at):
            todo += _below(at)


def _below(shape: Shape) -> Iterator[Shape]:
    yield from (thunk() for thunk in (*shape.properties.values(), *shape.branches))
    yield from (thunk() for thunk in (shape.items, shape.extra) if thunk is not None)


def _is_whole(shape: Shape, bound: Mapping[str, str]) -> bool:
    """Whether every alternative of a body is a resource or a list of one."""
    ways = [each for way in shape.branches if (each := way()).kinds != {"null"}]
    if resource_of(shape, bound) or not ways:
        each = element(shape) or shape
        return bool(resource_of(shape, bound) or resource_of(each, bound))
    return all(_is_whole(way, bound) for way in ways)


def _known_members(table: Table, shapes: list[Shape]) -> Members:
    """Members that any schema or contract line of a resource names."""
    declared = [members_of(shape) for shape in shapes]
    names = table.trie.names().union(*(each.names for each in declared))
    star = "*" in table.trie.children or table.trie.deep >= 0
    return Members(names, star or any(each.open for each in declared))


def members_of(shape: Shape) -> Members:
    """Member names that a shape or one of its alternatives declares, and whether it allows
    others."""
    names, whole = frozenset(member_names(shape)), [shape, *(each() for each in shape.branches)]
    anything = not (shape.kinds or shape.branches or shape.properties or shape.items)
    return Members(names, anything or any(each.extra is not None for each in whole))


def _patterns(said: tuple[tuple[str, str], ...]) -> tuple[tuple[tuple[str, ...], str], ...]:
    return tuple((path_of(pointer), resource) for resource, pointer in said)


def _resource_shapes(
    operations: Mapping[str, Operation],
    shown: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]],
    bound: Mapping[str, str],
) -> tuple[dict[str, list[Shape]], frozenset[str]]:
    """Response shapes by resource, and the operations that show one."""
    found: dict[str, list[Shape]] = {}
    showing: set[str] = set()
    met: set[Shape] = set()
    holds = NamesBelow(lambda at: at.names & bound.keys())
    for operation in operations.values():
        if shown.get(operation.id):
            showing.add(operation.id)
        good = [
            each
            for status, answers in operation.responses.items()
            for each in answers
            if status.startswith("2") or status == "default"
        ]
        for media in (each for answers in operation.responses.values() for each in answers):
            if media.shape is None:
                continue
            if holds.any(media.shape):
                showing.add(operation.id)
            for name, shape in _resources_below([media.shape], bound, met):
                found.setdefault(name, []).append(shape)
            for resource, at in (
                shapes_at(shown.get(operation.id, ()), event_of(media)) if media in good else ()
            ):
                found.setdefault(resource, []).append(at)
    return {name: _distinct(shapes) for name, shapes in found.items()}, frozenset(showing)


def _written_shapes(
    operations: Mapping[str, Operation],
    sets: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]],
    bound: Mapping[str, str],
) -> dict[str, list[Shape]]:
    """Request shapes by resource."""
    found: dict[str, list[Shape]] = {}
    met: set[Shape] = set()
    for operation in operations.values():
        for media in operation.body:
            if media.shape is None:
                continue
            for name, shape in _resources_below([media.shape], bound, met):
                found.setdefault(name, []).append(shape)
            for name, shape in shapes_at(sets.get(operation.id, ()), media.shape):
                found.setdefault(name, []).append(shape)
    return {name: _distinct(shapes) for name, shapes in found.items()}


def shapes_at(
    patterns: tuple[tuple[tuple[str, ...], str], ...], top: Shape | None
) -> Iterator[tuple[str, Shape]]:
    """Resource and shape for each pattern that exists in a body."""
    for segments, resource in patterns:
        at = top
        for segment in segments:
            at = member(at, segment) if at else None
        if at is not None:
            yield resource, at


def _distinct(shapes: list[Shape]) -> list[Shape]:
    return list({id(shape): shape for shape in shapes}.values())


def _resources_below(
    shapes: list[Shape], bound: Mapping[str, str], met: set[Shape]
) -> Iterator[tuple[str, Shape]]:
    """Resources at or below shapes, without those that were met before."""
    for at in reachable(shapes, met):
        if name := resource_of(at, bound):
            yield name, at


def resources_in(shape: Shape, bound: Mapping[str, str]) -> Iterator[tuple[str, Shape]]:
    """Resources at or below a shape, each schema once."""
    for at in shapes_within(shape):
        if name := resource_of(at, bound):
            yield name, at


def may_conceal(model: Model, shape: Shape) -> bool:
    """Whether a concealed resource is among the alternatives of a union."""
    found = (resource_of(each, model.bound) for each in ways(shape))
    return any(name and model.tables[name].resource.conceal for name in found)


def answer_media(operation: Operation, status: int, media_type: str) -> Media | None:
    """The declared response for this status and media type; None if undeclared.

    Status as in OpenAPI: the code, then its range (`2XX`), then `default`.
    """
    return select_media(declared_answers(operation, status), media_type)


def likely_media(operation: Operation, status: int, media_type: str) -> Media | None:
    """As `answer_media`, but undeclared JSON is judged as the first declared JSON type, as a
    lenient client would read it. For analysing responses, not for letting them through."""
    found = answer_media(operation, status, media_type)
    if found is not None or not is_json(media_type):
        return found
    return next((each for each in declared_answers(operation, status) if each.is_json), None)


def declared_answers(operation: Operation, status: int) -> tuple[Media, ...]:
    """The media types that the document declares for a status: by the code, `2XX` or `default`;
    empty if none applies."""
    for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
        if key in operation.responses:
            return operation.responses[key]
    return ()
