"""Fills the arguments of a field: own ids by name, else constants.

An optional argument is left out, unless it is a page size; its other values are tested in separate
queries. A field is not queried if a required argument has no known value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)

from oakum.inference.lexicon import FieldClass, classify_field, singular, word_set, words
from oakum.inference.path_nouns import ACCOUNTS, SAYS_A_TEXT, SAYS_AN_ID
from oakum.inference.unsafe_writes import asks_for_change
from oakum.scan.graphql.selection_sets import InputMembers, QueryVariable, Value, holes
from oakum.scan.graphql.type_mapping import Vocabulary

_SIZES = word_set("first limit size take top max count amount")
_OTHER_END = word_set("last")
_NUMBERS = {"page": "1", "offset": "0", "skip": "0", "start": "0", "depth": "1"}
_COMPARES = word_set("eq equals is in value exact iexact")
"""Members of a filter that are operators, not fields: `{id: {_eq: …}}`."""
_BESIDE_IDS = word_set("by global input node of pk relay where")
_IDS = word_set("guid id ids key pk uuid")
_TEXTS = SAYS_A_TEXT | word_set("contains input like phrase prefix starts text value with")
_TITLES = frozenset((each,) for each in ("title", "name", "subject", "headline", "label"))
"""Names of members with the title or name of an object."""
_DEEPEST = 3
"""Levels of nested input objects."""

_MOST_WAYS = 8
"""How many optional arguments of one field are tried."""
_MOST_VALUES = 3
"""How many values of an enum are tried."""
_KINDS = (frozenset[str](), frozenset(("boolean",)))
_WHOSE = word_set("as behalf by for from of on with")
_SHAPES = word_set(
    "asc currency desc direction format lang language locale order ordering sort timezone unit"
    " units"
)
"""Words of arguments for order or format."""

ArgumentValues = tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class ArgumentValue:
    """An optional argument with a value to try."""

    argument: str
    value: Value
    said: str
    """Path and value in words: `filter.authorId`, `filter.scope: ALL`."""
    given: Value
    """The value itself, without the input objects around it."""
    instead: bool = False
    """Whether it replaces another value of a required argument."""

    def put(self, given: ArgumentValues) -> ArgumentValues:
        """The arguments with this one added, in place of others of its name if it is `instead`."""
        others = (each for each in given if each[0] != self.argument) if self.instead else given
        return (*others, (self.argument, self.value))

    def says_as_much(self, argument: str, value: Value) -> bool:
        """Whether another value of the same argument is filled from the same source."""
        if not isinstance(value, QueryVariable) or not isinstance(self.given, QueryVariable):
            return False
        return self.argument == argument and self.given.source == value.source


class Arguments:
    """Fills arguments. `params`: argument name → source that the contract states."""

    def __init__(self, vocabulary: Vocabulary, params: Mapping[str, str]) -> None:
        self._words = vocabulary
        self._params = params
        self._owners = frozenset(
            words(member.replace(".", "_"))
            for each in vocabulary.model.policy.resources.values()
            if each.owner.kind == "field" and not each.is_account
            for member in each.owner.members
        )
        """Words of members that name an owner."""

    def arguments_for(
        self, called: str, field: GraphQLField, targets: Sequence[GraphQLObjectType], page: int
    ) -> ArgumentValues | None:
        """Arguments for a field that leads to `targets`; None if one has no value."""
        found: list[tuple[str, Value]] = []
        for name, arg in field.args.items():
            said = self._params.get(f"{called}.{name}") or self._params.get(name)
            if said:
                found.append((name, QueryVariable(said, str(arg.type))))
            elif _is_size(name, arg):
                found.append((name, str(page)))
            elif is_required_argument(arg):
                value = self._value((name,), arg.type, targets)
                if value is None:
                    return None
                found.append((name, value))
        if any(name == "first" for name, _ in found):  # `first` or `last`, not both
            found = [each for each in found if each[0] not in _OTHER_END]
        return tuple(found)

    def ways(
        self, called: str, field: GraphQLField, targets: Sequence[GraphQLObjectType]
    ) -> tuple[list[ArgumentValue], list[str]]:
        """What the optional arguments of a field may be given, each by itself, and the required
        ones instead of what they have, if a type lists their values; and which of them nothing
        fills: `after`, `filter.since`."""
        found: list[ArgumentValue] = []
        left: list[str] = []
        for name, arg in field.args.items():
            said = self._params.get(f"{called}.{name}") or self._params.get(name)
            if said or _is_size(name, arg) or name in _OTHER_END:
                continue
            if is_required_argument(arg):
                found += self._instead(name, arg, left)
                continue
            for path, value in self._choices((name,), arg, targets, left):
                within = self._within((name,), path, get_named_type(arg.type), value, targets)
                label = ".".join((name, *path))
                if within is None or len(found) >= _MOST_WAYS:
                    left.append(label)
                elif not any(each.says_as_much(name, value) for each in found):
                    told = label if isinstance(value, QueryVariable) else f"{label}: {value}"
                    found.append(ArgumentValue(name, within, told, value))
        return found, [*dict.fromkeys(left)]

    def _instead(self, name: str, arg: GraphQLArgument, left: list[str]) -> Iterator[ArgumentValue]:
        """The other values that a type lists for a required argument."""
        named, many = get_named_type(arg.type), is_list_type(get_nullable_type(arg.type))
        values: list[str] = []
        if named.name == "Boolean" and not many:
            values = ["true", "false"]
        elif is_enum_type(named) and not _SHAPES & set(words(name)):
            values = [*named.values]
        for nth, value in enumerate(values[1:], start=1):
            if nth < _MOST_VALUES and not any(map(asks_for_change, values)):
                given = f"[{value}]" if many else value
                yield ArgumentValue(name, given, f"{name}: {given}", given, instead=True)
            else:
                left.append(f"{name}: {value}")

    def _choices(
        self,
        path: tuple[str, ...],
        each: GraphQLArgument | GraphQLInputField,
        targets: Sequence[GraphQLObjectType],
        left: list[str],
    ) -> Iterator[tuple[tuple[str, ...], Value]]:
        """(path within the argument, value) for an argument and its members; paths without a value
        are added to `left`. Values that suggest a change are left out."""
        named, many = get_named_type(each.type), is_list_type(get_nullable_type(each.type))
        changes = asks_for_change(path[-1], each.description or "", _KINDS[named.name == "Boolean"])
        if changes or _SHAPES & set(words(path[-1])):
            left.append(".".join(path))
        elif is_input_object_type(named) and not many and len(path) <= _DEEPEST:
            members = named.fields.items()
            for name, member in sorted(members, key=lambda pair: not set(words(pair[0])) & _IDS):
                yield from self._choices((*path, name), member, targets, left)
        elif named.name == "Boolean" and not many:
            yield path[1:], "false" if each.default_value is True else "true"
        elif is_enum_type(named) and not any(asks_for_change(value) for value in named.values):
            for nth, value in enumerate(named.values):
                if nth < _MOST_VALUES:
                    yield path[1:], f"[{value}]" if many else value
                else:
                    left.append(f"{'.'.join(path)}: {value}")
        elif is_leaf_type(named) and (
            source := self.source(path, targets) or self._whose(path, named)
        ):
            yield path[1:], QueryVariable(source, str(each.type))
        else:
            left.append(".".join(path))

    def _whose(self, path: tuple[str, ...], named: GraphQLNamedType) -> str:
        """The key of an account, for an id that is only named by a preposition: `of`, `for`."""
        accounts = sorted(self._words.accounts)
        if not accounts or named.name != "ID" or not set(words(path[-1])) <= _WHOSE:
            return ""
        return f"{accounts[0]}.{self._words.model.policy.resources[accounts[0]].key}"

    def _within(
        self,
        path: tuple[str, ...],
        steps: tuple[str, ...],
        type: GraphQLNamedType,
        value: Value,
        targets: Sequence[GraphQLObjectType],
    ) -> Value | None:
        """A value in its enclosing input objects, with their required members; None if one has no
        value."""
        if not steps or not is_input_object_type(type):
            return value
        given: list[tuple[str, Value]] = []
        for name, each in type.fields.items():
            made: Value | None = None
            if name == steps[0]:
                inner = get_named_type(each.type)
                made = self._within((*path, name), steps[1:], inner, value, targets)
            elif is_required_input_field(each):
                made = self._value((*path, name), each.type, targets)
            else:
                continue
            if made is None:
                return None
            given.append((name, made))
        return InputMembers(tuple(given))

    def choice(
        self, field: GraphQLField, targets: Sequence[GraphQLObjectType]
    ) -> tuple[str, Value] | None:
        """An optional argument that selects whose object to find."""
        for name, arg in field.args.items():
            if is_required_argument(arg) or name in self._params or _is_size(name, arg):
                continue
            named = get_named_type(arg.type)
            if is_input_object_type(named) and not is_list_type(get_nullable_type(arg.type)):
                members = self._members((name,), named.fields, targets)
                if members is not None and _has_hole(members):
                    return name, members
            elif is_leaf_type(named) and not is_enum_type(named):
                source = self._of_targets((name,), targets) or self._by_noun(name)
                if source:
                    return name, QueryVariable(source, str(arg.type))
        return None

    def _value(
        self, path: tuple[str, ...], type: GraphQLInputType, targets: Sequence[GraphQLObjectType]
    ) -> Value | None:
        inner = get_nullable_type(type)
        named = get_named_type(type)
        if is_enum_type(named):
            first = next(iter(named.values))
            return f"[{first}]" if is_list_type(inner) else first
        if is_input_object_type(named):
            return None if is_list_type(inner) else self._members(path, named.fields, targets)
        said = words(path[-1])
        if source := self.source(path, targets):
            return QueryVariable(source, str(type))
        if is_list_type(inner):
            return None
        if named.name == "Boolean":
            return "true"
        if named.name == "Int":
            return next((_NUMBERS[word] for word in said if word in _NUMBERS), None)
        return None

    def _members(
        self,
        path: tuple[str, ...],
        fields: Mapping[str, GraphQLInputField],
        targets: Sequence[GraphQLObjectType],
    ) -> InputMembers | None:
        if len(path) > _DEEPEST:
            return None
        found: list[tuple[str, Value]] = []
        for name, each in fields.items():
            if is_required_input_field(each):
                value = self._value((*path, name), each.type, targets)
                if value is None:
                    return None
                found.append((name, value))
        if not any(_has_hole(value) for _, value in found):
            found += self._select_member(path, fields, targets)
        return InputMembers(tuple(found)) if found else None

    def _select_member(
        self,
        path: tuple[str, ...],
        fields: Mapping[str, GraphQLInputField],
        targets: Sequence[GraphQLObjectType],
    ) -> list[tuple[str, Value]]:
        """One member of a filter that selects an object, the key first."""
        for name, each in sorted(fields.items(), key=lambda pair: not set(words(pair[0])) & _IDS):
            if is_non_null_type(each.type):
                continue
            inside = is_input_object_type(get_named_type(each.type))
            if inside and not self._of_targets((*path, name), targets):
                continue
            value = self._value((*path, name), each.type, targets)
            if value is not None and _has_hole(value):
                return [(name, value)]
        return []

    def source(self, path: tuple[str, ...], targets: Sequence[GraphQLObjectType]) -> str:
        """The `Resource.field` that fills an argument; empty if unknown."""
        name = _compared_name(path)
        return self._of_targets(path, targets) or self._by_noun(name) or self._text(name, targets)

    def _of_targets(self, path: tuple[str, ...], targets: Sequence[GraphQLObjectType]) -> str:
        """A field of the requested resource: its key, or the one with the argument's name."""
        name = _compared_name(path)
        said = words(name)
        for type in targets:
            resource = self._words.resource(type.name)
            rest = [word for word in said if word not in _BESIDE_IDS]
            nouns = {singular(word) for word in (*words(type.name), *words(resource))}
            means = all(word in _IDS or singular(word) in nouns for word in rest)
            key = self._key(type, rest) if means and set(rest) & _IDS else ""
            if key:
                return f"{resource}.{key}"
            for field in type.fields:
                own = words(field)
                same = own == said or (own == said[-len(own) :] and set(said[: -len(own)]) <= nouns)
                secret = classify_field(field) is FieldClass.SECRET
                if same and not secret and is_leaf_type(get_named_type(type.fields[field].type)):
                    return f"{resource}.{self._words.member(type.name, field)}"
        return ""

    def _key(self, type: GraphQLObjectType, said: Sequence[str]) -> str:
        """The key of a type as an argument names it: `uuid`, `id`, or the contract's key."""
        for wanted in (tuple(said[-1:]), ("id",)):
            for field in type.fields:
                if words(field) == wanted:
                    return self._words.member(type.name, field)
        return self._words.model.policy.resources[self._words.resource(type.name)].key

    def _by_noun(self, name: str) -> str:
        """The key of a resource that an argument names, `athleteId`, or of an account that it names
        as the owner of something."""
        said = words(name)
        if said in self._owners and (accounts := sorted(self._words.accounts)):
            return f"{accounts[0]}.{self._words.model.policy.resources[accounts[0]].key}"
        nouns = [singular(word) for word in said if word not in SAYS_AN_ID | _BESIDE_IDS | {"ids"}]
        if not nouns or len(nouns) == len(said):
            return ""
        resources = self._words.model.policy.resources
        for resource in resources.values():
            called = [resource.name, *sorted(resource.schemas)]
            if resource.key and any(_core(each) in (nouns, nouns[-1:]) for each in called):
                return f"{resource.name}.{resource.key}"
        accounts = sorted(self._words.accounts)
        if nouns[-1] in ACCOUNTS and accounts:
            return f"{accounts[0]}.{resources[accounts[0]].key}"
        return ""

    def _text(self, name: str, targets: Sequence[GraphQLObjectType]) -> str:
        """A text to search for: a name or title of the requested accounts or objects."""
        if not set(words(name)) & _TEXTS:
            return ""
        for type in targets:
            resource = self._words.resource(type.name)
            key = self._words.model.policy.resources[resource].key
            members = [self._words.member(type.name, field) for field in type.fields]
            handles = (each for each in members if classify_field(each) is FieldClass.HANDLE)
            titles = (each for each in members if words(each)[-1:] in _TITLES)
            owned = self._words.is_owned(resource)
            if found := next(handles, "") or next(titles, "" if owned else key):
                return f"{resource}.{found}"
        return ""


def _compared_name(path: tuple[str, ...]) -> str:
    """The name that says what is compared: of `where.id._eq` it is `id`."""
    for name in reversed(path):
        if not set(words(name)) <= _COMPARES:
            return name
    return path[-1]


def _is_size(name: str, arg: GraphQLArgument) -> bool:
    """Whether an argument says how many of a list are wanted."""
    number = get_named_type(arg.type).name.endswith("Int")
    return number and bool(set(words(name)) & _SIZES) and not is_list_type(arg.type)


def _has_hole(value: Value) -> bool:
    return any(True for _ in holes(value))


def _core(name: str) -> list[str]:
    parts = list(words(name))
    return [*parts[:-1], singular(parts[-1])] if parts else []
