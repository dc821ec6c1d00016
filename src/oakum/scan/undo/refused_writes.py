"""Whether the answer to a write says that it changed nothing: by its status, or in its body.

Many an API answers `200 {"ok": false}`. Such a write counts as refused, and a reading verifies it:
where the object is shown as it was, nothing is sent to it. An answer that leaves it open is none:
a reading may be late.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from oakum.exchange import Response
from oakum.exposure.values.knowledge import canonical, objects_of
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Json
from oakum.scan.undo.own_writes import parse_objects

_WELL = word_set("ok success succeeded successful accepted")
_WRONG = word_set("error errors exception exceptions fault faults")
_OUTCOME = word_set("status result outcome state")
_FAILED = word_set(
    "bad denied error errors fail failed failure forbidden invalid refused rejected unauthorized"
)
_NOTHING: tuple[Json, ...] = (None, False, "", [], {}, 0)


def says_refused(
    answer: Response, key: str, this: Mapping[str, Json], before: Mapping[str, Json], *, shows: bool
) -> bool:
    """Whether an answer says that an object was not written to. `this`: members that name it and
    its owner, with the `key` first of all; `before`: what the members held that the write was to
    change; `shows`: whether the document says that the answer to a write shows the object."""
    if 300 <= answer.status < 500:
        return True
    value, whole = parse_objects(answer)
    if not answer.ok or not whole or not isinstance(value, dict | list):
        return False
    rows = [each for each in objects_of(value) if key in this and key in each]
    alike = [
        each
        for each in rows
        if all(canonical(each[n]) == canonical(this[n]) for n in this.keys() & each.keys())
    ]
    held = [(each, before.keys() & each.keys()) for each in alike]
    if any(names for _, names in held):
        return all(each[n] == before[n] for each, names in held for n in names)
    said = {*_says(value)} if isinstance(value, dict) else set[bool]()
    if shows and key and value and not alike and (rows or True not in said):
        return True  # what it shows, if anything, is another object: that one was written to
    return False in said


def _says(value: Mapping[str, Json]) -> Iterator[bool]:
    """Whether members at the top of an answer say in words that it went well, or that it failed."""
    for name, said in value.items():
        named = words(name)
        if _has(named, _WELL):
            yield said not in (*_NOTHING, "false", "no")
        elif _has(named, _WRONG) and said not in _NOTHING:
            yield False
        elif _has(named, _OUTCOME) and isinstance(said, str):
            if _has(words(said), _FAILED):
                yield False
            elif _has(words(said), _WELL):
                yield True


def _has(named: Collection[str], known: Collection[str]) -> bool:
    return len(named) == 1 and not {*named}.isdisjoint(known)
