"""Fills the arguments of a field: own ids by name, else constants.

An optional argument is left out, unless it is the size of a page. A field is not queried if a
required argument has no known value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputType,
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

from oakum.inference.lexicon import FieldClass, classify_field, listed, singular, words
from oakum.inference.nouns import ACCOUNTS, SAYS_A_TEXT, SAYS_AN_ID
from oakum.scan.graphql.picks import Hole, Members, Value, holes
from oakum.scan.graphql.vocabulary import Vocabulary

_SIZES = listed("first limit size take top max count amount")
_OTHER_END = listed("last")
_NUMBERS = {"page": "1", "offset": "0", "skip": "0", "start": "0", "depth": "1"}
_COMPARES = listed("eq equals is in value exact iexact")
"""Members of a filter that name no field: `{id: {_eq: …}}`."""
_BESIDE_IDS = listed("by global input node of pk relay where")
_IDS = listed("guid id ids key pk uuid")
_TEXTS = SAYS_A_TEXT | listed("contains input like phrase prefix starts text value with")
_TITLES = frozenset((each,) for each in ("title", "name", "subject", "headline", "label"))
"""Last words of members that say what an object is called."""
_DEEPEST = 3
"""Of input objects within input objects."""

Given = tuple[tuple[str, Value], ...]


class Arguments:
    """Fills arguments. `params`: the contract's own word of what fills one, by its name."""

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

    def given(
        self, called: str, field: GraphQLField, targets: Sequence[GraphQLObjectType], page: int
    ) -> Given | None:
        """Arguments for a field that leads to `targets`; None if one has no value."""
        found: list[tuple[str, Value]] = []
        for name, arg in field.args.items():
            said = self._params.get(f"{called}.{name}") or self._params.get(name)
            if said:
                found.append((name, Hole(said, str(arg.type))))
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

    def optional(self, field: GraphQLField) -> list[str]:
        """Arguments that a query need not have, but for how many of a list are wanted."""
        return [
            name
            for name, arg in field.args.items()
            if not is_required_argument(arg) and not _is_size(name, arg)
        ]

    def choosing(
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
                    return name, Hole(source, str(arg.type))
        return None

    # ------------------------------------------------------------ values

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
            return Hole(source, str(type))
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
    ) -> Members | None:
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
            found += self._chosen(path, fields, targets)
        return Members(tuple(found)) if found else None

    def _chosen(
        self,
        path: tuple[str, ...],
        fields: Mapping[str, GraphQLInputField],
        targets: Sequence[GraphQLObjectType],
    ) -> list[tuple[str, Value]]:
        """One member of a filter that tells whom to look for; the key first."""
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

    # ------------------------------------------------------------ sources

    def source(self, path: tuple[str, ...], targets: Sequence[GraphQLObjectType]) -> str:
        """The `Resource.field` that fills an argument; empty if unknown."""
        name = _named(path)
        return self._of_targets(path, targets) or self._by_noun(name) or self._text(name, targets)

    def _of_targets(self, path: tuple[str, ...], targets: Sequence[GraphQLObjectType]) -> str:
        """A field of what is looked for: its key, or one of the argument's own name."""
        name = _named(path)
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
        """The key of a type as an argument names it: its `uuid`, its `id`, else the contract's."""
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
        """A text to search for: what those are called who are looked for, or their objects."""
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


def _named(path: tuple[str, ...]) -> str:
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
