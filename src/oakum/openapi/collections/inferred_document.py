"""Infers an OpenAPI document from a collection: only what was saved.

An endpoint is a method and a path template; requests of the same one are merged. The document
contains no examples and no values. An endpoint requires credentials if any request of it sends
them: one without is usually a test of the refusal.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from oakum.errors import InputError, Location, Problem, count_of
from oakum.http.json_pointer import escape
from oakum.http.media_type import essence, is_json
from oakum.openapi.collections import address, examples
from oakum.openapi.collections.address import Address
from oakum.openapi.collections.auth import NAME, in_headers, in_query
from oakum.openapi.collections.saved_request import Collection, Place, SavedRequest
from oakum.openapi.model import Json
from oakum.openapi.observed_shape import ObservedValues

_METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace"))
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_COMMON = frozenset(
    (
        "accept", "accept-charset", "accept-encoding", "accept-language", "authorization",
        "cache-control", "connection", "content-length", "content-type", "cookie", "host",
        "if-modified-since", "if-none-match", "origin", "postman-token", "pragma", "referer",
        "user-agent", "x-requested-with",
    )
)  # fmt: skip
_RECORD = "save responses as examples, or record a HAR: `oakum observe draft`"


@dataclass
class _Endpoint:
    """The requests of one method and template."""

    address: Address
    first: SavedRequest
    query: dict[str, ObservedValues] = field(default_factory=dict)
    headers: dict[str, None] = field(default_factory=dict)
    bodies: dict[str, ObservedValues] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    answers: dict[int, dict[str, ObservedValues]] = field(default_factory=dict)
    security: list[dict[str, Json]] = field(default_factory=list)


@dataclass(frozen=True)
class InferredDocument:
    """A document, and the place in the collection of each of its operations."""

    root: Json
    places: dict[str, Place]
    """Pointer into the document → place in the collection."""
    whole: Place
    problems: tuple[Problem, ...]

    def locate(self, pointer: str) -> Location:
        """Location of the request from which a part of the document was made; otherwise of the
        collection."""
        found = re.match(r"(/paths/[^/]*)(/[^/]*)?", pointer)
        if found is None:
            return self.whole()
        place = self.places.get(found[0]) or self.places.get(found[1])
        return (place or self.whole)()


def infer_document(collection: Collection, kind: str, whole: Place) -> InferredDocument:
    """The document. `kind`: name of the collection's format; `whole`: its place. Raises
    `InputError` if no request can be read."""
    found = _endpoints(collection)
    if not found:
        said = f"this is {kind}; there is no request in it that can be read"
        raise InputError([Problem(whole(), said), *collection.problems])
    paths: dict[str, dict[str, Json]] = {}
    schemes: dict[str, Json] = {}
    places: dict[str, Place] = {}
    templates: dict[str, str] = {}
    secured = any(each.security for each in found.values())
    for (skeleton, method), each in found.items():
        path = templates.setdefault(skeleton, each.address.path)
        paths.setdefault(path, {})[method] = _operation(each, path, schemes, secured=secured)
        pointer = f"/paths/{escape(path)}"
        places.setdefault(pointer, each.first.place)
        places[f"{pointer}/{method}"] = each.first.place
    root: dict[str, Json] = {
        "openapi": "3.1.0",
        "info": {"title": collection.title or "collection", "version": "saved"},
    }
    if origin := _main_origin(each.address.origin for each in found.values()):
        root["servers"] = [{"url": origin}]
    root["paths"] = paths
    if schemes:
        root["components"] = {"securitySchemes": schemes}
    if not any(each.answers for each in found.values()):
        many = count_of(len(collection.requests), "request")
        unknown = f"none of {many} has a saved response in JSON: what the API shows is not known"
        collection.problems.append(Problem(whole(), unknown, _RECORD))
    return InferredDocument(root, places, whole, tuple(collection.problems))


def _main_origin(origins: Iterator[str]) -> str:
    """Where most of the endpoints are."""
    counts = Counter(each for each in origins if each)
    return counts.most_common(1)[0][0] if counts else ""


def _endpoints(collection: Collection) -> dict[tuple[str, str], _Endpoint]:
    """By template and method, in the order of the collection; those of another API are left."""
    read: list[tuple[SavedRequest, Address]] = []
    for each in collection.requests:
        method = each.method.lower()
        if method not in _METHODS:
            collection.leave(each.place, f"`{each.method[:20]}` is not a method of OpenAPI")
            continue
        found = address.read(each.url, collection.variables, each.path)
        if isinstance(found, str):
            collection.leave(each.place, found)
            continue
        read.append((each, found))
    main = _main_origin(each.origin for _, each in read)
    made: dict[tuple[str, str], _Endpoint] = {}
    for each, at in read:
        if at.origin and at.origin != main:
            collection.leave(each.place, f"`{at.origin}` is not `{main}`, where most requests go")
            continue
        key = (at.skeleton, each.method.lower())
        _join(made.setdefault(key, _Endpoint(at, each)), each, at)
    return made


def _join(endpoint: _Endpoint, each: SavedRequest, at: Address) -> None:
    """Take in a request."""
    query = (*at.query, *each.query)
    for pair in query:
        if NAME.fullmatch(pair.name):
            endpoint.query.setdefault(pair.name, ObservedValues()).learn(_typed_value(pair.value))
    for pair in each.headers:
        if NAME.fullmatch(pair.name) and pair.name.lower() not in _COMMON:
            endpoint.headers[pair.name] = None
    used = {**(each.auth or {}), **in_headers(each.headers), **in_query(query)}
    if used and used not in endpoint.security:
        endpoint.security.append(used)
    _learn_body(endpoint, each)
    for answer in each.answers:
        body = examples.parse_body(answer.text)
        if body is examples.UNREAD:
            continue
        media = essence(answer.media) if is_json(answer.media) else "application/json"
        kinds = endpoint.answers.setdefault(answer.status, {})
        kinds.setdefault(media, ObservedValues()).learn(body)


def _learn_body(endpoint: _Endpoint, each: SavedRequest) -> None:
    if each.body is None:
        return
    media = essence(each.body.media) or "application/json"
    if each.body.form or media in _FORMS:
        learnt = endpoint.bodies.setdefault(media, ObservedValues())
        learnt.learn({pair.name: _typed_value(pair.value) for pair in each.body.form})
        endpoint.files |= {pair.name for pair in each.body.form if pair.file}
        return
    body = examples.parse_body(each.body.text)
    if body is not examples.UNREAD:
        endpoint.bodies.setdefault(media, ObservedValues()).learn(body)
    elif each.body.text.strip():
        endpoint.bodies.setdefault(media, ObservedValues())


def _typed_value(value: str) -> Json:
    """The value of a parameter as its type says, which is all that is learnt of it."""
    bare = value.strip()
    if bare[:1] == "<" or "{{" in bare or not bare:
        known = examples.parse_body(f'"{bare}"') if bare[:1] == "<" and '"' not in bare else ""
        return known if isinstance(known, bool | int | float) else ""
    if bare.lower() in ("true", "false"):
        return True
    return (
        0
        if re.fullmatch(r"-?\d{1,15}", bare)
        else 0.5
        if re.fullmatch(r"-?\d{1,15}\.\d{1,15}", bare)
        else bare
    )


def _operation(each: _Endpoint, path: str, schemes: dict[str, Json], *, secured: bool) -> Json:
    made: dict[str, Json] = {"summary": each.first.name[:200]}
    if each.first.description:
        made["description"] = each.first.description
    if each.first.folder:
        made["tags"] = [each.first.folder]
    used = {name for found in each.security for name in found}
    parameters = [*_parameters(each, path, used)]
    if parameters:
        made["parameters"] = parameters
    content = {media: _content(each, learnt) for media, learnt in each.bodies.items()}
    if content:
        made["requestBody"] = {"content": content}
    made["responses"] = {
        str(status): {
            "description": "saved",
            "content": {name: {"schema": examples.schema_of(one)} for name, one in kinds.items()},
        }
        for status, kinds in sorted(each.answers.items())
    } or {"default": {"description": "none is saved"}}
    if each.security:
        made["security"] = [_security_requirement(found, schemes) for found in each.security]
    elif secured:  # only if other requests have credentials
        made["security"] = []
    return made


def _security_requirement(found: dict[str, Json], schemes: dict[str, Json]) -> Json:
    """A requirement of all schemes that a request uses; two that differ have names of their own."""
    made: dict[str, Json] = {}
    for name, scheme in found.items():
        own, number = name, 2
        while schemes.setdefault(own, scheme) != scheme:
            own, number = f"{name}{number}", number + 1
        made[own] = []
    return made


def _content(each: _Endpoint, learnt: ObservedValues) -> Json:
    if not learnt.value_count:
        return {}
    made = examples.schema_of(learnt)
    for name in each.files & made.get("properties", {}).keys():
        made["properties"][name] = {"type": "string", "format": "binary"}
    return {"schema": made}


def _parameters(each: _Endpoint, path: str, used: set[str]) -> Iterator[Json]:
    # Parameter names come from the template, possibly from another of its methods.
    kinds = list(each.address.kinds.values())
    for name, kind in zip(re.findall(r"\{([^{}]+)\}", path), kinds, strict=True):
        schema = {"integer": {"type": "integer"}, "uuid": {"type": "string", "format": "uuid"}}
        said = schema.get(kind, {"type": "string"})
        yield {"name": name, "in": "path", "required": True, "schema": said}
    for name, learnt in each.query.items():
        if name not in used:
            yield {"name": name, "in": "query", "schema": examples.schema_of(learnt)}
    for name in each.headers:
        if name not in used:
            yield {"name": name, "in": "header", "schema": {"type": "string"}}
