"""Guesses which field's values fill a parameter: `{userId}` takes a `User.id`.

Names decide: the words of the parameter without those that only say "id", or the path segment
before it. A parameter without a guess is left out, and so is its endpoint.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from oakum.http.methods import READS
from oakum.inference.lexicon import FieldClass, classify_field, label_field, words
from oakum.inference.lexicon_phrases import PICTURE
from oakum.inference.object_version_names import names_version, version_member
from oakum.inference.path_nouns import (
    ACCOUNTS,
    COUNTS,
    SAYS_A_TEXT,
    is_segment,
    noun_of_path,
    nouns,
    parameter_after,
    parameter_before,
)
from oakum.inference.path_parameter_identifiers import formed_as, named_after
from oakum.inference.response_objects import LINK
from oakum.openapi.document import Document
from oakum.openapi.model import Operation, Parameter, Shape
from oakum.openapi.schema import children, elements
from oakum.openapi.shape_queries import enum_values
from oakum.policy.model import Policy, Resource
from oakum.policy.parser import NOTHING
from oakum.policy.resource_schemas import view

_PART = frozenset(("name", "slug"))
"""Names that identify an object among those of the preceding one in a path."""
_IDS = {"id", "uuid", "guid", "key"}


def infer_params(document: Document, policy: Policy) -> dict[str, dict[str, str]]:
    """Operation id → parameter → `Resource.field`, for path parameters and required query
    parameters, and for the version that a write has to send."""
    resources = _Resources(document, policy)
    found: dict[str, dict[str, str]] = {}
    for operation in document.operations:
        filled = {}
        for parameter in operation.parameters:
            owner = parameter.where == "query" and parameter.name in policy.owners_in_query
            required = parameter.where == "query" and parameter.required
            state = _is_state(operation, parameter)
            if parameter.where == "path" or required or owner or state:
                of = resources.state if state else resources.meaning_of
                target = of(operation, parameter)
                target = target or (resources.account() if owner else "")
                if target and not (parameter.where != "path" and _is_given(parameter)):
                    filled[parameter.name] = target
        if filled:
            found[operation.id] = filled
    return _alike(document, found)


def _alike(document: Document, found: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The same, and what no operation says of itself where another says it of the same place: a
    `DELETE /nodes/{id}` and all below take what the answer of `GET /nodes/{id}` tells. A place
    without a noun before it may be anything: `/v1/{name}`."""
    meant: dict[str, set[str]] = {}
    for operation in document.operations:
        for name in _in_path(operation):
            if target := found.get(operation.id, {}).get(name, ""):
                meant.setdefault(_place(operation.path, name), set()).add(target)
    filled = {}
    for operation in document.operations:
        own = dict(found.get(operation.id, {}))
        for name in _in_path(operation):
            place = _place(operation.path, name)
            known = meant.get(place, set())
            if name not in own and len(known) == 1 and noun_of_path(place):
                own[name] = next(iter(known))
        if own:
            filled[operation.id] = own
    return filled


def _place(path: str, parameter: str) -> str:
    """A path up to a parameter."""
    before, name, _ = path.partition("{" + parameter + "}")
    return before + name


@dataclass(frozen=True)
class ParameterValues:
    """The `params` of a draft: common ones, and those of each operation."""

    by_operation: Mapping[str, Mapping[str, str]]
    usual: Mapping[str, str] = field(default_factory=dict)
    """Path parameter → `Resource.field`, for the top-level `params`."""

    def own(self, operation: Operation) -> dict[str, str]:
        """The `params` of one operation that differ from the common ones."""
        filled = self.by_operation.get(operation.id, {})
        usual = {name: self.usual[name] for name in _in_path(operation) if name in self.usual}
        said = {n: target for n, target in filled.items() if usual.get(n) != target}
        return said | {name: NOTHING for name in usual if name not in filled}


def usual_params(document: Document, params: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Path parameter → the field that fills it in most operations, if stating it once is shorter
    than in each."""
    meant: dict[str, Counter[str]] = {}
    for operation in document.operations:
        filled = params.get(operation.id, {})
        for name in _in_path(operation):
            meant.setdefault(name, Counter())[filled.get(name, "")] += 1
    found = {}
    for name, counts in meant.items():
        unknown = counts.pop("", 0)
        target, often = max(counts.items(), key=itemgetter(1), default=("", 0))
        if often > unknown + 1:
            found[name] = target
    return found


def _in_path(operation: Operation) -> list[str]:
    return [each.name for each in operation.parameters if each.where == "path"]


def _is_state(operation: Operation, parameter: Parameter) -> bool:
    """Whether a write has to say with it on which state of its object it is based."""
    asked = parameter.required and parameter.where in ("query", "header")
    return asked and operation.method not in READS and names_version(parameter.name)


def _is_name(member: str, shape: Shape) -> bool:
    """Whether a path may name an object by this handle: by its slug, not by its picture."""
    label = label_field(member, shape)
    pictured = shape.format == "uri" or label.reason.endswith(PICTURE)
    return label.kind is FieldClass.HANDLE and not pictured


def _is_given(parameter: Parameter) -> bool:
    """Whether the document itself gives a value to send, or values to choose from, of what does not
    call itself an id."""
    shape = parameter.shape
    given = (parameter.example, parameter.default, shape.example, *enum_values(shape))
    chosen = shape.kinds - {"null"} == {"boolean"} or None not in (shape.minimum, shape.maximum)
    known = chosen or any(each is not None for each in given)
    return known and _IDS.isdisjoint(words(parameter.name)[-1:])


class _Resources:
    """The resources of a policy by the nouns that mean them, with their declared members."""

    def __init__(self, document: Document, policy: Policy) -> None:
        self._seen = seen = view(document, policy)
        self._sent: dict[str, dict[str, None]] = {}
        """Operation id to the resources that it sends, in the order of the policy."""
        for sent, operations in seen.endpoints.items():
            for id in operations:
                self._sent.setdefault(id, {})[sent] = None
        self._members: Mapping[str, dict[str, Shape]] = {
            name: {n: s for shape in shapes for n, s in children(shape).items() if is_segment(n)}
            for name, shapes in seen.shapes.items()
        }
        self._no_secrets: dict[str, dict[str, Shape]] = {}
        self._by_noun: dict[str, Resource] = {}
        asked = document.operation(policy.caller.operation)
        for resource in policy.resources.values():
            if resource.is_account:  # accounts, or views of them
                told = asked is not None and asked.id in seen.endpoints[resource.name]
                for noun in ACCOUNTS if told else ACCOUNTS - self._by_noun.keys():
                    self._by_noun[noun] = resource
        for resource in policy.resources.values():
            self._by_noun["_".join(words(resource.name))] = resource

    def account(self) -> str:
        """The key of the account; empty if several resources may be it."""
        found = [each for each in self._by_noun.values() if each.is_account]
        names = {f"{each.name}.{each.key}" for each in found}
        return names.pop() if len(names) == 1 else ""

    def meaning_of(self, operation: Operation, parameter: Parameter) -> str:
        """`Resource.field`, or "" if the parameter's meaning is unknown or a secret."""
        if classify_field(parameter.name) is FieldClass.SECRET:
            return ""
        if beside := self._beside(operation.path, parameter.name):
            return beside
        if shown := self._key_of_shown(operation, parameter):
            return shown
        for noun in nouns(operation.path, parameter.name):
            resource = self._by_noun.get(noun)
            if resource is not None and (field := self._field(resource, parameter, operation.path)):
                return f"{resource.name}.{field}"
        sent = self._sent.get(operation.id, {})
        if any(parameter.name in self._members[name] for name in sent):
            for name in dict.fromkeys((*self._outermost(operation), *sent)):
                if name in sent and parameter.name in self._members[name]:
                    return f"{name}.{parameter.name}"
        return self._key_by_prefix(operation, parameter)

    def _key_of_shown(self, operation: Operation, parameter: Parameter) -> str:
        """The key of the one object that an operation shows, for a parameter of the query that is
        called as it: `GET /member/newsletters?uuid=` shows a member."""
        media = operation.success() if parameter.where == "query" else None
        name = self._seen.resource_of(media.shape) if media is not None and media.shape else ""
        key = self._by_noun["_".join(words(name))].key if name else ""
        return f"{name}.{key}" if key and key == parameter.name else ""

    def state(self, operation: Operation, parameter: Parameter) -> str:
        """The member that tells the state of the object which the path names."""
        found = [each for each in operation.parameters if each.where == "path"]
        name = self.meaning_of(operation, found[-1]).partition(".")[0] if found else ""
        member = version_member(parameter.name, name, self._members.get(name, ()))
        return f"{name}.{member}" if member else ""

    def _key_by_prefix(self, operation: Operation, parameter: Parameter) -> str:
        """The key of the object that a GET returns, if its last path parameter is named after the
        first words of that object's schema: `{label_id}` of a `LabelType`."""
        said = tuple(word for word in words(parameter.name) if word not in _IDS)
        last = operation.path.rstrip("/").endswith(f"/{{{parameter.name}}}")
        media = operation.success() if operation.method == "GET" and last and said else None
        name = self._seen.resource_of(media.shape) if media is not None and media.shape else ""
        if not name or words(name)[: len(said)] != said:
            return ""
        resource = self._by_noun["_".join(words(name))]
        field = self._field(resource, parameter, operation.path)
        return f"{name}.{field}" if field else ""

    def _beside(self, path: str, parameter: str) -> str:
        """The field for a parameter that names an object together with the one after it: both are
        then of one object."""
        after = parameter_after(path, parameter)
        for noun in nouns(path, after) if after else ():
            resource = self._by_noun.get(noun)
            for member in self._members[resource.name] if resource is not None else ():
                if resource is not None and words(member) == words(parameter):
                    return f"{resource.name}.{member}"
        return ""

    def _outermost(self, operation: Operation) -> list[str]:
        """The resources of an answer that stand in no other, before what they embed: `{id}` is the
        key of the note, and not of its author's avatar."""
        media = operation.success()
        level = [media.shape] if media is not None and media.shape is not None else []
        found: dict[str, None] = {}
        done: set[Shape] = set()
        while level:
            inner: list[Shape] = []
            for each in level:
                if name := self._seen.embedded_resource(each):
                    found.setdefault(name)
                else:
                    inner += [*children(each).values(), *filter(None, [elements(each)])]
            done.update(level)
            level = [each for each in dict.fromkeys(inner) if each not in done]
        return list(found)

    def _public_members(self, name: str) -> dict[str, Shape]:
        """The members of a resource that are no secret."""
        if name not in self._no_secrets:
            self._no_secrets[name] = {
                member: shape
                for member, shape in self._members[name].items()
                if classify_field(member) is not FieldClass.SECRET
            }
        return self._no_secrets[name]

    def _field(self, resource: Resource, parameter: Parameter, path: str) -> str:
        """The field of the parameter's own name, a handle where it says no id, or else the key. A
        parameter that counts takes what counts in the object; the second of a pair, its name."""
        members = self._members[resource.name]
        said = words(parameter.name)
        shown = self._public_members(resource.name)
        name = named_after(parameter.name, shown)
        noun = "_".join(words(resource.name))
        if found := formed_as(parameter, shown, name or resource.key, noun, self._by_noun) or name:
            return found
        other = _PART if parameter_before(path, parameter.name) else frozenset[str]()
        other |= COUNTS if not COUNTS.isdisjoint(said[-1:]) else frozenset()
        for member in members if _IDS.isdisjoint(said) else ():
            if not other.isdisjoint(words(member)) and len(words(member)) == 1:
                return member
        key = members.get(resource.key, Shape())
        counted = key.kinds == {"integer"} and parameter.shape.kinds == {"string"}
        if said and (said[-1] in SAYS_A_TEXT or (counted and not _IDS.intersection(said))):
            return next((m for m in members if _is_name(m, members[m])), resource.key)
        return resource.key if resource.key != LINK else ""  # a URL cannot fill a path segment
