"""Reads an OpenAPI document (3.0, 3.1, 3.2): its operations and the shapes of their bodies.

Strict where a mistake would hide an endpoint (an operation that cannot be read, two with one name,
a reference that cannot be resolved); all mistakes are reported at once, each with its place.
Lenient where real documents are sloppy and nothing is lost: missing responses, unknown keywords.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from pathlib import Path
from posixpath import normpath

from oakum.errors import InputError, Location, Problem
from oakum.http.json_pointer import escape
from oakum.http.media_type import essence
from oakum.openapi import overlay, source
from oakum.openapi.model import Json, Media, Operation, Parameter, Shape
from oakum.openapi.reference import File, Library, Place, broken
from oakum.openapi.schema import Schemas, children

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_READABLE = "Oakum reads OpenAPI 3.0, 3.1 and 3.2"
_VERSION = re.compile(r"3\.[012](\.|$)")


class Document:
    """One OpenAPI document with everything that it refers to, overlays applied."""

    def __init__(self, file: File) -> None:
        """Raises `InputError` with every mistake; use `load` or `parse`."""
        _recognise(file)
        self.file: str = file.name
        self.raw: Json = file.root
        self._library = Library(file)
        self._schemas = Schemas(self._library)
        reader = _Reader(self._library, self._schemas)
        self.operations: tuple[Operation, ...] = reader.operations()
        reader.problems += broken(self._library)
        if reader.problems:
            raise InputError(reader.problems)
        components = Place(file, "", file.root).at("components")
        self.schemas: Mapping[str, Callable[[], Shape]] = {
            name: partial(self._schemas.component, place)
            for name, place in _members(components.at("schemas"))
        }
        """Shapes of the components by name; a second call gives the same shape."""
        self.security_schemes: Mapping[str, Json] = {
            name: self._library.value(place)
            for name, place in _members(components.at("securitySchemes"))
        }
        self.extensions: Mapping[str, Json] = _extensions(file.root)
        """The `x-…` members of the document itself."""
        self.base_url: str = reader.origin
        """Origin of the first server with an absolute URL, `https://api.example.com`, or ""."""
        self._by_id = reader.by_id

    @classmethod
    def load(cls, path: Path, overlays: Sequence[Path] = ()) -> Document:
        """Reads a document and applies overlays to it, in order. Raises `InputError`."""
        file = File(str(path), source.read_bytes(path), path)
        problems: list[Problem] = []
        for other in overlays:
            patch = File(str(other), source.read_bytes(other), other)
            root, ignored = overlay.apply(file.root, patch.root, patch.locate)
            file.patch(root)
            problems += ignored
        made = cls(file)
        made.warnings = tuple(problems)
        return made

    @classmethod
    def parse(cls, data: bytes, file: str, base: Path | None = None) -> Document:
        """Reads a document from JSON or YAML text. `file` names it in messages; references to
        other files start from the folder `base`. Raises `InputError`."""
        return cls(File(file, data, base / Path(file).name if base is not None else None))

    warnings: tuple[Problem, ...] = ()
    """What the overlays asked for and nothing matched."""
    _beside: tuple[Path, ...] = ()

    def extended(
        self,
        endpoints: Mapping[str, Operation],
        schemas: Mapping[str, Callable[[], Shape]],
        files: tuple[Path, ...],
    ) -> Document:
        """This document with other operations in place of those of the same id, further named
        shapes (or others, of the same names), and the files that say so."""
        made = copy(self)
        made.operations = tuple(endpoints.get(each.id, each) for each in self.operations)
        made._by_id = {name: endpoints.get(each.id, each) for name, each in self._by_id.items()}
        made.schemas = {**self.schemas, **schemas}
        made._beside = files
        return made

    @property
    def files(self) -> tuple[Path, ...]:
        """The document's own file, and those that references have led to so far."""
        return (*self._library.paths, *self._beside)

    def operation(self, id: str) -> Operation | None:
        """By `operationId`, or by `GET /path` with or without the base path of the server."""
        method, _, path = id.partition(" ")
        return self._by_id.get(id) or self._by_id.get(f"{method.upper()} {path.strip()}")

    def locate(self, pointer: str) -> Location:
        """The file location of the value at a JSON pointer, or at a `Shape.pointer`."""
        return self._library.locate(pointer)


def _recognise(file: File) -> None:
    root = file.root

    def refuse(message: str, hint: str, pointer: str = "") -> InputError:
        return InputError([Problem(file.locate(pointer), message, hint)])

    if type(root) is not dict:
        raise refuse("this is not an OpenAPI document", f"{_READABLE}, written as JSON or YAML")
    if "openapi" not in root:
        if "swagger" in root:
            hint = f"{_READABLE}; convert it first, with swagger2openapi for instance"
            raise refuse(f"this is Swagger {root['swagger']}", hint, "/swagger")
        if "asyncapi" in root:
            raise refuse("this is an AsyncAPI document", _READABLE, "/asyncapi")
        if "exposure" in root:
            hint = "its `api:` names the document; give that one"
            raise refuse("this is a policy, not an OpenAPI document", hint, "/exposure")
        if "identities" in root:
            hint = "it is for `--identities`; give the contract or the OpenAPI document here"
            raise refuse("this looks like an identities file", hint, "/identities")
        raise refuse("`openapi` is missing", f"write the version, `openapi: 3.1.0`; {_READABLE}")
    if not _VERSION.match(version := str(root["openapi"])):
        raise refuse(f"OpenAPI `{version}` is not read", _READABLE, "/openapi")
    if "paths" not in root:
        raise refuse("`paths` is missing", "a document without paths has no endpoints to watch")
    if type(root["paths"]) is not dict:
        raise refuse("`paths` must be a map of paths", "", "/paths")


class _Reader:
    """Walks the paths of a document once, and collects mistakes."""

    def __init__(self, library: Library, schemas: Schemas) -> None:
        self.problems: list[Problem] = []
        self.by_id: dict[str, Operation] = {}
        self._library = library
        self._schemas = schemas
        self._root = Place(library.main, "", library.main.root)
        self._known_parameters: dict[int, tuple[Parameter, ...]] = {}
        self._contents: dict[int, tuple[Media, ...]] = {}
        self._servers = _servers(self._root)
        self.origin = next((origin for origin, _ in self._servers if origin), "")

    def operations(self) -> tuple[Operation, ...]:
        paths = self._root.at("paths")
        found: list[Operation] = []
        named: dict[str, Place] = {}
        for template, place in _members(paths):
            if template.startswith("x-"):
                continue
            if not template.startswith("/"):
                self._blame(place, f"the path `{template}` must start with `/`")
            target = self._library.follow(place)
            if isinstance(target, str):
                continue  # reported with the other broken references
            if type(target.value) is not dict:
                self._blame(target, f"`{template}` must be a map of operations")
                continue
            # Members beside a path's `$ref` take precedence.
            items = (place,) if target is place else (place, target)
            for method, where in self._endpoints(items).items():
                if type(where.value) is not dict:
                    self._blame(where, f"`{method} {template}` must be a map")
                    continue
                operation = self._operation(method, template, items, where)
                found.append(operation)
                self._name(operation, method, template, where, named)
        return tuple(found)

    def _endpoints(self, items: Sequence[Place]) -> Mapping[str, Place]:
        found: dict[str, Place] = {}
        for item in items:
            for word, place in _members(item):
                if word in _METHODS:
                    found.setdefault(word.upper(), place)
                elif word.lower() in _METHODS:
                    self._blame(place, f"`{word}` is no method", f"write `{word.lower()}`")
            for method, place in _members(item.at("additionalOperations")):
                found.setdefault(method, place)
        return found

    def _name(
        self, operation: Operation, method: str, path: str, where: Place, named: dict[str, Place]
    ) -> None:
        id = operation.id
        if id in named:
            first = self._library.locate(named[id].at("operationId").where)
            here = where.at("operationId")
            self._blame(here, f"the operationId `{id}` occurs twice", f"first at {first}")
        named[id] = where
        self.by_id[id] = operation
        self.by_id.setdefault(f"{method} {operation.path}", operation)
        self.by_id.setdefault(f"{method} {path}", operation)

    def _operation(
        self, method: str, template: str, items: Sequence[Place], where: Place
    ) -> Operation:
        raw = where.value
        around = next((s for place in (where, *items) if (s := _servers(place))), self._servers)
        path = (around[0][1] if around else "") + template
        id = raw.get("operationId")
        return Operation(
            id=id if type(id) is str and id else f"{method} {path}",
            method=method,
            path=path,
            parameters=self._all_parameters(template, (*reversed(items), where)),
            body=self._media(where.at("requestBody")),
            responses={
                str(status).upper() if status != "default" else status: self._media(place)
                for status, place in _members(where.at("responses"))
                if not status.startswith("x-")
            },
            headers=frozenset(
                name
                for _, place in _members(where.at("responses"))
                for name in self._headers(place)
            ),
            security=_security(raw, self._root.value),
            scopes=_scopes(raw, self._root.value),
            summary=_text(raw, items, "summary"),
            description=_text(raw, items, "description"),
            tags=tuple(tag for tag in _list(raw.get("tags")) if type(tag) is str),
            pointer=where.where,
            extensions=_extensions(raw),
            needs_body=self._is_required(where.at("requestBody")),
        )

    def _is_required(self, place: Place) -> bool:
        end = self._library.follow(place)
        raw = None if isinstance(end, str) else end.value
        return isinstance(raw, dict) and raw.get("required") is True

    def _headers(self, place: Place) -> list[str]:
        end = self._library.follow(place)
        return [] if isinstance(end, str) else [name for name, _ in _members(end.at("headers"))]

    def _media(self, place: Place) -> tuple[Media, ...]:
        end = self._library.follow(place)
        if isinstance(end, str):
            return ()
        known = self._contents.get(id(end.value))
        if known is None:
            found = _members(end.at("content"))
            known = tuple(
                Media(name, self._body(name, media), self._example(media)) for name, media in found
            )
            self._contents[id(end.value)] = known
        return known

    def _body(self, name: str, place: Place) -> Shape | None:
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
        if not key:
            return None
        ways = tuple(partial(self._schemas.shape, each) for each in data or [media.at(key)])
        several = Shape(branches=ways)
        each = ways[0] if len(ways) == 1 else lambda: several
        return Shape(kinds=frozenset(("array",)), items=each, pointer=media.where)

    def _example(self, place: Place) -> Json:
        """`example`, else the first value of `examples`; None without either."""
        media = self._library.follow(place)
        if isinstance(media, str) or type(media.value) is not dict:
            return None
        if "example" in media.value:
            return media.value["example"]
        named = next((each for _, each in _members(media.at("examples"))), None)
        one = self._library.follow(named) if named is not None else ""
        return (
            one.value.get("value") if not isinstance(one, str) and type(one.value) is dict else None
        )

    def _data(self, item: Place, above: frozenset[int]) -> list[Place]:
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
                way = Place(event.file, f"{event.pointer}/{word}/{index}", raw)
                found += self._data(way, above | {id(event.value)})
        return found

    def _all_parameters(self, template: str, holders: Sequence[Place]) -> tuple[Parameter, ...]:
        found: dict[tuple[str, str], Parameter] = {}
        for holder in holders:
            for i, raw in enumerate(_list(holder.value.get("parameters"))):
                place = Place(holder.file, f"{holder.pointer}/parameters/{i}", raw)
                for parameter in self._parameters(place):
                    found[parameter.name, parameter.where] = parameter
        for name in re.findall(r"\{([^{}]+)\}", template):
            if (name, "path") not in found:  # the path template already declares it
                found[name, "path"] = Parameter(name, "path", required=True)
        return tuple(found.values())

    def _parameters(self, place: Place) -> tuple[Parameter, ...]:
        end = self._library.follow(place)
        if isinstance(end, str):
            return ()
        known = self._known_parameters.get(id(end.value))
        if known is None:
            known = self._known_parameters[id(end.value)] = self._read_parameters(end)
        return known

    def _read_parameters(self, place: Place) -> tuple[Parameter, ...]:
        raw = _map(place.value)
        schema = next((media.at("schema") for _, media in _members(place.at("content"))), None)
        shape = self._schemas.shape(schema := schema or place.at("schema"))
        if raw.get("in") == "querystring":  # 3.2: one schema for the whole query
            return tuple(
                Parameter(name, "query", name in shape.required, child, child.example, around=shape)
                for name, child in children(shape).items()
            )
        missing = [word for word in ("name", "in") if type(raw.get(word)) is not str]
        if missing:
            self._blame(place, f"a parameter must declare its `{missing[0]}`")
            return ()
        examples = [_map(self._library.value(one)) for _, one in _members(place.at("examples"))]
        given = (raw.get("example"), *(each.get("value") for each in examples), shape.example)
        parameter = Parameter(
            name=raw["name"],
            where=raw["in"],
            required=raw.get("required") is True or raw["in"] == "path",
            shape=shape,
            example=next((value for value in given if value is not None), None),
            default=_map(self._library.value(schema)).get("default"),
            description=said if isinstance(said := raw.get("description"), str) else "",
            style=_style(raw),
            explode=explode if isinstance(explode := raw.get("explode"), bool) else None,
        )
        return (parameter,)

    def _blame(self, place: Place, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self._library.locate(place.where), message, hint))


# ------------------------------------------------------------------------------- small readings


def _members(place: Place) -> Iterator[tuple[str, Place]]:
    if type(place.value) is dict:
        for name, value in place.value.items():
            yield name, Place(place.file, f"{place.pointer}/{escape(name)}", value)


def _style(raw: Mapping[str, Json]) -> str:
    """How a parameter is serialised: its style, or the media type in `content`."""
    said = raw.get("style")
    return "json" if "content" in raw else said if isinstance(said, str) else ""


def _map(value: Json) -> Mapping[str, Json]:
    return value if type(value) is dict else {}


def _list(value: Json) -> Sequence[Json]:
    return value if type(value) is list else ()


def _text(raw: Mapping[str, Json], items: Sequence[Place], word: str) -> str:
    said = (each.get(word) for each in (raw, *(item.value for item in items)))
    return next((text for text in said if type(text) is str), "")


def _extensions(raw: Mapping[str, Json]) -> Mapping[str, Json]:
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


def _servers(place: Place) -> list[tuple[str, str]]:
    """Origin (or "") and base path of each server that stands directly at a place."""
    found = []
    for server in _list(place.value.get("servers")):
        url = _map(server).get("url")
        if type(url) is str:
            for name, variable in _map(server.get("variables")).items():
                url = url.replace("{" + name + "}", str(_map(variable).get("default", "")))
            found.append(_split(url))
    return found


def _split(url: str) -> tuple[str, str]:
    authority = re.match(r"(?:([^:/?#]+):)?//([^/?#]*)", url)
    path = re.split(r"[?#]", url[authority.end() :] if authority else url)[0].strip("/")
    origin = authority.group(0) if authority and authority.group(1) and authority.group(2) else ""
    return "" if "{" in origin else origin, normpath(f"/{path}").rstrip("/")
