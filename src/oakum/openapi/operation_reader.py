"""Reads the operations of an OpenAPI document: parameters, bodies, responses, security.

A mistake closes the operation that it belongs to, and no other: nobody can tell what a description
with a mistake in it means, so nothing passes by it. Lenient where real documents are sloppy and
nothing is lost: missing responses, unknown keywords, two operations of one name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from posixpath import normpath
from typing import NamedTuple

from oakum.errors import Location, Problem, few
from oakum.http.json_pointer import escape
from oakum.http.media_type import covers_json, essence
from oakum.http.methods import WITHOUT_BODY
from oakum.openapi.broken_references import BrokenReference
from oakum.openapi.grpc_resource_names import spread
from oakum.openapi.model import ClosedOperation, Json, Media, Operation, Parameter, Shape
from oakum.openapi.reference_resolution import Library, LocatedValue
from oakum.openapi.schema import Schemas, children
from oakum.openapi.shape_queries import scalars
from oakum.openapi.shape_walk import elements

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_LIKELY = ("GET", "PUT", "POST", "DELETE", "PATCH")
"""Methods that count as closed at a path none of whose operations can be read."""
_FEW = 3


class _LocatedOperation(NamedTuple):
    """An operation as it is written: where, and what stands around it."""

    method: str
    template: str
    items: tuple[LocatedValue, ...]
    where: LocatedValue
    fault: Problem | None = None

    @property
    def name(self) -> str:
        """Its `operationId`; empty: it has none."""
        id = _map(self.where.value).get("operationId")
        return id if type(id) is str else ""

    @property
    def path(self) -> str:
        return self.template if self.template.startswith("/") else f"/{self.template}"


class OperationReader:
    """Reads the paths of a document once, and collects mistakes."""

    def __init__(
        self, library: Library, schemas: Schemas, broken: Sequence[BrokenReference]
    ) -> None:
        self.problems: list[Problem] = []
        """Every mistake, each at its place."""
        self.closed: list[ClosedOperation] = []
        self.by_id: dict[str, Operation] = {}
        self._library = library
        self._schemas = schemas
        self._broken = broken
        self._kept: dict[int, list[str]] = {}
        """Index of a broken reference to the names of operations that need what it leads to."""
        self._names: Counter[str] = Counter()
        self._used: set[str] = set()
        self._root = LocatedValue(library.main, "", library.main.root)
        self._known_parameters: dict[int, tuple[tuple[Parameter, ...], Problem | None]] = {}
        self._contents: dict[object, tuple[Media, ...]] = {}
        self._wrong: list[Problem] = []
        """Mistakes in the operation that is being read."""
        self._servers = self.servers(self._root)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation without a mistake; afterwards `closed` has the others."""
        every = [*self._paths()]
        self._names = Counter(each.name for each in every)
        first: dict[str, LocatedValue] = {}
        for each in every:
            if self._names[each.name] > 1 and each.name:
                self._check_duplicate(each, first)
        found = tuple(made for each in every if (made := self._read(each)) is not None)
        for index, broken in enumerate(self._broken):
            ids = self._kept.get(index)
            hint = f"closed: {few(ids, _FEW)}" if ids else ""
            self.problems.append(Problem(self._locate(broken.place), broken.why, hint))
        return found

    def _paths(self) -> Iterator[_LocatedOperation]:
        for template, place in members(self._root.at("paths")):
            if template.startswith("x-"):
                continue
            target = self._library.follow(place)
            if isinstance(target, str):
                fault = Problem(self._locate(place.at("$ref")), target)
            elif type(target.value) is not dict:
                said = f"`{template}` must be a map of operations"
                fault = Problem(self._locate(target), said)
                self.problems.append(fault)
            else:
                # Members beside a path's `$ref` take precedence.
                items = (place,) if target is place else (place, target)
                yield from self._of_path(template, items)
                continue
            yield from (
                _LocatedOperation(each, template, (place,), place, fault) for each in _LIKELY
            )

    def _of_path(
        self, template: str, items: tuple[LocatedValue, ...]
    ) -> Iterator[_LocatedOperation]:
        fault = None
        if not template.startswith("/"):
            said = f"the path `{template}` must start with `/`"
            fault = Problem(self._locate(items[0]), said)
            self.problems.append(fault)
        found: dict[str, _LocatedOperation] = {}
        for item in items:
            for word, place in members(item):
                own = fault
                if word not in _METHODS and word.lower() not in _METHODS:
                    continue
                if word not in _METHODS:
                    said, hint = f"`{word}` is not an HTTP method", f"write `{word.lower()}`"
                    own = Problem(self._locate(place), said, hint)
                elif type(place.value) is not dict:
                    own = Problem(self._locate(place), f"`{word.upper()} {template}` must be a map")
                if own is not None and own is not fault:
                    self.problems.append(own)
                method = word.upper()
                found.setdefault(method, _LocatedOperation(method, template, items, place, own))
            for method, place in members(item.at("additionalOperations")):
                own = fault
                if type(place.value) is not dict:
                    own = Problem(self._locate(place), f"`{method} {template}` must be a map")
                    self.problems.append(own)
                found.setdefault(method, _LocatedOperation(method, template, items, place, own))
        yield from found.values()

    # ------------------------------------------------------------ names and mistakes

    def _check_duplicate(self, each: _LocatedOperation, first: dict[str, LocatedValue]) -> None:
        """A name that several operations have names none of them."""
        here = each.where.at("operationId")
        if each.name in first:
            at = self._locate(first[each.name])
            said = f"the operationId `{each.name}` occurs twice; first at {at}"
            hint = "both are named by method and path"
            self.problems.append(Problem(self._locate(here), said, hint))
        first.setdefault(each.name, here)

    def _name(self, each: _LocatedOperation, path: str) -> str:
        """What an operation goes by: no two go by the same."""
        own = each.name if self._names[each.name] == 1 else ""
        name = own or f"{each.method} {path}"
        while name in self._used:
            name += "'"
        self._used.add(name)
        return name

    def _read(self, each: _LocatedOperation) -> Operation | None:
        around = next((s for at in (each.where, *each.items) if (s := self.servers(at))), None)
        base = around or self._servers
        path = (base[0] if base else "") + each.path
        id = self._name(each, path)
        self._wrong = []
        made = self._operation(each, id, path) if each.fault is None else None
        self.problems += self._wrong
        reasons = (each.fault, *self._wrong[:1], self._broken_reference(each, id))
        reason = next((found for found in reasons if found is not None), None)
        if made is None or reason is not None:
            bare = Operation(id, each.method, path, pointer=each.where.where)
            self.closed.append(ClosedOperation(bare, str(reason)))
            return None
        self.by_id[id] = made
        self.by_id.setdefault(f"{made.method} {made.path}", made)
        self.by_id.setdefault(f"{made.method} {path}", made)
        self.by_id.setdefault(f"{made.method} {each.template}", made)
        return made

    def _broken_reference(self, each: _LocatedOperation, id_: str) -> Problem | None:
        """The first broken reference without whose target an operation cannot be read."""
        around = (_map(item.value).get("parameters") for item in each.items)
        held = [id(each.where.value), *(id(said) for said in around if said is not None)]
        found = None
        for index, broken in enumerate(self._broken):
            if not broken.within.isdisjoint(held):
                self._kept.setdefault(index, []).append(id_)
                found = found or Problem(self._locate(broken.place), broken.why)
        return found

    def _locate(self, place: LocatedValue) -> Location:
        return self._library.locate(place.where)

    # ------------------------------------------------------------ one operation

    def servers(self, place: LocatedValue) -> list[str]:
        """Base path of each server declared directly at a place: `/v1`; empty: the root."""
        return _servers(place)

    def body(
        self, holders: Sequence[LocatedValue], where: LocatedValue
    ) -> tuple[tuple[Media, ...], bool]:
        """(media types of a request body, whether it is required)."""
        place = where.at("requestBody")
        end = self._library.follow(place)
        raw = {} if isinstance(end, str) else _map(end.value)
        return self._media(place), raw.get("required") is True

    def answer(self, place: LocatedValue, where: LocatedValue) -> tuple[Media, ...]:
        """The media types of a response; `where` is its operation."""
        return self._media(place)

    def _operation(self, each: _LocatedOperation, id: str, path: str) -> Operation:
        where, items = each.where, each.items
        raw = where.value
        holders = (*reversed(items), where)
        body, needs_body = self.body(holders, where)
        declared = self._all_parameters(each.template, holders)
        if each.method in WITHOUT_BODY:
            declared += tuple(_members_as_query(body, declared))
        path, parameters = spread(path, declared)
        return Operation(
            id=id,
            method=each.method,
            path=path,
            parameters=parameters,
            body=body,
            responses={
                str(status).upper() if status != "default" else status: self.answer(place, where)
                for status, place in members(where.at("responses"))
                if not status.startswith("x-")
            },
            headers=frozenset(
                name for _, place in members(where.at("responses")) for name in self._headers(place)
            ),
            security=_security(raw, self._root.value),
            scopes=_scopes(raw, self._root.value),
            summary=_text(raw, items, "summary"),
            description=_text(raw, items, "description"),
            tags=tuple(tag for tag in _list(raw.get("tags")) if type(tag) is str),
            pointer=where.where,
            extensions=extensions(raw),
            needs_body=needs_body,
        )

    def _headers(self, place: LocatedValue) -> list[str]:
        end = self._library.follow(place)
        return [] if isinstance(end, str) else [name for name, _ in members(end.at("headers"))]

    def _media(self, place: LocatedValue) -> tuple[Media, ...]:
        end = self._library.follow(place)
        if isinstance(end, str):
            return ()
        known = self._contents.get(id(end.value))
        if known is None:
            found = members(end.at("content"))
            known = tuple(
                Media(name, self._body(name, media), self._example(media)) for name, media in found
            )
            self._contents[id(end.value)] = known
        return known

    def _body(self, name: str, place: LocatedValue) -> Shape | None:
        media = self._library.follow(place)
        if isinstance(media, str) or type(media.value) is not dict:
            return None
        events = essence(name) == "text/event-stream"
        key = next((each for each in ("schema", "itemSchema") if each in media.value), "")
        said = self._library.follow(media.at(key)) if key else ""
        whole = key == "schema"
        if not isinstance(said, str) and whole and events and "items" in _map(said.value):
            said = said.at("items")
        data = self._data(said, frozenset()) if events and not isinstance(said, str) else []
        if whole and not data:
            return self._schemas.shape(media.at(key))
        if not key:  # a body of this media type, and nothing said of it
            return Shape(pointer=media.where) if covers_json(name) else None
        ways = tuple(partial(self._schemas.shape, each) for each in data or [media.at(key)])
        several = Shape(branches=ways)
        each = ways[0] if len(ways) == 1 else lambda: several
        return Shape(kinds=frozenset(("array",)), items=each, pointer=media.where)

    def _example(self, place: LocatedValue) -> Json:
        """`example`, else the first value of `examples`; None without either."""
        media = self._library.follow(place)
        if isinstance(media, str) or type(media.value) is not dict:
            return None
        if "example" in media.value:
            return media.value["example"]
        named = next((each for _, each in members(media.at("examples"))), None)
        one = self._library.follow(named) if named is not None else ""
        return (
            one.value.get("value") if not isinstance(one, str) and type(one.value) is dict else None
        )

    def _data(self, item: LocatedValue, above: frozenset[int]) -> list[LocatedValue]:
        """The schemas of an event's data, as that of the event or one of its alternatives tells
        them (OpenAPI 3.2, *Server-Sent Event Streams*); none: it does not."""
        event = self._library.follow(item)
        if isinstance(event, str) or id(event.value) in above:
            return []
        data = self._library.follow(event.at("properties", "data"))
        content = event if isinstance(data, str) else data.at("contentSchema")
        found = [content] if content is not event and content.value is not None else []
        for word in ("allOf", "oneOf", "anyOf"):
            for index, raw in enumerate(_list(_map(event.value).get(word))):
                way = LocatedValue(event.file, f"{event.pointer}/{word}/{index}", raw)
                found += self._data(way, above | {id(event.value)})
        return found

    def _all_parameters(
        self, template: str, holders: Sequence[LocatedValue]
    ) -> tuple[Parameter, ...]:
        found: dict[tuple[str, str], Parameter] = {}
        names = re.findall(r"\{([^{}]+)\}", template)
        for place in declared_parameters(holders):
            for each in self._parameters(place):
                # One file often serves a path with a segment more: no request has a place for it.
                if each.where != "path" or each.name in names:
                    found[each.name, each.where] = each
        for name in names:
            if (name, "path") not in found:  # the path template already declares it
                found[name, "path"] = Parameter(name, "path", required=True)
        return tuple(found.values())

    def _parameters(self, place: LocatedValue) -> tuple[Parameter, ...]:
        end = self._library.follow(place)
        if isinstance(end, str):
            return ()
        known = self._known_parameters.get(id(end.value))
        if known is None:
            raw = _map(end.value)
            lacks = [word for word in ("name", "in") if type(raw.get(word)) is not str]
            wrong = None
            if lacks and raw.get("in") != "querystring":
                said = f"a parameter must declare its `{lacks[0]}`"
                wrong = Problem(self._locate(end), said)
            known = (() if wrong else self.parameters(end), wrong)
            self._known_parameters[id(end.value)] = known
        found, wrong = known
        self._wrong += [wrong] if wrong is not None else []
        return found

    def parameters(self, place: LocatedValue) -> tuple[Parameter, ...]:
        """The parameter that an object with `name` and `in` declares; several for a
        `querystring`."""
        raw = _map(place.value)
        schema = next((media.at("schema") for _, media in members(place.at("content"))), None)
        shape = self._schemas.shape(schema := schema or place.at("schema"))
        if raw.get("in") == "querystring":  # 3.2: one schema for the whole query
            return tuple(
                Parameter(name, "query", name in shape.required, child, child.example, around=shape)
                for name, child in children(shape).items()
            )
        examples = [_map(self._library.value(one)) for _, one in members(place.at("examples"))]
        given = (raw.get("example"), *(each.get("value") for each in examples), shape.example)
        default = _map(self._library.value(schema)).get("default")
        return (parameter(raw, shape, given, default, _style(raw)),)


# ------------------------------------------------------------------------------- small readings


def _members_as_query(body: Sequence[Media], declared: Sequence[Parameter]) -> Iterator[Parameter]:
    """The members of a body of a read as parameters of its query. The content of a GET means
    nothing by itself (RFC 9110, 9.3.1): frameworks fill such a type from the query, and generators
    call it the body."""
    known = {each.name for each in declared if each.where == "query"}
    for shape in (media.shape for media in body[:1] if media.shape is not None):
        for name, child in children(shape).items():
            element = elements(child)
            plain = scalars(child) or (element is not None and scalars(element))
            if name not in known and plain and not child.read_only:
                yield Parameter(
                    name, "query", name in shape.required, child, child.example, child.default,
                    in_body=True,
                )  # fmt: skip


def members(place: LocatedValue) -> Iterator[tuple[str, LocatedValue]]:
    """(name, place) of each member of a map; nothing if it is no map."""
    if type(place.value) is dict:
        for name, value in place.value.items():
            yield name, LocatedValue(place.file, f"{place.pointer}/{escape(name)}", value)


def declared_parameters(holders: Sequence[LocatedValue]) -> Iterator[LocatedValue]:
    """The parameters that a path and an operation declare."""
    for holder in holders:
        for i, raw in enumerate(_list(holder.value.get("parameters"))):
            yield LocatedValue(holder.file, f"{holder.pointer}/parameters/{i}", raw)


def parameter(
    raw: Mapping[str, Json],
    shape: Shape,
    examples: Sequence[Json],
    default: Json,
    style: tuple[str, bool | None],
) -> Parameter:
    """Builds a parameter from the members common to all versions of OpenAPI (`raw`) and those that
    differ, already read."""
    return Parameter(
        name=raw["name"],
        where=raw["in"],
        required=raw.get("required") is True or raw["in"] == "path",
        shape=shape,
        example=next((value for value in examples if value is not None), None),
        default=default,
        description=said if isinstance(said := raw.get("description"), str) else "",
        style=style[0],
        explode=style[1],
    )


def _style(raw: Mapping[str, Json]) -> tuple[str, bool | None]:
    """How a parameter is serialised: its style, or the media type in `content`; and `explode`."""
    said, explode = raw.get("style"), raw.get("explode")
    style = "json" if "content" in raw else said if isinstance(said, str) else ""
    return style, explode if isinstance(explode, bool) else None


def _map(value: Json) -> Mapping[str, Json]:
    return value if type(value) is dict else {}


def _list(value: Json) -> Sequence[Json]:
    return value if type(value) is list else ()


def _text(raw: Mapping[str, Json], items: Sequence[LocatedValue], word: str) -> str:
    said = (each.get(word) for each in (raw, *(item.value for item in items)))
    return next((text for text in said if type(text) is str), "")


def extensions(raw: Mapping[str, Json]) -> Mapping[str, Json]:
    return {word: value for word, value in raw.items() if word.startswith("x-")}


def _security(
    raw: Mapping[str, Json], root: Mapping[str, Json]
) -> tuple[frozenset[str], ...] | None:
    said = raw["security"] if type(raw.get("security")) is list else root.get("security")
    if type(said) is not list:
        return None
    return tuple(frozenset(alternative) for alternative in said if type(alternative) is dict)


def _scopes(raw: Mapping[str, Json], root: Mapping[str, Json]) -> frozenset[str]:
    said = raw["security"] if type(raw.get("security")) is list else root.get("security")
    alternatives = [each for each in _list(said) if type(each) is dict]
    asked = [each for alternative in alternatives for each in alternative.values()]
    return frozenset(scope for each in asked for scope in _list(each) if type(scope) is str)


def _servers(place: LocatedValue) -> list[str]:
    found = []
    for server in _list(_map(place.value).get("servers")):
        url = _map(server).get("url")
        if type(url) is str:
            for name, variable in _map(server.get("variables")).items():
                url = url.replace("{" + name + "}", str(_map(variable).get("default", "")))
            found.append(_base_path(url))
    return found


def _base_path(url: str) -> str:
    authority = re.match(r"(?:[^:/?#]+:)?//[^/?#]*", url)
    path = re.split(r"[?#]", url[authority.end() :] if authority else url)[0].strip("/")
    return normpath(f"/{path}").rstrip("/")
