"""Resolves `$ref` between files: lazily, cached, never over a network.

A description may consist of several files. Each is read when the first reference into it is
followed, and never over HTTP: the meaning of a contract must not depend on another server. A user
may say which file was saved from which URL; relative references in it are resolved against that
URL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urljoin

from oakum.errors import InputError, Location
from oakum.http.json_pointer import escape, path_of
from oakum.openapi import source
from oakum.openapi.model import Json
from oakum.openapi.schema_ids import rebase


class DescriptionFile:
    """One file of a description: its plain value, and the location of each pointer into it."""

    def __init__(self, name: str, data: bytes, path: Path | None = None, prefix: str = "") -> None:
        """Raises `InputError` when the text is neither JSON nor YAML."""
        self.name = name
        self.path = path
        self.address = ""
        """The address that it was saved from; empty: none that anybody names."""
        self.prefix = prefix
        """What stands before a pointer into this file: "" for the main one, else `file#`."""
        self.parts: tuple[Path, ...] = ()
        """The files that it was made of, where it is a folder."""
        self._data = data
        self._patched = False
        self._places_of: Callable[[str], Location] | None = None
        self._marked: source.Node | None = None
        self._places: source.JsonPlaces | None = None
        self.root: Json
        text = data.removeprefix(b"\xef\xbb\xbf")
        if text.lstrip()[:1] == b"{" and (plain := _as_json(text, name)) is not None:
            self.root = plain
        else:
            self._marked = source.parse(source.decode(data, name), name)
            self.root = self._marked.plain()
        if b"$id" in data and type(self.root) is dict:
            self._patched = rebase(self.root)

    def patch(self, root: Json) -> None:
        """Replaces this value by the result of the overlays."""
        self.root = root
        self._patched = True

    def stand_for(self, root: Json, locate: Callable[[str], Location]) -> None:
        """Replaces this value by an inferred document, for whose pointers `locate` gives the
        location."""
        self.patch(root)
        self._places_of = locate

    def references(self) -> set[str]:
        """Every string under a `$ref` key at any depth, and perhaps others."""
        if self._marked is None and not self._patched:
            # The text between the next two quotes. It is wrong only for unusual JSON; then it
            # resolves to nothing, and the caller parses the file properly.
            after = self._data.split(b'"$ref"')[1:]
            found = {piece.partition(b'"')[2].partition(b'"')[0] for piece in after}
            return {ref.decode("utf-8", "replace") for ref in found}
        refs: set[str] = set()
        waiting = [self.root]
        while waiting:
            value = waiting.pop()
            if type(value) is dict:
                if type(ref := value.get("$ref")) is str:
                    refs.add(ref)
                value = value.values()
            waiting += [child for child in value if type(child) is dict or type(child) is list]
        return refs

    @property
    def stem(self) -> str:
        """The name of the file without its folder and its ending."""
        return self.path.stem if self.path is not None else ""

    def locate(self, pointer: str) -> Location:
        """The place of the value at a pointer, or of the nearest value around it."""
        return (
            self.written_location(pointer) if self._places_of is None else self._places_of(pointer)
        )

    def written_location(self, pointer: str) -> Location:
        """As `locate`, for a pointer into the file as written, before overlays."""
        if self._marked is not None:
            return source.node_location(self._marked, pointer)
        if self._places is None:
            text = source.decode(self._data, self.name)
            self._places = source.JsonPlaces(text, self.name)
        return self._places.locate(pointer)


def _as_json(text: bytes, name: str) -> Json:
    """The value of JSON text; None for what only a YAML reader may understand (`{a: 1}`)."""
    try:
        return source.parse_json(text, name)
    except InputError:
        if text.lstrip()[1:].lstrip()[:1] in (b'"', b"}"):
            raise
        return None


class LocatedValue(NamedTuple):
    """A value of a document, with its file and JSON pointer."""

    file: DescriptionFile
    pointer: str
    value: Json

    @property
    def where(self) -> str:
        """The pointer, preceded by the file if it is not the main one."""
        return self.file.prefix + self.pointer

    def at(self, *names: str) -> LocatedValue:
        """The value at member names below this one; its `value` is None if there is none."""
        pointer, value = self.pointer, self.value
        for name in names:
            pointer = f"{pointer}/{escape(name)}"
            value = value.get(name) if type(value) is dict else None
        return LocatedValue(self.file, pointer, value)


class Library:
    """All files of one description, and the resolution of references between them."""

    def __init__(self, main: DescriptionFile, saved: Mapping[str, Path] | None = None) -> None:
        """`saved`: address to the file that was saved from it."""
        self.main = main
        self._saved = {**saved} if saved else {}
        self._addresses = {path.resolve(): address for address, path in self._saved.items()}
        self._within = _tree(main.path) if main.path is not None else ()
        self._files: dict[Path, DescriptionFile | str] = {}
        if main.path is not None:
            self._files[main.path.resolve()] = main
        self._targets: dict[tuple[int, str], LocatedValue | str] = {}
        self._ends: dict[tuple[int, str], LocatedValue | str] = {}
        self._circles: set[tuple[int, str]] = set()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Paths of every file that was read or looked for."""
        return tuple(self._files)

    def resolve(self, file: DescriptionFile, ref: str) -> LocatedValue | str:
        """The target of a `$ref` in `file`, following one step, or the reason why there is none."""
        key = (id(file), ref)
        target = self._targets.get(key)
        if target is None:
            target = self._targets[key] = self._resolve(file, ref)
        return target

    def follow(self, place: LocatedValue) -> LocatedValue | str:
        """The value at the end of a chain of references, or the reason why there is none."""
        value = place.value
        if type(value) is not dict or type(ref := value.get("$ref")) is not str:
            return place
        key = (id(place.file), ref)
        end = self._ends.get(key)
        if end is None:
            end = self._ends[key] = self._end(place.file, ref)
        return end

    def resolve_alias(self, place: LocatedValue) -> LocatedValue:
        """The target of a schema that consists only of a `$ref`; otherwise, or if it is broken, the
        schema itself."""
        met: set[int] = set()
        while (
            type(place.value) is dict
            and len(place.value) == 1
            and type(ref := place.value.get("$ref")) is str
            and id(place.value) not in met
        ):
            met.add(id(place.value))
            target = self.resolve(place.file, ref)
            if isinstance(target, str):
                break
            place = target
        return place

    def _end(self, file: DescriptionFile, ref: str) -> LocatedValue | str:
        """The end of a chain of references; each step is resolved once, even if several chains
        share it."""
        written = ref
        seen: dict[tuple[int, str], None] = {}
        while (key := (id(file), ref)) not in seen and key not in self._circles:
            end = self._ends.get(key)
            if end is None:
                seen[key] = None
                end = self.resolve(file, ref)
            value = None if isinstance(end, str) else end.value
            if (
                isinstance(end, str)
                or type(value) is not dict
                or type(value.get("$ref")) is not str
            ):
                self._ends |= dict.fromkeys(seen, end)
                return end
            file, ref = end.file, value["$ref"]
        self._circles |= seen.keys()
        return f"`{written}` is part of a circle of references"

    def is_whole(self) -> bool:
        """Whether every reference in every file has a target.

        Looks at the string after each `$ref`, also in examples: True is reliable and spares a walk
        through the document, False proves nothing.
        """
        checked: set[int] = set()
        while waiting := [f for f in self.files if id(f) not in checked]:
            for file in waiting:
                checked.add(id(file))
                for ref in file.references():
                    if isinstance(self.follow(LocatedValue(file, "", {"$ref": ref})), str):
                        return False
        return True

    @property
    def files(self) -> list[DescriptionFile]:
        others = (file for file in self._files.values() if isinstance(file, DescriptionFile))
        return list(dict.fromkeys((self.main, *others)))

    def value(self, place: LocatedValue) -> Json:
        """The plain value at the end of a chain of references; None where it breaks."""
        end = self.follow(place)
        return None if isinstance(end, str) else end.value

    def locate(self, where: str) -> Location:
        """File, line and column of a `Place.where`: `file#pointer`, or one into the main file."""
        name, hash_, pointer = where.rpartition("#")
        if hash_:
            for file in self._files.values():
                if isinstance(file, DescriptionFile) and file.prefix == f"{name}#":
                    return file.locate(pointer)
        return self.main.locate(where)

    def _resolve(self, file: DescriptionFile, ref: str) -> LocatedValue | str:
        address, _, fragment = ref.partition("#")
        target = file
        if address and address != _self(file):
            found = self._file(file, address)
            if isinstance(found, str):
                return found
            target = found
        if fragment and not fragment.startswith("/"):
            return f"`{ref}` is an anchor, which is not supported; point to it as `#/…`"
        pointer = unquote(fragment)
        value = target.root
        for part in path_of(pointer):
            if type(value) is dict and part in value:
                value = value[part]
            elif type(value) is list and part.isdigit() and int(part) < len(value):
                value = value[int(part)]
            else:
                return f"`{ref}` points to nothing: there is no `{part}`"
        return LocatedValue(target, pointer, value)

    def _file(self, file: DescriptionFile, address: str) -> DescriptionFile | str:
        if file.address:
            address = urljoin(file.address, address)
        if address in self._saved:
            return self._read(self._saved[address])
        if "://" in address:
            said = "save it, and name the file with `oakum init --ref` or in `refs` of the contract"
            return f"`{address}` is not fetched; {said}"
        if address.startswith("/"):
            return f"`{address}` is not fetched; save the file beside the document and point to it"
        if file.path is None:
            return f"`{address}` is another file, and the document was not read from a file"
        path = file.path.parent / unquote(address)
        try:
            key = path.resolve()
            if not any(key.is_relative_to(each) for each in self._within):
                return f"`{address}` is outside of `{self._within[0]}`; copy the file into it"
            if key not in self._files and not path.is_file():
                self._files[key] = f"there is no file `{path}`"
        except (OSError, ValueError):  # too long, or a character that file systems do not allow
            return f"`{address:.60}` cannot be the name of a file"
        return self._read(path)

    def _read(self, path: Path) -> DescriptionFile | str:
        key = path.resolve()
        if key not in self._files:
            found = self._files[key] = _read(path)
            if isinstance(found, DescriptionFile):
                found.address = self._addresses.get(key, "")
        return self._files[key]


def _tree(document: Path) -> tuple[Path, ...]:
    """The folders that a document may refer into, the widest first (CWE-22).

    The working tree that holds it; without one, the folder of the document, and the current folder
    where the document is below that. A document is often somebody else's: it names no file of the
    machine that reads it.
    """
    folder = document.resolve().parent
    above = (folder, *folder.parents)
    tree = next((each for each in above if (each / ".git").exists()), folder)
    here = Path.cwd()
    wide = here in above and here != Path(here.anchor)
    return tuple(sorted({tree, here} if wide else {tree}, key=lambda each: len(each.parts)))


def _read(path: Path) -> DescriptionFile | str:
    try:
        return DescriptionFile(str(path), source.read_bytes(path), path, f"{path}#")
    except InputError as error:
        return str(error.problems[0])


def _self(file: DescriptionFile) -> str:
    root = file.root
    address = root.get("$self") if type(root) is dict else None
    return address if type(address) is str else ""
