"""Recognises files that are not OpenAPI documents, and says what to do with them.

A description of an API in a format that Oakum does not read is named; recorded traffic goes to
`oakum observe`, which infers a document from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import NamedTuple

from oakum.errors import InputError, Location, Problem
from oakum.openapi.formats import DocumentFormat, format_of, readable
from oakum.openapi.model import Json
from oakum.openapi.reference_resolution import DescriptionFile

_READABLE = readable()
_EXPORT = "export it as OpenAPI, or record its traffic as HAR: `oakum observe draft`"
_SCHEMA = (
    "it goes beside an OpenAPI document that has the endpoint: `POST /graphql: {graphql: FILE}`"
    " among the operations of the policy"
)
_EVENTS = f"{_READABLE}; a WebSocket or a stream of events can be declared in OpenAPI"


class _Text(NamedTuple):
    """A format that is neither JSON nor YAML, or YAML in the first place."""

    sign: re.Pattern[str]
    name: str
    hint: str


_TEXTS = (
    _Text(re.compile(r"#%RAML\b"), "a RAML description", _EXPORT),
    _Text(re.compile(r"FORMAT:\s*1A\b"), "an API Blueprint", _EXPORT),
    _Text(
        re.compile(r"<(!DOCTYPE\s+html|html)\b", re.I), "a web page", f"{_READABLE}; download it"
    ),
    _Text(
        re.compile(r"(<\?xml[^>]*>\s*)?<((\w+:)?definitions|description)\b"),
        "a WSDL description",
        f"{_READABLE}; it reads nothing of SOAP",
    ),
    _Text(re.compile(r"<(\?xml|\w)"), "XML", f"{_READABLE}, written as JSON or YAML"),
    _Text(
        re.compile(r"meta\s*\{\s*\n\s*name\s*:"),
        "a request of Bruno",
        "give the folder of its collection, the one with `bruno.json`",
    ),
    _Text(re.compile(r"syntax\s*=\s*[\"']proto"), "a Protocol Buffers file", _EXPORT),
)
_GRAPHQL = re.compile(
    r"(extend\s+)?((type|interface|input|enum)\s+\w+[^:\n]*\{|schema\s*(@[^{\n]*)?\{"
    r"|union\s+\w+[^:\n]*=|scalar\s+\w+\s|directive\s+@|type\s+\w+\s+@)"
)
_HEAD = 65_536
"""Number of characters within which the first line of a format has to be."""


def refuse_other_text(data: bytes, name: str) -> None:
    """Raises `InputError` for text in a known format other than JSON or YAML, such as RAML or
    Protobuf."""
    if data[:1] in (b"{", b"["):
        return
    head = data[:_HEAD].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    found = next((each for each in _TEXTS if each.sign.match(head)), None)
    if found is None and _GRAPHQL.match(_after_descriptions(head)):
        found = _Text(_GRAPHQL, "a GraphQL schema", _SCHEMA)
    if found is None and PurePath(name).suffix.lower() in (".apib", ".apiblueprint"):
        found = _TEXTS[1]
    if found is not None:
        raise InputError([Problem(Location(name, 1, 1), f"this is {found.name}", found.hint)])


def _after_descriptions(text: str) -> str:
    """The text of a GraphQL schema after the comments and the description that it begins with. A
    comment alone tells nothing: YAML has the same."""
    while text[:1] in ("#", '"'):
        end = '"""' if text.startswith('"""') else "\n"
        _, found, rest = text[len(end) :].partition(end)
        text = rest.lstrip() if found else ""
    return text


class _Tree(NamedTuple):
    """A format of JSON or YAML: which member tells it, and what it is."""

    tells: Callable[[Mapping[str, Json]], str]
    """The pointer to what tells it; empty: it is something else."""
    name: str
    hint: str


def _has(member: str) -> Callable[[Mapping[str, Json]], str]:
    return lambda root: f"/{member}" if member in root else ""


def _at(root: Json, *names: str) -> Json:
    for name in names:
        root = root.get(name) if isinstance(root, dict) else None
    return root


def _is_har(root: Mapping[str, Json]) -> str:
    return "/log" if isinstance(_at(root, "log", "entries"), list) else ""


def _is_old_postman(root: Mapping[str, Json]) -> str:
    plain = isinstance(root.get("requests"), list) and {"id", "name"} <= root.keys()
    return "/requests" if plain and ("order" in root or "folders" in root) else ""


def _is_introspection(root: Mapping[str, Json]) -> str:
    if "__schema" in root:
        return "/__schema"
    return "/data" if isinstance(_at(root, "data", "__schema"), dict) else ""


def _is_discovery(root: Mapping[str, Json]) -> str:
    return "/kind" if root.get("kind") == "discovery#restDescription" else ""


_TREES = (
    _Tree(_has("asyncapi"), "an AsyncAPI document", _EVENTS),
    _Tree(_has("arazzo"), "an Arazzo description", "give the document of its `sourceDescriptions`"),
    _Tree(_has("overlay"), "an OpenAPI overlay", "give it as `--overlay` beside its document"),
    _Tree(
        _has("exposure"),
        "a policy, not an OpenAPI document",
        "its `api:` names the document; give that one",
    ),
    _Tree(
        _has("openrpc"),
        "an OpenRPC document",
        f"{_READABLE}; JSON-RPC has one endpoint, which says nothing of its methods",
    ),
    _Tree(_is_old_postman, "a Postman collection of version 1", "export it as v2.1"),
    _Tree(
        _is_har,
        "a HAR file",
        "it is recorded traffic: `oakum observe draft FILE -o exposure.yaml` infers a document",
    ),
    _Tree(_has("__export_format"), "an old export of Insomnia", "export it as v4 or v5"),
    _Tree(_is_introspection, "a GraphQL introspection result", f"print it as a schema; {_SCHEMA}"),
    _Tree(_is_discovery, "a Google API discovery document", _EXPORT),
    _Tree(_has("swaggerVersion"), "a Swagger 1 resource listing", f"{_READABLE}; convert it"),
    _Tree(_has("smithy"), "a Smithy model", "export it as OpenAPI with `smithy-openapi`"),
)


def recognise(file: DescriptionFile) -> DocumentFormat:
    """The format of a document. Raises `InputError` for an unsupported format or version."""
    root = file.root

    def refuse(message: str, hint: str, pointer: str = "") -> InputError:
        return InputError([Problem(file.locate(pointer), message, hint)])

    if type(root) is not dict:
        raise refuse("this is not an OpenAPI document", f"{_READABLE}, written as JSON or YAML")
    found = format_of(root)
    if found is None:
        for each in _TREES:
            if at := each.tells(root):
                raise refuse(f"this is {each.name}", each.hint, at)
        if "identities" in root:
            hint = "it is for `--identities`; give the contract or the OpenAPI document here"
            raise refuse("this looks like an identities file", hint, "/identities")
        raise refuse("`openapi` is missing", f"write the version, `openapi: 3.1.0`; {_READABLE}")
    if not found.reads(version := str(root[found.member])):
        raise refuse(f"{found.name} `{version}` is not read", _READABLE, f"/{found.member}")
    if "paths" not in root:
        raise refuse("`paths` is missing", "a document without paths has no endpoints to watch")
    if type(root["paths"]) is not dict:
        raise refuse("`paths` must be a map of paths", "", "/paths")
    return found
