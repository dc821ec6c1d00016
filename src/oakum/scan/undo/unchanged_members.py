"""The members that an undo has to send beside the changed one, as they are at that time.

A PUT, or a PATCH with required members, sends more members than the one that is restored. Before
the undo, which may come days later if the run was killed, the owner may have changed them. So each
other member is sent as the owner's view shows it at the time of the undo; if no response shows it,
nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import orjson

from oakum.exchange import Request, Response, json_bytes
from oakum.exposure.endpoints.request_bodies import encode_as
from oakum.exposure.values.knowledge import objects_of
from oakum.openapi.model import Json
from oakum.scan.undo.entries import Undo
from oakum.scan.undo.own_writes import CLEAR

Steps = tuple[tuple[str | None, Request], ...]


def steps_now(undo: Undo, seen: Response) -> Steps | None:
    """The steps with the other members as an answer to the entry's check shows them; None: it does
    not show them."""
    if not undo.beside:
        return undo.steps
    shown = _current_members(undo, seen)
    if shown is None:
        return None
    content = _renew(undo.content, undo, shown)
    if content == undo.content:
        return undo.steps
    return tuple((who, _with(request, content)) for who, request in undo.steps)


def _with(request: Request, content: Json) -> Request:
    return replace(request, body=encode_as(request.headers.get("content-type", ""), content))


def _current_members(undo: Undo, seen: Response) -> Mapping[str, Json] | None:
    """What the one object that was written to holds now, of the other members."""
    if not seen.ok or seen.truncated:
        return None
    try:
        found = [*objects_of(orjson.loads(seen.body))]
    except orjson.JSONDecodeError:
        return None
    name, key = undo.this
    if key is not None:
        found = [each for each in found if name in each and each[name] == key]
    found = [each for each in found if {*undo.members} <= each.keys()]
    held = [{n: each[n] for n in undo.beside if n in each} for each in found]
    return held[0] if held and all(each == held[0] for each in held) else None


def _renew(content: Json, undo: Undo, shown: Mapping[str, Json]) -> Json:
    if isinstance(content, list):
        return [_renew(each, undo, shown) for each in content]
    if not isinstance(content, dict):
        return content
    if content.keys().isdisjoint(undo.members):
        return {name: _renew(each, undo, shown) for name, each in content.items()}
    signs = [*_signs(undo)]
    theirs = {  # a text that the API has derived from what was written is not the owner's
        name: content[name] if _has(each, signs) else each
        for name, each in shown.items()
        if name in content or not _has(each, signs)
    }
    return {**{n: v for n, v in content.items() if n not in undo.beside}, **theirs}


def _signs(undo: Undo) -> Iterator[str]:
    for each in orjson.loads(undo.sent or "{}").values():
        if isinstance(each, str) and len(each) >= CLEAR:
            yield each.casefold()


def _has(value: Json, signs: list[str]) -> bool:
    text = json_bytes(value).decode().casefold()
    return any(sign in text for sign in signs)
