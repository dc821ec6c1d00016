"""Which objects named in a request must be concealed from callers who may not see them.

In a path, the innermost object counts, and so does every other object, except those whose key every
GET of the innermost object needs. Objects named by key elsewhere in the request count too: a read
reveals that each exists, and a failing write may. Objects that the response only embeds or contains
are not named by the path. If it is unclear which of several resources an object belongs to, it is
concealed only if all of them are; then the caller has to be shown some part of the object as each
of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from oakum.authz import Model
from oakum.authz.compiled_model import outermost, resources_in
from oakum.authz.data_outside_objects import changes, is_of_its_own
from oakum.guard.compiled.objects_in_graphql_arguments import UNKNOWN
from oakum.guard.compiled.objects_in_responses import (
    answer,
    likeliest,
    listed_at,
    outer_at,
    shown_at,
    stands_alone,
)
from oakum.guard.compiled.objects_outside_path import Plain, asked_keys
from oakum.guard.compiled.path_objects import ObjectReader, PathObjects, PathStep, names
from oakum.guard.compiled.request_places import RequestParts
from oakum.http.json_pointer import values_at
from oakum.openapi.model import Json, Operation, Shape
from oakum.openapi.path_segments import nameless
from oakum.openapi.shape_queries import member
from oakum.policy.model import Resource
from oakum.policy.resource_schemas import resource_of

_DEEP = 5
"""Depth of nested unions that are searched."""


KEY = "?"
"""Parameter name for the key of an object that is named beside the path; no path parameter has this
name."""


@dataclass(frozen=True)
class ConcealedObject:
    """An object in a request whose existence is hidden from callers who may not see it, and how it
    is looked up."""

    reader: str
    """Operation id of the GET that returns it; empty: no GET does, so it cannot be shown to
    anybody."""
    resources: tuple[str, ...]
    """Resources that it may belong to, each concealed."""
    whose: str = ""
    """Parameter with its owner's id; empty when none certainly holds it."""
    names: tuple[tuple[str, str], ...] = ()
    """Path parameters that the GET names differently, as in `ObjectReader`."""
    above: bool = False
    """Whether it precedes the innermost object of the path: a response about that one reveals
    it."""
    key: str = ""
    """The parameter with its key; for an object that is not looked up, the one that names it."""
    at: tuple[str, ...] = ()
    """Path of that key in the GET's response, which must match, since the GET may return another
    object; empty: no match is needed."""
    within: tuple[str, ...] = ()
    """Path of the object in that response, next to other objects, which reveal nothing about it.
    Empty: the whole response is the object, or its place is unknown."""
    alone: bool = False
    """Whether the response may also have the object itself instead of the list at the end of
    `within`."""
    around: bool = False
    """Whether it is the innermost object of the path and no account: everything that a read returns
    below it reveals it."""

    def values_at(self, value: Json, path: tuple[str, ...]) -> list[Json]:
        """The values of a response at `path`, which is `at`, `within` or begins with `within`. With
        `alone`, a single object counts as a list of one."""
        if not self.alone:
            return values_at(value, path)
        end = len(self.within) - 1
        places = ((each, end + isinstance(each, dict)) for each in values_at(value, path[:end]))
        return [found for each, start in places for found in values_at(each, path[start:])]


@dataclass(frozen=True)
class NamedConcealed:
    """Concealed objects that a request names outside its path."""

    keys: Plain = field(default_factory=Plain)
    by: Mapping[str, ConcealedObject] = field(default_factory=dict)
    """Resource → how its object with the key `KEY` is looked up; `UNKNOWN` for a key of any
    resource."""

    def objects_in(
        self, carried: RequestParts
    ) -> tuple[tuple[ConcealedObject, Mapping[str, str]], ...]:
        """(object, parameters) for each object named outside the path. If a key cannot be read, or
        the body was not read, each resource counts with an object that cannot be looked up."""
        if not self.by:
            return ()
        hidden = carried.unread and self.keys.may_name(carried)
        keys = None if hidden else self.keys.keys(carried)
        if keys is None:
            return tuple((replace(each, reader=""), {}) for each in self.by.values())
        return tuple((self.by[name], {KEY: key}) for name, key in keys)


def concealed_in_path(paths: PathObjects, operation: Operation) -> ConcealedObject | None:
    """The innermost object in a path that a GET returns, if it is concealed; otherwise None. An
    account after another object (`/notes/{id}/readers/{userId}`) is an argument, not the object,
    unless a GET of this very path returns it."""
    found = _innermost(paths, operation)
    step, reader, one = found if found is not None else (None, None, None)
    if step is None or reader is None or one is None:
        return None
    if step.kind != "object" or reader.get is operation or _is_only_way(paths, operation, step):
        return one
    return replace(one, around=True)


def _is_only_way(paths: PathObjects, operation: Operation, step: PathStep) -> bool:
    """Whether no GET shows what an operation shows of owners of their own without the key of what
    `step` names, so that these find their own below it, too."""
    model = paths.model
    held = map(
        model.policy.resources.__getitem__, dict.fromkeys(_response_resources(model, operation))
    )
    ways = [[*_ways(paths, each)] for each in held if is_of_its_own(each)]
    around = nameless(step.path)
    return bool(ways) and all(
        found and all(around in map(nameless, beginnings) for beginnings in found) for found in ways
    )


def _ways(paths: PathObjects, one: Resource) -> Iterator[list[str]]:
    """Of each GET that shows one object by its key, the paths of the objects that it names before
    that one."""
    for each in paths.document.operations:
        if paths.shows(each) and _is_granted(paths.model, each):
            steps = paths.steps(each)
            if steps and steps[-1].resource is one and steps[-1].key == one.key:
                yield [step.path for step in steps[:-1]]


def others(paths: PathObjects, operation: Operation) -> tuple[ConcealedObject, ...]:
    """The other concealed objects in a path, except those whose keys are needed to look up the
    innermost. An account after an object is an argument of what is done with that object."""
    inner, steps = _innermost(paths, operation), paths.steps(operation)
    acts = changes(paths.model, operation) and operation.method != "GET"
    if inner is None:
        return tuple(_unknown_objects(paths.model, steps)) if acts else ()
    last, reader, _ = inner
    through = _required_params(paths, operation, last, reader)
    needed = {dict(reader.names).get(each, each) for each in names(reader.get)}
    made, behind, unknown = list[ConcealedObject](), False, list[PathStep]()
    for step in steps:
        counts = step.kind == "object" or (step.kind == "account" and not behind)
        behind = behind or step.kind == "object"
        if counts and step is not last and step.param not in through:
            readers = paths.readers(steps, step) or _keyed_reader(paths, operation, step)
            found = _read_by(paths, operation, readers, step)
            one = _concealed_object(paths.model, *found, "", step) if found is not None else None
            made += [replace(one, above=step.kind == "object")] if one is not None else []
            unknown += [step] if found is None and step.param not in needed else []
    return (*made, *(_unknown_objects(paths.model, unknown) if acts else ()))


def _unknown_objects(model: Model, steps: Iterable[PathStep]) -> Iterator[ConcealedObject]:
    """Of what nobody says which object it names: it may be any, and nobody looks it up."""
    every = tuple(name for name, each in model.policy.resources.items() if each.conceal)
    for step in steps:
        if every and step.kind == "object" and step.resource is None:
            yield ConcealedObject("", every, key=step.param)


def _required_params(
    paths: PathObjects, operation: Operation, last: PathStep, reader: ObjectReader
) -> set[str]:
    """Parameters without which no GET shows the innermost object: those of every one that shows
    it. What is wrapped may be anybody's, and who may see an account, or what is nobody's, may not
    see what it stands below or beside."""
    model, params = paths.model, paths.model.rule(operation.id).params
    resources = model.policy.resources
    shown = _resources(paths, reader, params)
    apart = (
        each.is_account or each.owner.kind == "none" for each in map(resources.__getitem__, shown)
    )
    if all(apart) or _is_wrapped(paths, reader, params):
        return set()
    ways = [reader, *(each for each in paths.readers(paths.steps(operation), last) if each.whole)]
    if last.resource is not None and last.key == last.resource.key:
        elsewhere = paths.by_key(operation, last.resource, last.param)
        ways += [elsewhere] if elsewhere is not None else []
    ways = [each for each in ways if each is reader or _is_granted(model, each.get)]
    called = ({dict(way.names).get(name, name) for name in names(way.get)} for way in ways)
    return set.intersection(*called)


def _is_wrapped(paths: PathObjects, reader: ObjectReader, params: Mapping[str, str]) -> bool:
    """Whether an operation shows an object within something else, and nothing says that this is
    what its path names."""
    model, get, top = paths.model, reader.get, answer(reader.get)
    if _resource_by_key(paths, reader, params) in _response_resources(model, get):
        return False
    places = (shown_at(model, get, name) for name in model.policy.resources)
    if found := [at for at in places if at is not None]:
        return () not in found
    either = [*_branches(top, model.bound, _DEEP)] if top is not None else []
    return not either or "" in either


def _innermost(
    paths: PathObjects, operation: Operation
) -> tuple[PathStep, ObjectReader, ConcealedObject | None] | None:
    """The step that names it, and the GET that returns it; None for the object if that is not
    concealed."""
    steps = paths.steps(operation)
    for at, step in reversed([*enumerate(steps)]):
        beside = at > 0 and step.kind == "account"
        readers = [*paths.gets(step.path)] if beside else paths.readers(steps, step)
        found = _read_by(paths, operation, readers, step) if step.kind != "keys" else None
        if found is not None:
            reader, resources = found
            whose = paths.model.rule(operation.id).owner
            return step, reader, _concealed_object(paths.model, reader, resources, whose, step)
    return None


def _keyed_reader(paths: PathObjects, operation: Operation, step: PathStep) -> list[ObjectReader]:
    """The GET that shows by its key alone what a step names, elsewhere than on this path."""
    one = step.resource
    keyed = one is not None and step.stated and step.kind == "object" and step.key == one.key
    reader = paths.by_key(operation, one, step.param) if one is not None and keyed else None
    return [reader] if reader is not None else []


def _read_by(
    paths: PathObjects, operation: Operation, readers: Iterable[ObjectReader], step: PathStep
) -> tuple[ObjectReader, tuple[str, ...]] | None:
    """The first of these GETs that the contract grants and that returns one object, and the
    resources which that may be of. What stands in the answer about something else is not it."""
    model, params = paths.model, paths.model.rule(operation.id).params
    for each in readers:
        found = _resources(paths, each, params) if _is_granted(model, each.get) else ()
        other = step.resource is not None and step.resource.name not in found
        if found and not (other and all(shown_at(model, each.get, name) for name in found)):
            return each, found
    return None


def _is_granted(model: Model, get: Operation) -> bool:
    return get.id in model.rules or get.id in model.showing


def _concealed_object(
    model: Model, reader: ObjectReader, resources: tuple[str, ...], whose: str, step: PathStep
) -> ConcealedObject | None:
    """None if it need not be concealed."""
    if not all(model.policy.resources[name].conceal for name in resources):
        return None
    whose = whose or _whose(model, reader, resources)
    if len(resources) != 1:
        return ConcealedObject(reader.get.id, resources, whose, reader.names, key=step.param)
    within, at = _place(model, reader, resources[0]) or (), _key_at(model, reader, step)
    alone = stands_alone(model, reader.get, within, resources[0])
    return ConcealedObject(
        reader.get.id, resources, whose, reader.names, False, step.param, at, within, alone
    )


def _place(model: Model, reader: ObjectReader, name: str) -> tuple[str, ...] | None:
    """Where an answer holds the object that its path names; None: nowhere."""
    outer = outer_at(model, reader.get, name)
    return likeliest(outer, name) if outer else listed_at(model, reader.get, name)


def _key_at(model: Model, reader: ObjectReader, step: PathStep) -> tuple[str, ...]:
    """Where an answer says the key of what a step names; empty if it need not say one: it is
    nothing but what the same path shows, or an account, which may have another name, or the
    document has no key there."""
    one = step.resource
    if one is None or not step.key:
        return ()
    at = _place(model, reader, one.name)
    bare = not (reader.whole or step.stated) or one.is_account
    alone = len(outer_at(model, reader.get, one.name)) == 1
    if at is None or (at == () and alone and bare):
        return ()
    pointer, shape = (*at, *step.key.split(".")), answer(reader.get)
    for each in pointer:
        shape = member(shape, each) if shape is not None else None
    return pointer if shape is not None else ()


def concealed_beside_path(
    paths: PathObjects, operation: Operation, *, makes: bool = False
) -> NamedConcealed:
    """The concealed objects that a request may name by key outside its path; `makes`: objects in
    its body are new ones."""
    policy = paths.model.policy
    keys = asked_keys(paths, operation, makes=makes)
    by = dict[str, ConcealedObject]()
    for name in keys.resources:
        if name == UNKNOWN:
            continue
        one, each = policy.resources[name], _with_stand_ins(paths.model, (name,))
        if one.conceal:
            reader = paths.by_key(operation, one, KEY)
            whose = KEY if one.is_account else ""
            if reader is not None:
                step = PathStep(KEY, "", "object", one, one.key, stated=True)
                found = _concealed_object(paths.model, reader, each, whose, step)
                by |= {name: found} if found is not None else {}
            else:  # no GET shows it by its key, so the response to the read may
                own = shown_at(paths.model, operation, name) is not None
                by[name] = ConcealedObject(operation.id if own else "", each, whose)
    # Inside others, too: where the root is a resource, everything is inside it.
    top = answer(operation)
    within = resources_in(top, paths.model.bound) if top is not None else ()
    shown = dict.fromkeys(
        (*_response_resources(paths.model, operation), *(name for name, _ in within))
    )
    every = tuple(name for name in shown if policy.resources[name].conceal)
    if UNKNOWN in {*keys.arguments.values(), *keys.of_errors.values()} and every:
        by[UNKNOWN] = ConcealedObject("", every)
    return NamedConcealed(keys.of(by), by)


def _resources(
    paths: PathObjects, reader: ObjectReader, params: Mapping[str, str]
) -> tuple[str, ...]:
    """The resource that an operation returns one object of; several when it is one of them."""
    return _with_stand_ins(paths.model, _declared_resources(paths, reader, params))


def _with_stand_ins(model: Model, resources: tuple[str, ...]) -> tuple[str, ...]:
    """With those of which an object may be that is declared as one of these."""
    others = (sorted(model.stand_ins.get(name, ())) for name in resources)
    return tuple(dict.fromkeys((*resources, *(name for names in others for name in names))))


def _declared_resources(
    paths: PathObjects, reader: ObjectReader, params: Mapping[str, str]
) -> tuple[str, ...]:
    model, operation, top = paths.model, reader.get, answer(reader.get)
    keyed = _resource_by_key(paths, reader, params)
    if keyed and keyed in _response_resources(model, operation):
        return (keyed,)
    places = {name: shown_at(model, operation, name) for name in model.policy.resources}
    shown = [(len(at), name) for name, at in places.items() if at is not None]
    if shown:
        return (min(shown, key=lambda each: each[0])[1],)
    if top is None:
        return ()
    for shape in (top, *(child() for child in top.properties.values())):
        found = tuple(dict.fromkeys(_branches(shape, model.bound, _DEEP)))
        if found and "" not in found:
            return found
    return ()


def _response_resources(model: Model, operation: Operation) -> Iterator[str]:
    """Resources in an operation's success response at any depth, without nested ones."""
    yield from (name for _, name in model.shown.get(operation.id, ()))
    top = answer(operation)
    if top is not None:
        yield from outermost(top, model.bound)


def _resource_by_key(paths: PathObjects, reader: ObjectReader, params: Mapping[str, str]) -> str:
    """The resource that an operation returns one of by its key, according to the contract; empty
    when the contract does not say."""
    model = paths.model
    for name, resource in model.policy.resources.items():
        if resource.main == reader.get.id:
            return name
    last = next(reversed(names(reader.get)), "")
    own = model.rule(reader.get.id).params.get(last, "")
    said, _, path = (own or params.get(dict(reader.names).get(last, last), "")).partition(".")
    known = model.policy.resources.get(said)
    return said if known is not None and path == known.key else ""


def _branches(shape: Shape, bound: Mapping[str, str], deep: int) -> Iterator[str]:
    """Resources of a shape's alternatives, wrapped or not; `""` for an alternative without one.
    Null is skipped."""
    for each in (branch() for branch in shape.branches):
        if each.kinds == {"null"}:
            continue
        inside = (resource_of(child(), bound) for child in each.properties.values())
        name = resource_of(each, bound) or next(filter(None, inside), "")
        if not name and each.branches and deep:
            yield from _branches(each, bound, deep - 1)
        else:
            yield name


def _whose(model: Model, reader: ObjectReader, found: tuple[str, ...]) -> str:
    # An account is its own owner, so the parameter with its key's name holds the owner's id.
    keys = {model.policy.resources[name].key for name in found}
    accounts = all(model.policy.resources[name].is_account for name in found)
    [key] = keys if accounts and len(keys) == 1 else [""]
    if not key or reader.get.path.split("/")[-1] != f"{{{key}}}":
        return ""
    return dict(reader.names).get(key, key)
