"""Places of a request that may say which objects it is about, and what is in each.

All rules about what a request names read it here: path, query, headers, cookies and body, and
members inside a value of these, however they are written. A value that cannot be read names an
unknown object. `guard/lua/request_places.lua` does the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

from oakum.authz import Model
from oakum.authz.strict_json import UnreadableBody, read
from oakum.guard.compiled.tenants_in_bodies_and_queries import words_of
from oakum.http.cookies import cookie_pairs
from oakum.openapi.model import Json, Operation, Parameter, Shape
from oakum.openapi.shape_queries import containers, scalars, ways
from oakum.policy.model import Resource
from oakum.policy.resource_schemas import resource_of
from oakum.routing.content_type import read_media_type
from oakum.routing.http_messages import HttpRequest
from oakum.routing.nested_parameters import split
from oakum.routing.route import decoded_name, decoded_value

Where = Literal["path", "query", "header", "cookie", "body", "argument", "error"]
"""`error`: an argument that counts only if the response has an error."""
_MARKS = {"pipeDelimited": "|", "spaceDelimited": " ", "tabDelimited": "\t"}
_STEP = re.compile(r"[.:/\[\]]+")
_MEMBER = re.compile(r'"([^"\\]*)"[ \t\r\n]*:')
_PRIVATE = re.compile(r"\Ax-", re.I)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")
_JOINTS = str.maketrans("", "", "_-")
_DEEP = 5
"""Most levels to follow, since a schema may be recursive."""
UNREAD: Json = {}
"""Stands for a value that cannot be read; it is never equal to a key, since no key is an object."""


@dataclass(frozen=True)
class RequestPlace:
    """Where requests of an operation may name an object: a parameter, an argument or a member of
    the body."""

    where: Where
    name: str = ""
    """Name of the parameter; of an argument `FIELD.NAME`; empty for a body."""
    inside: tuple[str, ...] = ()
    """Members within the value; `*` stands for each element or map value."""
    mark: str = ""
    """Separator of the elements or names and values within one string; empty: it is one value."""
    names: bool = False
    """Whether the names of a map at this place count, and not its values."""

    @property
    def contract_name(self) -> str:
        """What the contract calls it: `f[a][][b]` within a parameter, `a.*.b` within a body."""
        if self.where == "body":
            return ".".join(self.inside)
        return self.name + "".join(f"[{'' if each == '*' else each}]" for each in self.inside)

    @property
    def last(self) -> str:
        """The name next to the value: of a name that is itself a path (`f.id`) the last step; of a
        header without `X-`, which non-standard names have (RFC 6648)."""
        bare = _PRIVATE.sub("", self.name) if self.where == "header" else self.name
        said = [each for each in self.inside if each != "*"] or [bare]
        return _last(said[-1])

    @property
    def plain_names(self) -> tuple[str, ...]:
        """The last name, preceded by that of the enclosing object: `noteid` for `note.id` and
        `notes[][id]`; normalised by `plain`."""
        bare = _PRIVATE.sub("", self.name) if self.where == "header" else self.name
        steps = [e for said in (bare, *self.inside) if said != "*" for e in _steps(said) if e]
        return tuple(_joined_names(steps[-2], steps[-1])) if len(steps) > 1 else ()

    @property
    def endings(self) -> Iterator[str]:
        """Suffixes of its last name at word boundaries, normalised: `noteid` of `otherNoteId`."""
        found = [plain(each) for each in _WORDS.findall(self.last)]
        yield from ("".join(found[at:]) for at in range(1, len(found)))

    @property
    def _spelt(self) -> str:
        """The name as requests have it."""
        return self.name.lower() if self.where == "header" else self.name

    @property
    def plan(self) -> dict[str, Json]:
        """The place as JSON values of the plan, for the Lua runtime."""
        inside: list[Json] = [*self.inside]
        return {
            "where": self.where, "name": self._spelt, "inside": inside, "mark": self.mark,
            "names": self.names,
        }  # fmt: skip


def plain(name: str) -> str:
    """A name independent of its style of spelling: `note_id` and `noteId` are equal."""
    return name.translate(_JOINTS).lower()


def words(model: Model, resources: Mapping[str, Resource]) -> dict[str, str]:
    """Names such as `noteid` and `notesids` (in plain spelling) → the one resource that they
    identify. Ambiguous names are left out."""
    found = dict[str, set[str]]()
    for schema, name in (*model.bound.items(), *((each, each) for each in resources)):
        one = resources.get(name)
        for key in dict.fromkeys((one.key, "id")) if one is not None and one.key else ():
            for many in ("", "s"):
                found.setdefault(plain(f"{schema}{key}{many}"), set()).add(name)
    return {word: next(iter(each)) for word, each in sorted(found.items()) if len(each) == 1}


def _last(name: str) -> str:
    return _steps(name)[-1]


def _steps(name: str) -> list[str]:
    return _STEP.split(name.rstrip("]"))


def _joined_names(around: str, name: str) -> Iterator[str]:
    """What a member is called with the name of the object, or the list of objects, around it."""
    first, last = plain(around), plain(name)
    yield first + last
    if first.endswith("s"):
        yield first[:-1] + last


def parameter_places(each: Parameter) -> Iterator[RequestPlace]:
    """Places in one parameter. A list or an object in one string is split as its style says
    (OpenAPI 3.1, Style Values); only `form` explodes by default."""
    where: Where = each.where  # type: ignore[assignment]
    mark = _MARKS.get(each.style, ",")
    whole = each.explode is False or (mark != "," and each.explode is None)
    listed = where != "query" or whole or each.style == "json"
    joined = "array" in each.shape.kinds and listed
    for (inside, _), names in _merge_leaves([each.shape], {}).items():
        between = mark if inside or joined else ""
        yield RequestPlace(where, each.name, inside, between, names)


def body_places(
    operation: Operation, bound: Mapping[str, str]
) -> Iterator[tuple[RequestPlace, str]]:
    """(place, "") for places of a request body outside every resource, and (place, resource) for
    each resource in it."""
    shapes = [each.shape or Shape() for each in operation.body]
    for (inside, one), names in _merge_leaves(shapes, bound).items():
        yield RequestPlace("body", "", inside, names=names), one


def members_of_resources(operation: Operation, bound: Mapping[str, str]) -> list[RequestPlace]:
    """Places of scalars in a request body that stand in an object of a resource, and nowhere
    outside of one."""
    shapes = [each.shape or Shape() for each in operation.body]
    outside = {inside for inside, one in _merge_leaves(shapes, bound) if not one}
    every = _merge_leaves(shapes, bound, within=True)
    return [
        RequestPlace("body", "", inside, names=names)
        for (inside, one), names in every.items()
        if not one and inside not in outside
    ]


def _merge_leaves(
    shapes: Iterable[Shape], bound: Mapping[str, str], *, within: bool = False
) -> Mapping[tuple[tuple[str, ...], str], bool]:
    found = dict[tuple[tuple[str, ...], str], bool]()
    for shape in shapes:
        for inside, names, one in _leaves(shape, bound, (), _DEEP, within=within):
            found[inside, one] = names or found.get((inside, one), False)
    return found


def _leaves(
    shape: Shape, bound: Mapping[str, str], at: tuple[str, ...], deep: int, *, within: bool
) -> Iterator[tuple[tuple[str, ...], bool, str]]:
    """Where a scalar may stand, or names of a map, and where a resource does; `within`: also within
    that."""
    for way in ways(shape):
        if name := resource_of(way, bound):
            yield at, False, name
            if not within:
                continue
        item = way.items() if way.items is not None else None
        if (scalars(way) and not way.branches) or (item is not None and scalars(item)):
            yield at, False, ""
        if way.extra is not None or _is_anything(way):
            yield at, True, ""
        below = [*way.properties.items()]
        more = (way.extra, None if item is not None and scalars(item) else way.items)
        below += [("*", thunk) for thunk in more if thunk is not None]
        for step, thunk in below if deep else ():
            yield from _leaves(thunk(), bound, (*at, step), deep - 1, within=within)


def _is_anything(way: Shape) -> bool:
    """Whether an object may have any members, none being declared."""
    bare = not (way.properties or way.branches or way.items or way.extra)
    return bare and "object" in containers(way)


# --------------------------------------------------------------------------- what stands there


@dataclass(frozen=True)
class RequestParts:
    """The parts of one request in which places are looked for."""

    asked: HttpRequest
    query: str
    """The query string that is forwarded."""
    params: Mapping[str, str]
    value: Json = None
    """The body, if it was read."""
    arguments: Sequence[tuple[str, Json]] = ()
    """(`FIELD.NAME`, value) of the arguments of a GraphQL query."""
    failed: bool = False
    """Whether its response has an error."""
    unread: bytes = field(default=b"", repr=False)
    """A body that was not read."""
    pieces: Sequence[tuple[str, str]] = field(init=False)
    """Names and values of the query, decoded."""

    def __post_init__(self) -> None:
        said = [(decoded_name(e), decoded_value(e)) for e in self.query.split("&") if e]
        object.__setattr__(self, "pieces", said)

    def values_at(self, place: RequestPlace) -> Iterator[Json]:
        """Values at a place: scalars, and `UNREAD` for others."""
        match place.where:
            case "body":
                yield from _ends(self.value, place)
            case "argument" | "error":
                counts = self.failed or place.where == "argument"
                said = self.arguments if counts else ()
                yield from (each for name, each in said if name == place.name)
            case "query":
                yield from self._query_values(place)
            case "path":
                yield from _within(self.params[place.name], place)
            case "header":
                for text in self.asked.values(place.name.lower()):
                    yield from _within(text, place)
            case "cookie":
                for text in self._cookies(place.name):
                    yield from _within(text, place)

    def _query_values(self, place: RequestPlace) -> Iterator[Json]:
        wanted = [each for each in place.inside if each != "*"]
        for name, text in self.pieces:
            base, steps = split(name)
            if name == place.name:
                yield from _within(text, place)
            elif base == place.name and (
                not wanted or [e for e in steps if e.strip("0123456789")] == wanted
            ):
                yield text

    def _cookies(self, name: str) -> Iterator[str]:
        """Values of a cookie, which some servers decode."""
        for said in self.asked.values("cookie"):
            for its, _, text in cookie_pairs(said):
                if its == name:
                    yield from dict.fromkeys((text, unquote(text)))

    @property
    def loose(self) -> set[str]:
        """Every word of a body that was not read, normalised: each may be the name of a member."""
        return {plain(each) for each in words_of(self.unread)}

    @property
    def is_text(self) -> bool:
        """Whether the media type of the body is `text/plain`."""
        kind = read_media_type(self.asked.values("content-type"))
        return kind is not None and kind.type == "text/plain"

    def texts(self, beside: Iterable[RequestPlace]) -> Iterator[Json]:
        """The values of the query, and those of the given headers and cookies."""
        yield from (text for _, text in self.pieces)
        for place in beside:
            yield from self.values_at(place)


def _within(text: str, place: RequestPlace) -> Iterator[Json]:
    """What one text says at a place inside it: as JSON, or as a list, or as names and values."""
    if not place.inside and not (place.mark and _begins(text)):
        yield from _elements(text, place) if place.mark else (text,)
        return
    said = _json(text)
    if said is not None:
        yield from _ends(said, place)
    elif _begins(text):
        yield UNREAD
    else:
        pairs = _pairs(_elements(text, place))
        yield from (value for name, value in pairs if name == place.inside[0])


def _elements(text: str, place: RequestPlace) -> list[str]:
    """The elements of a list in one string; white space around those of a header is none of theirs
    (RFC 9110, 5.6.1)."""
    found = text.split(place.mark or ",")
    return [each.strip(" \t") for each in found] if place.where == "header" else found


def _pairs(words: list[str]) -> Iterable[tuple[str, str]]:
    if all("=" in each for each in words):
        return [(name, value) for name, _, value in (each.partition("=") for each in words)]
    return zip(words[::2], words[1::2], strict=False)


def _begins(text: str) -> bool:
    return text.lstrip(" \t\r\n")[:1] in ("{", "[")


def _json(text: str) -> Json:
    """A list or an object that a text is, if it can be read in one way."""
    try:
        return read(text.encode())[0] if _begins(text) else None
    except (UnreadableBody, UnicodeEncodeError):
        return None


def _ends(value: Json, place: RequestPlace) -> Iterator[Json]:
    """What stands at the end of a place in a value; of lists there, each element."""
    found = [value]
    for step in place.inside:
        found = [child for each in found for child in _below(each, step)]
    for each in found:
        if isinstance(each, list):
            found += each
        elif place.names and isinstance(each, dict):
            yield from each
        elif each is not None:
            yield each


def _below(value: Json, step: str) -> list[Json]:
    if isinstance(value, list):
        return value if step == "*" else []
    if not isinstance(value, dict):
        return []
    if step == "*":
        return [*value.values()]
    return [value[step]] if step in value else []


def member_values(
    value: Json, words: Mapping[str, str], maps: Collection[str] = ()
) -> Iterator[tuple[str, Json]]:
    """(what it names, value) for members at any depth, also in JSON inside strings. `words`:
    normalised name → what it names; also matched with the name of the enclosing object in front.
    `maps`: those of them of which an object is a map whose names are the values."""
    todo = [(value, "")]
    for each, around in todo:
        if isinstance(each, list):
            todo += ((e, around) for e in each)
        elif isinstance(each, str) and _begins(each):
            # If JSON is ambiguous, each of its members counts with an unreadable value.
            said = _json(each)
            free = {e: [UNREAD] for e in _MEMBER.findall(each)} if said is None else said
            todo.append((free, around))
        elif isinstance(each, dict):
            at = each.get("path")
            if "op" in each and isinstance(at, str):  # JSON Patch (RFC 6902)
                todo.append(({at: [each.get("value"), UNREAD]}, around))
            for name, below in each.items():
                *before, last = _steps(name)
                outer = next(filter(None, reversed(before)), around)
                called = (plain(last), *_joined_names(outer, last)) if outer else (plain(last),)
                one = next((words[e] for e in called if e in words), "")
                if one and isinstance(below, dict) and below and plain(last) in maps:
                    yield from ((one, key) for key in below)
                    objects = [e for e in below.values() if isinstance(e, dict)]
                    todo += ((e, last) for e in objects)
                    others = [e for e in below.values() if not isinstance(e, dict)]
                    yield from ((one, e) for e in _scalars(others))
                elif one:
                    inner = [*_scalars(below)]
                    yield from ((one, e) for e in inner or ([UNREAD] if below else []))
                else:
                    todo.append((below, last))


def _scalars(value: Json) -> Iterator[Json]:
    """Scalars at any depth: of `{"in": ["a"]}` the text."""
    todo = [value]
    for each in todo:
        if isinstance(each, dict | list):
            todo += each.values() if isinstance(each, dict) else each
        elif each is not None:
            yield each
