"""Exports of Insomnia: v4, a list of resources that name their parents, and v5, a tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from oakum.openapi.collections import auth
from oakum.openapi.collections.saved_request import (
    Body,
    Collection,
    Place,
    SavedRequest,
    Schemes,
    maps,
    pairs,
    scalar,
    text_of,
)
from oakum.openapi.model import Json
from oakum.openapi.reference_resolution import DescriptionFile

NAME = "an export of Insomnia"
_MOST_FOLDERS = 100


def tells(root: Mapping[str, Json]) -> str:
    """Pointer to the member that identifies an Insomnia export (v4 or v5); empty: it is none."""
    if root.get("__export_format") == 4:
        return "/__export_format"
    return "/type" if "insomnia.rest/5" in str(root.get("type")) else ""


def read(file: DescriptionFile) -> Collection:
    """Reads an export; requests that cannot be read are skipped and reported with their place."""
    if "__export_format" in file.root:
        return _resources(file)
    found = Collection(text_of(file.root.get("name")))
    environments = file.root.get("environments")
    for each in (environments, *_maps_in(environments, "subEnvironments")):
        _variables(found, each.get("data") if isinstance(each, dict) else None)
    waiting: list[tuple[Json, str, str, Schemes | None]] = [
        (file.root.get("collection"), "/collection", "", None)
    ]
    while waiting:
        items, pointer, folder, around = waiting.pop()
        for index, item in enumerate(items if isinstance(items, list) else ()):
            at = f"{pointer}/{index}"
            if not isinstance(item, dict):
                continue
            if isinstance(item.get("children"), list):
                _variables(found, item.get("environment"))
                own = _auth(item, around)
                waiting.append((item["children"], f"{at}/children", text_of(item.get("name")), own))
            else:
                _request(found, item, partial(file.written_location, at), folder, around)
    return found


def _resources(file: DescriptionFile) -> Collection:
    """Version 4."""
    resources = list(enumerate(maps(file.root.get("resources"))))
    indexed = file.root.get("resources")
    found = Collection(_title(each for _, each in resources))
    by_id = {each["_id"]: each for _, each in resources if isinstance(each.get("_id"), str)}
    for _, each in resources:
        if each.get("_type") == "environment":
            _variables(found, each.get("data"))
        elif each.get("_type") == "request_group":
            _variables(found, each.get("environment"))
    for index, each in enumerate(indexed if isinstance(indexed, list) else ()):
        if isinstance(each, dict) and each.get("_type") == "request":
            folders = [*_above(each, by_id)]
            around: Schemes | None = None
            for folder in reversed(folders):
                around = _auth(folder, around)
            named = [f for f in folders if f.get("_type") == "request_group"]
            name = text_of(named[0].get("name")) if named else ""
            _request(
                found, each, partial(file.written_location, f"/resources/{index}"), name, around
            )
    return found


def _title(resources: Iterator[dict[str, Json]]) -> str:
    return next((text_of(e.get("name")) for e in resources if e.get("_type") == "workspace"), "")


def _above(each: Mapping[str, Json], by_id: Mapping[str, dict[str, Json]]) -> Iterator[Json]:
    """The folders around a resource, the nearest first; parents may go round in a hostile file."""
    parent = each.get("parentId")
    for _ in range(_MOST_FOLDERS):
        if not isinstance(parent, str) or parent not in by_id:
            return
        yield by_id[parent]
        parent = by_id[parent].get("parentId")


def _maps_in(value: Json, name: str) -> list[dict[str, Json]]:
    return maps(value.get(name)) if isinstance(value, dict) else []


def _variables(found: Collection, data: Json, around: str = "", depth: int = 0) -> None:
    """Values of an environment; the first that has a name counts."""
    if not isinstance(data, dict) or depth > 8:
        return
    for name, value in data.items():
        if isinstance(value, dict):
            _variables(found, value, f"{around}{name}.", depth + 1)
        else:
            found.variables.setdefault(f"{around}{name}", scalar(value))


def _request(
    found: Collection, item: dict[str, Json], place: Place, folder: str, around: Schemes | None
) -> None:
    url = text_of(item.get("url"))
    if "protoMethodName" in item:
        found.leave(place, "a request of gRPC is not HTTP with JSON")
    elif not url.strip():
        found.leave(place, "this request has no `url`")
    else:
        found.requests.append(
            SavedRequest(
                name=text_of(item.get("name")),
                method=text_of(item.get("method")) or "GET",
                url=url,
                place=place,
                folder=folder,
                description=text_of(item.get("description")),
                query=pairs(item.get("parameters"), "name"),
                path=pairs(item.get("pathParameters"), "name"),
                headers=pairs(item.get("headers"), "name"),
                body=_body(item.get("body")),
                auth=_auth(item, around),
            )
        )


def _body(said: Json) -> Body | None:
    if not isinstance(said, dict):
        return None
    media, text = text_of(said.get("mimeType")), text_of(said.get("text"))
    if media == "application/graphql":
        return Body("application/json", '{"query": "", "variables": {}}')
    form = pairs(said.get("params"), "name")
    if form or text.strip():
        return Body(media, text, form)
    return None


def _auth(holder: dict[str, Json], around: Schemes | None) -> Schemes | None:
    said = holder.get("authentication")
    if isinstance(said, dict) and isinstance(said.get("type"), str) and not said.get("disabled"):
        found = auth.scheme_of(said["type"], said)
        if found is not None:
            return found
    scripts = holder.get("scripts")
    inside = scripts.get("preRequest") if isinstance(scripts, dict) else None
    script = text_of(holder.get("preRequestScript")) or text_of(inside)
    return (auth.scheme_from_script(script) if script else None) or around
