"""Learns the shape of bodies one at a time: places, types, formats and counts, never values.

The result may be printed. A value is read once, for its type and format, and not kept. A name is
kept while it may be the name of a member, and printed only if a document declares it, or if it is a
word and recurs (`legible`), since the keys of a map may be personal data.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from oakum.openapi.model import Json

KEY = "‹key›"
"""Placeholder for a name that may be personal data."""
_MOST_NAMES = 400
"""Most names of one object; with more it counts as a map."""
_FEWEST = 3
"""Number of similar objects under different keys that count as a map, whatever the keys look
like."""
_MOST_ELEMENTS = 200
"""Most elements examined in one list."""
_MAX_DEPTH = 100
"""Greatest depth at which values are examined."""
_SCHEMA_FORMATS = frozenset(("uuid", "date-time", "date", "email", "uri"))
_NAME = re.compile(r"(?!(?:.*[0-9]){5})[A-Za-z_$@][A-Za-z0-9_$.-]{0,47}")
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("uuid", re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
    (
        "date-time",
        re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"),
    ),
    ("date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("email", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")),
    ("uri", re.compile(r"https?://\S+")),
)


@dataclass
class ObservedValues:
    """The values observed at one place in all bodies."""

    kinds: Counter[str] = field(default_factory=Counter)
    """JSON type → number of values."""
    forms: Counter[str] = field(default_factory=Counter)
    """Format → number of strings; "" for none."""
    members: dict[str, ObservedValues] = field(default_factory=dict)
    element: ObservedValues | None = None
    """The elements of a list, or the values of a map."""
    overfull: bool = False
    """Whether it had so many names that it can only be a map."""

    def learn(self, value: Json, depth: int = 0) -> None:
        """Counts the types of a value and, down to a limited depth, those of its members and
        elements."""
        match value:
            case None:
                self.kinds["null"] += 1
            case bool():
                self.kinds["boolean"] += 1
            case int():
                self.kinds["integer"] += 1
            case float():
                self.kinds["number"] += 1
            case str():
                self.kinds["string"] += 1
                self.forms[form(value)] += 1
            case list():
                self.kinds["array"] += 1
                for each in value[:_MOST_ELEMENTS] if depth < _MAX_DEPTH else ():
                    self._element().learn(each, depth + 1)
            case dict():
                self.kinds["object"] += 1
                if depth < _MAX_DEPTH:
                    self._object(value, depth)

    def _object(self, value: dict[str, Json], depth: int) -> None:
        for name, child in value.items():
            if not self.overfull and name not in self.members and len(self.members) >= _MOST_NAMES:
                self._collapse()
            at = self._element() if self.overfull else self.members.get(name)
            if at is None:
                at = self.members[name] = ObservedValues()
            at.learn(child, depth + 1)

    def _element(self) -> ObservedValues:
        if self.element is None:
            self.element = ObservedValues()
        return self.element

    def _collapse(self) -> None:
        self.overfull = True
        for each in self.members.values():
            self._element().add(each)
        self.members = {}

    def add(self, other: ObservedValues) -> None:
        """Adds the counts of another shape."""
        self.kinds.update(other.kinds)
        self.forms.update(other.forms)
        if other.element is not None:
            self._element().add(other.element)
        if other.overfull and not self.overfull:
            self._collapse()
        for name, each in other.members.items():
            at = (
                self._element()
                if self.overfull
                else self.members.setdefault(name, ObservedValues())
            )
            at.add(each)
        if len(self.members) > _MOST_NAMES:
            self._collapse()

    @property
    def value_count(self) -> int:
        """The number of values observed here."""
        return self.kinds.total()

    @property
    def form(self) -> str:
        """The format common to all strings here; empty: none."""
        return next(iter(self.forms)) if len(self.forms) == 1 else ""

    @property
    def is_map(self) -> bool:
        """Whether this object is a map: it has no names, all its values are similar objects, or
        each name is rare."""
        if self.overfull:
            return True
        if not self.members:
            return False
        if not any(_NAME.fullmatch(name) for name in self.members):
            return True
        if self._alike():
            return True
        objects, most = (
            self.kinds["object"],
            max(each.value_count for each in self.members.values()),
        )
        return len(self.members) >= 12 and objects >= 4 and most * 4 <= objects

    def _alike(self) -> bool:
        """Whether only objects with the same names occur here, and several of them."""
        inside = list(self.members.values())
        first = inside[0].members.keys()
        return (
            len(inside) >= _FEWEST
            and bool(first)
            and all(e.members.keys() == first and e.kinds.keys() == {"object"} for e in inside)
        )

    def _by_turns(self) -> frozenset[str]:
        """Names that few objects here have, each with the same below it, where most objects have
        one of them: keys, of which each object has its own."""
        objects = self.kinds["object"]
        turns: dict[tuple[frozenset[str], frozenset[str]], list[str]] = {}
        for name, each in self.members.items():
            if each.value_count * 4 <= objects:
                alike = frozenset(each.kinds), frozenset(each.members)
                turns.setdefault(alike, []).append(name)
        found = set[str]()
        for (_, below), names in turns.items():
            seen = sum(self.members[name].value_count for name in names)
            # Scalars look alike by chance, so for them each object may have only one such member.
            most, least = (objects * 2, 3) if below else (objects, 4)
            if objects >= 4 and least * objects <= seen * 5 and seen <= most:
                found.update(names)
        return frozenset(found)

    def legible(self, declared: frozenset[str]) -> Iterator[tuple[str, ObservedValues]]:
        """(name, values) for names that may be reported; all others together as `‹key›`."""
        rest = ObservedValues()
        hide, turns = self.is_map, self._by_turns()
        for name, child in sorted(self.members.items()):
            recurs = child.value_count > 1 or self.kinds["object"] < 8
            if name in declared or (
                not hide and recurs and name not in turns and _NAME.fullmatch(name)
            ):
                yield name, child
            else:
                rest.add(child)
        if self.overfull and self.element is not None:
            rest.add(self.element)
        if rest.value_count:
            yield KEY, rest

    def fields(
        self, declared: frozenset[str], path: str = ""
    ) -> Iterator[tuple[str, ObservedValues, int]]:
        """(field path, values, number of objects that could have had it), leaves only; `*` for
        elements and map keys."""
        for name, child in self.legible(declared):
            step = "*" if name == KEY else name
            yield from child.leaves(declared, f"{path}.{step}".lstrip("."), self.kinds["object"])
        if self.element is not None and self.kinds["array"] and not self.overfull:
            yield from self.element.leaves(declared, f"{path}.*".lstrip("."), 0)

    def leaves(
        self, declared: frozenset[str], path: str, around: int
    ) -> Iterator[tuple[str, ObservedValues, int]]:
        """As `fields`, for the places with scalars at and below this one."""
        if self.kinds.keys() - {"object", "array"} or not (self.members or self.element):
            yield path, self, around or self.value_count
        yield from self.fields(declared, path)


def form(text: str) -> str:
    """The format of a text as OpenAPI names it (JSON Schema 2020-12, 7.3); empty: none."""
    if len(text) > 200 or not ("-" in text or "@" in text or ":" in text):
        return ""
    return next((name for name, pattern in _FORMS if pattern.fullmatch(text)), "")


def schema(learnt: ObservedValues) -> Json:
    """A JSON Schema (2020-12) of the values observed at a place."""
    types = sorted(learnt.kinds)
    if "number" in types and "integer" in types:
        types.remove("integer")
    made: dict[str, Json] = {}
    if types:
        made["type"] = types[0] if len(types) == 1 else types
    if learnt.form in _SCHEMA_FORMATS:
        made["format"] = learnt.form
    if learnt.kinds["object"]:
        _object(learnt, made)
    if learnt.kinds["array"]:
        inside = learnt.element
        made["items"] = schema(inside) if inside is not None and not learnt.overfull else {}
    return made


def _object(learnt: ObservedValues, made: dict[str, Json]) -> None:
    properties: dict[str, Json] = {}
    required = []
    for name, child in learnt.legible(frozenset()):
        if name == KEY:
            made["additionalProperties"] = schema(child)
            continue
        properties[name] = schema(child)
        if child.value_count >= learnt.kinds["object"]:
            required.append(name)
    if properties:
        made["properties"] = properties
    if required:
        made["required"] = required
