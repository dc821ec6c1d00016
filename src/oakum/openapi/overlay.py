"""Applies OpenAPI Overlays (Overlay Specification 1.0 and 1.1) to a document.

So a contract can be added to a description that somebody else owns or generates. Actions are
applied in order, each to the result of the one before. Nothing is changed in place: containers on
the way to a target are copied, so that a large document costs no more than what an overlay touches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING

from oakum.errors import InputError, Location, Problem, did_you_mean
from oakum.openapi.model import Json

if TYPE_CHECKING:
    from jsonpath import JSONPath, JSONPathEnvironment

_WORDS = ("target", "description", "update", "remove", "copy")
_READABLE = "Oakum reads overlays 1.0 and 1.1"
_OURS = "x-exposure"
Parts = tuple[int | str, ...]


class _Unfit(Exception):
    """An action that does not fit the document it meets."""


def apply(
    document: Json, overlay: Json, locate: Callable[[str], Location]
) -> tuple[Json, tuple[Problem, ...]]:
    """The changed document; and a problem for each target that matches nothing, and for each action
    that adds to an existing list of `x-exposure`, in which case both apply.

    `locate` tells where the value at a JSON pointer into the overlay stands. Raises `InputError`
    with every mistake of an invalid overlay, or with the first action that does not fit.
    """
    mistakes = [Problem(locate(where), said, hint) for where, said, hint in _mistakes(overlay)]
    if mistakes:
        raise InputError(mistakes)
    missed: list[Problem] = []
    for index, action in enumerate(overlay["actions"]):
        where = f"/actions/{index}/target"
        places = _places(_compile_path(action["target"]), document)
        if not places:
            said = f"the target `{action['target']}` matches nothing in the document"
            missed.append(Problem(locate(where), said, "the action is skipped"))
        joined = list[str]()
        try:
            document = _apply_action(document, action, places, joined)
        except _Unfit as unfit:
            raise InputError([Problem(locate(where), str(unfit))]) from None
        for name in dict.fromkeys(joined):
            said = f"the document already has a list of `{name}` there, and this adds to it: both"
            hint = "to replace it, take it out with `remove: true` in an action before this one"
            missed.append(Problem(locate(where), f"{said} count", hint))
    return document, tuple(missed)


def _mistakes(overlay: Json) -> Iterator[tuple[str, str, str]]:
    if type(overlay) is not dict or "overlay" not in overlay:
        yield "", "this is not an OpenAPI overlay", "it starts with `overlay: 1.1.0`"
        return
    version = str(overlay["overlay"])
    if version.split(".")[:2] not in (["1", "0"], ["1", "1"]):
        yield "/overlay", f"overlay version `{version}` is not supported", _READABLE
    actions = overlay.get("actions")
    if type(actions) is not list or not actions:
        yield "/actions", "`actions` must be a list of at least one action", ""
        return
    for index, action in enumerate(actions):
        where = f"/actions/{index}"
        if type(action) is not dict:
            yield where, "an action must be a map with a `target`", ""
            continue
        for word in action:
            if word not in _WORDS and not word.startswith("x-"):
                yield f"{where}/{word}", f"unknown key `{word}`", did_you_mean(word, _WORDS)
        if type(action.get("target")) is not str:
            yield where, "an action needs a `target`, a JSONPath", ""
        if "copy" in action and type(action["copy"]) is not str:
            yield f"{where}/copy", "`copy` must be a JSONPath", ""
        if not ("update" in action or "copy" in action or action.get("remove") is True):
            yield where, "this action does nothing", "give it `update`, `copy` or `remove: true`"
        for word in ("target", "copy"):
            if type(path := action.get(word)) is str and (why := _flaw(path)):
                yield f"{where}/{word}", f"`{path}` is not a JSONPath (RFC 9535)", why
        if "copy" in action and version.startswith("1.0"):
            yield f"{where}/copy", "overlay 1.0 has no `copy`", "write `overlay: 1.1.0`"


@cache
def _environment() -> JSONPathEnvironment:
    from jsonpath import JSONPathEnvironment  # a slow import that only an overlay needs

    return JSONPathEnvironment(strict=True)


def _compile_path(path: str) -> JSONPath:
    """By RFC 9535. Raises `JSONPathError`."""
    from jsonpath import JSONPath

    found = _environment().compile(path)
    assert isinstance(found, JSONPath)  # strict mode does not support compound paths
    return found


def _flaw(path: str) -> str:
    from jsonpath import JSONPathError

    if not path.startswith("$"):
        return "it must start with `$`"
    try:
        _compile_path(path)
    except JSONPathError as error:
        return str(error).splitlines()[0]
    return ""


def _places(path: JSONPath, document: Json) -> list[Parts]:
    return list(dict.fromkeys(tuple(match.parts) for match in path.finditer(document)))


def _apply_action(document: Json, action: Json, places: list[Parts], joined: list[str]) -> Json:
    if action.get("remove") is True:
        # Deepest first, and later list elements first, so that no removal shifts a remaining place.
        places.sort(key=lambda p: (len(p), p[-1] if p and type(p[-1]) is int else 0), reverse=True)
        for parts in places:
            document = _remove_at(document, parts)
        return document
    value = action.get("update")
    if "update" not in action:
        found = list(_compile_path(action["copy"]).finditer(document))
        if len(found) != 1:
            raise _Unfit(f"`{action['copy']}` must select one value to copy, not {len(found)}")
        value = found[0].obj
    for parts in places:
        inside = _OURS if _OURS in parts else ""
        change = partial(_merge_values, new=value, inside=inside, joined=joined)
        document = _change_at(document, parts, change)
    return document


def _remove_at(document: Json, parts: Parts) -> Json:
    if not parts:
        raise _Unfit("the whole document cannot be removed")

    def without(holder: Json) -> Json:
        rest = holder.copy()
        del rest[parts[-1]]
        return rest

    return _change_at(document, parts[:-1], without)


def _change_at(value: Json, parts: Parts, change: Callable[[Json], Json]) -> Json:
    if not parts:
        return change(value)
    changed = value.copy()
    changed[parts[0]] = _change_at(value[parts[0]], parts[1:], change)
    return changed


def _merge_values(old: Json, new: Json, inside: str, joined: list[str]) -> Json:
    """`inside`: the extension that this is within, `joined`: takes it where lists are joined."""
    if type(old) is dict and type(new) is dict:
        shared = {
            name: _merge_values(old[name], new[name], name if name == _OURS else inside, joined)
            for name in new
            if name in old
        }
        return old | new | shared
    if type(old) is list:
        joined += [inside] if inside and old else []
        return old + new if type(new) is list else [*old, new]
    if type(old) is dict or type(new) in (dict, list):
        raise _Unfit(f"`update` gives {_kind(new)} where the document has {_kind(old)}")
    return new


def _kind(value: Json) -> str:
    return "a map" if type(value) is dict else "a list" if type(value) is list else "a scalar"
