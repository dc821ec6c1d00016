"""Objects that a request names by key outside the path's own parameters.

The key may be in the query, headers or cookies, in a list in the path, in members of the body, or
in arguments of a GraphQL query. A name that `params` declares as the key of a resource names an
object of it wherever it occurs. A write needs permission for each object that it names, and a read
for each. If a key cannot be read, the request is refused. In a read, a query parameter also names
an object if it has the name of a path parameter that names one, and the name is no common one such
as `id`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from oakum.authz import Model
from oakum.authz.places import resource_of
from oakum.authz.principal import at_path, identifier
from oakum.authz.writing import Key
from oakum.openapi.model import Json, Operation, Parameter, Shape
from oakum.openapi.shape import element, named
from oakum.routing.named_arguments import named_arguments
from oakum.routing.path_objects import PathObjects, key_lists, names
from oakum.routing.route import called, valued


@dataclass(frozen=True)
class Plain:
    """Parameters and members by which a write names objects: name → resource."""

    query: Mapping[str, str] = field(default_factory=dict)
    joined: Mapping[str, str] = field(default_factory=dict)
    """Those of `query` and `beside` whose value is a joined list → its separator."""
    body: Mapping[str, str] = field(default_factory=dict)
    """Member paths of a body that is not a resource → resource."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """Headers and cookies, as `Conditions.beside` has them, and lists in a path (`path ids`) →
    resource."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Arguments of a GraphQL query, `FIELD.ARGUMENT` → resource."""
    needed: bool = False
    """Whether only the query tells which object is meant."""

    def __bool__(self) -> bool:
        return bool(self.query or self.body or self.beside or self.arguments)

    @property
    def plan(self) -> Json:
        """The names as plan data."""
        query: dict[str, Json] = dict(self.query)
        body: list[Json] = [
            {"path": list(path.split(".")), "resource": name} for path, name in self.body.items()
        ]
        beside: dict[str, Json] = dict(self.beside)
        arguments: dict[str, Json] = dict(self.arguments)
        joined: dict[str, Json] = dict(self.joined)
        return {
            "query": query,
            "joined": joined,
            "body": body,
            "beside": beside,
            "arguments": arguments,
            "needed": self.needed,
        }

    def keys(
        self,
        query: str,
        value: Json,
        beside: Iterable[tuple[str, str]] = (),
        params: Mapping[str, str] | None = None,
        arguments: Iterable[tuple[str, Json]] = (),
    ) -> list[Key] | None:
        """The keys that a request names; None when a value is not a key or a required one is
        missing."""
        asked = [*self._asked(query)]
        if self.needed and not asked:
            return None
        found = [*asked, *self._said(value)]
        found += [(self.arguments[at], said) for at, said in arguments if at in self.arguments]
        inside = ((f"path {name}", said) for name, said in (params or {}).items())
        for place, said in (*beside, *inside):
            if place in self.beside:
                found += [(self.beside[place], each) for each in self._parts(place, said)]
        keys = [(name, key) for name, said in found if (key := identifier(said)) is not None]
        return keys if len(keys) == len(found) else None

    def _asked(self, query: str) -> Iterator[tuple[str, Json]]:
        for piece in query.split("&") if query else ():
            name = called(piece)
            name = name if name in self.query else name.partition("[")[0]
            if name in self.query:
                for each in self._parts(name, valued(piece)):
                    yield self.query[name], each

    def _parts(self, name: str, said: str) -> list[str]:
        return said.split(self.joined[name]) if name in self.joined else [said]

    def _said(self, value: Json) -> Iterator[tuple[str, Json]]:
        for path, resource in self.body.items():
            for said in at_path(value, path):
                if said is not None:
                    for each in said if isinstance(said, list) else (said,):
                        yield resource, each


def plain_keys(model: Model, operation: Operation) -> Plain:
    """What `params` declares for a write, at each place with that name. Below an object that its
    path names, a POST's key is an argument, and an account is never the object written."""
    rule, lists = model.rule(operation.id), key_lists(model, operation)
    within = [each for each in names(operation) if each not in lists]
    query = {each.name: each for each in operation.parameters if each.where == "query"}
    tops = [each.shape for each in operation.body if each.shape is not None]
    asked, said, joined = dict[str, str](), dict[str, str](), dict[str, str]()
    beside = dict[str, str]()
    for name, filled in rule.params.items():
        kind, _, path = filled.partition(".")
        resource = model.policy.resources.get(kind)
        if resource is None or path != resource.key:
            continue
        changed = operation.method in ("PUT", "PATCH", "DELETE") and not resource.is_account
        touched = changed or name in lists
        if resource.owner.kind == "none" or (within and not touched):
            continue
        if name in query and name not in rule.without:
            asked[name] = kind
            joined |= {name: between} if (between := _between(query[name])) else {}
        places = _beside(operation, name, lists)
        beside |= dict.fromkeys(places, kind)
        joined |= _places_joined(places)
        if any(_holds(model, operation, top, name) for top in tops):
            said[name] = kind
    elsewhere = {*said, *lists, *(place.partition(" ")[2] for place in beside)}
    needed = bool(asked) and not within and elsewhere.isdisjoint(asked)
    return Plain(asked, joined, said, beside, needed=needed)


def _beside(operation: Operation, name: str, lists: Collection[str]) -> dict[str, Parameter]:
    """Headers and cookies of this name, and the list in the path."""
    return {
        f"{each.where} {name.lower() if each.where == 'header' else name}": each
        for each in operation.parameters
        if each.name == name
        and (each.where in ("header", "cookie") or (each.where == "path" and name in lists))
    }


def _places_joined(places: Mapping[str, Parameter]) -> dict[str, str]:
    """Those whose value is a list (style `simple`, or `form` of a cookie) → its separator."""
    return {place: "," for place, each in places.items() if "array" in each.shape.kinds}


def asked_keys(paths: PathObjects, operation: Operation) -> Plain:
    """What names objects in a read beside its path."""
    rule = paths.model.rule(operation.id)
    asked, joined = dict[str, str](), dict[str, str]()
    for each in operation.parameters:
        if each.where != "query" or each.name in rule.without:
            continue
        one = paths.asked(operation, each.name)
        if one is not None:
            asked[each.name] = one.name
            joined |= {each.name: between} if (between := _between(each)) else {}
    said, beside = dict[str, str](), dict[str, str]()
    lists = key_lists(paths.model, operation)
    tops = [each.shape for each in operation.body if each.shape is not None]
    for name in rule.params:
        one = paths.asked(operation, name)
        if one is None:
            continue
        places = _beside(operation, name, lists)
        beside |= dict.fromkeys(places, one.name)
        joined |= _places_joined(places)
        if any(_holds(paths.model, operation, top, name) for top in tops):
            said[name] = one.name
    return Plain(asked, joined, said, beside, named_arguments(paths, operation))


def _between(parameter: Parameter) -> str:
    """Separator of a list in one text (OpenAPI 3.1, Style Values); empty when each value is a
    parameter of its own. Only `form` explodes by default."""
    mark = {"pipeDelimited": "|", "spaceDelimited": " "}.get(parameter.style, ",")
    whole = parameter.explode is False or (mark != "," and parameter.explode is None)
    return mark if whole and "array" in parameter.shape.kinds else ""


def _holds(model: Model, operation: Operation, top: Shape, path: str) -> bool:
    """Whether a body has a member at this path, outside every resource, that may be a scalar or a
    list of scalars."""
    if any(not at for at, _ in model.sets.get(operation.id, ())):
        return False
    at: Shape | None = top
    for step in path.split("."):
        if at is None or resource_of(at, model.bound):
            return False
        at = element(at) if step == "*" else named(at, step)
    return at is not None and is_plain(at)


def is_plain(shape: Shape) -> bool:
    """Whether a schema allows a scalar, or a list of them."""
    inner = element(shape)
    return "object" not in shape.kinds and (inner is None or "object" not in inner.kinds)
