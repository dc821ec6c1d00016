"""Warnings about values beside a list of objects that are forwarded although some objects are
hidden.

A number may count the objects, a list may name them, a label may summarise them. The gateway does
not interpret values outside resources: only the contract can say which of them reveal something.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import NamedTuple

from oakum.authz import Model
from oakum.authz.project import ROOT_FIELD
from oakum.authz.unexpected_types import matches
from oakum.errors import Problem, few
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.warnings.contract_queries import is_hidden, resources_shown
from oakum.http.json_pointer import escape
from oakum.inference.lexicon import singular, word_set, words
from oakum.inference.response_objects import names_count, names_ids
from oakum.openapi.model import Shape
from oakum.openapi.shape_queries import scalars
from oakum.policy.graphql_schema import TAG
from oakum.policy.resource_schemas import resource_of

_MOST = 3
_WRITTEN = 8
"""Most pointers listed in a hint."""
_PLACES = 5000
"""Most places examined in one response."""
_NUMBERS = frozenset(("integer", "number"))
_OF_ANSWERS = word_set(
    "after api before code continuation current cursor duration elapsed end error errors first "
    "from has href info is kind language last limit link links locale marker message messages "
    "meta metadata more next object offset ok order page pages pagination paging path per prev "
    "previous query rel request response self size sort start status success timestamp to token "
    "took type uri url version warning warnings"
)
"""Words in names of members about paging, or about the request and its success, which are
documented to pass."""
_OF_REQUESTS = frozenset(("correlation", "request", "span", "trace"))
"""Words that with `id` name the request and no object."""
_PAGE_COUNTS = frozenset(("pages", "size", "to"))
"""Names of numbers that say how many objects there are, or are on a page."""
Path = tuple[str, ...]


class _Place(NamedTuple):
    path: Path
    shape: Shape
    around: frozenset[Shape] = frozenset()


def values_beside_lists(contract: CompiledContract) -> Iterator[Problem]:
    """Warns about each operation with values outside every object, next to or above a list of
    possibly hidden objects, that no `counts` line names."""
    for each in contract.endpoints:
        id, rule = each.operation.id, contract.model.rule(each.operation.id)
        objects, values = _read(contract, each)
        found: dict[str, tuple[int, str]] = {}
        for path, shape in values.items() if any("*" in at for at in objects) else ():
            pointer = "".join(f"/{escape(step)}" for step in path)
            beside = _beside(path, objects, each.graph)
            if (
                beside
                and pointer not in rule.counts
                and (each.graph or not _is_of_answer(path, shape))
            ):
                rank = _rank(contract.model, path, shape, beside)
                found[pointer] = rank, next(iter(beside.values()))
        if found:
            told = sorted(found, key=lambda pointer: found[pointer][0])
            one = found[told[0]][1]
            every = ", ".join((*rule.counts, *told[:_WRITTEN], *(["…"] * (len(told) > _WRITTEN))))
            yield Problem(
                contract.location(each.operation),
                f"{few(told, _MOST)} of `{id}` may count, name or describe each `{one}`, also"
                " those that are hidden from its caller, and passes unread beside the others",
                f"write `{id}: {{counts: [{every}]}}` with what does: it is withheld where a"
                f" `{one}` is hidden; or make the type that holds it a resource",
            )


def _read(
    contract: CompiledContract, endpoint: GrantedEndpoint
) -> tuple[dict[Path, str], dict[Path, Shape]]:
    """Where in a response objects stand that may be hidden, each with its resource, and where
    values outside of every object do."""
    model, operation = contract.model, endpoint.operation
    media, shown = operation.success(), model.shown.get(operation.id, ())
    hidden = {
        name
        for name in resources_shown(contract, operation)
        if is_hidden(contract, endpoint, (name,))
    }
    objects = {path: name for path, name in shown if name in hidden}
    values: dict[Path, Shape] = {}
    todo = [_Place((), media.shape)] if media and media.shape and hidden else []
    for path, shape, around in todo:
        name = resource_of(shape, model.bound)
        if name in hidden:
            objects.setdefault(path, name)
        elif name and path[-1:] == ("*",) and not endpoint.graph:
            values.setdefault(path, shape)  # JSON:API lists there to whom the others belong
        if name or shape in around or any(matches(at, path) for at, _ in shown):
            continue
        branches = [branch() for branch in shape.branches]
        alone = not any(resource_of(each, model.bound) for each in branches)
        if alone and scalars(shape):
            values.setdefault(path, shape)
        if len(todo) < _PLACES:
            todo += _below(path, shape, around | {shape}, branches, alone)
    return objects, values


def _below(
    path: Path, shape: Shape, around: frozenset[Shape], branches: list[Shape], alone: bool
) -> Iterator[_Place]:
    """The next places; `alone`: no alternative is an object of a resource. Otherwise what they have
    in common is a member of each, and a text in place of the object is withheld."""
    for each in branches:
        if alone or not scalars(each):
            yield _Place(path, each, around)
    for name, child in shape.properties.items() if alone else ():
        if name != TAG:
            yield _Place((*path, name), child(), around)
    for inner in (shape.items, shape.extra):
        if inner is not None:
            yield _Place((*path, "*"), inner(), around)


def _beside(path: Path, objects: Mapping[Path, str], graph: bool) -> dict[Path, str]:
    """The lists, with their resources, that a value stands beside or above: those of its row, if it
    stands in one; none where the row has an object outside of them, with which the value goes."""
    starts = (end for end in range(len(path), 0, -1) if path[end - 1] == "*")
    row = next((path[:e] for e in starts if any(at[:e] == path[:e] for at in objects)), ())
    if not row and graph:
        row = path[:ROOT_FIELD]
    inside = {at[len(row) :]: name for at, name in objects.items() if at[: len(row)] == row}
    if row[-1:] == ("*",) and any("*" not in at for at in inside):
        return {}
    lists = ((at, name) for at, name in inside.items() if "*" in at)
    return {(*row, *at[: len(at) - 1 - at[::-1].index("*")]): name for at, name in lists}


def _is_of_answer(path: Path, shape: Shape) -> bool:
    said = [words(step) for step in path if step != "*"]
    return not _counts_pages(said, shape) and all(
        _OF_ANSWERS.issuperset(each) or _is_of_request(each) for each in said
    )


def _counts_pages(said: list[tuple[str, ...]], shape: Shape) -> bool:
    """Whether a value counts the pages of a list or the objects on one: with one object on a page
    the number of the last page, or the link to it, is the number of all."""
    said = [each for each in said if each not in (("href",), ("url",), ("uri",))]
    if not said or scalars(shape) == {"boolean"}:
        return False
    if "last" in said[-1]:
        return True
    number = bool(scalars(shape) & _NUMBERS)
    return number and len(said[-1]) == 1 and said[-1][0] in _PAGE_COUNTS and ("page",) not in said


def _is_of_request(parts: tuple[str, ...]) -> bool:
    return parts[-1:] == ("id",) and not _OF_REQUESTS.isdisjoint(parts)


def _rank(model: Model, path: Path, shape: Shape, beside: Mapping[Path, str]) -> int:
    """How likely a value tells of the objects of a list, by its name: 0 for what counts or names
    them, 1 for what has a word of theirs, or stands in a list or a map itself, 2 for the others."""
    name = next((step for step in reversed(path) if step != "*"), "")
    called = [one for at, of in beside.items() for one in (of, *(e for e in at[-1:] if e != "*"))]
    if path[-1:] == ("*",):
        return 0 if names_ids(name, called) else 1
    if scalars(shape) & _NUMBERS and names_count(name, called):
        return 0
    if "*" in path or not _words(name).isdisjoint(_resource_words(model, called, beside)):
        return 1
    return 2


def _resource_words(model: Model, called: list[str], beside: Mapping[Path, str]) -> Set[str]:
    """Words of the resources in lists, and of their fields."""
    fields = [leaf for name in beside.values() for leaf in model.tables[name].leaves]
    return {word for name in (*called, *(leaf.rpartition(".")[2] for leaf in fields))
            for word in _words(name)}  # fmt: skip


def _words(name: str) -> Set[str]:
    return {singular(word) for word in words(name)}
