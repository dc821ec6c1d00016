"""An OpenAPI document (3.0, 3.1, 3.2): its doors, and the shapes of what passes through them.

Strict where a mistake would hide a door (an operation that cannot be read, two with one name, a
reference that leads nowhere), and then all mistakes are told at once, each at its place. Lenient
where real documents are sloppy and nothing is lost: missing responses, unknown keywords.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from oakum.contract import overlay, source
from oakum.contract.model import Json, Media, Operation, Parameter, Shape
from oakum.contract.reference import File, Library, Place, escape
from oakum.contract.schema import Schemas
from oakum.errors import InputError, Location, Problem

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
        reader.problems += _broken(self._library)
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

    def operation(self, id: str) -> Operation | None:
        """By `operationId`, or by `GET /path` with or without the base path of the server."""
        method, _, path = id.partition(" ")
        return self._by_id.get(id) or self._by_id.get(f"{method.upper()} {path.strip()}")

    def locate(self, pointer: str) -> Location:
        """Where the value at a JSON pointer, or at a `Shape.pointer`, stands in its file."""
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
        raise refuse("`openapi` is missing", f"write the version, `openapi: 3.1.0`; {_READABLE}")
    if not _VERSION.match(version := str(root["openapi"])):
        raise refuse(f"OpenAPI `{version}` is not read", _READABLE, "/openapi")
    if "paths" not in root:
        raise refuse("`paths` is missing", "a document without paths has no doors to watch")
    if type(root["paths"]) is not dict:
        raise refuse("`paths` must be a map of paths", "", "/paths")


class _Reader:
    """Walks the paths of a document once, and notes what is wrong on the way."""

    def __init__(self, library: Library, schemas: Schemas) -> None:
        self.problems: list[Problem] = []
        self.by_id: dict[str, Operation] = {}
        self._library = library
        self._schemas = schemas
        self._root = Place(library.main, "", library.main.root)
        self._parameters: dict[int, Parameter | None] = {}
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
            item = self._library.follow(place)
            if isinstance(item, str):
                continue  # told with the other broken references
            if type(item.value) is not dict:
                self._blame(item, f"`{template}` must be a map of operations")
                continue
            for method, where in self._doors(item):
                if type(where.value) is not dict:
                    self._blame(where, f"`{method} {template}` must be a map")
                    continue
                operation = self._operation(method, template, item, where)
                found.append(operation)
                self._name(operation, method, template, where, named)
        return tuple(found)

    def _doors(self, item: Place) -> Iterator[tuple[str, Place]]:
        for method in _METHODS:
            if method in item.value:
                yield method.upper(), item.at(method)
        for method, place in _members(item.at("additionalOperations")):
            yield method, place

    def _name(
        self, operation: Operation, method: str, path: str, where: Place, named: dict[str, Place]
    ) -> None:
        id = operation.id
        if id in named:
            first = self._library.locate(named[id].at("operationId").where)
            here = where.at("operationId")
            self._blame(here, f"the operationId `{id}` stands here twice", f"first at {first}")
        named[id] = where
        self.by_id[id] = operation
        self.by_id.setdefault(f"{method} {operation.path}", operation)
        self.by_id.setdefault(f"{method} {path}", operation)

    def _operation(self, method: str, template: str, item: Place, where: Place) -> Operation:
        raw = where.value
        servers = _servers(where) or _servers(item) or self._servers
        path = (servers[0][1] if servers else "") + template
        id = raw.get("operationId")
        return Operation(
            id=id if type(id) is str and id else f"{method} {path}",
            method=method,
            path=path,
            parameters=self._all_parameters(template, item, where),
            body=self._media(where.at("requestBody")),
            responses={
                str(status).upper() if status != "default" else status: self._media(place)
                for status, place in _members(where.at("responses"))
                if not status.startswith("x-")
            },
            security=_security(raw, self._root.value),
            summary=_text(raw, item.value, "summary"),
            description=_text(raw, item.value, "description"),
            tags=tuple(tag for tag in _list(raw.get("tags")) if type(tag) is str),
            pointer=where.where,
            extensions=_extensions(raw),
        )

    def _media(self, place: Place) -> tuple[Media, ...]:
        end = self._library.follow(place)
        if isinstance(end, str):
            return ()
        known = self._contents.get(id(end.value))
        if known is None:
            found = _members(end.at("content"))
            known = tuple(Media(name, self._body(media)) for name, media in found)
            self._contents[id(end.value)] = known
        return known

    def _body(self, place: Place) -> Shape | None:
        media = self._library.follow(place)
        if isinstance(media, str) or type(media.value) is not dict:
            return None
        if "schema" in media.value:
            return self._schemas.shape(media.at("schema"))
        if "itemSchema" in media.value:  # 3.2: a stream of such values
            each = partial(self._schemas.shape, media.at("itemSchema"))
            return Shape(kinds=frozenset(("array",)), items=each, pointer=media.where)
        return None

    def _all_parameters(self, template: str, item: Place, where: Place) -> tuple[Parameter, ...]:
        found: dict[tuple[str, str], Parameter] = {}
        for holder in (item, where):
            for i, raw in enumerate(_list(holder.value.get("parameters"))):
                place = Place(holder.file, f"{holder.pointer}/parameters/{i}", raw)
                parameter = self._parameter(place)
                if parameter is not None:
                    found[parameter.name, parameter.where] = parameter
        for name in re.findall(r"\{([^{}]+)\}", template):
            if (name, "path") not in found:  # a template says enough of it
                found[name, "path"] = Parameter(name, "path", required=True)
        return tuple(found.values())

    def _parameter(self, place: Place) -> Parameter | None:
        end = self._library.follow(place)
        if isinstance(end, str):
            return None
        if id(end.value) not in self._parameters:
            self._parameters[id(end.value)] = self._read_parameter(end)
        return self._parameters[id(end.value)]

    def _read_parameter(self, place: Place) -> Parameter | None:
        raw = place.value
        missing = [word for word in ("name", "in") if type(_map(raw).get(word)) is not str]
        if missing:
            self._blame(place, f"a parameter must say its `{missing[0]}`")
            return None
        schema = place.at("schema")
        for _, media in _members(place.at("content")):
            schema = media.at("schema")
        shape = self._schemas.shape(schema)
        plain = self._library.value(schema)
        example = raw.get("example")
        for _, one in _members(place.at("examples")):
            if example is None:
                example = _map(self._library.value(one)).get("value")
        return Parameter(
            name=raw["name"],
            where=raw["in"],
            required=raw.get("required") is True or raw["in"] == "path",
            shape=shape,
            example=shape.example if example is None else example,
            default=_map(plain).get("default"),
        )

    def _blame(self, place: Place, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self._library.locate(place.where), message, hint))


# ------------------------------------------------------------------------ references that break

_PLAIN = frozenset(("example", "examples", "enum", "default", "const", "callbacks", "links"))
"""Keywords whose values are data, or doors of somebody else's: no reference in them is followed."""
_NAMED = frozenset(("properties", "patternProperties", "dependentSchemas", "$defs", "definitions"))
_NAMED |= {"schemas", "responses", "content", "headers", "encoding", "additionalOperations"}
"""Keywords whose members are called as the author likes, so that no name is a keyword."""


Trail = str | tuple["Trail", str]
"""A pointer, or what stands before its last segment and that segment: joined only in a message."""


def _broken(library: Library) -> Iterator[Problem]:
    """Every reference that can be reached from the paths and leads nowhere."""
    if library.is_whole():
        return
    seen: set[int] = set()
    waiting: list[tuple[File, Json, Trail, bool]] = []
    waiting.append((library.main, library.main.root["paths"], "/paths", True))
    while waiting:
        file, value, trail, named = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is list:
            waiting += ((file, v, (trail, str(i)), False) for i, v in enumerate(value))
        elif type(value) is dict:
            for key, child in value.items():
                if type(child) is dict or type(child) is list:
                    if named or not (key in _PLAIN or key.startswith("x-")):
                        waiting.append((file, child, (trail, key), not named and key in _NAMED))
                elif key == "$ref" and not named and type(child) is str:
                    target = library.resolve(file, child)
                    end = target if isinstance(target, str) else library.follow(target)
                    if isinstance(target, str) or isinstance(end, str):
                        yield Problem(file.locate(_joined((trail, key))), str(end))
                    else:
                        waiting.append((target.file, target.value, target.pointer, False))


def _joined(trail: Trail) -> str:
    segments: list[str] = []
    while isinstance(trail, tuple):
        trail, last = trail
        segments.append(escape(last))
    return "/".join((trail, *reversed(segments)))


# ------------------------------------------------------------------------------- small readings


def _members(place: Place) -> Iterator[tuple[str, Place]]:
    if type(place.value) is dict:
        for name, value in place.value.items():
            yield name, Place(place.file, f"{place.pointer}/{escape(name)}", value)


def _map(value: Json) -> Mapping[str, Json]:
    return value if type(value) is dict else {}


def _list(value: Json) -> Sequence[Json]:
    return value if type(value) is list else ()


def _text(raw: Mapping[str, Json], around: Mapping[str, Json], word: str) -> str:
    said = raw.get(word, around.get(word))
    return said if type(said) is str else ""


def _extensions(raw: Mapping[str, Json]) -> Mapping[str, Json]:
    return {word: value for word, value in raw.items() if word.startswith("x-")}


def _security(
    raw: Mapping[str, Json], root: Mapping[str, Json]
) -> tuple[frozenset[str], ...] | None:
    said = raw["security"] if type(raw.get("security")) is list else root.get("security")
    if type(said) is not list:
        return None
    return tuple(frozenset(alternative) for alternative in said if type(alternative) is dict)


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
    scheme, colon, rest = url.partition("://")
    host, _, path = rest.partition("/") if colon else ("", "/", url.removeprefix("."))
    path = re.split(r"[?#]", path)[0].strip("/")
    origin = f"{scheme}://{host}" if colon and host and "{" not in scheme + host else ""
    return origin, f"/{path}" if path else ""
