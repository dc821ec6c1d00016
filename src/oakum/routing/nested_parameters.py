"""Object and list parameters: what the document declares inside a query parameter or form name.

Only declared members are forwarded. A back end may filter by any member of its query, so an
undeclared one may filter by a field that the caller may not see (CWE-943).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from oakum.authz.strict_json import UnreadableBody, read_request
from oakum.openapi.model import Json, Parameter, Shape
from oakum.openapi.shape_queries import (
    containers,
    element,
    member_by_name,
    member_names,
    rest,
    scalars,
)
from oakum.routing.http_messages import Denial

_BRACKETS = re.compile(r"(?:\[[^\[\]]*\])+")
_DEEP = 6
"""Most levels to follow, since a schema may be recursive."""
_BETWEEN = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
"""Separator by style where a parameter is not exploded (OpenAPI, Parameter Object)."""


@dataclass(frozen=True)
class Below:
    """The declaration of one place inside a parameter's value."""

    anything: bool = False
    scalar: bool = False
    members: Mapping[str, Below] = field(default_factory=dict)
    rest: Below | None = None
    """Declaration of members with other names; None: not allowed."""
    each: Below | None = None
    """Declaration of list elements; None: not a list."""

    def step(self, segment: str) -> Below | None:
        """The declaration for one bracket; None: not allowed."""
        if segment in self.members:
            return self.members[segment]
        if self.anything:
            return self
        if self.each is not None and (not segment or (segment.isascii() and segment.isdigit())):
            return self.each
        return self.rest if segment else None

    def holds(self, value: Json) -> bool:
        """Whether a JSON value and all its parts are declared."""
        if self.anything and not self.members:
            return True
        if isinstance(value, dict):
            below = {
                name: self.members.get(name, self if self.anything else self.rest) for name in value
            }
            return all(at is not None and at.holds(value[name]) for name, at in below.items())
        if isinstance(value, list):
            at = self if self.anything else self.each
            return at is not None and all(at.holds(each) for each in value)
        return self.scalar or self.anything or value is None

    def without(self, segments: Sequence[str]) -> Below:
        """The declaration without the member at the end of a path; in a list, for each element."""
        if not segments:
            return Below()
        first, *others = segments
        at = self.step(first)
        if at is None:
            return self
        if at is self.each:
            return replace(self, each=at.without(others))
        return replace(self, members={**self.members, first: at.without(others)})

    @property
    def plan(self) -> dict[str, Json]:
        """The declaration as plan data."""
        ways = {"rest": self.rest, "each": self.each}
        return {
            "anything": self.anything,
            "scalar": self.scalar,
            "members": {name: at.plan for name, at in self.members.items()},
            **{name: at.plan for name, at in ways.items() if at is not None},
        }


@dataclass(frozen=True)
class NestedParameter:
    """A parameter whose value is an object or a list."""

    below: Below = Below(anything=True)
    brackets: bool = True
    """Whether it may be sent in parts, as `name[part]`."""
    bare: str = "anything"
    """What the plain name may hold: `anything`, `nothing`, `json`, or names and values separated by
    this text."""

    def admits(self, part: str, value: str) -> tuple[bool, bool]:
        """Whether a piece is allowed, and whether it may be repeated. `part`: brackets after the
        name. Raises `Denial` for an ambiguous value."""
        if not part:
            return self._is_declared(value), False
        at: Below | None = self.below if self.brackets else None
        if at is not None and at.anything and not at.members:
            return True, False
        segments = _segments(part)
        before = None
        for segment in segments:
            before, at = at, at.step(segment) if at is not None else None
        if at is None or not segments:
            return False, False
        many = before is not None and before.each is at
        return at.scalar or at.anything or at.each is not None, many or at.each is not None

    def _is_declared(self, value: str) -> bool:
        if self.bare in ("anything", "nothing"):
            return self.bare == "anything"
        if self.bare == "json":
            try:
                said = read_request(value.encode())[0]
            except (UnreadableBody, UnicodeEncodeError):
                raise Denial(400, "query") from None
        else:
            words = value.split(self.bare)
            said = dict(zip(words[::2], words[1::2], strict=False))
            if len(words) != 2 * len(said):
                raise Denial(400, "query")
        if not self.below.holds(said):
            raise Denial(400, "query")
        return True

    @property
    def plan(self) -> dict[str, Json]:
        """The parameter as plan data."""
        return {"below": self.below.plan, "brackets": self.brackets, "bare": self.bare}


def _segments(part: str) -> list[str]:
    return part[1:-1].split("][") if _BRACKETS.fullmatch(part) else []


def split(name: str) -> tuple[str, list[str]]:
    """A name before its brackets, and the text in each bracket."""
    base, bracket, rest = name.partition("[")
    return base, _segments(bracket + rest)


def below(shape: Shape | None, depth: int = _DEEP) -> Below:
    """What a schema declares; an object without declared members may hold anything."""
    if shape is None or depth == 0:
        return Below()
    kinds = containers(shape)
    names, element_ = member_names(shape), element(shape)
    others = rest(shape)
    bare = not names and others is None
    if ("object" in kinds and bare) or ("array" in kinds and element_ is None and bare):
        return Below(anything=True)
    return Below(
        scalar=bool(scalars(shape)),
        members={name: below(member_by_name(shape, name), depth - 1) for name in names},
        rest=below(others, depth - 1) if others is not None else None,
        each=below(element_, depth - 1) if element_ is not None else None,
    )


def nested_members(parameter: Parameter, without: Iterable[str] = ()) -> NestedParameter | None:
    """The members that a parameter declares inside its value, without these bracketed names; None
    for plain text."""
    shape, style = parameter.shape, parameter.style
    if not containers(shape) and style != "json":
        return None
    at = below(shape)
    for base, segments in map(split, without):
        if base == parameter.name and segments:
            at = at.without(segments)
    texts = at.scalar or (at.each is not None and (at.each.scalar or at.each.anything))
    if style == "json":
        return NestedParameter(at, brackets=False, bare="json")
    if style == "deepObject" and not texts:
        return NestedParameter(at, bare="nothing")
    if texts or (at.anything and not at.members):
        return NestedParameter(at)
    between = _BETWEEN.get(style or "form", "") if parameter.explode is False else ""
    return NestedParameter(at, bare=between or "json")


def plan_nested(names: Mapping[str, NestedParameter]) -> dict[str, Json]:
    """Parameters as plan data, sorted by name."""
    return {name: each.plan for name, each in sorted(names.items())}
