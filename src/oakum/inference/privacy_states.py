"""Guesses by name which settings of an owner decide who sees a thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oakum.inference.declared_fields import ResourceField
from oakum.inference.lexicon import FieldClass, word_set, words
from oakum.openapi.model import Json


@dataclass(frozen=True)
class StateGuess:
    """A privacy setting; `values` run from open to closed. A missing value counts as the most
    closed."""

    name: str
    member: str
    values: tuple[Json, ...]


_CLOSED = word_set("hidden invisible private secret")
_OPEN = word_set("discoverable listed public searchable visible")
_LEVELS = word_set("access audience level privacy visibility")
_GENERIC = word_set("class kind level mode scope setting share sharing status type")
"""Words in a setting's name that do not say what it is about."""
_RANKS = (
    word_set("all any anybody anyone everybody everyone global open public visible world"),
    word_set("authenticated internal members registered users"),
    word_set("contacts connections crew followers friends group mutuals network team unlisted"),
    word_set("closed hidden me myself nobody none only_me onlyme owner private secret self"),
)


def hides_all(state: StateGuess) -> bool:
    """Whether a setting is in the object itself and its name concerns all of it: `private`,
    `visibility`, `access_type` of `PUBLIC` and `PRIVATE`, but not `show_email`."""
    if "." in state.member:
        return False
    named = state.name in _CLOSED | _OPEN | {"privacy", "visibility"}
    return named or _says_public_or_private(state.name.split("_"), state.values)


def states(fields: Sequence[ResourceField]) -> list[StateGuess]:
    """Privacy settings among the fields of a thing: flags, and enumerations of known words."""
    found: dict[str, StateGuess] = {}
    for each in fields:
        if "*" not in each.path and each.label.kind in (FieldClass.SETTING, FieldClass.PLAIN):
            guess = _state(each)
            if guess is not None:
                found.setdefault(guess.name, guess)
    return list(found.values())


def _state(each: ResourceField) -> StateGuess | None:
    parts = [*words(each.path.rpartition(".")[2])]
    if parts[0] == "is":
        parts = parts[1:]
    name = "_".join(parts)
    if not parts or not name.isascii() or name[0].isdigit():
        return None
    is_setting = each.label.kind is FieldClass.SETTING
    if is_setting and each.shape.kinds - {"null"} == {"boolean"}:
        if parts[-1] in _CLOSED or parts[0] == "hide":
            return StateGuess(name, each.path, (False, True))
        opens = parts[-1] in _OPEN or parts[0] == "show"
        return StateGuess(name, each.path, (True, False)) if opens else None
    levels = [level for level in each.shape.enum if level is not None]
    ranks = [_level(level) for level in levels]
    named = is_setting and parts[-1] in _LEVELS and len(levels) > 1
    if None not in ranks and (named or _says_public_or_private(parts, levels)):
        ordered = sorted(zip(ranks, levels, strict=True), key=lambda pair: pair[0] or 0)
        return StateGuess(name, each.path, tuple(level for _, level in ordered))
    return None


def _says_public_or_private(parts: Sequence[str], levels: Sequence[Json]) -> bool:
    """Whether values are `public` and `private`, and the name does not say of what: `access_type`,
    but not `email_visibility`, nor `status` of `open` and `closed`."""
    said = {str(level).lower() for level in levels}
    return {"public", "private"} <= said and {*parts} <= _LEVELS | _GENERIC


def _level(level: Json) -> int | None:
    said = "_".join(words(str(level)))
    return next((rank for rank, known in enumerate(_RANKS) if said in known), None)
