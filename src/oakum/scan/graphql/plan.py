"""Chooses the queries that cover the most of a schema with the fewest requests.

There is one query for each field of the root. It selects, breadth first, every scalar of each type
and every field that leads to another object, each once, since the same resolver runs whichever path
leads to it. Mutations and subscriptions have other roots and are never sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_object_type,
)

from oakum.inference.lexicon import FieldClass, classify_field, listed, words
from oakum.inference.side_effects import classify
from oakum.openapi.model import Operation
from oakum.scan.graphql.arguments import Arguments, Given
from oakum.scan.graphql.picks import Pick, Root
from oakum.scan.graphql.vocabulary import Vocabulary

_JOINS = listed("and or then")
_MOST_TYPES = 6
"""Of an interface or a union."""
_MOST_LISTS = 3
"""Lists within lists."""
_MOST_NAMED = 3
"""Of the resources whose ids a value is asked for."""
_OPERATES = listed(
    "command debug diagnostic diagnostics exec execute job maintenance ping run shell system task"
    " test trigger"
)
"""Words of fields that hold what a machine says of itself, once it has been told to."""
_SAYS_WHY = frozenset(("message", "messages", "error", "errors", "reason", "detail", "details"))
_INTO_VALUES = 2
"""Steps into what leads to no resource: an address, a set of counts."""


@dataclass(frozen=True)
class Style:
    """Limits on the depth and size of one query, since servers limit both."""

    steps: int = 4
    """From resource to resource."""
    levels: int = 9
    """Of selections, what only wraps a list included."""
    fields: int = 120
    page: int = 20
    inner: int = 10
    """Of a page within a list."""


SHALLOW = Style(2, 4, 40, 5, 5)
"""For a server that refuses a query as too deep, too wide or too dear."""


@dataclass
class _Node:
    """A pick while it grows."""

    pick: Pick
    type: GraphQLOutputType
    below: list[_Node] = field(default_factory=list)

    @property
    def end(self) -> GraphQLNamedType:
        return get_named_type(self.type)


@dataclass(frozen=True)
class _Way:
    """A node to expand, with its remaining depth."""

    node: _Node
    steps: int
    levels: int
    lists: int


class Planner:
    """Plans for one schema."""

    def __init__(
        self,
        schema: GraphQLSchema,
        words: Vocabulary,
        params: Mapping[str, str],
        style: Style | None = None,
    ) -> None:
        self._words = words
        self._query = schema.query_type
        self._closed = {"PageInfo", *([self._query.name] if self._query else ())}
        """Types that nothing goes into: about a page, and the root once more."""
        self._arguments = Arguments(words, params)
        self._style = style or Style()
        self.acting: dict[str, str] = {}
        """Field of the root → why it is not asked: it does something."""
        self.lacking: list[str] = []
        """Fields of the root that want what nobody knows."""
        self.unused: dict[str, list[str]] = {}
        """Field of the root → optional arguments that no query has."""

    def roots(self) -> list[Root]:
        """All possible queries, those that lead to owned objects first."""
        found: list[Root] = []
        for name, each in self._query.fields.items() if self._query else ():
            if name.startswith("_"):
                continue
            if why := acts(name, each, root=True):
                self.acting[name] = why
                continue
            if is_leaf_type(get_named_type(each.type)) and (why := self._may_act(name, each)):
                self.acting[name] = why
                continue
            made = list(self._roots(name, each))
            if not made and (self._leads(each) or is_leaf_type(get_named_type(each.type))):
                self.lacking.append(name)
            used = {argument for root in made for argument, _ in root.pick.args}
            if left := [arg for arg in self._arguments.optional(each) if arg not in used]:
                self.unused[name] = left
            found += made
        return sorted(found, key=lambda root: root.rank)

    def _may_act(self, name: str, each: GraphQLField) -> str:
        """Why a field of the root that holds values alone is not asked: such are what queries that
        do something answer; empty: it is asked."""
        query = self._query.name if self._query else ""
        if self._words.resource(query):
            return ""
        if get_named_type(each.type).name == "Boolean":
            return "it says no more than yes or no"
        if not reads_by_every_word(name) or _OPERATES.intersection(words(name)):
            return "a word of its name may say that it does something"
        return ""

    def _leads(self, each: GraphQLField) -> bool:
        """Whether a field leads to what belongs to somebody."""
        return self._rank(get_named_type(each.type)) == 0

    def _roots(self, name: str, each: GraphQLField) -> Iterator[Root]:
        end = get_named_type(each.type)
        leaf = is_leaf_type(end)
        targets = self._words.named(name) if leaf else self._words.targets(end)
        if (is_abstract_type(end) or leaf) and targets:  # an id that names its type
            meant = [
                (found, type.name)
                for type in targets[: _MOST_NAMED if leaf else _MOST_TYPES]
                if (found := self._arguments.given(name, each, [type], self._style.page))
                and _asks(found)
            ]
            for nth, (found, only) in enumerate(meant):
                if not (leaf and any(found == before for before, _ in meant[:nth])):
                    yield from self._root(name, each, found, only)
            if meant:
                return
        given = self._arguments.given(name, each, targets, self._style.page)
        if given is None:
            return
        choice = None if _asks(given) else self._arguments.choosing(each, targets)
        many = _holds_many(each.type, self._words)
        if choice and not many:  # one object, chosen by nothing else
            yield from self._root(name, each, (*given, choice))
            return
        for plain in self._root(name, each, given):
            yield plain
            for root in self._root(name, each, (*given, choice)) if choice else ():
                yield replace(root, instead_of=plain.name)

    def _root(self, name: str, each: GraphQLField, given: Given, only: str = "") -> Iterator[Root]:
        holes = [key for key, value in given if _asks(((key, value),))]
        asked = frozenset(
            hole.source for hole in Pick(name, args=given).holes() if self._is_echo(hole.source)
        )
        end = get_named_type(each.type)
        pick = Pick(name, _one(end), args=given, listed=_is_many(each.type))
        if not is_leaf_type(end):
            node = _Node(pick, each.type)
            self._grow(node, asked, only)
            pick = _finished(node)
            if not pick.below:
                return
        called = name + (f"({', '.join(holes)})" if holes else "") + (f" {only}" if only else "")
        yield Root(called, pick, self._rank(end))

    def _rank(self, end: GraphQLNamedType) -> int:
        if end.name not in self._words.leading:
            return 2
        return int(not any(self._words.is_owned(each) for each in self._reached(end)))

    def _reached(self, end: GraphQLNamedType) -> set[str]:
        seen: set[str] = set()
        waiting = [*self._words.objects(end)]
        for type in waiting:
            if type.name not in seen:
                seen.add(type.name)
                for each in type.fields.values():
                    waiting += self._words.objects(get_named_type(each.type))
        return {self._words.resource(name) for name in seen}

    def _is_echo(self, source: str) -> bool:
        """Whether a value that a query holds would say nothing when it stands in the answer."""
        resource, _, path = source.partition(".")
        known = [*self._words.needs(resource)] if resource else []
        return path not in known and classify_field(path) not in (
            FieldClass.KEY, FieldClass.HANDLE,
        )  # fmt: skip

    # ----------------------------------------------- expanding selections

    def _grow(self, root: _Node, asked: frozenset[str], only: str) -> None:
        style = self._style
        lists = int(root.pick.listed)
        waiting = deque([_Way(root, style.steps, style.levels, lists)])
        gone: set[tuple[str, str]] = set()
        """Ways that have been taken: (type, field)."""
        left = style.fields
        while waiting and left > 0:
            way = waiting.popleft()
            types = self._words.objects(way.node.end)
            if only and way.node is root:
                types = self._beside(types, only)
            for type in types[:_MOST_TYPES]:
                on = type.name if is_abstract_type(way.node.end) else ""
                ways = dict(self._ways(type, on, way, gone))
                made = [*self._values(type, on, asked), *(next.node for next in ways.values())]
                made += self._needed(type, on, ways.keys())
                way.node.below += made
                waiting += ways.values()
                left -= len(made)

    def _beside(self, types: Sequence[GraphQLObjectType], only: str) -> list[GraphQLObjectType]:
        """One type, and those that are no resource: what may stand in its place says why."""
        others = [type for type in types if not self._words.resource(type.name)]
        others.sort(key=lambda type: _SAYS_WHY.isdisjoint(type.fields))
        return [*(type for type in types if type.name == only), *others]

    def _values(self, type: GraphQLObjectType, on: str, asked: frozenset[str]) -> Iterator[_Node]:
        resource = self._words.resource(type.name)
        for name, each in type.fields.items():
            end = get_named_type(each.type)
            if not is_leaf_type(end) or (not resource and _is_wrapping(name)):
                continue
            if f"{resource}.{self._words.member(type.name, name)}" in asked:
                continue
            if acts(name, each) or not self._words.is_worth(type.name, name):
                continue
            given = self._arguments.given(name, each, [], self._style.page)
            if given is not None and not _asks(given):
                yield _Node(Pick(name, on=on, args=given, listed=_is_many(each.type)), each.type)

    def _ways(
        self, type: GraphQLObjectType, on: str, way: _Way, gone: set[tuple[str, str]]
    ) -> Iterator[tuple[str, _Way]]:
        """Fields of a type that lead on, and how far."""
        for name, each in type.fields.items():
            end = get_named_type(each.type)
            if is_leaf_type(end) or (type.name, name) in gone or end.name in self._closed:
                continue
            if acts(name, each):
                continue
            lists = way.lists + _is_many(each.type)
            steps = way.steps - bool(self._resources(end))
            levels = way.levels - 1
            if end.name not in self._words.leading:
                levels = min(levels, _INTO_VALUES)
            if min(steps, levels) < 0 or lists > _MOST_LISTS:
                continue
            page = self._style.inner if way.lists else self._style.page
            given = self._arguments.given(name, each, self._words.targets(end), page)
            if given is None:
                continue
            gone.add((type.name, name))
            pick = Pick(name, _one(end), on, args=given, listed=_is_many(each.type))
            yield name, _Way(_Node(pick, each.type), steps, levels, lists)

    def _needed(self, type: GraphQLObjectType, on: str, ways: Collection[str]) -> Iterator[_Node]:
        """What says whose an object is, where that stands in another object that no way goes to:
        wherever an object is met, it has to be told whose it is."""
        for path in self._words.needed(type):
            if len(path) > 1 and path[0] not in ways:
                yield _chain(type, path, on)

    def _resources(self, end: GraphQLNamedType) -> list[str]:
        found = (self._words.resource(each.name) for each in self._words.objects(end))
        return [name for name in found if name]


def acts(name: str, field: GraphQLField, *, root: bool = False) -> str:
    """Why requesting a field may act; empty if it only reads. A nested field without arguments is a
    value whatever its name (`resetToken`), so only its description counts."""
    return acts_by_name(name if root or field.args else "value", field.description or "")


def acts_by_name(name: str, description: str = "") -> str:
    """Why requesting a field of this name may act; empty if it only reads."""
    # as in `readAndBurn`
    after = [word for before, word in pairwise(words(name)) if before in _JOINS]
    for each in (name, *after):
        verdict = classify(Operation(each, "GET", "/", description=description))
        if verdict.kind != "read":
            return verdict.reason.replace("operationId", "name")
    return ""


def reads_by_every_word(name: str) -> bool:
    """Whether no word of a name can be a verb of change."""
    called = (Operation("", "GET", f"/x/{{id}}/{word}") for word in words(name))
    return all(classify(each).kind == "read" for each in called)


def packed(roots: Sequence[Root], most: int, fields: int) -> list[list[Root]]:
    """Groups roots by kind into at most `most` groups, unless that exceeds `fields` fields in one
    of them."""
    if len(roots) <= most:
        return [[root] for root in roots]
    groups: list[list[Root]] = []
    for root in sorted(roots, key=lambda each: (each.rank, bool(each.holes()))):
        share = max(len(roots) // most, 1)
        last = groups[-1] if groups else []
        size = sum(each.pick.size for each in last) + root.pick.size
        alike = last and last[0].rank == root.rank and bool(last[0].holes()) == bool(root.holes())
        if last and alike and len(last) <= share and size <= fields:
            last.append(root)
        else:
            groups.append([root])
    return groups


def _chain(type: GraphQLObjectType, path: Sequence[str], on: str) -> _Node:
    """One field below another, to the end of a path."""
    each = type.fields[path[0]]
    end = get_named_type(each.type)
    node = _Node(Pick(path[0], _one(end), on, listed=_is_many(each.type)), each.type)
    if len(path) > 1 and is_object_type(end):
        node.below.append(_chain(end, path[1:], ""))
    return node


def _finished(node: _Node) -> Pick:
    """The pick with all that has grown below and has anything in it; names that two types have
    for different things are told apart (GraphQL, October 2021, 5.3.2)."""
    kept = [each for each in node.below if is_leaf_type(each.end) or _has_values(each)]
    kinds: dict[str, set[str]] = {}
    for each in kept:
        kind = str(each.type) if is_leaf_type(each.end) else each.pick.on
        kinds.setdefault(each.pick.field, set()).add(kind)
    below = [
        replace(
            _finished(each),
            alias=f"{each.pick.field}_{each.pick.on}" if len(kinds[each.pick.field]) > 1 else "",
        )
        for each in kept
    ]
    return replace(node.pick, below=tuple(below))


def _has_values(node: _Node) -> bool:
    return any(is_leaf_type(each.end) or _has_values(each) for each in node.below)


def _asks(given: Given) -> bool:
    """Whether anything of it comes as a variable."""
    return any(True for _ in Pick("", args=given).holes())


def _one(type: GraphQLNamedType) -> str:
    return type.name if is_object_type(type) else ""


def _is_wrapping(name: str) -> bool:
    """A member of a page that is about the page."""
    return words(name)[-1:] == ("cursor",)


def _is_many(type: GraphQLOutputType) -> bool:
    return is_list_type(get_nullable_type(type))


def _holds_many(type: GraphQLOutputType, vocabulary: Vocabulary) -> bool:
    """Whether a type is a list, or wraps one and belongs to nobody."""
    if _is_many(type):
        return True
    end = get_named_type(type)
    if not is_object_type(end) or vocabulary.is_owned(vocabulary.resource(end.name)):
        return False
    return any(_is_many(each.type) for each in end.fields.values())
