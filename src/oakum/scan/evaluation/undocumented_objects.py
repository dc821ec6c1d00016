"""Recognises objects of known resources in responses that no document describes.

An old version, a page made for phones or a path that only a script contains may have a response of
any form. A value is an object of a resource if it is where the document puts one, or else if it has
the resource's key, its owner member and two further members. Names are compared word by word
(`rentNote` is `rent_note`), and a member of another name is a field if it holds what its owner is
shown in that field elsewhere. The other members are no fields: they are searched for misplaced
values, and only a member whose name says that it is personal is judged, as a field that nobody may
see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from oakum.authz import Leaf, Model
from oakum.authz.compiled_model import resources_in
from oakum.authz.member_paths import at_path
from oakum.authz.table import Trie
from oakum.exchange import Response
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.response_reader import Parsed, Reader, ResponseReader, read_as_declared
from oakum.exposure.values.knowledge import Knowledge, canonical, leaves_of, says_nothing
from oakum.http.json_pointer import Pointer
from oakum.inference.lexicon import FieldClass, classify_field, words
from oakum.openapi.model import Json, Shape
from oakum.openapi.shape_queries import element, member, member_by_name, member_names, merge
from oakum.policy.model import Resource
from oakum.policy.resource_schemas import resource_of
from oakum.scan.discovery.html_page import read_page

_MORE = 2
"""How many members besides key and owner identify an object of a resource."""
_DEEP = 60
_SHORT = 3
"""Shortest value in characters by which a renamed member is recognised."""
_PERSONAL = (
    FieldClass.SECRET, FieldClass.IDENTITY_DOCUMENT, FieldClass.CONTACT, FieldClass.PERSONAL,
    FieldClass.LOCATION,
)  # fmt: skip
_SPECIFIC = re.compile(r"@|(?:\d\D?){4}|[^\s]{16}")
"""Values that are specific to a person, and not a placeholder such as `hidden`."""
_MASKED = re.compile(r"[*•●·…]|(?i:x{3})")


@dataclass(frozen=True, eq=False)
class _Kind:
    """What objects of one resource look like."""

    resource: Resource
    shape: Shape
    trie: Trie
    names: Mapping[tuple[str, ...], str]
    """Words of a member's name → its name in the document or the contract."""

    @property
    def marks(self) -> set[str]:
        """Members that must be present: the key, and the first step to each owner id."""
        key = {self.resource.key} if self.resource.key else set()
        return key | self.owners

    @property
    def owners(self) -> set[str]:
        owner = self.resource.owner
        return {each.split(".")[0] for each in owner.members} if owner.kind == "field" else set()

    def name_of(self, key: str) -> str:
        """The declared name of a member; empty if unknown."""
        return key if key in self.names.values() else self.names.get(words(key), "")


@dataclass
class _OtherContents:
    """The parts of a response that are in no recognised object."""

    shown: tuple[tuple[Pointer, str], ...]
    likely: frozenset[str]
    """Resources that the endpoint is known to show."""
    page: bool = False
    """Whether it came in an HTML page with other data: its place then says little."""
    beside: list[Leaf] = field(default_factory=list)
    further: list[tuple[Json, Shape]] = field(default_factory=list)


class Likeness:
    """Makes readers for responses that no document describes."""

    def __init__(self, model: Model, knowledge: Knowledge) -> None:
        self._model = model
        self._knowledge = knowledge
        self._kinds = {name: kind for name in model.tables if (kind := _kind(model, name))}

    def reader(self, probe: Probe) -> Reader:
        """A tolerant reader for this endpoint's responses."""
        return partial(self._read, probe)

    def _read(self, probe: Probe, response: Response, parsed: Parsed) -> ResponseReader:
        plain = read_as_declared(probe.operation, response, parsed)
        shown = self._model.shown.get(probe.operation.id, ()) if response.status < 300 else ()
        found = _OtherContents(tuple(shown), frozenset(probe.shows))
        if isinstance(plain.value, str) and not response.is_json:
            media, found.page = probe.operation.success(), True
            data = read_page(plain.value).data
            seen = [self._see(each, media.shape if media else None, (), found) for each in data]
            found.shown = ()  # `shows` names places in JSON, and none in a web page
            found.beside.append(Leaf("", ("page",), plain.value, False))
            return _legible(seen, found, plain)
        value, shape = self._see(plain.value, plain.shape, (), found)
        if not found.further:
            return replace(plain, value=value, shape=shape, beside=tuple(found.beside))
        return _legible([(value, shape)], found, plain)

    # ----------------------------------------------------------- tree walk

    def _see(
        self, value: Json, shape: Shape | None, at: Pointer, found: _OtherContents
    ) -> tuple[Json, Shape]:
        """The value with names as in the document, and a shape that binds the recognised objects.

        Lists become objects with indices as names, so that each element has a shape of its own.
        """
        if not isinstance(value, dict | list) or len(at) > _DEEP:
            return value, Shape()
        if isinstance(value, dict) and (kind := self._kind_of(value, shape, at, found)):
            return self._fit(value, kind, at, found), kind.shape
        seen: dict[str, Json] = {}
        below: dict[str, Shape] = {}
        for key, child, declared in _children(value, shape):
            seen[key], below[key] = self._see(child, declared, (*at, key), found)
        return seen, _object(below)

    def _kind_of(
        self, value: dict[str, Json], shape: Shape | None, at: Pointer, found: _OtherContents
    ) -> _Kind | None:
        said = next((name for place, name in found.shown if _matches(place, at)), "")
        said = said or (resource_of(shape, self._model.bound) if shape else "")
        if said in self._kinds:
            kind = self._kinds[said]
            if any(kind.name_of(key) for key in value) and not found.page:
                return kind
        ranked: dict[tuple[bool, int], list[_Kind]] = {}
        for name, kind in self._kinds.items():
            likely = name in (said, *found.likely)
            if many := _likeness(value, kind, _MORE - likely):
                ranked.setdefault((likely, many), []).append(kind)
        best = ranked[max(ranked)] if ranked else []
        return best[0] if len(best) == 1 else None

    def _fit(
        self, value: dict[str, Json], kind: _Kind, at: Pointer, found: _OtherContents
    ) -> dict[str, Json]:
        """The object with names as in the document; its other members are set aside."""
        fitted: dict[str, Json] = {}
        left: dict[str, Json] = {}
        for key, child in value.items():
            name = kind.name_of(key)
            if name and (name not in fitted or key == name):
                below = member_by_name(kind.shape, name)
                fitted[name] = self._tidy(child, below, kind.trie.child(name), (*at, key), found)
            else:
                left[key] = child
        for key, child in left.items():
            if isinstance(child, dict | list):
                found.further.append(self._see(child, None, (*at, key), found))
            elif says_nothing(child):
                continue
            elif name := self._field_by_value(kind, child, fitted):
                fitted[name] = child
            elif classify_field(key) in _PERSONAL and self._is_own(child):
                fitted[key] = child
            else:
                found.beside.append(Leaf("", (*at, key), child, False))
        return fitted

    def _tidy(
        self,
        value: Json,
        shape: Shape | None,
        node: Trie | None,
        at: Pointer,
        found: _OtherContents,
    ) -> Json:
        """A part of an object, treated likewise; embedded resources as objects of their own."""
        if isinstance(value, list):
            each = element(shape) if shape else None
            star = node.child("*") if node else None
            return [
                self._tidy(child, each, star, (*at, str(nth)), found)
                for nth, child in enumerate(value)
            ]
        if not isinstance(value, dict) or len(at) > _DEEP:
            return value
        inner = self._kinds.get(resource_of(shape, self._model.bound)) if shape else None
        if inner is not None:
            return self._fit(value, inner, at, found)
        declared = member_names(shape) if shape else ()
        ruled = node.children if node else {}
        is_map = "*" in ruled or (shape is not None and shape.extra is not None)
        if is_map or not (declared or ruled):
            return value
        known = {words(each): each for each in (*declared, *ruled)}
        tidy: dict[str, Json] = {}
        for key, child in value.items():
            name = key if key in known.values() else known.get(words(key), "")
            if name and (name not in tidy or key == name):
                below = member(shape, name) if shape else None
                tidy[name] = self._tidy(
                    child, below, node.child(name) if node else None, (*at, key), found
                )
            else:
                found.beside += [Leaf("", (*at, key, *p), v, False) for p, v in leaves_of(child)]
        return tidy

    # -------------------------------------------------------------------- renamed members

    def _field_by_value(self, kind: _Kind, value: Json, taken: Mapping[str, Json]) -> str:
        """The one field of this resource in which somebody is shown this value elsewhere."""
        text = canonical(value)
        if isinstance(value, bool) or len(text) < _SHORT:
            return ""
        paths = {
            path
            for (_, resource, path), values in self._knowledge.own.items()
            if resource == kind.resource.name and text in values
        }
        path = paths.pop() if len(paths) == 1 else ""
        return path if path and "." not in path and path not in taken else ""

    def _is_own(self, value: Json) -> bool:
        """Whether a value is personal although no owner is shown it anywhere else."""
        text = canonical(value)
        specific = _SPECIFIC.search(text) and not _MASKED.search(text)
        return bool(specific) and not any(text in each for each in self._knowledge.own.values())


def _legible(
    seen: list[tuple[Json, Shape]], found: _OtherContents, plain: ResponseReader
) -> ResponseReader:
    """Several values of one response as one reader."""
    parts = [*seen, *found.further]
    values = {str(nth): each for nth, (each, _) in enumerate(parts)}
    shape = _object({str(nth): each for nth, (_, each) in enumerate(parts)})
    whole = _object({"parts": shape})  # two levels down, where no path of a contract matches
    return ResponseReader({"parts": values}, whole, tuple(found.beside), plain.whole)


def _kind(model: Model, name: str) -> _Kind | None:
    """What the documents declare of a resource; None where they tell too little to know it by."""
    table = model.tables[name]
    schema = next((each for each, bound in sorted(model.bound.items()) if bound == name), "")
    if not schema:
        return None
    shapes = {id(each): each for each in _shapes(model, name)}
    whole = merge([*shapes.values()]) if shapes else Shape()
    below = {key: member(whole, key) or Shape() for key in member_names(whole)}
    star = member(whole, "*") if not below else None
    shape = replace(
        _object(below), names=frozenset({schema}), extra=partial(_same, star) if star else None
    )
    known = [*below, *(each for each in table.trie.children if each not in ("*", "**"))]
    return _Kind(table.resource, shape, table.trie, {words(each): each for each in known})


def _shapes(model: Model, name: str) -> Iterator[Shape]:
    """Every declared shape of a resource in a response."""
    for operation in model.operations.values():
        for media in (each for answers in operation.responses.values() for each in answers):
            for found, shape in resources_in(media.shape, model.bound) if media.shape else ():
                if found == name:
                    yield shape
        success = operation.success()
        for segments, found in model.shown.get(operation.id, ()):
            at = success.shape if success else None
            for segment in segments if found == name else ():
                at = member(at, segment) if at else None
            if at is not None and found == name:
                yield at


def _likeness(value: dict[str, Json], kind: _Kind, more: int) -> int:
    """How many members an object has in common with a resource; 0 if too few to recognise it."""
    names = {name: key for key in value if (name := kind.name_of(key))}
    if not kind.resource.key:
        more += 1
    key = value.get(names.get(kind.resource.key, ""))
    marked = kind.marks <= names.keys() and not isinstance(key, dict | list | bool)
    renamed = {name: value[key] for name, key in names.items()}
    owner = kind.resource.owner
    owned = owner.kind != "field" or any(
        each is not None for path in owner.members for each in at_path(renamed, path)
    )
    others = len(set(kind.names.values()) - kind.marks)
    enough = len(names.keys() - kind.marks) >= max(1, min(more, others))
    return len(names) if marked and owned and enough else 0


def _children(
    value: dict[str, Json] | list[Json], shape: Shape | None
) -> Iterator[tuple[str, Json, Shape | None]]:
    if isinstance(value, list):
        each = element(shape) if shape else None
        yield from ((str(nth), child, each) for nth, child in enumerate(value))
    else:
        for key, child in value.items():
            yield key, child, member_by_name(shape, key) if shape else None


def _object(below: Mapping[str, Shape]) -> Shape:
    kinds = frozenset({"object"})
    return Shape(kinds=kinds, properties={key: partial(_same, each) for key, each in below.items()})


def _same(shape: Shape) -> Shape:
    return shape


def _matches(segments: Pointer, at: Pointer) -> bool:
    return len(segments) == len(at) and all(
        want in ("*", got) for want, got in zip(segments, at, strict=True)
    )
