"""Objects that a request names by key outside the parameters of its path.

The key may be in any place of `request_places`. A name that `params` declares as the key of a
resource names its object wherever it occurs, in a write also within objects of the body. A name
made of a resource and its key, such as `noteId`, does so anywhere in a read; in a write, only
beside the object in its body, or if the path names no object. The caller needs permission for each
object named. If a key cannot be read, the request is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from oakum.authz import Model
from oakum.authz.body_objects import Key
from oakum.authz.data_outside_objects import changes
from oakum.authz.declared_media import edits
from oakum.authz.id_spelling import identifier
from oakum.guard.compiled.objects_in_graphql_arguments import arguments_of_errors, named_arguments
from oakum.guard.compiled.path_objects import PathObjects, key_lists, names
from oakum.guard.compiled.request_places import (
    RequestParts,
    RequestPlace,
    body_places,
    member_values,
    members_of_resources,
    parameter_places,
    plain,
    words,
)
from oakum.guard.compiled.write_targets import asks_object
from oakum.openapi.model import Json, Operation, Shape
from oakum.openapi.shape_queries import element, member, member_by_name, rest, scalars
from oakum.policy.model import Resource
from oakum.policy.resource_schemas import resource_of

_ANY = frozenset(("id", "uuid", "key"))
"""Names that count as a key beside the only object of a body."""
_REFERENCES = frozenset(("target", "ref", "reference", "path", "url", "uri", "href"))
"""Names of members that refer to the object which a body is about."""
_DEEP = 5
"""Most lists within lists, since a schema may be recursive."""


@dataclass(frozen=True)
class Plain:
    """Places where requests of an operation name objects by their keys."""

    places: Mapping[RequestPlace, str] = field(default_factory=dict)
    """Place → resource."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Normalised member name (`plain`) → resource, for JSON inside a string."""
    free: bool = False
    """Whether members of the body count as well, and each word of a body that was not read."""
    texts: tuple[RequestPlace, ...] = ()
    """Headers and cookies that may hold JSON in a string, besides the query."""
    needed: bool = False
    """Whether the query has to name the object, since nothing else does."""
    kept: Mapping[RequestPlace, RequestPlace] = field(default_factory=dict)
    """Places that are members of the only object in a body → the same place relative to that
    object. A value that the stored object already has is not a change."""
    kept_of: str = ""
    """The resource of the object that `kept` is about."""

    def __bool__(self) -> bool:
        return bool(self.places or self.words)

    @property
    def resources(self) -> dict[str, None]:
        """Names of all resources whose objects may be named, as the keys of a dict."""
        return dict.fromkeys((*self.places.values(), *self.words.values()))

    @property
    def body(self) -> bool:
        """Whether the body may name an object, so that it has to be read."""
        return any(each.where == "body" for each in self.places)

    @property
    def maps(self) -> frozenset[str]:
        """Normalised names of the maps in a body whose names are keys."""
        places = (each for each in self.places if each.where == "body" and each.names)
        return frozenset(plain(each.last) for each in places)

    @property
    def members(self) -> frozenset[str] | None:
        """Normalised member names, one of which a body contains if it names an object; None: any
        body may name one."""
        places = [each for each in self.places if each.where == "body"]
        if any(each.names or not [*filter("*".__ne__, each.inside)] for each in places):
            return None
        return frozenset(plain(each.last) for each in places)

    def may_name(self, carried: RequestParts) -> bool:
        """Whether a body that was not parsed may name an object: not a plain text that contains
        none of the names."""
        said = self.members if carried.is_text else None
        return self.body and (said is None or not said.isdisjoint(carried.loose))

    @property
    def arguments(self) -> Mapping[str, str]:
        """Arguments of a GraphQL query, `FIELD.ARGUMENT` → resource."""
        return {each.name: one for each, one in self.places.items() if each.where == "argument"}

    @property
    def of_errors(self) -> Mapping[str, str]:
        """`FIELD.ARGUMENT` → resource, of the arguments that count only if the response has an
        error."""
        return {each.name: one for each, one in self.places.items() if each.where == "error"}

    def of(self, known: Mapping[str, object]) -> Plain:
        """The same restricted to places that name objects of these resources."""
        places = {each: one for each, one in self.places.items() if one in known}
        words = {each: one for each, one in self.words.items() if one in known}
        return replace(self, places=places, words=words, free=self.free and bool(words))

    @property
    def plan(self) -> Json:
        """The places as JSON values of the plan, for the Lua runtime."""
        places: list[Json] = [self._plan(each, one) for each, one in self.places.items()]
        words: dict[str, Json] = dict(self.words)
        return {
            "places": places, "words": words, "free": self.free, "body": self.body,
            "texts": [each.plan for each in self.texts], "needed": self.needed,
            "members": None if self.members is None else dict.fromkeys(sorted(self.members), True),
            "maps": dict.fromkeys(sorted(self.maps), True), "kept_of": self.kept_of,
        }  # fmt: skip

    def _plan(self, place: RequestPlace, one: str) -> Json:
        kept = self.kept.get(place)
        return {**place.plan, "resource": one, "kept": None if kept is None else [*kept.inside]}

    def keys(self, carried: RequestParts, shown: Json = None) -> list[Key] | None:
        """(resource, key) pairs that a request names; None if a value is not a key, or if a
        required one is missing. `shown`: the stored object, if it is of the resource `kept_of`."""
        found, asked, now = list[tuple[str, Json]](), False, replace(carried, value=shown)
        for place, resource in self.places.items():
            own = self.kept.get(place)
            stays = {*map(identifier, now.values_at(own))} - {None} if own is not None else set()
            keys = [(resource, e) for e in carried.values_at(place) if identifier(e) not in stays]
            asked = asked or (place.where == "query" and bool(keys))
            found += keys
        if self.words:
            if self.free and not self.words.keys().isdisjoint(carried.loose):
                return None
            said = [*carried.texts(self.texts), *([carried.value] if self.free else [])]
            found += member_values(said, self.words, self.maps)
        known = [(name, key) for name, each in found if (key := identifier(each)) is not None]
        if len(known) != len(found) or (self.needed and not asked):
            return None
        return [*dict.fromkeys(known)]


# --------------------------------------------------------------------------- of one operation


def _stated_keys(model: Model, operation: Operation) -> Iterator[tuple[str, Resource]]:
    """Names in `params` that hold the key of a resource."""
    for name, filled in model.rule(operation.id).params.items():
        kind, _, path = filled.partition(".")
        resource = model.policy.resources.get(kind)
        if resource is not None and path == resource.key:
            yield name, resource


def _parameters(model: Model, operation: Operation) -> Iterator[RequestPlace]:
    """Those of all parameters that are forwarded, of a path only lists of keys."""
    lists, without = key_lists(model, operation), model.rule(operation.id).without
    for each in operation.parameters:
        for place in parameter_places(each) if each.name not in without else ():
            if (each.where != "path" or each.name in lists) and place.contract_name not in without:
                yield place


def _texts(operation: Operation) -> tuple[RequestPlace, ...]:
    """Headers and cookies that may hold JSON without saying so."""
    return tuple(
        RequestPlace(place.where, place.name)
        for each in operation.parameters
        if each.where in ("header", "cookie") and "string" in scalars(each.shape)
        for place in parameter_places(each)
    )


def _is_called(place: RequestPlace, name: str) -> bool:
    return place.contract_name == name


def stated_places(model: Model, operation: Operation, name: str) -> Iterator[RequestPlace]:
    """Every place of an operation to which a name in `params` refers."""
    yield from (each for each in _parameters(model, operation) if _is_called(each, name))
    for media in operation.body:
        held = _shape_at(model, operation, media.shape or Shape(), name)
        if held is not None:
            yield RequestPlace("body", "", tuple(name.split(".")), names=not held.properties)


def _members(
    model: Model, operation: Operation, name: str
) -> Iterator[tuple[RequestPlace, RequestPlace, str]]:
    """Places in the objects of a body that a name in `params` means, each also from that object on,
    and the resource of that; empty where there may be several. What is named like a parameter, or
    is the object's own key, says which object it is."""
    roots = {place.inside: one for place, one in body_places(operation, model.bound) if one}
    roots |= {tuple(at): one for at, one in model.sets.get(operation.id, ())}
    steps = tuple(name.split("."))
    if any(each.name == name for each in operation.parameters):
        return
    for at, one in roots.items():
        own_key = tuple(model.policy.resources[one].key.split("."))
        if steps == (*at, *own_key):
            continue
        alone = len(roots) == 1 and "*" not in at
        shapes = (_at(media.shape, steps) for media in operation.body)
        if steps[: len(at)] == at and len(steps) > len(at) and any(map(_may_be_key, shapes)):
            own = RequestPlace("body", "", steps[len(at) :])
            yield RequestPlace("body", "", steps), own, one if alone else ""


def _at(shape: Shape | None, inside: tuple[str, ...]) -> Shape | None:
    for step in inside:
        shape = member(shape, step) if shape is not None else None
    return shape


def _may_be_key(shape: Shape | None) -> bool:
    for _ in range(_DEEP):
        if shape is None or scalars(shape):
            return shape is not None
        shape = element(shape)
    return False


def plain_keys(model: Model, operation: Operation) -> Plain:
    """What a write names at each place with such a name. After an object in its path, an account is
    never the object written, and the key in a POST is an argument, unless `params` says
    otherwise."""
    lists = key_lists(model, operation)
    within = [each for each in names(operation) if each not in lists]
    found, kept, of = dict[RequestPlace, str](), dict[RequestPlace, RequestPlace](), ""
    for name, resource in _stated_keys(model, operation):
        touched = not resource.is_account or name in lists
        if resource.owner.kind != "none" and (touched or not within):
            for place in stated_places(model, operation, name):
                found[place] = resource.name
            for place, own, one in _members(model, operation, name):
                found[place], of = resource.name, one
                kept |= {place: own} if one else {}
    asked = {each.name for each in found if each.where == "query"}
    elsewhere = {each.contract_name for each in found if each.where != "query"}
    needed = bool(asked) and not within and elsewhere.isdisjoint(asked)
    likely = _likely(model, operation, within)
    for place, name in likely.places.items():
        found.setdefault(place, name)
    return replace(likely, places=found, needed=needed, kept=kept, kept_of=of)


def _likely(model: Model, operation: Operation, within: Collection[str]) -> Plain:
    """What nobody stated and is named like the key of what a write touches: beside the resource
    that its body holds, or where its path names no object. JSON in a text is no argument that the
    document declares, so that it counts below an object, too."""
    rule, written = model.rule(operation.id), model.written.get(operation.id)
    held = {*written.resources} if written is not None else set[str]()
    known = {
        name: each for name, each in model.policy.resources.items()
        if each.key and not each.is_account and each.owner.kind != "none"
        and (name in held or not held)
    }  # fmt: skip
    checked = held or rule.call is None or asks_object(model.policy, rule.call)
    if operation.method not in ("PUT", "PATCH", "DELETE") or not checked or rule.graphql:
        return Plain()
    called = words(model, known)
    called |= {plain(each.key): name for name, each in known.items() if name in held}
    alone = held & known.keys()
    single = next(iter(alone)) if len(alone) == 1 and _is_single(model, operation) else ""
    body = [each for each, name in body_places(operation, model.bound) if not name]
    found = dict[RequestPlace, str]()
    for place in (*_parameters(model, operation), *body) if held or not within else ():
        word = plain(place.last)
        name = single if word in _ANY and _is_beside(place) else called.get(word, "")
        if (
            name
            and not (word in _ANY and not single)
            and not _is_explained(model, operation, place)
        ):
            found[place] = name
    stated = {*_ANY, *(plain(name.rpartition(".")[2]) for name in rule.params)}
    loose = {word: name for word, name in called.items() if word not in stated}
    texts = (*_texts(operation), *(replace(e, names=False) for e in body)) if loose else ()
    patches = bool(operation.body) and all(edits(each) for each in operation.body)
    free = bool(loose) and not held and (not within or patches)
    return Plain(found, loose, free, texts)


def _is_beside(place: RequestPlace) -> bool:
    """Whether a name that any key may have says which is the one object of a body."""
    return place.where != "query" and "*" not in place.inside


def unchecked_keys(
    model: Model, operation: Operation, one: Resource, held: Collection[str]
) -> Iterator[RequestPlace]:
    """Places named like the key of a resource that no check covers; `held`: resources in the body,
    beside which any common key name counts."""
    if not one.key or one.owner.kind == "none":
        return
    called = {*words(model, {one.name: one})}
    called |= {plain(one.key), *_ANY} if one.name in held else set()
    for place in (*_parameters(model, operation), *_loose(model, operation)):
        generic = plain(place.last) in _ANY and place.where == "query"
        if plain(place.last) in called and not generic:
            yield place


def unchecked_references(
    model: Model, operation: Operation, one: Resource, held: Collection[str]
) -> Iterator[RequestPlace]:
    """Places in a body named like a resource, or like a reference to the object beside it, and
    names of maps, if the path names no object: an API may use their value as a key."""
    if not one.key or one.owner.kind == "none" or (held and one.name not in held):
        return
    if any(each not in key_lists(model, operation) for each in names(operation)):
        return
    called = {plain(one.name), *(plain(e) for e, name in model.bound.items() if name == one.name)}
    called |= _REFERENCES if one.name in held else frozenset()
    places = [*_loose(model, operation)]
    for place in places:
        if plain(place.last) in called:
            yield place
        # If the values of a map may be keys, one of its members may have the name of a key.
        if place.names and any(each.inside == (*place.inside, "*") for each in places):
            yield replace(place, inside=(*place.inside, one.key), names=False)


def _loose(model: Model, operation: Operation) -> Iterator[RequestPlace]:
    """Places in a body outside every resource, also where `sets` says that one stands."""
    roots = [tuple(at) for at, _ in model.sets.get(operation.id, ())]
    for place, name in body_places(operation, model.bound):
        if not name and not any(place.inside[: len(at)] == at for at in roots):
            yield place


def _is_single(model: Model, operation: Operation) -> bool:
    """Whether a body holds one object alone, which no list or map is around."""
    at = [each.inside for each, name in body_places(operation, model.bound) if name]
    at += [steps for steps, _ in model.sets.get(operation.id, ())]
    return len({*at}) == 1 and "*" not in at[0]


def _is_explained(
    model: Model, operation: Operation, place: RequestPlace, *, alone: bool = True
) -> bool:
    """Whether `params` says what a place holds; `alone`: also by its last name."""
    params = model.rule(operation.id).params
    return any(_is_called(place, each) or (alone and each == place.last) for each in params)


def asked_keys(paths: PathObjects, operation: Operation, *, makes: bool = False) -> Plain:
    """Which places outside the path name objects that the response may reveal. `makes`: objects in
    the body are new, so a response reveals at most that their key is taken."""
    model, rule = paths.model, paths.model.rule(operation.id)
    found = dict[RequestPlace, str]()
    for name, resource in _stated_keys(model, operation):
        of_objects = (place for place, _, _ in _members(model, operation, name))
        for place in (*stated_places(model, operation, name), *of_objects):
            found[place] = resource.name
    every = {} if rule.graphql else words(model, model.policy.resources)
    maps = _maps(model)
    # In a read, such a name may be a position in a list (`afterNoteId`), not the object itself.
    longer = every if changes(model, operation) and operation.method != "GET" else {}
    said = {plain(name.rpartition(".")[2]) for name in rule.params}
    called = {word: name for word, name in every.items() if word not in said}
    for place in _parameters(model, operation):
        one = paths.resource_of_query(operation, place.name) if place.where == "query" else None
        asks = one is not None and not place.inside
        named = (
            one.name
            if one is not None and asks
            else _resource_by_name(called, every, longer, place)
        )
        alone = asks or plain(place.last) in called
        explained = _is_explained(model, operation, place, alone=alone)
        if named and place not in found and not explained:
            found[place] = named
    for place, name in () if rule.graphql else body_places(operation, model.bound):
        if name and (key := model.policy.resources[name].key):
            if not makes:
                found[RequestPlace("body", "", (*place.inside, *key.split(".")))] = name
            continue
        explained = _is_explained(model, operation, place)
        ends = {} if explained else longer
        named = _resource_by_name(called, every, ends, place)
        if place.names and not explained:
            named = named or maps.get(plain(place.last), "")
        if named:
            found.setdefault(place, named)
    for place in members_of_resources(operation, model.bound) if longer else ():
        ends = {} if _is_explained(model, operation, place) else longer
        if named := next((ends[each] for each in place.endings if each in ends), ""):
            found.setdefault(place, named)
    for at, name in named_arguments(paths, operation).items():
        found[RequestPlace("argument", at)] = name
    for at, name in arguments_of_errors(paths, operation).items():
        if RequestPlace("argument", at) not in found:
            found[RequestPlace("error", at)] = name
    texts = _texts(operation) if called else ()
    if not (texts or operation.body or any(e.where == "query" for e in operation.parameters)):
        called = {}
    return Plain(found, called, bool(called) and bool(operation.body), texts)


def _maps(model: Model) -> dict[str, str]:
    """What a map of objects by their keys is called, as `notes`, normalised → the one resource."""
    found = dict[str, set[str]]()
    for schema, name in (*model.bound.items(), *((e, e) for e in model.policy.resources)):
        if model.policy.resources[name].key:
            found.setdefault(plain(f"{schema}s"), set()).add(name)
    return {word: next(iter(each)) for word, each in found.items() if len(each) == 1}


def _resource_by_name(
    called: Mapping[str, str],
    every: Mapping[str, str],
    longer: Mapping[str, str],
    place: RequestPlace,
) -> str:
    """The resource that a place names by what it is called, alone or with the object around it.
    `called`: without the names that `params` explains, which stand alone; `longer`: of which the
    name may be the end of a longer one."""
    around = (every[each] for each in place.plain_names if each in every)
    ends = (longer[each] for each in place.endings if each in longer)
    return called.get(plain(place.last)) or next(around, "") or next(ends, "")


def _shape_at(model: Model, operation: Operation, top: Shape, path: str) -> Shape | None:
    """What stands at a path in a body, outside every resource, if that may be a scalar, a list of
    scalars, or a map of which these are the names; or anything."""
    if any(not at for at, _ in model.sets.get(operation.id, ())):
        return None
    at: Shape | None = top
    for step in path.split("."):
        if at is None or resource_of(at, model.bound):
            return None
        if _is_anything(at):
            return at
        at = (element(at) or rest(at)) if step == "*" else member_by_name(at, step)
    inner = element(at) if at is not None else None
    if at is None or ("object" in at.kinds and at.properties):
        return None
    return at if inner is None or "object" not in inner.kinds else None


def _is_anything(shape: Shape) -> bool:
    """Whether a schema says nothing of what stands there."""
    bare = not (shape.properties or shape.branches or shape.items or shape.extra)
    return bare and (not shape.kinds or "object" in shape.kinds)
