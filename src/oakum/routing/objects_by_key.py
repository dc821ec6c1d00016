"""Objects that a request names by key alone, in its query or in members of its body.

The law of this module: what `params` says is the key of a resource names an object of it, and such
a write touches each that it names. What cannot be looked at passes nobody. A read is of what its
query names, also where the parameter has the particular name that one of a path has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from oakum.authz import Model
from oakum.authz.places import resource_of
from oakum.authz.principal import at_path, identifier
from oakum.authz.writing import Key
from oakum.openapi.model import Json, Operation, Parameter, Shape
from oakum.openapi.shape import element, named
from oakum.routing.path_objects import PathObjects, names
from oakum.routing.route import called, valued


@dataclass(frozen=True)
class Plain:
    """Parameters and members by which a write names objects: name → resource."""

    query: Mapping[str, str] = field(default_factory=dict)
    joined: Mapping[str, str] = field(default_factory=dict)
    """Those of `query` whose value is a joined list → its separator."""
    body: Mapping[str, str] = field(default_factory=dict)
    """Member paths of a body that is not a resource → resource."""
    needed: bool = False
    """Whether only the query tells which object is meant."""

    def __bool__(self) -> bool:
        return bool(self.query or self.body)

    @property
    def plan(self) -> Json:
        """The names as plan data."""
        query: dict[str, Json] = dict(self.query)
        body: list[Json] = [
            {"path": list(path.split(".")), "resource": name} for path, name in self.body.items()
        ]
        return {"query": query, "joined": dict(self.joined), "body": body, "needed": self.needed}

    def keys(self, query: str, value: Json) -> list[Key] | None:
        """The keys that a request names; None when a value is not a key or a required one is
        missing."""
        asked = [*self._asked(query)]
        if self.needed and not asked:
            return None
        found = [*asked, *self._said(value)]
        keys = [(name, key) for name, said in found if (key := identifier(said)) is not None]
        return keys if len(keys) == len(found) else None

    def _asked(self, query: str) -> Iterator[tuple[str, Json]]:
        for piece in query.split("&") if query else ():
            name = called(piece)
            name = name if name in self.query else name.partition("[")[0]
            if name in self.query:
                said = valued(piece)
                for each in said.split(self.joined[name]) if name in self.joined else (said,):
                    yield self.query[name], each

    def _said(self, value: Json) -> Iterator[tuple[str, Json]]:
        for path, resource in self.body.items():
            for said in at_path(value, path):
                if said is not None:
                    for each in said if isinstance(said, list) else (said,):
                        yield resource, each


def plain_keys(model: Model, operation: Operation) -> Plain:
    """What `params` declares for a write. Below an object that its path names, a POST's key is an
    argument, and an account is never the object written."""
    rule, within = model.rule(operation.id), names(operation)
    query = {each.name: each for each in operation.parameters if each.where == "query"}
    tops = [each.shape for each in operation.body if each.shape is not None]
    asked, said, joined = dict[str, str](), dict[str, str](), dict[str, str]()
    for name, filled in rule.params.items():
        kind, _, path = filled.partition(".")
        resource = model.policy.resources.get(kind)
        if resource is None or path != resource.key or name in within:
            continue
        touched = operation.method in ("PUT", "PATCH", "DELETE") and not resource.is_account
        if resource.owner.kind == "none" or (within and not touched):
            continue
        if name in query and name not in rule.without:
            asked[name] = kind
            joined |= {name: between} if (between := _between(query[name])) else {}
        elif name not in query and any(_holds(model, operation, top, name) for top in tops):
            said[name] = kind
    return Plain(asked, joined, said, needed=bool(asked) and not within)


def asked_keys(paths: PathObjects, operation: Operation) -> Plain:
    """The parameters of a read's query that name objects."""
    rule = paths.model.rule(operation.id)
    asked, joined = dict[str, str](), dict[str, str]()
    for each in operation.parameters:
        if each.where != "query" or each.name in rule.without:
            continue
        one = paths.asked(operation, each.name)
        if one is not None:
            asked[each.name] = one.name
            joined |= {each.name: between} if (between := _between(each)) else {}
    return Plain(asked, joined)


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
