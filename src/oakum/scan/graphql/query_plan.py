"""Chooses the queries that cover the most of a schema with the fewest requests.

There is one query for each field of the root. It selects, breadth first, every scalar of each type
and every field that leads to another object, each once, since the same resolver runs whichever path
leads to it; then the values of owned objects behind other ways to what has them. Mutations and
subscriptions have other roots and are never sent.
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
    is_required_argument,
)

from oakum.inference.lexicon import FieldClass, classify_field, word_set, words
from oakum.inference.side_effects import LINKS, classify
from oakum.openapi.model import Operation
from oakum.scan.graphql.arguments import Arguments, ArgumentValues
from oakum.scan.graphql.selection_sets import Pick, QueryVariable, Root, holes
from oakum.scan.graphql.type_mapping import Vocabulary

_JOINS = word_set("and or then")
_MOST_TYPES = 6
"""How many types of an interface or union are selected."""
_MOST_LISTS = 3
"""How many levels of nested lists are selected."""
_MOST_NAMED = 3
"""Of the resources whose ids a value is asked for."""
_MOST_VARIED = 24
"""How many fields are requested again with an optional argument."""
_OPERATES = word_set(
    "command debug diagnostic diagnostics exec execute job maintenance ping run shell system task"
    " test trigger"
)
"""Words in names of fields about the server itself."""
_LINKS = LINKS - {"validate"}
_SAYS_WHY = frozenset(("message", "messages", "error", "errors", "reason", "detail", "details"))
_INTO_VALUES = 2
"""How many steps lead into objects that are no resource, such as an address."""


@dataclass(frozen=True)
class Style:
    """Limits on the depth and size of one query, since servers limit both."""

    steps: int = 4
    """Steps from resource to resource."""
    levels: int = 9
    """Levels of selections, wrappers of lists included."""
    fields: int = 120
    page: int = 20
    inner: int = 10
    """Page size of a list within a list."""


SHALLOW = Style(2, 4, 40, 5, 5)
"""For a server that rejects a query as too deep or too costly."""


_VARIED = Style(1, 4, 40, 20, 10)
"""For a field that is requested again with an optional argument."""


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
    trail: tuple[_Node, ...]
    """The nodes from the root to this one."""
    again: bool = False
    """Whether another way has gone into this field of the same type."""


class Planner:
    """Plans the queries for one schema."""

    def __init__(
        self,
        schema: GraphQLSchema,
        words: Vocabulary,
        params: Mapping[str, str],
        style: Style | None = None,
        reading: Collection[str] = (),
    ) -> None:
        """`reading`: fields of the root of which the contract says that they only read."""
        self._words = words
        self._reading = reading
        self._schema = schema
        self._query = schema.query_type
        self._closed = {"PageInfo", *([self._query.name] if self._query else ())}
        """Types that nothing goes into: about a page, and the root once more."""
        self._arguments = Arguments(words, params)
        self._style = style or Style()
        self.acting: dict[str, str] = {}
        """Field of the root → why it is not asked: it does something."""
        self.made: list[Root] = []
        """All that can be asked."""
        self.lacking: list[str] = []
        """Fields of the root that want what nobody knows."""
        self.unused: dict[str, list[str]] = {}
        """Field (`notes`, `Member.notes`) → arguments that no query has."""
        self.personal: set[str] = set()
        """Those of them that lead to what belongs to somebody."""
        self._trails: dict[tuple[str, str], dict[int, tuple[_Node, ...]]] = {}
        """(type, field with arguments) → what it hangs on → the fields that lead there."""

    def roots(self) -> list[Root]:
        """All possible queries, those that lead to owned objects first."""
        found: list[Root] = []
        varied: list[Root] = []
        for name, each in self._query.fields.items() if self._query else ():
            if name.startswith("_"):
                continue
            if why := "" if name in self._reading else self._acts(name, each):
                self.acting[name] = why
                continue
            made = list(self._roots(name, each))
            if not made and (self._leads(each) or is_leaf_type(get_named_type(each.type))):
                self.lacking.append(name)
            found += made
            varied += self._root_variants(name, each, made)
        varied += self._nested_variants()
        for root in varied[_MOST_VARIED:]:
            self.unused.setdefault(root.pick.field, []).append(root.name)
        self.made = sorted([*found, *varied[:_MOST_VARIED]], key=lambda root: root.rank)
        return self.made

    def _acts(self, name: str, each: GraphQLField) -> str:
        """Why a root field may change something; empty if it may be requested."""
        leaf = is_leaf_type(get_named_type(each.type))
        return (
            acts(name, each, root=True)
            or self._commands(name, each)
            or (self._may_act(name, each) if leaf else "")
        )

    def _commands(self, name: str, each: GraphQLField) -> str:
        """Why the name of a root field is a command to the object in its argument, like the last
        segment of `/notes/{id}/ban`; empty if it only reads. A word of a type is a noun (`bookById:
        Book`), and what lists things for one id reads (`openOrders`)."""
        first, many = (words(name) or ("",))[0], is_list_type(get_nullable_type(each.type))
        lists = any(is_list_type(get_nullable_type(arg.type)) for arg in each.args.values())
        if not each.args or first in self._words.nouns or (many and not lists):
            return ""
        verdict = classify(Operation("", "GET", f"/of/{{id}}/{name}"))
        if verdict.kind == "read" and first not in _LINKS:
            return ""
        return f"`{first}` in the name says that it may change something"

    def _may_act(self, name: str, each: GraphQLField) -> str:
        """Why a root field with only scalar values is not requested, since commands often return
        such; empty if it is."""
        query = self._query.name if self._query else ""
        if self._words.resource(query):
            return ""
        if get_named_type(each.type).name == "Boolean":
            return "it says no more than yes or no"
        if not reads_by_every_word(name) or _OPERATES.intersection(words(name)):
            return "a word of its name may say that it does something"
        return ""

    def _leads(self, each: GraphQLField) -> bool:
        """Whether a field leads to owned objects."""
        return self._rank(get_named_type(each.type)) == 0

    def _roots(self, name: str, each: GraphQLField) -> Iterator[Root]:
        end = get_named_type(each.type)
        leaf = is_leaf_type(end)
        targets = self._targets(name, each)
        if (is_abstract_type(end) or leaf) and targets:  # an id argument whose name says the type
            meant = [
                (found, type.name)
                for type in targets[: _MOST_NAMED if leaf else _MOST_TYPES]
                if (found := self._arguments.arguments_for(name, each, [type], self._style.page))
                and _asks(found)
            ]
            for nth, (found, only) in enumerate(meant):
                if not (leaf and any(found == before for before, _ in meant[:nth])):
                    yield from self._root(name, each, found, only)
            if meant:
                return
        given = self._arguments.arguments_for(name, each, targets, self._style.page)
        if given is None:
            return
        choice = None if _asks(given) else self._arguments.choice(each, targets)
        many = _holds_many(each.type, self._words)
        if choice and not many:  # one object, chosen by nothing else
            yield from self._root(name, each, (*given, choice))
            return
        for plain in self._root(name, each, given):
            yield plain
            for root in self._root(name, each, (*given, choice)) if choice else ():
                yield replace(root, instead_of=plain.name)

    def _targets(self, name: str, each: GraphQLField) -> list[GraphQLObjectType]:
        end = get_named_type(each.type)
        return self._words.types_by_name(name) if is_leaf_type(end) else self._words.targets(end)

    def _leave(self, called: str, each: GraphQLField, left: Sequence[str]) -> None:
        """Records which arguments of a field no query fills."""
        if left:
            self.unused.setdefault(called, []).extend(left)
            if self._leads(each) or is_leaf_type(get_named_type(each.type)):
                self.personal.add(called)

    def _root_variants(self, name: str, each: GraphQLField, made: Sequence[Root]) -> Iterator[Root]:
        """A field of the root with each of its optional arguments."""
        plain = next((root for root in made if not root.instead_of), None)
        if plain is None:
            return
        targets = [t for t in self._targets(name, each) if plain.only in ("", t.name)]
        ways, left = self._arguments.ways(name, each, targets)
        self._leave(name, each, left)
        given = plain.pick.args
        before = {
            (arg, hole.source)
            for root in made
            for arg, value in root.pick.args
            for hole in holes(value)
        }
        for way in ways:
            filled = isinstance(way.given, QueryVariable)
            known = (
                isinstance(way.given, QueryVariable) and (way.argument, way.given.source) in before
            )
            if known or (not way.instead and any(arg == way.argument for arg, _ in given)):
                continue
            for root in self._root(name, each, way.put(given), plain.only, _VARIED):
                yield replace(
                    root, name=f"{name}({way.said})", varies=True,
                    instead_of=plain.name if filled and not plain.holes() else "",
                )  # fmt: skip

    def _nested_variants(self) -> Iterator[Root]:
        """Fields of nested objects with each optional argument, once for each type: below an object
        of the owner whose values fill it, and below the caller's own."""
        for (type, name), trails in self._trails.items():
            owner = self._schema.get_type(type)
            if not is_object_type(owner):
                continue
            each = owner.fields[name]
            targets, called = self._targets(name, each), f"{type}.{name}"
            given = self._arguments.arguments_for(name, each, targets, _VARIED.inner)
            if given is None:
                wanted = [arg for arg, value in each.args.items() if is_required_argument(value)]
                self._leave(called, each, wanted)
                continue
            ways, left = self._arguments.ways(name, each, targets)
            self._leave(called, each, left)
            if is_leaf_type(get_named_type(each.type)) and _asks(given):
                yield from self._along(trails[max(trails)], name, each, given, "")
            for way in ways:
                args = way.put(given)
                filled = isinstance(way.given, QueryVariable)
                for whose in sorted({max(trails), min(trails)} if filled else {max(trails)}):
                    if whose or not filled or self._tells(targets):  # else it seems the caller's
                        yield from self._along(trails[whose], name, each, args, way.said)

    def _tells(self, targets: Sequence[GraphQLObjectType]) -> bool:
        """Whether objects name their owner themselves, wherever they are nested."""
        return all(
            self._words.tells_owner(type)
            for type in targets
            if self._words.is_owned(self._words.resource(type.name))
        )

    def _along(
        self, trail: Sequence[_Node], name: str, each: GraphQLField, args: ArgumentValues, said: str
    ) -> Iterator[Root]:
        """A field with arguments at the end of a trail, and what tells whose each object is."""
        end = get_named_type(each.type)
        *parents, last = trail
        pick = Pick(name, _one(end), last.pick.on, args=args, listed=_is_many(each.type))
        if not is_leaf_type(end):
            node = _Node(pick, each.type)
            asked = (hole.source for hole in pick.holes())
            self._grow(node, frozenset(filter(self._is_echo, asked)), "", _VARIED)
            pick = _finish(node)
            if not pick.below:
                return
        for parent in reversed(parents):
            type = self._schema.get_type(pick.on or parent.pick.ends)
            keys = (
                [_finish(_chain(type, path, pick.on)) for path in self._words.required_fields(type)]
                if is_object_type(type)
                else []
            )
            beside = tuple(key for key in keys if key.field != pick.field)
            pick = replace(parent.pick, below=(*beside, pick))
        way = "/".join([*(node.pick.field for node in parents), name])
        yield Root(
            f"{way}({said})" if said else way, pick, self._rank(end), varies=True,
            finds=self._finds(end),
        )  # fmt: skip

    def _finds(self, end: GraphQLNamedType) -> frozenset[str]:
        """Owned resources that a field returns: the first that it leads to."""
        first = {self._words.resource(each.name) for each in self._words.targets(end)}
        owned = filter(self._words.is_owned, first)
        return frozenset(owned) or frozenset(
            filter(self._words.is_owned, self._reachable_resources(end))
        )

    def _root(
        self, name: str, each: GraphQLField, given: ArgumentValues, only: str = "",
        style: Style | None = None,
    ) -> Iterator[Root]:  # fmt: skip
        asking = [key for key, value in given if _asks(((key, value),))]
        asked = frozenset(
            hole.source for hole in Pick(name, args=given).holes() if self._is_echo(hole.source)
        )
        end = get_named_type(each.type)
        pick = Pick(name, _one(end), args=given, listed=_is_many(each.type))
        if not is_leaf_type(end):
            node = _Node(pick, each.type)
            self._grow(node, asked, only, style)
            pick = _finish(node)
            if not pick.below:
                return
        called = name + (f"({', '.join(asking)})" if asking else "") + (f" {only}" if only else "")
        yield Root(called, pick, self._rank(end), finds=self._finds(end), only=only)

    def _rank(self, end: GraphQLNamedType) -> int:
        if end.name not in self._words.leading_types:
            return 2
        return int(not any(self._words.is_owned(each) for each in self._reachable_resources(end)))

    def _reachable_resources(self, end: GraphQLNamedType) -> set[str]:
        seen: set[str] = set()
        waiting = [*self._words.objects(end)]
        for type in waiting:
            if type.name not in seen:
                seen.add(type.name)
                for each in type.fields.values():
                    waiting += self._words.objects(get_named_type(each.type))
        return {self._words.resource(name) for name in seen}

    def _is_echo(self, source: str) -> bool:
        """Whether a value of the query proves nothing when the response repeats it."""
        resource, _, path = source.partition(".")
        known = [*self._words.needs(resource)] if resource else []
        return path not in known and classify_field(path) not in (
            FieldClass.KEY, FieldClass.HANDLE,
        )  # fmt: skip

    # ----------------------------------------------- expanding selections

    def _grow(
        self, root: _Node, asked: frozenset[str], only: str, varied: Style | None = None
    ) -> None:
        style = varied or self._style
        lists = int(root.pick.listed)
        waiting = deque([_Way(root, style.steps, style.levels, lists, (root,))])
        gone: set[tuple[str, str]] = set()
        """Ways that have been taken: (type, field)."""
        left = style.fields
        later: list[tuple[_Way, _Way]] = []
        """(way to an object, way into a field of it that another way has gone into)."""
        while waiting and left > 0:
            way = waiting.popleft()
            types = self._words.objects(way.node.end)
            if only and way.node is root:
                types = self._beside(types, only)
            for type in types[:_MOST_TYPES]:
                on = type.name if is_abstract_type(way.node.end) else ""
                if varied is None:
                    self._note_trails(type, on, way)
                ways = dict(self._ways(type, on, way, gone))
                later += ((way, each) for each in ways.values() if each.again)
                ways = {name: each for name, each in ways.items() if not each.again}
                made = [*self._values(type, on, asked), *(next.node for next in ways.values())]
                made += self._owner_nodes(type, on, ways.keys())
                way.node.below += made
                waiting += ways.values()
                left -= len(made)
        for way, again in later if varied is None else ():
            if left > 0:
                left -= self._grow_again(way.node, again.node, asked)

    def _grow_again(self, parent: _Node, node: _Node, asked: frozenset[str]) -> int:
        """Asks for the values alone of an object below one that is reached on another way: a server
        may look at the way there, as one that clears a field in each of its lists. Returns how
        many fields that adds."""
        for type in self._words.objects(node.end)[:_MOST_TYPES]:
            on = type.name if is_abstract_type(node.end) else ""
            node.below += [*self._values(type, on, asked), *self._owner_nodes(type, on, ())]
        place = (node.pick.field, node.pick.on)
        for each in parent.below:
            if (each.pick.field, each.pick.on) == place:  # it says whose the object is
                known = {(below.pick.field, below.pick.on) for below in each.below}
                more = [e for e in node.below if (e.pick.field, e.pick.on) not in known]
                each.below += more
                return len(more)
        parent.below.append(node)
        return 1 + len(node.below)

    def _note_trails(self, type: GraphQLObjectType, on: str, way: _Way) -> None:
        """Keeps how the fields of a type are reached that have arguments."""
        for name, each in type.fields.items():
            if not each.args or acts(name, each) or get_named_type(each.type).name in self._closed:
                continue
            here = (*way.trail, _Node(Pick(name, on=on), each.type))
            whose = self._whose(way.trail)
            self._trails.setdefault((type.name, name), {}).setdefault(whose, here)

    def _whose(self, trail: Sequence[_Node]) -> int:
        """2: below an object chosen by an id; 1: below any object in a list; 0: below the caller's
        own."""
        if any(_asks(node.pick.args) for node in trail):
            return 2
        for node in trail:
            if node.pick.listed:
                return 1
            if any(self._words.is_owned(name) for name in self._resources(node.end)):
                return 0
        return 0

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
            given = self._arguments.arguments_for(name, each, [], self._style.page)
            if given is not None and not _asks(given):
                yield _Node(Pick(name, on=on, args=given, listed=_is_many(each.type)), each.type)

    def _ways(
        self, type: GraphQLObjectType, on: str, way: _Way, gone: set[tuple[str, str]]
    ) -> Iterator[tuple[str, _Way]]:
        """Fields of a type that lead on, and how far."""
        for name, each in type.fields.items():
            end = get_named_type(each.type)
            again = (type.name, name) in gone
            if is_leaf_type(end) or end.name in self._closed:
                continue
            if again and not self._is_worth_again(end, way.trail):
                continue
            if acts(name, each):
                continue
            lists = way.lists + _is_many(each.type)
            steps = way.steps - bool(self._resources(end))
            levels = way.levels - 1
            if end.name not in self._words.leading_types:
                levels = min(levels, _INTO_VALUES)
            if min(steps, levels) < 0 or lists > _MOST_LISTS:
                continue
            page = self._style.inner if way.lists else self._style.page
            given = self._arguments.arguments_for(name, each, self._words.targets(end), page)
            if given is None:
                continue
            gone.add((type.name, name))
            pick = Pick(name, _one(end), on, args=given, listed=_is_many(each.type))
            node = _Node(pick, each.type)
            yield name, _Way(node, steps, levels, lists, (*way.trail, node), again)

    def _is_worth_again(self, end: GraphQLNamedType, trail: Sequence[_Node]) -> bool:
        """Whether a field leads to something owned, and not from within an object like its own."""
        circle = any(node.end == trail[-1].end for node in trail[:-1])
        return not circle and any(map(self._words.is_owned, self._resources(end)))

    def _owner_nodes(
        self, type: GraphQLObjectType, on: str, ways: Collection[str]
    ) -> Iterator[_Node]:
        """What says whose an object is, where that stands in another object that no way goes to:
        wherever an object is met, it has to be told whose it is."""
        for path in self._words.required_fields(type):
            if len(path) > 1 and path[0] not in ways:
                yield _chain(type, path, on)

    def _resources(self, end: GraphQLNamedType) -> list[str]:
        found = (self._words.resource(each.name) for each in self._words.objects(end))
        return [name for name in found if name]


def acts(name: str, field: GraphQLField, *, root: bool = False) -> str:
    """Why requesting a field may act; empty if it only reads. A nested field without arguments is a
    value whatever its name is (`resetToken`), so only its description counts."""
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


def _chain(type: GraphQLObjectType, path: Sequence[str], on: str) -> _Node:
    """One field below another, to the end of a path."""
    each = type.fields[path[0]]
    end = get_named_type(each.type)
    node = _Node(Pick(path[0], _one(end), on, listed=_is_many(each.type)), each.type)
    if len(path) > 1 and is_object_type(end):
        node.below.append(_chain(end, path[1:], ""))
    return node


def _finish(node: _Node) -> Pick:
    """The pick with all that has grown below and has anything in it; names that two types have
    for different things are told apart (GraphQL, October 2021, 5.3.2)."""
    kept = [each for each in node.below if is_leaf_type(each.end) or _has_values(each)]
    kinds: dict[str, set[str]] = {}
    for each in kept:
        kind = str(each.type) if is_leaf_type(each.end) else each.pick.on
        kinds.setdefault(each.pick.field, set()).add(kind)
    below = [
        replace(
            _finish(each),
            alias=f"{each.pick.field}_{each.pick.on}" if len(kinds[each.pick.field]) > 1 else "",
        )
        for each in kept
    ]
    return replace(node.pick, below=tuple(below))


def _has_values(node: _Node) -> bool:
    return any(is_leaf_type(each.end) or _has_values(each) for each in node.below)


def _asks(given: ArgumentValues) -> bool:
    """Whether any part of the arguments is a variable."""
    return any(True for _ in Pick("", args=given).holes())


def _one(type: GraphQLNamedType) -> str:
    return type.name if is_object_type(type) else ""


def _is_wrapping(name: str) -> bool:
    """Whether a member of a page object is about the page itself."""
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
