"""Maps types of a schema to the contract's resources and fields.

If the policy names the schema, a type is the resource of the same name. A schema from introspection
is matched by words: `UserType.birthDate` is `User.birth_date`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from graphql import (
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
)

from oakum.authz import Model
from oakum.exposure.values.knowledge import canonical
from oakum.inference.lexicon import FieldClass, classify_field, singular, word_set, words
from oakum.inference.path_nouns import ACCOUNTS
from oakum.openapi.model import Json
from oakum.scan.graphql.selection_sets import Pick

_AFFIXES = word_set("dto entity gql graph graphql model node object output payload record type")
"""Words that frameworks put around the name of a thing."""
_DULL = (FieldClass.PLAIN, FieldClass.KEY, FieldClass.HANDLE)


class Vocabulary:
    """Maps names of a schema, with cached results. `stated`: the policy is about this schema."""

    def __init__(self, model: Model, schema: GraphQLSchema | None, *, stated: bool) -> None:
        self.model = model
        self.schema = schema
        self._stated = stated
        self._resources: dict[str, str] = {}
        self._members: dict[tuple[str, str], str] = {}

    @cached_property
    def nouns(self) -> frozenset[str]:
        """Words with which the types of the schema are called."""
        types = self.schema.type_map if self.schema else {}
        return frozenset(singular(word) for name in types for word in words(name))

    def resource(self, type: str) -> str:
        """The resource that a type represents; empty if none."""
        if type not in self._resources:
            exact = self.model.bound.get(type, "")
            self._resources[type] = exact if exact or self._stated else self._find_resource(type)
        return self._resources[type]

    def schema_name(self, type: str) -> frozenset[str]:
        """Schema names by which a type's shape is recognised as its resource."""
        name = self.resource(type)
        schemas = sorted(self.model.policy.resources[name].schemas) if name else []
        return frozenset((type, *([] if type in self.model.bound else schemas[:1])))

    def _find_resource(self, type: str) -> str:
        wanted = _core(type)
        for known, resource in self.model.bound.items():
            if wanted and wanted in (_core(known), _core(resource)):
                return resource
        accounts = self.accounts
        if len(accounts) == 1 and len(wanted) == 1 and wanted[0] in ACCOUNTS:
            return next(iter(accounts))
        return ""

    @cached_property
    def accounts(self) -> frozenset[str]:
        """Resources whose objects are accounts."""
        return frozenset(
            name for name, each in self.model.policy.resources.items() if each.is_account
        )

    def is_account(self, type: str) -> bool:
        """Whether objects of this type are accounts."""
        return self.resource(type) in self.accounts

    def is_owned(self, resource: str) -> bool:
        """Whether objects of a resource belong to anybody."""
        each = self.model.policy.resources.get(resource)
        return each is not None and each.owner.kind != "none"

    def objects(self, type: GraphQLNamedType) -> list[GraphQLObjectType]:
        """Possible object types of a type, resources first."""
        if is_object_type(type):
            return [type]
        if self.schema is None or not is_abstract_type(type):
            return []
        possible = self.schema.get_possible_types(type)
        return sorted(possible, key=lambda each: (not self.resource(each.name), each.name))

    # ------------------------------------------------------------- reachable types

    @cached_property
    def leading_types(self) -> frozenset[str]:
        """Types that are a resource or contain one at any depth."""
        below: dict[str, set[str]] = {}
        for name, type in self.schema.type_map.items() if self.schema else ():
            below[name] = {each.name for each in self.objects(type)} - {name}
            if is_object_type(type):
                below[name] = {get_named_type(each.type).name for each in type.fields.values()}
        found = {name for name in below if self.resource(name)}
        while more := {name for name, next in below.items() if name not in found and next & found}:
            found |= more
        return frozenset(found)

    def targets(self, type: GraphQLNamedType) -> list[GraphQLObjectType]:
        """The first resources that can be reached from a type through types without an owner, such
        as wrappers and pages."""
        waiting, seen = self.objects(type), set[str]()
        found: list[GraphQLObjectType] = []
        for each in waiting:
            if each.name in seen:
                continue
            seen.add(each.name)
            if self.resource(each.name):
                found.append(each)
                if self.is_owned(self.resource(each.name)):
                    continue
            for field in each.fields.values():
                end = get_named_type(field.type)
                if end.name in self.leading_types:
                    waiting += self.objects(end)
        return found

    def types_by_name(self, field: str) -> list[GraphQLObjectType]:
        """Types of owned resources with a key that the name of a field says, else all such."""
        known = self.schema.type_map.values() if self.schema else ()
        owned = [
            type
            for type in known
            if is_object_type(type)
            and self.is_owned(resource := self.resource(type.name))
            and self.model.policy.resources[resource].key
        ]
        said = {singular(word) for word in words(field)}
        return [type for type in owned if said.issuperset(_core(type.name)[-1:])] or owned

    def member(self, type: str, field: str) -> str:
        """The contract's name of a field."""
        place = (type, field)
        if place not in self._members:
            self._members[place] = field
            resource = self.resource(type)
            if resource and not self._stated:
                self._members[place] = self._field_name(type, resource, field)
        return self._members[place]

    def _field_name(self, type: str, resource: str, field: str) -> str:
        names = self._names(resource)
        if field in names:
            return field
        same = next((name for name in names if words(name) == words(field)), "")
        key = self.model.policy.resources[resource].key
        if not same and key and words(field) == ("id",):
            own = self.schema.get_type(type) if self.schema else None
            others = own.fields if own is not None and is_object_type(own) else {}
            if not any(words(each) == words(key) for each in others):
                return key
        return same or field

    def _names(self, resource: str) -> Mapping[str, None]:
        """Members that the contract or the document knows of a resource."""
        each = self.model.policy.resources[resource]
        paths = [*self.model.tables[resource].leaves, each.key, *self.needs(resource)]
        return dict.fromkeys(path.split(".")[0] for path in paths if path)

    def needs(self, resource: str) -> Iterator[str]:
        """Paths to an object's key, owner and state, without which it cannot be judged."""
        policy = self.model.policy
        each = policy.resources[resource]
        yield from (path for path in (each.key, *each.owner.members) if path)
        yield from (state.member for state in each.states.values() if state.member)
        for name in policy.required_relations(*self.model.tables[resource].relations):
            if policy.relations[name].member:
                yield policy.relations[name].member

    def required_fields(self, type: GraphQLObjectType) -> list[tuple[str, ...]]:
        """`needs` as nested fields of a type; without an owner path, the only field that leads to
        an account."""
        resource = self.resource(type.name)
        if not resource:
            return []
        found = [self._fields(type, path) for path in self.needs(resource)]
        if way := self.owner_way(type):
            found.append(way)
        return [path for path in dict.fromkeys(found) if path]

    def owner_way(self, type: GraphQLObjectType) -> tuple[str, ...]:
        """Path to the account of an object's owner, if the contract's own path does not exist
        here."""
        resource = self.model.policy.resources[self.resource(type.name)]
        if resource.owner.kind != "field" or self.is_account(type.name):
            return ()
        if any(self._fields(type, path) for path in resource.owner.members):
            return ()
        ways = [
            (name, *self._key_of(end)[:1])
            for name, each in type.fields.items()
            for end in [get_nullable_type(each.type)]
            if is_object_type(end) and self.is_account(end.name) and not each.args
        ]
        return ways[0] if len(ways) == 1 and len(ways[0]) == 2 else ()

    def tells_owner(self, type: GraphQLObjectType) -> bool:
        """Whether objects of an owned type say themselves whose they are."""
        owner = self.model.policy.resources[self.resource(type.name)].owner
        if self.is_account(type.name):
            return True
        told = any(self._fields(type, path) for path in owner.members)
        return owner.kind == "field" and (told or bool(self.owner_way(type)))

    def key_in(self, data: Mapping[str, Json], pick: Pick) -> str:
        """Key of the single object that a root shows; empty if none came."""
        value = data.get(pick.key)
        type = self.schema.get_type(pick.ends) if self.schema else None
        if not isinstance(value, dict) or not is_object_type(type):
            return ""
        found = next((value.get(name) for name in self._key_of(type)), None)
        plain = isinstance(found, str | int) and not isinstance(found, bool)
        return canonical(found) if plain else ""

    def _key_of(self, type: GraphQLObjectType) -> list[str]:
        key = self.model.policy.resources[self.resource(type.name)].key
        return [name for name in type.fields if self.member(type.name, name) == key]

    def _fields(self, type: GraphQLObjectType, path: str) -> tuple[str, ...]:
        """A path of the contract as fields of the schema; empty if the type does not have it."""
        found: list[str] = []
        at: GraphQLNamedType = type
        for segment in path.split("."):
            if segment == "*":
                continue
            if not is_object_type(at):
                return ()
            name = next((n for n in at.fields if self.member(at.name, n) == segment), "")
            if not name or any(is_required_argument(arg) for arg in at.fields[name].args.values()):
                return ()
            found.append(name)
            at = get_named_type(at.fields[name].type)
        return tuple(found) if is_leaf_type(at) else ()

    def is_worth(self, type: str, field: str) -> bool:
        """Whether to select a field: known to the policy, or personal by its name."""
        resource = self.resource(type)
        if self._stated or not resource:
            return True
        known = self.member(type, field) in self._names(resource)
        return known or classify_field(field) not in _DULL


def _core(name: str) -> tuple[str, ...]:
    """The words of a name without those that frameworks put around it."""
    parts = words(name)
    kept = tuple(part for part in parts if part not in _AFFIXES) or parts
    return (*kept[:-1], singular(kept[-1])) if kept else ()
