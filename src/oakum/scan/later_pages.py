"""The pages after the first, read as somebody who is not to see all that may stand there.

A list that begins with its caller's own objects may go on with everybody's: at an offset, behind a
cursor, under the address that the answer itself calls the next page (CWE-639).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from oakum.contract.lexicon import listed, words
from oakum.scan.asking import Filled, fill
from oakum.scan.doors import Gate
from oakum.scan.paging import next_page

if TYPE_CHECKING:
    from oakum.scan.engine import Engine

HOW = "option"
_PAGES = 3
"""Pages after the first."""
_LEAST = 20
"""Requests that are left for what comes after."""
_CURSORS = listed("cursor next after continuation token")
_TURNS = listed("page pageno cursor next after continuation token offset skip start from")


def read_on(engine: Engine) -> None:
    """Read a few further pages of each list, as one viewer of each kind."""
    resources = engine.model.policy.resources
    for gate in list(engine.gates):
        owned = any(resources[name].owner.kind != "none" for name in gate.shows)
        if gate.batch or gate.query or not owned:
            continue
        who = next((each for each in engine.cast.subjects() if engine.has_page(gate, each)), None)
        if gate.personal and who is None:
            continue
        about = who if gate.personal else None
        for viewer in engine.watchers(about):
            if _goes_on(engine, gate, viewer, about):
                _read(engine, gate, viewer, about)


def _goes_on(engine: Engine, gate: Gate, viewer: str | None, who: str | None) -> bool:
    """Whether the first page was an answer, and the document or it says that there are more."""
    place = (gate.id, viewer, who)
    form = engine.forms.get(place)
    if form is None or not 200 <= form[0] < 300:
        return False
    declared = any(not _TURNS.isdisjoint(words(name)) for name in _names(gate))
    named = any(at and not _TURNS.isdisjoint(words(at[-1])) for at in form[2])
    return declared or named or place in engine.giving


def _names(gate: Gate) -> list[str]:
    return [each.name for each in gate.operation.parameters if each.where == "query"]


def _read(engine: Engine, gate: Gate, viewer: str | None, who: str | None) -> None:
    filled = fill(gate, engine.target, engine.knowledge, who)
    if filled is None:
        return
    answer = engine.send(gate, viewer, filled)
    names = _names(gate)
    numbered = [name for name in names if _CURSORS.isdisjoint(words(name))]
    request = next_page(filled.request, answer, names)
    if request is None:  # it gave no cursor; it may take an offset all the same
        names = numbered
        request = next_page(filled.request, answer, names)
    for number in range(2, 2 + _PAGES):
        spent = engine.pace is not None and engine.pace.left < _LEAST
        if request is None or spent or (engine.pace and engine.pace.spares(request)):
            return
        way = _page(gate, filled, request.url, number)
        engine.matrix.open(way)
        there = fill(way, engine.target, engine.knowledge, who)
        if there is None:
            return
        there = replace(there, request=request)
        answer = engine.send(way, viewer, there)
        engine.took(way, viewer, who, there, answer)
        request = next_page(request, answer, names)


def _page(gate: Gate, filled: Filled, url: str, number: int) -> Gate:
    """The way to a page: what its address has in the query beside that of the first."""
    first = dict(parse_qsl(urlsplit(filled.request.url).query))
    query = tuple(pair for pair in _pairs(url) if first.get(pair[0]) != pair[1])
    taken = {name for name, _ in query}
    plain = {name: value for name, value in gate.fixed.items() if name not in taken}
    veiled = {name: "$NEXT" for name, value in query if not value.isdigit()}
    door = f"{gate.door.path} page {number}"
    return replace(gate, fixed=plain).otherwise(HOW, query=query, veiled=veiled, door=door)


def _pairs(url: str) -> Iterator[tuple[str, str]]:
    yield from parse_qsl(urlsplit(url).query, keep_blank_values=True)
