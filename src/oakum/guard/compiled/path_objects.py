"""Which objects the path of an operation names, in its order, and which GET shows one of them.

What the contract says about a parameter takes precedence, then what contract and document say about
the path before it. A parameter that neither explains names an unknown object. Data beside or inside
an object in a response explains no parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from oakum.authz import Model
from oakum.guard.compiled.objects_in_responses import answer, listed_at, outer_at
from oakum.guard.compiled.request_places import plain, words
from oakum.openapi.document import Document
from oakum.openapi.model import Operation, Parameter
from oakum.openapi.path_segments import nameless, parameter_names
from oakum.policy.model import Resource
from oakum.policy.resource_schemas import resource_of
from oakum.routing.caller_and_relation_lookups import is_asked

_NAME = re.compile(r"\{([^{}]+)\}")
_PLAIN = re.compile(
    r"id|_?key|slug|uuid|guid|code|name|number|no|pk|ref|hash|token|title|index", re.I
)
"""Parameter names that fit any kind of object."""


@dataclass(frozen=True)
class PathStep:
    """What one path parameter names."""

    param: str
    path: str
    """The path up to the end of its segment."""
    kind: Literal["object", "account", "value", "keys"] = "object"
    """`value`: no object of its own, but a field of one that the path has named, or a choice.
    `keys`: a list of keys, each of an object."""
    resource: Resource | None = None
    """Its resource; None: unknown, and for accounts."""
    key: str = ""
    """The field whose value the parameter holds."""
    stated: bool = False
    """Whether `params` of the operation itself states it."""


@dataclass(frozen=True)
class ObjectReader:
    """A GET that shows an object which the path of another operation names."""

    get: Operation
    names: tuple[tuple[str, str], ...] = ()
    """(name here, name in the other operation) of path parameters with different names."""
    whole: bool = False
    """Whether it is the `main` operation of the resource."""


def rename_parameters(
    params: Mapping[str, str], names: tuple[tuple[str, str], ...]
) -> Mapping[str, str]:
    """Path parameters under the names that a reader uses for them."""
    return {**params, **{its: params[name] for its, name in names}} if names else params


def names(operation: Operation) -> list[str]:
    return parameter_names(operation.path)


def places(operation: Operation) -> int:
    return len(names(operation))


def key_lists(model: Model, operation: Operation) -> Mapping[str, Resource]:
    """Parameters of a path that hold a list (style `simple`, RFC 6570) of what `params` says is a
    key of objects with an owner."""
    params, found = model.rule(operation.id).params, dict[str, Resource]()
    for each in operation.parameters:
        said, _, key = params.get(each.name, "").partition(".")
        one = model.policy.resources.get(said)
        listed = each.where == "path" and "array" in each.shape.kinds and not _is_prefixed(each)
        if one is None or key != one.key or one.is_account or one.owner.kind == "none":
            continue
        if listed:
            found[each.name] = one
    return found


def _is_prefixed(parameter: Parameter) -> bool:
    return parameter.style in ("label", "matrix")


def shut(model: Model, operation: Operation) -> bool:
    """Whether nobody may call the operation: then it does not exist for anonymous callers
    either."""
    return model.rule(operation.id).call == ()


def leaves_out(model: Model, head: Operation, get: Operation) -> bool:
    """Whether the contract's line for a HEAD refuses a caller whom the GET of its path admits,
    judging by relation names. A HEAD without a line is its GET without the body (RFC 9110,
    9.3.2)."""
    said, call = model.rule(head.id).call, model.rule(get.id).call
    relations = model.policy.relations
    if said is None or (call is not None and {*call} <= {*said}):
        return False
    plain = [each for each in map(relations.__getitem__, said) if not each.requires + each.unless]
    kinds = {each.kind for each in plain}
    strangers = get.anonymous if call is None else any(relations[e].kind == "anyone" for e in call)
    return "anyone" not in kinds and (strangers or "authenticated" not in kinds)


@dataclass(frozen=True)
class PathObjects:
    """Finds what the paths of one contract name, and which GETs show it."""

    document: Document
    model: Model
    _steps: dict[str, list[PathStep]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def _at(self) -> Mapping[str, list[Operation]]:
        """Operations by their path without names."""
        found = dict[str, list[Operation]]()
        for each in self.document.operations:
            found.setdefault(nameless(each.path), []).append(each)
        return found

    @cached_property
    def _from(self) -> Mapping[str, list[Operation]]:
        """Operations by each beginning of their paths that ends with a parameter, without names."""
        found = dict[str, list[Operation]]()
        for each in self.document.operations:
            for _, path in _beginnings(each.path):
                found.setdefault(nameless(path), []).append(each)
        return found

    @cached_property
    def _mains(self) -> Mapping[str, tuple[Operation, list[Resource]]]:
        """What a GET shows whole, by its path without names."""
        found = dict[str, tuple[Operation, list[Resource]]]()
        for each in self.model.policy.resources.values():
            main = self.document.operation(each.main) if each.main else None
            if main is not None and self.shows(main):
                found.setdefault(nameless(main.path), (main, []))[1].append(each)
        return found

    def shows(self, operation: Operation) -> bool:
        """Whether a look-up may call it: a GET that changes nothing."""
        return is_asked(self.model, operation)

    def main(self, resource: Resource) -> Operation | None:
        """The `main` GET of a resource, which shows a whole object; None if there is none or nobody
        may call it."""
        main = self.document.operation(resource.main) if resource.main else None
        usable = main is not None and self.shows(main) and not shut(self.model, main)
        return main if usable else None

    def gets(self, path: str) -> Iterator[ObjectReader]:
        """GETs of a path with any parameter names; one with the same names comes first."""
        wanted = parameter_names(path)
        alike = self._at.get(nameless(path), ())
        for each in sorted(alike, key=lambda each: each.path != path):
            if self.shows(each) and not shut(self.model, each):
                pairs = zip(names(each), wanted, strict=True)
                yield ObjectReader(each, tuple(pair for pair in pairs if pair[0] != pair[1]))

    def is_headless(self, get: Operation) -> bool:
        """Whether the contract's line for HEAD at the path of a GET refuses somebody whom the GET
        admits."""
        alike = self._at.get(nameless(get.path), ())
        return any(e.method == "HEAD" and leaves_out(self.model, e, get) for e in alike)

    def steps(self, operation: Operation) -> list[PathStep]:
        """What each parameter of a path names."""
        if operation.id not in self._steps:
            found = self._steps.setdefault(operation.id, [])
            for param, path in _beginnings(operation.path):
                found.append(self._step(operation, param, path, found))
        return self._steps[operation.id]

    def _step(
        self, operation: Operation, param: str, path: str, before: list[PathStep]
    ) -> PathStep:
        rule, resources = self.model.rule(operation.id), self.model.policy.resources
        said, _, key = rule.params.get(param, "").partition(".")
        if said in resources:
            one = resources[said]
            if param in key_lists(self.model, operation):
                return PathStep(param, path, "keys", one, key, stated=True)
            if key != one.key and any(each.resource is one for each in before):
                return PathStep(param, path, "value", one, key, stated=True)
            return _make_step(param, path, one, key, stated=True)
        if param == rule.owner:
            return PathStep(param, path, "account")
        inner = any(each.kind == "object" for each in before)
        worded, called = self._by_name(param), self._by_main(param, path)
        ways = (
            self._by_params(path, len(before)), self._whole(path),
            self._by_answer(path, before, inner, [*worded, *called]), self._by_body(path),
            self._by_list(path, inner), called, worded,
        )  # fmt: skip
        for found in ways:
            if len(found) == 1:
                return _make_step(param, path, found[0], found[0].key)
        choices = [e.shape for e in operation.parameters if (e.where, e.name) == ("path", param)]
        chosen = any(each.enum or each.kinds == {"boolean"} for each in choices)
        return PathStep(param, path, "value" if chosen else "object")

    def _by_params(self, path: str, index: int) -> list[Resource]:
        """By `params` of any operation with the same beginning."""
        found = dict[str, Resource]()
        for each in self._from.get(nameless(path), ()):
            said = self.model.rule(each.id).params.get(names(each)[index], "")
            name, _, key = said.partition(".")
            resource = self.model.policy.resources.get(name)
            if resource is not None and key == resource.key:
                found[name] = resource
        return [*found.values()]

    def _whole(self, path: str) -> list[Resource]:
        """By a `main`."""
        found = self._mains.get(nameless(path))
        return found[1] if found is not None else []

    def _by_answer(
        self, path: str, before: list[PathStep], inner: bool, called: list[Resource]
    ) -> list[Resource]:
        """By the answer of the GET there: what it is, or the one thing that it wraps. An account
        that is wrapped below an object may be anybody's, and so may whatever is wrapped where the
        parameter, or the word before it, is called after something else (`called`)."""
        found = [self.alone(each.get) for each in self.gets(path)]
        known = {each.resource.name for each in before if each.resource is not None}
        return [
            one
            for one, wrapped in filter(None, found)
            if not wrapped
            or not (
                one.name in known
                or (inner and one.is_account)
                or any(each is not one for each in called)
            )
        ]

    def alone(self, get: Operation) -> tuple[Resource, bool] | None:
        """(resource of the outermost objects that a GET shows, whether there is anything around
        them); None if there are several. Something around them with a key of its own counts as an
        object, and so may data beside them."""
        found = {
            name: at
            for name in self.model.policy.resources
            if (at := outer_at(self.model, get, name))
        }
        [name] = found if len(found) == 1 else [""]
        if not name:
            return None
        one, places = self.model.policy.resources[name], found[name]
        if any(self._is_beside(get, one, at) for at in places):
            return None
        return one, () not in places

    def _is_beside(self, get: Operation, one: Resource, at: tuple[str, ...]) -> bool:
        """Whether a place of a response may be beside or inside the object that a path names."""
        shape = answer(get)
        for step in at:
            members = shape.properties if shape is not None else {}
            if one.key.split(".")[0] in members:
                return True
            others = [child() for name, child in members.items() if name != step]
            if any(resource_of(e, self.model.bound) != one.name and e.properties for e in others):
                return True
            shape = members[step]() if step in members else None
        return False

    def _by_body(self, path: str) -> list[Resource]:
        """By what a body is that changes it."""
        alike = self._at.get(nameless(path), ())
        return self._bodies(each for each in alike if each.method in ("PUT", "PATCH"))

    def _by_list(self, path: str, inner: bool) -> list[Resource]:
        """By the list that it stands below: what the list is of, or what is put into it."""
        above = self._at.get(nameless(path.rpartition("/")[0]), ())
        shown = {
            name: (each, at)
            for get in above
            for name, each in self.model.policy.resources.items()
            if self.shows(get) and (at := listed_at(self.model, get, name)) is not None
        }
        listed = [one for one, at in shown.values() if at == ("*",) or not one.is_account]
        if len(shown) == 1 and listed:
            return listed
        made = self._bodies(each for each in above if each.method == "POST")
        return [each for each in made if not (inner and each.is_account)]

    def _bodies(self, operations: Iterator[Operation]) -> list[Resource]:
        found = {name for each in operations for name in self.body(each)}
        resources = [self.model.policy.resources[name] for name in sorted(found)]
        return [each for each in resources if each.owner.kind != "none"]

    def body(self, operation: Operation) -> set[str]:
        """Resources that the request body itself is, not those that it contains."""
        said = {name for at, name in self.model.sets.get(operation.id, ()) if not at}
        shapes = [each.shape for each in operation.body if each.shape is not None]
        return said or {name for each in shapes if (name := resource_of(each, self.model.bound))}

    def _by_main(self, param: str, path: str) -> list[Resource]:
        """By the `main` whose last parameter stands behind the same word, or is called the same, if
        that name is a particular one."""
        *_, word, _ = ["", "", *path.split("/")]
        ways = list[list[Resource]]([[], []])
        for main, resources in self._mains.values():
            *_, its, last = ["", "", *main.path.split("/")]
            if _NAME.fullmatch(last):
                ways[0] += resources if its == word and "{" not in word else []
                ways[1] += resources if last == f"{{{param}}}" else []
        return ways[0] or ([] if _PLAIN.fullmatch(param) else ways[1])

    def _by_name(self, param: str) -> list[Resource]:
        """By its name, if that is the type with the key: `noteId`."""
        name = self._words.get(plain(param), "")
        return [self.model.policy.resources[name]] if name else []

    @cached_property
    def _words(self) -> Mapping[str, str]:
        return words(self.model, self.model.policy.resources)

    def is_parted_twice(self, operation: Operation) -> bool:
        """Whether the innermost object has a parent that has a parent itself, as a comment of a
        task of a project: no look-up follows two parents."""
        objects = [each.resource for each in self.steps(operation) if each.kind == "object"]
        kinds = [each.owner.kind if each is not None else "" for each in objects[-2:]]
        return kinds == ["parent", "parent"]

    def resource_of_query(self, operation: Operation, param: str) -> Resource | None:
        """The resource whose key a query parameter holds: by `params`, or since a path parameter
        with the same specific name holds it; None: unknown."""
        said, _, key = self.model.rule(operation.id).params.get(param, "").partition(".")
        one = self.model.policy.resources.get(said)
        if said:
            return one if one is not None and one.key == key else None
        found = {} if _PLAIN.fullmatch(param) else self._called_so.get(param, {})
        return next(iter(found.values())) if len(found) == 1 else None

    @cached_property
    def _called_so(self) -> Mapping[str, Mapping[str, Resource | None]]:
        """What parameters of paths name, by what they are called."""
        found = dict[str, dict[str, Resource | None]]()
        for each in self.document.operations:
            for step in self.steps(each):
                keyed = step.resource and step.key == step.resource.key and step.kind != "keys"
                one = step.resource if keyed else None
                found.setdefault(step.param, {})[one.name if one is not None else ""] = one
        return found

    def by_key(self, operation: Operation, one: Resource, key: str) -> ObjectReader | None:
        """The GET that shows an object by the key in parameter `key`: `main`, or the only GET whose
        path has no other parameter."""
        step, steps = PathStep(key, "", "object", one, one.key, stated=True), self.steps(operation)
        main = self._main([*steps, step], step)
        if main is not None:
            return main
        ends = [
            each
            for each in self.document.operations
            if self.shows(each) and places(each) == 1 and each.path.endswith("}")
            and not shut(self.model, each) and self.steps(each)[0].resource is one
            and self.steps(each)[0].kind != "keys"
            and self.steps(each)[0].key == one.key
        ]  # fmt: skip
        return ObjectReader(ends[0], ((names(ends[0])[0], key),)) if len(ends) == 1 else None

    # ------------------------------------------------------------ where it is shown

    def readers(self, steps: Sequence[PathStep], step: PathStep) -> list[ObjectReader]:
        """GETs that show what a step names: that of the path up to it, and the `main` GET of its
        resource with the same key."""
        main = self._main(steps, step)
        found = [
            replace(each, whole=main is not None and each.get is main.get)
            for each in self.gets(step.path)
        ]
        if main is not None and all(each.get is not main.get for each in found):
            found.append(main)
        return found

    def _main(self, steps: Sequence[PathStep], step: PathStep) -> ObjectReader | None:
        """The `main`, if each parameter of its path holds what one of this path does."""
        resource = step.resource
        main = self.main(resource) if resource is not None else None
        if main is None or resource is None or not places(main):
            return None
        if nameless(main.path) == nameless(step.path):
            return next((each for each in self.gets(step.path) if each.get is main), None)
        *others, own = self.steps(main)
        if step.key != resource.key or own.resource not in (None, resource):
            return None
        pairs = [(own.param, step.param)]
        for each in others:
            same = [one for one in steps[: steps.index(step)] if _same(each, one)]
            if len(same) != 1:
                return None
            pairs.append((each.param, same[0].param))
        return ObjectReader(main, tuple(pair for pair in pairs if pair[0] != pair[1]), whole=True)


def _make_step(param: str, path: str, one: Resource, key: str, *, stated: bool = False) -> PathStep:
    return PathStep(param, path, "account" if one.is_account else "object", one, key, stated)


def _same(one: PathStep, other: PathStep) -> bool:
    """Whether steps of two paths name the same: the same key of the same resource, or the same word
    behind the same word where nobody knows of what."""
    if one.resource is not None or other.resource is not None:
        return one.resource is other.resource and one.key == other.key
    return one.path.split("/")[-2:] == other.path.split("/")[-2:]


def _beginnings(path: str) -> Iterator[tuple[str, str]]:
    """Parameters of a path, each with the path up to the end of its segment."""
    segments = path.split("/")
    for end, segment in enumerate(segments, 1):
        for name in _NAME.findall(segment):
            yield name, "/".join(segments[:end])
