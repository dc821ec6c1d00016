"""Collections of Bruno: a folder of `.bru` files, or of YAML (OpenCollection), or one exported
file of either."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from oakum.errors import InputError, Location, Problem
from oakum.openapi import source
from oakum.openapi.collections import auth, bru_text
from oakum.openapi.collections.bru_text import Block
from oakum.openapi.collections.saved_request import (
    Body,
    Collection,
    Pair,
    Place,
    SavedRequest,
    SavedResponse,
    Schemes,
    maps,
    pairs,
    text_of,
)
from oakum.openapi.model import Json
from oakum.openapi.reference_resolution import DescriptionFile

NAME = "a collection of Bruno"
HOMES = ("bruno.json", "opencollection.yml", "opencollection.yaml")
"""Files that make a folder a collection."""
_METHODS = ("get", "post", "put", "delete", "patch", "options", "head", "trace", "connect", "http")
_ASIDE = frozenset(("node_modules", "environments"))
_MOST_FILES = 20_000
_MOST_BYTES = 4_000_000
_FORM, _PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
_MEDIA = {
    "json": "application/json", "xml": "application/xml", "text": "text/plain",
    "graphql": "application/json", "sparql": "application/sparql-query",
    "form-urlencoded": _FORM, "formUrlEncoded": _FORM, "multipart-form": _PARTS,
    "multipartForm": _PARTS, "file": "application/octet-stream",
}  # fmt: skip
_GRAPHQL = '{"query": "", "variables": {}}'


def tells(root: Mapping[str, Json]) -> str:
    """Pointer to the member that identifies an export of either kind; empty: it is none."""
    plain = root.get("type") == "collection" and {"version", "name"} <= root.keys()
    exported = {"version", "name", "items"} <= root.keys() and isinstance(root["items"], list)
    return "/name" if plain or exported else "/opencollection" if "opencollection" in root else ""


def read(file: DescriptionFile) -> Collection:
    """Reads an exported file: Bruno's JSON, or OpenCollection."""
    root = file.root
    info = root.get("info") if isinstance(root.get("info"), dict) else root
    found = Collection(text_of(info.get("name")))
    config = root.get("config")
    environments = config.get("environments") if isinstance(config, dict) else None
    for each in maps(root.get("environments") or environments):
        _variables(found, pairs(each.get("variables"), "name"))
    around = _json_auth(root.get("root") or root, None)
    waiting: list[tuple[Json, str, str, Schemes | None]] = [
        (root.get("items"), "/items", "", around)
    ]
    while waiting:
        items, pointer, folder, above = waiting.pop()
        for index, item in enumerate(items if isinstance(items, list) else ()):
            at = f"{pointer}/{index}"
            if not isinstance(item, dict):
                continue
            if isinstance(item.get("items"), list):
                own = _json_auth(item.get("root") or item, above)
                waiting.append((item["items"], f"{at}/items", _name(item), own))
            else:
                _json_request(found, item, partial(file.written_location, at), folder, above)
    return found


def folder_of(path: Path) -> Path | None:
    """The folder of a collection, given as itself or by the file that makes it one."""
    if path.is_dir():
        return path
    if path.name not in HOMES or not path.is_file():
        return None
    root = DescriptionFile(str(path), source.read_bytes(path), path).root
    return path.parent if isinstance(root, dict) and "items" not in root else None


def read_folder(folder: Path) -> tuple[Collection, tuple[Path, ...]]:
    """Reads a folder: the collection, and the files that were read. A file that cannot be read is
    skipped and reported. Raises `InputError` if the folder is no collection."""
    home = next((folder / name for name in HOMES if (folder / name).is_file()), None)
    if home is None:
        names = " or ".join(f"`{name}`" for name in HOMES[:2])
        hint = "give an OpenAPI document, or the folder of a collection of Bruno"
        raise InputError([Problem(Location(str(folder)), f"a folder without {names}", hint)])
    first = DescriptionFile(str(home), source.read_bytes(home), home)
    info = first.root.get("info") if isinstance(first.root, dict) else None
    title = info if isinstance(info, dict) else first.root if isinstance(first.root, dict) else {}
    found = Collection(text_of(title.get("name")))
    reader = _Folder(found, folder.resolve())
    if isinstance(first.root, dict) and home.suffix != ".json":
        reader.auths[folder] = _json_auth(first.root, None)
    reader.read(folder, home.suffix == ".json")
    return found, (home, *reader.files)


class _Folder:
    """Reads the files of one collection."""

    def __init__(self, found: Collection, root: Path) -> None:
        self.files: list[Path] = []
        self.auths: dict[Path, Schemes | None] = {}
        self._found = found
        self._root = root

    def read(self, folder: Path, is_bru: bool) -> None:
        """Read the environments, then each folder before what is in it."""
        endings = (".bru",) if is_bru else (".yml", ".yaml")
        for path in _files(folder / "environments", self._root, endings):
            self._file(path, self._environment)
        for at, names, _ in os.walk(folder):
            names[:] = sorted(n for n in names if n not in _ASIDE and not n.startswith("."))
            here = Path(at)
            self.auths.setdefault(here, self.auths.get(here.parent) if here != folder else None)
            inside = _files(here, self._root, endings)
            special = [each for each in inside if each.stem in ("collection", "folder")]
            for path in special:
                self._file(path, self._settings)
            for path in inside:
                if path not in special and path.name not in HOMES:
                    self._file(path, self._request)

    def _file(self, path: Path, read: object) -> None:
        if len(self.files) >= _MOST_FILES:
            return
        self.files.append(path)
        try:
            if path.stat().st_size > _MOST_BYTES:
                self._found.leave(lambda: Location(str(path)), "a file of more than 4 MB")
                return
            read(path, source.read_text(path))  # type: ignore[operator]
        except InputError as error:
            self._found.problems += error.problems

    def _environment(self, path: Path, text: str) -> None:
        if path.suffix == ".bru":
            for block in bru_text.blocks(text, str(path)):
                if block.name == "vars":
                    _variables(self._found, block.pairs)
            return
        root = source.parse(text, str(path)).plain()
        if isinstance(root, dict):
            _variables(self._found, pairs(root.get("variables"), "name"))

    def _settings(self, path: Path, text: str) -> None:
        around = self.auths[path.parent]
        if path.suffix == ".bru":
            found = {each.name: each for each in bru_text.blocks(text, str(path))}
            mode = found["auth"].value("mode") if "auth" in found else "inherit"
            self.auths[path.parent] = _bru_auth(found, mode, around)
            if "vars:pre-request" in found:
                _variables(self._found, found["vars:pre-request"].pairs)
            return
        root = source.parse(text, str(path)).plain()
        if isinstance(root, dict):
            self.auths[path.parent] = _json_auth(root, around)

    def _request(self, path: Path, text: str) -> None:
        around = self.auths[path.parent]
        folder = path.parent.name if path.parent.resolve() != self._root else ""
        if path.suffix == ".bru":
            found = {each.name: each for each in bru_text.blocks(text, str(path))}
            examples = [b for b in bru_text.blocks(text, str(path)) if b.name == "example"]
            _bru_request(self._found, path, found, examples, folder, around)
            return
        file = DescriptionFile(str(path), text.encode(), path)
        if isinstance(file.root, dict):
            _json_request(
                self._found, file.root, partial(file.written_location, ""), folder, around
            )


def _files(folder: Path, root: Path, endings: tuple[str, ...]) -> list[Path]:
    """Files of these endings directly in a folder; a link that leads elsewhere is none."""
    if not folder.is_dir():
        return []
    return sorted(
        each
        for each in folder.iterdir()
        if each.suffix in endings and each.is_file() and each.resolve().is_relative_to(root)
    )


def _variables(found: Collection, said: tuple[Pair, ...]) -> None:
    for each in said:
        if not each.disabled:
            found.variables.setdefault(each.name, each.value)


def _name(item: Mapping[str, Json]) -> str:
    info = item.get("info")
    return text_of(item.get("name")) or text_of(info.get("name") if isinstance(info, dict) else "")


# ------------------------------------------------------------------ .bru


def _bru_request(
    found: Collection,
    path: Path,
    blocks: Mapping[str, Block],
    examples: list[Block],
    folder: str,
    around: Schemes | None,
) -> None:
    call = next((blocks[name] for name in _METHODS if name in blocks), None)
    line = call.line if call is not None else 1

    def place() -> Location:
        return Location(str(path), line, 1)

    if call is None:
        kinds = [name for name in ("grpc", "ws") if name in blocks]
        said = f"a request of {kinds[0]} is not HTTP with JSON" if kinds else "no request is in it"
        found.leave(place, said)
        return
    meta = blocks.get("meta")
    docs = blocks.get("docs")
    body = call.value("body")
    answers = (bru_text.answer(each) for each in examples)
    found.requests.append(
        SavedRequest(
            name=meta.value("name") if meta else path.stem,
            method=call.value("method") if call.name == "http" else call.name.upper(),
            url=call.value("url"),
            place=place,
            folder=folder,
            description=docs.text if docs else "",
            query=() if "?" in call.value("url") else _bru_pairs(blocks, "params:query", "query"),
            path=_bru_pairs(blocks, "params:path"),
            headers=_bru_pairs(blocks, "headers"),
            body=_bru_body(blocks, body),
            auth=_bru_auth(blocks, call.value("auth") or "inherit", around),
            answers=tuple(SavedResponse(e[0], e[2], e[1]) for e in answers if e is not None),
        )
    )


def _bru_pairs(blocks: Mapping[str, Block], *names: str) -> tuple[Pair, ...]:
    return next((blocks[name].pairs for name in names if name in blocks), ())


def _bru_body(blocks: Mapping[str, Block], kind: str) -> Body | None:
    media = _MEDIA.get(kind)
    if media is None:
        return None
    if kind == "graphql":
        return Body(media, _GRAPHQL)
    block = blocks.get(f"body:{kind}") or blocks.get("body")
    if block is None:
        return None
    return Body(media, form=block.pairs) if media in (_FORM, _PARTS) else Body(media, block.text)


def _bru_auth(blocks: Mapping[str, Block], mode: str, around: Schemes | None) -> Schemes | None:
    block = blocks.get(f"auth:{mode}")
    values = {each.name: each.value for each in block.pairs} if block else {}
    found = auth.scheme_of(mode, values)
    if found is not None:
        return found
    script = blocks.get("script:pre-request")
    return (auth.scheme_from_script(script.text) if script else None) or around


# ------------------------------------------------------------------ JSON and YAML


def _json_request(
    found: Collection, item: dict[str, Json], place: Place, folder: str, around: Schemes | None
) -> None:
    said = item.get("http") or item.get("request")
    if not isinstance(said, dict) or not text_of(said.get("url")):
        kind = next((name for name in ("grpc", "websocket", "graphql") if name in item), "")
        what = f"a request of {kind} is left to its own format" if kind else "it has no `url`"
        found.leave(place, what)
        return
    params = maps(said.get("params"))
    url = text_of(said["url"])
    query = [each for each in params if each.get("type", "query") == "query"]
    found.requests.append(
        SavedRequest(
            name=_name(item),
            method=text_of(said.get("method")) or "GET",
            url=url,
            place=place,
            folder=folder,
            description=text_of(item.get("docs")) or text_of(said.get("docs")),
            query=() if "?" in url else pairs(query, "name"),
            path=pairs([each for each in params if each.get("type") == "path"], "name"),
            headers=pairs(said.get("headers"), "name"),
            body=_json_body(said.get("body")),
            auth=_json_auth(item, around),
            answers=tuple(_json_answers(item.get("examples"))),
        )
    )


def _json_body(said: Json) -> Body | None:
    if isinstance(said, list):  # variants of OpenCollection, of which one is selected
        chosen = [each for each in maps(said) if each.get("selected")] or maps(said)
        said = chosen[0].get("body") if chosen else None
    if not isinstance(said, dict):
        return None
    kind = text_of(said.get("mode")) or text_of(said.get("type"))
    media = _MEDIA.get(kind)
    if media is None:
        return None
    if kind == "graphql":
        return Body(media, _GRAPHQL)
    inside = said.get("data", said.get(kind))
    if media in (_FORM, _PARTS):
        return Body(media, form=pairs(inside, "name"))
    return Body(media, inside) if isinstance(inside, str) else None


def _json_answers(said: Json) -> Iterator[SavedResponse]:
    for each in maps(said):
        answer = each.get("response")
        body = answer.get("body") if isinstance(answer, dict) else None
        if not isinstance(answer, dict) or not isinstance(body, dict):
            continue
        status, text = answer.get("status"), body.get("content", body.get("data"))
        if isinstance(status, str) and status.isdigit():
            status = int(status)
        if isinstance(status, int) and 100 <= status <= 599 and isinstance(text, str):
            headers = pairs(answer.get("headers"), "name")
            media = next((e.value for e in headers if e.name.lower() == "content-type"), "")
            yield SavedResponse(status, text, media)


def _json_auth(holder: Json, around: Schemes | None) -> Schemes | None:
    """What an item, a folder or the collection says; in OpenCollection under `request` or `http`,
    or `runtime`."""
    if not isinstance(holder, dict):
        return around
    for name in ("request", "http", "runtime", ""):
        inside = holder.get(name) if name else holder
        said = inside.get("auth") if isinstance(inside, dict) else None
        if isinstance(said, str):
            said = {"type": said}
        if isinstance(said, dict):
            kind = text_of(said.get("mode")) or text_of(said.get("type"))
            values = said.get(kind)
            found = auth.scheme_of(kind, values if isinstance(values, dict) else said)
            if found is not None:
                return found
    return around
