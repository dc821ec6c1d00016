"""Finds the object that a request writes within its body.

A body is the object itself, or an envelope around it as in responses: `{"data": {...}}`, `{"data":
{"attributes": {...}}}`, `{"article": {...}}`. It is the object if at least half of its members are
among those that responses show of it, and the path is about it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from oakum.http.json_pointer import escape
from oakum.http.methods import SHOWS
from oakum.inference.lexicon import FieldClass, classify_field, singular, words
from oakum.inference.path_nouns import ACCOUNTS, CROWDS, is_of_caller, noun_of_path, without_id
from oakum.inference.response_objects import GENERIC
from oakum.inference.schema_groups import DocumentTypes, Thing
from oakum.inference.side_effects import classify
from oakum.openapi.document import Document
from oakum.openapi.model import Operation, Shape
from oakum.openapi.schema import children
from oakum.openapi.shape_queries import names_of

_DEEP = 3
_ENVELOPES = GENERIC | {"attribute", "attributes"}
_WRITES = ("POST", "PUT", "PATCH")
_DEED = re.compile(r"/(?:add|change|create|edit|modify|save|update)/?$", re.I)
"""Ends a path with what the request does to what stands before it: `/notes/{id}/update`."""


@dataclass(frozen=True)
class WrittenObject:
    """An object of a thing in the request body of an operation."""

    operation: Operation
    pointer: str
    shapes: tuple[Shape, ...]
    """Its shape in each media type of the body."""
    bound: bool
    """Whether its schema already is one of the thing's."""


def written_objects(world: DocumentTypes, document: Document) -> dict[int, list[WrittenObject]]:
    """`id()` of each thing → where requests write one such object."""
    answered = {
        seen.operation.id: thing
        for thing in world.things
        for seen in thing.objects
        if not seen.inside
    }
    by_noun = {thing.noun: thing for thing in world.things}
    members = {id(thing): thing.members() for thing in world.things}
    schemas = {id(thing): frozenset(thing.schemas) for thing in world.things}
    read_at = {
        id(thing): {noun_of_path(path) for path in {each.path for each in _reads(thing)}}
        for thing in world.things
    }
    found: dict[int, list[WrittenObject]] = {}
    for operation in document.operations:
        thing = _about(world, operation, answered.get(operation.id), by_noun, read_at)
        if thing is None or operation.method not in _WRITES or not operation.body:
            continue
        if classify(operation).kind == "write":
            objects = _objects(world, operation, thing, members, schemas[id(thing)])
            found.setdefault(id(thing), []).extend(objects)
    return found


def _about(
    world: DocumentTypes,
    operation: Operation,
    answered: Thing | None,
    by_noun: Mapping[str, Thing],
    read_at: Mapping[int, Collection[str]],
) -> Thing | None:
    """The thing that a path is about; of one that does not say, the thing of the answer."""
    noun = noun_of_path(operation.path)
    if noun not in by_noun and (said := _DEED.search(operation.path)):
        noun = noun_of_path(operation.path[: said.start()])
        if noun in by_noun and answered not in (None, by_noun[noun]):
            return None
    if noun in by_noun:
        return by_noun[noun]
    if answered is not None and noun in read_at[id(answered)]:
        return answered
    return world.account if is_of_caller(operation) and not noun else None


def _reads(thing: Thing) -> Iterator[Operation]:
    """The operations that show it by itself."""
    shown = (seen.operation for seen in thing.objects if not seen.inside)
    return (each for each in shown if each.method in SHOWS)


def _objects(
    world: DocumentTypes,
    operation: Operation,
    thing: Thing,
    members: Mapping[int, set[str]],
    schemas: Collection[str],
) -> Iterator[WrittenObject]:
    """The object in a body, if all its media types are JSON and have it at the same place."""
    places = [
        _place(world, media.shape, thing, members) if media.is_json and media.shape else None
        for media in operation.body
    ]
    pointers = {place[0] if place is not None else None for place in places}
    if len(pointers) == 1 and (shapes := [place for place in places if place is not None]):
        bound = all(not set(names_of(at)).isdisjoint(schemas) for _, at in shapes)
        yield WrittenObject(operation, shapes[0][0], tuple(at for _, at in shapes), bound)


def _place(
    world: DocumentTypes, shape: Shape, thing: Thing, members: Mapping[int, set[str]]
) -> tuple[str, Shape] | None:
    """Pointer and shape of the object in a body. What extends a schema of another thing, as a base
    that all things have, is not that thing."""
    pointer, known = "", members[id(thing)]
    for _ in range(_DEEP):
        below = {name: child for name, child in children(shape).items() if not child.read_only}
        other = world.thing_at(shape)
        extends = other is not None and not {*names_of(shape)} <= {*other.schemas}
        base = extends and other is not None and members[id(other)] <= known
        if "array" in shape.kinds or not (other in (None, thing) or base):
            return None
        if _is_of(below, thing.key, known):
            return pointer, shape
        wraps = [name for name, child in below.items() if _wraps(name, child, thing)]
        if len(wraps) != 1:
            return None
        pointer, shape = f"{pointer}/{escape(wraps[0])}", below[wraps[0]]
    return None


def _is_of(below: Iterable[str], key: str, known: set[str]) -> bool:
    """Whether members are those of a thing, and more than its key."""
    names = set(below)
    return bool((names & known) - {key}) and 2 * len(names & known) >= len(names)


def _wraps(name: str, child: Shape, thing: Thing) -> bool:
    """Whether a member is an envelope of the object: it says nothing, or what the object is."""
    said = words(name)
    noun = "_".join((*said[:-1], singular(said[-1]))) if said else ""
    named = noun == thing.noun or "_".join(said) == "_".join(words(thing.noun))
    return bool(children(child)) and bool(said) and (named or _ENVELOPES.issuperset(said))


def required_members(at: WrittenObject, thing: Thing, owners: Collection[str]) -> frozenset[str]:
    """Required members that the client has to supply: without its key, its owner, and members that
    its owner may not set."""
    held = {thing.key, *(member.partition(".")[0] for member in owners)}
    return frozenset(name for name in _required_members(at) - held if not _says_whose(name))


def may_set_all(at: WrittenObject, thing: Thing, owners: Collection[str]) -> bool:
    """Whether an owner may set every required member."""
    return required_members(at, thing, owners) == _required_members(at)


def _required_members(at: WrittenObject) -> frozenset[str]:
    return frozenset.intersection(*(shape.required for shape in at.shapes))


def _says_whose(name: str) -> bool:
    """Whether a member names an account or a tenant, or says what somebody may do."""
    kind = classify_field(name)
    noun = without_id(name).rpartition("_")[2]
    return kind is FieldClass.AUTHORITY or (kind is FieldClass.KEY and noun in ACCOUNTS | CROWDS)
