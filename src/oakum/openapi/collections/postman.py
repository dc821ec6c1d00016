"""Postman collections, v2.0 and v2.1 (schema.postman.com)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import NamedTuple

from oakum.openapi.collections import auth
from oakum.openapi.collections.saved_request import (
    Body,
    Collection,
    Pair,
    SavedRequest,
    SavedResponse,
    Schemes,
    maps,
    pairs,
    scalar,
    text_of,
)
from oakum.openapi.model import Json
from oakum.openapi.reference_resolution import DescriptionFile

NAME = "a Postman collection"
_LANGUAGES = {"json": "application/json", "xml": "application/xml", "html": "text/html"}


class _Folder(NamedTuple):
    """A list of items that is being read, with what they inherit."""

    items: Iterator[tuple[int, Json]]
    pointer: str
    name: str
    auth: Schemes | None


def tells(root: Mapping[str, Json]) -> str:
    """Pointer to the member that identifies a Postman collection, at the top or in `collection`;
    empty: it is none."""
    for pointer, holder in (("/info", root), ("/collection", root.get("collection"))):
        info = holder.get("info") if isinstance(holder, Mapping) else None
        if isinstance(info, dict):
            schema = info.get("schema")
            if "_postman_id" in info or (isinstance(schema, str) and "postman" in schema):
                return pointer
    return ""


def read(file: DescriptionFile) -> Collection:
    """Reads a collection; requests that cannot be read are skipped and reported with their
    place."""
    root, pointer = file.root, ""
    if "info" not in root and isinstance(root.get("collection"), dict):
        root, pointer = root["collection"], "/collection"
    info = root.get("info") if isinstance(root.get("info"), dict) else {}
    found = Collection(text_of(info.get("name")))
    for each in maps(root.get("variable")):
        name = each.get("key") or each.get("id")
        if isinstance(name, str) and each.get("type") != "secret" and not each.get("disabled"):
            found.variables[name] = scalar(each.get("value"))
    if not isinstance(root.get("item"), list):
        found.leave(lambda: file.written_location(pointer), "`item` must be a list of requests")
    # In the order of the collection, with a stack: a hostile one nests deeper than Python calls.
    stack = [_folder(root.get("item"), f"{pointer}/item", "", _auth(root, None))]
    while stack:
        folder = stack[-1]
        index, item = next(folder.items, (-1, None))
        at = f"{folder.pointer}/{index}"
        if index < 0:
            stack.pop()
        elif isinstance(item, dict) and isinstance(item.get("item"), list):
            own = _auth(item, folder.auth)
            stack.append(_folder(item["item"], f"{at}/item", text_of(item.get("name")), own))
        else:
            _item(found, file, item, at, folder)
    return found


def _folder(items: Json, pointer: str, name: str, auth: Schemes | None) -> _Folder:
    return _Folder(enumerate(items if isinstance(items, list) else ()), pointer, name, auth)


def _item(found: Collection, file: DescriptionFile, item: Json, at: str, folder: _Folder) -> None:
    place = partial(file.written_location, at)
    raw = item.get("request") if isinstance(item, dict) else None
    if isinstance(raw, str):
        raw = {"url": raw}
    if not isinstance(raw, dict):
        found.leave(place, "an item needs a `request`, or a list of items")
        return
    url = _url(raw.get("url"))
    if not url:
        found.leave(place, "this request has no `url` that can be read")
        return
    parts = raw["url"] if isinstance(raw["url"], dict) else {}
    found.requests.append(
        SavedRequest(
            name=text_of(item.get("name")),
            method=text_of(raw.get("method")) or "GET",
            url=url,
            place=place,
            folder=folder.name,
            description=text_of(raw.get("description")) or text_of(item.get("description")),
            query=() if "?" in url else pairs(parts.get("query")),
            path=_path_values(parts.get("variable")),
            headers=_headers(raw.get("header")),
            body=_body(raw.get("body"), _headers(raw.get("header"))),
            auth=_auth({**item, "auth": raw.get("auth")}, folder.auth),
            answers=tuple(_answers(item.get("response"))),
        )
    )


def _path_values(said: Json) -> tuple[Pair, ...]:
    found = [{**each, "key": each.get("key") or each.get("id")} for each in maps(said)]
    return pairs(found)


def _url(said: Json) -> str:
    """The address as one text, with its query."""
    if not isinstance(said, dict):
        return said if isinstance(said, str) else ""
    raw = text_of(said.get("raw"))
    if raw:
        return raw
    host, path = _join_parts(said.get("host"), "."), _join_parts(said.get("path"), "/")
    scheme = text_of(said.get("protocol"))
    port = f":{scalar(said['port'])}" if said.get("port") else ""
    origin = f"{scheme}://{host}{port}" if scheme and "://" not in host else f"{host}{port}"
    return f"{origin}/{path.lstrip('/')}" if path else origin


def _join_parts(said: Json, between: str) -> str:
    if not isinstance(said, list):
        return said if isinstance(said, str) else ""
    parts = (each.get("value") if isinstance(each, dict) else each for each in said)
    return between.join(scalar(each) for each in parts)


def _headers(said: Json) -> tuple[Pair, ...]:
    if not isinstance(said, str):
        return pairs(said)
    lines = (each.partition(":") for each in said.splitlines() if ":" in each)
    return tuple(Pair(name.strip(), value.strip()) for name, _, value in lines)


def media_of(headers: tuple[Pair, ...]) -> str:
    """The media type in the headers; empty: none, or a variable."""
    said = (e.value for e in headers if e.name.lower() == "content-type" and not e.disabled)
    found = next(said, "")
    return found if "/" in found and "{{" not in found else ""


def _body(said: Json, headers: tuple[Pair, ...]) -> Body | None:
    if not isinstance(said, dict) or said.get("disabled") is True:
        return None
    mode = said.get("mode")
    if mode == "urlencoded":
        return Body("application/x-www-form-urlencoded", form=pairs(said.get("urlencoded")))
    if mode == "formdata":
        return Body("multipart/form-data", form=pairs(said.get("formdata")))
    if mode == "graphql":
        return Body("application/json", '{"query": "", "variables": {}}')
    if mode == "raw" and isinstance(said.get("raw"), str) and said["raw"].strip():
        options = said.get("options")
        inside = options.get("raw") if isinstance(options, dict) else None
        language = text_of(inside.get("language")) if isinstance(inside, dict) else ""
        return Body(media_of(headers) or _LANGUAGES.get(language, ""), said["raw"])
    if mode == "file":
        return Body(media_of(headers) or "application/octet-stream", " ")
    return None


def _auth(holder: dict[str, Json], around: Schemes | None) -> Schemes | None:
    """What an item says of credentials, or what a script before it adds, or the folder around."""
    said = holder.get("auth")
    if isinstance(said, dict) and isinstance(said.get("type"), str):
        values = {each.name: each.value for each in pairs(said.get(said["type"]))}
        found = auth.scheme_of(said["type"], values)
        if found is not None:
            return found
    for event in maps(holder.get("event")):
        script = event.get("script")
        lines = script.get("exec") if isinstance(script, dict) else None
        if event.get("listen") == "prerequest" and isinstance(lines, str | list):
            text = lines if isinstance(lines, str) else "\n".join(map(str, lines))
            if found := auth.scheme_from_script(text):
                return found
    return around


def _answers(said: Json) -> list[SavedResponse]:
    found: list[SavedResponse] = []
    for each in maps(said):
        status = each.get("code")
        if isinstance(status, int) and 100 <= status <= 599 and isinstance(each.get("body"), str):
            headers = _headers(each.get("header"))
            found.append(SavedResponse(status, each["body"], media_of(headers)))
    return found
