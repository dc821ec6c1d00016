"""Builds an OpenAPI 3.1 document from recorded traffic: only what was observed.

A member is required if every object had it, and its types are those observed. No example and no
enumeration is written, since both would be values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from oakum.inference.lexicon import words
from oakum.openapi.model import Json
from oakum.openapi.observed_shape import schema
from oakum.traffic.inventory import FORM, SeenEndpoint
from oakum.traffic.path_templates import Template

_PARAMETER = re.compile(r"\{([^{}]+)\}")
_NAME = re.compile(r"(?!(?:.*[0-9]){5})[A-Za-z_$@][A-Za-z0-9_$.\[\]-]{0,47}")
_VERBS = {"GET": "get", "POST": "create", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}


def document(templates: tuple[Template[SeenEndpoint], ...], title: str = "observed") -> Json:
    """The document, as JSON values in an order that does not change."""
    paths: dict[str, dict[str, Json]] = {}
    schemes: dict[str, Json] = {}
    taken: set[str] = set()
    for each in templates:
        if each.method.lower() in ("get", "put", "post", "delete", "patch", "head", "trace"):
            made = _operation(each, schemes, taken)
            paths.setdefault(each.path, {})[each.method.lower()] = made
    found: dict[str, Json] = {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "observed"},
        "paths": paths,
    }
    if schemes:
        found["components"] = {"securitySchemes": dict(sorted(schemes.items()))}
    return found


def _operation(each: Template[SeenEndpoint], schemes: dict[str, Json], taken: set[str]) -> Json:
    endpoint = each.counts
    made: dict[str, Json] = {"operationId": _id(each, taken)}
    parameters = [*_path_parameters(each), *_query_parameters(endpoint)]
    if parameters:
        made["parameters"] = parameters
    bodies = (("application/json", endpoint.sent), (FORM, endpoint.form))
    content = {media: {"schema": schema(learnt)} for media, learnt in bodies if learnt.value_count}
    if content:
        made["requestBody"] = {"content": content}
    made["responses"] = _responses(endpoint)
    security = list(_security(endpoint, schemes))
    if security:
        made["security"] = security
    return made


def _responses(endpoint: SeenEndpoint) -> Json:
    good = [status for status in endpoint.statuses if 200 <= status < 300]
    first = min(good, default=0)
    found: dict[str, Json] = {}
    for status in sorted(endpoint.statuses):
        answer: dict[str, Json] = {"description": f"seen {endpoint.statuses[status]} times"}
        if status == first and endpoint.answer.value_count:
            media = sorted(endpoint.media) or ["application/json"]
            answer["content"] = {name: {"schema": schema(endpoint.answer)} for name in media}
        found[str(status)] = answer
    return found


def _path_parameters(each: Template[SeenEndpoint]) -> Iterator[Json]:
    for name, form in zip(_PARAMETER.findall(each.path), each.forms, strict=True):
        kind = {"integer": {"type": "integer"}, "uuid": {"type": "string", "format": "uuid"}}
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": kind.get(form, {"type": "string"}),
        }


def _query_parameters(endpoint: SeenEndpoint) -> Iterator[Json]:
    for name, learnt in sorted(endpoint.query.items()):
        if _NAME.fullmatch(name):
            yield {"name": name, "in": "query", "schema": schema(learnt)}


def _security(endpoint: SeenEndpoint, schemes: dict[str, Json]) -> Iterator[Json]:
    """The credentials that were sent; an empty requirement if the endpoint answered without
    (OpenAPI 3.1, *Security Requirement Object*)."""
    for kind in sorted(endpoint.auth):
        place, _, name = kind.partition(" ")
        if place in ("bearer", "basic"):
            named, scheme = place, {"type": "http", "scheme": place}
        elif name and place in ("cookie", "header", "query"):
            named, scheme = name, {"type": "apiKey", "in": place, "name": name}
        else:
            continue
        schemes[named] = scheme
        yield {named: []}
    if endpoint.auth.get("none"):
        yield {}


def _id(each: Template[SeenEndpoint], taken: set[str]) -> str:
    verb = _VERBS.get(each.method, each.method.lower())
    ends = each.path.rstrip("/").endswith("}")
    if verb == "get" and each.counts.answer.kinds.keys() == {"array"} and not ends:
        verb = "list"
    parts = [w.title() for s in each.path.split("/") if s and s[0] != "{" for w in words(s)]
    base = name = verb + "".join(parts[-4:]) + ("ById" if ends else "")
    number = 2
    while name in taken:
        name, number = f"{base}{number}", number + 1
    taken.add(name)
    return name
